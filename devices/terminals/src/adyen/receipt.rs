//! Receipts, which Adyen's terminals send as form fields, to the lines that are printed.

use cueline_model::card_number::mask_card_numbers;
use cueline_model::{Receipt, ReceiptCopy};

use super::message::PaymentReceipt;

/// Characters of a line whose value stands at its right end.
const LINE_CHARS: usize = 38;
/// Lines of one receipt; real ones have some 40.
const LINES_MAX: usize = 200;

/// The receipts for paper; those that are only for the record are passed over.
pub(super) fn receipts(given: &[PaymentReceipt]) -> Vec<Receipt> {
    given.iter().filter_map(receipt).collect()
}

fn receipt(given: &PaymentReceipt) -> Option<Receipt> {
    let copy = match given.document_qualifier.as_str() {
        "CustomerReceipt" => ReceiptCopy::Customer,
        "CashierReceipt" | "SaleReceipt" => ReceiptCopy::Merchant,
        _ => return None,
    };
    let mut lines = Vec::new();
    let mut line = String::new();
    for output in given.output_content.output_text.iter().take(LINES_MAX) {
        line.push_str(&words(output.text.as_deref().unwrap_or_default()));
        if output.end_of_line_flag.unwrap_or(true) {
            lines.push(mask_card_numbers(&std::mem::take(&mut line)));
        }
    }
    if !line.is_empty() {
        lines.push(mask_card_numbers(&line));
    }
    (!lines.is_empty()).then_some(Receipt {
        copy,
        lines,
        signature: given.required_signature_flag,
    })
}

/// `name=TOTAL&value=%E2%82%AC+12.50&key=totalAmount` as a person reads it; other text as it is.
fn words(text: &str) -> String {
    if field(text, "key").is_none() && field(text, "name").is_none() {
        return text.to_owned();
    }
    let name = field(text, "name").unwrap_or_default();
    match field(text, "value") {
        None => name,
        Some(value) if name.is_empty() => value,
        Some(value) => {
            let used = name.chars().count() + value.chars().count();
            let between = LINE_CHARS.saturating_sub(used).max(1);
            format!("{name}{:between$}{value}", "")
        }
    }
}

/// The decoded value of a field of a form (`application/x-www-form-urlencoded`).
pub(super) fn field(form: &str, name: &str) -> Option<String> {
    form.split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = |at: usize| char::from(*after.get(at)?).to_digit(16);
        (bytes, rest) = match (first, hex(0).zip(hex(1))) {
            (b'%', Some((high, low))) => {
                bytes.push((high * 16 + low) as u8);
                (bytes, &after[2..])
            }
            (b'+', _) => {
                bytes.push(b' ');
                (bytes, after)
            }
            (other, _) => {
                bytes.push(*other);
                (bytes, after)
            }
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(qualifier: &str, texts: &[(&str, Option<bool>)]) -> PaymentReceipt {
        let texts: Vec<_> = texts
            .iter()
            .map(|(text, end)| match end {
                Some(end) => serde_json::json!({ "Text": text, "EndOfLineFlag": end }),
                None => serde_json::json!({ "Text": text }),
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "DocumentQualifier": qualifier,
            "RequiredSignatureFlag": true,
            "OutputContent": { "OutputFormat": "Text", "OutputText": texts },
        }))
        .unwrap()
    }

    #[test]
    fn fields_become_lines_and_card_numbers_are_masked() {
        let receipts = receipts(&[
            given(
                "CashierReceipt",
                &[
                    ("name=MERCHANT%20COPY&key=header", None),
                    ("key=filler", None),
                    (
                        "name=TOTAL&value=%E2%82%AC+12.50&key=totalAmount",
                        Some(true),
                    ),
                    ("name=Card&value=4111111111111111&key=pan", Some(true)),
                    ("plain ", Some(false)),
                    ("100%", Some(false)),
                ],
            ),
            given("Journal", &[("name=x", None)]),
            given("CustomerReceipt", &[]),
        ]);
        assert_eq!(
            receipts,
            [Receipt {
                copy: ReceiptCopy::Merchant,
                lines: vec![
                    "MERCHANT COPY".to_owned(),
                    String::new(),
                    "TOTAL                           € 12.50"
                        .to_owned()
                        .replacen("  ", " ", 1),
                    format!("Card{:18}************1111", ""),
                    "plain 100%".to_owned(),
                ],
                signature: true,
            }]
        );
    }
}
