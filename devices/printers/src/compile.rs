//! From pages to tickets of one language: what stands on a page, and what stands around it.

use cueline_documents::Bits;
use cueline_documents::ticket::Layout;
use cueline_model::{Cut, Language};

use crate::{Profile, RenderOptions, escpos, fgl, zpl};

/// What a ticket gets besides its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Around {
    /// Headed DUPLICATE.
    pub(crate) duplicate: bool,
    /// Whether it is cut off; as the printer is set if not given.
    pub(crate) cut: Option<bool>,
    /// Opens the drawer.
    pub(crate) drawer: bool,
    /// Per cent of what the printer can.
    pub(crate) darkness: Option<u8>,
}

impl Around {
    /// Of the ticket at `place` of `total`, counted from 1 through all copies.
    pub(crate) fn new(options: &RenderOptions, profile: &Profile, place: u32, total: u32) -> Self {
        let wanted = &options.options;
        Self {
            duplicate: options.duplicate,
            cut: wanted.cut.map(|cut| match cut {
                Cut::None => false,
                Cut::Each => true,
                Cut::End => place == total,
            }),
            drawer: wanted.drawer == Some(true) && place == 1,
            darkness: wanted.darkness.filter(|_| profile.quirks.darkness),
        }
    }
}

/// The commands that put a picture on a ticket.
pub(crate) fn picture(bits: &Bits, profile: &Profile) -> Vec<u8> {
    match profile.language {
        Language::Fgl => fgl::commands::picture(bits),
        Language::Zpl => zpl::commands::picture(bits),
        _ => escpos::commands::picture(bits, profile),
    }
}

/// The commands that put a laid out ticket on paper: in the printer's own fonts and codes where it has
/// them and they are shorter, a picture otherwise.
pub(crate) fn layout(layout: &Layout, profile: &Profile) -> Vec<u8> {
    let drawn = picture(&layout.draw(), profile);
    let native = match profile.language {
        _ if !profile.quirks.native => return drawn,
        Language::Fgl => fgl::native::commands(layout),
        Language::Zpl => zpl::native::commands(layout),
        _ => return drawn,
    };
    if native.len() < drawn.len() {
        native
    } else {
        drawn
    }
}

/// One ticket: a page's commands and what stands around them.
pub(crate) fn ticket(page: &[u8], profile: &Profile, around: Around) -> Vec<u8> {
    match profile.language {
        Language::Fgl => fgl::commands::ticket(page, around),
        Language::Zpl => zpl::commands::ticket(page, profile, around),
        _ => escpos::commands::ticket(page, profile, around),
    }
}
