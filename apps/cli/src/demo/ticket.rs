//! The ticket the demo prints: what a theatre would hand over at the counter.

mod escpos;
mod picture;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, Weekday};

use escpos::{Align, Escpos};

/// Characters of normal size across 576 dots.
const COLUMNS: usize = 48;

/// What is printed on a ticket.
pub struct Ticket {
    /// The evening of the show.
    pub date: Date,
    /// What the box office calls the order; on the stub's bar code.
    pub order: String,
    /// What the usher's scanner reads; in the QR code.
    pub code: String,
}

impl Ticket {
    /// A seat for the Saturday after next, whatever `today` is.
    pub fn sample(today: Date) -> Self {
        let to_saturday = Weekday::Saturday.since(today.weekday());
        let date = today.saturating_add(jiff::Span::new().days(i64::from(to_saturday) + 7));
        Self {
            date,
            order: "GL48213-C12".to_owned(),
            code: format!(
                "GHOSTLIGHT/{}/STALLS/C/12/7F3K-9QXD",
                date.strftime("%Y%m%d")
            ),
        }
    }

    /// The ticket in ESC/POS for a head of 576 dots, cut included.
    pub fn to_escpos(&self) -> Vec<u8> {
        let mut paper = Escpos::new();
        self.head(&mut paper);
        self.seat(&mut paper);
        self.price(&mut paper);
        self.entry(&mut paper);
        self.stub(&mut paper);
        paper.cut()
    }

    fn head(&self, paper: &mut Escpos) {
        paper
            .picture(&picture::stage())
            .feed(20)
            .align(Align::Centre)
            .bold(true)
            .line("T H E   G H O S T   L I G H T   T H E A T R E")
            .bold(false)
            .line("1 Prompt Corner · London")
            .feed(14)
            .picture(&picture::rule(0))
            .feed(22)
            .bold(true)
            .size(3, 3)
            .line("TWELFTH NIGHT")
            .size(1, 1)
            .bold(false)
            .feed(6)
            .line("or, What You Will, by William Shakespeare")
            .feed(26)
            .bold(true)
            .size(2, 2)
            .line(&self.date.strftime("%a %-d %B %Y").to_string())
            .size(1, 1)
            .bold(false)
            .feed(6)
            .line("Doors 18:45 · Curtain up 19:30 · One interval")
            .feed(24);
    }

    /// Three columns, white on black, with no gap between their lines. A column begins at the same
    /// dot in both sizes of letters.
    fn seat(&self, paper: &mut Escpos) {
        let cells = |area: &str, row: &str, seat: &str, columns: usize| {
            let (margin, third) = (columns / 12, columns / 3);
            let line = format!("{:margin$}{area:third$}{row:third$}{seat}", "");
            format!("{line:columns$}")
        };
        paper
            .align(Align::Left)
            .invert(true)
            .line_spacing(24)
            .line(&" ".repeat(COLUMNS))
            .line(&cells("AREA", "ROW", "SEAT", COLUMNS))
            .line_spacing(72)
            .bold(true)
            .size(2, 3)
            .line(&cells("STALLS", "C", "12", COLUMNS / 2))
            .size(1, 1)
            .bold(false)
            .line_spacing(24)
            .line(&" ".repeat(COLUMNS))
            .invert(false)
            .default_line_spacing()
            .feed(24);
    }

    fn price(&self, paper: &mut Escpos) {
        paper
            .line(&opposite("Full price", "£45.00", COLUMNS))
            .line(&opposite("Booking fee", "£2.50", COLUMNS))
            .feed(4)
            .bold(true)
            .size(1, 2)
            .line(&opposite("Paid by card", "£47.50", COLUMNS))
            .size(1, 1)
            .bold(false)
            .feed(8)
            .line(&opposite("Order", &self.order, COLUMNS))
            .feed(20);
    }

    fn entry(&self, paper: &mut Escpos) {
        paper
            .align(Align::Centre)
            .picture(&picture::rule(0))
            .feed(24)
            .qr(&self.code, 7)
            .feed(12)
            .bold(true)
            .line("Show this code at the door")
            .bold(false)
            .feed(16)
            .line("Latecomers are seated at a suitable break.")
            .line("Not refundable; exchange up to 24 h before.")
            .line("Please keep your phone as dark as the house.")
            .feed(22);
    }

    /// What the usher tears off.
    fn stub(&self, paper: &mut Escpos) {
        paper
            .picture(&picture::perforation())
            .feed(20)
            .align(Align::Left)
            .bold(true)
            .line(&opposite("TWELFTH NIGHT", "STALLS C 12", COLUMNS))
            .bold(false)
            .line(&opposite(
                &self.date.strftime("%a %-d %b %Y, 19:30").to_string(),
                "£47.50",
                COLUMNS,
            ))
            .feed(14)
            .align(Align::Centre)
            .code128(&self.order, 3, 88)
            .feed(24);
    }
}

/// One text at the left edge and one at the right.
fn opposite(left: &str, right: &str, columns: usize) -> String {
    let gap = columns.saturating_sub(left.chars().count() + right.chars().count());
    format!("{left}{:gap$}{right}", "")
}
