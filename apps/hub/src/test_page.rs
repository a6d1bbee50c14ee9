//! A printer's test page: our own ticket document, made for the printer's head, that shows what it is,
//! how wide it prints, how small a text it can, and whether its codes can be scanned.
//!
//! A printer that only takes bytes as they are gets the same facts as plain text.

use cueline_documents::ticket::TicketDocument;
use cueline_documents::{Limits, PageSetup};
use cueline_model::{ContentType, Language, PrinterName};
use cueline_wire::Timestamp;
use serde_json::{Value, json};

const TITLE: &str = "Cueline test page";
const MM_PER_INCH: f64 = 25.4;
const MM_PER_PT: f64 = MM_PER_INCH / 72.0;
/// Lower than this it is a ticket, read along the paper: the codes stand beside the text.
const LOW_MM: f64 = 70.0;
/// No head is smaller or larger.
const SIDE_MM_MIN: f64 = 10.0;
const SIDE_MM_MAX: f64 = 1_000.0;
/// From so much room on a low page has two columns of text.
const TWO_COLUMNS_MM: f64 = 80.0;
/// Sizes of text that are shown, points.
const SIZES_PT: [u32; 5] = [6, 8, 10, 14, 20];
/// Between the marks of the ruler that are numbered.
const NUMBERED_EVERY_MM: u32 = 10;
/// Bare paper on either side of a CODE128, modules: ten are asked for.
const QUIET_MODULES: f64 = 11.0;
/// The widest module of a barcode.
const MODULE_MM_MAX: f64 = 0.375;
/// Room beside what is printed.
const MARGIN_MM: f64 = 2.0;

/// What a test page says, and the head it is made for.
#[derive(Debug, Clone)]
pub struct TestPage {
    /// The printer.
    pub printer: PrinterName,
    /// What people call its agent.
    pub agent: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// What the printer speaks.
    pub language: Language,
    /// Dots to an inch.
    pub dpi: u16,
    /// Dots across a page.
    pub width_dots: u16,
    /// Dots down a page; `None` for a roll.
    pub height_dots: Option<u16>,
}

impl TestPage {
    /// The document and what it is, for a printer that takes `takes`; `None` where it takes neither of
    /// what a test page can be, or its head is too small for one.
    #[must_use]
    pub fn document(&self, takes: &[ContentType]) -> Option<(ContentType, Vec<u8>)> {
        if takes.contains(&ContentType::Ticket) {
            let sides = [Some(self.width_dots), self.height_dots];
            let mut sides = sides.into_iter().flatten().map(|dots| self.mm(dots));
            if !sides.all(|mm| (SIDE_MM_MIN..SIDE_MM_MAX).contains(&mm)) {
                return None;
            }
            let ticket = self.ticket().to_string().into_bytes();
            return self.fits(&ticket).then_some((ContentType::Ticket, ticket));
        }
        let text = takes.contains(&ContentType::Raw) && self.language == Language::Raw;
        text.then(|| (ContentType::Raw, self.text().into_bytes()))
    }

    /// Whether it can be set for the head, which may be of any size that an agent tells. It holds no
    /// picture, so nothing is decoded here.
    fn fits(&self, ticket: &[u8]) -> bool {
        let head = PageSetup::new(self.dpi, self.width_dots, self.height_dots);
        TicketDocument::parse(ticket)
            .and_then(|ticket| ticket.layout(0, &head, &Limits::default()))
            .inspect_err(|error| tracing::warn!(printer = %self.printer, %error, "no test page"))
            .is_ok()
    }

    /// Lines that end as every printer of plain text understands, and a form feed.
    fn text(&self) -> String {
        let lines = [
            "Cueline test page".to_owned(),
            format!("printer {}", self.printer),
            format!("agent   {}", ascii(&self.agent)),
            format!("asked   {}", self.at),
            "0123456789 ABCDEFGHIJKLMNOPQRSTUVWXYZ".to_owned(),
        ];
        lines.join("\r\n") + "\r\n\x0c"
    }

