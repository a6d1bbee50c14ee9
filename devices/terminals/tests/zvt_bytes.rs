//! Whatever bytes come, nothing panics, reads past their end or asks for money.

use cueline_model::{Mono, PaymentKind, PaymentOrder};
use cueline_terminals::zvt::apdu::{Apdu, Frames, kind};
use cueline_terminals::zvt::fields::Fields;
use cueline_terminals::zvt::receipts::Receipts;
use cueline_terminals::zvt::status::StatusInformation;
use cueline_terminals::zvt::{bcd, charset, texts, tlv};
use cueline_terminals::{Command, Driver, Input, Output, Zvt, ZvtSettings};
use proptest::collection::vec;
use proptest::prelude::*;

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

/// Packets of the kinds that matter, with anything in them.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let kinds = prop::sample::select(vec![
        kind::ACK,
        (kind::NACK_CLASS, texts::PLEASE_WAIT),
        kind::STATUS_INFORMATION,
        kind::INTERMEDIATE_STATUS,
        kind::COMPLETION,
        kind::ABORT,
        kind::PRINT_LINE,
        kind::PRINT_BLOCK,
        (0x06, 0xe0),
    ]);
    let fields = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(vec![0x27, 0x00]),
        Just(vec![0x6c]),
        Just(vec![0x27, 0x05, 0x87, 0x00, 0x02]),
    ];
    (kinds, fields).prop_map(|(kind, data)| Apdu::new(kind, data).encode())
}

/// Everything that the driver wants; how often it asked for money.
fn drain(driver: &mut Zvt, now: Mono) -> usize {
    let mut begun = 0;
    while let Some(output) = driver.poll_output() {
        match output {
            Output::Connect => driver.handle(Input::Connected, now),
            Output::Write(bytes) if bytes.starts_with(&[0x06, 0x01]) => begun += 1,
            _ => {}
        }
    }
    while driver.poll_event().is_some() {}
    begun
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 0..600)) {
        let _fields = Fields::parse(&bytes);
        let _status = StatusInformation::parse(&bytes).card_details();
        let _values = tlv::parse(&bytes);
        let _last = bcd::last_four(&bytes);
        let text = charset::decode(&bytes);
        prop_assert!(!cueline_model::card_number::holds_card_number(&text));
        let mut receipts = Receipts::default();
        for kind in [kind::PRINT_LINE, kind::PRINT_BLOCK, kind::INTERMEDIATE_STATUS] {
            let apdu = Apdu::new(kind, bytes.clone());
            receipts.take(&apdu);
            let _note = texts::progress(&apdu);
        }
        let _receipts = receipts.drain();
        let mut frames = Frames::default();
        frames.push(&bytes);
        let mut read = 0;
        while let Some(apdu) = frames.next_apdu() {
            read += apdu.encode().len().min(3 + apdu.data.len());
        }
        prop_assert!(read <= bytes.len());
    }

    #[test]
    fn packets_come_back(
        class in any::<u8>(),
        instruction in any::<u8>(),
        data in vec(any::<u8>(), 0..700),
        cut in any::<prop::sample::Index>(),
    ) {
        let apdu = Apdu::new((class, instruction), data);
        let bytes = apdu.encode();
        let cut = cut.index(bytes.len());
        let mut frames = Frames::default();
        frames.push(&bytes[..cut]);
        prop_assert_eq!(frames.next_apdu(), None);
        frames.push(&bytes[cut..]);
        prop_assert_eq!(frames.next_apdu(), Some(apdu));
    }

    #[test]
    fn digits_come_back(number in 0_u64..1_000_000_000_000) {
        prop_assert_eq!(bcd::decode(&bcd::encode(number, 6)), Some(number));
    }

    #[test]
    fn an_unknown_field_hides_no_result(unknown in vec(any::<u8>(), 0..6), code in 1_u8..=0xff) {
        let said = StatusInformation {
            result_code: Some(code),
            amount_minor: Some(1250),
            trace_no: Some(77),
            receipt_no: Some(42),
            ..StatusInformation::default()
        };
        let data = [vec![0x51], unknown, said.to_apdu().data].concat();
        let read = StatusInformation::parse(&data);
        // What cannot be told apart is left out; nothing is made an approval.
        prop_assert!(read.result_code.is_none_or(|read| read == code), "{read:?}");
    }

    #[test]
    fn no_conversation_begins_twice(
        talk in vec(prop_oneof![packet(), vec(any::<u8>(), 0..8)], 0..40),
        steps in vec(0_u8..12, 0..40),
    ) {
        let mut driver = Zvt::new(ZvtSettings::default());
        let mut now = Mono(0);
        let mut begun = 0;
        let mut given = 0;
        let mut talk = talk.into_iter();
        driver.command(Command::Prepare, now);
        for step in steps {
            begun += drain(&mut driver, now);
            match step {
                0..=6 => {
                    if let Some(bytes) = talk.next() {
                        driver.handle(Input::Bytes(&bytes), now);
                    }
                }
                7 => {
                    given += 1;
                    driver.command(Command::Begin(sale()), now);
                }
                8 => driver.command(Command::Stored, now),
                9 => driver.command(Command::Cancel, now),
                10 => {
                    now = driver.poll_timeout().unwrap_or(now);
                    driver.handle(Input::Timeout, now);
                }
                _ => driver.handle(Input::Closed, now),
            }
        }
        begun += drain(&mut driver, now);
        prop_assert!(begun <= given, "{begun} asked for, {given} given");
    }
}
