//! What the kernel says of a process (Linux, proc(5)).

use std::time::Duration;

use anyhow::Context as _;

/// Memory and processor time of a process at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident memory that is the process's own, bytes (`RssAnon`).
    pub anonymous_bytes: u64,
    /// All resident memory, bytes (`VmRSS`), with what is shared with files on disk.
    pub resident_bytes: u64,
    /// Processor time used so far, in user and kernel mode.
    pub processor: Duration,
}

/// Reads a process's usage.
///
/// # Errors
/// When it is gone, or the machine has no `/proc`.
pub fn usage(pid: u32) -> anyhow::Result<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))
        .context("read /proc: this measurement needs Linux")?;
    let field = |name: &str| -> anyhow::Result<u64> {
        let kib: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .and_then(|rest| rest.split_whitespace().next())
            .with_context(|| format!("find {name} in /proc/{pid}/status"))?
            .parse()?;
        Ok(kib * 1024)
    };
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses and may hold spaces.
    let (_, rest) = stat.rsplit_once(')').context("read /proc/PID/stat")?;
    let ticks = |index: usize| -> anyhow::Result<u64> {
        let text = rest.split_whitespace().nth(index);
        Ok(text.context("read /proc/PID/stat")?.parse()?)
    };
    // utime and stime are fields 14 and 15, in ticks of 10 ms on every Linux that matters here.
    let processor = Duration::from_millis((ticks(11)? + ticks(12)?) * 10);
    Ok(Usage {
        anonymous_bytes: field("RssAnon:")?,
        resident_bytes: field("VmRSS:")?,
        processor,
    })
}
