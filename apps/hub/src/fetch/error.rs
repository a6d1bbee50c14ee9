//! Why something could not be fetched. No text holds a path, a query, a login or an address that the
//! hub found: whoever gave the URL could learn from it what only the hub can see.

use std::time::Duration;

use http::StatusCode;

/// Why something could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is none, or not one of the web.
    #[error("the URL cannot be used: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Plain HTTP to a host for which it was not opened.
    #[error(
        "{origin} is plain HTTP; use https://, or let the hub's operator list the host under fetch.allow and set fetch.allow_http"
    )]
    NotEncrypted {
        /// Scheme, host and port.
        origin: String,
    },
    /// The host has an address that is not on the public internet.
    #[error(
        "{origin} is not on the public internet; let the hub's operator list it under fetch.allow if it is meant"
    )]
    NotPublic {
        /// Scheme, host and port.
        origin: String,
    },
    /// The name has no address.
    #[error("{origin}: the name could not be resolved")]
    NotResolved {
        /// Scheme, host and port.
        origin: String,
    },
    /// No connection, or it broke.
    #[error("{origin}: {cause}")]
    Broken {
        /// Scheme, host and port.
        origin: String,
        /// What went wrong.
        cause: String,
    },
    /// Something took too long.
    #[error("{origin}: {what} took longer than {} s", .limit.as_secs_f64())]
    TooSlow {
        /// Scheme, host and port.
        origin: String,
        /// What took too long.
        what: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// More redirects than are followed.
    #[error("it was redirected more than {max} times")]
    TooManyRedirects {
        /// How many are followed.
        max: usize,
    },
    /// The server answered, but not with the document.
    #[error("{origin} answered {status}")]
    Refused {
        /// Scheme, host and port.
        origin: String,
        /// Its answer.
        status: StatusCode,
    },
    /// The document is longer than is taken.
    #[error("the document at {origin} is longer than {max} bytes")]
    TooLarge {
        /// Scheme, host and port.
        origin: String,
        /// The longest taken.
        max: u64,
    },
    /// What came is not what was asked for.
    #[error("expected {expected} from {origin}, got {got}")]
    WrongType {
        /// Scheme, host and port.
        origin: String,
        /// What it should be.
        expected: &'static str,
        /// What it is, as far as can be told.
        got: String,
    },
    /// Too many fetches are under way.
    #[error("many documents are being fetched at the moment; try again soon")]
    Busy,
}
