//! The ticket on the virtual printer's paper: its text, and its codes as a scanner reads them.

use std::process::Command;
use std::time::Duration;

use cueline_fake_devices::{PrinterSettings, VirtualPrinter};
use tokio::io::AsyncWriteExt as _;

use super::Ticket;

fn ticket() -> Ticket {
    // A Wednesday.
    Ticket::sample(jiff::civil::date(2026, 9, 30))
}

/// The ticket's lines of text and its picture, printed into `folder`.
async fn printed(folder: &std::path::Path) -> (Vec<String>, std::path::PathBuf) {
    let printer = VirtualPrinter::start(PrinterSettings::local(folder))
        .await
        .unwrap();
    let mut paper = tokio::net::TcpStream::connect(printer.address())
        .await
        .unwrap();
    paper.write_all(&ticket().to_escpos()).await.unwrap();
    for _ in 0..1_000 {
        if let Some(ticket) = printer.tickets().unwrap().pop() {
            assert!(!ticket.torn, "the ticket ends with its cut");
            return (ticket.text, folder.join(ticket.file));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no ticket came out");
}

#[test]
fn the_show_is_on_a_saturday_more_than_a_week_ahead() {
    assert_eq!(ticket().date, jiff::civil::date(2026, 10, 10));
    let on_saturday = Ticket::sample(jiff::civil::date(2026, 10, 3));
    assert_eq!(on_saturday.date, jiff::civil::date(2026, 10, 10));
}

#[test]
fn no_line_is_wider_than_the_paper() {
    // Every text command at its size: a line that wraps would tear the layout.
    for (text, across) in [
        ("TWELFTH NIGHT", 3),
        ("Sat 10 October 2026", 2),
        ("Wed 30 September 2026", 2),
        ("T H E   G H O S T   L I G H T   T H E A T R E", 1),
    ] {
        assert!(text.len() * across <= super::COLUMNS, "{text}");
    }
}

#[tokio::test]
async fn the_text_is_all_there_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let (text, _) = printed(folder.path()).await;
    let whole = text.join("\n");
    let mut rest = whole.as_str();
    for expected in [
        "G H O S T   L I G H T",
        "TWELFTH NIGHT",
        "Sat 10 October 2026",
        "STALLS",
        "£47.50",
        "Show this code at the door",
        "STALLS C 12",
    ] {
        let at = rest.find(expected);
        let at = at.unwrap_or_else(|| panic!("{expected:?} is missing or misplaced in:\n{whole}"));
        rest = &rest[at + expected.len()..];
    }
}

#[tokio::test]
async fn a_scanner_reads_both_codes() {
    let folder = tempfile::tempdir().unwrap();
    let (_, picture) = printed(folder.path()).await;
    let scan = Command::new("zbarimg")
        .arg("--quiet")
        .arg(&picture)
        .output()
        .expect("zbarimg is there: Debian's zbar-tools, installed by `cargo xtask test`");
    let read = String::from_utf8_lossy(&scan.stdout).into_owned();
    let ticket = ticket();
    assert!(
        read.contains(&format!("QR-Code:{}\n", ticket.code)),
        "{read}"
    );
    assert!(
        read.contains(&format!("CODE-128:{}\n", ticket.order)),
        "{read}"
    );
}
