//! `snmpsim` (PyPI): a printer's SNMP that is not ours.

use std::fs::File;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::foreign::end_politely;
use crate::peers;
use crate::program::PATIENCE;

/// A running responder; ended when dropped.
pub struct Snmpsim {
    folder: TempDir,
    child: Child,
}

impl Snmpsim {
    /// Starts it at port 161 of a loopback address, which takes root.
    ///
    /// `device_status` is hrDeviceStatus (2 runs, 3 warns, 5 is down), `error_state` the bytes of
    /// hrPrinterDetectedErrorState, `alert` the description of the only alert.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub fn start(
        address: &str,
        device_status: u8,
        error_state: &[u8],
        alert: &str,
    ) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("snmpsim-")?;
        let data = folder.path().join("data");
        for name in ["data", "cache"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let bits: String = error_state
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // One record a line, name, kind and value; `4x` is bytes in hexadecimal.
        let records = format!(
            "1.3.6.1.2.1.1.1.0|4|An office printer\n1.3.6.1.2.1.25.3.2.1.5.1|2|{device_status}\n\
             1.3.6.1.2.1.25.3.5.1.2.1|4x|{bits}\n1.3.6.1.2.1.43.18.1.1.8.1.7|4|{alert}\n"
        );
        std::fs::write(data.join("public.snmprec"), records)?;
        let log = File::create(folder.path().join("log"))?;
        let mut command = Command::new(peers::python("snmpsim-command-responder")?);
        command
            .arg(format!("--data-dir={}", data.display()))
            .arg(format!(
                "--cache-dir={}",
                folder.path().join("cache").display()
            ))
            .arg(format!("--agent-udpv4-endpoint={address}:161"));
        if rustix::process::getuid().is_root() {
            // It asks whom to become. Not somebody else: Python itself may lie where others cannot read.
            command.args(["--process-user=root", "--process-group=root"]);
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start snmpsim-command-responder")?;
        let mut snmpsim = Self { folder, child };
        snmpsim.wait_until_it_answers(address)?;
        Ok(snmpsim)
    }

    /// It says that it listens before it does.
    fn wait_until_it_answers(&mut self, address: &str) -> anyhow::Result<()> {
        // GetRequest of version 2c for sysDescr.0, community "public".
        const QUESTION: &[u8] =
            b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x01\x02\x01\x00\x02\x01\x00\
              \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00\x05\x00";
        let deadline = Instant::now() + PATIENCE;
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect((address, 161))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        loop {
            // Refused until it listens.
            if socket.send(QUESTION).is_ok() && socket.recv(&mut [0; 1500]).is_ok() {
                return Ok(());
            }
            if self.child.try_wait()?.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.path().join("log"));
                bail!("snmpsim did not come up: {}", log.unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Snmpsim {
    fn drop(&mut self) {
        end_politely(&mut self.child);
    }
}
