//! Telling the hub what is installed: once after the first greeting, when asked, at each change,
//! until it arrived.

use std::time::Duration;

use cueline_model::Mono;

use crate::effect::Effect;
use crate::timer::{Timer, TimerReason};
use crate::turn::Turn;

/// The pause after an inventory that did not arrive.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How far the inventory has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Inventory {
    /// No link was up yet.
    #[default]
    Untold,
    /// On its way; `again`: it was asked for since.
    Sent {
        again: bool,
    },
    /// Did not arrive; to be sent then.
    Failed {
        retry_at: Mono,
    },
    Stored,
}

impl Inventory {
    pub(crate) fn greeted(&mut self, turn: &mut Turn<'_>) {
        if *self == Self::Untold {
            self.send(turn);
        }
    }

    pub(crate) fn asked_for(&mut self, turn: &mut Turn<'_>) {
        match self {
            Self::Sent { again } => *again = true,
            _ => self.send(turn),
        }
    }

    /// What is told of it is outdated; before the first greeting nothing was told.
    pub(crate) fn changed(&mut self, turn: &mut Turn<'_>) {
        match self {
            Self::Untold | Self::Failed { .. } => {}
            Self::Sent { again } => *again = true,
            Self::Stored => self.send(turn),
        }
    }

    pub(crate) fn stored(&mut self, turn: &mut Turn<'_>) {
        match self {
            Self::Sent { again: true } => self.send(turn),
            _ => *self = Self::Stored,
        }
    }

    pub(crate) fn failed(&mut self, turn: &Turn<'_>) {
        *self = Self::Failed {
            retry_at: turn.now + RETRY_PAUSE,
        };
    }

    pub(crate) fn timeout(&mut self, turn: &mut Turn<'_>) {
        if matches!(self, Self::Failed { retry_at } if *retry_at <= turn.now) {
            self.send(turn);
        }
    }

    pub(crate) fn timer(self) -> Option<Timer> {
        match self {
            Self::Failed { retry_at } => Some((retry_at, TimerReason::InventoryRetry)),
            _ => None,
        }
    }

    fn send(&mut self, turn: &mut Turn<'_>) {
        *self = Self::Sent { again: false };
        turn.effect(Effect::SendInventory);
    }
}
