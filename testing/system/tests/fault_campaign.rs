//! The fault campaign: printers that run out of paper, jam, are switched off, cut off, busy or mute at
//! random moments of jobs of several tickets, in three languages at once.
//!
//! Judge is the paper. A ticket that is reported printed lies on the paper once; one that is reported not
//! printed does not; a job is uncertain only where its printer could not say what became of it. Nobody
//! helps a lane: what was put in before a fault comes out after it. `CUELINE_ROUNDS` and `CUELINE_SEED`
//! choose length and plan.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_model::{JobId, JobState, PrinterId};
use cueline_sim::chance::Chance;
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::held_to_paper::{Sheets, tickets, verdict};
use cueline_system::paper::Paper;
use cueline_system::settings;
use cueline_wire::api::PrintJob;

const FAULTS: u64 = 300;
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// What can be done to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// A fault that the printer tells and that ends: nothing is ever in doubt.
    Told(&'static str),
    /// The connection is cut after so many bytes of a ticket.
    Cut { after_bytes: u64 },
    /// Answers as if all were well, and prints nothing.
    Stall,
    /// Prints, and its answers never come.
    Silent,
    /// Sends what is no status: an answer may drown in it, or be forged by it.
    Garbage,
    /// The cable is pulled out and put in again.
    Unplugged,
    /// Switched off and on again: what was in its memory is gone.
    Off,
}

impl Blow {
    /// Whether the printer may be unable to say what became of a ticket. An acknowledgement of FGL is a
    /// single byte, so after noise none is believed; the others can be asked until they are understood.
    fn may_leave_doubt(self, kind: &Kind) -> bool {
        match self {
            Self::Told(_) => false,
            Self::Garbage => kind.language == "fgl",
            _ => true,
        }
    }
}

struct Kind {
    language: &'static str,
    told: &'static [&'static str],
}

const KINDS: [Kind; 3] = [
    Kind {
        language: "escpos",
        told: &["paper_out", "cover_open", "offline", "cutter", "busy"],
    },
    Kind {
        language: "fgl",
        told: &["paper_out", "path_out path=1", "jam", "cutter", "busy"],
    },
    Kind {
        language: "zpl",
        told: &["paper_out", "cover_open", "ribbon_out"],
    },
];

/// A job that was put in, and the worst that was done to its printer while it was there.
struct Order {
    number: u64,
    tickets: u32,
    job: JobId,
    may_be_in_doubt: bool,
}

#[derive(Debug, Default)]
struct Tally {
    faults: u64,
    jobs: usize,
    tickets: u32,
    reported_printed: u32,
    on_paper: u32,
    jobs_uncertain: usize,
    tickets_unknown: u32,
    unknown_on_paper: u32,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.faults += other.faults;
        self.jobs += other.jobs;
        self.tickets += other.tickets;
        self.reported_printed += other.reported_printed;
        self.on_paper += other.on_paper;
        self.jobs_uncertain += other.jobs_uncertain;
        self.tickets_unknown += other.tickets_unknown;
        self.unknown_on_paper += other.unknown_on_paper;
    }
}

fn plan(kind: &Kind, chance: &mut Chance) -> Blow {
    match chance.between(0, 9) {
        0..=4 => Blow::Told(chance.pick(kind.told)),
        5 | 6 => Blow::Cut {
            after_bytes: chance.between(1, 60),
        },
        7 => chance.pick(&[Blow::Stall, Blow::Silent]),
        8 => Blow::Garbage,
        _ => chance.pick(&[Blow::Off, Blow::Unplugged]),
    }
}

async fn strike(paper: &Paper, blow: Blow, for_ms: u64) -> anyhow::Result<()> {
    let command = match blow {
        Blow::Told(fault) => format!("fault {fault}"),
        Blow::Cut { after_bytes } => format!("fault cut_connection after={after_bytes}"),
        Blow::Stall => "fault stall".to_owned(),
        Blow::Silent => "fault silent".to_owned(),
        Blow::Garbage => format!("fault garbage bytes=200 seed={for_ms}"),
        Blow::Unplugged => "fault unplugged".to_owned(),
        Blow::Off => "fault off".to_owned(),
    };
    paper.control(&command)?;
    tokio::time::sleep(Duration::from_millis(for_ms)).await;
    paper.control("fault none")?;
    Ok(())
}

async fn put_in(
    api: &Api,
    printer: PrinterId,
    kind: &Kind,
    (number, tickets): (u64, u32),
) -> anyhow::Result<JobId> {
    let bytes = self::tickets(kind.language, number, tickets);
    let key = format!("{}-{number}", kind.language);
    let job = api.submit_surely(&raw_job(printer, &bytes), &key).await?;
    Ok(job.id)
}

