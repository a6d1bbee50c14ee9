//! The payment side of the terminal, whatever language it is asked in: one payment at a time, step by
//! step, and the ledger.
//!
//! A face begins a payment with [`Payments::begin`] and draws its steps with [`Payments::step`]. The
//! payment goes on where the face has lost its till, as a terminal's does.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use cueline_model::Mono;

use super::ledger::{AskedBy, Ledger, LedgerEntry, LedgerKind, Posting};
use super::script::Script;

/// What a till asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// A sale.
    Sale {
        /// In minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
        /// The authorisation code heard on the telephone.
        heard_code: bool,
    },
    /// Money back to a card.
    Refund {
        /// In minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: String,
    },
    /// Takes one sale back.
    Reversal {
        /// The number on its receipt.
        receipt_no: u32,
    },
}

/// Why a payment was not begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// At something else.
    Busy,
    /// Not wanted.
    Refused,
    /// There is no such sale, or it was taken back before.
    NothingToReverse,
}

/// One step of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Waits for a card.
    InsertCard,
    /// Waits for the PIN.
    EnterPin,
    /// Asks the issuer.
    Processing,
    /// Approved, and in the ledger. The face brings [`Payments::confirm`].
    Approved {
        /// What is in the ledger.
        entry: Box<LedgerEntry>,
        /// Whether the customer signs.
        signature: bool,
    },
    /// Declined, and in the ledger.
    Declined {
        /// What is in the ledger.
        entry: Box<LedgerEntry>,
        /// The issuer wants to be called.
        referral: bool,
    },
    /// Stopped by the customer or the till; nothing was done.
    Cancelled,
    /// A result that the till did not take was taken back.
    TakenBack(Box<LedgerEntry>),
    /// The link is cut.
    CutLink,
    /// The power fails.
    PowerLoss,
    /// Nothing before this moment, unless the till or the customer does something.
    Wait(Mono),
    /// Nothing until the till or the customer does something.
    Idle,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Each of the card's steps.
    pub step: Duration,
    /// The wait of [`Script::Slow`] and [`Script::Unstoppable`].
    pub slow: Duration,
    /// How long a signature may go uncompared before the terminal takes the payment back.
    pub signature: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step: Duration::ZERO,
            slow: Duration::from_secs(2),
            signature: Duration::from_secs(30),
        }
    }
}

/// How far a payment without a till came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alone {
    /// Nothing before this moment, where there is one.
    Until(Option<Mono>),
    /// The power fails.
    PowerLoss,
}

#[derive(Debug)]
struct Doing {
    request: Request,
    script: Script,
    beats: VecDeque<Beat>,
    not_before: Mono,
    /// Approved, and not yet taken by the till.
    unconfirmed: Option<LedgerEntry>,
    /// A signature that is not compared by then is none.
    compare_by: Option<Mono>,
    cancel: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beat {
    Say(Saying),
    Pause(Duration),
    /// Waits for the stop key or the till's wish.
    Hang,
    CutLink,
    PowerLoss,
    KeySaleByHand,
    Decide,
    /// The payment is over.
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saying {
    InsertCard,
    EnterPin,
    Processing,
}

/// The payments of one terminal.
#[derive(Debug)]
pub struct Payments {
    ledger: Ledger,
    scripts: VecDeque<Script>,
    pace: Pace,
    busy: bool,
    doing: Option<Doing>,
    begun: u64,
}

impl Payments {
    pub(super) fn new(ledger: Ledger, pace: Pace) -> Self {
        Self {
            ledger,
            scripts: VecDeque::new(),
            pace,
            busy: false,
            doing: None,
            begun: 0,
        }
    }

    /// Payments whose ledger is in memory alone, for tests without files.
    #[must_use]
    pub fn in_memory(pace: Pace) -> Self {
        Self::new(Ledger::in_memory(), pace)
    }

    /// Everything in the ledger, oldest first.
    #[must_use]
    pub fn ledger(&self) -> &[LedgerEntry] {
        self.ledger.entries()
    }

    /// The last transaction.
    #[must_use]
    pub fn last(&self) -> Option<&LedgerEntry> {
        self.ledger.entries().last()
    }

    /// What becomes of the next payment that has no script yet; goes before what its amount says.
    pub fn script(&mut self, script: Script) {
        self.scripts.push_back(script);
    }

    /// Whether it refuses everything as being at something else.
    pub fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
    }

    /// Whether it takes no payment now.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.busy || self.doing.is_some()
    }

    /// Whether a payment is under way.
    #[must_use]
    pub const fn is_paying(&self) -> bool {
        self.doing.is_some()
    }

    /// Payments begun since it was switched on.
    #[must_use]
    pub const fn begun(&self) -> u64 {
        self.begun
    }

