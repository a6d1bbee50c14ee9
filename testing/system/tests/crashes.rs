//! The crash campaign: hub, agent and printer killed and stopped at random moments of jobs' lives.
//!
//! Judge is the paper itself. A job that the API acknowledged must end printed once, or uncertain and
//! held; none is lost, none is printed twice unless its policy says so, and the order per printer is
//! kept. `CUELINE_ROUNDS` and `CUELINE_SEED` choose length and plan of the campaign.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::UncertainPolicy;
use cueline_sim::chance::Chance;
use cueline_system::box_office::House;
use cueline_system::campaign::Campaign;
use cueline_system::settings;

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

#[tokio::test]
async fn no_ticket_is_lost_or_doubled_by_random_crashes() {
    let rounds = settings::number("CUELINE_ROUNDS", ROUNDS);
    let seed = settings::number("CUELINE_SEED", 20_261_123);
    let mut chance = Chance::new(seed);
    let mut house = House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap();
    let mut campaign = Campaign::default();
    for number in 0..rounds {
        let jobs = chance.between(1, 3);
        let policies: Vec<_> = (0..jobs).map(|_| policy(&mut chance)).collect();
        let fault = plan(&mut chance);
        let (api, printer) = (house.hub.api().unwrap(), house.printer.id);
        let (put_in, struck) = tokio::join!(
            campaign.put_in(&api, printer, policies),
            strike(&mut house, fault)
        );
        struck.unwrap_or_else(|error| panic!("round {number}, {fault:?}: {error:#}"));
        put_in.unwrap();
    }
    let tally = campaign
        .verdict(&house, Duration::from_secs(60))
        .await
        .unwrap();
    println!("{rounds} rounds (seed {seed}): {tally:?}, 0 lost, 0 doubled");
    assert!(
        tally.printed_once > tally.acknowledged / 2,
        "the campaign printed too little to mean anything: {tally:?}"
    );
}
