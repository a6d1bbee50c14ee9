//! Commands onto paper: text lines, pictures, codes.

use qrcode::{Color, EcLevel, QrCode};

use super::barcode;
use super::command::Command;
use super::font::{self, GLYPH_HEIGHT, GLYPH_WIDTH};
use super::paper::{HEAD_DOTS, Paper};

/// Dots from one line to the next unless `ESC 3` says otherwise.
const LINE_SPACING_DOTS: usize = 30;
/// Lines of text remembered for one ticket.
const TEXT_LINES_MAX: usize = 1_000;
/// Data of one QR code; the largest code holds 2953 bytes.
const QR_BYTES_MAX: usize = 3_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Style {
    width: usize,
    height: usize,
    bold: bool,
    underline_dots: usize,
    inverted: bool,
}

impl Style {
    const PLAIN: Self = Self {
        width: 1,
        height: 1,
        bold: false,
        underline_dots: 0,
        inverted: false,
    };

    fn advance_dots(self) -> usize {
        GLYPH_WIDTH * self.width
    }
}

/// What commands have set until `ESC @`.
#[derive(Debug, Clone)]
struct Modes {
    style: Style,
    align: u8,
    code_page: u8,
    line_spacing_dots: usize,
    bar_height_dots: usize,
    bar_width_dots: usize,
    bar_text: u8,
    qr_module_dots: usize,
    qr_level: EcLevel,
    qr_data: Vec<u8>,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            style: Style::PLAIN,
            align: 0,
            code_page: 0,
            line_spacing_dots: LINE_SPACING_DOTS,
            bar_height_dots: 162,
            bar_width_dots: 3,
            bar_text: 0,
            qr_module_dots: 3,
            qr_level: EcLevel::L,
            qr_data: Vec::new(),
        }
    }
}

/// The print mechanism: paper since the last cut, and the line that is not printed yet.
#[derive(Debug, Default)]
pub(super) struct Interpreter {
    paper: Paper,
    modes: Modes,
    line: Vec<(char, Style)>,
    text_lines: Vec<String>,
}

/// What a ticket consists of when it comes off the roll.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) paper: Paper,
    pub(super) text_lines: Vec<String>,
}

impl Interpreter {
    /// Whether anything was printed or fed since the last cut.
    pub(super) fn is_blank(&self) -> bool {
        self.paper.height() == 0 && self.line.is_empty()
    }

    /// Whether the paper has reached its limit and must come off.
    pub(super) fn is_full(&self) -> bool {
        self.paper.is_full()
    }

    /// Takes the paper off, with what stands in an unfinished line.
    pub(super) fn take_sheet(&mut self, feed_dots: u8) -> Sheet {
        if !self.line.is_empty() {
            self.print_line();
        }
        self.paper.feed(usize::from(feed_dots));
        Sheet {
            paper: std::mem::take(&mut self.paper),
            text_lines: std::mem::take(&mut self.text_lines),
        }
    }

