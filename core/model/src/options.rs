//! How a document is wanted on paper: the options of a print job, as far as a printer can.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::pages::PageRanges;
use crate::printer::Capabilities;

/// Characters of a tray's, medium's or paper's name.
pub const OPTION_NAME_CHARS_MAX: usize = 64;

/// The options of a print job besides its copies. What is not given is as the printer is set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintOptions {
    /// What becomes of a job that asks for what its printer cannot do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_unsupported: OnUnsupported,
    /// Several copies of several pages: 1 2 1 2 (`true`) or 1 1 2 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<bool>,
    /// In colour or in shades of grey.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<bool>,
    /// Where the paper is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<Cut>,
    /// How dark, 0 (lightest) to 100 (darkest) per cent of what the printer can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub darkness: Option<u8>,
    /// Dots per inch to render at; one of the printer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u16>,
    /// Opens the cash drawer with the first ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawer: Option<bool>,
    /// One side or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplex: Option<Duplex>,
    /// How a page that is not as large as the paper is made to fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<Fit>,
    /// What the printer is to take for its paper, by the name it gives it, such as `stationery`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// Pages of the document on one side of paper: 1, 2, 4, 6, 9 or 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nup: Option<u8>,
    /// Which pages of the document, all if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<PageRanges>,
    /// The size of the paper: a name the printer gives (`A4`) or `WIDTHxHEIGHTmm` (`80x150mm`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// Turned clockwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotation>,
    /// Where the paper is taken from, by the name the printer gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tray: Option<String>,
    /// Tickets before this one (from 1, all copies counted through) are left out: a reprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ticket: Option<u32>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What becomes of a job that asks for what its printer cannot do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnsupported {
    /// It is printed without, and says so.
    #[default]
    BestEffort,
    /// It is refused.
    Strict,
}

/// Where the paper is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Nowhere.
    None,
    /// After each ticket.
    Each,
    /// After the last ticket of the job.
    End,
}

impl Cut {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Each => "each",
            Self::End => "end",
        }
    }
}

/// One side of the paper or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplex {
    /// One side.
    OneSided,
    /// Both, bound at the long edge.
    LongEdge,
    /// Both, bound at the short edge.
    ShortEdge,
}

impl Duplex {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneSided => "one_sided",
            Self::LongEdge => "long_edge",
            Self::ShortEdge => "short_edge",
        }
    }
}

/// How a page is made to fit the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// In its own size; what hangs over is lost.
    None,
    /// Made smaller if it is too large.
    Shrink,
    /// Made smaller or larger until it fills the paper.
    Page,
}

impl Fit {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Shrink => "shrink",
            Self::Page => "page",
        }
    }
}

/// A turn clockwise, written as its degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Rotation {
    /// Not turned.
    #[default]
    R0,
    /// By 90 degrees.
    R90,
    /// By 180 degrees.
    R180,
    /// By 270 degrees.
    R270,
}

/// Why a number is not a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 0, 90, 180 or 270 degrees, got {got}")]
pub struct RotationError {
    /// The number that was given.
    pub got: u16,
}

impl TryFrom<u16> for Rotation {
    type Error = RotationError;

    fn try_from(degrees: u16) -> Result<Self, RotationError> {
        match degrees {
            0 => Ok(Self::R0),
            90 => Ok(Self::R90),
            180 => Ok(Self::R180),
            270 => Ok(Self::R270),
            got => Err(RotationError { got }),
        }
    }
}

impl From<Rotation> for u16 {
    fn from(rotation: Rotation) -> Self {
        match rotation {
            Rotation::R0 => 0,
            Rotation::R90 => 90,
            Rotation::R180 => 180,
            Rotation::R270 => 270,
        }
    }
}

