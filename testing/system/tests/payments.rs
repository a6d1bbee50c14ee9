//! Payments from the API to the terminal and back, on real processes.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use cueline_model::{Certainty, PaymentState};
use cueline_system::counter::{Counter, sale};
use cueline_system::settings;

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_sale_is_approved_and_stands_once_in_the_ledger() {
    let counter = Counter::open(settings::QUICK_HUB, settings::QUICK_AGENT, &[])
        .await
        .unwrap();
    let api = counter.hub.api().unwrap();
    let payment = api.pay_surely(&sale(1250), "one").await.unwrap();
    let ended = api
        .payment_ended(payment.id, SOON)
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", counter.logs()));
    assert_eq!(
        ended.state,
        PaymentState::Approved,
        "{ended:#?}\n{}",
        counter.logs()
    );
    assert_eq!(ended.certainty, Certainty::Moved);
    assert_eq!(ended.approved_amount_minor, Some(1250));
    assert_eq!(counter.terminal.charges(1250).unwrap(), 1);
    println!("{}", serde_json::to_string_pretty(&ended).unwrap());
}
