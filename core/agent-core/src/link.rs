//! The held request: opening it, knowing when it is dead, and opening it again.

mod down;
mod learned_ping;
mod link_try;
mod schedule;

use std::time::Duration;

use cueline_model::{Mono, WallTime};
use cueline_wire::cloud::{
    Bye, Framed, Hello, JobOffer, Pong, ProbeKind, StreamEvent, StreamMode, Withdraw,
};

use down::Down;
use learned_ping::{LearnedPing, Lesson};
use link_try::{LinkTry, Up};
pub(crate) use schedule::Schedule;

use crate::config::{Config, LinkTimings};
use crate::effect::{Effect, Notice, PaymentNews};
use crate::event::{LinkEnd, LinkId};
use crate::record::Record;
use crate::timer::{Timer, TimerReason};
use crate::turn::Turn;

/// Connecting and writing the request may take this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// A `hello` that was here for longer than this before its complete answer ended was not held back.
const STREAMED_AHEAD: Duration = Duration::from_secs(1);
/// After this long with complete answers, streaming is tried again.
const STREAM_AGAIN_AFTER: Duration = Duration::from_secs(3_600);
/// What the link brought for the other parts.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A link is up.
    Hello {
        pong: Pong,
        server_time: WallTime,
    },
    /// To be answered on the report channel.
    Ping(Pong),
    Offer {
        sequence: Option<u64>,
        offer: Box<JobOffer>,
    },
    Withdraw(Withdraw),
    /// For the payments' core.
    Payment(PaymentNews),
    /// The inventory is to be sent again.
    TellInventory,
}

/// Why a new connection is made without the old one having failed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cause {
    Asked,
    ClockGap,
}

#[derive(Debug)]
enum State {
    /// Nothing is open; the next try is due then.
    Waiting {
        until: Mono,
    },
    Trying(LinkTry),
    Stopped,
}

/// The held request.
#[derive(Debug)]
pub(crate) struct Link {
    timings: LinkTimings,
    path: String,
    state: State,
    schedule: Schedule,
    learned: LearnedPing,
    next_link: u64,
    epoch_seen: Option<u64>,
    /// Since when answers are known to be held back; while that is fresh, complete ones are asked for.
    held_back: Option<Mono>,
    /// Complete answers in a row that came faster than a quick pause.
    quick_answers: u32,
    /// Whether the last notice said that the link is up.
    online: bool,
}

impl Link {
    pub(crate) fn new(config: &Config, learned: Option<Duration>, now: Mono) -> Self {
        let timings = config.link.clone();
        Self {
            learned: LearnedPing::new(timings.ping, timings.learned_ping_min, learned),
            timings,
            path: config.path.clone(),
            state: State::Waiting { until: now },
            schedule: Schedule::default(),
            next_link: 1,
            epoch_seen: None,
            held_back: None,
            quick_answers: 0,
            online: false,
        }
    }

    /// Whether the hub can be heard; in complete-answer mode, between two answers too.
    pub(crate) fn is_online(&self) -> bool {
        self.online
    }

    /// The first try, which is the schedule's immediate one.
    pub(crate) fn start(&mut self, turn: &mut Turn<'_>) {
        self.schedule.next_pause(&self.timings, turn.chance);
        self.connect(turn);
    }

    /// Ends the link for good.
    pub(crate) fn stop(&mut self, turn: &mut Turn<'_>) {
        self.disconnect(turn);
        self.state = State::Stopped;
    }

    pub(crate) fn asked(&mut self, link: LinkId, turn: &Turn<'_>) {
        if let Some(attempt) = self.current(link) {
            attempt.asked.get_or_insert(turn.now);
        }
    }

    /// Takes an event; what it means for the other parts is given back. Before its `hello` a link
    /// brings nothing but that and a `bye`.
    pub(crate) fn received(
        &mut self,
        link: LinkId,
        framed: Framed,
        turn: &mut Turn<'_>,
    ) -> Option<Delivery> {
        let attempt = self.current(link)?;
        attempt.asked.get_or_insert(turn.now);
        match (framed.event, attempt.heard(turn.now)) {
            (StreamEvent::Bye(bye), _) => {
                self.bye(bye, turn);
                None
            }
            (StreamEvent::Hello(hello), None) => self.greeted(hello, turn),
            (_, None) | (StreamEvent::Hello(_), Some(_)) => None,
            (StreamEvent::Ping(number), Some(up)) => {
                up.pinged = true;
                let (epoch, lived) = (up.epoch, turn.now.since(up.since));
                self.learned.pinged(lived);
                Some(Delivery::Ping(Pong { epoch, number }))
            }
            (StreamEvent::Job(offer), Some(_)) => Some(Delivery::Offer {
                sequence: framed.sequence,
                offer,
            }),
            (StreamEvent::Withdraw(withdraw), Some(_)) => Some(Delivery::Withdraw(withdraw)),
            (StreamEvent::Probe(probe), Some(_)) => match probe.kind {
                ProbeKind::Inventory => Some(Delivery::TellInventory),
            },
            (StreamEvent::Payment(offer), Some(_)) => {
                Some(Delivery::Payment(PaymentNews::Offered(offer)))
            }
            (StreamEvent::PaymentWish(wish), Some(_)) => {
                Some(Delivery::Payment(PaymentNews::Wished(wish)))
            }
        }
    }

