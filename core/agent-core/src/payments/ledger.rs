//! All payments known here: those under way, and those that have ended and are remembered so that a
//! late second offer is known for what it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cueline_model::limits::OPEN_PAYMENTS_PER_AGENT_MAX;
use cueline_model::{Mono, PaymentFailure, PaymentId, PaymentOutcome, Settlement, StationName};
use cueline_wire::cloud::{PaymentEntry, PaymentOffer, PaymentStep};
use cueline_wire::local::ToTray;

use super::desk::Desk;
use super::effect::Effect;
use super::ended::Ended;
use super::event::TrayId;
use super::payment::{Payment, State};
use super::record::{Record, RecoveredPayment};
use super::states::waiting::Owner;
use super::states::{self, permitting, preparing, starting, storing, unknown, waiting};
use super::turn::Turn;
use crate::clock::Clock;

/// A record that could not be stored is tried again after this.
const WRITE_AGAIN: Duration = Duration::from_secs(2);

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<PaymentId, Payment>,
    ended: Ended,
    /// Results of payments that are not open (any more), on their way to the disk; these trays wait.
    late: BTreeMap<PaymentId, TrayId>,
    /// Refused, and that is on its way to the disk.
    refusing: BTreeSet<PaymentId>,
    /// Steps that the disk did not take and that must not be lost, oldest first.
    unwritten: Vec<(Mono, PaymentId, PaymentStep)>,
    /// Permission to start is to be asked at these.
    to_ask: Vec<PaymentId>,
    /// Another machine speaks in this agent's name: nothing is taken or started any more.
    fenced: bool,
}

