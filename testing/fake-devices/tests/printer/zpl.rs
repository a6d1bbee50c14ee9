//! ZPL: labels, and the counters a label printer answers with.

use std::time::Duration;

use cueline_fake_devices::{PrinterFault, PrinterSettings, VirtualPrinter};
use cueline_model::Language;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::host::{ask, connect, is_quiet, plan, set, start, tickets};
use crate::tickets::read_codes;

const END: &[u8] = b"\x021234,0\x03\r\n";

async fn printer(directory: &tempfile::TempDir) -> VirtualPrinter {
    start(PrinterSettings::of(Language::Zpl, directory.path())).await
}

/// The fields of the first two strings of `~HS`.
async fn host_status(host: &mut TcpStream) -> (Vec<String>, Vec<String>) {
    let got = ask(host, b"~HS\r\n", END).await;
    let text = String::from_utf8(got).unwrap();
    let mut strings = text.split("\r\n").map(|string| {
        let inner = string.trim_start_matches('\x02').trim_end_matches('\x03');
        inner.split(',').map(str::to_owned).collect::<Vec<_>>()
    });
    (strings.next().unwrap(), strings.next().unwrap())
}

/// Waits until `~HS` says that nothing is left to print.
async fn proven(host: &mut TcpStream) {
    loop {
        let (first, second) = host_status(host).await;
        if first[4] == "000" && first[7] == "0" && second[8] == "00000000" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_label_has_its_text_and_codes() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let document = b"^XA^CI28^PW800^LL600^LH0,0^FO30,20^A0N,60,60^FDTHE TEMPEST^FS\
        ^FO30,100^A0N,30,30^FDRow C   Seat 12^FS^FO30,150^BY2^BCN,60,Y,N,N^FD>:TKT-183456^FS\
        ^FO500,150^BQN,2,6^FDMA,https://tickets.example/t/8Q2-77^FS\
        ^FO30,280^BY2,2.5^B3N,N,60,N,N^FDROW-C12^FS^FO30,400^BY2^BEN,60,Y,N^FD901456178012^FS\
        ^FO30,500^GB740,3,3^FS^XZ";
    let mut host = connect(&printer).await;
    host.write_all(document).await.unwrap();
    proven(&mut host).await;
    let all = tickets(&printer, 1).await;
    let ticket = &all[0];
    assert_eq!((ticket.language, ticket.torn), (Language::Zpl, false));
    assert_eq!(ticket.bytes, document.len() as u64);
    assert_eq!(
        ticket.text,
        [
            "THE TEMPEST",
            "Row C   Seat 12",
            "TKT-183456",
            "9014561780128"
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
        ("^BY3,3^B2N,90,Y,N,N^FD0123456789", "I2/5:0123456789"),
        ("^BY2^BCR,90,N,N,N,A^FDAB123456cd", "CODE-128:AB123456cd"),
        ("^BY2^BCI,90^FDover", "CODE-128:over"),
        ("^BY2^BCB,90,N^FD>;123456>6ab", "CODE-128:123456ab"),
        ("^BY3^BUN,90^FD03600029145", "UPC-A:036000291452"),
        ("^BY3^B8N,90^FD9638507", "EAN-8:96385074"),
        ("^BY2^B3R,Y,90^FDCHECK", "CODE-39:CHECKW"),
        ("^BQN,2,8^FDQM,B0004tab_", "QR-Code:tab_"),
        ("^FWB^BY2^BCN,90^FDas set^FWN", "CODE-128:as set"),
    ];
    for (index, (commands, wanted)) in codes.iter().enumerate() {
        let label = format!("^XA^LL600^FO60,60{commands}^FS^XZ");
        host.write_all(label.as_bytes()).await.unwrap();
        let all = tickets(&printer, index + 1).await;
        let read = read_codes(&directory.path().join(&all[index].file));
        let read: Vec<String> = read
            .iter()
            .map(|code| code.replace("EAN-13:0036", "UPC-A:036"))
            .collect();
        assert_eq!(read, [*wanted], "{commands}");
    }
}

#[tokio::test]
async fn counters_say_what_is_not_printed_yet() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = PrinterSettings::of(Language::Zpl, directory.path());
    settings.ticket_time = Duration::from_millis(400);
    let printer = start(settings).await;
    set(&printer, PrinterFault::Stall).await;
    let mut host = connect(&printer).await;
    host.write_all(b"^XA^FO9,9^FDone^FS^PQ3^XZ^XA^FO9,9^FDtwo^FS^XZ^XA^FO9,9^FDbegun^FS")
        .await
        .unwrap();
    // The question is answered before anything is printed.
    let (first, second) = host_status(&mut host).await;
    assert_eq!((first[4].as_str(), second[8].as_str()), ("002", "00000000"));
    set(&printer, PrinterFault::None).await;
    let mut seen = Vec::new();
    loop {
        let (first, second) = host_status(&mut host).await;
        seen.push((first[4].clone(), second[8].clone()));
        if first[4] == "000" {
            // The third is begun and not finished.
            assert_eq!(first[7], "1");
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(
        seen.contains(&("002".to_owned(), "00000003".to_owned())),
        "{seen:?}"
    );
    assert_eq!(tickets(&printer, 4).await.len(), 4);
    host.write_all(b"^FO9,90^FDand ended^FS^XZ").await.unwrap();
    assert_eq!(tickets(&printer, 5).await[4].text, ["begun", "and ended"]);
}

#[tokio::test]
async fn faults_are_in_both_answers() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    let table = [
        ("none", "ERRORS:         0 00000000 00000000"),
        ("paper_out", "ERRORS:         1 00000000 00000001"),
        ("ribbon_out", "ERRORS:         1 00000000 00000002"),
        ("cover_open", "ERRORS:         1 00000000 00000004"),
        ("cutter", "ERRORS:         1 00000000 00000008"),
        ("jam", "ERRORS:         1 00000000 00004000"),
        ("offline", "ERRORS:         1 00000000 00010000"),
        ("paper_low", "WARNINGS:       1 00000000 00000008"),
    ];
    for (fault, wanted) in table {
        plan(&printer, fault).await;
        let got = ask(&mut host, b"~HQES", b"\x03\r\n").await;
        let text = String::from_utf8(got).unwrap();
        assert!(text.contains(wanted), "{fault}: {text}");
        let (first, second) = host_status(&mut host).await;
        assert_eq!(first[1] == "1", fault == "paper_out", "{fault}");
        assert_eq!(first[2] == "1", fault == "offline", "{fault}");
        assert_eq!(second[2] == "1", fault == "cover_open", "{fault}");
        assert_eq!(second[3] == "1", fault == "ribbon_out", "{fault}");
    }
}

#[tokio::test]
async fn it_may_have_no_answer_at_all_while_media_is_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = PrinterSettings::of(Language::Zpl, directory.path());
    settings.silent_in_fault = true;
    let printer = start(settings).await;
    let mut host = connect(&printer).await;
    set(&printer, PrinterFault::PaperOut).await;
    host.write_all(b"~HS").await.unwrap();
    assert!(is_quiet(&mut host).await);
    ask(&mut host, b"~HQES", b"00000001").await;
}

#[tokio::test]
async fn media_out_in_mid_label_prints_it_again() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    plan(&printer, "paper_out in_ticket=2 after_rows=30").await;
    let mut host = connect(&printer).await;
    let label = |name: &str| format!("^XA^LL200^FO9,90^FD{name}^FS^XZ");
    let job = [label("one"), label("two"), label("three")].concat();
    host.write_all(job.as_bytes()).await.unwrap();
    let all = tickets(&printer, 2).await;
    assert!(all[1].torn);
    let (first, second) = host_status(&mut host).await;
    assert_eq!((first[1].as_str(), first[4].as_str()), ("1", "002"));
    assert_eq!(second[8], "00000001");
    set(&printer, PrinterFault::None).await;
    proven(&mut host).await;
    let all = tickets(&printer, 4).await;
    let names: Vec<(&str, bool)> = all
        .iter()
        .map(|ticket| (ticket.text[0].as_str(), ticket.torn))
        .collect();
    assert_eq!(
        names,
        [
            ("one", false),
            ("two", true),
            ("two", false),
            ("three", false)
        ]
    );
}

#[tokio::test]
async fn formats_that_wait_can_be_cancelled_and_paused() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(&directory).await;
    let mut host = connect(&printer).await;
    host.write_all(b"~PP^XA^FO9,9^FDcancelled^FS^XZ")
        .await
        .unwrap();
    let (first, _) = host_status(&mut host).await;
    assert_eq!((first[2].as_str(), first[4].as_str()), ("1", "001"));
    host.write_all(b"~JA^XA^FO9,9^FDkept^FS^XZ~PS")
        .await
        .unwrap();
    proven(&mut host).await;
    let all = tickets(&printer, 1).await;
    assert_eq!((all.len(), all[0].text[0].as_str()), (1, "kept"));
}
