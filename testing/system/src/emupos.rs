//! `emupos` (PyPI): an ESC/POS printer that is not ours, with faults and pictures of its receipts.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::box_office::two_free_ports;
use crate::peers;
use crate::program::PATIENCE;

/// A running simulator with one printer, an Epson TM-T20III.
pub struct Emupos {
    child: Child,
    folder: PathBuf,
    port: u16,
    api_port: u16,
}

/// Its printer's name.
const PRINTER: &str = "front";

impl Emupos {
    /// Switches it on; its receipts go to a folder of their own in `folder`.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join("emupos");
        std::fs::create_dir_all(&folder)?;
        let (port, api_port) = two_free_ports()?;
        let config = format!(
            "schema: 1\napi: {{ host: 127.0.0.1, port: {api_port} }}\ndevices:\n  - id: {PRINTER}\n    type: printer\n    \
             profile: epson-tm-t20iii\n    connections:\n      - tcp: {{ port: {port} }}\n    receipts_dir: ./receipts\n"
        );
        std::fs::write(folder.join("emupos.yaml"), config)?;
        let log = std::fs::File::create(folder.join("emupos.log"))?;
        let child = Command::new(peers::python("emupos")?)
            .args(["run", "--config", "emupos.yaml"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start emupos")?;
        let emupos = Self {
            child,
            folder,
            port,
            api_port,
        };
        emupos.wait_until_up()?;
        Ok(emupos)
    }

    fn wait_until_up(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", self.api_port)).is_err() {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("emupos.log"));
                bail!(
                    "emupos did not come up in {PATIENCE:?}: {}",
                    log.unwrap_or_default()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Its address as an agent's configuration names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Makes a fault (`paper-out`, `cover-open`, `offline`, `paper-near-end`) hold, or no longer.
    ///
    /// # Errors
    /// When emupos refuses.
    pub fn set_fault(&self, fault: &str, holds: bool) -> anyhow::Result<()> {
        let verb = if holds { "set" } else { "clear" };
        peers::run(
            Command::new(peers::python("emupos")?)
                .args(["fault", verb, PRINTER, fault])
                .env("EMUPOS_API", format!("http://127.0.0.1:{}", self.api_port)),
        )?;
        Ok(())
    }

    /// Pictures of its receipts, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn receipts(&self) -> anyhow::Result<Vec<PathBuf>> {
        let folder = self.folder.join("receipts");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut pictures = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "png") {
                pictures.push(path);
            }
        }
        pictures.sort();
        Ok(pictures)
    }
}

impl Drop for Emupos {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
