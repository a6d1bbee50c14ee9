//! Requests and answers over an open road: reuse, repetition, limits, and the request held open.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod peers;

use std::time::Duration;

use cueline_uplink::{ProxyChoice, RequestError, Uplink, UplinkConfig};
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use peers::{Authority, Heads, NOW, PATIENCE, Peer, answer, call, get, read_head};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// A hub which treats each connection by `treat`, an uplink to it, and the heads it was sent.
async fn hub<F>(
    treat: impl Fn(usize, TlsStream<TcpStream>, Heads) -> F + Send + Sync + 'static,
) -> (Peer, Uplink, Heads)
where
    F: Future<Output = ()> + Send + 'static,
{
    let authority = Authority::new("Hub Root", "Cueline");
    let heads = Heads::default();
    let kept = heads.clone();
    let peer = Peer::tls(
        authority.issue(&["127.0.0.1"], NOW),
        move |number, stream| treat(number, stream, kept.clone()),
    )
    .await;
    let uplink = peers::uplink(peer.hub_url(), authority.trust(), ProxyChoice::None);
    (peer, uplink, heads)
}

/// A hub whose first connection answers once and dies at the second request, without an answer;
/// its later ones answer for ever.
async fn hub_with_a_stale_first_connection() -> (Peer, Uplink, Heads) {
    hub(|number, mut stream, heads| async move {
        let mut answered = 0;
        while let Some(head) = read_head(&mut stream).await {
            heads.push(head);
            if number == 1 && answered == 1 {
                return;
            }
            answer(&mut stream, HELLO).await;
            answered += 1;
        }
    })
    .await
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let (peer, uplink, heads) = hub(|_, mut stream, heads| async move {
        while let Some(head) = read_head(&mut stream).await {
            heads.push(head);
            answer(&mut stream, HELLO).await;
        }
    })
    .await;
    for _ in 0..5 {
        assert_eq!(get(&uplink).await, "hello");
    }
    assert_eq!(peer.accepted(), 1);
    let head = &heads.all()[4];
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    assert!(
        head.contains(&format!("\r\nhost: {}\r\n", peer.address)),
        "{head}"
    );
    assert!(head.contains("\r\nuser-agent: cueline/"), "{head}");
}

