//! The program ends when it is asked to, also while a printer's device takes nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cueline_agent_core::{Job, Record};
use cueline_journal::{Journal, OnDamage};
use cueline_model::{
    AgentId, ContentType, Document, JobId, JobKey, Sha256, UncertainPolicy, WallTime,
};
use cueline_uplink::Fingerprint;
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{Progress, ReportEntry};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::json;

const TICKET: &[u8] = b"ticket";

/// A data directory of an agent that is registered at a hub nobody runs, with one printer.
fn register(folder: &Path, printer: &Path) {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    std::fs::write(folder.join("agent.key"), pkcs8.as_ref()).unwrap();
    let identity = json!({
        "version": 1,
        "agent": AgentId::from_u128(7),
        "hub": "https://127.0.0.1:9",
        "hub_key": Base64Bytes::from(vec![1; 32]),
        "trust": { "from": "fingerprint", "sha256": Fingerprint([9; 32]).to_string() },
        "proxy": "none",
        "tenant": "Playhouse",
        "site": "Main hall",
        "name": "till-1",
        "public_key": Base64Bytes::from(key.public_key().as_ref().to_vec()),
    });
    std::fs::write(folder.join("identity.json"), identity.to_string()).unwrap();
    let config = format!(
        "[[printers]]\nname = \"desk\"\nport = 'file://{}'\nlanguage = \"raw\"\n\
         timeouts = {{ connect_s = 0.1 }}\n",
        printer.display()
    );
    std::fs::write(folder.join("agent.toml"), config).unwrap();
}

/// A ticket that waits for the printer.
fn accept_a_ticket(folder: &Path) {
    let job = JobId::from_u128(1);
    let mut digest = [0; 32];
    digest.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, TICKET).as_ref());
    let accepted = Record::Accepted {
        entry: ReportEntry {
            seq: 0,
            job,
            attempt: 1,
            at: WallTime(1_777_663_800_000),
            progress: Progress::Accepted,
        },
        job: Job {
            options: Box::new(cueline_model::PrintOptions::default()),
            marked: false,
            key: JobKey { job, attempt: 1 },
            sequence: 1,
            printer: "desk".parse().unwrap(),
            start_by: None,
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            document: Document {
                content_type: ContentType::Raw,
                bytes: TICKET.len() as u64,
                sha256: Sha256(digest),
            },
        },
        body: Some(TICKET.to_vec().into()),
    };
    let path = folder.join("journal.sqlite");
    let mut opened = Journal::open(&path, OnDamage::Refuse).unwrap();
    opened.journal.append(&[accepted]).unwrap();
}

fn wait(agent: &mut Child, within: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        if let Some(status) = agent.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
    None
}

#[test]
fn a_device_that_blocks_does_not_keep_the_program_from_ending() {
    let folder = tempfile::tempdir().unwrap();
    // Opening it for writing blocks for as long as nobody reads.
    let device = folder.path().join("device");
    let made = Command::new("mkfifo").arg(&device).status().unwrap();
    assert!(made.success());
    register(folder.path(), &device);
    accept_a_ticket(folder.path());

    let log = folder.path().join("log");
    let mut agent = Command::new(env!("CARGO_BIN_EXE_cueline-agent"))
        .args(["run", "--data"])
        .arg(folder.path())
        .stderr(std::fs::File::create(&log).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(&log).unwrap().contains("not ready") {
        assert!(Instant::now() < deadline, "the printer was never opened");
        std::thread::sleep(Duration::from_millis(20));
    }
    let pid = agent.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    let status = wait(&mut agent, Duration::from_secs(20)).expect("it still runs after 20 s");
    assert!(status.success(), "{status}");
}
