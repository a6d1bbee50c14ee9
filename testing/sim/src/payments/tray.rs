//! A desk's tray, as `apps/tray` is: it keeps what its terminals are at, and a result until the agent
//! has it safe, also over the agent's end; asked what became of a payment it answers from what it
//! knows before it troubles the terminal. A crash forgets all of it.

use std::collections::BTreeMap;

use cueline_agent_core::payments::TrayId;
use cueline_model::{
    Finding, PaymentFailure, PaymentFailureCode, PaymentId, PaymentOrder, Settlement, Stage,
};
use cueline_terminals::Event;
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};

use super::driver::{Driver, FromTerminal, LookUp};
use super::mutation::Mutation;
use super::world::{TrayLife, What, World};

/// One way between tray and agent, ms.
pub const WAY_MS: u64 = 1;

#[derive(Debug)]
struct Current {
    payment: PaymentId,
    order: PaymentOrder,
    phase: Phase,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Preparing,
    Ready,
    Begun,
    Result(Box<Settlement>),
    Acknowledged(Box<Settlement>),
    LookingUp,
}

impl Current {
    fn is_begun(&self) -> bool {
        matches!(
            self.phase,
            Phase::Begun | Phase::Result(_) | Phase::Acknowledged(_)
        )
    }
}

/// A tray.
#[derive(Debug)]
pub struct Tray {
    /// Its number and life.
    pub life: TrayLife,
    /// Its desk.
    pub station: usize,
    /// Whether it runs.
    pub is_up: bool,
    /// It does nothing until then.
    pub frozen_until_ms: u64,
    /// Its connection to the agent.
    pub conn: Option<TrayId>,
    current: BTreeMap<usize, Current>,
    drivers: BTreeMap<usize, Driver>,
}

impl Tray {
    /// A tray that does not run.
    #[must_use]
    pub fn new(tray: usize, station: usize) -> Self {
        Self {
            life: TrayLife { tray, life: 0 },
            station,
            is_up: false,
            frozen_until_ms: 0,
            conn: None,
            current: BTreeMap::new(),
            drivers: BTreeMap::new(),
        }
    }

    /// It starts.
    pub fn start(&mut self, world: &mut World) {
        if self.is_up {
            return;
        }
        self.is_up = true;
        self.life.life += 1;
        let terminals = world.plan.terminals.iter().enumerate();
        let own = terminals.filter(|(_, terminal)| terminal.station == self.station);
        self.drivers = own
            .map(|(number, _)| (number, Driver::new(self.life, number)))
            .collect();
        world.note(self.name(), || "starts".to_owned());
        world.after(WAY_MS, What::TryAgent(self.life));
    }

    /// It dies and forgets everything.
    pub fn die(&mut self, world: &mut World) {
        if !self.is_up {
            return;
        }
        world.note(self.name(), || "dies".to_owned());
        self.is_up = false;
        self.frozen_until_ms = 0;
        self.current.clear();
        self.drivers.clear();
        if let Some(conn) = self.conn.take() {
            // Never before the agent has heard that it was there.
            let found_ms = world.chance.between(WAY_MS, 3);
            world.after(found_ms, What::LostByAgent(conn.0));
        }
    }

    /// The agent is away. What was not begun is not begun; the rest goes on.
    pub fn agent_gone(&mut self, world: &mut World) {
        self.conn = None;
        self.current
            .retain(|_, current| !matches!(current.phase, Phase::Preparing | Phase::Ready));
        let kept = |current: &&Current| matches!(current.phase, Phase::Result(_));
        let kept = self.current.values().filter(kept).count();
        world.counts.kept_by_tray += kept as u64;
        world.after(1_000, What::TryAgent(self.life));
    }

    /// The payment that its terminals are still at, if any.
    #[must_use]
    pub fn is_at(&self) -> Option<PaymentId> {
        let begun = self.current.values().find(|current| current.is_begun());
        begun.map(|current| current.payment)
    }

