//! Raw TCP: the peer's end of file is the proof, everything less is in doubt.

use std::io::Write as _;
use std::time::Duration;

use cueline_model::{ContentType, FaultCode, Language, Proof};
use cueline_ports::{DeviceTimeouts, Extent};
use cueline_printers::Print;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{PATIENT, SHORT, device, no_fault, peer, reset, ticket};

#[tokio::test]
async fn every_byte_and_the_end_of_file_is_sent() {
    let (address, served) = peer(|mut stream| async move {
        // Noise from the device is nothing to a printer of which nothing is known.
        stream.write_all(&[0x1a; 5000]).await.unwrap();
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        got
    })
    .await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut device = device(address, Language::Raw, PATIENT);
    device.open().await.unwrap();
    assert_eq!(
        device.print(&ticket(&bytes), no_fault).await,
        Ok(Proof::Sent)
    );
    assert!(
        served.await.unwrap() == bytes,
        "what came is not what was sent"
    );
    let again = device.print(&ticket(b"x"), no_fault).await.unwrap_err();
    assert_eq!(
        again.extent,
        Extent::NothingSent,
        "closed after a raw print"
    );
}

#[tokio::test]
async fn a_peer_that_never_ends_is_in_doubt() {
    let (address, _served) = peer(|mut stream| async move {
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let timeouts = DeviceTimeouts {
        proof: SHORT,
        ..PATIENT
    };
    let mut device = device(address, Language::Raw, timeouts);
    device.open().await.unwrap();
    let error = device
        .print(&ticket(b"ticket"), no_fault)
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::NoAnswer)
    );
}

#[tokio::test]
async fn a_reset_after_the_first_byte_is_in_doubt() {
    let (address, _served) = peer(|mut stream| async move {
        stream.read_u8().await.unwrap();
        reset(stream);
    })
    .await;
    let mut device = device(address, Language::Raw, PATIENT);
    device.open().await.unwrap();
    let error = device
        .print(&ticket(&[7; 1_000_000]), no_fault)
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost)
    );
}

#[tokio::test]
async fn a_peer_that_stops_reading_is_in_doubt_after_the_stall_time() {
    let (address, _served) = peer(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let timeouts = DeviceTimeouts {
        stall: SHORT,
        ..PATIENT
    };
    let mut device = device(address, Language::Raw, timeouts);
    device.open().await.unwrap();
    let error = device
        .print(&ticket(&vec![7; 64_000_000]), no_fault)
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::NoAnswer)
    );
}

#[tokio::test]
async fn a_connection_that_died_before_the_print_sent_nothing() {
    for with_reset in [false, true] {
        let (address, served) = peer(move |stream| async move {
            if with_reset {
                reset(stream);
            }
        })
        .await;
        let mut device = device(address, Language::Raw, PATIENT);
        device.open().await.unwrap();
        served.await.unwrap();
        // The end of the connection is on its way over loopback.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let error = device
            .print(&ticket(b"ticket"), no_fault)
            .await
            .unwrap_err();
        assert_eq!(
            (error.extent, error.fault.code),
            (Extent::NothingSent, FaultCode::ConnectionLost)
        );
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut device = device(address, Language::Raw, PATIENT);
    let fault = device.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::Unreachable);
    assert!(fault.text.contains("connection refused"), "{fault}");
    let error = device
        .print(&ticket(b"ticket"), no_fault)
        .await
        .unwrap_err();
    assert_eq!(error.extent, Extent::NothingSent);
}

#[tokio::test]
async fn a_peer_that_never_stops_talking_cannot_hold_the_print_up() {
    let (address, _served) = peer(|stream| async move {
        let noise = [0x55; 64 * 1024];
        let stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        // On a thread of its own, faster than anybody needs to listen.
        tokio::task::spawn_blocking(move || while (&stream).write_all(&noise).is_ok() {});
        std::future::pending::<()>().await;
    })
    .await;
    let timeouts = DeviceTimeouts {
        stall: SHORT,
        proof: SHORT,
        ..PATIENT
    };
    let mut device = device(address, Language::Raw, timeouts);
    device.open().await.unwrap();
    let print = tokio::spawn(async move { device.print(&ticket(b"ticket"), no_fault).await });
    let given_up = tokio::time::timeout(Duration::from_secs(30), print).await;
    let error = given_up.expect("it still listens").unwrap().unwrap_err();
    assert_eq!(error.extent, Extent::InDoubt);
}

#[tokio::test]
async fn more_than_ever_fits_into_one_print_is_refused_for_good() {
    let (address, served) = peer(|mut stream| async move {
        let mut got = Vec::new();
        stream.read_to_end(&mut got).await.map(|_| got.len())
    })
    .await;
    let mut device = device(address, Language::Pdf, PATIENT);
    device.open().await.unwrap();
    let print = Print::Document {
        bytes: vec![0; 1 << 20],
        content_type: ContentType::Pdf,
        copies: 65,
        options: Box::default(),
        title: None,
    };
    let error = device.print(&print, no_fault).await.unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::Refused, FaultCode::DataRefused)
    );
    assert_eq!(served.await.unwrap().unwrap_or(0), 0, "not a byte");
}
