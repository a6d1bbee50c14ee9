//! Handing a print to the device, telling the core what becomes known meanwhile, stopping when asked.

use cueline_agent_core::{Event, PrintEnd, PrinterOp, Proven};
use cueline_model::{Failure, FailureCode, Fault, TicketCount};
use cueline_ports::{Extent, SoFar};
use cueline_printers::Print;
use tokio::sync::watch;

use super::changes::{Change, Changes};
use super::{PrinterTask, stopped, stopped_early};

impl PrinterTask {
    /// Prints. So many tickets of the job are not in `print`, since they were proven before; what the
    /// core is told counts them.
    pub(super) async fn send(
        &mut self,
        op: PrinterOp,
        print: &Print,
        left_out: u32,
        stop: &mut watch::Receiver<Option<PrinterOp>>,
    ) -> PrintEnd {
        let changes = Changes::new(self.device.warning().cloned());
        let device = &mut self.device;
        let printing = async {
            let ended = tokio::select! {
                ended = device.print(print, |event| changes.take(event)) => Some(ended),
                () = stopped(stop, op) => None,
            };
            changes.end();
            ended
        };
        let telling = async {
            while let Some(change) = changes.next().await {
                let printer = self.name.clone();
                let event = match change {
                    Change::Condition(condition) => {
                        log_condition(&printer, condition.fault.as_ref());
                        Event::PrinterCondition {
                            op,
                            printer,
                            fault: condition.fault,
                            warning: condition.warning,
                        }
                    }
                    Change::Proven(proven) => Event::PrintProgress {
                        op,
                        printer,
                        proven: Proven {
                            printed: proven.printed.saturating_add(left_out),
                            total: proven.total.saturating_add(left_out),
                        },
                    },
                };
                self.events.send(event).await.ok();
            }
        };
        let (ended, ()) = tokio::join!(printing, telling);
        match ended {
            Some(Ok(proof)) => PrintEnd::Done(proof),
            Some(Err(error)) => {
                let (extent, tickets) = (error.extent, error.tickets);
                unproven(error.fault, SoFar { extent, tickets }, left_out)
            }
            None => cancelled(changes.fault(), self.device.so_far(), left_out),
        }
    }
}

fn unproven(fault: Fault, so_far: SoFar, left_out: u32) -> PrintEnd {
    match so_far.extent {
        Extent::NothingSent => PrintEnd::NothingSent(fault),
        Extent::Refused => PrintEnd::Unprintable(Failure {
            code: FailureCode::UnsupportedContent,
            text: fault.text,
        }),
        Extent::InDoubt => PrintEnd::InDoubt {
            fault,
            tickets: so_far
                .tickets
                .filter(|count| count.total > 0)
                .map(|count| TicketCount {
                    printed: count.printed.saturating_add(left_out),
                    unknown: count.unknown,
                    total: count.total.saturating_add(left_out),
                }),
        },
    }
}

/// With the printer's own fault, so that the clerk still knows what is wrong with it.
fn cancelled(fault: Option<Fault>, so_far: SoFar, left_out: u32) -> PrintEnd {
    let mut fault = fault.unwrap_or_else(stopped_early);
    if so_far.extent == Extent::InDoubt {
        let what = fault.text.trim_end_matches('.');
        fault.text = format!("{what}, and the print was cancelled meanwhile.");
    }
    unproven(fault, so_far, left_out)
}

fn log_condition(printer: &cueline_model::PrinterName, fault: Option<&Fault>) {
    match fault {
        Some(fault) => tracing::warn!(%printer, "while printing: {fault}"),
        None => tracing::info!(%printer, "prints"),
    }
}

#[cfg(test)]
mod tests {
    use cueline_model::FaultCode;

    use super::*;

    #[test]
    fn what_was_refused_for_good_is_not_tried_again() {
        let fault = Fault::new(FaultCode::DataRefused, "It takes at most 999 copies.");
        let so_far = |extent| SoFar {
            extent,
            tickets: None,
        };
        assert_eq!(
            unproven(fault.clone(), so_far(Extent::Refused), 0),
            PrintEnd::Unprintable(Failure {
                code: FailureCode::UnsupportedContent,
                text: fault.text.clone(),
            })
        );
        // A printer's word about what it was sent before says nothing of this one.
        assert_eq!(
            unproven(fault.clone(), so_far(Extent::NothingSent), 0),
            PrintEnd::NothingSent(fault)
        );
    }
}
