//! From a PNG to the dots of a print head: decode within limits, scale down, choose black or white.
//!
//! Peak memory is about five bytes for each pixel of the picture, so 80 MB at the limit.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

/// The most pixels a picture may have. Far above any ticket: 80 mm at 203 dpi is 576 across.
const PIXELS_MAX: u64 = 16 * 1024 * 1024;
/// The longest side a picture may have.
const SIDE_MAX: u32 = 16_384;
/// What the decoder may take: 16-bit RGBA at the pixel limit, and some for its own work.
const DECODER_BYTES_MAX: usize = 8 * 16 * 1024 * 1024 + 8 * 1024 * 1024;
/// Nearly black and nearly white are drawn as such, whatever is owed around them: a code beside a
/// photo keeps its edges and its clean ground.
const INK_UP_TO: u8 = 24;
const BARE_FROM: u8 = 232;
/// Grey from here on is paper.
const PAPER_FROM: u8 = 128;

/// Why a picture cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Not a PNG, or a damaged one.
    #[error("it is not a PNG that can be read ({0}); export it again")]
    Damaged(#[from] png::DecodingError),
    /// More pixels than are decoded; checked before anything is unpacked.
    #[error(
        "it has {width} x {height} pixels; expected at most {PIXELS_MAX} in all and {SIDE_MAX} on \
         a side; make it smaller, 576 pixels across are enough for 80 mm paper"
    )]
    TooLarge {
        /// Pixels across, as its header says.
        width: u32,
        /// Pixels down, as its header says.
        height: u32,
    },
}

/// Black dots, one bit each, most significant bit leftmost, rows padded to whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    row_bytes: usize,
    bytes: Vec<u8>,
}

impl Bits {
    pub(crate) fn new(row_bytes: usize, bytes: Vec<u8>) -> Self {
        Self { row_bytes, bytes }
    }

    pub(crate) fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A picture in shades of grey, 0 black to 255 white (bare paper).
struct Grey {
    width: usize,
    height: usize,
    shades: Vec<u8>,
}

/// Decodes a PNG and turns it into dots for a head of `width_dots`; narrower pictures keep their size.
pub(crate) fn to_bits(png: &[u8], width_dots: u16) -> Result<Bits, PictureError> {
    let mut picture = decode(png)?;
    // Judged before scaling, which puts greys along every edge.
    let two_tone = is_two_tone(&picture.shades);
    let width_dots = usize::from(width_dots.max(8));
    if picture.width > width_dots {
        picture = scaled_down(&picture, width_dots);
    }
    if !two_tone {
        dither(&mut picture);
    }
    Ok(packed(&picture))
}

fn decode(png: &[u8]) -> Result<Grey, PictureError> {
    let limits = Limits {
        bytes: DECODER_BYTES_MAX,
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info()?;
    let (width, height) = (header.width, header.height);
    if width.max(height) > SIDE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(PictureError::TooLarge { width, height });
    }
    let mut reader = decoder.read_info()?;
    let samples = reader.output_color_type().0.samples();
    let mut buffer = vec![0; width as usize * height as usize * samples];
    let color = reader.next_frame(&mut buffer)?.color_type;
    Ok(Grey {
        width: width as usize,
        height: height as usize,
        shades: shades(&buffer, color),
    })
}

fn shades(buffer: &[u8], color: ColorType) -> Vec<u8> {
    let pixels = buffer.chunks_exact(color.samples());
    match color {
        ColorType::Grayscale | ColorType::Indexed => buffer.to_vec(),
        ColorType::GrayscaleAlpha => pixels.map(|p| on_paper(p[0], p[1])).collect(),
        ColorType::Rgb => pixels.map(|p| luma(p[0], p[1], p[2])).collect(),
        ColorType::Rgba => pixels
            .map(|p| on_paper(luma(p[0], p[1], p[2]), p[3]))
            .collect(),
    }
}

/// Brightness of a colour (ITU-R BT.601, section 2.5.1).
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    (sum / 1000) as u8
}

fn on_paper(shade: u8, alpha: u8) -> u8 {
    let (shade, alpha) = (u32::from(shade), u32::from(alpha));
    ((shade * alpha + 255 * (255 - alpha)) / 255) as u8
}

/// Whether nearly all pixels are close to black or to white, as in codes, text and line drawings.
/// Dithering such a picture would fray the edges that readers of codes need; one in ten may be
/// between, which is what smoothed edges of text come to.
fn is_two_tone(shades: &[u8]) -> bool {
    let between = shades
        .iter()
        .filter(|shade| (48..208).contains(*shade))
        .count();
    between * 10 <= shades.len()
}

/// Scales to `width`, each new pixel the mean of the old ones it covers.
fn scaled_down(picture: &Grey, width: usize) -> Grey {
    let height = (picture.height * width).div_ceil(picture.width).max(1);
    let span = |index: usize, count: usize, old: usize| {
        let start = index * old / count;
        start..((index + 1) * old / count).clamp(start + 1, old)
    };
    let mut shades = Vec::with_capacity(width * height);
    for y in 0..height {
        let rows = span(y, height, picture.height);
        for x in 0..width {
            let columns = span(x, width, picture.width);
            let covered = rows.len() * columns.len();
            let sum: usize = rows
                .clone()
                .flat_map(|row| &picture.shades[row * picture.width..][columns.clone()])
                .map(|shade| usize::from(*shade))
                .sum();
            shades.push((sum / covered) as u8);
        }
    }
    Grey {
        width,
        height,
        shades,
    }
}

/// Floyd and Steinberg's error diffusion ("An adaptive algorithm for spatial grey scale", 1976):
/// what a dot is too dark or too light is made up for by its neighbours to come.
fn dither(picture: &mut Grey) {
    let width = picture.width;
    // Sixteenths of a shade owed to this row and the next, one cell of margin on either side.
    let mut owed = vec![0_i32; width + 2];
    let mut owed_next = vec![0_i32; width + 2];
    for row in picture.shades.chunks_exact_mut(width) {
        for (x, shade) in row.iter_mut().enumerate() {
            if *shade <= INK_UP_TO || *shade >= BARE_FROM {
                continue;
            }
            let wanted = i32::from(*shade) + owed[x + 1] / 16;
            let got = if wanted >= i32::from(PAPER_FROM) {
                255
            } else {
                0
            };
            *shade = got as u8;
            let error = wanted - got;
            owed[x + 2] += 7 * error;
            owed_next[x] += 3 * error;
            owed_next[x + 1] += 5 * error;
            owed_next[x + 2] += error;
        }
        std::mem::swap(&mut owed, &mut owed_next);
        owed_next.fill(0);
    }
}

fn packed(picture: &Grey) -> Bits {
    let row_bytes = picture.width.div_ceil(8);
    let mut bytes = Vec::with_capacity(row_bytes * picture.height);
    for row in picture.shades.chunks_exact(picture.width) {
        bytes.extend(row.chunks(8).map(|dots| {
            dots.iter().enumerate().fold(0_u8, |byte, (index, shade)| {
                byte | (u8::from(*shade < PAPER_FROM) << (7 - index))
            })
        }));
    }
    Bits::new(row_bytes, bytes)
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
