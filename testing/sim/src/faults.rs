//! The plan of one run: who takes part, what is to be printed, what goes wrong and when.
//!
//! Everything is drawn from the seed before the run begins, except for what depends on the run
//! itself (crashes at an effect, lost messages), for which the plan holds the [`Odds`].

use cueline_model::{FaultCode, Proof, UncertainPolicy};

use crate::chance::Chance;

/// Printers of one till.
pub const PRINTERS_MAX: usize = 3;

/// What goes wrong by chance, each in 10,000. All zero once everything is healed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odds {
    /// A till crashes before, and again after, each of its effects.
    pub till_crash: u32,
    /// The hub crashes before, and again after, each of its effects.
    pub hub_crash: u32,
    /// A request of a till (report, document, inventory) is lost.
    pub request_lost: u32,
    /// The answer to one is lost.
    pub answer_lost: u32,
    /// A second copy of a report arrives, up to two minutes late.
    pub report_doubled: u32,
    /// A report arrives after its sender has given it up.
    pub report_late: u32,
    /// A request or answer of the box office is lost.
    pub api_lost: u32,
    /// A document cannot be had now.
    pub document_fails: u32,
    /// A printer breaks off before the first byte.
    pub nothing_sent: u32,
    /// A printer dies in the middle.
    pub dies_printing: u32,
    /// A printer runs out of paper in the middle, and goes on when there is some.
    pub paper_out: u32,
}

/// How a partition treats the connections that are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Both ends are told at once.
    Reset,
    /// What was sent arrives when it is over.
    Stall,
    /// Nothing arrives any more and nobody is told.
    Silent,
}

/// Something that goes wrong at a time of the plan. `till` and `printer` count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program dies, or the power with it (then no connection says so).
    TillCrash {
        /// Which.
        till: usize,
        /// The power.
        power_cut: bool,
    },
    /// The program is ended in an orderly way and started again.
    TillRestart {
        /// Which.
        till: usize,
    },
    /// The hub dies and comes back.
    HubCrash,
    /// The held request is broken off.
    LinkBreak {
        /// Whose.
        till: usize,
    },
    /// The held request is dead and neither end is told.
    HalfOpen {
        /// Whose.
        till: usize,
    },
    /// Nothing gets through for a while.
    Cut {
        /// Whose path.
        till: usize,
        /// For how long.
        ms: u64,
        /// What becomes of open connections.
        manner: Manner,
    },
    /// Something holds answers back until they are complete.
    HeldBack {
        /// Whose path.
        till: usize,
        /// For how long.
        ms: u64,
    },
    /// The hub answers new held requests with 503.
    HubBusy {
        /// For how long.
        ms: u64,
        /// Its `Retry-After`.
        retry_after_s: u64,
    },
    /// The wall clock is set.
    ClockSet {
        /// Whose.
        till: usize,
        /// By how much.
        by_ms: i64,
    },
    /// The machine sleeps: its monotonic clock stands still.
    Sleep {
        /// Which.
        till: usize,
        /// For how long.
        ms: u64,
    },
    /// The disk becomes slow.
    SlowDisk {
        /// Whose.
        till: usize,
        /// For how long.
        ms: u64,
    },
    /// A printer is not ready.
    PrinterAway {
        /// Whose.
        till: usize,
        /// Which.
        printer: usize,
        /// For how long.
        ms: u64,
        /// What is wrong.
        code: FaultCode,
    },
    /// The network of a till changed, or somebody asked to try again.
    Reconnect {
        /// Whose.
        till: usize,
    },
}

/// One till.
#[derive(Debug, Clone)]
pub struct TillPlan {
    /// Its printers.
    pub printers: Vec<PrinterPlan>,
    /// One way to the hub, from and to.
    pub latency_ms: (u64, u64),
    /// One write to the disk, from and to.
    pub disk_ms: (u64, u64),
    /// Its wall clock minus the hub's at the beginning.
    pub wall_ahead_ms: i64,
    /// Something on the path closes connections that are idle for so long.
    pub idle_patience_ms: Option<u64>,
}

/// One printer.
#[derive(Debug, Clone, Copy)]
pub struct PrinterPlan {
    /// What it proves.
    pub proof: Proof,
    /// How long it needs for one copy.
    pub copy_ms: u64,
    /// Copies that it takes ahead of the one it prints.
    pub buffer: u16,
    /// Whether its till looks at it while it has nothing to do.
    pub watch: bool,
}

/// What is the matter with a job's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// The printer's driver cannot make anything of it.
    Unprintable,
    /// Its offer is found to be badly signed.
    BadlySigned,
}

