//! Noise on an ESC/POS printer's line: what it forges holds a print up for moments, and is never believed.

use std::time::Instant;

use cueline_model::{FaultCode, Language, Proof};
use cueline_ports::PrintEvent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::peer::{PATIENT, answer_ready, device, marks, peer, tickets};

/// When the noise comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// Between the printer's word that it is ready and the first byte.
    Before,
    /// With the first bytes, and the echoes of so many marks are lost in it.
    Within { lost: usize },
}

/// A printer that says that it is well when it is asked and echoes marks, on a line with noise on it. Gives
/// what it was sent.
async fn serve(
    mut stream: TcpStream,
    noise: &[u8],
    when: When,
    sent: oneshot::Sender<()>,
) -> Vec<u8> {
    answer_ready(&mut stream).await;
    if when != When::Before {
        sent.send(()).unwrap();
        stream.peek(&mut [0]).await.unwrap();
        stream.write_all(noise).await.unwrap();
    } else {
        stream.write_all(noise).await.unwrap();
        sent.send(()).unwrap();
    }
    answer(stream, when).await
}

async fn answer(mut stream: TcpStream, when: When) -> Vec<u8> {
    let mut echoed = match when {
        When::Before => 0,
        When::Within { lost } => lost,
    };
    let (mut received, mut answered) = (Vec::new(), 0);
    let mut buffer = [0; 4096];
    // Once all is proven it is hung up on, questions unanswered.
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        received.extend_from_slice(&buffer[..count]);
        let questions = received
            .windows(3)
            .filter(|three| three[..2] == *b"\x10\x04");
        let questions = questions.count();
        let mut answers = vec![0x12; questions - std::mem::replace(&mut answered, questions)];
        let marks = marks(&received);
        for mark in marks.get(echoed..).unwrap_or_default() {
            answers.extend([b"\x37\x22", mark.as_slice(), b"\x00"].concat());
        }
        echoed = echoed.max(marks.len());
        if stream.write_all(&answers).await.is_err() {
            break;
        }
    }
    received
}

#[tokio::test]
async fn a_forged_x_off_holds_a_print_up_for_moments_only() {
    // X-OFF; X-OFF, and automatic status that says that the cover is open.
    let table = [
        (When::Before, b"\x13".as_slice(), FaultCode::Busy),
        (
            When::Within { lost: 3 },
            b"\x13\x38\x00\x0c\x00",
            FaultCode::CoverOpen,
        ),
    ];
    for (when, noise, code) in table {
        let (sent, noise_sent) = oneshot::channel();
        let (address, served) = peer(move |stream| serve(stream, noise, when, sent)).await;
        let mut device = device(address, Language::Escpos, PATIENT);
        device.open().await.unwrap();
        noise_sent.await.unwrap();
        let started = Instant::now();
        let mut told = Vec::new();
        let print = tickets(&[b"one\x1dV\x00", b"two\x1dV\x00", b"three\x1dV\x00"]);
        let result = device
            .print(&print, |event| {
                if let PrintEvent::Fault(fault) = event {
                    told.push(fault.map(|fault| fault.code));
                }
            })
            .await;
        assert_eq!(result, Ok(Proof::Printed), "{code:?}");
        assert_eq!(told.first(), Some(&Some(code)));
        assert_eq!(told.last(), Some(&None), "what was told was taken back");
        assert!(started.elapsed() < PATIENT.fault_patience, "{code:?}");
        device.close().await;
        let received = served.await.unwrap();
        for ticket in [
            b"one\x1dV\x00".as_slice(),
            b"two\x1dV\x00",
            b"three\x1dV\x00",
        ] {
            let whole = received
                .windows(ticket.len())
                .filter(|part| *part == ticket);
            assert_eq!(whole.count(), 1, "{code:?}: {received:02x?}");
        }
    }
}
