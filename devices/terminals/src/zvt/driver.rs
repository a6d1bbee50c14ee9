//! The conversation with one ZVT terminal.
//!
//! ```text
//! Prepare   connect, 06 00, 06 20 (the last transaction's numbers)      -> Ready
//! Begin     06 01 | 06 30 | 06 31, then 04 FF .. 04 0F .. 06 D3 .. 06 0F -> Result, Finished
//! LookUp    connect, 06 00, 06 20, compare with what was noted before    -> LookedUp
//! ```
//!
//! One task at a time; each has a file. What moves money is written in one place,
//! [`Zvt::begin`] (and after the clerk's telephone call in `paying`), once.

mod asking;
mod closing;
mod judge;
mod paying;

use std::collections::VecDeque;
use std::time::Duration;

use cueline_model::{
    Currency, Mono, PaymentFailure, PaymentFailureCode, ProgressNote, Stage, UnmatchedTransaction,
};

use super::apdu::{Apdu, Frames, kind};
use super::status::StatusInformation;
use super::texts;
use crate::{Command, Driver, Event, Input, Output};
use asking::{Asking, Purpose};
use closing::Closing;
use judge::Numbers;
use paying::Paying;

/// How one terminal is talked to.
#[derive(Debug, Clone)]
pub struct ZvtSettings {
    /// The till's password, six digits; 0 where none was set.
    pub password: u32,
    /// The currency it is registered for.
    pub currency: Option<Currency>,
    /// How long the terminal may take to answer what only asks.
    pub answer_within: Duration,
    /// How long it may be silent in a payment before the clerk is told to look at it, and between
    /// two such notes.
    pub check_every: Duration,
    /// How long it may be silent in a payment before the connection is given up and what became of
    /// the payment is looked up. No outcome is concluded from it.
    pub silence_max: Duration,
    /// How long it may print and tidy up after a result was acknowledged.
    pub completion_within: Duration,
    /// Whether the clerk compares signatures at the till: the acknowledgement of a payment by
    /// signature waits for the answer.
    pub signature_at_till: bool,
}

impl Default for ZvtSettings {
    fn default() -> Self {
        Self {
            password: 0,
            currency: None,
            answer_within: Duration::from_secs(10),
            check_every: Duration::from_secs(30),
            silence_max: Duration::from_secs(300),
            completion_within: Duration::from_secs(60),
            signature_at_till: true,
        }
    }
}

/// The driver of one ZVT terminal.
#[derive(Debug)]
pub struct Zvt {
    settings: ZvtSettings,
    link: Link,
    frames: Frames,
    task: Task,
    /// Registered and idle, the last transaction noted, nothing begun since.
    ready: bool,
    /// The last transaction that its owner knows of.
    seen: Option<Numbers>,
    /// The transaction that it was told to take back, or took back by its own rule.
    taken_back: Option<u32>,
    deadline: Option<Mono>,
    outputs: VecDeque<Output>,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Closed,
    Opening,
    Open,
}

#[derive(Debug)]
enum Task {
    Idle,
    Asking(Box<Asking>),
    Paying(Box<Paying>),
    Closing(Closing),
}

