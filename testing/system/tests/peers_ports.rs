//! Ports against printers, queues and servers that are not ours: CUPS, `ippeveprinter`, `lprint`, `snmpsim`
//! and `emupos`. What is missing here fails its test and says what to install.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "peers_ports/cups.rs"]
mod cups;
#[path = "peers_ports/driverless.rs"]
mod driverless;
#[path = "peers_ports/others.rs"]
mod others;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cueline_model::{ContentType, Fault, FaultCode, Language, PrintOptions};
use cueline_ports::{Device, DeviceTimeouts, PrintEvent};
use cueline_printers::{Print, Profile, Tickets};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// For machines under load; what is waited for comes as soon as it can.
const PATIENT: DeviceTimeouts = DeviceTimeouts {
    connect: Duration::from_secs(30),
    readiness: Duration::from_secs(30),
    stall: Duration::from_secs(60),
    proof: Duration::from_secs(60),
    fault_patience: Duration::from_secs(120),
    poll_period: Duration::from_millis(200),
};

fn device(address: &str, language: Language) -> Device {
    Device::new(address.parse().unwrap(), Profile::new(language), PATIENT)
}

fn tickets(all: &[&[u8]]) -> Print {
    let mut tickets = Tickets::default();
    for ticket in all {
        tickets.push(ticket);
    }
    Print::Tickets(tickets)
}

fn document(bytes: &[u8], content_type: ContentType, copies: u16, options: PrintOptions) -> Print {
    Print::Document {
        bytes: bytes.to_vec(),
        content_type,
        copies,
        options: Box::new(options),
        title: Some("Gala, row 4".to_owned()),
    }
}

/// A one-page PDF that every reader takes.
fn pdf() -> Vec<u8> {
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>",
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.push_str(&format!("{} 0 obj{object}endobj\n", index + 1));
    }
    let table = file.len();
    file.push_str("xref\n0 4\n0000000000 65535 f \n");
    for offset in offsets {
        file.push_str(&format!("{offset:010} 00000 n \n"));
    }
    file.push_str(&format!(
        "trailer<</Root 1 0 R/Size 4>>\nstartxref\n{table}\n%%EOF\n"
    ));
    file.into_bytes()
}

/// What a print told, in order.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Option<Fault>>>>);

impl Told {
    fn note(&self, event: PrintEvent<'_>) {
        if let PrintEvent::Fault(fault) = event {
            self.0.lock().unwrap().push(fault.cloned());
        }
    }

    fn codes(&self) -> Vec<Option<FaultCode>> {
        let told = self.0.lock().unwrap();
        told.iter()
            .map(|fault| fault.as_ref().map(|fault| fault.code))
            .collect()
    }

    /// Waits for a fault of this kind.
    async fn wait_for(&self, code: FaultCode) {
        until("a fault is told", || self.codes().contains(&Some(code))).await;
    }
}

/// Waits until something holds.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited a minute in vain: {what}");
}

/// A raw TCP printer that keeps what comes, one connection after the other.
struct Sink {
    address: SocketAddr,
    jobs: Arc<Mutex<Vec<Vec<u8>>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Sink {
    async fn start() -> Self {
        Self::at("127.0.0.1:0".parse().unwrap()).await
    }

    async fn at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let jobs = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&jobs);
        let serving = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut job = Vec::new();
                // A sender that breaks off leaves what came.
                let _ended = stream.read_to_end(&mut job).await;
                if !job.is_empty() {
                    kept.lock().unwrap().push(job);
                }
            }
        });
        Self {
            address,
            jobs,
            serving,
        }
    }

    fn jobs(&self) -> Vec<Vec<u8>> {
        self.jobs.lock().unwrap().clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
