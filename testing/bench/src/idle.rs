//! The agent at rest.

use std::time::Duration;

use cueline_system::box_office::House;

use crate::process::usage;

/// Measures hub and agent for `seconds` while one link is up and nothing happens.
///
/// # Errors
/// When a process ends or cannot be looked at.
pub async fn measure(seconds: u64) -> anyhow::Result<()> {
    let mut house = House::open("", "proxy = \"none\"").await?;
    // Start-up is over when the inventory has been told; a moment more for it to settle.
    tokio::time::sleep(Duration::from_secs(2)).await;
    for (name, pid) in [
        ("agent", house.till.process().pid()),
        ("hub", house.hub.process().pid()),
    ] {
        let before = usage(pid)?;
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        let after = usage(pid)?;
        let processor = after.processor.saturating_sub(before.processor);
        println!(
            "{name} idle for {seconds} s: {:.1} MiB resident, {:.1} MiB of it its own; {} ms of processor time ({:.3} %)",
            mib(after.resident_bytes),
            mib(after.anonymous_bytes),
            processor.as_millis(),
            processor.as_secs_f64() / Duration::from_secs(seconds).as_secs_f64() * 100.0
        );
    }
    Ok(())
}

/// Bytes as mebibytes.
#[expect(
    clippy::cast_precision_loss,
    reason = "a figure with one digit after the point"
)]
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
