//! How payments end, and what somebody has to look at because of it.

use cueline_model::{
    Certainty, PaymentFailure, PaymentFailureCode, PaymentOutcome, PaymentState, Resolver, Stage,
    UnmatchedTransaction,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{AlertCode, Closing, DecisionRequest, MoneyDecision};
use cueline_wire::cloud::UnmatchedAt;

use super::super::flow::{self, News};
use super::super::rows::AlertFilter;
use super::super::{OVERDUE_AFTER, Payment, PaymentRefusal};
use super::{
    Harness, START, TENANT, approved, ended, found, made, name, place, report, sale, started, step,
    told, unknown, with_agent,
};

fn declined() -> PaymentOutcome {
    PaymentOutcome::Declined {
        failure: PaymentFailure {
            stage: Stage::Terminal,
            code: PaymentFailureCode::Declined,
            retryable: true,
            text: "card 4111111111111111 was declined".to_owned(),
        },
        card: cueline_model::CardDetails::default(),
    }
}

fn decide<H: Harness>(
    harness: &mut H,
    payment: &Payment,
    decision: MoneyDecision,
    agent_lost: bool,
) -> Result<Payment, PaymentRefusal> {
    let asked = DecisionRequest {
        decision,
        by: "Ben".to_owned(),
        reason: "read the terminal's list".to_owned(),
    };
    let (id, mut news) = (payment.id, News::default());
    let done =
        harness.act(|rows| flow::resolve(rows, TENANT, id, &asked, agent_lost, START, &mut news));
    done.map(|payment| payment.expect("it is there"))
}

fn alerts<H: Harness>(harness: &mut H, open: Option<bool>) -> Vec<AlertCode> {
    let filter = AlertFilter {
        open,
        ..AlertFilter::default()
    };
    let alerts = harness
        .act(|rows| rows.alerts(TENANT, &filter, 99))
        .expect("alerts");
    alerts.iter().map(|alert| alert.code).collect()
}

/// What the terminal said is said again without effect, and nothing else is taken.
pub fn an_end_never_changes<H: Harness>(harness: &mut H) {
    with_agent(harness);
    for (number, first, other) in [
        (1, approved(1250), ended(declined())),
        (2, ended(declined()), ended(PaymentOutcome::Cancelled)),
        (3, approved(1250), approved(1300)),
    ] {
        let id = started(harness, sale(number));
        let seq = number as u64 * 10;
        step(harness, seq, id, first.clone());
        let before = found(harness, id);
        harness.reopen();
        assert_eq!(step(harness, seq, id, first.clone()), News::default());
        assert_eq!(
            step(harness, seq + 1, id, first),
            News::default(),
            "the same in a later entry"
        );
        let (reply, news) = told(harness, &report(seq + 2, id, other));
        assert_eq!(reply.rejected[0].code, "outcome_differs");
        assert_eq!(news, News::default());
        let seen = Payment {
            newest_entry_seq: Some(seq + 1),
            ..before
        };
        assert_eq!(found(harness, id), seen);
        // A step that comes late does not turn it back.
        step(harness, seq - 1, id, unknown());
        assert_eq!(found(harness, id), seen);
    }
    let kept = format!(
        "{:?}",
        harness.act(|rows| rows.page(TENANT, &Default::default(), 9))
    );
    assert!(!kept.contains("4111111111111111") && kept.contains("************1111"));
}

/// Failure points 16 and 17: an approval is never lost, whatever was recorded before.
pub fn a_late_approval_wins_and_is_alerted<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let cancelled = made(harness, sale(1)).id;
    let mut news = News::default();
    let done = harness.act(|rows| flow::cancel(rows, TENANT, cancelled, START, &mut news));
    assert_eq!(
        done.expect("cancelled").map(|p| p.state),
        Some(PaymentState::Cancelled)
    );
    let decided = started(harness, sale(2));
    step(harness, 1, decided, unknown());
    let before = found(harness, decided);
    decide(harness, &before, MoneyDecision::NotMoved, false).expect("decided");
    for (seq, id) in [(2, cancelled), (3, decided)] {
        let news = step(harness, seq, id, approved(1250));
        harness.reopen();
        let now = found(harness, id);
        assert_eq!(
            (now.state, now.certainty()),
            (PaymentState::Approved, Certainty::Moved)
        );
        assert_eq!(now.resolved_by, Some(Resolver::Terminal));
        let [(_, alert)] = news.alerts.as_slice() else {
            panic!("expected one alert, got {news:?}");
        };
        assert_eq!(
            (alert.code, alert.void_offered),
            (AlertCode::LateApproval, true)
        );
        assert_eq!(
            step(harness, seq, id, approved(1250)),
            News::default(),
            "once"
        );
    }
    assert!(
        found(harness, decided).decision.is_some(),
        "what was decided stays on record"
    );
    // The other way round the decision stays, and somebody is told.
    let moved = started(harness, sale(3));
    step(harness, 4, moved, unknown());
    let before = found(harness, moved);
    decide(harness, &before, MoneyDecision::Moved, false).expect("decided");
    let news = step(harness, 5, moved, ended(declined()));
    assert_eq!(news.alerts[0].1.code, AlertCode::DecisionContradicted);
    assert_eq!(step(harness, 5, moved, ended(declined())), News::default());
    assert_eq!(found(harness, moved).state, PaymentState::Approved);
}

