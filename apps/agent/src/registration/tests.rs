//! Registration against a hub that answers as the test says.

use clap::Parser as _;
use cueline_model::AgentId;
use cueline_wire::Problem;
use ring::signature::{ED25519, UnparsedPublicKey};

use super::*;
use crate::cli::{Cli, Verb};
use crate::hub::test_hub::{Answer, Received, TestHub};

fn reply(agent: u128) -> Answer {
    let reply = RegistrationReply {
        agent: AgentId::from_u128(agent),
        tenant: "Playhouse".to_owned(),
        site: "Main hall".to_owned(),
        hub_key: vec![3; 32].into(),
        roots_pem: None,
    };
    Answer::json(201, &serde_json::to_string(&reply).unwrap())
}

/// The arguments for a hub whose root lies in `folder`, with the data directory below it.
fn args(hub: &TestHub, folder: &Path, more: &[&str]) -> RegisterArgs {
    let ca = folder.join("root.pem");
    std::fs::write(&ca, &hub.root_pem).unwrap();
    let (ca, data) = (ca.to_str().unwrap(), folder.join("data"));
    let url = format!("https://{}", hub.authority());
    let mut line = vec![
        "cueline-agent",
        "register",
        "--hub",
        &url,
        "--code",
        "AB12-CD34",
    ];
    line.extend(["--name", "till-1", "--proxy", "none", "--ca", ca]);
    line.extend(["--data", data.to_str().unwrap()]);
    line.extend(more);
    match Cli::try_parse_from(line).unwrap().verb {
        Verb::Register(args) => *args,
        other => panic!("{other:?}"),
    }
}

fn request(received: &Received) -> RegistrationRequest {
    serde_json::from_slice(&received.body).unwrap()
}

#[tokio::test]
async fn a_registration_proves_its_key_and_is_kept() {
    let hub = TestHub::start(|_| reply(7)).await;
    let folder = tempfile::tempdir().unwrap();
    let args = args(&hub, folder.path(), &["--json"]);
    let printed: serde_json::Value = serde_json::from_str(&register(&args).await.unwrap()).unwrap();

    let sent = request(&hub.requests()[0]);
    let text = RegistrationRequest::signed_text("AB12-CD34", "till-1");
    let key = UnparsedPublicKey::new(&ED25519, &sent.public_key.0);
    assert!(key.verify(text.as_bytes(), &sent.proof.0).is_ok());

    let data = DataDir::named(args.files.data.clone()).unwrap();
    let (identity, key) = registered(&data).unwrap();
    assert_eq!(identity.agent, AgentId::from_u128(7));
    assert_eq!(identity.hub_key, vec![3; 32]);
    assert!(matches!(&identity.trust, TrustSource::Roots { pem } if *pem == hub.root_pem));
    assert_eq!(key.public(), sent.public_key.0);
    assert_eq!(printed["key_fingerprint"], key.fingerprint().to_string());
    assert_eq!(
        (&printed["tenant"], &printed["site"]),
        (&"Playhouse".into(), &"Main hall".into())
    );
    #[cfg(unix)]
    for file in [data.key(), data.identity()] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_registered_directory_is_left_alone_unless_it_is_to_be_replaced() {
    let hub = TestHub::start(|request| reply(request.number as u128)).await;
    let folder = tempfile::tempdir().unwrap();
    register(&args(&hub, folder.path(), &[])).await.unwrap();
    let data = DataDir::named(Some(folder.path().join("data"))).unwrap();
    let first_key = std::fs::read(data.key()).unwrap();
    std::fs::write(data.journal(), b"jobs of the first").unwrap();

    let refused = register(&args(&hub, folder.path(), &[])).await.unwrap_err();
    assert_eq!(refused.code, Code::NotConfigured);
    assert!(refused.text.contains("--replace"), "{refused}");
    assert_eq!(hub.requests().len(), 1, "the hub was asked");

    register(&args(&hub, folder.path(), &["--replace"]))
        .await
        .unwrap();
    let (identity, _) = registered(&data).unwrap();
    assert_eq!(identity.agent, AgentId::from_u128(2));
    assert!(std::fs::read(data.key()).unwrap() != first_key);
    assert!(!data.journal().exists());
    let names = std::fs::read_dir(data.path()).unwrap();
    let names: Vec<_> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        names
            .iter()
            .any(|name| name.starts_with("journal.sqlite.replaced-")),
        "{names:?}"
    );
}

