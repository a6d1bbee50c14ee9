//! What the terminal prints.

use cueline_model::ReceiptCopy;

use super::ledger::{LedgerEntry, LedgerKind};

/// A test card's number; it leaves the terminal with its digits hidden.
const CARD_NUMBER: &str = "4111111111111111";

/// The card number as it may be shown.
pub(super) fn hidden_card_number() -> String {
    let shown = CARD_NUMBER.len() - 4;
    format!("{}{}", "*".repeat(shown), &CARD_NUMBER[shown..])
}

/// The lines of a receipt. `leak` puts the whole card number on it, which no terminal should.
pub(super) fn lines(
    entry: &LedgerEntry,
    copy: ReceiptCopy,
    signature: bool,
    leak: bool,
) -> Vec<String> {
    let heading = match copy {
        ReceiptCopy::Merchant => "Merchant receipt",
        ReceiptCopy::Customer => "Customer receipt",
    };
    let what = match entry.kind {
        LedgerKind::Authorised => "SALE",
        LedgerKind::Declined => "DECLINED",
        LedgerKind::Reversed => "REVERSAL",
        LedgerKind::Refunded => "REFUND",
    };
    let (whole, minor) = (entry.amount_minor / 100, entry.amount_minor % 100);
    let mut lines = vec![
        heading.to_owned(),
        what.to_owned(),
        format!("{} {whole}.{minor:02}", entry.currency),
        format!("Receipt {:04}", entry.receipt_no),
        format!("Trace {:06}", entry.trace_no),
        if leak {
            format!("Card {CARD_NUMBER}")
        } else {
            format!("Card {}", hidden_card_number())
        },
    ];
    if let Some(code) = &entry.auth_code {
        lines.push(format!("Auth code {code}"));
    }
    if signature && copy == ReceiptCopy::Merchant {
        lines.push("Signature".to_owned());
        lines.push("____________________".to_owned());
    }
    lines
}