    /// Carries out one command; those that need the connection or the cutter do nothing here.
    pub(super) fn apply(&mut self, command: &Command) {
        let modes = &mut self.modes;
        match command {
            Command::Text(byte) => self.put(font::character(*byte, self.modes.code_page)),
            Command::LineFeed => self.print_line(),
            Command::Initialize => {
                self.line.clear();
                self.modes = Modes::default();
            }
            Command::PrintMode(n) => modes.style = print_mode(*n, modes.style),
            Command::Bold(on) => modes.style.bold = *on,
            Command::Underline(n) => modes.style.underline_dots = usize::from(*n & 0x03).min(2),
            Command::Invert(on) => modes.style.inverted = *on,
            Command::Size(n) => {
                modes.style.width = usize::from(n >> 4 & 0x07) + 1;
                modes.style.height = usize::from(n & 0x07) + 1;
            }
            Command::Align(n) => modes.align = n & 0x03,
            Command::CodePage(n) => modes.code_page = *n,
            Command::FeedLines(n) => {
                self.print_line();
                let spacing = self.modes.line_spacing_dots;
                self.paper.feed(usize::from(*n).saturating_sub(1) * spacing);
            }
            Command::FeedDots(n) => {
                self.finish_line();
                self.paper.feed(usize::from(*n));
            }
            Command::LineSpacing(n) => {
                modes.line_spacing_dots = n.map_or(LINE_SPACING_DOTS, usize::from);
            }
            Command::RasterRow {
                dots,
                double_width,
                double_height,
            } => self.print_row(dots, *double_width, *double_height),
            Command::Symbol {
                kind: 49,
                function,
                data,
            } => self.qr(*function, data),
            Command::Barcode { system, data } => self.barcode(*system, data),
            Command::BarcodeHeight(n) => modes.bar_height_dots = usize::from((*n).max(1)),
            Command::BarcodeWidth(n) => modes.bar_width_dots = usize::from((*n).clamp(1, 6)),
            Command::BarcodeText(n) => modes.bar_text = n & 0x03,
            Command::Symbol { .. }
            | Command::Cut { .. }
            | Command::TransmitStatus(_)
            | Command::ProcessId(_)
            | Command::StatusBack(_)
            | Command::RealTime
            | Command::Ignored => {}
        }
    }

    fn put(&mut self, character: char) {
        let used: usize = self
            .line
            .iter()
            .map(|(_, style)| style.advance_dots())
            .sum();
        if used + self.modes.style.advance_dots() > HEAD_DOTS {
            self.print_line();
        }
        self.line.push((character, self.modes.style));
    }

    fn finish_line(&mut self) {
        if !self.line.is_empty() {
            self.print_line();
        }
    }

