//! The link to the millisecond.

use super::*;
use crate::store::WaitingJob;
use cueline_model::JobId;

const PING: Duration = Duration::from_secs(120);
const T0: Mono = Mono(1_000_000);

fn at(ms: u64) -> Mono {
    Mono(T0.0 + ms)
}

fn key(number: u64) -> JobKey {
    JobKey {
        job: JobId::from_u128(number.into()),
        attempt: 1,
    }
}

fn offer(number: u64) -> Effect {
    Effect::Send(Outgoing::Offer(key(number)))
}

fn withdraw(number: u64) -> Effect {
    Effect::Send(Outgoing::Withdraw(key(number)))
}

fn load(after: u64, limit: usize) -> Effect {
    Effect::LoadBacklog { after, limit }
}

fn bye(reason: ByeReason) -> Effect {
    Effect::Close(End::Bye {
        reason,
        retry_after: Duration::ZERO,
    })
}

fn effects(link: &mut AgentLink) -> Vec<Effect> {
    std::iter::from_fn(|| link.poll_effect()).collect()
}

/// Gives an event and what comes of it.
fn given(link: &mut AgentLink, event: Event, ms: u64) -> Vec<Effect> {
    link.handle(event, at(ms));
    effects(link)
}

/// Runs the clock to the next deadline: its time, what it was for, what came of it.
fn deadline(link: &mut AgentLink) -> (u64, Deadline, Vec<Effect>) {
    let (due, deadline) = link.poll_timeout().unwrap();
    link.handle_timeout(Mono(due.0 - 1));
    assert_eq!(effects(link), [], "a millisecond early");
    link.handle_timeout(due);
    (due.0 - T0.0, deadline, effects(link))
}

/// A backlog of the jobs `from..=to`, whose sequences are their numbers.
fn backlog(from: u64, to: u64, more: bool) -> Backlog {
    let jobs = (from..=to).map(|number| WaitingJob {
        key: key(number),
        sequence: number,
        withdraw: false,
    });
    Backlog {
        jobs: jobs.collect(),
        through: to,
        more,
        ..Backlog::default()
    }
}

fn queued(number: u64) -> Event {
    Event::JobQueued {
        key: key(number),
        sequence: number,
    }
}

/// A link that has said hello and read an empty backlog; the newest sequence is `seen`.
fn idle(mode: StreamMode, seen: u64) -> AgentLink {
    let mut link = AgentLink::open(Opening::new(7, PING, mode), T0);
    effects(&mut link);
    let empty = Backlog {
        through: seen,
        ..Backlog::default()
    };
    assert_eq!(given(&mut link, Event::Backlog(empty), 0), []);
    link
}

#[test]
fn hello_comes_first_then_the_backlog_is_read() {
    let mut link = AgentLink::open(Opening::new(7, PING, StreamMode::Stream), T0);
    let hello = Outgoing::Hello {
        epoch: 7,
        ping: PING,
    };
    assert_eq!(
        effects(&mut link),
        [Effect::Send(hello), load(0, WINDOW_JOBS_MAX)]
    );
    assert_eq!(link.epoch(), 7);
}

#[test]
fn a_withdrawal_that_overtakes_its_backlog_is_told_behind_the_offer() {
    let mut link = AgentLink::open(Opening::new(7, PING, StreamMode::Stream), T0);
    effects(&mut link);
    // Cancelled after the backlog was read and before it is here.
    let told = given(&mut link, Event::Withdraw(key(2)), 5);
    assert_eq!(
        told,
        [withdraw(2)],
        "the agent may have it from a link before"
    );
    let told = given(&mut link, Event::Backlog(backlog(1, 3, false)), 6);
    assert_eq!(told, [offer(1), offer(2), withdraw(2), offer(3)]);
}

#[test]
fn a_ping_follows_each_120_s_of_silence_downwards() {
    let mut link = idle(StreamMode::Stream, 0);
    for number in 1..=50 {
        let (ms, for_what, sent) = deadline(&mut link);
        assert_eq!((ms, for_what), (number * 120_000, Deadline::Ping));
        assert_eq!(sent, [Effect::Send(Outgoing::Ping(number))]);
        given(&mut link, Event::Heard, ms + 90);
    }
}

