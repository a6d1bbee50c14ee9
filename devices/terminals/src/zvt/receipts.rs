//! Receipts, put together from the lines that a terminal sends to be printed.

use cueline_model::{Receipt, ReceiptCopy};

use super::apdu::{Apdu, kind};
use super::fields::{Fields, number};
use super::{charset, tlv};

/// Lines of one receipt; more are dropped.
const LINES_MAX: usize = 200;
/// Receipts of one payment; more are dropped.
const RECEIPTS_MAX: usize = 8;
/// The attribute of a line that is the last.
const LAST_LINE: u8 = 0x80;
/// The attribute of feeds in place of a line.
const FEEDS: u8 = 0xff;

/// Takes `06 D1` and `06 D3` and gives whole receipts, card numbers masked.
#[derive(Debug, Default)]
pub struct Receipts {
    open: Vec<String>,
    whole: Vec<Receipt>,
}

impl Receipts {
    /// Takes a packet of lines to print.
    pub fn take(&mut self, apdu: &Apdu) {
        match apdu.kind {
            kind::PRINT_LINE => self.line(&apdu.data),
            kind::PRINT_BLOCK => self.block(&apdu.data),
            _ => {}
        }
    }

    /// What is whole by now.
    pub fn drain_whole(&mut self) -> Vec<Receipt> {
        std::mem::take(&mut self.whole)
    }

    /// Everything, for nothing more comes.
    pub fn drain(&mut self) -> Vec<Receipt> {
        self.close();
        self.drain_whole()
    }

    fn line(&mut self, data: &[u8]) {
        match data {
            [FEEDS, ..] => self.add(String::new()),
            [attribute, text @ ..] => {
                self.add(charset::decode(text));
                if attribute & LAST_LINE != 0 {
                    self.close();
                }
            }
            [] => {}
        }
    }

    fn block(&mut self, data: &[u8]) {
        let fields = Fields::parse(data);
        let container = fields.get(number::TLV).unwrap_or_default();
        let texts = tlv::find(container, tlv::tag::PRINT_TEXTS).unwrap_or_default();
        let lines: Vec<String> = tlv::parse(texts)
            .into_iter()
            .filter(|line| line.tag == tlv::tag::TEXT_LINE)
            .map(|line| charset::decode(line.value))
            .take(LINES_MAX)
            .collect();
        let copy = match tlv::find(container, tlv::tag::RECEIPT_TYPE) {
            Some([1]) => Some(ReceiptCopy::Merchant),
            Some([2]) => Some(ReceiptCopy::Customer),
            _ => None,
        };
        self.keep(lines, copy);
    }

    fn add(&mut self, line: String) {
        if self.open.len() < LINES_MAX {
            self.open.push(line);
        }
    }

    fn close(&mut self) {
        let lines = std::mem::take(&mut self.open);
        self.keep(lines, None);
    }

    fn keep(&mut self, lines: Vec<String>, copy: Option<ReceiptCopy>) {
        if lines.iter().all(|line| line.trim().is_empty()) || self.whole.len() >= RECEIPTS_MAX {
            return;
        }
        // Lines alone do not say whose copy they are; their headings do ("important receipt texts").
        let says = |words: [&str; 2]| {
            let mut lines = lines.iter().map(|line| line.to_lowercase());
            lines.any(|line| words.iter().any(|word| line.contains(word)))
        };
        let merchant = says(["händlerbeleg", "merchant"]);
        self.whole.push(Receipt {
            copy: copy.unwrap_or(if merchant {
                ReceiptCopy::Merchant
            } else {
                ReceiptCopy::Customer
            }),
            signature: copy != Some(ReceiptCopy::Customer) && says(["unterschrift", "signature"]),
            lines,
        });
    }
}

/// A packet of lines to print, as a terminal sends it.
#[must_use]
pub fn block(copy: ReceiptCopy, lines: &[String]) -> Apdu {
    let texts: Vec<u8> = lines
        .iter()
        .flat_map(|line| tlv::encode(tlv::tag::TEXT_LINE, &charset::encode(line)))
        .collect();
    let receipt_type = match copy {
        ReceiptCopy::Merchant => 1,
        ReceiptCopy::Customer => 2,
    };
    let container = [
        tlv::encode(tlv::tag::RECEIPT_TYPE, &[receipt_type]),
        tlv::encode(tlv::tag::PRINT_TEXTS, &texts),
    ]
    .concat();
    Apdu::new(
        kind::PRINT_BLOCK,
        Fields::default().with(number::TLV, &container).encode(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_blocks_become_masked_receipts() {
        let mut receipts = Receipts::default();
        let line = |attribute: u8, text: &str| {
            let data = [vec![attribute], charset::encode(text)].concat();
            Apdu::new(kind::PRINT_LINE, data)
        };
        receipts.take(&line(0, "Händlerbeleg"));
        receipts.take(&line(0, "Karte 4111 1111 1111 1111"));
        receipts.take(&line(0x80, "Unterschrift"));
        let customer = ["Kundenbeleg".to_owned(), "Danke".to_owned()];
        receipts.take(&block(ReceiptCopy::Customer, &customer));
        let all = receipts.drain();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].copy, ReceiptCopy::Merchant);
        assert!(all[0].signature);
        assert_eq!(all[0].lines[1], "Karte **** **** **** 1111");
        assert_eq!(all[1].copy, ReceiptCopy::Customer);
        assert_eq!(all[1].lines, customer);
    }
}
