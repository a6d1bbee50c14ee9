//! Full disks at either end: said clearly, nothing acknowledged that is not kept, nothing lost.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::JobState;
use cueline_system::api::raw_job;
use cueline_system::box_office::{FRONT, Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::paper::{Paper, long_ticket};
use cueline_system::settings;
use cueline_system::small_disk::SmallDisk;
use cueline_wire::api::PrintJob;

fn setup(paper: &Paper) -> TillSetup {
    TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: vec![PrinterSetup::escpos(FRONT, paper.address())],
        register_arguments: Vec::new(),
    }
}

/// More than the disks' last free pages can take.
const LONG_BYTES: usize = 40 * 1024;

#[tokio::test]
async fn a_hub_with_a_full_disk_takes_no_job_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path().join("small"), 16).unwrap();
    let paper = Paper::start(folder.path(), FRONT).unwrap();
    let hub = Hub::start(disk.folder(), settings::QUICK_HUB).unwrap();
    let _till = Till::start(folder.path(), "till", &hub, &setup(&paper))
        .await
        .unwrap();
    let api = hub.api().unwrap();
    let printer = wait_for_printer(&api, FRONT).await.unwrap().id;

    disk.fill().unwrap();
    let request = raw_job(printer, &long_ticket("refused", LONG_BYTES));
    let problem = api
        .submit(&request, "full")
        .await
        .unwrap()
        .problem()
        .unwrap();
    assert_eq!(
        (problem.status, problem.code.as_str()),
        (507, "disk_full"),
        "{problem:?}"
    );
    disk.free().unwrap();
    let job = api.submit_surely(&request, "full").await.unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    assert_eq!(paper.titles().unwrap(), ["refused"]);
}

#[tokio::test]
async fn an_agent_with_a_full_disk_acknowledges_nothing_and_prints_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let disk = SmallDisk::mount(folder.path().join("small"), 8).unwrap();
    let paper = Paper::start(folder.path(), FRONT).unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let mut till = Till::start(disk.folder(), "till", &hub, &setup(&paper))
        .await
        .unwrap();
    // The log shares the disk; what matters here is the journal.
    let api = hub.api().unwrap();
    let printer = wait_for_printer(&api, FRONT).await.unwrap().id;

    disk.fill().unwrap();
    let mut jobs: Vec<PrintJob> = Vec::new();
    for number in 0..3 {
        let request = raw_job(printer, &long_ticket(&format!("kept {number}"), LONG_BYTES));
        jobs.push(
            api.submit_surely(&request, &format!("kept-{number}"))
                .await
                .unwrap(),
        );
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for job in &jobs {
        let job = api.job(job.id).await.unwrap();
        assert_eq!(
            job.state,
            JobState::Queued,
            "nothing was acknowledged: {job:#?}"
        );
    }
    assert!(paper.titles().unwrap().is_empty(), "nothing was printed");
    assert!(till.process().is_running().unwrap(), "{}", till.log());

    disk.free().unwrap();
    for job in &jobs {
        let settled = api.settled(job.id, Duration::from_secs(40)).await.unwrap();
        assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    }
    assert_eq!(paper.titles().unwrap(), ["kept 0", "kept 1", "kept 2"]);
}
