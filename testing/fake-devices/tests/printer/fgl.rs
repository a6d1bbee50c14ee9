//! FGL: tickets, and what a ticket printer says of them.

use std::time::Duration;

use cueline_fake_devices::{PrinterFault, PrinterSettings, SecondHost, VirtualPrinter};
use cueline_model::Language;
use tokio::io::AsyncWriteExt;

use crate::host::{ask, connect, is_quiet, plan, rest, set, start, tickets};
use crate::tickets::read_codes;

const ACK: u8 = 0x06;
const X_ON: u8 = 0x11;
const X_OFF: u8 = 0x13;

async fn printer(directory: &tempfile::TempDir) -> VirtualPrinter {
    start(PrinterSettings::of(Language::Fgl, directory.path())).await
}

/// A slow one, so that something can happen in the middle of a ticket.
async fn slow(directory: &tempfile::TempDir) -> VirtualPrinter {
    let mut settings = PrinterSettings::of(Language::Fgl, directory.path());
    settings.ticket_time = Duration::from_millis(200);
    start(settings).await
}

fn ticket(name: &str) -> Vec<u8> {
    format!("<CB><RC20,30><F6>{name}<p>").into_bytes()
}

async fn titles(printer: &VirtualPrinter, count: usize) -> Vec<(String, bool)> {
    let all = tickets(printer, count).await;
    all.iter()
        .map(|ticket| (ticket.text[0].clone(), ticket.torn))
        .collect()
}

#[tokio::test]
async fn a_ticket_has_its_text_and_codes_and_is_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let document = b"<CB><RC10,20><F12><HW1,1>THE TEMPEST\r\n<RC120,20><F3>Row C   Seat 12<RC160,20><F9>Price 24.50\
        <RC200,30><X2><OP6><BI>^TKT-183456^<RC20,640><QR6>{https://tickets.example/t/8Q2-77}\
        <RC290,30><X2><NXP5>*ROW-C12*<RC20,1040><X2><EL6>9J014561K780128L<RC330,400><LT3><BX40,200><p>";
    let mut host = connect(&printer).await;
    ask(&mut host, document, &[ACK]).await;

    let all = tickets(&printer, 1).await;
    let ticket = &all[0];
    assert_eq!((ticket.language, ticket.torn), (Language::Fgl, false));
    assert_eq!(ticket.bytes, document.len() as u64);
    let digest = ring::digest::digest(&ring::digest::SHA256, document);
    let hexadecimal: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(ticket.sha256, hexadecimal);
    assert_eq!(
        ticket.text,
        [
            "THE TEMPEST",
            "Row C   Seat 12",
            "Price 24.50",
            "TKT-183456"
        ]
    );
    assert_eq!(
        read_codes(&directory.path().join(&ticket.file)),
        [
            "CODE-128:TKT-183456",
            "CODE-39:ROW-C12",
            "EAN-13:9014561780128",
            "QR-Code:https://tickets.example/t/8Q2-77",
        ]
    );
}

#[tokio::test]
async fn every_code_is_read_whichever_way_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    let codes = [
        ("<RC20,40><X2><FP8>:0123456789:", "I2/5:0123456789"),
        ("<RC20,300><X3><FXL8>:0123456789:", "I2/5:0123456789"),
        ("<RC20,300><X2><OL8>^ladder-1^", "CODE-128:ladder-1"),
        ("<RL><RC370,300><X2><oL8>^up^", "CODE-128:up"),
        ("<RU><RC200,900><X2><oP8>^over^", "CODE-128:over"),
        ("<RC20,40><X2><NP8>*TWO TO ONE*", "CODE-39:TWO TO ONE"),
        ("<RC20,40><X3><UP10>J036000K291452L", "UPC-A:036000291452"),
        ("<RC20,40><X3><UP10>J9638K5074L", "EAN-8:96385074"),
        ("<RR><RC20,400><QR8,1,0,2>{tab~009end}", "QR-Code:tab\tend"),
    ];
    for (index, (commands, wanted)) in codes.iter().enumerate() {
        ask(&mut host, format!("<CB>{commands}<p>").as_bytes(), &[ACK]).await;
        let all = tickets(&printer, index + 1).await;
        let read = read_codes(&directory.path().join(&all[index].file));
        // A UPC-A is an EAN-13 that begins with 0, and may be read as one.
        let read: Vec<String> = read
            .iter()
            .map(|code| code.replace("EAN-13:0036", "UPC-A:036"))
            .collect();
        assert_eq!(read, [*wanted], "{commands}");
    }
}

