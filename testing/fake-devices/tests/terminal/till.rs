//! A till: owns a driver and its connection, and keeps every event.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use cueline_model::{Baseline, Finding, Mono, Original, PaymentKind, PaymentOrder, Settlement};
use cueline_terminals::{Command, Driver, Event, Input, Output, Zvt, ZvtSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Longer than anything takes on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Till {
    driver: Zvt,
    address: SocketAddr,
    stream: Option<TcpStream>,
    origin: Instant,
    events: VecDeque<Event>,
    /// Packets sent that ask for money.
    pub begun_on_wire: usize,
}

pub fn order(kind: PaymentKind, amount_minor: i64) -> PaymentOrder {
    PaymentOrder {
        kind,
        amount_minor,
        currency: cueline_model::Currency::EUR,
        station: "desk".parse().unwrap(),
        terminal: "counter".parse().unwrap(),
        original: None,
    }
}

/// A void of a sale.
pub fn void(amount_minor: i64, sale: &Settlement) -> PaymentOrder {
    let cueline_model::PaymentOutcome::Approved { card, .. } = &sale.outcome else {
        panic!("not approved: {sale:?}")
    };
    PaymentOrder {
        original: Some(Original {
            payment: cueline_model::PaymentId::from_u128(7),
            amount_minor,
            receipt_no: card.receipt_no.clone(),
            terminal_txn_ref: card.terminal_txn_ref.clone(),
        }),
        ..order(PaymentKind::Void, amount_minor)
    }
}

impl Till {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            driver: Zvt::new(ZvtSettings::default()),
            address,
            stream: None,
            origin: Instant::now(),
            events: VecDeque::new(),
            begun_on_wire: 0,
        }
    }

    fn now(&self) -> Mono {
        Mono(self.origin.elapsed().as_millis().try_into().unwrap())
    }

    pub async fn command(&mut self, command: Command) {
        let now = self.now();
        self.driver.command(command, now);
        self.drain().await;
    }

    async fn drain(&mut self) {
        loop {
            while let Some(output) = self.driver.poll_output() {
                self.put_out(output).await;
            }
            let Some(event) = self.driver.poll_event() else {
                return;
            };
            self.events.push_back(event);
        }
    }

    async fn put_out(&mut self, output: Output) {
        match output {
            Output::Connect => {
                let input = match TcpStream::connect(self.address).await {
                    Ok(stream) => {
                        let _slower = stream.set_nodelay(true);
                        self.stream = Some(stream);
                        Input::Connected
                    }
                    Err(error) => Input::ConnectFailed {
                        text: error.to_string(),
                    },
                };
                let now = self.now();
                self.driver.handle(input, now);
            }
            Output::Write(bytes) => {
                if matches!(bytes[..2], [0x06, 0x01 | 0x21 | 0x30 | 0x31]) {
                    self.begun_on_wire += 1;
                }
                // A write that fails is followed by a read that says so.
                if let Some(stream) = &mut self.stream {
                    let _broken = stream.write_all(&bytes).await;
                }
            }
            Output::Close => self.stream = None,
            Output::Post { .. } => panic!("ZVT posts nothing"),
        }
    }

    /// Gives the way to the terminal one thing to happen.
    async fn turn(&mut self) {
        let deadline = self
            .driver
            .poll_timeout()
            .map_or(Instant::now() + PATIENCE, |at| {
                self.origin + Duration::from_millis(at.0)
            });
        let mut buffer = [0; 4096];
        let read = async {
            match &mut self.stream {
                Some(stream) => stream.read(&mut buffer).await.unwrap_or(0),
                None => std::future::pending().await,
            }
        };
        let read = tokio::time::timeout_at(deadline, read).await;
        let now = self.now();
        match read {
            Ok(0) => {
                self.stream = None;
                self.driver.handle(Input::Closed, now);
            }
            Ok(count) => self.driver.handle(Input::Bytes(&buffer[..count]), now),
            Err(_) => self.driver.handle(Input::Timeout, now),
        }
        self.drain().await;
    }

    /// The next event.
    pub async fn event(&mut self) -> Event {
        let end = Instant::now() + PATIENCE;
        while self.events.is_empty() {
            assert!(Instant::now() < end, "nothing happened");
            self.turn().await;
        }
        self.events.pop_front().unwrap()
    }

    /// The next event that is no progress and no receipt.
    pub async fn news(&mut self) -> Event {
        loop {
            match self.event().await {
                Event::Progress(_) | Event::Receipt(_) => {}
                event => return event,
            }
        }
    }

    pub async fn prepare(&mut self) -> Option<Baseline> {
        self.command(Command::Prepare).await;
        match self.news().await {
            Event::Ready { baseline } => baseline,
            event => panic!("not ready: {event:?}"),
        }
    }

    /// Prepares and begins; gives the baseline.
    pub async fn begin(&mut self, order: PaymentOrder) -> Option<Baseline> {
        let baseline = self.prepare().await;
        self.command(Command::Begin(order)).await;
        baseline
    }

    pub async fn result(&mut self) -> Settlement {
        match self.news().await {
            Event::Result(settlement) => *settlement,
            event => panic!("no result: {event:?}"),
        }
    }

    /// A payment from first to last.
    pub async fn pay(&mut self, order: PaymentOrder) -> Settlement {
        self.begin(order).await;
        let settlement = self.result().await;
        self.command(Command::Stored).await;
        assert_eq!(self.news().await, Event::Finished);
        settlement
    }

    /// Looks up until the terminal is done and there.
    pub async fn look_up(&mut self, order: PaymentOrder, baseline: Option<Baseline>) -> Finding {
        let end = Instant::now() + PATIENCE;
        loop {
            let (order, baseline) = (order.clone(), baseline.clone());
            self.command(Command::LookUp { order, baseline }).await;
            let finding = loop {
                match self.news().await {
                    Event::LookedUp(finding) => break finding,
                    Event::Unmatched(_) => {}
                    event => panic!("no finding: {event:?}"),
                }
            };
            let again = matches!(finding, Finding::InProgress | Finding::Unreachable { .. });
            if !again || Instant::now() > end {
                return finding;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
