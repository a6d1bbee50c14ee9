//! `ippeveprinter` of CUPS: a driverless printer that is not ours, with a command of our own at its end.

use std::fs::{File, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::box_office::free_port;
use crate::foreign::{end_politely, wait_for_port};

const IPPEVEPRINTER: &str = "/usr/sbin/ippeveprinter";

/// What it does with each document: keeps it, says what it was asked for, and is out of paper while there
/// is a file `out-of-paper`. Its last word is a line of `prints`.
const COMMAND: &str = r#"#!/bin/sh
cd "$(dirname "$0")" || exit 1
copy="printed-$$"
cp "$1" "$copy" || exit 1
env | grep ^IPP_ | sort > "$copy.options"
while [ -e out-of-paper ]; do
    echo "STATE: +media-empty" >&2
    sleep 0.1
done
echo "STATE: -media-empty" >&2
echo "ATTR: job-impressions-completed=1" >&2
if [ -e fails ]; then
    exit 1
fi
echo "$copy" >> prints
"#;

/// A running printer; ended when dropped.
pub struct Ippeveprinter {
    folder: TempDir,
    port: u16,
    child: Child,
    bus: Child,
}

/// A document that came out.
#[derive(Debug)]
pub struct Printed {
    /// As it came.
    pub bytes: Vec<u8>,
    /// What was asked for, a line each, such as `IPP_SIDES=two-sided-long-edge`.
    pub options: Vec<String>,
}

impl Ippeveprinter {
    /// Switches it on: it takes PDF, JPEG and PNG, on one side and both.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub fn start() -> anyhow::Result<Self> {
        ensure!(
            Path::new(IPPEVEPRINTER).exists(),
            "{IPPEVEPRINTER} is missing: these tests need it; install it with `apt-get install cups-ipp-utils`"
        );
        let folder = TempDir::with_prefix("ippeveprinter-")?;
        let command = folder.path().join("command");
        std::fs::write(&command, COMMAND)?;
        std::fs::set_permissions(&command, Permissions::from_mode(0o755))?;
        std::fs::create_dir(folder.path().join("spool"))?;
        std::fs::create_dir(folder.path().join("keys"))?;
        // It does not start without a message bus, over which it would look for Avahi.
        let (bus, bus_address) = message_bus(folder.path())?;
        let port = free_port()?;
        let log = File::create(folder.path().join("log"))?;
        let child = Command::new(IPPEVEPRINTER)
            .args(["-v", "-2", "-k", "-r", "off", "-n", "localhost"])
            .args(["-p", &port.to_string()])
            .args(["-f", "application/pdf,image/jpeg,image/png"])
            .arg("-d")
            .arg(folder.path().join("spool"))
            .arg("-K")
            .arg(folder.path().join("keys"))
            .arg("-c")
            .arg(&command)
            .arg("Office")
            .env("DBUS_SYSTEM_BUS_ADDRESS", bus_address)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start ippeveprinter")?;
        let mut printer = Self {
            folder,
            port,
            child,
            bus,
        };
        wait_for_port(port, &mut printer.child)
            .with_context(|| format!("ippeveprinter: {}", printer.log()))?;
        Ok(printer)
    }

    /// Its address as an agent's configuration names it.
    #[must_use]
    pub fn address(&self) -> String {
        format!("ipp://localhost:{}/ipp/print", self.port)
    }

    /// Its address over TLS; its certificate is its own.
    #[must_use]
    pub fn tls_address(&self) -> String {
        format!("ipps://localhost:{}/ipp/print", self.port)
    }

    /// Takes its paper away, or gives it some.
    ///
    /// # Errors
    /// When its folder cannot be written.
    pub fn set_out_of_paper(&self, out: bool) -> anyhow::Result<()> {
        self.set("out-of-paper", out)
    }

    /// Makes each job fail, or no more.
    ///
    /// # Errors
    /// When its folder cannot be written.
    pub fn set_failing(&self, fails: bool) -> anyhow::Result<()> {
        self.set("fails", fails)
    }

    fn set(&self, name: &str, holds: bool) -> anyhow::Result<()> {
        let path = self.folder.path().join(name);
        if holds {
            std::fs::write(path, "")?;
        } else if path.exists() {
            std::fs::remove_file(path)?;
        }
        Ok(())
    }

    /// All that came out, oldest first.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn printed(&self) -> anyhow::Result<Vec<Printed>> {
        let list = self.folder.path().join("prints");
        if !list.exists() {
            return Ok(Vec::new());
        }
        let names = std::fs::read_to_string(list)?;
        let read = |name: &str| {
            let path: PathBuf = self.folder.path().join(name);
            let options = std::fs::read_to_string(path.with_extension("options"))?;
            Ok(Printed {
                bytes: std::fs::read(path)?,
                options: options.lines().map(str::to_owned).collect(),
            })
        };
        names.lines().map(read).collect()
    }

    /// What it has said.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Ippeveprinter {
    fn drop(&mut self) {
        end_politely(&mut self.child);
        end_politely(&mut self.bus);
    }
}

/// A message bus of its own, and its address.
fn message_bus(folder: &Path) -> anyhow::Result<(Child, String)> {
    let address = format!("--address=unix:path={}", folder.join("bus").display());
    let mut bus = Command::new("dbus-daemon")
        .args([
            "--session",
            "--nofork",
            "--nosyslog",
            "--print-address=1",
            &address,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("start dbus-daemon; install it with `apt-get install dbus`")?;
    let out = bus.stdout.take().context("dbus-daemon has no output")?;
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line)?;
    ensure!(
        !line.trim().is_empty(),
        "dbus-daemon did not say where it listens"
    );
    Ok((bus, line.trim().to_owned()))
}
