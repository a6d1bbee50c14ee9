//! How a virtual terminal is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::payments::Pace;

/// How a virtual terminal is set up.
#[derive(Debug, Clone)]
pub struct TerminalSettings {
    /// Where it takes connections of tills; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where it is told what to do; loopback only, port 0 takes a free one.
    pub control: SocketAddr,
    /// Where its ledger is. Made if it is not there.
    pub directory: PathBuf,
    /// How long things take.
    pub pace: Pace,
    /// How long a till may leave a packet unacknowledged before its connection is cut; what was
    /// approved stands.
    pub acknowledge_within: Duration,
    /// How long it is gone after a loss of power.
    pub power_off: Duration,
    /// Puts whole card numbers on receipts.
    pub leak_card_number: bool,
}

impl TerminalSettings {
    /// A fast terminal on free ports of loopback, its ledger in a directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: free,
            control: free,
            directory: directory.to_owned(),
            pace: Pace::default(),
            acknowledge_within: Duration::from_secs(10),
            power_off: Duration::from_millis(300),
            leak_card_number: false,
        }
    }
}
