//! End of day: the terminal closes its batch.

use cueline_model::Mono;

use super::{Link, Task, Zvt, refused, unreachable};
use crate::Event;
use crate::repeat::Request;
use crate::zvt::apdu::{Apdu, kind};
use crate::zvt::receipts::Receipts;
use crate::zvt::requests::EndOfDay;

/// What it prints about the day.
#[derive(Debug, Default)]
pub(super) struct Closing {
    receipts: Receipts,
}

impl Zvt {
    pub(super) fn close_day(&mut self, now: Mono) {
        if !matches!(self.task, Task::Idle) {
            return;
        }
        if !self.ready || self.link != Link::Open {
            self.emit(Event::NotReady(unreachable("there is no connection")));
            return;
        }
        self.ready = false;
        let password = self.settings.password;
        self.write(EndOfDay { password }.encode());
        self.wait(now, self.settings.silence_max);
        self.task = Task::Closing(Closing::default());
    }

    pub(super) fn closing_apdu(&mut self, mut closing: Closing, apdu: &Apdu, now: Mono) -> Task {
        self.wait(now, self.settings.silence_max);
        match apdu.kind {
            kind::ACK => return Task::Closing(closing),
            (kind::NACK_CLASS, code) => {
                self.emit(Event::NotReady(refused(code)));
                return Task::Idle;
            }
            _ => self.acknowledge(),
        }
        match apdu.kind {
            kind::COMPLETION => {
                for receipt in closing.receipts.drain() {
                    self.emit(Event::Receipt(receipt));
                }
                self.emit(Event::Finished);
                return Task::Idle;
            }
            kind::ABORT => {
                let code = apdu.data.first().copied().unwrap_or(0xff);
                self.emit(Event::NotReady(refused(code)));
                return Task::Idle;
            }
            _ => closing.receipts.take(apdu),
        }
        Task::Closing(closing)
    }

    /// Whether the day was closed is not known; a person looks at the terminal.
    pub(super) fn closing_lost(&mut self, mut closing: Closing, text: &str) -> Task {
        for receipt in closing.receipts.drain() {
            self.emit(Event::Receipt(receipt));
        }
        self.emit(Event::NotReady(unreachable(text)));
        Task::Idle
    }
}
