//! A serial line: a pair of pseudo-terminals, a printer at the other end.

use std::fs::File;
use std::io::{Read, Write};
use std::thread::{self, JoinHandle};

use cueline_model::{FaultCode, Language, Proof};
use cueline_ports::{Device, DeviceTimeouts, Extent};
use cueline_printers::Profile;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::peer::{PATIENT, SHORT, marks, no_fault, ticket, tickets};

/// The printer's end, and the port of ours.
fn line() -> (File, String) {
    let printer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&printer).unwrap();
    unlockpt(&printer).unwrap();
    let name = ptsname(&printer, Vec::new()).unwrap();
    (File::from(printer), name.into_string().unwrap())
}

fn serial_device(
    port: &str,
    settings: &str,
    language: Language,
    timeouts: DeviceTimeouts,
) -> Device {
    let address = format!("serial://{port}?{settings}").parse().unwrap();
    Device::new(address, Profile::new(language), timeouts)
}

/// An ESC/POS printer that is always ready and prints all; gives what it was sent.
fn printer(mut end: File) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let (mut all, mut answered, mut echoed) = (Vec::new(), 0, 0);
        let mut buffer = [0; 4096];
        // The line fails when our side has closed it.
        while let Ok(count @ 1..) = end.read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
            let asked = all.windows(2).filter(|pair| pair == b"\x10\x04").count();
            for _ in answered..asked {
                end.write_all(&[0x12]).unwrap();
            }
            answered = asked;
            let marks = marks(&all);
            for mark in &marks[echoed..] {
                let echo = [b"\x37\x22", mark.as_slice(), b"\x00"].concat();
                end.write_all(&echo).unwrap();
            }
            echoed = marks.len();
        }
        all
    })
}

#[tokio::test]
async fn a_printer_on_a_serial_line_proves_its_tickets() {
    let (end, port) = line();
    let printer = printer(end);
    let mut device = serial_device(&port, "baud=115200", Language::Escpos, PATIENT);
    device.open().await.unwrap();
    // Bytes that a line which is not raw would change or act on.
    let awkward: Vec<u8> = (0..=255)
        .filter(|byte| ![0x10, 0x1d].contains(byte))
        .collect();
    let print = tickets(&[&awkward, b"two"]);
    assert_eq!(device.print(&print, no_fault).await, Ok(Proof::Printed));
    device.close().await;
    let sent = printer.join().unwrap();
    let at = sent.windows(awkward.len()).any(|part| part == awkward);
    assert!(at, "the bytes came out changed");
}

#[tokio::test]
async fn raw_bytes_are_sent_when_they_have_left() {
    let (mut end, port) = line();
    let mut device = serial_device(&port, "baud=9600", Language::Raw, PATIENT);
    device.open().await.unwrap();
    let bytes = vec![b'x'; 100_000];
    let read = thread::spawn(move || {
        let mut all = vec![0; 100_000];
        end.read_exact(&mut all).unwrap();
        (end, all)
    });
    assert_eq!(
        device.print(&ticket(&bytes), no_fault).await,
        Ok(Proof::Sent)
    );
    let (_end, all) = read.join().unwrap();
    assert_eq!(all, bytes);
}

#[tokio::test]
async fn a_printer_that_holds_a_line_with_flow_control_is_in_doubt_in_the_end() {
    const X_OFF: u8 = 0x13;
    let (mut end, port) = line();
    let timeouts = DeviceTimeouts {
        stall: SHORT,
        ..PATIENT
    };
    let mut device = serial_device(&port, "flow=xonxoff", Language::Raw, timeouts);
    device.open().await.unwrap();
    end.write_all(&[X_OFF]).unwrap();
    let error = device
        .print(&ticket(&vec![b'x'; 100_000]), no_fault)
        .await
        .unwrap_err();
    assert_eq!(error.fault.code, FaultCode::NoAnswer, "{error}");
    drop(end);
}

#[tokio::test]
async fn a_line_that_is_pulled_out_in_mid_print_is_in_doubt() {
    let (mut end, port) = line();
    let mut device = serial_device(&port, "baud=9600", Language::Escpos, PATIENT);
    let opening = thread::spawn(move || {
        let mut query = [0; 9];
        end.read_exact(&mut query).unwrap();
        end.write_all(&[0x12; 3]).unwrap();
        let mut start = [0; 4];
        end.read_exact(&mut start).unwrap();
    });
    device.open().await.unwrap();
    let error = device
        .print(&ticket(&[b'x'; 10_000]), no_fault)
        .await
        .unwrap_err();
    opening.join().unwrap();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::InDoubt, FaultCode::ConnectionLost),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_port_is_said_before_anything_is_sent() {
    let mut missing = serial_device("/dev/ttyNONE", "", Language::Raw, PATIENT);
    let fault = missing.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::PortError, "{fault}");

    let (_end, port) = line();
    let mut one = serial_device(&port, "", Language::Raw, PATIENT);
    let mut other = serial_device(&port, "", Language::Raw, PATIENT);
    one.open().await.unwrap();
    let fault = other.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::InUse, "{fault}");
}
