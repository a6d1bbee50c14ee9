//! A control port: lines of text on loopback that tell a virtual device what to do.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Control connections at once; one more waits.
const CONNECTIONS_MAX: usize = 8;
/// The longest line, its end included.
const LINE_BYTES_MAX: u64 = 256;

/// Opens the port; 0 takes a free one.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() {
        let problem = format!(
            "the control port is for this machine alone: expected a loopback address, got {address}"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    TcpListener::bind(address).await
}

/// Serves control connections until dropped: each line is answered with one.
pub(crate) async fn serve(
    listener: TcpListener,
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> io::Result<()> {
    let answer = Arc::new(answer);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let place = Arc::clone(&places)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        while connections.try_join_next().is_some() {}
        let answer = Arc::clone(&answer);
        connections.spawn(async move {
            if let Err(error) = connection(stream, &*answer).await {
                tracing::debug!(%error, "control connection ended");
            }
            drop(place);
        });
    }
}

async fn connection(
    mut stream: TcpStream,
    answer: &(impl Fn(&str) -> String + Sync),
) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        let count = (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_line(&mut line)
            .await?;
        if count == 0 {
            return Ok(());
        }
        if !line.ends_with('\n') && count as u64 == LINE_BYTES_MAX {
            writer.write_all(b"error: line too long\n").await?;
            return Ok(());
        }
        let reply = answer(line.trim());
        writer.write_all(format!("{reply}\n").as_bytes()).await?;
    }
}
