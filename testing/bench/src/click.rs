//! From the API call to the first byte at the printer.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cueline_model::JobState;
use cueline_system::api::raw_job;
use cueline_system::box_office::{FRONT, Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::paper::{Paper, ticket};

use crate::relay;
use crate::spread::Spread;

/// One page of a journal, about.
const SYNCED_BYTES: [u8; 4096] = [0x5a; 4096];

/// Measures `count` clicks, one after the other, each beside one raw sync on the same disk.
///
/// # Errors
/// When a ticket does not come out.
pub async fn measure(count: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
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

    let mut to_first_byte = Spread::default();
    let mut to_acknowledgement = Spread::default();
    let mut to_printed = Spread::default();
    let mut sync = Spread::default();
    for number in 0..count {
        sync.add(raw_sync(&folder.path().join("sync"))?);
        let title = format!("click {number}");
        let request = raw_job(printer, &ticket(&title));
        let click = Instant::now();
        let job = api.submit_surely(&request, &title).await?;
        to_acknowledgement.add(click.elapsed());
        let first = tokio::time::timeout(Duration::from_secs(10), first_bytes.recv())
            .await
            .with_context(|| format!("{title} did not reach the printer"))?
            .context("the relay ended")?;
        to_first_byte.add(first.duration_since(click));
        let settled = api.settled(job.id, Duration::from_secs(10)).await?;
        to_printed.add(click.elapsed());
        ensure!(
            settled.state == JobState::Done,
            "{title} ended as {}",
            settled.state
        );
    }
    println!("raw write and sync of 4 KiB      {sync}");
    println!("click to 201                     {to_acknowledgement}");
    println!("click to first byte at printer   {to_first_byte}");
    println!("click to `done` seen by caller   {to_printed}");
    for percent in [50, 99] {
        println!(
            "click to first byte / raw sync, p{percent}: {:.1}",
            to_first_byte.percentile(percent).as_secs_f64()
                / sync.percentile(percent).as_secs_f64()
        );
    }
    Ok(())
}

fn raw_sync(path: &Path) -> anyhow::Result<Duration> {
    let mut file = File::options().create(true).append(true).open(path)?;
    let start = Instant::now();
    file.write_all(&SYNCED_BYTES)?;
    file.sync_data()?;
    Ok(start.elapsed())
}
