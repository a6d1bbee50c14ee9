//! One page of a PDF in dots.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cueline_model::Rotation;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{InterpreterSettings, InterpreterWarning};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::{PdfError, caught, images};
use crate::Bits;
use crate::grey::{Grey, luma};
use crate::setup::{Limits, PageSetup, is_sideways};

/// A dot is ink where a shape covers more than this of it, in 255ths.
const COVERED_FROM: u8 = 127;
/// Shades up to this are ink and no pattern: pure red and blue text among them.
const INK_UP_TO: u8 = 80;
/// A page wider than the head by up to this much may have its bare margins to give up.
const MARGINS_UP_TO: f64 = 1.3;

/// Draws a page as large as the setup wants it.
pub(super) fn draw(
    pdf: &Pdf,
    number: u32,
    setup: &PageSetup,
    limits: &Limits,
) -> Result<Bits, PdfError> {
    let (width, height) = size(pdf, number, setup)?;
    let head = usize::from(setup.width_dots);
    let fits_down = |height: f64| setup.factor(1.0, height) >= 1.0;
    let over = width / f64::from(setup.width_dots.max(1));
    // Documents made for 80 mm paper are drawn with its margins, which no head reaches. Shrinking
    // them would cost every code its whole dots, so that bare margins are given up instead.
    if setup.fit.is_none() && over > 1.0 && over <= MARGINS_UP_TO && fits_down(height) {
        let bits = draw_at(pdf, number, setup.rotate, 1.0, setup, limits)?;
        if let Some(x) = start_of_ink(&bits, head) {
            return Ok(bits.cropped(x, 0, head, setup.height_of(bits.height_dots())));
        }
    }
    let factor = setup.factor(width, height);
    let bits = draw_at(pdf, number, setup.rotate, factor, setup, limits)?;
    let (width, height) = (bits.width_dots(), setup.height_of(bits.height_dots()));
    // A dot over is what rounding makes of a page that fits.
    if width > head || height < bits.height_dots() {
        return Ok(bits.cropped(0, 0, width.min(head), height));
    }
    Ok(bits)
}

/// Where to cut `head` dots out of a page so that its ink is all in them, the middle if possible.
fn start_of_ink(bits: &Bits, head: usize) -> Option<usize> {
    let mut columns = vec![0_u8; bits.row_bytes()];
    for row in bits.rows() {
        for (column, byte) in columns.iter_mut().zip(row) {
            *column |= byte;
        }
    }
    let columns = Bits::from_rows(bits.width_dots(), columns);
    let inked = |x: &usize| columns.get(*x, 0);
    let middle = bits.width_dots().saturating_sub(head) / 2;
    let Some(first) = (0..bits.width_dots()).find(inked) else {
        return Some(middle);
    };
    let last = (0..bits.width_dots()).rfind(inked)?;
    let earliest = (last + 1).saturating_sub(head);
    (earliest <= first).then(|| middle.clamp(earliest, first))
}

/// Width and height in dots that a page has on the paper, turned as the setup says, in its own size.
pub(super) fn size(pdf: &Pdf, number: u32, setup: &PageSetup) -> Result<(f64, f64), PdfError> {
    let (width, height) = page(pdf, number)?.render_dimensions();
    let dots = |points: f32| f64::from(points) * f64::from(setup.dpi) / 72.0;
    Ok(if is_sideways(setup.rotate) {
        (dots(height), dots(width))
    } else {
        (dots(width), dots(height))
    })
}

fn page<'a>(pdf: &'a Pdf, number: u32) -> Result<&'a Page<'a>, PdfError> {
    let damaged = PdfError::PageDamaged { page: number };
    pdf.pages().get(number as usize - 1).ok_or(damaged)
}

