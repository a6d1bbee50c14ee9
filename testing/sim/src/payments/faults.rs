//! The plan of one run: the desks and terminals, what is paid, what goes wrong and when.
//!
//! Everything is drawn from the seed before the run begins, except for what depends on the run itself
//! (crashes at an effect, lost messages, refused writes), for which the plan holds the [`Odds`].

use crate::chance::Chance;

/// What goes wrong by chance, each in 10,000. All zero once everything is healed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odds {
    /// The agent crashes before, and again after, each of its effects.
    pub agent_crash: u32,
    /// A batch of records is refused by the disk.
    pub disk_full: u32,
    /// A request of the agent is lost.
    pub request_lost: u32,
    /// The answer to one is lost.
    pub answer_lost: u32,
    /// A second copy of a request arrives, up to a minute late.
    pub doubled: u32,
}

/// Something that goes wrong, or that people do, at a time of the plan. All count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The agent dies and is started again.
    AgentCrash,
    /// The hub is away for so long.
    HubDown(u64),
    /// The held request breaks.
    LinkBreak,
    /// The agent and the hub do not reach each other for so long.
    Cut(u64),
    /// A desk's tray dies and is started again after so long.
    TrayCrash(usize, u64),
    /// The till sleeps for so long, agent, trays and all; its monotonic clock stands still.
    Sleep(u64),
    /// A desk's tray does nothing for so long, and then all that came meanwhile.
    TrayFrozen(usize, u64),
    /// A second tray of this desk is there for so long.
    SecondTray(usize, u64),
    /// The connection between a tray and the agent breaks.
    SocketBreak(usize),
    /// A terminal loses its power for so long; its ledger stays.
    TerminalCrash(usize, u64),
    /// A terminal's connection breaks.
    TerminalBreak(usize),
    /// A terminal cannot be reached for so long.
    TerminalCut(usize, u64),
    /// Somebody keys a sale at a terminal by hand.
    ByHand(usize),
    /// The agent's disk is full for so long.
    DiskFull(u64),
    /// The agent's disk is slow for so long.
    SlowDisk(u64),
    /// The agent's wall clock is set by so many ms.
    ClockSet(i64),
}

/// What can be asked of a terminal afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookUpKind {
    /// Its last transaction, as with ZVT.
    Last,
    /// Any transaction by our reference, as with nexo: what it does not have was not done.
    ByReference,
    /// Nothing, as with Caisse-AP.
    Nothing,
}

/// One terminal.
#[derive(Debug, Clone, Copy)]
pub struct TerminalPlan {
    /// Its desk.
    pub station: usize,
    /// See [`LookUpKind`].
    pub look_up: LookUpKind,
    /// Whether what is declined has a number too.
    pub numbers_declined: bool,
}

/// What a terminal does with a payment, left to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Approves.
    Approve,
    /// Declines.
    Decline,
    /// Loses its connection before it has authorised, and gives up.
    DropBefore,
    /// Loses its connection before it has authorised, and approves all the same.
    DropAndApprove,
    /// Loses its connection between approving and saying so.
    DropAfter,
}

/// One payment of the box office.
#[derive(Debug, Clone, Copy)]
pub struct PaymentPlan {
    /// When it is asked for.
    pub at_ms: u64,
    /// At which terminal.
    pub terminal: usize,
    /// Over how much.
    pub amount_minor: i64,
    /// Within what time it is to be started.
    pub start_within_ms: u64,
    /// When the box office wishes it cancelled, after asking for it.
    pub cancel_after_ms: Option<u64>,
    /// See [`Script`].
    pub script: Script,
    /// How long customer and terminal need.
    pub card_ms: u64,
    /// How long it takes a person to decide what only a person can; `None`: longer than the run.
    pub decided_after_ms: Option<u64>,
}

/// The plan of one run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where chance starts.
    pub seed: u64,
    /// How many desks there are.
    pub stations: usize,
    /// All terminals.
    pub terminals: Vec<TerminalPlan>,
    /// What is paid, in order of time.
    pub payments: Vec<PaymentPlan>,
    /// What goes wrong at which time.
    pub faults: Vec<(u64, Fault)>,
    /// What goes wrong by chance.
    pub odds: Odds,
    /// When everything is made good.
    pub heal_at_ms: u64,
}

const MINUTE_MS: u64 = 60_000;

