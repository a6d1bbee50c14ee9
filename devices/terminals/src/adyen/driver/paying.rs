//! A payment, a refund or a void: asked once, stopped on wish, taken back where it cannot be recorded.

use cueline_model::{
    Mono, PaymentFailureCode, PaymentKind, PaymentOrder, PaymentOutcome, Settlement,
};

use super::{Adyen, CHECK_TERMINAL_AFTER, Doing, UNKNOWN_AFTER, at_tray};
use crate::adyen::message::{
    Category, MessageReference, Reply, RequestBody, TransactionId, payment, reversal,
};
use crate::adyen::outcome::{Ending, ending, failure};
use crate::driver::Event;

impl Adyen {
    pub(super) fn begin(&mut self, order: PaymentOrder, now: Mono) {
        // Given once for each payment; the terminal is at one.
        if !matches!(self.doing, Doing::Nothing) {
            return;
        }
        let Some(service_id) = self.promised.take() else {
            let text = "begin a payment: the terminal was not got ready for it".to_owned();
            return self.say(Event::NotMoved(at_tray(
                PaymentFailureCode::Unreachable,
                text,
            )));
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

    pub(super) fn cancel(&mut self, now: Mono) {
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

    pub(super) fn paid(&mut self, order: PaymentOrder, reply: Reply) {
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

    pub(super) fn taken_back(&mut self, reply: Reply) {
        match reply.reversal_response {
            Some(said) if said.response.result == "Success" => self.not_stored(),
            _ => {
                let text =
                    "the result could not be recorded, and the terminal does not take it back";
                self.say(Event::Unknown {
                    text: text.to_owned(),
                });
            }
        }
    }

    /// Adyen knows no negative acknowledgement: what was approved is reversed by name.
    pub(super) fn take_back(&mut self, order: &PaymentOrder, settlement: &Settlement, now: Mono) {
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

    pub(super) fn not_stored(&mut self) {
        let text = "the result could not be recorded, and no money moved";
        self.say(Event::NotMoved(failure(
            PaymentFailureCode::NotStored,
            true,
            text.to_owned(),
        )));
    }
}
