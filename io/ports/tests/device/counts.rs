//! Which tickets are printed, which unknown, which not: when it breaks, when it is cancelled, when the
//! printer holds the line.

use std::time::Duration;

use cueline_model::{FaultCode, Language, Proof, TicketCount};
use cueline_ports::{DeviceTimeouts, Extent, PrintEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::peer::{PATIENT, SHORT, answer_ready, device, marks, peer, reset, tickets};

/// Reads until so many marks came, and gives them.
async fn read_marks(stream: &mut TcpStream, count: usize) -> Vec<[u8; 4]> {
    let mut all = Vec::new();
    loop {
        let found = marks(&all);
        if found.len() >= count {
            return found;
        }
        let read = stream.read_buf(&mut all).await.unwrap();
        assert!(read > 0, "the connection ended after {} marks", found.len());
    }
}

async fn echo(stream: &mut TcpStream, marks: &[[u8; 4]]) {
    for mark in marks {
        let echo = [b"\x37\x22", mark.as_slice(), b"\x00"].concat();
        stream.write_all(&echo).await.unwrap();
    }
}

#[tokio::test]
async fn a_break_leaves_printed_unknown_and_not_printed_tickets() {
    let (address, _served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        // Takes two of the long tickets whole and some of the third, and proves the first.
        let mut taken = vec![0; 2 * 8_000_000 + 100_000];
        stream.read_exact(&mut taken).await.unwrap();
        echo(&mut stream, &marks(&taken)[..1]).await;
        // The proof is on its way before the break is.
        tokio::time::sleep(SHORT).await;
        reset(stream);
    })
    .await;
    let long = vec![b'x'; 8_000_000];
    let mut device = device(address, Language::Escpos, PATIENT);
    device.open().await.unwrap();
    let mut told = Vec::new();
    let error = device
        .print(&tickets(&[long.as_slice(); 10]), |event| {
            if let PrintEvent::Tickets { printed, total } = event {
                told.push((printed, total));
            }
        })
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost)
    );
    let counted = error.tickets.unwrap();
    assert_eq!(
        counted,
        TicketCount {
            printed: 1,
            unknown: 2,
            total: 10
        }
    );
    assert_eq!(
        counted.to_string(),
        "tickets 1 printed, 2-3 unknown, 4-10 not printed"
    );
    assert_eq!(told, [(1, 10)]);
    assert_eq!(device.so_far().tickets, Some(counted));
}

