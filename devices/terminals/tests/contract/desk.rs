//! A driver and its peer, stepped by hand.

use std::collections::VecDeque;

use cueline_model::{Baseline, Currency, Finding, Mono, PaymentKind, PaymentOrder, Settlement};
use cueline_terminals::{Command, Driver, Event, Input};

use crate::peer::Peer;

/// Steps without an event before a test gives up.
const STEPS_MAX: usize = 1_000;

pub struct Desk<'a> {
    driver: Box<dyn Driver>,
    pub peer: &'a mut dyn Peer,
    now: Mono,
    events: VecDeque<Event>,
    /// Requests for money on the wire.
    pub begun: usize,
}

pub fn sale(amount_minor: i64) -> PaymentOrder {
    PaymentOrder {
        kind: PaymentKind::Sale,
        amount_minor,
        currency: Currency::EUR,
        station: "desk".parse().unwrap(),
        terminal: "counter".parse().unwrap(),
        original: None,
    }
}

impl<'a> Desk<'a> {
    pub fn new(peer: &'a mut dyn Peer) -> Self {
        Self {
            driver: peer.driver(),
            peer,
            now: Mono(0),
            events: VecDeque::new(),
            begun: 0,
        }
    }

    /// The till is started anew.
    pub fn restart(&mut self) {
        let _connection = self.peer.take(cueline_terminals::Output::Close, self.now);
        self.driver = self.peer.driver();
        self.events.clear();
    }

    pub fn command(&mut self, command: Command) {
        self.driver.command(command, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        let mut happenings = VecDeque::new();
        loop {
            while let Some(output) = self.driver.poll_output() {
                self.begun += usize::from(self.peer.begins(&output));
                happenings.extend(self.peer.take(output, self.now));
            }
            while let Some(event) = self.driver.poll_event() {
                self.events.push_back(event);
            }
            let Some(happening) = happenings.pop_front() else {
                return;
            };
            self.driver.handle(happening.as_input(), self.now);
        }
    }

    /// The peer goes on, or time does.
    fn turn(&mut self) {
        let happenings = self.peer.go_on(self.now);
        if happenings.is_empty() {
            if let Some(at) = self.driver.poll_timeout() {
                self.now = self.now.max(at);
                self.driver.handle(Input::Timeout, self.now);
            }
        }
        for happening in happenings {
            self.driver.handle(happening.as_input(), self.now);
            self.drain();
        }
        self.drain();
    }

    pub fn event(&mut self) -> Event {
        for _ in 0..STEPS_MAX {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            self.turn();
        }
        panic!("nothing happened in {STEPS_MAX} steps")
    }

    /// The next event that is no progress, no receipt and no stranger's sale.
    pub fn news(&mut self) -> Event {
        loop {
            match self.event() {
                Event::Progress(_) | Event::Receipt(_) | Event::Unmatched(_) => {}
                event => return event,
            }
        }
    }

    /// Nothing is on its way from the driver.
    pub fn is_quiet(&mut self) -> bool {
        self.drain();
        self.events.is_empty()
    }

    pub fn prepare(&mut self) -> Option<Baseline> {
        self.command(Command::Prepare);
        match self.news() {
            Event::Ready { baseline } => baseline,
            event => panic!("not ready: {event:?}"),
        }
    }

    pub fn begin(&mut self, order: PaymentOrder) -> Option<Baseline> {
        let baseline = self.prepare();
        self.command(Command::Begin(order));
        baseline
    }

    pub fn result(&mut self) -> Settlement {
        match self.news() {
            Event::Result(settlement) => *settlement,
            event => panic!("no result: {event:?}"),
        }
    }

    pub fn store(&mut self) {
        self.command(Command::Stored);
        assert_eq!(self.news(), Event::Finished);
    }

    pub fn look_up(&mut self, order: &PaymentOrder, baseline: &Option<Baseline>) -> Finding {
        let (order, baseline) = (order.clone(), baseline.clone());
        self.command(Command::LookUp { order, baseline });
        match self.news() {
            Event::LookedUp(finding) => finding,
            event => panic!("no finding: {event:?}"),
        }
    }
}
