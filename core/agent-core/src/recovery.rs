//! Taking up what the journal holds after a crash or a restart.

use std::collections::BTreeMap;

use cueline_model::{JobKey, Outcome};

use crate::intake::Intake;
use crate::jobs::{HeldJob, Jobs, Stage};
use crate::lanes::Lanes;
use crate::record::{Phase, RecoveredJob};
use crate::turn::Turn;

/// The parts that take up recovered jobs.
pub(crate) struct Heirs<'a> {
    pub intake: &'a mut Intake,
    pub jobs: &'a mut Jobs,
    pub lanes: &'a mut Lanes,
}

/// Takes up the jobs found: ended ones are remembered, waiting ones wait again, and those that were
/// being printed are resolved as their policy says before anything else goes to their printer.
pub(crate) fn take_up(
    found: Vec<RecoveredJob>,
    untold: &BTreeMap<JobKey, usize>,
    heirs: Heirs<'_>,
    turn: &mut Turn<'_>,
) {
    for found in found {
        let untold = untold.get(&found.job.key).copied().unwrap_or(0);
        heirs.intake.recovered(found.job.sequence);
        let unfit = heirs.intake.unfit(&found.job);
        let held = match found.phase {
            Phase::Ended => {
                heirs.jobs.remember_recovered(found, untold);
                continue;
            }
            Phase::Waiting => {
                let mut held = HeldJob::recovered(found, Stage::Waiting, untold);
                match unfit {
                    Some(failure) => turn.end_unprinted(&mut held, Outcome::Failed { failure }),
                    None => heirs.lanes.enqueue(&held),
                }
                held
            }
            Phase::Started => {
                let mut held = HeldJob::recovered(found, Stage::Started, untold);
                let what = "The till was interrupted while this was printing.";
                turn.resolve_doubt(&mut held, what, None, unfit.is_none());
                heirs.lanes.settle_first(&held);
                held
            }
        };
        heirs.jobs.hold(held);
    }
}