    /// Whether this link is the current one and up; an event on it was heard.
    pub(crate) fn heard_on(&mut self, link: LinkId, turn: &Turn<'_>) -> bool {
        self.current(link)
            .is_some_and(|attempt| attempt.heard(turn.now).is_some())
    }

    pub(crate) fn closed(&mut self, link: LinkId, end: LinkEnd, turn: &mut Turn<'_>) {
        if self.current(link).is_none() {
            return;
        }
        let State::Trying(attempt) =
            std::mem::replace(&mut self.state, State::Waiting { until: turn.now })
        else {
            return;
        };
        match (end, &attempt.up) {
            (LinkEnd::Ended, Some(up)) => self.ended(&attempt, up, turn),
            (LinkEnd::Ended, None) => self.failed(
                &attempt,
                Down {
                    code: "ended_early",
                    text: "the hub's answer ended before its hello",
                    at_least: Duration::ZERO,
                },
                turn,
            ),
            (LinkEnd::NoAnswer { code, text }, _) => {
                let down = Down {
                    code: &code,
                    text: &text,
                    at_least: Duration::ZERO,
                };
                self.failed(&attempt, down, turn);
            }
            (
                LinkEnd::Refused {
                    code,
                    text,
                    retry_after,
                    ..
                },
                _,
            ) => {
                let down = Down::after_refusal(&code, &text, retry_after, &self.timings);
                self.failed(&attempt, down, turn);
            }
        }
    }

    /// A new connection at once. An open link is given up for it; a waiting one only waits no longer.
    pub(crate) fn reconnect(&mut self, cause: Cause, turn: &mut Turn<'_>) {
        match &self.state {
            State::Stopped => return,
            State::Waiting { .. } => {}
            State::Trying(attempt) => {
                if attempt.up.is_some() {
                    self.schedule.reset();
                    self.schedule.next_pause(&self.timings, turn.chance);
                }
                self.disconnect(turn);
            }
        }
        if std::mem::take(&mut self.online) {
            let (code, text) = match cause {
                Cause::Asked => ("reconnect", "a new connection was asked for"),
                Cause::ClockGap => ("clock_gap", "this machine slept or its clock was set"),
            };
            turn.notice(Notice::LinkDown {
                code: code.to_owned(),
                text: text.to_owned(),
                next_try_in: Duration::ZERO,
            });
        }
        self.connect(turn);
    }

    /// What is next due, if anything.
    pub(crate) fn timer(&self) -> Option<Timer> {
        match &self.state {
            State::Waiting { until } => Some((*until, TimerReason::NextTry)),
            State::Trying(attempt) => Some(attempt.timer(&self.timings)),
            State::Stopped => None,
        }
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, turn: &mut Turn<'_>) {
        let Some((_, reason)) = self.timer().filter(|(due, _)| *due <= turn.now) else {
            return;
        };
        if reason == TimerReason::NextTry {
            self.connect(turn);
            return;
        }
        let Some(attempt) = self.disconnect(turn) else {
            return;
        };
        let (code, text) = match reason {
            TimerReason::HelloOverdue => {
                self.held_back = Some(turn.now);
                turn.notice(Notice::AnswersHeldBack);
                self.connect(turn);
                return;
            }
            TimerReason::AnswerOverdue => {
                ("answer_overdue", "the hub's answer did not end in time")
            }
            TimerReason::LinkSilent => {
                self.fell_silent(&attempt, turn);
                ("silent", "nothing was heard from the hub for too long")
            }
            _ => ("connect_timeout", "connecting to the hub took too long"),
        };
        let down = Down {
            code,
            text,
            at_least: Duration::ZERO,
        };
        self.failed(&attempt, down, turn);
    }

    fn greeted(&mut self, hello: Hello, turn: &mut Turn<'_>) -> Option<Delivery> {
        if self.epoch_seen.is_some_and(|seen| hello.epoch <= seen) {
            let attempt = self.disconnect(turn)?;
            let down = Down {
                code: "stale_answer",
                text: "the answer belongs to an older link; something between here and the hub kept it",
                at_least: Duration::ZERO,
            };
            self.failed(&attempt, down, turn);
            return None;
        }
        let State::Trying(attempt) = &mut self.state else {
            return None;
        };
        let ping = Duration::from_secs(u64::from(hello.ping_s));
        attempt.up = Some(Up {
            epoch: hello.epoch,
            since: turn.now,
            ping,
            heard: turn.now,
            pinged: false,
        });
        let mode = attempt.mode;
        self.epoch_seen = Some(hello.epoch);
        self.schedule.reset();
        if mode == StreamMode::Stream && self.held_back.take().is_some() {
            turn.notice(Notice::AnswersStream);
        }
        if !std::mem::replace(&mut self.online, true) {
            turn.notice(Notice::LinkUp {
                epoch: hello.epoch,
                ping,
            });
        }
        Some(Delivery::Hello {
            pong: Pong {
                epoch: hello.epoch,
                number: 0,
            },
            server_time: hello.server_time,
        })
    }

