//! What can be wrong with the machine a program is started on.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::time::Duration;

use cueline_model::JobState;
use cueline_system::api::raw_job;
use cueline_system::box_office::{
    FRONT, House, Hub, PrinterSetup, Till, TillSetup, wait_for_printer,
};
use cueline_system::paper::{Paper, ticket};
use cueline_system::program::{Program, preload};
use cueline_system::settings;

fn hub_says(arguments: &[&str]) -> (bool, String) {
    let (status, out, err) = Program::run("cueline-hub", |command| {
        command.arg("run").args(arguments);
    })
    .unwrap();
    (status.success(), out + &err)
}

#[test]
fn a_taken_port_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let data = folder.path().join("hub").display().to_string();
    let (started, said) = hub_says(&["--data", &data, "--listen", &address]);
    assert!(!started);
    assert!(said.contains(&address), "{said}");
}

#[test]
fn an_unwritable_data_directory_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not-a-folder");
    std::fs::write(&file, "").unwrap();
    let data = file.join("hub").display().to_string();
    let (started, said) = hub_says(&["--data", &data, "--listen", "127.0.0.1:0"]);
    assert!(!started);
    assert!(said.contains(&data), "{said}");

    let (status, out, err) = Program::run("cueline-agent", |command| {
        command.args(["run", "--data", &data]);
    })
    .unwrap();
    assert!(!status.success());
    assert!((out + &err).contains(&data));
}

#[test]
fn all_errors_of_a_configuration_are_reported_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.toml");
    std::fs::write(
        &path,
        "proxy = \"ftp://x\"\n[link]\nping_s = 1\n[[printers]]\nname = \"a b\"\nport = \"lpt1\"\nlanguage = \"escpos\"\n",
    )
    .unwrap();
    let (status, out, err) = Program::run("cueline-agent", |command| {
        command.args(["check", "--data"]).arg(folder.path());
    })
    .unwrap();
    let said = out + &err;
    assert!(!status.success(), "{said}");
    for part in ["proxy", "ping_s", "a b", "lpt1"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[tokio::test]
async fn an_unregistered_agent_says_how_to_register() {
    let folder = tempfile::tempdir().unwrap();
    let (status, out, err) = Program::run("cueline-agent", |command| {
        command.args(["run", "--data"]).arg(folder.path());
    })
    .unwrap();
    assert!(!status.success());
    assert!((out + &err).contains("register"));
}

#[tokio::test]
async fn two_on_one_data_directory_are_refused() {
    let house = House::open(settings::QUICK_HUB, settings::QUICK_AGENT)
        .await
        .unwrap();
    let data = house.hub.data().display().to_string();
    let (started, said) = hub_says(&["--data", &data, "--listen", "127.0.0.1:0"]);
    assert!(!started, "{said}");
    assert!(said.contains(&data), "{said}");
    let (status, out, err) = Program::run("cueline-agent", |command| {
        command.args(["run", "--data"]).arg(house.till.data());
    })
    .unwrap();
    let said = out + &err;
    assert!(!status.success(), "{said}");
    assert!(said.contains("another"), "{said}");
}

#[tokio::test]
async fn a_clock_an_hour_off_locks_nobody_out_and_expires_nothing_wrongly() {
    for offset in ["-1h", "+1h"] {
        let folder = tempfile::tempdir().unwrap();
        let paper = Paper::start(folder.path(), FRONT).unwrap();
        let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
        let setup = TillSetup {
            config: settings::QUICK_AGENT.to_owned(),
            printers: vec![PrinterSetup::escpos(FRONT, paper.address())],
            register_arguments: Vec::new(),
        };
        let mut till = Till::register(folder.path(), "till", &hub, &setup)
            .await
            .unwrap();
        till.environment = vec![
            preload("faketime/libfaketime.so.1").unwrap(),
            ("FAKETIME".to_owned(), offset.to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()),
        ];
        till.restart().unwrap();
        let api = hub.api().unwrap();
        let printer = wait_for_printer(&api, FRONT)
            .await
            .unwrap_or_else(|error| panic!("{offset}: {error:#}\n{}", till.log()));
        let mut request = raw_job(printer.id, &ticket("on time"));
        request.expires_in_s = Some(60);
        let job: cueline_wire::api::PrintJob =
            api.submit(&request, "k").await.unwrap().json().unwrap();
        let settled = api.settled(job.id, Duration::from_secs(20)).await.unwrap();
        assert_eq!(settled.state, JobState::Done, "{offset}: {settled:#?}");
        let times: Vec<_> = settled.timeline.iter().map(|entry| entry.at).collect();
        let span = times.last().unwrap().0.ms_since(times[0].0);
        assert!(
            (0..60_000).contains(&span),
            "{offset}: the timeline is on the hub's clock: {:#?}",
            settled.timeline
        );
    }
}
