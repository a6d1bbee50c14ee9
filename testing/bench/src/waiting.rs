//! The agent's memory while jobs wait for a printer that is away.

use std::time::Duration;

use anyhow::ensure;
use cueline_model::limits::AGENT_JOBS_MAX;
use cueline_model::{JobState, PrinterId};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::House;

use crate::idle::mib;
use crate::process::usage;

/// Bytes of each document: a ticket's picture for an 80 mm printer.
const DOCUMENT_BYTES: usize = 40_000;

/// Measures the agent with nothing to do, and with `count` jobs that wait at it.
///
/// # Errors
/// When the jobs do not get there.
pub async fn measure(count: usize) -> anyhow::Result<()> {
    ensure!(
        count <= AGENT_JOBS_MAX,
        "an agent takes at most {AGENT_JOBS_MAX} jobs at once, asked for {count}"
    );
    let mut house = House::open("", "proxy = \"none\"").await?;
    let api = house.hub.api()?;
    house.paper.process().kill()?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pid = house.till.process().pid();
    let before = usage(pid)?;
    let document: Vec<u8> = (0..DOCUMENT_BYTES).map(|place| place as u8).collect();
    for number in 0..count {
        let request = raw_job(house.printer.id, &document);
        api.submit_surely(&request, &format!("waiting {number}"))
            .await?;
    }
    wait_until_accepted(&api, house.printer.id, count).await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = usage(pid)?;
    println!(
        "agent with nothing to do: {:.1} MiB resident, {:.1} MiB of it its own",
        mib(before.resident_bytes),
        mib(before.anonymous_bytes)
    );
    println!(
        "agent while {count} jobs of {DOCUMENT_BYTES} bytes wait: {:.1} MiB resident, {:.1} MiB of it its own ({:.2} KiB a job)",
        mib(after.resident_bytes),
        mib(after.anonymous_bytes),
        after.anonymous_bytes.saturating_sub(before.anonymous_bytes) as f64 / 1024.0 / count as f64
    );
    Ok(())
}

async fn wait_until_accepted(api: &Api, printer: PrinterId, count: usize) -> anyhow::Result<()> {
    let path = format!(
        "/v1/print-jobs?printer={printer}&state={}&limit=1",
        JobState::Queued
    );
    for _ in 0..600 {
        let queued: serde_json::Value = api.get(&path).await?.json()?;
        if queued["data"].as_array().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("{count} jobs were not all at the agent after a minute")
}
