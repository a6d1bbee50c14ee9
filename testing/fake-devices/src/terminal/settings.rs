//! How a virtual terminal is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use cueline_model::TerminalProtocol;

use super::step::Pace;

/// How a virtual terminal is set up.
#[derive(Debug, Clone)]
pub struct TerminalSettings {
    /// What it speaks.
    pub protocol: TerminalProtocol,
    /// What it shares with its tills, where it speaks Adyen's.
    pub adyen: AdyenTerminal,
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

/// What an Adyen terminal shares with its tills.
#[derive(Debug, Clone)]
pub struct AdyenTerminal {
    /// Its name: model, hyphen, serial number.
    pub poi_id: String,
    /// Which key.
    pub key_identifier: String,
    /// Which of its versions.
    pub key_version: u32,
    /// What the key is made of. A test's, and no secret.
    pub passphrase: String,
}

impl Default for AdyenTerminal {
    fn default() -> Self {
        Self {
            poi_id: "V400m-123456789".to_owned(),
            key_identifier: "till".to_owned(),
            key_version: 1,
            passphrase: "virtual terminal".to_owned(),
        }
    }
}

impl TerminalSettings {
    /// A fast terminal on free ports of loopback, its ledger in a directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            protocol: TerminalProtocol::Zvt,
            adyen: AdyenTerminal::default(),
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
