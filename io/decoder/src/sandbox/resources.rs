//! Resource limits (setrlimit(2)).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{ChildLimits, SandboxError};

/// Memory and processor time; no file grows, and a crash leaves no image with a customer's ticket in it.
pub fn limit(limits: ChildLimits) -> Result<(), SandboxError> {
    set(
        Resource::As,
        limits.memory_bytes,
        limits.memory_bytes,
        "limit the decoder's memory",
    )?;
    // A second more to the hard limit, so that the signal that tells of it (SIGXCPU) comes first.
    set(
        Resource::Cpu,
        limits.cpu_s,
        limits.cpu_s.saturating_add(1),
        "limit the decoder's processor time",
    )?;
    set(Resource::Fsize, 0, 0, "keep the decoder from writing files")?;
    set(
        Resource::Core,
        0,
        0,
        "keep the decoder from leaving an image",
    )
}

/// None besides those that are open. Last, because confining needs one itself.
pub fn no_more_descriptors() -> Result<(), SandboxError> {
    set(
        Resource::Nofile,
        0,
        0,
        "keep the decoder from opening files",
    )
}

/// Sets a limit, or leaves a lower one that is there: to raise it takes a privilege.
fn set(resource: Resource, soft: u64, hard: u64, what: &'static str) -> Result<(), SandboxError> {
    let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Rlimit {
        current: Some(soft.min(most)),
        maximum: Some(hard.min(most)),
    };
    setrlimit(resource, limit).map_err(SandboxError::at(what))
}
