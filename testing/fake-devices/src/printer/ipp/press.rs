//! The press: takes jobs in order, makes pages of them, and lets each come out in its time.

use std::io;
use std::ops::ControlFlow;
use std::time::Instant;

use cueline_documents::{Bits, Limits, PageSetup, pages};
use cueline_model::Language;
use cueline_paper::{Edge, Feed, Sheet};
use ipp::model::JobState;
use ring::digest;
use tokio::sync::{mpsc, watch};

use super::Shared;
use super::queue::Document;
use crate::printer::fault::PrinterFault;
use crate::printer::panel::{Change, until};
use crate::printer::sheet_run::{MidSheet, SheetRun, mid_sheet};
use crate::printer::tickets::{Origin, TicketTray};
use crate::printer::voice::noise;

/// Prints jobs until dropped.
///
/// # Errors
/// A page cannot be written.
pub(super) async fn run(shared: Shared, tray: TicketTray) -> io::Result<()> {
    let changed = shared.panel.subscribe();
    let mut press = Press {
        shared,
        tray,
        changed,
    };
    loop {
        press.follow_changes();
        let next = if press.fault().halts() {
            None
        } else {
            press.shared.queue.begin()
        };
        match next {
            Some((id, document)) => press.print(id, document).await?,
            None => press.rest(None).await,
        }
    }
}

struct Press {
    shared: Shared,
    tray: TicketTray,
    changed: watch::Receiver<u64>,
}

impl Press {
    fn fault(&self) -> PrinterFault {
        self.shared.panel.fault()
    }

    /// Waits until there may be something to do.
    async fn rest(&mut self, wake: Option<Instant>) {
        let wake = [wake, self.shared.panel.until()]
            .into_iter()
            .flatten()
            .min();
        tokio::select! {
            _ = self.changed.changed() => {}
            () = until(wake) => {}
            () = self.shared.queue.changed.notified() => {}
        }
    }

    /// Does what changed since it was last looked at; whether the power went.
    fn follow_changes(&mut self) -> bool {
        let mut power_went = false;
        self.changed.mark_unchanged();
        // Looked at first: what is over by itself is a change too.
        let _now = self.fault();
        while let Some(change) = self.shared.panel.take_change() {
            match change {
                Change::Fault {
                    to: PrinterFault::Off,
                    ..
                } => {
                    self.shared.queue.lose_all();
                    power_went = true;
                }
                Change::Noise { bytes, seed } => {
                    self.shared.queue.put_noise(noise(bytes, seed, false));
                }
                Change::Fault { .. } | Change::Button => {}
            }
        }
        power_went
    }

    async fn print(&mut self, id: i32, document: Document) -> io::Result<()> {
        let sha256 = digest::digest(&digest::SHA256, &document.bytes);
        let origin = Origin {
            sha256: sha256
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            bytes: document.bytes.len() as u64,
            continued: false,
        };
        for _ in 0..document.copies {
            let (sender, mut made) = mpsc::channel(1);
            let head = self.shared.settings.head;
            let document = document.clone();
            let maker = tokio::task::spawn_blocking(move || {
                let setup = PageSetup::new(head.dpi, head.width_dots, head.height_dots);
                let mut each = |bits: Bits| match sender.blocking_send(bits) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                };
                let limits = Limits::default();
                pages(
                    &document.bytes,
                    document.content_type,
                    &setup,
                    &limits,
                    &mut each,
                )
            });
            while let Some(bits) = made.recv().await {
                let sheet = Sheet {
                    bits,
                    text: Vec::new(),
                    edge: Edge::Whole,
                };
                if !self.page(id, sheet, origin.clone()).await? {
                    return Ok(());
                }
            }
            if let Ok(Err(error)) = maker.await {
                tracing::debug!(%error, "document not printed");
                self.shared
                    .queue
                    .report(id, JobState::Aborted, "document-format-error");
                return Ok(());
            }
        }
        self.shared
            .queue
            .report(id, JobState::Completed, "job-completed-successfully");
        Ok(())
    }

    /// One page; whether its job goes on after it.
    async fn page(&mut self, id: i32, sheet: Sheet, origin: Origin) -> io::Result<bool> {
        let time = self.shared.settings.ticket_time;
        let mut run = SheetRun::new(sheet, 1, origin, time, Feed::Down);
        // A page is begun only by a printer that can.
        run.start_again();
        loop {
            if self.follow_changes() {
                let rows = run.rows_now();
                if rows > 0 {
                    self.tray
                        .put(&run.sheet.torn_after(rows, Feed::Down), run.origin)?;
                }
                return Ok(false);
            }
            let fault = self.fault();
            let queue = &self.shared.queue;
            if fault.halts() {
                queue.report(id, JobState::ProcessingStopped, "printer-stopped");
            } else {
                queue.report(id, JobState::Processing, "job-printing");
            }
            let has_begun = run.rows_now() > 0;
            if !has_begun && queue.is_over(id) {
                return Ok(false);
            }
            if !has_begun && fault.halts() {
                self.rest(None).await;
                continue;
            }
            match mid_sheet(&mut run, &self.shared.panel, fault, Language::Pdf) {
                MidSheet::Wait(moment) => self.rest(moment).await,
                MidSheet::Fault { rows } => {
                    run.hold_at(rows);
                    self.shared.panel.rows_printed(rows);
                }
                MidSheet::Tear { rows } => {
                    let torn = run.sheet.torn_after(rows, Feed::Down);
                    self.tray.put(&torn, run.origin.clone())?;
                    run.start_again();
                }
                MidSheet::Done => {
                    self.tray.put(&run.sheet, run.origin)?;
                    self.shared.panel.ticket_out();
                    return Ok(queue.page_out(id));
                }
            }
        }
    }
}
