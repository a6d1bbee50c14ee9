//! What the till asks (PA00P015, chapter 2).

use cueline_model::Currency;

use super::apdu::{Apdu, kind};
use super::bcd;
use super::fields::{Fields, number};
use super::tlv;
use crate::repeat::sealed::Sealed;
use crate::repeat::{RepeatSafe, Request};

/// The till prints receipts, payments' and others', line by line, and is told what the terminal does.
const CONFIGURATION: u8 = 0b1000_1110;
/// Digits of an amount, two to the byte.
const AMOUNT_BYTES: u32 = 6;

/// An amount that the protocol can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

impl Amount {
    /// More than zero and at most 999,999,999,999 minor units.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Option<Self> {
        let minor = u64::try_from(minor).ok()?;
        (minor > 0 && bcd::fits(minor, AMOUNT_BYTES)).then_some(Self { minor, currency })
    }

    fn fields(self) -> Fields {
        Fields::default()
            .with(number::AMOUNT, &bcd::encode(self.minor, 6))
            .with(
                number::CURRENCY,
                &bcd::encode(u64::from(self.currency.numeric()), 2),
            )
    }
}

/// `06 00`: who the till is.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Six digits.
    pub password: u32,
    /// The currency of what follows.
    pub currency: Option<Currency>,
}

/// `06 20`: what the last transaction was.
#[derive(Debug, Clone)]
pub struct RepeatReceipt {
    /// Six digits.
    pub password: u32,
}

/// `06 01`: a sale.
#[derive(Debug, Clone)]
pub struct Authorisation {
    /// How much.
    pub amount: Amount,
}

/// `06 21`: a sale that the issuer allowed on the telephone.
#[derive(Debug, Clone)]
pub struct TelephonicAuthorisation {
    /// How much.
    pub amount: Amount,
    /// What the issuer said; at most 8 characters.
    pub code: String,
}

/// `06 30`: takes one sale back.
#[derive(Debug, Clone)]
pub struct Reversal {
    /// Six digits.
    pub password: u32,
    /// The number on the sale's receipt, to 9999.
    pub receipt_no: u32,
}

/// `06 31`: money back to a card.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Six digits.
    pub password: u32,
    /// How much.
    pub amount: Amount,
}

/// `06 50`: closes the batch.
#[derive(Debug, Clone)]
pub struct EndOfDay {
    /// Six digits.
    pub password: u32,
}

/// `06 B0`: the wish that it stops.
#[derive(Debug, Clone)]
pub struct AbortByTill;

fn password(digits: u32) -> Vec<u8> {
    bcd::encode(u64::from(digits), 3)
}

impl Request for Registration {
    fn encode(&self) -> Vec<u8> {
        let mut data = password(self.password);
        data.push(CONFIGURATION);
        if let Some(currency) = self.currency {
            data.extend(bcd::encode(u64::from(currency.numeric()), 2));
        }
        let (class, instruction) = kind::PRINT_BLOCK;
        let print_block = tlv::encode(tlv::tag::COMMAND, &[class, instruction]);
        let permitted = tlv::encode(tlv::tag::PERMITTED_COMMANDS, &print_block);
        data.extend(Fields::default().with(number::TLV, &permitted).encode());
        Apdu::new(kind::REGISTRATION, data).encode()
    }
}

impl Request for RepeatReceipt {
    fn encode(&self) -> Vec<u8> {
        Apdu::new(kind::REPEAT_RECEIPT, password(self.password)).encode()
    }
}

impl Request for Authorisation {
    fn encode(&self) -> Vec<u8> {
        Apdu::new(kind::AUTHORISATION, self.amount.fields().encode()).encode()
    }
}

impl Request for TelephonicAuthorisation {
    fn encode(&self) -> Vec<u8> {
        let mut code = [0; 8];
        for (place, char) in code.iter_mut().zip(self.code.bytes()) {
            *place = char;
        }
        let fields = self.amount.fields().with(number::AUTHORISATION_CODE, &code);
        Apdu::new(kind::TELEPHONIC_AUTHORISATION, fields.encode()).encode()
    }
}

impl Request for Reversal {
    fn encode(&self) -> Vec<u8> {
        let receipt = bcd::encode(u64::from(self.receipt_no), 2);
        let fields = Fields::default().with(number::RECEIPT, &receipt);
        let data = [password(self.password), fields.encode()].concat();
        Apdu::new(kind::REVERSAL, data).encode()
    }
}

impl Request for Refund {
    fn encode(&self) -> Vec<u8> {
        let data = [password(self.password), self.amount.fields().encode()].concat();
        Apdu::new(kind::REFUND, data).encode()
    }
}

impl Request for EndOfDay {
    fn encode(&self) -> Vec<u8> {
        Apdu::new(kind::END_OF_DAY, password(self.password)).encode()
    }
}

impl Request for AbortByTill {
    fn encode(&self) -> Vec<u8> {
        Apdu::new(kind::ABORT_BY_TILL, Vec::new()).encode()
    }
}

impl Sealed for Registration {}
impl RepeatSafe for Registration {}
impl Sealed for RepeatReceipt {}
impl RepeatSafe for RepeatReceipt {}
impl Sealed for AbortByTill {}
impl RepeatSafe for AbortByTill {}
