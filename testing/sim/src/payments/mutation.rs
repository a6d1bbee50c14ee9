//! Rules about money broken on purpose, to show that the simulation finds it.
//!
//! Each is a fault of a shell, a tray or the hub, not of the core: that is the one that is shipped.

use std::fmt;
use std::str::FromStr;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mutation {
    /// Nothing.
    #[default]
    None,
    /// A payment in doubt is sent to its terminal again instead of being looked up.
    ResendAfterUnknown,
    /// The agent says that records are durable at once, and writes them later.
    JournalBeforeBeginRemoved,
    /// A tray acknowledges a result to its terminal without waiting for the agent's disk.
    AckBeforeDurable,
    /// The agent forgets at its start which payments it has had.
    DedupRemoved,
    /// A look-up takes any transaction over the right amount for the payment's.
    BaselineIgnored,
    /// The hub takes a wish to cancel for a cancelled payment.
    CancelTakenForDone,
    /// The agent forgets at its start what it has not told the hub.
    UntoldForgotten,
    /// The agent takes a record that its disk refused for stored.
    DiskFullIgnored,
    /// The agent starts without the hub's permission.
    PermissionSkipped,
    /// The agent forgets at its start that payments were started.
    StartForgotten,
    /// A tray takes a broken connection for a payment that did not happen.
    LostTakenForNotMoved,
}

impl Mutation {
    /// All but [`Mutation::None`].
    pub const ALL: [Self; 11] = [
        Self::ResendAfterUnknown,
        Self::JournalBeforeBeginRemoved,
        Self::AckBeforeDurable,
        Self::DedupRemoved,
        Self::BaselineIgnored,
        Self::CancelTakenForDone,
        Self::UntoldForgotten,
        Self::DiskFullIgnored,
        Self::PermissionSkipped,
        Self::StartForgotten,
        Self::LostTakenForNotMoved,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ResendAfterUnknown => "resend_after_unknown",
            Self::JournalBeforeBeginRemoved => "journal_before_begin_removed",
            Self::AckBeforeDurable => "ack_before_durable",
            Self::DedupRemoved => "dedup_removed",
            Self::BaselineIgnored => "baseline_ignored",
            Self::CancelTakenForDone => "cancel_taken_for_done",
            Self::UntoldForgotten => "untold_forgotten",
            Self::DiskFullIgnored => "disk_full_ignored",
            Self::PermissionSkipped => "permission_skipped",
            Self::StartForgotten => "start_forgotten",
            Self::LostTakenForNotMoved => "lost_taken_for_not_moved",
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