#[tokio::test]
async fn every_ticket_is_told_as_it_is_printed() {
    let (address, _served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        for mark in read_marks(&mut stream, 5).await {
            echo(&mut stream, &[mark]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let mut device = device(address, Language::Escpos, PATIENT);
    device.open().await.unwrap();
    let mut told = Vec::new();
    let printed = device
        .print(
            &tickets(&[b"one", b"two", b"three", b"four", b"five"]),
            |event| {
                if let PrintEvent::Tickets { printed, total } = event {
                    told.push((printed, total));
                }
            },
        )
        .await;
    assert_eq!(printed, Ok(Proof::Printed));
    assert_eq!(told, [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]);
}

#[tokio::test]
async fn a_print_that_is_dropped_is_closed_and_counted() {
    let (proven, both_are_proven) = oneshot::channel();
    let (address, served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        let marks = read_marks(&mut stream, 4).await;
        echo(&mut stream, &marks[..2]).await;
        proven.send(()).unwrap();
        // Nothing more is proven; what ends the connection is the other side.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await
    })
    .await;
    let mut device = device(address, Language::Escpos, PATIENT);
    device.open().await.unwrap();
    let (heard, second_was_heard) = oneshot::channel();
    let mut heard = Some(heard);
    let print = tickets(&[b"one", b"two", b"three", b"four"]);
    tokio::select! {
        ended = device.print(&print, |event| {
            if matches!(event, PrintEvent::Tickets { printed: 2, .. })
                && let Some(heard) = heard.take()
            {
                heard.send(()).unwrap();
            }
        }) => panic!("it ended by itself: {ended:?}"),
        () = async {
            both_are_proven.await.unwrap();
            second_was_heard.await.unwrap();
        } => {}
    }
    let so_far = device.so_far();
    assert_eq!(so_far.extent, Extent::InDoubt);
    assert_eq!(
        so_far.tickets,
        Some(TicketCount {
            printed: 2,
            unknown: 2,
            total: 4
        })
    );
    let ended = tokio::time::timeout(Duration::from_secs(30), served).await;
    let _reset_or_ended = ended.expect("the connection was left open").unwrap();
    let again = device.print(&print, |_| {}).await.unwrap_err();
    assert_eq!(again.extent, Extent::NothingSent, "closed by the drop");
}

#[tokio::test]
async fn a_printer_that_holds_the_line_is_waited_for() {
    const X_OFF: u8 = 0x13;
    const X_ON: u8 = 0x11;
    let (held, go_on) = oneshot::channel();
    let (address, served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        let mut start = vec![0; 1_000_000];
        stream.read_exact(&mut start).await.unwrap();
        stream.write_all(&[X_OFF]).await.unwrap();
        go_on.await.unwrap();
        stream.write_all(&[X_ON]).await.unwrap();
        start.drain(..start.len() - 11);
        let marks = loop {
            let found = marks(&start);
            if !found.is_empty() {
                break found;
            }
            start.drain(..start.len().saturating_sub(11));
            assert!(stream.read_buf(&mut start).await.unwrap() > 0);
        };
        echo(&mut stream, &marks).await;
        stream
    })
    .await;
    // Were the print's clock running, it would be over long before the printer goes on.
    let timeouts = DeviceTimeouts {
        stall: SHORT * 2,
        ..PATIENT
    };
    let mut device = device(address, Language::Escpos, timeouts);
    device.open().await.unwrap();
    let mut told = Vec::new();
    let mut held = Some(held);
    let printed = device
        .print(&tickets(&[&vec![b'x'; 30_000_000]]), |event| {
            if let PrintEvent::Fault(fault) = event {
                told.push(fault.map(|fault| fault.code));
                if let Some(held) = held.take() {
                    held.send(()).unwrap();
                }
            }
        })
        .await;
    assert_eq!(printed, Ok(Proof::Printed));
    assert_eq!(told, [Some(FaultCode::Busy), None]);
    drop(served.await.unwrap());
}

#[tokio::test]
async fn a_raw_print_that_breaks_is_unknown_from_its_first_ticket() {
    let (address, _served) = peer(|mut stream| async move {
        let mut taken = vec![0; 1_000_000];
        stream.read_exact(&mut taken).await.unwrap();
        reset(stream);
    })
    .await;
    let mut device = device(address, Language::Raw, PATIENT);
    device.open().await.unwrap();
    let long = vec![b'x'; 20_000_000];
    let error = device
        .print(&tickets(&[long.as_slice(); 2]), |_| {})
        .await
        .unwrap_err();
    assert_eq!(
        error.tickets,
        Some(TicketCount {
            printed: 0,
            unknown: 1,
            total: 2
        })
    );
}

#[tokio::test]
async fn a_printer_that_serves_another_is_in_use_and_served_later() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (free, is_free) = oneshot::channel::<()>();
    let served = tokio::spawn(async move {
        // One connection at a time: a second is taken and closed at once.
        let (mut first, _) = listener.accept().await.unwrap();
        answer_ready(&mut first).await;
        let mut is_free = std::pin::pin!(is_free);
        loop {
            tokio::select! {
                biased;
                _ = &mut is_free => break,
                second = listener.accept() => drop(second.unwrap()),
            }
        }
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        answer_ready(&mut second).await;
        second
    });
    let mut one = device(address, Language::Escpos, PATIENT);
    let mut other = device(address, Language::Escpos, PATIENT);
    one.open().await.unwrap();
    for _ in 0..3 {
        let fault = other.open().await.unwrap_err();
        assert_eq!(fault.code, FaultCode::InUse, "{fault}");
    }
    free.send(()).unwrap();
    one.close().await;
    other.open().await.unwrap();
    drop(served.await.unwrap());
}
