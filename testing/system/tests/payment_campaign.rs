//! The crash campaign of payments: hub, agent, trays and terminals killed and stopped at random moments, the
//! wire between agent and hub cut, terminals that drop the line or lose their power, wishes to cancel at random.
//!
//! Judge are the terminals' own ledgers. A payment that the box office shows as approved stands there
//! once, one that ended otherwise does not; none is charged twice; what is unknown in the end waits
//! for a person. The terminals put whole card numbers on their receipts, and none may be found in any
//! file, answer or memory. `CUELINE_PAYMENTS` and `CUELINE_SEED` choose length and plan.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_model::{PaymentId, PaymentState};
use cueline_sim::chance::Chance;
use cueline_system::api::Api;
use cueline_system::box_office::{Hub, Till, TillSetup};
use cueline_system::counter::{CardTerminal, TERMINAL, Tray, sale, wait_for_desks};
use cueline_system::wire::Wire;
use cueline_system::{memory, settings};
use cueline_wire::api::Payment;
use http::Method;

const PAYMENTS: u64 = 504;
const DESKS: usize = 8;
const SETTLED_WITHIN: Duration = Duration::from_secs(90);
/// The card that the virtual terminal is shown; see its `receipt` module.
const CARD_NUMBER: &str = "4111111111111111";

struct House {
    hub: Hub,
    till: Till,
    wire: Wire,
    desks: Vec<(Tray, CardTerminal)>,
    folder: tempfile::TempDir,
}

#[derive(Debug, Clone, Copy)]
enum Victim {
    Hub,
    Agent,
    Tray(usize),
    Terminal(usize),
    /// The wire between agent and hub.
    Link,
}

#[derive(Debug, Clone, Copy)]
enum Blow {
    Kill { down_ms: u64 },
    Stop { for_ms: u64 },
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    after_ms: u64,
    victim: Victim,
    blow: Blow,
}

/// What becomes of a payment by its amount's last two digits; see the virtual terminal's help.
const ENDINGS: [i64; 16] = [0, 0, 0, 0, 0, 0, 0, 61, 63, 66, 67, 67, 68, 68, 71, 72];

#[derive(Debug)]
struct Ordered {
    desk: usize,
    amount_minor: i64,
    cancel_after_ms: Option<u64>,
    key: String,
}

#[derive(Debug, Default)]
struct Tally {
    approved: usize,
    not_moved: usize,
    for_a_person: usize,
    found_out_afterwards: usize,
    charged: usize,
}

fn plan(chance: &mut Chance) -> Fault {
    let after_ms_max = if chance.one_in(4) { 400 } else { 80 };
    let desk = usize::try_from(chance.between(0, DESKS as u64 - 1)).unwrap();
    Fault {
        after_ms: chance.between(0, after_ms_max),
        victim: chance.pick(&[
            Victim::Hub,
            Victim::Agent,
            Victim::Agent,
            Victim::Tray(desk),
            Victim::Terminal(desk),
            Victim::Link,
        ]),
        blow: if chance.one_in(3) {
            Blow::Stop {
                for_ms: chance.between(20, 800),
            }
        } else {
            Blow::Kill {
                down_ms: chance.between(0, 300),
            }
        },
    }
}

