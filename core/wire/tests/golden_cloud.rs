//! What hub and agent say to each other in the forms that came after the first release: a later
//! version must still read these files and, as long as the message is unchanged, write the same bytes.
//! Those of the first release are held by `golden.rs`, and what came since leaves them as they are.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p cueline-wire` writes files that are missing; one that exists
//! is never overwritten.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;

use cueline_model::{
    AgentId, Capabilities, ContentType, Cut, Document, Fault, FaultCode, JobId, Language,
    OnUnsupported, OptionName, Outcome, Paper, PrintOptions, PrinterName, Proof, Sha256,
    TicketCount, UncertainPolicy, WallTime,
};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    Framed, Inventory, JobOffer, PrintWork, PrinterDescription, PrinterStatus, Progress, Report,
    ReportEntry, StreamEvent, Work, sse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn golden(name: &str, written: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden/0.2")
        .join(name);
    if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    let written = serde_json::to_string_pretty(value).unwrap() + "\n";
    let kept = golden(&format!("{name}.json"), &written);
    let read: T = serde_json::from_str(&kept).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(&read, value, "{name} reads differently");
    assert_eq!(kept, written, "{name} is written differently");
}

const JOB: JobId = JobId::from_u128(0x0190_b6d3_a3b8_7c1e_9f0a_4b5c_6d7e_8f90);
const AGENT: AgentId = AgentId::from_u128(0xa);
const TIME: WallTime = WallTime(1_777_663_800_125);

fn front() -> PrinterName {
    "front".parse().unwrap()
}

/// A reprint from ticket 7, with options and a mark.
fn offer() -> JobOffer {
    JobOffer {
        job: JOB,
        attempt: 1,
        start_by: None,
        work: Work::Print(PrintWork {
            printer: front(),
            copies: 10,
            uncertain: UncertainPolicy::Hold,
            options: PrintOptions {
                on_unsupported: OnUnsupported::Strict,
                cut: Some(Cut::Each),
                darkness: Some(80),
                from_ticket: Some(7),
                pages: Some("1,3-".parse().unwrap()),
                paper: Some("80x150mm".to_owned()),
                ..PrintOptions::default()
            },
            marked: true,
            document: Document {
                content_type: ContentType::Ticket,
                bytes: 512,
                sha256: Sha256([0x5a; 32]),
            },
            body: None,
        }),
        signature: Base64Bytes(vec![7; 64]),
    }
}

#[test]
fn an_offer_with_options_and_a_mark() {
    let framed = Framed {
        sequence: Some(42),
        event: StreamEvent::Job(Box::new(offer())),
    };
    let written = framed.encode();
    let kept = golden("event-job-options.sse", &written);
    let mut decoder = sse::Decoder::default();
    decoder.push(kept.as_bytes());
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(Framed::decode(&frame).unwrap(), Some(framed));
    assert_eq!(kept, written);
}

#[test]
fn options_and_mark_are_part_of_what_the_hub_signs() {
    let signed = offer().signed_text(AGENT);
    assert_eq!(golden("signed-job-options.txt", &signed), signed);
    let changes: [fn(&mut PrintWork); 3] = [
        |print| print.marked = false,
        |print| print.options.from_ticket = Some(8),
        |print| print.options = PrintOptions::default(),
    ];
    for change in changes {
        let mut other = offer();
        let Work::Print(print) = &mut other.work;
        change(print);
        assert_ne!(other.signed_text(AGENT), signed);
    }
}

#[test]
fn a_report_with_counts_and_warnings() {
    let tickets = TicketCount {
        printed: 6,
        unknown: 1,
        total: 10,
    };
    let steps = [
        Progress::Printing {
            printed: 6,
            total: 10,
        },
        Progress::Ended(Outcome::Uncertain {
            detail: "The paper is jammed. Check which of the tickets came out.".to_owned(),
            tickets: Some(tickets),
        }),
    ];
    let entry = |(seq, progress)| ReportEntry {
        seq,
        job: JOB,
        attempt: 1,
        at: TIME,
        progress,
    };
    let fault = |code| Fault::new(code, format!("the printer says {code:?}"));
    let status = |fault, warning| PrinterStatus {
        printer: front(),
        fault,
        warning,
        since: TIME,
    };
    let report = Report {
        pong: None,
        entries: (1..).zip(steps).map(entry).collect(),
        // Every change since the last report that arrived, in order.
        printers: vec![
            status(None, Some(fault(FaultCode::PaperLow))),
            status(
                Some(fault(FaultCode::PaperJam)),
                Some(fault(FaultCode::PaperLow)),
            ),
            status(None, None),
        ],
    };
    check("report-counts", &report);
}

#[test]
fn an_inventory_with_capabilities() {
    let ticket_printer = PrinterDescription {
        name: front(),
        language: Language::Fgl,
        content_types: vec![ContentType::Raw, ContentType::Pdf, ContentType::Ticket],
        width_dots: Some(1200),
        height_dots: Some(600),
        capabilities: Some(Capabilities {
            proves: Proof::Printed,
            dpi: vec![300],
            options: BTreeSet::from([OptionName::Cut, OptionName::Rotate]),
            trays: vec!["left".to_owned(), "right".to_owned()],
            media: vec!["stationery".to_owned()],
            papers: vec![
                Paper {
                    name: "loaded".to_owned(),
                    width_hmm: 10_160,
                    height_hmm: Some(5_080),
                },
                Paper {
                    name: "roll".to_owned(),
                    width_hmm: 8_000,
                    height_hmm: None,
                },
            ],
        }),
    };
    let inventory = Inventory {
        stations: Vec::new(),
        agent_version: "0.2.0".to_owned(),
        platform: "linux x86_64".to_owned(),
        path: "direct".to_owned(),
        printers: vec![ticket_printer],
    };
    check("inventory-capabilities", &inventory);
}