/// One job of the box office.
#[derive(Debug, Clone, Copy)]
pub struct JobPlan {
    /// When it is submitted.
    pub at_ms: u64,
    /// For which till.
    pub till: usize,
    /// And which printer of it.
    pub printer: usize,
    /// How often.
    pub copies: u16,
    /// What to do when in doubt.
    pub uncertain: UncertainPolicy,
    /// Its expiry.
    pub expires_in_s: Option<u32>,
    /// Whether its document is too long to travel with the offer.
    pub long: bool,
    /// See [`Flaw`].
    pub flaw: Flaw,
    /// When the box office tries to cancel it, after its submission.
    pub cancel_after_ms: Option<u64>,
}

/// The plan of one run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where chance starts.
    pub seed: u64,
    /// Who takes part.
    pub tills: Vec<TillPlan>,
    /// What is printed, in order of time.
    pub jobs: Vec<JobPlan>,
    /// What goes wrong at which time.
    pub faults: Vec<(u64, Fault)>,
    /// What goes wrong by chance.
    pub odds: Odds,
    /// When everything is made good.
    pub heal_at_ms: u64,
}

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

impl Plan {
    /// The plan of `seed`.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let heal_at_ms = chance.between(MINUTE_MS, 10 * MINUTE_MS);
        let tills: Vec<_> = (0..chance.between(1, 3))
            .map(|_| draw_till(chance))
            .collect();
        let jobs = draw_jobs(chance, &tills, heal_at_ms);
        let rough = chance.between(0, 14);
        let mut faults: Vec<_> = (0..rough)
            .map(|_| {
                let at_ms = chance.between(0, heal_at_ms - 1);
                (at_ms, draw_fault(chance, &tills))
            })
            .collect();
        faults.sort_by_key(|(at_ms, _)| *at_ms);
        Self {
            seed,
            odds: draw_odds(chance),
            tills,
            jobs,
            faults,
            heal_at_ms,
        }
    }

    /// More jobs than an agent may hold, for one till whose only printer is away until the end.
    #[must_use]
    pub fn flood(seed: u64, jobs: usize) -> Self {
        let till = TillPlan {
            printers: vec![PrinterPlan {
                proof: Proof::Printed,
                copy_ms: 50,
                buffer: 2,
                watch: false,
            }],
            latency_ms: (5, 30),
            disk_ms: (1, 5),
            wall_ahead_ms: 0,
            idle_patience_ms: None,
        };
        let job = |number: usize| JobPlan {
            at_ms: 1_000 + number as u64 * 10,
            till: 0,
            printer: 0,
            copies: 1,
            uncertain: UncertainPolicy::Hold,
            expires_in_s: None,
            long: false,
            flaw: Flaw::None,
            cancel_after_ms: None,
        };
        let away = Fault::PrinterAway {
            till: 0,
            printer: 0,
            ms: 2 * MINUTE_MS,
            code: FaultCode::PaperOut,
        };
        Self {
            seed,
            tills: vec![till],
            jobs: (0..jobs).map(job).collect(),
            faults: vec![(0, away), (40_000, Fault::LinkBreak { till: 0 })],
            odds: Odds::default(),
            heal_at_ms: 2 * MINUTE_MS,
        }
    }
}

fn draw_till(chance: &mut Chance) -> TillPlan {
    let printers = (0..chance.between(1, PRINTERS_MAX as u64))
        .map(|_| PrinterPlan {
            proof: chance.pick(&[Proof::Printed, Proof::Sent, Proof::Spooled]),
            copy_ms: chance.between(20, 2_000),
            buffer: chance.pick(&[0, 1, 3, 100]),
            watch: chance.one_in(4),
        })
        .collect();
    let latency_low_ms = chance.between(1, 80);
    let disk_low_ms = chance.between(1, 8);
    TillPlan {
        printers,
        latency_ms: (latency_low_ms, latency_low_ms * chance.between(1, 10)),
        disk_ms: (disk_low_ms, disk_low_ms * chance.between(1, 20)),
        wall_ahead_ms: chance.pick(&[0, 0, 400, -90_000, HOUR_MS, -3 * HOUR_MS]),
        idle_patience_ms: chance.one_in(8).then(|| chance.between(40_000, 90_000)),
    }
}

