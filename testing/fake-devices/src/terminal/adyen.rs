//! The terminal's Adyen face: encrypted messages of nexo 3.0 in, and out again. Sans-IO, so that it also
//! runs in memory; [`serve`] carries them over HTTPS.
//!
//! What it says of an earlier request comes from the ledger, so that a look-up after a crash tells what
//! happened and not what was remembered.

mod answers;
pub(super) mod certificate;
mod requests;
pub(super) mod serve;

use std::io;
use std::path::Path;

use cueline_model::{Currency, Mono};
use cueline_terminals::adyen::{SecuredMessage, SecurityKey};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::payments::Payments;
use super::step::{Alone, Refusal, Request, Step};
use requests::{Known, Requests};

/// What is to be done on the way to tills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdyenDeed {
    /// Answer this exchange, with HTTP status 200.
    Answer {
        /// Which.
        exchange: u64,
        /// The body.
        body: Vec<u8>,
    },
    /// Refuse this exchange, with HTTP status 400.
    Refuse {
        /// Which.
        exchange: u64,
    },
    /// Cut every connection.
    CutLink,
    /// Cut them, forget everything but what is on the disk, and be gone for a while.
    PowerLoss,
}

/// The Adyen side of a terminal.
#[derive(Debug)]
pub struct AdyenFace {
    key: SecurityKey,
    requests: Requests,
    paying: Option<Paying>,
    leak_card_number: bool,
}

#[derive(Debug)]
struct Paying {
    exchange: u64,
    header: Value,
    service_id: String,
    /// `PaymentResponse` or `ReversalResponse`.
    kind: &'static str,
}

#[derive(Deserialize)]
struct SecuredRequest {
    #[serde(rename = "SaleToPOIRequest")]
    request: SecuredMessage,
}

#[derive(Serialize)]
struct SecuredResponse {
    #[serde(rename = "SaleToPOIResponse")]
    response: SecuredMessage,
}

/// The one number whose digits count, beside [`Value`]s.
#[derive(Deserialize)]
struct Plain<'a> {
    #[serde(rename = "SaleToPOIRequest", borrow)]
    request: PlainRequest<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlainRequest<'a> {
    #[serde(borrow)]
    payment_request: Option<PlainPayment<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlainPayment<'a> {
    #[serde(borrow)]
    payment_transaction: PlainTransaction<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlainTransaction<'a> {
    #[serde(borrow)]
    amounts_req: PlainAmounts<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlainAmounts<'a> {
    currency: Currency,
    #[serde(borrow)]
    requested_amount: &'a RawValue,
}

