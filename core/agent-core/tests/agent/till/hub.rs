//! The hub's end, as a test plays it: the held request, offers, answers to reports.

use std::time::Duration;

use cueline_agent_core::{Event, LinkEnd, LinkId, ReportId};
use cueline_model::{ContentType, Document, JobId, JobKey, Sha256, UncertainPolicy};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    Bye, ByeReason, Framed, Hello, JobOffer, PrintWork, Report, ReportEntry, ReportReply,
    StreamEvent, Withdraw, Work,
};

use super::Till;

impl Till {
    pub fn link(&self) -> LinkId {
        self.link.expect("a try at the link")
    }

    pub fn is_trying(&self) -> bool {
        self.link.is_some()
    }

    pub fn asked(&mut self) {
        let link = self.link();
        self.event(Event::LinkAsked { link });
    }

    pub fn receive(&mut self, event: StreamEvent) {
        self.receive_framed(Framed {
            sequence: None,
            event,
        });
    }

    pub fn receive_framed(&mut self, framed: Framed) {
        let link = self.link();
        self.event(Event::LinkReceived { link, framed });
    }

    pub fn hello_of(&mut self, epoch: u64, ping_s: u32) {
        self.greeted_ms = self.now_ms;
        let server_time = self.hub_now();
        self.receive(StreamEvent::Hello(Hello {
            epoch,
            server_time,
            ping_s,
            hub_version: "0.1.0".to_owned(),
        }));
    }

    /// The try succeeds at once: the request is written and the hub's `hello` comes.
    pub fn hello(&mut self) {
        self.asked();
        self.epoch += 1;
        self.hello_of(self.epoch, 120);
    }

    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    pub fn ping(&mut self, number: u64) {
        self.receive(StreamEvent::Ping(number));
    }

    pub fn bye(&mut self, reason: ByeReason, retry_after_ms: u64) {
        self.receive(StreamEvent::Bye(Bye {
            reason,
            retry_after_ms,
        }));
    }

    pub fn close(&mut self, end: LinkEnd) {
        let link = self.link();
        self.event(Event::LinkClosed { link, end });
    }

    /// The link is cut, after it has lived for a second at least.
    pub fn cut(&mut self) {
        self.pass_until(self.now_ms.max(self.greeted_ms + 1_000));
        self.close(LinkEnd::Ended);
    }

    pub fn no_answer(&mut self) {
        self.close(LinkEnd::NoAnswer {
            code: "refused".to_owned(),
            text: "connection refused".to_owned(),
        });
    }

    pub fn refused(&mut self, code: &str, retry_after_s: Option<u64>) {
        self.close(LinkEnd::Refused {
            status: 503,
            code: code.to_owned(),
            text: "the hub is busy".to_owned(),
            retry_after: retry_after_s.map(Duration::from_secs),
        });
    }

    /// Offers a job for the left printer with its document inside.
    pub fn offer(&mut self, number: u64) -> JobKey {
        self.offer_as(number, |_| {})
    }

    /// Offers a job that `change` makes different.
    pub fn offer_as(&mut self, number: u64, change: impl FnOnce(&mut JobOffer)) -> JobKey {
        let mut offer = job_offer(number);
        change(&mut offer);
        let key = offer.key();
        self.receive_framed(Framed {
            sequence: Some(number),
            event: StreamEvent::Job(Box::new(offer)),
        });
        key
    }

    pub fn withdraw(&mut self, key: JobKey) {
        self.receive(StreamEvent::Withdraw(Withdraw {
            job: key.job,
            attempt: key.attempt,
        }));
    }

    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref().map(|(_, body, _)| body)
    }

    /// The hub stores everything of the report under way and of those that follow from it.
    pub fn answer_reports(&mut self) -> Vec<ReportEntry> {
        let mut entries = Vec::new();
        while let Some((_, body, _)) = &self.report {
            entries.extend(body.entries.clone());
            let stored = body.entries.iter().map(|entry| entry.seq).collect();
            self.answer_report(ReportReply {
                stored,
                rejected: Vec::new(),
            });
        }
        entries
    }

    pub fn answer_report(&mut self, reply: ReportReply) {
        let report = self.report_id();
        self.event(Event::ReportAnswered { report, reply });
    }

    pub fn fail_report(&mut self, retry_after: Option<Duration>) {
        let report = self.report_id();
        self.event(Event::ReportFailed {
            report,
            retry_after,
        });
    }

    pub fn report_id(&self) -> ReportId {
        self.report.as_ref().expect("a report under way").0
    }

    /// The shell forgets the report under way without a word.
    pub fn lose_report(&mut self) -> ReportId {
        self.report.take().expect("a report under way").0
    }
}

pub fn key(number: u64) -> JobKey {
    JobKey {
        job: JobId::from_u128(u128::from(number)),
        attempt: 1,
    }
}

pub fn job_offer(number: u64) -> JobOffer {
    JobOffer {
        job: key(number).job,
        attempt: 1,
        start_by: None,
        work: Work::Print(PrintWork {
            options: cueline_model::PrintOptions::default(),
            marked: false,
            printer: "left".parse().unwrap(),
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            document: Document {
                content_type: ContentType::Raw,
                bytes: 2,
                sha256: Sha256([7; 32]),
            },
            body: Some(Base64Bytes(b"hi".to_vec())),
        }),
        signature: Base64Bytes(vec![0; 64]),
    }
}

/// The print in an offer, to change it.
pub fn print(offer: &mut JobOffer) -> &mut PrintWork {
    let Work::Print(print) = &mut offer.work;
    print
}