#[tokio::test]
async fn each_fault_is_said_once_and_status_is_answered_only_when_ready() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    ask(&mut host, b"<S1>", &[X_ON]).await;
    let table: [(&str, &[u8], &[u8]); 9] = [
        ("paper_out", &[0x10, X_OFF], &[X_ON]),
        ("path_out path=1", &[0x0a, X_OFF], &[0x0c, X_ON]),
        ("path_out path=2", &[0x0b, X_OFF], &[0x0d, X_ON]),
        ("jam", &[0x18, X_OFF], &[X_ON]),
        ("cutter", &[0x1d, X_OFF], &[X_ON]),
        ("ribbon_out", &[0x17, X_OFF], &[X_ON]),
        ("cover_open", &[X_OFF], &[X_ON]),
        ("offline", &[X_OFF], &[X_ON]),
        ("busy", &[X_OFF], &[X_ON]),
    ];
    for (fault, begins, ends) in table {
        plan(&printer, fault).await;
        assert_eq!(ask(&mut host, b"", begins).await, begins, "{fault}");
        host.write_all(b"<S1>").await.unwrap();
        assert!(is_quiet(&mut host).await, "{fault}");
        set(&printer, PrinterFault::None).await;
        // Ready again, and then the question that waited.
        let wanted = [ends, &[X_ON]].concat();
        assert_eq!(ask(&mut host, b"", &wanted).await, wanted, "{fault}");
    }
    for (fault, said) in [("paper_low", 0x0f), ("ribbon_low", 0x16)] {
        plan(&printer, fault).await;
        assert_eq!(ask(&mut host, b"", &[said]).await, [said], "{fault}");
    }
    plan(&printer, "paper_low").await;
    ask(&mut host, b"<S1>", &[0x0f, X_ON]).await;
    ask(&mut host, b"<S2>", b"0000000 PROM = FGL46V1").await;
}

#[tokio::test]
async fn out_of_paper_finishes_the_ticket_and_keeps_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let printer = slow(&directory).await;
    plan(&printer, "paper_out in_ticket=2 after_rows=300").await;
    let mut host = connect(&printer).await;
    let job = [ticket("one"), ticket("two"), ticket("three")].concat();
    let got = ask(&mut host, &job, &[0x10, X_OFF, ACK]).await;
    assert_eq!(
        got,
        [ACK, 0x10, X_OFF, ACK],
        "two is finished after the last paper was seen"
    );
    assert!(is_quiet(&mut host).await);
    set(&printer, PrinterFault::None).await;
    assert_eq!(ask(&mut host, b"", &[X_ON, ACK]).await, [X_ON, ACK]);
    let whole = |name: &str| (name.to_owned(), false);
    assert_eq!(
        titles(&printer, 3).await,
        [whole("one"), whole("two"), whole("three")]
    );
}

#[tokio::test]
async fn a_jammed_ticket_is_printed_again_and_acknowledged_once() {
    let directory = tempfile::tempdir().unwrap();
    let printer = slow(&directory).await;
    plan(&printer, "jam in_ticket=1 after_rows=500 for_ms=300").await;
    let mut host = connect(&printer).await;
    let job = [ticket("one"), ticket("two")].concat();
    let got = ask(&mut host, &job, &[ACK, ACK]).await;
    assert_eq!(got, [0x18, X_OFF, X_ON, ACK, ACK]);
    let piece = ("one".to_owned(), true);
    assert_eq!(titles(&printer, 3).await[0], piece);
    assert_eq!(titles(&printer, 3).await[1], ("one".to_owned(), false));
}

#[tokio::test]
async fn switched_off_it_loses_what_was_not_printed_and_says_so_when_on() {
    let directory = tempfile::tempdir().unwrap();
    let printer = slow(&directory).await;
    plan(&printer, "off in_ticket=2 after_rows=200").await;
    let mut host = connect(&printer).await;
    let job = [ticket("one"), ticket("two"), ticket("three")].concat();
    host.write_all(&job).await.unwrap();
    let got = rest(&mut host).await;
    // What was said before the power went may be lost with it.
    assert!(got.is_empty() || got == [ACK], "{got:02x?}");
    assert!(
        tokio::net::TcpStream::connect(printer.address())
            .await
            .is_err()
    );
    set(&printer, PrinterFault::None).await;
    let mut host = connect(&printer).await;
    assert_eq!(ask(&mut host, b"", &[0x12, X_ON]).await, [0x12, X_ON]);
    ask(&mut host, &ticket("four"), &[ACK]).await;
    assert_eq!(
        titles(&printer, 3).await,
        [
            ("one".to_owned(), false),
            ("two".to_owned(), true),
            ("four".to_owned(), false)
        ]
    );
}

