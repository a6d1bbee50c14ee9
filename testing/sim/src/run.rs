//! One seed, one run: faults, then everything healed, then quiet, then the last look.

use std::fmt;

use cueline_model::Outcome;

use crate::assertions;
use crate::box_office::BoxOffice;
use crate::counts::Counts;
use crate::faults::{Fault, Manner, Odds, Plan};
use crate::hub_side::Hub;
use crate::mutation::Mutation;
use crate::reference::{Rule, Violation};
use crate::till_side::Till;
use crate::world::{Settings, What, World};

/// Once everything is healed, the world is quiet within this time or something is stuck. A hub's
/// `Retry-After` of 20 s, a half-open link's 150 s, the slowest printers' longest queue and an hour's
/// distance from any of them fit in easily.
const QUIET_WITHIN_MS: u64 = 30 * 60_000;
/// For so long after that it stays quiet: longer than the idle time-out, and than the latest copy of a
/// report.
const STAYS_QUIET_MS: u64 = 200_000;
/// How often it is looked whether the world is quiet.
const LOOKS_EVERY_MS: u64 = 1_000;
/// Wakings without anything else happening in the same millisecond: more is spinning.
const WAKINGS_AT_ONCE_MAX: u32 = 100;
/// Lines of the trace that a failure shows.
const EXCERPT_LINES: usize = 80;

/// How a run went.
#[derive(Debug)]
pub struct Outcomes {
    /// How often what happened.
    pub counts: Counts,
    /// Every line, where it was asked for.
    pub trace: Vec<String>,
    /// The first rule that did not hold.
    pub violation: Option<Violation>,
}

/// A seed that broke a rule.
#[derive(Debug, Clone)]
pub struct Broken {
    /// Which.
    pub seed: u64,
    /// How it was played.
    pub settings: Settings,
    /// The rule and how it was broken.
    pub violation: Violation,
    /// The last lines of the trace about it.
    pub excerpt: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.excerpt {
            writeln!(f, "{line}")?;
        }
        let Violation { rule, text, job } = &self.violation;
        write!(f, "seed {}: {rule} does not hold", self.seed)?;
        if let Some(job) = job {
            write!(f, " for {job}")?;
        }
        writeln!(f, ": {text}")?;
        write!(
            f,
            "replay: cargo run -p cueline-sim -- --seed {} --trace",
            self.seed
        )?;
        if self.settings.mutation != Mutation::None {
            write!(f, " --mutation {}", self.settings.mutation)?;
        }
        if self.settings.unwatched {
            f.write_str(" --unwatched")?;
        }
        Ok(())
    }
}

/// Runs one seed; with the trace's last lines where it breaks a rule.
///
/// # Errors
/// The rule that did not hold.
pub fn run_seed(seed: u64, settings: Settings) -> Result<Counts, Box<Broken>> {
    let outcome = run_plan(Plan::draw(seed), settings);
    let Some(violation) = outcome.violation else {
        return Ok(outcome.counts);
    };
    let traced = Settings {
        trace: true,
        ..settings
    };
    let trace = run_plan(Plan::draw(seed), traced).trace;
    Err(Box::new(Broken {
        seed,
        settings,
        excerpt: excerpt(&trace, &violation),
        violation,
    }))
}

/// Runs seeds one after the other until one breaks a rule.
///
/// # Errors
/// As [`run_seed`].
pub fn run_seeds(
    seeds: impl IntoIterator<Item = u64>,
    settings: Settings,
) -> Result<Counts, Box<Broken>> {
    let mut all = Counts::default();
    for seed in seeds {
        all += run_seed(seed, settings)?;
    }
    Ok(all)
}

/// The lines about the job, or the last ones where it is about none.
fn excerpt(trace: &[String], violation: &Violation) -> Vec<String> {
    let job = violation.job.map(|job| job.to_string());
    let about = |line: &&String| {
        job.as_ref().is_none_or(|job| line.contains(job.as_str()))
            || line.contains("crashes")
            || line.contains("starts with")
            || line.contains("goes wrong")
    };
    let mut lines: Vec<_> = trace
        .iter()
        .rev()
        .filter(about)
        .take(EXCERPT_LINES)
        .cloned()
        .collect();
    lines.reverse();
    lines
}