    fn bye(&mut self, bye: Bye, turn: &mut Turn<'_>) {
        if self.disconnect(turn).is_none() {
            return;
        }
        let down = Down::after_bye(bye, &self.timings);
        self.down(down, turn);
    }

    /// An answer that had its `hello` is over.
    fn ended(&mut self, attempt: &LinkTry, up: &Up, turn: &mut Turn<'_>) {
        if attempt.mode == StreamMode::Poll {
            if turn.now.since(up.since) > STREAMED_AHEAD {
                self.held_back = None;
                turn.notice(Notice::AnswersStream);
            }
            self.ask_on(turn.now.since(attempt.begun), turn);
            return;
        }
        let idle_age = turn.now.since(up.heard);
        if let Some(lesson) = self.learned.cut(idle_age, up.ping, up.pinged) {
            self.learned(lesson, turn);
        }
        let lived = turn.now.since(up.since);
        let down = Down {
            code: "ended",
            text: "the connection to the hub was cut",
            // Something that lets the hello through and then cuts must not be asked without a pause.
            at_least: self.timings.quick_pause.saturating_sub(lived),
        };
        self.down(down, turn);
    }

    /// The next complete answer, after one that took this long. The hub offers what is not acknowledged
    /// with each answer, so that an agent which cannot take it would ask without end.
    fn ask_on(&mut self, took: Duration, turn: &mut Turn<'_>) {
        let pause = self.timings.quick_pause;
        if took >= pause {
            self.quick_answers = 0;
        } else if self.quick_answers < self.timings.quick_tries {
            self.quick_answers += 1;
        } else {
            let until = turn.now + pause;
            self.state = State::Waiting { until };
            return;
        }
        self.connect(turn);
    }

    fn fell_silent(&mut self, attempt: &LinkTry, turn: &mut Turn<'_>) {
        let Some(up) = &attempt.up else { return };
        if turn.now.since(up.since) <= up.ping {
            return;
        }
        if let Some(lesson) = self.learned.fell_silent(up.pinged, up.ping) {
            self.learned(lesson, turn);
        }
    }

    fn learned(&self, lesson: Lesson, turn: &mut Turn<'_>) {
        turn.append(vec![Record::LearnedPing {
            path: self.path.clone(),
            ping: Some(lesson.ping),
        }]);
        turn.notice(Notice::PingLearned {
            idle_age: lesson.idle_age,
            ping: lesson.ping,
        });
    }

    /// A try is over that may not even have brought a `hello`: then complete answers were no help.
    fn failed(&mut self, attempt: &LinkTry, down: Down<'_>, turn: &mut Turn<'_>) {
        if attempt.mode == StreamMode::Poll && attempt.up.is_none() {
            self.held_back = None;
        }
        self.down(down, turn);
    }

    fn down(&mut self, down: Down<'_>, turn: &mut Turn<'_>) {
        let pause = self
            .schedule
            .next_pause(&self.timings, turn.chance)
            .max(down.at_least);
        self.online = false;
        turn.notice(Notice::LinkDown {
            code: down.code.to_owned(),
            text: down.text.to_owned(),
            next_try_in: pause,
        });
        if pause.is_zero() {
            self.connect(turn);
        } else {
            self.state = State::Waiting {
                until: turn.now + pause,
            };
        }
    }

    fn connect(&mut self, turn: &mut Turn<'_>) {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        let mode = match self.held_back {
            Some(since) if turn.now.since(since) < STREAM_AGAIN_AFTER => StreamMode::Poll,
            _ => StreamMode::Stream,
        };
        self.state = State::Trying(LinkTry::new(link, mode, turn.now));
        turn.effect(Effect::Connect {
            link,
            ping: self.learned.ask(),
            mode,
        });
    }

    /// Drops what is open, if anything is.
    fn disconnect(&mut self, turn: &mut Turn<'_>) -> Option<LinkTry> {
        let waiting = State::Waiting { until: turn.now };
        match std::mem::replace(&mut self.state, waiting) {
            State::Trying(attempt) => {
                turn.effect(Effect::Disconnect { link: attempt.link });
                Some(attempt)
            }
            other => {
                self.state = other;
                None
            }
        }
    }

    fn current(&mut self, link: LinkId) -> Option<&mut LinkTry> {
        match &mut self.state {
            State::Trying(attempt) if attempt.link == link => Some(attempt),
            _ => None,
        }
    }
}
