//! What a printer says that it is and can (Get-Printer-Attributes).

use std::collections::BTreeSet;

use cueline_model::{Capabilities, ContentType, Language, OptionName, Paper, Proof};
use ipp::value::IppValue;

use super::media;
use super::message::Attributes;

/// Attributes to ask for when a printer is opened.
pub(crate) const WANTED: [&str; 27] = [
    "cups-version",
    "printer-type",
    "device-uri",
    "printer-name",
    "printer-make-and-model",
    "printer-device-id",
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "operations-supported",
    "document-format-supported",
    "copies-supported",
    "sides-supported",
    "media-supported",
    "media-source-supported",
    "media-type-supported",
    "media-col-supported",
    "print-color-mode-supported",
    "print-scaling-supported",
    "number-up-supported",
    "page-ranges-supported",
    "printer-resolution-supported",
    "printer-resolution-default",
    "orientation-requested-supported",
    "multiple-document-handling-supported",
    "printer-firmware-name",
];

/// Attributes to ask for while a job is waited for.
pub(crate) const WANTED_STATE: [&str; 4] = [
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
];

/// Create-Job and Send-Document, by their numbers.
const CREATE_JOB: i32 = 0x0005;
const SEND_DOCUMENT: i32 = 0x0006;

/// What stands behind an IPP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description {
    /// What a completed job proves here.
    pub(crate) proves: Proof,
    /// Whether it is a queue of CUPS.
    pub(crate) is_cups: bool,
    /// Whether a job can be made before its document is sent.
    pub(crate) makes_jobs: bool,
    pub(crate) formats: Vec<String>,
    /// The most copies it makes by itself.
    pub(crate) copies_max: u16,
    pub(crate) sides: Vec<String>,
    /// PWG media size names (PWG 5101.1).
    pub(crate) sizes: Vec<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) types: Vec<String>,
    /// Members of `media-col` that it understands.
    pub(crate) media_col: Vec<String>,
    pub(crate) color_modes: Vec<String>,
    pub(crate) scalings: Vec<String>,
    pub(crate) numbers_up: Vec<i32>,
    pub(crate) page_ranges: bool,
    /// Dots per inch, the usual ones first.
    pub(crate) dpi: Vec<u16>,
    pub(crate) orientations: Vec<i32>,
    pub(crate) handlings: Vec<String>,
    pub(crate) model: Option<String>,
}

impl Description {
    /// Reads the attributes of one printer.
    pub(crate) fn read(printer: Attributes<'_>) -> Self {
        let texts = |name: &str| printer.texts(name).collect::<Vec<_>>();
        let is_cups = printer.has("cups-version") || printer.has("printer-type");
        let operations: Vec<i32> = printer.numbers("operations-supported").collect();
        let ranges = |name: &str| {
            printer
                .values(name)
                .flat_map(|value| match value {
                    IppValue::Integer(number) => vec![*number],
                    IppValue::RangeOfInteger { min, max } => {
                        vec![*min, (*max).clamp(*min, i32::from(u16::MAX))]
                    }
                    _ => Vec::new(),
                })
                .collect::<Vec<i32>>()
        };
        let numbers_up = printer
            .values("number-up-supported")
            .flat_map(|value| match value {
                IppValue::Integer(number) => vec![*number],
                IppValue::RangeOfInteger { min, max } => ((*min).max(1)..=(*max).min(16)).collect(),
                _ => Vec::new(),
            })
            .collect();
        Self {
            proves: proves(printer, is_cups),
            is_cups,
            makes_jobs: operations.contains(&CREATE_JOB) && operations.contains(&SEND_DOCUMENT),
            formats: texts("document-format-supported"),
            copies_max: ranges("copies-supported")
                .into_iter()
                .max()
                .and_then(|most| u16::try_from(most).ok())
                .unwrap_or(1)
                .max(1),
            sides: texts("sides-supported"),
            sizes: texts("media-supported")
                .into_iter()
                .filter(|name| media::paper(name).is_some())
                .collect(),
            sources: texts("media-source-supported"),
            types: texts("media-type-supported"),
            media_col: texts("media-col-supported"),
            color_modes: texts("print-color-mode-supported"),
            scalings: texts("print-scaling-supported"),
            numbers_up,
            page_ranges: printer.flag("page-ranges-supported") == Some(true),
            dpi: resolutions(printer),
            orientations: printer.numbers("orientation-requested-supported").collect(),
            handlings: texts("multiple-document-handling-supported"),
            model: printer.text("printer-make-and-model"),
        }
    }

