//! Times and outcomes in words.

use cueline_model::{JobState, Proof, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::{AgentState, Decision, PrintJob, Printer, Resolution};

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
        "resolved" => "somebody looked and decided",
        "cancel_requested" => "the box office would like it cancelled",
        _ => "",
    }
}

/// Whether an agent can be reached, one word.
pub const fn state_word(state: AgentState) -> &'static str {
    match state {
        AgentState::Online => "online",
        AgentState::Offline => "offline",
        AgentState::Revoked => "removed",
    }
}

/// Whether a printer prints, a few words: what keeps it from that, or will soon.
pub fn printer_state(printer: &Printer) -> String {
    match (printer.agent_state, &printer.fault, &printer.warning) {
        (AgentState::Offline | AgentState::Revoked, ..) => {
            format!("agent {}", state_word(printer.agent_state))
        }
        (AgentState::Online, Some(fault), _) => fault.code.as_str().to_owned(),
        (AgentState::Online, None, Some(warning)) => {
            format!("ready, but {}", warning.code.as_str())
        }
        (AgentState::Online, None, None) => "ready".to_owned(),
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
        JobState::Uncertain => {
            let which = match &job.tickets {
                Some(tickets) => format!(" ({tickets})"),
                None => String::new(),
            };
            match &job.detail {
                Some(detail) => format!("uncertain, it may be on paper{which}: {detail}"),
                None => format!("uncertain, it may be on paper{which}"),
            }
        }
        JobState::Queued | JobState::Accepted | JobState::Started => match &job.waiting {
            Some(waiting) => format!("{}, waiting: {}", job.state, waiting.text),
            None => format!("{}, not ended yet", job.state),
        },
    }
}

/// What somebody can do about a job that is in doubt and not resolved, a line each.
pub fn advice(job: &PrintJob) -> Vec<String> {
    if job.state != JobState::Uncertain || job.resolution.is_some() {
        return Vec::new();
    }
    let id = job.id;
    let mut lines = vec![format!(
        "look at the printer, then: `cueline resolve {id} printed --by NAME`, or not-printed"
    )];
    // What is proven printed need not come twice.
    let from = job.tickets.filter(|tickets| tickets.printed > 0);
    lines.push(match from {
        Some(tickets) => format!(
            "or print the rest: `cueline reprint {id} --from-ticket {} --by NAME`",
            tickets.printed.saturating_add(1)
        ),
        None => format!("or print it again: `cueline reprint {id} --by NAME`"),
    });
    lines
}

/// What somebody found out or did, one sentence.
pub fn resolution(resolution: &Resolution) -> String {
    let decision = match resolution.decision {
        Decision::Printed => "is on paper",
        Decision::NotPrinted => "is not on paper",
        Decision::Reprinted => "was printed again",
    };
    let by = resolution.by.escape_debug();
    match &resolution.reason {
        Some(reason) => format!("{decision}, says {by}: {}", reason.escape_debug()),
        None => format!("{decision}, says {by}"),
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

    #[test]
    fn a_job_in_doubt_says_which_tickets_and_what_to_do() {
        let mut job: PrintJob = serde_json::from_str(include_str!(
            "../../../core/wire/golden/0.1/api-print-job.json"
        ))
        .unwrap();
        assert_eq!(advice(&job), [""; 0]);
        job.state = JobState::Uncertain;
        job.detail = Some("the connection broke".to_owned());
        assert!(advice(&job)[1].ends_with(&format!("`cueline reprint {} --by NAME`", job.id)));
        job.tickets = Some(cueline_model::TicketCount {
            printed: 6,
            unknown: 1,
            total: 10,
        });
        assert_eq!(
            outcome(&job),
            "uncertain, it may be on paper (tickets 1-6 printed, 7 unknown, 8-10 not printed): the \
             connection broke"
        );
        assert!(advice(&job)[1].ends_with("--from-ticket 7 --by NAME`"));
        job.resolution = Some(Resolution {
            decision: Decision::NotPrinted,
            by: "Ann".to_owned(),
            reason: Some("blank\u{1b}[2J".to_owned()),
            at: job.created_at,
        });
        assert_eq!(advice(&job), [""; 0]);
        let said = job.resolution.as_ref().map(resolution).unwrap();
        assert_eq!(said, "is not on paper, says Ann: blank\\u{1b}[2J");
    }
}
