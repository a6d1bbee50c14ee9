//! Where the socket lies.

use std::fmt;
use std::path::{Path, PathBuf};

/// The longest path of a Unix socket (`sun_path` of `sockaddr_un`, without its final zero).
#[cfg(unix)]
const PATH_BYTES_MAX: usize = 107;

/// The path of a Unix socket, or the name of a pipe (`\\.\pipe\…`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketPath(PathBuf);

impl SocketPath {
    /// The socket that belongs to a program's data directory.
    #[must_use]
    #[cfg(unix)]
    pub fn of_data_dir(data_dir: &Path) -> Self {
        Self(data_dir.join("agent.sock"))
    }

    /// The pipe that belongs to a program's data directory: pipes have a name space of their own, so
    /// the directory's path becomes part of the name.
    #[must_use]
    #[cfg(windows)]
    pub fn of_data_dir(data_dir: &Path) -> Self {
        let name: String = data_dir
            .to_string_lossy()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Self(PathBuf::from(format!(r"\\.\pipe\cueline-agent-{name}")))
    }

    /// A path as people wrote it.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is wrong with it, for people.
    #[cfg(unix)]
    pub(crate) fn complaint(&self) -> Option<String> {
        let bytes = self.0.as_os_str().len();
        (bytes > PATH_BYTES_MAX).then(|| {
            format!("its path is {bytes} bytes long, expected {PATH_BYTES_MAX} at most; choose a shorter one")
        })
    }

    /// What is wrong with it, for people.
    #[cfg(windows)]
    pub(crate) fn complaint(&self) -> Option<String> {
        let is_pipe = self.0.to_string_lossy().starts_with(r"\\.\pipe\");
        (!is_pipe).then(|| r"expected a pipe's name like \\.\pipe\cueline-agent".to_owned())
    }
}

impl fmt::Display for SocketPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
