//! The printers' end, as a test plays it.

use cueline_agent_core::{Event, PrintEnd, PrinterOp, Proven};
use cueline_model::{Failure, FailureCode, Fault, FaultCode, Proof, TicketCount};

use super::{Till, Use};

impl Till {
    pub fn open_op(&self, printer: &str) -> Option<PrinterOp> {
        self.use_of(printer).map(|(op, _)| op)
    }

    pub fn ready(&mut self, printer: &str) {
        let op = self.open_op(printer).expect("a printer being opened");
        let printer = printer.parse().unwrap();
        self.event(Event::PrinterReady {
            op,
            printer,
            warning: None,
        });
    }

    /// It is ready, and its paper is low.
    pub fn ready_with_little_paper(&mut self, printer: &str) {
        let op = self.open_op(printer).expect("a printer being opened");
        let printer = printer.parse().unwrap();
        let warning = Some(fault(FaultCode::PaperLow));
        self.event(Event::PrinterReady {
            op,
            printer,
            warning,
        });
    }

    /// What is wrong with a printer that prints, from now on.
    pub fn condition(&mut self, printer: &str, code: Option<FaultCode>) {
        let op = self.open_op(printer).expect("an open printer");
        let printer = printer.parse().unwrap();
        self.event(Event::PrinterCondition {
            op,
            printer,
            fault: code.map(fault),
            warning: None,
        });
    }

    /// It has proven so many tickets of the job.
    pub fn proves(&mut self, printer: &str, printed: u32, total: u32) {
        let op = self.open_op(printer).expect("an open printer");
        let printer = printer.parse().unwrap();
        self.event(Event::PrintProgress {
            op,
            printer,
            proven: Proven { printed, total },
        });
    }

    pub fn not_ready(&mut self, printer: &str, code: FaultCode) {
        let op = self.open_op(printer).expect("a printer being opened");
        let printer = printer.parse().unwrap();
        let fault = fault(code);
        self.event(Event::PrinterNotReady {
            op,
            printer,
            fault,
            warning: None,
        });
    }

    pub fn print_ends(&mut self, printer: &str, end: PrintEnd) {
        let op = self.open_op(printer).expect("an open printer");
        if let Some(job) = self.printing.remove(&op)
            && matches!(end, PrintEnd::NothingSent(_) | PrintEnd::Unprintable(_))
        {
            *self.on_paper.entry(job).or_default() -= 1;
        }
        let printer = printer.parse().unwrap();
        self.event(Event::PrintEnded { op, printer, end });
    }

    pub fn print_done(&mut self, printer: &str) {
        self.print_ends(printer, PrintEnd::Done(Proof::Printed));
    }

    pub fn is_opening(&self, printer: &str) -> bool {
        self.use_of(printer)
            .is_some_and(|(_, used)| used == Use::Opening)
    }

    pub fn is_printing(&self, printer: &str) -> bool {
        self.use_of(printer)
            .is_some_and(|(_, used)| used == Use::Printing)
    }

    fn use_of(&self, printer: &str) -> Option<(PrinterOp, Use)> {
        self.printers.get(&printer.parse().unwrap()).copied()
    }
}

pub fn fault(code: FaultCode) -> Fault {
    Fault::new(code, format!("the printer says {}", code.as_str()))
}

pub fn in_doubt(code: FaultCode, tickets: Option<TicketCount>) -> PrintEnd {
    let fault = fault(code);
    PrintEnd::InDoubt { fault, tickets }
}

pub fn tickets(printed: u32, unknown: u32, total: u32) -> Option<TicketCount> {
    Some(TicketCount {
        printed,
        unknown,
        total,
    })
}

pub fn failure(code: FailureCode) -> Failure {
    Failure {
        code,
        text: "no use".to_owned(),
    }
}
