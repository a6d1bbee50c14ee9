//! Adyen's Cloud device API over real TLS: what Adyen's own library, unchanged, sees, and what it does not try.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../equipment/mod.rs"]
mod equipment;

mod desk;
mod messages;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use cueline_wire::api::{Page, Payment};
use desk::{DEVICE, Desk};
use equipment::{House, QUICK};
use serde_json::Value;

/// Adyen's library of the test peers: where `cargo xtask test --only peers` puts it.
fn library() -> Option<PathBuf> {
    let this = std::env::current_exe().unwrap();
    let mut above = this
        .ancestors()
        .map(|above| above.join("peers/node/node_modules"));
    above.find(|modules| modules.join("@adyen/api-library").is_dir())
}

#[tokio::test(flavor = "multi_thread")]
async fn adyens_own_library_pays_with_another_url_and_key_alone() {
    let Some(modules) = library() else {
        panic!("@adyen/api-library is not there; run `cargo xtask test --only peers` first");
    };
    let house = House::open(QUICK).await;
    let desk = Desk::open(&house.api()).await;
    let authority = house.running.authority.as_ref().unwrap().path.clone();
    let url = format!("https://localhost:{}/adyen/v1", house.client.address.port());
    let key = house.key.clone();
    let run = tokio::task::spawn_blocking(move || {
        let script = include_str!("../../../../testing/peers/adyen-cloud.js");
        Command::new("node")
            .args(["--input-type=commonjs", "--eval", script, "--"])
            .args([&url, &key, DEVICE])
            .env("NODE_PATH", modules)
            .env("NODE_EXTRA_CA_CERTS", authority)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    let output = run.await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let seen: Vec<[String; 3]> = serde_json::from_slice(&output.stdout).unwrap();
    let made: Page<Payment> = house.api().get("/v1/payments").await.json();
    let made = made.data.iter().rev().map(|payment| {
        let order = payment.order_ref.clone().unwrap();
        [order, payment.kind.to_string(), payment.state.to_string()]
    });
    assert_eq!(made.collect::<Vec<_>>(), seen);
    // The terminal was asked once for each.
    assert_eq!(
        desk.started().len(),
        seen.len() - 1,
        "busy was found out before the start"
    );
}

#[tokio::test]
async fn a_server_of_another_path_is_found_there_and_one_that_is_off_nowhere() {
    for (config, path, there) in [
        ("", "/adyen/v1/merchants/m/connectedDevices", true),
        (
            "[adyen]\npath = \"/\"\n",
            "/v1/merchants/m/connectedDevices",
            true,
        ),
        (
            "[adyen]\npath = \"/\"\n",
            "/adyen/v1/merchants/m/connectedDevices",
            false,
        ),
        (
            "[adyen]\nenabled = false\n",
            "/adyen/v1/merchants/m/connectedDevices",
            false,
        ),
    ] {
        let house = House::open(&format!("{QUICK}{config}")).await;
        let answer = house.api().get(path).await;
        let expected = if there { 200 } else { 404 };
        assert_eq!(answer.status, expected, "{config} {path}");
        if there {
            let body: Value = answer.json();
            assert_eq!(body, serde_json::json!({"uniqueDeviceIds": []}));
        }
    }
}
