//! What a URL names: scheme, host, port and path, with the login that may be written in it.

use std::fmt;

use http::Uri;

use super::FetchError;

const URL_CHARS_MAX: usize = 8 * 1024;

/// A user name and a password (RFC 7617).
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Without what is secret, so that no log can hold it.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// Where a request goes. Its text is its origin alone: paths and queries often hold secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether over TLS.
    pub https: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query, beginning with a slash.
    pub path: String,
    /// As written in the URL.
    pub login: Option<Login>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Target {
    /// Reads an absolute `http` or `https` URL; a fragment is passed over.
    ///
    /// # Errors
    /// [`FetchError::BadUrl`].
    pub fn parse(url: &str) -> Result<Self, FetchError> {
        let refuse = |reason| FetchError::BadUrl { reason };
        if url.len() > URL_CHARS_MAX {
            return Err(refuse("it is longer than 8192 characters"));
        }
        let url = url.trim();
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        let https = match scheme {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err(refuse("it does not begin with https://")),
        };
        // RFC 3986 knows ASCII alone; `Uri` would pass other bytes on as they are.
        let uri: Uri = Some(url)
            .filter(|url| url.is_ascii())
            .and_then(|url| url.parse().ok())
            .ok_or_else(|| {
                refuse("it cannot be read; write spaces and letters beyond ASCII as %XX")
            })?;
        let authority = uri.authority().ok_or_else(|| refuse("it names no host"))?;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(refuse("it names no host"));
        }
        let usual = if https { 443 } else { 80 };
        let beside_login = authority.as_str().rsplit('@').next().unwrap_or_default();
        let port = match beside_login.strip_prefix(authority.host()) {
            Some("" | ":") => usual,
            Some(rest) => rest
                .strip_prefix(':')
                .and_then(|digits| digits.parse::<u16>().ok())
                .filter(|port| *port != 0)
                .ok_or_else(|| refuse("its port is no port"))?,
            None => return Err(refuse("its host cannot be told from its port")),
        };
        let login = authority.as_str().rsplit_once('@').map(|(login, _)| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            Login {
                user: unescaped(user),
                password: unescaped(password),
            }
        });
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Ok(Self {
            https,
            host,
            port,
            path,
            login,
        })
    }

    /// Where a redirect leads (RFC 3986 section 5.2, without the dots, which servers resolve).
    ///
    /// # Errors
    /// [`FetchError::BadUrl`].
    pub fn join(&self, location: &str) -> Result<Self, FetchError> {
        let location = location.split('#').next().unwrap_or_default().trim();
        let scheme = location.split_once(':').map(|(scheme, _)| scheme);
        if scheme.is_some_and(|scheme| scheme.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return Self::parse(location);
        }
        let scheme = if self.https { "https" } else { "http" };
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        let before_query = self.path.split('?').next().unwrap_or("/");
        let path = if location.starts_with('/') {
            location.to_owned()
        } else if location.starts_with('?') || location.is_empty() {
            format!("{before_query}{location}")
        } else {
            let folder = before_query
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            format!("{folder}/{location}")
        };
        let mut joined = Self::parse(&format!("{scheme}://{}{path}", self.authority()))?;
        joined.login.clone_from(&self.login);
        Ok(joined)
    }

    /// Host and port as in the `Host` header: the usual port is left out.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// Whether a login for the one is one for the other (RFC 6454).
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.https == other.https
            && self.port == other.port
            && self.host.eq_ignore_ascii_case(&other.host)
    }
}

/// Undoes `%XX`; what is no such triple stays as it is.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.get(..2).filter(|_| first == b'%');
        let byte = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (String, String, String) {
        let target = Target::parse(url).unwrap();
        (target.to_string(), target.host, target.path)
    }

    #[test]
    fn a_url_is_taken_apart() {
        assert_eq!(
            parts("https://Files.example/a/b.pdf?x=1#top"),
            (
                "https://Files.example".to_owned(),
                "Files.example".to_owned(),
                "/a/b.pdf?x=1".to_owned()
            )
        );
        assert_eq!(parts("http://[::1]:8080").0, "http://[::1]:8080");
        assert_eq!(parts("http://[::1]:8080").1, "::1");
        assert_eq!(parts("https://a.example?x").2, "/?x");
        let login = Target::parse("https://a%40b:p%3Aw:x@h.example/").unwrap();
        assert_eq!(login.host, "h.example");
        let login = login.login.unwrap();
        assert_eq!(
            (login.user.as_str(), login.password.as_str()),
            ("a@b", "p:w:x")
        );
        assert_eq!(format!("{login:?}"), "Login");
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for url in [
            "",
            "/a",
            "a.example/x",
            "ftp://a.example/",
            "file:///etc/passwd",
            "gopher://a.example/",
            "https://",
            "https:///x",
            "https://a.example:0/",
            "https://a.example:99999/",
            "https://a b.example/",
            "https://a.example/ä",
        ] {
            assert!(Target::parse(url).is_err(), "{url:?} was taken");
        }
    }

    #[test]
    fn a_redirect_may_be_relative() {
        let from = Target::parse("https://u:p@a.example:8443/x/y?q").unwrap();
        for (location, to, path) in [
            ("https://b.example/z", "https://b.example", "/z"),
            ("//b.example/z", "https://b.example", "/z"),
            ("/z?r#f", "https://a.example:8443", "/z?r"),
            ("z", "https://a.example:8443", "/x/z"),
            ("?r", "https://a.example:8443", "/x/y?r"),
            ("http://a.example:8443/z", "http://a.example:8443", "/z"),
        ] {
            let joined = from.join(location).unwrap();
            assert_eq!(
                (joined.to_string().as_str(), joined.path.as_str()),
                (to, path)
            );
            assert_eq!(
                joined.login.is_some(),
                joined.same_origin(&from),
                "{location}"
            );
        }
        assert!(from.join("javascript://x").is_err());
    }
}