#[tokio::test]
async fn a_stale_connection_costs_an_idempotent_request_nothing() {
    let (peer, uplink, heads) = hub_with_a_stale_first_connection().await;
    get(&uplink).await;
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(peer.accepted(), 2);
    assert_eq!(heads.all().len(), 3);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_asked_for_twice() {
    let (peer, uplink, heads) = hub_with_a_stale_first_connection().await;
    get(&uplink).await;
    let error = uplink.request(call(Method::POST, "/")).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert!(!error.is_certainly_unsent());
    assert_eq!((peer.accepted(), heads.all().len()), (1, 2));
}

#[tokio::test]
async fn unless_the_caller_says_it_may_be() {
    let (peer, uplink, heads) = hub_with_a_stale_first_connection().await;
    get(&uplink).await;
    let answer = uplink
        .request(call(Method::POST, "/").repeatable())
        .await
        .unwrap();
    assert_eq!(answer.body(), "hello");
    assert_eq!((peer.accepted(), heads.all().len()), (2, 3));
}

#[tokio::test]
async fn a_fresh_connection_that_dies_is_not_tried_again() {
    let (peer, uplink, _) = hub(|_, mut stream, _| async move {
        read_head(&mut stream).await;
    })
    .await;
    let error = uplink.request(call(Method::GET, "/")).await.unwrap_err();
    assert_eq!(error.code(), "connection_lost");
    assert_eq!(peer.accepted(), 1);
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_for_any_method() {
    let (peer, uplink, heads) = hub(|_, mut stream, heads| async move {
        heads.push(read_head(&mut stream).await.unwrap());
        let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello";
        answer(&mut stream, reply).await;
    })
    .await;
    get(&uplink).await;
    let answer = uplink.request(call(Method::POST, "/")).await.unwrap();
    assert_eq!(answer.body(), "hello");
    assert_eq!((peer.accepted(), heads.all().len()), (2, 2));
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let (_peer, uplink, _) = hub(|_, mut stream, _| async move {
        read_head(&mut stream).await;
        let reply = "HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nslow";
        answer(&mut stream, reply).await;
        read_head(&mut stream).await;
    })
    .await;
    let answer = uplink.request(call(Method::GET, "/")).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    assert_eq!(answer.body(), "slow");
}

#[tokio::test]
async fn a_body_is_taken_up_to_its_limit() {
    let (peer, uplink, _) = hub(|_, mut stream, _| async move {
        while read_head(&mut stream).await.is_some() {
            let chunk = format!("5\r\n{}\r\n", "x".repeat(5)).repeat(4);
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            answer(&mut stream, &format!("{head}{chunk}0\r\n\r\n")).await;
        }
    })
    .await;
    let exact = uplink
        .request(call(Method::GET, "/").answer_bytes_max(20))
        .await
        .unwrap();
    assert_eq!(exact.body().len(), 20);
    let error = uplink
        .request(call(Method::GET, "/").answer_bytes_max(19))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "answer_too_large");
    assert!(error.to_string().contains("19 bytes at most"), "{error}");
    // The connection with the rest of the body in it was not kept.
    get(&uplink).await;
    assert_eq!(peer.accepted(), 2);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_answer() {
    let (_peer, uplink, _) = hub(|_, mut stream, _| async move {
        read_head(&mut stream).await;
        answer(
            &mut stream,
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        )
        .await;
    })
    .await;
    let error = uplink.request(call(Method::GET, "/")).await.unwrap_err();
    assert_eq!(error.code(), "answer_interrupted");
    assert!(
        matches!(
            error,
            RequestError::BodyInterrupted {
                received_bytes: 4,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_answer_in_another_language_is_told() {
    let (_peer, uplink, _) = hub(|_, mut stream, _| async move {
        read_head(&mut stream).await;
        answer(&mut stream, "220 mail.test ESMTP\r\n").await;
        read_head(&mut stream).await;
    })
    .await;
    let error = uplink.request(call(Method::GET, "/")).await.unwrap_err();
    assert_eq!(error.code(), "answer_not_http");
}

#[tokio::test]
async fn the_time_out_covers_everything_and_the_connection_is_not_kept() {
    let (peer, uplink, _) = hub(|number, mut stream, _| async move {
        read_head(&mut stream).await;
        if number == 2 {
            answer(&mut stream, HELLO).await;
        }
        read_head(&mut stream).await;
    })
    .await;
    let hasty = call(Method::GET, "/").timeout(Duration::from_millis(400));
    let error = uplink.request(hasty).await.unwrap_err();
    assert_eq!(error.code(), "request_timed_out");
    assert!(error.to_string().contains("within 0.4 s"), "{error}");
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(peer.accepted(), 2);
}

#[tokio::test]
async fn no_connection_is_told_by_its_own_code() {
    let hub = format!("https://{}", peers::closed_port().await)
        .parse()
        .unwrap();
    let trust = Authority::new("Hub Root", "Cueline").trust();
    let error = peers::uplink(hub, trust, ProxyChoice::None)
        .request(call(Method::POST, "/"))
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), "refused");
    assert!(error.is_certainly_unsent());
}

#[tokio::test]
async fn a_held_answer_is_read_piece_by_piece_and_ends_with_its_connection() {
    let (next, pieces) = tokio::sync::mpsc::channel::<&'static str>(1);
    let (ended, mut end) = tokio::sync::mpsc::channel(1);
    let pieces = std::sync::Arc::new(tokio::sync::Mutex::new(pieces));
    let (_peer, uplink, _) = hub(move |_, mut stream, _| {
        let (pieces, ended) = (pieces.clone(), ended.clone());
        async move {
            read_head(&mut stream).await;
            answer(
                &mut stream,
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            )
            .await;
            while let Some(piece) = pieces.lock().await.recv().await {
                answer(&mut stream, &format!("{:x}\r\n{piece}\r\n", piece.len())).await;
                if piece == "last" {
                    break;
                }
            }
            ended.send(read_head(&mut stream).await).await.unwrap();
        }
    })
    .await;
    let mut connection = uplink.connect().await.unwrap();
    let request = Request::get("/link/v1/stream?ping=120")
        .body(Full::<Bytes>::default())
        .unwrap();
    let mut held = connection.send(request).await.unwrap();
    for piece in ["hello", "ping", "last"] {
        next.send(piece).await.unwrap();
        let frame = tokio::time::timeout(PATIENCE, held.frame())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop((held, connection));
    let after = tokio::time::timeout(PATIENCE, end.recv()).await.unwrap();
    assert_eq!(after, Some(None));
}

#[tokio::test]
async fn an_idle_connection_is_closed_when_its_time_is_over() {
    let (ended, mut end) = tokio::sync::mpsc::channel(1);
    let authority = Authority::new("Hub Root", "Cueline");
    let hub = Peer::tls(
        authority.issue(&["127.0.0.1"], NOW),
        move |_, mut stream| {
            let ended = ended.clone();
            async move {
                read_head(&mut stream).await;
                answer(&mut stream, HELLO).await;
                ended.send(read_head(&mut stream).await).await.unwrap();
            }
        },
    )
    .await;
    let config = UplinkConfig {
        idle_timeout: Duration::from_millis(100),
        ..peers::config(hub.hub_url(), authority.trust(), ProxyChoice::None)
    };
    let uplink = Uplink::new(config).unwrap();
    get(&uplink).await;
    let after = tokio::time::timeout(PATIENCE, end.recv()).await.unwrap();
    assert_eq!(after, Some(None));
}
