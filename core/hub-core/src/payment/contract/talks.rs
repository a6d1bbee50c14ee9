//! What hub and agent say to each other about payments.

use std::time::Duration;

use cueline_model::{PaymentId, PaymentOutcome, PaymentState};
use cueline_wire::cloud::{PaymentStep, Wish};

use super::super::PaymentRefusal;
use super::super::flow::{self, News};
use super::{
    AGENT, Harness, START, TENANT, ended, found, made, mark, report, sale, started, step,
    with_agent,
};

/// Failure point 6: the permission is durable before it is given, and asking again gives the same answer.
pub fn a_permission_is_durable_and_stays<H: Harness>(harness: &mut H) {
    let id = started(with_agent(harness), sale(1));
    harness.reopen();
    assert_eq!(found(harness, id).start_permitted_at, Some(START));
    let late = START + Duration::from_secs(600);
    let mut news = News::default();
    let mut ask = |harness: &mut H, id| {
        let reply =
            harness.act(|rows| flow::permit_start(rows, AGENT, id, &mark(1), late, &mut news));
        reply.expect("asked").granted
    };
    assert!(ask(harness, id), "the same again, also after its time");
    // From here on only the terminal ends it.
    let expired = harness.act(|rows| flow::expire_due(rows, late, 9, &mut News::default()));
    assert_eq!(expired, Ok(0));
    step(harness, 1, id, PaymentStep::Started { baseline: None });
    assert!(!ask(harness, id), "what was started is not started again");
    // One that was permitted, not begun, and then to be cancelled is not begun any more.
    let third = started(harness, sale(3));
    let cancelled =
        harness.act(|rows| flow::cancel(rows, TENANT, third, START, &mut News::default()));
    assert!(cancelled.expect("asked for").is_some());
    assert!(!ask(harness, third));
    // One whose time is over is not permitted, and has ended with that answer.
    let second = made(harness, sale(2)).id;
    assert!(!ask(harness, second));
    assert_eq!(found(harness, second).state, PaymentState::Expired);
    assert!(!ask(harness, PaymentId::from_u128(9)), "an id of nothing");
}

/// Failure point 26: a copied or restored journal is refused whole.
pub fn a_behind_journal_stores_nothing<H: Harness>(harness: &mut H) {
    let id = made(with_agent(harness), sale(1)).id;
    let mut told = report(1, id, PaymentStep::Accepted);
    let mut tell = |harness: &mut H, opening: u64, instance: Option<String>| {
        told.journal = mark(opening);
        told.journal.instance = instance.unwrap_or(mark(opening).instance);
        let mut news = News::default();
        let reply = harness.act(|rows| flow::record(rows, AGENT, &told, START, &mut news));
        reply.map(|reply| reply.stored.len())
    };
    assert_eq!(tell(harness, 5, None), Ok(1));
    harness.reopen();
    let before = found(harness, id);
    assert_eq!(tell(harness, 4, None), Err(PaymentRefusal::StaleJournal));
    let copy = Some("f".repeat(32));
    assert_eq!(tell(harness, 5, copy), Err(PaymentRefusal::StaleJournal));
    let mut news = News::default();
    let asked = harness.act(|rows| flow::permit_start(rows, AGENT, id, &mark(4), START, &mut news));
    assert_eq!(asked, Err(PaymentRefusal::StaleJournal));
    assert_eq!((found(harness, id), news), (before, News::default()));
    assert_eq!(tell(harness, 5, None), Ok(1));
    assert_eq!(tell(harness, 6, None), Ok(1));
}

/// Failure point 3: what was not started in time ends here, and certainly moved nothing.
pub fn what_was_not_started_expires<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let (queued, accepted) = (made(harness, sale(1)).id, made(harness, sale(2)).id);
    let running = started(harness, sale(3));
    step(harness, 1, accepted, PaymentStep::Accepted);
    let due = START.shifted_ms(120_000);
    let expire = |harness: &mut H, now, limit| {
        let mut news = News::default();
        let expired = harness.act(|rows| flow::expire_due(rows, now, limit, &mut news));
        assert_eq!(
            expired,
            Ok(u32::try_from(news.payments.len()).expect("few"))
        );
        news.payments.len()
    };
    assert_eq!(expire(harness, due, 9), 0, "not before its time is over");
    assert_eq!(expire(harness, due.shifted_ms(1), 1), 1);
    assert_eq!(expire(harness, due.shifted_ms(1), 9), 1);
    harness.reopen();
    for id in [queued, accepted] {
        assert_eq!(found(harness, id).state, PaymentState::Expired);
    }
    assert_eq!(found(harness, running).state, PaymentState::Started);
}

/// Failure point 4: offers until they are acknowledged, wishes while they hold.
pub fn what_holds_is_said_on_a_new_link<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let (first, second) = (made(harness, sale(1)).id, made(harness, sale(2)).id);
    let running = started(harness, sale(3));
    let backlog = |harness: &mut H| {
        harness.reopen();
        harness
            .act(|rows| flow::backlog(rows, AGENT, START))
            .expect("a backlog")
    };
    let words = |harness: &mut H, id| {
        let mut news = News::default();
        let words = harness.act(|rows| flow::words(rows, AGENT, id, START, &mut news));
        words
            .expect("words")
            .map(|words| (words.offer, words.wishes))
    };
    let cancel = |harness: &mut H, id| {
        let mut news = News::default();
        let done = harness.act(|rows| flow::cancel(rows, TENANT, id, START, &mut news));
        assert!(done.expect("cancelled").is_some());
    };
    assert_eq!(backlog(harness).offers, [first, second]);
    assert_eq!(words(harness, first), Some((true, Vec::new())));
    assert_eq!(
        found(harness, first).state,
        PaymentState::Delivered,
        "durable before it is said"
    );
    assert_eq!(
        backlog(harness).offers,
        [first, second],
        "delivered is not acknowledged"
    );
    step(harness, 1, first, PaymentStep::Accepted);
    assert_eq!(
        (backlog(harness).offers, words(harness, first)),
        (vec![second], None)
    );
    // One that was offered and has ended here is called back until the agent says that it knows.
    cancel(harness, first);
    cancel(harness, running);
    // One that was never offered is nothing to an agent.
    cancel(harness, second);
    let said = backlog(harness);
    assert_eq!(
        (said.offers, said.wishes),
        (Vec::new(), vec![running, first])
    );
    assert_eq!(words(harness, running), Some((false, vec![Wish::Cancel])));
    step(harness, 2, first, ended(PaymentOutcome::Cancelled));
    step(harness, 3, running, ended(PaymentOutcome::Cancelled));
    assert_eq!(backlog(harness), flow::PaymentBacklog::default());
}

/// What was not started is cancelled with its agent; about the rest only the terminal or a person knows.
pub fn a_removed_agents_payments_end_where_they_can<H: Harness>(harness: &mut H) {
    with_agent(harness);
    let queued = made(harness, sale(1)).id;
    let running = started(harness, sale(2));
    let mut news = News::default();
    harness
        .act(|rows| flow::drop_agent(rows, AGENT, START, &mut news))
        .expect("dropped");
    assert_eq!(found(harness, queued).state, PaymentState::Cancelled);
    assert_eq!(found(harness, running).state, PaymentState::Started);
    let open = harness
        .act(|rows| rows.open_of_agent(AGENT))
        .expect("open ones");
    assert_eq!(open.len(), 1);
}
