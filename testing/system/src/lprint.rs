//! `lprint`: a print server for label printers that is not ours; turns pictures into ZPL.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::box_office::free_port;
use crate::foreign::{end_politely, wait_for_port};
use crate::peers;
use crate::program::PATIENCE;

const LPRINT: &str = "/usr/bin/lprint";

/// A running server with one printer, `zebra`; ended when dropped.
pub struct Lprint {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Lprint {
    /// Starts it, with a 4 inch ZPL printer of 203 dpi at a TCP port of 127.0.0.1.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub fn start(printer_port: u16) -> anyhow::Result<Self> {
        ensure!(
            Path::new(LPRINT).exists(),
            "{LPRINT} is missing: these tests need it; install it with `apt-get install lprint`"
        );
        let folder = TempDir::with_prefix("lprint-")?;
        let port = free_port()?;
        let log = std::fs::File::create(folder.path().join("out"))?;
        let child = Self::command(folder.path())
            .args(["server", "-o", "server-hostname=localhost"])
            .args(["-o", &format!("server-port={port}")])
            .args(["-o", "log-level=info"])
            .args([
                "-o",
                &format!("log-file={}", folder.path().join("log").display()),
            ])
            .args([
                "-o",
                &format!("spool-directory={}", folder.path().join("spool").display()),
            ])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start lprint")?;
        let mut lprint = Self {
            folder,
            port,
            child,
        };
        wait_for_port(port, &mut lprint.child)?;
        lprint.add(printer_port)?;
        Ok(lprint)
    }

    fn add(&self, printer_port: u16) -> anyhow::Result<()> {
        let device = format!("socket://127.0.0.1:{printer_port}");
        let deadline = Instant::now() + PATIENCE;
        // It listens before it answers on its local socket.
        loop {
            let mut add = Self::command(self.folder.path());
            add.args([
                "add",
                "-d",
                "zebra",
                "-m",
                "zpl_4inch-203dpi-dt",
                "-v",
                &device,
            ]);
            match peers::run(&mut add) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// With settings and a local socket of its own.
    fn command(folder: &Path) -> Command {
        let mut command = Command::new(LPRINT);
        command.env("HOME", folder).env("TMPDIR", folder);
        command
    }

    /// Its printer's address as an agent's configuration names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("ipp://localhost:{}/ipp/print/zebra", self.port)
    }
}

impl Drop for Lprint {
    fn drop(&mut self) {
        end_politely(&mut self.child);
    }
}
