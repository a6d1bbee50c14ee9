//! The terminal's ZVT face: packets in, packets out. Sans-IO, so that it also runs in memory.
//!
//! Each packet of the terminal waits for the till's acknowledgement before the next goes out; the one
//! of `04 0F` decides whether the result stands.

use std::collections::VecDeque;
use std::io;

use cueline_model::{Currency, Mono, ReceiptCopy};
use cueline_terminals::zvt::apdu::{Apdu, Frames, kind};
use cueline_terminals::zvt::fields::{Fields, number};
use cueline_terminals::zvt::status::StatusInformation;
use cueline_terminals::zvt::{bcd, receipts, texts};

use super::ledger::{LedgerEntry, LedgerKind};
use super::payments::{Alone, Payments, Refusal, Request, Step};
use super::receipt;

/// Of this terminal.
const TERMINAL_ID: u64 = 52_523_535;
/// Intermediate statuses (PA00P015, chapter 3).
const INSERT_CARD: u8 = 0x0a;
const ENTER_PIN: u8 = 0x01;
const PROCESSING: u8 = 0x04;
const TAKING_BACK: u8 = 0x05;
/// A decline of the network.
const DECLINED: u8 = 0x05;
/// There is nothing to take back.
const REVERSAL_NOT_POSSIBLE: u8 = 0xb5;
const SIGNATURE: u8 = 1;
const ONLINE_PIN: u8 = 2;
const CHIP: u8 = 1;

/// What is to be done on the way to the till.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Send these bytes.
    Write(Vec<u8>),
    /// Cut the connection.
    Close,
    /// Cut it, forget everything but the ledger, and be gone for a while.
    PowerLoss,
}

/// The ZVT side of a terminal, for one connection after another.
#[derive(Debug, Default)]
pub struct ZvtFace {
    frames: Frames,
    deeds: Vec<Deed>,
    /// Packets that go out one by one.
    queue: VecDeque<Apdu>,
    /// The packet that waits for its acknowledgement.
    in_flight: Option<InFlight>,
    registered: bool,
    paying: bool,
    leak_card_number: bool,
    /// Comes after a result was taken.
    after_result: Vec<Apdu>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InFlight {
    Plain,
    /// The acknowledgement decides.
    Result,
}

impl ZvtFace {
    /// A face; `leak_card_number` makes it print what no terminal should.
    #[must_use]
    pub fn new(leak_card_number: bool) -> Self {
        Self {
            leak_card_number,
            ..Self::default()
        }
    }

    /// A connection is open, the one before it gone.
    pub fn connected(&mut self) {
        *self = Self::new(self.leak_card_number);
    }

