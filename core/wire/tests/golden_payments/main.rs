//! Every message about payments: a later version must still read these files and, as long as the message is
//! unchanged, write the same bytes.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p cueline-wire` writes files that are missing; one that exists
//! is never overwritten.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod api;

use std::fmt::Debug;
use std::path::PathBuf;

use cueline_model::{
    AgentId, Answer, Baseline, CardDetails, Currency, Finding, Original, PaymentFailure,
    PaymentFailureCode, PaymentId, PaymentKind, PaymentOrder, PaymentOutcome, ProgressNote, Prompt,
    PromptKind, Receipt, ReceiptCopy, Resolver, Settlement, Stage, TerminalProtocol,
    UnmatchedTransaction, WallTime,
};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    Framed, Inventory, JournalMark, LivePayment, PaymentEntry, PaymentOffer, PaymentReport,
    PaymentReportReply, PaymentStep, PaymentWish, Rejection, StartReply, StartRequest,
    StationDescription, StreamEvent, TerminalDescription, UnmatchedAt, Wish, sse,
};
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};
use serde::Serialize;
use serde::de::DeserializeOwned;

fn golden(name: &str, written: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden/0.3")
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

/// Local messages, one a line.
fn check_lines<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, values: &[T]) {
    let lines = values
        .iter()
        .map(|value| serde_json::to_string(value).unwrap() + "\n");
    let written: String = lines.collect();
    let kept = golden(&format!("{name}.jsonl"), &written);
    let read = kept.lines().map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(read.collect::<Vec<T>>(), values, "{name} reads differently");
    assert_eq!(kept, written, "{name} is written differently");
}

fn check_event(name: &str, event: StreamEvent) {
    let framed = Framed::plain(event);
    let written = framed.encode();
    let kept = golden(&format!("{name}.sse"), &written);
    let mut decoder = sse::Decoder::default();
    decoder.push(kept.as_bytes());
    let frame = decoder.next_frame().unwrap().unwrap();
    assert_eq!(
        Framed::decode(&frame).unwrap(),
        Some(framed),
        "{name} reads differently"
    );
    assert_eq!(kept, written, "{name} is written differently");
}

const PAYMENT: PaymentId = PaymentId::from_u128(0x0190_b6d3_a3b8_7c1e_9f0a_4b5c_6d7e_8f90);
const SALE: PaymentId = PaymentId::from_u128(0x0190_b6d3_a3b8_7c1e_9f0a_4b5c_6d7e_8f00);
const AGENT: AgentId = AgentId::from_u128(0xa);
const TIME: WallTime = WallTime(1_777_663_800_125);

fn name<T: std::str::FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn card() -> CardDetails {
    CardDetails {
        auth_code: Some("A1B2C3".to_owned()),
        terminal_txn_ref: Some("000123".to_owned()),
        receipt_no: Some("0042".to_owned()),
        last4: Some("1111".to_owned()),
        scheme: Some("Visa".to_owned()),
        entry_mode: Some("contactless".to_owned()),
    }
}

fn receipt() -> Receipt {
    Receipt {
        copy: ReceiptCopy::Merchant,
        lines: vec!["GLOBE THEATRE".to_owned(), "EUR 12.50".to_owned()],
        signature: true,
    }
}

fn failure(stage: Stage, code: PaymentFailureCode) -> PaymentFailure {
    PaymentFailure {
        stage,
        code,
        retryable: true,
        text: "the terminal is at another payment".to_owned(),
    }
}

fn settlement(outcome: PaymentOutcome) -> Box<Settlement> {
    Box::new(Settlement {
        outcome,
        receipts: vec![receipt()],
    })
}

fn approved() -> Box<Settlement> {
    settlement(PaymentOutcome::Approved {
        amount_minor: 1250,
        card: card(),
    })
}

