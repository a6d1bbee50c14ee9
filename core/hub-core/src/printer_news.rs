//! What an agent's newest word on a printer changes: which faults began and which ended.

use cueline_model::{Fault, PrinterId, WallTime};
use cueline_wire::Timestamp;
use cueline_wire::api::{PrinterChange, PrinterEvent};
use cueline_wire::cloud::PrinterStatus;

use crate::job::shorten;

/// Events kept of one printer; the oldest beyond it are forgotten.
pub const PRINTER_EVENTS_MAX: usize = 500;

/// What is wrong with a printer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// What keeps it from printing.
    pub fault: Option<Fault>,
    /// What will soon do so.
    pub warning: Option<Fault>,
}

impl Condition {
    /// What an agent tells of a printer, its sentences cut to what the hub keeps.
    #[must_use]
    pub fn of(status: &PrinterStatus) -> Self {
        let kept = |fault: &Option<Fault>| {
            fault.clone().map(|mut fault| {
                shorten(&mut fault.text);
                fault
            })
        };
        Self {
            fault: kept(&status.fault),
            warning: kept(&status.warning),
        }
    }

    /// Whether there is nothing wrong.
    #[must_use]
    pub const fn is_fine(&self) -> bool {
        self.fault.is_none() && self.warning.is_none()
    }
}

/// A fault or a warning that began or ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Which of them.
    pub what: PrinterChange,
    /// What is wrong, or was.
    pub fault: Fault,
    /// When.
    pub at: WallTime,
}

impl News {
    /// The same as it is kept, under the number `id`.
    #[must_use]
    pub fn into_event(self, id: u64, printer: PrinterId) -> PrinterEvent {
        PrinterEvent {
            id,
            printer,
            what: self.what,
            code: self.fault.code,
            text: self.fault.text,
            at: Timestamp(self.at),
        }
    }
}

/// What is new in `now_is` after `was`, in the order in which it happened. Another sentence about the
/// same fault is no news. `since` is kept between `not_before` and `now`: the agent's clock may be
/// wrong.
#[must_use]
pub fn news(
    was: &Condition,
    now_is: &Condition,
    since: WallTime,
    (not_before, now): (WallTime, WallTime),
) -> Vec<News> {
    let at = since.min(now).max(not_before);
    let mut news = Vec::new();
    for (before, after, began, ended) in [
        (
            &was.fault,
            &now_is.fault,
            PrinterChange::FaultBegan,
            PrinterChange::FaultEnded,
        ),
        (
            &was.warning,
            &now_is.warning,
            PrinterChange::WarningBegan,
            PrinterChange::WarningEnded,
        ),
    ] {
        let code = |fault: &Option<Fault>| fault.as_ref().map(|fault| fault.code);
        if code(before) == code(after) {
            continue;
        }
        let told = [(ended, before), (began, after)];
        news.extend(told.into_iter().filter_map(|(what, fault)| {
            let fault = fault.clone()?;
            Some(News { what, fault, at })
        }));
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;
    use cueline_model::FaultCode;

    const LIFE: (WallTime, WallTime) = (WallTime(100), WallTime(200));

    fn condition(fault: Option<FaultCode>, warning: Option<FaultCode>) -> Condition {
        let with_text = |code: FaultCode| Fault::new(code, code.as_str());
        Condition {
            fault: fault.map(with_text),
            warning: warning.map(with_text),
        }
    }

    fn told(was: &Condition, now_is: &Condition) -> Vec<(PrinterChange, FaultCode)> {
        let news = news(was, now_is, WallTime(150), LIFE);
        news.iter().map(|n| (n.what, n.fault.code)).collect()
    }

    #[test]
    fn each_fault_begins_once_and_ends_once() {
        use FaultCode::{CoverOpen, PaperLow, PaperOut};
        use PrinterChange::{FaultBegan, FaultEnded, WarningBegan, WarningEnded};
        let fine = Condition::default();
        let low = condition(None, Some(PaperLow));
        let out = condition(Some(PaperOut), Some(PaperLow));
        let open = condition(Some(CoverOpen), None);
        for (was, now_is, expected) in [
            (&fine, &fine, vec![]),
            (&fine, &low, vec![(WarningBegan, PaperLow)]),
            (&low, &out, vec![(FaultBegan, PaperOut)]),
            (&out, &out, vec![]),
            (
                &out,
                &open,
                vec![
                    (FaultEnded, PaperOut),
                    (FaultBegan, CoverOpen),
                    (WarningEnded, PaperLow),
                ],
            ),
            (&open, &fine, vec![(FaultEnded, CoverOpen)]),
        ] {
            assert_eq!(told(was, now_is), expected);
        }
    }

    #[test]
    fn another_sentence_about_the_same_fault_is_no_news() {
        let mut reworded = condition(Some(FaultCode::PaperOut), None);
        if let Some(fault) = &mut reworded.fault {
            fault.text = "the left roll is empty".to_owned();
        }
        let was = condition(Some(FaultCode::PaperOut), None);
        assert_eq!(told(&was, &reworded), []);
    }

    #[test]
    fn a_wrong_clock_leads_neither_back_nor_forth() {
        let out = condition(Some(FaultCode::PaperOut), None);
        for (since, at) in [(0, 100), (150, 150), (900, 200)] {
            let news = news(&Condition::default(), &out, WallTime(since), LIFE);
            assert_eq!(news[0].at, WallTime(at));
        }
    }
}
