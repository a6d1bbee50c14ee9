//! The Adyen driver against a terminal that is this test: what is asked, and what each answer means.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::{
    Baseline, Currency, Finding, Mono, Original, PaymentFailureCode, PaymentId, PaymentKind,
    PaymentOrder, PaymentOutcome, Settlement, WallTime,
};
use cueline_terminals::adyen::{Adyen, SecuredMessage, SecurityKey, Settings};
use cueline_terminals::{Command, Driver, Event, Input, Output};
use serde_json::{Value, json};

const STARTED: WallTime = WallTime(1_795_000_000_000);
const ORIGINAL: &str = "BV0q.ABC@2026-11-24T12:00:00Z";

fn key(passphrase: &str) -> SecurityKey {
    SecurityKey::new("till", 1, passphrase).unwrap()
}

struct Talk {
    driver: Adyen,
    terminal: SecurityKey,
    now: Mono,
}

impl Talk {
    fn new() -> Self {
        Self::started(STARTED, 1)
    }

    fn started(started: WallTime, seed: u8) -> Self {
        let settings = Settings {
            sale_id: "till-1".to_owned(),
            poi_id: "V400m-123456789".to_owned(),
            key: key("correct horse"),
            seed: [seed; 32],
            started,
        };
        Self {
            driver: Adyen::new(settings),
            terminal: key("correct horse"),
            now: Mono(0),
        }
    }

    /// Asks the driver, and gives what it posts as the terminal reads it.
    fn ask(&mut self, command: Command) -> (u64, Value) {
        self.driver.command(command, self.now);
        let Some(Output::Post { exchange, body }) = self.driver.poll_output() else {
            panic!("expected a post");
        };
        assert_eq!(self.driver.poll_output(), None, "one post for one command");
        let outer: Value = serde_json::from_slice(&body).unwrap();
        let message: SecuredMessage =
            serde_json::from_str(&outer["SaleToPOIRequest"].to_string()).unwrap();
        let plain = self.terminal.open(&message).unwrap();
        let request: Value = serde_json::from_slice(&plain).unwrap();
        (exchange, request["SaleToPOIRequest"].clone())
    }

