//! What the hub is told at its start: defaults, then the configuration file, then the command line.
//!
//! Everything is read and checked once, all errors are reported together, and [`Config`] is handed
//! down. Unknown keys are refused, so that a misspelt setting is an error and not a surprise.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cueline_model::limits;
use serde::Deserialize;

use crate::adyen::{AdyenSection, AdyenSettings};
use crate::fetch::{FetchSection, FetchSettings};
use crate::printnode::{PrintNodeSection, PrintNodeSettings};

/// Where the hub listens when it is told nothing.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 8443);

/// Everything the hub was told, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The directory that holds all the hub must not forget.
    pub data: PathBuf,
    /// The address and port of the one listener; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether `listen` was chosen by somebody; the default falls back to IPv4.
    pub listen_chosen: bool,
    /// Names and addresses, beside the machine's own, for the generated certificate.
    pub names: Vec<String>,
    /// The operator's own certificate; `None`: the hub makes its own authority.
    pub certificate: Option<CertificateFiles>,
    /// Timings of the link.
    pub link: LinkTimings,
    /// How much is taken.
    pub limits: Limits,
    /// How the hub stops.
    pub drain: Drain,
    /// The program that decodes documents, where it is not this one; no setting.
    pub decoder: Option<PathBuf>,
    /// What it may fetch.
    pub fetch: FetchSettings,
    /// Where PrintNode's API is.
    pub printnode: PrintNodeSettings,
    /// Where the Adyen Cloud device API is.
    pub adyen: AdyenSettings,
}

/// An operator's own certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain, PEM, the hub's own certificate first.
    pub chain: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The roots agents shall pin, PEM; `None`: the platform's.
    pub roots: Option<PathBuf>,
}

/// Timings of the link, as granted to agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkTimings {
    /// The shortest ping period granted.
    pub ping_min: Duration,
    /// The longest ping period granted, always under `idle_timeout`.
    pub ping_max: Duration,
    /// Silence for longer means that the link is dead.
    pub idle_timeout: Duration,
    /// How long an offered job may stay unacknowledged.
    pub acknowledge_within: Duration,
}

/// How much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections held at once; `None`: as many as the process may open files for.
    pub connections: Option<usize>,
    /// TLS handshakes done at the same time.
    pub handshakes: usize,
    /// Connections that wait for their handshake; one more is closed.
    pub handshakes_waiting: usize,
}

/// How the hub stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drain {
    /// Agents are told to come back at times spread over this.
    pub spread: Duration,
    /// Requests under way may finish within this.
    pub finish_within: Duration,
}

