//! IPP: documents over HTTP, as driverless clients send them.

use std::io::Cursor;
use std::time::Duration;

use cueline_fake_devices::{PrinterFault, PrinterSettings, VirtualPrinter};
use cueline_model::Language;
use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::parser::IppParser;
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::host::{LONG, connect, plan, set, start, tickets};
use crate::pictures::{DATA, with_code};
use crate::tickets::read_codes;

async fn printer(directory: &tempfile::TempDir) -> VirtualPrinter {
    let mut settings = PrinterSettings::of(Language::Pdf, directory.path());
    // A6 at 203 dpi, so that pages are quickly drawn.
    settings.head.dpi = 203;
    settings.head.width_dots = 840;
    settings.head.height_dots = Some(1182);
    start(settings).await
}

/// Sends a request on a connection of its own; gives the answer.
async fn send(
    printer: &VirtualPrinter,
    operation: Operation,
    attributes: Vec<IppAttribute>,
    document: &[u8],
) -> IppRequestResponse {
    let uri = printer.uri().parse().unwrap();
    let mut request = IppRequestResponse::new(IppVersion::v1_1(), operation, Some(uri)).unwrap();
    for attribute in attributes {
        request
            .attributes_mut()
            .add(DelimiterTag::OperationAttributes, attribute);
    }
    let body = [request.to_bytes().as_ref(), document].concat();
    let head = format!(
        "POST /ipp/print HTTP/1.1\r\nHost: printer\r\nContent-Type: application/ipp\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let exchange = async {
        let mut stream = connect(printer).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(LONG, exchange).await.expect("no answer");
    let start = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap()
        + 4;
    let reader = IppReader::new(Cursor::new(answer[start..].to_vec()));
    IppParser::new(reader).parse().unwrap()
}

fn text(response: &IppRequestResponse, name: &str) -> String {
    let mut groups = response.attributes().groups().iter();
    let attribute = groups.find_map(|group| group.get(name));
    let attribute = attribute.unwrap_or_else(|| panic!("no {name}"));
    match attribute.value() {
        IppValue::Array(values) => values
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(","),
        value => value.to_string(),
    }
}

fn number(name: &str, number: i32) -> IppAttribute {
    IppAttribute::with_name(name, IppValue::new_integer(number)).unwrap()
}

fn format(mime: &str) -> IppAttribute {
    let value = IppValue::new_mime_media_type(mime).unwrap();
    IppAttribute::with_name("document-format", value).unwrap()
}

async fn print(printer: &VirtualPrinter, document: &[u8], mime: &str, copies: i32) -> i32 {
    let attributes = vec![format(mime), number("copies", copies)];
    let made = send(printer, Operation::PrintJob, attributes, document).await;
    assert_eq!(made.header().status_code(), StatusCode::SuccessfulOk);
    text(&made, "job-id").parse().unwrap()
}

/// State, reason and pages of a job.
async fn job(printer: &VirtualPrinter, id: i32) -> (String, String, String) {
    let got = send(
        printer,
        Operation::GetJobAttributes,
        vec![number("job-id", id)],
        b"",
    )
    .await;
    (
        text(&got, "job-state"),
        text(&got, "job-state-reasons"),
        text(&got, "job-impressions-completed"),
    )
}

async fn job_is(printer: &VirtualPrinter, id: i32, state: &str) -> (String, String, String) {
    let reached = async {
        loop {
            let now = job(printer, id).await;
            if now.0 == state {
                return now;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LONG, reached)
        .await
        .unwrap_or_else(|_| panic!("job {id} never came to {state}"))
}

/// A PDF of so many pages, each with a black square in its middle.
fn pdf(pages: usize) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    let mut object = |out: &mut Vec<u8>, body: String| {
        places.push(out.len());
        let number = places.len();
        out.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
    };
    let kids: Vec<String> = (0..pages).map(|page| format!("{} 0 R", 4 + page)).collect();
    object(&mut out, "<</Type/Catalog/Pages 2 0 R>>".to_owned());
    object(
        &mut out,
        format!("<</Type/Pages/Count {pages}/Kids[{}]>>", kids.join(" ")),
    );
    object(
        &mut out,
        "<</Length 18>>stream\n100 150 90 90 re f\nendstream".to_owned(),
    );
    for _ in 0..pages {
        let page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 298 420]/Contents 3 0 R>>";
        object(&mut out, page.to_owned());
    }
    let start = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).bytes());
    for place in &places {
        out.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!(
        "trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF",
        places.len() + 1
    );
    out.extend(trailer.bytes());
    out
}

