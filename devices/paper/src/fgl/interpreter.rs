//! FGL commands onto the page of a ticket.

use cueline_documents::Bits;
use cueline_model::Rotation;

use super::command::Command;
use super::type_face::TypeFace;
use super::{barcode, graphics, qr};
use crate::head::Head;
use crate::page::{self, Ink, Page};
use crate::sheet::{Edge, Sheet};
use crate::text::{CodePage, Decoder};

/// Text, codes and lines are at most this many times as large as they are.
const TIMES_MAX: usize = 16;
/// Dots of the longer side of one character; larger ones are cut.
const CHARACTER_DOTS_MAX: usize = 2_000;
/// A bar code's height is given in these.
const UNIT_DOTS: usize = 8;
/// Dots from a code to the text beside it.
const GAP_DOTS: usize = 4;

/// What commands have set; each ticket begins with the printer's own settings.
#[derive(Debug, Clone)]
struct Modes {
    row: isize,
    column: isize,
    /// Where the line of text began.
    line_row: isize,
    line_column: isize,
    rotation: Rotation,
    face: TypeFace,
    height_times: usize,
    width_times: usize,
    inverse: bool,
    line_dots: usize,
    module_dots: usize,
    interpretation: bool,
    bar_code: Option<BarCode>,
    copies: u32,
    code_page: CodePage,
    /// The version QR codes are made in; the smallest that does where none is set.
    qr_version: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct BarCode {
    symbology: u8,
    rotation: Rotation,
    three_to_one: bool,
    height: usize,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            row: 0,
            column: 0,
            line_row: 0,
            line_column: 0,
            rotation: Rotation::R0,
            face: TypeFace::standard(),
            height_times: 1,
            width_times: 1,
            inverse: false,
            line_dots: 1,
            module_dots: 1,
            interpretation: false,
            bar_code: None,
            copies: 1,
            code_page: CodePage::Cp437,
            qr_version: None,
        }
    }
}

/// A ticket in the making.
#[derive(Debug)]
pub(super) struct Ticket {
    head: Head,
    page: Page,
    modes: Modes,
    decoder: Decoder,
    /// The line of text that is being written, and where it began.
    line: String,
    line_at: (isize, isize),
    refused: u64,
}

