//! Tests of the ZPL session: faults, counting by what is left, silence.

use cueline_model::{FaultCode, Language, Proof};

use crate::{Outgoing, Profile, Session, SessionEvent, Tickets};

fn session() -> Session {
    Session::new(&Profile::new(Language::Zpl), 0)
}

/// An answer to `~HS` with so many formats and labels left, and flags as `(line, field)` set.
fn status(formats: u32, labels: u32, flags: &[(usize, usize)]) -> Vec<u8> {
    let mut lines = [
        format!("030,0,0,1245,{formats:03},0,0,0,000,0,0,0"),
        format!("000,0,0,0,0,2,4,0,{labels:08},1,000"),
        "1234,0".to_owned(),
    ];
    for (line, field) in flags {
        let mut parts: Vec<&str> = lines[*line].split(',').collect();
        parts[*field] = "1";
        lines[*line] = parts.join(",");
    }
    lines
        .iter()
        .flat_map(|line| [b"\x02", line.as_bytes(), b"\x03\r\n"].concat())
        .collect()
}

fn errors(errors: u32, warnings: u32) -> Vec<u8> {
    format!(
        "\x02\r\n  PRINTER STATUS\r\n   ERRORS: 1 00000000 {errors:08X}\r\n   WARNINGS: 1 00000000 \
         {warnings:08X}\r\n\x03"
    )
    .into_bytes()
}

fn write_all(session: &mut Session, mut outgoing: Outgoing<'_>) {
    while !outgoing.is_done() {
        let count = outgoing.rest().len();
        session.advance(&mut outgoing, count);
    }
}

fn printing(session: &mut Session, pieces: &[u32]) {
    let mut tickets = Tickets::default();
    for count in pieces {
        tickets.push_several(b"^XA^XZ", *count);
    }
    let outgoing = session.begin(&tickets);
    write_all(session, outgoing);
}

fn code(session: &Session) -> Option<FaultCode> {
    session.fault().map(|fault| fault.code)
}

#[test]
fn each_flag_has_its_fault_and_an_idle_answer_ends_it() {
    let table = [
        ((0, 1), FaultCode::PaperOut),
        ((0, 2), FaultCode::Paused),
        ((0, 5), FaultCode::Busy),
        ((0, 9), FaultCode::DeviceError),
        ((0, 10), FaultCode::DeviceError),
        ((0, 11), FaultCode::DeviceError),
        ((1, 2), FaultCode::CoverOpen),
        ((1, 3), FaultCode::RibbonOut),
    ];
    for (flag, expected) in table {
        let mut session = session();
        assert!(session.readiness_query().starts_with(b"~HS"));
        session.handle_bytes(&status(0, 0, &[flag]));
        assert_eq!(code(&session), Some(expected), "{flag:?}");
        session.handle_bytes(&status(0, 0, &[]));
        assert_eq!(code(&session), None);
        assert!(matches!(
            [
                session.poll_event(),
                session.poll_event(),
                session.poll_event()
            ],
            [
                Some(SessionEvent::Fault(_)),
                Some(SessionEvent::Ready),
                None
            ]
        ));
    }
    let mut session = session();
    session.handle_bytes(&status(0, 0, &[(0, 1), (0, 2)]));
    assert_eq!(
        code(&session),
        Some(FaultCode::PaperOut),
        "the cause, not the pause"
    );
}

#[test]
fn errors_that_the_state_has_no_place_for_are_faults_too() {
    for (bits, expected) in [
        (0x1, FaultCode::PaperOut),
        (0x2, FaultCode::RibbonOut),
        (0x4, FaultCode::CoverOpen),
        (0x8, FaultCode::CutterError),
        (0x40, FaultCode::DeviceError),
        (0x4000, FaultCode::PaperJam),
        (0x8000, FaultCode::PaperJam),
        (0x2000, FaultCode::DeviceError),
        (0x5, FaultCode::CoverOpen),
    ] {
        let mut session = session();
        session.handle_bytes(&status(0, 0, &[]));
        session.handle_bytes(&errors(bits, 0));
        assert_eq!(code(&session), Some(expected), "{bits:x}");
        while session.poll_event().is_some() {}
        for _ in 0..2 {
            session.handle_bytes(&status(0, 0, &[]));
            session.handle_bytes(&errors(bits, 0));
        }
        assert_eq!(session.poll_event(), None, "{bits:x}: it is told once");
        session.handle_bytes(&status(0, 0, &[]));
        session.handle_bytes(&errors(0, 0));
        assert_eq!(code(&session), None);
    }
    let mut session = session();
    session.handle_bytes(&status(0, 0, &[]));
    session.handle_bytes(&errors(0, 8));
    assert_eq!(code(&session), None);
    assert_eq!(
        session.warning().map(|fault| fault.code),
        Some(FaultCode::PaperLow)
    );
}

#[test]
fn a_print_is_proven_when_nothing_is_left_twice_in_a_row() {
    let mut session = session();
    printing(&mut session, &[1, 5, 1, 1]);
    session.handle_bytes(&status(3, 1, &[]));
    assert_eq!(session.printed(), 0);
    session.handle_bytes(&status(2, 4, &[]));
    assert_eq!(session.printed(), 1, "the first format is through");
    session.handle_bytes(&status(1, 1, &[]));
    assert_eq!(session.printed(), 6);
    session.handle_bytes(&status(0, 0, &[]));
    assert_eq!((session.printed(), session.proof()), (7, Proof::Sent));
    session.handle_bytes(&status(0, 1, &[]));
    session.handle_bytes(&status(0, 0, &[]));
    assert_eq!(session.proof(), Proof::Sent, "not twice in a row");
    session.handle_bytes(&status(0, 0, &[]));
    assert_eq!((session.printed(), session.proof()), (8, Proof::Printed));
}

#[test]
fn what_was_said_before_the_last_byte_proves_nothing() {
    let mut session = session();
    let mut tickets = Tickets::default();
    tickets.push(b"^XA^XZ");
    let mut outgoing = session.begin(&tickets);
    session.advance(&mut outgoing, 3);
    for _ in 0..3 {
        session.handle_bytes(&status(0, 0, &[]));
    }
    assert_eq!(session.printed(), 0);
    write_all(&mut session, outgoing);
    session.handle_bytes(&status(0, 0, &[]));
    session.handle_bytes(&status(0, 0, &[]));
    assert_eq!(session.proof(), Proof::Printed);
}

#[test]
fn silence_is_a_fault_and_what_comes_after_it_proves_nothing() {
    let mut session = session();
    printing(&mut session, &[1, 1, 1]);
    session.handle_bytes(&status(1, 1, &[]));
    assert_eq!(session.printed(), 1);
    for _ in 0..4 {
        session.status_query();
    }
    assert_eq!(code(&session), Some(FaultCode::NoAnswer));
    session.handle_bytes(&status(0, 0, &[]));
    session.handle_bytes(&status(0, 0, &[]));
    assert_eq!(code(&session), None);
    assert_eq!(
        (session.printed(), session.proof()),
        (1, Proof::Sent),
        "it may have been switched off and on"
    );
}

#[test]
fn a_print_that_nothing_comes_out_of_has_nothing_to_prove() {
    let mut session = session();
    printing(&mut session, &[0]);
    assert_eq!(session.proves(), Proof::Sent);
    printing(&mut session, &[0, 2]);
    assert_eq!(session.proves(), Proof::Printed);
}
