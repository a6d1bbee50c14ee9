//! Tests of the FGL session: each status byte, counting, and what makes a count doubtful.

use cueline_model::{FaultCode, Language, Proof};

use crate::{Outgoing, Profile, Session, SessionEvent, Tickets};

fn session() -> Session {
    Session::new(&Profile::new(Language::Fgl), 0)
}

fn tickets(count: usize) -> Tickets {
    let mut tickets = Tickets::default();
    for _ in 0..count {
        tickets.push(b"<RC10,10>A<p>");
    }
    tickets
}

fn write_all(session: &mut Session, mut outgoing: Outgoing<'_>) {
    while !outgoing.is_done() {
        let count = outgoing.rest().len();
        session.advance(&mut outgoing, count);
    }
}

fn events(session: &mut Session) -> Vec<SessionEvent> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

#[test]
fn ready_is_the_only_answer_to_the_question() {
    let mut session = session();
    assert_eq!(session.readiness_query(), b"<S1>");
    session.handle_bytes(b"\x11");
    assert_eq!(events(&mut session), [SessionEvent::Ready]);
}

#[test]
fn each_ticket_is_acknowledged() {
    let mut session = session();
    let tickets = tickets(3);
    let mut outgoing = session.begin(&tickets);
    assert_eq!(outgoing.rest(), b"<CB>", "what an earlier job left half");
    session.advance(&mut outgoing, 4);
    assert_eq!(outgoing.started(), 0, "that is no ticket yet");
    assert_eq!(outgoing.rest(), b"<RC10,10>A<p>", "no marks in between");
    write_all(&mut session, outgoing);
    session.handle_bytes(b"\x06\x13\x06");
    assert!(!session.may_send());
    assert_eq!((session.printed(), session.proof()), (2, Proof::Sent));
    session.handle_bytes(b"\x11\x06");
    assert!(session.may_send());
    assert_eq!((session.printed(), session.proof()), (3, Proof::Printed));
    assert_eq!(events(&mut session).last(), Some(&SessionEvent::Finished));
}

#[test]
fn every_fault_has_its_code_and_paper_or_readiness_ends_it() {
    let table = [
        (0x10, FaultCode::PaperOut),
        (0x0a, FaultCode::PaperOut),
        (0x0b, FaultCode::PaperOut),
        (0x18, FaultCode::PaperJam),
        (0x1e, FaultCode::PaperJam),
        (0x1f, FaultCode::PaperJam),
        (0x0e, FaultCode::PaperJam),
        (0x1d, FaultCode::CutterError),
        (0x17, FaultCode::RibbonOut),
        (0x1a, FaultCode::DeviceError),
        (0x14, FaultCode::DeviceError),
        (0x15, FaultCode::DataRefused),
        (0x19, FaultCode::DataRefused),
    ];
    for (byte, code) in table {
        let mut session = session();
        session.handle_bytes(&[byte, byte]);
        assert_eq!(session.fault().map(|fault| fault.code), Some(code));
        assert_eq!(events(&mut session).len(), 1, "told once: {byte:02x}");
        session.handle_bytes(b"\x0c");
        assert_eq!(session.fault().is_none(), code == FaultCode::PaperOut);
        session.handle_bytes(b"\x11");
        assert_eq!(session.fault(), None, "{byte:02x}");
    }
    for byte in [0x01, 0x02, 0x05, 0x06, 0x07, 0x08, 0x09, 0x16, 0x1c] {
        let mut session = session();
        session.handle_bytes(&[byte]);
        assert_eq!(events(&mut session), [], "{byte:02x}");
    }
}

#[test]
fn low_paper_is_a_warning_until_paper_is_loaded() {
    let mut session = session();
    session.handle_bytes(b"\x0f");
    assert_eq!(session.fault(), None);
    assert_eq!(
        session.warning().map(|fault| fault.code),
        Some(FaultCode::PaperLow)
    );
    session.handle_bytes(b"\x0d");
    assert_eq!(session.warning(), None);
}

#[test]
fn out_of_paper_does_not_undo_the_ticket_that_is_being_printed() {
    let mut session = session();
    let tickets = tickets(2);
    let outgoing = session.begin(&tickets);
    write_all(&mut session, outgoing);
    session.handle_bytes(b"\x10\x06");
    assert_eq!(session.printed(), 1);
    assert!(session.fault().is_some());
    session.handle_bytes(b"\x0c\x11\x06");
    assert_eq!(session.proof(), Proof::Printed);
}

#[test]
fn a_fault_is_remembered_over_connections_because_it_is_told_only_once() {
    let mut session = session();
    session.handle_bytes(b"\x11\x10");
    session.handle_connected();
    session.readiness_query();
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut)
    );
    events(&mut session);
    session.handle_bytes(b"\x11");
    assert_eq!(events(&mut session), [SessionEvent::Ready]);

    session.handle_connected();
    session.handle_bytes(b"\x11");
    assert_eq!(events(&mut session), [SessionEvent::Ready], "asked anew");
}

#[test]
fn what_makes_acknowledgements_doubtful_stops_the_count() {
    for (doubt, what) in [
        (&b"\x12"[..], "a restart"),
        (b"\x15", "a refused ticket"),
        (b"\x19", "data it could not read"),
        (b"\xff", "noise"),
        (b"A", "noise"),
        (b"\x00", "noise"),
    ] {
        let mut session = session();
        let tickets = tickets(3);
        let outgoing = session.begin(&tickets);
        write_all(&mut session, outgoing);
        session.handle_bytes(b"\x06");
        session.handle_bytes(doubt);
        session.handle_bytes(b"\x06\x06\x06");
        assert_eq!(
            (session.printed(), session.proof()),
            (1, Proof::Sent),
            "{what}"
        );

        let outgoing = session.begin(&tickets);
        write_all(&mut session, outgoing);
        session.handle_bytes(b"\x06\x06\x06");
        assert_eq!(session.proof(), Proof::Printed, "the next print is another");
    }
}

#[test]
fn an_acknowledgement_before_the_tickets_last_byte_is_another_tickets() {
    let mut session = session();
    session.handle_bytes(b"\x06");
    let tickets = tickets(1);
    let mut outgoing = session.begin(&tickets);
    session.advance(&mut outgoing, 5);
    session.handle_bytes(b"\x06");
    write_all(&mut session, outgoing);
    session.handle_bytes(b"\x06");
    assert_eq!(session.proof(), Proof::Sent);
}
