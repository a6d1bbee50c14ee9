//! The TCP connection of a driver that speaks in a stream of bytes, and how both kinds are opened.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::address::TerminalAddress;
use crate::permitted::{Network, is_permitted};

/// How long a terminal may take to take a connection.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// A terminal that is gone is found within about three of these, also while a card is waited for.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// Opens a connection to a terminal that its protocol does not authenticate.
pub(crate) async fn open_permitted(
    address: &TerminalAddress,
    permitted: &[Network],
) -> Result<TcpStream, String> {
    open(address, Some(permitted)).await
}

/// Opens a connection to a terminal that is going to say who it is.
pub(crate) async fn open_any(address: &TerminalAddress) -> Result<TcpStream, String> {
    open(address, None).await
}

async fn open(
    address: &TerminalAddress,
    permitted: Option<&[Network]>,
) -> Result<TcpStream, String> {
    let at = address.host_and_port();
    let failed = |cause: String| format!("connect to the terminal at {at}: {cause}");
    let opening = async {
        let found = lookup_host((address.host.as_str(), address.port))
            .await
            .map_err(|error| failed(error.to_string()))?;
        let mut last = None;
        for socket_address in found {
            // What a name stands for is asked of the network, so the address itself is what counts.
            let ip = socket_address.ip();
            if permitted.is_some_and(|permitted| !is_permitted(ip, permitted)) {
                last.get_or_insert_with(|| {
                    failed(format!(
                        "expected this computer or an address the settings permit, since its protocol \
                         knows no authentication; got {ip}; name it among the permitted addresses"
                    ))
                });
                continue;
            }
            match TcpStream::connect(socket_address).await.and_then(prepared) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(failed(error.to_string())),
            }
        }
        Err(last.unwrap_or_else(|| failed("the name has no address".to_owned())))
    };
    match timeout(CONNECT_WITHIN, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(failed(format!(
            "no answer within {} s; check that it is switched on and in this network",
            CONNECT_WITHIN.as_secs()
        ))),
    }
}

fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    let socket = SockRef::from(&stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(
        &TcpKeepalive::new()
            .with_time(KEEPALIVE)
            .with_interval(KEEPALIVE),
    )?;
    Ok(stream)
}
