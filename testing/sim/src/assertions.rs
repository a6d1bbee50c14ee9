//! The rules, each checked at the moment it could be broken, and once more at the end.

use cueline_hub_core::JobStore;
use cueline_hub_core::PrintJob;
use cueline_hub_core::store::memory::MemoryStore;
use cueline_model::limits::REPRINTS_MAX;
use cueline_model::{JobId, JobState, Outcome, TicketCount, UncertainPolicy, WallTime};
use cueline_wire::cloud::{Progress, ReportEntry};

use crate::reference::{Job, Promise, Reference, Rule, RunEnd};

/// A clock offset that has moved by less is not journalled again.
const OFFSET_CHANGE_MS: i64 = 1_000;

/// A till asks its printer to print, all but so many proven tickets; the use has not begun yet.
pub fn print_asked(reference: &mut Reference, id: JobId, duplicate: bool, left_out: u32) {
    let Some(job) = reference.job(id).cloned() else {
        reference.violated(
            Rule::EffectsFitTogether,
            Some(id),
            "a job that the hub never stored is printed",
        );
        return;
    };
    reference.expect(job.journalled.is_none(), Rule::NotPrintedAgain, id, || {
        format!("it is printed although it ended {:?}", job.journalled)
    });
    let before = job
        .runs
        .iter()
        .filter(|run| run.end != RunEnd::Nothing)
        .count();
    let again = before > 0;
    let most = match job.uncertain {
        UncertainPolicy::Hold => 0,
        UncertainPolicy::ReprintMarked | UncertainPolicy::Reprint => REPRINTS_MAX as usize,
    };
    reference.expect(before <= most, Rule::NotPrintedAgain, id, || {
        let policy = job.uncertain.as_str();
        format!("it may be on paper from {before} earlier prints and its policy is {policy}")
    });
    reference.expect(
        left_out >= job.counted,
        Rule::ProvenIsNotRepeated,
        id,
        || {
            format!(
                "{} tickets are proven and only {left_out} are left out",
                job.counted
            )
        },
    );
    let there = job.printed_through();
    reference.expect(left_out <= there, Rule::NothingIsLeftOut, id, || {
        format!("{left_out} tickets are left out and {there} are on paper")
    });
    let marks = job.uncertain == UncertainPolicy::ReprintMarked;
    let as_it_should = match (marks, duplicate) {
        (true, true) => again || job.doubts > 0,
        (true, false) => !again,
        (false, duplicate) => !duplicate,
    };
    reference.expect(as_it_should, Rule::DuplicatesAreMarked, id, || {
        let policy = job.uncertain.as_str();
        format!("duplicate is {duplicate}, earlier prints {before}, policy {policy}")
    });
}

/// A till records that a job is started, when it can know that it is `known` on the hub's clock.
pub fn start_recorded(reference: &mut Reference, id: JobId, known: WallTime) {
    let Some(job) = reference.job(id).cloned() else {
        return;
    };
    let in_time = job.start_by.is_none_or(|start_by| known <= start_by);
    // What may be on paper already is not expired by being printed again.
    let again = job.may_be_on_paper() || job.doubts > 0;
    reference.expect(in_time || again, Rule::ExpiryIsKept, id, || {
        let late_ms = job.start_by.map_or(0, |start_by| known.ms_since(start_by));
        format!("it was started {late_ms} ms after its time")
    });
}

/// An entry became durable at its till.
pub fn journalled(reference: &mut Reference, entry: &ReportEntry) {
    let contradicts = reference.contradicts(entry);
    reference.expect(!contradicts, Rule::OutcomeNeverChanges, entry.job, || {
        format!("the till records {:?} after its end", entry.progress)
    });
    if let Progress::Printing { printed, total } = entry.progress {
        counted(reference, entry.job, printed, total);
    }
    let Progress::Ended(outcome) = &entry.progress else {
        return;
    };
    if let Some(job) = reference.job_mut(entry.job) {
        job.journalled.get_or_insert_with(|| outcome.clone());
        let job = job.clone();
        outcome_is_true(reference, entry.job, &job, outcome);
    }
}

