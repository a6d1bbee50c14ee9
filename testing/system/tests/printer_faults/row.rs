//! One row of the table, and the table.

use cueline_model::{FaultCode, JobState};
use cueline_system::held_to_paper::Sheets;
use cueline_wire::api::{PrintJob, PrinterEvent};

const HEAD: &str = "\
# Faults of printers

Written by `testing/system/tests/printer_faults.rs`: hub, agents and printers are processes, and the fault is made at the printer. In
each row a job of one ticket is printed, the fault is made, and a job of three tickets and behind it one of one ticket are put in.
When what the row shows has been told, the fault is over, and nobody touches anything else. In every row the last job is then printed, each ticket that
is told printed lies on the paper once, and the printer's fault is told to be over.

*Event* is the code in `GET /v1/printers/{id}/events`; *the clerk reads* its sentence and, behind a dash, that of a job in doubt. A – is a
printer that has no word for what is wrong with it. emupos proves no tickets, so its jobs end as sent.

| Fault | Printer | Event | The clerk reads | The job | On paper |
|---|---|---|---|---|---|
";

/// One fault at one printer.
pub struct Row {
    pub fault: &'static str,
    pub printer: &'static str,
    /// The first event since the fault was made.
    pub event: Option<(FaultCode, String)>,
    pub job: PrintJob,
    pub paper: String,
}

impl Row {
    fn line(&self, address: &str) -> String {
        let mut says = Vec::new();
        let code = match &self.event {
            Some((code, text)) => {
                says.push(text.clone());
                format!("`{}`", code.as_str())
            }
            None => "–".to_owned(),
        };
        if self.job.state == JobState::Uncertain {
            says.push(self.job.detail.clone().unwrap_or_default());
        }
        let end = match (self.job.state, self.job.proof) {
            (JobState::Uncertain, _) => match self.job.tickets {
                Some(tickets) => format!("uncertain: {tickets}"),
                None => "uncertain".to_owned(),
            },
            (_, Some(proof)) => proof.as_str().to_owned(),
            (state, None) => state.as_str().to_owned(),
        };
        let mut says = says.join(" – ").replace(address, "ADDRESS");
        if says.is_empty() {
            says.push('–');
        }
        // Which of them it is hangs on what the printer had not read.
        let says = says
            .replace("the printer closed it", "the printer closed or reset it")
            .replace("the printer reset it", "the printer closed or reset it");
        format!(
            "| {} | {} | {code} | {says} | {end} | {} |\n",
            self.fault, self.printer, self.paper
        )
    }
}

/// Which tickets of a job lie on the paper.
pub fn on_paper(job: u64, count: u32, sheets: &Sheets, pieces: usize) -> String {
    let whole: Vec<String> = (1..=count)
        .filter(|ticket| sheets.copies(job, *ticket).whole > 0)
        .map(|ticket| ticket.to_string())
        .collect();
    let whole = match whole.len() {
        0 => "nothing".to_owned(),
        _ => whole.join(", "),
    };
    match pieces {
        0 => whole,
        1 => format!("{whole}, and a torn piece"),
        pieces => format!("{whole}, and {pieces} torn pieces"),
    }
}

/// The first thing that began to be wrong since `before`, the newest event of then.
pub fn first_since(before: u64, events: &[PrinterEvent]) -> Option<(FaultCode, String)> {
    use cueline_wire::api::PrinterChange;
    let began =
        |event: &&PrinterEvent| event.what == PrinterChange::FaultBegan && event.id > before;
    let first = events.iter().filter(began).min_by_key(|event| event.id)?;
    Some((first.code, first.text.clone()))
}

/// The whole page. Each row comes with its printer's address, which is another in every run.
pub fn table(rows: &[(Row, String)]) -> String {
    let lines = rows.iter().map(|(row, address)| row.line(address));
    lines.fold(HEAD.to_owned(), |page, line| page + &line)
}
