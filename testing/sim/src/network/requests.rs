//! Reports, documents and the rest: requests that are lost, doubled, late, or answered in vain.

use cueline_agent_core::{Event, FetchError, ReportId};
use cueline_model::{Document, JobKey};
use cueline_wire::cloud::Report;

use super::{Down, no_answer};
use crate::world::{ReplyTo, ToHub, ToTill, What, World};

/// A request of a till other than the held one.
#[derive(Debug)]
pub enum Request {
    /// Tell the hub.
    Report(ReportId, Report),
    /// Get a document.
    Fetch(JobKey, Document),
    /// Tell the hub what is installed.
    Inventory,
}

impl World {
    /// A till sends a request.
    pub fn request(&mut self, from: ReplyTo, request: Request) {
        let given_up = ToTill::of(request.failed());
        if self.is_cut(from.till) || self.chance.odds(self.odds.request_lost) {
            self.counts.requests_lost += 1;
            let wait_ms = self.chance.between(1_000, 15_000);
            self.after(wait_ms, What::ToTill(from.till, from.life, given_up));
            return;
        }
        let latency_ms = self.latency_ms(from.till);
        let message = match request {
            Request::Fetch(job, document) => ToHub::Fetch {
                job,
                document,
                reply_to: from,
            },
            Request::Inventory => ToHub::Inventory(from),
            Request::Report(report, body) => {
                let copy = |body: &Report| ToHub::Report {
                    till: from.till,
                    report,
                    body: body.clone(),
                    reply_to: None,
                };
                if self.chance.odds(self.odds.report_doubled) {
                    self.counts.reports_doubled += 1;
                    let late_ms = latency_ms + self.chance.between(0, 120_000);
                    self.after(late_ms, What::ToHub(copy(&body)));
                }
                if self.chance.odds(self.odds.report_late) {
                    self.counts.reports_late += 1;
                    let late_ms = self.chance.between(15_000, 60_000);
                    self.after(late_ms, What::ToHub(copy(&body)));
                    self.after(15_000, What::ToTill(from.till, from.life, given_up));
                    return;
                }
                ToHub::Report {
                    till: from.till,
                    report,
                    body,
                    reply_to: Some(from),
                }
            }
        };
        self.after(latency_ms, What::ToHub(message));
    }

    /// The hub answers a request; `lost` is what the till is told if that does not arrive.
    pub fn answer(&mut self, to: ReplyTo, answer: ToTill, lost: Event) {
        if self.is_cut(to.till) || self.chance.odds(self.odds.answer_lost) {
            self.counts.answers_lost += 1;
            let wait_ms = self.chance.between(1_000, 15_000);
            self.after(wait_ms, What::ToTill(to.till, to.life, ToTill::of(lost)));
        } else {
            let latency_ms = self.latency_ms(to.till);
            self.after(latency_ms, What::ToTill(to.till, to.life, answer));
        }
    }

    /// A message reached a hub that is down.
    pub fn unreachable(&mut self, message: ToHub) {
        match message {
            ToHub::Open { conn, .. } => {
                let end = no_answer("refused", "the hub is not there");
                self.down(conn, Down::End(end));
            }
            ToHub::Report {
                report,
                reply_to: Some(to),
                ..
            } => self.refuse(to, report_failed(report)),
            ToHub::Fetch { job, reply_to, .. } => self.refuse(reply_to, fetch_failed(job)),
            ToHub::Inventory(to) => self.refuse(to, Event::InventoryFailed),
            ToHub::Report { reply_to: None, .. }
            | ToHub::Gone(_)
            | ToHub::Submit(..)
            | ToHub::Cancel(_) => {}
        }
    }

    fn refuse(&mut self, to: ReplyTo, failed: Event) {
        let latency_ms = self.latency_ms(to.till);
        self.after(
            latency_ms,
            What::ToTill(to.till, to.life, ToTill::of(failed)),
        );
    }
}

impl ToTill {
    /// What brings an event to a till.
    #[must_use]
    pub fn of(event: Event) -> Self {
        match event {
            Event::ReportFailed { report, .. } | Event::ReportAnswered { report, .. } => {
                Self::ReportOver(report, event)
            }
            event => Self::Event(event),
        }
    }
}

impl Request {
    fn failed(&self) -> Event {
        match self {
            Self::Report(report, _) => report_failed(*report),
            Self::Fetch(job, _) => fetch_failed(*job),
            Self::Inventory => Event::InventoryFailed,
        }
    }
}

/// A report that did not arrive, or whose answer was lost.
#[must_use]
pub fn report_failed(report: ReportId) -> Event {
    Event::ReportFailed {
        report,
        retry_after: None,
    }
}

/// A document that could not be had.
#[must_use]
pub fn fetch_failed(job: JobKey) -> Event {
    let text = "the connection broke".to_owned();
    Event::FetchFailed {
        job,
        error: FetchError::Later { text },
    }
}
