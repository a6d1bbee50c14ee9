//! Tests of where raw ESC/POS is cut into tickets.

use super::*;

fn tickets(document: &[u8]) -> Vec<&[u8]> {
    let mut start = 0;
    split(document)
        .into_iter()
        .map(|piece| {
            assert_eq!(piece.tickets, 1);
            let part = &document[start..piece.end];
            start = piece.end;
            part
        })
        .collect()
}

#[test]
fn tickets_end_at_a_cut_of_any_kind() {
    assert_eq!(
        tickets(b"\x1b@one\n\x1dV\x00two\n\x1dVB\x10three\n\x1bithree and a half\x1bm"),
        [
            &b"\x1b@one\n\x1dV\x00"[..],
            b"two\n\x1dVB\x10",
            b"three\n\x1bi",
            b"three and a half\x1bm"
        ]
    );
}

#[test]
fn what_prints_nothing_belongs_to_the_ticket_before() {
    assert_eq!(
        tickets(b"one\x1dV\x00\x1bp\x00\x19\xfa\n\x1dV\x00\x1b@"),
        [&b"one\x1dV\x00\x1bp\x00\x19\xfa\n\x1dV\x00\x1b@"[..]]
    );
    assert_eq!(tickets(b"never cut\n"), [&b"never cut\n"[..]]);
    assert_eq!(tickets(b""), [&b""[..]]);
    assert_eq!(
        tickets(b"one\x1dV\x00rest\n"),
        [&b"one\x1dV\x00"[..], b"rest\n"]
    );
}

#[test]
fn the_bytes_of_a_cut_in_data_are_no_cut() {
    const CUT: &[u8] = b"\x1dV\x00";
    let with_data: [&[u8]; 11] = [
        b"\x1dv0\x00\x03\x00\x01\x00",
        b"\x1b*\x00\x03\x00",
        b"\x1b*\x21\x01\x00",
        b"\x1d(L\x03\x00",
        b"\x1d8L\x03\x00\x00\x00",
        b"\x1d(k\x03\x00",
        b"\x1dkI\x03",
        b"\x1b(A\x03\x00",
        b"\x1dQ0\x00\x03\x00\x01\x00",
        b"\x1c(A\x03\x00",
        b"\x1b&\x03AA\x01",
    ];
    for head in with_data {
        let document = [b"text", head, CUT, CUT, b"next", CUT].concat();
        let first = [b"text", head, CUT, CUT].concat();
        assert_eq!(
            tickets(&document),
            [&first[..], b"next\x1dV\x00"],
            "{head:02x?}"
        );
    }
    let columns = [b"\x1d*\x01\x01".as_slice(), b"12345", CUT, b"x", CUT].concat();
    assert_eq!(tickets(&columns).len(), 1);
    let tabs = [b"\x1bD\x1dV\x00".as_slice(), b"x", CUT, b"y", CUT].concat();
    assert_eq!(tickets(&tabs).len(), 2);
    let code = [b"\x1dk\x04A\x1dV\x00".as_slice(), CUT, b"y", CUT].concat();
    assert_eq!(tickets(&code).len(), 2);
}

#[test]
fn from_an_unknown_command_on_the_rest_is_one_ticket() {
    assert_eq!(
        tickets(b"one\x1dV\x00two\x1b\x99\x1dV\x00three\x1dV\x00"),
        [&b"one\x1dV\x00"[..], b"two\x1b\x99\x1dV\x00three\x1dV\x00"]
    );
    // Cut short in the middle of a picture.
    assert_eq!(
        tickets(b"one\x1dV\x00\x1dv0\x00\xff\xff\xff\xff\x00"),
        [&b"one\x1dV\x00"[..], b"\x1dv0\x00\xff\xff\xff\xff\x00"]
    );
}
