//! Every fault at every printer: what the clerk reads, what the API tells, what came out, and that the lane goes
//! on alone. The table in `docs/printer-faults.md` is what this test writes.
//!
//! `CUELINE_BLESS=1` writes the table anew; otherwise it must be as it stands.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "printer_faults/plan.rs"]
mod plan;
#[path = "printer_faults/row.rs"]
mod row;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cueline_model::{FaultCode, JobId, JobState, PrinterId, Proof};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::emupos::Emupos;
use cueline_system::held_to_paper::{Sheets, tickets, verdict};
use cueline_system::paper::Paper;
use cueline_system::settings;
use cueline_wire::api::PrintJob;
use plan::{KINDS, Kind, OverOnce, SCENARIOS, Scenario};
use row::{Row, first_since, on_paper, table};

const TABLE: &str = "docs/printer-faults.md";
/// Tickets of the job that the fault hits.
const TICKETS: u32 = 3;
/// How long the virtual printers take for a ticket, so that a fault has a middle to happen in.
const TICKET_MS: &str = "1000";
const TIMEOUTS: &str = "timeouts = { readiness_s = 2, stall_s = 5, proof_s = 5, fault_patience_s = 120, poll_period_s = 0.1 }";
const SETTLED_WITHIN: Duration = Duration::from_secs(80);
/// Between questions to the hub.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// What emupos can do, by its own words.
const EMUPOS_FAULTS: [(&str, &str); 3] = [
    ("paper out before the ticket", "paper-out"),
    ("cover open before the ticket", "cover-open"),
    ("off line before the ticket", "offline"),
];

/// A printer with the API's eyes on it.
struct Watched {
    api: Arc<Api>,
    printer: PrinterId,
    name: String,
}

impl Watched {
    async fn of(api: &Arc<Api>, name: &str) -> anyhow::Result<Self> {
        Ok(Self {
            api: Arc::clone(api),
            printer: wait_for_printer(api, name).await?.id,
            name: name.to_owned(),
        })
    }

    async fn put_in(&self, number: u64, bytes: &[u8]) -> anyhow::Result<JobId> {
        let key = format!("{}-{number}", self.name);
        let request = raw_job(self.printer, bytes);
        Ok(self.api.submit_surely(&request, &key).await?.id)
    }

    async fn settled(&self, job: JobId) -> anyhow::Result<PrintJob> {
        self.api.settled(job, SETTLED_WITHIN).await
    }

    async fn newest_event(&self) -> anyhow::Result<u64> {
        let events = self.api.printer_events(self.printer).await?;
        Ok(events.first().map_or(0, |event| event.id))
    }

    async fn first_event(&self, before: u64) -> anyhow::Result<Option<(FaultCode, String)>> {
        let events = self.api.printer_events(self.printer).await?;
        Ok(first_since(before, &events))
    }

