//! ZPL commands onto the page of a label.

use cueline_documents::Bits;
use cueline_model::Rotation;

use super::command::{Command, Parameters};
use super::field::{Code, CodeKind, Content, Field, Font, TextBlock, rotation};
use super::{barcode, graphics, text_field};
use crate::head::{Head, ROWS_MAX};
use crate::page::{self, Ink, Page};
use crate::sheet::Sheet;
use crate::text::CodePage;

/// Bytes of one field's data, `^FD`.
const DATA_BYTES_MAX: usize = 3_072;
/// Dots from a code to the text beside it.
const GAP_DOTS: usize = 4;

/// What stays set from label to label.
#[derive(Debug)]
struct Settings {
    home: (i32, i32),
    top: i32,
    shift: i32,
    font: Font,
    rotation: Rotation,
    width: Option<usize>,
    length: Option<usize>,
    module_dots: usize,
    /// Wide to narrow bars, in tenths.
    ratio_tenths: usize,
    bar_height: usize,
    upside_down: bool,
    reverse: bool,
    cutter: bool,
    code_page: CodePage,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            home: (0, 0),
            top: 0,
            shift: 0,
            font: Font::STANDARD,
            rotation: Rotation::R0,
            width: None,
            length: None,
            module_dots: 2,
            ratio_tenths: 30,
            bar_height: 10,
            upside_down: false,
            reverse: false,
            cutter: false,
            code_page: CodePage::Cp850,
        }
    }
}

/// A label in the making.
#[derive(Debug)]
pub(super) struct Label {
    head: Head,
    settings: Settings,
    page: Option<Page>,
    field: Field,
    copies: u32,
    refused: u64,
}

