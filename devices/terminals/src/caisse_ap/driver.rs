//! The conversation: connect, ask once, read the one answer.

use std::collections::VecDeque;
use std::time::Duration;

use cueline_model::{
    Finding, Mono, PaymentFailure, PaymentFailureCode, PaymentOrder, PaymentOutcome, ProgressNote,
    Settlement, Stage,
};

use super::field::{FieldError, Message, Tag};
use super::outcome::{Ending, action, ending};
use crate::command::Command;
use crate::driver::{Driver, Event, Input, Output};

const VERSION: &str = "0300";
const AMOUNT_DIGITS_MAX: usize = 12;
/// How long an idle connection is kept for the payment it was opened for.
const IDLE_FOR: Duration = Duration::from_secs(60);
/// Nothing says where an answer ends: it is whole when no more has come for so long.
const QUIET_FOR: Duration = Duration::from_millis(400);
const CHECK_TERMINAL_AFTER: Duration = Duration::from_secs(150);
/// There is no look-up, so the one answer is waited for long.
const UNKNOWN_AFTER: Duration = Duration::from_secs(600);

/// One till, as its terminals are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The cash register's number, 1 to 99.
    pub register: u8,
    /// Twelve digits that name the software, as the terminal's bank gave them; any will mostly do.
    pub register_kind: String,
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("set up a terminal for Caisse-AP: expected {expected}, got {got:?}")]
pub struct SettingsError {
    expected: &'static str,
    got: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            register: 1,
            register_kind: "012345678901".to_owned(),
        }
    }
}

