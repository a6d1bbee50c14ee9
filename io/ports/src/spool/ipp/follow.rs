//! One job at an IPP printer, from its making to its end.
//!
//! Where the printer can, the job is made first and its document sent after it, so that it has a number by
//! which it can be watched and cancelled while its document is still on its way. A job that is dropped in
//! mid-print is cancelled.

use std::sync::Arc;
use std::time::Duration;

use ::ipp::model::Operation;
use ::ipp::value::IppValue;
use cueline_model::{Fault, FaultCode, PrintOptions, Proof};
use tokio::time::{Instant, sleep};

use super::description::{self, Description};
use super::http::Unanswered;
use super::made::{Made, cancel};
use super::message::Attributes;
use super::{Target, job_id, refused, state};
use crate::device::{DeviceTimeouts, PrintError, PrintEvent, SoFar, Watch};
use crate::faults;

/// The first pause between two questions about a job; they grow to the poll period.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// How long a job may stand still before what the printer reports is taken for the reason.
const STANDS_STILL_AFTER: Duration = Duration::from_secs(3);

/// A job that is about to be made.
pub(super) struct Job<'a> {
    pub(super) target: Arc<Target>,
    pub(super) timeouts: DeviceTimeouts,
    pub(super) format: &'static str,
    pub(super) title: &'a str,
    pub(super) copies: u16,
    pub(super) options: &'a PrintOptions,
    pub(super) printer: &'a Description,
}

/// Job states (RFC 8011, section 5.3.7).
mod states {
    pub(super) const PENDING: i32 = 3;
    pub(super) const PENDING_HELD: i32 = 4;
    pub(super) const STOPPED: i32 = 6;
    pub(super) const CANCELED: i32 = 7;
    pub(super) const ABORTED: i32 = 8;
    pub(super) const COMPLETED: i32 = 9;
}

/// What a job says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Seen {
    state: i32,
    reasons: Vec<String>,
    message: Option<String>,
    impressions: i32,
    sheets: i32,
}

impl Seen {
    fn read(job: Attributes<'_>) -> Option<Self> {
        Some(Self {
            state: job.number("job-state")?,
            reasons: job.texts("job-state-reasons").collect(),
            message: job
                .text("job-printer-state-message")
                .or_else(|| job.text("job-state-message")),
            impressions: job.number("job-impressions-completed").unwrap_or(0),
            sheets: job.number("job-media-sheets-completed").unwrap_or(0),
        })
    }

    fn has(&self, reason: &str) -> bool {
        self.reasons.iter().any(|own| own == reason)
    }
}

/// How far the job has come.
struct Progress {
    seen: Seen,
    /// Whether it was ever seen to be more than waiting.
    began: bool,
    moved_at: Instant,
    answered_at: Instant,
    /// What the watcher was told last.
    told: Option<Fault>,
    warned: Option<Fault>,
}

