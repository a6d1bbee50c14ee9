//! `cueline demo` on the built programs: the ticket, the hints as pasted lines, the end.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use cueline_system::program::{PATIENCE, Program, program_path};
use rustix::process::{Pid, test_kill_process};
use serde_json::Value;

/// Runs `cueline demo` to its end, with its temporary folder made in `temporary`.
fn demo(arguments: &[&str], temporary: &Path) -> (i32, String, String) {
    let (status, out, err) = Program::run("cueline", |command| {
        command.arg("demo").args(arguments).env("TMPDIR", temporary);
    })
    .unwrap();
    (status.code().unwrap(), out, err)
}

fn events(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

fn event<'a>(events: &'a [Value], name: &str) -> &'a Value {
    events
        .iter()
        .find(|event| event["event"] == name)
        .unwrap_or_else(|| panic!("no {name} in {events:#?}"))
}

/// Runs the demo once with a printer of this kind, and holds the ticket against its document.
fn prints_the_ticket_that_a_scanner_reads(kind: &str) {
    let (temporary, keep) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keep_shown = keep.path().display().to_string();
    let arguments = ["--printer", kind, "--once", "--json", "--keep", &keep_shown];
    let (code, out, err) = demo(&arguments, temporary.path());
    assert_eq!(code, 0, "{out}{err}");

    let events = events(&out);
    let ticket = event(&events, "ticket");
    assert_eq!(ticket["job"]["state"], "done", "{ticket:#}");
    assert_eq!(ticket["job"]["proof"], "printed", "{ticket:#}");
    assert_eq!(ticket["job"]["document"]["content_type"], "ticket");
    let timeline = ticket["job"]["timeline"].as_array().unwrap();
    let steps: Vec<&str> = timeline.iter().filter_map(|e| e["what"].as_str()).collect();
    assert_eq!(steps, ["queued", "accepted", "started", "done"]);

    let picture = PathBuf::from(ticket["picture"].as_str().unwrap());
    assert!(picture.starts_with(keep.path()), "{}", picture.display());
    let scan = Command::new("zbarimg")
        .arg("--quiet")
        .arg(&picture)
        .output()
        .expect("zbarimg is there: Debian's zbar-tools, installed by `cargo xtask test`");
    let codes = String::from_utf8_lossy(&scan.stdout).into_owned();
    let qr = "QR-Code:https://lyceum.example/t/8F3K22Q7-014";
    assert!(codes.contains(qr), "{codes}");
    assert!(codes.contains("CODE-128:8F3K22Q7-014"), "{codes}");
    let left = std::fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(left, 0, "the demo left files behind");
}

#[test]
fn a_receipt_printer_prints_it() {
    prints_the_ticket_that_a_scanner_reads("escpos");
}

#[test]
fn a_ticket_printer_prints_it() {
    prints_the_ticket_that_a_scanner_reads("fgl");
}

#[test]
fn a_label_printer_prints_it() {
    prints_the_ticket_that_a_scanner_reads("zpl");
}

#[test]
fn an_office_printer_prints_it() {
    prints_the_ticket_that_a_scanner_reads("pdf");
}

#[test]
fn once_tells_people_the_way_and_the_place_of_the_ticket() {
    let temporary = tempfile::tempdir().unwrap();
    let (code, out, err) = demo(&["--once"], temporary.path());
    assert_eq!(code, 0, "{out}{err}");
    let order = [
        "hub ", "printer ", "agent ", "click", "queued", "accepted", "started", "done",
    ];
    let mut rest = out.as_str();
    for word in order {
        let at = rest
            .find(word)
            .unwrap_or_else(|| panic!("{word} is missing in:\n{out}"));
        rest = &rest[at + word.len()..];
    }
    let place = out.split_once("the ticket: ").unwrap().1;
    let picture = Path::new(place.lines().next().unwrap());
    assert!(picture.is_absolute() && picture.exists(), "{out}");
}

#[test]
fn a_missing_program_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("cueline");
    std::fs::copy(program_path("cueline").unwrap(), &alone).unwrap();
    let run = Command::new(&alone)
        .args(["demo", "--once"])
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{err}");
    assert!(
        err.contains("find cueline-hub: expected it beside"),
        "{err}"
    );
}

