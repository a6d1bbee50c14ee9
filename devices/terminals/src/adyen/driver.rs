//! The conversation: one exchange at a time, and aborts beside it.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use cueline_model::{
    Baseline, Finding, Mono, PaymentFailure, PaymentFailureCode, PaymentKind, PaymentOrder,
    PaymentOutcome, ProgressNote, Settlement, Stage, WallTime,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message::{
    Category, DiagnosisResponse, MessageReference, Parties, Reply, Request, RequestBody,
    StatusResponse, TransactionId, payment, reversal,
};
use super::outcome::{Ending, ending, failure, reason};
use super::secured::{SecuredMessage, SecurityKey};
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

/// One request whose answer is waited for.
#[derive(Debug, Clone)]
struct Asked {
    exchange: u64,
    category: Category,
    service_id: String,
    until: Mono,
}

impl fmt::Debug for Adyen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adyen")
            .field("parties", &self.parties)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct PlainRequest {
    #[serde(rename = "SaleToPOIRequest")]
    request: Request,
}

#[derive(Serialize)]
struct SecuredRequest {
    #[serde(rename = "SaleToPOIRequest")]
    request: SecuredMessage,
}

#[derive(Deserialize)]
struct SecuredReply {
    #[serde(rename = "SaleToPOIResponse")]
    reply: SecuredMessage,
}

#[derive(Deserialize)]
struct PlainReply {
    #[serde(rename = "SaleToPOIResponse")]
    reply: Reply,
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

    /// Encrypts a request and has it posted.
    fn ask(
        &mut self,
        category: Category,
        service_id: String,
        body: RequestBody,
        until: Mono,
    ) -> Option<Asked> {
        let header = self.parties.header(category, service_id.clone());
        let clear = RawValue::from_string(serde_json::to_string(&header).ok()?).ok()?;
        let plain = serde_json::to_vec(&PlainRequest {
            request: Request {
                message_header: header,
                body,
            },
        });
        let request = self.key.seal(clear, &plain.ok()?, self.chance.draw());
        self.exchanges += 1;
        let exchange = self.exchanges;
        let body = serde_json::to_vec(&SecuredRequest { request }).ok()?;
        self.outputs.push_back(Output::Post { exchange, body });
        Some(Asked {
            exchange,
            category,
            service_id,
            until,
        })
    }

    /// Decrypts an answer and makes sure that it is the answer to this.
    fn read(&self, asked: &Asked, body: &[u8]) -> Result<Reply, String> {
        let secured: SecuredReply = serde_json::from_slice(body)
            .map_err(|_| "read the terminal's answer: expected an encrypted message".to_owned())?;
        let plain = self
            .key
            .open(&secured.reply)
            .map_err(|error| error.to_string())?;
        // The parser's own words may quote what is in the message.
        let PlainReply { reply } = serde_json::from_slice(&plain).map_err(|error| {
            format!(
                "read the terminal's answer: expected a message of nexo 3.0, got something else at column {}",
                error.column()
            )
        })?;
        let header = &reply.message_header;
        if header.service_id != asked.service_id || header.message_category != asked.category {
            return Err(format!(
                "read the terminal's answer: expected the one to {}, got another one's",
                asked.service_id
            ));
        }
        Ok(reply)
    }

    fn prepare(&mut self, now: Mono) {
        let service_id = self.chance.service_id(self.wall(now)).to_string();
        let body = RequestBody::Diagnosis {
            host_diagnosis_flag: false,
        };
        let asked = self.ask(Category::Diagnosis, service_id, body, now + ANSWER_WITHIN);
        self.doing = asked.map_or(Doing::Nothing, Doing::Preparing);
    }

    fn prepared(&mut self, said: DiagnosisResponse, now: Mono) {
        let status = said.poi_status.map(|status| status.global_status);
        let result = said.response.result.as_str();
        let condition = said.response.error_condition.as_deref();
        let refusal = match (result, condition, status.as_deref()) {
            ("Success", _, None | Some("OK")) => None,
            (_, Some("Busy" | "InProgress"), _) | ("Success", _, Some("Busy")) => {
                Some((PaymentFailureCode::Busy, "the terminal is busy".to_owned()))
            }
            _ => Some((
                PaymentFailureCode::Refused,
                format!(
                    "the terminal is out of service: {}",
                    reason(&said.response)
                        .or_else(|| status.as_deref().map(super::outcome::shortened))
                        .unwrap_or_else(|| "it does not say why".to_owned())
                ),
            )),
        };
        match refusal {
            Some((code, text)) => self.say(Event::NotReady(failure(code, true, text))),
            None => {
                let wall = self.wall(now);
                let chance = &mut self.chance;
                let promised = *self.promised.get_or_insert_with(|| chance.service_id(wall));
                self.say(Event::Ready {
                    baseline: Some(Baseline {
                        receipt_no: None,
                        terminal_txn_ref: Some(promised.to_string()),
                    }),
                });
            }
        }
    }

