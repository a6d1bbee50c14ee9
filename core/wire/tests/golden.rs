//! Every message as the first release wrote it. A later version must still read these files and,
//! as long as the message is unchanged, write the same bytes.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p cueline-wire` writes files that are missing; one that exists
//! is never overwritten.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::path::PathBuf;

use cueline_model::{
    AgentId, ApiKeyId, ContentType, Document, Failure, FailureCode, Fault, FaultCode, JobId,
    JobState, Language, Outcome, PairingCodeId, PrinterId, PrinterName, Proof, Sha256, SiteId,
    UncertainPolicy, WallTime,
};
use cueline_wire::api;
use cueline_wire::cloud::{
    Bye, ByeReason, Framed, Hello, Inventory, InventoryReply, JobOffer, Pong, PrintWork,
    PrinterDescription, PrinterHandle, PrinterStatus, Probe, ProbeKind, Progress,
    RegistrationReply, RegistrationRequest, Rejection, Report, ReportEntry, ReportReply,
    StreamEvent, Withdraw, Work, sse,
};
use cueline_wire::{Base64Bytes, Problem, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

const VERSION: &str = "0.1";

fn golden(name: &str, written: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(VERSION)
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

fn check_event(name: &str, framed: &Framed) {
    let written = framed.encode();
    let kept = golden(&format!("{name}.sse"), &written);
    let mut decoder = sse::Decoder::default();
    decoder.push(kept.as_bytes());
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(
        Framed::decode(&frame).unwrap().as_ref(),
        Some(framed),
        "{name} reads differently"
    );
    assert_eq!(kept, written, "{name} is written differently");
}

const JOB: JobId = JobId::from_u128(0x0190_b6d3_a3b8_7c1e_9f0a_4b5c_6d7e_8f90);
const AGENT: AgentId = AgentId::from_u128(0xa);
const PRINTER: PrinterId = PrinterId::from_u128(0xb);
const SITE: SiteId = SiteId::from_u128(0xc);
const TIME: WallTime = WallTime(1_777_663_800_125);

fn front() -> PrinterName {
    "front".parse().unwrap()
}

fn document() -> Document {
    Document {
        content_type: ContentType::Raw,
        bytes: 5,
        sha256: Sha256([0x5a; 32]),
    }
}

fn offer(body: Option<&[u8]>) -> JobOffer {
    JobOffer {
        job: JOB,
        attempt: 1,
        start_by: body.is_some().then_some(TIME),
        work: Work::Print(PrintWork {
            options: cueline_model::PrintOptions::default(),
            marked: false,
            printer: front(),
            copies: 2,
            uncertain: UncertainPolicy::ReprintMarked,
            document: document(),
            body: body.map(|bytes| Base64Bytes(bytes.to_vec())),
        }),
        signature: Base64Bytes(vec![7; 64]),
    }
}

fn fault() -> Fault {
    Fault::new(FaultCode::PaperOut, "the printer is out of paper")
}

fn print_job_request() -> api::PrintJobRequest {
    api::PrintJobRequest {
        options: cueline_model::PrintOptions::default(),
        printer: PRINTER,
        content_type: ContentType::Raw,
        content: Some(Base64Bytes(b"hello".to_vec())),
        document: None,
        title: Some("Hamlet, row C seat 12".to_owned()),
        copies: 2,
        expires_at: None,
        expires_in_s: Some(300),
        uncertain: UncertainPolicy::Hold,
    }
}

#[test]
fn events_of_the_held_request() {
    let plain = |name, event| check_event(name, &Framed::plain(event));
    plain(
        "event-hello",
        StreamEvent::Hello(Hello {
            epoch: 3,
            server_time: TIME,
            ping_s: 120,
            hub_version: "0.1.0".to_owned(),
        }),
    );
    plain("event-ping", StreamEvent::Ping(17));
    for (name, body) in [
        ("event-job-inline", Some(&b"hello"[..])),
        ("event-job-fetched", None),
    ] {
        check_event(
            name,
            &Framed {
                sequence: Some(42),
                event: StreamEvent::Job(Box::new(offer(body))),
            },
        );
    }
    plain(
        "event-withdraw",
        StreamEvent::Withdraw(Withdraw {
            job: JOB,
            attempt: 1,
        }),
    );
    plain(
        "event-probe-inventory",
        StreamEvent::Probe(Probe {
            kind: ProbeKind::Inventory,
        }),
    );
    for (name, reason) in [
        ("event-bye-draining", ByeReason::Draining),
        ("event-bye-superseded", ByeReason::Superseded),
        ("event-bye-revoked", ByeReason::Revoked),
        ("event-bye-unacknowledged", ByeReason::Unacknowledged),
        ("event-bye-silent", ByeReason::Silent),
        ("event-bye-too-slow", ByeReason::TooSlow),
    ] {
        plain(
            name,
            StreamEvent::Bye(Bye {
                reason,
                retry_after_ms: 1_500,
            }),
        );
    }
}

#[test]
fn an_event_of_a_later_version_is_passed_over() {
    let mut decoder = sse::Decoder::default();
    decoder.push(b"event: confetti\ndata: {}\n\n");
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(Framed::decode(&frame).unwrap(), None);
}

#[test]
fn what_the_hub_signs() {
    let kept = golden("signed-job.txt", &offer(Some(b"hello")).signed_text(AGENT));
    assert_eq!(kept, offer(Some(b"hello")).signed_text(AGENT));
    assert_ne!(
        offer(None).signed_text(AGENT),
        kept,
        "the expiry is part of what is signed"
    );
    let mut marked = offer(Some(b"hello"));
    let Work::Print(print) = &mut marked.work;
    print.marked = true;
    let expected = format!("{kept}marked: true\n");
    assert_eq!(marked.signed_text(AGENT), expected);
}

#[test]
fn reports() {
    let steps = [
        Progress::Accepted,
        Progress::Started,
        Progress::NotStarted,
        Progress::Reprinting,
        Progress::Ended(Outcome::Done {
            proof: Proof::Printed,
        }),
        Progress::Ended(Outcome::Failed {
            failure: Failure {
                code: FailureCode::UnknownPrinter,
                text: "this agent has no printer named front".to_owned(),
            },
        }),
        Progress::Ended(Outcome::Expired),
        Progress::Ended(Outcome::Cancelled),
        Progress::Ended(Outcome::Uncertain {
            tickets: None,
            detail: "the connection broke in mid-ticket".to_owned(),
        }),
    ];
    check(
        "report",
        &Report {
            pong: Some(Pong {
                epoch: 3,
                number: 17,
            }),
            entries: (1..)
                .zip(steps)
                .map(|(seq, progress)| ReportEntry {
                    seq,
                    job: JOB,
                    attempt: 1,
                    at: TIME,
                    progress,
                })
                .collect(),
            printers: vec![PrinterStatus {
                warning: None,
                printer: front(),
                fault: Some(fault()),
                since: TIME,
            }],
        },
    );
    check("report-empty", &Report::default());
    check(
        "report-reply",
        &ReportReply {
            stored: vec![1, 2, 3],
            rejected: vec![Rejection {
                seq: 4,
                code: "outcome_already_recorded".to_owned(),
                text: "this attempt has ended as done".to_owned(),
            }],
        },
    );
}

#[test]
fn registration_and_inventory() {
    check(
        "registration-request",
        &RegistrationRequest {
            code: "K7QD-4MXP".to_owned(),
            name: "counter 1".to_owned(),
            public_key: Base64Bytes(vec![1; 32]),
            proof: Base64Bytes(vec![2; 64]),
            agent_version: "0.1.0".to_owned(),
            platform: "linux x86_64".to_owned(),
        },
    );
    check(
        "registration-reply",
        &RegistrationReply {
            agent: AGENT,
            tenant: "default".to_owned(),
            site: "main".to_owned(),
            hub_key: Base64Bytes(vec![3; 32]),
            roots_pem: Some("-----BEGIN CERTIFICATE-----\n".to_owned()),
        },
    );
    check(
        "inventory",
        &Inventory {
            stations: Vec::new(),
            agent_version: "0.1.0".to_owned(),
            platform: "linux x86_64".to_owned(),
            path: "proxy 10.0.0.1:3128".to_owned(),
            printers: vec![PrinterDescription {
                capabilities: None,
                height_dots: None,
                name: front(),
                language: Language::Escpos,
                content_types: vec![ContentType::Raw, ContentType::Png],
                width_dots: Some(576),
            }],
        },
    );
    check(
        "inventory-reply",
        &InventoryReply {
            printers: vec![PrinterHandle {
                name: front(),
                id: PRINTER,
            }],
        },
    );
}

#[test]
fn the_box_offices_print_jobs() {
    check("api-print-job-request", &print_job_request());
    check(
        "api-print-job",
        &api::PrintJob {
            id: JOB,
            state: JobState::Accepted,
            printer: PRINTER,
            printer_name: front(),
            agent: AGENT,
            title: None,
            document: document(),
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            options: cueline_model::PrintOptions::default(),
            notes: Vec::new(),
            marked: false,
            reprint_of: None,
            tickets: None,
            resolution: None,
            attempt: 1,
            created_at: Timestamp(TIME),
            expires_at: Some(Timestamp(TIME)),
            cancel_requested_at: None,
            settled_at: None,
            proof: None,
            failure: None,
            detail: None,
            waiting: Some(api::Waiting {
                code: "paper_out".to_owned(),
                text: fault().text,
            }),
            timeline: vec![api::TimelineEntry {
                at: Timestamp(TIME),
                what: "queued".to_owned(),
                detail: None,
            }],
        },
    );
    check(
        "api-stored-document",
        &api::StoredDocument {
            document: Sha256([0x5a; 32]),
            bytes: 5,
            kept_until: Timestamp(TIME),
        },
    );
    check(
        "problem",
        &Problem {
            retry_after_s: Some(5),
            ..Problem::new(429, "queue_full", "10000 jobs wait for this agent")
        },
    );
}

#[test]
fn the_box_offices_fleet_and_access() {
    check(
        "api-agent",
        &api::Agent {
            id: AGENT,
            name: "counter 1".to_owned(),
            site: SITE,
            state: api::AgentState::Online,
            fingerprint: "01:02".to_owned(),
            created_at: Timestamp(TIME),
            connected_since: Some(Timestamp(TIME)),
            last_seen_at: Some(Timestamp(TIME)),
            path: Some("direct".to_owned()),
            ping_s: Some(120),
            version: Some("0.1.0".to_owned()),
            platform: Some("linux x86_64".to_owned()),
        },
    );
    check(
        "api-printers-page",
        &api::Page {
            data: vec![api::Printer {
                id: PRINTER,
                name: front(),
                agent: AGENT,
                agent_name: "counter 1".to_owned(),
                agent_state: api::AgentState::Offline,
                language: Language::Raw,
                content_types: vec![ContentType::Raw],
                width_dots: None,
                height_dots: None,
                capabilities: None,
                warning: None,
                fault: Some(fault()),
                queued: 3,
            }],
            next: Some("c1".to_owned()),
        },
    );
    check(
        "api-site",
        &api::Site {
            id: SITE,
            name: "main".to_owned(),
            created_at: Timestamp(TIME),
        },
    );
    check(
        "api-pairing-code",
        &api::PairingCode {
            id: PairingCodeId::from_u128(1),
            code: "K7QD-4MXP".to_owned(),
            site: SITE,
            expires_at: Timestamp(TIME),
        },
    );
    check(
        "api-key",
        &api::ApiKey {
            id: ApiKeyId::from_u128(2),
            name: "box office".to_owned(),
            scopes: vec![api::Scope::Read, api::Scope::Print, api::Scope::Manage],
            created_at: Timestamp(TIME),
            key: None,
        },
    );
}

#[test]
fn a_misspelt_option_of_a_request_is_refused_by_name() {
    let text = serde_json::to_string(&print_job_request())
        .unwrap()
        .replace("copies", "copys");
    let error = serde_json::from_str::<api::PrintJobRequest>(&text).unwrap_err();
    assert!(error.to_string().contains("copys"), "{error}");
}

#[test]
fn what_is_secret_is_not_in_a_debug_text() {
    let code = api::PairingCode {
        id: PairingCodeId::from_u128(1),
        code: "K7QD-4MXP".to_owned(),
        site: SITE,
        expires_at: Timestamp(TIME),
    };
    let key = api::ApiKey {
        id: ApiKeyId::from_u128(2),
        name: "box office".to_owned(),
        scopes: vec![api::Scope::Read, api::Scope::Print, api::Scope::Manage],
        created_at: Timestamp(TIME),
        key: Some("cl_1_K7QD-4MXP".to_owned()),
    };
    let request = RegistrationRequest {
        code: "K7QD-4MXP".to_owned(),
        name: "counter 1".to_owned(),
        public_key: Base64Bytes(vec![1; 32]),
        proof: Base64Bytes(vec![2; 64]),
        agent_version: "0.1.0".to_owned(),
        platform: "linux x86_64".to_owned(),
    };
    for text in [
        format!("{code:?}"),
        format!("{key:?}"),
        format!("{request:?}"),
    ] {
        assert!(!text.contains("K7QD"), "{text}");
    }
}
