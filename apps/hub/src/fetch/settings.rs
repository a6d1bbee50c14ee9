//! What an operator says about fetching: the section `[fetch]` of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::Allow;

/// Rules and limits of fetching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchSettings {
    /// What is open beside the public internet.
    pub allow: Allow,
    /// Whether what is in `allow` may be fetched from without TLS.
    pub allow_http: bool,
    /// Roots that are trusted beside the platform's, PEM.
    pub roots: Option<PathBuf>,
    /// For resolving a name, and again for an encrypted connection.
    pub connect_within: Duration,
    /// The longest silence of a server.
    pub idle: Duration,
    /// From the first name to the last byte, redirects included.
    pub total: Duration,
}

/// The section as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FetchSection {
    allow: Vec<String>,
    allow_http: bool,
    roots: Option<PathBuf>,
    connect_s: f64,
    idle_s: f64,
    total_s: f64,
}

impl Default for FetchSection {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            allow_http: false,
            roots: None,
            connect_s: 5.0,
            idle_s: 10.0,
            total_s: 30.0,
        }
    }
}

impl Default for FetchSettings {
    fn default() -> Self {
        FetchSection::default().checked(&mut Vec::new())
    }
}

impl FetchSection {
    /// The settings, with all that is wrong added to `errors`: then they are not to be used.
    pub fn checked(self, errors: &mut Vec<String>) -> FetchSettings {
        let allow = Allow::new(&self.allow);
        let allow = allow.unwrap_or_else(|error| {
            errors.push(format!("fetch.allow: {error}"));
            Allow::default()
        });
        let mut seconds = |key: &str, value: f64| {
            if !(0.05..=300.0).contains(&value) {
                errors.push(format!("fetch.{key}: expected 0.05 to 300, got {value}"));
                return Duration::ZERO;
            }
            Duration::from_secs_f64(value)
        };
        FetchSettings {
            allow,
            allow_http: self.allow_http,
            roots: self.roots,
            connect_within: seconds("connect_s", self.connect_s),
            idle: seconds("idle_s", self.idle_s),
            total: seconds("total_s", self.total_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told() {
        let section: FetchSection =
            toml::from_str("allow = [\"10.0.0.0/99\"]\nidle_s = 0\ntotal_s = nan\n").unwrap();
        let mut errors = Vec::new();
        section.checked(&mut errors);
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors[0].starts_with("fetch.allow: expected a host"));
        assert!(toml::from_str::<FetchSection>("alow = []").is_err());
    }

    #[test]
    fn nothing_is_open_unless_it_is_said() {
        let settings = FetchSettings::default();
        assert!(!settings.allow_http && settings.allow == Allow::default());
    }
}