/// All that is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub struct ConfigErrors(pub Vec<String>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// What the command line says; it outranks the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--listen`.
    pub listen: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data: Option<PathBuf>,
    listen: Option<String>,
    public_url: Option<String>,
    names: Vec<String>,
    tls: TlsSection,
    link: LinkSection,
    limits: LimitsSection,
    drain: DrainSection,
    fetch: FetchSection,
    printnode: PrintNodeSection,
    adyen: AdyenSection,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TlsSection {
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    roots: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LinkSection {
    ping_min_s: Option<f64>,
    ping_max_s: Option<f64>,
    idle_timeout_s: f64,
    acknowledge_within_s: f64,
    /// For tests only: lets the timings go far below what is good for real networks.
    allow_short: bool,
}

impl Default for LinkSection {
    fn default() -> Self {
        Self {
            ping_min_s: None,
            ping_max_s: None,
            idle_timeout_s: 150.0,
            acknowledge_within_s: 10.0,
            allow_short: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsSection {
    connections: Option<usize>,
    handshakes: usize,
    handshakes_waiting: usize,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            connections: None,
            handshakes: 256,
            handshakes_waiting: 4_096,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DrainSection {
    spread_s: f64,
    finish_within_s: f64,
}

impl Default for DrainSection {
    fn default() -> Self {
        Self {
            spread_s: 5.0,
            finish_within_s: 10.0,
        }
    }
}

impl Config {
    /// Reads the file, if one is named, and checks everything.
    ///
    /// # Errors
    /// [`ConfigErrors`] with all that is wrong, one line each.
    pub fn load(overrides: &Overrides) -> Result<Self, ConfigErrors> {
        let file = match &overrides.file {
            Some(path) => read(path).map_err(|error| ConfigErrors(vec![error]))?,
            None => File::default(),
        };
        Self::checked(file, overrides)
    }

    fn checked(file: File, overrides: &Overrides) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let chosen = overrides.listen.as_ref().or(file.listen.as_ref());
        let listen = chosen.map_or(Ok(LISTEN_DEFAULT), |text| parse_listen(text));
        let listen = keep(listen, &mut errors);
        let data = overrides
            .data
            .clone()
            .or(file.data)
            .map_or_else(default_data, Ok);
        let data = keep(data, &mut errors);
        let names = keep(names(file.names, file.public_url), &mut errors);
        let certificate = keep(certificate(file.tls), &mut errors);
        let link = file.link.checked(&mut errors);
        let limits = file.limits.checked(&mut errors);
        let drain = file.drain.checked(&mut errors);
        let fetch = file.fetch.checked(&mut errors);
        let printnode = file.printnode.checked(&mut errors);
        let adyen = file.adyen.checked(&mut errors);
        match (data, listen, names, certificate) {
            (Some(data), Some(listen), Some(names), Some(certificate)) if errors.is_empty() => {
                Ok(Self {
                    data,
                    listen,
                    listen_chosen: chosen.is_some(),
                    names,
                    certificate,
                    link,
                    limits,
                    drain,
                    decoder: None,
                    fetch,
                    printnode,
                    adyen,
                })
            }
            _ => Err(ConfigErrors(errors)),
        }
    }
}

fn keep<T>(result: Result<T, String>, errors: &mut Vec<String>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

fn read(path: &Path) -> Result<File, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the configuration {}: {error}", path.display()))?;
    parse(&text).map_err(|error| format!("the configuration {}, {error}", path.display()))
}

fn parse(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| 1 + before.matches('\n').count());
        format!("line {line}: {}", error.message())
    })
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "listen: expected an address and a port like [::]:8443 or 127.0.0.1:0, got {text:?}"
        )
    })
}

/// The system's place for a service's data, else the user's.
fn default_data() -> Result<PathBuf, String> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let found = if cfg!(windows) {
        variable("ProgramData").map(|root| Path::new(&root).join("Cueline").join("hub"))
    } else {
        // systemd sets STATE_DIRECTORY for a unit with StateDirectory=.
        variable("STATE_DIRECTORY")
            .map(PathBuf::from)
            .or_else(|| variable("XDG_DATA_HOME").map(|root| Path::new(&root).join("cueline-hub")))
            .or_else(|| {
                variable("HOME").map(|home| Path::new(&home).join(".local/share/cueline-hub"))
            })
    };
    found.ok_or_else(|| "data: no directory is known to keep data in; give --data DIR".to_owned())
}

