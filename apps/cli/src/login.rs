//! `cueline login`: remembers a hub and a key, once they have been seen to work.

use anyhow::{Context as _, bail};

use crate::arguments::ConnectionArguments;
use crate::exit::Exit;
use crate::profile::{self, Profile};
use crate::sentence::counted;
use crate::{print_json, settings};

/// Tries the connection and writes the profile.
pub async fn run(typed: &ConnectionArguments, json: bool) -> anyhow::Result<Exit> {
    let Some(hub) = &typed.hub else {
        bail!("log in: expected --hub https://HOST");
    };
    let settings = settings::resolve(typed, settings::key_variable(), None)?;
    let ca = match &typed.ca {
        Some(file) => {
            let file =
                std::path::absolute(file).with_context(|| format!("find {}", file.display()))?;
            Some(file)
        }
        None => None,
    };
    let profile = Profile {
        hub: hub.to_string(),
        key: settings.key.clone(),
        ca,
        fingerprint: typed.fingerprint.as_ref().map(ToString::to_string),
        proxy: typed.proxy.clone(),
    };
    let printers = settings
        .open()?
        .printers()
        .await
        .context("try the hub and the key (nothing was remembered)")?;
    let path = profile::path()?;
    profile::write(&path, &profile)?;
    if json {
        let document = serde_json::json!({
            "hub": profile.hub,
            "profile": path,
            "printers": printers.len(),
        });
        print_json(&document)?;
    } else {
        println!(
            "The hub takes the key; it shows {}.",
            counted(printers.len(), "printer")
        );
        println!("Remembered in {}", path.display());
    }
    Ok(Exit::Done)
}