    fn ticket(&self) -> Value {
        let width = self.mm(self.width_dots);
        let height = self.height_dots.map(|dots| self.mm(dots));
        let low = height.filter(|height| *height < LOW_MM && *height < width);
        let mut elements = Elements::default();
        match low {
            Some(height) => self.low(&mut elements, width, height),
            None => self.tall(&mut elements, width),
        }
        let height = low.map_or_else(|| json!("auto"), |height| json!(height));
        json!({
            "cueline_ticket": 1,
            "size": {"width_mm": width, "height_mm": height},
            "elements": elements.0,
        })
    }

    /// One below the other, as on a roll, a label or a sheet.
    fn tall(&self, page: &mut Elements, width: f64) {
        let across = width - 2.0 * MARGIN_MM;
        let mut y = page.ruler(0.0, width) + 3.0;
        page.text(TITLE, (MARGIN_MM, y), 16, across);
        y += 8.0;
        for fact in self.facts() {
            page.fact(&fact, (MARGIN_MM, y), 9, across);
            y += 4.5;
        }
        y += 2.0;
        for size in SIZES_PT {
            page.sample((MARGIN_MM, y), size, across);
            y += line_mm(size) + 1.0;
        }
        y += 4.0;
        let side = (across * 0.4).clamp(12.0, 30.0);
        page.qr(&self.marks(), (MARGIN_MM + 4.0, y), side);
        y += side + 6.0;
        let data = "CUELINE TEST";
        let module = self.module(data, width);
        page.barcode(data, (QUIET_MODULES * module, y), 12.0, module, true);
    }

    /// Text at the left, codes at the right and below, as on a ticket that is read along the paper.
    fn low(&self, page: &mut Elements, width: f64, height: f64) {
        let top = page.ruler(0.0, width) + 2.0;
        let side = (height - top - 10.0).clamp(8.0, 28.0);
        let left = (width - side - 12.0).max(width * 0.4) - MARGIN_MM;
        page.qr(&self.marks(), (width - side - 5.0, top + 3.0), side);
        let data = "CUELINE";
        let module = self.module(data, left);
        let code_top = height - 7.0;
        page.barcode(data, (QUIET_MODULES * module, code_top), 5.5, module, false);
        // The sizes stand beside the facts where there is room, below them where there is not.
        let beside = left >= TWO_COLUMNS_MM;
        let across = if beside { left * 0.55 } else { left };
        let mut y = top;
        page.text(TITLE, (MARGIN_MM, y), 14, across);
        y += 6.5;
        for fact in self.facts() {
            if y + line_mm(8) > code_top - 1.0 {
                break;
            }
            page.fact(&fact, (MARGIN_MM, y), 8, across);
            y += line_mm(8) + 0.3;
        }
        let x = if beside {
            MARGIN_MM + left * 0.58
        } else {
            MARGIN_MM
        };
        let across = if beside { left * 0.42 } else { left };
        let mut y = if beside { top } else { y };
        for size in SIZES_PT {
            if y + line_mm(size) > code_top - 1.0 {
                break;
            }
            page.sample((x, y), size, across);
            y += line_mm(size) + 0.3;
        }
    }

    fn facts(&self) -> Vec<String> {
        let down = self.height_dots.map_or_else(
            || "a roll".to_owned(),
            |dots| format!("{:.1} mm, {dots} dots", self.mm(dots)),
        );
        vec![
            format!("printer {}", self.printer),
            format!("agent {}", latin(&self.agent)),
            format!("asked {}", self.at),
            format!(
                "{}, {} dpi, {:.1} mm, {} dots across",
                self.language,
                self.dpi,
                self.mm(self.width_dots),
                self.width_dots
            ),
            format!("down: {down}"),
        ]
    }

    /// What the QR code holds.
    fn marks(&self) -> String {
        format!("cueline test page {} {}", self.printer, self.at)
    }

    /// The width of a module of a CODE128 of `data`, in whole dots, so that it fits on `width` mm with
    /// its quiet zones; at most what scanners like best.
    fn module(&self, data: &str, width: f64) -> f64 {
        // Start, check and stop characters of 11 modules like the others, and the end bar of two.
        let modules = (data.len() as f64 + 3.0) * 11.0 + 2.0 + 2.0 * QUIET_MODULES;
        let dots_per_mm = f64::from(self.dpi.max(1)) / MM_PER_INCH;
        let dots = (width * dots_per_mm / modules).floor();
        dots.clamp(1.0, (MODULE_MM_MAX * dots_per_mm).max(1.0).round()) / dots_per_mm
    }

