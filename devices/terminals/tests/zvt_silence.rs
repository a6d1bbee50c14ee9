//! What the driver makes of silence, of repeated words and of words out of turn.

use cueline_model::{Mono, PaymentKind, PaymentOrder, PaymentState};
use cueline_terminals::zvt::apdu::{Apdu, kind};
use cueline_terminals::zvt::status::StatusInformation;
use cueline_terminals::{Command, Driver, Event, Input, Output, Zvt, ZvtSettings};

fn sale() -> PaymentOrder {
    PaymentOrder {
        kind: PaymentKind::Sale,
        amount_minor: 1250,
        currency: cueline_model::Currency::EUR,
        station: "desk".parse().unwrap(),
        terminal: "counter".parse().unwrap(),
        original: None,
    }
}

fn approved() -> Apdu {
    StatusInformation {
        result_code: Some(0),
        amount_minor: Some(1250),
        trace_no: Some(8),
        receipt_no: Some(8),
        ..StatusInformation::default()
    }
    .to_apdu()
}

struct Talk {
    driver: Zvt,
    now: Mono,
}

impl Talk {
    /// A driver whose terminal has acknowledged a sale.
    fn paying() -> Self {
        let mut talk = Self {
            driver: Zvt::new(ZvtSettings::default()),
            now: Mono(0),
        };
        talk.driver.command(Command::Prepare, talk.now);
        assert_eq!(talk.outputs(), [Output::Connect]);
        talk.driver.handle(Input::Connected, talk.now);
        let done = Apdu::new(kind::COMPLETION, Vec::new());
        // Registered; its last receipt it does not know.
        for apdu in [Apdu::ack(), done.clone(), Apdu::ack(), done] {
            talk.hear(&apdu);
        }
        assert_eq!(talk.events(), [Event::Ready { baseline: None }]);
        talk.outputs();
        talk.driver.command(Command::Begin(sale()), talk.now);
        assert_eq!(talk.outputs().len(), 1);
        talk.hear(&Apdu::ack());
        talk
    }

    fn hear(&mut self, apdu: &Apdu) {
        self.driver.handle(Input::Bytes(&apdu.encode()), self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.driver.poll_output()).collect()
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.driver.poll_event()).collect()
    }
}

fn ack() -> Output {
    Output::Write(Apdu::ack().encode())
}

#[test]
fn silence_is_no_outcome_until_the_terminal_is_asked() {
    let mut talk = Talk::paying();
    let mut notes = 0;
    loop {
        talk.now = talk.driver.poll_timeout().unwrap();
        talk.driver.handle(Input::Timeout, talk.now);
        match &talk.events()[..] {
            [Event::Progress(note)] => {
                assert_eq!(note.code, "check_terminal");
                assert_eq!(talk.outputs(), []);
                notes += 1;
            }
            [Event::Unknown { .. }] => break,
            events => panic!("{events:?}"),
        }
    }
    assert_eq!((notes, talk.now), (9, Mono(300_000)));
    assert_eq!(talk.outputs(), [Output::Close]);
    // The question goes over a new connection.
    let (order, baseline) = (sale(), None);
    talk.driver
        .command(Command::LookUp { order, baseline }, talk.now);
    assert_eq!(talk.outputs(), [Output::Connect]);
}

#[test]
fn a_result_said_twice_is_told_once_and_acknowledged_when_stored() {
    let mut talk = Talk::paying();
    talk.hear(&approved());
    talk.hear(&approved());
    assert_eq!(talk.events().len(), 1);
    assert_eq!(talk.outputs(), []);
    talk.driver.command(Command::Stored, talk.now);
    talk.driver.command(Command::Stored, talk.now);
    assert_eq!(talk.outputs(), [ack()]);
    // It asks once more: its acknowledgement was late.
    talk.hear(&approved());
    assert_eq!(talk.outputs(), [ack()]);
    talk.hear(&Apdu::new(kind::COMPLETION, Vec::new()));
    assert_eq!(talk.events(), [Event::Finished]);
}

#[test]
fn done_is_not_approved() {
    let mut talk = Talk::paying();
    talk.hear(&Apdu::new(kind::COMPLETION, vec![0x27, 0]));
    assert!(matches!(talk.events()[..], [Event::Unknown { .. }]));
    let mut talk = Talk::paying();
    // Everything but the result code.
    let said = StatusInformation {
        amount_minor: Some(1250),
        trace_no: Some(8),
        ..StatusInformation::default()
    };
    talk.hear(&said.to_apdu());
    assert!(matches!(talk.events()[..], [Event::Unknown { .. }]));
    assert_eq!(talk.outputs(), [Output::Close]);
}

#[test]
fn an_approval_told_stands_where_the_connection_breaks_before_it_is_stored() {
    let mut talk = Talk::paying();
    talk.hear(&approved());
    talk.driver.handle(Input::Closed, talk.now);
    match &talk.events()[..] {
        [Event::Result(settlement)] => {
            assert_eq!(settlement.outcome.state(), PaymentState::Approved);
        }
        events => panic!("{events:?}"),
    }
    talk.driver.command(Command::Stored, talk.now);
    assert_eq!(
        (talk.events(), talk.outputs()),
        (vec![Event::Finished], vec![])
    );
    // Not stored and not to be told: nobody knows.
    let mut talk = Talk::paying();
    talk.hear(&approved());
    talk.driver.handle(Input::Closed, talk.now);
    talk.driver.command(Command::NotStored, talk.now);
    assert!(matches!(
        talk.events()[..],
        [Event::Result(_), Event::Unknown { .. }]
    ));
}

#[test]
fn an_abort_after_an_approval_is_told() {
    let mut talk = Talk::paying();
    talk.hear(&approved());
    talk.hear(&Apdu::new(kind::ABORT, vec![0x66]));
    assert!(matches!(
        talk.events()[..],
        [Event::Result(_), Event::Unknown { .. }]
    ));
}

#[test]
fn a_sale_by_hand_is_told_while_nothing_is_asked() {
    let mut talk = Talk::paying();
    talk.hear(&approved());
    talk.driver.command(Command::Stored, talk.now);
    talk.hear(&Apdu::new(kind::COMPLETION, Vec::new()));
    talk.events();
    talk.outputs();
    let by_hand = StatusInformation {
        result_code: Some(0),
        amount_minor: Some(700),
        receipt_no: Some(9),
        ..StatusInformation::default()
    };
    talk.hear(&by_hand.to_apdu());
    assert!(matches!(&talk.events()[..], [Event::Unmatched(sale)] if sale.amount_minor == 700));
    assert_eq!(talk.outputs(), [ack()]);
}
