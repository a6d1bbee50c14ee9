//! A round-robin balancer before several proxies: HAProxy, in TCP mode.

use std::fmt::Write as _;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use crate::box_office::free_port;
use crate::program::PATIENCE;

/// A running balancer; each new connection goes to the next of its targets.
pub struct Balancer {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Balancer {
    /// Starts it in front of `ports` on 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// When HAProxy is not installed, or does not come up.
    pub fn start(ports: &[u16]) -> anyhow::Result<Self> {
        let folder = TempDir::with_prefix("balancer-")?;
        let port = free_port()?;
        let mut text = format!(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n\
             listen proxies\n bind 127.0.0.1:{port}\n balance roundrobin\n"
        );
        for (number, target) in ports.iter().enumerate() {
            writeln!(text, " server s{number} 127.0.0.1:{target}")?;
        }
        let path = folder.path().join("haproxy.cfg");
        std::fs::write(&path, text)?;
        let output = File::create(folder.path().join("output.log"))?;
        let child = Command::new("/usr/sbin/haproxy")
            .arg("-db")
            .arg("-f")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("start haproxy; install it with `apt-get install haproxy`")?;
        let mut balancer = Self {
            port,
            child,
            _folder: folder,
        };
        balancer.wait_until_it_listens()?;
        Ok(balancer)
    }

    /// The proxy setting that leads to it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait_until_it_listens(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("haproxy ended ({status}) before it listened");
            }
            if Instant::now() > deadline {
                bail!("haproxy does not listen after {PATIENCE:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
