//! Every way in which the road to the hub can be barred, each with its own code and a sentence
//! that sends people to the right desk.

use std::fmt;
use std::time::Duration;

use crate::certificate::Validity;

/// How far a connection had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking a name up.
    Resolve,
    /// Opening the TCP connection.
    Tcp,
    /// Waiting for the proxy's answer to `CONNECT`.
    Proxy,
    /// The TLS handshake with the hub.
    Tls,
}

/// Why there is no connection to the hub.
///
/// `hub` and `proxy` are `host:port`. Nothing in here holds credentials; texts from the other side are shortened and of one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The hub's name is unknown, or there is no name server.
    #[error(
        "look up the hub `{host}`: {cause}; check the spelling, and that this machine has a network"
    )]
    NameNotResolved {
        /// The name.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// The hub's machine answered that nothing listens there.
    #[error(
        "connect to the hub {hub}: refused by {address}; check the port and that the hub is running"
    )]
    Refused {
        /// The hub.
        hub: String,
        /// IP address and port tried last.
        address: String,
    },
    /// The network has no way to the hub's machine.
    #[error(
        "connect to the hub {hub}: {cause}; check this machine's network, or set a proxy if this \
         site requires one"
    )]
    Unreachable {
        /// The hub.
        hub: String,
        /// What the operating system said.
        cause: String,
    },
    /// Nothing came back in time.
    #[error(
        "{} {hub}{}: no answer within {}; {}",
        stage.deed(), through(proxy), seconds(*after), stage.advice()
    )]
    TimedOut {
        /// The hub.
        hub: String,
        /// What was waited for: never [`Stage::Proxy`].
        stage: Stage,
        /// The time-out that passed.
        after: Duration,
        /// The proxy on the way.
        proxy: Option<String>,
    },
    /// The proxy's name is unknown.
    #[error("look up the proxy `{host}`: {cause}; check the proxy setting")]
    ProxyNameNotResolved {
        /// The proxy.
        proxy: String,
        /// Its name.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// The proxy's machine answered that nothing listens there.
    #[error(
        "connect to the proxy {proxy}: refused by {address}; check the proxy \
         setting's port and that the proxy is running"
    )]
    ProxyRefused {
        /// The proxy.
        proxy: String,
        /// IP address and port tried last.
        address: String,
    },
    /// The network has no way to the proxy's machine.
    #[error(
        "connect to the proxy {proxy}: {cause}; check this machine's network and the proxy setting"
    )]
    ProxyUnreachable {
        /// The proxy.
        proxy: String,
        /// What the operating system said.
        cause: String,
    },
    /// The proxy, or its answer to `CONNECT`, did not come in time.
    #[error(
        "{} {proxy} on the way to the hub {hub}: no answer within {}; check the proxy setting, and ask \
         the proxy's administrator whether it can reach {hub}",
        stage.proxy_deed(), seconds(*after)
    )]
    ProxyTimedOut {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
        /// What was waited for: never [`Stage::Tls`].
        stage: Stage,
        /// The time-out that passed.
        after: Duration,
    },
    /// 407, and the setting holds no user and password.
    #[error(
        "ask the proxy {proxy} for the hub {hub}: it wants a user and a password{}; set the proxy as \
         http://user:password@{proxy}",
        offered(offers)
    )]
    ProxyWantsPassword {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
        /// The authentication schemes it offers, such as `Basic` or `Negotiate, NTLM`.
        offers: String,
    },
    /// 407, although user and password were sent.
    #[error(
        "ask the proxy {proxy} for the hub {hub}: it does not accept the user and password of the \
         proxy setting{}; correct them",
        offered(offers)
    )]
    ProxyPasswordWrong {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
        /// The authentication schemes it offers.
        offers: String,
    },
    /// 403: the proxy's rules forbid it.
    #[error(
        "ask the proxy {proxy} for the hub {hub}: denied by the proxy's rules (403); ask its \
         administrator to allow CONNECT to {hub}"
    )]
    ProxyDenied {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
    },
    /// Any other answer than 2xx.
    #[error(
        "ask the proxy {proxy} for the hub {hub}: it answered {status}{}; {}",
        in_brackets(detail), failed_advice(*status)
    )]
    ProxyFailed {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
        /// The HTTP status.
        status: u16,
        /// The proxy's own words (`X-Squid-Error`), or nothing.
        detail: String,
    },
    /// What answers there does not speak HTTP, or hangs up at once.
    #[error(
        "ask the proxy {proxy} for the hub {hub}: expected an HTTP answer, got {cause}; check that the \
         proxy setting names an HTTP proxy and its port"
    )]
    ProxyNotHttp {
        /// The proxy.
        proxy: String,
        /// The hub.
        hub: String,
        /// What came instead.
        cause: String,
    },
    /// The machine's settings name a proxy of another kind, or in a form that is not understood.
    #[error(
        "find the way to the hub: this machine's settings name the proxy {proxy}; expected \
         http://[user:password@]host:port (characters such as @ in the password percent-encoded); \
         set proxy to that, or to none"
    )]
    ProxyUnsupported {
        /// Its URL without credentials (not `host:port`: the scheme tells what is wrong).
        proxy: String,
    },
    /// Whoever answered shows a certificate by an authority that is not trusted.
    #[error("check the certificate of the hub {hub}{}: {}", through(proxy), intercepted(issuer, *pinned))]
    TlsIntercepted {
        /// The hub.
        hub: String,
        /// Who issued the certificate, as the certificate says.
        issuer: String,
        /// Whether the hub's own authority is known, so that another one is surely a stranger's.
        pinned: bool,
        /// The proxy on the way.
        proxy: Option<String>,
    },
    /// A trusted certificate, but for another host.
    #[error(
        "check the certificate of the hub {hub}{}: it is for {}; use one of its names in the \
         hub's address, or give the hub a certificate for this one",
        through(proxy),
        names(presented)
    )]
    WrongHostName {
        /// The hub.
        hub: String,
        /// The names and addresses in the certificate.
        presented: Vec<String>,
        /// The proxy on the way.
        proxy: Option<String>,
    },
    /// The certificate's time is over, or this machine's clock is ahead.
    #[error(
        "check the certificate of the hub {hub}{}: {}; set this machine's clock if it is wrong, \
         else the hub needs a new certificate", through(proxy), untimely("expired", *validity, *now_s)
    )]
    CertificateExpired {
        /// The hub.
        hub: String,
        /// When the certificate is valid.
        validity: Validity,
        /// This machine's time, seconds since 1970.
        now_s: i64,
        /// The proxy on the way.
        proxy: Option<String>,
    },
    /// The certificate's time has not begun, or this machine's clock is behind.
    #[error(
        "check the certificate of the hub {hub}{}: {}; set this machine's clock if it is wrong, \
         else the hub's clock was wrong when the certificate was made",
        through(proxy), untimely("not yet valid", *validity, *now_s)
    )]
    CertificateNotYetValid {
        /// The hub.
        hub: String,
        /// When the certificate is valid.
        validity: Validity,
        /// This machine's time, seconds since 1970.
        now_s: i64,
        /// The proxy on the way.
        proxy: Option<String>,
    },
    /// The handshake failed in any other way.
    #[error(
        "open TLS to the hub {hub}{}: {cause}; check that the address is the hub's and that \
         nothing between this machine and the hub alters the connection",
        through(proxy)
    )]
    TlsFailed {
        /// The hub.
        hub: String,
        /// What happened.
        cause: String,
        /// The proxy on the way.
        proxy: Option<String>,
    },
}