#[test]
fn anything_sent_puts_the_ping_off() {
    let mut link = idle(StreamMode::Stream, 0);
    given(&mut link, Event::Heard, 100_000);
    assert_eq!(given(&mut link, queued(1), 100_000), [offer(1)]);
    given(&mut link, Event::Acknowledged(key(1)), 100_050);
    given(&mut link, Event::Heard, 100_050);
    assert_eq!(deadline(&mut link).0, 220_000);
}

#[test]
fn a_busy_stream_still_pings_an_agent_that_has_no_cause_to_speak() {
    let mut link = idle(StreamMode::Stream, 0);
    given(&mut link, Event::Heard, 10);
    for second in 1..=119 {
        let told = given(&mut link, Event::Withdraw(key(1)), second * 1_000);
        assert_eq!(told, [withdraw(1)]);
    }
    let (ms, for_what, _) = deadline(&mut link);
    assert_eq!((ms, for_what), (120_010, Deadline::Ping));
}

#[test]
fn silence_of_150_s_ends_the_link() {
    let mut link = idle(StreamMode::Stream, 0);
    given(&mut link, Event::Heard, 40);
    assert_eq!(deadline(&mut link).1, Deadline::Ping);
    let (ms, for_what, sent) = deadline(&mut link);
    assert_eq!((ms, for_what), (150_040, Deadline::Silent));
    assert_eq!(sent, [bye(ByeReason::Silent)]);
    assert!(link.is_over());
    assert_eq!(link.poll_timeout(), None);
    assert_eq!(given(&mut link, queued(1), 150_041), []);
}

#[test]
fn an_offer_unacknowledged_for_10_s_ends_the_link() {
    let mut link = idle(StreamMode::Stream, 0);
    assert_eq!(given(&mut link, queued(1), 500), [offer(1)]);
    given(&mut link, Event::Heard, 9_000);
    let (ms, for_what, sent) = deadline(&mut link);
    assert_eq!((ms, for_what), (10_500, Deadline::Unacknowledged));
    assert_eq!(sent, [bye(ByeReason::Unacknowledged)]);
}

#[test]
fn working_through_a_window_is_not_leaving_jobs_lying() {
    let mut link = idle(StreamMode::Stream, 0);
    given(&mut link, queued(1), 0);
    given(&mut link, queued(2), 0);
    given(&mut link, queued(3), 5);
    given(&mut link, Event::Acknowledged(key(1)), 8_000);
    assert_eq!(link.poll_timeout().unwrap().0, at(18_000));
    // A later one's acknowledgement does not help the first.
    given(&mut link, Event::Acknowledged(key(3)), 9_000);
    assert_eq!(link.poll_timeout().unwrap().0, at(18_000));
    given(&mut link, Event::Settled(key(2)), 17_999);
    assert_eq!(link.poll_timeout().unwrap().1, Deadline::Ping);
    // A fresh one has its own ten seconds.
    given(&mut link, queued(4), 30_000);
    assert_eq!(link.poll_timeout().unwrap().0, at(40_000));
    given(&mut link, Event::NotOffered(key(4)), 30_001);
    assert_eq!(link.poll_timeout().unwrap().1, Deadline::Ping);
}

#[test]
fn a_job_is_written_once_however_often_it_is_announced() {
    let mut link = idle(StreamMode::Stream, 0);
    assert_eq!(given(&mut link, queued(1), 1), [offer(1)]);
    assert_eq!(given(&mut link, queued(1), 2), []);
    given(&mut link, Event::Acknowledged(key(1)), 3);
    assert_eq!(given(&mut link, queued(1), 4), []);
    // A gap makes it read; what it reads overlaps with what it knows.
    assert_eq!(given(&mut link, queued(3), 5), [load(1, WINDOW_JOBS_MAX)]);
    let overlapping = Event::Backlog(backlog(1, 3, false));
    assert_eq!(given(&mut link, overlapping, 6), [offer(2), offer(3)]);
}

#[test]
fn wake_ups_out_of_order_do_not_turn_the_order_of_jobs() {
    let mut link = idle(StreamMode::Stream, 4);
    assert_eq!(given(&mut link, queued(6), 1), [load(4, WINDOW_JOBS_MAX)]);
    assert_eq!(given(&mut link, queued(5), 2), []);
    let both = Event::Backlog(backlog(5, 6, false));
    assert_eq!(given(&mut link, both, 3), [offer(5), offer(6)]);
    assert_eq!(given(&mut link, queued(7), 4), [offer(7)]);
}

