//! Adyen's own library, unchanged but for its base URL, through hub, agent and tray to a virtual terminal.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cueline_system::counter::{Counter, TERMINAL};
use cueline_system::{peers, settings};
use cueline_wire::api::{Page, Payment};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adyens_library_takes_real_payments_with_another_url_and_key_alone() {
    let counter = Counter::open(settings::QUICK_HUB, settings::QUICK_AGENT, &[]);
    let counter = counter.await.unwrap();
    let url = format!("{}/adyen/v1", counter.hub.url());
    let (key, ca) = (
        counter.hub.key().unwrap(),
        counter.hub.ca().display().to_string(),
    );
    let run = tokio::task::spawn_blocking(move || {
        let script = include_str!("../../peers/adyen-cloud.js");
        let arguments = [url.as_str(), key.as_str(), TERMINAL];
        let mut node = peers::node(script, &arguments)?;
        peers::run(node.env("NODE_EXTRA_CA_CERTS", ca))
    });
    let output = run.await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("{error:#}\n{}", counter.logs()));
    let seen: Vec<[String; 3]> = serde_json::from_slice(&output).unwrap();
    let api = counter.hub.api().unwrap();
    let made: Page<Payment> = api.get("/v1/payments").await.unwrap().json().unwrap();
    let made: Vec<_> = made
        .data
        .iter()
        .rev()
        .map(|payment| {
            let order = payment.order_ref.clone().unwrap();
            [order, payment.kind.to_string(), payment.state.to_string()]
        })
        .collect();
    assert_eq!(made, seen);
    // The one approved sale was taken back, and nothing else was charged.
    for amount_minor in [1010, 1061, 1064, 1066, 1068] {
        assert_eq!(
            counter.terminal.charges(amount_minor).unwrap(),
            0,
            "{amount_minor}"
        );
    }
}
