//! ESC/POS over TCP: printed is what the printer echoes, and nothing else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cueline_fake_devices::{PrinterFault, PrinterSettings, VirtualPrinter};
use cueline_model::{ContentType, FaultCode, Language, Proof};
use cueline_ports::{DeviceTimeouts, Extent, PrintEvent};
use cueline_printers::{Print, Profile, RenderOptions, render};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{PATIENT, SHORT, answer_ready, device, marks, no_fault, peer, reset, ticket};

async fn printer(directory: &tempfile::TempDir) -> VirtualPrinter {
    VirtualPrinter::start(PrinterSettings::local(directory.path()))
        .await
        .unwrap()
}

/// A picture large enough not to fit into a printer's buffer.
fn picture(copies: u16) -> Print {
    let (width, height) = (560_u32, 700_u32);
    let shades: Vec<u8> = (0..width * height)
        .map(|index| (index % width * 255 / width) as u8)
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&shades).unwrap();
    writer.finish().unwrap();
    let options = RenderOptions {
        copies,
        duplicate: true,
        ..RenderOptions::default()
    };
    let profile = Profile::new(Language::Escpos);
    render(&file, ContentType::Png, &profile, &options).unwrap()
}

/// Reads so many markers and sends each back.
async fn echo_markers(stream: &mut tokio::net::TcpStream, count: usize) {
    let (mut last, mut echoed) = (Vec::new(), 0);
    while echoed < count {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "the connection ended after {echoed} markers");
        last.extend_from_slice(&buffer[..read]);
        let found = marks(&last);
        for mark in &found {
            let echo = [b"\x37\x22", mark.as_slice(), b"\x00"].concat();
            stream.write_all(&echo).await.unwrap();
        }
        echoed += found.len();
        // One that is not whole yet has at most 10 bytes; none follows another within one read.
        let keep = if found.is_empty() { 10 } else { 0 };
        last.drain(..last.len().saturating_sub(keep));
    }
}

#[tokio::test]
async fn an_echo_that_comes_with_the_end_of_the_connection_counts() {
    let (address, _served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        echo_markers(&mut stream, 1).await;
    })
    .await;
    let mut device = device(address, Language::Escpos, PATIENT);
    device.open().await.unwrap();
    assert_eq!(
        device.print(&ticket(b"ticket"), no_fault).await,
        Ok(Proof::Printed)
    );
}

#[tokio::test]
async fn prints_are_printed_one_after_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut device = device(printer.address(), Language::Escpos, PATIENT);
    device.open().await.unwrap();
    assert_eq!(
        device.print(&ticket(b"one\n\x1dV\x00"), no_fault).await,
        Ok(Proof::Printed)
    );
    assert_eq!(
        printer.tickets().unwrap().len(),
        1,
        "printed means on paper"
    );
    assert_eq!(
        device.print(&ticket(b"two\n\x1dV\x00"), no_fault).await,
        Ok(Proof::Printed)
    );
    device.open().await.unwrap();
    assert_eq!(
        device.print(&picture(2), no_fault).await,
        Ok(Proof::Printed)
    );
    device.close().await;
    let tickets = printer.tickets().unwrap();
    let texts: Vec<&str> = tickets
        .iter()
        .map(|ticket| ticket.text[0].as_str())
        .collect();
    assert_eq!(texts, ["one", "two", "** DUPLICATE **", "** DUPLICATE **"]);
    assert!(tickets.iter().all(|ticket| !ticket.torn));
}

