//! What a printer says is wrong (`printer-state-reasons`, RFC 8011, section 5.4.12; PWG 5100.9).

use cueline_model::{Fault, FaultCode};

/// How bad a reason is, by its ending; one without is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Report,
    Warning,
    Error,
}

/// Printer states (RFC 8011, section 5.4.11).
pub(crate) const STOPPED: i32 = 5;

/// What keeps the printer from printing, and what will or may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct State {
    pub(crate) fault: Option<Fault>,
    pub(crate) warning: Option<Fault>,
    /// What is wrong if a job that should print stands still: a queue that does not reach its printer
    /// says so and goes on "processing".
    pub(crate) suspect: Option<Fault>,
}

/// Makes sense of a printer's state.
///
/// A reason keeps the printer from printing only if the printer has stopped: with one tray empty of two,
/// or a lamp lit, it prints on, and a warning is all that is due.
pub(crate) fn state(
    name: &str,
    printer_state: Option<i32>,
    reasons: &[String],
    accepts_jobs: bool,
    message: Option<&str>,
) -> State {
    let mut known: Vec<(Severity, &str)> = reasons
        .iter()
        .map(|reason| split(reason))
        .filter(|(_, reason)| *reason != "none" && !reason.is_empty())
        .collect();
    known.sort_by_key(|(severity, reason)| (std::cmp::Reverse(*severity), rank(reason)));
    let stopped = printer_state == Some(STOPPED);
    let worst = known.first().copied();
    let fault = match worst {
        Some((severity, reason)) if stopped && severity > Severity::Report => {
            Some(fault(name, reason, message))
        }
        // A queue that nobody restarts stays stopped, and says no more than "paused" or nothing.
        _ if stopped => Some(fault(name, "paused", message)),
        _ if !accepts_jobs => Some(Fault::new(
            FaultCode::Paused,
            format!(
                "The printer {name} takes no jobs: let it accept jobs again where it is set up."
            ),
        )),
        _ => None,
    };
    let warning = match worst {
        Some((severity, reason)) if fault.is_none() && severity > Severity::Report => {
            Some(warning(name, reason))
        }
        _ => None,
    };
    let suspect = worst
        .filter(|(severity, reason)| *severity > Severity::Report && code(reason).is_some())
        .map(|(_, reason)| self::fault(name, reason, message))
        .filter(|fault| !fault.code.is_warning())
        .or_else(|| by_message(name, message?));
    State {
        fault,
        warning,
        suspect,
    }
}

fn split(reason: &str) -> (Severity, &str) {
    if let Some(reason) = reason.strip_suffix("-report") {
        (Severity::Report, reason)
    } else if let Some(reason) = reason.strip_suffix("-warning") {
        (Severity::Warning, reason)
    } else if let Some(reason) = reason.strip_suffix("-error") {
        (Severity::Error, reason)
    } else if reason.ends_with("-low") {
        // These say themselves that it goes on.
        (Severity::Warning, reason)
    } else {
        (Severity::Error, reason)
    }
}

/// The most telling first: `paused` and the like often come along with the cause.
fn rank(reason: &str) -> u8 {
    match code(reason) {
        Some(FaultCode::Paused | FaultCode::Offline) => 1,
        Some(_) => 0,
        None => 2,
    }
}

fn code(reason: &str) -> Option<FaultCode> {
    Some(match reason {
        "media-empty" | "media-needed" => FaultCode::PaperOut,
        "media-low" => FaultCode::PaperLow,
        "media-jam" => FaultCode::PaperJam,
        "cover-open"
        | "door-open"
        | "interlock-open"
        | "input-tray-missing"
        | "output-tray-missing" => FaultCode::CoverOpen,
        "marker-supply-empty" | "toner-empty" | "developer-empty" => FaultCode::RibbonOut,
        "paused" | "moving-to-paused" | "hold-new-jobs" => FaultCode::Paused,
        "connecting-to-device" | "timed-out" => FaultCode::NoAnswer,
        "shutdown" | "offline" | "deactivated" | "stopping" | "stopped-partly" => {
            FaultCode::Offline
        }
        "resuming" | "spool-area-full" => FaultCode::Busy,
        reason if reason.contains("cutter") || reason.contains("trimmer") => FaultCode::CutterError,
        reason if reason.contains("jam") => FaultCode::PaperJam,
        _ => return None,
    })
}

fn fault(name: &str, reason: &str, message: Option<&str>) -> Fault {
    let code = code(reason).unwrap_or(FaultCode::DeviceError);
    let said = match message.map(str::trim).filter(|message| !message.is_empty()) {
        Some(message) => format!(" ({message})"),
        None => String::new(),
    };
    let text = match code {
        FaultCode::PaperOut => format!(
            "The printer {name} is out of paper{said}: put some in; printing goes on by itself."
        ),
        FaultCode::PaperJam => format!(
            "Paper is stuck in the printer {name}{said}: take it out; printing goes on by itself."
        ),
        FaultCode::CoverOpen => format!(
            "The printer {name} is open or a tray is missing{said}: close it; printing goes on by itself."
        ),
        FaultCode::RibbonOut => format!(
            "The printer {name} is out of ribbon, ink or toner{said}: put some in; printing goes on by itself."
        ),
        FaultCode::CutterError => format!(
            "The cutter of the printer {name} is jammed{said}: clear it; printing goes on by itself."
        ),
        FaultCode::Paused => format!(
            "The printer {name} is paused or its queue is stopped{said}: let it go on at its buttons or where it is set up."
        ),
        FaultCode::NoAnswer => format!(
            "The queue {name} does not reach its printer{said}: check that it is switched on and its cable is in."
        ),
        FaultCode::Busy => format!("The printer {name} is busy{said}: printing goes on by itself."),
        FaultCode::Offline => format!(
            "The printer {name} is off line{said}: press its on-line button, or switch it off and on again."
        ),
        _ => format!("The printer {name} reports \"{reason}\"{said}: look at its display."),
    };
    Fault::new(code, text)
}

