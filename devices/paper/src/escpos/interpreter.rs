//! Commands onto paper: text lines, pictures, codes.

use cueline_documents::Bits;
use cueline_documents::codes::{self, Level};

use super::command::Command;
use crate::font;
use crate::head::{Head, ROWS_MAX};
use crate::page;
use crate::sheet::{Edge, Sheet};
use crate::text::CodePage;

/// Dots across one character of normal size, and down.
const GLYPH_WIDTH: usize = 12;
const GLYPH_HEIGHT: usize = 24;

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
    code_page: CodePage,
    line_spacing_dots: usize,
    bar_height_dots: usize,
    bar_width_dots: usize,
    bar_text: u8,
    qr_module_dots: usize,
    qr_level: Level,
    qr_data: Vec<u8>,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            style: Style::PLAIN,
            align: 0,
            code_page: CodePage::Cp437,
            line_spacing_dots: LINE_SPACING_DOTS,
            bar_height_dots: 162,
            bar_width_dots: 3,
            bar_text: 0,
            qr_module_dots: 3,
            qr_level: Level::L,
            qr_data: Vec::new(),
        }
    }
}

/// Paper since the last cut, and the line that is not printed yet.
#[derive(Debug)]
pub(super) struct Receipt {
    paper: Bits,
    modes: Modes,
    line: Vec<(char, Style)>,
    text: Vec<String>,
    refused: u64,
}

impl Receipt {
    pub(super) fn new(head: Head) -> Self {
        Self {
            paper: Bits::blank(head.width(), 0),
            modes: Modes::default(),
            line: Vec::new(),
            text: Vec::new(),
            refused: 0,
        }
    }

    /// Whether nothing was printed or fed since the last cut.
    pub(super) fn is_blank(&self) -> bool {
        self.fed_rows() == 0 && self.line.is_empty()
    }

    /// Whether the paper has reached its limit and must come off.
    pub(super) fn is_full(&self) -> bool {
        self.fed_rows() >= ROWS_MAX
    }

    /// Rows since the last cut.
    pub(super) fn fed_rows(&self) -> usize {
        self.paper.height_dots()
    }

    /// Codes that were not printed because their data is not valid or the paper too narrow.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Takes the paper off, with what stands in an unfinished line.
    pub(super) fn take_sheet(&mut self, feed_dots: u8, edge: Edge) -> Sheet {
        self.finish_line();
        self.feed(usize::from(feed_dots));
        let blank = Bits::blank(self.paper.width_dots(), 0);
        Sheet {
            bits: std::mem::replace(&mut self.paper, blank),
            text: std::mem::take(&mut self.text),
            edge,
        }
    }

    /// Moves the paper on; past the limit it stays.
    fn feed(&mut self, dots: usize) {
        let rows = (self.fed_rows() + dots).min(ROWS_MAX);
        let paper = std::mem::replace(&mut self.paper, Bits::blank(0, 0));
        self.paper = paper.with_height(rows);
    }