#[tokio::test]
async fn what_is_wrong_with_a_printer_is_known_before_anything_is_sent() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut device = device(printer.address(), Language::Escpos, PATIENT);
    let table = [
        (PrinterFault::PaperOut, FaultCode::PaperOut),
        (PrinterFault::CoverOpen, FaultCode::CoverOpen),
        (PrinterFault::Offline, FaultCode::Offline),
        (PrinterFault::Refuse, FaultCode::Unreachable),
    ];
    for (fault, code) in table {
        printer.set_fault(fault);
        // The listener closes a moment after it is told to; what it has not taken by then is reset.
        let found = loop {
            match device.open().await {
                Err(found) if found.code != FaultCode::InUse => break found,
                Ok(()) | Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        assert_eq!(found.code, code);
        let error = device
            .print(&ticket(b"ticket"), no_fault)
            .await
            .unwrap_err();
        assert_eq!(error.extent, Extent::NothingSent);
    }
    printer.set_fault(PrinterFault::None);
    while device.open().await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(printer.tickets().unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_in_mid_print_is_told_waited_out_and_over() {
    let directory = tempfile::tempdir().unwrap();
    let printer = Arc::new(printer(&directory).await);
    // Without a fault a proof would have to come at once.
    let timeouts = DeviceTimeouts {
        proof: SHORT * 4,
        stall: SHORT * 4,
        ..PATIENT
    };
    let mut device = device(printer.address(), Language::Escpos, timeouts);
    device.open().await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let (log, switch) = (Arc::clone(&told), Arc::clone(&printer));
    let on_fault = move |event: PrintEvent<'_>| {
        let PrintEvent::Fault(fault) = event else {
            return;
        };
        log.lock().unwrap().push(fault.map(|fault| fault.code));
        if fault.is_some() {
            let switch = Arc::clone(&switch);
            tokio::spawn(async move {
                // Longer than the proof may take when nothing is wrong.
                tokio::time::sleep(SHORT * 5).await;
                switch.set_fault(PrinterFault::None);
            });
        }
    };
    printer.set_fault(PrinterFault::PaperOut);
    let printed = device.print(&ticket(b"kept\n\x1dV\x00"), on_fault).await;
    assert_eq!(printed, Ok(Proof::Printed));
    assert_eq!(*told.lock().unwrap(), [Some(FaultCode::PaperOut), None]);
    assert_eq!(printer.tickets().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fault_that_outlasts_the_patience_is_in_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let timeouts = DeviceTimeouts {
        fault_patience: SHORT,
        ..PATIENT
    };
    let mut device = device(printer.address(), Language::Escpos, timeouts);
    device.open().await.unwrap();
    printer.set_fault(PrinterFault::CoverOpen);
    let error = device
        .print(&ticket(b"ticket\n\x1dV\x00"), |_| {})
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::CoverOpen)
    );
}

#[tokio::test]
async fn a_fault_with_the_buffer_full_is_known_from_automatic_status() {
    let (address, served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        let mut start = [0; 64];
        stream.read_exact(&mut start).await.unwrap();
        // Out of paper, and reads nothing until there is some.
        stream.write_all(&[0x18, 0, 0x0c, 0]).await.unwrap();
        tokio::time::sleep(SHORT * 4).await;
        stream.write_all(&[0x10, 0, 0, 0]).await.unwrap();
        echo_markers(&mut stream, 100).await;
        stream
    })
    .await;
    let timeouts = DeviceTimeouts {
        stall: SHORT * 2,
        ..PATIENT
    };
    let mut device = device(address, Language::Escpos, timeouts);
    device.open().await.unwrap();
    let mut told = Vec::new();
    let printed = device
        .print(&picture(100), |event| {
            if let PrintEvent::Fault(fault) = event {
                told.push(fault.map(|fault| fault.code));
            }
        })
        .await;
    assert_eq!(printed, Ok(Proof::Printed));
    assert_eq!(told, [Some(FaultCode::PaperOut), None]);
    drop(served.await.unwrap());
}

#[tokio::test]
async fn a_printer_that_takes_all_and_confirms_nothing_is_in_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let timeouts = DeviceTimeouts {
        proof: SHORT,
        ..PATIENT
    };
    let mut device = device(printer.address(), Language::Escpos, timeouts);
    device.open().await.unwrap();
    printer.set_fault(PrinterFault::Stall);
    let error = device
        .print(&ticket(b"ticket\n\x1dV\x00"), no_fault)
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::NoAnswer)
    );
    assert!(error.fault.text.contains("did not confirm"), "{error}");
}

#[tokio::test]
async fn a_connection_cut_in_mid_ticket_is_in_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    printer.set_fault(PrinterFault::CutConnection { after_bytes: 2_000 });
    let mut device = device(printer.address(), Language::Escpos, PATIENT);
    device.open().await.unwrap();
    let error = device.print(&picture(1), no_fault).await.unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost)
    );
}