/// Draws a page turned, and larger by `factor`.
pub(super) fn draw_at(
    pdf: &Pdf,
    number: u32,
    rotation: Rotation,
    factor: f64,
    setup: &PageSetup,
    limits: &Limits,
) -> Result<Bits, PdfError> {
    let page = page(pdf, number)?;
    let (width, height) = page.render_dimensions();
    let scale = f64::from(setup.dpi) / 72.0 * factor;
    // Less than a hundredth of a dot is what conversion from points loses, and no dot of its own.
    let dots = |points: f32| (f64::from(points) * scale - 0.01).ceil().max(1.0);
    let (width_dots, height_dots) = (dots(width), dots(height));
    let too_large = || {
        let mm = |points: f32| (f64::from(points) * 254.0 / 72.0).round() / 10.0;
        PdfError::TooLarge {
            page: number,
            width_mm: mm(width),
            height_mm: mm(height),
            width_dots: width_dots as u64,
            height_dots: height_dots as u64,
            pixels_max: limits.pixels_max,
            side_max: limits.side_max,
        }
    };
    if !limits.allow(width_dots as u64, height_dots as u64) {
        return Err(too_large());
    }
    let turn = match rotation {
        Rotation::R0 => Affine::IDENTITY,
        Rotation::R90 => Affine::new([0.0, 1.0, -1.0, 0.0, height_dots, 0.0]),
        Rotation::R180 => Affine::new([-1.0, 0.0, 0.0, -1.0, width_dots, height_dots]),
        Rotation::R270 => Affine::new([0.0, -1.0, 1.0, 0.0, 0.0, width_dots]),
    };
    let (across, down) = if is_sideways(rotation) {
        (height_dots, width_dots)
    } else {
        (width_dots, height_dots)
    };
    let (Ok(across), Ok(down)) = (u16::try_from(across as u64), u16::try_from(down as u64)) else {
        return Err(too_large());
    };
    let transform = turn * Affine::scale(scale) * page.initial_transform(true).to_kurbo();
    caught(|| images::check(page, number, limits))
        .ok_or(PdfError::PageDamaged { page: number })??;
    let drawn = caught(|| draw_page(page, number, transform, across, down));
    let grey = drawn.ok_or(PdfError::PageDamaged { page: number })??;
    Ok(grey.dithered(INK_UP_TO))
}

fn draw_page(
    page: &Page<'_>,
    number: u32,
    transform: Affine,
    across: u16,
    down: u16,
) -> Result<Grey, PdfError> {
    if page.page_stream().is_none() && page.raw().contains_key(b"Contents".as_slice()) {
        return Err(PdfError::PageDamaged { page: number });
    }
    // A page that lacks a picture or its text would print as if nothing were wrong.
    let no_image = Arc::new(AtomicBool::new(false));
    let no_font = Arc::new(AtomicBool::new(false));
    let (image, font) = (no_image.clone(), no_font.clone());
    let interpreter = InterpreterSettings {
        warning_sink: Arc::new(move |warning| match warning {
            InterpreterWarning::ImageDecodeFailure => image.store(true, Ordering::Relaxed),
            InterpreterWarning::UnsupportedFont => font.store(true, Ordering::Relaxed),
            _ => {}
        }),
        ..InterpreterSettings::default()
    };
    let rendering = RenderSettings {
        aliasing_threshold: Some(COVERED_FROM),
        ..RenderSettings::default()
    };
    let mut context = RenderContext::new(across, down);
    // What is cached would stay for all pages of the document.
    let cache = RenderCache::new();
    render_into(
        page,
        &cache,
        &interpreter,
        &rendering,
        &mut context,
        transform,
    );
    context.flush();
    if no_image.load(Ordering::Relaxed) {
        return Err(PdfError::Image { page: number });
    }
    if no_font.load(Ordering::Relaxed) {
        return Err(PdfError::Font { page: number });
    }
    let mut pixmap = Pixmap::new(across, down);
    let settings = RasterizerSettings {
        target_init: TargetInit::Clear(WHITE),
        ..RasterizerSettings::default()
    };
    context.render_with(&mut pixmap, &mut Resources::default(), settings);
    let pixels = pixmap.data_as_u8_slice().chunks_exact(4);
    Ok(Grey {
        width: usize::from(across),
        height: usize::from(down),
        shades: pixels.map(|p| luma(p[0], p[1], p[2])).collect(),
    })
}
