//! The links, with a driver that does what the test says and peers that the test is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use cueline_model::Mono;
use cueline_terminal_links::{TerminalAddress, TerminalRoot, converse};
use cueline_terminals::{Command, Driver, Event, Input, Output};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// For what must happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does for each command one thing, and says each input as it came.
#[derive(Default)]
struct Puppet {
    outputs: VecDeque<Output>,
    events: VecDeque<Event>,
    exchanges: u64,
    due: Option<Mono>,
}

impl Driver for Puppet {
    fn command(&mut self, command: Command, now: Mono) {
        match command {
            Command::Prepare => self.outputs.push_back(Output::Connect),
            Command::EndOfDay => self.outputs.push_back(Output::Write(b"hello".to_vec())),
            Command::Cancel => self.outputs.push_back(Output::Close),
            Command::Stored => {
                self.exchanges += 1;
                self.outputs.push_back(Output::Post {
                    exchange: self.exchanges,
                    body: b"{}".to_vec(),
                });
            }
            Command::NotStored => self.due = Some(now + Duration::from_millis(20)),
            other => panic!("not asked of a puppet: {other:?}"),
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Mono) {
        let text = match input {
            Input::Bytes(bytes) => format!("bytes {}", String::from_utf8_lossy(bytes)),
            Input::Reply { exchange, body } => {
                format!("reply {exchange} {}", String::from_utf8_lossy(body))
            }
            Input::Timeout => {
                assert!(Some(now) >= self.due.take(), "woken too early");
                "timeout".to_owned()
            }
            other => format!("{other:?}"),
        };
        self.events.push_back(Event::Unknown { text });
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        self.due
    }
}

struct Talk {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
}

impl Talk {
    fn to(address: TerminalAddress) -> Self {
        let (commands, taken) = mpsc::channel(1);
        let (said, events) = mpsc::channel(1);
        let task = tokio::spawn(converse(Box::<Puppet>::default(), address, taken, said));
        Self {
            commands,
            events,
            task,
        }
    }

    async fn ask(&self, command: Command) {
        let given = timeout(PATIENCE, self.commands.send(command)).await;
        given.expect("the command is taken in time").unwrap();
    }

    async fn hear(&mut self) -> String {
        match timeout(PATIENCE, self.events.recv()).await.unwrap() {
            Some(Event::Unknown { text }) => text,
            other => panic!("expected what the puppet heard, got {other:?}"),
        }
    }

    async fn over(self) {
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

async fn peer() -> (TcpListener, TerminalAddress) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    (listener, format!("tcp://{at}").parse().unwrap())
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let accepted = timeout(PATIENCE, listener.accept()).await.unwrap();
    accepted.unwrap().0
}

#[tokio::test]
async fn bytes_go_both_ways_and_the_end_is_told_once() {
    let (listener, address) = peer().await;
    let mut talk = Talk::to(address);
    talk.ask(Command::Prepare).await;
    let mut stream = accept(&listener).await;
    assert_eq!(talk.hear().await, "Connected");
    talk.ask(Command::EndOfDay).await;
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!(&hello, b"hello");
    stream.write_all(b"good day").await.unwrap();
    assert_eq!(talk.hear().await, "bytes good day");
    drop(stream);
    assert_eq!(talk.hear().await, "Closed");
    // Again, and this time the driver ends it, of which it is told nothing.
    talk.ask(Command::Prepare).await;
    let mut stream = accept(&listener).await;
    assert_eq!(talk.hear().await, "Connected");
    talk.ask(Command::Cancel).await;
    assert_eq!(stream.read(&mut hello).await.unwrap_or(0), 0);
    talk.ask(Command::NotStored).await;
    assert_eq!(talk.hear().await, "timeout");
}

#[tokio::test]
async fn what_does_not_listen_is_told_and_nothing_was_sent() {
    let (listener, address) = peer().await;
    drop(listener);
    let mut talk = Talk::to(address.clone());
    talk.ask(Command::Prepare).await;
    let heard = talk.hear().await;
    assert!(heard.starts_with("ConnectFailed"), "{heard}");
    assert!(heard.contains(&address.host_and_port()), "{heard}");
    // What is written into nothing is known to be lost.
    talk.ask(Command::EndOfDay).await;
    assert_eq!(talk.hear().await, "Closed");
    talk.ask(Command::Stored).await;
    let heard = talk.hear().await;
    assert!(heard.contains("may_have_arrived: false"), "{heard}");
}

#[tokio::test]
async fn an_address_that_nobody_permitted_is_not_connected_to() {
    let mut talk = Talk::to("tcp://192.0.2.1:20007".parse().unwrap());
    talk.ask(Command::Prepare).await;
    let heard = talk.hear().await;
    assert!(heard.contains("the settings permit"), "{heard}");
    assert!(heard.contains("192.0.2.1"), "{heard}");
}

#[tokio::test]
async fn commands_are_taken_while_events_wait() {
    let (listener, address) = peer().await;
    drop(listener);
    let mut talk = Talk::to(address);
    for _ in 0..20 {
        talk.ask(Command::Prepare).await;
        talk.ask(Command::EndOfDay).await;
    }
    assert!(talk.hear().await.starts_with("ConnectFailed"));
}

#[tokio::test]
async fn the_task_ends_with_its_owner_and_closes_what_is_open() {
    let (listener, address) = peer().await;
    let mut talk = Talk::to(address.clone());
    talk.ask(Command::Prepare).await;
    let mut stream = accept(&listener).await;
    assert_eq!(talk.hear().await, "Connected");
    let (closed, _) = mpsc::channel(1);
    drop(std::mem::replace(&mut talk.commands, closed));
    talk.over().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);

