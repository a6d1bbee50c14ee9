//! From a PNG or JPEG to the dots of a print head: decode within limits, scale, choose black or white.
//!
//! Peak memory is about five bytes for each pixel of a PNG, eight for a progressive JPEG, so 128 MB at
//! the limit.

use std::io::Cursor;

use png::{ColorType, Decoder, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::Bits;
use crate::grey::{Grey, luma, on_paper};
use crate::setup::{Limits, PageSetup, is_sideways};

/// What the PNG decoder may take: 16-bit RGBA for each pixel, and some for its own work.
const DECODER_BYTES_A_PIXEL: u64 = 8;
const DECODER_BYTES_MORE: u64 = 8 * 1024 * 1024;
/// What a picture file begins with.
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_MAGIC: &[u8] = &[0xff, 0xd8, 0xff];
/// Scans of a progressive JPEG; encoders make about ten, and each costs a pass over the picture.
const JPEG_SCANS_MAX: usize = 64;

/// Why a picture cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It begins like neither.
    #[error("it is neither a PNG nor a JPEG by its first bytes; export it as one of them")]
    Unknown,
    /// A PNG that is damaged.
    #[error("it is not a PNG that can be read ({0}); export it again")]
    Damaged(#[from] png::DecodingError),
    /// A JPEG that is damaged or of a rare kind.
    #[error(
        "it is not a JPEG that can be read ({text}); export it again, as a baseline JPEG or a PNG"
    )]
    DamagedJpeg {
        /// What the decoder says.
        text: String,
    },
    /// More pixels than are decoded; checked before anything is unpacked.
    #[error(
        "it has {width} x {height} pixels; expected at most {pixels_max} in all and {side_max} on \
         a side; make it smaller, 576 pixels across are enough for 80 mm paper"
    )]
    TooLarge {
        /// Pixels across, as its header says.
        width: u32,
        /// Pixels down, as its header says.
        height: u32,
        /// Pixels that are decoded at most.
        pixels_max: u64,
        /// Pixels that are decoded on a side at most.
        side_max: u32,
    },
}

/// How black or white is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// Two-tone pictures by threshold, others dithered.
    #[default]
    Auto,
    /// Greys become patterns of dots.
    Dither,
    /// Greys become whichever of black and white is nearer.
    Threshold,
}

/// Decodes a picture and turns it into dots for a roll of `width_dots`; narrower ones keep their size.
///
/// # Errors
/// See [`PictureError`]; limits are checked before anything is unpacked.
pub fn to_bits(picture: &[u8], width_dots: u16) -> Result<Bits, PictureError> {
    let setup = PageSetup::new(203, width_dots.max(8), None);
    page(picture, &setup, &Limits::default())
}

/// Decodes a picture and turns it into the dots of a page; a pixel is a dot where it fits.
pub(crate) fn page(
    picture: &[u8],
    setup: &PageSetup,
    limits: &Limits,
) -> Result<Bits, PictureError> {
    let picture = decode(picture, limits)?;
    let (width, height) = (picture.width as f64, picture.height as f64);
    let factor = if is_sideways(setup.rotate) {
        setup.factor(height, width)
    } else {
        setup.factor(width, height)
    };
    let scaled = |dots: usize| ((dots as f64 * factor).round() as usize).max(1);
    let (width, height) = (scaled(picture.width), scaled(picture.height));
    check(limits, width as u64, height as u64)?;
    let bits = to_tone(picture, width, height, Tone::Auto).turned(setup.rotate);
    let height = setup.height_of(bits.height_dots());
    let width = bits.width_dots().min(usize::from(setup.width_dots));
    if (width, height) == (bits.width_dots(), bits.height_dots()) {
        return Ok(bits);
    }
    Ok(bits.cropped(0, 0, width, height))
}

