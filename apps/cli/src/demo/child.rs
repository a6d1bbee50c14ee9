//! One program of the demo: started with its output in a file, watched, and ended politely.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::{Child as Process, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::siblings;

/// For saying that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// For ending by itself once asked.
const END_WITHIN: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of a log that are shown when its program fails.
const LOG_LINES_SHOWN: usize = 12;

/// A running program; dropped, it is killed.
pub struct Child {
    name: &'static str,
    log: PathBuf,
    process: Process,
}

impl Child {
    /// Starts a sibling of this program with both outputs in `log`.
    pub fn start(
        name: &'static str,
        log: PathBuf,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(siblings::find(name)?);
        configure(&mut command);
        let out = File::create(&log).with_context(|| format!("make {}", log.display()))?;
        let errors = out.try_clone().context("share a log between two outputs")?;
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .kill_on_drop(true);
        apart_from_terminal(&mut command);
        let process = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Self { name, log, process })
    }

    /// Waits for a line with `marker` in it and gives what follows the marker on that line.
    pub async fn said(&mut self, marker: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            // Whether it lives is asked first: what it said before it ended counts.
            let ended = self.status()?;
            if let Some(found) = find_in_log(&self.log, marker) {
                return Ok(found);
            }
            if let Some(status) = ended {
                bail!(
                    "{} ended before it was ready ({status}){}",
                    self.name,
                    self.last_lines()
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "{} was not ready within {} s{}",
                    self.name,
                    READY_WITHIN.as_secs(),
                    self.last_lines()
                );
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until it has ended well.
    pub async fn succeeded(&mut self) -> anyhow::Result<()> {
        let waited = timeout(READY_WITHIN, self.process.wait()).await;
        let Ok(status) = waited else {
            bail!(
                "{} had not ended within {} s{}",
                self.name,
                READY_WITHIN.as_secs(),
                self.last_lines()
            );
        };
        let status = status.with_context(|| format!("wait for {}", self.name))?;
        if !status.success() {
            bail!("{} ended with {status}{}", self.name, self.last_lines());
        }
        Ok(())
    }

    /// Fails with the log's last lines where it no longer runs.
    pub fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.status()? {
            bail!(
                "{} ended by itself ({status}){}",
                self.name,
                self.last_lines()
            );
        }
        Ok(())
    }

    /// `None` while it runs.
    fn status(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        let status = self.process.try_wait();
        status.with_context(|| format!("ask whether {} runs", self.name))
    }

    fn last_lines(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let skipped = lines.len().saturating_sub(LOG_LINES_SHOWN);
        if lines.is_empty() {
            return " and said nothing".to_owned();
        }
        format!("; its last words:\n  {}", lines[skipped..].join("\n  "))
    }

    /// Asks it to end, waits, and kills it where it does not.
    pub async fn end(mut self) {
        ask_to_end(&mut self.process);
        // Whatever comes out of the wait, the drop that follows leaves nothing running.
        let _ = timeout(END_WITHIN, self.process.wait()).await;
    }
}

fn find_in_log(log: &Path, marker: &str) -> Option<String> {
    let text = fs::read_to_string(log).ok()?;
    // A line without its end may be half written.
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .find_map(|line| line.split_once(marker))
        .map(|(_, rest)| rest.trim().to_owned())
}

/// A group of its own, so that Ctrl-C in the terminal reaches the demo alone, which then ends its
/// programs in their order.
#[cfg(unix)]
fn apart_from_terminal(command: &mut Command) {
    command.process_group(0);
}

/// The same on Windows, where a new group does not get Ctrl-C.
#[cfg(windows)]
fn apart_from_terminal(command: &mut Command) {
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

#[cfg(unix)]
fn ask_to_end(process: &mut Process) {
    use rustix::process::{Pid, Signal, kill_process};
    let id = process.id().and_then(|id| i32::try_from(id).ok());
    if let Some(id) = id.and_then(Pid::from_raw) {
        // It may have ended in this moment, which is what is wanted.
        let _ = kill_process(id, Signal::TERM);
    }
}

/// Windows has no polite way to a program without a window; all of ours survive a kill.
#[cfg(windows)]
fn ask_to_end(process: &mut Process) {
    let _ = process.start_kill();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_count() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "noise\nlistening on 127.0.0.1:4").unwrap();
        assert_eq!(find_in_log(&log, "listening on "), None);
        fs::write(&log, "noise\nINFO listening on 127.0.0.1:4242\n").unwrap();
        let found = find_in_log(&log, "listening on ");
        assert_eq!(found.as_deref(), Some("127.0.0.1:4242"));
        assert_eq!(find_in_log(&folder.path().join("none"), "x"), None);
    }
}