impl House {
    async fn open() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let hub = Hub::start(folder.path(), settings::QUICK_HUB)?;
        let setup = TillSetup {
            config: settings::QUICK_AGENT.to_owned(),
            ..TillSetup::default()
        };
        let mut till = Till::register(folder.path(), "till-1", &hub, &setup).await?;
        let wire = Wire::start(hub.port())?;
        // The agent reaches the same hub over a wire that can be cut.
        let identity = till.data().join("identity.json");
        let text = std::fs::read_to_string(&identity)?;
        let (direct, over_wire) = (format!(":{}", hub.port()), format!(":{}", wire.port()));
        ensure!(text.contains(&direct), "no hub in {text}");
        std::fs::write(&identity, text.replace(&direct, &over_wire))?;
        till.restart()?;
        let mut desks = Vec::new();
        for number in 0..DESKS {
            let name = format!("desk-{number}");
            let arguments = ["--leak-pan", "--slow-ms", "300", "--acknowledge-ms", "3000"];
            let terminal = CardTerminal::start(folder.path(), &name, &arguments)?;
            let terminals = [(TERMINAL, terminal.address())];
            let tray = Tray::start(
                folder.path(),
                &format!("tray-{number}"),
                &till,
                &name,
                &terminals,
            )?;
            desks.push((tray, terminal));
        }
        wait_for_desks(&hub.api()?, DESKS).await?;
        Ok(Self {
            hub,
            till,
            wire,
            desks,
            folder,
        })
    }

    async fn strike(&mut self, fault: Fault) -> anyhow::Result<()> {
        tokio::time::sleep(Duration::from_millis(fault.after_ms)).await;
        let program = match fault.victim {
            Victim::Link => {
                let (Blow::Kill { down_ms: for_ms } | Blow::Stop { for_ms }) = fault.blow;
                self.wire.cut();
                tokio::time::sleep(Duration::from_millis(for_ms)).await;
                self.wire.mend();
                return Ok(());
            }
            Victim::Hub => self.hub.process(),
            Victim::Agent => self.till.process(),
            Victim::Tray(desk) => self.desks[desk].0.process(),
            Victim::Terminal(desk) => self.desks[desk].1.process(),
        };
        match fault.blow {
            Blow::Stop { for_ms } => {
                program.stop()?;
                tokio::time::sleep(Duration::from_millis(for_ms)).await;
                program.resume()
            }
            Blow::Kill { down_ms } => {
                program.kill()?;
                tokio::time::sleep(Duration::from_millis(down_ms)).await;
                match fault.victim {
                    Victim::Hub => self.hub.restart(),
                    Victim::Agent => self.till.restart(),
                    Victim::Tray(desk) => self.desks[desk].0.restart(),
                    Victim::Terminal(desk) => self.desks[desk].1.restart(),
                    Victim::Link => Ok(()),
                }
            }
        }
    }

    fn logs(&self, desk: usize) -> String {
        format!(
            "agent:\n{}\ntray:\n{}",
            self.till.log(),
            self.desks[desk].0.log()
        )
    }
}

async fn take(api: &Api, ordered: &Ordered) -> anyhow::Result<PaymentId> {
    let mut request = sale(ordered.amount_minor);
    request.station = Some(format!("desk-{}", ordered.desk));
    let made = api.pay_surely(&request, &ordered.key).await?;
    if let Some(after_ms) = ordered.cancel_after_ms {
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        let path = format!("/v1/payments/{}/cancel", made.id);
        // A wish that is lost with the hub is no wish.
        let _ = api.send(Method::POST, &path, &[], Vec::new()).await;
    }
    Ok(made.id)
}

async fn over(
    house: &House,
    api: &Api,
    ordered: &Ordered,
    id: PaymentId,
) -> anyhow::Result<Payment> {
    let is_over = |seen: &Payment| {
        seen.state.is_settled() || seen.unknown.as_ref().is_some_and(|unknown| !unknown.asking)
    };
    let seen = api.payment_that(id, SETTLED_WITHIN, is_over).await;
    seen.with_context(|| format!("{ordered:?} is lost\n{}", house.logs(ordered.desk)))
}

/// What is unknown keeps its desk's terminal, so a person looks at the ledger and decides.
async fn decide(house: &House, api: &Api, ordered: &Ordered, id: PaymentId) -> anyhow::Result<()> {
    let moved = house.desks[ordered.desk].1.charges(ordered.amount_minor)? == 1;
    let decision = serde_json::json!({
        "decision": if moved { "moved" } else { "not_moved" },
        "by": "Ann",
        "reason": "the terminal's own ledger",
    });
    let answer = api
        .post(&format!("/v1/payments/{id}/resolve"), &decision)
        .await?;
    ensure!(
        answer.status.is_success() || answer.status == 409,
        "decide about {id}: {answer:?}"
    );
    Ok(())
}