impl Label {
    pub(super) fn new(head: Head) -> Self {
        Self {
            head,
            settings: Settings::default(),
            page: None,
            field: Field::new(Font::STANDARD, Rotation::R0),
            copies: 1,
            refused: 0,
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.page.as_ref().is_none_or(Page::is_blank)
    }

    /// Whether there was an `^XA` without its `^XZ`.
    pub(super) fn is_begun(&self) -> bool {
        self.page.is_some()
    }

    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// `^XA`; whether an unfinished label is lost by it.
    pub(super) fn begin(&mut self) -> bool {
        let lost = self.page.is_some();
        self.page = Some(Page::new(self.head.width(), None));
        self.copies = 1;
        self.new_field();
        lost
    }

    /// `~JA`
    pub(super) fn abandon(&mut self) {
        self.page = None;
    }

    /// `^XZ`: the label, and how many of it. None without an `^XA`, or with nothing in it.
    pub(super) fn print(&mut self) -> Option<(Sheet, u32)> {
        let page = self.page.take()?;
        // A format that only sets something up prints nothing.
        if page.is_blank() {
            return None;
        }
        let length = self.settings.length.map(|dots| dots.min(ROWS_MAX));
        let mut sheet = page.into_sheet(
            length.or(self.head.height()),
            super::edge(self.settings.cutter),
        );
        if self.settings.upside_down {
            sheet.bits = sheet.bits.turned(Rotation::R180);
        }
        Some((sheet, self.copies))
    }

    /// Carries out a command; whether it is known.
    pub(super) fn apply(&mut self, command: &Command) -> bool {
        let given = command.parameters();
        match &command.name {
            b"FS" => self.end_field(),
            b"FO" | b"FT" => {
                self.field.x = given.number(0).unwrap_or(0).clamp(-32_000, 32_000);
                self.field.y = given.number(1).unwrap_or(0).clamp(-32_000, 32_000);
                self.field.by_base_line = command.name == *b"FT";
                self.field.from_right = given.number(2) == Some(1);
            }
            b"FD" | b"FV" => {
                let data = command.rest.get(..DATA_BYTES_MAX).unwrap_or(&command.rest);
                self.field.data = Some(data.to_vec());
            }
            b"FH" => self.field.hex_sign = Some(command.rest.first().copied().unwrap_or(b'_')),
            b"FR" => self.field.reverse = true,
            b"FB" => {
                self.field.block = Some(TextBlock {
                    width: given.dots(0).unwrap_or(0).min(32_000),
                    lines: given.dots(1).unwrap_or(1).clamp(1, 1_000),
                    spacing: given.number(2).unwrap_or(0).clamp(-2_000, 2_000),
                    justify: given.letter(3).unwrap_or(b'L'),
                });
            }
            b"FX" => {}
            b"CF" => {
                let name = given.letter(0).unwrap_or(self.settings.font.name);
                self.settings.font = Font::sized(name, given.dots(1), given.dots(2));
                self.field.font = self.settings.font;
            }
            [b'A', name] => self.font(*name, command),
            b"GB" => self.draw_box(&given),
            b"GF" => self.graphic(command, &given),
            [b'B', _] if self.code(command.name[1], &given) => {}
            _ => return self.setting(command, &given),
        }
        true
    }

    fn setting(&mut self, command: &Command, given: &Parameters<'_>) -> bool {
        let settings = &mut self.settings;
        match &command.name {
            b"LH" => settings.home = (given.number(0).unwrap_or(0), given.number(1).unwrap_or(0)),
            b"LT" => settings.top = given.number(0).unwrap_or(0),
            b"LS" => settings.shift = given.number(0).unwrap_or(0),
            b"LL" => settings.length = given.dots(0).filter(|dots| *dots > 0),
            b"LR" => settings.reverse = given.yes(0).unwrap_or(false),
            b"PW" => settings.width = given.dots(0).filter(|dots| *dots > 1),
            b"PO" => settings.upside_down = given.letter(0) == Some(b'I'),
            b"PQ" => self.copies = given.dots(0).unwrap_or(1).clamp(1, 99_999_999) as u32,
            b"MM" => settings.cutter = given.letter(0) == Some(b'C'),
            b"CI" => {
                settings.code_page = match given.number(0) {
                    Some(27) => CodePage::Windows1252,
                    Some(28) => CodePage::Utf8,
                    _ => CodePage::Cp850,
                }
            }
            b"FW" => {
                if let Some(turned) = given.letter(0).and_then(rotation) {
                    settings.rotation = turned;
                    self.field.rotation = turned;
                }
            }
            b"BY" => {
                if let Some(dots) = given.dots(0) {
                    settings.module_dots = dots.clamp(1, 10);
                }
                if let Some(ratio) = given.text(1).and_then(|ratio| ratio.parse::<f32>().ok()) {
                    settings.ratio_tenths = (ratio.clamp(2.0, 3.0) * 10.0).round() as usize;
                }
                if let Some(dots) = given.dots(2) {
                    settings.bar_height = dots.clamp(1, 9_999);
                }
            }
            // Known, and without a mark on the label.
            b"MD" | b"PR" | b"MN" | b"MT" | b"MU" | b"PM" | b"JM" | b"PF" | b"CC" | b"CD"
            | b"CT" | b"ID" | b"JU" | b"ST" | b"SZ" | b"JZ" | b"XB" | b"KL" | b"MC" | b"PN"
            | b"ML" => {}
            _ => return false,
        }
        true
    }

    fn new_field(&mut self) {
        self.field = Field::new(self.settings.font, self.settings.rotation);
    }

    /// `^A0N,h,w` and `^A@N,h,w,file`.
    fn font(&mut self, name: u8, command: &Command) {
        let given = command.parameters();
        // Fonts from files are drawn with the scalable one.
        let name = if name == b'@' { b'0' } else { name };
        if let Some(turned) = given.letter(0).and_then(rotation) {
            self.field.rotation = turned;
        }
        self.field.font = Font::sized(name, given.dots(1), given.dots(2));
    }

    /// A bar code command; whether it is one that is drawn here.
    fn code(&mut self, letter: u8, given: &Parameters<'_>) -> bool {
        let turned = given.letter(0).and_then(rotation);
        let mut code = Code {
            kind: CodeKind::Code39,
            rotation: turned.unwrap_or(self.settings.rotation),
            height: 0,
            text: true,
            above: false,
            check: false,
        };
        // Where height, text, text above and check digit stand differs from code to code.
        let (kind, height, check) = match letter {
            b'2' => (CodeKind::Interleaved, 1, Some(4)),
            b'3' => (CodeKind::Code39, 2, Some(1)),
            b'8' => (CodeKind::Ean8, 1, None),
            b'C' => (CodeKind::Code128(given.letter(5).unwrap_or(b'N')), 1, None),
            b'E' => (CodeKind::Ean13, 1, None),
            b'U' => (CodeKind::UpcA, 1, None),
            b'Q' => {
                let magnification = match self.head.dpi {
                    0..=175 => 1,
                    176..=250 => 2,
                    251..=450 => 3,
                    _ => 6,
                };
                let dots = given.dots(2).unwrap_or(magnification).clamp(1, 100);
                code.rotation = Rotation::R0;
                (CodeKind::Qr(dots), usize::MAX, None)
            }
            _ => return false,
        };
        code.kind = kind;
        code.height = given
            .dots(height)
            .unwrap_or(self.settings.bar_height)
            .clamp(1, 9_999);
        code.text = given.yes(height.saturating_add(1)).unwrap_or(true);
        code.above = given.yes(height.saturating_add(2)).unwrap_or(false);
        code.check = check.and_then(|index| given.yes(index)).unwrap_or(false);
        self.field.content = Content::Code(code);
        true
    }

    fn end_field(&mut self) {
        let field = self.field.clone();
        self.new_field();
        if field.data.is_none() || self.page.is_none() {
            return;
        }
        let data = field.plain_data();
        match &field.content {
            Content::Text => self.text(&field, &data),
            Content::Code(code) => self.draw_code(&field, code, &data),
        }
    }

    fn text(&mut self, field: &Field, data: &[u8]) {
        let (x, y) = self.place(field.x, field.y);
        let ink = self.ink(field);
        let text = self.settings.code_page.decode(data);
        let Some(page) = &mut self.page else { return };
        if !text_field::draw(page, field, &text, (x, y), ink) {
            self.refused += 1;
        }
    }

    fn draw_code(&mut self, field: &Field, code: &Code, data: &[u8]) {
        let block = match code.kind {
            CodeKind::Qr(module) => barcode::qr(data).and_then(|matrix| {
                let side = matrix.side() * module;
                self.affords(side, side)
                    .then(|| page::matrix(&matrix, module))
            }),
            _ => barcode::bars(code, data).and_then(|bars| {
                let narrow = self.settings.module_dots;
                let wide = (narrow * self.settings.ratio_tenths).div_ceil(10);
                let two_widths = matches!(code.kind, CodeKind::Code39 | CodeKind::Interleaved);
                let width_of = |run: u8| match run {
                    3 if two_widths => wide,
                    run => usize::from(run) * narrow,
                };
                if !self.affords(bars.modules() * narrow, code.height) {
                    return None;
                }
                let bits = page::bars(&bars, width_of, code.height);
                if !code.text {
                    return Some(bits);
                }
                self.note(field, &bars.text);
                Some(with_text(&bits, &bars.text, code.above, narrow))
            }),
        };
        let Some(block) = block else {
            self.refused += 1;
            return;
        };
        let size = (block.width_dots(), block.height_dots());
        let place = self.place(field.x, field.y);
        let below = if code.text && !code.above {
            size.1.saturating_sub(code.height)
        } else {
            0
        };
        let corner = text_field::corner(field, place, code.rotation, size, below);
        let ink = self.ink(field);
        let turned = block.turned(code.rotation);
        if let Some(page) = &mut self.page {
            page.draw(&turned, corner.0, corner.1, ink);
        }
    }

    /// `^GBwidth,height,thickness,color`
    fn draw_box(&mut self, given: &Parameters<'_>) {
        let thickness = given.dots(2).unwrap_or(1).clamp(1, 32_000);
        let side = |index| given.dots(index).unwrap_or(0).clamp(thickness, 32_000);
        let (width, height) = (side(0), side(1));
        let (x, y) = self.place(self.field.x, self.field.y);
        let y = if self.field.by_base_line {
            y.saturating_sub(signed(height))
        } else {
            y
        };
        let mut ink = self.ink(&self.field);
        if ink == Ink::Over && given.letter(3) == Some(b'W') {
            ink = Ink::Bare;
        }
        let Some(page) = &mut self.page else { return };
        if thickness * 2 >= width.min(height) {
            page.fill(x, y, width, height, ink);
            return;
        }
        let (right, bottom) = (
            x.saturating_add(signed(width - thickness)),
            y.saturating_add(signed(height - thickness)),
        );
        let between = y.saturating_add(signed(thickness));
        let sides = height - 2 * thickness;
        page.fill(x, y, width, thickness, ink);
        page.fill(x, bottom, width, thickness, ink);
        page.fill(x, between, thickness, sides, ink);
        page.fill(right, between, thickness, sides, ink);
    }

    /// `^GFa,count,total,row,data`
    fn graphic(&mut self, command: &Command, given: &Parameters<'_>) {
        let compression = given.letter(0).unwrap_or(b'A');
        let data = command
            .rest
            .splitn(5, |byte| *byte == command.delimiter)
            .nth(4)
            .unwrap_or_default();
        let (total, row) = (given.dots(2).unwrap_or(0), given.dots(3).unwrap_or(0));
        let Some(picture) = graphics::picture(compression, total, row, data) else {
            self.refused += 1;
            return;
        };
        let (x, y) = self.place(self.field.x, self.field.y);
        let rows = signed(picture.height_dots());
        let y = if self.field.by_base_line {
            y.saturating_sub(rows)
        } else {
            y
        };
        let ink = self.ink(&self.field);
        if let Some(page) = &mut self.page {
            page.draw(&picture, x, y, ink);
        }
    }

    fn affords(&mut self, width: usize, height: usize) -> bool {
        self.page
            .as_mut()
            .is_some_and(|page| page.affords(width, height))
    }

    fn note(&mut self, field: &Field, text: &str) {
        let (x, y) = self.place(field.x, field.y);
        if let Some(page) = &mut self.page {
            page.note(text, x, y);
        }
    }

    fn ink(&self, field: &Field) -> Ink {
        if field.reverse || self.settings.reverse {
            Ink::Reverse
        } else {
            Ink::Over
        }
    }

    /// A place in a field as a place on the page.
    fn place(&self, x: i32, y: i32) -> (isize, isize) {
        let settings = &self.settings;
        let x = x
            .saturating_add(settings.home.0)
            .saturating_sub(settings.shift);
        let y = y
            .saturating_add(settings.home.1)
            .saturating_add(settings.top);
        (x as isize, y as isize)
    }
}

/// A code with its text below or above the bars.
fn with_text(bits: &Bits, text: &str, above: bool, module: usize) -> Bits {
    let size = if module >= 2 { (12, 24) } else { (8, 16) };
    let (width, height) = (bits.width_dots(), bits.height_dots());
    let line = size.1 + GAP_DOTS;
    let mut block = Bits::blank(width, height + line);
    let (bars_at, text_at) = if above {
        (line, 0)
    } else {
        (0, height + GAP_DOTS)
    };
    block.draw(bits, 0, signed(bars_at));
    let text_width = text.chars().count() * size.0;
    let mut x = signed(width).saturating_sub(signed(text_width)) / 2;
    for character in text.chars() {
        block.draw(&page::cell(character, size, size), x, signed(text_at));
        x = x.saturating_add(signed(size.0));
    }
    block
}

pub(super) fn signed(dots: usize) -> isize {
    isize::try_from(dots).unwrap_or(isize::MAX)
}