#[tokio::test]
async fn a_printer_that_answers_nothing_is_a_fault_of_its_own() {
    let (address, _served) = peer(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let timeouts = DeviceTimeouts {
        readiness: SHORT,
        ..PATIENT
    };
    let mut device = device(address, Language::Escpos, timeouts);
    assert_eq!(device.open().await.unwrap_err().code, FaultCode::NoAnswer);
}

#[tokio::test]
async fn a_connection_that_died_before_the_print_sent_nothing() {
    for with_reset in [false, true] {
        let (opened, wait_for_open) = tokio::sync::oneshot::channel();
        let (address, served) = peer(move |mut stream| async move {
            answer_ready(&mut stream).await;
            wait_for_open.await.unwrap();
            if with_reset {
                reset(stream);
            }
        })
        .await;
        let mut device = device(address, Language::Escpos, PATIENT);
        device.open().await.unwrap();
        opened.send(()).unwrap();
        served.await.unwrap();
        // The end of the connection is on its way over loopback.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let error = device
            .print(&ticket(b"ticket"), no_fault)
            .await
            .unwrap_err();
        assert_eq!(error.extent, Extent::NothingSent, "reset: {with_reset}");
    }
}

#[tokio::test]
async fn a_printer_that_ends_the_connection_politely_before_the_echo_is_in_doubt() {
    let (address, _served) = peer(|mut stream| async move {
        answer_ready(&mut stream).await;
        let mut all = [0; 17];
        stream.read_exact(&mut all).await.unwrap();
    })
    .await;
    let mut device = device(address, Language::Escpos, PATIENT);
    device.open().await.unwrap();
    let error = device
        .print(&ticket(b"ticket"), no_fault)
        .await
        .unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost)
    );
}

#[tokio::test]
async fn a_printer_that_dies_in_mid_print_leaves_it_in_doubt() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut device = device(printer.address(), Language::Escpos, PATIENT);
    device.open().await.unwrap();
    printer.set_fault(PrinterFault::Stall);
    let death = async {
        tokio::time::sleep(SHORT).await;
        printer.stop().await;
    };
    let document = picture(1);
    let (result, ()) = tokio::join!(device.print(&document, no_fault), death);
    let error = result.unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost)
    );
    assert!(error.fault.text.contains("check that"), "{error}");
    assert_eq!(
        device.open().await.unwrap_err().code,
        FaultCode::Unreachable
    );
}

/// Marsaglia's xorshift (2003), so that a failing run can be run again.
fn xorshift(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[tokio::test]
async fn whatever_is_claimed_agrees_with_the_paper() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut device = device(printer.address(), Language::Escpos, PATIENT);
    let mut state = 20_261;
    let (mut printed, mut in_doubt) = (0, 0);
    for round in 0..150 {
        let text = format!(
            "round {round} {}",
            "x".repeat((xorshift(&mut state) % 40) as usize)
        );
        let after_bytes = xorshift(&mut state) % (2 * text.len() as u64) + 1;
        printer.set_fault(match xorshift(&mut state) % 3 {
            0 => PrinterFault::None,
            _ => PrinterFault::CutConnection { after_bytes },
        });
        device.open().await.unwrap();
        let result = device
            .print(&ticket(format!("{text}\n\x1dV\x00").as_bytes()), no_fault)
            .await;
        device.close().await;
        // Whatever the last connection left is on paper once the next one is answered.
        printer.set_fault(PrinterFault::None);
        device.open().await.unwrap();
        let whole = printer
            .tickets()
            .unwrap()
            .iter()
            .filter(|ticket| !ticket.torn && ticket.text == [text.as_str()])
            .count();
        match result {
            Ok(proof) => {
                assert_eq!((proof, whole), (Proof::Printed, 1), "{text}");
                printed += 1;
            }
            Err(error) => {
                assert_eq!(error.extent, Extent::InDoubt, "{text}: bytes were taken");
                assert!(whole <= 1, "{text} came out {whole} times");
                in_doubt += 1;
            }
        }
    }
    assert!(
        printed > 20 && in_doubt > 20,
        "{printed} printed, {in_doubt} in doubt"
    );
}
