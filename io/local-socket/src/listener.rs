//! Opening the socket, and knowing who is at the other end.

use std::io;
use std::sync::Arc;

use interprocess::local_socket::tokio::prelude::*;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, Name, tokio as local};

use crate::address::SocketPath;
use crate::lines::{Incoming, Outgoing};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{attempt} the local socket {path}: {reason}")]
pub struct SocketError {
    attempt: &'static str,
    path: SocketPath,
    reason: String,
}

/// Who may connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// The user whose program this is, and administrators.
    #[default]
    Owner,
    /// Everybody who is logged in on this machine.
    Everyone,
}

/// Who is at the other end, by the operating system's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Such as `uid 1000` or `process 4711`, for people.
    pub name: String,
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    /// Who is at the other end.
    pub peer: Peer,
    /// What comes in.
    pub incoming: Incoming,
    /// What goes out.
    pub outgoing: Outgoing,
}

/// Takes connections until it is dropped; then the socket's file is gone.
#[derive(Debug)]
pub struct Listener {
    listener: local::Listener,
    path: SocketPath,
}

impl Listener {
    /// Opens the socket. A file that a crashed program left there is replaced; the caller holds a lock
    /// that keeps a second living program away.
    ///
    /// # Errors
    /// [`SocketError`].
    pub fn bind(path: &SocketPath, access: Access) -> Result<Self, SocketError> {
        let fail = |reason: String| SocketError {
            attempt: "open",
            path: path.clone(),
            reason,
        };
        let options = ListenerOptions::new()
            .name(name(path).map_err(fail)?)
            .try_overwrite(true);
        let listener = restricted(options, access)
            .and_then(ListenerOptions::create_tokio)
            .map_err(|error| fail(error.to_string()))?;
        Ok(Self {
            listener,
            path: path.clone(),
        })
    }

    /// The next connection.
    ///
    /// # Errors
    /// [`SocketError`] for one that could not be taken; the next may be.
    pub async fn accept(&self) -> Result<Connection, SocketError> {
        let stream = self.listener.accept().await;
        stream.and_then(connection).map_err(|error| SocketError {
            attempt: "take a connection on",
            path: self.path.clone(),
            reason: error.to_string(),
        })
    }
}

/// Connects to a program that listens there.
///
/// # Errors
/// [`SocketError`].
pub async fn connect(path: &SocketPath) -> Result<Connection, SocketError> {
    let fail = |reason: String| SocketError {
        attempt: "connect to",
        path: path.clone(),
        reason,
    };
    let name = name(path).map_err(fail)?;
    let stream = local::Stream::connect(name).await;
    stream.and_then(connection).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                "the agent is not running; start it"
            }
            io::ErrorKind::PermissionDenied => {
                "this user may not use the agent; ask whoever set it up to allow it"
            }
            _ => "start the agent anew",
        };
        fail(format!("{error}; {hint}"))
    })
}

fn connection(stream: local::Stream) -> io::Result<Connection> {
    let peer = peer(&stream)?;
    let stream = Arc::new(stream);
    Ok(Connection {
        peer,
        incoming: Incoming::new(Arc::clone(&stream)),
        outgoing: Outgoing::new(stream),
    })
}

fn name(path: &SocketPath) -> Result<Name<'_>, String> {
    if let Some(complaint) = path.complaint() {
        return Err(complaint);
    }
    path.path()
        .to_fs_name::<GenericFilePath>()
        .map_err(|error| error.to_string())
}

#[cfg(unix)]
fn restricted(options: ListenerOptions<'_>, access: Access) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::unix::local_socket::ListenerOptionsExt as _;
    Ok(options.mode(match access {
        Access::Owner => 0o600,
        Access::Everyone => 0o666,
    }))
}

/// The pipe's access list in SDDL (Microsoft's security descriptor string format): full access for
/// SYSTEM and administrators, the owner, and, where wished, reading and writing for interactive users.
#[cfg(windows)]
fn restricted(options: ListenerOptions<'_>, access: Access) -> io::Result<ListenerOptions<'_>> {
    use interprocess::os::windows::local_socket::ListenerOptionsExt as _;
    use interprocess::os::windows::security_descriptor::SecurityDescriptor;
    let sddl = match access {
        Access::Owner => widestring::u16cstr!("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;OW)"),
        Access::Everyone => {
            widestring::u16cstr!("D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;GA;;;OW)(A;;GRGW;;;IU)")
        }
    };
    Ok(options.security_descriptor(SecurityDescriptor::deserialize(sddl)?))
}

#[cfg(unix)]
fn peer(stream: &local::Stream) -> io::Result<Peer> {
    let uid = stream.peer_creds()?.euid();
    let name = uid.map_or_else(|| "unknown user".to_owned(), |uid| format!("uid {uid}"));
    Ok(Peer { name })
}

#[cfg(windows)]
fn peer(stream: &local::Stream) -> io::Result<Peer> {
    let pid = stream.peer_creds()?.pid();
    let name = pid.map_or_else(|| "unknown".to_owned(), |pid| format!("process {pid}"));
    Ok(Peer { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_go_both_ways_and_the_system_says_who_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let path = SocketPath::of_data_dir(folder.path());
        let listener = Listener::bind(&path, Access::Owner).unwrap();
        let (near, far) = tokio::join!(connect(&path), listener.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        assert_eq!(near.peer, far.peer);
        near.outgoing.say(&vec!["ab", "\n"]).await.unwrap();
        near.outgoing.say(&7).await.unwrap();
        let words: Vec<String> = far.incoming.next().await.unwrap().unwrap().unwrap();
        assert_eq!(words, ["ab", "\n"]);
        // What is not of the shape expected is one line and no more.
        assert!(
            far.incoming
                .next::<String>()
                .await
                .unwrap()
                .unwrap()
                .is_err()
        );
        far.outgoing.say(&"bye").await.unwrap();
        drop(far);
        let word: String = near.incoming.next().await.unwrap().unwrap().unwrap();
        assert_eq!(word, "bye");
        assert!(near.incoming.next::<String>().await.unwrap().is_none());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_socket_left_by_a_crash_is_replaced_and_nobody_else_may_connect() {
        use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = SocketPath::of_data_dir(folder.path());
        drop(std::os::unix::net::UnixListener::bind(path.path()).unwrap());
        assert!(path.path().metadata().unwrap().file_type().is_socket());
        let error = connect(&path).await.unwrap_err().to_string();
        assert!(error.contains("the agent is not running"), "{error}");
        let listener = Listener::bind(&path, Access::Owner).unwrap();
        let mode = path.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(listener);
        assert!(!path.path().exists());
    }

    #[tokio::test]
    async fn an_endless_line_is_not_read_into_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = SocketPath::of_data_dir(folder.path());
        let listener = Listener::bind(&path, Access::Owner).unwrap();
        let (near, far) = tokio::join!(connect(&path), listener.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        let endless = "x".repeat(1 << 20);
        let (_, read) = tokio::join!(
            async {
                near.outgoing.say(&endless).await.ok();
                drop(near);
            },
            async {
                let read = far.incoming.next::<String>().await;
                drop(far);
                read
            }
        );
        assert!(matches!(read, Err(crate::LineError::TooLong)));
    }
}