/// The driver of one terminal.
#[derive(Debug)]
pub struct CaisseAp {
    settings: Settings,
    link: Link,
    /// Told, and no payment begun since.
    ready: bool,
    doing: Doing,
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
enum Doing {
    /// The connection is closed at this time, if it is open.
    Nothing(Option<Mono>),
    Preparing,
    /// The connection is being opened; nothing was sent.
    Calling(Payment),
    Paying {
        payment: Payment,
        answer: Vec<u8>,
        quiet_at: Option<Mono>,
        check_terminal_at: Option<Mono>,
        unknown_at: Mono,
    },
    /// The result was told and waits to be durable.
    Told(Box<Settlement>),
}

#[derive(Debug)]
struct Payment {
    order: PaymentOrder,
    question: Message,
}

impl CaisseAp {
    /// A driver that has asked nothing yet.
    ///
    /// # Errors
    /// [`SettingsError`] where a number is none.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        if !(1..=99).contains(&settings.register) {
            return Err(SettingsError {
                expected: "a register from 1 to 99",
                got: settings.register.to_string(),
            });
        }
        let kind = &settings.register_kind;
        if kind.len() != 12 || !kind.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SettingsError {
                expected: "12 digits that name the software",
                got: kind.chars().take(40).collect(),
            });
        }
        Ok(Self {
            settings,
            link: Link::Closed,
            ready: false,
            doing: Doing::Nothing(None),
            outputs: VecDeque::new(),
            events: VecDeque::new(),
        })
    }

    fn question(&self, order: &PaymentOrder) -> Option<Message> {
        let amount = format!("{:02}", order.amount_minor);
        if order.amount_minor <= 0 || amount.len() > AMOUNT_DIGITS_MAX {
            return None;
        }
        Message::default()
            .with(Tag::VERSION, VERSION)?
            .with(Tag::REGISTER_KIND, &self.settings.register_kind)?
            .with(Tag::REGISTER, &format!("{:02}", self.settings.register))?
            .with(Tag::AMOUNT, &amount)?
            .with(Tag::ACTION, action(order.kind))?
            .with(Tag::CURRENCY, &format!("{:03}", order.currency.numeric()))
    }

    fn prepare(&mut self, now: Mono) {
        match self.link {
            Link::Open => self.ready(now),
            Link::Opening => self.doing = Doing::Preparing,
            Link::Closed => {
                self.open();
                self.doing = Doing::Preparing;
            }
        }
    }

    fn ready(&mut self, now: Mono) {
        self.doing = Doing::Nothing(Some(now + IDLE_FOR));
        self.ready = true;
        self.say(Event::Ready { baseline: None });
    }

    fn begin(&mut self, order: PaymentOrder, now: Mono) {
        // Given once for each payment; the terminal is at one.
        if !matches!(self.doing, Doing::Nothing(_)) {
            return;
        }
        if !std::mem::take(&mut self.ready) {
            let text = "begin a payment: the terminal was not got ready for it".to_owned();
            return self.say(Event::NotMoved(at_tray(
                PaymentFailureCode::Unreachable,
                text,
            )));
        }
        let Some(question) = self.question(&order) else {
            let text = format!(
                "ask for {}: expected an amount of at most {AMOUNT_DIGITS_MAX} digits",
                order.currency.amount(order.amount_minor)
            );
            return self.say(Event::NotMoved(at_tray(
                PaymentFailureCode::Unsupported,
                text,
            )));
        };
        let payment = Payment { order, question };
        match self.link {
            Link::Open => self.pay(payment, now),
            Link::Opening => self.doing = Doing::Calling(payment),
            Link::Closed => {
                self.open();
                self.doing = Doing::Calling(payment);
            }
        }
    }

    fn pay(&mut self, payment: Payment, now: Mono) {
        self.outputs
            .push_back(Output::Write(payment.question.encode()));
        self.doing = Doing::Paying {
            payment,
            answer: Vec::new(),
            quiet_at: None,
            check_terminal_at: Some(now + CHECK_TERMINAL_AFTER),
            unknown_at: now + UNKNOWN_AFTER,
        };
    }

    fn take(&mut self, bytes: &[u8], now: Mono) {
        let Doing::Paying {
            answer, quiet_at, ..
        } = &mut self.doing
        else {
            // Nothing was asked that this could be the answer to.
            return;
        };
        answer.extend_from_slice(bytes);
        match Message::parse(answer) {
            Ok(message) if message.get(Tag::STATUS).is_some() => *quiet_at = Some(now + QUIET_FOR),
            Ok(_) | Err(FieldError::Cut { .. }) => *quiet_at = None,
            Err(error @ FieldError::Malformed { .. }) => self.unknown(error.to_string()),
        }
    }

    /// Judges what has come of the answer: no more is to come.
    fn judge(&mut self) {
        let Doing::Paying {
            payment, answer, ..
        } = std::mem::replace(&mut self.doing, Doing::Nothing(None))
        else {
            return;
        };
        let said = match Message::parse(&answer) {
            Ok(said) if said.get(Tag::STATUS).is_some() => said,
            _ if answer.is_empty() => {
                return self.unknown("the connection ended before the answer".to_owned());
            }
            _ => return self.unknown("the connection ended in the midst of the answer".to_owned()),
        };
        match ending(&payment.order, &payment.question, &said) {
            Ending::Settled(settlement) => {
                self.say(Event::Result(settlement.clone()));
                self.doing = Doing::Told(settlement);
            }
            Ending::NotBegun(failure) => {
                self.close();
                self.say(Event::NotMoved(failure));
            }
            Ending::Unclear(text) => self.unknown(text),
        }
    }

    fn unknown(&mut self, text: String) {
        self.close();
        self.doing = Doing::Nothing(None);
        self.say(Event::Unknown { text });
    }

    fn lost(&mut self) {
        self.link = Link::Closed;
        match &self.doing {
            Doing::Nothing(_) => self.doing = Doing::Nothing(None),
            Doing::Paying { .. } => self.judge(),
            Doing::Preparing => self.unreachable("the terminal closed the connection".to_owned()),
            Doing::Calling(_) | Doing::Told(_) => {}
        }
    }

    fn unreachable(&mut self, text: String) {
        self.link = Link::Closed;
        let failure = at_tray(PaymentFailureCode::Unreachable, text);
        match std::mem::replace(&mut self.doing, Doing::Nothing(None)) {
            Doing::Preparing => self.say(Event::NotReady(failure)),
            Doing::Calling(_) => self.say(Event::NotMoved(failure)),
            doing => self.doing = doing,
        }
    }

    fn not_stored(&mut self, settlement: &Settlement) {
        self.close();
        if matches!(settlement.outcome, PaymentOutcome::Approved { .. }) {
            let text = "approved, could not be recorded, and cannot be taken back by software";
            self.say(Event::Unknown {
                text: text.to_owned(),
            });
        } else {
            let text = "the result could not be recorded, and no money moved";
            self.say(Event::NotMoved(at_tray(
                PaymentFailureCode::NotStored,
                text.to_owned(),
            )));
        }
    }

    fn waited(&mut self, now: Mono) {
        match &mut self.doing {
            Doing::Nothing(close_at) if close_at.is_some_and(|at| at <= now) => {
                self.doing = Doing::Nothing(None);
                self.close();
            }
            Doing::Paying { quiet_at, .. } if quiet_at.is_some_and(|at| at <= now) => self.judge(),
            Doing::Paying { unknown_at, .. } if *unknown_at <= now => {
                self.unknown("the terminal did not answer in time".to_owned());
            }
            Doing::Paying {
                check_terminal_at, ..
            } if check_terminal_at.is_some_and(|at| at <= now) => {
                *check_terminal_at = None;
                self.check_terminal("No word from the terminal: look at its screen.");
            }
            _ => {}
        }
    }

    fn check_terminal(&mut self, text: &str) {
        self.say(Event::Progress(ProgressNote {
            code: "check_terminal".to_owned(),
            text: text.to_owned(),
        }));
    }

    fn open(&mut self) {
        self.link = Link::Opening;
        self.outputs.push_back(Output::Connect);
    }

    fn close(&mut self) {
        if self.link != Link::Closed {
            self.link = Link::Closed;
            self.outputs.push_back(Output::Close);
        }
    }

    fn say(&mut self, event: Event) {
        self.events.push_back(event);
    }
}

