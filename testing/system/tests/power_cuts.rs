//! Power cuts at either end: no job that was acknowledged is lost, and none is printed twice.
//!
//! The program is stopped, then the power of its disk is cut, so that everything acknowledged before is
//! known and nothing after it can reach the disk. `CUELINE_CUTS` and `CUELINE_SEED` choose length and plan.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::UncertainPolicy;
use cueline_sim::chance::Chance;
use cueline_system::box_office::{FRONT, House, Hub, Till, TillSetup, wait_for_printer};
use cueline_system::campaign::Campaign;
use cueline_system::paper::Paper;
use cueline_system::power::PoweredDisk;
use cueline_system::settings;

const CUTS: u64 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Hub,
    Agent,
}

/// A house in which one end's data lies on a disk whose power can be cut.
async fn open(end: End) -> (House, PoweredDisk) {
    let folder = tempfile::tempdir().unwrap();
    let disk = PoweredDisk::mount(folder.path()).unwrap();
    let at = |which: End| {
        if end == which {
            disk.folder().to_owned()
        } else {
            folder.path().to_owned()
        }
    };
    let paper = Paper::start(folder.path(), FRONT).unwrap();
    let hub = Hub::start(&at(End::Hub), settings::QUICK_HUB).unwrap();
    let setup = TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: vec![(FRONT.to_owned(), paper.address())],
        register_arguments: Vec::new(),
    };
    let till = Till::start(&at(End::Agent), "till", &hub, &setup)
        .await
        .unwrap();
    let printer = wait_for_printer(&hub.api().unwrap(), FRONT).await.unwrap();
    // What was set up rests on the disk; the campaign is about jobs.
    rustix::fs::sync();
    let house = House {
        hub,
        till,
        paper,
        printer,
        folder,
    };
    (house, disk)
}

async fn cut_the_power(house: &mut House, disk: &PoweredDisk, end: End, after: Duration) {
    tokio::time::sleep(after).await;
    let program = match end {
        End::Hub => house.hub.process(),
        End::Agent => house.till.process(),
    };
    program.stop().unwrap();
    disk.cut().unwrap();
    program.kill().unwrap();
    disk.restore().unwrap();
    match end {
        End::Hub => house.hub.restart().unwrap(),
        End::Agent => house.till.restart().unwrap(),
    }
}

async fn survive(end: End) {
    let cuts = settings::number("CUELINE_CUTS", CUTS);
    let seed = settings::number("CUELINE_SEED", 20_261_123);
    let mut chance = Chance::new(seed);
    let (mut house, disk) = open(end).await;
    let mut campaign = Campaign::default();
    for _ in 0..cuts {
        let api = house.hub.api().unwrap();
        let printer = house.printer.id;
        let jobs = chance.between(3, 8);
        let policies = (0..jobs).map(|_| UncertainPolicy::Hold);
        let after = Duration::from_millis(chance.between(1, 80));
        let (put_in, ()) = tokio::join!(
            campaign.put_in(&api, printer, policies),
            cut_the_power(&mut house, &disk, end, after)
        );
        put_in.unwrap();
    }
    let tally = campaign.verdict(&house).await.unwrap();
    println!("{cuts} power cuts at the {end:?} (seed {seed}): {tally:?}, 0 lost, 0 doubled");
    assert!(tally.printed_once > tally.acknowledged / 2, "{tally:?}");
}

#[tokio::test]
async fn a_hub_that_loses_power_keeps_every_job_it_acknowledged() {
    survive(End::Hub).await;
}

#[tokio::test]
async fn an_agent_that_loses_power_keeps_every_job_it_acknowledged() {
    survive(End::Agent).await;
}