impl Ledger {
    /// Takes up what the journal holds: what was not started waits again, what was is unknown.
    pub(super) fn take_up(
        &mut self,
        found: Vec<RecoveredPayment>,
        untold: &[PaymentEntry],
        turn: &mut Turn<'_>,
    ) {
        let untold_of = |payment: PaymentId| {
            let of_it = untold.iter().filter(|entry| entry.payment == payment);
            of_it.count()
        };
        let is_end = |entry: &&PaymentEntry| matches!(entry.step, PaymentStep::Ended { .. });
        // Of what was refused nothing is kept but what the hub does not have yet.
        for entry in untold.iter().filter(is_end) {
            self.ended.remember(entry.clone(), untold_of(entry.payment));
        }
        for found in found {
            let untold = untold_of(found.payment);
            let Some(newest) = found.entries.last().cloned() else {
                continue;
            };
            let steps = || found.entries.iter().map(|entry| &entry.step);
            if let Some(end) = found.entries.iter().rfind(is_end) {
                self.ended.remember(end.clone(), untold);
                if steps().any(|step| matches!(step, PaymentStep::Started { .. })) {
                    self.ended.was_at(&found.order, found.payment);
                }
                continue;
            }
            let mut held =
                Payment::new(found.payment, found.order, found.start_by, State::Accepting);
            let started = found.entries.iter().find_map(|entry| match &entry.step {
                PaymentStep::Started { baseline } => Some(baseline.clone()),
                _ => None,
            });
            match started {
                None => waiting::enter(&mut held, turn),
                Some(baseline) => {
                    unknown::resume(&mut held, baseline, turn.now);
                    if !matches!(newest.step, PaymentStep::Unknown { .. }) {
                        let text = "the till was interrupted while the terminal was at it";
                        let step = PaymentStep::Unknown {
                            text: text.to_owned(),
                            asking: true,
                        };
                        turn.step(held.id, step);
                    }
                }
            }
            held.newest = Some(newest);
            held.untold = untold;
            self.open.insert(held.id, held);
        }
    }

    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.open.len() < OPEN_PAYMENTS_PER_AGENT_MAX && !self.fenced
    }

    pub(super) fn knows(&self, payment: PaymentId) -> bool {
        self.open.contains_key(&payment)
            || self.ended.knows(payment)
            || self.refusing.contains(&payment)
    }

    pub(super) fn get_mut(&mut self, payment: PaymentId) -> Option<&mut Payment> {
        self.open.get_mut(&payment)
    }

    /// The newest entry of a payment of which all was told: offering it again the hub asks for it.
    pub(super) fn newest_told(&self, payment: PaymentId) -> Option<PaymentEntry> {
        if let Some(held) = self.open.get(&payment) {
            return held.newest.clone().filter(|_| held.untold == 0);
        }
        self.ended.newest_told(payment)
    }

    /// Nothing is begun any more. Says whether that is new.
    pub(super) fn fence(&mut self, turn: &mut Turn<'_>) -> bool {
        for held in self.open.values_mut() {
            waiting::put_back(held, turn);
        }
        !std::mem::replace(&mut self.fenced, true)
    }

    pub(super) fn accept(&mut self, offer: PaymentOffer, turn: &mut Turn<'_>) {
        let mut held = Payment::new(offer.payment, offer.order, offer.start_by, State::Accepting);
        held.accept(turn);
        self.open.insert(held.id, held);
    }

    /// Ends a payment of which nothing is kept but its entries.
    pub(super) fn refuse(
        &mut self,
        payment: PaymentId,
        failure: PaymentFailure,
        turn: &mut Turn<'_>,
    ) {
        let settlement = Settlement {
            outcome: PaymentOutcome::Failed { failure },
            receipts: Vec::new(),
        };
        self.refusing.insert(payment);
        turn.step(
            payment,
            PaymentStep::Ended {
                settlement: Box::new(settlement),
                resolver: None,
            },
        );
    }

    /// A person has decided: it is nothing of the journal's any more, but a second offer of it is
    /// known as long as this program runs.
    pub(super) fn forget(&mut self, payment: PaymentId, turn: &mut Turn<'_>) {
        let newest = self
            .open
            .remove(&payment)
            .and_then(|held| Some((held.newest?, held.untold)));
        if let Some((newest, untold)) = newest {
            self.ended.remember(newest, untold);
        }
        self.unwritten.retain(|(_, of, _)| *of != payment);
        turn.append(vec![Record::Forgotten(vec![payment])]);
    }

    /// A terminal says how a payment ended that is not open: the end is durable and its tray was not
    /// told so, or a person decided before. It is recorded, whatever was: an approval is never lost.
    pub(super) fn late_result(
        &mut self,
        tray: TrayId,
        payment: PaymentId,
        settlement: Box<Settlement>,
        turn: &mut Turn<'_>,
    ) {
        if self.ended.ended_so(payment, &settlement) {
            turn.tell(tray, ToTray::Stored { payment });
        } else if self.late.insert(payment, tray).is_none() {
            let resolver = None;
            turn.step(
                payment,
                PaymentStep::Ended {
                    settlement,
                    resolver,
                },
            );
        }
    }

    /// A tray of this desk has come. It may keep results whose durability it was not told of because
    /// one of us two was away just then.
    pub(super) fn tray_here(&self, tray: TrayId, station: &StationName, turn: &mut Turn<'_>) {
        for payment in self.ended.last_of(station) {
            turn.tell(tray, ToTray::Stored { payment });
        }
    }

    /// An entry is durable: what waited for it goes on.
    pub(super) fn appended(&mut self, entry: &PaymentEntry, desk: &Desk, turn: &mut Turn<'_>) {
        let payment = entry.payment;
        let Some(held) = self.open.get_mut(&payment) else {
            self.ended.appended(entry);
            self.refusing.remove(&payment);
            if let PaymentStep::Ended { .. } = entry.step
                && let Some(tray) = self.late.remove(&payment)
            {
                turn.tell(tray, ToTray::Stored { payment });
            }
            return;
        };
        held.is_durable(entry);
        match (&held.state, &entry.step) {
            (State::Accepting, PaymentStep::Accepted) => {
                waiting::enter(held, turn);
                if held.cancel_wished {
                    held.end(PaymentOutcome::Cancelled, turn);
                }
            }
            (State::Starting { .. }, PaymentStep::Started { .. }) => {
                starting::durable(held, desk, self.fenced, turn);
            }
            (State::Storing { .. }, PaymentStep::Ended { .. }) => {
                storing::durable(held, desk, turn);
            }
            (State::Ending, PaymentStep::Ended { .. }) => held.state = State::Over,
            _ => {}
        }
    }

    /// An entry was not stored. What a terminal waits for is told no; what was only to be told is
    /// tried again.
    pub(super) fn not_appended(&mut self, entry: &PaymentEntry, turn: &mut Turn<'_>) {
        let payment = entry.payment;
        let again = (turn.now + WRITE_AGAIN, payment, entry.step.clone());
        let Some(held) = self.open.get_mut(&payment) else {
            match self.late.remove(&payment) {
                Some(tray) => turn.tell(tray, ToTray::NotStored { payment }),
                None => self.unwritten.push(again),
            }
            return;
        };
        match (&held.state, &entry.step) {
            (State::Accepting, PaymentStep::Accepted) => {
                // Unacknowledged, so it is offered again.
                self.open.remove(&entry.payment);
            }
            (State::Starting { .. }, PaymentStep::Started { .. }) => {
                starting::not_stored(held, turn);
            }
            (State::Storing { .. }, PaymentStep::Ended { .. }) => storing::not_stored(held, turn),
            _ => self.unwritten.push(again),
        }
    }

    /// The hub has stored so many more entries, each of this payment.
    pub(super) fn told(&mut self, payments: &[PaymentId], turn: &mut Turn<'_>) {
        for payment in payments {
            if let Some(held) = self.open.get_mut(payment) {
                held.untold = held.untold.saturating_sub(1);
            } else {
                self.ended.told(*payment);
            }
        }
        let forgotten = self.ended.forget_oldest();
        if !forgotten.is_empty() {
            turn.append(vec![Record::Forgotten(forgotten)]);
        }
    }

    pub(super) fn tray_gone(&mut self, tray: TrayId, turn: &mut Turn<'_>) {
        for held in self
            .open
            .values_mut()
            .filter(|held| held.tray() == Some(tray))
        {
            states::tray_gone(held, turn);
        }
    }

    /// A link is up: who waits to ask the hub asks at once.
    pub(super) fn ask_permission_again(&mut self, turn: &Turn<'_>) {
        for held in self.open.values_mut() {
            if let State::Permitting {
                ask_at: Some(at), ..
            } = &mut held.state
            {
                *at = turn.now;
            }
        }
    }

    pub(super) fn advance(&mut self, desk: &Desk, turn: &mut Turn<'_>) {
        self.write_again(turn);
        // First, so that who waits for their terminals has them now.
        self.let_go(turn.now);
        let ids: Vec<PaymentId> = self.open.keys().copied().collect();
        for id in ids {
            let owner = self.owner_of_terminal(id);
            let Some(held) = self.open.get_mut(&id) else {
                continue;
            };
            if !self.fenced {
                waiting::advance(held, desk, owner, turn);
            }
            preparing::advance(held, turn);
            if permitting::advance(held, turn) {
                self.to_ask.push(id);
            }
            unknown::advance(held, desk, turn);
        }
        for payment in std::mem::take(&mut self.to_ask) {
            turn.effect(Effect::AskStart { payment });
        }
    }

    pub(super) fn timer(&self, clock: &Clock) -> Option<Mono> {
        let expiry = |held: &Payment| {
            let left_ms = held.start_by.ms_since(clock.hub_at_least());
            let left_ms = u64::try_from(left_ms).unwrap_or(0);
            clock.now().mono + Duration::from_millis(left_ms.saturating_add(1))
        };
        let of_payment = |held: &Payment| match &held.state {
            State::Waiting { .. } if self.fenced => None,
            State::Waiting { until } | State::Preparing { until, .. } => {
                Some(expiry(held).min(*until))
            }
            State::Permitting { ask_at, .. } => {
                let may_ask = permitting::may_ask(held, clock.hub_now(), clock.is_greeted());
                let ask_at = ask_at.filter(|_| may_ask);
                Some(ask_at.map_or(expiry(held), |at| expiry(held).min(at)))
            }
            State::Unknown { asking, .. } => Some(asking.due()),
            State::Leaving { until, .. } => Some(*until),
            _ => None,
        };
        let payments = self.open.values().filter_map(of_payment);
        let unwritten = self.unwritten.iter().map(|(at, ..)| *at);
        payments.chain(unwritten).min()
    }

    /// Remembers those that are over.
    fn let_go(&mut self, now: Mono) {
        let over = self.open.extract_if(.., |_, held| match held.state {
            State::Leaving { until, .. } => until <= now,
            State::Over => true,
            _ => false,
        });
        for (id, held) in over {
            if held.is_started {
                self.ended.was_at(&held.order, id);
            }
            if let Some(newest) = held.newest {
                self.ended.remember(newest, held.untold);
            }
        }
    }

    fn write_again(&mut self, turn: &mut Turn<'_>) {
        let (due, later) = std::mem::take(&mut self.unwritten)
            .into_iter()
            .partition(|(at, ..)| *at <= turn.now);
        self.unwritten = later;
        let due: Vec<(Mono, PaymentId, PaymentStep)> = due;
        for (_, payment, step) in due {
            // What has been overtaken meanwhile would only be told after what overtook it.
            let is_overtaken = match (&step, self.open.get(&payment)) {
                (PaymentStep::Unknown { asking, .. }, Some(held)) => {
                    !unknown::is_as_recorded(held, *asking)
                }
                (PaymentStep::Unknown { .. }, None) => true,
                _ => false,
            };
            if !is_overtaken {
                turn.step(payment, step);
            }
        }
    }

    /// Who has the terminal that `wanting` wants.
    fn owner_of_terminal(&self, wanting: PaymentId) -> Owner {
        let Some(order) = self.open.get(&wanting).map(|held| &held.order) else {
            return Owner::Free;
        };
        let owner = self.open.values().find(|held| {
            held.id != wanting
                && held.holds_terminal()
                && held.order.station == order.station
                && held.order.terminal == order.terminal
        });
        match owner {
            None => Owner::Free,
            Some(held) if matches!(held.state, State::Leaving { .. } | State::Ending) => {
                Owner::Leaving
            }
            Some(held) => {
                let doing = match held.state {
                    State::Unknown { .. } => "and nobody knows yet what became of it",
                    _ => "and has not ended",
                };
                let amount = held.order.currency.amount(held.order.amount_minor);
                Owner::Busy(format!(
                    "terminal {} of station {} is at payment {} ({amount}) {doing}; wait for it, or use another terminal",
                    order.terminal, order.station, held.id
                ))
            }
        }
    }
}