    /// Whether it waits for the till.
    #[must_use]
    pub const fn awaits_till(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Takes bytes of the till.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn received(
        &mut self,
        bytes: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<Deed>> {
        self.frames.push(bytes);
        while let Some(apdu) = self.frames.next_apdu() {
            self.take(&apdu, payments, now)?;
        }
        Ok(std::mem::take(&mut self.deeds))
    }

    /// Goes on as far as it can without the till; also gives the moment until which nothing happens.
    ///
    /// # Errors
    ///
    /// The ledger cannot be written.
    pub fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<Deed>, Option<Mono>)> {
        let mut wake = None;
        loop {
            // While a signature is compared the terminal's own rule still runs.
            if self.in_flight.is_none()
                && let Some(apdu) = self.queue.pop_front()
            {
                self.send(&apdu);
                continue;
            }
            if !self.paying && payments.is_paying() {
                // One whose till is gone.
                match payments.go_on_alone(now)? {
                    Alone::Until(until) => wake = until,
                    Alone::PowerLoss => self.deeds.push(Deed::PowerLoss),
                }
                break;
            }
            if !self.paying || self.in_flight == Some(InFlight::Plain) {
                break;
            }
            match payments.step(now)? {
                Step::Idle => break,
                Step::Wait(until) if now < until => {
                    wake = Some(until);
                    break;
                }
                Step::Wait(_) => {}
                step => self.show(step),
            }
        }
        Ok((std::mem::take(&mut self.deeds), wake))
    }

    fn show(&mut self, step: Step) {
        match step {
            Step::InsertCard => self.queue.push_back(intermediate(INSERT_CARD)),
            Step::EnterPin => self.queue.push_back(intermediate(ENTER_PIN)),
            Step::Processing => self.queue.push_back(intermediate(PROCESSING)),
            Step::Approved { entry, signature } => self.approved(&entry, signature),
            Step::Declined { entry, referral } => {
                let code = if referral { texts::REFERRAL } else { DECLINED };
                self.queue.push_back(status(&entry, code, None).to_apdu());
                self.queue.push_back(abort(code));
                self.paying = false;
            }
            Step::Cancelled => {
                self.queue.push_back(abort(texts::ABORTED));
                self.paying = false;
            }
            Step::TakenBack(_) => {
                self.in_flight = None;
                self.taken_back();
            }
            Step::CutLink => self.deeds.push(Deed::Close),
            Step::PowerLoss => self.deeds.push(Deed::PowerLoss),
            Step::Wait(_) | Step::Idle => {}
        }
    }

    fn approved(&mut self, entry: &LedgerEntry, signature: bool) {
        let print = |copy| {
            let lines = receipt::lines(entry, copy, signature, self.leak_card_number);
            receipts::block(copy, &lines)
        };
        let merchant = print(ReceiptCopy::Merchant);
        let customer = print(ReceiptCopy::Customer);
        let status = status(entry, 0, Some(signature)).to_apdu();
        if signature {
            // It is signed before it is compared.
            self.queue.push_back(merchant);
            self.after_result = vec![customer, completion()];
        } else {
            self.after_result = vec![merchant, customer, completion()];
        }
        self.queue.push_back(status);
    }

    fn taken_back(&mut self) {
        self.queue.push_back(intermediate(TAKING_BACK));
        self.queue.push_back(abort(texts::PROCESSING_ERROR));
        self.after_result.clear();
        self.paying = false;
    }

    fn send(&mut self, apdu: &Apdu) {
        let is_result = apdu.kind == kind::STATUS_INFORMATION && !self.after_result.is_empty();
        self.in_flight = Some(if is_result {
            InFlight::Result
        } else {
            InFlight::Plain
        });
        self.deeds.push(Deed::Write(apdu.encode()));
    }

    fn reply(&mut self, apdu: &Apdu) {
        self.deeds.push(Deed::Write(apdu.encode()));
    }

    fn take(&mut self, apdu: &Apdu, payments: &mut Payments, now: Mono) -> io::Result<()> {
        match apdu.kind {
            kind::ACK => self.answered(true, payments),
            (kind::NACK_CLASS, _) => self.answered(false, payments),
            kind::ABORT_BY_TILL => {
                let stops = payments.cancel();
                self.reply(&if stops {
                    Apdu::ack()
                } else {
                    Apdu::nack(texts::NOT_POSSIBLE)
                });
                Ok(())
            }
            asked => {
                if payments.is_busy() || self.in_flight.is_some() || !self.queue.is_empty() {
                    self.reply(&Apdu::nack(texts::PLEASE_WAIT));
                    return Ok(());
                }
                self.asked(asked, &apdu.data, payments, now);
                Ok(())
            }
        }
    }

    fn answered(&mut self, well: bool, payments: &mut Payments) -> io::Result<()> {
        if self.in_flight.take() == Some(InFlight::Result) {
            if payments.confirm(well)?.is_some() {
                self.taken_back();
            } else {
                self.queue.extend(self.after_result.drain(..));
                self.paying = false;
            }
        }
        Ok(())
    }

    fn asked(&mut self, asked: (u8, u8), data: &[u8], payments: &mut Payments, now: Mono) {
        match asked {
            kind::REGISTRATION => {
                self.registered = true;
                self.reply(&Apdu::ack());
                self.queue.push_back(registered());
            }
            _ if !self.registered => self.reply(&Apdu::nack(0x6b)),
            kind::REPEAT_RECEIPT => {
                self.reply(&Apdu::ack());
                self.repeat(payments);
            }
            kind::END_OF_DAY => {
                self.reply(&Apdu::ack());
                self.queue.push_back(completion());
            }
            _ => match request(asked, data).map(|request| payments.begin(request, now)) {
                Some(Ok(())) => {
                    self.reply(&Apdu::ack());
                    self.paying = true;
                }
                Some(Err(Refusal::Busy)) => self.reply(&Apdu::nack(texts::PLEASE_WAIT)),
                Some(Err(Refusal::Refused)) => self.reply(&Apdu::nack(texts::PROCESSING_ERROR)),
                Some(Err(Refusal::NothingToReverse)) => {
                    self.reply(&Apdu::ack());
                    self.queue.push_back(abort(REVERSAL_NOT_POSSIBLE));
                }
                None => self.reply(&Apdu::nack(texts::NOT_POSSIBLE)),
            },
        }
    }

    /// The last transaction again; of a new terminal that is its initialisation.
    fn repeat(&mut self, payments: &Payments) {
        let Some(entry) = payments.last() else {
            let first = StatusInformation {
                result_code: Some(0),
                amount_minor: Some(0),
                trace_no: Some(1),
                receipt_no: Some(1),
                ..StatusInformation::default()
            };
            self.queue.extend([first.to_apdu(), completion()]);
            return;
        };
        let code = match entry.kind {
            LedgerKind::Declined => DECLINED,
            _ => 0,
        };
        let lines = receipt::lines(entry, ReceiptCopy::Customer, false, self.leak_card_number);
        self.queue.extend([
            status(entry, code, Some(false)).to_apdu(),
            receipts::block(ReceiptCopy::Customer, &lines),
            completion(),
        ]);
    }
}

fn request(asked: (u8, u8), data: &[u8]) -> Option<Request> {
    let after_password = data.get(3..);
    let amount = |data: &[u8]| {
        let fields = Fields::parse(data);
        let amount_minor = i64::try_from(fields.digits(number::AMOUNT)?).ok()?;
        let currency = match fields.digits(number::CURRENCY) {
            Some(number) => Currency::from_numeric(number.try_into().ok()?)?,
            None => Currency::EUR,
        };
        (amount_minor > 0).then(|| (amount_minor, currency.code().to_owned()))
    };
    match asked {
        kind::AUTHORISATION | kind::TELEPHONIC_AUTHORISATION => {
            let (amount_minor, currency) = amount(data)?;
            Some(Request::Sale {
                amount_minor,
                currency,
                heard_code: asked == kind::TELEPHONIC_AUTHORISATION,
            })
        }
        kind::REFUND => {
            let (amount_minor, currency) = amount(after_password?)?;
            Some(Request::Refund {
                amount_minor,
                currency,
            })
        }
        kind::REVERSAL => {
            let receipt = Fields::parse(after_password?).digits(number::RECEIPT)?;
            Some(Request::Reversal {
                receipt_no: receipt.try_into().ok()?,
            })
        }
        _ => None,
    }
}

fn status(entry: &LedgerEntry, code: u8, signature: Option<bool>) -> StatusInformation {
    StatusInformation {
        result_code: Some(code),
        amount_minor: Some(entry.amount_minor),
        currency: entry.currency.parse().map(Currency::numeric).ok(),
        trace_no: Some(entry.trace_no),
        original_trace_no: entry.original_trace_no,
        receipt_no: Some(entry.receipt_no),
        auth_code: entry.auth_code.clone(),
        card_number: Some(receipt::hidden_card_number()),
        card_name: Some("Visa".to_owned()),
        card_technology: Some(CHIP),
        cardholder_authentication: signature.map(|by| if by { SIGNATURE } else { ONLINE_PIN }),
    }
}

fn intermediate(status: u8) -> Apdu {
    Apdu::new(kind::INTERMEDIATE_STATUS, vec![status])
}

fn completion() -> Apdu {
    Apdu::new(kind::COMPLETION, Vec::new())
}

fn registered() -> Apdu {
    let fields = Fields::default()
        .with(0x19, &[0])
        .with(number::TERMINAL_ID, &bcd::encode(TERMINAL_ID, 4));
    Apdu::new(kind::COMPLETION, fields.encode())
}

fn abort(code: u8) -> Apdu {
    Apdu::new(kind::ABORT, vec![code])
}
