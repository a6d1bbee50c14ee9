//! What the operating system says of itself: the host's name, and how many files may be open.

/// The machine's host name, where it has one that can stand in a certificate.
#[must_use]
pub fn host_name() -> Option<String> {
    raw_host_name().filter(|name| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    })
}

#[cfg(unix)]
fn raw_host_name() -> Option<String> {
    rustix::system::uname()
        .nodename()
        .to_str()
        .ok()
        .map(str::to_owned)
}

#[cfg(not(unix))]
fn raw_host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

/// Raises the soft limit of open files to the hard one and says what it is now; `None` where the
/// system sets no limit of its own.
#[cfg(unix)]
#[must_use]
pub fn raise_open_files() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

/// Windows has no limit of its own on sockets.
#[cfg(not(unix))]
#[must_use]
pub fn raise_open_files() -> Option<u64> {
    None
}

/// How many connections can be held with so many open files: the store, the listener and the
/// like need some too.
#[must_use]
pub fn connections_for(open_files: Option<u64>) -> usize {
    const RESERVED: u64 = 64;
    const MAX: u64 = 1_000_000;
    let files = open_files.unwrap_or(MAX).min(MAX);
    usize::try_from(files.saturating_sub(RESERVED).max(16)).unwrap_or(usize::MAX)
}
