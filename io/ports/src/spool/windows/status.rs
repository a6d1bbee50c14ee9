//! What the status bits of the Windows spooler mean.

use cueline_model::{Fault, FaultCode, Proof};
use windows::Win32::Graphics::Printing as win;

use crate::windows_calls::JobState;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// As far as this.
    Done(Proof),
    /// Somebody deleted it.
    Deleted,
}

/// Whether a job has ended, by what it was and what it is now. A queue forgets a job that is through, so
/// one that was printing, or about to, and is gone is through.
pub(super) fn job_end(before: Option<JobState>, now: Option<JobState>) -> Option<End> {
    match now {
        Some(job) if job.status & win::JOB_STATUS_COMPLETE != 0 => Some(End::Done(Proof::Sent)),
        Some(job) if job.status & win::JOB_STATUS_PRINTED != 0 => Some(End::Done(Proof::Spooled)),
        Some(job) if job.status & (win::JOB_STATUS_DELETED | win::JOB_STATUS_DELETING) != 0 => {
            Some(End::Deleted)
        }
        Some(_) => None,
        None => match before {
            Some(job) if job.status & (win::JOB_STATUS_DELETED | win::JOB_STATUS_DELETING) != 0 => {
                Some(End::Deleted)
            }
            _ => Some(End::Done(Proof::Spooled)),
        },
    }
}

/// What holds a job up.
pub(super) fn job_fault(queue: &str, status: u32) -> Option<Fault> {
    let table = [
        (
            win::JOB_STATUS_PAPEROUT,
            FaultCode::PaperOut,
            "out of paper",
        ),
        (win::JOB_STATUS_OFFLINE, FaultCode::Offline, "off line"),
        (
            win::JOB_STATUS_USER_INTERVENTION,
            FaultCode::DeviceError,
            "waiting for somebody to look at it",
        ),
        (
            win::JOB_STATUS_BLOCKED_DEVQ,
            FaultCode::DeviceError,
            "unable to print the job with its driver",
        ),
        (
            win::JOB_STATUS_PAUSED,
            FaultCode::Paused,
            "holding the job back",
        ),
        (
            win::JOB_STATUS_ERROR,
            FaultCode::DeviceError,
            "reporting an error",
        ),
    ];
    first(queue, status, &table)
}

/// What keeps a printer from printing.
pub(super) fn printer_fault(queue: &str, status: u32) -> Option<Fault> {
    let table = [
        (
            win::PRINTER_STATUS_PAPER_OUT,
            FaultCode::PaperOut,
            "out of paper",
        ),
        (win::PRINTER_STATUS_PAPER_JAM, FaultCode::PaperJam, "jammed"),
        (win::PRINTER_STATUS_DOOR_OPEN, FaultCode::CoverOpen, "open"),
        (
            win::PRINTER_STATUS_NO_TONER,
            FaultCode::RibbonOut,
            "out of toner, ink or ribbon",
        ),
        (
            win::PRINTER_STATUS_PAPER_PROBLEM,
            FaultCode::PaperJam,
            "in trouble with its paper",
        ),
        (
            win::PRINTER_STATUS_MANUAL_FEED,
            FaultCode::PaperOut,
            "waiting for paper by hand",
        ),
        (
            win::PRINTER_STATUS_OUTPUT_BIN_FULL,
            FaultCode::DeviceError,
            "full of printed paper",
        ),
        (
            win::PRINTER_STATUS_USER_INTERVENTION,
            FaultCode::DeviceError,
            "waiting for somebody to look at it",
        ),
        (win::PRINTER_STATUS_PAUSED, FaultCode::Paused, "paused"),
        (
            win::PRINTER_STATUS_PENDING_DELETION,
            FaultCode::Paused,
            "about to be removed",
        ),
        (win::PRINTER_STATUS_OFFLINE, FaultCode::Offline, "off line"),
        (
            win::PRINTER_STATUS_NOT_AVAILABLE,
            FaultCode::Offline,
            "not available",
        ),
        (
            win::PRINTER_STATUS_SERVER_OFFLINE,
            FaultCode::Offline,
            "cut off from its server",
        ),
        (
            win::PRINTER_STATUS_ERROR,
            FaultCode::DeviceError,
            "reporting an error",
        ),
    ];
    first(queue, status, &table)
}

/// What will soon keep it.
pub(super) fn printer_warning(queue: &str, status: u32) -> Option<Fault> {
    let low = status & win::PRINTER_STATUS_TONER_LOW != 0;
    low.then(|| {
        Fault::new(
            FaultCode::DeviceError,
            format!("The printer {queue} prints, but will soon be out of toner, ink or ribbon."),
        )
    })
}

fn first(queue: &str, status: u32, table: &[(u32, FaultCode, &str)]) -> Option<Fault> {
    let (_, code, what) = table.iter().find(|(bit, ..)| status & bit != 0)?;
    let text = format!(
        "The printer {queue} is {what}: look at it and at its queue; printing goes on by itself."
    );
    Some(Fault::new(*code, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(status: u32) -> Option<JobState> {
        Some(JobState {
            status,
            pages_printed: 0,
        })
    }

    #[test]
    fn a_job_ends_when_it_is_through_or_gone() {
        let printing = job(win::JOB_STATUS_PRINTING);
        assert_eq!(job_end(None, printing), None);
        assert_eq!(job_end(printing, None), Some(End::Done(Proof::Spooled)));
        assert_eq!(job_end(None, None), Some(End::Done(Proof::Spooled)));
        assert_eq!(
            job_end(job(win::JOB_STATUS_DELETING), None),
            Some(End::Deleted)
        );
        assert_eq!(
            job_end(
                printing,
                job(win::JOB_STATUS_COMPLETE | win::JOB_STATUS_PRINTED)
            ),
            Some(End::Done(Proof::Sent))
        );
    }

    #[test]
    fn bits_become_faults_the_most_telling_first() {
        let code = |status| printer_fault("q", status).map(|fault| fault.code);
        assert_eq!(code(0), None);
        assert_eq!(code(win::PRINTER_STATUS_PRINTING), None);
        assert_eq!(
            code(win::PRINTER_STATUS_ERROR | win::PRINTER_STATUS_PAPER_OUT),
            Some(FaultCode::PaperOut)
        );
    }
}
