//! Fetches what a URL of the box office's names, under rules against server-side request forgery.
//!
//! The hub stands where others do not, so a URL that anybody may give it must not become a way in.
//! Encrypted only; to addresses of the public internet only, unless the operator opened others; each
//! name is resolved once, every address it has is checked, and the connection goes to one of those
//! checked; a redirect is a new URL to which all this applies anew. What comes is bounded in length
//! and time, and must be what it was said to be.

pub mod address;
pub mod allow;
mod error;
mod exchange;
mod rooms;
mod settings;
mod target;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use cueline_model::TenantId;
use cueline_model::limits::DOCUMENT_BYTES_MAX;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

pub use allow::{Allow, AllowError};
pub use error::FetchError;
pub use rooms::Room;
pub use settings::{FetchSection, FetchSettings};
pub use target::{Login, Target};

use exchange::Exchange;
use rooms::Rooms;

/// Redirects followed.
pub const REDIRECTS_MAX: usize = 5;
/// Addresses of one host that are tried.
const ADDRESSES_TRIED_MAX: usize = 4;

/// What a document must be to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A PDF, which begins `%PDF-` (ISO 32000-2 section 7.5.2).
    Pdf,
    /// Bytes for a printer: anything but a web page, which is most likely a login or an error.
    Raw,
}

impl Expected {
    const PDF_HEAD: &'static [u8] = b"%PDF-";

    const fn words(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF",
            Self::Raw => "bytes for a printer",
        }
    }

    /// Whether a document that begins so may be it.
    fn fits(self, head: &[u8]) -> bool {
        let length = head.len().min(Self::PDF_HEAD.len());
        self == Self::Raw || head[..length] == Self::PDF_HEAD[..length]
    }
}

/// Turns a host's name into addresses.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`, with `port`.
    fn resolve(&self, host: String, port: u16) -> Resolving;
}

/// See [`Resolve::resolve`].
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// The operating system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String, port: u16) -> Resolving {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Fetches; cheap to share.
pub struct Fetcher {
    settings: FetchSettings,
    /// `Err`: why nothing can be fetched over TLS.
    tls: Result<Arc<ClientConfig>, String>,
    resolver: Box<dyn Resolve>,
    rooms: Rooms,
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Fetcher {
    /// A fetcher with the system's resolver.
    ///
    /// # Errors
    /// When the roots of the settings cannot be read. That the platform has none is told by the first
    /// fetch: a hub that never fetches needs none.
    pub fn new(settings: FetchSettings) -> anyhow::Result<Self> {
        Self::with_resolver(settings, Box::new(SystemResolver))
    }

    /// A fetcher that asks `resolver` for addresses.
    ///
    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_resolver(
        settings: FetchSettings,
        resolver: Box<dyn Resolve>,
    ) -> anyhow::Result<Self> {
        let mut roots = Vec::new();
        if let Some(path) = &settings.roots {
            let refuse = |error: &dyn fmt::Display| {
                anyhow::anyhow!("fetch.roots: {} cannot be used: {error}", path.display())
            };
            let read = CertificateDer::pem_file_iter(path).map_err(|error| refuse(&error))?;
            roots = read
                .collect::<Result<_, _>>()
                .map_err(|error| refuse(&error))?;
        }
        Ok(Self {
            tls: client_config(roots).map(Arc::new),
            settings,
            resolver,
            rooms: Rooms::default(),
        })
    }

    /// A place for one fetch of `tenant`'s: each holds a whole document in memory.
    ///
    /// # Errors
    /// [`FetchError::Busy`] when none comes free for a while.
    pub async fn room(&self, tenant: TenantId) -> Result<Room<'_>, FetchError> {
        self.rooms.enter(tenant).await
    }

