//! Processes of others that a test starts: waited for until they listen, ended so that they can tidy up.

use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::bail;
use rustix::process::{Pid, Signal, kill_process};

use crate::program::PATIENCE;

/// How long a process may take to end by itself.
const TIDY_UP_WITHIN: Duration = Duration::from_secs(5);

/// Waits until something listens on a port of 127.0.0.1.
///
/// # Errors
/// When the process ends first or [`PATIENCE`] is over.
pub fn wait_for_port(port: u16, child: &mut Child) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("it ended with {status} before it listened on port {port}");
        }
        if Instant::now() > deadline {
            bail!("it did not listen on port {port} in {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Asks a process to end, that it may end its own helpers; kills it if it does not.
pub fn end_politely(child: &mut Child) {
    if let Some(pid) = Pid::from_raw(child.id().cast_signed()) {
        // It may be gone already.
        let _ = kill_process(pid, Signal::TERM);
    }
    let deadline = Instant::now() + TIDY_UP_WITHIN;
    while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}
