//! Payments at the till: a core of its own beside [`crate::Agent`], with the same manners.
//!
//! One event in, effects out; after [`Payments::new`] and each `handle_*` drain
//! [`Payments::poll_effect`], then sleep until [`Payments::poll_timeout`] or the next event.
//!
//! ```text
//! Accepting -> Waiting -> Preparing -> Permitting -> Starting -> Running -> Storing -> Leaving
//!                 ^           |                                     |          |
//!                 +-----------+ tray gone                           v          v
//!                                                                Unknown <-----+ not stored
//! ```
//!
//! Up to `Permitting` nothing has reached the terminal and a payment may end without a word to it.
//! From `Starting` on its start is, or may be, durable: what interrupts it makes it `Unknown`, and
//! then the terminal is asked. [`ToTray::Begin`] is told in one place, once for each payment.
//!
//! [`ToTray::Begin`]: cueline_wire::local::ToTray::Begin

mod desk;
pub mod effect;
pub mod event;
mod image;
mod ledger;
mod payment;
pub mod record;
mod reports;
mod states;
mod turn;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use cueline_model::{Mono, Now, PaymentFailure, PaymentFailureCode, PaymentId, Stage};
use cueline_wire::cloud::{JournalMark, PaymentOffer, StationDescription, Wish};
use cueline_wire::local::ToAgent;

use crate::clock::Clock;
use desk::Desk;
use ledger::Ledger;
use reports::Reports;
use turn::{Appends, Turn};

pub use effect::Effect;
pub use event::{Event, TrayId};
pub use image::JournalImage;
pub use record::{Record, Recovered, RecoveredPayment};

/// A wall clock that leaves the monotonic one behind by more than this has slept or was set.
const CLOCK_GAP: Duration = Duration::from_secs(10);

/// The decisions about payments.
#[derive(Debug)]
pub struct Payments {
    parts: Parts,
    appends: Appends,
    /// Drained after each call, so bounded by what one event can cause.
    effects: VecDeque<Effect>,
}

#[derive(Debug)]
struct Parts {
    clock: Clock,
    desk: Desk,
    ledger: Ledger,
    reports: Reports,
    /// Another machine speaks in this agent's name: nothing is taken or started any more.
    fenced: bool,
}

impl Payments {
    /// At its program's start, with what its journal holds. What was interrupted is asked about as
    /// soon as a tray of its station is there.
    #[must_use]
    pub fn new(recovered: Recovered, now: Now) -> Self {
        let known = recovered.newest_at();
        let mut untold = BTreeMap::new();
        for entry in &recovered.untold {
            *untold.entry(entry.payment).or_insert(0) += 1;
        }
        let mut payments = Self {
            parts: Parts {
                clock: Clock::new(now, CLOCK_GAP, None, known),
                desk: Desk::default(),
                ledger: Ledger::default(),
                reports: Reports::new(recovered.mark, recovered.untold),
                fenced: false,
            },
            appends: Appends::new(recovered.next_seq),
            effects: VecDeque::new(),
        };
        let (parts, mut turn) = payments.turn();
        parts.ledger.take_up(recovered.payments, &untold, &mut turn);
        parts.advance(&mut turn);
        payments
    }

    /// Takes an event.
    pub fn handle_event(&mut self, event: Event, now: Now) {
        self.step(Some(event), now);
    }

    /// Does what is due; calling it early or for nothing is harmless.
    pub fn handle_timeout(&mut self, now: Now) {
        self.step(None, now);
    }

