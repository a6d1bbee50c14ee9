//! The listener under bytes that no honest client sends.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;

use std::time::Duration;

use equipment::{House, PATIENCE, QUICK};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// All the hub answers to these bytes until it closes.
async fn said(house: &House, bytes: &[u8]) -> String {
    let mut connection = house.client.connect().await;
    connection.write_all(bytes).await.unwrap();
    let mut read = Vec::new();
    let whole = tokio::time::timeout(PATIENCE, connection.read_to_end(&mut read)).await;
    assert!(
        whole.is_ok(),
        "the hub does not close after {:?}",
        String::from_utf8_lossy(bytes)
    );
    String::from_utf8_lossy(&read).into_owned()
}

/// How many status lines are in it.
fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 2").count() + text.matches("HTTP/1.1 4").count()
}

#[tokio::test]
async fn heads_that_can_be_read_in_two_ways_are_refused_and_nothing_behind_them_is_served() {
    let house = House::open(QUICK).await;
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
    for head in [
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 34\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nContent-Length: +0\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nContent-Length : 0\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "POST /v1/sites HTTP/1.1\r\nHost: h\r\nX: a\r\n Content-Length: 34\r\n\r\n",
        "GET /link/v1/stream HTTP/1.1\r\nHost: h\r\nContent-Length: 34\r\n\r\n",
        "GET /link/v1/stream HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n",
        "GET /\r\n\r\n",
    ] {
        let text = said(&house, format!("{head}{smuggled}").as_bytes()).await;
        assert!(text.starts_with("HTTP/1.1 400"), "{head:?} gave {text:?}");
        assert_eq!(answers(&text), 1, "{head:?} gave {text:?}");
    }
}

#[tokio::test]
async fn a_body_of_undeclared_length_ends_its_connection() {
    let house = House::open(QUICK).await;
    // Behind a good request the general server reads the heads; it takes the body's framing from
    // Transfer-Encoding, and nothing is served after it.
    let text = said(
        &house,
        b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n\
          POST /v1/sites HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\
          GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n",
    )
    .await;
    assert_eq!(answers(&text), 2, "{text}");
    assert!(
        text.contains("401 Unauthorized") && !text.contains("ready"),
        "{text}"
    );
}

#[tokio::test]
async fn an_endless_head_is_cut_off() {
    let house = House::open(QUICK).await;
    let head = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}", "a".repeat(20_000));
    let text = said(&house, head.as_bytes()).await;
    assert!(
        text.starts_with("HTTP/1.1 431") && text.contains("head_too_large"),
        "{text}"
    );
}

#[tokio::test]
async fn what_was_read_to_see_who_serves_it_is_not_lost() {
    let house = House::open(QUICK).await;
    let mut connection = house.client.connect().await;
    // The head in pieces, and the body with the last of them.
    for piece in [
        "POST /v1/sites HT",
        "TP/1.1\r\nHost: h\r\nAuthorization: Bearer ",
        &house.key,
    ] {
        connection.write_all(piece.as_bytes()).await.unwrap();
        connection.flush().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let rest = "\r\nContent-Type: application/json\r\nContent-Length: 16\r\nConnection: close\r\n\r\n{\"name\":\"north\"}";
    connection.write_all(rest.as_bytes()).await.unwrap();
    let mut read = String::new();
    connection.read_to_string(&mut read).await.unwrap();
    assert!(
        read.starts_with("HTTP/1.1 201") && read.contains("\"name\":\"north\""),
        "{read}"
    );
}

#[tokio::test]
async fn past_the_limit_of_connections_the_next_is_told_when_to_come_again() {
    let house = House::open("[limits]\nconnections = 2\n").await;
    let held = [house.client.connect().await, house.client.connect().await];
    let answer = equipment::Api {
        client: &house.client,
        key: None,
    }
    .get("/healthz")
    .await;
    assert_eq!(answer.code(), (503, "too_many_connections".to_owned()));
    assert!(answer.headers.contains_key("retry-after"));
    drop(held);
    equipment::until("there is room again", || async {
        let nobody = equipment::Api {
            client: &house.client,
            key: None,
        };
        nobody.get("/healthz").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_refused_held_request_that_asks_to_close_is_closed() {
    let house = House::open(QUICK).await;
    for asks in [
        "Connection: close\r\n",
        "Connection: TE, Close\r\n",
        "Connection: TE\r\nConnection: close\r\n",
    ] {
        let head = format!("GET /link/v1/stream HTTP/1.1\r\nHost: h\r\n{asks}\r\n");
        let again = "GET /link/v1/stream HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let text = said(&house, format!("{head}{again}").as_bytes()).await;
        assert_eq!(answers(&text), 1, "{asks:?} gave {text}");
        assert!(text.contains("\r\ndate: "), "{text}");
    }
}

#[tokio::test]
async fn who_connects_and_says_nothing_takes_nobodys_turn() {
    let house = House::open("[limits]\nhandshakes = 1\n").await;
    let silent = tokio::net::TcpStream::connect(house.client.address);
    let _silent = silent.await.unwrap();
    // The silent one's own time is twice as long.
    let served = tokio::time::timeout(Duration::from_secs(5), house.client.connect()).await;
    assert!(
        served.is_ok(),
        "a handshake waits for one that never begins"
    );
}

#[tokio::test]
async fn a_client_that_speaks_no_tls_is_closed_and_harms_nobody() {
    let house = House::open(QUICK).await;
    let mut plain = tokio::net::TcpStream::connect(house.client.address)
        .await
        .unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let mut read = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut read)).await;
    assert!(closed.is_ok());
    assert!(!read.starts_with(b"HTTP/"));
    let nobody = equipment::Api {
        client: &house.client,
        key: None,
    };
    assert_eq!(nobody.get("/readyz").await.status, 200);
}
