//! What may be done about a job that has ended: print it again, and say what became of one in doubt.
//!
//! Neither changes the outcome: a reprint is a job of its own, and a resolution is what somebody says
//! about a job that stays `uncertain`.

use cueline_model::{JobState, Outcome, PrintOptions};
use cueline_wire::Problem;
use cueline_wire::api::{PrintJobRequest, ReprintRequest, Resolution};

use crate::job::PrintJob;

/// Why a job cannot be printed again or resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AftermathError {
    /// It has not ended.
    #[error(
        "the job is {state} and has not ended; cancel it or wait until it has before it is printed again"
    )]
    NotSettled {
        /// Where it stands.
        state: JobState,
    },
    /// It has fewer tickets.
    #[error("from_ticket: the job has {total} tickets, got {from_ticket}")]
    NoSuchTicket {
        /// As asked for.
        from_ticket: u32,
        /// How many it has.
        total: u32,
    },
    /// Its document is no longer kept.
    #[error("the hub no longer has the job's document; send it again as a new job")]
    DocumentGone,
    /// It is not in doubt.
    #[error("the job is {state}; only one that is uncertain can be resolved")]
    NotUncertain {
        /// Where it stands.
        state: JobState,
    },
    /// It was resolved before, otherwise.
    #[error("the job was resolved before as {decision} by {by}; a resolution does not change")]
    AlreadyResolved {
        /// The word for what was decided.
        decision: &'static str,
        /// Who said so.
        by: String,
    },
}

impl AftermathError {
    /// Stable, snake case.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSettled { .. } => "not_settled",
            Self::NoSuchTicket { .. } => "option_invalid",
            Self::DocumentGone => "document_gone",
            Self::NotUncertain { .. } => "not_uncertain",
            Self::AlreadyResolved { .. } => "already_resolved",
        }
    }

    /// The HTTP status (RFC 9110 section 15).
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotSettled { .. } | Self::NotUncertain { .. } | Self::AlreadyResolved { .. } => {
                409
            }
            Self::DocumentGone => 410,
            Self::NoSuchTicket { .. } => 422,
        }
    }

    /// The refusal as a problem document.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::new(self.status(), self.code(), self.to_string())
    }
}

/// A job that prints another one again, to be submitted like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reprint {
    /// What to submit: the document by its digest.
    pub request: PrintJobRequest,
    /// Whether it is headed DUPLICATE.
    pub marked: bool,
}

/// What became of a wish to resolve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolved {
    /// It is resolved now.
    Now,
    /// The same was said before; nothing changed.
    Before,
}

impl PrintJob {
    /// The job that prints this one again.
    ///
    /// # Errors
    /// [`AftermathError::NotSettled`] and [`AftermathError::NoSuchTicket`].
    pub fn reprint(&self, asked: &ReprintRequest) -> Result<Reprint, AftermathError> {
        if !self.state.is_settled() {
            return Err(AftermathError::NotSettled { state: self.state });
        }
        // Of a job that began later itself, the count may be of what it printed alone.
        let whole = self.options.from_ticket.is_none();
        if let (Some(from_ticket), Some(count)) = (asked.from_ticket, self.tickets)
            && whole
            && from_ticket > count.total
        {
            return Err(AftermathError::NoSuchTicket {
                from_ticket,
                total: count.total,
            });
        }
        let from_ticket = asked.from_ticket.or(self.options.from_ticket);
        let request = PrintJobRequest {
            printer: asked.printer.unwrap_or(self.printer),
            content_type: self.document.content_type,
            content: None,
            document: Some(self.document.sha256),
            title: self.title.clone(),
            copies: self.copies,
            expires_at: None,
            expires_in_s: None,
            uncertain: self.uncertain,
            options: PrintOptions {
                from_ticket,
                ..self.options.clone()
            },
        };
        let may_be_there = self.may_be_on_paper(from_ticket.unwrap_or(1));
        Ok(Reprint {
            request,
            marked: asked.marked.unwrap_or(may_be_there),
        })
    }

    /// Whether a ticket of this job from `first` on, counted from 1, may be on paper already.
    #[must_use]
    pub fn may_be_on_paper(&self, first: u32) -> bool {
        match (&self.outcome, self.tickets) {
            (Some(Outcome::Failed { .. } | Outcome::Expired | Outcome::Cancelled), None) => false,
            (Some(Outcome::Done { .. }) | None, _) | (_, None) => true,
            (_, Some(_)) if self.options.from_ticket.is_some() => true,
            (_, Some(count)) => first <= count.printed.saturating_add(count.unknown),
        }
    }

    /// Keeps what somebody says about a job in doubt, once; the same again changes nothing. A
    /// repeat's time may differ.
    ///
    /// # Errors
    /// [`AftermathError::NotUncertain`] and [`AftermathError::AlreadyResolved`].
    pub fn resolve(&mut self, resolution: Resolution) -> Result<Resolved, AftermathError> {
        if self.state != JobState::Uncertain {
            return Err(AftermathError::NotUncertain { state: self.state });
        }
        if let Some(before) = &self.resolution {
            let same = Resolution {
                at: before.at,
                ..resolution
            };
            return if same == *before {
                Ok(Resolved::Before)
            } else {
                Err(AftermathError::AlreadyResolved {
                    decision: before.decision.as_str(),
                    by: before.by.clone(),
                })
            };
        }
        let reason = resolution.reason.as_deref();
        let said = format!("{} as {} says", resolution.decision.as_str(), resolution.by);
        let detail = reason.map_or_else(|| said.clone(), |reason| format!("{said}: {reason}"));
        self.note(resolution.at.0, "resolved", Some(detail));
        self.resolution = Some(resolution);
        Ok(Resolved::Now)
    }
}

#[cfg(test)]
#[path = "aftermath_tests.rs"]
mod tests;
