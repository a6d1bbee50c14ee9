//! Looks a name up and opens a TCP connection to one of its addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// Why there is no TCP connection, whoever was to be reached.
#[derive(Debug)]
pub(crate) enum DialError {
    NotResolved { cause: String },
    ResolveTimedOut,
    Refused { address: SocketAddr },
    Unreachable { cause: String },
    TimedOut,
}

impl DialError {
    /// How much it tells where several addresses failed in different ways: a machine that
    /// answered is more than silence, and silence more than no way out of this machine.
    fn weight(&self) -> u8 {
        match self {
            Self::Refused { .. } => 2,
            Self::TimedOut => 1,
            _ => 0,
        }
    }
}

/// Opens a connection to `host`, trying its addresses in the resolver's order; each may take an
/// equal share of the time that is left, so that a dead first address does not cost the others
/// their turn.
pub(crate) async fn dial(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, DialError> {
    let addresses = resolve(host, port, deadline).await?;
    let mut worst: Option<DialError> = None;
    for (index, address) in addresses.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        let shares = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let error =
            match timeout_at(Instant::now() + left / shares, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return prepared(stream),
                Ok(Err(error)) => connect_failed(*address, &error),
                Err(_) => DialError::TimedOut,
            };
        tracing::debug!(host, %address, ?error, "address not connected");
        if worst
            .as_ref()
            .is_none_or(|known| error.weight() > known.weight())
        {
            worst = Some(error);
        }
    }
    Err(worst.unwrap_or_else(|| DialError::NotResolved {
        cause: "it has no address".to_owned(),
    }))
}

async fn resolve(host: &str, port: u16, deadline: Instant) -> Result<Vec<SocketAddr>, DialError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    match timeout_at(deadline, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(DialError::NotResolved {
            cause: system_words(&error),
        }),
        Err(_) => Err(DialError::ResolveTimedOut),
    }
}

fn connect_failed(address: SocketAddr, error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused { address },
        io::ErrorKind::TimedOut => DialError::TimedOut,
        _ => DialError::Unreachable {
            cause: system_words(error),
        },
    }
}

/// The operating system's own sentence, in lower case, without Rust's `(os error 113)`.
fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.strip_prefix("failed to lookup address information: ")
        .unwrap_or(text)
        .to_lowercase()
}

/// Sets what every connection to the hub has: no delay for small messages and, where the system
/// offers it, an end to a connection whose peer no longer acknowledges.
fn prepared(stream: TcpStream) -> Result<TcpStream, DialError> {
    let failed = |error: io::Error| DialError::Unreachable {
        cause: system_words(&error),
    };
    stream.set_nodelay(true).map_err(failed)?;
    limit_unacknowledged(&stream).map_err(failed)?;
    Ok(stream)
}

#[cfg(target_os = "linux")]
fn limit_unacknowledged(stream: &TcpStream) -> io::Result<()> {
    let longest = std::time::Duration::from_secs(30);
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(longest))
}

/// Windows and macOS have no such option for a program; there a dead peer is found by the silence
/// on the held request.
#[cfg(not(target_os = "linux"))]
fn limit_unacknowledged(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test]
    async fn a_connection_has_its_options_set() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = dial("127.0.0.1", port, soon()).await.unwrap();
        assert!(stream.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(
            socket2::SockRef::from(&stream).tcp_user_timeout().unwrap(),
            Some(Duration::from_secs(30))
        );
    }

    #[tokio::test]
    async fn a_name_with_one_dead_address_still_connects() {
        // localhost may be ::1 first, where nothing listens.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(dial("localhost", port, soon()).await.is_ok());
    }

    #[tokio::test]
    async fn an_unknown_name_says_so() {
        let error = dial("no-such-host.invalid", 443, soon()).await.unwrap_err();
        assert!(matches!(error, DialError::NotResolved { .. }), "{error:?}");
    }

    #[test]
    fn the_system_s_words_are_kept_without_its_numbers() {
        let error = io::Error::from_raw_os_error(113);
        let words = system_words(&error);
        assert!(!words.contains("os error"), "{words}");
        assert_eq!(words, words.to_lowercase());
    }
}
