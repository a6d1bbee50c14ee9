//! Which way to the hub: the setting `auto | none | http://[user:password@]host:port`, and what
//! `auto` finds on this machine.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use http::uri::{Authority, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::HubUrl;
use crate::connect_error::ConnectError;

const PORT_DEFAULT: u16 = 80;

/// The proxy setting. Text form: `auto`, `none` or a proxy's URL. Displayed without credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ProxyChoice {
    /// The machine's own settings, read anew at each connection: `HTTPS_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY` (upper case first, then lower case; a variable that is set but empty counts as
    /// set), then those of Windows and macOS. A hub on this machine is always reached directly.
    #[default]
    Auto,
    /// Always directly.
    None,
    /// Always through this proxy.
    Url(ProxyUrl),
}

/// An HTTP proxy, spoken to in plain HTTP/1.1 with `CONNECT`. Debug and Display leave the
/// credentials out.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    host: String,
    port: u16,
    /// `Basic …` (RFC 7617), marked sensitive.
    authorization: Option<HeaderValue>,
}

/// Why a text is no proxy setting. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyUrlError {
    /// Neither a word nor a URL.
    #[error(
        "read the proxy setting: expected auto, none or http://[user:password@]host:port \
         (characters such as @ / # in the password percent-encoded)"
    )]
    NotAProxy,
    /// A proxy of a kind which is not spoken here.
    #[error("read the proxy setting: expected an http:// proxy, got {0}://")]
    Scheme(String),
}

/// The way a connection takes. Its text, `direct` or `proxy host:port`, holds no credentials and
/// is stable: what was learned about a path is remembered under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Straight to the hub.
    Direct,
    /// Through this proxy.
    Proxy(ProxyUrl),
}

impl ProxyChoice {
    /// The way to `hub` as the settings stand now.
    ///
    /// # Errors
    /// [`ConnectError::ProxyUnsupported`] where the machine's settings name a proxy that is not
    /// spoken to in plain HTTP.
    pub fn route(&self, hub: &HubUrl) -> Result<Route, ConnectError> {
        match self {
            Self::Auto => route_by(&Matcher::from_system(), hub),
            Self::None => Ok(Route::Direct),
            Self::Url(proxy) => Ok(Route::Proxy(proxy.clone())),
        }
    }
}

fn route_by(matcher: &Matcher, hub: &HubUrl) -> Result<Route, ConnectError> {
    // Another machine's proxy cannot reach this machine's loopback.
    if hub.is_loopback() {
        return Ok(Route::Direct);
    }
    let Some(found) = matcher.intercept(&hub.uri()) else {
        return Ok(Route::Direct);
    };
    ProxyUrl::from_intercept(&found)
        .map(Route::Proxy)
        .map_err(|_| ConnectError::ProxyUnsupported {
            proxy: without_credentials(found.uri()),
        })
}

fn without_credentials(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let port = uri
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!("{}://{host}{port}", uri.scheme_str().unwrap_or_default())
}

impl ProxyUrl {
    /// The proxy's host, IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's TCP port; 80 where the setting names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether a user name is sent to the proxy.
    pub fn has_credentials(&self) -> bool {
        self.authorization.is_some()
    }

    /// `host:port`, IPv6 in brackets.
    pub fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    fn from_intercept(found: &Intercept) -> Result<Self, ProxyUrlError> {
        let uri = found.uri();
        match uri.scheme_str() {
            Some("http") => {}
            other => return Err(ProxyUrlError::Scheme(other.unwrap_or_default().to_owned())),
        }
        let authority = uri.authority().map_or("", Authority::as_str);
        // The matcher ends the password at the first `@`; what it left here is part of one.
        if authority.is_empty() || authority.contains('@') {
            return Err(ProxyUrlError::NotAProxy);
        }
        let host = uri.host().unwrap_or_default();
        Ok(Self {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: uri.port_u16().unwrap_or(PORT_DEFAULT),
            authorization: found.basic_auth().cloned(),
        })
    }
}

impl FromStr for ProxyUrl {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let uri: Uri = text.trim().parse().map_err(|_| ProxyUrlError::NotAProxy)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some(other) => return Err(ProxyUrlError::Scheme(other.to_owned())),
            None => return Err(ProxyUrlError::NotAProxy),
        }
        if uri
            .path_and_query()
            .is_some_and(|rest| rest.as_str() != "/")
        {
            return Err(ProxyUrlError::NotAProxy);
        }
        // The matcher reads credentials as it does for `auto`, so both ways mean the same.
        let matcher = Matcher::builder().https(text.trim()).build();
        let anywhere = Uri::from_static("https://hub.invalid/");
        let found = matcher
            .intercept(&anywhere)
            .ok_or(ProxyUrlError::NotAProxy)?;
        Self::from_intercept(&found)
    }
}

impl FromStr for ProxyChoice {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            url => url.parse().map(Self::Url),
        }
    }
}

