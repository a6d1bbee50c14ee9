//! For what a page is made: the print head and how the job wants its pages.

use cueline_model::{Fit, PageRanges, PrintOptions, Rotation};

/// The head and the paper pages are made for, and how they are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSetup {
    /// Dots to an inch, the same in both directions.
    pub dpi: u16,
    /// Dots across that can be printed.
    pub width_dots: u16,
    /// Dots down that can be printed on one ticket; none on a roll.
    pub height_dots: Option<u16>,
    /// How a page of another size is made to fit; not given, it is shrunk where its ink needs it.
    pub fit: Option<Fit>,
    /// How pages are turned.
    pub rotate: Rotation,
    /// Which pages, all if not given.
    pub pages: Option<PageRanges>,
    /// Pages on one side: 1, 2, 4, 6, 9 or 16.
    pub nup: u8,
}

impl PageSetup {
    /// A head, and pages as they come.
    #[must_use]
    pub const fn new(dpi: u16, width_dots: u16, height_dots: Option<u16>) -> Self {
        Self {
            dpi,
            width_dots,
            height_dots,
            fit: None,
            rotate: Rotation::R0,
            pages: None,
            nup: 1,
        }
    }

    /// The same head, and pages as a job's options ask for them.
    #[must_use]
    pub fn with_options(self, options: &PrintOptions) -> Self {
        Self {
            fit: options.fit,
            rotate: options.rotate.unwrap_or_default(),
            pages: options.pages.clone(),
            nup: options.nup.unwrap_or(1),
            ..self
        }
    }

    /// By how much a page of this size in dots, as it will stand on the paper, is made larger.
    pub(crate) fn factor(&self, width: f64, height: f64) -> f64 {
        let across = f64::from(self.width_dots.max(1)) / width;
        let down = self
            .height_dots
            .map_or(f64::INFINITY, |dots| f64::from(dots.max(1)) / height);
        match self.fit.unwrap_or(Fit::Shrink) {
            Fit::None => 1.0,
            Fit::Shrink => across.min(down).min(1.0),
            Fit::Page => across.min(down),
        }
    }

    /// Dots down that are printed of a page that is this high.
    pub(crate) fn height_of(&self, height: usize) -> usize {
        self.height_dots
            .map_or(height, |dots| height.min(usize::from(dots)))
    }

    /// Millimetres to dots, not rounded.
    pub(crate) fn dots(&self, mm: f64) -> f64 {
        mm * f64::from(self.dpi) / 25.4
    }

    /// Dots to millimetres, to one decimal place.
    pub(crate) fn mm(&self, dots: f64) -> f64 {
        (dots * 254.0 / f64::from(self.dpi.max(1))).round() / 10.0
    }
}

/// Whether a turn swaps width and height.
pub(crate) const fn is_sideways(rotation: Rotation) -> bool {
    matches!(rotation, Rotation::R90 | Rotation::R270)
}

/// What is refused before it costs memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Pages one job may print.
    pub pages_max: u32,
    /// Dots of one page, and pixels of one picture.
    pub pixels_max: u64,
    /// Dots of a page's longer side, and pixels of a picture's.
    pub side_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pages_max: 500,
            pixels_max: 16 * 1024 * 1024,
            side_max: 16_384,
        }
    }
}

impl Limits {
    /// Whether a page or picture of this size is small enough.
    pub(crate) fn allow(&self, width: u64, height: u64) -> bool {
        width.max(height) <= u64::from(self.side_max)
            && width.saturating_mul(height) <= self.pixels_max
    }
}