/// An option by name: what a printer says that it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionName {
    /// [`PrintOptions::collate`].
    Collate,
    /// [`PrintOptions::color`].
    Color,
    /// [`PrintOptions::cut`].
    Cut,
    /// [`PrintOptions::darkness`].
    Darkness,
    /// [`PrintOptions::dpi`].
    Dpi,
    /// [`PrintOptions::drawer`].
    Drawer,
    /// [`PrintOptions::duplex`].
    Duplex,
    /// [`PrintOptions::fit`].
    Fit,
    /// [`PrintOptions::media`].
    Media,
    /// [`PrintOptions::nup`].
    Nup,
    /// [`PrintOptions::pages`].
    Pages,
    /// [`PrintOptions::paper`].
    Paper,
    /// [`PrintOptions::rotate`].
    Rotate,
    /// [`PrintOptions::tray`].
    Tray,
}

impl OptionName {
    /// The word used on the wire and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collate => "collate",
            Self::Color => "color",
            Self::Cut => "cut",
            Self::Darkness => "darkness",
            Self::Dpi => "dpi",
            Self::Drawer => "drawer",
            Self::Duplex => "duplex",
            Self::Fit => "fit",
            Self::Media => "media",
            Self::Nup => "nup",
            Self::Pages => "pages",
            Self::Paper => "paper",
            Self::Rotate => "rotate",
            Self::Tray => "tray",
        }
    }
}

impl fmt::Display for OptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An option that a printer cannot do as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Unsupported {
    /// Which.
    pub option: OptionName,
    /// What was asked for and what the printer can do instead, for people.
    pub text: String,
}

/// An option whose value no printer could do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option}: expected {expected}, got {got}")]
pub struct OptionError {
    /// Which, as written in [`PrintOptions`].
    pub option: &'static str,
    /// What would have been right.
    pub expected: &'static str,
    /// What was given, cut to 64 characters.
    pub got: String,
}

impl PrintOptions {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether each value is one that some printer could do.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), OptionError> {
        let refuse = |option, expected, got: String| {
            Err(OptionError {
                option,
                expected,
                got: got.chars().take(64).collect(),
            })
        };
        if let Some(darkness) = self.darkness.filter(|darkness| *darkness > 100) {
            return refuse("darkness", "0 to 100 per cent", darkness.to_string());
        }
        if let Some(nup) = self.nup.filter(|nup| ![1, 2, 4, 6, 9, 16].contains(nup)) {
            return refuse("nup", "1, 2, 4, 6, 9 or 16", nup.to_string());
        }
        if self.from_ticket == Some(0) {
            return refuse("from_ticket", "a ticket counted from 1", "0".to_owned());
        }
        for (option, name) in [
            ("media", &self.media),
            ("paper", &self.paper),
            ("tray", &self.tray),
        ] {
            let fits = |name: &&String| {
                (1..=OPTION_NAME_CHARS_MAX).contains(&name.chars().count())
                    && !name.chars().any(char::is_control)
            };
            if let Some(name) = name.as_ref().filter(|name| !fits(name)) {
                return refuse(option, "1 to 64 printable characters", name.clone());
            }
        }
        Ok(())
    }

    /// What of this a printer cannot do, in the order of the options' names. Asking for what happens
    /// anyway (one side, no turn, one page on a side) is never unsupported.
    #[must_use]
    pub fn unsupported_by(&self, printer: &Capabilities) -> Vec<Unsupported> {
        let asked: [(OptionName, Option<String>); 14] = [
            (OptionName::Collate, self.collate.map(|on| on.to_string())),
            (
                OptionName::Color,
                self.color.filter(|on| *on).map(|on| on.to_string()),
            ),
            (OptionName::Cut, self.cut.map(|cut| cut.as_str().to_owned())),
            (
                OptionName::Darkness,
                self.darkness.map(|per_cent| per_cent.to_string()),
            ),
            (
                OptionName::Dpi,
                self.dpi
                    .filter(|dpi| !printer.dpi.contains(dpi))
                    .map(|dpi| dpi.to_string()),
            ),
            (
                OptionName::Drawer,
                self.drawer.filter(|on| *on).map(|on| on.to_string()),
            ),
            (
                OptionName::Duplex,
                self.duplex
                    .filter(|duplex| *duplex != Duplex::OneSided)
                    .map(|duplex| duplex.as_str().to_owned()),
            ),
            (OptionName::Fit, self.fit.map(|fit| fit.as_str().to_owned())),
            (OptionName::Media, self.media.clone()),
            (
                OptionName::Nup,
                self.nup.filter(|nup| *nup > 1).map(|nup| nup.to_string()),
            ),
            (
                OptionName::Pages,
                self.pages.as_ref().map(ToString::to_string),
            ),
            (OptionName::Paper, self.paper.clone()),
            (
                OptionName::Rotate,
                self.rotate
                    .filter(|rotation| *rotation != Rotation::R0)
                    .map(|rotation| u16::from(rotation).to_string()),
            ),
            (OptionName::Tray, self.tray.clone()),
        ];
        asked
            .into_iter()
            .filter_map(|(option, value)| Some((option, value?)))
            .filter_map(|(option, value)| unsupported(option, &value, printer))
            .collect()
    }
}