impl Plan {
    /// The plan of `seed`.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let chance = &mut Chance::new(seed ^ 0x00ca_5b0c);
        let heal_at_ms = chance.between(MINUTE_MS, 6 * MINUTE_MS);
        let stations = chance.pick(&[1, 1, 2]);
        let mut places = Vec::new();
        for station in 0..stations {
            places.extend(vec![station; chance.pick(&[1, 1, 2])]);
        }
        let terminals: Vec<_> = places
            .into_iter()
            .map(|station| TerminalPlan {
                station,
                look_up: chance.pick(&[
                    LookUpKind::Last,
                    LookUpKind::Last,
                    LookUpKind::Last,
                    LookUpKind::ByReference,
                    LookUpKind::Nothing,
                ]),
                numbers_declined: chance.one_in(2),
            })
            .collect();
        let mut payments: Vec<_> = (0..chance.between(1, 8))
            .map(|_| draw_payment(chance, terminals.len(), heal_at_ms))
            .collect();
        payments.sort_by_key(|payment| payment.at_ms);
        let rough = chance.between(0, 12);
        let mut faults: Vec<_> = (0..rough)
            .map(|_| {
                let at_ms = chance.between(0, heal_at_ms - 1);
                (at_ms, draw_fault(chance, stations, terminals.len()))
            })
            .collect();
        faults.sort_by_key(|(at_ms, _)| *at_ms);
        Self {
            seed,
            stations,
            payments,
            faults,
            odds: draw_odds(chance),
            terminals,
            heal_at_ms,
        }
    }
}

fn draw_payment(chance: &mut Chance, terminals: usize, heal_at_ms: u64) -> PaymentPlan {
    PaymentPlan {
        at_ms: chance.between(1_000, heal_at_ms * 4 / 5),
        terminal: chance.index(terminals),
        // Few amounts, so that an older payment is easily taken for a newer one.
        amount_minor: chance.pick(&[1_000, 1_000, 2_000]),
        start_within_ms: chance.between(5_000, 2 * MINUTE_MS),
        cancel_after_ms: chance.one_in(4).then(|| chance.between(0, 20_000)),
        script: match chance.between(0, 9) {
            0..=4 => Script::Approve,
            5 => Script::Decline,
            6 => Script::DropBefore,
            7 => Script::DropAndApprove,
            _ => Script::DropAfter,
        },
        card_ms: match chance.one_in(12) {
            true => chance.between(100_000, 400_000),
            false => chance.between(200, 20_000),
        },
        decided_after_ms: chance
            .one_in(2)
            .then(|| chance.between(10_000, 2 * MINUTE_MS)),
    }
}

fn draw_odds(chance: &mut Chance) -> Odds {
    let mut one_of = |choices: &[u32]| chance.pick(choices);
    Odds {
        agent_crash: one_of(&[0, 0, 20, 100, 300]),
        disk_full: one_of(&[0, 0, 0, 100, 1_000]),
        request_lost: one_of(&[0, 0, 300, 2_000]),
        answer_lost: one_of(&[0, 0, 300, 2_000]),
        doubled: one_of(&[0, 500, 3_000]),
    }
}

fn draw_fault(chance: &mut Chance, stations: usize, terminals: usize) -> Fault {
    let station = chance.index(stations);
    let terminal = chance.index(terminals);
    let short_ms = chance.between(100, 15_000);
    let long_ms = chance.between(1_000, MINUTE_MS);
    match chance.between(0, 17) {
        0 | 1 => Fault::AgentCrash,
        2 => Fault::HubDown(short_ms),
        3 => Fault::LinkBreak,
        4 => Fault::Cut(long_ms),
        5 | 6 => Fault::TrayCrash(station, short_ms),
        7 => Fault::SecondTray(station, long_ms),
        8 => Fault::SocketBreak(station),
        9 => Fault::TerminalCrash(terminal, short_ms),
        10 => Fault::TerminalBreak(terminal),
        11 => Fault::TerminalCut(terminal, long_ms),
        12 => Fault::ByHand(terminal),
        13 => Fault::DiskFull(short_ms),
        14 => Fault::SlowDisk(short_ms),
        15 => Fault::TrayFrozen(station, long_ms),
        16 => Fault::Sleep(long_ms * chance.pick(&[1, 10])),
        _ => Fault::ClockSet(chance.pick(&[-3_600_000, -5_000, 20_000, 3_600_000])),
    }
}
