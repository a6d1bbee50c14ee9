//! The agent's end of a held request: head, chunks, events.

use std::time::Duration;

use cueline_wire::cloud::sse::{Decoder, Frame};
use cueline_wire::cloud::{Bye, Framed, Hello, JobOffer, PaymentOffer, PaymentWish, StreamEvent};
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::{Client, PATIENCE};

pub struct Stream {
    pub head: String,
    stream: TlsStream<TcpStream>,
    read: Vec<u8>,
    events: Decoder,
    /// The answer was ended properly.
    pub complete: bool,
}

/// A request as bytes.
pub fn written(request: &Request<Vec<u8>>) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(request.body());
    bytes
}

impl Stream {
    pub async fn open(client: &Client, request: Request<Vec<u8>>) -> Self {
        let mut stream = client.connect().await;
        stream.write_all(&written(&request)).await.unwrap();
        let mut this = Self {
            head: String::new(),
            stream,
            read: Vec::new(),
            events: Decoder::default(),
            complete: false,
        };
        let end = loop {
            if let Some(at) = this.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(this.read_more().await, "closed before the head had come");
        };
        let head = this.read.drain(..end).collect();
        this.head = String::from_utf8(head).unwrap().to_lowercase();
        this
    }

    pub async fn next(&mut self) -> Option<Framed> {
        let frame = self.next_frame().await?;
        Some(Framed::decode(&frame).unwrap().unwrap())
    }

    /// The next event of any stream, as it was framed.
    pub async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.events.next_frame().unwrap() {
                return Some(frame);
            }
            if self.complete {
                return None;
            }
            match self.take_chunk() {
                Some(chunk) if chunk.is_empty() => self.complete = true,
                Some(chunk) => self.events.push(&chunk),
                None => {
                    if !self.read_more().await {
                        return None;
                    }
                }
            }
        }
    }

    pub async fn hello(&mut self) -> Hello {
        match self.next().await.map(|framed| framed.event) {
            Some(StreamEvent::Hello(hello)) => hello,
            other => panic!("expected a hello, got {other:?}\n{}", self.head),
        }
    }

    /// The next job, pings passed over.
    pub async fn job(&mut self) -> (u64, JobOffer) {
        loop {
            match self.next().await {
                Some(Framed {
                    event: StreamEvent::Ping(_),
                    ..
                }) => {}
                Some(Framed {
                    sequence: Some(sequence),
                    event: StreamEvent::Job(offer),
                }) => {
                    return (sequence, *offer);
                }
                other => panic!("expected a job, got {other:?}"),
            }
        }
    }

    /// The next payment, pings passed over.
    pub async fn payment(&mut self) -> PaymentOffer {
        match self.said().await {
            StreamEvent::Payment(offer) => *offer,
            other => panic!("expected a payment, got {other:?}"),
        }
    }

    /// The next wish about a payment, pings passed over.
    pub async fn wish(&mut self) -> PaymentWish {
        match self.said().await {
            StreamEvent::PaymentWish(wish) => wish,
            other => panic!("expected a wish, got {other:?}"),
        }
    }

    pub async fn said(&mut self) -> StreamEvent {
        loop {
            match self.next().await.map(|framed| framed.event) {
                Some(StreamEvent::Ping(_)) => {}
                Some(event) => return event,
                None => panic!("the stream ended"),
            }
        }
    }

    /// The goodbye, whatever comes before it passed over.
    pub async fn bye(&mut self) -> Bye {
        loop {
            match self.next().await.map(|framed| framed.event) {
                Some(StreamEvent::Bye(bye)) => return bye,
                Some(_) => {}
                None => panic!("ended without a goodbye"),
            }
        }
    }

    /// Whether the connection is closed by the hub, within `within`.
    pub async fn closed(&mut self, within: Duration) -> bool {
        let end = async { while self.next().await.is_some() {} };
        tokio::time::timeout(within, end).await.is_ok()
    }

    fn take_chunk(&mut self) -> Option<Vec<u8>> {
        let line_end = self.read.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&self.read[..line_end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        let end = line_end + 2 + length;
        if self.read.len() < end + 2 {
            return None;
        }
        assert_eq!(&self.read[end..end + 2], b"\r\n");
        let chunk = self.read[line_end + 2..end].to_vec();
        self.read.drain(..end + 2);
        Some(chunk)
    }

    async fn read_more(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut buffer));
        match read.await.expect("nothing came for too long") {
            Ok(count) if count > 0 => {
                self.read.extend_from_slice(&buffer[..count]);
                true
            }
            _ => false,
        }
    }
}