    /// Waits until the API tells of a fault.
    async fn told(&self, before: u64) -> anyhow::Result<()> {
        let deadline = Instant::now() + SETTLED_WITHIN;
        while self.first_event(before).await?.is_none() {
            ensure!(Instant::now() < deadline, "no event in {SETTLED_WITHIN:?}");
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until the API tells of no fault any more.
    async fn well_again(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + SETTLED_WITHIN;
        loop {
            let printers = self.api.printers().await?;
            let printer = printers.iter().find(|printer| printer.id == self.printer);
            let fault = &printer.context("the printer is gone")?.fault;
            match fault {
                None => return Ok(()),
                Some(fault) if Instant::now() > deadline => bail!("still told: {fault}"),
                Some(_) => tokio::time::sleep(ASK_EVERY).await,
            }
        }
    }
}

/// One scenario at one virtual printer.
async fn suffer(
    watched: &Watched,
    other: Option<&Watched>,
    paper: &Paper,
    kind: &'static Kind,
    scenario: &'static Scenario,
) -> anyhow::Result<Row> {
    let bytes = |number, count| tickets(kind.language, number, count);
    let first = watched.put_in(1, &bytes(1, 1)).await?;
    let first = watched.settled(first).await?;
    ensure!(first.state == JobState::Done, "not even well: {first:#?}");
    let before = watched.newest_event().await?;

    paper.control(&scenario.command(kind))?;
    let hit = watched.put_in(2, &bytes(2, TICKETS)).await?;
    let behind = watched.put_in(3, &bytes(3, 1)).await?;
    let mut event = None;
    let mut others = None;
    match scenario.over(kind) {
        OverOnce::Told => watched.told(before).await?,
        OverOnce::ToldFor(time) => {
            watched.told(before).await?;
            tokio::time::sleep(time).await;
        }
        OverOnce::Ended => {
            watched.settled(hit).await?;
        }
        OverOnce::OtherTold => {
            let other = other.context("a second agent")?;
            watched.told(before).await?;
            others = Some(other.put_in(4, &bytes(4, 1)).await?);
            other.told(0).await?;
            event = other.first_event(0).await?;
        }
    }
    // What an ended job's printer may say later is another matter, and comes when it likes.
    if event.is_none() && scenario.over(kind) != OverOnce::Ended {
        event = watched.first_event(before).await?;
    }
    paper.control("fault none")?;

    let job = watched.settled(hit).await?;
    let behind = watched.settled(behind).await?;
    ensure!(
        behind.state == JobState::Done,
        "the job behind: {behind:#?}"
    );
    watched.well_again().await?;
    if let (Some(other), Some(others)) = (other, others) {
        let others = other.settled(others).await?;
        let sheets = Sheets::of(paper)?;
        verdict((4, 1), &others, &sheets).with_context(|| format!("{others:#?}"))?;
        ensure!(others.state == JobState::Done, "the other's: {others:#?}");
        other.well_again().await?;
    }
    let sheets = Sheets::of(paper)?;
    for (number, count, job) in [(1, 1, &first), (2, TICKETS, &job), (3, 1, &behind)] {
        verdict((number, count), job, &sheets).with_context(|| format!("{job:#?}"))?;
    }
    let pieces = paper.tickets()?.iter().filter(|ticket| ticket.torn).count();
    Ok(Row {
        fault: scenario.shown,
        printer: kind.shown,
        event,
        paper: on_paper(2, TICKETS, &sheets, pieces),
        job,
    })
}

/// What emupos can do, one after the other: it has one printer.
async fn suffer_at_emupos(watched: &Watched, emupos: &Emupos) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let (mut number, mut receipts) = (0, 0);
    for (shown, fault) in EMUPOS_FAULTS {
        let before = watched.newest_event().await?;
        emupos.set_fault(fault, true)?;
        let mut jobs = Vec::new();
        for count in [TICKETS, 1] {
            number += 1;
            let bytes = tickets("escpos", number, count);
            jobs.push(watched.put_in(number, &bytes).await?);
            receipts += count as usize;
        }
        watched.told(before).await?;
        let event = watched.first_event(before).await?;
        let printed = emupos.receipts()?.len();
        emupos.set_fault(fault, false)?;
        let mut ended = Vec::new();
        for job in jobs {
            let job = watched.settled(job).await?;
            ensure!(job.proof == Some(Proof::Sent), "{job:#?}");
            ended.push(job);
        }
        watched.well_again().await?;
        let deadline = Instant::now() + SETTLED_WITHIN;
        while emupos.receipts()?.len() < receipts && Instant::now() < deadline {
            tokio::time::sleep(ASK_EVERY).await;
        }
        let after = emupos.receipts()?.len();
        ensure!(after == receipts, "{after} receipts, not {receipts}");
        ensure!(
            printed + TICKETS as usize + 1 == after,
            "something was printed in the fault"
        );
        rows.push(Row {
            fault: shown,
            printer: "ESC/POS (emupos)",
            event,
            job: ended.swap_remove(0),
            paper: "1, 2, 3".to_owned(),
        });
    }
    Ok(rows)
}

/// A virtual printer with what is to be done to it.
struct Victim {
    name: String,
    kind: &'static Kind,
    scenario: &'static Scenario,
    paper: Paper,
}

impl Victim {
    fn setup(&self, name: &str) -> PrinterSetup {
        let lines = format!("language = \"{}\"\n{TIMEOUTS}", self.kind.language);
        PrinterSetup::new(name, self.paper.address(), lines)
    }

