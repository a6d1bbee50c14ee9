//! What the API says of a job of several tickets, held against the paper, ticket by ticket.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use cueline_model::{JobState, Proof};
use cueline_wire::api::PrintJob;

use crate::paper::{Paper, ticket};

/// Every title begins with this, so that it is found on a ticket among other lines.
const TITLE_PREFIX: &str = "No. ";

/// A ticket's title: which job, and which of its tickets from 1.
#[must_use]
pub fn title(job: u64, ticket: u32) -> String {
    format!("{TITLE_PREFIX}{job}.{ticket}")
}

/// The bytes of tickets 1 to `count` of a job in a printer's language.
#[must_use]
pub fn tickets(language: &str, job: u64, count: u32) -> Vec<u8> {
    let one = |number| {
        let title = title(job, number);
        match language {
            "fgl" => format!("<RC20,20><F3><HW1,1>{title}<p>").into_bytes(),
            "zpl" => format!("^XA^FO20,20^A0N,40,40^FD{title}^FS^XZ").into_bytes(),
            _ => ticket(&title),
        }
    };
    (1..=count).flat_map(one).collect()
}

/// How often one title lies on the paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copies {
    /// On whole tickets; one that goes on upon the next roll is whole where it ends.
    pub whole: u32,
    /// On torn ones.
    pub torn: u32,
}

/// Everything that came out of one printer, by title.
#[derive(Debug, Default)]
pub struct Sheets(BTreeMap<String, Copies>);

impl Sheets {
    /// Reads the list of a printer's tickets.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(paper: &Paper) -> anyhow::Result<Self> {
        let mut sheets = Self::default();
        let mut begun = String::new();
        for ticket in paper.tickets()? {
            let title = ticket
                .text
                .iter()
                .find(|line| line.starts_with(TITLE_PREFIX));
            // On two rolls a ticket is still one.
            let title = match title {
                Some(title) => title.trim().to_owned(),
                None if ticket.continued => std::mem::take(&mut begun),
                None => continue,
            };
            let copies = sheets.0.entry(title.clone()).or_default();
            begun = title;
            if ticket.torn {
                copies.torn += 1;
            } else {
                copies.whole += 1;
            }
        }
        Ok(sheets)
    }

    /// How often this ticket is there.
    #[must_use]
    pub fn copies(&self, job: u64, ticket: u32) -> Copies {
        self.0.get(&title(job, ticket)).copied().unwrap_or_default()
    }
}

/// What the API says of a settled job and the paper bears out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Tickets that are told printed; each is there once.
    pub printed: u32,
    /// So many of these were found.
    pub printed_on_paper: u32,
    /// Tickets that are told unknown.
    pub unknown: u32,
    /// So many of these are there.
    pub unknown_on_paper: u32,
}

/// Holds a settled job of `count` tickets against the paper.
///
/// # Errors
/// When a ticket that is told printed is not there exactly once, one that is told not printed is, any came
/// out twice, or the job ended otherwise than printed or uncertain.
pub fn verdict(
    (job, count): (u64, u32),
    told: &PrintJob,
    sheets: &Sheets,
) -> anyhow::Result<Verdict> {
    let (printed, unknown) = match told.state {
        JobState::Done => {
            ensure!(told.proof == Some(Proof::Printed), "not proven");
            (count, 0)
        }
        JobState::Uncertain => {
            let told = told.tickets.context("an uncertain job without its count")?;
            ensure!(told.total == count, "counted {told}");
            (told.printed, told.unknown)
        }
        state => bail!("ended {state}"),
    };
    let mut verdict = Verdict {
        printed,
        unknown,
        ..Verdict::default()
    };
    for ticket in 1..=count {
        let Copies { whole, torn } = sheets.copies(job, ticket);
        ensure!(whole <= 1, "ticket {ticket} came out {whole} times");
        if ticket <= printed {
            ensure!(
                whole == 1,
                "ticket {ticket} is told printed and is not there"
            );
            verdict.printed_on_paper += whole;
        } else if ticket <= printed + unknown {
            verdict.unknown_on_paper += whole;
        } else {
            ensure!(
                whole + torn == 0,
                "ticket {ticket} is told not printed and is there"
            );
        }
    }
    Ok(verdict)
}
