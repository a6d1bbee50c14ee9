//! One terminal's task: carries what its driver asks for, and gives the driver what happened.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use cueline_model::Mono;
use cueline_terminals::{Command, Driver, Event, Input, Output};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::address::{TerminalAddress, Way};
use crate::post::{Posted, post};
use crate::stream::open_permitted;

/// How long a terminal may leave bytes untaken.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// Bytes read at once; the longest message of ZVT is 64 KiB.
const READ_BYTES: usize = 16 * 1024;

/// Runs one terminal's driver until `commands` is closed or nobody takes `events` any more; then what is
/// open is closed, whatever the terminal is at.
///
/// Commands are taken also while events wait to be taken. The driver's clock starts at zero here.
pub async fn converse(
    driver: Box<dyn Driver>,
    address: TerminalAddress,
    mut commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
) {
    let mut conversation = Conversation {
        driver,
        address,
        link: Link::Closed,
        posts: JoinSet::new(),
        waiting: VecDeque::new(),
        started: Instant::now(),
    };
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let may_listen = conversation.waiting.is_empty();
        let due = conversation.due();
        let happened = tokio::select! {
            command = commands.recv() => match command {
                Some(command) => Happened::Asked(command),
                None => return,
            },
            permit = events.reserve(), if !may_listen => match permit {
                Ok(permit) => {
                    if let Some(event) = conversation.waiting.pop_front() {
                        permit.send(event);
                    }
                    continue;
                }
                Err(_) => return,
            },
            () = events.closed() => return,
            happened = conversation.link.next(&mut buffer), if may_listen => happened,
            Some(joined) = conversation.posts.join_next(), if may_listen => match joined {
                Ok((exchange, posted)) => Happened::Posted(exchange, posted),
                // A post is never cancelled while this runs, so it panicked; it says so itself.
                Err(_) => continue,
            },
            () = until(due), if may_listen => Happened::Due,
        };
        conversation.take(happened, &buffer).await;
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// One of the things that can happen.
enum Happened {
    Asked(Command),
    Opened(Result<TcpStream, String>),
    Read(usize),
    Ended,
    Posted(u64, Posted),
    Due,
}

type Opening = Pin<Box<dyn Future<Output = Result<TcpStream, String>> + Send>>;

/// The one connection of a driver that speaks in a stream.
enum Link {
    Closed,
    Opening(Opening),
    Open(TcpStream),
    /// It broke while something was written; the driver has not been told yet.
    Broken,
}

impl Link {
    /// What happens next on it; may be dropped and asked again without losing anything.
    async fn next(&mut self, buffer: &mut [u8]) -> Happened {
        match self {
            Self::Closed => pending().await,
            Self::Opening(opening) => Happened::Opened(opening.await),
            Self::Open(stream) => match stream.read(buffer).await {
                Ok(0) | Err(_) => Happened::Ended,
                Ok(bytes) => Happened::Read(bytes),
            },
            Self::Broken => Happened::Ended,
        }
    }
}

struct Conversation {
    driver: Box<dyn Driver>,
    address: TerminalAddress,
    link: Link,
    posts: JoinSet<(u64, Posted)>,
    /// What the driver said and the owner has not taken.
    waiting: VecDeque<Event>,
    started: Instant,
}

impl Conversation {
    fn now(&self) -> Mono {
        Mono::default() + self.started.elapsed()
    }

    /// When the driver wants to be woken.
    fn due(&self) -> Option<Instant> {
        let at = self.driver.poll_timeout()?;
        self.started.checked_add(at.since(Mono::default()))
    }

    async fn take(&mut self, happened: Happened, buffer: &[u8]) {
        let now = self.now();
        match happened {
            Happened::Asked(command) => self.driver.command(command, now),
            Happened::Opened(Ok(stream)) => {
                self.link = Link::Open(stream);
                self.driver.handle(Input::Connected, now);
            }
            Happened::Opened(Err(text)) => {
                self.link = Link::Closed;
                self.driver.handle(Input::ConnectFailed { text }, now);
            }
            Happened::Read(bytes) => self.driver.handle(Input::Bytes(&buffer[..bytes]), now),
            Happened::Ended => {
                self.link = Link::Closed;
                self.driver.handle(Input::Closed, now);
            }
            Happened::Posted(exchange, Ok(body)) => {
                let body = &body;
                self.driver.handle(Input::Reply { exchange, body }, now);
            }
            Happened::Posted(exchange, Err(unanswered)) => {
                let input = Input::NoReply {
                    exchange,
                    may_have_arrived: unanswered.may_have_arrived,
                    text: unanswered.text,
                };
                self.driver.handle(input, now);
            }
            Happened::Due => self.driver.handle(Input::Timeout, now),
        }
        while let Some(output) = self.driver.poll_output() {
            self.carry_out(output).await;
        }
        while let Some(event) = self.driver.poll_event() {
            self.waiting.push_back(event);
        }
    }

    async fn carry_out(&mut self, output: Output) {
        match (output, &mut self.link) {
            (Output::Connect, _) => {
                let address = self.address.clone();
                self.link = Link::Opening(Box::pin(async move {
                    match &address.way {
                        Way::Tcp { permitted } => open_permitted(&address, permitted).await,
                        Way::Https { .. } => Err(format!(
                            "connect to the terminal at {address}: its protocol wants tcp://host:port; \
                             correct its address in the settings"
                        )),
                    }
                }));
            }
            (Output::Write(bytes), Link::Open(stream)) => {
                let written = timeout(WRITE_WITHIN, stream.write_all(&bytes)).await;
                if !matches!(written, Ok(Ok(()))) {
                    tracing::debug!(terminal = %self.address, "the terminal takes no bytes");
                    self.link = Link::Broken;
                }
            }
            (Output::Write(_), Link::Closed) => self.link = Link::Broken,
            // The driver hears that the connection is gone, or that it is there.
            (Output::Write(_), _) => {}
            (Output::Close, _) => self.link = Link::Closed,
            (Output::Post { exchange, body }, _) => {
                let address = self.address.clone();
                self.posts.spawn(async move {
                    let posted = match &address.way {
                        Way::Https { path, trust } => post(&address, path, trust, body).await,
                        Way::Tcp { .. } => Err(crate::post::Unanswered {
                            may_have_arrived: false,
                            text: format!(
                                "post to the terminal at {address}: its protocol wants https://host:port/nexo; \
                                 correct its address in the settings"
                            ),
                        }),
                    };
                    (exchange, posted)
                });
            }
        }
    }
}
