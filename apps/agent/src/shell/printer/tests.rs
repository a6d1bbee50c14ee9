//! A printer's task against a peer that takes what the test lets it take.

use std::net::SocketAddr;
use std::time::Duration;

use cueline_agent_core::{BatchId, Job, Record};
use cueline_decoder::DecoderSettings;
use cueline_fake_devices::{PrinterFault, PrinterSettings, VirtualPrinter};
use cueline_journal::{Journal, OnDamage, Writer};
use cueline_model::{
    ContentType, Document, JobId, OnUnsupported, Proof, TicketCount, UncertainPolicy, WallTime,
};
use cueline_wire::cloud::{Progress, ReportEntry};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::config::Config;

const BODY: &[u8] = b"one ticket\n";
const JOB: JobKey = JobKey {
    job: JobId::from_u128(1),
    attempt: 1,
};

/// A printer's task with a journal that holds one job.
struct Bench {
    commands: mpsc::Sender<PrinterCommand>,
    stop: watch::Sender<Option<PrinterOp>>,
    events: mpsc::Receiver<Event>,
    _writer: Writer,
    _folder: tempfile::TempDir,
}

fn config(text: &str) -> PrinterSetting {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agent.toml");
    std::fs::write(&file, text).unwrap();
    let config = Config::load(Some(&file), &file).unwrap();
    config.printers.into_iter().next().unwrap()
}

fn raw_printer(address: SocketAddr) -> PrinterSetting {
    config(&format!(
        "[[printers]]\nname = \"desk\"\nport = \"tcp://{address}\"\nlanguage = \"raw\"\n"
    ))
}

fn accepted(body: &[u8]) -> Record {
    let entry = ReportEntry {
        seq: 1,
        job: JOB.job,
        attempt: JOB.attempt,
        at: WallTime(0),
        progress: Progress::Accepted,
    };
    let job = Job {
        key: JOB,
        sequence: 1,
        printer: "desk".parse().unwrap(),
        start_by: None,
        copies: 1,
        uncertain: UncertainPolicy::Hold,
        options: Box::new(PrintOptions::default()),
        marked: false,
        document: Document {
            content_type: ContentType::Raw,
            bytes: body.len() as u64,
            sha256: crate::hub::sha256(body),
        },
    };
    Record::Accepted {
        entry,
        job,
        body: Some(body.to_vec().into()),
    }
}

impl Bench {
    async fn new(printer: &PrinterSetting, body: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let journal = Journal::open(&path, OnDamage::Refuse).unwrap().journal;
        let (kept_in, mut kept) = mpsc::channel(8);
        let writer = Writer::start(journal, 8, move |event| {
            kept_in.blocking_send(event).ok();
        })
        .unwrap();
        let batch = BatchId(1);
        let records = vec![accepted(body)];
        submit(&writer.queue(), Request::Append { batch, records }).await;
        kept.recv().await.unwrap();

        let (events_in, events) = mpsc::channel(64);
        let (commands_in, commands) = mpsc::channel(8);
        let (stop_in, stop) = watch::channel(None);
        let decoder = Decoder::new(DecoderSettings::of_program("/no/decoder".into()));
        let installed = Arc::new(Installed::new(std::slice::from_ref(printer)));
        let task = PrinterTask::new(printer, decoder, events_in, writer.queue(), installed);
        tokio::spawn(task.run(Orders { commands, stop }));
        Self {
            commands: commands_in,
            stop: stop_in,
            events,
            _writer: writer,
            _folder: folder,
        }
    }

    async fn next(&mut self) -> Event {
        let event = tokio::time::timeout(Duration::from_secs(30), self.events.recv());
        event.await.expect("an event in time").unwrap()
    }

    async fn open(&mut self, op: PrinterOp) {
        let open = PrinterCommand::Open { op };
        self.commands.send(open).await.unwrap();
        let ready = self.next().await;
        assert!(matches!(ready, Event::PrinterReady { .. }), "{ready:?}");
    }

