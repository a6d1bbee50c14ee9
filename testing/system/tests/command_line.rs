//! The box office's verbs of `cueline` against a real hub, till and printer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use cueline_system::box_office::{FRONT, House};
use cueline_system::paper::ticket;
use cueline_system::program::{PATIENCE, Program};
use cueline_system::settings::{QUICK_AGENT, QUICK_HUB};
use serde_json::Value;

/// `cueline` as a clerk of this house calls it: with a profile of its own and no variables.
struct Clerk<'a> {
    house: &'a House,
}

struct Told {
    code: i32,
    out: String,
    err: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

impl Clerk<'_> {
    fn says(&self, arguments: &[&str]) -> Told {
        let (status, out, err) = Program::run("cueline", |command| {
            command
                .args(arguments)
                .env_remove("CUELINE_KEY")
                .env("XDG_CONFIG_HOME", self.house.folder.path().join("config"));
        })
        .unwrap();
        Told {
            code: status.code().unwrap(),
            out,
            err,
        }
    }

    fn logs_in(&self) -> Told {
        let hub = &self.house.hub;
        let (ca, key) = (hub.ca().display().to_string(), hub.key().unwrap());
        self.says(&["login", "--hub", &hub.url(), "--key", &key, "--ca", &ca])
    }
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_clerk_logs_in_once_and_prints() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    let folder = house.folder.path();
    let paper = file(folder, "ticket.escpos", &ticket("Hamlet"));

    let before = clerk.says(&["status"]);
    assert_eq!(before.code, 1);
    assert!(before.err.contains("cueline login"), "{}", before.err);
    let login = clerk.logs_in();
    assert_eq!(login.code, 0, "{}", login.err);
    assert!(!login.out.contains(&house.hub.key().unwrap()));

    let unknown = clerk.says(&["print", &paper, "--printer", "fornt"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.err.contains("there are: front"), "{}", unknown.err);

    let printed = clerk.says(&["print", &paper, "--printer", FRONT, "--wait", "--json"]);
    assert_eq!(printed.code, 0, "{}{}", printed.out, printed.err);
    let last: Value = serde_json::from_str(printed.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "outcome");
    assert_eq!(last["job"]["title"], "ticket.escpos");
    assert_eq!(house.paper.titles().unwrap(), ["Hamlet"]);

    let id = last["job"]["id"].as_str().unwrap();
    let shown = clerk.says(&["jobs", id]);
    assert!(
        shown.out.contains("printed: the printer itself said so"),
        "{}",
        shown.out
    );
    let late = clerk.says(&["cancel", id, "--json"]);
    assert_eq!(late.code, 1, "{}", late.out);
    let problem: Value = serde_json::from_str(late.err.trim()).unwrap();
    assert_eq!(problem["code"], "too_late");
}

#[tokio::test]
async fn a_long_document_is_uploaded_first_and_a_repeat_prints_once() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    // Feeds of no dots leave no mark and make the ticket longer than what travels in an event.
    let mut long = ticket("Long");
    let feeds = b"\x1bJ\x00".repeat(40_000);
    long.splice(2..2, feeds);
    let paper = file(house.folder.path(), "long.bin", &long);
    let arguments = [
        "print",
        &paper,
        "-p",
        FRONT,
        "--wait",
        "--idempotency-key",
        "order-1",
        "--json",
    ];
    let jobs: Vec<Value> = [(), ()]
        .iter()
        .map(|()| {
            let told = clerk.says(&arguments);
            assert_eq!(told.code, 0, "{}{}", told.out, told.err);
            serde_json::from_str::<Value>(told.out.lines().last().unwrap()).unwrap()
        })
        .collect();
    assert_eq!(jobs[0]["job"]["id"], jobs[1]["job"]["id"]);
    assert_eq!(jobs[0]["job"]["document"]["bytes"], long.len());
    assert_eq!(house.paper.titles().unwrap(), ["Long"]);
}