fn draw_jobs(chance: &mut Chance, tills: &[TillPlan], heal_at_ms: u64) -> Vec<JobPlan> {
    let mut jobs = Vec::new();
    let wanted = if chance.one_in(20) {
        chance.between(60, 120)
    } else {
        chance.between(3, 30)
    };
    let cancelling = chance.pick(&[0, 500, 4_000]);
    let expiring = chance.pick(&[0, 1_000, 5_000]);
    while (jobs.len() as u64) < wanted {
        let at_ms = chance.between(0, heal_at_ms - 1);
        let till = chance.index(tills.len());
        let burst = if chance.one_in(5) {
            chance.between(2, 12)
        } else {
            1
        };
        for _ in 0..burst {
            jobs.push(JobPlan {
                at_ms: at_ms + chance.between(0, 20),
                till,
                printer: chance.index(tills[till].printers.len()),
                copies: match chance.between(0, 23) {
                    0..=17 => 1,
                    18..=21 => 3,
                    _ => chance.pick(&[5, 8, 12]),
                },
                uncertain: chance.pick(&[
                    UncertainPolicy::Hold,
                    UncertainPolicy::ReprintMarked,
                    UncertainPolicy::Reprint,
                ]),
                expires_in_s: chance
                    .odds(expiring)
                    .then(|| u32::try_from(chance.between(1, 120)).unwrap_or(u32::MAX)),
                long: chance.one_in(6),
                flaw: match chance.between(0, 79) {
                    0 => Flaw::Unprintable,
                    1 => Flaw::BadlySigned,
                    _ => Flaw::None,
                },
                cancel_after_ms: chance.odds(cancelling).then(|| {
                    let longest_ms = chance.pick(&[50, 1_000, 20_000, 60_000]);
                    chance.between(0, longest_ms)
                }),
            });
        }
    }
    jobs.sort_by_key(|job| job.at_ms);
    jobs
}

fn draw_odds(chance: &mut Chance) -> Odds {
    // Half the kinds stay away, so that one is also seen without the others.
    // And in some runs one is very frequent.
    let some = |chance: &mut Chance, most: u64| match chance.between(0, 15) {
        0..=7 => 0,
        8..=14 => u32::try_from(chance.between(1, most)).unwrap_or(u32::MAX),
        _ => u32::try_from(most * 4).unwrap_or(u32::MAX),
    };
    Odds {
        till_crash: some(chance, 120),
        hub_crash: some(chance, 100),
        request_lost: some(chance, 2_000),
        answer_lost: some(chance, 2_000),
        report_doubled: some(chance, 3_000),
        report_late: some(chance, 1_000),
        api_lost: some(chance, 2_000),
        document_fails: some(chance, 4_000),
        nothing_sent: some(chance, 1_500),
        dies_printing: some(chance, 1_500),
        paper_out: some(chance, 2_400),
    }
}

fn draw_fault(chance: &mut Chance, tills: &[TillPlan]) -> Fault {
    let till = chance.index(tills.len());
    match chance.between(0, 15) {
        0 | 1 => Fault::TillCrash {
            till,
            power_cut: chance.one_in(2),
        },
        2 => Fault::TillRestart { till },
        3 | 4 => Fault::HubCrash,
        5 => Fault::LinkBreak { till },
        6 => Fault::HalfOpen { till },
        7 | 8 => {
            let longest_ms = chance.pick(&[5_000, 60_000, 4 * MINUTE_MS]);
            Fault::Cut {
                till,
                ms: chance.between(1_000, longest_ms),
                manner: chance.pick(&[Manner::Reset, Manner::Stall, Manner::Silent]),
            }
        }
        9 => Fault::HeldBack {
            till,
            ms: chance.between(30_000, 5 * MINUTE_MS),
        },
        10 => Fault::HubBusy {
            ms: chance.between(1_000, 30_000),
            retry_after_s: chance.between(1, 20),
        },
        11 => Fault::ClockSet {
            till,
            by_ms: chance.pick(&[
                -5 * HOUR_MS,
                -HOUR_MS,
                -30_000,
                -3_000,
                3_000,
                30_000,
                HOUR_MS,
            ]),
        },
        12 => {
            let longest_ms = chance.pick(&[10_000, 10 * MINUTE_MS]);
            Fault::Sleep {
                till,
                ms: chance.between(2_000, longest_ms),
            }
        }
        13 => Fault::SlowDisk {
            till,
            ms: chance.between(1_000, 60_000),
        },
        14 => Fault::PrinterAway {
            till,
            printer: chance.index(tills[till].printers.len()),
            ms: chance.between(1_000, 3 * MINUTE_MS),
            code: chance.pick(&[
                FaultCode::Unreachable,
                FaultCode::NoAnswer,
                FaultCode::PaperOut,
                FaultCode::CoverOpen,
            ]),
        },
        _ => Fault::Reconnect { till },
    }
}
