//! The road to the hub through a real Squid: allowed, denied, with and without a password, killed,
//! restarted, and losing patience.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cueline_system::program::PATIENCE;
use cueline_system::squid::{Squid, SquidConfig};
use cueline_uplink::{Call, ConnectError, Connection, Trust, Uplink, UplinkConfig};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A hub on loopback. `GET /` is answered with `hello`; `GET /held` with a body that never ends
/// and brings a byte every `beat`.
struct Hub {
    address: SocketAddr,
    trust: Trust,
}

impl Hub {
    async fn start(beat: Duration) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let trust = Trust::from_pem(&made.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, beat).await;
                    }
                });
            }
        });
        Self { address, trust }
    }

    fn uplink(&self, proxy: &str) -> Uplink {
        uplink_to(self.address, self.trust.clone(), proxy)
    }
}

async fn serve(mut stream: TlsStream<TcpStream>, beat: Duration) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        if head.starts_with(b"GET /held ") {
            return hold(stream, beat).await;
        }
        head.clear();
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
        if stream.write_all(reply).await.is_err() {
            return;
        }
    }
}

async fn hold(mut stream: TlsStream<TcpStream>, beat: Duration) {
    let mut next: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    while stream.write_all(next).await.is_ok() && stream.flush().await.is_ok() {
        tokio::time::sleep(beat).await;
        next = b"1\r\n.\r\n";
    }
}

fn uplink_to(hub: SocketAddr, trust: Trust, proxy: &str) -> Uplink {
    let hub = format!("https://{hub}").parse().unwrap();
    let config = UplinkConfig {
        trust,
        proxy: proxy.parse().unwrap(),
        connect_timeout: PATIENCE,
        ..UplinkConfig::new(hub)
    };
    Uplink::new(config).unwrap()
}

async fn get(uplink: &Uplink) -> Bytes {
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let answer = uplink
        .request(Call::new(request).timeout(PATIENCE))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body()
}

async fn failure(uplink: &Uplink) -> ConnectError {
    match uplink.connect().await {
        Ok(_) => panic!("connected to {}, which must fail", uplink.hub()),
        Err(error) => error,
    }
}

/// Opens the request that is held; the connection must be kept as long as the answer is read.
async fn held(uplink: &Uplink) -> (Connection, Response<Incoming>) {
    let mut connection = uplink.connect().await.unwrap();
    let request = Request::get("/held")
        .body(Full::<Bytes>::default())
        .unwrap();
    let answer = connection.send(request).await.unwrap();
    (connection, answer)
}

/// How many bytes came before the held answer broke.
async fn bytes_until_the_end(answer: &mut Response<Incoming>) -> usize {
    let count = async {
        let mut count = 0;
        while let Some(Ok(frame)) = answer.frame().await {
            count += frame.into_data().map_or(0, |data| data.len());
        }
        count
    };
    tokio::time::timeout(PATIENCE, count).await.unwrap()
}

fn auth() -> SquidConfig {
    let auth = Some(("counter".to_owned(), "p@ss:wörd".to_owned()));
    SquidConfig {
        auth,
        ..SquidConfig::default()
    }
}

const SELDOM: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_open_squid_carries_the_hub_s_bytes_and_sees_a_tunnel_only() {
    let hub = Hub::start(SELDOM).await;
    let squid = Squid::start(SquidConfig::default()).unwrap();
    let uplink = hub.uplink(&squid.url());
    assert_eq!(
        uplink.path().unwrap(),
        format!("proxy 127.0.0.1:{}", squid.port())
    );
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(get(&uplink).await, "hello");
    drop(uplink);
    let log = squid.wait_for_access_log(1).await.unwrap();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("TCP_TUNNEL/200"), "{log}");
    assert!(log.contains(&format!(" CONNECT {} ", hub.address)), "{log}");
}

