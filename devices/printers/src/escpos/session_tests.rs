//! Tests of the session: readiness, faults that come and go, proof, and noise on the line.

use cueline_model::{FaultCode, Language, Proof};

use crate::session::known::EVENTS_MAX;
use crate::{Profile, Session, SessionEvent, Tickets};

const READY: &[u8] = &[0x12, 0x12, 0x12];
const PAPER_OUT: &[u8] = &[0x1a, 0x32, 0x72];

fn numbered_from(marker: u16) -> Session {
    Session::new(&Profile::new(Language::Escpos), marker)
}

fn escpos() -> Session {
    numbered_from(0)
}

/// Begins a print of one ticket; gives the mark after it.
fn end_marker(session: &mut Session) -> Vec<u8> {
    let mut tickets = Tickets::default();
    tickets.push(b"ticket");
    let mut outgoing = session.begin(&tickets);
    session.advance(&mut outgoing, b"ticket".len());
    let mark = outgoing.rest().to_vec();
    session.advance(&mut outgoing, mark.len());
    assert!(outgoing.is_done());
    mark
}

fn events(session: &mut Session) -> Vec<SessionEvent> {
    std::iter::from_fn(|| session.poll_event()).collect()
}

fn echo(marker: &[u8]) -> Vec<u8> {
    [b"\x37\x22", &marker[marker.len() - 4..], b"\x00"].concat()
}

/// Marsaglia's xorshift (2003), so that a failing round can be run again from its seed.
fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn a_ready_printer_says_so_after_its_third_answer() {
    let mut session = escpos();
    assert_eq!(
        session.readiness_query(),
        b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"
    );
    session.handle_bytes(&READY[..2]);
    assert_eq!(session.poll_event(), None);
    session.handle_bytes(&READY[2..]);
    assert_eq!(events(&mut session), [SessionEvent::Ready]);
    assert_eq!(session.fault(), None);
}

#[test]
fn a_fault_is_told_once_and_its_end_too() {
    let mut session = escpos();
    for answers in [PAPER_OUT, PAPER_OUT, READY, READY] {
        session.readiness_query();
        session.handle_bytes(answers);
    }
    let told = events(&mut session);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(matches!(&told[0], SessionEvent::Fault(fault)
        if fault.code == FaultCode::PaperOut && fault.text.contains("new roll")));
    assert_eq!(told[1], SessionEvent::Ready);
}

#[test]
fn the_end_marker_is_epsons_and_its_echo_is_the_proof() {
    let mut session = numbered_from(41);
    let marker = end_marker(&mut session);
    assert_eq!(marker, b"\x1d(H\x06\x00000042");
    assert_eq!(session.proof(), Proof::Sent);
    session.handle_bytes(b"\x37\x220041\x00");
    assert_eq!(session.proof(), Proof::Sent, "another print's echo");
    session.handle_bytes(&echo(&marker));
    assert_eq!(
        events(&mut session),
        [SessionEvent::Tickets { printed: 1 }, SessionEvent::Finished]
    );
    assert_eq!(session.proof(), Proof::Printed);

    let next = end_marker(&mut session);
    assert_eq!(
        session.proof(),
        Proof::Sent,
        "the next print is not proven yet"
    );
    assert_ne!(next, marker);
    session.handle_bytes(&echo(&marker));
    assert_eq!(session.proof(), Proof::Sent);
}

#[test]
fn markers_go_on_over_connections_and_start_again_after_9999() {
    let mut session = numbered_from(9998);
    assert!(end_marker(&mut session).ends_with(b"9999"));
    session.handle_connected();
    assert!(end_marker(&mut session).ends_with(b"0000"));
    session.handle_bytes(b"\x37\x229999\x00");
    assert_eq!(
        session.proof(),
        Proof::Sent,
        "a late echo of the last connection"
    );
}

#[test]
fn the_echo_is_found_however_the_bytes_are_cut() {
    let mut stream = b"\x11\x14\x00\x00\x00\x1a\x32\x72\x13".to_vec();
    let marker = end_marker(&mut escpos());
    stream.extend(echo(&marker));
    for cut in 0..=stream.len() {
        let mut session = escpos();
        end_marker(&mut session);
        let (head, tail) = stream.split_at(cut);
        session.handle_bytes(head);
        session.handle_bytes(tail);
        assert!(
            events(&mut session).contains(&SessionEvent::Finished),
            "cut at {cut}"
        );
    }
}

