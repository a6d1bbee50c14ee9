//! The whole agent but its command line, against a hub that answers as the test says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cueline_decoder::{Decoder, DecoderSettings};
use cueline_journal::{Journal, OnDamage};
use cueline_model::{AgentId, Outcome, Proof, WallTime};
use cueline_ports::PortAddress;
use cueline_wire::cloud::{
    Framed, Hello, Inventory, Progress, Report, ReportReply, StreamEvent, path,
};

use super::*;
use crate::hub::OfferCheck;
use crate::hub::test_hub::{Answer, Received, TestHub, signed_offer};
use crate::key::AgentKey;

const TICKET: &[u8] = b"<S1>one ticket";

fn config(folder: &Path) -> Config {
    let file = folder.join("agent.toml");
    let spool = folder.join("spool.bin");
    let port = PortAddress::File {
        path: spool.clone(),
    };
    let text = format!("[[printers]]\nname = \"desk\"\nport = '{port}'\nlanguage = \"raw\"\n");
    std::fs::write(&file, text).unwrap();
    std::fs::write(&spool, b"").unwrap();
    Config::load(Some(&file), &file).unwrap()
}

/// Greets, offers one job, stores what is reported.
async fn hub(hub_key: &AgentKey) -> TestHub {
    let hello = Framed::plain(StreamEvent::Hello(Hello {
        epoch: 1,
        server_time: WallTime(1_777_663_800_000),
        ping_s: 120,
        hub_version: "1".to_owned(),
    }));
    let job = Framed {
        sequence: Some(1),
        event: StreamEvent::Job(Box::new(signed_offer(hub_key, TICKET))),
    };
    let stream = hello.encode() + &job.encode();
    TestHub::start(move |request| match request.target.as_str() {
        path::REPORTS => {
            let report: Report = serde_json::from_slice(&request.body).unwrap();
            let stored = report.entries.iter().map(|entry| entry.seq).collect();
            let reply = ReportReply {
                stored,
                rejected: Vec::new(),
            };
            Answer::json(200, &serde_json::to_string(&reply).unwrap())
        }
        path::INVENTORY => Answer::json(200, "{\"printers\":[]}"),
        _ => Answer::held(vec![stream.clone().into_bytes()]),
    })
    .await
}

fn means(config: &Config, hub: &TestHub, hub_key: &AgentKey) -> Means {
    Means {
        decoder: no_decoder(),
        hub: Arc::new(hub.client()),
        offers: Arc::new(OfferCheck {
            agent: AgentId::from_u128(7),
            hub_key: hub_key.public().to_vec(),
        }),
        installed: Arc::new(Installed::new(&config.printers)),
        payments: crate::payments::news().0,
    }
}

fn start(folder: &Path, hub: &TestHub, hub_key: &AgentKey) -> (Shell, EventDoor) {
    let opened = Journal::open(&folder.join("journal.sqlite"), OnDamage::Refuse).unwrap();
    let config = config(folder);
    let means = means(&config, hub, hub_key);
    Shell::start(&config, 1, opened.journal, opened.recovered, means).unwrap()
}

/// Raw documents need none.
fn no_decoder() -> Decoder {
    Decoder::new(DecoderSettings::of_program("/no/decoder".into()))
}

fn progress(requests: &[Received]) -> Vec<Progress> {
    let reports = requests
        .iter()
        .filter(|request| request.target == path::REPORTS);
    reports
        .flat_map(|request| {
            serde_json::from_slice::<Report>(&request.body)
                .unwrap()
                .entries
        })
        .map(|entry| entry.progress)
        .collect()
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited 30 s for: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offered_ticket_is_printed_reported_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (hub_key, _) = AgentKey::generate().unwrap();
    let hub = hub(&hub_key).await;
    let (shell, door) = start(folder.path(), &hub, &hub_key);
    let running = tokio::spawn(shell.run());

    let done = Progress::Ended(Outcome::Done {
        proof: Proof::Spooled,
    });
    until("the report of the end", || {
        progress(&hub.requests()).contains(&done)
    })
    .await;
    let told = progress(&hub.requests());
    assert_eq!(told, [Progress::Accepted, Progress::Started, done.clone()]);
    assert_eq!(
        std::fs::read(folder.path().join("spool.bin")).unwrap(),
        TICKET
    );
    let inventory = hub
        .requests()
        .into_iter()
        .find(|request| request.target == path::INVENTORY);
    let inventory: Inventory = serde_json::from_slice(&inventory.unwrap().body).unwrap();
    assert_eq!(inventory.printers[0].name.as_str(), "desk");

    door.put(Event::Shutdown).await;
    tokio::time::timeout(Duration::from_secs(30), running)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let opened = Journal::open(&folder.path().join("journal.sqlite"), OnDamage::Refuse).unwrap();
    assert_eq!(opened.recovered.jobs.len(), 1);
    assert_eq!(opened.recovered.jobs[0].newest_entry.progress, done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_offered_again_after_a_restart_is_not_printed_again() {
    let folder = tempfile::tempdir().unwrap();
    let (hub_key, _) = AgentKey::generate().unwrap();
    let first_hub = hub(&hub_key).await;
    let (shell, door) = start(folder.path(), &first_hub, &hub_key);
    let running = tokio::spawn(shell.run());
    until("the first print", || {
        progress(&first_hub.requests()).len() == 3
    })
    .await;
    door.put(Event::Shutdown).await;
    running.await.unwrap().unwrap();

    // The spool file is left as it is; a second print would be appended to it.
    let second_hub = hub(&hub_key).await;
    let opened = Journal::open(&folder.path().join("journal.sqlite"), OnDamage::Refuse).unwrap();
    let config = Config::load(None, &folder.path().join("agent.toml")).unwrap();
    let means = means(&config, &second_hub, &hub_key);
    let (shell, door) = Shell::start(&config, 2, opened.journal, opened.recovered, means).unwrap();
    let running = tokio::spawn(shell.run());
    until("its end told again", || {
        progress(&second_hub.requests())
            .iter()
            .any(|step| matches!(step, Progress::Ended(_)))
    })
    .await;
    door.put(Event::Shutdown).await;
    running.await.unwrap().unwrap();
    assert_eq!(
        std::fs::read(folder.path().join("spool.bin")).unwrap(),
        TICKET
    );
}