#[tokio::test]
async fn a_job_that_cannot_start_waits_expires_or_is_cancelled_with_its_own_exit_code() {
    let mut house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    house.till.program = None;
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    let paper = file(house.folder.path(), "ticket.escpos", &ticket("Hamlet"));

    let unfinished = clerk.says(&["print", &paper, "-p", FRONT, "--wait=2", "--json"]);
    assert_eq!(unfinished.code, 5, "{}{}", unfinished.out, unfinished.err);
    let lines: Vec<Value> = unfinished
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(
        lines.iter().any(|line| line["what"] == "waiting"),
        "{}",
        unfinished.out
    );
    let id = lines.last().unwrap()["job"]["id"]
        .as_str()
        .unwrap()
        .to_owned();

    let cancelled = clerk.says(&["cancel", &id]);
    assert_eq!(cancelled.code, 0, "{}", cancelled.err);
    assert!(
        cancelled.out.contains("cancelled; nothing was printed"),
        "{}",
        cancelled.out
    );
    let listed = clerk
        .says(&["jobs", "--state", "cancelled", "--json"])
        .json();
    assert_eq!(listed[0]["id"], id.as_str());

    let expired = clerk.says(&["print", &paper, "-p", FRONT, "--expires-in", "1", "--wait"]);
    assert_eq!(expired.code, 3, "{}{}", expired.out, expired.err);
    assert!(expired.out.contains("expired"), "{}", expired.out);
}

#[tokio::test]
async fn ctrl_c_ends_the_waiting_and_not_the_job() {
    let mut house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    house.till.program = None;
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    let folder = house.folder.path();
    let paper = file(folder, "ticket.escpos", &ticket("Hamlet"));

    let mut waiting = Program::start("cueline", &folder.join("print.log"), |command| {
        command
            .args(["print", &paper, "-p", FRONT, "--wait"])
            .env_remove("CUELINE_KEY")
            .env("XDG_CONFIG_HOME", folder.join("config"));
    })
    .unwrap();
    waiting.wait_for("waiting").unwrap();
    waiting.interrupt().unwrap();
    let status = waiting.wait().unwrap();
    assert_eq!(status.code(), Some(5), "{}", waiting.log());
    assert!(
        waiting.log().contains("the job goes on"),
        "{}",
        waiting.log()
    );
    let queued = clerk.says(&["jobs", "--state", "queued", "--json"]).json();
    assert_eq!(queued.as_array().unwrap().len(), 1, "{queued}");
}

#[tokio::test]
async fn a_pairing_code_made_here_registers_a_second_till() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    let code = clerk.says(&["pair", "--json"]).json();
    let code = code["code"].as_str().unwrap();
    let data = house.folder.path().join("till-2").display().to_string();
    let ca = house.hub.ca().display().to_string();
    let register = clerk.says(&[
        "register",
        "--hub",
        &house.hub.url(),
        "--code",
        code,
        "--name",
        "till-2",
        "--ca",
        &ca,
        "--data",
        &data,
    ]);
    assert_eq!(register.code, 0, "{}{}", register.out, register.err);
    let status = clerk.says(&["status", "--json"]).json();
    let names: Vec<&str> = status["agents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|agent| agent["name"].as_str())
        .collect();
    assert!(names.contains(&"till-2"), "{names:?}");
}

