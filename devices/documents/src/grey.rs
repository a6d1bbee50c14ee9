//! Shades of grey to dots: scaled, and black or white chosen for each.

use crate::Bits;

/// Nearly black and nearly white are drawn as such, whatever is owed around them: a code beside a
/// photo keeps its edges and its clean ground.
const INK_UP_TO: u8 = 24;
const BARE_FROM: u8 = 232;
/// Grey from here on is paper.
const PAPER_FROM: u8 = 128;

/// A picture in shades of grey, 0 black to 255 white (bare paper).
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) shades: Vec<u8>,
}

/// Brightness of a colour (ITU-R BT.601, section 2.5.1).
pub(crate) fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    (sum / 1000) as u8
}

/// A shade that lets bare paper through.
pub(crate) fn on_paper(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    ((shade * alpha + 255 * (255 - alpha)) / 255) as u8
}

impl Grey {
    /// Whether nearly all pixels are close to black or to white, as in codes, text and line drawings.
    /// Dithering such a picture would fray the edges that readers of codes need; one in ten may be
    /// between, which is what smoothed edges of text come to.
    pub(crate) fn is_two_tone(&self) -> bool {
        let between = self
            .shades
            .iter()
            .filter(|shade| (48..208).contains(*shade))
            .count();
        between * 10 <= self.shades.len()
    }

    /// Scaled; where it gets smaller, each new pixel is the mean of the old ones it covers.
    pub(crate) fn scaled(self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) || self.shades.is_empty() {
            return self;
        }
        let span = |index: usize, count: usize, old: usize| {
            let start = (index * old / count).min(old - 1);
            start..((index + 1) * old / count).clamp(start + 1, old)
        };
        let mut shades = Vec::with_capacity(width * height);
        for y in 0..height {
            let rows = span(y, height, self.height);
            for x in 0..width {
                let columns = span(x, width, self.width);
                let covered = rows.len() * columns.len();
                let sum: usize = rows
                    .clone()
                    .flat_map(|row| &self.shades[row * self.width..][columns.clone()])
                    .map(|shade| usize::from(*shade))
                    .sum();
                shades.push((sum / covered) as u8);
            }
        }
        Self {
            width,
            height,
            shades,
        }
    }

    /// Shades between black and white as dots that come to the same brightness: Floyd and Steinberg's
    /// error diffusion ("An adaptive algorithm for spatial grey scale", 1976), where what a dot is too
    /// dark or too light is made up for by its neighbours to come. Shades up to `ink_up_to` are ink.
    ///
    /// A shade between black on one side and white on the other is a smoothed edge and no tone: it
    /// goes to whichever is nearer, or letters and codes would fray.
    pub(crate) fn dithered(&self, ink_up_to: u8) -> Bits {
        let width = self.width;
        // Sixteenths of a shade owed to this row and the next, one cell of margin on either side.
        let mut owed = vec![0_i32; width + 2];
        let mut owed_next = vec![0_i32; width + 2];
        let mut bits = Bits::blank(width, self.height);
        let ink_up_to = ink_up_to.max(INK_UP_TO);
        for (y, row) in self.shades.chunks_exact(width.max(1)).enumerate() {
            for (x, shade) in row.iter().enumerate() {
                if *shade >= BARE_FROM {
                    continue;
                }
                if *shade <= ink_up_to {
                    bits.set(x, y, true);
                    continue;
                }
                if self.is_edge(x, y, ink_up_to) {
                    bits.set(x, y, *shade < PAPER_FROM);
                    continue;
                }
                let wanted = i32::from(*shade) + owed[x + 1] / 16;
                let is_ink = wanted < i32::from(PAPER_FROM);
                bits.set(x, y, is_ink);
                let error = wanted - if is_ink { 0 } else { 255 };
                owed[x + 2] += 7 * error;
                owed_next[x] += 3 * error;
                owed_next[x + 1] += 5 * error;
                owed_next[x + 2] += error;
            }
            std::mem::swap(&mut owed, &mut owed_next);
            owed_next.fill(0);
        }
        bits
    }

    fn is_edge(&self, x: usize, y: usize, ink_up_to: u8) -> bool {
        let columns = x.saturating_sub(1)..(x + 2).min(self.width);
        let (mut ink, mut bare) = (false, false);
        for y in y.saturating_sub(1)..(y + 2).min(self.height) {
            for shade in &self.shades[y * self.width..][columns.clone()] {
                ink |= *shade <= ink_up_to;
                bare |= *shade >= BARE_FROM;
            }
        }
        ink && bare
    }

    /// Each shade as whichever of black and white it is nearer to.
    pub(crate) fn thresholded(&self) -> Bits {
        let row_bytes = self.width.div_ceil(8);
        let mut bytes = Vec::with_capacity(row_bytes * self.height);
        for row in self.shades.chunks_exact(self.width.max(1)) {
            bytes.extend(row.chunks(8).map(|dots| {
                dots.iter().enumerate().fold(0_u8, |byte, (index, shade)| {
                    byte | (u8::from(*shade < PAPER_FROM) << (7 - index))
                })
            }));
        }
        Bits::from_rows(self.width, bytes)
    }
}
