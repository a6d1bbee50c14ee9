//! What became of a payment: the terminal is asked about the request by its ServiceID.

use cueline_model::{
    Baseline, Finding, Mono, PaymentKind, PaymentOrder, PaymentOutcome, Settlement,
};

use super::{ANSWER_WITHIN, Adyen, Doing, PROOF_FOR};
use crate::adyen::message::{Category, MessageReference, RequestBody, StatusResponse};
use crate::adyen::outcome::{Ending, ending, reason};
use crate::adyen::service_id::ServiceId;
use crate::driver::Event;

impl Adyen {
    pub(super) fn look_up(&mut self, order: PaymentOrder, baseline: Option<Baseline>, now: Mono) {
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

    pub(super) fn found(
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
}
