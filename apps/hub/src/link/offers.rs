//! Makes offers of jobs and payments and signs them.

use cueline_hub_core::payment::flow::Words;
use cueline_model::AgentId;
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{JobOffer, PaymentOffer, PaymentWish, PrintWork, StreamEvent, Work};

use crate::auth::HubKey;
use crate::store::OfferedJob;

/// The signed offer of a job. A document that is too long for it, or no longer there, is left out:
/// the agent asks for it and is told.
#[must_use]
pub fn signed(key: &HubKey, agent: AgentId, offered: OfferedJob) -> JobOffer {
    let OfferedJob { job, body } = offered;
    let options = job.options_in_force();
    let mut offer = JobOffer {
        job: job.id,
        attempt: job.attempt,
        start_by: job.start_by,
        work: Work::Print(PrintWork {
            printer: job.printer_name,
            copies: job.copies,
            uncertain: job.uncertain,
            options,
            marked: job.marked,
            document: job.document,
            body: body.map(Base64Bytes),
        }),
        signature: Base64Bytes::default(),
    };
    key.sign(&mut offer, agent);
    offer
}

/// What is to be said about a payment, as events: its signed offer, and what is wished of it.
#[must_use]
pub fn payment(key: &HubKey, agent: AgentId, words: Words) -> Vec<StreamEvent> {
    let payment = &words.payment;
    let mut events = Vec::new();
    if words.offer {
        let mut offer = PaymentOffer {
            payment: payment.id,
            order: payment.order(),
            start_by: payment.start_by,
            signature: Base64Bytes::default(),
        };
        key.sign_payment(&mut offer, agent);
        events.push(StreamEvent::Payment(Box::new(offer)));
    }
    events.extend(words.wishes.into_iter().map(|wish| {
        StreamEvent::PaymentWish(PaymentWish {
            payment: payment.id,
            wish,
        })
    }));
    events
}
