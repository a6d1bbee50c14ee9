//! From how a child ended to what that says of its document.

use std::io;
use std::process::ExitStatus;

use super::talk::Talk;
use crate::error::DecodeError;
use crate::request::{End, Readiness};
use crate::settings::Limits;

/// What Rust's runtime says before it ends a program that gets no more memory.
const OUT_OF_MEMORY: &str = "memory allocation of";
/// What Rust's runtime says before it ends a program whose calls go too deep.
const OUT_OF_STACK: &str = "has overflowed its stack";

/// What a talk came to, the child being gone.
pub fn judged(talk: Talk, status: ExitStatus, limits: &Limits) -> Result<End, DecodeError> {
    let Talk {
        readiness,
        end,
        complaint,
    } = talk;
    let error = match end {
        Ok(end) => return Ok(end),
        Err(error) => error,
    };
    match readiness {
        Some(Readiness::Confined { .. }) => {}
        Some(Readiness::Unconfined { reason }) => {
            return Err(DecodeError::Start(io::Error::other(reason)));
        }
        None => {
            let first = complaint.lines().next().unwrap_or_default();
            return Err(DecodeError::Start(io::Error::other(format!(
                "it ended at once ({status}) {first:?}"
            ))));
        }
    }
    if out_of_time(status) {
        return Err(DecodeError::TooSlow { limit: limits.cpu });
    }
    if complaint.contains(OUT_OF_MEMORY) {
        return Err(DecodeError::TooLarge {
            limit_bytes: limits.memory_bytes,
        });
    }
    // For whoever mends the decoder; the words may hold what is in the document.
    tracing::warn!(%status, %error, ?complaint, "a document broke the decoder");
    let how = if complaint.contains(OUT_OF_STACK) {
        "it is nested too deeply".to_owned()
    } else if status.success() {
        error.to_string()
    } else {
        status.to_string()
    };
    Err(DecodeError::Crashed { how })
}

/// Whether the system ended it because its processor time was over.
#[cfg(unix)]
fn out_of_time(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;

    let signal = rustix::process::Signal::XCPU.as_raw();
    status.signal() == Some(signal)
}

/// Whether the system ended it because its processor time was over.
#[cfg(windows)]
fn out_of_time(status: ExitStatus) -> bool {
    /// What a job object ends a process with that is over its time.
    const ERROR_NOT_ENOUGH_QUOTA: i32 = 1816;
    status.code() == Some(ERROR_NOT_ENOUGH_QUOTA)
}
