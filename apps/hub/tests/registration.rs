//! How a new agent becomes known, and how guessing is held off.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;

use base64::Engine as _;
use cueline_wire::cloud::path;
use equipment::agent::{fresh_key, register};
use equipment::{House, QUICK};
use serde_json::json;

#[tokio::test]
async fn a_pairing_code_registers_one_agent_and_guessing_is_held_off() {
    let house = House::open(QUICK).await;
    let code: cueline_wire::api::PairingCode = house
        .api()
        .post("/v1/pairing-codes", json!({}))
        .await
        .json();
    let key = fresh_key();
    let first = register(&house.client, &key, &code.code).await;
    let again = register(&house.client, &key, &code.code.replace('-', "")).await;
    let agent = |answer: &equipment::Answer| {
        answer
            .json::<cueline_wire::cloud::RegistrationReply>()
            .agent
    };
    assert_eq!(
        agent(&first),
        agent(&again),
        "the answer may have been lost"
    );
    let mut details = Vec::new();
    for wrong in [code.code.as_str(), "AAAA-AAAA", "", "AAAA-AAAB", "x"] {
        let problem = register(&house.client, &fresh_key(), wrong).await.problem();
        assert_eq!(
            (problem.status, problem.code.as_str()),
            (403, "pairing_code_invalid")
        );
        details.push(problem.detail);
    }
    details.dedup();
    assert_eq!(details.len(), 1, "a used code looks like an unknown one");
    let held_off = register(&house.client, &fresh_key(), "AAAA-AAAC")
        .await
        .problem();
    assert_eq!(
        (held_off.status, held_off.code.as_str()),
        (429, "too_many_tries")
    );
    assert!(held_off.retry_after_s.unwrap() <= 60);
}

#[tokio::test]
async fn a_registration_needs_the_proof_of_its_key() {
    let house = House::open(QUICK).await;
    let (key, other) = (fresh_key(), fresh_key());
    let text = cueline_wire::cloud::RegistrationRequest::signed_text("AAAA-AAAA", "till");
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    use ring::signature::KeyPair as _;
    let body = |proof: &[u8], name: &str| {
        json!({"code": "AAAA-AAAA", "name": name, "public_key": encode(key.public_key().as_ref()),
               "proof": encode(proof), "agent_version": "1", "platform": "x"})
    };
    let no_key = equipment::Api {
        client: &house.client,
        key: None,
    };
    let wrong = no_key
        .post(
            path::REGISTRATIONS,
            body(other.sign(text.as_bytes()).as_ref(), "till"),
        )
        .await;
    assert_eq!(wrong.code(), (422, "proof_invalid".to_owned()));
    let nameless = no_key
        .post(
            path::REGISTRATIONS,
            body(key.sign(text.as_bytes()).as_ref(), ""),
        )
        .await;
    assert_eq!(nameless.code(), (422, "invalid_request".to_owned()));
}
