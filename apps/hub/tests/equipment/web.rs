//! A web server on loopback that answers as a test says, also badly.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A part of an answer.
#[derive(Clone)]
pub enum Piece {
    Bytes(Vec<u8>),
    Pause(Duration),
    /// These bytes again and again, until the other end has had enough.
    Endless(Vec<u8>, Duration),
}

pub type Answer = Vec<Piece>;

pub struct Web {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer with these headers.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut bytes = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    vec![Piece::Bytes(bytes)]
}

pub fn ok(body: &[u8]) -> Answer {
    answer("200 OK", &[], body)
}

pub fn redirect(to: &str) -> Answer {
    answer("302 Found", &[("location", to)], b"")
}

impl Web {
    /// Listens at `ip` and answers each request by its head.
    pub async fn open(
        ip: &str,
        tls: Option<TlsAcceptor>,
        respond: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (noted, respond) = (seen.clone(), Arc::new(respond));
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let (noted, respond, tls) = (noted.clone(), respond.clone(), tls.clone());
                tokio::spawn(async move {
                    // The other end may go at any time: that is what many tests are about.
                    let _gone = match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &noted, &*respond).await,
                            Err(error) => Err(error),
                        },
                        None => serve(stream, &noted, &*respond).await,
                    };
                });
            }
        });
        Self {
            address,
            seen,
            task,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests that came, head and body.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: &Mutex<Vec<String>>,
    respond: &(impl Fn(&str) -> Answer + ?Sized),
) -> io::Result<()> {
    let mut read = Vec::new();
    let head = loop {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&read);
        if let Some(end) = text.find("\r\n\r\n") {
            break text[..end + 4].to_ascii_lowercase();
        }
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse::<usize>().ok())
        .unwrap_or(0);
    while read.len() < head.len() + length {
        if stream.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    }
    let request = String::from_utf8_lossy(&read).into_owned();
    seen.lock().unwrap().push(request.clone());
    for piece in respond(&request) {
        match piece {
            Piece::Bytes(bytes) => stream.write_all(&bytes).await?,
            Piece::Pause(pause) => tokio::time::sleep(pause).await,
            Piece::Endless(bytes, pause) => loop {
                stream.write_all(&bytes).await?;
                stream.flush().await?;
                tokio::time::sleep(pause).await;
            },
        }
        stream.flush().await?;
    }
    stream.shutdown().await
}
