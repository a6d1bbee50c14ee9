//! Raw jobs: command bytes as the box office made them, checked and cut into tickets, not changed.

use cueline_model::Language;

use crate::{escpos, fgl, zpl};

/// A stretch of a raw job, up to `end`, and how many tickets come out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) end: usize,
    pub(crate) tickets: u32,
}

/// Cuts a raw job where one ticket ends, as far as its language can be followed. The pieces together
/// are the whole job; there is at least one.
pub(crate) fn split(document: &[u8], language: Language) -> Vec<Piece> {
    match language {
        Language::Escpos => escpos::tickets::split(document),
        Language::Fgl => fgl::tickets::split(document),
        Language::Zpl => zpl::tickets::split(document),
        Language::Pdf | Language::Raw => vec![Piece {
            end: document.len(),
            tickets: 1,
        }],
    }
}

/// What a raw job obviously is, if it cannot be in the printer's language; what is not known passes.
pub(crate) fn wrong_language(document: &[u8], language: Language) -> Option<&'static str> {
    let start = document.trim_ascii_start();
    let file = [
        (&b"%PDF-"[..], "a PDF"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"PK\x03\x04", "a ZIP archive or office document"),
        (b"%!PS", "PostScript"),
        (b"\x1b%-12345X", "a job for office printers (PJL)"),
    ]
    .into_iter()
    .find(|(magic, _)| start.starts_with(magic));
    let spoken = if start.starts_with(b"^XA") {
        Some((Language::Zpl, "ZPL"))
    } else if start.starts_with(b"\x1b@") {
        Some((Language::Escpos, "ESC/POS"))
    } else if looks_like_fgl(start) {
        Some((Language::Fgl, "FGL"))
    } else {
        None
    };
    match language {
        // Nothing is known of these.
        Language::Pdf | Language::Raw => None,
        _ => file.map(|(_, name)| name).or_else(|| {
            spoken
                .filter(|(found, _)| *found != language)
                .map(|(_, name)| name)
        }),
    }
}

/// Begins with a place or a direction, and prints at its end.
fn looks_like_fgl(document: &[u8]) -> bool {
    let begins = [
        &b"<RC"[..],
        b"<SP",
        b"<NR>",
        b"<RR>",
        b"<RL>",
        b"<RU>",
        b"<CB>",
    ]
    .iter()
    .any(|command| document.starts_with(command));
    let end = document.trim_ascii_end();
    begins && (end.ends_with(b"<p>") || end.ends_with(b"<q>"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LANGUAGES: [Language; 4] = [
        Language::Escpos,
        Language::Fgl,
        Language::Zpl,
        Language::Raw,
    ];

    /// Bytes in which each language's commands come often.
    fn jobs() -> impl Strategy<Value = Vec<u8>> {
        let words: [&[u8]; 26] = [
            b"text",
            b"<p>",
            b"<q>",
            b"<G9>",
            b"<RE3>",
            b"<QR3>{",
            b"}",
            b"<t>",
            b"<n>",
            b"\x0c",
            b"<",
            b">",
            b"^XA",
            b"^XZ",
            b"^PQ7",
            b"^FD",
            b"^GFB,9,9,3,",
            b"^CC",
            b"^",
            b"\x1dV\x00",
            b"\x1dv0\x00\x02\x00\x03\x00",
            b"\x1dk\x04",
            b"\x1b*\x21\x05\x00",
            b"\x1b&\x03AZ",
            b"\x1d8L\xff\xff\xff\xff",
            b"\x1b",
        ];
        let word = prop_oneof![
            3 => prop::sample::select(words.to_vec()).prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 1..6),
        ];
        prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_job_in_order(
            job in jobs(),
            language in prop::sample::select(LANGUAGES.to_vec()),
        ) {
            let pieces = split(&job, language);
            prop_assert!(pieces.is_sorted_by(|one, next| one.end < next.end));
            prop_assert_eq!(pieces.last().map(|last| last.end), Some(job.len()));
            // Neither finds fault with what it does not know.
            let _either = wrong_language(&job, language);
        }
    }

    #[test]
    fn what_is_obviously_in_another_language_is_named() {
        let jobs: [(&[u8], Option<Language>, &str); 8] = [
            (b"%PDF-1.7\n", None, "a PDF"),
            (b"\x89PNG\r\n\x1a\n", None, "a PNG picture"),
            (b"\xff\xd8\xff\xe0", None, "a JPEG picture"),
            (b"\x1b%-12345X@PJL", None, "a job for office printers (PJL)"),
            (b"\n^XA^FO1,1^XZ", Some(Language::Zpl), "ZPL"),
            (b"\x1b@text\x1dV\x00", Some(Language::Escpos), "ESC/POS"),
            (b"<NR><RC1,1>A<p>\n", Some(Language::Fgl), "FGL"),
            (b"plain text, of any language", None, ""),
        ];
        for (job, spoken_by, name) in jobs {
            for language in [Language::Escpos, Language::Fgl, Language::Zpl] {
                let wrong = !name.is_empty() && spoken_by != Some(language);
                assert_eq!(
                    wrong_language(job, language),
                    wrong.then_some(name),
                    "{language} {name}"
                );
            }
            assert_eq!(wrong_language(job, Language::Raw), None);
        }
    }
}