#[tokio::test]
async fn documents_come_out_page_by_page_and_the_job_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let document = pdf(2);
    let id = print(&printer, &document, "application/pdf", 2).await;
    let (_, reason, pages) = job_is(&printer, id, "9").await;
    assert_eq!(
        (reason.as_str(), pages.as_str()),
        ("job-completed-successfully", "4")
    );
    let all = tickets(&printer, 4).await;
    assert_eq!(all.len(), 4);
    assert_eq!(
        (all[0].language, all[0].bytes),
        (Language::Pdf, document.len() as u64)
    );

    let picture = with_code(600, 9, |_, _| 255);
    let id = print(&printer, &picture, "image/png", 1).await;
    job_is(&printer, id, "9").await;
    let all = tickets(&printer, 5).await;
    let codes = read_codes(&directory.path().join(&all[4].file));
    assert_eq!(codes, [format!("QR-Code:{DATA}")]);
}

#[tokio::test]
async fn a_job_is_made_in_two_steps_and_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    set(&printer, PrinterFault::PaperOut).await;
    let made = send(&printer, Operation::CreateJob, vec![], b"").await;
    let id: i32 = text(&made, "job-id").parse().unwrap();
    assert_eq!(text(&made, "job-state"), "4");
    let attributes = vec![number("job-id", id), format("application/pdf")];
    let sent = send(&printer, Operation::SendDocument, attributes, &pdf(1)).await;
    assert_eq!(sent.header().status_code(), StatusCode::SuccessfulOk);
    let cancelled = send(
        &printer,
        Operation::CancelJob,
        vec![number("job-id", id)],
        b"",
    )
    .await;
    assert_eq!(cancelled.header().status_code(), StatusCode::SuccessfulOk);
    assert_eq!(job(&printer, id).await.1, "job-canceled-by-user");
    set(&printer, PrinterFault::None).await;
    let next = print(&printer, &pdf(1), "application/pdf", 1).await;
    job_is(&printer, next, "9").await;
    assert_eq!(printer.tickets().unwrap().len(), 1);
}

#[tokio::test]
async fn faults_are_reasons_and_stop_the_job_until_they_are_over() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let table = [
        ("none", "none", "3"),
        ("paper_out", "media-empty-error", "5"),
        ("paper_low", "media-low-warning", "3"),
        ("cover_open", "cover-open-error", "5"),
        ("jam", "media-jam-error", "5"),
        ("cutter", "cueline-cutter-jam-error", "5"),
        ("offline", "paused", "5"),
    ];
    for (fault, reason, state) in table {
        plan(&printer, fault).await;
        let got = send(&printer, Operation::GetPrinterAttributes, vec![], b"").await;
        assert_eq!(text(&got, "printer-state-reasons"), reason, "{fault}");
        assert_eq!(text(&got, "printer-state"), state, "{fault}");
    }
    set(&printer, PrinterFault::None).await;
    plan(&printer, "paper_out after_tickets=1").await;
    let id = print(&printer, &pdf(3), "application/pdf", 1).await;
    let (_, reason, pages) = job_is(&printer, id, "6").await;
    assert_eq!((reason.as_str(), pages.as_str()), ("printer-stopped", "1"));
    set(&printer, PrinterFault::None).await;
    job_is(&printer, id, "9").await;
    assert_eq!(tickets(&printer, 3).await.len(), 3);
}

#[tokio::test]
async fn what_cannot_be_printed_is_refused_or_aborted() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let id = print(&printer, b"%PDF-1.4 and nothing else", "application/pdf", 1).await;
    assert_eq!(job_is(&printer, id, "8").await.1, "document-format-error");
    let refused = send(
        &printer,
        Operation::PrintJob,
        vec![format("text/plain")],
        b"text",
    )
    .await;
    let status = refused.header().status_code();
    assert_eq!(status, StatusCode::ClientErrorDocumentFormatNotSupported);
    set(&printer, PrinterFault::Busy).await;
    let busy = send(&printer, Operation::PrintJob, vec![], &pdf(1)).await;
    assert_eq!(busy.header().status_code(), StatusCode::ServerErrorBusy);
}

#[tokio::test]
async fn switched_off_it_forgets_its_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    set(&printer, PrinterFault::PaperOut).await;
    let id = print(&printer, &pdf(1), "application/pdf", 1).await;
    set(&printer, PrinterFault::Off).await;
    let refused = async {
        while tokio::net::TcpStream::connect(printer.address())
            .await
            .is_ok()
        {}
    };
    timeout(LONG, refused)
        .await
        .expect("still taking connections");
    set(&printer, PrinterFault::None).await;
    let back = async {
        while tokio::net::TcpStream::connect(printer.address())
            .await
            .is_err()
        {}
    };
    timeout(LONG, back).await.expect("never came back");
    let got = send(
        &printer,
        Operation::GetJobAttributes,
        vec![number("job-id", id)],
        b"",
    )
    .await;
    assert_eq!(got.header().status_code(), StatusCode::ClientErrorNotFound);
    assert!(printer.tickets().unwrap().is_empty());
}
