//! Power cuts at either end: no job that was acknowledged is lost, and none is printed twice.
//!
//! The program is stopped, then the power of its disk is cut, so that everything acknowledged before is
//! known and nothing after it can reach the disk. `CUELINE_CUTS` and `CUELINE_SEED` choose length and plan.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::UncertainPolicy;
use cueline_sim::chance::Chance;
use cueline_system::box_office::{
    FRONT, House, Hub, PrinterSetup, Till, TillSetup, wait_for_printer,
};
use cueline_system::campaign::{Campaign, Tally};
use cueline_system::paper::Paper;
use cueline_system::power::PoweredDisk;
use cueline_system::program::preload;
use cueline_system::settings;

const CUTS: u64 = 20;
/// For the last job to settle.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Hub,
    Agent,
}

/// What a test asks of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syncs {
    /// It is synced as the programs ask for.
    Real,
    /// Every sync is answered at once and does nothing: what a program without its syncs would be.
    Ignored,
}

impl Syncs {
    fn environment(self) -> Vec<(String, String)> {
        match self {
            Self::Real => Vec::new(),
            Self::Ignored => vec![preload("libeatmydata.so").unwrap()],
        }
    }
}

/// A house in which one end's data lies on a disk whose power can be cut.
async fn open(end: End, syncs: Syncs) -> anyhow::Result<(House, PoweredDisk)> {
    let folder = tempfile::tempdir()?;
    let disk = PoweredDisk::mount(folder.path())?;
    let at = |which: End| {
        if end == which {
            disk.folder().to_owned()
        } else {
            folder.path().to_owned()
        }
    };
    let paper = Paper::start(folder.path(), FRONT)?;
    let mut hub = Hub::start(&at(End::Hub), settings::QUICK_HUB)?;
    let setup = TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: vec![PrinterSetup::escpos(FRONT, paper.address())],
        register_arguments: Vec::new(),
    };
    let mut till = Till::start(&at(End::Agent), "till", &hub, &setup).await?;
    let printer = wait_for_printer(&hub.api()?, FRONT).await?;
    // What was set up rests on the disk; the campaign is about jobs.
    rustix::fs::sync();
    match end {
        End::Hub => {
            hub.environment = syncs.environment();
            hub.restart()?;
        }
        End::Agent => {
            till.environment = syncs.environment();
            till.restart()?;
        }
    }
    let house = House {
        hub,
        till,
        paper,
        printer,
        folder,
    };
    Ok((house, disk))
}

async fn cut_the_power(
    house: &mut House,
    disk: &PoweredDisk,
    end: End,
    after: Duration,
) -> anyhow::Result<()> {
    tokio::time::sleep(after).await;
    let program = match end {
        End::Hub => house.hub.process(),
        End::Agent => house.till.process(),
    };
    program.stop()?;
    disk.cut()?;
    program.kill()?;
    disk.restore()?;
    match end {
        End::Hub => house.hub.restart(),
        End::Agent => house.till.restart(),
    }
}

async fn survive(end: End, syncs: Syncs, patience: Duration) -> anyhow::Result<Tally> {
    let cuts = settings::number("CUELINE_CUTS", CUTS);
    let seed = settings::number("CUELINE_SEED", 20_261_123);
    let mut chance = Chance::new(seed);
    let (mut house, disk) = open(end, syncs).await?;
    let mut campaign = Campaign::default();
    for _ in 0..cuts {
        let api = house.hub.api()?;
        let printer = house.printer.id;
        let jobs = chance.between(3, 8);
        let policies = (0..jobs).map(|_| UncertainPolicy::Hold);
        let after = Duration::from_millis(chance.between(1, 80));
        let (put_in, cut) = tokio::join!(
            campaign.put_in(&api, printer, policies),
            cut_the_power(&mut house, &disk, end, after)
        );
        cut?;
        put_in?;
    }
    let tally = campaign.verdict(&house, patience).await?;
    println!("{cuts} power cuts at the {end:?} (seed {seed}): {tally:?}, 0 lost, 0 doubled");
    Ok(tally)
}

async fn survive_well(end: End) {
    let tally = survive(end, Syncs::Real, PATIENCE).await.unwrap();
    assert!(tally.printed_once > tally.acknowledged / 2, "{tally:?}");
}

/// The campaign is worth its name only if it finds a program that does not sync.
async fn find_the_missing_syncs(end: End) {
    let patience = Duration::from_secs(5);
    let found = survive(end, Syncs::Ignored, patience).await;
    let found = found.expect_err("nothing was lost although nothing was synced");
    println!(
        "found: {}",
        format!("{found:#}").lines().next().unwrap_or_default()
    );
}

#[tokio::test]
async fn a_hub_that_loses_power_keeps_every_job_it_acknowledged() {
    survive_well(End::Hub).await;
}

#[tokio::test]
async fn an_agent_that_loses_power_keeps_every_job_it_acknowledged() {
    survive_well(End::Agent).await;
}

#[tokio::test]
async fn a_hub_without_its_syncs_is_found() {
    find_the_missing_syncs(End::Hub).await;
}

#[tokio::test]
async fn an_agent_without_its_syncs_is_found() {
    find_the_missing_syncs(End::Agent).await;
}
