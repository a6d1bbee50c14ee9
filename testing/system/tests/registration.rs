//! Pairing codes that are wrong, used, guessed; hubs that are not the one expected.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use cueline_system::box_office::Hub;
use cueline_system::program::Program;
use cueline_system::settings;

struct Try {
    succeeded: bool,
    said: String,
}

fn register(hub: &Hub, folder: &Path, name: &str, code: &str, trust: &[&str]) -> Try {
    let data = folder.join(name);
    let (status, out, err) = Program::run("cueline-agent", |command| {
        command
            .args(["register", "--hub", &hub.url(), "--code", code])
            .args(["--name", name, "--proxy", "none"])
            .args(trust)
            .arg("--data")
            .arg(&data);
    })
    .unwrap();
    Try {
        succeeded: status.success(),
        said: out + &err,
    }
}

#[tokio::test]
async fn a_code_registers_one_agent_and_wrong_ones_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let ca = hub.ca().display().to_string();
    let trust = ["--ca", ca.as_str()];
    let api = hub.api().unwrap();
    let code = api.pairing_code().await.unwrap().code;

    let first = register(&hub, folder.path(), "one", &code, &trust);
    assert!(first.succeeded, "{}", first.said);
    assert!(
        first.said.contains("main"),
        "names the site: {}",
        first.said
    );
    let agents = api.agents().await.unwrap();
    assert_eq!(agents.len(), 1);
    assert!(
        first.said.contains(&agents[0].fingerprint),
        "both screens show the same fingerprint {}: {}",
        agents[0].fingerprint,
        first.said
    );

    let again = register(&hub, folder.path(), "one", &code, &trust);
    assert!(!again.succeeded);
    assert!(again.said.contains("--replace"), "{}", again.said);

    let used = register(&hub, folder.path(), "two", &code, &trust);
    assert!(!used.succeeded);
    assert!(used.said.contains("code"), "{}", used.said);

    let typed = api.pairing_code().await.unwrap().code.to_lowercase();
    let lower = register(
        &hub,
        folder.path(),
        "three",
        &typed.replace('-', ""),
        &trust,
    );
    assert!(
        lower.succeeded,
        "case and dashes do not matter: {}",
        lower.said
    );
}

#[tokio::test]
async fn guessing_codes_is_slowed_down() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let ca = hub.ca().display().to_string();
    let trust = ["--ca", ca.as_str()];
    let mut said = Vec::new();
    for guess in 0..6 {
        let name = format!("guess-{guess}");
        let code = format!("AAAA-AAA{}", guess + 2);
        let attempt = register(&hub, folder.path(), &name, &code, &trust);
        assert!(!attempt.succeeded);
        said.push(attempt.said);
    }
    assert!(
        said[5].contains("too many") && !said[4].contains("too many"),
        "the sixth guess in a minute is refused as such: {said:#?}"
    );
}

#[tokio::test]
async fn a_hub_that_is_not_the_one_expected_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let other_folder = tempfile::tempdir().unwrap();
    let other = Hub::start(other_folder.path(), settings::QUICK_HUB).unwrap();
    let code = hub.api().unwrap().pairing_code().await.unwrap().code;

    let ca = other.ca().display().to_string();
    let wrong = register(&hub, folder.path(), "wrong-ca", &code, &["--ca", &ca]);
    assert!(!wrong.succeeded);
    assert!(
        wrong.said.to_lowercase().contains("cueline"),
        "names who issued the certificate it met: {}",
        wrong.said
    );
    let zeros = "00".repeat(32);
    let wrong = register(
        &hub,
        folder.path(),
        "wrong-print",
        &code,
        &["--fingerprint", &zeros],
    );
    assert!(!wrong.succeeded, "{}", wrong.said);

    let log = hub.program.as_ref().unwrap().log();
    let fingerprint = log
        .split_whitespace()
        .find(|word| word.contains("sha256:"))
        .unwrap_or_else(|| panic!("the hub prints its CA's fingerprint: {log}"));
    let right = register(
        &hub,
        folder.path(),
        "right-print",
        &code,
        &[
            "--fingerprint",
            fingerprint.trim_matches(|c: char| !c.is_alphanumeric()),
        ],
    );
    assert!(right.succeeded, "the code was not burnt: {}", right.said);
}