    fn begin(&mut self, order: PaymentOrder, now: Mono) {
        let Some(service_id) = self.promised.take() else {
            let text = "begin a payment: the terminal was not got ready for it".to_owned();
            return self.say(Event::NotMoved(at_tray(PaymentFailureCode::Refused, text)));
        };
        let service_id = service_id.to_string();
        let sale = TransactionId::of_sale(&service_id, self.wall(now));
        let (category, body) = match order.kind {
            PaymentKind::Sale | PaymentKind::Refund => {
                let refund = order.kind == PaymentKind::Refund;
                let body = payment(order.amount_minor, order.currency, refund, sale);
                (Category::Payment, body)
            }
            PaymentKind::Void => {
                let original = order.original.as_ref();
                let reference = original.and_then(|original| original.terminal_txn_ref.as_deref());
                let body = reference.map(|reference| {
                    let original = TransactionId::from_reference(reference, self.wall(now));
                    reversal(original, sale)
                });
                (Category::Reversal, body)
            }
        };
        let asked = body.and_then(|body| self.ask(category, service_id, body, now + UNKNOWN_AFTER));
        match asked {
            Some(asked) => {
                self.payment_under_way = Some(asked.exchange);
                self.doing = Doing::Paying {
                    asked,
                    order,
                    check_terminal_at: Some(now + CHECK_TERMINAL_AFTER),
                };
            }
            None => {
                let text = "void a payment: expected the terminal's own reference of it, got none; \
                            refund it instead";
                self.say(Event::NotMoved(at_tray(
                    PaymentFailureCode::Unsupported,
                    text.to_owned(),
                )));
            }
        }
    }

    fn cancel(&mut self, now: Mono) {
        let Doing::Paying { asked, .. } = &self.doing else {
            return;
        };
        let message_reference = MessageReference {
            message_category: asked.category,
            sale_id: self.parties.sale_id.clone(),
            service_id: asked.service_id.clone(),
        };
        let body = RequestBody::Abort {
            abort_reason: "MerchantAbort",
            message_reference,
        };
        let service_id = self.chance.service_id(self.wall(now)).to_string();
        // The answer to the payment itself tells what came of it; this one's is passed over.
        self.ask(Category::Abort, service_id, body, now);
        self.progress("cancelling", "Cancelling…");
    }

    fn look_up(&mut self, order: PaymentOrder, baseline: Option<Baseline>, now: Mono) {
        let about = baseline
            .and_then(|baseline| baseline.terminal_txn_ref)
            .and_then(|reference| reference.parse::<ServiceId>().ok());
        let Some(about) = about else {
            let text = "it is not known under which ServiceID the terminal was asked".to_owned();
            return self.say(Event::LookedUp(Finding::CannotTell { text }));
        };
        let message_category = match order.kind {
            PaymentKind::Void => Category::Reversal,
            PaymentKind::Sale | PaymentKind::Refund => Category::Payment,
        };
        let body = RequestBody::TransactionStatus {
            receipt_reprint_flag: true,
            document_qualifier: ["CashierReceipt", "CustomerReceipt"],
            message_reference: MessageReference {
                message_category,
                sale_id: self.parties.sale_id.clone(),
                service_id: about.to_string(),
            },
        };
        let service_id = self.chance.service_id(self.wall(now)).to_string();
        let until = now + ANSWER_WITHIN;
        if let Some(asked) = self.ask(Category::TransactionStatus, service_id, body, until) {
            self.doing = Doing::LookingUp {
                asked,
                order,
                about,
            };
        }
    }

