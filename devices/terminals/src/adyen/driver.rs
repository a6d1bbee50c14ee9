//! The conversation: one exchange at a time, and aborts beside it.

mod exchange;
mod looking;
mod paying;
mod ready;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use cueline_model::{
    Finding, Mono, PaymentFailure, PaymentFailureCode, PaymentOrder, ProgressNote, Settlement,
    Stage, WallTime,
};

use self::exchange::Asked;
use super::message::Parties;
use super::secured::SecurityKey;
use super::service_id::{Chance, ServiceId};
use crate::command::Command;
use crate::driver::{Driver, Event, Input, Output};

/// For an answer that needs no customer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The terminal gives up by itself after 120 s (Adyen, "Verify transaction status").
const CHECK_TERMINAL_AFTER: Duration = Duration::from_secs(150);
/// When the answer to a payment is no longer waited for but asked for.
const UNKNOWN_AFTER: Duration = Duration::from_secs(300);
/// How long "not found" proves that a request never arrived: ServiceIDs are unique for 48 hours.
const PROOF_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// One terminal.
#[derive(Debug)]
pub struct Settings {
    /// This till's name, as the terminal is told.
    pub sale_id: String,
    /// The terminal's: model, hyphen, serial number (`V400m-123456789`).
    pub poi_id: String,
    /// What it and its tills share.
    pub key: SecurityKey,
    /// 32 bytes of true chance, new for each driver: nonces and ServiceIDs come from it.
    pub seed: [u8; 32],
    /// What the wall clock shows when the driver's own clock is at zero.
    pub started: WallTime,
}

/// The driver of one Adyen terminal.
pub struct Adyen {
    parties: Parties,
    key: SecurityKey,
    chance: Chance,
    started: WallTime,
    /// Chosen and told, and not yet used.
    promised: Option<ServiceId>,
    /// The exchange of a payment whose post is neither answered nor known to have failed.
    payment_under_way: Option<u64>,
    doing: Doing,
    exchanges: u64,
    outputs: VecDeque<Output>,
    events: VecDeque<Event>,
}

enum Doing {
    Nothing,
    Preparing(Asked),
    Paying {
        asked: Asked,
        order: PaymentOrder,
        check_terminal_at: Option<Mono>,
    },
    /// The result was told and waits to be durable.
    Told {
        order: PaymentOrder,
        settlement: Box<Settlement>,
    },
    /// The result could not be made durable.
    TakingBack(Asked),
    LookingUp {
        asked: Asked,
        order: PaymentOrder,
        about: ServiceId,
    },
}

impl fmt::Debug for Adyen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adyen")
            .field("parties", &self.parties)
            .finish_non_exhaustive()
    }
}

