//! The settings in `agent.toml`: parsed once, with every error reported together.

mod link;
mod printers;
mod section;
mod trays;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cueline_agent_core::LinkTimings;
use cueline_uplink::{ProxyChoice, ProxyUrlError};

pub use printers::PrinterSetting;
use section::{Complaint, Document};
pub use trays::TraySetting;

/// The agent's settings.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The way to the hub; where none is set, the one given at registration counts.
    pub proxy: Option<ProxySetting>,
    /// The timings of the held request.
    pub link: LinkTimings,
    /// This machine's printers.
    pub printers: Vec<PrinterSetting>,
    /// Where trays come in.
    pub trays: TraySetting,
}

/// A proxy setting with the text it came from, which may hold a password: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxySetting {
    text: String,
    /// What it means.
    pub choice: ProxyChoice,
}

impl ProxySetting {
    /// The text, for a private file.
    pub fn secret_text(&self) -> &str {
        &self.text
    }
}

impl Default for ProxySetting {
    fn default() -> Self {
        Self {
            text: "auto".to_owned(),
            choice: ProxyChoice::Auto,
        }
    }
}

impl FromStr for ProxySetting {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        Ok(Self {
            text: text.to_owned(),
            choice: text.parse()?,
        })
    }
}

impl fmt::Debug for ProxySetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.choice, f)
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug)]
pub struct ConfigErrors {
    file: PathBuf,
    complaints: Vec<Complaint>,
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.complaints.len();
        let noun = if count == 1 { "error" } else { "errors" };
        write!(
            f,
            "read the configuration {}: {count} {noun}",
            self.file.display()
        )?;
        self.complaints
            .iter()
            .try_for_each(|complaint| write!(f, "\n  {complaint}"))
    }
}

impl Config {
    /// Reads the file named, or `default_file` where there is one.
    ///
    /// # Errors
    /// All that is wrong with it; a file that was named and is missing is an error, the default
    /// one is not.
    pub fn load(named: Option<&Path>, default_file: &Path) -> Result<Self, ConfigErrors> {
        let file = named.unwrap_or(default_file);
        let fail = |complaints| ConfigErrors {
            file: file.to_owned(),
            complaints,
        };
        match std::fs::read_to_string(file) {
            Ok(text) => Self::of_text(&text, file),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(error) => Err(fail(vec![Complaint::of_file(&error)])),
        }
    }

