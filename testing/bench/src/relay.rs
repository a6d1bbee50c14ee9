//! Stands between agent and printer and notes when the first byte of a ticket passes.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A status request of an ESC/POS printer: `DLE EOT n`. It comes before every ticket and is none.
const STATUS_REQUEST: [u8; 2] = [0x10, 0x04];

/// Starts a relay to `printer`; gives its port and the moments at which tickets began.
///
/// # Errors
/// When no port can be had.
pub async fn start(printer: String) -> anyhow::Result<(u16, mpsc::Receiver<Instant>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let (first_bytes, receiver) = mpsc::channel(1024);
    tokio::spawn(async move {
        while let Ok((agent, _)) = listener.accept().await {
            let Ok(printer) = TcpStream::connect(&printer).await else {
                continue;
            };
            tokio::spawn(pass(agent, printer, first_bytes.clone()));
        }
    });
    Ok((port, receiver))
}

async fn pass(agent: TcpStream, printer: TcpStream, first_bytes: mpsc::Sender<Instant>) {
    // Or a second small write waits for the acknowledgement of the one before: 40 ms that are the relay's own.
    for end in [&agent, &printer] {
        let _ = end.set_nodelay(true);
    }
    let (mut from_agent, mut to_agent) = agent.into_split();
    let (mut from_printer, mut to_printer) = printer.into_split();
    let answers = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_printer, &mut to_agent).await;
    });
    let mut buffer = vec![0; 64 * 1024];
    let mut begun = false;
    while let Ok(count @ 1..) = from_agent.read(&mut buffer).await {
        let now = Instant::now();
        if !begun && !buffer[..count].starts_with(&STATUS_REQUEST) {
            begun = true;
            let _ = first_bytes.send(now).await;
        }
        if to_printer.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    drop(to_printer);
    let _ = answers.await;
}
