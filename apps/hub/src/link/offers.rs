//! Makes a job's offer and signs it.

use cueline_model::AgentId;
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{JobOffer, PrintWork, Work};

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
