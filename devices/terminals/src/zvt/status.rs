//! `04 0F`: how a transaction ended, and which it was.

use cueline_model::CardDetails;

use super::apdu::{Apdu, kind};
use super::fields::{Fields, number};
use super::{bcd, charset, tlv};

/// What a status information says; of the card no more than may be kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatusInformation {
    /// 0: approved; otherwise see [`super::texts::error`]. Where it is missing nothing is known.
    pub result_code: Option<u8>,
    /// In minor units.
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: Option<u16>,
    /// The terminal's count of transactions, to 999999.
    pub trace_no: Option<u32>,
    /// The transaction that this one took back.
    pub original_trace_no: Option<u32>,
    /// The terminal's count of receipts, to 9999.
    pub receipt_no: Option<u32>,
    /// The issuer's code.
    pub auth_code: Option<String>,
    /// The card number, as far as it is shown: digits, and `*` for what the terminal hides. Only its
    /// last four digits are read.
    pub card_number: Option<String>,
    /// The card's name, such as `Mastercard`.
    pub card_name: Option<String>,
    /// 0: magnetic stripe, 1: chip, 2: contactless.
    pub card_technology: Option<u8>,
    /// How the cardholder was identified.
    pub cardholder_authentication: Option<u8>,
}

impl StatusInformation {
    /// Reads the data of a packet.
    #[must_use]
    pub fn parse(data: &[u8]) -> Self {
        let fields = Fields::parse(data);
        let container = fields.get(number::TLV).unwrap_or_default();
        let in_container = |tag| tlv::find(container, tag)?.first().copied();
        let count = |number| fields.digits(number)?.try_into().ok();
        Self {
            result_code: fields.byte(number::RESULT_CODE),
            amount_minor: fields
                .digits(number::AMOUNT)
                .and_then(|amount| amount.try_into().ok()),
            currency: fields
                .digits(number::CURRENCY)
                .and_then(|currency| currency.try_into().ok()),
            trace_no: count(number::TRACE),
            original_trace_no: count(number::ORIGINAL_TRACE),
            receipt_no: count(number::RECEIPT),
            auth_code: text(&fields, number::AUTHORISATION_CODE),
            card_number: fields
                .get(number::CARD_NUMBER)
                .and_then(bcd::last_four)
                .map(|last4| format!("*{last4}")),
            card_name: text(&fields, number::CARD_NAME)
                .or_else(|| card_of_type(fields.byte(number::CARD_TYPE)?)),
            card_technology: in_container(tlv::tag::CARD_TECHNOLOGY),
            cardholder_authentication: in_container(tlv::tag::CARDHOLDER_AUTHENTICATION),
        }
    }

    /// The packet, as a terminal sends it.
    #[must_use]
    pub fn to_apdu(&self) -> Apdu {
        let mut fields = Fields::default();
        let mut add = |number: u8, value: Option<Vec<u8>>| {
            if let Some(value) = value {
                fields = std::mem::take(&mut fields).with(number, &value);
            }
        };
        let digits =
            |value: Option<u32>, bytes| value.map(|value| bcd::encode(u64::from(value), bytes));
        add(number::RESULT_CODE, self.result_code.map(|code| vec![code]));
        let amount = self
            .amount_minor
            .and_then(|minor| u64::try_from(minor).ok());
        add(number::AMOUNT, amount.map(|minor| bcd::encode(minor, 6)));
        add(number::CURRENCY, digits(self.currency.map(u32::from), 2));
        add(number::TRACE, digits(self.trace_no, 3));
        add(number::ORIGINAL_TRACE, digits(self.original_trace_no, 3));
        add(number::RECEIPT, digits(self.receipt_no, 2));
        let card_number = self.card_number.as_deref();
        add(
            number::CARD_NUMBER,
            card_number.map(bcd::encode_card_number),
        );
        let auth_code = self.auth_code.as_deref().map(|code| {
            let mut bytes = charset::encode(code);
            bytes.resize(8, 0);
            bytes
        });
        add(number::AUTHORISATION_CODE, auth_code);
        let name = self.card_name.as_deref();
        add(
            number::CARD_NAME,
            name.map(|name| [charset::encode(name), vec![0]].concat()),
        );
        let container: Vec<u8> = [
            (
                tlv::tag::CARDHOLDER_AUTHENTICATION,
                self.cardholder_authentication,
            ),
            (tlv::tag::CARD_TECHNOLOGY, self.card_technology),
        ]
        .into_iter()
        .filter_map(|(tag, value)| Some(tlv::encode(tag, &[value?])))
        .flatten()
        .collect();
        add(number::TLV, (!container.is_empty()).then_some(container));
        Apdu::new(kind::STATUS_INFORMATION, fields.encode())
    }

    /// Whether the customer signs.
    #[must_use]
    pub const fn by_signature(&self) -> bool {
        matches!(self.cardholder_authentication, Some(1 | 5..=7))
    }

    /// What is kept of it.
    #[must_use]
    pub fn card_details(&self) -> CardDetails {
        let last4 = self.card_number.as_deref().and_then(|shown| {
            let start = shown.len().checked_sub(4)?;
            let last = shown.get(start..)?;
            last.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| last.to_owned())
        });
        let entry_mode = match self.card_technology {
            Some(0) => Some("magstripe"),
            Some(1) => Some("chip"),
            Some(2) => Some("contactless"),
            _ => None,
        };
        CardDetails {
            auth_code: self.auth_code.clone(),
            terminal_txn_ref: self.trace_no.map(trace_text),
            receipt_no: self.receipt_no.map(receipt_text),
            last4,
            scheme: self.card_name.clone(),
            entry_mode: entry_mode.map(str::to_owned),
        }
    }
}

/// A trace number as it is kept: six digits.
#[must_use]
pub fn trace_text(number: u32) -> String {
    format!("{number:06}")
}

/// A receipt number as it is kept: four digits.
#[must_use]
pub fn receipt_text(number: u32) -> String {
    format!("{number:04}")
}

fn text(fields: &Fields, number: u8) -> Option<String> {
    let text = charset::decode(fields.get(number)?).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The list of card types, as far as it is in daily use (chapter 11).
fn card_of_type(card_type: u8) -> Option<String> {
    let name = match card_type {
        2 | 5 => "girocard",
        6 => "Mastercard",
        8 => "American Express",
        10 => "Visa",
        12 => "Diners",
        14 => "JCB",
        46 => "Maestro",
        _ => return None,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_without_the_card_number() {
        let said = StatusInformation {
            result_code: Some(0),
            amount_minor: Some(1250),
            currency: Some(978),
            trace_no: Some(123_456),
            original_trace_no: Some(123_455),
            receipt_no: Some(42),
            auth_code: Some("750071".to_owned()),
            card_number: Some("************1111".to_owned()),
            card_name: Some("Visa".to_owned()),
            card_technology: Some(1),
            cardholder_authentication: Some(2),
        };
        let read = StatusInformation::parse(&said.to_apdu().data);
        assert_eq!(read.card_number.as_deref(), Some("*1111"));
        assert_eq!(read.card_details(), said.card_details());
        let same = StatusInformation {
            card_number: said.card_number.clone(),
            ..read
        };
        assert_eq!(same, said);
        let full = StatusInformation {
            card_number: Some("4111111111111111".to_owned()),
            ..StatusInformation::default()
        };
        let read = StatusInformation::parse(&full.to_apdu().data);
        assert_eq!(read.card_number.as_deref(), Some("*1111"));
    }
}