#[test]
fn a_job_stored_while_the_backlog_is_read_is_not_missed() {
    let mut link = AgentLink::open(Opening::new(1, PING, StreamMode::Stream), T0);
    effects(&mut link);
    assert_eq!(given(&mut link, queued(1), 1), []);
    let read_before_it = Event::Backlog(Backlog::default());
    assert_eq!(
        given(&mut link, read_before_it, 2),
        [load(0, WINDOW_JOBS_MAX)]
    );
    let now_there = Event::Backlog(backlog(1, 1, false));
    assert_eq!(given(&mut link, now_there, 3), [offer(1)]);
    assert_eq!(given(&mut link, queued(2), 4), [offer(2)]);
}

#[test]
fn a_long_backlog_goes_out_window_by_window() {
    let mut link = AgentLink::open(Opening::new(1, PING, StreamMode::Stream), T0);
    effects(&mut link);
    let first = given(&mut link, Event::Backlog(backlog(1, 32, true)), 1);
    assert_eq!(first, (1..=32).map(offer).collect::<Vec<_>>());
    assert_eq!(given(&mut link, queued(40), 2), [], "the window is full");
    for number in 1..16 {
        assert_eq!(given(&mut link, Event::Acknowledged(key(number)), 3), []);
    }
    let half = given(&mut link, Event::Acknowledged(key(16)), 3);
    assert_eq!(half, [load(32, 16)]);
    let rest = given(&mut link, Event::Backlog(backlog(33, 40, false)), 4);
    assert_eq!(rest, (33..=40).map(offer).collect::<Vec<_>>());
    for number in 17..=40 {
        assert_eq!(given(&mut link, Event::Acknowledged(key(number)), 5), []);
    }
    assert_eq!(given(&mut link, queued(41), 6), [offer(41)]);
}

#[test]
fn no_more_jobs_than_an_agent_may_hold() {
    let full = u32::try_from(AGENT_JOBS_MAX).unwrap();
    let mut link = AgentLink::open(Opening::new(1, PING, StreamMode::Stream), T0);
    effects(&mut link);
    let crowded = Backlog {
        at_agent: full - 1,
        ..backlog(1, 1, true)
    };
    assert_eq!(given(&mut link, Event::Backlog(crowded), 1), [offer(1)]);
    given(&mut link, Event::AtAgent(full), 2);
    assert_eq!(given(&mut link, Event::Acknowledged(key(1)), 2), []);
    assert_eq!(given(&mut link, Event::AtAgent(full - 3), 3), [load(1, 3)]);
    let three = Event::Backlog(Backlog {
        at_agent: full - 3,
        ..backlog(2, 4, true)
    });
    assert_eq!(given(&mut link, three, 4), [offer(2), offer(3), offer(4)]);
    assert_eq!(given(&mut link, Event::AtAgent(0), 5), [load(4, 29)]);
}

#[test]
fn wishes_to_cancel_follow_the_jobs_they_are_about() {
    let mut link = AgentLink::open(Opening::new(1, PING, StreamMode::Stream), T0);
    effects(&mut link);
    let mut first = backlog(2, 3, false);
    first.jobs[0].withdraw = true;
    first.withdrawals = vec![key(1)];
    assert_eq!(
        given(&mut link, Event::Backlog(first), 1),
        [withdraw(1), offer(2), withdraw(2), offer(3)]
    );
    assert_eq!(given(&mut link, Event::Withdraw(key(3)), 2), [withdraw(3)]);
}

#[test]
fn a_poll_ends_with_the_first_event_after_hello() {
    let mut link = idle(StreamMode::Poll, 0);
    let answer = given(&mut link, queued(1), 5);
    assert_eq!(answer, [offer(1), Effect::Close(End::Complete)]);
    assert!(link.is_over());
    assert_eq!(link.poll_timeout(), None);
}

#[test]
fn a_poll_takes_a_window_of_the_backlog_at_once() {
    let mut link = AgentLink::open(Opening::new(1, PING, StreamMode::Poll), T0);
    assert_eq!(effects(&mut link).len(), 2);
    let mut answer = given(&mut link, Event::Backlog(backlog(1, 32, true)), 1);
    assert_eq!(answer.pop(), Some(Effect::Close(End::Complete)));
    assert_eq!(answer, (1..=32).map(offer).collect::<Vec<_>>());
}

#[test]
fn a_poll_with_nothing_to_tell_ends_at_the_ping() {
    let mut link = idle(StreamMode::Poll, 0);
    let (ms, for_what, answer) = deadline(&mut link);
    assert_eq!((ms, for_what), (120_000, Deadline::Ping));
    let ping = Effect::Send(Outgoing::Ping(1));
    assert_eq!(answer, [ping, Effect::Close(End::Complete)]);
}

