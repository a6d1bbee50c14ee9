//! What the tests share: timeouts, addresses, and a peer that does as its test says.

use std::net::SocketAddr;
use std::time::Duration;

use cueline_model::{Fault, Language};
use cueline_ports::{Device, DeviceTimeouts};
use cueline_printers::Profile;
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
pub fn no_fault(fault: Option<&Fault>) {
    panic!("a fault where none was: {fault:?}");
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
        serve(stream).await
    });
    (address, served)
}

/// Closes with a reset, as the system does for a process that was killed with data unread.
pub fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
}