/// One printer's share of the campaign.
async fn harass(
    api: &Api,
    paper: &Paper,
    kind: &Kind,
    rounds: u64,
    mut chance: Chance,
) -> anyhow::Result<Tally> {
    let printer = wait_for_printer(api, kind.language).await?.id;
    let mut orders = Vec::new();
    let mut number = 0;
    for round in 0..rounds {
        let blow = plan(kind, &mut chance);
        let (wait_ms, for_ms) = (chance.between(0, 40), chance.between(20, 400));
        let mut batch = Vec::new();
        for _ in 0..chance.between(1, 2) {
            number += 1;
            let tickets = u32::try_from(chance.between(1, 4))?;
            let job = put_in(api, printer, kind, (number, tickets)).await?;
            let may_be_in_doubt = blow.may_leave_doubt(kind);
            batch.push(Order {
                number,
                tickets,
                job,
                may_be_in_doubt,
            });
        }
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        strike(paper, blow, for_ms)
            .await
            .with_context(|| format!("{} round {round}: {blow:?}", kind.language))?;
        for order in &batch {
            let job = api.settled(order.job, SETTLED_WITHIN).await;
            job.with_context(|| {
                format!("{} round {round}: {blow:?} for {for_ms} ms", kind.language)
            })?;
        }
        orders.append(&mut batch);
    }
    let mut tally = Tally {
        faults: rounds,
        ..Tally::default()
    };
    let sheets = Sheets::of(paper)?;
    for order in &orders {
        let job = api.job(order.job).await?;
        tally
            .judge(order, &job, &sheets)
            .with_context(|| format!("{} No. {}: {job:#?}", kind.language, order.number))?;
    }
    Ok(tally)
}

impl Tally {
    fn judge(&mut self, order: &Order, job: &PrintJob, sheets: &Sheets) -> anyhow::Result<()> {
        self.jobs += 1;
        self.tickets += order.tickets;
        if job.state == JobState::Uncertain {
            ensure!(
                order.may_be_in_doubt,
                "in doubt, though its printer could tell all along"
            );
            self.jobs_uncertain += 1;
        }
        let verdict = verdict((order.number, order.tickets), job, sheets)?;
        self.reported_printed += verdict.printed;
        self.on_paper += verdict.printed_on_paper;
        self.tickets_unknown += verdict.unknown;
        self.unknown_on_paper += verdict.unknown_on_paper;
        Ok(())
    }
}

#[tokio::test]
async fn what_is_reported_printed_is_what_lies_on_the_paper() {
    let rounds = settings::number("CUELINE_ROUNDS", FAULTS) / KINDS.len() as u64;
    let seed = settings::number("CUELINE_SEED", 20_261_124);
    let folder = tempfile::tempdir().unwrap();
    let papers: Vec<Paper> = KINDS
        .iter()
        .map(|kind| {
            Paper::start_with(folder.path(), kind.language, &["--language", kind.language]).unwrap()
        })
        .collect();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let setup = TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: KINDS
            .iter()
            .zip(&papers)
            .map(|(kind, paper)| {
                let lines = format!(
                    "language = \"{}\"\ntimeouts = {{ readiness_s = 2, stall_s = 6, proof_s = 10, fault_patience_s = 20, poll_period_s = 0.1 }}",
                    kind.language
                );
                PrinterSetup::new(kind.language, paper.address(), lines)
            })
            .collect(),
        register_arguments: Vec::new(),
    };
    let till = Till::start(folder.path(), "till-1", &hub, &setup)
        .await
        .unwrap();
    let api = hub.api().unwrap();
    let [escpos, fgl, zpl] = papers.as_slice() else {
        unreachable!("a printer for each kind")
    };
    let chance = |salt| Chance::new(seed + salt);
    let tallies = tokio::join!(
        harass(&api, escpos, &KINDS[0], rounds, chance(0)),
        harass(&api, fgl, &KINDS[1], rounds, chance(1)),
        harass(&api, zpl, &KINDS[2], rounds, chance(2)),
    );
    let mut all = Tally::default();
    for tally in [tallies.0, tallies.1, tallies.2] {
        all.add(&tally.unwrap_or_else(|error| panic!("{error:#}\n{}", till.log())));
    }
    println!("{all:?} (seed {seed})");
    assert_eq!(all.reported_printed, all.on_paper);
    assert!(
        all.reported_printed > all.tickets / 2,
        "the campaign printed too little to mean anything: {all:?}"
    );
    assert!(all.jobs_uncertain > 0, "nothing was ever in doubt: {all:?}");
}