    /// The document that `url` names. `login` is for the URL's own origin and outranks the one written
    /// in it; no other server sees it.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn document(
        &self,
        url: &str,
        login: Option<Login>,
        expected: Expected,
    ) -> Result<Vec<u8>, FetchError> {
        let mut target = Target::parse(url)?;
        target.login = login.or(target.login);
        let origin = target.to_string();
        let limit = self.settings.total;
        let fetched = tokio::time::timeout(limit, self.follow(target, expected));
        fetched.await.unwrap_or(Err(FetchError::TooSlow {
            origin,
            what: "the whole fetch",
            limit,
        }))
    }

    /// Sends `body` to `url` and gives the answer's status and headers. No redirect is followed.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<(StatusCode, HeaderMap), FetchError> {
        let target = Target::parse(url)?;
        let origin = target.to_string();
        let limit = self.settings.total;
        let sent = tokio::time::timeout(limit, async {
            let addresses = self.checked_addresses(&target).await?;
            if let Some(login) = &target.login {
                headers.insert(AUTHORIZATION, basic(login));
            }
            let exchange = Exchange::new(self, &target, &addresses);
            let answer = exchange.send(Method::POST, headers, body).await?;
            Ok((answer.status, answer.headers))
        });
        sent.await.unwrap_or(Err(FetchError::TooSlow {
            origin,
            what: "the whole exchange",
            limit,
        }))
    }

    async fn follow(&self, mut target: Target, expected: Expected) -> Result<Vec<u8>, FetchError> {
        for _ in 0..=REDIRECTS_MAX {
            let addresses = self.checked_addresses(&target).await?;
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some(login) = &target.login {
                headers.insert(AUTHORIZATION, basic(login));
            }
            let exchange = Exchange::new(self, &target, &addresses);
            let answer = exchange.send(Method::GET, headers, Vec::new()).await?;
            if answer.status == StatusCode::OK {
                check_head(&target, &answer.headers, expected)?;
                return answer.body(DOCUMENT_BYTES_MAX, expected).await;
            }
            let leads_on = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
            let location = answer.headers.get(LOCATION).filter(|_| leads_on);
            let Some(location) = location.and_then(|location| location.to_str().ok()) else {
                return Err(FetchError::Refused {
                    origin: target.to_string(),
                    status: answer.status,
                });
            };
            target = target.join(location)?;
        }
        Err(FetchError::TooManyRedirects { max: REDIRECTS_MAX })
    }

    /// The one time that the target's name is resolved: its addresses, every one of them checked.
    async fn checked_addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, FetchError> {
        let origin = || target.to_string();
        let allow = &self.settings.allow;
        let by_name = allow.has_host(&target.host);
        // Before the name is asked for: what is refused anyway is not looked up.
        if !target.https && !self.settings.allow_http {
            return Err(FetchError::NotEncrypted { origin: origin() });
        }
        let mut addresses = match target.host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, target.port)],
            Err(_) => {
                let resolving = self.resolver.resolve(target.host.clone(), target.port);
                let limit = self.settings.connect_within;
                match tokio::time::timeout(limit, resolving).await {
                    Ok(Ok(addresses)) => addresses,
                    Ok(Err(_)) => return Err(FetchError::NotResolved { origin: origin() }),
                    Err(_) => {
                        return Err(FetchError::TooSlow {
                            origin: origin(),
                            what: "resolving the name",
                            limit,
                        });
                    }
                }
            }
        };
        if addresses.is_empty() {
            return Err(FetchError::NotResolved { origin: origin() });
        }
        // One closed address among open ones is enough to refuse: which is tried is chance.
        let opened = |address: &SocketAddr| by_name || allow.has_address(address.ip());
        let reachable = |address: &SocketAddr| opened(address) || address::is_public(address.ip());
        if !addresses.iter().all(reachable) {
            return Err(FetchError::NotPublic { origin: origin() });
        }
        if !target.https && !addresses.iter().all(opened) {
            return Err(FetchError::NotEncrypted { origin: origin() });
        }
        addresses.truncate(ADDRESSES_TRIED_MAX);
        Ok(addresses)
    }
}

/// What can be refused before the body is read.
fn check_head(target: &Target, headers: &HeaderMap, expected: Expected) -> Result<(), FetchError> {
    let text = |name| {
        let value: Option<&HeaderValue> = headers.get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or("")
    };
    let refuse = |got: &str| {
        Err(FetchError::WrongType {
            origin: target.to_string(),
            expected: expected.words(),
            got: got.chars().take(100).collect(),
        })
    };
    let encoding = text(CONTENT_ENCODING);
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return refuse(&format!("{encoding} content, which was not asked for"));
    }
    let content_type = text(CONTENT_TYPE).split(';').next().unwrap_or_default();
    let content_type = content_type.trim().to_ascii_lowercase();
    if matches!(content_type.as_str(), "text/html" | "application/xhtml+xml") {
        return refuse("a web page");
    }
    Ok(())
}

fn basic(login: &Login) -> HeaderValue {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let text = STANDARD.encode(format!("{}:{}", login.user, login.password));
    let mut value =
        HeaderValue::try_from(format!("Basic {text}")).expect("base64 is fit for a header");
    value.set_sensitive(true);
    value
}

/// TLS 1.2 or later against the platform's roots and `roots`.
fn client_config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider.clone())
            .map_err(|error| error.to_string())?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
