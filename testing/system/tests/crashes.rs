//! The crash campaign: hub, agent and printer killed and stopped at random moments of jobs' lives.
//!
//! Judge is the paper itself. A job that the API acknowledged must end printed once, or uncertain and
//! held; none is lost, none is printed twice unless its policy says so, and the order per printer is
//! kept. `CUELINE_ROUNDS` and `CUELINE_SEED` choose length and plan of the campaign.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_model::{JobState, Proof, UncertainPolicy};
use cueline_sim::chance::Chance;
use cueline_system::api::raw_job;
use cueline_system::box_office::House;
use cueline_system::paper::ticket;
use cueline_system::settings;
use cueline_wire::api::PrintJob;

const ROUNDS: u64 = 200;

#[derive(Debug, Clone, Copy)]
enum Victim {
    Hub,
    Agent,
    Printer,
}

#[derive(Debug, Clone, Copy)]
enum Blow {
    Kill { down_ms: u64 },
    Stop { for_ms: u64 },
}

/// One fault of a round: after `after_ms` from the first click, `blow` falls on `victim`.
#[derive(Debug, Clone, Copy)]
struct Fault {
    after_ms: u64,
    victim: Victim,
    blow: Blow,
}

struct Submitted {
    title: String,
    policy: UncertainPolicy,
    job: PrintJob,
}

fn plan(chance: &mut Chance) -> Fault {
    // Most of a job's life passes within the first tens of milliseconds.
    let after_ms_max = if chance.one_in(4) { 300 } else { 50 };
    Fault {
        after_ms: chance.between(0, after_ms_max),
        victim: chance.pick(&[Victim::Hub, Victim::Agent, Victim::Agent, Victim::Printer]),
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

fn policy(chance: &mut Chance) -> UncertainPolicy {
    use UncertainPolicy::{Hold, Reprint, ReprintMarked};
    chance.pick(&[Hold, Hold, Hold, ReprintMarked, Reprint])
}

async fn strike(house: &mut House, fault: Fault) -> anyhow::Result<()> {
    tokio::time::sleep(Duration::from_millis(fault.after_ms)).await;
    let program = match fault.victim {
        Victim::Hub => house.hub.process(),
        Victim::Agent => house.till.process(),
        Victim::Printer => house.paper.process(),
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
                Victim::Hub => house.hub.restart(),
                Victim::Agent => house.till.restart(),
                Victim::Printer => house.paper.restart(),
            }
        }
    }
}

async fn round(house: &mut House, number: u64, chance: &mut Chance) -> Vec<Submitted> {
    let jobs = chance.between(1, 3);
    let fault = plan(chance);
    let printer = house.printer.id;
    let api = house.hub.api().unwrap();
    let orders: Vec<_> = (0..jobs)
        .map(|n| (format!("R{number}-{n}"), policy(chance)))
        .collect();
    let clicks = async {
        let mut submitted = Vec::new();
        for (title, policy) in orders {
            let mut request = raw_job(printer, &ticket(&title));
            request.uncertain = policy;
            let job = api.submit_surely(&request, &title).await.unwrap();
            submitted.push(Submitted { title, policy, job });
        }
        submitted
    };
    let (submitted, struck) = tokio::join!(clicks, strike(house, fault));
    struck.unwrap_or_else(|error| panic!("round {number}, {fault:?}: {error:#}"));
    submitted
}

/// What the paper and the API say about all jobs, counted.
#[derive(Debug, Default)]
struct Tally {
    printed_once: u64,
    held_on_paper: u64,
    held_not_on_paper: u64,
    reprinted_by_policy: u64,
}

/// A whole ticket that came out: its title, and whether it is headed DUPLICATE.
struct Printed {
    title: String,
    marked: bool,
}

fn on_paper(house: &House) -> Vec<Printed> {
    let tickets = house.paper.tickets().unwrap();
    let whole = tickets.into_iter().filter(|ticket| !ticket.torn);
    whole
        .map(|ticket| Printed {
            marked: ticket.text.iter().any(|line| line.contains("DUPLICATE")),
            title: ticket
                .text
                .into_iter()
                .find(|line| line.starts_with('R'))
                .unwrap(),
        })
        .collect()
}

fn judge(submitted: &[Submitted], settled: &[PrintJob], paper: &[Printed]) -> Tally {
    let mut on_paper: BTreeMap<&str, u64> = BTreeMap::new();
    for printed in paper {
        *on_paper.entry(printed.title.as_str()).or_default() += 1;
    }
    let mut tally = Tally::default();
    for (order, job) in submitted.iter().zip(settled) {
        let copies = on_paper.get(order.title.as_str()).copied().unwrap_or(0);
        let unmarked = paper
            .iter()
            .filter(|printed| printed.title == order.title && !printed.marked)
            .count();
        assert!(
            order.policy != UncertainPolicy::ReprintMarked || unmarked <= 1,
            "{} came out twice without being headed DUPLICATE",
            order.title
        );
        match (job.state, copies, order.policy) {
            (JobState::Done, 1, _) if job.proof == Some(Proof::Printed) => tally.printed_once += 1,
            (JobState::Done, 2..=4, UncertainPolicy::Reprint | UncertainPolicy::ReprintMarked) => {
                tally.reprinted_by_policy += 1;
            }
            (JobState::Uncertain, 0, _) => tally.held_not_on_paper += 1,
            (JobState::Uncertain, 1, _) => tally.held_on_paper += 1,
            _ => panic!(
                "{} ({:?}) lies {copies} times on the paper and the API says {job:#?}",
                order.title, order.policy
            ),
        }
    }
    tally
}

/// First tickets must have come out in the order of the clicks.
fn judge_order(submitted: &[Submitted], paper: &[Printed]) {
    let mut seen = std::collections::BTreeSet::new();
    let titles = paper.iter().map(|printed| printed.title.as_str());
    let firsts: Vec<_> = titles.filter(|title| seen.insert(*title)).collect();
    let rank = |title: &str| submitted.iter().position(|order| order.title == title);
    let ranks: Vec<_> = firsts.iter().map(|title| rank(title).unwrap()).collect();
    assert!(
        ranks.is_sorted(),
        "tickets came out in another order than they were put in: {firsts:?}"
    );
}

#[tokio::test]
async fn no_ticket_is_lost_or_doubled_by_random_crashes() {
    let rounds = settings::number("CUELINE_ROUNDS", ROUNDS);
    let seed = settings::number("CUELINE_SEED", 20_261_123);
    let mut chance = Chance::new(seed);
    let mut house = House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap();
    let mut submitted = Vec::new();
    for number in 0..rounds {
        submitted.extend(round(&mut house, number, &mut chance).await);
    }
    let api = house.hub.api().unwrap();
    let mut settled = Vec::new();
    for order in &submitted {
        let job = api.settled(order.job.id, Duration::from_secs(60)).await;
        settled.push(job.unwrap_or_else(|error| panic!("{error:#}\n{}", house.till.log())));
    }
    let paper = on_paper(&house);
    let tally = judge(&submitted, &settled, &paper);
    judge_order(&submitted, &paper);
    println!(
        "{rounds} rounds (seed {seed}), {} jobs acknowledged: {tally:?}, 0 lost, 0 doubled",
        submitted.len()
    );
    assert!(
        tally.printed_once > submitted.len() as u64 / 2,
        "the campaign printed too little to mean anything: {tally:?}"
    );
}