/// A demo that runs on, in a folder of its own.
struct Running {
    program: Program,
    temporary: tempfile::TempDir,
    hints: Vec<(String, String)>,
}

impl Running {
    fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let log = temporary.path().join("demo.log");
        let place = temporary.path().to_owned();
        let mut program = Program::start("cueline", &log, |command| {
            command.args(["demo", "--json"]).env("TMPDIR", place);
        })
        .unwrap();
        let line = program.wait_for("\"event\":\"hints\"").unwrap();
        let document: Value = serde_json::from_str(&line).unwrap();
        let hints = document["hints"].as_array().unwrap();
        let text = |hint: &Value, field: &str| hint[field].as_str().unwrap().to_owned();
        let hints = hints
            .iter()
            .map(|hint| (text(hint, "does"), text(hint, "line")));
        Self {
            hints: hints.collect(),
            program,
            temporary,
        }
    }

    /// Pastes the hint that does `what` into a shell, with `more` after it.
    fn paste(&self, what: &str, more: &str) -> Output {
        let (_, line) = self
            .hints
            .iter()
            .find(|(does, _)| does.contains(what))
            .unwrap_or_else(|| panic!("no hint for {what}: {:#?}", self.hints));
        Command::new("sh")
            .args(["-c", &format!("{line} {more}")])
            .output()
            .unwrap()
    }

    fn wait_for_pictures(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.program.log();
            let seen = log.matches("\"event\":\"picture\"").count();
            if seen >= count {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{count} pictures awaited:\n{log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn children(pid: u32) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    list.split_whitespace()
        .filter_map(|child| child.parse().ok().and_then(Pid::from_raw))
        .collect()
}

#[test]
fn every_hint_works_as_pasted_and_the_end_leaves_nothing() {
    let mut demo = Running::start();

    let curl = demo.paste("curl", "--silent --show-error --fail-with-body");
    let answer = String::from_utf8_lossy(&curl.stdout).into_owned();
    assert!(curl.status.success(), "{answer}{curl:?}");
    assert!(answer.contains("\"id\":\"job_"), "{answer}");
    demo.wait_for_pictures(1);

    let again = demo.paste("print the ticket again", "");
    let told = String::from_utf8_lossy(&again.stdout).into_owned();
    assert_eq!(again.status.code(), Some(0), "{told}{again:?}");
    assert!(
        told.ends_with("printed: the printer itself said so\n"),
        "{told}"
    );
    demo.wait_for_pictures(2);

    assert!(
        demo.paste("take the printer's paper away", "")
            .status
            .success()
    );
    let line = &demo
        .hints
        .iter()
        .find(|(does, _)| does.contains("again"))
        .unwrap()
        .1;
    let patient = line.replace("--wait", "--wait=8");
    let stuck = Command::new("sh").args(["-c", &patient]).output().unwrap();
    let told = String::from_utf8_lossy(&stuck.stdout).into_owned();
    assert_eq!(stuck.status.code(), Some(5), "{told}{stuck:?}");
    assert!(told.contains("waiting") && told.contains("paper"), "{told}");

    let status = demo.paste("see what is there", "");
    let told = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        told.contains("online") && told.contains("paper_out"),
        "{told}"
    );

    let well = demo.paste("all is well", "");
    assert!(well.status.success());
    demo.wait_for_pictures(3);

    let programs = children(demo.program.pid());
    assert_eq!(programs.len(), 5, "hub, printer, agent, terminal and tray");
    demo.program.terminate().unwrap();
    let status = demo.program.wait().unwrap();
    assert!(status.success(), "{status}\n{}", demo.program.log());
    for program in programs {
        assert!(
            test_kill_process(program).is_err(),
            "{program:?} still runs"
        );
    }
    let left: Vec<_> = std::fs::read_dir(demo.temporary.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the log is left: {left:?}");
}

#[test]
fn a_program_that_dies_ends_the_demo_with_its_last_words() {
    let mut demo = Running::start();
    let programs = children(demo.program.pid());
    let victim = programs.first().copied().unwrap();
    rustix::process::kill_process(victim, rustix::process::Signal::KILL).unwrap();
    let status = demo.program.wait().unwrap();
    let log = demo.program.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("ended by itself"), "{log}");
    for program in programs {
        assert!(
            test_kill_process(program).is_err(),
            "{program:?} still runs"
        );
    }
}