    async fn print(&mut self, op: PrinterOp, change: impl FnOnce(&mut Ask)) {
        let mut ask = Ask {
            op,
            job: JOB,
            copies: 1,
            duplicate: false,
            options: PrintOptions::default(),
            proven: None,
        };
        change(&mut ask);
        let print = PrinterCommand::Print(Box::new(ask));
        self.commands.send(print).await.unwrap();
    }

    async fn end(&mut self) -> PrintEnd {
        loop {
            if let Event::PrintEnded { end, .. } = self.next().await {
                return end;
            }
        }
    }
}

async fn all_of(mut peer: TcpStream) -> Vec<u8> {
    let mut got = Vec::new();
    peer.read_to_end(&mut got).await.unwrap();
    got
}

#[tokio::test(flavor = "multi_thread")]
async fn a_print_that_is_stopped_ends_at_once_and_says_what_is_in_doubt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let printer = raw_printer(listener.local_addr().unwrap());
    // Far more than a connection takes unread.
    let body = vec![b'x'; 24 << 20];
    let mut bench = Bench::new(&printer, &body).await;
    let op = PrinterOp(1);
    bench.open(op).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    bench.print(op, |ask| ask.copies = 2).await;
    // The printer takes a little and then nothing more.
    let mut first = [0; 1];
    peer.read_exact(&mut first).await.unwrap();
    bench.stop.send(Some(op)).unwrap();
    let PrintEnd::InDoubt { fault, tickets } = bench.end().await else {
        panic!("in doubt")
    };
    assert!(fault.text.contains("cancelled"), "{fault}");
    let total = 2;
    let (printed, unknown) = (0, 1);
    let expected = TicketCount {
        printed,
        unknown,
        total,
    };
    assert_eq!(tickets, Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_to_stop_an_earlier_print_does_not_stop_this_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let printer = raw_printer(listener.local_addr().unwrap());
    let mut bench = Bench::new(&printer, BODY).await;
    bench.stop.send(Some(PrinterOp(1))).unwrap();
    let op = PrinterOp(2);
    bench.open(op).await;
    let (peer, _) = listener.accept().await.unwrap();
    let peer = tokio::spawn(all_of(peer));
    bench.print(op, |_| {}).await;
    assert_eq!(bench.end().await, PrintEnd::Done(Proof::Sent));
    assert_eq!(peer.await.unwrap(), BODY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_job_that_asks_for_what_the_printer_cannot_do_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let printer = raw_printer(listener.local_addr().unwrap());
    let mut bench = Bench::new(&printer, BODY).await;
    for (strict, refused) in [
        (OnUnsupported::Strict, true),
        (OnUnsupported::BestEffort, false),
    ] {
        let op = PrinterOp(1);
        bench.open(op).await;
        let (peer, _) = listener.accept().await.unwrap();
        let peer = tokio::spawn(all_of(peer));
        bench
            .print(op, |ask| {
                ask.options.tray = Some("left".to_owned());
                ask.options.on_unsupported = strict;
            })
            .await;
        match bench.end().await {
            PrintEnd::Unprintable(failure) => {
                assert!(refused && failure.text.contains("tray left"), "{failure:?}");
                assert_eq!(peer.await.unwrap(), b"");
            }
            end => {
                assert!(!refused, "{end:?}");
                assert_eq!(peer.await.unwrap(), BODY);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_out_where_the_document_no_longer_makes_as_many_tickets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let printer = raw_printer(listener.local_addr().unwrap());
    let mut bench = Bench::new(&printer, BODY).await;
    let op = PrinterOp(1);
    bench.open(op).await;
    let (peer, _) = listener.accept().await.unwrap();
    let peer = tokio::spawn(all_of(peer));
    bench
        .print(op, |ask| {
            ask.copies = 2;
            ask.proven = Some(Proven {
                printed: 2,
                total: 9,
            });
        })
        .await;
    bench.end().await;
    assert_eq!(peer.await.unwrap(), [BODY, BODY].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decoder_that_cannot_be_started_costs_no_job() {
    let rendering = Rendering {
        decoder: Decoder::new(DecoderSettings::of_program("/no/decoder".into())),
        profile: cueline_printers::Profile::new(cueline_model::Language::Escpos),
    };
    let body = b"\x89PNG\r\n\x1a\n".to_vec();
    let kept = KeptDocument {
        document: Document {
            content_type: ContentType::Png,
            bytes: body.len() as u64,
            sha256: crate::hub::sha256(&body),
        },
        body,
    };
    let ask = Ask {
        op: PrinterOp(1),
        job: JOB,
        copies: 1,
        duplicate: false,
        options: PrintOptions::default(),
        proven: None,
    };
    let capabilities = cueline_model::Capabilities::default();
    let end = rendering
        .render(kept, &ask, &capabilities)
        .await
        .unwrap_err();
    assert!(matches!(end, PrintEnd::NothingSent(_)), "{end:?}");
}

/// A receipt with its cut, so that the virtual printer keeps it as a ticket.
const RECEIPT: &[u8] = b"Hamlet, row C seat 12\n\x1dV\x00";

async fn virtual_printer(folder: &tempfile::TempDir) -> (VirtualPrinter, PrinterSetting) {
    let settings = PrinterSettings::local(folder.path());
    let printer = VirtualPrinter::start(settings).await.unwrap();
    let port = printer.address();
    let setting = config(&format!(
        "[[printers]]\nname = \"desk\"\nport = \"tcp://{port}\"\nlanguage = \"escpos\"\n\
         timeouts = {{ poll_period_s = 0.05, readiness_s = 30 }}\n"
    ));
    (printer, setting)
}

#[tokio::test(flavor = "multi_thread")]
async fn proven_tickets_are_told_and_left_out_of_a_reprint() {
    let folder = tempfile::tempdir().unwrap();
    let (printer, setting) = virtual_printer(&folder).await;
    let mut bench = Bench::new(&setting, RECEIPT).await;
    let op = PrinterOp(1);
    bench.open(op).await;
    bench.print(op, |ask| ask.copies = 3).await;
    let mut newest = 0;
    let end = loop {
        match bench.next().await {
            Event::PrintProgress { proven, .. } => {
                assert!(proven.printed > newest && proven.total == 3, "{proven:?}");
                newest = proven.printed;
            }
            Event::PrintEnded { end, .. } => break end,
            _ => {}
        }
    };
    assert_eq!((newest, end), (3, PrintEnd::Done(Proof::Printed)));
    assert_eq!(printer.tickets().unwrap().len(), 3);

    let op = PrinterOp(2);
    bench.open(op).await;
    bench
        .print(op, |ask| {
            ask.copies = 3;
            let (printed, total) = (2, 3);
            ask.proven = Some(Proven { printed, total });
        })
        .await;
    assert_eq!(bench.end().await, PrintEnd::Done(Proof::Printed));
    let out = printer.tickets().unwrap().len() - 3;
    assert_eq!(out, 1, "two of three were proven before");
    printer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_print_on_a_printer_without_paper_tells_it_and_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let (printer, setting) = virtual_printer(&folder).await;
    let mut bench = Bench::new(&setting, RECEIPT).await;
    let op = PrinterOp(1);
    bench.open(op).await;
    printer.set_fault(PrinterFault::PaperOut);
    bench.print(op, |ask| ask.copies = 3).await;
    loop {
        let event = bench.next().await;
        if let Event::PrinterCondition { fault, .. } = &event
            && let Some(fault) = fault
        {
            assert_eq!(fault.code, FaultCode::PaperOut);
            break;
        }
        assert!(!matches!(event, Event::PrintEnded { .. }), "{event:?}");
    }
    bench.stop.send(Some(op)).unwrap();
    let PrintEnd::InDoubt { fault, tickets } = bench.end().await else {
        panic!("in doubt")
    };
    assert_eq!(fault.code, FaultCode::PaperOut);
    assert!(fault.text.contains("cancelled meanwhile"), "{fault}");
    let tickets = tickets.unwrap();
    assert_eq!((tickets.printed, tickets.total), (0, 3));
    assert!(tickets.unknown >= 1, "{tickets}");
    printer.stop().await;
}
