//! What is wrong with a message is told in Adyen's words, and makes no payment.

use cueline_wire::api::{Page, Payment};
use http::Method;
use serde_json::{Value, json};

use crate::desk::{DEVICE, Desk};
use crate::equipment::agent::Agent;
use crate::equipment::till::desk;
use crate::equipment::{Answer, Api, House, QUICK};

const SYNC: &str = "/adyen/v1/merchants/m/devices/P400Plus-123456789/sync";

fn message(amount: &str) -> String {
    let header = json!({
        "ProtocolVersion": "3.0", "MessageClass": "Service", "MessageCategory": "Payment",
        "MessageType": "Request", "SaleID": "till-7", "ServiceID": "A1", "POIID": DEVICE,
    });
    format!(
        "{{\"SaleToPOIRequest\":{{\"MessageHeader\":{header},\"PaymentRequest\":{{\
         \"SaleData\":{{\"SaleTransactionID\":{{\"TransactionID\":\"o-1\",\"TimeStamp\":\"2026-05-01T19:30:00Z\"}}}},\
         \"PaymentTransaction\":{{\"AmountsReq\":{{\"Currency\":\"EUR\",\"RequestedAmount\":{amount}}}}}}}}}}}"
    )
}

async fn send(api: &Api<'_>, path: &str, key: &str, body: &str) -> Answer {
    let headers = [("x-api-key", key), ("content-type", "application/json")];
    let nobody = Api {
        client: api.client,
        key: None,
    };
    nobody
        .call(Method::POST, path, &headers, body.as_bytes().to_vec())
        .await
}

#[tokio::test]
async fn a_message_that_is_wrong_makes_no_payment() {
    let house = House::open(QUICK).await;
    let desk = Desk::open(&house.api()).await;
    let api = house.api();
    let good = message("10.10");
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    let error = async |body: String| {
        let answer = send(&api, SYNC, &house.key, &body).await;
        let answer: Value = answer.json();
        let event = &answer["SaleToPOIRequest"]["EventNotification"]["EventToNotify"];
        let response = &answer["SaleToPOIResponse"]["PaymentResponse"]["Response"];
        event
            .as_str()
            .or(response["ErrorCondition"].as_str())
            .unwrap()
            .to_owned()
    };
    for (body, expected) in [
        (change("\"A1\"", "\"A-1\""), "Reject"),
        (change("\"A1\"", "\"A1234567890\""), "Reject"),
        (change("\"A1\"", "null"), "Reject"),
        (change("\"Service\"", "\"Device\""), "Reject"),
        (
            change(&format!("\"POIID\":\"{DEVICE}\""), "\"POIID\":\"other\""),
            "Reject",
        ),
        (change("\"Payment\"", "\"Display\""), "Reject"),
        (change("\"Payment\"", "\"Abort\""), "Reject"),
        (change("\"EUR\"", "\"euro\""), "MessageFormat"),
        (change("10.10", "10.105"), "MessageFormat"),
        (change("10.10", "-1"), "MessageFormat"),
        (change("10.10", "0"), "MessageFormat"),
        (change("10.10", "1e-3"), "MessageFormat"),
        (change("10.10", "10.10,\"TipAmount\":1"), "NotAllowed"),
        (change("\"o-1\"", "\"4111111111111111\""), "MessageFormat"),
    ] {
        assert_eq!(error(body.clone()).await, expected, "{body}");
    }
    for (key, path, body, status) in [
        ("cl_wrong", SYNC, good.as_str(), 401),
        (house.key.as_str(), SYNC, "{oops", 400),
        (house.key.as_str(), SYNC, "{\"SaleToPOIRequest\":{}}", 422),
        (
            house.key.as_str(),
            "/adyen/v1/merchants/m/devices/nothing/sync",
            good.as_str(),
            404,
        ),
        (house.other_key.as_str(), SYNC, good.as_str(), 404),
        (house.key.as_str(), "/adyen/v1/nothing", good.as_str(), 404),
    ] {
        let answer = send(&api, path, key, body).await;
        assert_eq!(answer.status, status, "{path} {body}");
        let told: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(told["status"], json!(status), "{told}");
        assert!(
            told["message"].is_string() && told["errorCode"].is_string(),
            "{told}"
        );
    }
    let none: Page<Payment> = api.get("/v1/payments").await.json();
    assert!(none.data.is_empty() && desk.started().is_empty());
    // The right one, with a number that no binary fraction is.
    let answer = send(&api, SYNC, &house.key, &good).await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.contains("\"AuthorizedAmount\":10.1"), "{text}");
    let made: Page<Payment> = api.get("/v1/payments").await.json();
    assert_eq!((made.data.len(), made.data[0].amount_minor), (1, 1010));
}

#[tokio::test]
async fn a_device_that_is_not_there_is_told_at_once_and_a_shared_name_is_no_name() {
    let house = House::open(QUICK).await;
    let api = house.api();
    let agent = Agent::register(&api).await;
    agent.open_desks(vec![desk("desk-1", &[DEVICE])]).await;
    let answer: Value = send(&api, SYNC, &house.key, &message("10.10")).await.json();
    let response = &answer["SaleToPOIResponse"]["PaymentResponse"]["Response"];
    assert_eq!(
        response["ErrorCondition"],
        json!("UnavailableDevice"),
        "{answer}"
    );
    let status = format!("/adyen/v1/merchants/m/devices/{DEVICE}/status");
    let told: Value = api.get(&status).await.json();
    assert_eq!(told, json!({"deviceId": DEVICE, "status": "OFFLINE"}));
    let none: Page<Payment> = api.get("/v1/payments").await.json();
    assert!(none.data.is_empty());

    let second = Agent::register(&api).await;
    second.open_desks(vec![desk("desk-2", &[DEVICE])]).await;
    assert_eq!(api.get(&status).await.status, 409);
    let mut stream = second.hold("ping=60").await;
    stream.hello().await;
    let connected = async |query: &str| {
        let path = format!("/adyen/v1/merchants/m/connectedDevices{query}");
        api.get(&path).await.json::<Value>()["uniqueDeviceIds"].clone()
    };
    assert_eq!(
        connected("").await,
        json!([DEVICE]),
        "of those that are there it is the only one"
    );
    assert_eq!(connected("?store=main").await, json!([DEVICE]));
    assert_eq!(
        api.get("/adyen/v1/merchants/m/connectedDevices?store=x")
            .await
            .status,
        422
    );
}