impl Zvt {
    /// A driver that knows nothing of its terminal yet.
    #[must_use]
    pub fn new(settings: ZvtSettings) -> Self {
        Self {
            settings,
            link: Link::Closed,
            frames: Frames::default(),
            task: Task::Idle,
            ready: false,
            seen: None,
            taken_back: None,
            deadline: None,
            outputs: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    fn write(&mut self, bytes: Vec<u8>) {
        self.outputs.push_back(Output::Write(bytes));
    }

    fn acknowledge(&mut self) {
        self.write(Apdu::ack().encode());
    }

    fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    fn progress(&mut self, code: &str, text: &str) {
        self.emit(Event::Progress(ProgressNote {
            code: code.to_owned(),
            text: text.to_owned(),
        }));
    }

    fn wait(&mut self, now: Mono, time: Duration) {
        self.deadline = Some(now + time);
    }

    fn open(&mut self, now: Mono) {
        self.link = Link::Opening;
        self.frames.clear();
        self.outputs.push_back(Output::Connect);
        // The owner says when it failed; this is in case it never does.
        self.wait(now, self.settings.completion_within);
    }

    fn close(&mut self) {
        if self.link != Link::Closed {
            self.outputs.push_back(Output::Close);
        }
        self.link = Link::Closed;
        self.ready = false;
        self.frames.clear();
    }

    /// Runs the task on something; it says what comes after it.
    fn step(&mut self, step: impl FnOnce(&mut Self, Task) -> Task) {
        let task = std::mem::replace(&mut self.task, Task::Idle);
        self.task = step(self, task);
        if matches!(self.task, Task::Idle) {
            self.deadline = None;
        }
    }

    fn take_apdu(&mut self, apdu: &Apdu, now: Mono) {
        self.step(|driver, task| match task {
            Task::Idle => {
                driver.unasked(apdu);
                Task::Idle
            }
            Task::Asking(asking) => driver.asking_apdu(asking, apdu, now),
            Task::Paying(paying) => driver.paying_apdu(paying, apdu, now),
            Task::Closing(closing) => driver.closing_apdu(closing, apdu, now),
        });
    }

    /// What the terminal says while nothing is asked of it.
    fn unasked(&mut self, apdu: &Apdu) {
        match apdu.kind {
            kind::ACK | (kind::NACK_CLASS, _) => return,
            kind::STATUS_INFORMATION => {
                let status = StatusInformation::parse(&apdu.data);
                self.note(&status, false);
                self.ready = false;
            }
            _ => {}
        }
        self.acknowledge();
    }

    /// Remembers a transaction; what moved money and is not ours is told.
    fn note(&mut self, status: &StatusInformation, ours: bool) {
        let numbers = Numbers::of(status);
        let new = self.seen != Some(numbers);
        let back = status.original_trace_no;
        let ours = ours || (back.is_some() && back == self.taken_back);
        self.seen = Some(numbers);
        let moved = status.result_code == Some(0);
        if let (true, false, true, Some(amount_minor @ 1..)) =
            (new, ours, moved, status.amount_minor)
        {
            self.emit(Event::Unmatched(UnmatchedTransaction {
                amount_minor,
                card: status.card_details(),
            }));
        }
    }

    fn closed(&mut self, now: Mono) {
        if self.link == Link::Closed {
            return;
        }
        self.link = Link::Closed;
        self.ready = false;
        self.frames.clear();
        self.step(|driver, task| match task {
            Task::Idle => Task::Idle,
            Task::Asking(asking) => driver.asking_lost(asking, now, "the connection broke"),
            Task::Paying(paying) => driver.paying_lost(paying),
            Task::Closing(closing) => driver.closing_lost(closing, "the connection broke"),
        });
    }

    fn timed_out(&mut self, now: Mono) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        self.step(|driver, task| match task {
            Task::Idle => Task::Idle,
            Task::Asking(asking) => driver.asking_timed_out(asking, now),
            Task::Paying(paying) => driver.paying_timed_out(paying, now),
            Task::Closing(closing) => {
                driver.close();
                driver.closing_lost(closing, "no answer")
            }
        });
    }
}

impl Driver for Zvt {
    fn command(&mut self, command: Command, now: Mono) {
        match command {
            Command::Prepare => self.ask(Purpose::Ready, now),
            Command::LookUp { order, baseline } => {
                self.ask(Purpose::LookUp { order, baseline }, now);
            }
            Command::Begin(order) => self.begin(order, now),
            Command::EndOfDay => self.close_day(now),
            Command::Cancel => self.with_payment(|driver, paying| driver.cancel(paying, now)),
            Command::Answer { prompt, answer } => {
                self.with_payment(|driver, paying| driver.answer(paying, prompt, &answer, now));
            }
            Command::Stored => self.with_payment(|driver, paying| driver.stored(paying, now)),
            Command::NotStored => {
                self.with_payment(|driver, paying| driver.not_stored(paying, now));
            }
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Mono) {
        match input {
            Input::Connected if self.link == Link::Opening => {
                self.link = Link::Open;
                self.step(|driver, task| match task {
                    Task::Asking(asking) => driver.register(asking, now),
                    other => other,
                });
            }
            Input::ConnectFailed { text } if self.link == Link::Opening => {
                self.link = Link::Closed;
                self.step(|driver, task| match task {
                    Task::Asking(asking) => driver.not_reached(*asking, &text),
                    other => other,
                });
            }
            Input::Bytes(bytes) if self.link == Link::Open => {
                self.frames.push(bytes);
                while let Some(apdu) = self.frames.next_apdu() {
                    self.take_apdu(&apdu, now);
                }
            }
            Input::Closed => self.closed(now),
            Input::Timeout => self.timed_out(now),
            Input::Connected
            | Input::ConnectFailed { .. }
            | Input::Bytes(_)
            | Input::Reply { .. }
            | Input::NoReply { .. } => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        self.deadline
    }
}

/// A failure on the way, before anything was asked.
fn unreachable(text: &str) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Tray,
        code: PaymentFailureCode::Unreachable,
        retryable: true,
        text: format!(
            "the terminal was not reached: {text}; check that it is on and connected to the network"
        ),
    }
}

/// A refusal of the terminal.
fn refused(code: u8) -> PaymentFailure {
    let failure = texts::failure_code(code);
    PaymentFailure {
        stage: Stage::Terminal,
        code: failure,
        retryable: failure != PaymentFailureCode::Unsupported,
        text: format!("the terminal refused: {}", texts::error(code)),
    }
}
