//! From a document to the bytes one printer takes: which kinds, how many copies, what is refused.

use cueline_model::limits::COPIES_MAX;
use cueline_model::{ContentType, Failure, FailureCode, Language};

use crate::escpos;
use crate::picture::{self, PictureError};

/// The most bytes one job may come to with all its copies; it is held in memory while it prints.
pub const RENDERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What has to be known of a printer to render for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The command language it takes.
    pub language: Language,
    /// Dots across its print head; pictures are scaled down to it. 576 is 80 mm paper at 203 dpi.
    pub width_dots: u16,
}

impl Profile {
    /// The usual printer of a language: 576 dots across, where the language knows dots.
    #[must_use]
    pub const fn new(language: Language) -> Self {
        Self {
            language,
            width_dots: 576,
        }
    }
}

/// How a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// How many times, 1 to [`COPIES_MAX`].
    pub copies: u16,
    /// Head each copy DUPLICATE, where the language has a known way to write text.
    pub duplicate: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            copies: 1,
            duplicate: false,
        }
    }
}

/// Why a document cannot be rendered. Nothing was printed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The printer's language has no way for this kind of document.
    #[error(
        "cannot print a {content_type} document on a printer that takes {language}: it takes {}; \
         send one of these or use another printer", names(supported(*.language))
    )]
    Unsupported {
        /// What was sent.
        content_type: ContentType,
        /// What the printer speaks.
        language: Language,
    },
    /// The picture is damaged, not a picture, or over a limit.
    #[error("cannot print the picture: {0}")]
    Picture(#[from] PictureError),
    /// Zero copies, or too many.
    #[error("cannot print {got} copies: expected 1 to {COPIES_MAX}")]
    Copies {
        /// The number asked for.
        got: u16,
    },
    /// All copies together are over [`RENDERED_BYTES_MAX`].
    #[error(
        "cannot print {copies} copies of {each_bytes} bytes in one job: expected at most \
         {RENDERED_BYTES_MAX} bytes together; split the copies over several jobs"
    )]
    TooLong {
        /// The number of copies asked for.
        copies: u16,
        /// What one copy comes to.
        each_bytes: usize,
    },
}

impl RenderError {
    /// The same for the job's record: a code for programs and the sentence.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let code = match self {
            Self::Unsupported { .. } => FailureCode::UnsupportedContent,
            Self::Picture(_) | Self::Copies { .. } | Self::TooLong { .. } => {
                FailureCode::BadDocument
            }
        };
        Failure {
            code,
            text: self.to_string(),
        }
    }
}

/// The kinds of document a printer of this language can be given.
#[must_use]
pub const fn supported(language: Language) -> &'static [ContentType] {
    match language {
        Language::Escpos => &[ContentType::Raw, ContentType::Png],
        Language::Raw => &[ContentType::Raw],
    }
}

/// Makes the bytes that print `document` on a printer described by `profile`.
///
/// Raw documents pass unchanged, once per copy. A PNG becomes one ticket per copy, cut off at its
/// end. With `duplicate`, an ESC/POS copy starts with a headline; a language without known text
/// commands prints as it is.
///
/// # Errors
///
/// [`RenderError`], whose [`to_failure`](RenderError::to_failure) is what the job is failed with.
pub fn render(
    document: &[u8],
    content_type: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) -> Result<Vec<u8>, RenderError> {
    if !(1..=COPIES_MAX).contains(&options.copies) {
        return Err(RenderError::Copies {
            got: options.copies,
        });
    }
    let headline: &[u8] = match profile.language {
        Language::Escpos if options.duplicate => escpos::DUPLICATE_HEADLINE,
        Language::Escpos | Language::Raw => &[],
    };
    match (content_type, profile.language) {
        (ContentType::Raw, _) => repeated(&[headline, document], options.copies),
        (ContentType::Png, Language::Escpos) => {
            let bits = picture::to_bits(document, profile.width_dots)?;
            let ticket = escpos::picture_ticket(&bits, headline);
            repeated(&[&ticket], options.copies)
        }
        (ContentType::Png, Language::Raw) | (ContentType::Pdf, _) => {
            Err(RenderError::Unsupported {
                content_type,
                language: profile.language,
            })
        }
    }
}

fn repeated(parts: &[&[u8]], copies: u16) -> Result<Vec<u8>, RenderError> {
    let each_bytes = parts.iter().map(|part| part.len()).sum::<usize>();
    if each_bytes.saturating_mul(usize::from(copies)) > RENDERED_BYTES_MAX {
        return Err(RenderError::TooLong { copies, each_bytes });
    }
    Ok(parts.concat().repeat(usize::from(copies)))
}

fn names(kinds: &[ContentType]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ESCPOS: Profile = Profile::new(Language::Escpos);
    const RAW: Profile = Profile::new(Language::Raw);

    #[test]
    fn raw_bytes_pass_unchanged_once_per_copy() {
        let options = RenderOptions {
            copies: 3,
            duplicate: false,
        };
        for profile in [ESCPOS, RAW] {
            let bytes = render(b"<S1>\x00\xff", ContentType::Raw, &profile, &options).unwrap();
            assert_eq!(bytes, b"<S1>\x00\xff<S1>\x00\xff<S1>\x00\xff");
        }
    }

    #[test]
    fn a_duplicate_is_headed_where_the_language_has_text() {
        let options = RenderOptions {
            copies: 2,
            duplicate: true,
        };
        let bytes = render(b"ticket", ContentType::Raw, &ESCPOS, &options).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(text.matches("DUPLICATE").count(), 2);
        assert!(text.find("DUPLICATE") < text.find("ticket"));

        let bytes = render(b"ticket", ContentType::Raw, &RAW, &options).unwrap();
        assert_eq!(bytes, b"ticketticket");
    }

    #[test]
    fn what_a_printer_cannot_take_is_refused_with_what_it_can() {
        let refused = [
            (ContentType::Png, RAW),
            (ContentType::Pdf, RAW),
            (ContentType::Pdf, ESCPOS),
        ];
        for (content_type, profile) in refused {
            let error =
                render(b"x", content_type, &profile, &RenderOptions::default()).unwrap_err();
            let failure = error.to_failure();
            assert_eq!(failure.code, FailureCode::UnsupportedContent);
            assert!(failure.text.contains(content_type.as_str()), "{failure:?}");
            assert!(!supported(profile.language).contains(&content_type));
        }
        assert_eq!(
            render(b"x", ContentType::Png, &RAW, &RenderOptions::default())
                .unwrap_err()
                .to_string(),
            "cannot print a png document on a printer that takes raw: it takes raw; \
             send one of these or use another printer"
        );
    }

    #[test]
    fn copies_are_bounded_in_number_and_in_bytes() {
        for copies in [0, COPIES_MAX + 1] {
            let options = RenderOptions {
                copies,
                duplicate: false,
            };
            let error = render(b"x", ContentType::Raw, &RAW, &options).unwrap_err();
            assert!(matches!(error, RenderError::Copies { got } if got == copies));
        }
        let options = RenderOptions {
            copies: 100,
            duplicate: false,
        };
        let long = vec![0; RENDERED_BYTES_MAX / 100 + 1];
        let error = render(&long, ContentType::Raw, &RAW, &options).unwrap_err();
        assert!(matches!(error, RenderError::TooLong { copies: 100, .. }));
        assert_eq!(error.to_failure().code, FailureCode::BadDocument);
    }
}
