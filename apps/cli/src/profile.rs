//! The profile that `cueline login` writes: which hub, which key, whom to trust.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

/// What is remembered. The texts are as typed; they are parsed where they are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// `https://host[:port]`.
    pub hub: String,
    /// The API key.
    pub key: String,
    /// The hub's own roots, an absolute path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// The hub's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The proxy setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

/// Where the profile lies: `cueline/config.toml` in `%APPDATA%`, `$XDG_CONFIG_HOME` or `~/.config`.
pub fn path() -> anyhow::Result<PathBuf> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = if cfg!(windows) {
        variable("APPDATA")
    } else {
        variable("XDG_CONFIG_HOME").or_else(|| variable("HOME").map(|home| home.join(".config")))
    };
    let folder = folder.context(
        "find the folder for settings: expected HOME (on Windows APPDATA) to be set; give --hub \
         and CUELINE_KEY instead",
    )?;
    Ok(folder.join("cueline").join("config.toml"))
}

/// Reads a profile; `None` where there is none.
pub fn read(path: &Path) -> anyhow::Result<Option<Profile>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("read {}", path.display())),
    };
    // The parser's own message would show the line it stumbled over, and with it perhaps the key.
    match toml::from_str(&text) {
        Ok(profile) => Ok(Some(profile)),
        Err(error) => bail!(
            "read {}: {}; correct it, or write it anew with `cueline login`",
            path.display(),
            error.message()
        ),
    }
}

/// Writes a profile that only its owner can read, whole or not at all.
pub fn write(path: &Path, profile: &Profile) -> anyhow::Result<()> {
    let text = toml::to_string(profile).context("write the profile as TOML")?;
    let folder = path.parent().context("the profile lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    // A named temporary file is made with mode 0600; on Windows the folder is its owner's alone.
    let writing = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    writing().with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            hub: "https://hub.example:8443".to_owned(),
            key: "secret-key".to_owned(),
            ca: Some(PathBuf::from("/etc/cueline \"own\"/ca.pem")),
            fingerprint: None,
            proxy: Some("none".to_owned()),
        }
    }

    #[test]
    fn a_profile_reads_back_as_written_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cueline").join("config.toml");
        assert_eq!(read(&path).unwrap(), None);
        write(&path, &profile()).unwrap();
        write(&path, &profile()).unwrap();
        assert_eq!(read(&path).unwrap(), Some(profile()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_profile_is_named_without_showing_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "hub = \"https://hub\"\nkey = \"secret-key\nca = 1\n").unwrap();
        let error = format!("{:#}", read(&path).unwrap_err());
        assert!(error.contains("config.toml"), "{error}");
        assert!(!error.contains("secret-key"), "{error}");
    }
}