#[test]
fn after_the_marker_answers_count_only_in_full_and_alone() {
    let mut session = escpos();
    end_marker(&mut session);
    session.readiness_query();
    // Two strays, answered out of a picture's bytes, push the real answers along.
    session.handle_bytes(&[0x1a, 0x32]);
    session.handle_bytes(READY);
    session.readiness_query();
    assert_eq!(events(&mut session), []);
    session.handle_bytes(PAPER_OUT);
    assert_eq!(events(&mut session), [], "a stray may still come");
    session.readiness_query();
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut)
    );
    session.handle_bytes(READY);
    session.readiness_query();
    assert_eq!(session.fault(), None);
}

#[test]
fn automatic_status_tells_of_faults_in_mid_print() {
    let mut session = escpos();
    end_marker(&mut session);
    session.handle_bytes(&[0x18, 0x00, 0x0c, 0x00]);
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut)
    );
    session.handle_bytes(&[0x10, 0x00, 0x00, 0x00]);
    assert_eq!(session.fault(), None);
}

#[test]
fn a_finished_print_ends_the_fault_it_waited_for() {
    let mut session = escpos();
    let marker = end_marker(&mut session);
    session.handle_bytes(&[0x18, 0x00, 0x0c, 0x00]);
    session.handle_bytes(&echo(&marker));
    assert_eq!(session.fault(), None);
    session.readiness_query();
    session.handle_bytes(PAPER_OUT);
    assert!(matches!(
        events(&mut session)[..],
        [
            SessionEvent::Fault(_),
            SessionEvent::Tickets { printed: 1 },
            SessionEvent::Finished,
            SessionEvent::Fault(_)
        ]
    ));
}

#[test]
fn a_raw_printer_is_asked_nothing_and_proves_nothing() {
    let mut session = Session::new(&Profile::new(Language::Raw), 0);
    assert_eq!(session.readiness_query(), b"");
    assert_eq!(end_marker(&mut session), b"");
    session.handle_bytes(b"\x12\x12\x12\x37\x220001\x00");
    assert_eq!(session.poll_event(), None);
    assert_eq!(session.proof(), Proof::Sent);
}

#[test]
fn noise_proves_nothing_and_never_grows() {
    for seed in 1..=500_u64 {
        let mut state = seed;
        let mut session = escpos();
        let marker = end_marker(&mut session);
        for _ in 0..200 {
            let noise = xorshift(&mut state).to_le_bytes();
            session.handle_bytes(&noise);
            if xorshift(&mut state).is_multiple_of(8) {
                session.readiness_query();
            }
        }
        assert_eq!(session.proof(), Proof::Sent, "seed {seed}");
        assert!(session.untold() <= EVENTS_MAX, "seed {seed}");

        // A NUL ends whatever block the noise began, four more whatever status.
        session.handle_bytes(&[0; 5]);
        session.handle_bytes(&echo(&marker));
        assert_eq!(session.proof(), Proof::Printed, "seed {seed}");
    }
}

#[test]
fn each_ticket_has_its_mark_and_a_later_one_proves_those_before() {
    let mut session = numbered_from(9_998);
    let mut tickets = Tickets::default();
    for _ in 0..4 {
        tickets.push(b"ticket");
    }
    let mut outgoing = session.begin(&tickets);
    let mut written = Vec::new();
    while !outgoing.is_done() {
        written.extend_from_slice(outgoing.rest());
        let count = outgoing.rest().len();
        session.advance(&mut outgoing, count);
    }
    let mark = |id| format!("ticket\x1d(H\x06\x0000{id}");
    let expected = ["9999", "0000", "0001", "0002"].map(mark).concat();
    assert_eq!(String::from_utf8(written).unwrap(), expected);

    session.handle_bytes(b"\x37\x229999\x00");
    assert_eq!((session.printed(), session.proof()), (1, Proof::Sent));
    session.handle_bytes(b"\x37\x220001\x00\x37\x220000\x00");
    assert_eq!(session.printed(), 3, "one echo was lost");
    session.handle_bytes(b"\x37\x220002\x00");
    assert_eq!((session.printed(), session.proof()), (4, Proof::Printed));
}

#[test]
fn low_paper_is_a_warning_by_question_and_by_itself() {
    let mut session = escpos();
    session.readiness_query();
    session.handle_bytes(&[0x12, 0x12, 0x1e]);
    let [SessionEvent::Ready, SessionEvent::Warning(Some(warning))] = &events(&mut session)[..]
    else {
        panic!("expected ready and a warning")
    };
    assert_eq!(warning.code, FaultCode::PaperLow);
    session.handle_bytes(&[0x10, 0x00, 0x03, 0x00]);
    assert_eq!(events(&mut session), [], "known already");
    session.handle_bytes(&[0x18, 0x00, 0x0f, 0x00]);
    assert_eq!(session.warning(), None, "out is more than low");
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut)
    );
}