impl ConnectError {
    /// A stable word for machines: wire, `--json`, metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NameNotResolved { .. } => "name_not_resolved",
            Self::Refused { .. } => "refused",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::ProxyNameNotResolved { .. } => "proxy_name_not_resolved",
            Self::ProxyRefused { .. } => "proxy_refused",
            Self::ProxyUnreachable { .. } => "proxy_unreachable",
            Self::ProxyTimedOut { .. } => "proxy_timed_out",
            Self::ProxyWantsPassword { .. } => "proxy_wants_password",
            Self::ProxyPasswordWrong { .. } => "proxy_password_wrong",
            Self::ProxyDenied { .. } => "proxy_denied",
            Self::ProxyFailed { .. } => "proxy_failed",
            Self::ProxyNotHttp { .. } => "proxy_not_http",
            Self::ProxyUnsupported { .. } => "proxy_unsupported",
            Self::TlsIntercepted { .. } => "tls_intercepted",
            Self::WrongHostName { .. } => "wrong_host_name",
            Self::CertificateExpired { .. } => "certificate_expired",
            Self::CertificateNotYetValid { .. } => "certificate_not_yet_valid",
            Self::TlsFailed { .. } => "tls_failed",
        }
    }

    /// The proxy on the way, as `host:port`; none where the hub was asked directly.
    pub fn via_proxy(&self) -> Option<&str> {
        match self {
            Self::NameNotResolved { .. } | Self::Refused { .. } | Self::Unreachable { .. } => None,
            Self::ProxyNameNotResolved { proxy, .. }
            | Self::ProxyRefused { proxy, .. }
            | Self::ProxyUnreachable { proxy, .. }
            | Self::ProxyTimedOut { proxy, .. }
            | Self::ProxyWantsPassword { proxy, .. }
            | Self::ProxyPasswordWrong { proxy, .. }
            | Self::ProxyDenied { proxy, .. }
            | Self::ProxyFailed { proxy, .. }
            | Self::ProxyNotHttp { proxy, .. }
            | Self::ProxyUnsupported { proxy } => Some(proxy),
            Self::TimedOut { proxy, .. }
            | Self::TlsIntercepted { proxy, .. }
            | Self::WrongHostName { proxy, .. }
            | Self::CertificateExpired { proxy, .. }
            | Self::CertificateNotYetValid { proxy, .. }
            | Self::TlsFailed { proxy, .. } => proxy.as_deref(),
        }
    }
}

