//! Ending the program in order.

use cueline_agent_core::{Effect, Event};
use cueline_model::{FaultCode, Outcome};
use cueline_wire::cloud::Progress;

use crate::till::Till;

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till.take();
    till
}

#[test]
fn an_idle_agent_drops_its_link_and_ends() {
    let mut till = up();
    let link = till.link();
    till.event(Event::Shutdown);
    assert_eq!(till.take(), [Effect::Disconnect { link }, Effect::Exit]);
    assert_eq!(till.agent.poll_timeout(), None);
    till.event(Event::Reconnect);
    assert_eq!(till.take(), []);
}

#[test]
fn while_waiting_for_the_next_try_there_is_nothing_to_drop() {
    let mut till = Till::without_jitter();
    till.no_answer();
    till.take();
    till.event(Event::Shutdown);
    assert_eq!(till.take(), [Effect::Exit]);
}

#[test]
fn what_is_printing_is_finished_and_journalled_and_nothing_more_is_started() {
    let mut till = up();
    let job = till.offer(1);
    let next = till.offer(2);
    till.ready("left");
    till.event(Event::Shutdown);
    assert!(!till.exited);
    till.offer(3);
    assert_eq!(till.agent.unsettled_jobs(), 2, "no offer is taken any more");
    till.slow_disk = true;
    till.print_done("left");
    assert!(!till.exited, "the end is not durable yet");
    till.sync();
    assert!(till.exited);
    assert!(matches!(till.outcome(job), Outcome::Done { .. }));
    assert_eq!(till.newest(next), Progress::Accepted);
}

#[test]
fn a_printer_being_opened_is_released() {
    let mut till = up();
    till.offer(1);
    till.take();
    till.event(Event::Shutdown);
    let effects = till.take();
    assert!(matches!(effects[0], Effect::ReleasePrinter { .. }));
    assert_eq!(effects.last(), Some(&Effect::Exit));
}

#[test]
fn a_start_that_is_being_journalled_is_taken_back() {
    let mut till = up();
    let job = till.offer(1);
    till.slow_disk = true;
    till.ready("left");
    till.event(Event::Shutdown);
    assert!(!till.exited);
    till.sync();
    assert!(till.exited);
    assert_eq!(till.newest(job), Progress::NotStarted);
    assert_eq!(till.prints(), []);
    till.crash();
    till.slow_disk = false;
    till.ready("left");
    assert_eq!(till.prints(), [(job, false)]);
}

#[test]
fn no_retry_is_waited_for() {
    let mut till = up();
    till.offer(1);
    till.not_ready("left", FaultCode::PaperOut);
    till.event(Event::Shutdown);
    assert!(till.exited);
}