    async fn suffer(self, api: Arc<Api>) -> (Self, anyhow::Result<Row>) {
        let suffering = async {
            let this = Watched::of(&api, &self.name).await?;
            let other = match self.scenario.has_other_agent() {
                true => Some(Watched::of(&api, &self.other_name()).await?),
                false => None,
            };
            let (kind, scenario) = (self.kind, self.scenario);
            suffer(&this, other.as_ref(), &self.paper, kind, scenario).await
        };
        let row = suffering.await;
        let row = row.with_context(|| self.scenario.shown);
        (self, row)
    }

    fn other_name(&self) -> String {
        format!("{}-other", self.name)
    }
}

/// An address as sentences name it.
fn shown(address: &str) -> String {
    address.trim_start_matches("tcp://").to_owned()
}

fn victims(folder: &Path) -> anyhow::Result<Vec<Victim>> {
    let mut victims = Vec::new();
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        for kind in &KINDS {
            let name = format!("{}-{number}", kind.language);
            let arguments = ["--language", kind.language, "--ticket-ms", TICKET_MS];
            victims.push(Victim {
                paper: Paper::start_with(folder, &name, &arguments)?,
                name,
                kind,
                scenario,
            });
        }
    }
    Ok(victims)
}

#[tokio::test]
async fn every_fault_is_told_and_the_lane_goes_on_alone() {
    let folder = tempfile::tempdir().unwrap();
    let victims = victims(folder.path()).unwrap();
    let emupos = Emupos::start(folder.path()).unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let mut printers: Vec<PrinterSetup> = victims.iter().map(|v| v.setup(&v.name)).collect();
    let lines = format!("language = \"escpos\"\nmodel = \"escpos-no-echo\"\n{TIMEOUTS}");
    printers.push(PrinterSetup::new("emupos", emupos.address(), lines));
    let others = victims.iter().filter(|v| v.scenario.has_other_agent());
    let others = others.map(|v| v.setup(&v.other_name())).collect();
    let till = async |name, printers| {
        let setup = TillSetup {
            config: settings::QUICK_AGENT.to_owned(),
            printers,
            register_arguments: Vec::new(),
        };
        Till::start(folder.path(), name, &hub, &setup).await
    };
    let first = till("till-1", printers).await.unwrap();
    let second = till("till-2", others).await.unwrap();
    let api = Arc::new(hub.api().unwrap());
    let at_emupos = tokio::spawn({
        let api = Arc::clone(&api);
        async move {
            let watched = Watched::of(&api, "emupos").await?;
            let rows = suffer_at_emupos(&watched, &emupos).await?;
            let address = shown(&emupos.address());
            anyhow::Ok(rows.into_iter().map(move |row| (row, address.clone())))
        }
    });
    let at_victims: Vec<_> = victims
        .into_iter()
        .map(|victim| tokio::spawn(victim.suffer(Arc::clone(&api))))
        .collect();
    let (mut rows, mut failures, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for task in at_victims {
        let (victim, row) = task.await.unwrap();
        match row {
            Ok(row) => rows.push((row, shown(&victim.paper.address()))),
            Err(error) => failures.push(format!("{}: {error:#}", victim.name)),
        }
        // Stays on until all are through, so that the agents have nothing else to do.
        over.push(victim);
    }
    match at_emupos.await.unwrap() {
        Ok(more) => rows.extend(more),
        Err(error) => failures.push(format!("emupos: {error:#}")),
    }
    let page = table(&rows);
    println!("{page}");
    assert!(
        failures.is_empty(),
        "{}\n{}\n{}",
        failures.join("\n"),
        first.log(),
        second.log()
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(TABLE);
    if std::env::var_os("CUELINE_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == page,
        "{TABLE} is not what this run found; look at the difference and run with CUELINE_BLESS=1"
    );
}