fn order(kind: PaymentKind) -> PaymentOrder {
    PaymentOrder {
        kind,
        amount_minor: 1250,
        currency: Currency::EUR,
        station: name("box-office-1"),
        terminal: name("counter"),
        original: (kind == PaymentKind::Void).then(|| Original {
            payment: SALE,
            amount_minor: 1250,
            receipt_no: Some("0042".to_owned()),
            terminal_txn_ref: None,
        }),
    }
}

fn baseline() -> Option<Baseline> {
    Some(Baseline {
        receipt_no: Some("0041".to_owned()),
        terminal_txn_ref: None,
    })
}

fn prompt(kind: PromptKind) -> Prompt {
    Prompt {
        id: 1,
        kind,
        text: "does the signature match?".to_owned(),
        deadline: Some(TIME),
    }
}

fn note() -> ProgressNote {
    ProgressNote {
        code: "insert_card".to_owned(),
        text: "insert or tap the card".to_owned(),
    }
}

fn unmatched() -> UnmatchedTransaction {
    UnmatchedTransaction {
        amount_minor: 700,
        card: card(),
    }
}

fn mark() -> JournalMark {
    JournalMark {
        opening: 3,
        instance: "0123456789abcdef0123456789abcdef".to_owned(),
    }
}

fn terminal() -> TerminalDescription {
    TerminalDescription {
        name: name("counter"),
        protocol: TerminalProtocol::Zvt,
    }
}

#[test]
fn offers_and_wishes_of_the_held_request() {
    for (file, kind) in [
        ("event-payment-sale", PaymentKind::Sale),
        ("event-payment-void", PaymentKind::Void),
    ] {
        let offer = PaymentOffer {
            payment: PAYMENT,
            order: order(kind),
            start_by: TIME,
            signature: Base64Bytes(vec![7; 64]),
        };
        let signed = offer.signed_text(AGENT);
        assert_eq!(
            golden(&format!("signed-{}.txt", &file[6..]), &signed),
            signed
        );
        check_event(file, StreamEvent::Payment(Box::new(offer)));
    }
    for (file, wish) in [
        ("event-payment-wish-cancel", Wish::Cancel),
        ("event-payment-wish-look-up", Wish::LookUp),
        ("event-payment-wish-decided", Wish::Decided),
        (
            "event-payment-wish-answer",
            Wish::Answer {
                prompt: 1,
                answer: Answer::Yes,
            },
        ),
        (
            "event-payment-wish-auth-code",
            Wish::Answer {
                prompt: 2,
                answer: Answer::AuthCode("123456".to_owned()),
            },
        ),
    ] {
        check_event(
            file,
            StreamEvent::PaymentWish(PaymentWish {
                payment: PAYMENT,
                wish,
            }),
        );
    }
}

#[test]
fn what_an_agent_tells_and_asks() {
    let steps = [
        PaymentStep::Accepted,
        PaymentStep::Started {
            baseline: baseline(),
        },
        PaymentStep::Unknown {
            text: "the line broke".to_owned(),
            asking: true,
        },
        PaymentStep::Ended {
            settlement: approved(),
            resolver: Some(Resolver::Terminal),
        },
        PaymentStep::Ended {
            settlement: settlement(PaymentOutcome::Declined {
                failure: failure(Stage::Terminal, PaymentFailureCode::Declined),
                card: CardDetails::default(),
            }),
            resolver: None,
        },
        PaymentStep::Ended {
            settlement: settlement(PaymentOutcome::Failed {
                failure: failure(Stage::Tray, PaymentFailureCode::Busy),
            }),
            resolver: None,
        },
        PaymentStep::Ended {
            settlement: settlement(PaymentOutcome::Cancelled),
            resolver: None,
        },
        PaymentStep::Ended {
            settlement: settlement(PaymentOutcome::Expired),
            resolver: None,
        },
        PaymentStep::Receipt { receipt: receipt() },
    ];
    let entries = (1..).zip(steps).map(|(seq, step)| PaymentEntry {
        seq,
        payment: PAYMENT,
        at: TIME,
        step,
    });
    check(
        "payment-report",
        &PaymentReport {
            journal: mark(),
            entries: entries.collect(),
            live: vec![LivePayment {
                payment: PAYMENT,
                progress: Some(note()),
                prompt: Some(prompt(PromptKind::Signature)),
            }],
            unmatched: vec![UnmatchedAt {
                station: name("box-office-1"),
                terminal: name("counter"),
                at: TIME,
                transaction: unmatched(),
            }],
        },
    );
    check(
        "payment-report-reply",
        &PaymentReportReply {
            stored: vec![1, 2],
            rejected: vec![Rejection {
                seq: 3,
                code: "outcome_differs".to_owned(),
                text: "an end never changes".to_owned(),
            }],
        },
    );
    check("payment-start", &StartRequest { journal: mark() });
    let reason = Some("it is cancelled".to_owned());
    check(
        "payment-start-granted",
        &StartReply {
            granted: true,
            reason: None,
        },
    );
    check(
        "payment-start-refused",
        &StartReply {
            granted: false,
            reason,
        },
    );
    check(
        "inventory-stations",
        &Inventory {
            agent_version: "0.3.0".to_owned(),
            platform: "linux x86_64".to_owned(),
            path: "direct".to_owned(),
            printers: Vec::new(),
            stations: vec![StationDescription {
                name: name("box-office-1"),
                user: "anna".to_owned(),
                terminals: vec![terminal()],
            }],
        },
    );
}