/// Runs a plan.
#[must_use]
pub fn run_plan(plan: Plan, settings: Settings) -> Outcomes {
    let mut simulation = Simulation::new(plan, settings);
    simulation.run();
    simulation.finish()
}

struct Simulation {
    world: World,
    hub: Hub,
    tills: Vec<Till>,
    box_office: BoxOffice,
    quiet_since_ms: Option<u64>,
    looked_ms: u64,
}

impl Simulation {
    fn new(plan: Plan, settings: Settings) -> Self {
        let tills = plan.tills.iter().cloned().enumerate();
        let tills: Vec<_> = tills
            .map(|(number, plan)| Till::new(number, plan))
            .collect();
        let mut world = World::new(plan, settings);
        world.note("plan", || "begins".to_owned());
        for number in 0..tills.len() {
            world.after(0, What::TillUp(number));
        }
        world.after(0, What::HubUp);
        Self {
            hub: Hub::new(tills.len(), settings.mutation),
            box_office: BoxOffice::new(world.plan.jobs.len()),
            tills,
            world,
            quiet_since_ms: None,
            looked_ms: 0,
        }
    }

    fn run(&mut self) {
        let mut wakings = 0;
        while self.world.reference.violation().is_none() && !self.is_over() {
            let next_ms = self.world.next_at_ms();
            let tills = self.tills.iter().filter_map(Till::deadline_ms);
            let due_ms = tills.chain(self.hub.deadline_ms()).min();
            let due_ms = due_ms.filter(|due_ms| next_ms.is_none_or(|next_ms| *due_ms < next_ms));
            if let Some(due_ms) = due_ms {
                wakings = if due_ms <= self.world.now_ms {
                    wakings + 1
                } else {
                    0
                };
                self.world.now_ms = due_ms.max(self.world.now_ms);
                self.wake_whoever_is_due();
            } else if let Some(what) = self.world.take_next() {
                wakings = 0;
                self.happen(what);
            } else {
                break;
            }
            if wakings > WAKINGS_AT_ONCE_MAX {
                let text = format!("a core asked to be woken {wakings} times at once");
                self.world.reference.violated(Rule::NoBusyLoop, None, text);
            }
        }
    }

