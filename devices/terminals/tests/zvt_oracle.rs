//! The codec against the published `zvt` crate and the packets captured in it.

use std::path::PathBuf;
use std::process::Command;

use cueline_model::{Currency, ReceiptCopy};
use cueline_terminals::repeat::Request;
use cueline_terminals::zvt::apdu::{Apdu, Frames, kind};
use cueline_terminals::zvt::receipts::{Receipts, block};
use cueline_terminals::zvt::requests::{EndOfDay, Registration};
use cueline_terminals::zvt::status::StatusInformation;
use proptest::prelude::*;
use zvt::ZvtSerializer;
use zvt::packets;

/// Where cargo put the crate, captures included.
fn captures() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "zvt")
        .and_then(|package| package["manifest_path"].as_str())
        .unwrap();
    PathBuf::from(manifest).with_file_name("data")
}

fn capture(name: &str) -> Vec<u8> {
    std::fs::read(captures().join(name)).unwrap()
}

fn only_apdu(bytes: &[u8]) -> Apdu {
    let mut frames = Frames::default();
    frames.push(bytes);
    let apdu = frames.next_apdu().unwrap();
    assert_eq!(frames.next_apdu(), None);
    assert_eq!(apdu.encode(), bytes);
    apdu
}

#[test]
fn every_captured_packet_is_one_packet() {
    let mut count = 0;
    for entry in std::fs::read_dir(captures()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        only_apdu(&bytes);
        count += 1;
    }
    assert!(count >= 20, "only {count} captures");
}

#[test]
fn captured_transactions_are_read_alike() {
    for (name, last4) in [
        ("1680728165.675509000_pt_ecr.blob", "8074"),
        ("1680728215.659492000_pt_ecr.blob", "8074"),
        ("1682066249.409078000_pt_ecr.blob", "8004"),
        // Totals of a day, without a card.
        ("1680761828.489701000_pt_ecr.blob", ""),
    ] {
        let bytes = capture(name);
        let ours = StatusInformation::parse(&only_apdu(&bytes).data);
        let theirs = packets::StatusInformation::zvt_deserialize(&bytes)
            .unwrap()
            .0;
        assert_same(&ours, &theirs);
        let kept = ours.card_details();
        assert_eq!(kept.last4.as_deref().unwrap_or_default(), last4);
        assert_eq!(
            kept.terminal_txn_ref.is_some(),
            theirs.trace_number.is_some()
        );
    }
    let read_card = capture("1680728161.963129000_pt_ecr.blob");
    let ours = StatusInformation::parse(&only_apdu(&read_card).data);
    assert_eq!(ours.result_code, Some(0));
    assert_eq!(ours.receipt_no, None);
}

fn assert_same(ours: &StatusInformation, theirs: &packets::StatusInformation) {
    let wide = |number: Option<u32>| number.map(|number| usize::try_from(number).unwrap());
    assert_eq!(ours.result_code, theirs.result_code);
    assert_eq!(
        ours.amount_minor
            .map(|amount| usize::try_from(amount).unwrap()),
        theirs.amount
    );
    assert_eq!(ours.currency.map(usize::from), theirs.currency);
    assert_eq!(wide(ours.trace_no), theirs.trace_number);
    assert_eq!(wide(ours.receipt_no), theirs.receipt_no);
    assert_eq!(ours.auth_code, theirs.aid_authorization_attribute);
    assert_eq!(ours.card_name, theirs.card_name);
}

#[test]
fn captured_receipts_are_read_whole() {
    let bytes = capture("1680728215.585561000_pt_ecr.blob");
    let mut receipts = Receipts::default();
    receipts.take(&only_apdu(&bytes));
    let [receipt] = &receipts.drain()[..] else {
        panic!("expected one receipt")
    };
    assert_eq!(receipt.copy, ReceiptCopy::Customer);
    let theirs = packets::PrintTextBlock::zvt_deserialize(&bytes).unwrap().0;
    let theirs = theirs.tlv.unwrap().lines.unwrap().lines;
    assert_eq!(receipt.lines.len(), theirs.len());
    for (ours, theirs) in receipt.lines.iter().zip(&theirs) {
        assert_eq!(ours, theirs.trim_end());
    }
}

#[test]
fn what_we_ask_is_understood() {
    let registration = Registration {
        password: 123_456,
        currency: Some(Currency::EUR),
    };
    // The permitted commands are a container that the crate does not know.
    let bytes = registration.encode();
    let end = bytes.len() - 8;
    assert_eq!(
        bytes[end..],
        [0x06, 0x06, 0x26, 0x04, 0x0a, 0x02, 0x06, 0xd3]
    );
    let without = Apdu::new(kind::REGISTRATION, bytes[3..end].to_vec()).encode();
    let theirs = packets::Registration::zvt_deserialize(&without).unwrap().0;
    assert_eq!((theirs.password, theirs.currency), (123_456, Some(978)));
    assert_eq!(theirs.config_byte & 0b1000_1010, 0b1000_1010);

    let close = EndOfDay { password: 123_456 }.encode();
    assert_eq!(close, capture("1681282621.302434000_ecr_pt.blob"));
    assert_eq!(Apdu::ack().encode(), packets::Ack {}.zvt_serialize());

    let lines = ["Händlerbeleg".to_owned(), "EUR 12.50".to_owned()];
    let printed = block(ReceiptCopy::Merchant, &lines).encode();
    let theirs = packets::PrintTextBlock::zvt_deserialize(&printed)
        .unwrap()
        .0;
    let theirs = theirs.tlv.unwrap();
    assert_eq!(theirs.receipt_type, Some(1));
    assert_eq!(theirs.lines.unwrap().lines, lines);
}

proptest! {
    #[test]
    fn any_status_is_read_alike_both_ways(
        result in 0_u8..=0xff,
        amount in 0_usize..1_000_000_000_000,
        trace in 0_usize..1_000_000,
        receipt in 0_usize..10_000,
        name in "[A-Za-z]{1,20}",
        code in "[0-9A-Z]{1,8}",
    ) {
        let theirs = packets::StatusInformation {
            result_code: Some(result),
            amount: Some(amount),
            currency: Some(978),
            trace_number: Some(trace),
            receipt_no: Some(receipt),
            // No text of variable length: the crate writes its length without the half byte F
            // that real packets have, though it reads it.
            ..packets::StatusInformation::default()
        };
        let ours = StatusInformation::parse(&only_apdu(&theirs.zvt_serialize()).data);
        assert_same(&ours, &theirs);
        let ours = StatusInformation {
            auth_code: Some(code),
            card_name: Some(name),
            card_number: Some("************1111".to_owned()),
            ..ours
        };
        let bytes = ours.to_apdu().encode();
        let read = packets::StatusInformation::zvt_deserialize(&bytes).unwrap().0;
        assert_same(&ours, &read);
    }
}
