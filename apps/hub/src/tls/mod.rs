//! The hub's TLS: the operator's certificate, or a local authority of the hub's own.

mod authority;
mod leaf;
mod own;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;

use crate::config::Config;

/// Why the hub has no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read or written.
    #[error("cannot {what} {}: {error}", path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: expected {expected}, but {reason}; {advice}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What is wrong.
        reason: String,
        /// What to do.
        advice: &'static str,
    },
    /// Making a certificate failed.
    #[error("cannot make the hub's own certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// Certificate and key are not a pair, or are of a kind TLS does not take.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// What the hub shows to those who connect.
pub struct Tls {
    /// For the listener.
    pub server: Arc<ServerConfig>,
    /// The roots that agents shall pin, PEM; `None`: the platform's.
    pub roots_pem: Option<String>,
    /// The generated authority, if there is one.
    pub authority: Option<AuthorityFile>,
}

/// Where the generated authority's certificate lies.
#[derive(Debug, Clone)]
pub struct AuthorityFile {
    /// `<data>/tls/ca.pem`.
    pub path: PathBuf,
    /// `sha256:` and the digest of its DER form.
    pub fingerprint: String,
}

/// A chain with its key, ready to be served.
struct Served {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Loads the operator's certificate or makes, renews and loads the hub's own.
///
/// # Errors
/// [`TlsError`].
pub fn load(config: &Config) -> Result<Tls, TlsError> {
    if let Some(files) = &config.certificate {
        let (served, roots_pem) = own::load(files)?;
        return Ok(Tls {
            server: Arc::new(server_config(served)?),
            roots_pem,
            authority: None,
        });
    }
    let directory = config.data.join("tls");
    std::fs::create_dir_all(&directory).map_err(|error| file_error("write", &directory, error))?;
    let authority = authority::load_or_make(&directory)?;
    let served = leaf::load_or_make(&directory, &authority, &leaf::names(&config.names))?;
    Ok(Tls {
        server: Arc::new(server_config(served)?),
        roots_pem: Some(authority.pem.clone()),
        authority: Some(AuthorityFile {
            path: directory.join(authority::CERTIFICATE),
            fingerprint: authority.fingerprint(),
        }),
    })
}

/// TLS 1.2 or later, HTTP/1.1 by ALPN, stateless session tickets, never early data.
fn server_config(served: Served) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(served.chain, served.key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    // Tickets carry the session; a table of them here would only cost memory.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 1;
    config.max_early_data_size = 0;
    Ok(config)
}

fn file_error(what: &'static str, path: &Path, error: std::io::Error) -> TlsError {
    TlsError::File {
        what,
        path: path.to_owned(),
        error,
    }
}

fn read_text(path: &Path) -> Result<String, TlsError> {
    std::fs::read_to_string(path).map_err(|error| file_error("read", path, error))
}
