//! From the API call to the first byte at the printer and to the proof that it is printed, beside a raw
//! queue of CUPS on the same machine in the same run.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cueline_model::{JobId, JobState, PrinterId, Proof};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{FRONT, Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::paper::{Paper, ticket};
use cueline_wire::api::PrintJob;
use tokio::sync::mpsc;

use crate::raw_queue::RawQueue;
use crate::relay;
use crate::spread::Spread;

/// One page of a journal, about.
const SYNCED_BYTES: [u8; 4096] = [0x5a; 4096];
const PATIENCE: Duration = Duration::from_secs(10);

/// Times of one way from the click to the paper.
#[derive(Default)]
struct Way {
    accepted: Spread,
    first_byte: Spread,
    ended: Spread,
}

/// Measures `count` clicks, one after the other, each beside one through CUPS and one raw sync of the same
/// disk.
///
/// # Errors
/// When a ticket does not come out.
pub async fn measure(count: usize) -> anyhow::Result<()> {
    ensure!(count > 0, "expected at least one click, got none");
    let folder = tempfile::tempdir()?;
    let mut queue = RawQueue::start(folder.path()).await?;
    let paper = Paper::start(folder.path(), FRONT)?;
    let address = paper.address().replace("tcp://", "");
    let (port, mut first_bytes) = relay::start(address).await?;
    let hub = Hub::start(folder.path(), "")?;
    let setup = TillSetup {
        config: "proxy = \"none\"".to_owned(),
        printers: vec![PrinterSetup::escpos(
            FRONT,
            format!("tcp://127.0.0.1:{port}"),
        )],
        register_arguments: Vec::new(),
    };
    let _till = Till::start(folder.path(), "till-1", &hub, &setup).await?;
    let api = hub.api()?;
    let printer = wait_for_printer(&api, FRONT).await?.id;

    let (mut ours, mut cups, mut sync) = (Way::default(), Way::default(), Spread::default());
    for number in 0..count {
        sync.add(raw_sync(&folder.path().join("sync"))?);
        let title = format!("click {number}");
        click(&api, printer, &title, &mut first_bytes, &mut ours).await?;
        let times = queue
            .click(&ticket(&title))
            .await
            .with_context(|| format!("{title} through CUPS"))?;
        cups.accepted.add(times.accepted);
        cups.first_byte.add(times.first_byte);
        cups.ended.add(times.completed);
    }
    for (name, tickets) in [
        ("cueline", paper.titles()?.len()),
        ("CUPS", queue.tickets()?),
    ] {
        ensure!(
            tickets == count,
            "{count} clicks, and {tickets} tickets from {name}"
        );
    }
    println!("raw write and sync of 4 KiB       {sync}");
    println!("cueline: click to 201             {}", ours.accepted);
    println!("cueline: click to first byte      {}", ours.first_byte);
    println!("cueline: click to printed, seen   {}", ours.ended);
    println!("CUPS: lp to its end               {}", cups.accepted);
    println!("CUPS: lp to first byte            {}", cups.first_byte);
    println!("CUPS: lp to completed, seen       {}", cups.ended);
    for percent in [50, 99] {
        let ratio = |one: &Spread, other: &Spread| {
            one.percentile(percent).as_secs_f64() / other.percentile(percent).as_secs_f64()
        };
        println!(
            "p{percent}: first byte, cueline / CUPS {:.2}; printed / completed {:.2}; first byte / raw sync {:.1}",
            ratio(&ours.first_byte, &cups.first_byte),
            ratio(&ours.ended, &cups.ended),
            ratio(&ours.first_byte, &sync),
        );
    }
    Ok(())
}

/// One ticket through the API.
async fn click(
    api: &Api,
    printer: PrinterId,
    title: &str,
    first_bytes: &mut mpsc::Receiver<Instant>,
    ours: &mut Way,
) -> anyhow::Result<()> {
    let request = raw_job(printer, &ticket(title));
    let click = Instant::now();
    let job = api.submit_surely(&request, title).await?;
    ours.accepted.add(click.elapsed());
    let first = tokio::time::timeout(PATIENCE, first_bytes.recv())
        .await
        .with_context(|| format!("{title} did not reach the printer"))?
        .context("the relay ended")?;
    ours.first_byte.add(first.duration_since(click));
    let settled = settled(api, job.id).await?;
    ours.ended.add(click.elapsed());
    ensure!(
        settled.state == JobState::Done && settled.proof == Some(Proof::Printed),
        "{title} ended as {}, proof {:?}",
        settled.state,
        settled.proof
    );
    Ok(())
}

/// A job once it is settled, asked for again at once where the answer is a step on the way.
async fn settled(api: &Api, id: JobId) -> anyhow::Result<PrintJob> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let path = format!("/v1/print-jobs/{id}?wait=2");
        let job: PrintJob = api.get(&path).await?.json()?;
        if job.state.is_settled() {
            return Ok(job);
        }
        ensure!(
            Instant::now() < deadline,
            "{id} was not settled in {PATIENCE:?}: {job:#?}"
        );
    }
}

fn raw_sync(path: &Path) -> anyhow::Result<Duration> {
    let mut file = File::options().create(true).append(true).open(path)?;
    let start = Instant::now();
    file.write_all(&SYNCED_BYTES)?;
    file.sync_data()?;
    Ok(start.elapsed())
}