#[tokio::test]
async fn a_printer_is_shown_tested_and_its_troubles_told() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    clerk.logs_in();

    let shown = clerk.says(&["printers"]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    for line in [": ready\n", "  proves    printed", "  options   "] {
        assert!(shown.out.contains(line), "{line:?}:\n{}", shown.out);
    }
    let one = clerk.says(&["printers", FRONT, "--json"]).json();
    assert_eq!(one["capabilities"]["proves"], "printed", "{one:#}");

    let tested = clerk.says(&["printers", "test", FRONT, "--wait"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
    assert_eq!(house.paper.tickets().unwrap().len(), 1);

    house.paper.control("fault paper_out").unwrap();
    let waits = clerk.says(&["printers", "test", FRONT, "--wait=6"]);
    assert_eq!(waits.code, 5, "{}{}", waits.out, waits.err);
    house.paper.control("fault none").unwrap();
    let id = waits.out.split(' ').next().unwrap();
    let api = house.hub.api().unwrap();
    api.settled(id.parse().unwrap(), PATIENCE).await.unwrap();
    let events = clerk.says(&["printers", "events", FRONT]);
    for word in ["stopped", "went on", "paper_out"] {
        assert!(events.out.contains(word), "{word}:\n{}", events.out);
    }
}

#[tokio::test]
async fn a_job_in_doubt_is_resolved_or_printed_again() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    let folder = house.folder.path();
    let paper = file(folder, "ticket.escpos", &ticket("Hamlet"));

    house
        .paper
        .control("fault cut_connection after=20")
        .unwrap();
    let doubt = clerk.says(&["print", &paper, "-p", FRONT, "--wait"]);
    assert_eq!(doubt.code, 4, "{}{}", doubt.out, doubt.err);
    let id = doubt.out.split(' ').next().unwrap();
    let advice = format!("cueline resolve {id} printed --by NAME");
    assert!(doubt.out.contains(&advice), "{}", doubt.out);
    house.paper.control("fault none").unwrap();

    let again = clerk.says(&["reprint", id, "--by", "Ann", "--wait", "--json"]);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    let last: Value = serde_json::from_str(again.out.lines().last().unwrap()).unwrap();
    assert_eq!(last["job"]["reprint_of"], id);
    assert_eq!(last["job"]["marked"], true, "{last:#}");

    let before = clerk.says(&["jobs", id, "--json"]).json();
    assert_eq!(before["state"], "uncertain");
    assert_eq!(before["resolution"]["decision"], "reprinted", "{before:#}");
    let other = clerk.says(&["resolve", id, "printed", "--by", "Ann", "--json"]);
    assert_eq!(other.code, 1, "{}", other.out);

    house
        .paper
        .control("fault cut_connection after=20")
        .unwrap();
    let doubt = clerk.says(&["print", &paper, "-p", FRONT, "--wait"]);
    assert_eq!(doubt.code, 4, "{}{}", doubt.out, doubt.err);
    house.paper.control("fault none").unwrap();
    let id = doubt.out.split(' ').next().unwrap();
    let found = clerk.says(&[
        "resolve",
        id,
        "not-printed",
        "--by",
        "Ann",
        "--reason",
        "torn",
    ]);
    assert_eq!(found.code, 0, "{}", found.err);
    assert!(
        found.out.contains("is not on paper, says Ann: torn"),
        "{}",
        found.out
    );
    let shown = clerk.says(&["jobs", id]);
    assert!(shown.out.contains("resolved  "), "{}", shown.out);
}

#[tokio::test]
async fn what_a_printer_cannot_do_is_noted_or_refused() {
    let house = House::open(QUICK_HUB, QUICK_AGENT).await.unwrap();
    let clerk = Clerk { house: &house };
    clerk.logs_in();
    let paper = file(house.folder.path(), "ticket.escpos", &ticket("Hamlet"));
    let asked = ["print", &paper, "-p", FRONT, "--duplex", "long-edge"];

    let noted = clerk.says(&[&asked[..], &["--wait"]].concat());
    assert_eq!(noted.code, 0, "{}{}", noted.out, noted.err);
    assert!(
        noted.out.contains("note: duplex long_edge"),
        "{}",
        noted.out
    );
    let refused = clerk.says(&[&asked[..], &["--strict"]].concat());
    assert_eq!(refused.code, 1, "{}", refused.out);
    assert!(refused.err.contains("duplex"), "{}", refused.err);
    let nonsense = clerk.says(&["print", &paper, "-p", FRONT, "--nup", "3"]);
    assert!(
        nonsense.err.contains("1, 2, 4, 6, 9 or 16"),
        "{}",
        nonsense.err
    );
}

#[tokio::test]
async fn a_printer_is_added_to_a_till_as_its_people_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let toml = folder.path().join("agent.toml");
    std::fs::write(&toml, "# the box office\n").unwrap();
    let add = |arguments: &[&str]| {
        Program::run("cueline", |command| {
            command
                .args(["printers", "add", "--data", &data])
                .args(arguments);
        })
        .unwrap()
    };
    let (status, out, err) = add(&["front", "tcp://192.0.2.7:9100", "--language", "escpos"]);
    assert!(status.success(), "{out}{err}");
    assert!(out.contains("start the agent again"), "{out}");
    let text = std::fs::read_to_string(&toml).unwrap();
    assert!(
        text.starts_with("# the box office\n\n[[printers]]\n"),
        "{text}"
    );
    let (status, _, err) = add(&["front", "tcp://192.0.2.8:9100", "--language", "raw"]);
    assert_eq!(status.code(), Some(1));
    assert!(err.contains("share a name"), "{err}");
}
