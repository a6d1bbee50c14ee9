//! The terminal's Caisse-AP face: one question, one answer. Sans-IO, so that it also runs in memory.

use std::io;

use cueline_model::{Currency, Mono};
use cueline_terminals::caisse_ap::{FieldError, Message, Tag};

use super::face::StreamFace;
use super::ledger::{LedgerEntry, LedgerKind, standing};
use super::payments::Payments;
use super::receipt;
use super::step::{Alone, Refusal, Request, Step};
use super::zvt::Deed;

const DONE: &str = "10";
const NOT_DONE: &str = "01";
/// Reasons, by the tag AF.
/// Busy has none.
const BUSY: &str = "";
const CALL: &str = "02";
const REFUSED: &str = "04";
const BAD_FORMAT: &str = "09";
const BAD_SELECTION: &str = "10";
const STOPPED: &str = "11";
const UNKNOWN_ACTION: &str = "12";
const UNKNOWN_CURRENCY: &str = "13";

/// The Caisse-AP side of a terminal, for one connection after another.
#[derive(Debug, Default)]
pub struct CaisseApFace {
    read: Vec<u8>,
    /// What is being done, to be given back with the answer.
    asked: Option<Message>,
}

impl CaisseApFace {
    /// A connection is open, the one before it gone.
    pub fn connected(&mut self) {
        *self = Self::default();
    }

    /// Takes bytes of the till.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn received(
        &mut self,
        bytes: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<Deed>> {
        self.read.extend_from_slice(bytes);
        let asked = match Message::parse(&self.read) {
            Ok(asked) if is_whole(&asked) && self.asked.is_none() => asked,
            Ok(_) | Err(FieldError::Cut { .. }) => return Ok(Vec::new()),
            Err(FieldError::Malformed { .. }) => return Ok(vec![Deed::Close]),
        };
        self.read.clear();
        let begun = request(&asked, payments).and_then(|request| {
            payments
                .begin(request, now)
                .map_err(|refusal| match refusal {
                    Refusal::Busy => BUSY,
                    Refusal::Refused => BAD_SELECTION,
                    Refusal::NothingToReverse => REFUSED,
                })
        });
        match begun {
            Ok(()) => {
                self.asked = Some(asked);
                Ok(Vec::new())
            }
            Err(reason) => Ok(refusal(&asked, reason).into_iter().collect()),
        }
    }

    /// Goes on as far as it can without the till; also gives the moment until which nothing happens.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<Deed>, Option<Mono>)> {
        let Some(asked) = self.asked.clone() else {
            return Ok(match payments.go_on_alone(now)? {
                Alone::Until(until) => (Vec::new(), until),
                Alone::PowerLoss => (vec![Deed::PowerLoss], None),
            });
        };
        loop {
            let deed = match payments.step(now)? {
                Step::Wait(until) if now < until => return Ok((Vec::new(), Some(until))),
                Step::Wait(_) | Step::InsertCard | Step::EnterPin | Step::Processing => continue,
                Step::Idle => return Ok((Vec::new(), None)),
                Step::Approved { entry, .. } => {
                    // There is no acknowledgement: what is approved stands.
                    payments.confirm(true)?;
                    done(&asked, &entry)
                }
                Step::Declined { referral, .. } => {
                    refusal(&asked, if referral { CALL } else { REFUSED })
                }
                Step::Cancelled | Step::TakenBack(_) => refusal(&asked, STOPPED),
                Step::CutLink => Some(Deed::Close),
                Step::PowerLoss => Some(Deed::PowerLoss),
            };
            self.asked = None;
            return Ok((deed.into_iter().collect(), None));
        }
    }
}

impl StreamFace for CaisseApFace {
    fn connected(&mut self) {
        Self::connected(self);
    }

    fn awaits_till(&self) -> bool {
        false
    }

    fn received(
        &mut self,
        bytes: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<Deed>> {
        Self::received(self, bytes, payments, now)
    }

    fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<Deed>, Option<Mono>)> {
        Self::go_on(self, payments, now)
    }
}

/// Whether what must be there is there; more may follow only where it is not.
fn is_whole(asked: &Message) -> bool {
    [
        Tag::VERSION,
        Tag::REGISTER_KIND,
        Tag::REGISTER,
        Tag::AMOUNT,
        Tag::ACTION,
        Tag::CURRENCY,
    ]
    .into_iter()
    .all(|tag| asked.get(tag).is_some())
}

fn request(asked: &Message, payments: &Payments) -> Result<Request, &'static str> {
    let amount_minor: i64 = asked
        .get(Tag::AMOUNT)
        .filter(|amount| (2..=12).contains(&amount.len()))
        .and_then(|amount| amount.parse().ok())
        .filter(|amount| *amount > 0)
        .ok_or(BAD_FORMAT)?;
    let currency = asked
        .get(Tag::CURRENCY)
        .and_then(|number| number.parse().ok())
        .and_then(Currency::from_numeric)
        .ok_or(UNKNOWN_CURRENCY)?
        .code()
        .to_owned();
    match asked.get(Tag::ACTION) {
        Some("0") => Ok(Request::Sale {
            amount_minor,
            currency,
            heard_code: false,
        }),
        Some("1") => Ok(Request::Refund {
            amount_minor,
            currency,
        }),
        // A cancellation names nothing: it is the last sale of that amount.
        Some("2") => standing(payments.ledger())
            .into_iter()
            .rev()
            .find(|entry| {
                entry.kind == LedgerKind::Authorised
                    && entry.amount_minor == amount_minor
                    && entry.currency == currency
            })
            .map(|entry| Request::Reversal {
                receipt_no: entry.receipt_no,
            })
            .ok_or(REFUSED),
        _ => Err(UNKNOWN_ACTION),
    }
}

/// What is given back of the question, with more behind it.
fn answer(asked: &Message, amount: &str, more: &[(Tag, &str)]) -> Option<Deed> {
    let mut answer = Message::default();
    for tag in [
        Tag::VERSION,
        Tag::REGISTER_KIND,
        Tag::REGISTER,
        Tag::ACTION,
        Tag::CURRENCY,
    ] {
        answer = answer.with(tag, asked.get(tag)?)?;
    }
    answer = answer.with(Tag::AMOUNT, amount)?;
    for (tag, value) in more {
        answer = answer.with(*tag, value)?;
    }
    Some(Deed::Write(answer.encode()))
}

fn done(asked: &Message, entry: &LedgerEntry) -> Option<Deed> {
    let masked = receipt::hidden_card_number();
    let auth_code = entry.auth_code.as_deref().unwrap_or("000000");
    answer(
        asked,
        &format!("{:02}", entry.amount_minor),
        &[
            (Tag::STATUS, DONE),
            (Tag::MASKED_PAN, &masked),
            (Tag::AUTHORISATION, auth_code),
            (Tag::CARD_KIND, "001"),
            (Tag::ENTRY_MODE, "1"),
        ],
    )
}

fn refusal(asked: &Message, reason: &str) -> Option<Deed> {
    let amount = asked.get(Tag::AMOUNT)?;
    let not_done = [(Tag::STATUS, NOT_DONE), (Tag::REASON, reason)];
    let told = if reason == BUSY { 1 } else { 2 };
    answer(asked, amount, &not_done[..told])
}