impl Job<'_> {
    /// Prints and waits for the job's end.
    pub(super) async fn run(
        self,
        document: &[u8],
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        if self.printer.makes_jobs {
            let id = self.create().await.map_err(|fault| so_far.error(fault))?;
            let mut made = Made::new(&self.target, self.timeouts, id);
            so_far.all_started();
            let result = self.send_and_follow(id, document, so_far, watch).await;
            // What ended by itself needs no cancelling; all else must not print later.
            if !matches!(&result, Ok(_) | Err(Ended::Over(_))) {
                made.cancel_now().await;
            }
            made.is_over = true;
            result.map_err(Ended::into_error)
        } else {
            so_far.all_started();
            let id = self.print_job(document, so_far).await?;
            let mut made = Made::new(&self.target, self.timeouts, id);
            let result = self.follow(id, so_far, watch).await;
            if !matches!(&result, Ok(_) | Err(Ended::Over(_))) {
                made.cancel_now().await;
            }
            made.is_over = true;
            result.map_err(Ended::into_error)
        }
    }

    /// Create-Job: makes a job without a document. It prints nothing, whatever becomes of it.
    async fn create(&self) -> Result<i32, Fault> {
        let question = self.target.question(Operation::CreateJob, |question| {
            let question = question.operation(
                "job-name",
                IppValue::new_name_without_language(self.title())?,
            )?;
            super::options::add(question, self.options, self.copies, self.printer)
        });
        let asking = self.target.ask(
            question.map_err(|unanswered| unanswered.fault)?,
            &[],
            &self.timeouts,
            self.timeouts.stall,
        );
        let answer = asking.await.map_err(|unanswered| unanswered.fault)?;
        match answer.job().and_then(|job| job.number("job-id")) {
            Some(id) if answer.status() < 0x100 => Ok(id),
            _ => Err(refused(&self.target.name, &answer)),
        }
    }

    /// Print-Job: the whole job in one question.
    async fn print_job(&self, document: &[u8], so_far: &mut SoFar) -> Result<i32, PrintError> {
        let fail = |unanswered: Unanswered, so_far: &mut SoFar| {
            if unanswered.nothing_sent {
                so_far.started(false, 0);
            }
            so_far.error(unanswered.fault)
        };
        let question = self
            .target
            .question(Operation::PrintJob, |question| {
                let question = question
                    .operation(
                        "job-name",
                        IppValue::new_name_without_language(self.title())?,
                    )?
                    .operation(
                        "document-format",
                        IppValue::new_mime_media_type(self.format)?,
                    )?;
                super::options::add(question, self.options, self.copies, self.printer)
            })
            .map_err(|unanswered| fail(unanswered, so_far))?;
        let patience = self.timeouts.fault_patience;
        let answer = self
            .target
            .ask(question, document, &self.timeouts, patience)
            .await
            .map_err(|unanswered| fail(unanswered, so_far))?;
        match answer.job().and_then(|job| job.number("job-id")) {
            Some(id) if answer.status() < 0x100 => Ok(id),
            // Refused as a whole: no job was made.
            _ => {
                so_far.started(false, 0);
                Err(so_far.error(refused(&self.target.name, &answer)))
            }
        }
    }

    /// Send-Document, and meanwhile the job is watched: a printer may take its document no faster than it
    /// prints.
    async fn send_and_follow(
        &self,
        id: i32,
        document: &[u8],
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, Ended> {
        let question = self
            .target
            .question(Operation::SendDocument, |question| {
                question
                    .operation("job-id", job_id(id))?
                    .operation(
                        "document-format",
                        IppValue::new_mime_media_type(self.format)?,
                    )?
                    .operation("last-document", IppValue::Boolean(true))
            })
            .map_err(|unanswered| nothing_sent(so_far, unanswered.fault))?;
        // The watch below gives up sooner or later by itself.
        let no_limit = Duration::from_secs(24 * 3600);
        let sending = self
            .target
            .ask(question, document, &self.timeouts, no_limit);
        let sent = async {
            match sending.await {
                Ok(answer) if answer.status() < 0x100 => Ok(()),
                Ok(answer) => Err((true, refused(&self.target.name, &answer))),
                Err(unanswered) => Err((unanswered.nothing_sent, unanswered.fault)),
            }
        };
        // On the heap, that it may be long while the rest is short.
        let mut sent = Box::pin(sent);
        let early = {
            let following = self.follow(id, so_far, watch);
            tokio::pin!(following);
            tokio::select! {
                biased;
                sent = &mut sent => match sent {
                    Ok(()) => return following.await,
                    Err(failed) => failed,
                },
                followed = &mut following => return followed,
            }
        };
        let (nothing_taken, fault) = early;
        // A document that was refused, or never left, prints nothing: the job has no other.
        if nothing_taken {
            return Err(nothing_sent(so_far, fault));
        }
        Err(Ended::GaveUp(so_far.error(fault)))
    }

    /// Asks again and again until the job has ended.
    async fn follow(&self, id: i32, so_far: &mut SoFar, watch: Watch<'_>) -> Result<Proof, Ended> {
        let now = Instant::now();
        let mut progress = Progress {
            seen: Seen::default(),
            began: false,
            moved_at: now,
            answered_at: now,
            told: None,
            warned: None,
        };
        let mut pause = FIRST_PAUSE.min(self.timeouts.poll_period);
        loop {
            sleep(pause).await;
            pause = (pause * 2).min(self.timeouts.poll_period);
            match self.look(id).await {
                Ok(seen) => {
                    let now = Instant::now();
                    progress.answered_at = now;
                    if seen != progress.seen {
                        progress.moved_at = now;
                        progress.began |=
                            !matches!(seen.state, states::PENDING | states::PENDING_HELD);
                        progress.seen = seen;
                    }
                    if let Some(ended) = self.ended(&progress, so_far) {
                        self.tell(&mut progress, None, watch);
                        return ended;
                    }
                    self.look_at_printer(&mut progress, watch).await;
                }
                Err(fault) => {
                    if progress.answered_at.elapsed() >= self.timeouts.proof {
                        return Err(Ended::GaveUp(so_far.error(fault)));
                    }
                    self.tell(&mut progress, Some(fault), watch);
                }
            }
            if progress.moved_at.elapsed() >= self.timeouts.fault_patience {
                return Err(self.gave_up(id, &progress, so_far).await);
            }
        }
    }

    async fn look(&self, id: i32) -> Result<Seen, Fault> {
        let question = self
            .target
            .question(Operation::GetJobAttributes, |question| {
                question.operation("job-id", job_id(id))?.only(&[
                    "job-state",
                    "job-state-reasons",
                    "job-state-message",
                    "job-printer-state-message",
                    "job-impressions-completed",
                    "job-media-sheets-completed",
                ])
            })
            .map_err(|unanswered| unanswered.fault)?;
        let asking = self
            .target
            .ask(question, &[], &self.timeouts, self.timeouts.readiness);
        let answer = asking.await.map_err(|unanswered| unanswered.fault)?;
        answer
            .job()
            .and_then(Seen::read)
            .ok_or_else(|| refused(&self.target.name, &answer))
    }

    async fn look_at_printer(&self, progress: &mut Progress, watch: Watch<'_>) {
        let question = self
            .target
            .question(Operation::GetPrinterAttributes, |question| {
                question.only(&description::WANTED_STATE)
            });
        let Ok(question) = question else { return };
        let asking = self
            .target
            .ask(question, &[], &self.timeouts, self.timeouts.readiness);
        let Ok(answer) = asking.await else { return };
        let Some(printer) = answer.printer() else {
            return;
        };
        let mut now = state(&self.target.name, printer);
        if now.fault.is_none() && progress.moved_at.elapsed() >= STANDS_STILL_AFTER {
            now.fault = now.suspect.take();
        }
        if now.fault.is_none() && progress.seen.state == states::STOPPED {
            let said = progress.seen.message.clone();
            now.fault = now.suspect.take().or_else(|| {
                Some(Fault::new(
                    FaultCode::DeviceError,
                    format!(
                        "The printer {} has stopped in the job ({}): look at its display.",
                        self.target.name,
                        said.unwrap_or_else(|| progress.seen.reasons.join(", "))
                    ),
                ))
            });
        }
        if now.warning != progress.warned {
            watch(PrintEvent::Warning(now.warning.as_ref()));
            progress.warned = now.warning;
        }
        self.tell(progress, now.fault, watch);
    }

    fn tell(&self, progress: &mut Progress, fault: Option<Fault>, watch: Watch<'_>) {
        if fault == progress.told {
            return;
        }
        watch(PrintEvent::Fault(fault.as_ref()));
        if fault.is_none() {
            progress.moved_at = Instant::now();
        }
        progress.told = fault;
    }

    /// What the job's end means, if it has ended.
    fn ended(&self, progress: &Progress, so_far: &mut SoFar) -> Option<Result<Proof, Ended>> {
        let (seen, name) = (&progress.seen, &self.target.name);
        let said = || {
            seen.message
                .clone()
                .filter(|message| !message.is_empty())
                .unwrap_or_else(|| seen.reasons.join(", "))
        };
        match seen.state {
            states::COMPLETED if seen.has("job-completed-with-errors") => {
                let text = format!("The printer {name} ended the job with errors ({}).", said());
                let fault = Fault::new(FaultCode::DeviceError, text);
                Some(Err(Ended::Over(so_far.error(fault))))
            }
            states::COMPLETED => {
                // It was handed on to a device that has not said more.
                let proof = if seen.has("queued-in-device") {
                    self.printer.proves.min(Proof::Sent)
                } else {
                    self.printer.proves
                };
                if proof == Proof::Printed {
                    so_far.printed(u32::MAX);
                }
                Some(Ok(proof))
            }
            states::CANCELED | states::ABORTED => {
                let refused = seen.has("document-format-error")
                    || seen.has("unsupported-document-format")
                    || seen.has("document-unprintable-error");
                let (code, text) = if refused {
                    let text = format!(
                        "The printer {name} cannot print the document ({}): tell the box office.",
                        said()
                    );
                    (FaultCode::DataRefused, text)
                } else if seen.state == states::CANCELED {
                    (
                        FaultCode::DeviceError,
                        format!("The job was cancelled at the printer {name} ({}).", said()),
                    )
                } else {
                    (
                        FaultCode::DeviceError,
                        format!("The printer {name} gave the job up ({}).", said()),
                    )
                };
                // Never more than waiting, and not a sheet: the printer had no part of it.
                if !progress.began && seen.impressions == 0 && seen.sheets == 0 && !refused {
                    so_far.started(false, 0);
                }
                Some(Err(Ended::Over(so_far.error(Fault::new(code, text)))))
            }
            _ => None,
        }
    }

    /// The job has stood still for too long: it must not come out later, when nobody expects it.
    async fn gave_up(&self, id: i32, progress: &Progress, so_far: &mut SoFar) -> Ended {
        let fault = progress
            .told
            .clone()
            .unwrap_or_else(|| faults::not_confirmed(&self.target.name));
        cancel(&self.target, &self.timeouts, id).await;
        let is_cancelled =
            matches!(self.look(id).await, Ok(seen) if seen.state == states::CANCELED);
        if is_cancelled && !progress.began {
            so_far.started(false, 0);
        }
        if is_cancelled {
            Ended::Over(so_far.error(fault))
        } else {
            Ended::GaveUp(so_far.error(fault))
        }
    }

    fn title(&self) -> String {
        self.title
            .chars()
            .filter(|c| !c.is_control())
            .take(60)
            .collect()
    }
}

/// How a job that was made ended without a proof.
enum Ended {
    /// At the printer: there is nothing left to cancel.
    Over(PrintError),
    /// Here: the printer may still have it.
    GaveUp(PrintError),
}

impl Ended {
    fn into_error(self) -> PrintError {
        match self {
            Self::Over(error) | Self::GaveUp(error) => error,
        }
    }
}

fn nothing_sent(so_far: &mut SoFar, fault: Fault) -> Ended {
    so_far.started(false, 0);
    Ended::GaveUp(so_far.error(fault))
}
