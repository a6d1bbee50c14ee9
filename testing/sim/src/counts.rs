//! How often what happened, so that a green run shows what it went through.

use std::fmt;
use std::ops::AddAssign;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// How often what happened in one run or many.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl AddAssign for Counts {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl fmt::Display for Counts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let all = [$((stringify!($name), self.$name)),*];
                for (at, (name, count)) in all.into_iter().enumerate() {
                    let separator = if at == 0 { "" } else { ", " };
                    write!(f, "{separator}{} {count}", name.replace('_', " "))?;
                }
                Ok(())
            }
        }
    };
}

pub(crate) use counts;

counts! {
    /// Jobs in the hub's store.
    jobs,
    /// Their submission was acknowledged.
    acknowledged,
    /// Ended done.
    done,
    /// Ended failed.
    failed,
    /// Ended expired.
    expired,
    /// Of them before their time, by a till whose clock was set.
    expired_early,
    /// Ended cancelled.
    cancelled,
    /// Ended uncertain.
    uncertain,
    /// Jobs printed more than once by their policy.
    reprinted,
    /// Complete copies on paper.
    copies,
    /// Copies cut off in the middle.
    torn_copies,
    /// Counts of proven tickets that became durable.
    counts_recorded,
    /// Jobs that ended uncertain with a count of their tickets.
    counted_in_doubt,
    /// Prints that left out what was proven.
    left_out,
    /// Prints stopped because nobody wanted them any more.
    stopped,
    /// Faults and warnings of printers that began or ended, as the hub was told.
    printer_events,
    /// Printers opened and closed again without a print.
    looks,
    /// Crashes of tills.
    till_crashes,
    /// Orderly ends of tills.
    till_restarts,
    /// Crashes of the hub.
    hub_crashes,
    /// Batches that were in flight when a till crashed and are not there.
    batches_lost,
    /// Batches that were in flight when a till crashed and are there.
    batches_kept,
    /// Held requests broken off.
    links_broken,
    /// Held requests left half open.
    half_open,
    /// Partitions.
    partitions,
    /// Requests of tills that were lost.
    requests_lost,
    /// Answers to tills that were lost.
    answers_lost,
    /// Reports that came twice.
    reports_doubled,
    /// Reports that came late.
    reports_late,
    /// Jumps of a wall clock.
    clock_jumps,
    /// Sleeps of tills.
    sleeps,
    /// Prints that ended in doubt.
    prints_in_doubt,
    /// Documents fetched.
    documents,
    /// Held requests asked for.
    connects,
    /// Of them for complete answers.
    polls,
    /// Effects done.
    effects,
    /// Everything that happened.
    happenings,
    /// Simulated time.
    simulated_s,
}