    /// Whether it takes documents of a MIME type.
    pub(crate) fn takes(&self, format: &str) -> bool {
        self.formats.iter().any(|known| known == format)
    }

    /// The same in the words of everybody else.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let mut options = BTreeSet::new();
        let mut has = |can: bool, option| {
            if can {
                options.insert(option);
            }
        };
        has(!self.handlings.is_empty(), OptionName::Collate);
        has(
            self.color_modes.iter().any(|mode| mode == "color"),
            OptionName::Color,
        );
        has(
            self.sides.iter().any(|sides| sides != "one-sided"),
            OptionName::Duplex,
        );
        has(!self.scalings.is_empty(), OptionName::Fit);
        has(
            self.numbers_up.iter().any(|number| *number > 1),
            OptionName::Nup,
        );
        has(self.page_ranges, OptionName::Pages);
        has(!self.sizes.is_empty(), OptionName::Paper);
        has(self.orientations.len() > 1, OptionName::Rotate);
        Capabilities {
            proves: self.proves,
            dpi: self.dpi.clone(),
            options,
            trays: self.sources.clone(),
            media: self.types.clone(),
            papers: self
                .sizes
                .iter()
                .filter_map(|name| media::paper(name))
                .collect::<Vec<Paper>>(),
        }
    }
}

/// What a completed job proves.
///
/// "Completed" says that all sheets are in the output bin (RFC 8011, section 5.3.7), and a printer that
/// speaks for itself is believed. A queue speaks for the program that carried the bytes away: to a device
/// it had them taken, to anything else it handed them on.
fn proves(printer: Attributes<'_>, is_cups: bool) -> Proof {
    // A framework for print servers that look like printers; its servers carry the bytes to a device.
    let is_server = printer
        .texts("printer-firmware-name")
        .any(|name| name == "PAPPL");
    match printer.text("device-uri") {
        None if is_cups => Proof::Spooled,
        None if is_server => Proof::Sent,
        None => Proof::Printed,
        Some(uri) => match uri.split(':').next().unwrap_or_default() {
            // These wait until the device has taken the last byte, or until its own job is done.
            "socket" | "usb" | "serial" | "parallel" | "hp" | "ipp" | "ipps" | "dnssd"
            | "ippusb" => Proof::Sent,
            _ => Proof::Spooled,
        },
    }
}

fn resolutions(printer: Attributes<'_>) -> Vec<u16> {
    const PER_INCH: i8 = 3;
    let mut all: Vec<u16> = Vec::new();
    for name in ["printer-resolution-default", "printer-resolution-supported"] {
        for value in printer.values(name) {
            let IppValue::Resolution {
                cross_feed,
                feed,
                units,
            } = value
            else {
                continue;
            };
            let dpi = match *units {
                PER_INCH => *cross_feed,
                // Dots per centimetre.
                _ => (f64::from(*cross_feed) * 2.54).round() as i32,
            };
            if cross_feed == feed
                && let Ok(dpi) = u16::try_from(dpi)
                && !all.contains(&dpi)
            {
                all.push(dpi);
            }
        }
    }
    all
}

/// What a document is called in a MIME type; raw bytes go to a queue of CUPS past all its filters.
pub(crate) fn format(
    content_type: ContentType,
    language: Language,
    printer: &Description,
) -> &'static str {
    const ZPL: &str = "application/vnd.zebra-zpl";
    match content_type {
        ContentType::Pdf => "application/pdf",
        ContentType::Png => "image/png",
        ContentType::Jpeg => "image/jpeg",
        ContentType::Raw if printer.is_cups => "application/vnd.cups-raw",
        // A print server that knows the language takes it by its name only.
        ContentType::Raw if language == Language::Zpl && printer.takes(ZPL) => ZPL,
        ContentType::Raw | ContentType::Ticket => "application/octet-stream",
    }
}
