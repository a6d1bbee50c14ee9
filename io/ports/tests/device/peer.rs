//! What the tests share: timeouts, addresses, and a peer that does as its test says.

use std::net::SocketAddr;
use std::time::Duration;

use cueline_model::Language;
use cueline_ports::{Device, DeviceTimeouts, PrintEvent};
use cueline_printers::{Print, Profile, Tickets};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Generous where something is to come.
pub const PATIENT: DeviceTimeouts = DeviceTimeouts {
    connect: Duration::from_secs(30),
    readiness: Duration::from_secs(30),
    stall: Duration::from_secs(30),
    proof: Duration::from_secs(30),
    fault_patience: Duration::from_secs(60),
    poll_period: Duration::from_millis(20),
};

/// Short where something is never to come.
pub const SHORT: Duration = Duration::from_millis(300);

pub fn device(address: SocketAddr, language: Language, timeouts: DeviceTimeouts) -> Device {
    let address = format!("tcp://{address}").parse().unwrap();
    Device::new(address, Profile::new(language), timeouts)
}

/// For prints during which no fault is expected.
pub fn no_fault(event: PrintEvent<'_>) {
    if let PrintEvent::Fault(fault) = event {
        panic!("a fault where none was: {fault:?}");
    }
}

/// A print of one ticket.
pub fn ticket(bytes: &[u8]) -> Print {
    tickets(&[bytes])
}

/// A print of several.
pub fn tickets(all: &[&[u8]]) -> Print {
    let mut tickets = Tickets::default();
    for bytes in all {
        tickets.push(bytes);
    }
    Print::Tickets(tickets)
}

/// A peer that takes one connection and does with it what it is told.
pub async fn peer<F, Fut>(serve: F) -> (SocketAddr, JoinHandle<Fut::Output>)
where
    F: FnOnce(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // As little as a printer's, so that what it has not taken has not left for it.
        SockRef::from(&stream)
            .set_recv_buffer_size(64 * 1024)
            .unwrap();
        serve(stream).await
    });
    (address, served)
}

/// Closes with a reset, as the system does for a process that was killed with data unread.
pub fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Waits for an ESC/POS printer's question and says that all is well.
pub async fn answer_ready(stream: &mut TcpStream) {
    let mut query = [0; 9];
    stream.read_exact(&mut query).await.unwrap();
    stream.write_all(&[0x12; 3]).await.unwrap();
}

/// The ids that an ESC/POS printer is asked to echo.
pub fn marks(bytes: &[u8]) -> Vec<[u8; 4]> {
    const MARK: &[u8] = b"\x1d(H\x06\x0000";
    let wholes = bytes.windows(MARK.len() + 4);
    wholes
        .filter_map(|part| part.strip_prefix(MARK)?.try_into().ok())
        .collect()
}
