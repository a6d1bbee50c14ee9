//! Printers that have nothing to do are looked at, so that what is known of them is true.

use cueline_agent_core::{Effect, Event, TimerReason};
use cueline_model::FaultCode;
use cueline_wire::cloud::PrinterStatus;

use crate::till::{NEVER, Till, config, fault};

/// A till that watches its left printer.
fn watching() -> Till {
    let mut config = config();
    config.printers[0].watch = true;
    let mut till = Till::with(config);
    till.hello();
    till
}

fn opens(till: &mut Till) -> Vec<u64> {
    let opened = |(time, effect)| matches!(effect, Effect::OpenPrinter { .. }).then_some(time);
    till.take_timed().into_iter().filter_map(opened).collect()
}

type Codes = (Option<FaultCode>, Option<FaultCode>);

fn told(till: &mut Till) -> Vec<Codes> {
    let mut seen: Vec<PrinterStatus> = Vec::new();
    while let Some(report) = till.report() {
        seen.extend(report.printers.clone());
        let stored = report.entries.iter().map(|entry| entry.seq).collect();
        till.answer_report(cueline_wire::cloud::ReportReply {
            stored,
            rejected: Vec::new(),
        });
    }
    let code = |fault: Option<cueline_model::Fault>| fault.map(|fault| fault.code);
    seen.into_iter()
        .map(|status| (code(status.fault), code(status.warning)))
        .collect()
}

#[test]
fn a_printer_is_looked_at_when_the_program_starts_and_every_30_s_while_it_is_well() {
    let mut till = watching();
    for round in 0..4 {
        till.pass_until(round * 30_000);
        assert_eq!(opens(&mut till), [round * 30_000]);
        till.ready("left");
        assert_eq!(till.open_op("left"), None, "it is released at once");
    }
    assert!(till.prints().is_empty());
}

#[test]
fn a_faulty_printer_is_looked_at_every_5_s() {
    let mut till = watching();
    till.not_ready("left", FaultCode::PaperOut);
    opens(&mut till);
    for round in 1..=4 {
        till.pass_until(round * 5_000);
        assert_eq!(opens(&mut till), [round * 5_000]);
        till.not_ready("left", FaultCode::PaperOut);
    }
    till.pass_until(25_000);
    till.ready("left");
    opens(&mut till);
    till.pass_until(54_999);
    assert_eq!(opens(&mut till), NEVER);
    till.pass_until(55_000);
    assert_eq!(opens(&mut till), [55_000]);
}

#[test]
fn what_is_seen_is_told_without_a_job_and_only_when_it_is_news() {
    let mut till = watching();
    till.ready("left");
    assert_eq!(told(&mut till), [(None, None)]);
    till.pass_s(30);
    till.ready_with_little_paper("left");
    let low = Some(FaultCode::PaperLow);
    assert_eq!(told(&mut till), [(None, low)]);
    till.pass_s(30);
    till.ready_with_little_paper("left");
    assert_eq!(told(&mut till), []);
    till.pass_s(30);
    till.not_ready("left", FaultCode::PaperOut);
    assert_eq!(told(&mut till), [(Some(FaultCode::PaperOut), None)]);
}

#[test]
fn a_job_that_comes_during_a_look_is_printed_by_it() {
    let mut till = watching();
    let op = till.open_op("left");
    let job = till.offer(1);
    assert_eq!(till.open_op("left"), op);
    till.ready("left");
    assert_eq!(till.prints(), [(job, false)]);
    till.print_done("left");
    let ended = till.now_ms;
    opens(&mut till);
    till.pass_s(30);
    assert_eq!(opens(&mut till), [ended + 30_000]);
}

#[test]
fn a_job_does_not_wait_for_the_next_look() {
    let mut till = watching();
    till.not_ready("left", FaultCode::PaperOut);
    opens(&mut till);
    till.pass_s(2);
    till.offer(1);
    assert_eq!(opens(&mut till), [2_000]);
    // Its retries are looks too.
    till.not_ready("left", FaultCode::PaperOut);
    till.pass_s(1);
    assert_eq!(opens(&mut till), [3_000]);
}

#[test]
fn a_printer_that_is_not_watched_is_left_alone() {
    let mut till = watching();
    till.ready("left");
    opens(&mut till);
    till.pass_s(3_600);
    let times = opens(&mut till);
    assert_eq!(times.len(), 1, "the left one, once: {times:?}");
    assert_eq!(till.open_op("right"), None);
}

#[test]
fn while_closing_nothing_is_looked_at() {
    let mut till = watching();
    till.ready("left");
    till.offer(1);
    till.ready("left");
    till.take();
    till.event(Event::Shutdown);
    assert!(!till.next_timer(TimerReason::PrinterLook));
    till.pass_s(120);
    assert_eq!(opens(&mut till), NEVER);
}

#[test]
fn a_look_under_way_is_released_when_the_program_ends() {
    let mut till = watching();
    assert!(till.is_opening("left"));
    till.event(Event::Shutdown);
    assert_eq!(till.open_op("left"), None);
    assert!(till.exited);
}

#[test]
fn changes_are_told_in_order_and_the_newest_state_is_never_lost() {
    let mut till = watching();
    told(&mut till);
    till.cut();
    if till.report().is_some() {
        till.fail_report(None);
    }
    let codes = [FaultCode::PaperOut, FaultCode::CoverOpen];
    for round in 0..2_000 {
        if till.is_opening("left") {
            till.not_ready("left", codes[round % 2]);
        }
        till.pass_s(5);
        if till.report().is_some() {
            till.fail_report(None);
        }
        if till.is_trying() && !till.agent.is_online() {
            till.no_answer();
        }
    }
    till.not_ready("left", FaultCode::PaperJam);
    for _ in 0..1_000 {
        if till.report().is_some() {
            break;
        }
        till.pass_s(1);
    }
    let told = told(&mut till);
    assert!(told.len() <= 256, "{}", told.len());
    assert!(told.len() > 200, "{}", told.len());
    let last = told.len() - 1;
    assert_eq!(told[last].0, Some(FaultCode::PaperJam));
    for pair in told[..last].windows(2) {
        assert_ne!(pair[0], pair[1], "in order, none left out in between");
    }
}

#[test]
fn a_new_sentence_for_the_same_fault_keeps_its_time() {
    let mut till = watching();
    till.answer_reports();
    till.not_ready("left", FaultCode::PaperOut);
    let before = till.report().unwrap().printers.clone();
    till.answer_reports();
    till.pass_s(5);
    let op = till.open_op("left").unwrap();
    let mut other = fault(FaultCode::PaperOut);
    other.text.push_str(" again");
    till.event(Event::PrinterNotReady {
        op,
        printer: "left".parse().unwrap(),
        fault: other,
        warning: None,
    });
    let now = till.report().unwrap().printers.clone();
    assert_ne!(now[0].fault, before[0].fault);
    assert_eq!(now[0].since, before[0].since);
}