fn names(mut names: Vec<String>, public_url: Option<String>) -> Result<Vec<String>, String> {
    if let Some(url) = public_url {
        let host = url
            .parse::<http::Uri>()
            .ok()
            .filter(|uri| uri.scheme_str() == Some("https"))
            .and_then(|uri| {
                uri.host()
                    .map(|host| host.trim_matches(['[', ']']).to_owned())
            });
        names.push(host.ok_or_else(|| {
            format!(
                "public_url: expected https:// and a host like https://hub.example, got {url:?}"
            )
        })?);
    }
    for name in &names {
        let plain = name.parse::<IpAddr>().is_ok()
            || (!name.is_empty()
                && name.len() <= 253
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')));
        if !plain {
            return Err(format!(
                "names: expected host names and addresses, got {name:?}"
            ));
        }
    }
    Ok(names)
}

fn certificate(tls: TlsSection) -> Result<Option<CertificateFiles>, String> {
    match (tls.cert, tls.key, tls.roots) {
        (Some(chain), Some(key), roots) => Ok(Some(CertificateFiles { chain, key, roots })),
        (None, None, None) => Ok(None),
        (Some(_), None, _) => {
            Err("tls: cert is given without key; give both, or neither for a generated one".into())
        }
        (None, Some(_), _) => {
            Err("tls: key is given without cert; give both, or neither for a generated one".into())
        }
        (None, None, Some(_)) => {
            Err("tls: roots are of use only with cert and key; give these too".into())
        }
    }
}

impl LinkSection {
    fn checked(self, errors: &mut Vec<String>) -> LinkTimings {
        let (ping_floor_s, idle_floor_s, hint) = if self.allow_short {
            (0.05, 0.2, "")
        } else {
            let hint = " (tests may go lower with allow_short = true)";
            (limits::PING_MIN.as_secs_f64(), 30.0, hint)
        };
        let idle_s = self.idle_timeout_s;
        let ping_min_s = self.ping_min_s.unwrap_or(
            ping_floor_s
                .max(limits::PING_MIN.as_secs_f64())
                .min(idle_s / 2.0),
        );
        // Where only the idle time-out is shortened, the ping follows it.
        let ping_max_s = self
            .ping_max_s
            .unwrap_or(limits::PING_MAX.as_secs_f64().min(idle_s - idle_s / 15.0));
        let mut check = |key: &str, value: f64, right: bool, expected: String| {
            if !right {
                errors.push(format!("link.{key}: expected {expected}, got {value}"));
            }
        };
        check(
            "ping_min_s",
            ping_min_s,
            ping_min_s >= ping_floor_s,
            format!("at least {ping_floor_s}{hint}"),
        );
        check(
            "ping_max_s",
            ping_max_s,
            ping_max_s >= ping_min_s && ping_max_s < idle_s,
            format!("at least ping_min_s ({ping_min_s}) and less than idle_timeout_s ({idle_s})"),
        );
        check(
            "idle_timeout_s",
            idle_s,
            (idle_floor_s..=3600.0).contains(&idle_s),
            format!("{idle_floor_s} to 3600{hint}"),
        );
        check(
            "acknowledge_within_s",
            self.acknowledge_within_s,
            (0.1..=300.0).contains(&self.acknowledge_within_s),
            "0.1 to 300".to_owned(),
        );
        LinkTimings {
            ping_min: seconds(ping_min_s),
            ping_max: seconds(ping_max_s),
            idle_timeout: seconds(idle_s),
            acknowledge_within: seconds(self.acknowledge_within_s),
        }
    }
}

impl LinkTimings {
    /// The ping period granted to an agent that asks for `asked`.
    #[must_use]
    pub fn granted(&self, asked: Duration) -> Duration {
        asked.clamp(self.ping_min, self.ping_max)
    }
}

impl LimitsSection {
    fn checked(self, errors: &mut Vec<String>) -> Limits {
        let positive = [
            ("connections", self.connections.unwrap_or(1)),
            ("handshakes", self.handshakes),
            ("handshakes_waiting", self.handshakes_waiting),
        ];
        for (key, value) in positive {
            if value == 0 || value > 10_000_000 {
                errors.push(format!("limits.{key}: expected 1 to 10000000, got {value}"));
            }
        }
        Limits {
            connections: self.connections,
            handshakes: self.handshakes,
            handshakes_waiting: self.handshakes_waiting,
        }
    }
}

impl DrainSection {
    fn checked(self, errors: &mut Vec<String>) -> Drain {
        for (key, value) in [
            ("spread_s", self.spread_s),
            ("finish_within_s", self.finish_within_s),
        ] {
            if !(0.0..=600.0).contains(&value) {
                errors.push(format!("drain.{key}: expected 0 to 600, got {value}"));
            }
        }
        Drain {
            spread: seconds(self.spread_s),
            finish_within: seconds(self.finish_within_s),
        }
    }
}

/// What was checked is in range; what was not is reported and never used.
fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or_default()
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