#[test]
fn what_a_tray_says() {
    let of = |word| ToAgent::Terminal {
        payment: PAYMENT,
        word,
    };
    let found = |finding| of(TerminalWord::LookedUp { finding });
    let busy = || failure(Stage::Tray, PaymentFailureCode::Busy);
    let text = || "the line broke".to_owned();
    check_lines(
        "local-to-agent",
        &[
            ToAgent::Hello {
                tray_version: "0.3.0".to_owned(),
                station: name("box-office-1"),
                terminals: vec![terminal()],
            },
            of(TerminalWord::Ready {
                baseline: baseline(),
            }),
            of(TerminalWord::NotReady { failure: busy() }),
            of(TerminalWord::Progress { note: note() }),
            of(TerminalWord::Prompt {
                prompt: prompt(PromptKind::Referral),
            }),
            of(TerminalWord::PromptOver { prompt: 1 }),
            of(TerminalWord::Result {
                settlement: approved(),
            }),
            of(TerminalWord::Receipt { receipt: receipt() }),
            of(TerminalWord::Finished),
            of(TerminalWord::NotMoved { failure: busy() }),
            of(TerminalWord::Unknown { text: text() }),
            found(Finding::Found {
                settlement: approved(),
            }),
            found(Finding::NotProcessed),
            found(Finding::InProgress),
            found(Finding::CannotTell { text: text() }),
            found(Finding::Unreachable { text: text() }),
            ToAgent::Unmatched {
                terminal: name("counter"),
                transaction: unmatched(),
            },
            ToAgent::Cancel { payment: PAYMENT },
            ToAgent::LookUpAgain { payment: PAYMENT },
        ],
    );
}

#[test]
fn what_a_tray_is_told() {
    let payment = PAYMENT;
    check_lines(
        "local-to-tray",
        &[
            ToTray::Welcome {
                agent_version: "0.3.0".to_owned(),
            },
            ToTray::Refused {
                reason: "another user's tray answers for it".to_owned(),
            },
            ToTray::Prepare {
                payment,
                order: order(PaymentKind::Void),
            },
            ToTray::Begin { payment },
            ToTray::LookUp {
                payment,
                order: order(PaymentKind::Sale),
                baseline: baseline(),
            },
            ToTray::Cancel { payment },
            ToTray::Answer {
                payment,
                prompt: 1,
                answer: Answer::No,
            },
            ToTray::Stored { payment },
            ToTray::NotStored { payment },
            ToTray::Over {
                payment,
                settlement: Some(approved()),
            },
            ToTray::Over {
                payment,
                settlement: None,
            },
            ToTray::Unknown {
                payment,
                text: "the line broke".to_owned(),
            },
        ],
    );
}