    /// Rounded down, so that it is on the paper in dots.
    fn mm(&self, dots: u16) -> f64 {
        let mm = f64::from(dots) * MM_PER_INCH / f64::from(self.dpi.max(1));
        (mm * 100.0).floor() / 100.0
    }
}

#[derive(Default)]
struct Elements(Vec<Value>);

impl Elements {
    /// Words of ours, made smaller where they are too long.
    fn text(&mut self, text: &str, (x, y): (f64, f64), size_pt: u32, max_width: f64) {
        self.0.push(json!({
            "type": "text", "text": text, "x_mm": x, "y_mm": y, "size_pt": size_pt,
            "max_width_mm": max_width, "missing": "box",
        }));
    }

    /// Words with names that people gave, cut where they would be too long in whatever letters.
    fn fact(&mut self, fact: &str, at: (f64, f64), size_pt: u32, max_width: f64) {
        // The widest letters are as wide as the size, and a text is made half its size at most.
        let chars = max_width / (f64::from(size_pt) * MM_PER_PT / 2.0);
        let cut: String = fact.chars().take(chars as usize).collect();
        self.text(&cut.replace("{{", "{ {"), at, size_pt, max_width);
    }

    /// As much of a line as there is room for in its full size.
    fn sample(&mut self, at: (f64, f64), size_pt: u32, max_width: f64) {
        let sample = format!("{size_pt} pt Hamlet Row C Seat 12");
        let chars = max_width / (f64::from(size_pt) * MM_PER_PT * 0.57);
        let cut: String = sample.chars().take((chars as usize).max(3)).collect();
        self.text(cut.trim_end(), at, size_pt, max_width);
    }

    fn line(&mut self, x: f64, y: f64, length: f64, direction: &str) {
        self.0.push(json!({
            "type": "line", "x_mm": x, "y_mm": y, "length_mm": length, "direction": direction,
        }));
    }

    /// From one edge of the head to the other: a mark every five millimetres, a number every ten.
    /// Gives the place below it.
    fn ruler(&mut self, y: f64, width: f64) -> f64 {
        self.line(0.0, y, width, "across");
        // The far edge, whose mark must not hang over.
        self.line((width - 0.26).max(0.0), y, 4.0, "down");
        let mut mark = 0;
        while f64::from(mark) < width - 1.0 {
            let numbered = mark % NUMBERED_EVERY_MM == 0;
            self.line(f64::from(mark), y, if numbered { 3.0 } else { 1.8 }, "down");
            if numbered && mark > 0 && f64::from(mark) < width - 4.0 {
                self.0.push(json!({
                    "type": "text", "text": mark.to_string(), "x_mm": mark, "y_mm": y + 3.2,
                    "size_pt": 6, "align": "center",
                }));
            }
            mark += NUMBERED_EVERY_MM / 2;
        }
        y + 6.0
    }

    fn qr(&mut self, data: &str, (x, y): (f64, f64), side: f64) {
        self.0.push(json!({
            "type": "qr", "data": data, "x_mm": x, "y_mm": y, "size_mm": side,
        }));
    }

    fn barcode(
        &mut self,
        data: &str,
        (x, y): (f64, f64),
        height: f64,
        module: f64,
        show_text: bool,
    ) {
        self.0.push(json!({
            "type": "barcode", "code": "code128", "data": data, "x_mm": x, "y_mm": y,
            "height_mm": height, "module_mm": module, "show_text": show_text,
        }));
    }
}

/// From one line to the next.
fn line_mm(size_pt: u32) -> f64 {
    f64::from(size_pt) * MM_PER_PT * 1.27
}

/// Without what no font of a plain printer has.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect()
}

/// Without what would move the text: names people give come with what they like.
fn latin(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
#[path = "test_page_tests.rs"]
mod tests;