    fn print_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text: String = line.iter().map(|(character, _)| character).collect();
        self.remember(text.trim_end());
        let top = self.paper.height();
        let tallest = line
            .iter()
            .map(|(_, style)| style.height)
            .max()
            .unwrap_or(1)
            * GLYPH_HEIGHT;
        let needed = if line.is_empty() { 0 } else { tallest };
        self.paper.feed(self.modes.line_spacing_dots.max(needed));
        let width = line.iter().map(|(_, style)| style.advance_dots()).sum();
        let mut x = self.left_edge(width);
        for (character, style) in line {
            // Characters of different height stand on one base line.
            self.draw(
                character,
                style,
                x,
                top + tallest - style.height * GLYPH_HEIGHT,
            );
            x += style.advance_dots();
        }
    }

    fn draw(&mut self, character: char, style: Style, left: usize, top: usize) {
        let dots = font::dots(character);
        for y in 0..GLYPH_HEIGHT * style.height {
            let row = &dots[y / style.height];
            let underlined = y + style.underline_dots >= GLYPH_HEIGHT * style.height;
            for x in 0..style.advance_dots() {
                let inked = |x: usize| row[x / style.width];
                let bold = style.bold && x >= style.width && inked(x - style.width);
                let ink = (inked(x) || bold || underlined) != style.inverted;
                self.paper.set(left + x, top + y, ink);
            }
        }
    }

    fn print_row(&mut self, dots: &[u8], double_width: bool, double_height: bool) {
        self.finish_line();
        let across = if double_width { 2 } else { 1 };
        let left = self.left_edge(dots.len() * 8 * across);
        for _ in 0..if double_height { 2 } else { 1 } {
            let y = self.paper.height();
            self.paper.feed(1);
            for x in 0..dots.len() * 8 * across {
                let dot = x / across;
                if dots[dot / 8] & (0x80 >> (dot % 8)) != 0 {
                    self.paper.set(left + x, y, true);
                }
            }
        }
    }

    /// `GS ( k` functions 67, 69, 80 and 81 for QR codes; model 2 is the only one there is here.
    fn qr(&mut self, function: u8, data: &[u8]) {
        let modes = &mut self.modes;
        match (function, data) {
            (67, [n, ..]) => modes.qr_module_dots = usize::from((*n).clamp(1, 16)),
            (69, [n, ..]) => {
                modes.qr_level = match n {
                    49 => EcLevel::M,
                    50 => EcLevel::Q,
                    51 => EcLevel::H,
                    _ => EcLevel::L,
                }
            }
            (80, [_, data @ ..]) => modes.qr_data = data[..data.len().min(QR_BYTES_MAX)].to_vec(),
            (81, _) => self.print_qr(),
            _ => {}
        }
    }

    fn print_qr(&mut self) {
        let Modes {
            qr_data, qr_level, ..
        } = &self.modes;
        let Ok(code) = QrCode::with_error_correction_level(qr_data, *qr_level) else {
            return;
        };
        let module_dots = self.modes.qr_module_dots;
        let side = code.width() * module_dots;
        if side > HEAD_DOTS {
            return;
        }
        self.finish_line();
        let (left, top) = (self.left_edge(side), self.paper.height());
        self.paper.feed(side);
        for y in 0..side {
            for x in 0..side {
                let dark = code[(x / module_dots, y / module_dots)] == Color::Dark;
                self.paper.set(left + x, top + y, dark);
            }
        }
    }

    /// EAN-13 (67) and CODE128 (73); what is not valid or too wide is not printed, as on a printer.
    fn barcode(&mut self, system: u8, data: &[u8]) {
        let code = match system {
            67 => barcode::ean13(data),
            73 => barcode::code128(data).map(|bars| (bars, barcode::code128_text(data))),
            _ => None,
        };
        let Some((bars, text)) = code else { return };
        let module_dots = self.modes.bar_width_dots;
        let width = bars.iter().map(|bar| usize::from(*bar)).sum::<usize>() * module_dots;
        if width > HEAD_DOTS {
            return;
        }
        self.finish_line();
        let left = self.left_edge(width);
        if self.modes.bar_text & 1 != 0 {
            self.bar_text(&text, left, width);
        }
        let top = self.paper.height();
        self.paper.feed(self.modes.bar_height_dots);
        let mut x = left;
        for (index, bar) in bars.iter().enumerate() {
            let bar_dots = usize::from(*bar) * module_dots;
            if index % 2 == 0 {
                self.fill(x, top, bar_dots);
            }
            x += bar_dots;
        }
        if self.modes.bar_text & 2 != 0 {
            self.bar_text(&text, left, width);
        }
    }

    fn fill(&mut self, left: usize, top: usize, width: usize) {
        for y in top..self.paper.height() {
            for x in left..left + width {
                self.paper.set(x, y, true);
            }
        }
    }

    fn bar_text(&mut self, text: &str, left: usize, width: usize) {
        const GAP_DOTS: usize = 4;
        self.remember(text);
        let top = self.paper.height() + GAP_DOTS;
        self.paper.feed(GLYPH_HEIGHT + 2 * GAP_DOTS);
        let text_width = text.chars().count() * GLYPH_WIDTH;
        let mut x = (left + width / 2).saturating_sub(text_width / 2);
        for character in text.chars() {
            self.draw(character, Style::PLAIN, x, top);
            x += GLYPH_WIDTH;
        }
    }

    fn remember(&mut self, text: &str) {
        if !text.trim().is_empty() && self.text_lines.len() < TEXT_LINES_MAX {
            self.text_lines.push(text.to_owned());
        }
    }

    fn left_edge(&self, width: usize) -> usize {
        let free = HEAD_DOTS.saturating_sub(width);
        match self.modes.align {
            1 => free / 2,
            2 => free,
            _ => 0,
        }
    }
}

/// `ESC ! n`: emphasis, double height and width, underline in one byte.
fn print_mode(n: u8, style: Style) -> Style {
    Style {
        width: if n & 0x20 != 0 { 2 } else { 1 },
        height: if n & 0x10 != 0 { 2 } else { 1 },
        bold: n & 0x08 != 0,
        underline_dots: if n & 0x80 != 0 { 1 } else { 0 },
        ..style
    }
}