    fn wake_whoever_is_due(&mut self) {
        let now_ms = self.world.now_ms;
        for till in &mut self.tills {
            if till.deadline_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                till.timeout(&mut self.world);
            }
        }
        self.hub.timeout(&mut self.world);
    }

    fn happen(&mut self, what: What) {
        let world = &mut self.world;
        match what {
            What::ToTill(till, life, parcel) => self.tills[till].take(life, parcel, world),
            What::ToHub(message) => self.hub.take(message, world),
            What::Hub(life, note) => self.hub.take_note(life, note, world),
            What::HubUp => self.hub.start(world),
            What::DiskDone(till, life) => self.tills[till].disk_done(life, world),
            What::PrinterStep(till, printer, number) => {
                self.tills[till].printer_step(printer, number, world)
            }
            What::TillUp(till) => self.tills[till].start(world),
            What::TillWakes(till) => self.tills[till].wake(world),
            What::BoxOffice(errand) => self.box_office.run(errand, world),
            What::IdleCheck(conn) => world.check_idle(conn),
            What::SilenceFound(conn, since_ms) => {
                if let Some((till, _)) = world.network.wanted(conn) {
                    self.tills[till].must_have_found(conn, since_ms, world);
                }
            }
            What::Fault(fault) => self.go_wrong(fault),
            What::Heal => self.heal(),
        }
    }

    fn go_wrong(&mut self, fault: Fault) {
        let world = &mut self.world;
        let now_ms = world.now_ms;
        world.note("plan", || format!("goes wrong: {fault:?}"));
        match fault {
            Fault::TillCrash { till, power_cut } => self.tills[till].crash(power_cut, world),
            Fault::TillRestart { till } => self.tills[till].shut_down(world),
            Fault::HubCrash => self.hub.crash(world),
            Fault::LinkBreak { till } => world.break_links(till, Manner::Reset),
            Fault::HalfOpen { till } => world.break_links(till, Manner::Silent),
            Fault::Cut { till, ms, manner } => world.cut(till, ms, manner),
            Fault::HeldBack { till, ms } => world.network.hold_back(till, now_ms + ms),
            Fault::HubBusy { ms, retry_after_s } => {
                world.network.set_busy(now_ms + ms, retry_after_s)
            }
            Fault::ClockSet { till, by_ms } => self.tills[till].set_clock(by_ms, world),
            Fault::Sleep { till, ms } => self.tills[till].sleep(ms, world),
            Fault::SlowDisk { till, ms } => self.tills[till].slow_disk(now_ms + ms),
            Fault::PrinterAway {
                till,
                printer,
                ms,
                code,
            } => {
                self.tills[till].printer_away(printer, now_ms + ms, code);
            }
            Fault::Reconnect { till } => self.tills[till].reconnect(world),
        }
    }

    fn heal(&mut self) {
        let world = &mut self.world;
        world.note("plan", || "everything is made good".to_owned());
        world.odds = Odds::default();
        world.network.heal();
        self.hub.start(world);
        for till in &mut self.tills {
            till.heal(world);
        }
    }

    /// Whether it has been quiet for long enough, or not for too long.
    fn is_over(&mut self) -> bool {
        let (now_ms, healed_ms) = (self.world.now_ms, self.world.plan.heal_at_ms);
        if now_ms <= healed_ms || now_ms < self.looked_ms + LOOKS_EVERY_MS {
            return false;
        }
        self.looked_ms = now_ms;
        let quiet = self.hub.is_quiet()
            && self.box_office.is_quiet()
            && self.tills.iter().all(Till::is_quiet);
        if quiet {
            let since_ms = *self.quiet_since_ms.get_or_insert(now_ms);
            return now_ms >= since_ms + STAYS_QUIET_MS;
        }
        self.quiet_since_ms = None;
        if now_ms > healed_ms + QUIET_WITHIN_MS {
            assertions::at_the_end(&mut self.world.reference, self.hub.store());
            let waits: Vec<_> = self
                .tills
                .iter()
                .filter(|till| !till.is_quiet())
                .map(Till::agent)
                .collect();
            let text = format!("not quiet long after everything was healed; busy are {waits:?}");
            self.world
                .reference
                .violated(Rule::EverythingSettles, None, text);
            return true;
        }
        false
    }

    fn finish(mut self) -> Outcomes {
        if self.world.reference.violation().is_none() {
            assertions::at_the_end(&mut self.world.reference, self.hub.store());
        }
        self.count();
        let violation = self.world.reference.violation().cloned();
        if let Some(violation) = &violation {
            self.world.note("reference", || {
                format!("{}: {}", violation.rule, violation.text)
            });
        }
        Outcomes {
            counts: self.world.counts,
            trace: self.world.take_trace(),
            violation,
        }
    }

    fn count(&mut self) {
        let counts = &mut self.world.counts;
        counts.simulated_s = self.world.now_ms / 1_000;
        for (_, job) in self.world.reference.jobs() {
            counts.jobs += 1;
            let prints = job
                .runs
                .iter()
                .filter(|run| run.end != crate::reference::RunEnd::Nothing);
            counts.reprinted += u64::from(prints.count() > 1);
            match job.recorded {
                Some(Outcome::Done { .. }) => counts.done += 1,
                Some(Outcome::Failed { .. }) => counts.failed += 1,
                Some(Outcome::Expired) => counts.expired += 1,
                Some(Outcome::Cancelled) => counts.cancelled += 1,
                Some(Outcome::Uncertain { .. }) => counts.uncertain += 1,
                None => {}
            }
        }
    }
}