impl AdyenFace {
    /// A face whose requests are remembered in the terminal's directory, or in memory alone.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn open(
        key: SecurityKey,
        directory: Option<&Path>,
        leak_card_number: bool,
    ) -> io::Result<Self> {
        Ok(Self {
            key,
            requests: Requests::open(directory)?,
            paying: None,
            leak_card_number,
        })
    }

    /// The power was gone: only what is on the disk is left.
    pub fn power_lost(&mut self) {
        self.paying = None;
    }

    /// Takes what a till posted.
    ///
    /// # Errors
    /// The terminal's files cannot be written.
    pub fn posted(
        &mut self,
        exchange: u64,
        body: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<AdyenDeed>> {
        // One whose till is gone goes on before anybody is told of it.
        if self.paying.is_none() && payments.go_on_alone(now)? == Alone::PowerLoss {
            return Ok(vec![AdyenDeed::PowerLoss]);
        }
        let refused = Ok(vec![AdyenDeed::Refuse { exchange }]);
        let Ok(secured) = serde_json::from_slice::<SecuredRequest>(body) else {
            return refused;
        };
        let Ok(plain) = self.key.open(&secured.request) else {
            return refused;
        };
        let Ok(message) = serde_json::from_slice::<Value>(&plain) else {
            return refused;
        };
        let request = &message["SaleToPOIRequest"];
        let header = request["MessageHeader"].clone();
        let Some(service_id) = header["ServiceID"].as_str().map(str::to_owned) else {
            return refused;
        };
        let said = match header["MessageCategory"].as_str() {
            Some("Diagnosis") => ("DiagnosisResponse", answers::diagnosis(payments.is_busy())),
            Some("TransactionStatus") => {
                let about = &request["TransactionStatusRequest"]["MessageReference"];
                let status = self.status(about, &header, payments);
                ("TransactionStatusResponse", status)
            }
            Some("Abort") => {
                let about = &request["AbortRequest"]["MessageReference"]["ServiceID"];
                if let Some(paying) = &self.paying
                    && about.as_str() == Some(&paying.service_id)
                {
                    payments.cancel();
                }
                // An abort is answered with nothing; the payment's own answer tells.
                let body = Vec::new();
                return Ok(vec![AdyenDeed::Answer { exchange, body }]);
            }
            Some("Payment") => {
                let asked = payment(&plain, request);
                match self.begin(asked, &service_id, payments, now)? {
                    Ok(()) => {
                        self.pay(exchange, header, service_id, "PaymentResponse");
                        return Ok(Vec::new());
                    }
                    Err(condition) => ("PaymentResponse", answers::failure(condition, "refused")),
                }
            }
            Some("Reversal") => {
                let original = &request["ReversalRequest"]["OriginalPOITransaction"];
                let id = original["POITransactionID"]["TransactionID"].as_str();
                let asked = id
                    .and_then(answers::receipt_no)
                    .map(|receipt_no| Request::Reversal { receipt_no })
                    .ok_or("NotFound");
                match self.begin(asked, &service_id, payments, now)? {
                    Ok(()) => {
                        self.pay(exchange, header, service_id, "ReversalResponse");
                        return Ok(Vec::new());
                    }
                    Err(condition) => ("ReversalResponse", answers::failure(condition, "refused")),
                }
            }
            _ => return refused,
        };
        Ok(vec![self.answer(exchange, header, said)?])
    }

    /// Goes on as far as it can; also gives the moment until which nothing happens.
    ///
    /// # Errors
    /// The ledger cannot be written.
    pub fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<AdyenDeed>, Option<Mono>)> {
        let Some(paying) = self.paying.take() else {
            return Ok(match payments.go_on_alone(now)? {
                Alone::Until(until) => (Vec::new(), until),
                Alone::PowerLoss => (vec![AdyenDeed::PowerLoss], None),
            });
        };
        loop {
            let said = match payments.step(now)? {
                Step::Wait(until) if now < until => {
                    self.paying = Some(paying);
                    return Ok((Vec::new(), Some(until)));
                }
                Step::Idle => {
                    self.paying = Some(paying);
                    return Ok((Vec::new(), None));
                }
                Step::Wait(_) | Step::InsertCard | Step::EnterPin | Step::Processing => continue,
                Step::Approved { entry, signature } => {
                    // There is no acknowledgement: what is approved stands.
                    payments.confirm(true)?;
                    answers::done(&entry, payments.ledger(), signature, self.leak_card_number)
                }
                Step::Declined { entry, .. } => answers::declined(&entry, self.leak_card_number),
                Step::Cancelled | Step::TakenBack(_) => {
                    answers::failure("Cancel", "108 Shopper cancelled tx")
                }
                Step::CutLink => return Ok((vec![AdyenDeed::CutLink], None)),
                Step::PowerLoss => return Ok((vec![AdyenDeed::PowerLoss], None)),
            };
            let deed = self.answer(paying.exchange, paying.header, (paying.kind, said))?;
            return Ok((vec![deed], None));
        }
    }

    /// Begins what was asked for and remembers under which ServiceID, on the disk, before it does.
    fn begin(
        &mut self,
        asked: Result<Request, &'static str>,
        service_id: &str,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Result<(), &'static str>> {
        let request = match asked {
            // A ServiceID is taken once, whatever became of it.
            Ok(_) if self.requests.knows(service_id) => return Ok(Err("MessageFormat")),
            Ok(request) => request,
            Err(condition) => return Ok(Err(condition)),
        };
        let before = payments.ledger().len();
        Ok(match payments.begin(request, now) {
            Ok(()) => {
                self.requests.remember(service_id, before)?;
                Ok(())
            }
            Err(Refusal::Busy) => Err("Busy"),
            Err(Refusal::Refused) => Err("UnavailableService"),
            Err(Refusal::NothingToReverse) => Err("NotFound"),
        })
    }

    fn pay(&mut self, exchange: u64, header: Value, service_id: String, kind: &'static str) {
        self.paying = Some(Paying {
            exchange,
            header,
            service_id,
            kind,
        });
    }

    fn status(&self, about: &Value, header: &Value, payments: &Payments) -> Value {
        let not_found = || answers::failure("NotFound", "Did not find the ServiceID");
        let Some(service_id) = about["ServiceID"].as_str() else {
            return answers::failure("MessageFormat", "Which?");
        };
        let known = self.requests.find(service_id, payments.ledger());
        let said = match known {
            None => return not_found(),
            Some(Known::Latest) if payments.is_paying() => {
                return answers::failure("InProgress", "Transaction is in progress");
            }
            Some(Known::Latest | Known::Nothing) => return not_found(),
            Some(Known::Entry(entry))
                if entry.auth_code.is_none() && !answers::is_reversal(entry) =>
            {
                answers::declined(entry, self.leak_card_number)
            }
            Some(Known::Entry(entry)) => {
                answers::done(entry, payments.ledger(), false, self.leak_card_number)
            }
        };
        let mut original = header.clone();
        let category = about["MessageCategory"].as_str().unwrap_or("Payment");
        original["MessageCategory"] = category.into();
        original["MessageType"] = "Response".into();
        original["ServiceID"] = service_id.into();
        let kind = format!("{category}Response");
        json!({
            "Response": { "Result": "Success" },
            "MessageReference": about,
            "RepeatedMessageResponse": {
                "MessageHeader": original,
                "RepeatedResponseMessageBody": { kind: said },
            },
        })
    }

    fn answer(
        &self,
        exchange: u64,
        mut header: Value,
        (kind, said): (&str, Value),
    ) -> io::Result<AdyenDeed> {
        header["MessageType"] = "Response".into();
        let clear = serde_json::value::to_raw_value(&header)?;
        let plain = json!({ "SaleToPOIResponse": { "MessageHeader": header, kind: said } });
        let nonce = ring::rand::generate(&ring::rand::SystemRandom::new())
            .map_err(|_| io::Error::other("no randomness"))?
            .expose();
        let response = self.key.seal(clear, plain.to_string().as_bytes(), nonce);
        Ok(AdyenDeed::Answer {
            exchange,
            body: serde_json::to_vec(&SecuredResponse { response })?,
        })
    }
}

fn payment(plain: &[u8], request: &Value) -> Result<Request, &'static str> {
    let refuse = "MessageFormat";
    let exact: Plain<'_> = serde_json::from_slice(plain).map_err(|_| refuse)?;
    let amounts = exact
        .request
        .payment_request
        .ok_or(refuse)?
        .payment_transaction
        .amounts_req;
    let amount_minor = amounts
        .currency
        .from_decimal(amounts.requested_amount.get())
        .ok()
        .filter(|amount| *amount > 0)
        .ok_or(refuse)?;
    let currency = amounts.currency.code().to_owned();
    match request["PaymentRequest"]["PaymentData"]["PaymentType"].as_str() {
        None | Some("Normal") => Ok(Request::Sale {
            amount_minor,
            currency,
            heard_code: false,
        }),
        Some("Refund") => Ok(Request::Refund {
            amount_minor,
            currency,
        }),
        Some(_) => Err("NotAllowed"),
    }
}
