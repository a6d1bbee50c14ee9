//! Raw documents: as they are, once per copy, cut where their tickets end.

use std::borrow::Cow;

use cueline_model::Language;

use super::sequence::{assemble, sequence};
use super::{RENDERED_BYTES_MAX, RenderError, RenderOptions};
use crate::{Profile, Tickets, escpos, fgl, raw, zpl};

pub(super) fn tickets(
    document: &[u8],
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Tickets, RenderError> {
    let language = profile.language;
    if let Some(found) = raw::wrong_language(document, language) {
        return Err(RenderError::WrongLanguage { found, language });
    }
    let each_bytes = document.len();
    if each_bytes.saturating_mul(usize::from(options.copies)) > RENDERED_BYTES_MAX {
        return Err(RenderError::TooLong {
            copies: options.copies,
            each_bytes,
        });
    }
    let pieces = raw::split(document, language);
    let counts: Vec<u32> = pieces.iter().map(|piece| piece.tickets).collect();
    // Copies of raw bytes stand one after the other: what one sets up holds for the next.
    let mut whole = options.clone();
    whole.options.collate = None;
    let sequence = sequence(&counts, &whole)?;
    assemble(&sequence, options.copies, |turn| {
        let start = turn
            .page
            .checked_sub(1)
            .map_or(0, |before| pieces[before].end);
        let piece = &document[start..pieces[turn.page].end];
        if options.duplicate && turn.tickets > 0 {
            headed(piece, language, turn.page == 0).into_owned()
        } else {
            piece.to_vec()
        }
    })
}

/// The same headed DUPLICATE, where the language is known. What a later piece finds set up is left so.
fn headed(piece: &[u8], language: Language, is_first: bool) -> Cow<'_, [u8]> {
    match language {
        Language::Escpos if is_first => {
            use escpos::commands::{DUPLICATE_HEADLINE, INITIALIZE};
            [INITIALIZE, DUPLICATE_HEADLINE, piece].concat().into()
        }
        Language::Escpos => [escpos::commands::DUPLICATE_HEADLINE, piece]
            .concat()
            .into(),
        Language::Fgl => [fgl::commands::DUPLICATE_HEADLINE, piece].concat().into(),
        Language::Zpl => {
            const START: &[u8] = b"^XA";
            let Some(at) = piece.windows(START.len()).position(|part| part == START) else {
                return piece.into();
            };
            let (before, after) = piece.split_at(at + START.len());
            [before, zpl::commands::DUPLICATE_HEADLINE, after]
                .concat()
                .into()
        }
        Language::Pdf | Language::Raw => piece.into(),
    }
}