    /// The next thing to do, in order.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`Payments::handle_timeout`] at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Mono> {
        let now = self.parts.clock.now().mono;
        [
            self.parts
                .ledger
                .timer(now, self.parts.clock.hub_at_least()),
            self.parts.reports.timer(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The desks that are there, for the inventory.
    #[must_use]
    pub fn stations(&self) -> Vec<StationDescription> {
        self.parts.desk.stations()
    }

    /// Who speaks, with each question whether a payment may be started.
    #[must_use]
    pub fn mark(&self) -> &JournalMark {
        self.parts.reports.mark()
    }

    /// How many payments have not ended.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.parts.ledger.open_count()
    }

    /// How many journal entries the hub is not known to have stored.
    #[must_use]
    pub fn untold_entries(&self) -> usize {
        self.parts.reports.untold_count()
    }

    fn step(&mut self, event: Option<Event>, now: Now) {
        self.parts.clock.advance(now);
        let (parts, mut turn) = self.turn();
        if let Some(event) = event {
            parts.take(event, &mut turn);
        }
        parts.reports.timeout(&turn);
        parts.advance(&mut turn);
    }

    fn turn(&mut self) -> (&mut Parts, Turn<'_>) {
        let clock = &self.parts.clock;
        let turn = Turn {
            now: clock.now().mono,
            hub_now: clock.hub_now(),
            hub_at_least: clock.hub_at_least(),
            effects: &mut self.effects,
            appends: &mut self.appends,
            live: Vec::new(),
        };
        (&mut self.parts, turn)
    }
}

impl Parts {
    fn take(&mut self, event: Event, turn: &mut Turn<'_>) {
        match event {
            Event::Greeted { server_time } => {
                self.clock.greeted(server_time);
                turn.hub_now = self.clock.hub_now();
                turn.hub_at_least = self.clock.hub_at_least();
                self.reports.greeted();
                self.ledger.ask_permission_again(turn);
            }
            Event::Offered(offer) => self.offered(*offer, turn),
            Event::Refused { payment, failure } => self.refused(payment, failure, turn),
            Event::Wished(wish) => self.wished(wish.payment, wish.wish, turn),
            Event::Appended { batch } => {
                for entry in turn.appends.confirm(batch) {
                    self.ledger.appended(&entry, &self.desk, turn);
                    self.reports.tell(entry);
                }
            }
            Event::NotAppended { batch } => {
                for entry in turn.appends.confirm(batch) {
                    self.ledger.not_appended(&entry, turn);
                }
            }
            Event::ReportAnswered { report, reply } => {
                let stored = self.reports.answered(report, reply, turn);
                self.ledger.told(&stored, turn);
            }
            Event::ReportFailed { report, code } => {
                if code.as_deref() == Some("stale_journal") && !self.fenced {
                    self.fenced = true;
                    turn.effect(Effect::Fenced);
                }
                self.reports.failed(report, turn);
            }
            Event::StartAnswered { payment, reply } => {
                if let Some(held) = self.ledger.get_mut(payment) {
                    states::permitting::answered(held, reply, turn);
                }
            }
            Event::StartUnanswered { payment } => {
                if let Some(held) = self.ledger.get_mut(payment) {
                    states::permitting::unanswered(held, turn);
                }
            }
            Event::TrayHere {
                tray,
                station,
                user,
                terminals,
            } => {
                self.desk.arrived(tray, station, user, terminals);
                turn.effect(Effect::StationsChanged);
            }
            Event::TrayGone { tray } => {
                if self.desk.left(tray) {
                    turn.effect(Effect::StationsChanged);
                }
                self.ledger.tray_gone(tray, turn);
            }
            Event::TraySaid { tray, said } => self.tray_said(tray, said, turn),
        }
    }

    fn offered(&mut self, offer: PaymentOffer, turn: &mut Turn<'_>) {
        if let Some(entry) = self.ledger.newest_told(offer.payment) {
            self.reports.tell_again(entry);
        }
        let known = self.ledger.knows(offer.payment);
        // Left unacknowledged it is offered again, on the next link.
        if !known && !self.fenced && self.ledger.has_room() {
            self.ledger.accept(offer, turn);
        }
    }

    fn refused(&mut self, payment: PaymentId, failure: PaymentFailure, turn: &mut Turn<'_>) {
        if !self.ledger.knows(payment) {
            self.ledger.refuse(payment, failure, turn);
        }
    }

    fn wished(&mut self, payment: PaymentId, wish: Wish, turn: &mut Turn<'_>) {
        let Some(held) = self.ledger.get_mut(payment) else {
            return;
        };
        match wish {
            Wish::Cancel => held.cancel(turn),
            Wish::Answer { prompt, answer } => held.answer(prompt, answer, turn),
            Wish::LookUp => states::unknown::look_up_again(held, turn),
            Wish::Decided => {
                if states::unknown::decided(held, turn) {
                    self.ledger.forget(payment, turn);
                }
            }
        }
    }

    fn tray_said(&mut self, tray: TrayId, said: ToAgent, turn: &mut Turn<'_>) {
        match said {
            // Said once, before the shell announces the tray.
            ToAgent::Hello { .. } => {}
            ToAgent::Terminal { payment, word } => {
                if let Some(held) = self.ledger.get_mut(payment) {
                    states::heard(held, tray, word, turn);
                }
            }
            ToAgent::Unmatched {
                terminal,
                transaction,
            } => {
                if let Some(station) = self.desk.station_of(tray) {
                    self.reports
                        .unmatched(station.clone(), terminal, transaction, turn.hub_now);
                }
            }
            ToAgent::Cancel { payment } => self.by_its_tray(tray, payment, Wish::Cancel, turn),
            ToAgent::LookUpAgain { payment } => {
                self.by_its_tray(tray, payment, Wish::LookUp, turn);
            }
        }
    }

    /// A clerk's wish counts only for payments of that clerk's own desk.
    fn by_its_tray(&mut self, tray: TrayId, payment: PaymentId, wish: Wish, turn: &mut Turn<'_>) {
        let own = self
            .ledger
            .get_mut(payment)
            .is_some_and(|held| self.desk.station_of(tray) == Some(&held.order.station));
        if own {
            self.wished(payment, wish, turn);
        }
    }

    /// Lets everything go on that can.
    fn advance(&mut self, turn: &mut Turn<'_>) {
        self.ledger.advance(&self.desk, self.fenced, turn);
        self.reports.live(std::mem::take(&mut turn.live));
        self.reports.advance(turn);
    }
}

/// The failure of a payment whose start this agent could not even begin with.
fn not_begun(code: PaymentFailureCode, retryable: bool, text: String) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Agent,
        code,
        retryable,
        text,
    }
}