impl Ticket {
    pub(super) fn new(head: Head) -> Self {
        Self {
            head,
            page: Page::new(head.width(), head.height()),
            modes: Modes::default(),
            decoder: Decoder::default(),
            line: String::new(),
            line_at: (0, 0),
            refused: 0,
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.page.is_blank()
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// The symbology whose data comes next.
    pub(super) fn awaits_bar_data(&self) -> Option<u8> {
        self.modes.bar_code.map(|code| code.symbology)
    }

    pub(super) fn forget_bar_code(&mut self) {
        self.modes.bar_code = None;
    }

    /// Takes everything off the page.
    pub(super) fn clear(&mut self) {
        self.page = Page::new(self.head.width(), self.head.height());
        self.modes = Modes::default();
        self.decoder = Decoder::default();
        self.line.clear();
    }

    /// The page as a ticket, and how many of it.
    pub(super) fn print(&mut self, edge: Edge, hold: bool) -> (Sheet, u32) {
        self.end_line();
        let copies = self.modes.copies;
        let sheet = self.page.clone().into_sheet(None, edge);
        if hold {
            self.modes.copies = 1;
        } else {
            self.clear();
        }
        (sheet, copies)
    }

    pub(super) fn apply(&mut self, command: Command) {
        if !matches!(command, Command::Text(_)) {
            self.end_line();
        }
        let modes = &mut self.modes;
        match command {
            Command::Text(byte) => self.text(byte),
            Command::NextLine => self.next_line(),
            Command::Place { row, column } => self.place(row as isize, column as isize),
            Command::Turn(quarters) => {
                modes.rotation = match quarters {
                    1 => Rotation::R90,
                    2 => Rotation::R180,
                    3 => Rotation::R270,
                    _ => Rotation::R0,
                }
            }
            Command::Font(number) => match TypeFace::numbered(number) {
                Some(face) => modes.face = face,
                None => self.refused += 1,
            },
            Command::TrueType { points } => modes.face = TypeFace::points(points, self.head.dpi),
            Command::Size { height, width } => {
                modes.height_times = height.clamp(1, TIMES_MAX);
                modes.width_times = width.clamp(1, TIMES_MAX);
            }
            Command::CharacterBox { width, height } => {
                modes.face.cell = (width.clamp(1, 1_000), height.clamp(1, 1_000));
            }
            Command::Inverse(on) => modes.inverse = on,
            Command::LineThickness(dots) => modes.line_dots = dots.clamp(1, 1_000),
            Command::Box { height, width } => self.draw_box(height, width),
            Command::HorizontalLine(dots) => {
                let thickness = self.take_thickness();
                self.rule(dots, thickness);
            }
            Command::VerticalLine(dots) => {
                let thickness = self.take_thickness();
                self.rule(thickness, dots);
            }
            Command::BarCode {
                symbology,
                ladder,
                turns,
                three_to_one,
                units,
            } => {
                modes.bar_code = Some(BarCode {
                    symbology,
                    rotation: bar_rotation(ladder, turns, modes.rotation),
                    three_to_one,
                    height: units * UNIT_DOTS,
                });
            }
            Command::BarData(data) => self.bar_code(&data),
            Command::Expand(times) => modes.module_dots = times.clamp(1, TIMES_MAX),
            Command::Interpretation => modes.interpretation = true,
            Command::Qr {
                module,
                tilde,
                level,
                data,
            } => self.qr(module, tilde, level, &data),
            Command::QrVersion(version) => modes.qr_version = Some(version),
            Command::Centred { field, text } => self.centred(field, &text),
            Command::Graphics(columns) => {
                let strip = graphics::strip(&columns);
                let (x, y) = (self.modes.column, self.modes.row);
                self.page.draw(&strip, x, y, Ink::Over);
                self.modes.column = x.saturating_add_unsigned(columns.len());
            }
            Command::Repeat(more) => modes.copies = more.saturating_add(1),
            Command::Translation(kind) => {
                modes.code_page = if kind == 4 {
                    CodePage::Utf8
                } else {
                    CodePage::Cp437
                };
            }
            Command::Refused => {
                modes.bar_code = None;
                self.refused += 1;
            }
            // Carried out by the printer and not on the page.
            Command::ClearBuffer
            | Command::Status
            | Command::TicketCount
            | Command::Print { .. } => {}
        }
    }

    fn place(&mut self, row: isize, column: isize) {
        let (width, height) = (self.page.width(), self.page.height_max());
        let off = |at: isize, length: usize| at < 0 || at.unsigned_abs() >= length;
        // Partly off the ticket is allowed and cut; wholly off is what the printer calls illegal.
        if off(row, height) || off(column, width) {
            self.refused += 1;
        }
        let modes = &mut self.modes;
        (modes.row, modes.column) = (row, column);
        (modes.line_row, modes.line_column) = (row, column);
    }

    fn text(&mut self, byte: u8) {
        let Some(character) = self.decoder.push(byte, self.modes.code_page) else {
            return;
        };
        if self.line.is_empty() {
            self.line_at = (self.modes.row, self.modes.column);
        }
        if self.line.len() < 4_000 {
            self.line.push(character);
        }
        self.character(character);
    }

    /// One character where the last one ended.
    fn character(&mut self, character: char) {
        let (face, times) = (
            self.modes.face,
            (self.modes.width_times, self.modes.height_times),
        );
        let scaled = |(width, height): (usize, usize)| {
            let dots = |length: usize, times: usize| (length * times).min(CHARACTER_DOTS_MAX);
            (dots(width, times.0), dots(height, times.1))
        };
        let (glyph, cell) = (scaled(face.glyph), scaled(face.cell));
        if self.page.affords(glyph.0.max(cell.0), glyph.1.max(cell.1)) {
            let mut block = page::cell(character, glyph, cell);
            if self.modes.inverse {
                block.invert(0, 0, cell.0, cell.1);
            }
            self.block(&block, self.modes.rotation);
        } else {
            self.refused += 1;
        }
        let step = signed(cell.0);
        let modes = &mut self.modes;
        match modes.rotation {
            Rotation::R0 => modes.column = modes.column.saturating_add(step),
            Rotation::R90 => modes.row = modes.row.saturating_add(step),
            Rotation::R180 => modes.column = modes.column.saturating_sub(step),
            Rotation::R270 => modes.row = modes.row.saturating_sub(step),
        }
    }

    /// The start of the next line of text: below the last one, as the text is turned.
    fn next_line(&mut self) {
        let modes = &mut self.modes;
        let step = signed(modes.face.cell.1 * modes.height_times);
        match modes.rotation {
            Rotation::R0 => modes.line_row = modes.line_row.saturating_add(step),
            Rotation::R90 => modes.line_column = modes.line_column.saturating_sub(step),
            Rotation::R180 => modes.line_row = modes.line_row.saturating_sub(step),
            Rotation::R270 => modes.line_column = modes.line_column.saturating_add(step),
        }
        (modes.row, modes.column) = (modes.line_row, modes.line_column);
    }

    /// Remembers the line of text that has ended.
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let (row, column) = self.line_at;
        self.page.note(&line, column, row);
    }

    fn centred(&mut self, field: usize, text: &[u8]) {
        let text = self.modes.code_page.decode(text);
        let advance = self.modes.face.cell.0 * self.modes.width_times;
        let width = advance.saturating_mul(text.chars().count());
        let free = signed(field).saturating_sub(signed(width)).max(0) / 2;
        let (row, column) = (self.modes.row, self.modes.column);
        let modes = &mut self.modes;
        match modes.rotation {
            Rotation::R0 => modes.column = column.saturating_add(free),
            Rotation::R90 => modes.row = row.saturating_add(free),
            Rotation::R180 => modes.column = column.saturating_sub(free),
            Rotation::R270 => modes.row = row.saturating_sub(free),
        }
        self.page.note(&text, self.modes.column, self.modes.row);
        text.chars().for_each(|character| self.character(character));
    }

    fn draw_box(&mut self, height: usize, width: usize) {
        let thickness = self.take_thickness();
        let (x, y) = (self.modes.column, self.modes.row);
        let inner = |length: usize| signed(length.saturating_sub(thickness));
        let down = y.saturating_add(inner(height));
        let across = x.saturating_add(inner(width));
        self.page
            .fill(x, y, width, thickness.min(height), Ink::Over);
        self.page
            .fill(x, down, width, thickness.min(height), Ink::Over);
        self.page
            .fill(x, y, thickness.min(width), height, Ink::Over);
        self.page
            .fill(across, y, thickness.min(width), height, Ink::Over);
    }

    fn rule(&mut self, width: usize, height: usize) {
        let (x, y) = (self.modes.column, self.modes.row);
        self.page.fill(x, y, width, height, Ink::Over);
    }

    /// Thickness counts for one box or line.
    fn take_thickness(&mut self) -> usize {
        std::mem::replace(&mut self.modes.line_dots, 1)
    }

    fn bar_code(&mut self, data: &[u8]) {
        let Some(code) = self.modes.bar_code.take() else {
            return;
        };
        let interpretation = std::mem::take(&mut self.modes.interpretation);
        let Some(bars) = barcode::encode(code.symbology, code.three_to_one, data) else {
            self.refused += 1;
            return;
        };
        let module = self.modes.module_dots;
        if !self.page.affords(bars.modules() * module, code.height) {
            self.refused += 1;
            return;
        }
        let bits = page::bars(&bars, |run| usize::from(run) * module, code.height);
        let block = if interpretation {
            self.page
                .note(&bars.text, self.modes.column, self.modes.row);
            with_text(&bits, &bars.text)
        } else {
            bits
        };
        self.block(&block, code.rotation);
    }

    fn qr(&mut self, module: usize, tilde: bool, level: u32, data: &[u8]) {
        let data = if tilde {
            graphics::without_tildes(data)
        } else {
            data.to_vec()
        };
        match qr::matrix(&data, level, self.modes.qr_version) {
            Some(code)
                if self
                    .page
                    .affords(code.width() * module, code.width() * module) =>
            {
                self.block(&qr::draw(&code, module), self.modes.rotation);
            }
            _ => self.refused += 1,
        }
    }

    /// Draws a block that begins where the last one ended and runs the way it is turned: its own top
    /// left corner stays at that place.
    fn block(&mut self, block: &Bits, rotation: Rotation) {
        let (row, column) = (self.modes.row, self.modes.column);
        let turned = block.turned(rotation);
        let back = |length: usize| signed(length.saturating_sub(1));
        let left = column.saturating_sub(back(turned.width_dots()));
        let above = row.saturating_sub(back(turned.height_dots()));
        let (x, y) = match rotation {
            Rotation::R0 => (column, row),
            Rotation::R90 => (left, row),
            Rotation::R180 => (left, above),
            Rotation::R270 => (column, above),
        };
        self.page.draw(&turned, x, y, Ink::Over);
    }
}

/// Upper case bar codes stand as they are, whatever text does; lower case ones turn with it.
fn bar_rotation(ladder: bool, turns: bool, text: Rotation) -> Rotation {
    let backwards = turns && matches!(text, Rotation::R180 | Rotation::R270);
    match (ladder, backwards) {
        (false, false) => Rotation::R0,
        (false, true) => Rotation::R180,
        (true, false) => Rotation::R90,
        (true, true) => Rotation::R270,
    }
}

/// A code with its text under the bars.
fn with_text(bits: &Bits, text: &str) -> Bits {
    let glyph = (13, 20);
    let cell = (15, 22);
    let width = bits.width_dots();
    let top = bits.height_dots() + GAP_DOTS;
    let mut block = bits.clone().with_height(top + cell.1);
    let text_width = text.chars().count() * cell.0;
    let mut x = signed(width).saturating_sub(signed(text_width)) / 2;
    for character in text.chars() {
        block.draw(&page::cell(character, glyph, cell), x, signed(top));
        x = x.saturating_add(signed(cell.0));
    }
    block
}

fn signed(dots: usize) -> isize {
    isize::try_from(dots).unwrap_or(isize::MAX)
}
