//! A print server for labels, a printer's SNMP, and an ESC/POS printer.

use std::time::Duration;

use cueline_model::{ContentType, Fault, FaultCode, Language, PrintOptions, Proof};
use cueline_ports::Device;
use cueline_printers::Profile;
use cueline_system::emupos::Emupos;
use cueline_system::lprint::Lprint;
use cueline_system::snmpsim::Snmpsim;

use crate::{PATIENT, Sink, device, document, tickets};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lprint_makes_zpl_of_a_picture_and_takes_zpl_as_it_is() {
    let sink = Sink::start().await;
    let lprint = Lprint::start(sink.address.port()).unwrap();
    let mut device = device(&lprint.address(), Language::Zpl);
    device.open().await.unwrap();
    let can = device.capabilities();
    // A server that carries bytes to a device is not the device.
    assert_eq!(can.proves, Proof::Sent);
    assert_eq!(can.dpi, [203]);
    let print = document(&picture(), ContentType::Png, 1, PrintOptions::default());
    assert_eq!(device.print(&print, |_| {}).await, Ok(Proof::Sent));
    // It opens a connection of its own to ask for the printer's state.
    let came = |wanted: &[u8]| {
        let holds = |job: &Vec<u8>| job.windows(wanted.len()).any(|part| part == wanted);
        sink.jobs().iter().any(holds)
    };
    crate::until("the picture came as ZPL", || came(b"^XA") && came(b"^XZ")).await;

    device.open().await.unwrap();
    let label = b"^XA^FO20,20^A0N,40,40^FDrow 4^FS^XZ";
    assert_eq!(
        device.print(&tickets(&[label]), |_| {}).await,
        Ok(Proof::Sent)
    );
    crate::until("the label came as it is", || came(label)).await;
}

/// 100 by 100 pixels, the left half black.
fn picture() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 100, 100);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    let shades: Vec<u8> = (0..10_000)
        .map(|index| if index % 100 < 50 { 0 } else { 255 })
        .collect();
    writer.write_image_data(&shades).unwrap();
    writer.finish().unwrap();
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snmp_tells_of_a_printer_that_says_nothing_itself() {
    // Each at a loopback address of its own, since SNMP has one port.
    let (down, low) = ("127.0.77.5", "127.0.77.6");
    let _down = Snmpsim::start(down, 5, &[0x08], "Cover open, tray 2").unwrap();
    let _low = Snmpsim::start(low, 3, &[0x80], "Paper low").unwrap();
    let sink = Sink::at(format!("{down}:0").parse().unwrap()).await;
    let (_, fault) = opened(&sink, |_, opened| opened.is_err()).await;
    let fault = fault.unwrap_err();
    assert_eq!(fault.code, FaultCode::CoverOpen);
    assert!(fault.text.contains("Cover open, tray 2"), "{fault}");

    let sink = Sink::at(format!("{low}:0").parse().unwrap()).await;
    let (mut ready, opened) = opened(&sink, |device, _| device.warning().is_some()).await;
    opened.unwrap();
    let warning = ready.warning().unwrap();
    assert_eq!(warning.code, FaultCode::PaperLow);
    assert_eq!(
        ready.print(&tickets(&[b"x"]), |_| {}).await,
        Ok(Proof::Sent)
    );
}

/// Opens a raw printer until its SNMP has answered: a simulator on a machine under load may take longer
/// than a printer is waited for.
async fn opened(
    sink: &Sink,
    has_answered: impl Fn(&Device, &Result<(), Fault>) -> bool,
) -> (Device, Result<(), Fault>) {
    for _ in 0..60 {
        let mut device = device(&format!("tcp://{}", sink.address), Language::Raw);
        let opened = device.open().await;
        if has_answered(&device, &opened) {
            return (device, opened);
        }
        device.close().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("SNMP was not answered in 60 tries");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emupos_says_what_is_wrong_with_it_and_prints_when_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let emupos = Emupos::start(folder.path()).unwrap();
    let mut profile = Profile::new(Language::Escpos);
    // It does not know the process id.
    profile.quirks.acknowledges = false;
    let mut device = Device::new(emupos.address().parse().unwrap(), profile, PATIENT);
    for (fault, code) in [
        ("paper-out", FaultCode::PaperOut),
        ("cover-open", FaultCode::CoverOpen),
        ("offline", FaultCode::Offline),
    ] {
        emupos.set_fault(fault, true).unwrap();
        let found = device.open().await.unwrap_err();
        assert_eq!(found.code, code, "{fault}: {found}");
        emupos.set_fault(fault, false).unwrap();
        device.open().await.unwrap();
    }
    emupos.set_fault("paper-near-end", true).unwrap();
    device.open().await.unwrap();
    assert_eq!(
        device.warning().map(|warning| warning.code),
        Some(FaultCode::PaperLow)
    );
    let print = tickets(&[b"row 4\n\n\x1dV\x00", b"row 5\n\n\x1dV\x00"]);
    assert_eq!(device.print(&print, |_| {}).await, Ok(Proof::Sent));
    crate::until("both receipts are there", || {
        emupos.receipts().unwrap().len() == 2
    })
    .await;
}