    let mut talk = Talk::to(address);
    talk.events.close();
    talk.over().await;
}

/// A terminal over HTTPS, as far as a link can tell.
struct SecurePeer {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pem: String,
    pin: String,
}

impl SecurePeer {
    async fn new(certificate_of: rcgen::CertificateParams) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = certificate_of.self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate.der());
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            acceptor: TlsAcceptor::from(Arc::new(config)),
            pem: certificate.pem(),
            pin: digest.as_ref().iter().map(|b| format!("{b:02x}")).collect(),
        }
    }

    fn address(&self, pin: Option<&str>) -> TerminalAddress {
        let at = self.listener.local_addr().unwrap();
        let pin = pin.map(|pin| format!("?pin={pin}")).unwrap_or_default();
        format!("https://{at}/nexo{pin}").parse().unwrap()
    }

    async fn accept(&self) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(accept(&self.listener).await).await
    }

    /// Takes one request and answers it with these bytes, then closes.
    async fn answer(&self, answer: &[u8]) -> String {
        let mut stream = self.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"{}") {
            let mut some = [0; 1024];
            let read = timeout(PATIENCE, stream.read(&mut some)).await;
            request.extend_from_slice(&some[..read.unwrap().unwrap()]);
        }
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8(request).unwrap()
    }
}

fn names(names: &[&str]) -> rcgen::CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    rcgen::CertificateParams::new(names).unwrap()
}

#[tokio::test]
async fn a_post_is_answered_by_the_pinned_terminal() {
    let terminal = SecurePeer::new(names(&["terminal"])).await;
    let mut talk = Talk::to(terminal.address(Some(&terminal.pin)));
    for exchange in 1..=2 {
        talk.ask(Command::Stored).await;
        let request = terminal
            .answer(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nyes!")
            .await;
        assert!(request.starts_with("POST /nexo HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("content-type: application/json\r\n"));
        assert_eq!(talk.hear().await, format!("reply {exchange} yes!"));
    }
}

#[tokio::test]
async fn nothing_is_posted_to_a_certificate_nobody_vouches_for() {
    let terminal = SecurePeer::new(names(&["terminal"])).await;
    let other = "00".repeat(32);
    for address in [terminal.address(None), terminal.address(Some(&other))] {
        let mut talk = Talk::to(address);
        talk.ask(Command::Stored).await;
        assert!(terminal.accept().await.is_err());
        let heard = talk.hear().await;
        assert!(heard.contains("may_have_arrived: false"), "{heard}");
        assert!(heard.contains(&format!("?pin={}", terminal.pin)), "{heard}");
    }
}

#[tokio::test]
async fn a_root_vouches_for_its_terminals_and_for_nothing_else() {
    let mut adyen = names(&[]);
    adyen.distinguished_name.push(
        rcgen::DnType::CommonName,
        "V400m-123456789.test.terminal.adyen.com",
    );
    for (certificate_of, believed) in [
        (adyen, true),
        (names(&["127.0.0.1"]), true),
        (names(&["elsewhere.example"]), false),
    ] {
        let terminal = SecurePeer::new(certificate_of).await;
        let root = TerminalRoot::from_pem(&terminal.pem).unwrap();
        let mut talk = Talk::to(terminal.address(None).believe(root));
        talk.ask(Command::Stored).await;
        if believed {
            terminal.answer(b"HTTP/1.1 200 OK\r\n\r\nok").await;
            assert_eq!(talk.hear().await, "reply 1 ok");
        } else {
            assert!(terminal.accept().await.is_err());
            assert!(talk.hear().await.contains("may_have_arrived: false"));
        }
    }
    assert!(TerminalRoot::from_pem("").is_err());
}

#[tokio::test]
async fn what_was_posted_and_not_answered_well_may_have_arrived() {
    let terminal = SecurePeer::new(names(&["terminal"])).await;
    for answer in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nyes",
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
        "not HTTP at all\r\n\r\n",
    ] {
        let mut talk = Talk::to(terminal.address(Some(&terminal.pin)));
        talk.ask(Command::Stored).await;
        terminal.answer(answer.as_bytes()).await;
        let heard = talk.hear().await;
        assert!(
            heard.contains("may_have_arrived: true"),
            "{answer}: {heard}"
        );
    }
}
