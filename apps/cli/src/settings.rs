//! How to reach the hub: what was typed, then the environment, then the profile.

use std::path::PathBuf;

use anyhow::Context as _;
use cueline_uplink::{HubUrl, ProxyChoice, Trust, Uplink, UplinkConfig};

use crate::api::Api;
use crate::arguments::ConnectionArguments;
use crate::profile::{self, Profile};

/// The variable that holds the API key.
pub const KEY_VARIABLE: &str = "CUELINE_KEY";

/// Everything needed to call the hub.
#[derive(Debug)]
pub struct Settings {
    /// Where it is.
    pub hub: HubUrl,
    /// The API key.
    pub key: String,
    /// Whom to believe that it is the hub.
    pub anchor: Anchor,
    /// Which way to go.
    pub proxy: ProxyChoice,
}

/// Where trust in the hub comes from, before any file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Anchor {
    /// This machine's authorities.
    Platform,
    /// A file of roots.
    Roots(PathBuf),
    /// One certificate, as text.
    Fingerprint(String),
}

/// Why the settings do not suffice.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No hub.
    #[error(
        "find the hub: none is given; say --hub https://HOST, or remember one with \
         `cueline login --hub https://HOST --key KEY`"
    )]
    NoHub,
    /// No key, or only one for another hub.
    #[error(
        "find the key for {hub}: none is given; set {KEY_VARIABLE}, say --key KEY, or remember one \
         with `cueline login --hub {hub} --key KEY`"
    )]
    NoKey {
        /// The hub.
        hub: HubUrl,
    },
    /// The profile does not parse further.
    #[error("read `{field}` of the profile: {cause}; write it anew with `cueline login`")]
    BadProfile {
        /// Which line.
        field: &'static str,
        /// What is wrong with it.
        cause: String,
    },
}

impl ConnectionArguments {
    /// The API as the arguments, the environment and the profile say.
    pub fn open(&self) -> anyhow::Result<Api> {
        // A profile that cannot be found or read matters only where something is missing.
        let complete = self.hub.is_some() && (self.key.is_some() || key_variable().is_some());
        let profile = match profile::path().and_then(|path| profile::read(&path)) {
            Ok(profile) => profile,
            Err(_) if complete => None,
            Err(error) => return Err(error),
        };
        resolve(self, key_variable(), profile)?.open()
    }
}

/// The key in the environment, where it is set and not empty.
pub fn key_variable() -> Option<String> {
    std::env::var(KEY_VARIABLE)
        .ok()
        .map(|key| key.trim().to_owned())
        .filter(|key| !key.is_empty())
}

/// Takes each setting from the first place that has it. What the profile says of one hub is never
/// used for another: its key would be given away.
pub fn resolve(
    typed: &ConnectionArguments,
    key_variable: Option<String>,
    profile: Option<Profile>,
) -> Result<Settings, SettingsError> {
    let bad = |field, cause: String| SettingsError::BadProfile { field, cause };
    let profile_hub = match &profile {
        Some(profile) => {
            let hub: HubUrl = profile
                .hub
                .parse()
                .map_err(|error: cueline_uplink::HubUrlError| bad("hub", error.to_string()))?;
            Some(hub)
        }
        None => None,
    };
    let hub = typed
        .hub
        .clone()
        .or_else(|| profile_hub.clone())
        .ok_or(SettingsError::NoHub)?;
    let profile = profile.filter(|_| profile_hub.as_ref() == Some(&hub));

    let key = typed
        .key
        .clone()
        .or(key_variable)
        .or_else(|| profile.as_ref().map(|profile| profile.key.clone()))
        .ok_or_else(|| SettingsError::NoKey { hub: hub.clone() })?;
    let remembered_proxy = profile.as_ref().and_then(|profile| profile.proxy.clone());
    let proxy = match typed.proxy.clone().or(remembered_proxy) {
        Some(text) => text
            .parse()
            .map_err(|error: cueline_uplink::ProxyUrlError| bad("proxy", error.to_string()))?,
        None => ProxyChoice::Auto,
    };
    Ok(Settings {
        anchor: anchor(typed, profile.as_ref()),
        hub,
        key,
        proxy,
    })
}

