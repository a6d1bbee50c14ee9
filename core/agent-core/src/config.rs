//! What the agent's core is told once, at start.

use std::time::Duration;

use cueline_model::{ContentType, PrinterName};

/// The agent's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The timings of the held request.
    pub link: LinkTimings,
    /// This machine's printers.
    pub printers: Vec<PrinterConfig>,
    /// The way to the hub, under which a learned ping is remembered: `direct` or `proxy HOST:PORT`.
    pub path: String,
    /// Where chance starts (jitter); the same seed gives the same run.
    pub seed: u64,
}

/// A printer as the core needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterConfig {
    /// Its name.
    pub name: PrinterName,
    /// What it prints.
    pub content_types: Vec<ContentType>,
    /// Whether it is looked at while it has nothing to do: opened, asked how it is, closed again.
    /// Not for one that this costs something, such as a port that other programs wait for.
    pub watch: bool,
}

/// The timings of the held request, which are the product's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTimings {
    /// The ping period asked for.
    pub ping: Duration,
    /// Silence for longer than this means that the link is dead.
    pub idle_timeout: Duration,
    /// No `hello` for this long after the request was written means that something holds it back.
    pub hello_timeout: Duration,
    /// The pause before each of the quick tries that follow the immediate one.
    pub quick_pause: Duration,
    /// How many quick tries there are.
    pub quick_tries: u32,
    /// The pause before every later try, for ever.
    pub steady_pause: Duration,
    /// From this try on (the immediate one is the first) the pause is spread by ±20 %.
    pub jitter_from_try: u32,
    /// The longest wait that a hub's `Retry-After` or `retry_after_ms` is followed for.
    pub retry_after_max: Duration,
    /// The shortest ping that the agent learns by itself.
    pub learned_ping_min: Duration,
    /// How often the wall and the monotonic clock are compared.
    pub clock_check: Duration,
    /// A difference between the two larger than this means that the machine slept.
    pub clock_gap: Duration,
}

impl Default for LinkTimings {
    fn default() -> Self {
        Self {
            ping: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(150),
            hello_timeout: Duration::from_secs(10),
            quick_pause: Duration::from_secs(1),
            quick_tries: 5,
            steady_pause: Duration::from_secs(5),
            jitter_from_try: 6,
            retry_after_max: Duration::from_secs(600),
            learned_ping_min: Duration::from_secs(15),
            clock_check: Duration::from_secs(15),
            clock_gap: Duration::from_secs(5),
        }
    }
}
