//! The failure points of a payment, each made to happen in real processes; the terminal's own ledger
//! is the judge. The table in `docs/payment-failure-points.md` is what this test writes.
//!
//! `CUELINE_BLESS=1` writes the table anew; otherwise it must be as it stands. `CUELINE_POINT=12` runs
//! one point alone.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod failure_points {
    pub mod afterwards;
    pub mod at_the_terminal;
    pub mod before_the_start;
    pub mod scene;
}

use std::fmt::Write as _;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use failure_points::{afterwards, at_the_terminal, before_the_start};
use tokio::sync::Semaphore;

const TABLE: &str = "docs/payment-failure-points.md";
/// Counters that are open at once.
const AT_ONCE: usize = 3;

type Verdict = Pin<Box<dyn Future<Output = anyhow::Result<String>> + Send>>;

/// One row of the table.
struct Point {
    number: u32,
    failure: &'static str,
    made: &'static str,
    run: fn() -> Verdict,
}

macro_rules! points {
    ($($number:literal, $failure:literal, $made:literal, $run:path;)*) => {
        [$(Point { number: $number, failure: $failure, made: $made, run: || Box::pin($run()) }),*]
    };
}

fn points() -> Vec<Point> {
    points![
        1, "the create call's reply is lost",
        "the call was given up after 0, 1, 2, 5 and 20 ms, then made again eight times at once, then with another amount",
        before_the_start::reply_lost;
        2, "hub crashes after accepting",
        "the agent hung; hub killed after its 201, started again",
        before_the_start::hub_crashes_after_accepting;
        3, "agent offline",
        "agent killed before the call, `start_in_s` 2",
        before_the_start::agent_offline;
        4, "delivery lost or delivered twice",
        "agent stopped over the delivery, hub killed and started again, agent resumed: both links brought it",
        before_the_start::delivered_twice;
        5, "agent crashes before passing it to the tray",
        "agent killed 0 to 30 ms after the call, six times",
        before_the_start::agent_crashes_early;
        6, "stale delivery after sleep",
        "agent stopped over the delivery until `start_by` had passed",
        before_the_start::stale_after_sleep;
        7, "no tray, or several match",
        "a terminal that is not there; two trays of one desk; the tray closed; a desk that never was",
        before_the_start::no_tray_or_several;
        8, "crash before the start record is durable",
        "tray stopped while it got the terminal ready; agent killed",
        before_the_start::crash_before_the_start_record;
        9, "crash after the start record, before sending",
        "tray stopped as it was to be told to begin; agent and tray killed once the hub showed `started`",
        before_the_start::crash_after_the_start_record;
        10, "terminal unreachable, or refuses before its ACK",
        "terminal switched off; then told to refuse",
        at_the_terminal::unreachable_or_refusing;
        11, "terminal busy",
        "a second sale while the first was under way; then a terminal at something else",
        at_the_terminal::busy;
        12, "the link to the terminal drops mid-payment",
        "the terminal cut it after it had authorised, then before",
        at_the_terminal::link_drops;
        13, "our time-out while a card is in use",
        "the terminal said nothing for longer than the tray's patience; then its stop key was pressed",
        at_the_terminal::silent_terminal;
        14, "approved, result not stored",
        "the till's disk was full as the result came",
        at_the_terminal::result_not_stored;
        15, "stored, uplink down",
        "hub killed while the terminal was at it, started again after it had ended",
        afterwards::uplink_down;
        16, "late approval after cancel or expiry",
        "cancelled; the terminal approved all the same; then the sale was voided",
        afterwards::late_approval;
        17, "cancel races approval",
        "cancelled 0 to 140 ms after the call, eight times",
        afterwards::cancel_races;
        18, "look-up shows an older transaction",
        "a sale, then one of the same amount whose link was cut before it was authorised",
        afterwards::older_transaction;
        19, "look-up finds nothing",
        "a new terminal's first sale, cut before it was authorised",
        afterwards::nothing_found;
        20, "power loss, PC or terminal",
        "the terminal's power failed after it had authorised; agent and tray killed while it was at the next",
        afterwards::power_loss;
        21, "signature prompt unanswered",
        "nobody answered; then the clerk said no to the next",
        afterwards::signature_unanswered;
        22, "the void's reply is lost",
        "the link was cut after the terminal had reversed; then a second void was asked for",
        afterwards::void_reply_lost;
        23, "a void hits another transaction",
        "the terminal reversed its last sale instead of the one named",
        afterwards::void_hits_another;
        24, "the receipt printer fails",
        "the receipt was printed on a printer without paper",
        afterwards::receipt_printer_fails;
        25, "two attempts on one order",
        "a second attempt while the first was unknown; then with somebody's name and reason",
        afterwards::two_attempts;
        26, "upload from a cloned or restored agent",
        "the till's folder was copied and a second agent started from it",
        afterwards::cloned_agent;
        27, "a sale keyed at the terminal by hand",
        "keyed between two sales of the box office",
        afterwards::keyed_by_hand;
    ]
    .into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_failure_point_ends_as_it_must() {
    let only = std::env::var("CUELINE_POINT").ok();
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let running: Vec<_> = points()
        .into_iter()
        .filter(|point| {
            only.as_ref()
                .is_none_or(|only| *only == point.number.to_string())
        })
        .map(|point| {
            let room = Arc::clone(&room);
            tokio::spawn(async move {
                let _place = room.acquire().await.unwrap();
                let verdict = (point.run)().await;
                (point, verdict)
            })
        })
        .collect();
    let mut table = HEAD.to_owned();
    let mut failures = Vec::new();
    for point in running {
        let (point, verdict) = point.await.unwrap();
        let Point {
            number,
            failure,
            made,
            ..
        } = point;
        match verdict {
            Ok(verdict) => {
                writeln!(table, "| {number} | {failure} | {made} | {verdict} |").unwrap()
            }
            Err(error) => failures.push(format!("{number} ({failure}): {error:#}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    println!("{table}");
    if only.is_some() {
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(TABLE);
    if std::env::var_os("CUELINE_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == table,
        "{TABLE} is not what this run found; look at the difference and run with CUELINE_BLESS=1"
    );
}

const HEAD: &str = "\
# Failure points of a payment

Written by `testing/system/tests/failure_points.rs`: each failure was made to happen with a real hub, agent, tray and virtual terminal
(ZVT over TCP). Verdict: what the box office's record says, and what stands in the terminal's own ledger.

| # | Failure | What was done | Verdict |
|---|---|---|---|
";