    fn answer(&mut self, exchange: u64, request: &Value, body: &str) {
        let header = request["MessageHeader"].clone();
        let plain = format!(r#"{{"SaleToPOIResponse":{{"MessageHeader":{header},{body}}}}}"#);
        let clear = serde_json::value::to_raw_value(&header).unwrap();
        let message = self.terminal.seal(clear, plain.as_bytes(), [9; 16]);
        let body = json!({ "SaleToPOIResponse": message }).to_string();
        let body = body.as_bytes();
        self.driver
            .handle(Input::Reply { exchange, body }, self.now);
    }

    fn no_reply(&mut self, exchange: u64, may_have_arrived: bool) {
        let input = Input::NoReply {
            exchange,
            may_have_arrived,
            text: "the network is gone".to_owned(),
        };
        self.driver.handle(input, self.now);
    }

    fn event(&mut self) -> Event {
        self.driver.poll_event().expect("an event")
    }

    fn ready(&mut self) -> Baseline {
        let (exchange, request) = self.ask(Command::Prepare);
        assert_eq!(request["MessageHeader"]["MessageCategory"], "Diagnosis");
        let idle = r#""DiagnosisResponse":{"Response":{"Result":"Success"},"POIStatus":{"GlobalStatus":"OK"}}"#;
        self.answer(exchange, &request, idle);
        match self.event() {
            Event::Ready { baseline } => baseline.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn begin(&mut self, order: &PaymentOrder) -> (u64, Value, Baseline) {
        let baseline = self.ready();
        let (exchange, request) = self.ask(Command::Begin(order.clone()));
        (exchange, request, baseline)
    }

    /// Begins a payment and answers it.
    fn paid(&mut self, kind: PaymentKind, body: &str) -> Event {
        let (exchange, request, _) = self.begin(&order(kind));
        self.answer(exchange, &request, body);
        self.event()
    }

    fn look_up(&mut self, order: &PaymentOrder, baseline: &Baseline, answer: &str) -> Finding {
        let (exchange, request) = self.ask(Command::LookUp {
            order: order.clone(),
            baseline: Some(baseline.clone()),
        });
        let body = format!(r#""TransactionStatusResponse":{answer}"#);
        self.answer(exchange, &request, &body);
        match self.event() {
            Event::LookedUp(finding) => finding,
            other => panic!("{other:?}"),
        }
    }
}

fn order(kind: PaymentKind) -> PaymentOrder {
    PaymentOrder {
        kind,
        amount_minor: 1230,
        currency: Currency::EUR,
        station: "desk".parse().unwrap(),
        terminal: "counter".parse().unwrap(),
        original: (kind == PaymentKind::Void).then(|| Original {
            payment: PaymentId::from_u128(1),
            amount_minor: 1230,
            receipt_no: None,
            terminal_txn_ref: Some(ORIGINAL.to_owned()),
        }),
    }
}

fn approval(amount: &str) -> String {
    format!(
        r#"{{"Response":{{"Result":"Success"}},
        "POIData":{{"POITransactionID":{{"TransactionID":"BV0q.ABC","TimeStamp":"2026-11-24T12:00:00Z"}}}},
        "PaymentResult":{{"AmountsResp":{{"AuthorizedAmount":{amount},"Currency":"EUR"}},
        "PaymentAcquirerData":{{"ApprovalCode":"123456"}},
        "PaymentInstrumentData":{{"CardData":{{"MaskedPan":"411111 **** 1111","PaymentBrand":"visa","EntryMode":["ICC"]}}}}}},
        "PaymentReceipt":[{{"DocumentQualifier":"CustomerReceipt","OutputContent":{{"OutputFormat":"Text",
        "OutputText":[{{"Text":"name=Card&value=4111111111111111&key=pan"}}]}}}}]}}"#
    )
}

fn payment(answer: &str) -> String {
    format!(r#""PaymentResponse":{answer}"#)
}

fn failure(condition: &str) -> String {
    format!(
        r#"{{"Response":{{"Result":"Failure","ErrorCondition":"{condition}","AdditionalResponse":"refusalReason=210%20Not%20enough+balance"}}}}"#
    )
}

fn settled(event: Event) -> Settlement {
    match event {
        Event::Result(settlement) => *settlement,
        other => panic!("expected a result, got {other:?}"),
    }
}

#[test]
fn a_sale_is_asked_for_exactly_and_approved_with_what_the_terminal_says() {
    let mut talk = Talk::new();
    let (exchange, request, baseline) = talk.begin(&order(PaymentKind::Sale));
    let amounts = &request["PaymentRequest"]["PaymentTransaction"]["AmountsReq"];
    assert_eq!(amounts["RequestedAmount"].to_string(), "12.3");
    assert_eq!(amounts["Currency"], "EUR");
    let header = &request["MessageHeader"];
    let promised = baseline.terminal_txn_ref.as_deref();
    assert_eq!(header["ServiceID"].as_str(), promised);
    assert_eq!(header["POIID"], "V400m-123456789");
    talk.answer(exchange, &request, &payment(&approval("12.30")));
    let settlement = settled(talk.event());
    let PaymentOutcome::Approved { amount_minor, card } = &settlement.outcome else {
        panic!("{settlement:?}");
    };
    assert_eq!(*amount_minor, 1230);
    assert_eq!(card.auth_code.as_deref(), Some("123456"));
    assert_eq!(card.last4.as_deref(), Some("1111"));
    assert_eq!(card.entry_mode.as_deref(), Some("chip"));
    assert_eq!(card.terminal_txn_ref.as_deref(), Some(ORIGINAL));
    assert!(settlement.receipts[0].lines[0].ends_with("************1111"));
    assert_eq!(talk.driver.poll_event(), None, "over before it is stored");
    talk.driver.command(Command::Stored, talk.now);
    assert_eq!(talk.event(), Event::Finished);
}

#[test]
fn what_the_terminal_refuses_is_told_apart() {
    let outcome = |condition| Talk::new().paid(PaymentKind::Sale, &payment(&failure(condition)));
    match settled(outcome("Refusal")).outcome {
        PaymentOutcome::Declined { failure, .. } => {
            assert_eq!(failure.text, "declined: 210 Not enough balance");
        }
        other => panic!("{other:?}"),
    }
    for condition in ["Cancel", "Aborted"] {
        let outcome = settled(outcome(condition)).outcome;
        assert_eq!(outcome, PaymentOutcome::Cancelled);
    }
    for (condition, code) in [
        ("Busy", PaymentFailureCode::Busy),
        ("MessageFormat", PaymentFailureCode::Refused),
        ("NotAllowed", PaymentFailureCode::Unsupported),
    ] {
        match outcome(condition) {
            Event::NotMoved(failure) => assert_eq!(failure.code, code),
            other => panic!("{condition}: {other:?}"),
        }
    }
}

#[test]
fn an_answer_that_does_not_add_up_is_unknown() {
    for body in [
        payment(&approval("12.305")),
        payment(&approval("null")),
        payment(&approval("12.30").replace("\"EUR\"", "\"GBP\"")),
        payment(&approval("12.30").replace("Success", "Perhaps")),
        r#""DiagnosisResponse":{"Response":{"Result":"Success"}}"#.to_owned(),
        payment("7"),
    ] {
        let event = Talk::new().paid(PaymentKind::Sale, &body);
        assert!(matches!(event, Event::Unknown { .. }), "{body}: {event:?}");
    }
    // The answer to another request, and bytes that are no message.
    let mut talk = Talk::new();
    let (exchange, mut request, _) = talk.begin(&order(PaymentKind::Sale));
    request["MessageHeader"]["ServiceID"] = "OTHER".into();
    talk.answer(exchange, &request, &payment(&approval("12.30")));
    assert!(matches!(talk.event(), Event::Unknown { .. }));
    let mut talk = Talk::new();
    let (exchange, ..) = talk.begin(&order(PaymentKind::Sale));
    let body = b"Bad Request";
    talk.driver
        .handle(Input::Reply { exchange, body }, talk.now);
    assert!(matches!(talk.event(), Event::Unknown { .. }));
}

#[test]
fn a_lost_post_is_not_moved_only_where_nothing_can_have_left() {
    for may_have_arrived in [false, true] {
        let mut talk = Talk::new();
        let (exchange, ..) = talk.begin(&order(PaymentKind::Sale));
        talk.no_reply(exchange, may_have_arrived);
        match talk.event() {
            Event::NotMoved(_) if !may_have_arrived => {}
            Event::Unknown { .. } if may_have_arrived => {}
            other => panic!("{may_have_arrived}: {other:?}"),
        }
        assert_eq!(talk.driver.poll_output(), None, "nothing is sent again");
    }
}

#[test]
fn after_a_crash_a_look_up_asks_for_the_same_request() {
    let sale = order(PaymentKind::Sale);
    let (_, request, baseline) = Talk::new().begin(&sale);
    let service_id = request["MessageHeader"]["ServiceID"].clone();
    let repeated = |service_id: &Value| {
        let mut header = request["MessageHeader"].clone();
        header["ServiceID"] = service_id.clone();
        format!(
            r#"{{"Response":{{"Result":"Success"}},"RepeatedMessageResponse":{{"MessageHeader":{header},
            "RepeatedResponseMessageBody":{{"PaymentResponse":{}}}}}}}"#,
            approval("12.30")
        )
    };
    let mut talk = Talk::started(STARTED + Duration::from_secs(600), 2);
    match talk.look_up(&sale, &baseline, &repeated(&service_id)) {
        Finding::Found { settlement } => match settlement.outcome {
            PaymentOutcome::Approved { amount_minor, .. } => assert_eq!(amount_minor, 1230),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    let other = talk.look_up(&sale, &baseline, &repeated(&"OTHER".into()));
    assert!(matches!(other, Finding::CannotTell { .. }), "{other:?}");
    let finding = talk.look_up(&sale, &baseline, &failure("InProgress"));
    assert_eq!(finding, Finding::InProgress);
    let finding = talk.look_up(&sale, &baseline, &failure("NotFound"));
    assert_eq!(finding, Finding::NotProcessed);
    // Two days later the terminal may have forgotten it.
    let mut talk = Talk::started(STARTED + Duration::from_secs(48 * 3600), 3);
    let forgotten = talk.look_up(&sale, &baseline, &failure("NotFound"));
    assert!(matches!(forgotten, Finding::CannotTell { .. }));
    let without = Command::LookUp {
        order: sale,
        baseline: None,
    };
    talk.driver.command(without, talk.now);
    let event = talk.event();
    assert!(matches!(event, Event::LookedUp(Finding::CannotTell { .. })));
}

#[test]
fn not_found_proves_nothing_while_the_request_may_still_arrive() {
    let sale = order(PaymentKind::Sale);
    let mut talk = Talk::new();
    let (exchange, _, baseline) = talk.begin(&sale);
    talk.now = talk.driver.poll_timeout().unwrap();
    talk.driver.handle(Input::Timeout, talk.now);
    assert!(matches!(talk.event(), Event::Progress(note) if note.code == "check_terminal"));
    talk.now = talk.driver.poll_timeout().unwrap();
    talk.driver.handle(Input::Timeout, talk.now);
    assert!(matches!(talk.event(), Event::Unknown { .. }));
    let found = talk.look_up(&sale, &baseline, &failure("NotFound"));
    assert_eq!(found, Finding::InProgress);
    talk.no_reply(exchange, true);
    assert_eq!(talk.driver.poll_event(), None);
    let found = talk.look_up(&sale, &baseline, &failure("NotFound"));
    assert_eq!(found, Finding::NotProcessed);
}

#[test]
fn a_cancel_is_a_wish_and_the_answer_to_the_payment_tells() {
    let mut talk = Talk::new();
    let (paying, request, baseline) = talk.begin(&order(PaymentKind::Sale));
    let (aborting, abort) = talk.ask(Command::Cancel);
    let about = &abort["AbortRequest"]["MessageReference"]["ServiceID"];
    assert_eq!(about.as_str(), baseline.terminal_txn_ref.as_deref());
    assert_ne!(abort["MessageHeader"]["ServiceID"], *about);
    assert!(matches!(talk.event(), Event::Progress(note) if note.code == "cancelling"));
    talk.no_reply(aborting, true);
    assert_eq!(talk.driver.poll_event(), None);
    talk.answer(paying, &request, &payment(&approval("12.30")));
    let late = settled(talk.event());
    assert!(matches!(late.outcome, PaymentOutcome::Approved { .. }));
}

#[test]
fn a_void_names_its_sale_and_another_ones_is_an_alarm() {
    for (said, expected) in [("BV0q.ABC", true), ("BV0q.XYZ", false)] {
        let mut talk = Talk::new();
        let (exchange, request, _) = talk.begin(&order(PaymentKind::Void));
        let original = &request["ReversalRequest"]["OriginalPOITransaction"]["POITransactionID"];
        assert_eq!(original["TransactionID"], "BV0q.ABC");
        assert_eq!(original["TimeStamp"], "2026-11-24T12:00:00Z");
        let body = format!(
            r#""ReversalResponse":{{"Response":{{"Result":"Success"}},"OriginalPOITransaction":{{"POITransactionID":{{"TransactionID":"{said}"}}}}}}"#
        );
        talk.answer(exchange, &request, &body);
        match settled(talk.event()).outcome {
            PaymentOutcome::Approved { amount_minor, .. } if expected => {
                assert_eq!(amount_minor, 1230);
            }
            PaymentOutcome::Failed { failure } if !expected => {
                assert_eq!(failure.code, PaymentFailureCode::OtherTransaction);
            }
            other => panic!("{said}: {other:?}"),
        }
    }
    let mut nameless = order(PaymentKind::Void);
    nameless.original.as_mut().unwrap().terminal_txn_ref = None;
    let mut talk = Talk::new();
    talk.ready();
    talk.driver.command(Command::Begin(nameless), talk.now);
    match talk.event() {
        Event::NotMoved(failure) => assert_eq!(failure.code, PaymentFailureCode::Unsupported),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_approval_that_cannot_be_stored_is_reversed() {
    for (answer, moved) in [("Success", false), ("Failure", true)] {
        let mut talk = Talk::new();
        settled(talk.paid(PaymentKind::Sale, &payment(&approval("12.30"))));
        let (exchange, request) = talk.ask(Command::NotStored);
        let original = &request["ReversalRequest"]["OriginalPOITransaction"]["POITransactionID"];
        assert_eq!(original["TransactionID"], "BV0q.ABC");
        let body = format!(r#""ReversalResponse":{{"Response":{{"Result":"{answer}"}}}}"#);
        talk.answer(exchange, &request, &body);
        match talk.event() {
            Event::NotMoved(failure) if !moved => {
                assert_eq!(failure.code, PaymentFailureCode::NotStored);
            }
            Event::Unknown { .. } if moved => {}
            other => panic!("{answer}: {other:?}"),
        }
    }
}

#[test]
fn a_terminal_that_cannot_be_used_is_not_ready() {
    let status = |status: &str| {
        format!(r#""Response":{{"Result":"Success"}},"POIStatus":{{"GlobalStatus":"{status}"}}"#)
    };
    let busy = r#""Response":{"Result":"Failure","ErrorCondition":"Busy"}"#.to_owned();
    for (said, code) in [
        (status("Busy"), PaymentFailureCode::Busy),
        (status("Maintenance"), PaymentFailureCode::Refused),
        (busy, PaymentFailureCode::Busy),
    ] {
        let mut talk = Talk::new();
        let (exchange, request) = talk.ask(Command::Prepare);
        let body = format!(r#""DiagnosisResponse":{{{said}}}"#);
        talk.answer(exchange, &request, &body);
        match talk.event() {
            Event::NotReady(failure) => assert_eq!(failure.code, code),
            other => panic!("{said}: {other:?}"),
        }
    }
    let mut talk = Talk::new();
    let (exchange, request) = talk.ask(Command::Prepare);
    talk.terminal = key("another");
    talk.answer(exchange, &request, r#""DiagnosisResponse":{}"#);
    match talk.event() {
        Event::NotReady(failure) => assert!(failure.text.contains("passphrase")),
        other => panic!("{other:?}"),
    }
    // And begun without being ready, nothing is sent.
    let sale = order(PaymentKind::Sale);
    talk.driver.command(Command::Begin(sale), talk.now);
    assert!(matches!(talk.event(), Event::NotMoved(_)));
    assert_eq!(talk.driver.poll_output(), None);
}
