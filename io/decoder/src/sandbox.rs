//! Takes from a process all it does not need to decode one document, for good.
//!
//! | | Linux | macOS | Windows |
//! |---|---|---|---|
//! | memory, processor time | resource limits | resource limits | job object |
//! | no new program | seccomp | | job object: one process |
//! | no file, no network | Landlock and seccomp | no new descriptors | |
//!
//! On Linux seccomp lets through what allocates, reads the pipe, writes the pipe and ends; the rest is
//! answered with `EPERM`. Landlock says the same of files and TCP once more, from another side.

#[cfg(target_os = "linux")]
mod landlock;
#[cfg(unix)]
mod resources;
#[cfg(target_os = "linux")]
mod seccomp;
#[cfg(windows)]
mod windows;

use crate::frame::LIMITS_BYTES;

/// What a child may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildLimits {
    /// Address space.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_s: u64,
}

impl ChildLimits {
    /// As they are on the pipe.
    #[must_use]
    pub fn of_bytes(said: [u8; LIMITS_BYTES]) -> Self {
        let [memory_bytes, cpu_s] = [0, 8].map(|at| {
            let mut number = [0; 8];
            number.copy_from_slice(&said[at..at + 8]);
            u64::from_le_bytes(number)
        });
        Self {
            memory_bytes,
            cpu_s,
        }
    }

    /// As they go on the pipe.
    #[must_use]
    pub fn to_bytes(self) -> [u8; LIMITS_BYTES] {
        let mut said = [0; LIMITS_BYTES];
        said[..8].copy_from_slice(&self.memory_bytes.to_le_bytes());
        said[8..].copy_from_slice(&self.cpu_s.to_le_bytes());
        said
    }
}

/// Why a process could not be confined.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}: {cause}")]
pub struct SandboxError {
    what: &'static str,
    cause: Box<dyn std::error::Error + Send + Sync>,
}

impl SandboxError {
    /// While doing what.
    fn at<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |cause| Self {
            what,
            cause: cause.into(),
        }
    }
}

/// Confines this process for good. Gives back what this system could not do, a sentence each.
///
/// Must be called before there is a second thread.
///
/// # Errors
/// What this system should be able to do failed.
pub fn confine(limits: ChildLimits) -> Result<Vec<String>, SandboxError> {
    #[cfg(unix)]
    resources::limit(limits)?;
    #[cfg(windows)]
    windows::limit(limits)?;
    files_and_network()
}

#[cfg(target_os = "linux")]
fn files_and_network() -> Result<Vec<String>, SandboxError> {
    let without_landlock = landlock::confine()?;
    resources::no_more_descriptors()?;
    // Last: nothing of the above is let through any more.
    let without_seccomp = seccomp::confine()?;
    Ok([without_landlock, without_seccomp]
        .into_iter()
        .flatten()
        .collect())
}

#[cfg(not(target_os = "linux"))]
fn files_and_network() -> Result<Vec<String>, SandboxError> {
    #[cfg(unix)]
    resources::no_more_descriptors()?;
    Ok(vec![
        "this system has no Landlock and no seccomp".to_owned(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_back_as_written() {
        let limits = ChildLimits {
            memory_bytes: 1 << 40 | 7,
            cpu_s: 10,
        };
        assert_eq!(ChildLimits::of_bytes(limits.to_bytes()), limits);
    }
}
