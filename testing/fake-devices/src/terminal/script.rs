//! What becomes of the next payments: said through the control port, or told by the amount.

use std::fmt;
use std::str::FromStr;

/// What becomes of one payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Script {
    /// Approved.
    #[default]
    Approve,
    /// Declined by the issuer.
    Decline,
    /// The issuer wants to be called; approved with the code heard.
    Referral,
    /// The customer presses the stop key.
    CustomerCancels,
    /// Not begun: at something else.
    Busy,
    /// Not begun: refused.
    Refuse,
    /// The link is cut, and nothing was authorised.
    DropBefore,
    /// Authorised, and the link is cut before that is said.
    DropAfter,
    /// Approved after a while; may be stopped until then.
    Slow,
    /// Approved; the customer signs, and the till compares.
    Signature,
    /// The power fails, and nothing was authorised.
    PowerLossBefore,
    /// Authorised, and the power fails before that is said.
    PowerLossAfter,
    /// Takes the request and says nothing more; the stop key or the till's wish ends it.
    Silent,
    /// The link is cut, nothing was authorised, and the clerk keys a sale of 1.00 more by hand.
    HandKeyed,
    /// Approved after a while; a wish to stop is refused.
    Unstoppable,
    /// A reversal takes back the last sale, whichever was named.
    OtherReversal,
}

impl Script {
    /// Every script, for those who list them.
    pub const ALL: [Self; 16] = [
        Self::Approve,
        Self::Decline,
        Self::Referral,
        Self::CustomerCancels,
        Self::Busy,
        Self::Refuse,
        Self::DropBefore,
        Self::DropAfter,
        Self::Slow,
        Self::Signature,
        Self::PowerLossBefore,
        Self::PowerLossAfter,
        Self::Silent,
        Self::HandKeyed,
        Self::Unstoppable,
        Self::OtherReversal,
    ];

    /// The word of the control port.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Decline => "decline",
            Self::Referral => "referral",
            Self::CustomerCancels => "customer_cancels",
            Self::Busy => "busy",
            Self::Refuse => "refuse",
            Self::DropBefore => "drop_before",
            Self::DropAfter => "drop_after",
            Self::Slow => "slow",
            Self::Signature => "signature",
            Self::PowerLossBefore => "power_loss_before",
            Self::PowerLossAfter => "power_loss_after",
            Self::Silent => "silent",
            Self::HandKeyed => "hand_keyed",
            Self::Unstoppable => "unstoppable",
            Self::OtherReversal => "other_reversal",
        }
    }

    /// What the last two digits of an amount in minor units ask for. Prices that people choose rarely
    /// end so.
    #[must_use]
    pub const fn of_amount(amount_minor: i64) -> Self {
        match amount_minor % 100 {
            61 => Self::Decline,
            62 => Self::Referral,
            63 => Self::CustomerCancels,
            64 => Self::Busy,
            65 => Self::Refuse,
            66 => Self::DropBefore,
            67 => Self::DropAfter,
            68 => Self::Slow,
            69 => Self::Signature,
            71 => Self::PowerLossBefore,
            72 => Self::PowerLossAfter,
            73 => Self::Silent,
            74 => Self::HandKeyed,
            76 => Self::Unstoppable,
            _ => Self::Approve,
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text names no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}; got {got:?}", words())]
pub struct UnknownScript {
    /// The text that was given, cut to 64 characters.
    pub got: String,
}

fn words() -> String {
    Script::ALL.map(Script::as_str).join(", ")
}

impl FromStr for Script {
    type Err = UnknownScript;

    fn from_str(text: &str) -> Result<Self, UnknownScript> {
        Self::ALL
            .into_iter()
            .find(|script| script.as_str() == text)
            .ok_or_else(|| UnknownScript {
                got: text.chars().take(64).collect(),
            })
    }
}