fn anchor(typed: &ConnectionArguments, profile: Option<&Profile>) -> Anchor {
    let typed_anchor = match (&typed.ca, &typed.fingerprint) {
        (Some(file), _) => Some(Anchor::Roots(file.clone())),
        (None, Some(fingerprint)) => Some(Anchor::Fingerprint(fingerprint.to_string())),
        (None, None) => None,
    };
    let remembered = || {
        let profile = profile?;
        let roots = profile.ca.clone().map(Anchor::Roots);
        roots.or_else(|| profile.fingerprint.clone().map(Anchor::Fingerprint))
    };
    typed_anchor.or_else(remembered).unwrap_or(Anchor::Platform)
}

impl Settings {
    /// The API at the end of these settings; connects to nothing yet.
    pub fn open(self) -> anyhow::Result<Api> {
        let mut config = UplinkConfig::new(self.hub);
        config.trust = match self.anchor {
            Anchor::Platform => Trust::Platform,
            Anchor::Roots(file) => Trust::from_pem_file(&file)?,
            Anchor::Fingerprint(text) => Trust::Fingerprint(text.parse()?),
        };
        config.proxy = self.proxy;
        let uplink = Uplink::new(config).context("prepare the way to the hub")?;
        Api::new(uplink, &self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered() -> Option<Profile> {
        Some(Profile {
            hub: "https://hub.example".to_owned(),
            key: "remembered".to_owned(),
            ca: Some(PathBuf::from("/ca.pem")),
            fingerprint: None,
            proxy: Some("none".to_owned()),
        })
    }

    fn typed(hub: Option<&str>, key: Option<&str>) -> ConnectionArguments {
        ConnectionArguments {
            hub: hub.map(|hub| hub.parse().unwrap()),
            key: key.map(str::to_owned),
            ..ConnectionArguments::default()
        }
    }

    #[test]
    fn the_profile_is_enough_by_itself() {
        let settings = resolve(&typed(None, None), None, remembered()).unwrap();
        assert_eq!(settings.hub.to_string(), "https://hub.example");
        assert_eq!(settings.key, "remembered");
        assert_eq!(settings.anchor, Anchor::Roots("/ca.pem".into()));
        assert_eq!(settings.proxy, ProxyChoice::None);
    }

    #[test]
    fn what_is_typed_comes_before_the_environment_and_that_before_the_profile() {
        let environment = Some("environment".to_owned());
        let key = |typed: &ConnectionArguments, environment| {
            resolve(typed, environment, remembered()).unwrap().key
        };
        assert_eq!(
            key(&typed(None, Some("typed")), environment.clone()),
            "typed"
        );
        assert_eq!(key(&typed(None, None), environment), "environment");
        assert_eq!(key(&typed(None, None), None), "remembered");
    }

    #[test]
    fn another_hub_never_gets_the_remembered_key_or_trust() {
        let other = typed(Some("https://other.example"), None);
        let error = resolve(&other, None, remembered()).unwrap_err();
        assert!(error.to_string().contains("https://other.example"));
        assert!(matches!(error, SettingsError::NoKey { .. }));
        let keyed = typed(Some("https://other.example"), Some("typed"));
        let settings = resolve(&keyed, None, remembered()).unwrap();
        assert_eq!(settings.anchor, Anchor::Platform);
        assert_eq!(settings.proxy, ProxyChoice::Auto);
    }

    #[test]
    fn without_anything_the_error_says_what_to_do() {
        let error = resolve(&typed(None, None), None, None).unwrap_err();
        assert_eq!(error, SettingsError::NoHub);
        assert!(error.to_string().contains("cueline login"));
    }
}
