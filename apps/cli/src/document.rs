//! The file to print: read within the limit, and told what it is.

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use cueline_model::ContentType;
use cueline_model::limits::DOCUMENT_BYTES_MAX;

/// Names that raw printer data goes by.
const RAW_EXTENSIONS: [&str; 8] = ["bin", "epl", "escpos", "fgl", "prn", "raw", "txt", "zpl"];

/// Why a file cannot be printed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Nothing in it.
    #[error("print {name}: expected a document, got an empty file")]
    Empty {
        /// The file.
        name: String,
    },
    /// More than the hub takes.
    #[error("print {name}: expected at most {} MiB, got more", DOCUMENT_BYTES_MAX >> 20)]
    TooLong {
        /// The file.
        name: String,
    },
    /// Neither its bytes nor its name say what it is.
    #[error(
        "print {name}: cannot tell what it is; say --type raw (bytes in the printer's own \
         language), png, jpeg, pdf or ticket"
    )]
    UnknownType {
        /// The file.
        name: String,
    },
    /// Its first bytes contradict what was said.
    #[error("print {name}: expected a {said}, but it begins like a {looks}; correct --type")]
    Contradiction {
        /// The file.
        name: String,
        /// What was said.
        said: ContentType,
        /// What its first bytes say.
        looks: ContentType,
    },
}

/// Reads `file`, or standard input where it is `-`.
pub fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = display_name(file);
    let bytes = if file == Path::new("-") {
        read_limited(std::io::stdin().lock(), &name)?
    } else {
        let open = std::fs::File::open(file).with_context(|| format!("open {name}"))?;
        read_limited(open, &name)?
    };
    Ok(bytes)
}

fn read_limited(source: impl Read, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source
        .take(DOCUMENT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {name}"))?;
    let name = name.to_owned();
    if bytes.is_empty() {
        return Err(DocumentError::Empty { name }.into());
    }
    if bytes.len() as u64 > DOCUMENT_BYTES_MAX {
        return Err(DocumentError::TooLong { name }.into());
    }
    Ok(bytes)
}

/// The file's name for people.
pub fn display_name(file: &Path) -> String {
    if file == Path::new("-") {
        return "standard input".to_owned();
    }
    file.file_name().map_or_else(
        || file.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// What the document is: as said, unless its first bytes contradict; else by first bytes, else by
/// extension.
pub fn content_type(
    bytes: &[u8],
    file: &Path,
    said: Option<ContentType>,
) -> Result<ContentType, DocumentError> {
    let name = display_name(file);
    let looks = by_first_bytes(bytes);
    match (said, looks) {
        // Anything may be raw: a printer that takes PDF by itself is given one as raw bytes.
        (Some(ContentType::Raw), _) => Ok(ContentType::Raw),
        (Some(said), Some(looks)) if said != looks => {
            Err(DocumentError::Contradiction { name, said, looks })
        }
        (Some(said), _) => Ok(said),
        (None, Some(looks)) => Ok(looks),
        (None, None) => by_extension(file).ok_or(DocumentError::UnknownType { name }),
    }
}

fn by_first_bytes(bytes: &[u8]) -> Option<ContentType> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(ContentType::Png)
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(ContentType::Jpeg)
    } else if bytes.starts_with(b"%PDF-") {
        Some(ContentType::Pdf)
    } else if bytes.starts_with(b"\x1b@") {
        // ESC @: how ESC/POS documents begin.
        Some(ContentType::Raw)
    } else {
        None
    }
}

fn by_extension(file: &Path) -> Option<ContentType> {
    let extension = file.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "png" => Some(ContentType::Png),
        "jpg" | "jpeg" => Some(ContentType::Jpeg),
        "pdf" => Some(ContentType::Pdf),
        "json" | "ticket" => Some(ContentType::Ticket),
        other => RAW_EXTENSIONS.contains(&other).then_some(ContentType::Raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bytes: &[u8], name: &str, said: Option<ContentType>) -> Result<ContentType, String> {
        content_type(bytes, Path::new(name), said).map_err(|error| error.to_string())
    }

    #[test]
    fn first_bytes_come_before_the_name() {
        let png = b"\x89PNG\r\n\x1a\nrest";
        assert_eq!(told(png, "ticket.pdf", None), Ok(ContentType::Png));
        assert_eq!(told(b"%PDF-1.7", "-", None), Ok(ContentType::Pdf));
        assert_eq!(told(b"\x1b@Hello", "ticket", None), Ok(ContentType::Raw));
        assert_eq!(told(b"Hello", "ticket.PRN", None), Ok(ContentType::Raw));
        assert_eq!(told(b"\xff\xd8\xff\xe0", "-", None), Ok(ContentType::Jpeg));
        assert_eq!(told(b"{}", "ticket.json", None), Ok(ContentType::Ticket));
    }

    #[test]
    fn what_cannot_be_told_asks_for_the_type() {
        let error = told(b"Hello", "-", None).unwrap_err();
        assert!(
            error.contains("standard input") && error.contains("--type raw"),
            "{error}"
        );
        assert_eq!(
            told(b"Hello", "-", Some(ContentType::Raw)),
            Ok(ContentType::Raw)
        );
    }

    #[test]
    fn a_wrong_type_is_found_before_anything_is_sent() {
        let error = told(b"%PDF-1.7", "a.png", Some(ContentType::Png)).unwrap_err();
        assert!(
            error.contains("expected a png, but it begins like a pdf"),
            "{error}"
        );
        assert_eq!(
            told(b"%PDF-1.7", "a.pdf", Some(ContentType::Raw)),
            Ok(ContentType::Raw)
        );
    }

    #[test]
    fn length_has_its_limits() {
        let empty = read_limited(&b""[..], "a").unwrap_err().to_string();
        assert!(empty.contains("empty"), "{empty}");
        let endless = std::io::repeat(b'x');
        let long = read_limited(endless, "a").unwrap_err().to_string();
        assert!(long.contains("32 MiB"), "{long}");
    }
}
