//! Raw queues of a real CUPS.

use std::process::Command;
use std::time::Duration;

use cueline_model::{FaultCode, Language, Proof};
use cueline_ports::discovery::discover;
use cueline_ports::{Extent, PortAddress};
use cueline_system::cups::Cups;
use tokio::net::TcpListener;

use crate::{Sink, Told, device, tickets, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_raw_queue_hands_every_byte_on_and_proves_no_more() {
    let (cups, sink) = (Cups::start().unwrap(), Sink::start().await);
    let every_byte: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    cups.add_raw_queue("boxoffice", &format!("socket://{}", sink.address))
        .unwrap();
    let mut device = device(&cups.address("boxoffice"), Language::Fgl);
    device.open().await.unwrap();
    assert_eq!(device.capabilities().proves, Proof::Sent);
    let told = Told::default();
    let print = tickets(&[&every_byte, b"<S1>two<p>"]);
    let proof = device.print(&print, |event| told.note(event)).await;
    assert_eq!(proof, Ok(Proof::Sent), "{}", cups.log());
    assert_eq!(
        sink.jobs(),
        [[every_byte.as_slice(), b"<S1>two<p>"].concat()]
    );
    assert_eq!(told.codes(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_stopped_or_not_there_is_known_before_anything_is_sent() {
    let (cups, sink) = (Cups::start().unwrap(), Sink::start().await);
    cups.add_raw_queue("boxoffice", &format!("socket://{}", sink.address))
        .unwrap();
    let mut device = device(&cups.address("boxoffice"), Language::Fgl);
    cups.set_stopped("boxoffice", true).unwrap();
    let fault = device.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::Paused, "{fault}");
    let error = device.print(&tickets(&[b"x"]), |_| {}).await.unwrap_err();
    assert_eq!(error.extent, Extent::NothingSent);
    cups.set_stopped("boxoffice", false).unwrap();
    device.open().await.unwrap();
    let proof = device.print(&tickets(&[b"resumed"]), |_| {}).await;
    assert_eq!(proof, Ok(Proof::Sent));
    assert_eq!(sink.jobs(), [b"resumed".to_vec()]);

    let mut missing = crate::device(&cups.address("nowhere"), Language::Fgl);
    let fault = missing.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::PortError, "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_does_not_reach_its_printer_is_told_and_waited_for() {
    let cups = Cups::start().unwrap();
    // A port that nobody listens at yet.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = port.local_addr().unwrap();
    drop(port);
    cups.add_raw_queue("boxoffice", &format!("socket://{address}"))
        .unwrap();
    let mut device = device(&cups.address("boxoffice"), Language::Fgl);
    device.open().await.unwrap();
    let told = Told::default();
    let print = tickets(&[b"late"]);
    let printing = device.print(&print, |event| told.note(event));
    let switching_on = async {
        told.wait_for(FaultCode::NoAnswer).await;
        Sink::at(address).await
    };
    let (proof, sink) = tokio::join!(printing, switching_on);
    assert_eq!(proof, Ok(Proof::Sent), "{}", cups.log());
    assert_eq!(told.codes().last(), Some(&None), "{:?}", told.codes());
    assert_eq!(sink.jobs(), [b"late".to_vec()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_dropped_is_cancelled() {
    let cups = Cups::start().unwrap();
    // Takes the connection and reads nothing.
    let printer = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = printer.local_addr().unwrap();
    cups.add_raw_queue("boxoffice", &format!("socket://{address}"))
        .unwrap();
    let mut device = device(&cups.address("boxoffice"), Language::Fgl);
    device.open().await.unwrap();
    let long = vec![b'x'; 30_000_000];
    let print = tickets(&[&long, b"two"]);
    tokio::select! {
        ended = device.print(&print, |_| {}) => panic!("it ended by itself: {ended:?}"),
        accepted = printer.accept() => drop(accepted.unwrap()),
    }
    let so_far = device.so_far();
    assert_eq!(so_far.extent, Extent::InDoubt);
    assert_eq!(so_far.tickets.unwrap().unknown, 2);
    let server = cups.server();
    until("the queue is empty", || {
        let jobs = Command::new("lpstat").args(["-h", &server, "-o"]).output();
        jobs.unwrap().stdout.is_empty()
    })
    .await;
}

/// The system's own CUPS is found by a variable, which only a process of its own may set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_of_this_system_are_found_and_printed_to() {
    let (cups, sink) = (Cups::start().unwrap(), Sink::start().await);
    cups.add_raw_queue("EPSON_TM-T88V", &format!("socket://{}", sink.address))
        .unwrap();
    let server = cups.server();
    let inner = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cups::inner", "--ignored", "--nocapture"])
            .env("CUPS_SERVER", server)
            .output()
            .unwrap()
    });
    let inner = inner.await.unwrap();
    let said = String::from_utf8_lossy(&inner.stdout);
    assert!(
        inner.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&inner.stderr)
    );
    assert!(said.contains("1 passed"), "{said}");
    assert_eq!(sink.jobs(), [b"found and printed".to_vec()]);
}

#[tokio::test]
#[ignore = "run by queues_of_this_system_are_found_and_printed_to, which sets CUPS_SERVER"]
async fn inner() {
    let found = discover(Duration::from_secs(5)).await;
    let queue = found
        .iter()
        .find(|found| matches!(&found.address, PortAddress::Spool { queue } if queue == "EPSON_TM-T88V"))
        .unwrap_or_else(|| panic!("not among {found:?}"));
    assert_eq!(queue.model, Some("epson-tm-t88"));
    assert_eq!(queue.language, Some(Language::Escpos));
    let mut device = device(&queue.address.to_string(), Language::Escpos);
    device.open().await.unwrap();
    let proof = device
        .print(&tickets(&[b"found and printed"]), |_| {})
        .await;
    assert_eq!(proof, Ok(Proof::Sent));
}