    fn found(
        &self,
        order: &PaymentOrder,
        about: ServiceId,
        said: StatusResponse,
        now: Mono,
    ) -> Finding {
        let response = &said.response;
        let cannot_tell = |text: String| Finding::CannotTell { text };
        match (
            response.result.as_str(),
            response.error_condition.as_deref(),
        ) {
            ("Success", _) => {
                let Some(repeated) = said.repeated_message_response else {
                    return cannot_tell("the terminal repeats no answer".to_owned());
                };
                let body = repeated.repeated_response_message_body;
                let transaction = match order.kind {
                    PaymentKind::Void => body.reversal_response,
                    PaymentKind::Sale | PaymentKind::Refund => body.payment_response,
                };
                if repeated.message_header.service_id != about.to_string() {
                    return cannot_tell(
                        "the terminal repeats the answer to another request".to_owned(),
                    );
                }
                match transaction.map(|said| ending(order, &said)) {
                    Some(Ending::Settled(settlement)) => Finding::Found { settlement },
                    Some(Ending::NotBegun(failure)) => Finding::Found {
                        settlement: Box::new(Settlement {
                            outcome: PaymentOutcome::Failed { failure },
                            receipts: Vec::new(),
                        }),
                    },
                    Some(Ending::Unclear(text)) => cannot_tell(text),
                    None => cannot_tell(
                        "the terminal repeats the answer to another kind of request".to_owned(),
                    ),
                }
            }
            (_, Some("InProgress")) => Finding::InProgress,
            // The request itself may still be on its way.
            (_, Some("NotFound")) if self.payment_under_way.is_some() => Finding::InProgress,
            (_, Some("NotFound")) => match about.age(self.wall(now)) {
                Some(age) if age <= PROOF_FOR => Finding::NotProcessed,
                _ => cannot_tell(
                    "the terminal does not know the payment, but may have forgotten it since"
                        .to_owned(),
                ),
            },
            (
                _,
                Some(
                    "Busy" | "DeviceOut" | "LoggedOut" | "UnavailableDevice" | "UnavailableService",
                ),
            ) => Finding::Unreachable {
                text: "the terminal cannot answer now".to_owned(),
            },
            _ => cannot_tell(format!(
                "the terminal does not say what became of it: {}",
                reason(response).unwrap_or_else(|| "it gives no reason".to_owned())
            )),
        }
    }

    /// Adyen knows no negative acknowledgement: what was approved is reversed by name.
    fn take_back(&mut self, order: &PaymentOrder, settlement: &Settlement, now: Mono) {
        let PaymentOutcome::Approved { card, .. } = &settlement.outcome else {
            return self.not_stored();
        };
        let reference = card
            .terminal_txn_ref
            .as_deref()
            .filter(|_| order.kind == PaymentKind::Sale);
        let Some(reference) = reference else {
            let text = format!(
                "the {} was approved, could not be recorded, and cannot be taken back by software",
                order.kind
            );
            return self.say(Event::Unknown { text });
        };
        let wall = self.wall(now);
        let service_id = self.chance.service_id(wall).to_string();
        let original = TransactionId::from_reference(reference, wall);
        let body = reversal(original, TransactionId::of_sale(&service_id, wall));
        if let Some(asked) = self.ask(Category::Reversal, service_id, body, now + UNKNOWN_AFTER) {
            self.doing = Doing::TakingBack(asked);
        }
    }

    fn not_stored(&mut self) {
        let text = "the result could not be recorded, and no money moved";
        self.say(Event::NotMoved(failure(
            PaymentFailureCode::NotStored,
            true,
            text.to_owned(),
        )));
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
            (Doing::Paying { order, .. }, Ok(reply)) => {
                let said = match order.kind {
                    PaymentKind::Void => reply.reversal_response,
                    PaymentKind::Sale | PaymentKind::Refund => reply.payment_response,
                };
                match said.map(|said| ending(&order, &said)) {
                    Some(Ending::Settled(settlement)) => {
                        self.say(Event::Result(settlement.clone()));
                        self.doing = Doing::Told { order, settlement };
                    }
                    Some(Ending::NotBegun(failure)) => self.say(Event::NotMoved(failure)),
                    Some(Ending::Unclear(text)) => self.say(Event::Unknown { text }),
                    None => {
                        let text = "the terminal answers something else".to_owned();
                        self.say(Event::Unknown { text });
                    }
                }
            }
            (Doing::Paying { .. } | Doing::TakingBack(_), Err(text)) => {
                self.say(Event::Unknown { text });
            }
            (Doing::TakingBack(_), Ok(reply)) => match reply.reversal_response {
                Some(said) if said.response.result == "Success" => self.not_stored(),
                _ => {
                    let text =
                        "the result could not be recorded, and the terminal does not take it back";
                    self.say(Event::Unknown {
                        text: text.to_owned(),
                    });
                }
            },
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

    fn unprepared(&mut self, text: String) {
        self.say(Event::NotReady(at_tray(
            PaymentFailureCode::Unreachable,
            text,
        )));
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