impl fmt::Display for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Url(proxy) => proxy.fmt(f),
        }
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.host_and_port())
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyUrl")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("has_credentials", &self.has_credentials())
            .finish()
    }
}

impl Route {
    /// The proxy on the way, as `host:port`.
    pub fn proxy(&self) -> Option<String> {
        match self {
            Self::Direct => None,
            Self::Proxy(proxy) => Some(proxy.host_and_port()),
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Proxy(proxy) => write!(f, "proxy {}", proxy.host_and_port()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> HubUrl {
        "https://hub.example:8443".parse().unwrap()
    }

    fn proxy(text: &str) -> ProxyUrl {
        text.parse().unwrap()
    }

    #[test]
    fn the_words_and_a_url_are_read_and_shown() {
        for text in ["auto", "none", "http://10.0.0.1:3128", "http://[::1]:3128"] {
            let choice: ProxyChoice = text.parse().unwrap();
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!(proxy("http://proxy.example").port(), 80);
        assert_eq!(proxy("http://[::1]:3128").host(), "::1");
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let proxy = proxy("http://till%40hall:p%3As%23s@proxy.example:3128");
        // printf 'till@hall:p:s#s' | base64
        assert_eq!(proxy.authorization().unwrap(), "Basic dGlsbEBoYWxsOnA6cyNz");
        let choice = ProxyChoice::Url(proxy.clone());
        for shown in [
            format!("{proxy} {proxy:?}"),
            format!("{choice} {choice:?}"),
            format!(
                "{} {:?}",
                Route::Proxy(proxy.clone()),
                Route::Proxy(proxy.clone())
            ),
        ] {
            for secret in ["till", "p%3A", "p:s", "dGls"] {
                assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }
    }

    #[test]
    fn other_texts_are_refused_without_repeating_them() {
        for (text, scheme) in [
            ("https://u:secret@proxy.example:3128", Some("https")),
            ("socks5://u:secret@proxy.example:1080", Some("socks5")),
            ("u:secret@proxy.example:3128", None),
            ("http://u:secret@proxy.example:3128/path", None),
            ("http://u:sec ret@proxy.example", None),
            ("http://u:secret@half@proxy.example:3128", None),
            ("http://", None),
            ("Auto", None),
            ("", None),
        ] {
            let error = text.parse::<ProxyChoice>().unwrap_err();
            let expected = scheme.map_or(ProxyUrlError::NotAProxy, |s| {
                ProxyUrlError::Scheme(s.into())
            });
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }

    #[test]
    fn auto_takes_the_proxy_of_the_machine_and_obeys_its_exceptions() {
        let found = Matcher::builder()
            .https("http://a:b@proxy.example:3128")
            .no("other.example")
            .build();
        let route = route_by(&found, &hub()).unwrap();
        assert_eq!(route.to_string(), "proxy proxy.example:3128");
        assert!(matches!(&route, Route::Proxy(proxy) if proxy.has_credentials()));

        for exception in ["hub.example", ".example", "*", "a.test, HUB.EXAMPLE"] {
            let except = Matcher::builder()
                .https("http://proxy.example:3128")
                .no(exception)
                .build();
            assert_eq!(
                route_by(&except, &hub()).unwrap(),
                Route::Direct,
                "{exception}"
            );
        }
        let only_http = Matcher::builder().http("http://proxy.example:3128").build();
        assert_eq!(route_by(&only_http, &hub()).unwrap(), Route::Direct);
        let all = Matcher::builder().all("proxy.example:3128").build();
        assert_eq!(
            route_by(&all, &hub()).unwrap().to_string(),
            "proxy proxy.example:3128"
        );
    }

    #[test]
    fn auto_reaches_a_hub_on_this_machine_directly() {
        let all = Matcher::builder().all("http://proxy.example:3128").build();
        for here in [
            "https://localhost:8443",
            "https://127.0.0.1:8443",
            "https://[::1]:8443",
        ] {
            assert_eq!(
                route_by(&all, &here.parse().unwrap()).unwrap(),
                Route::Direct,
                "{here}"
            );
        }
    }

    #[test]
    fn auto_says_so_where_the_machine_names_a_proxy_of_another_kind() {
        let socks = Matcher::builder()
            .all("socks5://u:secret@proxy.example:1080")
            .build();
        let error = route_by(&socks, &hub()).unwrap_err();
        assert_eq!(error.code(), "proxy_unsupported");
        assert!(
            error.to_string().contains("socks5://proxy.example:1080"),
            "{error}"
        );
        assert!(!error.to_string().contains("secret"));

        let raw_at = Matcher::builder()
            .all("http://u:sec@ret@proxy.example:3128")
            .build();
        let error = route_by(&raw_at, &hub()).unwrap_err();
        assert_eq!(error.via_proxy(), Some("http://proxy.example:3128"));
        assert!(error.to_string().contains("percent-encoded"), "{error}");
    }
}
