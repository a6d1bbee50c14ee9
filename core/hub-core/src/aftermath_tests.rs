//! Reprints and resolutions, as tables.

use super::*;
use crate::store::contract::{START, entry, place, submission};
use cueline_model::{Failure, FailureCode, PrinterId, Proof, TicketCount, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::Decision;
use cueline_wire::cloud::Progress;

const NOW: WallTime = WallTime(START.0 + 60_000);

fn ended(outcome: Outcome) -> PrintJob {
    let mut job = submission(place(1, 1), 1).job.into_job(1, true, START);
    job.record(job.agent, &entry(1, job.id, Progress::Ended(outcome)), NOW);
    job
}

fn in_doubt(tickets: Option<TicketCount>) -> PrintJob {
    ended(Outcome::Uncertain {
        detail: "the cable was pulled".to_owned(),
        tickets,
    })
}

fn six_of_ten() -> PrintJob {
    in_doubt(Some(TicketCount {
        printed: 6,
        unknown: 1,
        total: 10,
    }))
}

fn from(ticket: u32) -> ReprintRequest {
    ReprintRequest {
        from_ticket: Some(ticket),
        ..ReprintRequest::default()
    }
}

fn said(decision: Decision) -> Resolution {
    Resolution {
        decision,
        by: "Anna".to_owned(),
        reason: Some("it is in the tray".to_owned()),
        at: Timestamp(NOW),
    }
}

#[test]
fn a_reprint_is_the_same_once_more() {
    let job = six_of_ten();
    let reprint = job.reprint(&from(7)).unwrap();
    assert_eq!(reprint.request.document, Some(job.document.sha256));
    assert_eq!(reprint.request.copies, job.copies);
    assert_eq!(reprint.request.printer, job.printer);
    assert_eq!(reprint.request.options.from_ticket, Some(7));
    let elsewhere = ReprintRequest {
        printer: Some(PrinterId::from_u128(9)),
        ..ReprintRequest::default()
    };
    let reprint = job.reprint(&elsewhere).unwrap();
    assert_eq!(reprint.request.printer, PrinterId::from_u128(9));
    assert_eq!(reprint.request.options.from_ticket, None);
}

#[test]
fn what_may_be_on_paper_already_is_marked() {
    let failed = Outcome::Failed {
        failure: Failure {
            code: FailureCode::BadDocument,
            text: "no".to_owned(),
        },
    };
    let proof = Proof::Printed;
    for (job, asked, marked) in [
        (
            ended(Outcome::Done { proof }),
            ReprintRequest::default(),
            true,
        ),
        (ended(failed), ReprintRequest::default(), false),
        (ended(Outcome::Expired), ReprintRequest::default(), false),
        (ended(Outcome::Cancelled), ReprintRequest::default(), false),
        (in_doubt(None), from(8), true),
        (six_of_ten(), ReprintRequest::default(), true),
        (six_of_ten(), from(7), true),
        (six_of_ten(), from(8), false),
    ] {
        let reprint = job.reprint(&asked).unwrap();
        assert_eq!(reprint.marked, marked, "{asked:?} of {:?}", job.outcome);
        for wish in [true, false] {
            let wished = ReprintRequest {
                marked: Some(wish),
                ..asked.clone()
            };
            assert_eq!(job.reprint(&wished).unwrap().marked, wish);
        }
    }
}

#[test]
fn only_what_has_ended_and_has_such_a_ticket_is_printed_again() {
    let queued = submission(place(1, 1), 1).job.into_job(1, true, START);
    let refused = queued.reprint(&ReprintRequest::default()).unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("not_settled", 409));
    let refused = six_of_ten().reprint(&from(11)).unwrap_err();
    assert_eq!((refused.code(), refused.status()), ("option_invalid", 422));
    // How many it has is not known of every job.
    assert!(in_doubt(None).reprint(&from(11)).is_ok());
    // A reprint's own count may leave out what it did not print.
    let mut later = six_of_ten();
    later.options.from_ticket = Some(5);
    assert!(later.reprint(&from(11)).unwrap().marked);
    let again = later.reprint(&ReprintRequest::default()).unwrap();
    assert_eq!(again.request.options.from_ticket, Some(5));
}

#[test]
fn a_job_in_doubt_is_resolved_once_and_its_outcome_stays() {
    let mut job = six_of_ten();
    let before = job.clone();
    assert_eq!(job.resolve(said(Decision::Printed)), Ok(Resolved::Now));
    assert_eq!(job.outcome, before.outcome);
    assert_eq!(job.state, JobState::Uncertain);
    assert_eq!(job.tickets, before.tickets);
    let last = job.timeline.last().unwrap();
    assert_eq!(last.what, "resolved");
    assert_eq!(
        last.detail.as_deref(),
        Some("printed as Anna says: it is in the tray")
    );

    let resolved = job.clone();
    let mut later = said(Decision::Printed);
    later.at = Timestamp(NOW.shifted_ms(5));
    assert_eq!(job.resolve(later), Ok(Resolved::Before));
    let other = job.resolve(said(Decision::NotPrinted)).unwrap_err();
    assert_eq!((other.code(), other.status()), ("already_resolved", 409));
    assert_eq!(job, resolved);
}

#[test]
fn nothing_else_can_be_resolved() {
    let proof = Proof::Sent;
    let queued = submission(place(1, 1), 1).job.into_job(1, true, START);
    for mut job in [
        queued,
        ended(Outcome::Done { proof }),
        ended(Outcome::Cancelled),
    ] {
        let before = job.clone();
        let refused = job.resolve(said(Decision::Printed)).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("not_uncertain", 409));
        assert_eq!(job, before);
    }
}
