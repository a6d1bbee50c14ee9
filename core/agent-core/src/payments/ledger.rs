//! All payments known here: those under way, and those that have ended and are remembered so that a
//! late second offer is known for what it is.

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_model::limits::{AGENT_SETTLED_MEMORY_MAX, OPEN_PAYMENTS_PER_AGENT_MAX};
use cueline_model::{Mono, PaymentFailure, PaymentId, PaymentOutcome, Settlement, WallTime};
use cueline_wire::cloud::{PaymentEntry, PaymentOffer, PaymentStep};

use super::desk::Desk;
use super::effect::Effect;
use super::event::TrayId;
use super::payment::{Payment, State};
use super::record::{Record, RecoveredPayment};
use super::states::waiting::Owner;
use super::states::{self, permitting, preparing, starting, storing, unknown, waiting};
use super::turn::Turn;

/// A record that could not be stored is tried again after this.
const WRITE_AGAIN: Duration = Duration::from_secs(2);

/// See the head of the file.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: BTreeMap<PaymentId, Payment>,
    ended: BTreeMap<PaymentId, Remembered>,
    /// Ended ones by the number of their newest entry: oldest first.
    ended_order: BTreeMap<u64, PaymentId>,
    /// Steps that the disk did not take and that must not be lost, oldest first.
    unwritten: Vec<(Mono, PaymentId, PaymentStep)>,
    /// Permission to start is to be asked at these.
    to_ask: Vec<PaymentId>,
}

#[derive(Debug)]
struct Remembered {
    newest: PaymentEntry,
    untold: usize,
}

