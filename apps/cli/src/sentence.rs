//! Times and outcomes in words.

use cueline_model::{JobState, Proof, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::PrintJob;

/// The wall clock, as the hub writes times.
pub fn now() -> WallTime {
    WallTime(jiff::Timestamp::now().as_millisecond())
}

/// A length of time for people, two units at most: `0.2 s`, `45 s`, `3 min 5 s`, `2 h 4 min`, `5 d`.
pub fn span(ms: i64) -> String {
    let ms = ms.max(0);
    let (s, min, h, d) = (ms / 1_000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    let pair = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big} {big_unit}")
        } else {
            format!("{big} {big_unit} {small} {small_unit}")
        }
    };
    match ms {
        0..10_000 => format!("{}.{} s", s, ms % 1_000 / 100),
        10_000..60_000 => format!("{s} s"),
        60_000..3_600_000 => pair(min, "min", s % 60, "s"),
        3_600_000..86_400_000 => pair(h, "h", min % 60, "min"),
        _ => pair(d, "d", h % 24, "h"),
    }
}

/// `no printer`, `1 printer`, `2 printers`.
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// A moment of a job's way, counted from its beginning: to the hundredth while that tells anything.
pub fn moment(ms: i64) -> String {
    match ms.max(0) {
        ms @ 0..60_000 => format!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        ms => span(ms),
    }
}

/// How long ago `then` was.
pub fn ago(then: Timestamp, now: WallTime) -> String {
    format!("{} ago", span(now.ms_since(then.0)))
}

/// What a timeline's word means to the one who waits.
pub fn step(what: &str) -> &str {
    match what {
        "queued" => "the hub has it on disk",
        "accepted" => "the agent has it on disk",
        "started" => "bytes may reach the printer from now on",
        "not_started" => "no byte left; it waits again",
        "reprinting" => "it is printed again",
        "cancel_requested" => "the box office would like it cancelled",
        _ => "",
    }
}

/// How a job stands or ended, one sentence.
pub fn outcome(job: &PrintJob) -> String {
    match job.state {
        JobState::Done => match job.proof {
            Some(Proof::Printed) => "printed: the printer itself said so".to_owned(),
            Some(Proof::Sent) => {
                "sent: the device took every byte; it cannot say whether it printed them".to_owned()
            }
            Some(Proof::Spooled) => "spooled: handed to a queue that will see to it".to_owned(),
            None => "done".to_owned(),
        },
        JobState::Failed => match &job.failure {
            Some(failure) => format!("failed, nothing was printed: {}", failure.text),
            None => "failed, nothing was printed".to_owned(),
        },
        JobState::Expired => "expired: its time was over before it could be started".to_owned(),
        JobState::Cancelled => "cancelled before it was started".to_owned(),
        JobState::Uncertain => match &job.detail {
            Some(detail) => format!("uncertain, it may be on paper: {detail}"),
            None => "uncertain, it may be on paper".to_owned(),
        },
        JobState::Queued | JobState::Accepted | JobState::Started => match &job.waiting {
            Some(waiting) => format!("{}, waiting: {}", job.state, waiting.text),
            None => format!("{}, not ended yet", job.state),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        let counts = [0, 1, 2].map(|count| counted(count, "printer"));
        assert_eq!(counts, ["no printer", "1 printer", "2 printers"]);
    }

    #[test]
    fn spans_have_two_units_at_most() {
        for (ms, text) in [
            (-5, "0.0 s"),
            (249, "0.2 s"),
            (9_999, "9.9 s"),
            (45_400, "45 s"),
            (60_000, "1 min"),
            (185_000, "3 min 5 s"),
            (7_440_000, "2 h 4 min"),
            (5 * 86_400_000, "5 d"),
            (5 * 86_400_000 + 3_600_000, "5 d 1 h"),
        ] {
            assert_eq!(span(ms), text, "{ms} ms");
        }
        assert_eq!(moment(208), "0.20 s");
        assert_eq!(moment(59_999), "59.99 s");
        assert_eq!(moment(185_000), "3 min 5 s");
    }
}
