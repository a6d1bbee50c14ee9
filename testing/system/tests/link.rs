//! The held request between real processes, with shortened timings: once each, what the cores'
//! tests assert to the millisecond.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use cueline_model::JobState;
use cueline_system::api::raw_job;
use cueline_system::box_office::{House, wait_for_agent};
use cueline_system::paper::ticket;
use cueline_system::settings;
use cueline_wire::api::{AgentState, PrintJob};

async fn house() -> House {
    House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_silent_link_stays_up_by_its_pings() {
    let house = house().await;
    let api = house.hub.api().unwrap();
    let before = api.agents().await.unwrap().remove(0);
    // Two idle time-outs long nothing but pings passes.
    tokio::time::sleep(Duration::from_secs(7)).await;
    let after = api.agents().await.unwrap().remove(0);
    assert_eq!(after.state, AgentState::Online);
    assert_eq!(after.connected_since, before.connected_since);
    assert_eq!(after.ping_s, Some(1));
}

#[tokio::test]
async fn a_hub_that_hangs_is_noticed_by_the_agent_and_found_again() {
    let mut house = house().await;
    house.hub.process().stop().unwrap();
    let down = house.till.process().wait_for("link down").unwrap();
    assert!(down.contains("3 s") || down.contains("silen"), "{down}");
    house.hub.process().resume().unwrap();
    prints(&house, "after the hang").await;
}

#[tokio::test]
async fn an_agent_that_hangs_is_shown_offline_and_gets_its_job_when_it_goes_on() {
    let mut house = house().await;
    let api = house.hub.api().unwrap();
    house.till.process().stop().unwrap();
    wait_for_agent(&api, Duration::from_secs(15), |agent| {
        agent.state == AgentState::Offline
    })
    .await
    .unwrap();
    let request = raw_job(house.printer.id, &ticket("kept for later"));
    let job: PrintJob = api.submit(&request, "k").await.unwrap().json().unwrap();
    let seen = api.job(job.id).await.unwrap();
    assert_eq!(seen.state, JobState::Queued);
    assert_eq!(seen.waiting.unwrap().code, "agent_offline");
    house.till.process().resume().unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
}

#[tokio::test]
async fn an_orderly_restart_of_the_hub_is_announced_and_bridged() {
    let mut house = house().await;
    house.hub.process().terminate().unwrap();
    let status = house.hub.process().wait().unwrap();
    assert!(status.success(), "{}", house.hub.process().log());
    house.till.process().wait_for("is being restarted").unwrap();
    house.hub.restart().unwrap();
    prints(&house, "after the restart").await;
}

#[tokio::test]
async fn an_orderly_end_of_the_agent_finishes_the_ticket_in_hand() {
    let mut house = house().await;
    let api = house.hub.api().unwrap();
    house.paper.control("fault stall").unwrap();
    let request = raw_job(house.printer.id, &ticket("in hand"));
    let job: PrintJob = api.submit(&request, "k").await.unwrap().json().unwrap();
    wait_for_state(&house, &job, JobState::Started).await;
    house.till.process().terminate().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(
        house.till.process().is_running().unwrap(),
        "it waits for the ticket"
    );
    house.paper.control("fault none").unwrap();
    assert!(house.till.process().wait().unwrap().success());
    house.till.restart().unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    assert_eq!(house.paper.titles().unwrap(), ["in hand"]);
}

#[tokio::test]
async fn after_a_drop_the_announced_pauses_follow_the_schedule() {
    let mut house = house().await;
    // A link that is cut before it is as old as a quick pause is not followed at once.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = house.till.log().len();
    house.hub.process().kill().unwrap();
    // The immediate try, five quick ones and some steady ones; fewer than the log tells of one by one.
    let deadline = Instant::now() + Duration::from_secs(30);
    let pauses_ms = loop {
        let pauses_ms = announced_pauses_ms(&house.till.log()[before..]);
        if pauses_ms.len() >= 16 {
            break pauses_ms;
        }
        assert!(Instant::now() < deadline, "only {pauses_ms:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let (quick, steady) = pauses_ms.split_at(6);
    assert_eq!(quick[..5], [0, 50, 50, 50, 50], "{pauses_ms:?}");
    assert!((40..=60).contains(&quick[5]), "{pauses_ms:?}");
    let spread = |pause_ms: &u64| (160..=240).contains(pause_ms);
    assert!(steady.iter().all(spread), "{pauses_ms:?}");
    let first = steady[0];
    assert!(
        steady.iter().any(|pause_ms| *pause_ms != first),
        "no jitter: {pauses_ms:?}"
    );
}

/// The pauses that an agent's log announces, to the hundredth of a second.
fn announced_pauses_ms(log: &str) -> Vec<u64> {
    let announced = log
        .lines()
        .filter_map(|line| line.split_once("; next try "));
    announced
        .map(
            |(_, when)| match when.split_whitespace().collect::<Vec<_>>()[..] {
                ["at", "once", ..] => 0,
                ["in", seconds, "s", ..] => {
                    let seconds: f64 = seconds.parse().unwrap();
                    Duration::from_secs_f64(seconds)
                        .as_millis()
                        .try_into()
                        .unwrap()
                }
                _ => panic!("expected a pause, got {when:?}"),
            },
        )
        .collect()
}

async fn wait_for_state(house: &House, job: &PrintJob, state: JobState) {
    let api = house.hub.api().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let seen = api.job(job.id).await.unwrap();
        if seen.state == state {
            return;
        }
        assert!(Instant::now() < deadline, "still {seen:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn prints(house: &House, title: &str) {
    let api = house.hub.api().unwrap();
    let request = raw_job(house.printer.id, &ticket(title));
    let job = api.submit_surely(&request, title).await.unwrap();
    let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
    assert_eq!(settled.state, JobState::Done, "{settled:#?}");
    assert!(house.paper.titles().unwrap().contains(&title.to_owned()));
}
