//! What agents say is wrong with their printers.

use cueline_model::{Fault, FaultCode, JobId, JobState, PrinterName, WallTime};
use cueline_wire::api::{PrinterChange, PrinterEvent};
use cueline_wire::cloud::{PrinterStatus, Progress};

use super::offers::backlog;
use super::{Harness, Place, START, entry, known, place, submit_all};
use crate::job::CancelDecision;
use crate::printer_news::PRINTER_EVENTS_MAX;
use crate::store::JobStore as _;

fn status(fault: Option<FaultCode>, since: WallTime) -> PrinterStatus {
    PrinterStatus {
        printer: PrinterName::try_from("counter-1".to_owned()).expect("it is a name"),
        fault: fault.map(|code| Fault::new(code, format!("the clerk reads {}", code.as_str()))),
        warning: None,
        since,
    }
}

fn tell(
    harness: &mut impl Harness,
    place: Place,
    fault: Option<FaultCode>,
    at_ms: i64,
) -> Vec<PrinterEvent> {
    let at = START.shifted_ms(at_ms);
    harness
        .store()
        .record_conditions(place.agent, &[status(fault, at)], at)
        .expect("the store answers")
}

fn kept(harness: &mut impl Harness, place: Place, before: Option<u64>) -> Vec<PrinterEvent> {
    harness
        .store()
        .printer_events(place.tenant, place.printer, before, 2)
        .expect("the store answers")
}

/// A fault begins once and ends once, however often it is told and whatever restarts.
pub fn a_condition_that_stays_is_told_once(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let began = tell(harness, here, Some(FaultCode::PaperOut), 5);
    assert_eq!(began.len(), 1);
    assert_eq!(began[0].what, PrinterChange::FaultBegan);
    assert_eq!(began[0].printer, here.printer);
    assert_eq!(began[0].text, "the clerk reads paper_out");
    assert_eq!(began[0].at.0, START.shifted_ms(5));
    harness.reopen();
    assert_eq!(tell(harness, here, Some(FaultCode::PaperOut), 6), []);
    let ended = tell(harness, here, None, 7);
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].what, PrinterChange::FaultEnded);
    assert_eq!(ended[0].code, FaultCode::PaperOut);
    assert!(ended[0].id > began[0].id);
    assert_eq!(tell(harness, here, None, 8), []);
    harness.reopen();
    assert_eq!(kept(harness, here, None), [ended, began].concat());

    let mut unknown = status(Some(FaultCode::Paused), START);
    unknown.printer = PrinterName::try_from("elsewhere".to_owned()).expect("it is a name");
    let passed_over = harness
        .store()
        .record_conditions(here.agent, &[unknown], START);
    assert_eq!(passed_over, Ok(Vec::new()));
}

/// However long a printer is ill; and a page at a time.
pub fn the_newest_events_are_kept(harness: &mut impl Harness) {
    let (here, other) = (place(1, 1), place(1, 2));
    known(harness, here).add_place(other);
    tell(harness, other, Some(FaultCode::Paused), 0);
    let mut made = Vec::new();
    for round in 0..i64::try_from(PRINTER_EVENTS_MAX).expect("it is small") / 2 + 5 {
        made.extend(tell(harness, here, Some(FaultCode::CoverOpen), 2 * round));
        made.extend(tell(harness, here, None, 2 * round + 1));
    }
    let mut found: Vec<PrinterEvent> = Vec::new();
    loop {
        let page = kept(harness, here, found.last().map(|event| event.id));
        if page.is_empty() {
            break;
        }
        found.extend(page);
    }
    made.reverse();
    made.truncate(PRINTER_EVENTS_MAX);
    assert_eq!(found, made);
    assert_eq!(kept(harness, other, None).len(), 1, "each printer's own");
}

/// As if there were no such printer.
pub fn another_tenants_printer_has_no_events(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(2, 2));
    known(harness, here).add_place(there);
    tell(harness, here, Some(FaultCode::PaperOut), 0);
    let foreign = Place {
        tenant: there.tenant,
        ..here
    };
    assert_eq!(kept(harness, foreign, None), []);
    assert_eq!(kept(harness, there, None), []);
    assert_eq!(kept(harness, here, None).len(), 1);
}

/// A job that is being printed can be cancelled only while its printer does not get on; that the
/// agent is to be asked outlives the link.
pub fn what_stands_at_its_printer_is_asked_back(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let jobs = submit_all(harness, here, &[1, 2]);
    let marked = harness.store().mark_offered(here.agent, &jobs, START);
    assert_eq!(marked.map(|jobs| jobs.len()), Ok(2));
    let started = [
        entry(1, jobs[0].job, Progress::Started),
        entry(2, jobs[1].job, Progress::Started),
    ];
    let recorded = harness.store().record(here.agent, &started, START);
    recorded.expect("the store answers");
    let state = JobState::Started;
    assert_eq!(
        cancel(harness, here, jobs[0].job),
        CancelDecision::TooLate { state }
    );
    tell(harness, here, Some(FaultCode::PaperOut), 5);
    harness.reopen();
    assert_eq!(cancel(harness, here, jobs[0].job), CancelDecision::Asked);
    assert_eq!(cancel(harness, here, jobs[0].job), CancelDecision::Already);
    harness.reopen();
    assert_eq!(backlog(harness, 0, 10).withdrawals, [jobs[0]]);
    tell(harness, here, None, 6);
    assert_eq!(
        cancel(harness, here, jobs[1].job),
        CancelDecision::TooLate { state }
    );
}

fn cancel(harness: &mut impl Harness, place: Place, job: JobId) -> CancelDecision {
    let cancelling = harness.store().cancel(place.tenant, job, START);
    let cancelling = cancelling.expect("the store answers");
    cancelling.expect("it is there").decision
}
