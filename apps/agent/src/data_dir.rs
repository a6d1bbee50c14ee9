//! Where the agent's files lie, and how private ones are written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The agent's data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// What is wrong with the data directory.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// None was given and the platform's place is not known.
    #[error("find the data directory: this user has no home directory; name one with --data")]
    Unknown,
    /// It cannot be made.
    #[error("make the data directory {}: {source}; name one that can be written with --data", path.display())]
    CannotMake {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DataDir {
    /// The directory given, or the platform's place for a program's state.
    ///
    /// # Errors
    /// [`DataDirError::Unknown`].
    pub fn named(given: Option<PathBuf>) -> Result<Self, DataDirError> {
        given
            .or_else(platform_default)
            .map(Self)
            .ok_or(DataDirError::Unknown)
    }

    /// Makes the directory where it is missing, for its owner alone.
    ///
    /// # Errors
    /// [`DataDirError::CannotMake`].
    pub fn make(&self) -> Result<(), DataDirError> {
        make_private(&self.0).map_err(|source| DataDirError::CannotMake {
            path: self.0.clone(),
            source,
        })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Settings, written by people.
    pub fn config(&self) -> PathBuf {
        self.0.join("agent.toml")
    }

    /// Who this agent is and whom it talks to.
    pub fn identity(&self) -> PathBuf {
        self.0.join("identity.json")
    }

    /// The agent's private key.
    pub fn key(&self) -> PathBuf {
        self.0.join("agent.key")
    }

    /// The journal.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal.sqlite")
    }

    /// The journal of payments.
    pub fn payment_journal(&self) -> PathBuf {
        self.0.join("payments.sqlite")
    }
}

#[cfg(windows)]
fn platform_default() -> Option<PathBuf> {
    std::env::var_os("ProgramData")
        .map(|folder| PathBuf::from(folder).join("Cueline").join("agent"))
}

#[cfg(target_os = "macos")]
fn platform_default() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join("Library/Application Support/Cueline/agent"))
}

#[cfg(not(any(windows, target_os = "macos")))]
fn platform_default() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        // The XDG base directory specification has relative paths ignored.
        .filter(|path| path.is_absolute());
    state
        .or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))
        .map(|state| state.join("cueline/agent"))
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Windows has no modes: the directory inherits the access list of the one it is made in.
#[cfg(windows)]
fn make_private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).create(path)
}

/// Writes a file that its owner alone may read, whole or not at all, and durably: a file beside
/// it is written, synced and renamed.
///
/// # Errors
/// What the system says; the file is then as it was before.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // Left by a crash; created anew so that its mode is ours.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create_private(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    sync_directory_of(path)
}

#[cfg(unix)]
fn create_private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Windows has no modes: the file inherits the access list of the data directory, which the
/// installer limits to the service's account and administrators.
#[cfg(windows)]
fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn sync_directory_of(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// On Windows a directory cannot be opened for syncing, and NTFS journals the renaming itself.
#[cfg(windows)]
fn sync_directory_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_replaced_whole_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.key");
        write_private(&path, b"first").unwrap();
        fs::write(folder.path().join("agent.key.new"), b"left by a crash").unwrap();
        write_private(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn private_files_and_directories_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::named(Some(folder.path().join("a/b"))).unwrap();
        data.make().unwrap();
        assert_eq!(mode(data.path()), 0o700);

        // A readable file left by a crash must not lend its mode to the next one.
        fs::write(data.path().join("agent.key.new"), b"").unwrap();
        write_private(&data.key(), b"secret").unwrap();
        assert_eq!(mode(&data.key()), 0o600);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let data = DataDir::named(Some(file.join("below"))).unwrap();
        let error = data.make().unwrap_err().to_string();
        assert!(error.contains("below"), "{error}");
    }
}
