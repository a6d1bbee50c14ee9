//! What a printer can be given and asked for, as its profile has it.

use std::collections::BTreeSet;

use cueline_model::{Capabilities, ContentType, Language, OptionName, Paper, Proof};

use crate::profile::{Cutter, Profile};

/// The kinds of document a printer of this language can be given.
#[must_use]
pub const fn supported(language: Language) -> &'static [ContentType] {
    match language {
        Language::Escpos | Language::Fgl | Language::Zpl => &[
            ContentType::Raw,
            ContentType::Png,
            ContentType::Jpeg,
            ContentType::Pdf,
            ContentType::Ticket,
        ],
        Language::Pdf => &[
            ContentType::Png,
            ContentType::Jpeg,
            ContentType::Pdf,
            ContentType::Ticket,
        ],
        Language::Raw => &[ContentType::Raw],
    }
}

/// What a printer of this profile can do.
///
/// Of a device that takes whole documents ([`Language::Pdf`]) only the device itself knows more: its
/// port asks it.
#[must_use]
pub fn capabilities(profile: &Profile) -> Capabilities {
    let quirks = &profile.quirks;
    let mut options = BTreeSet::new();
    match profile.language {
        Language::Raw => {}
        Language::Pdf => {
            options.extend([OptionName::Pages, OptionName::Collate]);
        }
        Language::Escpos | Language::Fgl | Language::Zpl => {
            options.extend([
                OptionName::Collate,
                OptionName::Fit,
                OptionName::Nup,
                OptionName::Pages,
                OptionName::Paper,
                OptionName::Rotate,
            ]);
            if quirks.cutter != Cutter::None {
                options.insert(OptionName::Cut);
            }
            if quirks.drawer.is_some() {
                options.insert(OptionName::Drawer);
            }
            if quirks.darkness {
                options.insert(OptionName::Darkness);
            }
        }
    }
    let knows_dots = !options.is_empty() && profile.language != Language::Pdf;
    Capabilities {
        proves: if quirks.acknowledges {
            Proof::Printed
        } else if profile.language == Language::Pdf {
            Proof::Spooled
        } else {
            Proof::Sent
        },
        dpi: if knows_dots {
            vec![profile.dpi]
        } else {
            Vec::new()
        },
        options,
        trays: Vec::new(),
        media: Vec::new(),
        papers: if knows_dots {
            vec![Paper {
                name: "loaded".to_owned(),
                width_hmm: hundredths_of_mm(profile.width_dots, profile.dpi),
                height_hmm: profile
                    .height_dots
                    .map(|dots| hundredths_of_mm(dots, profile.dpi)),
            }]
        } else {
            Vec::new()
        },
    }
}

fn hundredths_of_mm(dots: u16, dpi: u16) -> u32 {
    u32::from(dots) * 2540 / u32::from(dpi.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_offers_what_its_model_can() {
        let of = |model| capabilities(&Profile::for_model(model).expect("a known model"));
        let boca = of("boca-lemur-300");
        assert_eq!(boca.proves, Proof::Printed);
        assert_eq!(boca.dpi, [305]);
        assert!(boca.options.contains(&OptionName::Cut));
        assert!(!boca.options.contains(&OptionName::Drawer));
        assert_eq!(boca.papers[0].height_hmm, Some(4796));
        let epson = of("epson-tm-t88");
        assert!(epson.options.contains(&OptionName::Drawer));
        assert!(epson.options.contains(&OptionName::Darkness));
        assert_eq!(epson.papers[0].height_hmm, None, "a roll");
        assert_eq!(of("star-escpos").proves, Proof::Sent);
        assert!(!of("zebra-gk420d").options.contains(&OptionName::Cut));

        let raw = capabilities(&Profile::new(Language::Raw));
        assert_eq!((raw.proves, raw.options.len()), (Proof::Sent, 0));
        let pdf = capabilities(&Profile::new(Language::Pdf));
        assert_eq!(pdf.proves, Proof::Spooled);
    }
}