impl Ledger {
    /// Takes up what the journal holds: what was not started waits again, what was is unknown.
    pub(super) fn take_up(
        &mut self,
        found: Vec<RecoveredPayment>,
        untold: &BTreeMap<PaymentId, usize>,
        turn: &mut Turn<'_>,
    ) {
        for found in found {
            let untold = untold.get(&found.payment).copied().unwrap_or(0);
            let Some(newest) = found.entries.last().cloned() else {
                continue;
            };
            let steps = || found.entries.iter().map(|entry| &entry.step);
            if steps().any(|step| matches!(step, PaymentStep::Ended { .. })) {
                self.remember(found.payment, newest, untold);
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
        self.open.len() < OPEN_PAYMENTS_PER_AGENT_MAX
    }

    pub(super) fn knows(&self, payment: PaymentId) -> bool {
        self.open.contains_key(&payment) || self.ended.contains_key(&payment)
    }

    pub(super) fn get_mut(&mut self, payment: PaymentId) -> Option<&mut Payment> {
        self.open.get_mut(&payment)
    }

    /// The newest entry of a payment of which all was told: offering it again the hub asks for it.
    pub(super) fn newest_told(&self, payment: PaymentId) -> Option<PaymentEntry> {
        if let Some(held) = self.open.get(&payment) {
            return held.newest.clone().filter(|_| held.untold == 0);
        }
        let remembered = self.ended.get(&payment)?;
        (remembered.untold == 0).then(|| remembered.newest.clone())
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
        let entry = turn.entry(
            payment,
            PaymentStep::Ended {
                settlement: Box::new(settlement),
                resolver: None,
            },
        );
        self.remember(payment, entry.clone(), 1);
        turn.append(vec![Record::Step(entry)]);
    }

    pub(super) fn forget(&mut self, payment: PaymentId, turn: &mut Turn<'_>) {
        self.open.remove(&payment);
        turn.append(vec![Record::Forgotten(vec![payment])]);
    }

    /// An entry is durable: what waited for it goes on.
    pub(super) fn appended(&mut self, entry: &PaymentEntry, desk: &Desk, turn: &mut Turn<'_>) {
        let Some(held) = self.open.get_mut(&entry.payment) else {
            return;
        };
        held.newest = Some(entry.clone());
        held.untold += 1;
        match (&held.state, &entry.step) {
            (State::Accepting, PaymentStep::Accepted) => {
                waiting::enter(held, turn);
                if held.cancel_wished {
                    held.end(PaymentOutcome::Cancelled, turn);
                }
            }
            (State::Starting { .. }, PaymentStep::Started { .. }) => {
                starting::durable(held, desk, turn);
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
        let Some(held) = self.open.get_mut(&entry.payment) else {
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
            (_, step) => {
                let unwritten = (turn.now + WRITE_AGAIN, entry.payment, step.clone());
                self.unwritten.push(unwritten);
            }
        }
    }

    /// The hub has stored so many more entries, each of this payment.
    pub(super) fn told(&mut self, payments: &[PaymentId], turn: &mut Turn<'_>) {
        for payment in payments {
            if let Some(held) = self.open.get_mut(payment) {
                held.untold = held.untold.saturating_sub(1);
            } else if let Some(remembered) = self.ended.get_mut(payment) {
                remembered.untold = remembered.untold.saturating_sub(1);
            }
        }
        self.forget_oldest(turn);
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

    pub(super) fn advance(&mut self, desk: &Desk, fenced: bool, turn: &mut Turn<'_>) {
        self.write_again(turn);
        let ids: Vec<PaymentId> = self.open.keys().copied().collect();
        for id in ids {
            let owner = self.owner_of_terminal(id);
            let Some(held) = self.open.get_mut(&id) else {
                continue;
            };
            if !fenced {
                waiting::advance(held, desk, owner, turn);
            }
            preparing::advance(held, turn);
            if !fenced && permitting::advance(held, turn) {
                self.to_ask.push(id);
            }
            unknown::advance(held, desk, turn);
            match held.state {
                State::Leaving { until, .. } if until <= turn.now => held.state = State::Over,
                _ => {}
            }
            if held.state == State::Over
                && let Some(held) = self.open.remove(&id)
                && let Some(newest) = held.newest
            {
                self.remember(id, newest, held.untold);
            }
        }
        for payment in std::mem::take(&mut self.to_ask) {
            turn.effect(Effect::AskStart { payment });
        }
    }

    pub(super) fn timer(&self, now: Mono, hub_at_least: WallTime) -> Option<Mono> {
        let expiry = |held: &Payment| {
            let left_ms = u64::try_from(held.start_by.ms_since(hub_at_least)).unwrap_or(0);
            now + Duration::from_millis(left_ms.saturating_add(1))
        };
        let of_payment = |held: &Payment| match &held.state {
            State::Waiting { until } | State::Preparing { until, .. } => {
                Some(expiry(held).min(*until))
            }
            State::Permitting { ask_at, .. } => {
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

    fn write_again(&mut self, turn: &mut Turn<'_>) {
        let (due, later) = std::mem::take(&mut self.unwritten)
            .into_iter()
            .partition(|(at, ..)| *at <= turn.now);
        self.unwritten = later;
        let due: Vec<(Mono, PaymentId, PaymentStep)> = due;
        for (_, payment, step) in due {
            turn.step(payment, step);
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
            Some(held) if matches!(held.state, State::Leaving { .. }) => Owner::Leaving,
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

    fn remember(&mut self, payment: PaymentId, newest: PaymentEntry, untold: usize) {
        self.ended_order.insert(newest.seq, payment);
        self.ended.insert(payment, Remembered { newest, untold });
    }

    /// Drops the oldest beyond the memory's limit of which everything was told.
    fn forget_oldest(&mut self, turn: &mut Turn<'_>) {
        let excess = self.ended.len().saturating_sub(AGENT_SETTLED_MEMORY_MAX);
        let oldest: Vec<(u64, PaymentId)> = self
            .ended_order
            .iter()
            .filter(|(_, payment)| {
                self.ended
                    .get(payment)
                    .is_some_and(|ended| ended.untold == 0)
            })
            .take(excess)
            .map(|(seq, payment)| (*seq, *payment))
            .collect();
        if oldest.is_empty() {
            return;
        }
        for (seq, payment) in &oldest {
            self.ended_order.remove(seq);
            self.ended.remove(payment);
        }
        let forgotten = oldest.into_iter().map(|(_, payment)| payment).collect();
        turn.append(vec![Record::Forgotten(forgotten)]);
    }
}