#[test]
fn it_is_written_to_only_between_x_on_and_x_off() {
    let mut session = escpos();
    assert!(session.may_send());
    session.handle_bytes(b"\x13");
    assert!(!session.may_send());
    assert_eq!(session.fault(), None, "pacing is no fault");
    session.handle_bytes(b"\x11");
    assert!(session.may_send());
    session.handle_bytes(b"\x13");
    session.handle_connected();
    assert!(session.may_send());
}

/// Asks while data is held back; the question's mark, where it has one.
fn held_mark(session: &mut Session) -> Option<Vec<u8>> {
    let query = session.held_query();
    let mark = query
        .strip_prefix(b"\x10\x04\x01\x10\x04\x02\x10\x04\x04")
        .unwrap();
    (!mark.is_empty()).then(|| mark.to_vec())
}

#[test]
fn an_x_off_that_was_noise_is_lifted_by_the_echo_of_one_more_mark() {
    let mut session = escpos();
    let lost = end_marker(&mut session);
    session.handle_bytes(b"\x13");
    assert_eq!(
        held_mark(&mut session),
        None,
        "first it is asked what is wrong"
    );
    session.handle_bytes(PAPER_OUT);
    assert_eq!(held_mark(&mut session), None);
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut),
        "known in spite of X-OFF"
    );
    session.handle_bytes(READY);
    assert!(!session.may_send(), "it may be well and its buffer full");
    let mark = held_mark(&mut session).unwrap();
    assert_eq!(session.fault(), None);
    assert_ne!(mark, lost);

    session.handle_bytes(READY);
    assert_eq!(held_mark(&mut session), None, "one is on its way");
    session.handle_bytes(&echo(&mark));
    assert!(session.may_send());
    assert_eq!(
        session.proof(),
        Proof::Printed,
        "whatever became of the first"
    );
}

#[test]
fn an_x_off_is_the_printers_until_a_mark_that_was_sent_later_is_echoed() {
    let mut session = escpos();
    let mark = end_marker(&mut session);
    let _ = session.held_query();
    session.handle_bytes(b"\x13");
    session.handle_bytes(READY);
    let probe = held_mark(&mut session).unwrap();
    session.handle_bytes(b"\x13");
    session.handle_bytes(&echo(&probe));
    assert!(!session.may_send(), "said again after the probe was sent");
    assert_ne!(probe, mark);
    session.handle_bytes(b"\x11");
    assert!(session.may_send());
}

#[test]
fn a_probe_whose_echo_was_lost_is_tried_again() {
    let mut session = escpos();
    end_marker(&mut session);
    session.handle_bytes(b"\x13");
    let mut marks = Vec::new();
    for _ in 0..7 {
        marks.extend(held_mark(&mut session));
        session.handle_bytes(READY);
    }
    assert_eq!(marks.len(), 3);
    session.handle_bytes(&echo(&marks[0]));
    assert!(!session.may_send(), "an older one than the last");
    session.handle_bytes(&echo(&marks[2]));
    assert_eq!(session.proof(), Proof::Printed);
}

#[test]
fn a_probe_between_tickets_proves_those_before_it_and_no_more() {
    let mut session = escpos();
    let mut tickets = Tickets::default();
    for _ in 0..3 {
        tickets.push(b"ticket");
    }
    let mut outgoing = session.begin(&tickets);
    for _ in 0..2 {
        let count = outgoing.rest().len();
        session.advance(&mut outgoing, count);
    }
    session.handle_bytes(b"\x13");
    let _ = session.held_query();
    session.handle_bytes(READY);
    let probe = held_mark(&mut session).unwrap();
    while !outgoing.is_done() {
        let count = outgoing.rest().len();
        session.advance(&mut outgoing, count);
    }
    session.handle_bytes(&echo(&probe));
    assert_eq!((session.may_send(), session.printed()), (true, 1));
    session.handle_bytes(b"\x37\x220003\x00");
    assert_eq!(
        session.proof(),
        Proof::Printed,
        "the marks keep their numbers"
    );
}

#[test]
fn a_printer_without_the_process_id_gets_no_marks_and_proves_nothing() {
    let profile = Profile::for_model("star-escpos").unwrap();
    let mut session = Session::new(&profile, 0);
    assert_eq!(end_marker(&mut session), b"");
    assert_eq!(session.proves(), Proof::Sent);
    session.handle_bytes(b"\x37\x220001\x00");
    assert_eq!(session.proof(), Proof::Sent);
    session.readiness_query();
    session.handle_bytes(PAPER_OUT);
    session.status_query();
    assert_eq!(
        session.fault().map(|fault| fault.code),
        Some(FaultCode::PaperOut)
    );
    session.handle_bytes(b"\x13");
    assert_eq!(held_mark(&mut session), None);
    session.handle_bytes(READY);
    assert_eq!(
        held_mark(&mut session),
        None,
        "its X-OFF can only be believed"
    );
}