fn at_tray(code: PaymentFailureCode, text: String) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Tray,
        code,
        retryable: code != PaymentFailureCode::Unsupported,
        text,
    }
}

impl Driver for CaisseAp {
    fn command(&mut self, command: Command, now: Mono) {
        match command {
            Command::Prepare => self.prepare(now),
            Command::Begin(order) => self.begin(order, now),
            Command::LookUp { .. } => {
                let text = "this terminal's protocol cannot say what became of a payment: look at its \
                            journal and decide";
                self.say(Event::LookedUp(Finding::CannotTell {
                    text: text.to_owned(),
                }));
            }
            Command::Cancel => {
                if matches!(self.doing, Doing::Paying { .. }) {
                    self.check_terminal("Press the red key at the terminal to stop it.");
                }
            }
            // The terminal asks nothing by this way.
            Command::Answer { .. } => {}
            Command::Stored => {
                if matches!(self.doing, Doing::Told(_)) {
                    self.doing = Doing::Nothing(None);
                    self.close();
                    self.say(Event::Finished);
                }
            }
            Command::NotStored => match std::mem::replace(&mut self.doing, Doing::Nothing(None)) {
                Doing::Told(settlement) => self.not_stored(&settlement),
                doing => self.doing = doing,
            },
            Command::EndOfDay => {
                let text = "this terminal's batch is closed at the terminal itself";
                self.say(Event::NotReady(at_tray(
                    PaymentFailureCode::Unsupported,
                    text.to_owned(),
                )));
            }
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Mono) {
        match input {
            Input::Connected => {
                self.link = Link::Open;
                match std::mem::replace(&mut self.doing, Doing::Nothing(None)) {
                    Doing::Preparing => self.ready(now),
                    Doing::Calling(payment) => self.pay(payment, now),
                    doing => self.doing = doing,
                }
            }
            Input::ConnectFailed { text } => self.unreachable(text),
            Input::Bytes(bytes) => self.take(bytes, now),
            Input::Closed => self.lost(),
            Input::Timeout => self.waited(now),
            // Nothing is ever posted.
            Input::Reply { .. } | Input::NoReply { .. } => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        match &self.doing {
            Doing::Nothing(close_at) => *close_at,
            Doing::Paying {
                quiet_at,
                check_terminal_at,
                unknown_at,
                ..
            } => [*quiet_at, *check_terminal_at, Some(*unknown_at)]
                .into_iter()
                .flatten()
                .min(),
            Doing::Preparing | Doing::Calling(_) | Doing::Told(_) => None,
        }
    }
}
