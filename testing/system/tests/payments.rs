//! Payments from the API to the terminal and back, on real processes: the trays that come and go, and
//! the command line.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cueline_model::{Certainty, PaymentState, Resolver};
use cueline_system::api::Api;
use cueline_system::counter::{Counter, DESK, TERMINAL, Tray, sale};
use cueline_system::program::program_path;
use cueline_system::settings;
use cueline_wire::api::Payment;
use rustix::process::{Pid, Signal, kill_process};

const SOON: Duration = Duration::from_secs(45);

struct Desk {
    counter: Counter,
    api: Api,
}

impl Desk {
    async fn open(terminal: &[&str]) -> Self {
        let counter = Counter::open(settings::QUICK_HUB, settings::QUICK_AGENT, terminal);
        let counter = counter.await.unwrap();
        let api = counter.hub.api().unwrap();
        Self { counter, api }
    }

    /// A sale that the terminal is at for a while.
    async fn slow_sale(&self, amount_minor: i64) -> Payment {
        self.counter.terminal.control("next slow").unwrap();
        let key = format!("sale-{amount_minor}");
        let made = self.api.pay_surely(&sale(amount_minor), &key).await;
        let deadline = Instant::now() + SOON;
        // The hub shows it as started as soon as it has permitted that; the card is asked for later.
        while !self
            .counter
            .terminal
            .control("status")
            .unwrap()
            .contains("begun 1;")
        {
            assert!(Instant::now() < deadline, "{}", self.counter.logs());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        made.unwrap()
    }

    async fn in_state(&self, made: &Payment, state: PaymentState) -> Payment {
        let is_so = |seen: &Payment| seen.state == state;
        let seen = self.api.payment_that(made.id, SOON, is_so).await;
        seen.unwrap_or_else(|error| panic!("{error:#}\n{}", self.counter.logs()))
    }

    /// Its end, which must be what the ledger says.
    async fn approved_once(&self, made: &Payment) -> Payment {
        let ended = self.in_state(made, PaymentState::Approved).await;
        assert_eq!(ended.certainty, Certainty::Moved);
        assert_eq!(ended.approved_amount_minor, Some(made.amount_minor));
        assert_eq!(self.counter.terminal.charges(made.amount_minor).unwrap(), 1);
        ended
    }
}

#[tokio::test]
async fn a_sale_is_approved_and_stands_once_in_the_ledger() {
    let desk = Desk::open(&[]).await;
    let made = desk.api.pay_surely(&sale(1250), "one").await.unwrap();
    let ended = desk.approved_once(&made).await;
    assert_eq!(ended.last4.as_deref(), Some("1111"));
    assert_eq!(ended.resolved_by, None);
}

#[tokio::test]
async fn a_tray_that_is_closed_in_mid_payment_and_opened_again_finds_the_true_result() {
    let mut desk = Desk::open(&["--slow-ms", "1500"]).await;
    let made = desk.slow_sale(1250).await;
    desk.counter.tray.process().terminate().unwrap();
    desk.counter.tray.process().wait().unwrap();
    desk.in_state(&made, PaymentState::Unknown).await;
    desk.counter.tray.restart().unwrap();
    let ended = desk.approved_once(&made).await;
    assert_eq!(ended.resolved_by, Some(Resolver::Terminal));
}

#[tokio::test]
async fn a_second_tray_of_the_desk_does_not_disturb_a_payment() {
    let desk = Desk::open(&["--slow-ms", "1500"]).await;
    let made = desk.slow_sale(1250).await;
    let (folder, till) = (desk.counter.folder.path(), &desk.counter.till);
    let terminals = [(TERMINAL, desk.counter.terminal.address())];
    let second = Tray::start(folder, "tray-2", till, DESK, &terminals).unwrap();
    desk.approved_once(&made).await;
    // Which of the two is meant is not guessed.
    let refused = desk
        .api
        .pay(&sale(700), "two")
        .await
        .unwrap()
        .problem()
        .unwrap();
    assert_eq!(refused.code, "ambiguous_station");
    drop(second);
    let made = desk.api.pay_surely(&sale(701), "three").await;
    desk.approved_once(&made.unwrap()).await;
}

#[tokio::test]
async fn the_next_users_tray_takes_up_what_the_last_ones_left() {
    let mut desk = Desk::open(&["--slow-ms", "1500"]).await;
    let made = desk.slow_sale(1250).await;
    // The session is switched away: its programs stand still, then end with it.
    desk.counter.tray.process().stop().unwrap();
    let (folder, till) = (desk.counter.folder.path().to_owned(), &desk.counter.till);
    let terminals = [(TERMINAL, desk.counter.terminal.address())];
    let next = Tray::start(&folder, "tray-next", till, DESK, &terminals).unwrap();
    desk.counter.tray.process().kill().unwrap();
    desk.approved_once(&made).await;
    drop(next);
}

/// `cueline` with these arguments, its input and output held here.
fn cueline(desk: &Desk, arguments: &[&str]) -> Child {
    let hub = &desk.counter.hub;
    Command::new(program_path("cueline").unwrap())
        .args(arguments)
        .args(["--hub", &hub.url(), "--proxy", "none", "--ca"])
        .arg(hub.ca())
        .env("CUELINE_KEY", hub.key().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads on until a line, or what there is of one, holds `text`.
fn read_until(out: &mut impl std::io::Read, text: &str) -> String {
    let (mut read, mut byte) = (Vec::new(), [0]);
    while !String::from_utf8_lossy(&read).contains(text) {
        let bytes = out.read(&mut byte).unwrap();
        let so_far = String::from_utf8_lossy(&read).into_owned();
        assert_eq!(bytes, 1, "it ended before it said {text:?}: {so_far}");
        read.push(byte[0]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_pays_and_asks_the_clerk_at_the_keyboard() {
    let desk = Desk::open(&[]).await;
    // 69: the customer signs.
    let mut pay = cueline(
        &desk,
        &["pay", "10.69", "--station", DESK, "--order", "A 1/2"],
    );
    let mut out = pay.stdout.take().unwrap();
    let asked = read_until(&mut out, "[yes/no]");
    assert!(
        asked.contains("EUR 10.69 at desk, terminal counter"),
        "{asked}"
    );
    let mut keyboard = pay.stdin.take().unwrap();
    writeln!(keyboard, "perhaps").unwrap();
    read_until(&mut out, "[yes/no]");
    writeln!(keyboard, "yes").unwrap();
    let said = read_until(&mut out, "approved: EUR 10.69");
    assert_eq!(pay.wait().unwrap().code(), Some(0), "{said}");
    assert_eq!(desk.counter.terminal.charges(1069).unwrap(), 1);

    let declined = cueline(&desk, &["pay", "10.61", "--station", DESK]);
    let declined = declined.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&declined.stdout);
    assert_eq!(declined.status.code(), Some(3), "{said}");
    assert!(said.contains("no money moved"), "{said}");

    let listed = cueline(&desk, &["payments", "--order", "A 1/2"])
        .wait_with_output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout);
    assert!(
        listed.contains("approved") && !listed.contains("declined"),
        "{listed}"
    );

    let wrong = cueline(&desk, &["pay", "12,50", "--station", DESK])
        .wait_with_output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let nowhere = cueline(&desk, &["pay", "12.50", "--station", "kiosk"]);
    let nowhere = nowhere.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&nowhere.stderr);
    assert!(
        nowhere.status.code() == Some(1) && said.contains("no_station"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_asks_to_cancel_and_waits_for_the_truth() {
    let desk = Desk::open(&["--slow-ms", "20000"]).await;
    // 68: slow, may be stopped.
    let mut pay = cueline(&desk, &["pay", "10.68", "--station", DESK]);
    let mut out = BufReader::new(pay.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    if first.is_empty() {
        let mut said = String::new();
        let mut errors = pay.stderr.take().unwrap();
        std::io::Read::read_to_string(&mut errors, &mut said).unwrap();
        panic!("it ended at once: {said}\n{}", desk.counter.logs());
    }
    let id = first.split(' ').next().unwrap().parse().unwrap();
    let made = desk.api.payment(id).await.unwrap();
    desk.in_state(&made, PaymentState::Started).await;
    let pid = Pid::from_raw(i32::try_from(pay.id()).unwrap()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    let said = read_until(&mut out, "no money moved");
    assert!(said.contains("cancelled"), "{said}");
    assert_eq!(pay.wait().unwrap().code(), Some(3), "{said}");
    assert_eq!(desk.counter.terminal.charges(1068).unwrap(), 0);
}
