//! The other ends an uplink meets in these tests: authorities, TLS hubs and proxies, all on
//! loopback, all doing exactly what the test says.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cueline_uplink::{Call, ConnectError, HubUrl, ProxyChoice, Trust, Uplink, UplinkConfig};
use http::{Method, Request};
use hyper::body::Bytes;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Long enough for a busy machine, short enough for one that hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The years within which a certificate is valid, from the first of January on.
#[derive(Clone, Copy)]
pub struct Years(pub i32, pub i32);

pub const NOW: Years = Years(2020, 2090);
pub const PAST: Years = Years(2001, 2002);
pub const FUTURE: Years = Years(2080, 2090);

pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server shows: its certificate first, then those which vouch for it.
pub struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    pub fn new(common_name: &str, organisation: &str) -> Self {
        Self::valid(common_name, organisation, NOW)
    }

    pub fn valid(common_name: &str, organisation: &str, years: Years) -> Self {
        let mut params = params(common_name, &[], years);
        params
            .distinguished_name
            .push(DnType::OrganizationName, organisation);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
        }
    }

    pub fn root(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    pub fn trust(&self) -> Trust {
        Trust::from_pem(&self.issuer.pem()).unwrap()
    }

    /// An identity whose chain ends with this authority's own certificate.
    pub fn issue(&self, hosts: &[&str], years: Years) -> Identity {
        let key = KeyPair::generate().unwrap();
        let leaf = params("hub", hosts, years)
            .signed_by(&key, &self.issuer)
            .unwrap();
        Identity {
            chain: vec![leaf.der().clone(), self.root()],
            key: private(&key),
        }
    }
}

impl Identity {
    pub fn self_signed(hosts: &[&str], years: Years) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params("alone", hosts, years);
        // As `openssl req -x509` makes them.
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let leaf = params.self_signed(&key).unwrap();
        Self {
            chain: vec![leaf.der().clone()],
            key: private(&key),
        }
    }

    pub fn followed_by(mut self, certificate: CertificateDer<'static>) -> Self {
        self.chain.push(certificate);
        self
    }

    fn acceptor(self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain, self.key)
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }
}

fn params(common_name: &str, hosts: &[&str], years: Years) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    params
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// A listener on loopback that treats each connection as told, until dropped.
pub struct Peer {
    pub address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Gives each connection to `treat`, with its number from 1 on.
    pub async fn tcp<F>(treat: impl Fn(usize, TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let counter = accepted.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(treat(number, stream));
            }
        });
        Self {
            address,
            accepted,
            task,
        }
    }

    /// The same after a TLS handshake; those that fail are the client's to report.
    pub async fn tls<F>(
        identity: Identity,
        treat: impl Fn(usize, TlsStream<TcpStream>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (acceptor, treat) = (identity.acceptor(), Arc::new(treat));
        Self::tcp(move |number, stream| {
            let (acceptor, treat) = (acceptor.clone(), treat.clone());
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    treat(number, stream).await;
                }
            }
        })
        .await
    }

    /// A hub that answers every request with `200` and `hello`.
    pub async fn hub(identity: Identity) -> Self {
        Self::tls(identity, |_, mut stream| async move {
            while read_head(&mut stream).await.is_some() {
                answer(
                    &mut stream,
                    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
                )
                .await;
            }
        })
        .await
    }

    /// A proxy that answers each request with `reply`, remembers what it was asked, and hangs up.
    pub async fn proxy_saying(reply: &'static str) -> (Self, Heads) {
        let heads = Heads::default();
        let kept = heads.clone();
        let peer = Self::tcp(move |_, mut stream| {
            let kept = kept.clone();
            async move {
                if let Some(head) = read_head(&mut stream).await {
                    kept.push(head);
                    answer(&mut stream, reply).await;
                    // Read on until the client hangs up, so that the reply is not reset away.
                    let _ = stream.read(&mut [0; 1]).await;
                }
            }
        })
        .await;
        (peer, heads)
    }

    /// A proxy that connects every request to `target`, whatever was asked for.
    pub async fn tunnel_to(target: SocketAddr) -> (Self, Heads) {
        let heads = Heads::default();
        let kept = heads.clone();
        let peer = Self::tcp(move |_, mut stream| {
            let kept = kept.clone();
            async move {
                if let Some(head) = read_head(&mut stream).await {
                    kept.push(head);
                    answer(&mut stream, "HTTP/1.1 200 Connection established\r\n\r\n").await;
                    let mut onward = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
                }
            }
        })
        .await;
        (peer, heads)
    }

    pub fn hub_url(&self) -> HubUrl {
        format!("https://{}", self.address).parse().unwrap()
    }

    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// As a proxy setting, with `user:password@` or nothing before the host.
    pub fn as_proxy(&self, credentials: &str) -> ProxyChoice {
        format!("http://{credentials}{}", self.address)
            .parse()
            .unwrap()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Request heads in the order they came.
#[derive(Clone, Default)]
pub struct Heads(Arc<Mutex<Vec<String>>>);

impl Heads {
    pub fn push(&self, head: String) {
        self.0.lock().unwrap().push(head);
    }

    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn only(&self) -> String {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }
}

/// Reads up to the empty line, byte by byte so that nothing after it is taken; none at the end.
pub async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

pub async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &str) {
    // The client may have hung up on purpose; the test looks at the client's side.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let _ = stream.flush().await;
}

/// A port of loopback where nothing listens.
pub async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

pub fn config(hub: HubUrl, trust: Trust, proxy: ProxyChoice) -> UplinkConfig {
    UplinkConfig {
        trust,
        proxy,
        connect_timeout: PATIENCE,
        ..UplinkConfig::new(hub)
    }
}

pub fn uplink(hub: HubUrl, trust: Trust, proxy: ProxyChoice) -> Uplink {
    Uplink::new(config(hub, trust, proxy)).unwrap()
}

/// The error of an attempt that must fail.
pub async fn failure(uplink: &Uplink) -> ConnectError {
    match uplink.connect().await {
        Ok(_) => panic!("connected to {}, which must fail", uplink.hub()),
        Err(error) => error,
    }
}

pub fn call(method: Method, path: &str) -> Call {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Bytes::new())
        .unwrap();
    Call::new(request).timeout(PATIENCE)
}

/// The body of a `GET /` that must succeed.
pub async fn get(uplink: &Uplink) -> String {
    let answer = uplink.request(call(Method::GET, "/")).await.unwrap();
    assert_eq!(answer.status(), 200);
    String::from_utf8(answer.into_body().to_vec()).unwrap()
}