/// A count of a job's tickets became durable at its till.
fn counted(reference: &mut Reference, id: JobId, printed: u32, total: u32) {
    let Some(job) = reference.job_mut(id) else {
        return;
    };
    job.counted = job.counted.max(printed);
    let (there, copies) = (job.printed_through(), u32::from(job.copies));
    let is_true = printed <= there && total == copies;
    reference.expect(is_true, Rule::CountsAreTrue, id, || {
        format!("{printed} of {total} are counted; {there} of {copies} are on paper")
    });
}

/// A job expired at its till when it was really this time. Only a clock that somebody set may be wrong
/// by more than what a journalled offset may be off; gives whether it was too early.
pub fn expired(
    reference: &mut Reference,
    id: JobId,
    true_wall: WallTime,
    clock_was_set: bool,
) -> bool {
    let start_by = reference.job(id).and_then(|job| job.start_by);
    let early_ms = start_by.map_or(0, |start_by| start_by.ms_since(true_wall));
    let excused = clock_was_set || early_ms <= OFFSET_CHANGE_MS;
    reference.expect(excused, Rule::ExpiryIsKept, id, || {
        format!("it expired {early_ms} ms before its time")
    });
    early_ms > OFFSET_CHANGE_MS
}

/// The hub's store has this of a job.
pub fn recorded(reference: &mut Reference, stored: &PrintJob) {
    let Some(job) = reference.job_mut(stored.id) else {
        return;
    };
    let before = job.recorded.clone();
    job.recorded.clone_from(&stored.outcome);
    let job = job.clone();
    let unchanged = before.is_none() || before == stored.outcome;
    reference.expect(unchanged, Rule::OutcomeNeverChanges, stored.id, || {
        format!("the hub had {before:?} and has {:?}", stored.outcome)
    });
    let (None, Some(outcome)) = (before, &stored.outcome) else {
        return;
    };
    let hub_may_decide = matches!(outcome, Outcome::Cancelled | Outcome::Expired);
    let told = job.journalled.as_ref() == Some(outcome);
    let as_told = told || (hub_may_decide && job.journalled.is_none());
    reference.expect(as_told, Rule::OutcomeFromJournal, stored.id, || {
        format!(
            "the hub has {outcome:?} and the till's journal {:?}",
            job.journalled
        )
    });
    outcome_is_true(reference, stored.id, &job, outcome);
}

/// What is claimed about a job's end is what is on paper.
fn outcome_is_true(reference: &mut Reference, id: JobId, job: &Job, outcome: &Outcome) {
    let (copies, wanted) = (job.copies_on_paper(), u32::from(job.copies));
    let most = match job.uncertain {
        UncertainPolicy::Hold => wanted,
        UncertainPolicy::ReprintMarked | UncertainPolicy::Reprint => wanted * (1 + REPRINTS_MAX),
    };
    reference.expect(copies <= most, Rule::NotPrintedAgain, id, || {
        format!("{copies} copies are on paper, at most {most} may be")
    });
    let each = job.sheets.iter().copied().max().map_or(0, u32::from);
    reference.expect(
        each <= most / wanted.max(1),
        Rule::NotPrintedAgain,
        id,
        || format!("one copy is on paper {each} times"),
    );
    match outcome {
        Outcome::Done { .. } => {
            let last = job.runs.last();
            let printed = last.is_some_and(|run| run.end == RunEnd::Done)
                && job.sheets.iter().all(|times| *times > 0);
            reference.expect(printed, Rule::DoneIsOnPaper, id, || {
                format!("it is done, and its prints were {:?}", job.runs)
            });
        }
        Outcome::Failed { .. } | Outcome::Expired | Outcome::Cancelled => {
            let nothing = !job.may_be_on_paper() && job.doubts == 0;
            reference.expect(nothing, Rule::NothingPrintedIsTrue, id, || {
                let doubts = job.doubts;
                format!(
                    "it ended {outcome:?}; found started {doubts} times, prints {:?}",
                    job.runs
                )
            });
        }
        Outcome::Uncertain { tickets, .. } => {
            tickets_are_true(reference, id, job, *tickets);
            let told = job.runs.iter().any(|run| run.end == RunEnd::InDoubt);
            reference.expect(told || job.doubts > 0, Rule::DoubtIsReal, id, || {
                format!("it was never in doubt; its prints were {:?}", job.runs)
            });
        }
    }
}

