//! The settings in `tray.toml`: the desk's name and its terminals.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use cueline_model::limits::TERMINALS_PER_STATION_MAX;
use cueline_model::{Currency, StationName, TerminalName, TerminalProtocol};
use serde::Deserialize;

/// The tray's settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the box office calls this desk.
    pub station: StationName,
    /// At most [`TERMINALS_PER_STATION_MAX`], each with a name of its own.
    #[serde(default)]
    pub terminals: Vec<TerminalSetting>,
}

/// One card terminal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalSetting {
    /// What the box office calls it.
    pub name: TerminalName,
    /// What it speaks.
    pub protocol: TerminalProtocol,
    /// Where it is; see [`cueline_terminal_links::TerminalAddress`].
    pub address: String,
    /// Other machines' addresses that it may have, where its protocol knows no authentication.
    #[serde(default)]
    pub allow: Vec<String>,
    /// ZVT: how it is registered with.
    #[serde(default)]
    pub zvt: Zvt,
    /// Adyen's Terminal API: what it shares with this till.
    #[serde(default)]
    pub adyen: Option<Adyen>,
    /// Caisse-AP: which cash register this is.
    #[serde(default)]
    pub caisse_ap: CaisseAp,
}

/// The table `zvt` of a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Zvt {
    /// The currency it is registered for.
    pub currency: Option<Currency>,
    /// The till's password, six digits.
    pub password: u32,
}

/// The table `adyen` of a terminal, as the Customer Area shows it under its shared key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adyen {
    /// Model, hyphen, serial number.
    pub poi_id: String,
    /// The shared key's identifier.
    pub key_identifier: String,
    /// The shared key's version.
    #[serde(default)]
    pub key_version: u32,
    /// A file with the shared key's passphrase in its first line, for its owner alone.
    pub passphrase_file: PathBuf,
    /// The root of the terminal's certificate, PEM; not needed where the address has a pin.
    #[serde(default)]
    pub root_file: Option<PathBuf>,
}

/// The table `caisse_ap` of a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaisseAp {
    /// 1 to 99.
    pub register: u8,
}

impl Default for CaisseAp {
    fn default() -> Self {
        Self { register: 1 }
    }
}

impl Config {
    /// Reads the file.
    ///
    /// # Errors
    /// Where it cannot be read, or what stands in it is no setting.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let attempt = || format!("read the configuration {}", path.display());
        let text = std::fs::read_to_string(path).with_context(attempt)?;
        Self::of_text(&text).with_context(attempt)
    }

    fn of_text(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        let count = config.terminals.len();
        ensure!(
            count <= TERMINALS_PER_STATION_MAX,
            "expected at most {TERMINALS_PER_STATION_MAX} terminals, got {count}"
        );
        for (place, terminal) in config.terminals.iter().enumerate() {
            let (name, earlier) = (&terminal.name, &config.terminals[..place]);
            ensure!(
                earlier.iter().all(|other| other.name != *name),
                "two terminals are called {name}; give each a name of its own"
            );
            ensure!(
                terminal.protocol != TerminalProtocol::AdyenLocal || terminal.adyen.is_some(),
                "terminal {name} needs a table adyen = {{ poi_id, key_identifier, key_version, passphrase_file }}"
            );
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: &str = "station = \"desk 1\"\n\
         [[terminals]]\nname = \"counter\"\nprotocol = \"zvt\"\naddress = \"tcp://127.0.0.1:20007\"\n";

    #[test]
    fn a_desk_and_its_terminal_are_read() {
        let config = Config::of_text(DESK).unwrap();
        assert_eq!(config.station.as_str(), "desk 1");
        assert_eq!(config.terminals[0].protocol, TerminalProtocol::Zvt);
    }

    #[test]
    fn what_is_no_setting_is_refused_by_name() {
        let twice = format!("{DESK}{}", DESK.split_once('\n').unwrap().1);
        for (text, named) in [
            ("station = \"\"", "station name"),
            ("station = \"desk\"\ncolour = 1", "colour"),
            (twice.as_str(), "two terminals are called counter"),
        ] {
            let error = format!("{:#}", Config::of_text(text).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
