//! Every step of a job × every program × killed or stopped: what must come of it, each made to happen.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use cueline_model::JobState;
use cueline_system::api::raw_job;
use cueline_system::box_office::House;
use cueline_system::paper::ticket;
use cueline_system::program::Program;
use cueline_system::settings;
use cueline_wire::api::PrintJob;

/// Where a job is held while the blow falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Durable at the hub; the agent hangs.
    Queued,
    /// Durable at the agent; the printer is out of paper.
    Accepted,
    /// Bytes are on their way; the printer has stopped reading.
    Started,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Hub,
    Agent,
    Printer,
}

fn program(house: &mut House, victim: Victim) -> &mut Program {
    match victim {
        Victim::Hub => house.hub.process(),
        Victim::Agent => house.till.process(),
        Victim::Printer => house.paper.process(),
    }
}

fn restart(house: &mut House, victim: Victim) {
    match victim {
        Victim::Hub => house.hub.restart().unwrap(),
        Victim::Agent => house.till.restart().unwrap(),
        Victim::Printer => house.paper.restart().unwrap(),
    }
}

async fn hold_at(house: &mut House, step: Step, title: &str) -> PrintJob {
    match step {
        Step::Queued => house.till.process().stop().unwrap(),
        Step::Accepted => drop(house.paper.control("fault paper_out").unwrap()),
        Step::Started => drop(house.paper.control("fault stall").unwrap()),
    }
    let api = house.hub.api().unwrap();
    let request = raw_job(house.printer.id, &ticket(title));
    let job = api.submit_surely(&request, title).await.unwrap();
    let state = match step {
        Step::Queued => JobState::Queued,
        Step::Accepted => JobState::Accepted,
        Step::Started => JobState::Started,
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let seen = api.job(job.id).await.unwrap();
        if seen.state == state {
            return seen;
        }
        assert!(
            Instant::now() < deadline,
            "{title} did not get to {step:?}: {seen:#?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Ends what held the job, where the blow has not ended it already.
fn let_go(house: &House, step: Step, victim: Victim, killed: bool) {
    match step {
        Step::Queued if !(killed && victim == Victim::Agent) => {
            house.till.program.as_ref().unwrap().resume().unwrap();
        }
        Step::Accepted | Step::Started if !(killed && victim == Victim::Printer) => {
            house.paper.control("fault none").unwrap();
        }
        _ => {}
    }
}

async fn play(house: &mut House, step: Step, victim: Victim, kill: bool) -> String {
    let case = format!(
        "{step:?}-{victim:?}-{}",
        if kill { "killed" } else { "stopped" }
    );
    let job = hold_at(house, step, &case).await;
    if kill {
        program(house, victim).kill().unwrap();
        restart(house, victim);
    } else {
        program(house, victim).stop().unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        program(house, victim).resume().unwrap();
    }
    let_go(house, step, victim, kill);

    let api = house.hub.api().unwrap();
    let settled = api
        .settled(job.id, Duration::from_secs(40))
        .await
        .unwrap_or_else(|error| panic!("{case}: {error:#}\n{}", house.till.log()));
    let on_paper = || {
        let titles = house.paper.titles().unwrap();
        titles.iter().filter(|title| **title == case).count()
    };
    // The only cases in doubt: whoever was sending or receiving the bytes is gone.
    let in_doubt = kill && step == Step::Started && victim != Victim::Hub;
    if in_doubt {
        assert_eq!(settled.state, JobState::Uncertain, "{case}: {settled:#?}");
        assert!(
            settled.detail.is_some(),
            "{case}: tells the clerk what is in doubt"
        );
        assert!(on_paper() <= 1, "{case}: printed twice");
    } else {
        assert_eq!(settled.state, JobState::Done, "{case}: {settled:#?}");
        assert_eq!(on_paper(), 1, "{case}");
    }
    format!("{case}: {}", settled.state)
}

async fn all_steps(victim: Victim) {
    let mut house = House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap();
    for step in [Step::Queued, Step::Accepted, Step::Started] {
        for kill in [true, false] {
            println!("{}", play(&mut house, step, victim, kill).await);
        }
    }
}

#[tokio::test]
async fn the_hub_struck_at_every_step() {
    all_steps(Victim::Hub).await;
}

#[tokio::test]
async fn the_agent_struck_at_every_step() {
    all_steps(Victim::Agent).await;
}

#[tokio::test]
async fn the_printer_struck_at_every_step() {
    all_steps(Victim::Printer).await;
}
