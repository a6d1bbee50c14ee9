//! Making payments: once, and only where no other stands in the way.

use cueline_model::limits::OPEN_PAYMENTS_PER_AGENT_MAX;
use cueline_model::{PaymentId, PaymentKind, PaymentOutcome, PaymentState, Sha256, TenantId};
use cueline_wire::api::Supersede;

use super::super::rows::PaymentFilter;
use super::super::{NewPayment, PaymentRefusal, flow};
use super::{
    Harness, TENANT, approved, create, ended, found, made, place, sale, started, step, unknown,
    with_agent,
};

/// Failure point 1: a lost answer makes no second payment.
pub fn a_request_sent_twice_makes_one_payment<H: Harness>(harness: &mut H) {
    let first = made(with_agent(harness), sale(1));
    harness.reopen();
    let mut again = sale(2);
    again.request = first.request.clone();
    assert_eq!(made(harness, again.clone()), first);
    again.request.request = Sha256([8; 32]);
    assert_eq!(create(harness, again), Err(PaymentRefusal::KeyReused));
    assert!(
        harness
            .act(|rows| rows.payment(PaymentId::from_u128(2)))
            .expect("read")
            .is_none()
    );
    // Keys are their tenant's.
    harness.add_place(TenantId::from_u128(2), &place(2, 2));
    let mut theirs = sale(3);
    (theirs.tenant, theirs.place) = (TenantId::from_u128(2), place(2, 2));
    theirs.request = first.request;
    assert_eq!(made(harness, theirs).id, PaymentId::from_u128(3));
}

/// Every column comes back, and lists are filtered and cut.
pub fn what_is_stored_of_payments_is_found_again<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let all: Vec<_> = (1..=5).map(|number| made(harness, sale(number))).collect();
    let id = started(harness, sale(6));
    step(harness, 1, id, unknown());
    let before = found(harness, id);
    harness.reopen();
    assert_eq!(found(harness, id), before);
    let mut page = |filter: PaymentFilter, limit| {
        let page = harness
            .act(|rows| rows.page(TENANT, &filter, limit))
            .expect("a page");
        page.iter().map(|payment| payment.id).collect::<Vec<_>>()
    };
    let newest = |count: usize| all.iter().rev().map(|payment| payment.id).take(count);
    let first = [id].into_iter().chain(newest(1)).collect::<Vec<_>>();
    assert_eq!(page(PaymentFilter::default(), 2), first);
    let after = PaymentFilter {
        after: Some(all[4].id),
        ..PaymentFilter::default()
    };
    assert_eq!(page(after, 9), newest(5).skip(1).collect::<Vec<_>>());
    let of_state = PaymentFilter {
        state: Some(PaymentState::Unknown),
        ..PaymentFilter::default()
    };
    assert_eq!(page(of_state, 9), [id]);
    let of_order = PaymentFilter {
        order_ref: Some("order-3".to_owned()),
        ..PaymentFilter::default()
    };
    assert_eq!(page(of_order, 9), [all[2].id]);
}

/// An id of another tenant's is an id of nothing.
pub fn another_tenant_finds_nothing<H: Harness>(harness: &mut H) {
    let id = made(with_agent(harness), sale(1)).id;
    let other = TenantId::from_u128(2);
    let mut news = flow::News::default();
    let cancelled = harness.act(|rows| flow::cancel(rows, other, id, super::START, &mut news));
    assert_eq!(cancelled, Ok(None));
    let page = harness.act(|rows| rows.page(other, &PaymentFilter::default(), 9));
    assert_eq!(page, Ok(Vec::new()));
    // Nor can it make one on this agent.
    let mut stolen = sale(2);
    stolen.tenant = other;
    assert_eq!(create(harness, stolen), Err(PaymentRefusal::AgentRevoked));
}