#[test]
fn each_end_has_its_word() {
    let retry_after = Duration::from_millis(1_234);
    let draining = Effect::Close(End::Bye {
        reason: ByeReason::Draining,
        retry_after,
    });
    for (event, expected) in [
        (Event::Drain { retry_after }, vec![draining]),
        (Event::Superseded, vec![bye(ByeReason::Superseded)]),
        (Event::Revoke, vec![bye(ByeReason::Revoked)]),
        (Event::OutboxFull, vec![bye(ByeReason::TooSlow)]),
        (Event::Closed, vec![]),
    ] {
        for mode in [StreamMode::Stream, StreamMode::Poll] {
            let mut link = idle(mode, 0);
            assert_eq!(given(&mut link, event.clone(), 1), expected);
            assert!(link.is_over());
            assert_eq!(link.poll_timeout(), None);
            assert_eq!(given(&mut link, queued(1), 2), []);
            assert_eq!(given(&mut link, Event::Closed, 3), []);
        }
    }
}

#[test]
fn no_job_follows_the_end() {
    let opening = Opening::new(7, PING, StreamMode::Stream);
    for (event, reason) in [
        (Event::Revoke, Some(ByeReason::Revoked)),
        (Event::Superseded, Some(ByeReason::Superseded)),
        (Event::Closed, None),
    ] {
        let mut link = idle(StreamMode::Stream, 0);
        link.handle(queued(1), at(1));
        link.handle(Event::Withdraw(key(7)), at(2));
        link.handle(event.clone(), at(3));
        let expected = reason.map(|reason| vec![withdraw(7), bye(reason)]);
        assert_eq!(effects(&mut link), expected.unwrap_or_default());

        let mut link = AgentLink::open(opening.clone(), T0);
        let hello = link.effects[0].clone();
        link.handle(event, at(1));
        let expected = reason.map(|reason| vec![hello, bye(reason)]);
        assert_eq!(effects(&mut link), expected.unwrap_or_default());
    }
}

#[test]
fn a_probe_is_passed_on() {
    let mut link = idle(StreamMode::Stream, 0);
    let sent = given(&mut link, Event::Probe(ProbeKind::Inventory), 1);
    assert_eq!(sent, [Effect::Send(Outgoing::Probe(ProbeKind::Inventory))]);
}

#[test]
fn a_ping_is_granted_within_its_limits() {
    for (asked, granted) in [
        (None, 120),
        (Some(0), 5),
        (Some(5), 5),
        (Some(30), 30),
        (Some(140), 140),
        (Some(u32::MAX), 140),
    ] {
        assert_eq!(granted_ping(asked), Duration::from_secs(granted));
    }
    assert!(PING_MAX < IDLE_TIMEOUT);
}

fn payments(numbers: &[u128], at_once: bool) -> Event {
    let payments = numbers.iter().map(|number| PaymentId::from_u128(*number));
    Event::Payments {
        payments: payments.collect(),
        at_once,
    }
}

fn say(number: u128) -> Effect {
    Effect::Send(Outgoing::Payment(PaymentId::from_u128(number)))
}

#[test]
fn what_there_is_to_say_of_payments_goes_out_in_order_whatever_jobs_wait() {
    let mut link = idle(StreamMode::Stream, 0);
    assert_eq!(
        given(&mut link, payments(&[1, 2], true), 5),
        [say(1), say(2)]
    );
    assert_eq!(
        given(&mut link, payments(&[1], true), 6),
        [say(1)],
        "also twice"
    );
    // Whoever was ended meanwhile is not given a payment any more.
    link.handle(payments(&[3], true), at(7));
    let end = given(&mut link, Event::Revoke, 8);
    assert_eq!(end, [bye(ByeReason::Revoked)]);
}

#[test]
fn an_offer_completes_a_polled_answer_and_a_wish_said_before_does_not() {
    let complete = Effect::Close(End::Complete);
    let mut link = idle(StreamMode::Poll, 0);
    assert_eq!(
        given(&mut link, payments(&[1, 2], false), 5),
        [say(1), say(2)]
    );
    assert!(!link.is_over());
    let both = given(&mut link, payments(&[3, 4], true), 6);
    assert_eq!(both, [say(3), say(4), complete]);
}