#[tokio::test]
async fn the_right_password_opens_the_way() {
    let hub = Hub::start(SELDOM).await;
    let squid = Squid::start(auth()).unwrap();
    let setting = format!(
        "http://counter:p%40ss%3Aw%C3%B6rd@127.0.0.1:{}",
        squid.port()
    );
    let uplink = hub.uplink(&setting);
    assert_eq!(get(&uplink).await, "hello");
    drop(uplink);
    let log = squid.wait_for_access_log(1).await.unwrap();
    assert!(
        log.contains("TCP_TUNNEL/200") && log.contains(" counter "),
        "{log}"
    );
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_missing_one() {
    let hub = Hub::start(SELDOM).await;
    let squid = Squid::start(auth()).unwrap();
    let wrong = format!("http://counter:wrong@127.0.0.1:{}", squid.port());
    let error = failure(&hub.uplink(&wrong)).await;
    assert_eq!(error.code(), "proxy_password_wrong", "{error}");
    assert!(!format!("{error} {error:?}").contains("wrong@"));

    let error = failure(&hub.uplink(&squid.url())).await;
    assert_eq!(error.code(), "proxy_wants_password", "{error}");
    assert!(!error.to_string().contains("only Basic"), "{error}");

    let log = squid.wait_for_access_log(2).await.unwrap();
    let mut lines = log.lines();
    assert!(
        lines.all(|line| line.contains("TCP_DENIED/407") && line.contains(" CONNECT ")),
        "{log}"
    );
}

#[tokio::test]
async fn a_rule_against_it_is_a_denial() {
    let hub = Hub::start(SELDOM).await;
    let deny = SquidConfig {
        deny: true,
        ..SquidConfig::default()
    };
    let squid = Squid::start(deny).unwrap();
    let error = failure(&hub.uplink(&squid.url())).await;
    assert_eq!(error.code(), "proxy_denied", "{error}");
    assert_eq!(
        error.via_proxy(),
        Some(format!("127.0.0.1:{}", squid.port()).as_str())
    );
    let log = squid.wait_for_access_log(1).await.unwrap();
    assert!(log.contains("TCP_DENIED/403"), "{log}");
}

#[tokio::test]
async fn a_hub_that_is_down_is_the_proxy_s_503() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let trust = Hub::start(SELDOM).await.trust;
    let squid = Squid::start(SquidConfig::default()).unwrap();
    let error = failure(&uplink_to(closed, trust, &squid.url())).await;
    assert!(
        matches!(error, ConnectError::ProxyFailed { status: 503, .. }),
        "{error:?}"
    );
    assert_eq!(error.code(), "proxy_failed");
    assert!(error.to_string().contains("ERR_CONNECT_FAIL"), "{error}");
}

#[tokio::test]
async fn a_killed_squid_breaks_the_held_request_and_a_restarted_one_serves_again() {
    let hub = Hub::start(Duration::from_millis(50)).await;
    let mut squid = Squid::start(auth()).unwrap();
    let setting = format!(
        "http://counter:p%40ss%3Aw%C3%B6rd@127.0.0.1:{}",
        squid.port()
    );
    let uplink = hub.uplink(&setting);
    assert_eq!(get(&uplink).await, "hello");
    let (_connection, mut answer) = held(&uplink).await;
    assert!(answer.frame().await.unwrap().is_ok());

    squid.kill().unwrap();
    bytes_until_the_end(&mut answer).await;
    assert_eq!(failure(&uplink).await.code(), "proxy_refused");

    squid.restart().unwrap();
    assert_eq!(get(&uplink).await, "hello");
}

#[tokio::test]
async fn a_squid_of_little_patience_ends_a_silent_tunnel_and_keeps_a_busy_one() {
    let config = SquidConfig {
        read_timeout_s: Some(2),
        ..SquidConfig::default()
    };
    let squid = Squid::start(config).unwrap();
    let silent = Hub::start(SELDOM).await;
    let busy = Hub::start(Duration::from_millis(200)).await;
    let (_first, mut silent_answer) = held(&silent.uplink(&squid.url())).await;
    let (_second, mut busy_answer) = held(&busy.uplink(&squid.url())).await;

    assert_eq!(bytes_until_the_end(&mut silent_answer).await, 0);
    // By now the busy tunnel is as old as the one that was ended; it goes on.
    for _ in 0..10 {
        let frame = tokio::time::timeout(PATIENCE, busy_answer.frame())
            .await
            .unwrap();
        assert!(matches!(frame, Some(Ok(_))), "{frame:?}");
    }
}
