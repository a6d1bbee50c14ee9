//! Adyen's own library and our driver open each other's messages, and neither opens what was changed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cueline_system::peers;
use cueline_terminals::adyen::{SecuredMessage, SecurityKey};
use serde_json::{Value, json};

const SCRIPT: &str = include_str!("../../peers/adyen_nexo.js");
const PASSPHRASE: &str = "correct horse, battery staple";

fn key() -> SecurityKey {
    SecurityKey::new("till", 7, PASSPHRASE).unwrap()
}

/// Around the ends of blocks, and with what JSON may hold.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [0, 1, 15, 16, 17, 31, 32, 33, 5000]
        .iter()
        .map(|length| "x".repeat(*length))
        .collect();
    texts.push("{\"SaleToPOIRequest\":{\"Text\":\"Bühne € 12,50 \\u0000 𝄞\"}}".to_owned());
    texts
}

fn sealed_by_us(text: &str, number: u8) -> Value {
    let header = serde_json::value::to_raw_value(&json!({ "ServiceID": "S1" })).unwrap();
    serde_json::to_value(key().seal(header, text.as_bytes(), [number; 16])).unwrap()
}

fn opened_by_us(message: &Value) -> Option<String> {
    let message: SecuredMessage = serde_json::from_str(&message.to_string()).unwrap();
    let plain = key().open(&message).ok()?;
    Some(String::from_utf8(plain).unwrap())
}

/// The message with one bit of one of its parts changed, for each part and for both its ends.
fn changed(message: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    for part in [
        "/NexoBlob",
        "/SecurityTrailer/Nonce",
        "/SecurityTrailer/Hmac",
    ] {
        for last in [false, true] {
            let mut message = message.clone();
            let text = message.pointer_mut(part).unwrap();
            let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
            let at = if last { bytes.len() - 1 } else { 0 };
            bytes[at] ^= 1;
            *text = STANDARD.encode(bytes).into();
            all.push(message);
        }
    }
    let mut cut = message.clone();
    let blob = STANDARD
        .decode(message["NexoBlob"].as_str().unwrap())
        .unwrap();
    cut["NexoBlob"] = STANDARD.encode(&blob[..blob.len() - 16]).into();
    all.push(cut);
    all
}

#[test]
fn adyens_library_and_ours_open_each_others_messages_and_nothing_that_was_changed() {
    let texts = texts();
    let ours: Vec<Value> = texts
        .iter()
        .zip(1..)
        .map(|(text, number)| sealed_by_us(text, number))
        .collect();
    let bad: Vec<Value> = ours.iter().flat_map(changed).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.json");
    let asked = json!({
        "key": {
            "AdyenCryptoVersion": 1,
            "KeyIdentifier": "till",
            "KeyVersion": 7,
            "Passphrase": PASSPHRASE,
        },
        "toOpen": ours.iter().chain(&bad).collect::<Vec<_>>(),
        "toSeal": texts,
    });
    std::fs::write(&file, asked.to_string()).unwrap();
    let output = peers::run_node(SCRIPT, &[file.to_str().unwrap()]).unwrap();
    let answer: Value = serde_json::from_slice(&output).unwrap();

    let opened = answer["opened"].as_array().unwrap();
    assert_eq!(opened.len(), ours.len() + bad.len());
    for (text, opened) in texts.iter().zip(opened) {
        assert_eq!(opened.as_str(), Some(text.as_str()));
    }
    for opened in &opened[ours.len()..] {
        assert_eq!(*opened, Value::Null, "a changed message was opened");
    }

    let theirs = answer["sealed"].as_array().unwrap();
    assert_eq!(theirs.len(), texts.len());
    for (text, message) in texts.iter().zip(theirs) {
        assert_eq!(opened_by_us(message).as_deref(), Some(text.as_str()));
        for message in changed(message) {
            assert_eq!(opened_by_us(&message), None, "a changed message was opened");
        }
    }
}
