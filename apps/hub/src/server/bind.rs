//! Opens the one listener, with errors that say what to do.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

const BACKLOG: i32 = 4_096;
/// Sent data unacknowledged for longer means that the other end is gone.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Why the hub cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", advice(error))]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

fn advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is taken by another program; end it, or give another with --listen".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; give one of its own with --listen".to_owned()
        }
        io::ErrorKind::PermissionDenied => format!(
            "{error}; ports below 1024 need a privilege (CAP_NET_BIND_SERVICE on Linux): grant it, \
             or give another port with --listen"
        ),
        _ => error.to_string(),
    }
}

/// Listens on `address`; where nobody chose it and the machine has no IPv6, on all of IPv4.
///
/// # Errors
/// [`BindError`]. Needs a tokio runtime.
pub fn listen(address: SocketAddr, chosen: bool) -> Result<TcpListener, BindError> {
    match open(address) {
        Err(error) if !chosen && no_such_family(&error) => {
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
            open(address).map_err(|error| BindError { address, error })
        }
        opened => opened.map_err(|error| BindError { address, error }),
    }
}

fn no_such_family(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported
    ) || error.to_string().contains("family")
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // One listener for both families, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    // On Windows this would let two programs have one port.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Sets what every connection needs: small events at once, and a bound on a dead peer.
///
/// # Errors
/// Those of the socket.
pub fn prepare(stream: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let first = listen("127.0.0.1:0".parse().unwrap(), true).unwrap();
        let error = listen(first.local_addr().unwrap(), true)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the port is taken") && error.contains("--listen"),
            "{error}"
        );
    }
}