/// What is said of each ticket of a job in doubt is so, and no more is in doubt than has to be.
fn tickets_are_true(reference: &mut Reference, id: JobId, job: &Job, tickets: Option<TicketCount>) {
    let told: Vec<_> = job.runs.iter().filter_map(|run| run.told).collect();
    let Some(count) = tickets else {
        let known = job.counted > 0 || !job.recovered && !told.is_empty();
        reference.expect(!known, Rule::CountsAreTrue, id, || {
            format!("nothing is said of its tickets; {told:?} was told")
        });
        return;
    };
    let (there, total) = (job.printed_through(), u32::from(job.copies));
    let through = count.printed + count.unknown;
    let is_true = count.total == total
        && (job.counted..=there).contains(&count.printed)
        && (job.reach()..=total).contains(&through);
    reference.expect(is_true, Rule::CountsAreTrue, id, || {
        let (counted, reach) = (job.counted, job.reach());
        format!("{count}; counted {counted}, on paper {there}, reached {reach} of {total}")
    });
    // A till that forgot nothing knows exactly what its printer said.
    let doubts = job.runs.iter().filter(|run| run.end == RunEnd::InDoubt);
    if !job.recovered && told.len() == doubts.count() {
        let printed = told.iter().map(|told| told.printed).max();
        let reached = told.iter().map(|told| told.printed + told.unknown).max();
        let exact = (printed, reached) == (Some(count.printed), Some(through));
        reference.expect(exact, Rule::CountsAreTrue, id, || {
            format!("{count}; its printer said {told:?}")
        });
    }
}

/// The hub came back with this store: all that it acknowledged is in it.
pub fn promises_are_kept(reference: &mut Reference, store: &mut MemoryStore) {
    for (id, promise) in reference.promises().to_vec() {
        let found = store.jobs().find(|job| job.id == id);
        let kept = match (&promise, found) {
            (_, None) => false,
            (Promise::Taken, Some(_)) => true,
            (Promise::Stored(entry), Some(job)) => holds(job, entry),
        };
        reference.expect(kept, Rule::AcknowledgedIsKept, id, || {
            format!("acknowledged was {promise:?}; the hub came back with {found:?}")
        });
    }
}

fn holds(job: &PrintJob, entry: &ReportEntry) -> bool {
    match &entry.progress {
        Progress::Ended(outcome) => job.outcome.as_ref() == Some(outcome),
        // A reprint is taken for a start; the start itself that follows is then nothing new.
        Progress::Started if job.state == JobState::Started => true,
        _ => job.state.is_settled() || job.newest_entry_seq >= Some(entry.seq),
    }
}

/// Everything was healed and the world is quiet, or should be.
pub fn at_the_end(reference: &mut Reference, store: &mut MemoryStore) {
    promises_are_kept(reference, store);
    let stored: Vec<PrintJob> = store.jobs().cloned().collect();
    for job in stored {
        recorded(reference, &job);
        reference.expect(
            job.state.is_settled(),
            Rule::EverythingSettles,
            job.id,
            || format!("it is still {} at the hub", job.state),
        );
        let Ok(Some(again)) = store.job(job.tenant, job.id) else {
            continue;
        };
        let fits = again.state
            == again
                .outcome
                .as_ref()
                .map_or(JobState::Queued, Outcome::state);
        reference.expect(fits, Rule::OutcomeNeverChanges, job.id, || {
            format!(
                "its state {} and its outcome {:?} differ",
                again.state, again.outcome
            )
        });
    }
    let ended: Vec<_> = reference
        .jobs()
        .map(|(id, job)| (id, job.clone()))
        .collect();
    for (id, job) in ended {
        if let Some(outcome) = job.recorded.clone() {
            outcome_is_true(reference, id, &job, &outcome);
        }
        let agree = job.journalled.is_none() || job.journalled == job.recorded;
        reference.expect(agree, Rule::OutcomeNeverChanges, id, || {
            format!("till {:?}, hub {:?}", job.journalled, job.recorded)
        });
    }
}
