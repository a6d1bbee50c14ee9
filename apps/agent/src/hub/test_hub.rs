//! A hub for tests: real TLS on loopback, answers made by a closure, bytes sent as the test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cueline_model::{AgentId, ContentType, Document, JobId, UncertainPolicy};
use cueline_uplink::{ProxyChoice, Trust, Uplink, UplinkConfig};
use cueline_wire::cloud::signature::SignatureParams;
use cueline_wire::cloud::{JobOffer, PrintWork, Work};
use cueline_wire::{Base64Bytes, Problem};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;

use super::client::{HubClient, sha256};
use crate::key::AgentKey;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Counted from 1.
    pub number: usize,
    /// Such as `GET`.
    pub method: String,
    /// Path and query.
    pub target: String,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Received {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The nonce in the signature.
    pub fn nonce(&self) -> String {
        let input = self.header("signature-input").unwrap();
        SignatureParams::parse_input(input).unwrap().nonce
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    /// Sent one by one, flushed, with a pause between.
    pieces: Vec<Vec<u8>>,
    /// Chunked, and the connection is left open after the last piece.
    held: bool,
    cut_after: Option<usize>,
}

impl Answer {
    pub fn bytes(status: u16, body: &[u8]) -> Self {
        Self {
            status,
            headers: Vec::new(),
            pieces: vec![body.to_vec()],
            held: false,
            cut_after: None,
        }
    }

    pub fn json(status: u16, body: &str) -> Self {
        Self::bytes(status, body.as_bytes()).header("content-type", "application/json")
    }

    pub fn problem(problem: &Problem) -> Self {
        Self::json(problem.status, &serde_json::to_string(problem).unwrap())
    }

    /// An event stream in these pieces that does not end.
    pub fn held(pieces: Vec<Vec<u8>>) -> Self {
        let answer = Self::bytes(200, b"").header("content-type", "text/event-stream");
        Self {
            pieces,
            held: true,
            ..answer
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The connection breaks after this many bytes of the body.
    pub fn cut_after(self, bytes: usize) -> Self {
        Self {
            cut_after: Some(bytes),
            ..self
        }
    }
}

type Respond = dyn Fn(&Received) -> Answer + Send + Sync;

/// The hub; ends with the test's runtime.
pub struct TestHub {
    address: SocketAddr,
    pub root_pem: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl TestHub {
    pub async fn start(respond: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let names = vec!["127.0.0.1".to_owned()];
        let certified = rcgen::generate_simple_self_signed(names).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certified.cert.der().clone()],
                certified.signing_key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hub = Self {
            address: listener.local_addr().unwrap(),
            root_pem: certified.cert.pem(),
            received: Arc::default(),
        };
        let (received, respond): (_, Arc<Respond>) = (Arc::clone(&hub.received), Arc::new(respond));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let served = serve(
                    acceptor.clone(),
                    stream,
                    Arc::clone(&received),
                    Arc::clone(&respond),
                );
                tokio::spawn(served);
            }
        });
        hub
    }

    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    pub fn uplink(&self) -> Uplink {
        let mut config = UplinkConfig::new(format!("https://{}", self.address).parse().unwrap());
        config.trust = Trust::from_pem(&self.root_pem).unwrap();
        config.proxy = ProxyChoice::None;
        Uplink::new(config).unwrap()
    }

    pub fn client(&self) -> HubClient {
        self.client_and_key().0
    }

    /// A client for agent 7, and its public key.
    pub fn client_and_key(&self) -> (HubClient, Vec<u8>) {
        let (key, _) = AgentKey::generate().unwrap();
        let public = key.public().to_vec();
        (
            HubClient::new(self.uplink(), AgentId::from_u128(7), key),
            public,
        )
    }

    pub fn requests(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// An offer with its document, signed by `hub_key` for agent 7.
pub fn signed_offer(hub_key: &AgentKey, body: &[u8]) -> JobOffer {
    let mut offer = JobOffer {
        job: JobId::from_u128(1),
        attempt: 1,
        start_by: None,
        work: Work::Print(PrintWork {
            options: cueline_model::PrintOptions::default(),
            marked: false,
            printer: "desk".parse().unwrap(),
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            document: Document {
                content_type: ContentType::Raw,
                bytes: body.len() as u64,
                sha256: sha256(body),
            },
            body: Some(body.to_vec().into()),
        }),
        signature: Base64Bytes::default(),
    };
    sign_offer(hub_key, &mut offer);
    offer
}

/// Signs an offer for agent 7 as it stands.
pub fn sign_offer(hub_key: &AgentKey, offer: &mut JobOffer) {
    let text = offer.signed_text(AgentId::from_u128(7));
    offer.signature = hub_key.sign(text.as_bytes()).into();
}

async fn serve(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    received: Arc<Mutex<Vec<Received>>>,
    respond: Arc<Respond>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = acceptor.accept(stream).await.ok()?;
    loop {
        let mut request = read_request(&mut stream).await?;
        let answer = {
            let mut all = received.lock().unwrap();
            request.number = all.len() + 1;
            all.push(request.clone());
            respond(&request)
        };
        write_answer(&mut stream, &answer).await?;
    }
}

async fn read_request(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<Received> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, target) = (first.next()?, first.next()?);
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(Received {
        number: 0,
        method,
        target,
        headers,
        body,
    })
}

/// None where the connection is to be closed.
async fn write_answer(
    stream: &mut (impl tokio::io::AsyncWrite + Unpin),
    answer: &Answer,
) -> Option<()> {
    let length: usize = answer.pieces.iter().map(Vec::len).sum();
    let mut head = format!("HTTP/1.1 {} x\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &match answer.held {
        true => "transfer-encoding: chunked\r\n\r\n".to_owned(),
        false => format!("content-length: {length}\r\n\r\n"),
    };
    stream.write_all(head.as_bytes()).await.ok()?;
    if let Some(bytes) = answer.cut_after {
        stream
            .write_all(&answer.pieces.concat()[..bytes])
            .await
            .ok()?;
        stream.flush().await.ok()?;
        return None;
    }
    for piece in &answer.pieces {
        if answer.held {
            stream
                .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
                .await
                .ok()?;
            stream.write_all(piece).await.ok()?;
            stream.write_all(b"\r\n").await.ok()?;
            stream.flush().await.ok()?;
            tokio::time::sleep(Duration::from_millis(1)).await;
        } else {
            stream.write_all(piece).await.ok()?;
        }
    }
    stream.flush().await.ok()?;
    if answer.held {
        std::future::pending::<()>().await;
    }
    Some(())
}
