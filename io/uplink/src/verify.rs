//! Checks the hub's certificate and says why one was refused.
//!
//! The refusal travels inside the TLS error itself ([`Refusal`]), so that one verifier, and with
//! it one store of session tickets, serves connections made at the same time.

use std::sync::Arc;

use cueline_trust::{Judge, Presented, provider};
use rustls::client::WebPkiServerVerifier;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, Error, OtherError, RootCertStore};
use rustls_platform_verifier::Verifier as PlatformVerifier;

use crate::certificate::{self, Age, Validity};
use crate::trust::{self, Fingerprint, Trust, TrustError};

/// Why the presented certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("issued by {issuer}, which is not trusted here")]
    UnknownIssuer { issuer: String },
    #[error("for another host")]
    WrongName { presented: Vec<String> },
    #[error("expired")]
    Expired { validity: Validity, now_s: i64 },
    #[error("not yet valid")]
    NotYetValid { validity: Validity, now_s: i64 },
    #[error("{cause}")]
    Other { cause: String },
}

impl Refusal {
    /// The refusal inside a TLS error, where there is one.
    pub(crate) fn within(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
                inner.downcast_ref()
            }
            _ => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    }
}

/// The TLS side of the uplink: TLS 1.2 or later, HTTP/1.1 by ALPN, session tickets kept in
/// memory, never early data.
pub(crate) fn client_config(trust: &Trust) -> Result<ClientConfig, TrustError> {
    let provider = provider();
    let judge = Hub {
        anchors: Anchors::new(trust, &provider)?,
        provider: provider.clone(),
    };
    let mut config = cueline_trust::client_config(provider, judge)
        .expect("ring has cipher suites for TLS 1.2 and 1.3");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.enable_early_data = false;
    Ok(config)
}

#[derive(Debug)]
struct Hub {
    anchors: Anchors,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Anchors {
    Platform(PlatformVerifier),
    Roots {
        exact: Vec<CertificateDer<'static>>,
        chains: Arc<WebPkiServerVerifier>,
    },
    Fingerprint(Fingerprint),
}

impl Anchors {
    fn new(trust: &Trust, provider: &Arc<CryptoProvider>) -> Result<Self, TrustError> {
        match trust {
            Trust::Platform => PlatformVerifier::new(provider.clone())
                .map(Self::Platform)
                .map_err(|error| TrustError::Platform {
                    cause: error.to_string(),
                }),
            Trust::Roots(roots) => {
                trust::check_roots(roots)?;
                let chains = chain_verifier(roots, provider)
                    .map_err(|cause| TrustError::Damaged { number: 1, cause })?;
                Ok(Self::Roots {
                    exact: roots.clone(),
                    chains,
                })
            }
            Trust::Fingerprint(fingerprint) => Ok(Self::Fingerprint(*fingerprint)),
        }
    }
}

fn chain_verifier(
    roots: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).map_err(|error| error.to_string())?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone())
        .build()
        .map_err(|error| error.to_string())
}

/// What the server sent, as it is looked at here.
struct Shown<'a>(&'a Presented<'a>);

impl Shown<'_> {
    /// A hub's certificate trusted by itself needs no issuer, but still the right name and time.
    fn verify_exact(&self) -> Result<(), Error> {
        self.verify_time(self.0.end_entity)?;
        verify_server_name(
            &ParsedCertificate::try_from(self.0.end_entity)?,
            self.0.server_name,
        )
    }

    fn verify_time(&self, der: &CertificateDer<'_>) -> Result<(), Error> {
        let bad = || Error::InvalidCertificate(CertificateError::BadEncoding);
        match certificate::validity(der)
            .ok_or_else(bad)?
            .age_at(self.0.now)
        {
            Age::Valid => Ok(()),
            Age::Expired => Err(Error::InvalidCertificate(CertificateError::Expired)),
            Age::NotYetValid => Err(Error::InvalidCertificate(CertificateError::NotValidYet)),
        }
    }

    fn verify_fingerprint(
        &self,
        pin: Fingerprint,
        provider: &Arc<CryptoProvider>,
    ) -> Result<(), Error> {
        if Fingerprint::of(self.0.end_entity) == pin {
            return self.verify_exact();
        }
        let pinned = self
            .0
            .intermediates
            .iter()
            .find(|candidate| {
                Fingerprint::of(candidate) == pin && certificate::is_authority(candidate)
            })
            .ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        self.verify_time(pinned)?;
        let chains =
            chain_verifier(&[pinned.clone().into_owned()], provider).map_err(Error::General)?;
        self.0.verify_with(chains.as_ref())
    }

    fn refusal(&self, error: &Error) -> Refusal {
        let Error::InvalidCertificate(reason) = error else {
            return Refusal::Other {
                cause: error.to_string(),
            };
        };
        let unknown_issuer = || Refusal::UnknownIssuer {
            issuer: certificate::issuer(self.0.end_entity),
        };
        match reason {
            // A stranger's authority may bear the name of a trusted one; then the signature fails.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => unknown_issuer(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Refusal::WrongName {
                    presented: certificate::host_names(self.0.end_entity),
                }
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                self.untimely(Age::Expired)
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                self.untimely(Age::NotYetValid)
            }
            CertificateError::Other(_)
                if certificate::names_itself_as_issuer(self.0.end_entity) =>
            {
                unknown_issuer()
            }
            other => Refusal::Other {
                cause: other.to_string(),
            },
        }
    }

    /// The validity of the certificate which `age` is said of: the hub's or one of its issuers'.
    fn untimely(&self, age: Age) -> Refusal {
        let chain = std::iter::once(self.0.end_entity).chain(self.0.intermediates);
        let validities = chain.filter_map(certificate::validity);
        let Some(validity) = validities
            .into_iter()
            .find(|validity| validity.age_at(self.0.now) == age)
        else {
            return Refusal::Other {
                cause: "a certificate of the chain is out of its time".to_owned(),
            };
        };
        let now_s = i64::try_from(self.0.now.as_secs()).unwrap_or(i64::MAX);
        match age {
            Age::NotYetValid => Refusal::NotYetValid { validity, now_s },
            Age::Expired | Age::Valid => Refusal::Expired { validity, now_s },
        }
    }
}

impl Judge for Hub {
    fn judge(&self, presented: &Presented<'_>) -> Result<(), Error> {
        let shown = Shown(presented);
        let verdict = match &self.anchors {
            Anchors::Platform(verifier) => presented.verify_with(verifier),
            Anchors::Roots { exact, .. }
                if exact.iter().any(|root| root == presented.end_entity) =>
            {
                shown.verify_exact()
            }
            Anchors::Roots { chains, .. } => presented.verify_with(chains.as_ref()),
            Anchors::Fingerprint(pin) => shown.verify_fingerprint(*pin, &self.provider),
        };
        verdict.map_err(|error| shown.refusal(&error).into())
    }
}