fn judge(
    house: &House,
    ordered: &Ordered,
    seen: &Payment,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let charges = house.desks[ordered.desk].1.charges(ordered.amount_minor)?;
    let tell = || {
        format!(
            "{ordered:?}: {charges} charges stand, {seen:#?}\n{}",
            house.logs(ordered.desk)
        )
    };
    ensure!(charges <= 1, "charged twice: {}", tell());
    tally.charged += charges;
    tally.found_out_afterwards += usize::from(seen.resolved_by.is_some());
    match seen.state {
        PaymentState::Approved => {
            tally.approved += 1;
            ensure!(charges == 1, "an approval of nothing: {}", tell());
        }
        PaymentState::Unknown => tally.for_a_person += 1,
        _ => {
            tally.not_moved += 1;
            ensure!(charges == 0, "an approval is lost: {}", tell());
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_moves_once_and_every_approval_is_told() {
    let payments = settings::number("CUELINE_PAYMENTS", PAYMENTS);
    let seed = settings::number("CUELINE_SEED", 20_261_124);
    let mut chance = Chance::new(seed);
    let mut house = House::open().await.unwrap();
    let mut tally = Tally::default();
    let rounds = payments.div_ceil(DESKS as u64);
    for round in 0..rounds {
        let orders: Vec<Ordered> = (0..DESKS)
            .map(|desk| {
                let number = i64::try_from(round).unwrap() * DESKS as i64 + desk as i64 + 1;
                Ordered {
                    desk,
                    amount_minor: number * 100 + chance.pick(&ENDINGS),
                    cancel_after_ms: chance.one_in(6).then(|| chance.between(0, 200)),
                    key: format!("payment-{number}"),
                }
            })
            .collect();
        let fault = plan(&mut chance);
        let api = house.hub.api().unwrap();
        let taking = async {
            let mut taken = Vec::new();
            for ordered in &orders {
                taken.push(take(&api, ordered));
            }
            futures(taken).await
        };
        let (taken, struck) = tokio::join!(taking, house.strike(fault));
        struck.unwrap_or_else(|error| panic!("round {round}, {fault:?}: {error:#}"));
        for (ordered, id) in orders.iter().zip(taken) {
            let id = id.unwrap_or_else(|error| panic!("round {round}, {fault:?}: {error:#}"));
            let seen = over(&house, &api, ordered, id)
                .await
                .unwrap_or_else(|error| panic!("round {round}, {fault:?}: {error:#}"));
            judge(&house, ordered, &seen, &mut tally)
                .unwrap_or_else(|error| panic!("round {round}, {fault:?}: {error:#}"));
            if seen.state == PaymentState::Unknown {
                decide(&house, &api, ordered, id).await.unwrap();
            }
        }
    }
    println!("{payments} payments (seed {seed}): {tally:?}, 0 charged twice, 0 approvals lost");
    assert!(
        tally.approved as u64 > payments / 3,
        "the campaign approved too little to mean anything: {tally:?}"
    );
    no_card_number_anywhere(&mut house).await.unwrap();
}

/// All at once.
async fn futures<T>(all: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut pinned: Vec<_> = all.into_iter().map(Box::pin).collect();
    let mut done: Vec<Option<T>> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut waits = false;
        for (future, done) in pinned.iter_mut().zip(&mut done) {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => waits = true,
                }
            }
        }
        if waits {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    done.into_iter().flatten().collect()
}

async fn no_card_number_anywhere(house: &mut House) -> anyhow::Result<()> {
    let api = house.hub.api()?;
    let listed = api.get("/v1/payments?limit=100").await?;
    let text = String::from_utf8_lossy(&listed.body).into_owned();
    ensure!(
        text.contains("1111"),
        "no payment shows its card's last digits: {text}"
    );
    ensure!(
        !text.contains(CARD_NUMBER),
        "the API shows a card number: {text}"
    );
    for program in [house.hub.process(), house.till.process()] {
        let found = memory::holds(program.pid(), CARD_NUMBER.as_bytes())?;
        ensure!(
            !found,
            "process {} has a card number in its memory",
            program.pid()
        );
    }
    let files = search(house.folder.path(), CARD_NUMBER.as_bytes())?;
    ensure!(files > 20, "only {files} files were searched");
    println!("no card number in {files} files, the API's answers, and the memory of hub and agent");
    Ok(())
}

/// Searches every file below; gives how many there were.
fn search(folder: &Path, wanted: &[u8]) -> anyhow::Result<usize> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files += search(&path, wanted)?;
        } else if path.is_file() {
            files += 1;
            let content = std::fs::read(&path)?;
            let found = content.windows(wanted.len()).any(|window| window == wanted);
            ensure!(!found, "{} holds a card number", path.display());
        }
    }
    Ok(files)
}