    /// The agent said something.
    pub fn agent_said(&mut self, said: ToTray, world: &mut World) {
        world.note(self.name(), || format!("hears {said:?}"));
        match said {
            ToTray::Prepare { payment, order } => self.prepare(payment, order, world),
            ToTray::Begin { payment } => self.begin(payment, world),
            ToTray::LookUp {
                payment,
                order,
                baseline,
            } => {
                let about = LookUp {
                    payment,
                    order,
                    baseline,
                };
                self.look_up(about, world);
            }
            ToTray::Cancel { payment } => {
                let begun = self.current.iter().find(|(_, current)| {
                    current.payment == payment && current.phase == Phase::Begun
                });
                if let Some(driver) = begun.and_then(|(at, _)| self.drivers.get_mut(at)) {
                    driver.cancel(world);
                }
            }
            ToTray::Stored { payment } => self.stored(payment, true, world),
            ToTray::NotStored { payment } => self.stored(payment, false, world),
            ToTray::Over { payment, .. } => {
                self.current
                    .retain(|_, current| current.payment != payment || current.is_begun());
            }
            _ => {}
        }
        self.drain(world);
    }

    /// Something came from the way to a terminal.
    pub fn terminal_said(&mut self, terminal: usize, from: FromTerminal, world: &mut World) {
        if let Some(driver) = self.drivers.get_mut(&terminal) {
            driver.take(from, world);
        }
        self.drain(world);
    }

    /// A driver has waited.
    pub fn driver_timeout(&mut self, terminal: usize, number: u64, world: &mut World) {
        if let Some(driver) = self.drivers.get_mut(&terminal) {
            driver.timeout(number, world);
        }
        self.drain(world);
    }

    fn name(&self) -> String {
        format!("tray {}", self.life.tray)
    }

    fn drain(&mut self, world: &mut World) {
        let terminals: Vec<usize> = self.drivers.keys().copied().collect();
        for terminal in terminals {
            while let Some(driver) = self.drivers.get_mut(&terminal)
                && !driver.events.is_empty()
            {
                let event = driver.events.remove(0);
                self.event(terminal, event, world);
            }
        }
    }

    fn event(&mut self, terminal: usize, event: Event, world: &mut World) {
        world.note(self.name(), || format!("terminal {terminal}: {event:?}"));
        if let Event::Unmatched(transaction) = event {
            let terminal = terminal_name(terminal);
            let unmatched = ToAgent::Unmatched {
                terminal,
                transaction,
            };
            self.say(unmatched, world);
            return;
        }
        let Some(current) = self.current.get_mut(&terminal) else {
            return;
        };
        let payment = current.payment;
        let mut is_over = true;
        let word = match event {
            Event::Ready { baseline } => {
                if current.phase != Phase::Preparing {
                    return;
                }
                current.phase = Phase::Ready;
                is_over = false;
                TerminalWord::Ready { baseline }
            }
            Event::NotReady(failure) => match current.phase {
                Phase::LookingUp => {
                    let text = failure.text;
                    let finding = Finding::Unreachable { text };
                    TerminalWord::LookedUp { finding }
                }
                _ => TerminalWord::NotReady { failure },
            },
            Event::Result(settlement) => {
                current.phase = Phase::Result(settlement.clone());
                is_over = false;
                TerminalWord::Result { settlement }
            }
            Event::Finished => TerminalWord::Finished,
            Event::NotMoved(failure) => TerminalWord::NotMoved { failure },
            Event::Unknown { text } => TerminalWord::Unknown { text },
            Event::LookedUp(finding) => TerminalWord::LookedUp { finding },
            _ => return,
        };
        if is_over {
            self.current.remove(&terminal);
        }
        let is_result = matches!(word, TerminalWord::Result { .. });
        self.say(ToAgent::Terminal { payment, word }, world);
        if is_result && world.mutation == Mutation::AckBeforeDurable {
            self.stored(payment, true, world);
        }
    }

