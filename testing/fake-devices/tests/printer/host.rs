//! A host on the printer's connection, as plain as can be.

use std::path::Path;
use std::time::Duration;

use cueline_fake_devices::{PlannedFault, PrinterSettings, Ticket, VirtualPrinter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Far longer than anything here takes; reached only when something never comes.
pub const LONG: Duration = Duration::from_secs(30);

pub async fn printer(output: &Path) -> VirtualPrinter {
    VirtualPrinter::start(PrinterSettings::local(output))
        .await
        .unwrap()
}

pub async fn start(settings: PrinterSettings) -> VirtualPrinter {
    VirtualPrinter::start(settings).await.unwrap()
}

pub async fn connect(printer: &VirtualPrinter) -> TcpStream {
    TcpStream::connect(printer.address()).await.unwrap()
}

/// A process id request, and the echo that proves everything before it printed.
pub fn marker(id: [u8; 4]) -> (Vec<u8>, Vec<u8>) {
    let request = [b"\x1d(H\x06\x0000".as_slice(), &id].concat();
    (request, [b"\x37\x22".as_slice(), &id, b"\x00"].concat())
}

/// Sends `bytes` and reads until `wanted` came; gives all that came.
pub async fn ask(stream: &mut TcpStream, bytes: &[u8], wanted: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).await.unwrap();
    let mut got = Vec::new();
    let answer = async {
        while !got.windows(wanted.len()).any(|part| part == wanted) {
            let byte = stream.read_u8().await.unwrap();
            got.push(byte);
        }
    };
    if timeout(LONG, answer).await.is_err() {
        panic!("expected {wanted:02x?}, got {got:02x?}");
    }
    got
}

/// Prints on a new connection and waits for the proof.
pub async fn print(printer: &VirtualPrinter, bytes: &[u8]) {
    let (request, echo) = marker(*b"0042");
    ask(
        &mut connect(printer).await,
        &[bytes, &request].concat(),
        &echo,
    )
    .await;
}

/// The tickets once there are `count` of them.
pub async fn tickets(printer: &VirtualPrinter, count: usize) -> Vec<Ticket> {
    let arrival = async {
        loop {
            let tickets = printer.tickets().unwrap();
            if tickets.len() >= count {
                return tickets;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LONG, arrival).await.expect("tickets never came")
}

/// Sets a fault through the control port, as another program does.
pub async fn control(printer: &VirtualPrinter, line: &str) -> String {
    let mut stream = TcpStream::connect(printer.control_address()).await.unwrap();
    stream
        .write_all(format!("{line}\n").as_bytes())
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// Whether the control port takes what the library's own words for a fault are.
pub async fn set(printer: &VirtualPrinter, fault: impl Into<PlannedFault>) {
    let fault = fault.into();
    let reply = control(printer, &format!("fault {fault}")).await;
    assert_eq!(reply, format!("ok fault {fault}\n"));
}

/// A fault in the words of the control port.
pub async fn plan(printer: &VirtualPrinter, fault: &str) {
    set(printer, fault.parse::<PlannedFault>().unwrap()).await;
}

/// Whether nothing comes for a while. For what must not come at all, so that a slow machine can only
/// make the test pass.
pub async fn is_quiet(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    let read = timeout(Duration::from_millis(150), stream.read(&mut byte)).await;
    read.is_err()
}

/// Everything that comes until the printer ends the connection.
pub async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    let mut buffer = [0; 256];
    let read = async {
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            got.extend_from_slice(&buffer[..count]);
        }
    };
    timeout(LONG, read)
        .await
        .expect("the connection never ended");
    got
}
