//! What a child does with its document.

use std::io;
use std::ops::ControlFlow;

use cueline_documents::{DocumentError, PageSetup, pages};
use cueline_model::{ContentType, Failure, FailureCode};
use cueline_paper::{Event, Head, Interpreter, Sheet};
use cueline_printers::{Print, Profile, render};

use crate::request::{End, Request, What};

/// Where a ticket or a picture goes, with how many tickets come out of it.
pub type Part<'a> = dyn FnMut(u32, &[u8]) -> io::Result<()> + 'a;

/// Does what is asked; each ticket or picture goes to `part`.
///
/// # Errors
/// `part`'s own: the parent is gone. What is wrong with the document is an [`End::Failed`].
pub fn done(request: &Request, document: &[u8], part: &mut Part<'_>) -> io::Result<End> {
    match request.what {
        What::Render => rendered(request, document, part),
        What::Picture { pages_max } => pictured(request, document, pages_max, part),
    }
}

fn rendered(request: &Request, document: &[u8], part: &mut Part<'_>) -> io::Result<End> {
    let (profile, options) = (&request.profile, &request.options);
    match render(document, request.content_type, profile, options) {
        Ok(Print::Tickets(tickets)) => {
            for (range, count) in tickets.pieces() {
                part(count, &tickets.bytes()[range])?;
            }
            Ok(End::Tickets)
        }
        Ok(Print::Document {
            bytes,
            content_type,
            copies,
            options,
            title,
        }) => {
            part(0, &bytes)?;
            Ok(End::Document {
                content_type,
                copies,
                options,
                title,
            })
        }
        Err(error) => Ok(End::Failed(error.to_failure())),
    }
}

/// The pages as they come out of the printer: of a document as its dots, of raw bytes as a printer of
/// that language draws them.
fn pictured(
    request: &Request,
    document: &[u8],
    pages_max: u32,
    part: &mut Part<'_>,
) -> io::Result<End> {
    let profile = &request.profile;
    if request.content_type == ContentType::Raw {
        return drawn(profile, document, pages_max, part);
    }
    let mut setup = PageSetup::new(profile.dpi, profile.width_dots, profile.height_dots)
        .with_options(&request.options.options);
    // So that a document with more pages than a job may print still has its first ones pictured.
    if setup.pages.is_none() {
        setup.pages = format!("1-{}", pages_max.max(1)).parse().ok();
    }
    let mut made = 0;
    let mut written = Ok(());
    let counted = pages(
        document,
        request.content_type,
        &setup,
        &cueline_documents::Limits::default(),
        &mut |page| {
            written = part(0, &page.to_png(profile.dpi));
            made += 1;
            if written.is_err() || made >= pages_max {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        },
    );
    written?;
    Ok(match counted {
        Ok(count) => End::Pictures {
            pages: count.in_document,
        },
        Err(error) => End::Failed(failure(&error)),
    })
}

/// Raw bytes as a printer draws them.
fn drawn(profile: &Profile, bytes: &[u8], pages_max: u32, part: &mut Part<'_>) -> io::Result<End> {
    let head = Head {
        dpi: profile.dpi,
        width_dots: profile.width_dots,
        height_dots: profile.height_dots,
    };
    let Some(mut printer) = Interpreter::new(profile.language, head) else {
        return Ok(End::Failed(Failure {
            code: FailureCode::UnsupportedContent,
            text: format!(
                "cannot picture raw bytes for a printer that takes {}: how they look is known to it \
                 alone",
                profile.language
            ),
        }));
    };
    let mut pages = 0_u32;
    let mut draw = |sheet: &Sheet, copies: u32| -> io::Result<()> {
        let shown = copies.min(pages_max.saturating_sub(pages));
        if shown > 0 {
            let png = sheet.bits.to_png(profile.dpi);
            (0..shown).try_for_each(|_| part(0, &png))?;
        }
        pages = pages.saturating_add(copies);
        Ok(())
    };
    for byte in bytes {
        if let Some(Event::Printed { sheet, copies }) = printer.push(*byte) {
            draw(&sheet, copies)?;
        }
    }
    // A receipt that is not cut is torn off.
    if let Some(sheet) = printer.tear_off() {
        draw(&sheet, 1)?;
    }
    Ok(End::Pictures { pages })
}

fn failure(error: &DocumentError) -> Failure {
    Failure {
        code: match error {
            DocumentError::NoPages { .. } => FailureCode::UnsupportedContent,
            _ => FailureCode::BadDocument,
        },
        text: error.to_string(),
    }
}