/// A decoded picture in dots of this size.
pub(crate) fn to_tone(picture: Grey, width: usize, height: usize, tone: Tone) -> Bits {
    // Judged before scaling, which puts greys along every edge.
    let by_threshold = match tone {
        Tone::Auto => picture.is_two_tone(),
        Tone::Dither => false,
        Tone::Threshold => true,
    };
    let picture = picture.scaled(width, height);
    if by_threshold {
        picture.thresholded()
    } else {
        picture.dithered(0)
    }
}

/// A PNG or JPEG by its first bytes, in shades of grey.
pub(crate) fn decode(picture: &[u8], limits: &Limits) -> Result<Grey, PictureError> {
    if picture.starts_with(PNG_MAGIC) {
        decode_png(picture, limits)
    } else if picture.starts_with(JPEG_MAGIC) {
        decode_jpeg(picture, limits)
    } else {
        Err(PictureError::Unknown)
    }
}

fn check(limits: &Limits, width: u64, height: u64) -> Result<(), PictureError> {
    if limits.allow(width, height) {
        return Ok(());
    }
    Err(PictureError::TooLarge {
        width: u32::try_from(width).unwrap_or(u32::MAX),
        height: u32::try_from(height).unwrap_or(u32::MAX),
        pixels_max: limits.pixels_max,
        side_max: limits.side_max,
    })
}

fn decode_png(png: &[u8], limits: &Limits) -> Result<Grey, PictureError> {
    let bytes = limits.pixels_max * DECODER_BYTES_A_PIXEL + DECODER_BYTES_MORE;
    let limits_png = png::Limits {
        bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
    };
    let mut decoder = Decoder::new_with_limits(Cursor::new(png), limits_png);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let header = decoder.read_header_info()?;
    let (width, height) = (header.width, header.height);
    check(limits, u64::from(width), u64::from(height))?;
    let mut reader = decoder.read_info()?;
    let samples = reader.output_color_type().0.samples();
    let mut buffer = vec![0; width as usize * height as usize * samples];
    let color = reader.next_frame(&mut buffer)?.color_type;
    Ok(Grey {
        width: width as usize,
        height: height as usize,
        shades: shades(buffer, color),
    })
}

fn shades(buffer: Vec<u8>, color: ColorType) -> Vec<u8> {
    let pixels = buffer.chunks_exact(color.samples());
    match color {
        ColorType::Grayscale | ColorType::Indexed => buffer,
        ColorType::GrayscaleAlpha => pixels.map(|p| on_paper(p[0], p[1])).collect(),
        ColorType::Rgb => pixels.map(|p| luma(p[0], p[1], p[2])).collect(),
        ColorType::Rgba => pixels
            .map(|p| on_paper(luma(p[0], p[1], p[2]), p[3]))
            .collect(),
    }
}

fn decode_jpeg(jpeg: &[u8], limits: &Limits) -> Result<Grey, PictureError> {
    let damaged = |text: String| PictureError::DamagedJpeg { text };
    let options = DecoderOptions::default()
        // Otherwise a picture that is cut off comes out with a grey rest.
        .set_strict_mode(true)
        // Larger ones are refused below, with our words.
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_max_scans(JPEG_SCANS_MAX);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(jpeg), options);
    decoder
        .decode_headers()
        .map_err(|error| damaged(error.to_string()))?;
    let Some(info) = decoder.info() else {
        return Err(damaged("it has no size".to_owned()));
    };
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check(limits, width as u64, height as u64)?;
    let color = match decoder.input_colorspace() {
        Some(ColorSpace::YCbCr | ColorSpace::Luma) => ColorSpace::Luma,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(color));
    let buffer = decoder
        .decode()
        .map_err(|error| damaged(error.to_string()))?;
    let shades = match color {
        ColorSpace::Luma => buffer,
        _ => shades(buffer, ColorType::Rgb),
    };
    if shades.len() != width * height {
        return Err(damaged("it has fewer pixels than it says".to_owned()));
    }
    Ok(Grey {
        width,
        height,
        shades,
    })
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