fn unsupported(option: OptionName, value: &str, printer: &Capabilities) -> Option<Unsupported> {
    let choices: BTreeSet<String> = match option {
        OptionName::Tray => printer.trays.iter().cloned().collect(),
        OptionName::Media => printer.media.iter().cloned().collect(),
        OptionName::Dpi => printer.dpi.iter().map(ToString::to_string).collect(),
        _ => BTreeSet::new(),
    };
    let text = if !choices.is_empty() {
        if choices.contains(value) {
            return None;
        }
        let choices: Vec<String> = choices.into_iter().collect();
        format!("{option} {value}: the printer has {}", choices.join(", "))
    } else if printer.options.contains(&option) {
        return None;
    } else {
        format!("{option} {value}: the printer cannot do that")
    };
    Some(Unsupported { option, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_written() {
        let options = PrintOptions {
            rotate: Some(Rotation::R90),
            pages: Some("2-3".parse().unwrap()),
            ..PrintOptions::default()
        };
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(json, r#"{"pages":"2-3","rotate":90}"#);
        assert_eq!(
            serde_json::from_str::<PrintOptions>(&json).unwrap(),
            options
        );
        assert_eq!(
            serde_json::to_string(&PrintOptions::default()).unwrap(),
            "{}"
        );
        assert!(serde_json::from_str::<PrintOptions>(r#"{"rotat":90}"#).is_err());
        assert!(serde_json::from_str::<PrintOptions>(r#"{"rotate":45}"#).is_err());
    }

    #[test]
    fn what_a_printer_cannot_do_is_named_with_what_it_can() {
        let printer = Capabilities {
            options: [OptionName::Rotate].into(),
            trays: vec!["main".to_owned(), "manual".to_owned()],
            dpi: vec![203],
            ..Capabilities::default()
        };
        let options = PrintOptions {
            rotate: Some(Rotation::R90),
            duplex: Some(Duplex::LongEdge),
            tray: Some("top".to_owned()),
            dpi: Some(203),
            nup: Some(1),
            ..PrintOptions::default()
        };
        let texts: Vec<String> = options
            .unsupported_by(&printer)
            .into_iter()
            .map(|unsupported| unsupported.text)
            .collect();
        assert_eq!(
            texts,
            [
                "duplex long_edge: the printer cannot do that",
                "tray top: the printer has main, manual",
            ]
        );
    }

    #[test]
    fn values_that_no_printer_could_do_are_refused() {
        let bad = [
            PrintOptions {
                darkness: Some(101),
                ..PrintOptions::default()
            },
            PrintOptions {
                nup: Some(3),
                ..PrintOptions::default()
            },
            PrintOptions {
                from_ticket: Some(0),
                ..PrintOptions::default()
            },
            PrintOptions {
                tray: Some(String::new()),
                ..PrintOptions::default()
            },
            PrintOptions {
                media: Some("a\nb".to_owned()),
                ..PrintOptions::default()
            },
        ];
        for options in bad {
            assert!(options.check().is_err(), "{options:?} was taken");
        }
        PrintOptions::default().check().unwrap();
    }
}
