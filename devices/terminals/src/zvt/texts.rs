//! The terminal's codes in words.

use cueline_model::{PaymentFailureCode, ProgressNote};

use super::apdu::Apdu;
use super::fields::{Fields, number};
use super::{charset, tlv};

/// Abort by a time-out or the stop key.
pub const ABORTED: u8 = 0x6c;
/// The issuer wants to be called; the network operators' code.
pub const REFERRAL: u8 = 0x02;
/// What a till says that cannot give the goods out.
pub const PROCESSING_ERROR: u8 = 0x66;
/// The terminal does not know how.
pub const NOT_POSSIBLE: u8 = 0x83;
/// At something else; ask again later.
pub const PLEASE_WAIT: u8 = 0x9c;
const NOT_READY: u8 = 0xa0;

/// Whether a refusal means that the terminal is at something else.
#[must_use]
pub const fn is_busy(code: u8) -> bool {
    matches!(code, PLEASE_WAIT | NOT_READY)
}

/// What a refusal means for programs.
#[must_use]
pub const fn failure_code(code: u8) -> PaymentFailureCode {
    match code {
        PLEASE_WAIT | NOT_READY => PaymentFailureCode::Busy,
        NOT_POSSIBLE | 0x6f | 0xc5 | 0xc6 | 0xcb => PaymentFailureCode::Unsupported,
        _ => PaymentFailureCode::Refused,
    }
}

/// A result code in words (chapter 10).
#[must_use]
pub fn error(code: u8) -> String {
    let words = match code {
        REFERRAL => "the card's issuer wants to be called",
        0x01..=0x63 => {
            return format!("declined by the card's issuer or the network (code {code:02x})");
        }
        0x64 => "the card could not be read",
        0x65 => "no card data",
        PROCESSING_ERROR => "processing error",
        0x67 | 0x68 | 0xd2 | 0xea => "not permitted for this card",
        0x6a => "the terminal's memory is full: close its day",
        0x6b => "the till is not registered with the terminal",
        ABORTED => "stopped by a time-out or the stop key",
        0x6e => "the card is blocked",
        0x6f | 0xc6 => "wrong currency",
        0x71 => "not enough credit",
        0x72 => "the card's chip failed",
        0x73 => "the card's data are wrong",
        0x78 => "the card has expired",
        0x79 => "the card is not yet valid",
        0x7a => "unknown card",
        NOT_POSSIBLE => "the terminal cannot do this",
        PLEASE_WAIT | NOT_READY => "the terminal is at something else",
        0x9b | 0xa1 | 0xa3 => "the terminal has no connection to its network",
        0xb1 | 0xb2 => "the terminal's memory is full: close its day",
        0xb4 => "already taken back",
        0xb5 => "cannot be taken back",
        0xc3 => "the amount is over the terminal's limit",
        0xc5 => "the terminal does not take this means of payment",
        0xc8 => "the amount is under the terminal's limit",
        0xcc => "the terminal's printer is not ready",
        0xdc => "a card is in the terminal",
        0xf0 => "the terminal's day must be closed first",
        _ => return format!("the terminal says code {code:02x}"),
    };
    words.to_owned()
}

/// An intermediate status in words (chapter 3): the terminal's own where it gives them.
#[must_use]
pub fn progress(apdu: &Apdu) -> ProgressNote {
    let status = apdu.data.first().copied().unwrap_or(0xff);
    let (code, words) = match status {
        0x01 | 0x02 => ("enter_pin", "Customer at the PIN pad"),
        0x04 | 0xd2..=0xd5 => ("processing", "Asking the bank"),
        0x05 => ("processing", "Taking the payment back"),
        0x06 | 0x0e | 0x0f | 0x17 | 0x27 => ("processing", "Please wait"),
        0x0a => ("insert_card", "Present or insert the card"),
        0x0b | 0x41..=0x5a => ("remove_card", "Remove the card"),
        0x0c => ("insert_card", "Card not readable, try again"),
        0x15 => ("enter_pin", "Wrong PIN, try again"),
        0x1b | 0x1c => ("processing", "Approved, please wait"),
        0x03 | 0x07..=0x09 | 0x0d | 0x10 | 0x12..=0x14 | 0x16 | 0x18 | 0x19 | 0x1d => {
            ("processing", "Not accepted, please wait")
        }
        0xe0 => ("other", "Customer chooses an application"),
        0xe1 => ("other", "Customer chooses a language"),
        _ => ("other", "The terminal is working"),
    };
    ProgressNote {
        code: code.to_owned(),
        text: shown(apdu).unwrap_or_else(|| words.to_owned()),
    }
}

/// The texts of the terminal's display, where it sends them.
fn shown(apdu: &Apdu) -> Option<String> {
    // The status and, optionally, a time-out come before the fields.
    let fields = match apdu.data.as_slice() {
        [_, number::TLV, ..] => Fields::parse(&apdu.data[1..]),
        [_, _, number::TLV, ..] => Fields::parse(&apdu.data[2..]),
        _ => return None,
    };
    let texts = tlv::find(fields.get(number::TLV)?, tlv::tag::DISPLAY_TEXTS)?;
    let lines: Vec<String> = tlv::parse(texts)
        .into_iter()
        .filter(|line| line.tag == tlv::tag::TEXT_LINE)
        .map(|line| charset::decode(line.value).trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}
