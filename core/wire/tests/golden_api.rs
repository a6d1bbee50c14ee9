//! The box office's messages in the forms that came after the first release: a later version must
//! still read these files and, as long as the message is unchanged, write the same bytes. Those of
//! the first release are held by `golden.rs`.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p cueline-wire` writes files that are missing; one that exists
//! is never overwritten.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::path::PathBuf;

use cueline_model::{
    AgentId, Capabilities, ContentType, Cut, Document, Duplex, Fault, FaultCode, Fit, JobId,
    JobState, Language, OnUnsupported, OptionName, Paper, PrintOptions, PrinterId, PrinterName,
    Proof, Rotation, Sha256, TicketCount, UncertainPolicy, Unsupported, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden/0.2")
        .join(format!("{name}.json"));
    if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&path);
    let kept = kept.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let read: T = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&read, value, "{name} reads differently");
    assert_eq!(kept, written, "{name} is written differently");
}

const JOB: JobId = JobId::from_u128(0x0190_b6d3_a3b8_7c1e_9f0a_4b5c_6d7e_8f90);
const PRINTER: PrinterId = PrinterId::from_u128(0xb);
const TIME: Timestamp = Timestamp(WallTime(1_777_663_800_125));

fn front() -> PrinterName {
    "front".parse().unwrap()
}

fn document() -> Document {
    Document {
        content_type: ContentType::Ticket,
        bytes: 512,
        sha256: Sha256([0x5a; 32]),
    }
}

fn options() -> PrintOptions {
    PrintOptions {
        on_unsupported: OnUnsupported::Strict,
        collate: Some(true),
        color: Some(false),
        cut: Some(Cut::Each),
        darkness: Some(80),
        dpi: Some(203),
        drawer: Some(true),
        duplex: Some(Duplex::LongEdge),
        fit: Some(Fit::Shrink),
        media: Some("stationery".to_owned()),
        nup: Some(2),
        pages: Some("1,3-5,8-".parse().unwrap()),
        paper: Some("80x150mm".to_owned()),
        rotate: Some(Rotation::R90),
        tray: Some("main".to_owned()),
        from_ticket: Some(7),
    }
}

fn tickets() -> TicketCount {
    TicketCount {
        printed: 6,
        unknown: 1,
        total: 10,
    }
}

#[test]
fn a_job_with_everything() {
    check(
        "api-print-job-request",
        &api::PrintJobRequest {
            printer: PRINTER,
            content_type: ContentType::Ticket,
            content: None,
            document: Some(document().sha256),
            title: None,
            copies: 1,
            expires_at: None,
            expires_in_s: None,
            uncertain: UncertainPolicy::Hold,
            options: options(),
        },
    );
    check(
        "api-print-job",
        &api::PrintJob {
            id: JOB,
            state: JobState::Uncertain,
            printer: PRINTER,
            printer_name: front(),
            agent: AgentId::from_u128(0xa),
            title: None,
            document: document(),
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            options: PrintOptions {
                on_unsupported: OnUnsupported::BestEffort,
                ..options()
            },
            notes: vec![Unsupported {
                option: OptionName::Duplex,
                text: "duplex long_edge: the printer cannot do that".to_owned(),
            }],
            marked: true,
            reprint_of: Some(JobId::from_u128(1)),
            attempt: 1,
            created_at: TIME,
            expires_at: None,
            cancel_requested_at: None,
            settled_at: Some(TIME),
            proof: None,
            failure: None,
            detail: Some("the cable was pulled".to_owned()),
            tickets: Some(tickets()),
            resolution: Some(api::Resolution {
                decision: api::Decision::NotPrinted,
                by: "Anna".to_owned(),
                reason: Some("the tray was empty".to_owned()),
                at: TIME,
            }),
            waiting: None,
            timeline: Vec::new(),
        },
    );
}

#[test]
fn what_is_done_about_a_job_afterwards() {
    check(
        "api-reprint-request",
        &api::ReprintRequest {
            from_ticket: Some(7),
            printer: Some(PRINTER),
            marked: Some(true),
        },
    );
    check("api-reprint-request-empty", &api::ReprintRequest::default());
    for decision in [
        api::Decision::Printed,
        api::Decision::NotPrinted,
        api::Decision::Reprinted,
    ] {
        check(
            &format!("api-resolve-request-{}", decision.as_str()),
            &api::ResolveRequest {
                decision,
                by: "Anna".to_owned(),
                reason: None,
            },
        );
    }
}

#[test]
fn printers_and_what_happens_to_them() {
    check(
        "api-printer",
        &api::Printer {
            id: PRINTER,
            name: front(),
            agent: AgentId::from_u128(0xa),
            agent_name: "counter 1".to_owned(),
            agent_state: api::AgentState::Online,
            language: Language::Fgl,
            content_types: vec![ContentType::Raw, ContentType::Ticket],
            width_dots: Some(832),
            height_dots: Some(1_624),
            capabilities: Some(Capabilities {
                proves: Proof::Printed,
                dpi: vec![203, 300],
                options: [OptionName::Cut, OptionName::Rotate].into(),
                trays: vec!["1".to_owned(), "2".to_owned()],
                media: vec!["stationery".to_owned()],
                papers: vec![Paper {
                    name: "A4".to_owned(),
                    width_hmm: 21_000,
                    height_hmm: Some(29_700),
                }],
            }),
            fault: None,
            warning: Some(Fault::new(
                FaultCode::PaperLow,
                "the paper will soon be out",
            )),
            queued: 0,
        },
    );
    for what in [
        api::PrinterChange::FaultBegan,
        api::PrinterChange::FaultEnded,
        api::PrinterChange::WarningBegan,
        api::PrinterChange::WarningEnded,
    ] {
        check(
            &format!("api-printer-event-{}", what.as_str()),
            &api::PrinterEvent {
                id: 42,
                printer: PRINTER,
                what,
                code: FaultCode::PaperOut,
                text: "the printer is out of paper".to_owned(),
                at: TIME,
            },
        );
    }
    check(
        "api-job-event",
        &api::JobEvent {
            job: JOB,
            printer: PRINTER,
            attempt: 1,
            state: JobState::Started,
            tickets: Some(tickets()),
        },
    );
}
