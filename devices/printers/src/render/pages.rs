//! Documents of pages: a ticket for each, or the document itself for a device that takes documents.

use std::ops::ControlFlow;

use cueline_documents::ticket::{Layout, TicketDocument};
use cueline_documents::{Bits, DocumentError, Limits, PageSetup};
use cueline_model::{ContentType, PrintOptions};

use super::sequence::{assemble, sequence};
use super::{RENDERED_BYTES_MAX, RenderError, RenderOptions};
use crate::compile::{self, Around};
use crate::{Print, Profile, Tickets, pdf};

pub(super) fn tickets(
    document: &[u8],
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Tickets, RenderError> {
    let mut pages: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0_usize;
    let mut push = |page: Vec<u8>| {
        bytes = bytes.saturating_add(page.len());
        pages.push(page);
        if bytes.saturating_mul(usize::from(options.copies)) > RENDERED_BYTES_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let setup = setup(profile, &options.options);
    let limits = Limits::default();
    if content_type == ContentType::Ticket {
        each_layout(document, &setup, &limits, &mut |layout| {
            push(compile::layout(&layout, profile))
        })?;
    } else {
        cueline_documents::pages(document, content_type, &setup, &limits, &mut |bits| {
            push(compile::picture(&bits, profile))
        })?;
    }
    if bytes.saturating_mul(usize::from(options.copies)) > RENDERED_BYTES_MAX {
        return Err(RenderError::TooLong {
            copies: options.copies,
            each_bytes: bytes,
        });
    }
    let sequence = sequence(&vec![1; pages.len()], options)?;
    assemble(&sequence, options.copies, |turn| {
        let around = Around::new(options, profile, turn.place, sequence.total);
        compile::ticket(&pages[turn.page], profile, around)
    })
}

/// The document as it is; a ticket document, which no device knows, as a PDF.
pub(super) fn document(
    document: &[u8],
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Print, RenderError> {
    let (bytes, content_type, wanted) = if content_type == ContentType::Ticket {
        let bytes = as_pdf(document, content_type, profile, options)?;
        // These are done; asked of the device again they would be done twice.
        let rest = PrintOptions {
            pages: None,
            rotate: None,
            nup: None,
            ..options.options.clone()
        };
        (bytes, ContentType::Pdf, rest)
    } else {
        (document.to_vec(), content_type, options.options.clone())
    };
    Ok(Print::Document {
        bytes,
        content_type,
        copies: options.copies,
        options: Box::new(wanted),
        title: options.title.clone(),
    })
}

/// Any document of pages as a PDF of pictures at the profile's resolution, one copy: for a device that
/// takes PDF and not what the box office sent. Pages, rotation, fit and pages on a side are done.
///
/// # Errors
/// [`RenderError::Document`] and [`RenderError::TooLong`].
pub fn as_pdf(
    document: &[u8],
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Vec<u8>, RenderError> {
    let setup = setup(profile, &options.options);
    let mut writer = pdf::Writer::new(profile.dpi);
    let mut push = |bits: Bits| {
        writer.push(&bits);
        if writer.len() > RENDERED_BYTES_MAX {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let limits = Limits::default();
    cueline_documents::pages(document, content_type, &setup, &limits, &mut push)?;
    if writer.len() > RENDERED_BYTES_MAX {
        return Err(RenderError::TooLong {
            copies: 1,
            each_bytes: writer.len(),
        });
    }
    Ok(writer.finish())
}

/// Lays out the tickets that are asked for, one after the other.
fn each_layout(
    document: &[u8],
    setup: &PageSetup,
    limits: &Limits,
    each: &mut dyn FnMut(Layout) -> ControlFlow<()>,
) -> Result<(), RenderError> {
    let ticket = TicketDocument::parse(document).map_err(DocumentError::from)?;
    let total = ticket.count();
    let is_asked = |page: &u32| {
        setup
            .pages
            .as_ref()
            .is_none_or(|pages| pages.contains(page + 1))
    };
    let asked: Vec<u32> = (0..total).filter(is_asked).collect();
    if let (Some(pages), true) = (&setup.pages, asked.is_empty()) {
        return Err(RenderError::Document(DocumentError::NoSuchPage {
            asked: pages.clone(),
            total,
        }));
    }
    for page in asked {
        let layout = ticket
            .layout(page, setup, limits)
            .map_err(DocumentError::from)?;
        if each(layout).is_break() {
            break;
        }
    }
    Ok(())
}

/// The head, or the part of it that the paper asked for covers, and how pages are wanted.
fn setup(profile: &Profile, options: &PrintOptions) -> PageSetup {
    let mut setup =
        PageSetup::new(profile.dpi, profile.width_dots, profile.height_dots).with_options(options);
    if let Some((width_mm, height_mm)) = options.paper.as_deref().and_then(millimetres) {
        let dots = |mm: f64| (mm * f64::from(profile.dpi) / 25.4).round() as u16;
        setup.width_dots = dots(width_mm).min(profile.width_dots).max(1);
        let height = dots(height_mm).max(1);
        setup.height_dots = Some(profile.height_dots.map_or(height, |most| height.min(most)));
    }
    setup
}

/// `80x150mm` as width and height.
fn millimetres(paper: &str) -> Option<(f64, f64)> {
    /// Longer than any roll of tickets is fed at once.
    const SIDE_MM_MAX: f64 = 2_000.0;
    let (width, height) = paper.strip_suffix("mm")?.split_once('x')?;
    let side = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|mm| (1.0..=SIDE_MM_MAX).contains(mm))
    };
    Some((side(width)?, side(height)?))
}

#[cfg(test)]
mod tests {
    use cueline_model::Language;

    use super::*;

    #[test]
    fn paper_in_millimetres_is_the_part_of_the_head_that_is_used() {
        let profile = Profile::new(Language::Escpos);
        let of = |paper: &str| {
            let options = PrintOptions {
                paper: Some(paper.to_owned()),
                ..PrintOptions::default()
            };
            let setup = setup(&profile, &options);
            (setup.width_dots, setup.height_dots)
        };
        assert_eq!(of("50x100mm"), (400, Some(799)));
        assert_eq!(of("200x10.5mm"), (576, Some(84)));
        for unknown in ["A4", "0x10mm", "x", "10x10", "1e9x1mm", "NaNx1mm"] {
            assert_eq!(of(unknown), (576, None), "{unknown}");
        }
    }
}