    /// Reads what stands in `file`, or would.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn of_text(text: &str, file: &Path) -> Result<Self, ConfigErrors> {
        Self::parse(text).map_err(|complaints| ConfigErrors {
            file: file.to_owned(),
            complaints,
        })
    }

    fn parse(text: &str) -> Result<Self, Vec<Complaint>> {
        let document = Document::parse(text)?;
        let mut root = document.root();
        let config = Self {
            proxy: root
                .text("proxy")
                .and_then(|value| root.parsed("proxy", &value)),
            link: link::read(&mut root.section("link")),
            printers: printers::read(&mut root),
            trays: trays::read(&mut root.section("trays")),
        };
        drop(root);
        document.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cueline_model::Language;

    use super::*;

    fn complaints(text: &str) -> Vec<String> {
        let complaints = Config::parse(text).unwrap_err();
        complaints.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let config = Config::parse("").unwrap();
        assert_eq!(config.link, LinkTimings::default());
        assert_eq!(config.proxy, None);
        assert!(config.printers.is_empty());
    }

    #[test]
    fn every_setting_is_read() {
        let config = Config::parse(
            r#"
            proxy = "http://clerk:secret@10.0.0.1:3128"
            [link]
            ping_s = 60
            idle_timeout_s = 90.5
            quick_tries = 3
            [[printers]]
            name = "desk-1"
            port = "tcp://192.0.2.7:9100"
            language = "escpos"
            width_dots = 512
            timeouts = { connect_s = 2, proof_s = 1.5 }
            watch = false
            [[printers]]
            name = "tickets"
            port = "serial:///dev/ttyUSB0?baud=19200&flow=rtscts"
            model = "boca-lemur-300"
            dpi = 300
            label_height_mm = 80
            [[printers]]
            name = "labels"
            port = "usb://0a5f:0187"
            language = "zpl"
            dpi = 300
            width_dots = 1200
            height_dots = 600
            [[printers]]
            name = "office"
            port = "ipp://192.0.2.9/ipp/print"
            language = "pdf"
            [[printers]]
            name = "spool"
            port = "file:///var/spool/tickets.bin"
            language = "raw"
            "#,
        )
        .unwrap();
        assert_eq!(
            config.proxy.unwrap().choice.to_string(),
            "http://10.0.0.1:3128"
        );
        assert_eq!(config.link.ping, Duration::from_secs(60));
        assert_eq!(config.link.idle_timeout, Duration::from_millis(90_500));
        assert_eq!(config.link.quick_tries, 3);
        let [desk, tickets, labels, office, spool] = &config.printers[..] else {
            panic!("five printers")
        };
        assert_eq!(tickets.profile.language, Language::Fgl);
        assert_eq!(tickets.profile.dpi, 300);
        assert_eq!(tickets.profile.height_dots, Some(944));
        assert_eq!(labels.profile.language, Language::Zpl);
        let size = (
            labels.profile.dpi,
            labels.profile.width_dots,
            labels.profile.height_dots,
        );
        assert_eq!(size, (300, 1200, Some(600)));
        assert_eq!(office.profile.language, Language::Pdf);
        let watched = config.printers.iter().map(|printer| printer.watch);
        assert_eq!(
            watched.collect::<Vec<_>>(),
            [false, true, true, true, false],
            "where a look tells something and nothing else is said"
        );
        assert_eq!(desk.name.as_str(), "desk-1");
        assert_eq!(desk.address.to_string(), "tcp://192.0.2.7:9100");
        assert_eq!(desk.profile.width_dots, 512);
        assert_eq!(desk.timeouts.connect, Duration::from_secs(2));
        assert_eq!(desk.timeouts.proof, Duration::from_millis(1500));
        assert_eq!(spool.profile.language, Language::Raw);
    }

    #[test]
    fn all_errors_come_together_with_their_lines() {
        let found = complaints(
            "proxy = \"socks5://x\"\n\
             color = 1\n\
             [link]\n\
             ping_s = 4\n\
             pings = 3\n\
             idle_timeout_s = \"long\"\n\
             [[printers]]\n\
             name = \"desk 1\"\n\
             port = \"lpt1\"\n\
             [[printers]]\n\
             name = \"b\"\n\
             port = \"tcp://b:9100\"\n\
             language = \"epl\"\n\
             width_dots = 9\n",
        );
        let expected = [
            "line 1, proxy: ",
            "line 2, color: not a setting",
            "line 4, link.ping_s: ",
            "line 5, link.pings: not a setting",
            "line 6, link.idle_timeout_s: ",
            "line 7, printers[1].language: missing",
            "line 8, printers[1].name: ",
            "line 9, printers[1].port: ",
            "line 13, printers[2].language: ",
            "line 14, printers[2].width_dots: ",
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused_with_what_to_do() {
        let found = complaints(
            "[[printers]]\n\
             name = \"a\"\n\
             port = \"usb://\"\n\
             model = \"boca-lemur-300\"\n\
             language = \"escpos\"\n\
             height_dots = 600\n\
             label_height_mm = 50\n\
             [[printers]]\n\
             name = \"b\"\n\
             port = \"lpt:\"\n\
             model = \"dot-matrix\"\n\
             dpi = 9\n\
             watch = 1\n",
        );
        let expected = [
            "line 5, printers[1].language: the model speaks fgl, not escpos",
            "line 7, printers[1].label_height_mm: the same as height_dots",
            "line 10, printers[2].port: a printer's address starts with",
            "line 11, printers[2].model: unknown printer model",
            "line 12, printers[2].dpi: expected a whole number from 72",
            "line 13, printers[2].watch: expected true or false",
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn a_proxys_password_is_in_no_message() {
        let bad = complaints("proxy = \"http://clerk:s3cr3t@ho st:1\"");
        assert!(!bad.join("").contains("s3cr3t"), "{bad:?}");
        let good = Config::parse("proxy = \"http://clerk:s3cr3t@host:1\"").unwrap();
        assert!(!format!("{good:?}").contains("s3cr3t"));
    }

    #[test]
    fn broken_toml_is_reported_with_its_line() {
        let found = complaints("proxy = \"auto\"\n[link\nping_s = 5\n");
        assert!(found[0].starts_with("line 2: "), "{found:?}");
    }

    #[test]
    fn two_printers_of_one_name_are_refused() {
        let printer = "[[printers]]\nname = \"a\"\nport = \"tcp://a:1\"\nlanguage = \"raw\"\n";
        let found = complaints(&printer.repeat(2));
        assert!(found[0].contains("printers[2].name"), "{found:?}");
        assert!(
            found[0].contains("name") && found[0].contains("twice"),
            "{found:?}"
        );
    }

    #[test]
    fn two_printers_on_one_port_are_refused() {
        let printer = |name| {
            format!("[[printers]]\nname = \"{name}\"\nport = \"tcp://a:1\"\nlanguage = \"raw\"\n")
        };
        let found = complaints(&(printer("a") + &printer("b")));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("printers[2].port"), "{found:?}");
    }

    #[test]
    fn short_timings_need_to_be_allowed() {
        let short = "ping_s = 1\nidle_timeout_s = 3\nquick_pause_s = 0.05\nsteady_pause_s = 0.05\n\
                     learned_ping_min_s = 0.3\nhello_timeout_s = 0.5\n";
        assert_eq!(complaints(&format!("[link]\n{short}")).len(), 6);
        let config = Config::parse(&format!("[link]\nallow_short = true\n{short}")).unwrap();
        assert_eq!(config.link.quick_pause, Duration::from_millis(50));
        assert_eq!(config.link.learned_ping_min, Duration::from_millis(300));
    }

    #[test]
    fn a_ping_is_always_under_the_idle_time_out() {
        let found = complaints("[link]\nping_s = 120\nidle_timeout_s = 100\n");
        assert!(found[0].contains("link.ping_s"), "{found:?}");
        assert!(found[0].contains("under"), "{found:?}");
    }

    #[test]
    fn a_named_file_must_be_there_and_the_default_one_need_not() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("agent.toml");
        assert!(Config::load(None, &missing).is_ok());
        let error = Config::load(Some(&missing), &missing)
            .unwrap_err()
            .to_string();
        assert!(error.contains("agent.toml"), "{error}");
    }
}
