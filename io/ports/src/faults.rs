//! What goes wrong on the way to a printer, in a clerk's words. To look whether a ticket in doubt came
//! out is said where the doubt is told.

use std::io;

use cueline_model::{Fault, FaultCode};

pub(crate) fn unreachable(peer: &str, error: &io::Error) -> Fault {
    let why = match error.kind() {
        io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        io::ErrorKind::ConnectionRefused => {
            return Fault::new(
                FaultCode::Unreachable,
                format!(
                    "The ticket printer at {peer} cannot be reached (connection refused): check that \
                     it is switched on; if another computer prints on it, wait until that is done."
                ),
            );
        }
        _ => error.to_string(),
    };
    Fault::new(
        FaultCode::Unreachable,
        format!(
            "The ticket printer at {peer} cannot be reached ({why}): check that it is switched on \
             and its cable is in."
        ),
    )
}

pub(crate) fn in_use(peer: &str) -> Fault {
    Fault::new(
        FaultCode::InUse,
        format!(
            "The ticket printer at {peer} is in use by another computer or program: printing goes \
             on by itself when that is done."
        ),
    )
}

pub(crate) fn no_answer(peer: &str) -> Fault {
    Fault::new(
        FaultCode::NoAnswer,
        format!(
            "The ticket printer at {peer} is connected but does not answer: switch it off and on \
             again; if another computer prints on it, wait until that is done."
        ),
    )
}

/// Whether some of the print was taken before it stopped.
pub(crate) fn not_taking(peer: &str, any_taken: bool) -> Fault {
    if !any_taken {
        return no_answer(peer);
    }
    Fault::new(
        FaultCode::NoAnswer,
        format!(
            "The ticket printer at {peer} stopped taking data in mid-print: switch it off and on \
             again."
        ),
    )
}

pub(crate) fn not_confirmed(peer: &str) -> Fault {
    Fault::new(
        FaultCode::NoAnswer,
        format!("The ticket printer at {peer} took the ticket but did not confirm it."),
    )
}

pub(crate) fn connection_lost(peer: &str, error: &io::Error) -> Fault {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "the printer closed it".to_owned(),
        io::ErrorKind::ConnectionReset => "the printer reset it".to_owned(),
        _ => error.to_string(),
    };
    Fault::new(
        FaultCode::ConnectionLost,
        format!(
            "The connection to the ticket printer at {peer} broke ({why}): check that it is \
             switched on and its cable is in."
        ),
    )
}

pub(crate) fn port_error(path: &str, attempted: &str, error: &io::Error) -> Fault {
    Fault::new(
        FaultCode::PortError,
        format!(
            "The ticket printer's port {path} could not be {attempted} ({error}): check that the \
             printer is connected and that this program may use it."
        ),
    )
}

pub(crate) fn still_busy(address: &str) -> Fault {
    Fault::new(
        FaultCode::NoAnswer,
        format!(
            "The ticket printer at {address} still holds on to an earlier print: switch it off and \
             on again."
        ),
    )
}

pub(crate) fn not_open(address: &str) -> Fault {
    Fault::new(
        FaultCode::Unreachable,
        format!("The ticket printer at {address} is not connected: connect before printing."),
    )
}
