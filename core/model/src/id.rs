//! Typed identifiers: a kind prefix, an underscore and 32 lower-case hexadecimal digits.
//!
//! The prefix makes an id readable in a log and keeps a printer's id from being taken for a job's.
//! Fresh ids are made by the shells (UUID version 7, RFC 9562 section 5.7, so that they sort by time).

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Why a text is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id like {prefix}_0190b6d3a3b87c1e9f0a4b5c6d7e8f90, got {got:?}")]
pub struct IdError {
    /// The kind's prefix, such as `job`.
    pub prefix: &'static str,
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Wraps a UUID made elsewhere; cores never make one themselves.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// An id from a plain number, for tests and simulations.
            #[must_use]
            pub const fn from_u128(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

typed_id!(
    /// A box-office customer of the hub.
    TenantId,
    "ten"
);
typed_id!(
    /// A venue of a tenant.
    SiteId,
    "site"
);
typed_id!(
    /// One installed machine at a site.
    AgentId,
    "agt"
);
typed_id!(
    /// One printer of an agent.
    PrinterId,
    "prn"
);
typed_id!(
    /// One print job.
    JobId,
    "job"
);
typed_id!(
    /// One card payment, refund or void.
    PaymentId,
    "pay"
);
typed_id!(
    /// One desk of an agent.
    StationId,
    "stn"
);
typed_id!(
    /// One card terminal of a station.
    TerminalId,
    "trm"
);
typed_id!(
    /// One key to the box office's API.
    ApiKeyId,
    "key"
);
typed_id!(
    /// One pairing code, as a resource (not the code itself).
    PairingCodeId,
    "pair"
);

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| {
            digits.len() == 32
                && digits
                    .bytes()
                    .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        })
        .and_then(|digits| Uuid::try_parse(digits).ok())
        .ok_or_else(|| IdError {
            prefix,
            got: text.chars().take(64).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_written() {
        let id = JobId::from_u128(0x0190_b6d3);
        let text = id.to_string();
        assert_eq!(text, "job_0000000000000000000000000190b6d3");
        assert_eq!(text.parse::<JobId>().unwrap(), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }

    #[test]
    fn another_kinds_id_is_refused_by_name() {
        let printer = PrinterId::from_u128(7).to_string();
        let error = printer.parse::<JobId>().unwrap_err();
        assert_eq!(error.prefix, "job");
        assert!(error.to_string().contains(&printer));
    }

    #[test]
    fn forms_that_uuid_would_take_are_refused() {
        for text in [
            "job_0190b6d3-a3b8-7c1e-9f0a-4b5c6d7e8f90",
            "job_0190B6D3A3B87C1E9F0A4B5C6D7E8F90",
            "job_",
            "",
            "0190b6d3a3b87c1e9f0a4b5c6d7e8f90",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text} was taken");
        }
    }
}
