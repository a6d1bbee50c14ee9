//! Adyen's own `TerminalLocalAPI`, unchanged, pays at the virtual terminal: so what the terminal speaks is not
//! only what our driver understands.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cueline_fake_devices::terminal::standing;
use cueline_fake_devices::{TerminalSettings, VirtualTerminal};
use cueline_model::TerminalProtocol;
use cueline_system::peers;
use serde_json::Value;

const SCRIPT: &str = include_str!("../../peers/adyen_terminal.js");

#[tokio::test(flavor = "multi_thread")]
async fn adyens_library_pays_looks_up_stops_and_takes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = TerminalSettings::of(folder.path());
    settings.protocol = TerminalProtocol::AdyenLocal;
    let passphrase = settings.adyen.passphrase.clone();
    let terminal = VirtualTerminal::start(settings).await.unwrap();
    let address = terminal.address().to_string();
    let certificate = folder.path().join("certificate.pem");
    let run = move || {
        let certificate = certificate.to_str().unwrap();
        peers::run_node(SCRIPT, &[&address, certificate, &passphrase])
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let answers: Value = serde_json::from_slice(&output).unwrap();
    let at = |path: &str| answers.pointer(path).cloned().unwrap_or_default();

    let status = at("/diagnosis/DiagnosisResponse/POIStatus/GlobalStatus");
    assert_eq!(status, "OK", "{answers}");
    let sale = "/sale/PaymentResponse";
    assert_eq!(at(&format!("{sale}/Response/Result")), "Success");
    let amounts = at(&format!("{sale}/PaymentResult/AmountsResp"));
    assert_eq!(amounts["AuthorizedAmount"].to_string(), "12.3");
    assert_eq!(amounts["Currency"], "EUR");
    // The same ServiceID once more is no second payment.
    let again = at("/again/PaymentResponse/Response/ErrorCondition");
    assert_eq!(again, "MessageFormat");
    let declined = at("/declined/PaymentResponse/Response/ErrorCondition");
    assert_eq!(declined, "Refusal");
    assert_eq!(at("/refund/PaymentResponse/Response/Result"), "Success");
    let repeated = "/found/TransactionStatusResponse/RepeatedMessageResponse";
    let header = at(&format!("{repeated}/MessageHeader"));
    assert_eq!(header["ServiceID"], "SALE1");
    let id = "POIData/POITransactionID/TransactionID";
    let body = format!("{repeated}/RepeatedResponseMessageBody/PaymentResponse/{id}");
    assert_eq!(at(&body), at(&format!("{sale}/{id}")));
    let unknown = at("/unknown/TransactionStatusResponse/Response/ErrorCondition");
    assert_eq!(unknown, "NotFound");
    let during = at("/during/TransactionStatusResponse/Response/ErrorCondition");
    assert_eq!(during, "InProgress");
    let stopped = at("/stopped/PaymentResponse/Response/ErrorCondition");
    assert_eq!(stopped, "Cancel");
    assert_eq!(at("/reversal/ReversalResponse/Response/Result"), "Success");
    assert!(at("/stranger").is_string(), "{answers}");

    let ledger = terminal.ledger().unwrap();
    let stands: Vec<i64> = standing(&ledger)
        .iter()
        .map(|entry| entry.amount_minor)
        .collect();
    assert_eq!(stands, [29], "the sale was taken back, the refund stands");
}