impl Adyen {
    /// A driver that has asked nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            parties: Parties {
                sale_id: settings.sale_id,
                poi_id: settings.poi_id,
            },
            key: settings.key,
            chance: Chance::new(settings.seed),
            started: settings.started,
            promised: None,
            payment_under_way: None,
            doing: Doing::Nothing,
            exchanges: 0,
            outputs: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    fn wall(&self, now: Mono) -> WallTime {
        self.started + now.since(Mono::default())
    }

    fn answered(&mut self, exchange: u64, body: &[u8], now: Mono) {
        if self.payment_under_way == Some(exchange) {
            self.payment_under_way = None;
        }
        let Some(asked) = self
            .waiting_for()
            .filter(|asked| asked.exchange == exchange)
        else {
            return;
        };
        let read = self.read(&asked.clone(), body);
        match (std::mem::replace(&mut self.doing, Doing::Nothing), read) {
            (Doing::Preparing(_), Ok(reply)) => match reply.diagnosis_response {
                Some(said) => self.prepared(said, now),
                None => self.unprepared("the terminal answers something else".to_owned()),
            },
            (Doing::Preparing(_), Err(text)) => self.unprepared(text),
            (Doing::Paying { order, .. }, Ok(reply)) => self.paid(order, reply),
            (Doing::Paying { .. } | Doing::TakingBack(_), Err(text)) => {
                self.say(Event::Unknown { text });
            }
            (Doing::TakingBack(_), Ok(reply)) => self.taken_back(reply),
            (Doing::LookingUp { order, about, .. }, Ok(reply)) => {
                let finding = match reply.transaction_status_response {
                    Some(said) => self.found(&order, about, said, now),
                    None => Finding::CannotTell {
                        text: "the terminal answers something else".to_owned(),
                    },
                };
                self.say(Event::LookedUp(finding));
            }
            // What cannot be read now may be read when somebody has corrected the passphrase.
            (Doing::LookingUp { .. }, Err(text)) => {
                self.say(Event::LookedUp(Finding::Unreachable { text }));
            }
            (doing, _) => self.doing = doing,
        }
    }

    fn unanswered(&mut self, exchange: u64, may_have_arrived: bool, text: String) {
        if self.payment_under_way == Some(exchange) {
            self.payment_under_way = None;
        }
        if self
            .waiting_for()
            .is_none_or(|asked| asked.exchange != exchange)
        {
            return;
        }
        match std::mem::replace(&mut self.doing, Doing::Nothing) {
            Doing::Preparing(_) => self.unprepared(text),
            Doing::Paying { .. } if !may_have_arrived => {
                self.say(Event::NotMoved(at_tray(
                    PaymentFailureCode::Unreachable,
                    text,
                )));
            }
            Doing::Paying { .. } | Doing::TakingBack(_) => self.say(Event::Unknown { text }),
            Doing::LookingUp { .. } => self.say(Event::LookedUp(Finding::Unreachable { text })),
            doing @ (Doing::Nothing | Doing::Told { .. }) => self.doing = doing,
        }
    }

    fn waited(&mut self, now: Mono) {
        if let Doing::Paying {
            check_terminal_at, ..
        } = &mut self.doing
            && check_terminal_at.is_some_and(|at| at <= now)
        {
            *check_terminal_at = None;
            self.progress(
                "check_terminal",
                "No word from the terminal: look at its screen.",
            );
        }
        let Some(asked) = self.waiting_for().filter(|asked| asked.until <= now) else {
            return;
        };
        let (exchange, under_way) = (asked.exchange, self.payment_under_way);
        let text = "the terminal did not answer in time".to_owned();
        self.unanswered(exchange, true, text);
        // The post itself is still out, so its request may yet arrive.
        self.payment_under_way = under_way;
    }

    fn waiting_for(&self) -> Option<&Asked> {
        match &self.doing {
            Doing::Nothing | Doing::Told { .. } => None,
            Doing::Preparing(asked)
            | Doing::TakingBack(asked)
            | Doing::Paying { asked, .. }
            | Doing::LookingUp { asked, .. } => Some(asked),
        }
    }

    fn progress(&mut self, code: &str, text: &str) {
        self.say(Event::Progress(ProgressNote {
            code: code.to_owned(),
            text: text.to_owned(),
        }));
    }

    fn say(&mut self, event: Event) {
        self.events.push_back(event);
    }
}

fn at_tray(code: PaymentFailureCode, text: String) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Tray,
        code,
        retryable: true,
        text,
    }
}

impl Driver for Adyen {
    fn command(&mut self, command: Command, now: Mono) {
        match command {
            Command::Prepare => self.prepare(now),
            Command::Begin(order) => self.begin(order, now),
            Command::LookUp { order, baseline } => self.look_up(order, baseline, now),
            Command::Cancel => self.cancel(now),
            // Adyen's terminals ask the clerk nothing by this way.
            Command::Answer { .. } => {}
            Command::Stored => {
                if matches!(self.doing, Doing::Told { .. }) {
                    self.doing = Doing::Nothing;
                    self.say(Event::Finished);
                }
            }
            Command::NotStored => match std::mem::replace(&mut self.doing, Doing::Nothing) {
                Doing::Told { order, settlement } => self.take_back(&order, &settlement, now),
                doing => self.doing = doing,
            },
            // Adyen closes its batches itself.
            Command::EndOfDay => self.say(Event::Finished),
        }
    }

    fn handle(&mut self, input: Input<'_>, now: Mono) {
        match input {
            Input::Reply { exchange, body } => self.answered(exchange, body, now),
            Input::NoReply {
                exchange,
                may_have_arrived,
                text,
            } => self.unanswered(exchange, may_have_arrived, text),
            Input::Timeout => self.waited(now),
            // No connection is ever asked for.
            Input::Connected | Input::ConnectFailed { .. } | Input::Bytes(_) | Input::Closed => {}
        }
    }

    fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Mono> {
        let until = self.waiting_for()?.until;
        match &self.doing {
            Doing::Paying {
                check_terminal_at: Some(at),
                ..
            } => Some(until.min(*at)),
            _ => Some(until),
        }
    }
}
