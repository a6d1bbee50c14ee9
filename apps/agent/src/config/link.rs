//! The `[link]` table: the timings of the held request, within their limits.

use cueline_agent_core::LinkTimings;

use super::section::Section;

const DAY_S: f64 = 86_400.0;
/// The lower limit of every duration where `allow_short` is set.
const SHORT_MIN_S: f64 = 0.01;

/// Reads the table. `allow_short = true` lifts the lower limits: for tests and demonstrations, since
/// a fleet with short timings wears out its hub and its routers.
pub(super) fn read(link: &mut Section<'_>) -> LinkTimings {
    let defaults = LinkTimings::default();
    let allow_short = link.switch("allow_short").unwrap_or(false);
    let from = |low_s: f64, high_s: f64| {
        if allow_short {
            SHORT_MIN_S..=high_s
        } else {
            low_s..=high_s
        }
    };
    let timings = LinkTimings {
        ping: link
            .seconds("ping_s", from(5.0, 140.0))
            .unwrap_or(defaults.ping),
        idle_timeout: link
            .seconds("idle_timeout_s", from(10.0, 600.0))
            .unwrap_or(defaults.idle_timeout),
        hello_timeout: link
            .seconds("hello_timeout_s", from(2.0, 60.0))
            .unwrap_or(defaults.hello_timeout),
        quick_pause: link
            .seconds("quick_pause_s", from(0.5, 60.0))
            .unwrap_or(defaults.quick_pause),
        quick_tries: link
            .whole_number("quick_tries", 0..=100)
            .unwrap_or(defaults.quick_tries),
        steady_pause: link
            .seconds("steady_pause_s", from(1.0, 3600.0))
            .unwrap_or(defaults.steady_pause),
        jitter_from_try: link
            .whole_number("jitter_from_try", 1..=1000)
            .unwrap_or(defaults.jitter_from_try),
        retry_after_max: link
            .seconds("retry_after_max_s", from(1.0, DAY_S))
            .unwrap_or(defaults.retry_after_max),
        learned_ping_min: link
            .seconds("learned_ping_min_s", from(5.0, 140.0))
            .unwrap_or(defaults.learned_ping_min),
        clock_check: link
            .seconds("clock_check_s", from(1.0, 3600.0))
            .unwrap_or(defaults.clock_check),
        clock_gap: link
            .seconds("clock_gap_s", from(1.0, 3600.0))
            .unwrap_or(defaults.clock_gap),
    };
    if timings.ping >= timings.idle_timeout {
        let (ping, idle) = (
            timings.ping.as_secs_f64(),
            timings.idle_timeout.as_secs_f64(),
        );
        link.complain(
            "ping_s",
            format!("expected a ping under the idle time-out ({idle} s), got {ping} s"),
        );
    }
    timings
}
