//! Many seeds of everything at once: faults of printers, disk, link and reports, and kills.

use std::collections::BTreeMap;
use std::time::Duration;

use cueline_agent_core::{Event, PrintEnd};
use cueline_model::limits::REPRINTS_MAX;
use cueline_model::{FailureCode, FaultCode, JobKey, Outcome, Proof, UncertainPolicy};
use cueline_wire::cloud::{ByeReason, Progress};

use crate::till::{Till, config, failure, fault, in_doubt, key, print, tickets};

const SEEDS: u64 = 400;
const STEPS: u32 = 600;
const JOBS: u64 = 12;

/// xorshift64*, to choose what happens next.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides
    }
}

/// The ends that the journal told of so far; none may ever change.
#[derive(Default)]
struct Ends(BTreeMap<JobKey, Outcome>);

impl Ends {
    fn look(&mut self, till: &Till) {
        for found in till.journal.recover().jobs {
            if let Progress::Ended(outcome) = found.newest_entry.progress {
                let before = self.0.entry(found.job.key).or_insert(outcome.clone());
                assert_eq!(*before, outcome, "an outcome changed");
            }
        }
    }
}

fn policy(number: u64) -> UncertainPolicy {
    [
        UncertainPolicy::Hold,
        UncertainPolicy::ReprintMarked,
        UncertainPolicy::Reprint,
    ][usize::try_from(number % 3).unwrap()]
}

fn offer(till: &mut Till, number: u64) {
    till.offer_as(number, |offer| {
        let print = print(offer);
        print.uncertain = policy(number);
        if number.is_multiple_of(2) {
            print.printer = "right".parse().unwrap();
        }
        if number.is_multiple_of(5) {
            print.body = None;
        }
    });
}

fn stir(till: &mut Till, dice: &mut Dice) {
    let side = ["left", "right"][usize::try_from(dice.roll(2)).unwrap()];
    let job = dice.roll(JOBS) + 1;
    match dice.roll(20) {
        0..=2 if till.agent.is_online() && till.is_trying() => offer(till, job),
        3 if till.agent.is_online() && dice.roll(4) == 0 => till.withdraw(key(job)),
        4 if till.is_trying() && !till.agent.is_online() => till.hello(),
        5 if till.is_trying() && dice.roll(4) == 0 => till.cut(),
        6 if till.is_trying() && dice.roll(8) == 0 => till.bye(ByeReason::Draining, 500),
        7 if till.report().is_some() => till.fail_report(None),
        8 | 9 => {
            till.answer_reports();
        }
        10 | 11 if !till.on_the_way.is_empty() => till.sync_one(),
        12 if !till.on_the_way.is_empty() && dice.roll(4) == 0 => {
            till.persist_one();
            till.crash();
        }
        13 if dice.roll(8) == 0 => till.crash(),
        14 => till.pass(Duration::from_millis(dice.roll(3_000))),
        15 => {
            let job = key(job);
            till.journal.keep_document(job);
            till.event(Event::Fetched { job });
        }
        16 if till.is_opening(side) && dice.roll(3) == 0 => {
            till.not_ready(side, FaultCode::PaperOut);
        }
        17 if till.open_op(side).is_some() => till.ready(side),
        18 if till.is_printing(side) && dice.roll(2) == 0 => match dice.roll(3) {
            0 => till.condition(side, Some(FaultCode::PaperOut)),
            1 => till.condition(side, None),
            _ => till.proves(side, u32::try_from(dice.roll(4)).unwrap(), 4),
        },
        18 | 19 if till.is_printing(side) => {
            let end = match dice.roll(6) {
                0 => PrintEnd::NothingSent(fault(FaultCode::NoAnswer)),
                1 => in_doubt(
                    FaultCode::ConnectionLost,
                    tickets(0, 1, 4).filter(|_| dice.roll(2) == 0),
                ),
                2 => PrintEnd::Unprintable(failure(FailureCode::BadDocument)),
                _ => PrintEnd::Done(Proof::Printed),
            };
            till.print_ends(side, end);
        }
        _ => {}
    }
}

/// The storm is over: every printer works, the hub answers.
fn settle(till: &mut Till, ends: &mut Ends) {
    till.slow_disk = false;
    for _ in 0..200 {
        till.sync();
        if till.is_trying() && !till.agent.is_online() {
            till.hello();
        }
        if till.agent.is_online() && till.is_trying() {
            for number in 1..=JOBS {
                offer(till, number);
            }
        }
        for number in 1..=JOBS {
            let job = key(number);
            till.journal.keep_document(job);
            till.event(Event::Fetched { job });
        }
        for side in ["left", "right"] {
            if till.is_printing(side) {
                till.print_done(side);
            } else if till.open_op(side).is_some() {
                till.ready(side);
            }
        }
        till.answer_reports();
        till.pass_s(1);
        ends.look(till);
        if till.agent.is_idle() && ends.0.len() == usize::try_from(JOBS).unwrap() {
            break;
        }
    }
}

#[test]
fn no_job_is_lost_or_printed_more_often_than_its_policy_allows() {
    let mut count = [0_u64; 2];
    for seed in 1..=SEEDS {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut config = config();
        config.seed = seed;
        let mut till = Till::with(config);
        till.slow_disk = true;
        let mut ends = Ends::default();
        for _ in 0..STEPS {
            stir(&mut till, &mut dice);
            ends.look(&till);
        }
        settle(&mut till, &mut ends);
        assert!(till.agent.is_idle(), "seed {seed}: {:?}", till.agent);
        for number in 1..=JOBS {
            let on_paper = till.on_paper.get(&key(number)).copied().unwrap_or(0);
            let fits = match &ends.0[&key(number)] {
                Outcome::Done { .. } | Outcome::Uncertain { .. } => {
                    let most = match policy(number) {
                        UncertainPolicy::Hold => 1,
                        UncertainPolicy::ReprintMarked | UncertainPolicy::Reprint => {
                            1 + REPRINTS_MAX
                        }
                    };
                    on_paper <= most
                }
                Outcome::Failed { .. } | Outcome::Expired | Outcome::Cancelled => on_paper == 0,
            };
            let done = matches!(ends.0[&key(number)], Outcome::Done { .. });
            assert!(
                fits && (on_paper > 0 || !done),
                "seed {seed}: job {number} was printed {on_paper} times and ended {:?}",
                ends.0[&key(number)]
            );
            count[usize::from(!done)] += 1;
        }
    }
    let [done, other] = count;
    println!("{SEEDS} seeds: {done} jobs done, {other} ended otherwise; none lost, none twice");
    assert!(
        done > SEEDS && other > SEEDS,
        "the storm is too weak or too strong"
    );
}
