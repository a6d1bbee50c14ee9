//! A field in the making: what the commands before its `^FS` have set up.

use cueline_model::Rotation;

/// What a field shows.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    /// Text in the current font.
    Text,
    /// A bar code or QR code of the field's data.
    Code(Code),
}

/// A code by its command's letter and its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Code {
    pub(super) kind: CodeKind,
    pub(super) rotation: Rotation,
    pub(super) height: usize,
    /// The line of text beside the bars, and whether it stands above them.
    pub(super) text: bool,
    pub(super) above: bool,
    /// A check digit the printer is asked to add.
    pub(super) check: bool,
}

/// The codes that are drawn here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum CodeKind {
    /// `^B2`
    Interleaved,
    /// `^B3`
    Code39,
    /// `^B8`
    Ean8,
    /// `^BC`, with its mode.
    Code128(u8),
    /// `^BE`
    Ean13,
    /// `^BQ`, with the dots of a module.
    Qr(usize),
    /// `^BU`
    UpcA,
}

/// A font and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Font {
    pub(super) name: u8,
    pub(super) height: usize,
    pub(super) width: usize,
}

impl Font {
    /// What a printer that was just switched on writes with.
    pub(super) const STANDARD: Self = Self {
        name: b'A',
        height: 9,
        width: 5,
    };

    /// A font of the size that a command names; a side not given follows the other.
    pub(super) fn sized(name: u8, height: Option<usize>, width: Option<usize>) -> Self {
        let (own_height, own_width, _) = matrix(name);
        let given = |dots: Option<usize>| dots.filter(|dots| *dots > 0);
        let (height, width) = match (given(height), given(width)) {
            (None, None) => (own_height, own_width),
            (Some(height), None) => (height, (height * own_width).div_ceil(own_height)),
            (None, Some(width)) => ((width * own_height).div_ceil(own_width), width),
            (Some(height), Some(width)) => (height, width),
        };
        Self {
            name,
            height: height.clamp(1, 2_000),
            width: width.clamp(1, 2_000),
        }
    }

    /// Dots of a character and of the cell it stands in: `(width, height), (width, height)`.
    pub(super) fn cells(self) -> ((usize, usize), (usize, usize)) {
        let (own_height, own_width, gap) = matrix(self.name);
        if self.name == b'0' {
            // The scalable font: its characters are half as wide as their size, on average.
            let width = self.width.div_ceil(2).max(1);
            return ((width, self.height), (width, self.height));
        }
        // Bitmaps grow by whole numbers.
        let times = |dots: usize, own: usize| (dots / own).clamp(1, 10);
        let (across, down) = (times(self.width, own_width), times(self.height, own_height));
        (
            (own_width * across, own_height * down),
            ((own_width + gap) * across, own_height * down),
        )
    }
}

/// Height, width and gap of a bitmap font at 203 dpi (table "Fonts" of the guide).
const fn matrix(name: u8) -> (usize, usize, usize) {
    match name {
        b'A' => (9, 5, 1),
        b'B' => (11, 7, 2),
        b'C' | b'D' => (18, 10, 2),
        b'E' => (28, 15, 5),
        b'F' => (26, 13, 3),
        b'G' => (60, 40, 8),
        b'H' => (21, 13, 6),
        b'P' => (20, 18, 0),
        b'Q' => (28, 24, 0),
        b'R' => (35, 31, 0),
        b'S' => (40, 35, 0),
        b'T' => (48, 42, 0),
        b'U' => (59, 53, 0),
        b'V' => (80, 71, 0),
        _ => (15, 15, 0),
    }
}

/// Text in a block: `^FB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextBlock {
    pub(super) width: usize,
    pub(super) lines: usize,
    pub(super) spacing: i32,
    pub(super) justify: u8,
}

/// A field in the making.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) x: i32,
    pub(super) y: i32,
    /// Placed by `^FT`: by its base line, not by its top left corner.
    pub(super) by_base_line: bool,
    /// Right-justified: the place is its right end.
    pub(super) from_right: bool,
    pub(super) content: Content,
    pub(super) font: Font,
    pub(super) rotation: Rotation,
    pub(super) block: Option<TextBlock>,
    pub(super) reverse: bool,
    /// The sign that begins a hexadecimal number in its data.
    pub(super) hex_sign: Option<u8>,
    pub(super) data: Option<Vec<u8>>,
}

impl Field {
    pub(super) const fn new(font: Font, rotation: Rotation) -> Self {
        Self {
            x: 0,
            y: 0,
            by_base_line: false,
            from_right: false,
            content: Content::Text,
            font,
            rotation,
            block: None,
            reverse: false,
            hex_sign: None,
            data: None,
        }
    }

    /// Its data with hexadecimal numbers read.
    pub(super) fn plain_data(&self) -> Vec<u8> {
        let data = self.data.as_deref().unwrap_or_default();
        let Some(sign) = self.hex_sign else {
            return data.to_vec();
        };
        let mut out = Vec::with_capacity(data.len());
        let mut rest = data;
        while let Some((&first, tail)) = rest.split_first() {
            let number = tail.get(..2).filter(|_| first == sign);
            let number = number
                .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
            if let Some(byte) = number {
                out.push(byte);
                rest = &tail[2..];
            } else {
                out.push(first);
                rest = tail;
            }
        }
        out
    }
}

/// `N`, `R`, `I` and `B`: how a field is turned.
pub(super) const fn rotation(letter: u8) -> Option<Rotation> {
    match letter {
        b'N' => Some(Rotation::R0),
        b'R' => Some(Rotation::R90),
        b'I' => Some(Rotation::R180),
        b'B' => Some(Rotation::R270),
        _ => None,
    }
}
