//! Rules broken on purpose, to show that the simulation finds it.
//!
//! Each is a fault of a shell, not of a core: the cores under test are the ones that are shipped.

use std::fmt;
use std::str::FromStr;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mutation {
    /// Nothing.
    #[default]
    None,
    /// A till says that records are durable at once, and writes them later.
    JournalBeforePrintRemoved,
    /// A till forgets at its start which jobs it has settled.
    DedupRemoved,
    /// The hub answers at once, and writes later.
    AckBeforeDurable,
    /// A till takes a print in doubt for one that never began.
    ReprintAfterUncertain,
    /// A till forgets at its start what it has not told the hub.
    UntoldForgotten,
    /// A till passes over when a job expires.
    ExpiryIgnored,
    /// A till hands out jobs in another order than the hub's.
    OrderIgnored,
    /// The hub takes a wish to cancel for a cancelled job.
    CancelTakenForDone,
    /// A till passes over how many tickets are proven, and says all.
    CountIgnored,
    /// A till counts the ticket that is still coming out.
    CountedAhead,
    /// A till prints again what was proven.
    ProofForgotten,
    /// A till goes on with a print that it was to stop.
    StopIgnored,
}

impl Mutation {
    /// All but [`Mutation::None`].
    pub const ALL: [Self; 12] = [
        Self::JournalBeforePrintRemoved,
        Self::DedupRemoved,
        Self::AckBeforeDurable,
        Self::ReprintAfterUncertain,
        Self::UntoldForgotten,
        Self::ExpiryIgnored,
        Self::OrderIgnored,
        Self::CancelTakenForDone,
        Self::CountIgnored,
        Self::CountedAhead,
        Self::ProofForgotten,
        Self::StopIgnored,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::JournalBeforePrintRemoved => "journal_before_print_removed",
            Self::DedupRemoved => "dedup_removed",
            Self::AckBeforeDurable => "ack_before_durable",
            Self::ReprintAfterUncertain => "reprint_after_uncertain",
            Self::UntoldForgotten => "untold_forgotten",
            Self::ExpiryIgnored => "expiry_ignored",
            Self::OrderIgnored => "order_ignored",
            Self::CancelTakenForDone => "cancel_taken_for_done",
            Self::CountIgnored => "count_ignored",
            Self::CountedAhead => "counted_ahead",
            Self::ProofForgotten => "proof_forgotten",
            Self::StopIgnored => "stop_ignored",
        }
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is not a mutation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of none, {}; got {got:?}", Mutation::ALL.map(Mutation::as_str).join(", "))]
pub struct UnknownMutation {
    /// The text that was given.
    pub got: String,
}

impl FromStr for Mutation {
    type Err = UnknownMutation;

    fn from_str(text: &str) -> Result<Self, UnknownMutation> {
        std::iter::once(Self::None)
            .chain(Self::ALL)
            .find(|mutation| mutation.as_str() == text)
            .ok_or_else(|| UnknownMutation {
                got: text.to_owned(),
            })
    }
}
