//! A driverless printer: `ippeveprinter` of CUPS.

use cueline_model::{ContentType, Duplex, FaultCode, Language, OptionName, PrintOptions, Proof};
use cueline_ports::Extent;
use cueline_system::ippeveprinter::Ippeveprinter;

use crate::{Told, device, document, pdf, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_printed_as_it_was_asked_for() {
    let printer = Ippeveprinter::start().unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    let can = device.capabilities();
    assert_eq!(can.proves, Proof::Printed);
    assert!(can.options.contains(&OptionName::Duplex), "{can:?}");
    assert!(can.trays.contains(&"main".to_owned()), "{can:?}");
    assert!(can.papers.iter().any(|paper| paper.name == "A4"), "{can:?}");
    let options = PrintOptions {
        duplex: Some(Duplex::LongEdge),
        color: Some(false),
        pages: Some("1".parse().unwrap()),
        paper: Some("A4".to_owned()),
        ..PrintOptions::default()
    };
    let print = document(&pdf(), ContentType::Pdf, 3, options);
    let proof = device.print(&print, |_| {}).await;
    assert_eq!(proof, Ok(Proof::Printed), "{}", printer.log());
    let printed = printer.printed().unwrap();
    assert_eq!(printed.len(), 1);
    assert_eq!(printed[0].bytes, pdf());
    for wanted in [
        "IPP_COPIES=3",
        "IPP_SIDES=two-sided-long-edge",
        "IPP_MEDIA=iso_a4_210x297mm",
        "IPP_JOB_NAME=Gala, row 4",
    ] {
        let got = &printed[0].options;
        assert!(
            got.iter().any(|line| line.replace('"', "") == wanted),
            "{wanted} in {got:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tray_and_a_medium_are_asked_for_together() {
    let printer = Ippeveprinter::start().unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    let options = PrintOptions {
        tray: Some("by-pass-tray".to_owned()),
        paper: Some("110x220mm".to_owned()),
        ..PrintOptions::default()
    };
    let print = document(&pdf(), ContentType::Pdf, 1, options);
    assert_eq!(
        device.print(&print, |_| {}).await,
        Ok(Proof::Printed),
        "{}",
        printer.log()
    );
    let options = &printer.printed().unwrap()[0].options;
    let media = options
        .iter()
        .find(|line| line.starts_with("IPP_MEDIA_COL="));
    let media = media.unwrap_or_else(|| panic!("{options:?}"));
    assert!(media.contains("media-source=by-pass-tray"), "{media}");
    assert!(media.contains("x-dimension=11000"), "{media}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_of_paper_is_told_and_waited_for() {
    let printer = Ippeveprinter::start().unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    printer.set_out_of_paper(true).unwrap();
    let told = Told::default();
    let print = document(&pdf(), ContentType::Pdf, 1, PrintOptions::default());
    let printing = device.print(&print, |event| told.note(event));
    let refilling = async {
        told.wait_for(FaultCode::PaperOut).await;
        assert!(printer.printed().unwrap().is_empty());
        printer.set_out_of_paper(false).unwrap();
    };
    let (proof, ()) = tokio::join!(printing, refilling);
    assert_eq!(proof, Ok(Proof::Printed), "{}", printer.log());
    assert_eq!(told.codes(), [Some(FaultCode::PaperOut), None]);
    assert_eq!(printer.printed().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_the_printer_gives_up_is_in_doubt() {
    let printer = Ippeveprinter::start().unwrap();
    printer.set_failing(true).unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    let print = document(&pdf(), ContentType::Pdf, 1, PrintOptions::default());
    let error = device.print(&print, |_| {}).await.unwrap_err();
    assert_eq!(error.extent, Extent::InDoubt);
    assert_eq!(error.fault.code, FaultCode::DeviceError, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_printer_does_not_take_is_refused_with_what_it_does() {
    let printer = Ippeveprinter::start().unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    let print = document(b"{}", ContentType::Pdf, 2000, PrintOptions::default());
    let error = device.print(&print, |_| {}).await.unwrap_err();
    assert_eq!(
        (error.extent, error.fault.code),
        (Extent::Refused, FaultCode::DataRefused)
    );
    assert!(error.fault.text.contains("999"), "{error}");
    assert!(printer.printed().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_is_dropped_is_cancelled() {
    let printer = Ippeveprinter::start().unwrap();
    let mut device = device(&printer.address(), Language::Pdf);
    device.open().await.unwrap();
    printer.set_out_of_paper(true).unwrap();
    let told = Told::default();
    let print = document(&pdf(), ContentType::Pdf, 1, PrintOptions::default());
    tokio::select! {
        ended = device.print(&print, |event| told.note(event)) => panic!("it ended: {ended:?}"),
        () = told.wait_for(FaultCode::PaperOut) => {}
    }
    assert_eq!(device.so_far().extent, Extent::InDoubt);
    until("the printer hears of it", || {
        printer.log().contains("Cancel-Job")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_only_the_certificate_that_is_named_is_believed() {
    let printer = Ippeveprinter::start().unwrap();
    let mut stranger = device(&printer.tls_address(), Language::Pdf);
    let fault = stranger.open().await.unwrap_err();
    assert_eq!(fault.code, FaultCode::PortError, "{fault}");
    let pin = fault.text.split("?pin=").nth(1).unwrap();
    let pin: String = pin.chars().take(64).collect();

    let address = format!("{}?pin={pin}", printer.tls_address());
    let mut known = device(&address, Language::Pdf);
    known.open().await.unwrap();
    let print = document(&pdf(), ContentType::Pdf, 1, PrintOptions::default());
    assert_eq!(known.print(&print, |_| {}).await, Ok(Proof::Printed));

    let other = "0".repeat(64);
    let mut wrong = device(
        &format!("{}?pin={other}", printer.tls_address()),
        Language::Pdf,
    );
    assert_eq!(wrong.open().await.unwrap_err().code, FaultCode::PortError);
}