/// Somebody decides, once, with name and reason; and the alert that asked for it is closed.
pub fn a_decision_is_kept_and_audited_once<H: Harness>(harness: &mut H) {
    let id = started(with_agent(harness), sale(1));
    let running = found(harness, id);
    let early = decide(harness, &running, MoneyDecision::Moved, false);
    assert_eq!(
        early.expect_err("it is running").code_and_status(),
        ("not_unknown", 409)
    );
    let news = step(harness, 1, id, unknown());
    assert_eq!(news.alerts.len(), 1);
    assert_eq!(alerts(harness, Some(true)), [AlertCode::PaymentUnknown]);
    let decided = decide(harness, &running, MoneyDecision::Moved, false).expect("decided");
    assert_eq!(
        (decided.state, decided.resolved_by),
        (PaymentState::Approved, Some(Resolver::Person))
    );
    assert_eq!(
        decided.approved_amount_minor(),
        None,
        "the terminal has not said how much"
    );
    harness.reopen();
    assert_eq!(found(harness, id), decided);
    assert_eq!(
        decide(harness, &running, MoneyDecision::Moved, false),
        Ok(decided)
    );
    let other = decide(harness, &running, MoneyDecision::NotMoved, false);
    assert_eq!(
        other.expect_err("decided").code_and_status(),
        ("decided_before", 409)
    );
    assert_eq!(alerts(harness, Some(true)), []);
    let audit = harness
        .act(|rows| rows.audit(TENANT, None, 9))
        .expect("the audit");
    assert_eq!(
        (audit.len(), audit[0].what.as_str()),
        (1, "payment_resolved")
    );
    assert!(audit[0].payment == Some(id) && audit[0].reason.contains("list"));
    // One that was started by an agent that is not there any more can be decided too.
    let lost = started(harness, sale(2));
    let lost = found(harness, lost);
    let decided = decide(harness, &lost, MoneyDecision::NotMoved, true).expect("decided");
    assert_eq!(decided.state, PaymentState::Cancelled);
}

/// Failure point 27: a sale keyed in by hand is shown, once, until somebody has dealt with it.
pub fn a_transaction_of_nobodys_is_told_once<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let place = place(1, 1);
    let mut told_by = report(1, made(harness, sale(1)).id, super::PaymentStep::Accepted);
    told_by.unmatched = vec![UnmatchedAt {
        station: place.station_name,
        terminal: name("counter"),
        at: START,
        transaction: UnmatchedTransaction {
            amount_minor: 700,
            card: cueline_model::CardDetails::default(),
        },
    }];
    let (_, news) = told(harness, &told_by);
    assert_eq!(news.alerts.len(), 1);
    harness.reopen();
    let (_, news) = told(harness, &told_by);
    assert!(news.alerts.is_empty(), "it was told before");
    assert_eq!(alerts(harness, None), [AlertCode::UnmatchedTransaction]);
    let closing = Closing {
        by: "Ben".to_owned(),
        reason: "keyed in for the bar".to_owned(),
        at: Timestamp(START),
    };
    let id = harness
        .act(|rows| rows.alerts(TENANT, &AlertFilter::default(), 9))
        .expect("alerts")[0]
        .id;
    let close = |harness: &mut H, tenant| {
        let closing = closing.clone();
        harness
            .act(|rows| flow::close_alert(rows, tenant, id, closing))
            .expect("closed")
    };
    let other = cueline_model::TenantId::from_u128(2);
    assert_eq!(close(harness, other), None);
    for _ in 0..2 {
        assert_eq!(
            close(harness, TENANT).and_then(|alert| alert.closed),
            Some(closing.clone())
        );
    }
    assert_eq!(
        (
            alerts(harness, Some(true)).len(),
            alerts(harness, Some(false)).len()
        ),
        (0, 1)
    );
    let audit = harness
        .act(|rows| rows.audit(TENANT, None, 9))
        .expect("the audit");
    assert_eq!(audit.len(), 1);
}

/// A payment that was let start and of which no end is heard is somebody's to look at, once, until it is known.
pub fn an_end_that_is_not_heard_of_is_told_once<H: Harness>(harness: &mut H) {
    let id = started(with_agent(harness), sale(1));
    made(harness, sale(2));
    let tell = |harness: &mut H, now| {
        let mut news = News::default();
        harness
            .act(|rows| flow::tell_overdue(rows, now, 9, &mut news))
            .expect("told");
        (news.payments.len(), news.alerts.len())
    };
    let due = START + OVERDUE_AFTER;
    assert_eq!(tell(harness, due), (0, 0), "not before its time");
    assert_eq!(tell(harness, due.shifted_ms(1)), (1, 1));
    harness.reopen();
    assert_eq!(tell(harness, due.shifted_ms(2)), (0, 0));
    assert_eq!(
        found(harness, id).state,
        PaymentState::Started,
        "and nothing is decided by it"
    );
    let news = step(harness, 1, id, unknown());
    assert!(news.alerts.is_empty(), "it is open already");
    assert_eq!(alerts(harness, Some(true)), [AlertCode::PaymentUnknown]);
    step(harness, 2, id, approved(1250));
    assert_eq!(alerts(harness, Some(true)), []);
}