    /// Begins a payment.
    ///
    /// # Errors
    ///
    /// It was not begun.
    pub fn begin(&mut self, request: Request, now: Mono) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Refusal::Busy);
        }
        let script = match &request {
            // The second half of a payment that was referred.
            Request::Sale {
                heard_code: true, ..
            } => Script::Approve,
            _ => self.scripts.pop_front().unwrap_or(match &request {
                Request::Reversal { .. } => Script::Approve,
                Request::Sale { amount_minor, .. } | Request::Refund { amount_minor, .. } => {
                    Script::of_amount(*amount_minor)
                }
            }),
        };
        match script {
            Script::Busy => return Err(Refusal::Busy),
            Script::Refuse => return Err(Refusal::Refused),
            _ => {}
        }
        if let Request::Reversal { receipt_no } = request {
            self.reversible(receipt_no, script)
                .ok_or(Refusal::NothingToReverse)?;
        }
        self.begun += 1;
        self.doing = Some(Doing {
            beats: self.beats(script, &request),
            request,
            script,
            not_before: now,
            unconfirmed: None,
            compare_by: None,
            cancel: false,
        });
        Ok(())
    }

    /// The till or the customer wishes that it stops; whether it still can.
    pub fn cancel(&mut self) -> bool {
        match &mut self.doing {
            Some(doing) if doing.unconfirmed.is_none() && doing.script != Script::Unstoppable => {
                doing.cancel = true;
                true
            }
            _ => false,
        }
    }

    /// The till took the result, or could not and wants it undone.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn confirm(&mut self, taken: bool) -> io::Result<Option<LedgerEntry>> {
        let Some(entry) = self
            .doing
            .as_mut()
            .and_then(|doing| doing.unconfirmed.take())
        else {
            return Ok(None);
        };
        self.doing = None;
        if taken {
            return Ok(None);
        }
        self.take_back(&entry, AskedBy::Terminal).map(Some)
    }

    /// The face has no till any more. What was approved stands; what goes on goes on.
    pub fn link_lost(&mut self) {
        if let Some(doing) = &mut self.doing
            && doing.unconfirmed.is_some()
            && doing.compare_by.is_none()
        {
            self.doing = None;
        }
    }

    /// The power is gone: a payment that was not authorised is not done.
    pub fn power_lost(&mut self) {
        self.doing = None;
    }

    /// Somebody sells with the terminal's own keys.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn key_sale(&mut self, amount_minor: i64, currency: &str) -> io::Result<LedgerEntry> {
        self.ledger.post(Posting {
            kind: LedgerKind::Authorised,
            amount_minor,
            currency: currency.to_owned(),
            original_trace_no: None,
            asked_by: AskedBy::Hand,
        })
    }

    /// The next step of the payment under way.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn step(&mut self, now: Mono) -> io::Result<Step> {
        let Some(doing) = &mut self.doing else {
            return Ok(Step::Idle);
        };
        if let Some(entry) = &doing.unconfirmed {
            return match doing.compare_by {
                Some(by) if now >= by => {
                    let entry = entry.clone();
                    self.doing = None;
                    let taken = self.take_back(&entry, AskedBy::Terminal)?;
                    Ok(Step::TakenBack(Box::new(taken)))
                }
                Some(by) => Ok(Step::Wait(by)),
                None => Ok(Step::Idle),
            };
        }
        if doing.cancel {
            self.doing = None;
            return Ok(Step::Cancelled);
        }
        if now < doing.not_before {
            return Ok(Step::Wait(doing.not_before));
        }
        let beat = doing.beats.pop_front().unwrap_or(Beat::End);
        match beat {
            Beat::Say(saying) => {
                doing.not_before = now + self.pace.step;
                Ok(match saying {
                    Saying::InsertCard => Step::InsertCard,
                    Saying::EnterPin => Step::EnterPin,
                    Saying::Processing => Step::Processing,
                })
            }
            Beat::Pause(time) => {
                doing.not_before = now + time;
                Ok(Step::Wait(doing.not_before))
            }
            Beat::Hang => {
                doing.beats.push_front(Beat::Hang);
                Ok(Step::Idle)
            }
            Beat::CutLink => Ok(Step::CutLink),
            Beat::PowerLoss => Ok(Step::PowerLoss),
            Beat::KeySaleByHand => self.key_another(),
            Beat::Decide => self.decide(now),
            Beat::End => {
                self.doing = None;
                Ok(Step::Idle)
            }
        }
    }

    /// Goes on with a payment whose till is gone; what is approved stands.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn go_on_alone(&mut self, now: Mono) -> io::Result<Alone> {
        loop {
            match self.step(now)? {
                Step::Idle => return Ok(Alone::Until(None)),
                Step::Wait(until) if now < until => return Ok(Alone::Until(Some(until))),
                Step::PowerLoss => return Ok(Alone::PowerLoss),
                Step::Approved { .. } => self.link_lost(),
                _ => {}
            }
        }
    }

    fn beats(&self, script: Script, request: &Request) -> VecDeque<Beat> {
        let mut beats = VecDeque::new();
        if !matches!(request, Request::Reversal { .. }) {
            beats.extend([Saying::InsertCard, Saying::EnterPin].map(Beat::Say));
        }
        if script == Script::Silent {
            beats.clear();
            beats.push_back(Beat::Hang);
        }
        if script == Script::CustomerCancels {
            // The stop key instead of the PIN.
            beats.truncate(1);
            return beats.into_iter().chain([Beat::Decide]).collect();
        }
        beats.push_back(Beat::Say(Saying::Processing));
        beats.extend(match script {
            Script::DropBefore => vec![Beat::CutLink, Beat::End],
            Script::PowerLossBefore => vec![Beat::PowerLoss, Beat::End],
            Script::HandKeyed => vec![Beat::CutLink, Beat::KeySaleByHand, Beat::End],
            Script::Slow | Script::Unstoppable => vec![Beat::Pause(self.pace.slow), Beat::Decide],
            _ => vec![Beat::Decide],
        });
        beats
    }

    fn key_another(&mut self) -> io::Result<Step> {
        let asked = self.doing.as_ref().map(|doing| doing.request.clone());
        if let Some(
            Request::Sale {
                amount_minor,
                currency,
                ..
            }
            | Request::Refund {
                amount_minor,
                currency,
            },
        ) = asked
        {
            self.key_sale(amount_minor + 100, &currency)?;
        }
        Ok(Step::Wait(Mono::default()))
    }

    /// The issuer answers.
    fn decide(&mut self, now: Mono) -> io::Result<Step> {
        let Some(doing) = &mut self.doing else {
            return Ok(Step::Idle);
        };
        let script = doing.script;
        if script == Script::CustomerCancels {
            self.doing = None;
            return Ok(Step::Cancelled);
        }
        let declined = matches!(script, Script::Decline | Script::Referral);
        let Some(posting) = self.posting(declined) else {
            self.doing = None;
            return Ok(Step::Cancelled);
        };
        let entry = self.ledger.post(posting)?;
        if declined {
            self.doing = None;
            return Ok(Step::Declined {
                entry: Box::new(entry),
                referral: script == Script::Referral,
            });
        }
        let Some(doing) = &mut self.doing else {
            return Ok(Step::Idle);
        };
        match script {
            Script::DropAfter => {
                self.doing = None;
                return Ok(Step::CutLink);
            }
            Script::PowerLossAfter => {
                self.doing = None;
                return Ok(Step::PowerLoss);
            }
            _ => {}
        }
        let signature = script == Script::Signature;
        doing.compare_by = signature.then(|| now + self.pace.signature);
        doing.unconfirmed = Some(entry.clone());
        Ok(Step::Approved {
            entry: Box::new(entry),
            signature,
        })
    }

    fn posting(&self, declined: bool) -> Option<Posting> {
        let doing = self.doing.as_ref()?;
        let (kind, amount_minor, currency, original_trace_no) = match &doing.request {
            Request::Sale {
                amount_minor,
                currency,
                ..
            } => (
                LedgerKind::Authorised,
                *amount_minor,
                currency.clone(),
                None,
            ),
            Request::Refund {
                amount_minor,
                currency,
            } => (LedgerKind::Refunded, *amount_minor, currency.clone(), None),
            Request::Reversal { receipt_no } => {
                let sale = self.reversible(*receipt_no, doing.script)?;
                (
                    LedgerKind::Reversed,
                    sale.amount_minor,
                    sale.currency.clone(),
                    Some(sale.trace_no),
                )
            }
        };
        Some(Posting {
            kind: if declined { LedgerKind::Declined } else { kind },
            amount_minor,
            currency,
            original_trace_no: original_trace_no.filter(|_| !declined),
            asked_by: AskedBy::Till,
        })
    }

    /// The sale that a reversal takes back.
    fn reversible(&self, receipt_no: u32, script: Script) -> Option<&LedgerEntry> {
        super::ledger::standing(self.ledger.entries())
            .into_iter()
            .rev()
            .filter(|entry| entry.kind == LedgerKind::Authorised)
            .find(|entry| script == Script::OtherReversal || entry.receipt_no == receipt_no)
    }

    fn take_back(&mut self, entry: &LedgerEntry, asked_by: AskedBy) -> io::Result<LedgerEntry> {
        self.ledger.post(Posting {
            kind: LedgerKind::Reversed,
            amount_minor: entry.amount_minor,
            currency: entry.currency.clone(),
            original_trace_no: Some(entry.trace_no),
            asked_by,
        })
    }
}
