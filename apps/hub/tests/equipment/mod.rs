//! A hub in this process, and small clients for its two sides over real TLS.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub mod agent;
pub mod stream;
pub mod till;
pub mod web;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cueline_hub::clock;
use cueline_hub::config::{Config, Overrides};
use cueline_hub::running::Running;
use cueline_hub::store::Store;
use cueline_wire::Problem;
use cueline_wire::api::Scope;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Waits in tests end at the latest after this; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The link's timings shortened.
pub const QUICK: &str = "[link]\nallow_short = true\nping_min_s = 0.2\nidle_timeout_s = 30.0\n\
                         acknowledge_within_s = 5.0\n[drain]\nspread_s = 2.0\nfinish_within_s = 3.0\n";

pub struct House {
    pub running: Running,
    pub client: Client,
    /// A key with every scope.
    pub key: String,
    /// Another tenant's.
    pub other_key: String,
    pub data: tempfile::TempDir,
}

impl House {
    pub async fn open(config: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("hub.toml");
        std::fs::write(&file, config).unwrap();
        let overrides = Overrides {
            file: Some(file),
            data: Some(data.path().join("data")),
            listen: Some("127.0.0.1:0".to_owned()),
        };
        let mut config = Config::load(&overrides).unwrap();
        // This program is a test and no decoder.
        config.decoder = Some(env!("CARGO_BIN_EXE_cueline-hub").into());
        let store = Store::open(&config.data, |_| {}).unwrap();
        store.bootstrap(&config.data, clock::wall()).await.unwrap();
        let now = clock::wall();
        let other = store.add_tenant("other".to_owned(), now).await.unwrap();
        store
            .add_site(other.id, "main".to_owned(), now)
            .await
            .unwrap();
        let scopes = Scope::ALL.to_vec();
        let other_key = store
            .add_api_key(other.id, "all".to_owned(), scopes, now)
            .await
            .unwrap()
            .key;
        drop(store);
        let running = Running::start(&config).await.unwrap();
        let key = std::fs::read_to_string(running.first_key.as_ref().unwrap()).unwrap();
        let client = Client::new(running.address, &running.authority.as_ref().unwrap().path);
        Self {
            running,
            client,
            key: key.trim().to_owned(),
            other_key,
            data,
        }
    }

    pub fn api(&self) -> Api<'_> {
        Api {
            client: &self.client,
            key: Some(self.key.clone()),
        }
    }

    pub fn other(&self) -> Api<'_> {
        Api {
            client: &self.client,
            key: Some(self.other_key.clone()),
        }
    }
}

/// Connects to one hub, trusting its authority.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    /// What the system keeps of what has come and was not read, bytes; `None`: as it likes.
    pub receive_buffer: Option<u32>,
    tls: TlsConnector,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> T {
        assert!(self.status.is_success(), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The problem document, of the right form.
    pub fn problem(&self) -> Problem {
        assert!(!self.status.is_success(), "{self:?}");
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{self:?}"
        );
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16(), "{self:?}");
        assert_eq!(
            problem.kind,
            format!("urn:cueline:problem:{}", problem.code)
        );
        assert!(!problem.detail.is_empty() && !problem.title.is_empty());
        if let Some(seconds) = problem.retry_after_s {
            assert_eq!(self.headers["retry-after"], seconds.to_string());
        }
        problem
    }

    pub fn code(&self) -> (u16, String) {
        let problem = self.problem();
        (problem.status, problem.code)
    }
}

impl Client {
    /// For the hub at `address` whose authority's certificate lies at `ca`.
    pub fn new(address: SocketAddr, ca: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(ca).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self {
            address,
            receive_buffer: None,
            tls: TlsConnector::from(Arc::new(config)),
        }
    }

    pub async fn connect(&self) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = self.receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let tcp = socket.connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        self.tls.connect(name, tcp).await.unwrap()
    }

    pub async fn send(&self, mut request: Request<Vec<u8>>) -> Answer {
        let io = TokioIo::new(self.connect().await);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        if !request.headers().contains_key("host") {
            let host = self.address.to_string().parse().unwrap();
            request.headers_mut().insert("host", host);
        }
        let exchange = async {
            let answer = sender
                .send_request(request.map(|body| Full::new(Bytes::from(body))))
                .await
                .unwrap();
            let (head, body) = answer.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer {
                status: head.status,
                headers: head.headers,
                body,
            }
        };
        tokio::time::timeout(Duration::from_secs(90), exchange)
            .await
            .unwrap()
    }
}

/// The box office.
pub struct Api<'a> {
    pub client: &'a Client,
    pub key: Option<String>,
}

impl Api<'_> {
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.client.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], Vec::new()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: serde_json::Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.call(
            Method::POST,
            path,
            &headers,
            serde_json::to_vec(&body).unwrap(),
        )
        .await
    }

    /// A job under an Idempotency-Key.
    pub async fn submit(&self, key: &str, body: serde_json::Value) -> Answer {
        self.post_once("/v1/print-jobs", key, body).await
    }

    /// Something under an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: serde_json::Value) -> Answer {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        self.call(
            Method::POST,
            path,
            &headers,
            serde_json::to_vec(&body).unwrap(),
        )
        .await
    }
}

/// Asks until the condition holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let asking = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, asking).await;
    assert!(held.is_ok(), "not within {PATIENCE:?}: {what}");
}