#[tokio::test]
async fn a_cable_cut_in_mid_ticket_leaves_half_a_page_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let first = ticket("one");
    plan(&printer, "unplugged in_ticket=2 after_bytes=20").await;
    let mut host = connect(&printer).await;
    host.write_all(&[first, ticket("twofold"), ticket("three")].concat())
        .await
        .unwrap();
    rest(&mut host).await;
    set(&printer, PrinterFault::None).await;
    // A host that does not clear the page prints on top of what is there.
    let mut host = connect(&printer).await;
    host.write_all(b"<RC200,30>careless<p>").await.unwrap();
    let all = tickets(&printer, 2).await;
    assert_eq!(all[0].text, ["one"]);
    assert_eq!(all[1].text.last().unwrap(), "careless");
    assert!(all[1].text[0].starts_with("two"), "{:?}", all[1].text);
    ask(&mut host, &ticket("four"), &[ACK]).await;
    assert_eq!(tickets(&printer, 3).await[2].text, ["four"]);
}

#[tokio::test]
async fn what_no_host_read_is_kept_for_the_next_one() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    plan(&printer, "stall").await;
    let mut host = connect(&printer).await;
    host.write_all(&ticket("left")).await.unwrap();
    // Closed only when all is in the buffer.
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(host);
    set(&printer, PrinterFault::None).await;
    assert_eq!(tickets(&printer, 1).await[0].text, ["left"]);
    let mut next = connect(&printer).await;
    assert_eq!(ask(&mut next, b"", &[ACK]).await, [ACK]);
}

#[tokio::test]
async fn a_full_buffer_says_x_off_and_x_on() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = PrinterSettings::of(Language::Fgl, directory.path());
    settings.receive_bytes = 64;
    settings.fault = PrinterFault::Stall.into();
    let printer = start(settings).await;
    let mut host = connect(&printer).await;
    let job: Vec<u8> = (0..10)
        .flat_map(|number| ticket(&format!("ticket {number}")))
        .collect();
    host.write_all(&job).await.unwrap();
    assert_eq!(ask(&mut host, b"", &[X_OFF]).await, [X_OFF]);
    set(&printer, PrinterFault::None).await;
    let mut acknowledged = 0;
    while acknowledged < 10 {
        let got = ask(&mut host, b"", &[ACK]).await;
        assert!(
            got.iter().all(|byte| [ACK, X_ON, X_OFF].contains(byte)),
            "{got:02x?}"
        );
        acknowledged += 1;
    }
    assert_eq!(tickets(&printer, 10).await.len(), 10);
}

#[tokio::test]
async fn noise_silence_and_a_dead_line_are_what_they_say() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    plan(&printer, "garbage bytes=40 seed=7").await;
    ask(&mut host, &ticket("one"), &[ACK]).await;
    set(&printer, PrinterFault::Silent).await;
    host.write_all(&ticket("two")).await.unwrap();
    tickets(&printer, 2).await;
    assert!(is_quiet(&mut host).await, "a silent printer spoke");
    set(&printer, PrinterFault::Hang).await;
    let mut second = host;
    second.write_all(&ticket("three")).await.unwrap();
    assert!(is_quiet(&mut second).await);
    assert_eq!(printer.tickets().unwrap().len(), 2);
    set(&printer, PrinterFault::None).await;
    ask(&mut second, b"", &[ACK]).await;
    assert_eq!(tickets(&printer, 3).await[2].text, ["three"]);
}

#[tokio::test]
async fn a_second_host_may_be_sent_away() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = PrinterSettings::of(Language::Fgl, directory.path());
    settings.second_host = SecondHost::Refuse;
    let printer = start(settings).await;
    let mut first = connect(&printer).await;
    ask(&mut first, b"<S1>", &[X_ON]).await;
    let mut second = connect(&printer).await;
    assert_eq!(rest(&mut second).await, b"");
    ask(&mut first, &ticket("still here"), &[ACK]).await;
}

#[tokio::test]
async fn illegal_data_and_the_test_button_have_their_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    let got = ask(&mut host, b"<RC9999,0>off the ticket<p>", &[ACK]).await;
    assert_eq!(got, [0x19, ACK]);
    printer.press_button();
    assert_eq!(ask(&mut host, b"", &[0x05]).await, [0x05]);
    assert_eq!(tickets(&printer, 2).await[1].text, ["TEST TICKET"]);
}
