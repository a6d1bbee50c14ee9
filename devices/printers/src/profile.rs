//! What has to be known of a printer: its language, its head, and what its model does differently.
//!
//! Models are data: one file a model in `quirks/`, parsed once.

use std::sync::LazyLock;

use cueline_model::Language;
use serde::{Deserialize, Serialize};

/// What has to be known of a printer to render for it and to understand it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The command language it takes.
    pub language: Language,
    /// Dots to the inch, both ways.
    pub dpi: u16,
    /// Dots across a page as it is read. ESC/POS and ZPL: dots of the print head (576 is 80 mm paper at
    /// 203 dpi). FGL reads along the paper, so these are the columns of a ticket, its long side.
    pub width_dots: u16,
    /// Dots down a page as it is read, `None` for a roll cut where the page ends. FGL: rows, across the
    /// print head.
    pub height_dots: Option<u16>,
    /// What the model does differently.
    pub quirks: Quirks,
}

/// What a model does differently from others of its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quirks {
    /// Whether it tells of each ticket that it is printed: the process id of ESC/POS (`GS ( H`), the
    /// ticket acknowledgement of FGL, the counts of ZPL (`~HS`). Without, a print is proven sent only.
    pub acknowledges: bool,
    /// Whether it can be asked for its state and tells of faults by itself.
    pub tells_status: bool,
    /// What it cuts with.
    pub cutter: Cutter,
    /// Where a cash drawer is plugged in.
    #[serde(default)]
    pub drawer: Option<DrawerPin>,
    /// The most rows of one picture command; cheap printers lose taller pictures.
    pub band_rows: u16,
    /// Whether it can be told how dark to print.
    pub darkness: bool,
    /// Whether it writes text and codes of a ticket document itself; a picture is sent otherwise.
    pub native: bool,
}

/// What a printer cuts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutter {
    /// Nothing: labels and tickets that are torn off.
    None,
    /// A cut through.
    Full,
    /// A cut that leaves a bridge.
    Partial,
}

/// The pin of the drawer connector that opens the drawer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawerPin {
    /// Pin 2, the usual one.
    Pin2,
    /// Pin 5, a second drawer.
    Pin5,
}

/// A model that no quirk file describes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown printer model {got:?}: expected one of {}; use the generic one of its language, or \
     leave the model out", models().collect::<Vec<_>>().join(", ")
)]
pub struct UnknownModel {
    /// The name that was given, cut to 64 characters.
    pub got: String,
}

/// One file of `quirks/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    /// The word used in settings.
    name: String,
    /// Parts of the name that the printer gives itself (IEEE 1284 device id, DNS-SD), lower case.
    #[serde(default)]
    recognized_by: Vec<String>,
    profile: Profile,
}

/// The files, those that are recognized by more before those by less; generic ones last.
const FILES: [&str; 14] = [
    include_str!("quirks/boca-lemur-300.toml"),
    include_str!("quirks/boca-lemur-200.toml"),
    include_str!("quirks/epson-tm-m30.toml"),
    include_str!("quirks/epson-tm-t20.toml"),
    include_str!("quirks/epson-tm-t88.toml"),
    include_str!("quirks/star-escpos.toml"),
    include_str!("quirks/zebra-gk420d.toml"),
    include_str!("quirks/zebra-zd421-300.toml"),
    include_str!("quirks/zebra-zd421-203.toml"),
    include_str!("quirks/escpos-mute.toml"),
    include_str!("quirks/escpos-no-echo.toml"),
    include_str!("quirks/generic-escpos.toml"),
    include_str!("quirks/generic-fgl.toml"),
    include_str!("quirks/generic-zpl.toml"),
];

static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|file| toml::from_str(file).expect("a test parses every file"))
        .collect()
});

/// The models that [`Profile::for_model`] knows, by the words used in settings.
pub fn models() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|model| model.name.as_str())
}

impl Profile {
    /// The usual printer of a language.
    #[must_use]
    pub fn new(language: Language) -> Self {
        match language {
            Language::Escpos => Self::generic("generic-escpos"),
            Language::Fgl => Self::generic("generic-fgl"),
            Language::Zpl => Self::generic("generic-zpl"),
            Language::Pdf | Language::Raw => Self {
                language,
                // A4 at a laser printer's resolution, for documents that have to be made pictures.
                dpi: 300,
                width_dots: 2480,
                height_dots: Some(3508),
                quirks: Quirks {
                    acknowledges: false,
                    tells_status: false,
                    cutter: Cutter::None,
                    drawer: None,
                    band_rows: 1,
                    darkness: false,
                    native: false,
                },
            },
        }
    }

    fn generic(name: &str) -> Self {
        Self::for_model(name).expect("a test looks every generic model up")
    }

    /// The printer of a model by the word used in settings, such as `epson-tm-t88`.
    ///
    /// # Errors
    /// [`UnknownModel`], which lists those that are known.
    pub fn for_model(name: &str) -> Result<Self, UnknownModel> {
        MODELS
            .iter()
            .find(|model| model.name.eq_ignore_ascii_case(name))
            .map(|model| model.profile)
            .ok_or_else(|| UnknownModel {
                got: name.chars().take(64).collect(),
            })
    }

    /// The model whose printers give themselves a name like `reported` (of a USB device, of a network
    /// service), by the word used in settings.
    #[must_use]
    pub fn recognized(reported: &str) -> Option<&'static str> {
        let reported = reported.to_ascii_lowercase();
        MODELS
            .iter()
            .find(|model| {
                model
                    .recognized_by
                    .iter()
                    .any(|part| reported.contains(part.as_str()))
            })
            .map(|model| model.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_parses_and_every_name_is_its_own() {
        let names: Vec<&str> = models().collect();
        assert_eq!(names.len(), FILES.len());
        for name in &names {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1);
            let profile = Profile::for_model(name).unwrap();
            assert!(profile.dpi >= 150 && profile.width_dots >= 64, "{name}");
            assert!(profile.quirks.band_rows > 0, "{name}");
        }
        for language in Language::ALL {
            assert_eq!(Profile::new(language).language, language);
        }
    }

    #[test]
    fn an_unknown_model_is_refused_with_those_that_are_known() {
        let error = Profile::for_model("lasermaster-9000").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("lasermaster-9000") && text.contains("epson-tm-t88"));
        assert!(Profile::for_model("Epson-TM-T88").is_ok());
    }

    #[test]
    fn printers_are_recognized_by_what_they_call_themselves() {
        let table = [
            ("EPSON TM-T88VI", Some("epson-tm-t88")),
            ("Boca Systems Lemur 300 DPI", Some("boca-lemur-300")),
            ("BOCA Lemur", Some("boca-lemur-200")),
            (
                "MFG:Zebra Technologies ;MDL:ZTC GK420d;",
                Some("zebra-gk420d"),
            ),
            ("ZTC ZD421-300dpi ZPL", Some("zebra-zd421-300")),
            ("ZTC ZD421-203dpi ZPL", Some("zebra-zd421-203")),
            ("Star TSP143IV", Some("star-escpos")),
            ("HP LaserJet", None),
        ];
        for (reported, model) in table {
            assert_eq!(Profile::recognized(reported), model, "{reported}");
        }
    }

    #[test]
    fn a_profile_reads_back_as_written() {
        let profile = Profile::for_model("boca-lemur-300").unwrap();
        let json = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
    }
}