    fn prepare(&mut self, payment: PaymentId, order: PaymentOrder, world: &mut World) {
        let Some(terminal) = terminal_number(&order) else {
            return;
        };
        let other = self.current.get(&terminal);
        if other.is_some_and(Current::is_begun) {
            let failure = failure(PaymentFailureCode::Busy);
            let word = TerminalWord::NotReady { failure };
            self.say(ToAgent::Terminal { payment, word }, world);
            return;
        }
        let phase = Phase::Preparing;
        let current = Current {
            payment,
            order,
            phase,
        };
        self.current.insert(terminal, current);
        if let Some(driver) = self.drivers.get_mut(&terminal) {
            driver.ask(None, world);
        }
    }

    fn begin(&mut self, payment: PaymentId, world: &mut World) {
        let mut at = self.current.iter_mut();
        match at.find(|(_, current)| current.payment == payment) {
            Some((terminal, current)) if current.phase == Phase::Ready => {
                current.phase = Phase::Begun;
                if let Some(driver) = self.drivers.get_mut(terminal) {
                    driver.begin(payment, &current.order, world);
                }
            }
            Some((_, current)) if current.is_begun() => {}
            _ => {
                let failure = failure(PaymentFailureCode::Unreachable);
                let word = TerminalWord::NotMoved { failure };
                self.say(ToAgent::Terminal { payment, word }, world);
            }
        }
    }

    fn look_up(&mut self, about: LookUp, world: &mut World) {
        let (payment, order) = (about.payment, about.order.clone());
        let Some(terminal) = terminal_number(&order) else {
            return;
        };
        let known = self.current.get(&terminal).and_then(|current| {
            let other = || Finding::Unreachable {
                text: format!("the terminal is at {}", current.payment),
            };
            match (&current.phase, current.payment == payment) {
                (Phase::Begun, true) => Some(found(Finding::InProgress)),
                (Phase::Result(settlement), true) => Some(TerminalWord::Result {
                    settlement: settlement.clone(),
                }),
                (Phase::Acknowledged(settlement), true) => Some(found(Finding::Found {
                    settlement: settlement.clone(),
                })),
                (Phase::Preparing | Phase::Ready, _) | (Phase::LookingUp, true) => None,
                (_, false) => Some(found(other())),
            }
        });
        if let Some(word) = known {
            self.say(ToAgent::Terminal { payment, word }, world);
            return;
        }
        let phase = Phase::LookingUp;
        let current = Current {
            payment,
            order,
            phase,
        };
        let before = self.current.insert(terminal, current);
        let asked = before.is_some_and(|before| before.phase == Phase::LookingUp);
        if !asked && let Some(driver) = self.drivers.get_mut(&terminal) {
            driver.ask(Some(about), world);
        }
    }

    fn stored(&mut self, payment: PaymentId, is_stored: bool, world: &mut World) {
        let mut at = self.current.iter_mut();
        let Some((terminal, current)) = at.find(|(_, current)| current.payment == payment) else {
            return;
        };
        let Phase::Result(settlement) = &current.phase else {
            return;
        };
        let Some(driver) = self.drivers.get_mut(terminal) else {
            return;
        };
        if is_stored {
            current.phase = Phase::Acknowledged(settlement.clone());
            driver.stored(world);
        } else {
            current.phase = Phase::Begun;
            driver.not_stored(world);
        }
    }

    fn say(&self, said: ToAgent, world: &mut World) {
        if let Some(conn) = self.conn {
            world.after(WAY_MS, What::FromTray(conn.0, said));
        }
    }
}

const fn found(finding: Finding) -> TerminalWord {
    TerminalWord::LookedUp { finding }
}

/// The name of a terminal.
#[must_use]
pub fn terminal_name(number: usize) -> cueline_model::TerminalName {
    format!("t{number}").parse().expect("a good name")
}

fn terminal_number(order: &PaymentOrder) -> Option<usize> {
    order.terminal.as_str().strip_prefix('t')?.parse().ok()
}

fn failure(code: PaymentFailureCode) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Tray,
        code,
        retryable: true,
        text: code.as_str().to_owned(),
    }
}
