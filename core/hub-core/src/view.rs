//! A job as the box office is shown it.

use cueline_model::{Fault, Outcome};
use cueline_wire::Timestamp;
use cueline_wire::api;

use crate::job::PrintJob;

/// What is known of a job's agent and printer at the moment it is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// Whether the agent holds a link and is heard.
    pub agent_online: bool,
    /// Whether the agent was removed.
    pub agent_revoked: bool,
    /// What is wrong with the printer, as last heard.
    pub fault: Option<&'a Fault>,
}

/// Why a job does not go on at the moment; `None` when it does or has ended.
#[must_use]
pub fn waiting(job: &PrintJob, around: Surroundings<'_>) -> Option<api::Waiting> {
    if job.state.is_settled() {
        return None;
    }
    let waiting = |code: &str, text: &str| {
        Some(api::Waiting {
            code: code.to_owned(),
            text: text.to_owned(),
        })
    };
    if around.agent_revoked {
        return waiting(
            "agent_revoked",
            "the agent was removed while it may have had this job; ask at the till what was printed",
        );
    }
    if !around.agent_online {
        let text = if job.offered_at.is_none() {
            "the agent is offline; the job goes to it as soon as it is back"
        } else {
            "the agent is offline; it may have this job and tells what became of it when it is back"
        };
        return waiting("agent_offline", text);
    }
    around
        .fault
        .and_then(|fault| waiting(fault.code.as_str(), &fault.text))
}

/// The job as the API's resource.
#[must_use]
pub fn print_job(job: &PrintJob, around: Surroundings<'_>) -> api::PrintJob {
    let (proof, failure, detail) = match &job.outcome {
        Some(Outcome::Done { proof }) => (Some(*proof), None, None),
        Some(Outcome::Failed { failure }) => (None, Some(failure.clone()), None),
        Some(Outcome::Uncertain { detail, .. }) => (None, None, Some(detail.clone())),
        Some(Outcome::Expired | Outcome::Cancelled) | None => (None, None, None),
    };
    api::PrintJob {
        id: job.id,
        state: job.state,
        printer: job.printer,
        printer_name: job.printer_name.clone(),
        agent: job.agent,
        title: job.title.clone(),
        document: job.document,
        copies: job.copies,
        uncertain: job.uncertain,
        options: job.options.clone(),
        notes: job.notes.clone(),
        marked: job.marked,
        reprint_of: job.reprint_of,
        attempt: job.attempt,
        created_at: Timestamp(job.created_at),
        expires_at: job.start_by.map(Timestamp),
        cancel_requested_at: job.cancel_requested_at.map(Timestamp),
        settled_at: job.settled_at.map(Timestamp),
        proof,
        failure,
        detail,
        tickets: job.tickets,
        resolution: job.resolution.clone(),
        waiting: waiting(job, around),
        timeline: job.timeline.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{START, place, submission};
    use cueline_model::FaultCode;

    #[test]
    fn what_a_job_waits_for() {
        let fault = Fault::new(FaultCode::PaperOut, "out of paper");
        let queued = submission(place(1, 1), 1).job.into_job(1, false, START);
        let mut settled = queued.clone();
        settled.cancel(START, false);
        let online = Surroundings {
            agent_online: true,
            ..Surroundings::default()
        };
        let faulty = Surroundings {
            fault: Some(&fault),
            ..online
        };
        let offline = Surroundings {
            agent_online: false,
            ..faulty
        };
        let revoked = Surroundings {
            agent_revoked: true,
            ..offline
        };
        let code = |job, around| waiting(job, around).map(|waiting| waiting.code);
        assert_eq!(code(&queued, online), None);
        assert_eq!(code(&queued, faulty).as_deref(), Some("paper_out"));
        assert_eq!(code(&queued, offline).as_deref(), Some("agent_offline"));
        assert_eq!(code(&queued, revoked).as_deref(), Some("agent_revoked"));
        assert_eq!(code(&settled, revoked), None);
    }

    #[test]
    fn an_offline_agent_may_or_may_not_have_the_job() {
        let mut job = submission(place(1, 1), 1).job.into_job(1, false, START);
        let around = Surroundings::default();
        let before = waiting(&job, around).unwrap().text;
        job.mark_offered(START);
        assert_ne!(waiting(&job, around).unwrap().text, before);
    }
}