    /// Carries out one command; those that need the connection or the cutter do nothing here.
    pub(super) fn apply(&mut self, command: &Command) {
        let modes = &mut self.modes;
        match command {
            Command::Text(byte) => self.put(self.modes.code_page.character(*byte)),
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
            // Epson's numbers.
            Command::CodePage(n) => {
                modes.code_page = match n {
                    2 => CodePage::Cp850,
                    16 => CodePage::Windows1252,
                    19 => CodePage::Cp858,
                    _ => CodePage::Cp437,
                }
            }
            Command::FeedLines(n) => {
                self.print_line();
                let spacing = self.modes.line_spacing_dots;
                self.feed(usize::from(*n).saturating_sub(1) * spacing);
            }
            Command::FeedDots(n) => {
                self.finish_line();
                self.feed(usize::from(*n));
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
        if used + self.modes.style.advance_dots() > self.paper.width_dots() {
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
        let top = self.fed_rows();
        let tallest = line
            .iter()
            .map(|(_, style)| style.height)
            .max()
            .unwrap_or(1)
            * GLYPH_HEIGHT;
        let needed = if line.is_empty() { 0 } else { tallest };
        self.feed(self.modes.line_spacing_dots.max(needed));
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
        let dots = font::glyph(character, GLYPH_WIDTH, GLYPH_HEIGHT);
        for y in 0..GLYPH_HEIGHT * style.height {
            let underlined = y + style.underline_dots >= GLYPH_HEIGHT * style.height;
            for x in 0..style.advance_dots() {
                let inked = |x: usize| dots.get(x / style.width, y / style.height);
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
            let y = self.fed_rows();
            self.feed(1);
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
                    49 => Level::M,
                    50 => Level::Q,
                    51 => Level::H,
                    _ => Level::L,
                }
            }
            (80, [_, data @ ..]) => modes.qr_data = data[..data.len().min(QR_BYTES_MAX)].to_vec(),
            (81, _) => self.print_qr(),
            _ => {}
        }
    }

    fn print_qr(&mut self) {
        let Ok(code) = codes::qr(&self.modes.qr_data, self.modes.qr_level) else {
            self.refused += 1;
            return;
        };
        let block = page::matrix(&code, self.modes.qr_module_dots);
        if block.width_dots() > self.paper.width_dots() {
            self.refused += 1;
            return;
        }
        self.finish_line();
        self.print_block(&block);
    }

    /// What is not valid or too wide is not printed, as on a printer.
    fn barcode(&mut self, system: u8, data: &[u8]) {
        let text = String::from_utf8_lossy(data);
        let code = match system {
            65 => codes::upca(&text).ok(),
            67 => codes::ean13(&text).ok(),
            68 => codes::ean8(&text).ok(),
            // The stars of CODE39 may be sent or left to the printer.
            69 => codes::code39(text.trim_matches('*')).ok(),
            70 => codes::itf(&text).ok(),
            73 => codes::code128_escpos(data),
            _ => None,
        };
        let Some(code) = code else {
            self.refused += 1;
            return;
        };
        let module_dots = self.modes.bar_width_dots;
        let block = page::bars(
            &code,
            |run| usize::from(run) * module_dots,
            self.modes.bar_height_dots,
        );
        let width = block.width_dots();
        if width > self.paper.width_dots() {
            self.refused += 1;
            return;
        }
        self.finish_line();
        let left = self.left_edge(width);
        if self.modes.bar_text & 1 != 0 {
            self.bar_text(&code.text, left, width);
        }
        self.print_block(&block);
        if self.modes.bar_text & 2 != 0 {
            self.bar_text(&code.text, left, width);
        }
    }

    fn print_block(&mut self, block: &Bits) {
        let (left, top) = (self.left_edge(block.width_dots()), self.fed_rows());
        self.feed(block.height_dots());
        let place = |dots: usize| isize::try_from(dots).unwrap_or(isize::MAX);
        self.paper.draw(block, place(left), place(top));
    }

    fn bar_text(&mut self, text: &str, left: usize, width: usize) {
        const GAP_DOTS: usize = 4;
        self.remember(text);
        let top = self.fed_rows() + GAP_DOTS;
        self.feed(GLYPH_HEIGHT + 2 * GAP_DOTS);
        let text_width = text.chars().count() * GLYPH_WIDTH;
        let mut x = (left + width / 2).saturating_sub(text_width / 2);
        for character in text.chars() {
            self.draw(character, Style::PLAIN, x, top);
            x += GLYPH_WIDTH;
        }
    }

    fn remember(&mut self, text: &str) {
        if !text.trim().is_empty() && self.text.len() < TEXT_LINES_MAX {
            self.text.push(text.to_owned());
        }
    }

    fn left_edge(&self, width: usize) -> usize {
        let free = self.paper.width_dots().saturating_sub(width);
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