/// One more is refused until some have ended.
pub fn an_agent_has_so_many_open_payments<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let most = OPEN_PAYMENTS_PER_AGENT_MAX as u128;
    for number in 1..=most {
        made(harness, sale(number));
    }
    assert_eq!(
        create(harness, sale(most + 1)),
        Err(PaymentRefusal::TooManyOpen)
    );
    step(
        harness,
        1,
        PaymentId::from_u128(1),
        ended(PaymentOutcome::Cancelled),
    );
    made(harness, sale(most + 1));
}

/// Failure point 25: a second attempt waits while the first may have charged the card.
pub fn an_order_waits_for_its_unknown_attempt<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let of_order = |number| NewPayment {
        order_ref: Some("o-1".to_owned()),
        ..sale(number)
    };
    let first = made(harness, of_order(1));
    let refused = create(harness, of_order(2)).expect_err("it is in progress");
    assert_eq!(refused.code_and_status(), ("order_in_progress", 409));
    let mut news = flow::News::default();
    let reply = harness.act(|rows| {
        flow::permit_start(
            rows,
            super::AGENT,
            first.id,
            &super::mark(1),
            super::START,
            &mut news,
        )
    });
    assert!(reply.expect("asked").granted);
    step(harness, 1, first.id, unknown());
    let refused = create(harness, of_order(2)).expect_err("it is unknown");
    assert_eq!(refused.code_and_status(), ("order_unknown", 409));
    let mut second = of_order(2);
    second.supersede = Some(Supersede {
        by: "Ben".to_owned(),
        reason: "the terminal's list shows none".to_owned(),
    });
    assert_eq!(made(harness, second).attempt_no, 2);
    let audit = harness
        .act(|rows| rows.audit(TENANT, None, 9))
        .expect("the audit");
    assert_eq!(audit.len(), 1);
    assert_eq!(
        (audit[0].what.as_str(), audit[0].by.as_str()),
        ("payment_superseded", "Ben")
    );
    assert!(audit[0].detail.contains(&first.id.to_string()));
    // Once both have ended there may be more, each attempt under its own number.
    step(harness, 2, first.id, ended(PaymentOutcome::Cancelled));
    step(harness, 3, PaymentId::from_u128(2), approved(1250));
    let mut taken = of_order(3);
    taken.attempt_no = Some(2);
    let refused = create(harness, taken).expect_err("made before");
    assert_eq!(refused.code_and_status(), ("attempt_taken", 409));
    assert_eq!(made(harness, of_order(3)).attempt_no, 3);
}

/// Failure point 22: one void, whatever becomes of its answer; and no more is refunded than was paid.
pub fn a_sale_is_taken_back_once<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let sold = |harness: &mut H, number| {
        let id = started(harness, sale(number));
        step(harness, number as u64, id, approved(1250));
        found(harness, id)
    };
    let back = |kind, number, sold: &super::super::Payment, amount_minor| NewPayment {
        kind,
        original: sold.as_original(),
        amount_minor,
        ..sale(number)
    };
    let first = sold(harness, 1);
    let void = started(harness, back(PaymentKind::Void, 10, &first, 1250));
    step(harness, 10, void, unknown());
    for kind in [PaymentKind::Void, PaymentKind::Refund] {
        let refused = create(harness, back(kind, 11, &first, 1250)).expect_err("it may be done");
        assert_eq!(refused.code_and_status(), ("taken_back", 409));
    }
    // That it was not done, the terminal says; then it may be tried again.
    step(harness, 11, void, ended(PaymentOutcome::Cancelled));
    let void = started(harness, back(PaymentKind::Void, 12, &first, 1250));
    let news = step(harness, 12, void, approved(999));
    assert_eq!(
        news.alerts[0].1.code.as_str(),
        "other_transaction",
        "failure point 23"
    );

    let second = sold(harness, 2);
    let refund = |number, amount| back(PaymentKind::Refund, number, &second, amount);
    made(harness, refund(20, 1000));
    for (number, amount) in [(21, 251), (22, 1251)] {
        let refused = create(harness, refund(number, amount)).expect_err("too much");
        assert_eq!(refused.code_and_status(), ("taken_back", 409));
    }
    made(harness, refund(23, 250));
}
