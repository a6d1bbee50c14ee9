//! Who this agent is and whom it obeys, as the registration left it: `identity.json`.

use std::io;
use std::path::{Path, PathBuf};

use cueline_model::AgentId;
use cueline_uplink::{Fingerprint, HubUrl, Trust};
use cueline_wire::Base64Bytes;
use serde::{Deserialize, Serialize};

use crate::config::ProxySetting;
use crate::data_dir::write_private;

/// The form of the file.
const VERSION: u32 = 1;

/// A registration.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Who.
    pub agent: AgentId,
    /// At which hub.
    pub hub: HubUrl,
    /// The hub's Ed25519 public key, 32 bytes.
    pub hub_key: Vec<u8>,
    /// Whom to believe that it is the hub.
    pub trust: TrustSource,
    /// The way to the hub that the registration took.
    pub proxy: ProxySetting,
    /// The tenant's name.
    pub tenant: String,
    /// The site's name.
    pub site: String,
    /// What people call this machine.
    pub name: String,
    /// The agent's public key, so that a key file from elsewhere is noticed.
    pub public_key: Vec<u8>,
}

/// Where trust in the hub's certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum TrustSource {
    /// The machine's own authorities.
    Platform,
    /// These roots alone.
    Roots {
        /// Certificates.
        pem: String,
    },
    /// The certificate with this fingerprint alone.
    Fingerprint {
        /// As in [`Fingerprint`]'s text form.
        sha256: String,
    },
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// This directory has not been registered.
    #[error(
        "read the registration {}: there is none; get a pairing code from the box office and run \
         cueline-agent register",
        path.display()
    )]
    NotRegistered {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or written.
    #[error("{attempt} the registration {}: {source}", path.display())]
    Io {
        /// The verb: what was attempted.
        attempt: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file's content is not a registration.
    #[error("read the registration {}: {reason}; register again with --replace", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityFile {
    version: u32,
    agent: AgentId,
    hub: String,
    hub_key: Base64Bytes,
    trust: TrustSource,
    proxy: String,
    tenant: String,
    site: String,
    name: String,
    public_key: Base64Bytes,
}

impl TrustSource {
    /// What the connection is checked against.
    ///
    /// # Errors
    /// Where the roots or the fingerprint cannot be read.
    pub fn trust(&self) -> Result<Trust, String> {
        match self {
            Self::Platform => Ok(Trust::Platform),
            Self::Roots { pem } => Trust::from_pem(pem).map_err(|error| error.to_string()),
            Self::Fingerprint { sha256 } => sha256
                .parse::<Fingerprint>()
                .map(Trust::Fingerprint)
                .map_err(|error| error.to_string()),
        }
    }
}

impl Identity {
    /// Reads the file.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn load(path: &Path) -> Result<Self, IdentityError> {
        let bytes = std::fs::read(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => IdentityError::NotRegistered {
                path: path.to_owned(),
            },
            _ => IdentityError::Io {
                attempt: "read",
                path: path.to_owned(),
                source,
            },
        })?;
        Self::parse(&bytes).map_err(|reason| IdentityError::Unusable {
            path: path.to_owned(),
            reason,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: IdentityFile =
            serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if file.version != VERSION {
            return Err(format!("expected version {VERSION}, got {}", file.version));
        }
        file.trust.trust()?;
        Ok(Self {
            agent: file.agent,
            hub: file.hub.parse().map_err(|error| format!("{error}"))?,
            hub_key: file.hub_key.0,
            trust: file.trust,
            proxy: file.proxy.parse().map_err(|error| format!("{error}"))?,
            tenant: file.tenant,
            site: file.site,
            name: file.name,
            public_key: file.public_key.0,
        })
    }

    /// Writes the file, for its owner alone: the proxy setting may hold a password.
    ///
    /// # Errors
    /// [`IdentityError::Io`].
    pub fn store(&self, path: &Path) -> Result<(), IdentityError> {
        let file = IdentityFile {
            version: VERSION,
            agent: self.agent,
            hub: self.hub.to_string(),
            hub_key: self.hub_key.clone().into(),
            trust: self.trust.clone(),
            proxy: self.proxy.secret_text().to_owned(),
            tenant: self.tenant.clone(),
            site: self.site.clone(),
            name: self.name.clone(),
            public_key: self.public_key.clone().into(),
        };
        let mut json = serde_json::to_vec_pretty(&file)
            .expect("plain data with string keys always becomes JSON");
        json.push(b'\n');
        write_private(path, &json).map_err(|source| IdentityError::Io {
            attempt: "write",
            path: path.to_owned(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            agent: AgentId::from_u128(7),
            hub: "https://hub.example:8443".parse().unwrap(),
            hub_key: vec![1; 32],
            trust: TrustSource::Fingerprint {
                sha256: Fingerprint([9; 32]).to_string(),
            },
            proxy: "http://clerk:s3cr3t@10.0.0.1:3128".parse().unwrap(),
            tenant: "Playhouse".to_owned(),
            site: "Main hall".to_owned(),
            name: "till-1".to_owned(),
            public_key: vec![2; 32],
        }
    }

    #[test]
    fn an_identity_reads_back_as_written_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        identity().store(&path).unwrap();
        let read = Identity::load(&path).unwrap();
        assert_eq!(read.agent, identity().agent);
        assert_eq!(read.hub, identity().hub);
        assert_eq!(read.trust, identity().trust);
        assert_eq!(read.proxy, identity().proxy);
        assert_eq!((read.hub_key, read.public_key), (vec![1; 32], vec![2; 32]));
        assert!(!format!("{:?}", identity()).contains("s3cr3t"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_missing_and_a_broken_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        let missing = Identity::load(&path).unwrap_err();
        assert!(
            matches!(missing, IdentityError::NotRegistered { .. }),
            "{missing}"
        );
        identity().store(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for broken in [
            text.replace("\"version\": 1", "\"version\": 2"),
            text.replace("https://", "http://"),
            text.replace("sha256:", "md5:"),
            text.replace("\"name\"", "\"nick\""),
            text[..40].to_owned(),
        ] {
            std::fs::write(&path, &broken).unwrap();
            let error = Identity::load(&path).unwrap_err();
            assert!(matches!(error, IdentityError::Unusable { .. }), "{broken}");
        }
    }
}
