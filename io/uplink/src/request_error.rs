//! What can go wrong with an exchange once, or before, there is a connection.

use std::error::Error;
use std::time::Duration;

use crate::connect_error::{ConnectError, seconds};

/// Why a request brought no complete answer. `hub` is `host:port`, `path` is `direct` or
/// `proxy host:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// There is no connection; nothing was sent.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection ended before the head of an answer came; the hub may have acted or not.
    #[error(
        "ask the hub {hub} ({path}): the connection ended before an answer came ({cause}); try again"
    )]
    ConnectionLost {
        /// The hub.
        hub: String,
        /// The way taken.
        path: String,
        /// What ended it.
        cause: String,
    },
    /// The answer is not HTTP/1.1.
    #[error(
        "ask the hub {hub} ({path}): expected an HTTP/1.1 answer, got something else; \
         check that the address is the hub's"
    )]
    NotHttp {
        /// The hub.
        hub: String,
        /// The way taken.
        path: String,
    },
    /// The answer's body broke off.
    #[error(
        "read the answer of the hub {hub} ({path}): the connection ended after \
         {received_bytes} bytes ({cause}); try again"
    )]
    BodyInterrupted {
        /// The hub.
        hub: String,
        /// The way taken.
        path: String,
        /// Bytes of the body that had come.
        received_bytes: usize,
        /// What ended it.
        cause: String,
    },
    /// The answer's body is longer than the caller allows.
    #[error(
        "read the answer of the hub {hub} ({path}): expected {limit_bytes} bytes at most, \
         got more; check that the address is the hub's"
    )]
    BodyTooLarge {
        /// The hub.
        hub: String,
        /// The way taken.
        path: String,
        /// What the caller allows.
        limit_bytes: usize,
    },
    /// Connecting, asking and reading together took longer than the caller allows; the hub may
    /// have acted or not.
    #[error(
        "ask the hub {hub} ({path}): no complete answer within {}; try again, or check whether the hub \
         is overloaded",
        seconds(*after)
    )]
    TimedOut {
        /// The hub.
        hub: String,
        /// The way taken.
        path: String,
        /// The time-out that passed.
        after: Duration,
    },
}

impl RequestError {
    /// A stable word for machines; that of the [`ConnectError`] where there is no connection.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect(error) => error.code(),
            Self::ConnectionLost { .. } => "connection_lost",
            Self::NotHttp { .. } => "answer_not_http",
            Self::BodyInterrupted { .. } => "answer_interrupted",
            Self::BodyTooLarge { .. } => "answer_too_large",
            Self::TimedOut { .. } => "request_timed_out",
        }
    }

    /// Whether certainly nothing of the request reached the hub.
    pub fn is_certainly_unsent(&self) -> bool {
        matches!(self, Self::Connect(_))
    }
}

/// The innermost cause: hyper's outer sentence says less than what it wraps.
pub(crate) fn cause(error: &hyper::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
