//! The face over HTTPS: each post waits for its answer while others come in.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{AdyenDeed, AdyenFace};
use crate::terminal::panel::Panel;
use crate::terminal::serve::{Clock, listen, power_loss};

/// Bytes of one request.
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Posts that wait to be looked at.
const POSTS_MAX: usize = 16;

/// What a till posted, and where its answer goes; `None` is a refusal.
struct Post {
    body: Vec<u8>,
    answer: oneshot::Sender<Option<Vec<u8>>>,
}

/// Serves tills until dropped, or until the terminal's files cannot be written.
pub(crate) async fn serve(
    listener: TcpListener,
    panel: Arc<Panel>,
    mut face: AdyenFace,
    tls: Arc<ServerConfig>,
    power_off: Duration,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let clock = Clock::start();
    let acceptor = TlsAcceptor::from(tls);
    let mut listener = Some(listener);
    let mut power = panel.subscribe();
    loop {
        if !panel.power().on {
            face.power_lost();
            listener = None;
            power
                .wait_for(|power| power.on)
                .await
                .map_err(io::Error::other)?;
        }
        let open = match listener.take() {
            Some(open) => open,
            None => listen(address)?,
        };
        Session {
            face: &mut face,
            panel: &panel,
            clock,
            waiting: HashMap::new(),
            connections: JoinSet::new(),
            exchanges: 0,
            power_off,
        }
        .run(&open, &acceptor)
        .await?;
    }
}

/// From power on to power off.
struct Session<'a> {
    face: &'a mut AdyenFace,
    panel: &'a Arc<Panel>,
    clock: Clock,
    waiting: HashMap<u64, oneshot::Sender<Option<Vec<u8>>>>,
    connections: JoinSet<()>,
    exchanges: u64,
    power_off: Duration,
}

impl Session<'_> {
    async fn run(mut self, listener: &TcpListener, acceptor: &TlsAcceptor) -> io::Result<()> {
        let mut power = self.panel.subscribe();
        let (posts, mut posted) = mpsc::channel::<Post>(POSTS_MAX);
        loop {
            power.mark_unchanged();
            if !self.panel.power().on {
                return Ok(());
            }
            let (deeds, wake) = {
                let mut payments = self.panel.payments();
                self.face.go_on(&mut payments, self.clock.now())?
            };
            let went_on = !deeds.is_empty();
            self.do_all(deeds);
            if went_on {
                continue;
            }
            tokio::select! {
                Some(post) = posted.recv() => {
                    self.exchanges += 1;
                    self.waiting.insert(self.exchanges, post.answer);
                    let deeds = {
                        let mut payments = self.panel.payments();
                        let now = self.clock.now();
                        self.face.posted(self.exchanges, &post.body, &mut payments, now)?
                    };
                    self.do_all(deeds);
                }
                () = self.clock.until(wake) => {}
                _ = power.changed() => {}
                Some(_) = self.connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let (acceptor, posts) = (acceptor.clone(), posts.clone());
                        self.connections.spawn(connection(stream, acceptor, posts));
                    }
                    Err(error) => tracing::warn!(%error, "connection not accepted"),
                },
            }
        }
    }

    fn do_all(&mut self, deeds: Vec<AdyenDeed>) {
        for deed in deeds {
            match deed {
                AdyenDeed::Answer { exchange, body } => self.answer(exchange, Some(body)),
                AdyenDeed::Refuse { exchange } => self.answer(exchange, None),
                AdyenDeed::CutLink => {
                    self.waiting.clear();
                    self.connections.abort_all();
                }
                AdyenDeed::PowerLoss => power_loss(self.panel, self.power_off),
            }
        }
    }

    fn answer(&mut self, exchange: u64, body: Option<Vec<u8>>) {
        if let Some(waiting) = self.waiting.remove(&exchange) {
            // A till that is gone is told nothing.
            let _gone = waiting.send(body);
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, posts: mpsc::Sender<Post>) {
    let _slower = stream.set_nodelay(true);
    let stream = match acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "no TLS with a till");
            return;
        }
    };
    let service = service_fn(|request| answer(request, &posts));
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    request: Request<Incoming>,
    posts: &mpsc::Sender<Post>,
) -> io::Result<Response<Full<Bytes>>> {
    let path = request.uri().path().trim_end_matches('/');
    if request.method() != Method::POST || path != "/nexo" {
        return Ok(response(StatusCode::NOT_FOUND, Vec::new()));
    }
    let body = Limited::new(request.into_body(), REQUEST_BYTES_MAX)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes()
        .to_vec();
    let (answer, answered) = oneshot::channel();
    posts
        .send(Post { body, answer })
        .await
        .map_err(io::Error::other)?;
    // Without an answer the connection is cut.
    match answered.await.map_err(io::Error::other)? {
        Some(body) => Ok(response(StatusCode::OK, body)),
        None => Ok(response(StatusCode::BAD_REQUEST, b"Bad Request".to_vec())),
    }
}

fn response(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}
