//! A terminal's receipt as our own ticket document, so that it prints on every ticket printer.

use cueline_model::{ContentType, Receipt, ReceiptCopy};
use cueline_wire::Base64Bytes;
use cueline_wire::api::{PrintJobRequest, ReceiptRequest};
use serde_json::{Value, json};

/// What an 80 mm roll prints across; a wider or narrower head scales it.
const WIDTH_MM: u32 = 72;
const MARGIN_MM: u32 = 3;
const LINE_MM: u32 = 5;
const SIZE_PT: f64 = 11.0;
const PT_PER_MM: f64 = 72.0 / 25.4;
/// The width of a letter of a fixed-width font, as a part of its size.
const ADVANCE_EM: f64 = 0.62;
/// Room for a name, and the line it is written on.
const SIGNATURE_MM: u32 = 18;
/// The longest line that is set; terminals print 24 to 48 characters.
const LINE_CHARS_MAX: usize = 64;

/// The receipts that are asked for, in the order they are printed: the one that the customer signs
/// comes first.
#[must_use]
pub fn chosen(receipts: &[Receipt], copy: Option<ReceiptCopy>) -> Vec<&Receipt> {
    let mut chosen: Vec<&Receipt> = receipts
        .iter()
        .filter(|receipt| copy.is_none_or(|copy| copy == receipt.copy))
        .collect();
    chosen.sort_by_key(|receipt| !receipt.signature);
    chosen
}

/// The print job of one receipt.
#[must_use]
pub fn job(receipt: &Receipt, asked: &ReceiptRequest, title: String) -> PrintJobRequest {
    PrintJobRequest {
        printer: asked.printer,
        content_type: ContentType::Ticket,
        content: Some(Base64Bytes(ticket(receipt).to_string().into_bytes())),
        document: None,
        title: Some(title),
        copies: 1,
        expires_at: None,
        expires_in_s: None,
        uncertain: cueline_model::UncertainPolicy::Hold,
        options: cueline_model::PrintOptions::default(),
    }
}

fn ticket(receipt: &Receipt) -> Value {
    let mut elements = Vec::new();
    let mut y_mm = MARGIN_MM;
    for line in &receipt.lines {
        let line: String = line.trim_end().chars().take(LINE_CHARS_MAX).collect();
        if !line.is_empty() {
            elements.push(json!({
                "type": "text",
                // Two braces would ask for a field.
                "text": line.replace("{{", "{ {"),
                "x_mm": MARGIN_MM,
                "y_mm": y_mm,
                "size_pt": size_pt(&line),
                "font": "mono",
                "max_width_mm": WIDTH_MM - 2 * MARGIN_MM,
                "missing": "box",
            }));
        }
        y_mm += LINE_MM;
    }
    if receipt.signature {
        y_mm += SIGNATURE_MM;
        elements.push(json!({
            "type": "line",
            "x_mm": MARGIN_MM,
            "y_mm": y_mm,
            "length_mm": WIDTH_MM - 2 * MARGIN_MM,
        }));
        y_mm += 1;
        elements.push(json!({
            "type": "text", "text": "Signature", "x_mm": MARGIN_MM, "y_mm": y_mm, "size_pt": 8,
        }));
    }
    json!({
        "cueline_ticket": 1,
        "size": { "width_mm": WIDTH_MM, "height_mm": "auto" },
        "elements": elements,
    })
}

/// As large as the line's width allows.
fn size_pt(line: &str) -> f64 {
    let room_pt = f64::from(WIDTH_MM - 2 * MARGIN_MM) * PT_PER_MM;
    // No line is longer than LINE_CHARS_MAX.
    let chars = line.chars().count().max(1) as f64;
    (room_pt / chars / ADVANCE_EM).min(SIZE_PT)
}

#[cfg(test)]
mod tests {
    use cueline_documents::ticket::TicketDocument;
    use cueline_documents::{Limits, PageSetup};

    use super::*;

    fn receipt(copy: ReceiptCopy, signature: bool, lines: &[&str]) -> Receipt {
        Receipt {
            copy,
            lines: lines.iter().map(ToString::to_string).collect(),
            signature,
        }
    }

    #[test]
    fn whatever_a_terminal_prints_can_be_set() {
        let long = "x".repeat(200);
        let lines = [
            "",
            "EUR 12.50",
            "{{total}} {{",
            "Ж 漢",
            long.as_str(),
            "   ",
        ];
        for signature in [false, true] {
            let document = ticket(&receipt(ReceiptCopy::Merchant, signature, &lines)).to_string();
            let parsed = TicketDocument::parse(document.as_bytes()).unwrap();
            for width_dots in [384, 576, 1216] {
                let head = PageSetup::new(203, width_dots, None);
                parsed.layout(0, &head, &Limits::default()).unwrap();
            }
        }
    }

    #[test]
    fn the_copy_to_be_signed_comes_first() {
        let both = [
            receipt(ReceiptCopy::Customer, false, &["c"]),
            receipt(ReceiptCopy::Merchant, true, &["m"]),
        ];
        let order: Vec<_> = chosen(&both, None)
            .iter()
            .map(|receipt| receipt.copy)
            .collect();
        assert_eq!(order, [ReceiptCopy::Merchant, ReceiptCopy::Customer]);
        assert_eq!(chosen(&both, Some(ReceiptCopy::Customer)).len(), 1);
    }
}
