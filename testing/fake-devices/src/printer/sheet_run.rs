//! A sheet on its way out of the printer, and its copies after it.

use std::time::{Duration, Instant};

use cueline_model::Language;
use cueline_paper::{Feed, Sheet};

use super::fault::PrinterFault;
use super::panel::Panel;
use super::tickets::Origin;

/// A sheet that is coming out.
#[derive(Debug)]
pub(super) struct SheetRun {
    pub(super) sheet: Sheet,
    pub(super) origin: Origin,
    /// This one and those after it.
    pub(super) copies_left: u32,
    /// The cutter failed on it.
    pub(super) uncut: bool,
    time: Duration,
    rows: usize,
    /// Since when it comes out, where it has begun to.
    started: Option<Instant>,
    /// Rows that are out, where something happened on purpose at a row.
    held_at: Option<usize>,
}

/// What is due with a sheet that is coming out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MidSheet {
    /// Nothing before a moment, or before something changes.
    Wait(Option<Instant>),
    /// It is out.
    Done,
    /// So many rows are out, and here something was planned to happen.
    Fault { rows: usize },
    /// It is torn after so many rows, and printed again from its first when all is well.
    Tear { rows: usize },
}

/// What becomes of a sheet in the printer when something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Finished,
    Frozen,
    TornAndPrintedAgain,
}

/// Out of paper is not fatal to the ticket that a ticket printer is printing: its sensor is before the
/// head. A label printer finds out under the head; with an open cover or a jam no page is whole.
const fn then(fault: PrinterFault, language: Language) -> Then {
    match (fault, language) {
        (PrinterFault::Stall | PrinterFault::Hang | PrinterFault::Cutter, _) => Then::Frozen,
        (PrinterFault::Jam | PrinterFault::CoverOpen, Language::Fgl | Language::Zpl)
        | (
            PrinterFault::PaperOut | PrinterFault::PathOut { .. } | PrinterFault::RibbonOut,
            Language::Zpl,
        ) => Then::TornAndPrintedAgain,
        _ => Then::Finished,
    }
}

impl SheetRun {
    pub(super) fn new(
        sheet: Sheet,
        copies: u32,
        origin: Origin,
        time: Duration,
        along: Feed,
    ) -> Self {
        Self {
            rows: sheet.feed_rows(along).max(1),
            sheet,
            origin,
            copies_left: copies.max(1),
            uncut: false,
            time,
            started: Some(Instant::now()),
            held_at: None,
        }
    }

    /// The next copy, if there is one.
    pub(super) fn next_copy(self) -> Option<Self> {
        let copies_left = self
            .copies_left
            .checked_sub(1)
            .filter(|copies| *copies > 0)?;
        Some(Self {
            copies_left,
            uncut: false,
            started: Some(Instant::now()),
            held_at: None,
            ..self
        })
    }

    /// It was torn; it is printed again from its first row.
    pub(super) fn start_again(&mut self) {
        self.started = None;
        self.held_at = None;
    }

    /// Something happens when so many rows are out.
    pub(super) fn hold_at(&mut self, rows: usize) {
        self.held_at = Some(rows);
    }

    /// Rows that are out now.
    pub(super) fn rows_now(&self) -> usize {
        if let Some(rows) = self.held_at {
            return rows;
        }
        let Some(started) = self.started else {
            return 0;
        };
        if self.time.is_zero() {
            return self.rows;
        }
        let share = started.elapsed().as_secs_f64() / self.time.as_secs_f64();
        // At least a row: it has begun.
        ((self.rows as f64 * share.min(1.0)) as usize).max(1)
    }

    fn moment_of(&self, rows: usize) -> Option<Instant> {
        let share = rows.min(self.rows) as f64 / self.rows as f64;
        Some(self.started? + self.time.mul_f64(share))
    }
}

/// What is due with a sheet now.
pub(super) fn mid_sheet(
    run: &mut SheetRun,
    panel: &Panel,
    fault: PrinterFault,
    language: Language,
) -> MidSheet {
    if fault.halts() {
        match then(fault, language) {
            Then::Frozen => {
                run.uncut |= fault == PrinterFault::Cutter;
                return MidSheet::Wait(None);
            }
            Then::TornAndPrintedAgain if run.started.is_some() => {
                return MidSheet::Tear {
                    rows: run.rows_now(),
                };
            }
            Then::TornAndPrintedAgain => return MidSheet::Wait(None),
            Then::Finished => {}
        }
    }
    if run.started.is_none() {
        run.started = Some(Instant::now());
    }
    let now = Instant::now();
    let planned = panel.planned_row().filter(|rows| *rows < run.rows);
    if let Some(rows) = planned {
        return match run.moment_of(rows) {
            Some(moment) if moment > now => MidSheet::Wait(Some(moment)),
            _ => MidSheet::Fault { rows },
        };
    }
    match run.moment_of(run.rows) {
        Some(moment) if moment > now => MidSheet::Wait(Some(moment)),
        _ => MidSheet::Done,
    }
}
