//! What the virtual printer does wrong when told to, and what it says about it.

use std::time::Duration;

use crate::host::{LONG, ask, connect, control, marker, print, printer, set, tickets};
use cueline_fake_devices::PrinterFault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const QUERY: &[u8] = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04";
const READY: &[u8] = &[0x12, 0x12, 0x12, 0x12];

#[tokio::test]
async fn real_time_status_is_answered_in_every_state() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut stream = connect(&printer).await;
    let table = [
        (PrinterFault::None, [0x12, 0x12, 0x12, 0x12]),
        (PrinterFault::PaperOut, [0x1a, 0x32, 0x12, 0x7e]),
        (PrinterFault::CoverOpen, [0x1a, 0x16, 0x12, 0x12]),
        (PrinterFault::Offline, [0x1a, 0x12, 0x12, 0x12]),
        (PrinterFault::Stall, [0x12, 0x12, 0x12, 0x12]),
    ];
    for (fault, status) in table {
        set(&printer, fault).await;
        // Print data in the buffer does not keep the answer back.
        stream.write_all(b"text").await.unwrap();
        assert_eq!(ask(&mut stream, QUERY, &status).await, status, "{fault}");
    }
}

#[tokio::test]
async fn out_of_paper_keeps_the_print_and_tells_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut stream = connect(&printer).await;
    ask(&mut stream, b"\x1da\x0e", &[0x10, 0, 0, 0]).await;
    set(&printer, PrinterFault::PaperOut).await;
    ask(&mut stream, b"", &[0x18, 0, 0x0f, 0]).await;
    let (request, echo) = marker(*b"0007");
    stream
        .write_all(&[b"kept\n\x1dV\x00".as_slice(), &request].concat())
        .await
        .unwrap();
    ask(&mut stream, b"\x10\x04\x04", &[0x7e]).await;
    assert!(printer.tickets().unwrap().is_empty());
    set(&printer, PrinterFault::None).await;
    let got = ask(&mut stream, b"", &echo).await;
    assert!(got.starts_with(&[0x10, 0, 0, 0]), "{got:02x?}");
    assert_eq!(tickets(&printer, 1).await[0].text, ["kept"]);
}

#[tokio::test]
async fn what_a_host_left_is_printed_when_there_is_paper_again() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    set(&printer, PrinterFault::PaperOut).await;
    let mut stream = connect(&printer).await;
    stream.write_all(b"left\n\x1dV\x00torn").await.unwrap();
    ask(&mut stream, b"\x10\x04\x04", &[0x7e]).await;
    drop(stream);
    // Hosts that only look neither fill the buffer nor leave paper behind.
    for _ in 0..500 {
        ask(&mut connect(&printer).await, QUERY, &[0x7e]).await;
    }
    set(&printer, PrinterFault::None).await;
    let all = tickets(&printer, 2).await;
    assert_eq!(
        (all[0].text.as_slice(), all[0].torn),
        (&["left".to_owned()][..], false)
    );
    assert_eq!(
        (all[1].text.as_slice(), all[1].torn),
        (&["torn".to_owned()][..], true)
    );
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_stalled_printer_takes_its_buffer_full_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    set(&printer, PrinterFault::Stall).await;
    let mut stream = connect(&printer).await;
    let plenty = vec![b'x'; 64 * 1024 * 1024];
    let written = timeout(Duration::from_millis(500), stream.write_all(&plenty)).await;
    assert!(written.is_err(), "64 MiB went into a printer that stalls");
    assert!(tickets(&printer, 0).await.is_empty());
}

#[tokio::test]
async fn a_refusing_printer_comes_back_on_the_same_port() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    set(&printer, PrinterFault::Refuse).await;
    let refused = async { while TcpStream::connect(printer.address()).await.is_ok() {} };
    timeout(LONG, refused)
        .await
        .expect("still taking connections");
    set(&printer, PrinterFault::None).await;
    let back = async {
        loop {
            if let Ok(stream) = TcpStream::connect(printer.address()).await {
                return stream;
            }
        }
    };
    let mut stream = timeout(LONG, back).await.expect("never came back");
    ask(&mut stream, QUERY, READY).await;
}

#[tokio::test]
async fn a_connection_cut_in_mid_ticket_leaves_a_torn_one() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    set(&printer, PrinterFault::CutConnection { after_bytes: 10 }).await;
    let mut stream = connect(&printer).await;
    ask(&mut stream, QUERY, READY).await;
    stream
        .write_all(b"first\nsecond\nthird\n\x1dV\x00")
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _reset_or_end = timeout(LONG, stream.read_to_end(&mut rest)).await.unwrap();
    let all = tickets(&printer, 1).await;
    assert_eq!((all[0].torn, all[0].bytes), (true, 10));
    assert_eq!(all[0].text, ["first", "seco"]);

    set(&printer, PrinterFault::None).await;
    print(&printer, b"whole\n\x1dV\x00").await;
    let all = tickets(&printer, 2).await;
    assert_eq!((all[1].torn, all[1].text[0].as_str()), (false, "whole"));
}

#[tokio::test]
async fn a_second_host_waits_until_the_first_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut first = connect(&printer).await;
    ask(&mut first, QUERY, READY).await;
    let mut second = connect(&printer).await;
    second.write_all(QUERY).await.unwrap();
    let mut answer = [0; 4];
    let early = timeout(Duration::from_millis(200), second.read_exact(&mut answer)).await;
    assert!(early.is_err(), "two connections at once");
    drop(first);
    timeout(LONG, second.read_exact(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer, READY);
}

#[tokio::test]
async fn the_control_port_answers_what_it_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    print(&printer, b"one\n\x1dV\x00").await;
    set(&printer, PrinterFault::CutConnection { after_bytes: 5 }).await;
    assert_eq!(
        control(&printer, "status").await,
        "ok fault cut_connection after=5; tickets 1; torn 0\n"
    );
    for line in ["", "fault", "fault fire", "reboot"] {
        assert!(
            control(&printer, line).await.starts_with("error: "),
            "{line:?}"
        );
    }
    assert!(
        control(&printer, &"x".repeat(1000))
            .await
            .starts_with("error: ")
    );
}
