//! The hub's memory for each held link: real TLS, real registrations, real signed requests.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cueline_model::Sha256;
use cueline_system::api::Api;
use cueline_system::box_office::Hub;
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::signature::{
    SignatureParams, SignedParts, content_digest, signature_header,
};
use cueline_wire::cloud::{NONCE_HEADER, RegistrationReply, RegistrationRequest, path};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::usage;

/// Agents that register at the same time: fewer than the tries with a pairing code that a hub lets one
/// address have open.
const REGISTERING_AT_ONCE: usize = 4;

struct Agent {
    id: String,
    key: Ed25519KeyPair,
}

/// Measures the hub's memory at each of `counts` links.
///
/// # Errors
/// When a link cannot be opened; the machine must allow more open files than links.
pub async fn measure(counts: &[usize]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut hub = Hub::start(folder.path(), "")?;
    let tls = connector(&hub.ca())?;
    let api = Arc::new(hub.api()?);
    let mut agents = Vec::new();
    let mut held = Vec::new();
    let most = counts.iter().copied().max().unwrap_or(0);
    while agents.len() < most {
        let number = agents.len();
        let batch =
            (number..most.min(number + REGISTERING_AT_ONCE)).map(|n| register(Arc::clone(&api), n));
        for agent in join_all(batch).await {
            agents.push(agent?);
        }
    }
    let pid = hub.process().pid();
    let empty = usage(pid)?;
    println!(
        "hub with {most} agents and no link: {} KiB of its own",
        empty.anonymous_bytes / 1024
    );
    for &count in counts {
        ensure!(count >= held.len(), "counts must rise");
        let start = Instant::now();
        let opened = count - held.len();
        let nonce = first_nonce(&hub, &tls).await?;
        for agent in &agents[held.len()..count] {
            held.push(hold(&hub, &tls, agent, &nonce).await?);
        }
        let took = start.elapsed();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let now = usage(pid)?;
        let own = now.anonymous_bytes.saturating_sub(empty.anonymous_bytes);
        println!(
            "{count} held links: {:.2} KiB of user memory each ({} MiB in all); the last {opened} opened in {took:.1?}",
            per_link_kib(own, count),
            now.anonymous_bytes >> 20,
        );
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a figure with two digits after the point"
)]
fn per_link_kib(bytes: u64, count: usize) -> f64 {
    bytes as f64 / 1024.0 / count as f64
}

async fn join_all<T: Send + 'static>(
    tasks: impl Iterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.map(tokio::spawn).collect();
    let mut done = Vec::with_capacity(running.len());
    for task in running {
        done.push(task.await.expect("no measurement panics"));
    }
    done
}

fn connector(ca: &Path) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn register(api: Arc<Api>, number: usize) -> anyhow::Result<Agent> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| anyhow::anyhow!("make a key"))?;
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref())
        .map_err(|error| anyhow::anyhow!("read the key back: {error}"))?;
    let code = api.pairing_code().await?.code;
    let name = format!("bench {number}");
    let proof = key.sign(RegistrationRequest::signed_text(&code, &name).as_bytes());
    let request = RegistrationRequest {
        public_key: Base64Bytes(key.public_key().as_ref().to_vec()),
        proof: Base64Bytes(proof.as_ref().to_vec()),
        code,
        name,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: "bench".to_owned(),
    };
    let reply: RegistrationReply = api.post(path::REGISTRATIONS, &request).await?.json()?;
    Ok(Agent {
        id: reply.agent.to_string(),
        key,
    })
}

async fn connect(hub: &Hub, tls: &TlsConnector) -> anyhow::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(("127.0.0.1", hub.port())).await?;
    tcp.set_nodelay(true)?;
    let name = ServerName::try_from("127.0.0.1")?;
    Ok(tls.connect(name, tcp).await?)
}

async fn answer_head(stream: &mut TlsStream<TcpStream>) -> anyhow::Result<String> {
    let mut head = Vec::new();
    let mut buffer = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await?;
        ensure!(count > 0, "the hub closed before it answered");
        head.extend_from_slice(&buffer[..count]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

async fn first_nonce(hub: &Hub, tls: &TlsConnector) -> anyhow::Result<String> {
    let stranger = Agent {
        id: "agt_00000000000000000000000000000000".to_owned(),
        key: Ed25519KeyPair::from_seed_unchecked(&[7; 32])
            .map_err(|error| anyhow::anyhow!("make a key: {error}"))?,
    };
    let mut stream = connect(hub, tls).await?;
    stream
        .write_all(request(hub, &stranger, "").as_bytes())
        .await?;
    let head = answer_head(&mut stream).await?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case(NONCE_HEADER))
        .map(|(_, nonce)| nonce.trim().to_owned())
        .with_context(|| format!("expected a nonce in {head}"))
}

fn request(hub: &Hub, agent: &Agent, nonce: &str) -> String {
    let authority = format!("127.0.0.1:{}", hub.port());
    let body_sha256 = Sha256(
        digest(&SHA256, b"")
            .as_ref()
            .try_into()
            .expect("a SHA-256 digest has 32 bytes"),
    );
    let params = SignatureParams {
        created_s: 0,
        key_id: agent.id.clone(),
        nonce: nonce.to_owned(),
    };
    let base = params.signature_base(&SignedParts {
        method: "GET",
        authority: &authority,
        path: path::STREAM,
        query: "ping=120",
        body_sha256,
    });
    format!(
        "GET {}?ping=120 HTTP/1.1\r\nhost: {authority}\r\naccept: text/event-stream\r\n\
         content-digest: {}\r\nsignature-input: {}\r\nsignature: {}\r\n\r\n",
        path::STREAM,
        content_digest(body_sha256),
        params.input_header(),
        signature_header(agent.key.sign(base.as_bytes()).as_ref()),
    )
}

/// Opens one link and reads its `hello`; the link lives as long as what is given back.
async fn hold(
    hub: &Hub,
    tls: &TlsConnector,
    agent: &Agent,
    nonce: &str,
) -> anyhow::Result<TlsStream<TcpStream>> {
    let mut stream = connect(hub, tls).await?;
    stream
        .write_all(request(hub, agent, nonce).as_bytes())
        .await?;
    let head = answer_head(&mut stream).await?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the hub refused a link: {head}");
    }
    let mut seen = head.into_bytes();
    let mut buffer = [0; 2048];
    while !String::from_utf8_lossy(&seen).contains("event: hello") {
        let count = stream.read(&mut buffer).await?;
        ensure!(count > 0, "the hub closed before its hello");
        seen.extend_from_slice(&buffer[..count]);
    }
    Ok(stream)
}
