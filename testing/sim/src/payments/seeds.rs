//! Plays seeds, and says of one that broke a rule how to play it again.

use std::fmt;

use super::counts::Counts;
use super::faults::Plan;
use super::mutation::Mutation;
use super::reference::Violation;
use super::run::run_plan;
use super::world::Settings;

/// Lines of the trace that a failure shows.
const EXCERPT_LINES: usize = 80;

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
        let Violation {
            rule,
            text,
            payment,
        } = &self.violation;
        write!(f, "seed {}: {rule} does not hold", self.seed)?;
        if let Some(payment) = payment {
            write!(f, " for {payment}")?;
        }
        writeln!(f, ": {text}")?;
        write!(
            f,
            "replay: cargo run -p cueline-sim -- --payments --seed {} --trace",
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

/// The lines about the payment, or the last ones where it is about none.
fn excerpt(trace: &[String], violation: &Violation) -> Vec<String> {
    let payment = violation.payment.map(|payment| payment.to_string());
    let about = |line: &&String| {
        payment
            .as_ref()
            .is_none_or(|payment| line.contains(payment.as_str()))
            || line.contains("crashes")
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
