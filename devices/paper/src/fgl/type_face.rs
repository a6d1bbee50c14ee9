//! The fonts of a ticket printer: how large their characters and the boxes around them are.

/// A font: characters within boxes that stand side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TypeFace {
    /// Dots across and down of a character.
    pub(super) glyph: (usize, usize),
    /// Dots across and down of its box.
    pub(super) cell: (usize, usize),
}

impl TypeFace {
    const fn new(glyph: (usize, usize), cell: (usize, usize)) -> Self {
        Self { glyph, cell }
    }

    /// The font of a new ticket, 3: OCR-B of 17 by 31 dots.
    pub(super) const fn standard() -> Self {
        Self::new((17, 31), (20, 33))
    }

    /// A font by its number. Character sizes are the guide's; boxes, where it gives none, are as much
    /// larger as those it gives.
    pub(super) fn numbered(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::new((5, 7), (7, 8)),
            2 => Self::new((8, 16), (10, 18)),
            3 => Self::standard(),
            4 => Self::new((5, 9), (7, 11)),
            5 => Self::new((10, 16), (12, 18)),
            6 => Self::new((30, 52), (34, 56)),
            7 => Self::new((15, 29), (18, 31)),
            8 => Self::new((18, 30), (20, 33)),
            9 => Self::new((13, 20), (15, 22)),
            10 => Self::new((25, 41), (28, 43)),
            11 => Self::new((25, 49), (28, 51)),
            12 => Self::new((46, 91), (50, 95)),
            13 => Self::new((20, 40), (22, 42)),
            _ => return None,
        })
    }

    /// A scalable font of so many points, drawn here with the built-in one.
    pub(super) fn points(points: u32, dpi: u16) -> Self {
        let height = (points.clamp(1, 300) as usize * usize::from(dpi)).div_ceil(72);
        let width = (height / 2).max(1);
        Self::new((width, height), (width, height + height / 8))
    }
}
