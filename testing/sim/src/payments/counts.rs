//! How often what happened to payments, so that a green run shows what it went through.

use std::fmt;
use std::ops::AddAssign;

use crate::counts::counts;

counts! {
    /// Payments of the box office.
    payments,
    /// Ended approved.
    approved,
    /// Ended declined.
    declined,
    /// Ended cancelled.
    cancelled,
    /// Ended expired.
    expired,
    /// Ended failed.
    failed,
    /// Decided by a person.
    decided,
    /// At the end still waiting for a person.
    for_a_person,
    /// Were unknown for a while.
    unknown,
    /// Of them, said by the terminal afterwards.
    resolved,
    /// Charges in the terminals' ledgers.
    charges,
    /// Of them taken back.
    reversed,
    /// Sales keyed by hand.
    by_hand,
    /// Charges while a wish to cancel was on its way.
    late_approvals,
    /// Look-ups that a terminal answered.
    look_ups,
    /// Of them with what was looked for.
    found,
    /// Proven not done.
    not_processed,
    /// The agent crashed.
    agent_crashes,
    /// The hub was down.
    hub_downs,
    /// A tray crashed.
    tray_crashes,
    /// The till slept.
    sleeps,
    /// A tray stood still.
    trays_frozen,
    /// A second tray came.
    second_trays,
    /// A terminal lost its power.
    terminal_crashes,
    /// A terminal's connection broke.
    terminal_breaks,
    /// A tray's connection to the agent broke.
    socket_breaks,
    /// Held requests broken.
    links_broken,
    /// Batches of records that a crash lost.
    batches_lost,
    /// Batches of records that a crash kept.
    batches_kept,
    /// Batches that a full disk refused.
    batches_refused,
    /// Results that were refused to their terminals.
    not_stored,
    /// Requests lost.
    requests_lost,
    /// Answers lost.
    answers_lost,
    /// Second copies of requests.
    doubled,
    /// Results that a tray kept over the agent's end.
    kept_by_tray,
    /// Seconds of simulated time.
    simulated_s,
}
