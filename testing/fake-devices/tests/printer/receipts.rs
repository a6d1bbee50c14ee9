//! ESC/POS: what receipt printers do beyond printing and being out of paper.

use cueline_fake_devices::{PrinterFault, PrinterSettings};
use tokio::io::AsyncWriteExt;

use crate::host::{ask, connect, marker, plan, printer, set, start, tickets};

const QUERY: &[u8] = b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04";

#[tokio::test]
async fn warnings_and_errors_have_their_bits() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut host = connect(&printer).await;
    ask(&mut host, b"\x1da\xff", &[0x10, 0, 0, 0]).await;
    let table = [
        ("paper_low", [0x12, 0x12, 0x12, 0x1e], [0x10, 0, 0x03, 0]),
        ("jam", [0x1a, 0x52, 0x16, 0x12], [0x18, 0x04, 0, 0]),
        ("cutter", [0x1a, 0x52, 0x1a, 0x12], [0x18, 0x08, 0, 0]),
        (
            "path_out path=1",
            [0x1a, 0x32, 0x12, 0x7e],
            [0x18, 0, 0x0f, 0],
        ),
    ];
    for (fault, real_time, by_itself) in table {
        plan(&printer, fault).await;
        ask(&mut host, b"", &by_itself).await;
        ask(&mut host, QUERY, &real_time).await;
        set(&printer, PrinterFault::None).await;
        ask(&mut host, b"", &[0x10, 0, 0, 0]).await;
    }
}

#[tokio::test]
async fn busy_is_x_off_and_over_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut host = connect(&printer).await;
    ask(&mut host, QUERY, &[0x12, 0x12, 0x12, 0x12]).await;
    plan(&printer, "busy for_ms=200").await;
    ask(&mut host, b"", &[0x13]).await;
    let (request, echo) = marker(*b"0007");
    host.write_all(&[b"later\n\x1dV\x00".as_slice(), &request].concat())
        .await
        .unwrap();
    let got = ask(&mut host, b"", &echo).await;
    assert_eq!(got[0], 0x11);
    assert_eq!(tickets(&printer, 1).await[0].text, ["later"]);
}

#[tokio::test]
async fn paper_that_ends_in_mid_ticket_goes_on_on_the_next_roll() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    plan(&printer, "paper_out in_ticket=1 after_rows=60 for_ms=100").await;
    let (request, echo) = marker(*b"0008");
    let job = [b"one\ntwo\nthree\nfour\n\x1dV\x00".as_slice(), &request].concat();
    ask(&mut connect(&printer).await, &job, &echo).await;
    let all = tickets(&printer, 2).await;
    assert_eq!(all[0].text, ["one", "two"]);
    assert_eq!((all[0].torn, all[0].continued), (true, false));
    assert_eq!(all[1].text, ["three", "four"]);
    assert_eq!((all[1].torn, all[1].continued), (false, true));
}

#[tokio::test]
async fn a_ticket_takes_its_time_and_the_echo_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = PrinterSettings::local(directory.path());
    settings.ticket_time = std::time::Duration::from_millis(120);
    let printer = start(settings).await;
    let (request, echo) = marker(*b"0009");
    let begun = std::time::Instant::now();
    let job = [b"one\n\x1dV\x00two\n\x1dV\x00".as_slice(), &request].concat();
    ask(&mut connect(&printer).await, &job, &echo).await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(240));
    assert_eq!(printer.tickets().unwrap().len(), 2);
}