#[tokio::test]
async fn jobs_of_a_registration_that_is_gone_are_not_taken_over() {
    let hub = TestHub::start(|_| reply(7)).await;
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::named(Some(folder.path().join("data"))).unwrap();
    data.make().unwrap();
    std::fs::write(data.journal(), b"jobs of an identity that was removed").unwrap();
    register(&args(&hub, folder.path(), &[])).await.unwrap();
    assert!(!data.journal().exists());
}

#[tokio::test]
async fn roots_that_cannot_be_read_make_no_registration() {
    let hub = TestHub::start(|_| {
        let reply = RegistrationReply {
            agent: AgentId::from_u128(7),
            tenant: "Playhouse".to_owned(),
            site: "Main hall".to_owned(),
            hub_key: vec![3; 32].into(),
            roots_pem: Some("none".to_owned()),
        };
        Answer::json(201, &serde_json::to_string(&reply).unwrap())
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let refused = register(&args(&hub, folder.path(), &[])).await.unwrap_err();
    assert_eq!(refused.code, Code::Refused);
    assert!(refused.text.contains("root certificates"), "{refused}");
    assert!(!folder.path().join("data/identity.json").exists());
}

#[tokio::test]
async fn a_refusal_is_told_with_its_code_and_changes_nothing() {
    let hub = TestHub::start(|_| {
        Answer::problem(&Problem::new(403, "pairing_code_expired", "get a new code"))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let refused = register(&args(&hub, folder.path(), &[])).await.unwrap_err();
    assert_eq!(refused.code, Code::Refused);
    assert!(refused.text.contains("pairing_code_expired"), "{refused}");
    assert!(refused.text.contains("get a new code"), "{refused}");
    let data = DataDir::named(Some(folder.path().join("data"))).unwrap();
    assert_eq!(
        registered(&data).err().map(|ending| ending.code),
        Some(Code::NotConfigured)
    );
}

#[tokio::test]
async fn a_lost_answer_is_repeated_with_the_same_key() {
    let hub = TestHub::start(|request| match request.number {
        1 => reply(7).cut_after(10),
        _ => reply(7),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let lost = register(&args(&hub, folder.path(), &[])).await.unwrap_err();
    assert_eq!(lost.code, Code::HubUnreachable);
    register(&args(&hub, folder.path(), &[])).await.unwrap();
    let keys: Vec<_> = hub
        .requests()
        .iter()
        .map(|received| request(received).public_key)
        .collect();
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn a_stranger_in_the_hubs_place_is_told_nothing() {
    let hub = TestHub::start(|_| reply(7)).await;
    let stranger = TestHub::start(|_| reply(8)).await;
    let folder = tempfile::tempdir().unwrap();
    let mut args = args(&hub, folder.path(), &[]);
    args.hub = format!("https://{}", stranger.authority()).parse().unwrap();
    let ending = register(&args).await.unwrap_err();
    assert_eq!(ending.code, Code::HubUnreachable);
    assert!(stranger.requests().is_empty());
}

#[tokio::test]
async fn a_key_that_is_not_the_registered_one_is_noticed() {
    let hub = TestHub::start(|_| reply(7)).await;
    let folder = tempfile::tempdir().unwrap();
    register(&args(&hub, folder.path(), &[])).await.unwrap();
    let data = DataDir::named(Some(folder.path().join("data"))).unwrap();
    let (_, other) = AgentKey::generate().unwrap();
    std::fs::write(data.key(), other).unwrap();
    let ending = registered(&data).err().unwrap();
    assert!(ending.text.contains("not the key"), "{ending}");
}