impl Stage {
    fn deed(self) -> &'static str {
        match self {
            Self::Resolve => "look up the hub",
            Self::Tcp | Self::Proxy => "connect to the hub",
            Self::Tls => "open TLS to the hub",
        }
    }

    fn proxy_deed(self) -> &'static str {
        match self {
            Self::Resolve => "look up the proxy",
            Self::Tcp => "connect to the proxy",
            Self::Proxy | Self::Tls => "ask the proxy",
        }
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Resolve => "check this machine's network and its name server",
            Self::Tcp | Self::Proxy => {
                "check the address, this site's firewall, or set a proxy if this site requires one"
            }
            Self::Tls => "check that the address is the hub's and that no firewall holds TLS back",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
        })
    }
}

pub(crate) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

fn offered(offers: &str) -> String {
    if offers.is_empty()
        || offers
            .split(", ")
            .any(|scheme| scheme.eq_ignore_ascii_case("basic"))
    {
        return String::new();
    }
    format!(" by {offers}, of which only Basic is spoken here")
}

fn in_brackets(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(" ({detail})")
    }
}

fn failed_advice(status: u16) -> &'static str {
    match status {
        502..=504 => {
            "the proxy could not reach the hub: check the hub's address and that it is running"
        }
        _ => {
            "ask the proxy's administrator, or check that the proxy setting names a proxy that allows CONNECT"
        }
    }
}

fn intercepted(issuer: &str, pinned: bool) -> String {
    if pinned {
        format!(
            "TLS is intercepted by {issuer}: the certificate is not from the hub's own authority; ask \
             the network's administrator to exempt the hub from inspection, or, if the hub was set up \
             anew, register or log in again with its new root (--ca) or fingerprint (--fingerprint)"
        )
    } else {
        format!(
            "it was issued by {issuer}, which this machine does not trust; either TLS is intercepted \
             by {issuer}, or the hub uses an authority of its own: then name its root (--ca) or its \
             fingerprint (--fingerprint)"
        )
    }
}

fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        "no host at all".to_owned()
    } else {
        presented.join(", ")
    }
}

fn untimely(verdict: &str, validity: Validity, now_s: i64) -> String {
    let Validity {
        not_before_s,
        not_after_s,
    } = validity;
    format!(
        "{verdict}: valid from {} to {}, and this machine's clock says {}",
        utc(not_before_s),
        utc(not_after_s),
        utc(now_s)
    )
}

fn through(proxy: &Option<String>) -> String {
    proxy
        .as_ref()
        .map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"))
}

fn utc(second: i64) -> String {
    jiff::Timestamp::from_second(second)
        .map_or_else(|_| format!("second {second}"), |time| time.to_string())
}
