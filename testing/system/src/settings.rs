//! Settings that tests share: the link's timings shortened, and numbers from the environment.

/// An agent whose link tries again in milliseconds instead of seconds.
pub const QUICK_AGENT: &str = r#"proxy = "none"
[link]
allow_short = true
ping_s = 1
idle_timeout_s = 3.0
hello_timeout_s = 2.0
quick_pause_s = 0.05
steady_pause_s = 0.2
learned_ping_min_s = 1.0
clock_check_s = 1.0
"#;

/// A hub that takes such an agent.
pub const QUICK_HUB: &str = r"[link]
allow_short = true
ping_min_s = 0.2
idle_timeout_s = 3.0
";

/// A number from the environment, or `default`.
///
/// # Panics
/// When the variable is set to something else.
#[must_use]
pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: expected a number, got {text:?}"))
    })
}
