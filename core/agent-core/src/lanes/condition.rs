//! How a printer is, and what of that is news to the hub.

use cueline_model::{Fault, FaultCode, PrinterName, WallTime};
use cueline_wire::cloud::PrinterStatus;

/// What is wrong with a printer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Condition {
    /// What keeps it from printing.
    pub fault: Option<Fault>,
    /// What will soon do so.
    pub warning: Option<Fault>,
}

impl Condition {
    pub(crate) fn of(fault: Option<Fault>, warning: Option<Fault>) -> Self {
        Self { fault, warning }
    }

    /// It prints.
    pub(crate) fn well(warning: Option<Fault>) -> Self {
        Self::of(None, warning)
    }

    fn codes(&self) -> [Option<FaultCode>; 2] {
        [&self.fault, &self.warning].map(|fault| fault.as_ref().map(|fault| fault.code))
    }
}

/// What the hub was told of one printer.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// With the time since when it is so; `None`: nothing yet since this program's start.
    newest: Option<(Condition, WallTime)>,
}

impl Told {
    /// Whether something keeps the printer from printing, as far as is known.
    pub(super) fn is_faulty(&self) -> bool {
        let newest = self.newest.as_ref();
        newest.is_some_and(|(condition, _)| condition.fault.is_some())
    }

    pub(super) fn warning(&self) -> Option<Fault> {
        self.newest.as_ref()?.0.warning.clone()
    }

    /// What to tell the hub, where that is news. A new sentence for the same fault keeps the time
    /// since which it lasts.
    pub(super) fn news(
        &mut self,
        printer: &PrinterName,
        condition: Condition,
        hub_now: WallTime,
    ) -> Option<PrinterStatus> {
        let mut since = hub_now;
        if let Some((told, told_since)) = &self.newest {
            if *told == condition {
                return None;
            }
            if told.codes() == condition.codes() {
                since = *told_since;
            }
        }
        self.newest = Some((condition.clone(), since));
        let Condition { fault, warning } = condition;
        Some(PrinterStatus {
            printer: printer.clone(),
            fault,
            warning,
            since,
        })
    }
}