/// What the backends of CUPS say in words only (asked for in English, they say it in English).
fn by_message(name: &str, message: &str) -> Option<Fault> {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&[
        "unavailable",
        "unreachable",
        "not responding",
        "not connected",
    ]) {
        Some(fault(name, "connecting-to-device", Some(message)))
    } else if says(&["in use", "is busy"]) {
        Some(Fault::new(
            FaultCode::InUse,
            format!(
                "The printer of the queue {name} is in use by another computer ({message}): printing goes \
                 on by itself when that is done."
            ),
        ))
    } else {
        None
    }
}

fn warning(name: &str, reason: &str) -> Fault {
    match code(reason) {
        Some(FaultCode::PaperLow) => Fault::new(
            FaultCode::PaperLow,
            format!("The printer {name} will soon be out of paper: have some at hand."),
        ),
        Some(FaultCode::PaperOut) => Fault::new(
            FaultCode::PaperLow,
            format!("A tray of the printer {name} is out of paper: put some in."),
        ),
        code => Fault::new(
            code.unwrap_or(FaultCode::DeviceError),
            format!("The printer {name} prints, but reports \"{reason}\": look at its display."),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(printer_state: i32, reasons: &[&str]) -> (Option<FaultCode>, Option<FaultCode>) {
        let reasons: Vec<String> = reasons.iter().map(|reason| (*reason).to_owned()).collect();
        let state = state("office", Some(printer_state), &reasons, true, None);
        (
            state.fault.map(|fault| fault.code),
            state.warning.map(|fault| fault.code),
        )
    }

    #[test]
    fn reasons_become_faults_only_where_the_printer_has_stopped() {
        let (idle, stopped) = (3, STOPPED);
        let fault = |code| (Some(code), None);
        let warning = |code| (None, Some(code));
        let table: [(i32, &[&str], _); 14] = [
            (idle, &["none"], (None, None)),
            (idle, &[], (None, None)),
            (idle, &["media-low"], warning(FaultCode::PaperLow)),
            (idle, &["media-empty-warning"], warning(FaultCode::PaperLow)),
            (
                idle,
                &["cups-waiting-for-job-completed-report"],
                (None, None),
            ),
            (idle, &["wobbling-warning"], warning(FaultCode::DeviceError)),
            (stopped, &["media-empty-error"], fault(FaultCode::PaperOut)),
            (
                stopped,
                &["paused", "media-jam"],
                fault(FaultCode::PaperJam),
            ),
            (
                stopped,
                &["cover-open-warning"],
                fault(FaultCode::CoverOpen),
            ),
            (stopped, &["paused"], fault(FaultCode::Paused)),
            (stopped, &["none"], fault(FaultCode::Paused)),
            (
                stopped,
                &["marker-supply-empty-error"],
                fault(FaultCode::RibbonOut),
            ),
            (
                stopped,
                &["connecting-to-device"],
                fault(FaultCode::NoAnswer),
            ),
            (stopped, &["alignment-lost"], fault(FaultCode::DeviceError)),
        ];
        for (printer_state, reasons, wanted) in table {
            assert_eq!(codes(printer_state, reasons), wanted, "{reasons:?}");
        }
    }

    #[test]
    fn unknown_reasons_are_told_as_they_are() {
        let reasons = ["alignment-lost-error".to_owned()];
        let text = state("office", Some(STOPPED), &reasons, true, Some("see display"))
            .fault
            .unwrap()
            .text;
        assert!(
            text.contains("\"alignment-lost\"") && text.contains("see display"),
            "{text}"
        );
    }

    #[test]
    fn what_a_job_that_stands_still_waits_for_is_known() {
        let reasons = ["connecting-to-device".to_owned(), "media-low".to_owned()];
        let state = state("office", Some(4), &reasons, true, None);
        assert_eq!(state.fault, None);
        assert_eq!(state.suspect.unwrap().code, FaultCode::NoAnswer);
    }

    #[test]
    fn what_a_backend_says_in_words_only_is_understood() {
        let suspect = |message| {
            let state = state("office", Some(4), &["none".to_owned()], true, Some(message));
            state.suspect.map(|fault| fault.code)
        };
        let gone = "The printer may not exist or is unavailable at this time.";
        assert_eq!(suspect(gone), Some(FaultCode::NoAnswer));
        assert_eq!(suspect("The printer is in use."), Some(FaultCode::InUse));
        assert_eq!(suspect("Sending data to printer."), None);
    }

    #[test]
    fn a_queue_that_refuses_jobs_is_paused() {
        let state = state("office", Some(3), &[], false, None);
        assert_eq!(state.fault.unwrap().code, FaultCode::Paused);
    }
}
