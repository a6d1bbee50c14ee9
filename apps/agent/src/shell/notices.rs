//! What the core wants people to see, as log lines.

use std::time::Duration;

use cueline_agent_core::Notice;

/// Tries that fail alike and are each told; after them one in [`ALIKE_TOLD_EVERY`], so that a night
/// without a network does not fill the log.
const ALIKE_TOLD: u32 = 20;
const ALIKE_TOLD_EVERY: u32 = 60;

/// Writes notices to the log.
#[derive(Debug, Default)]
pub struct NoticeLog {
    /// Why the last try failed, and how many did in a row.
    failing: Option<(String, u32)>,
}

impl NoticeLog {
    /// Writes one. `path` is the way of the newest connection.
    pub fn write(&mut self, notice: &Notice, path: &str) {
        match notice {
            Notice::LinkDown { code, .. } if !self.is_news(code) => {
                tracing::debug!(code, "{}", text(notice, path));
            }
            Notice::LinkDown { code, .. } => tracing::warn!(code, "{}", text(notice, path)),
            Notice::LinkUp { .. } => {
                self.failing = None;
                tracing::info!("{}", text(notice, path));
            }
            Notice::AnswersStream => tracing::info!("{}", text(notice, path)),
            _ => tracing::warn!("{}", text(notice, path)),
        }
    }

    fn is_news(&mut self, code: &str) -> bool {
        let alike = match &self.failing {
            Some((last, alike)) if last == code => alike.saturating_add(1),
            _ => 1,
        };
        self.failing = Some((code.to_owned(), alike));
        alike <= ALIKE_TOLD || alike.is_multiple_of(ALIKE_TOLD_EVERY)
    }
}

fn text(notice: &Notice, path: &str) -> String {
    match notice {
        Notice::LinkUp { epoch, ping } => {
            format!(
                "link up: epoch {epoch}, ping every {}, {path}",
                seconds(*ping)
            )
        }
        Notice::LinkDown {
            text, next_try_in, ..
        } => format!("link down: {text}; next try {}", in_time(*next_try_in)),
        Notice::PingLearned { idle_age, ping } => format!(
            "something between this PC and the hub closes idle connections after about {}; pinging every {}",
            seconds(*idle_age),
            seconds(*ping)
        ),
        Notice::AnswersHeldBack => {
            "something between this PC and the hub holds answers back until they are \
                                    complete; asking for complete answers from now on"
                .to_owned()
        }
        Notice::AnswersStream => "answers stream again".to_owned(),
        Notice::ClockGap { gap_ms } => {
            format!("the machine slept or its clock was set ({gap_ms} ms); connecting anew")
        }
        Notice::ReportRejected(rejection) => format!(
            "the hub will not store report {} ({}): {}; it is let go",
            rejection.seq, rejection.code, rejection.text
        ),
        Notice::Full => {
            "this agent holds as many jobs as it may; more wait at the hub until some are \
                         printed"
                .to_owned()
        }
    }
}

fn in_time(pause: Duration) -> String {
    if pause.is_zero() {
        "at once".to_owned()
    } else {
        format!("in {}", seconds(pause))
    }
}

/// To the hundredth of a second.
fn seconds(duration: Duration) -> String {
    let hundredths = (duration.as_secs_f64() * 100.0).round() / 100.0;
    format!("{hundredths} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_without_a_network_does_not_fill_the_log() {
        let mut log = NoticeLog::default();
        let told = (0..7000).filter(|_| log.is_news("refused")).count();
        assert_eq!(told, 20 + 7000 / 60);
        assert!(log.is_news("timed_out"), "another reason is news");
        assert!(log.is_news("refused"));
    }

    #[test]
    fn the_links_lines_read_as_people_expect() {
        let up = Notice::LinkUp {
            epoch: 3,
            ping: Duration::from_secs(120),
        };
        assert_eq!(
            text(&up, "direct"),
            "link up: epoch 3, ping every 120 s, direct"
        );
        let mut down = Notice::LinkDown {
            code: "refused".to_owned(),
            text: "connect to the hub a:1: refused by 10.0.0.1:1".to_owned(),
            next_try_in: Duration::from_millis(1_050),
        };
        assert_eq!(
            text(&down, ""),
            "link down: connect to the hub a:1: refused by 10.0.0.1:1; next try in 1.05 s"
        );
        if let Notice::LinkDown { next_try_in, .. } = &mut down {
            *next_try_in = Duration::ZERO;
        }
        assert!(text(&down, "").ends_with("; next try at once"));
    }
}
