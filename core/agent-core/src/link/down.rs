//! How a try or a link came to its end, and how long the other side asked to be left alone.

use std::time::Duration;

use cueline_wire::cloud::{Bye, ByeReason};

use crate::config::LinkTimings;

/// An agent that was removed asks at this fraction of the longest wait whether it still is.
const REVOKED_PACE_DIVISOR: u32 = 10;
/// The code of a refusal that says that this agent was removed.
const REVOKED_CODE: &str = "agent_revoked";

/// The end of a try or a link.
pub(super) struct Down<'a> {
    pub code: &'a str,
    pub text: &'a str,
    /// The next try is to be no earlier than this.
    pub at_least: Duration,
}

impl<'a> Down<'a> {
    /// The hub, or a proxy in its place, answered with a refusal.
    pub(super) fn after_refusal(
        code: &'a str,
        text: &'a str,
        retry_after: Option<Duration>,
        timings: &LinkTimings,
    ) -> Self {
        let asked = capped(retry_after.unwrap_or_default(), timings);
        let at_least = if code == REVOKED_CODE {
            asked.max(revoked_pace(timings))
        } else {
            asked
        };
        Self {
            code,
            text,
            at_least,
        }
    }
}

impl Down<'static> {
    /// The hub ended the link on purpose.
    pub(super) fn after_bye(bye: Bye, timings: &LinkTimings) -> Self {
        let asked = capped(Duration::from_millis(bye.retry_after_ms), timings);
        let (code, text, at_least) = match bye.reason {
            ByeReason::Revoked => (
                REVOKED_CODE,
                "this agent was removed from its site at the hub",
                asked.max(revoked_pace(timings)),
            ),
            ByeReason::Superseded => (
                "superseded",
                "another program uses this agent's identity",
                asked.max(timings.steady_pause),
            ),
            ByeReason::Draining => ("draining", "the hub is being restarted", asked),
            ByeReason::Unacknowledged => (
                "unacknowledged",
                "the hub missed the acknowledgement of a job",
                asked,
            ),
            ByeReason::Silent => ("unheard", "the hub heard nothing from this agent", asked),
            ByeReason::TooSlow => ("too_slow", "this agent read too slowly", asked),
        };
        Self {
            code,
            text,
            at_least,
        }
    }
}

fn capped(retry_after: Duration, timings: &LinkTimings) -> Duration {
    retry_after.min(timings.retry_after_max)
}

fn revoked_pace(timings: &LinkTimings) -> Duration {
    timings.retry_after_max / REVOKED_PACE_DIVISOR
}
