//! One try at the held request, and how long each of its steps may take.

use std::time::Duration;

use cueline_model::Mono;
use cueline_wire::cloud::StreamMode;

use super::CONNECT_TIMEOUT;
use crate::config::LinkTimings;
use crate::event::LinkId;
use crate::timer::{Timer, TimerReason};

/// From asking the shell to connect to the end of the answer.
#[derive(Debug)]
pub(super) struct LinkTry {
    pub link: LinkId,
    pub mode: StreamMode,
    pub begun: Mono,
    /// When the request had been written.
    pub asked: Option<Mono>,
    /// What is known since the `hello`.
    pub up: Option<Up>,
}

/// A link that had its `hello`.
#[derive(Debug)]
pub(super) struct Up {
    pub epoch: u64,
    pub since: Mono,
    /// The ping period granted.
    pub ping: Duration,
    /// When the last event came.
    pub heard: Mono,
    /// Whether any ping came.
    pub pinged: bool,
}

impl LinkTry {
    pub(super) fn new(link: LinkId, mode: StreamMode, now: Mono) -> Self {
        Self {
            link,
            mode,
            begun: now,
            asked: None,
            up: None,
        }
    }

    /// An event came; gives the link where it is up.
    pub(super) fn heard(&mut self, now: Mono) -> Option<&mut Up> {
        let up = self.up.as_mut()?;
        up.heard = now;
        Some(up)
    }

    /// When patience ends.
    pub(super) fn timer(&self, timings: &LinkTimings) -> Timer {
        match (self.asked, &self.up, self.mode) {
            (None, ..) => (self.begun + CONNECT_TIMEOUT, TimerReason::ConnectOverdue),
            (Some(asked), _, StreamMode::Poll) => {
                (asked + timings.idle_timeout, TimerReason::AnswerOverdue)
            }
            (Some(asked), None, StreamMode::Stream) => {
                (asked + timings.hello_timeout, TimerReason::HelloOverdue)
            }
            (Some(_), Some(up), StreamMode::Stream) => {
                (up.heard + timings.idle_timeout, TimerReason::LinkSilent)
            }
        }
    }
}
