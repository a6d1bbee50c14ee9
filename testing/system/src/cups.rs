//! A real CUPS on loopback with a folder of its own: queues that the agent prints to.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

use crate::box_office::free_port;
use crate::foreign::{end_politely, wait_for_port};
use crate::peers;

const CUPSD: &str = "/usr/sbin/cupsd";
/// Carries bytes to a TCP port; in the package `cups`, not in `cups-daemon`.
const SOCKET_BACKEND: &str = "/usr/lib/cups/backend/socket";

/// A running CUPS; ended when dropped.
pub struct Cups {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Cups {
    /// Starts it without a queue.
    ///
    /// # Errors
    /// When CUPS is not installed, or does not come up.
    pub fn start() -> anyhow::Result<Self> {
        for program in [CUPSD, SOCKET_BACKEND] {
            ensure!(
                Path::new(program).exists(),
                "{program} is missing: these tests need a real CUPS; install it with `apt-get install --no-install-recommends cups`"
            );
        }
        let folder = TempDir::with_prefix("cups-")?;
        // Its helpers run as another user and have to find their way in.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        for name in ["etc", "log", "spool", "spool/tmp", "cache", "state"] {
            std::fs::create_dir_all(folder.path().join(name))?;
        }
        let port = free_port()?;
        std::fs::write(
            folder.path().join("etc/cupsd.conf"),
            server(port, folder.path()),
        )?;
        std::fs::write(
            folder.path().join("etc/cups-files.conf"),
            files(folder.path())?,
        )?;
        let log = File::create(folder.path().join("cupsd.log"))?;
        let child = Command::new(CUPSD)
            .arg("-f")
            .arg("-c")
            .arg(folder.path().join("etc/cupsd.conf"))
            .arg("-s")
            .arg(folder.path().join("etc/cups-files.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("start cupsd")?;
        let mut cups = Self {
            folder,
            port,
            child,
        };
        wait_for_port(port, &mut cups.child)
            .with_context(|| format!("cupsd: {}", read(&cups.folder.path().join("cupsd.log"))))?;
        Ok(cups)
    }

    /// Makes a raw queue: bytes pass it as they are. `device` is such as `socket://127.0.0.1:9100`.
    ///
    /// # Errors
    /// When CUPS refuses.
    pub fn add_raw_queue(&self, queue: &str, device: &str) -> anyhow::Result<()> {
        self.admin("lpadmin", &["-p", queue, "-E", "-v", device])
    }

    /// Stops a queue, or lets it go on.
    ///
    /// # Errors
    /// When CUPS refuses.
    pub fn set_stopped(&self, queue: &str, stopped: bool) -> anyhow::Result<()> {
        let verb = if stopped { "cupsdisable" } else { "cupsenable" };
        self.admin(verb, &[queue])
    }

    fn admin(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(program);
        command.args(["-h", &self.server()]).args(arguments);
        peers::run(&mut command).map(drop)
    }

    /// `127.0.0.1:PORT`, as the variable `CUPS_SERVER` names it.
    #[must_use]
    pub fn server(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A queue's address as an agent's configuration names it.
    #[must_use]
    pub fn address(&self, queue: &str) -> String {
        format!("ipp://127.0.0.1:{}/printers/{queue}", self.port)
    }

    /// What it has written to its log of errors.
    #[must_use]
    pub fn log(&self) -> String {
        read(&self.folder.path().join("log/error"))
    }
}

impl Drop for Cups {
    fn drop(&mut self) {
        end_politely(&mut self.child);
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn server(port: u16, folder: &Path) -> String {
    format!(
        "Listen 127.0.0.1:{port}\nListen {folder}/cups.sock\nBrowsing No\nDefaultAuthType None\nWebInterface No\n\
         MaxLogSize 0\nLogLevel info\nJobRetryInterval 1\n\
         <Location />\n  Order allow,deny\n  Allow all\n</Location>\n\
         <Location /admin>\n  Order allow,deny\n  Allow all\n</Location>\n\
         <Policy default>\n  JobPrivateAccess all\n  JobPrivateValues none\n  <Limit All>\n    Order deny,allow\n  </Limit>\n</Policy>\n",
        folder = folder.display()
    )
}

fn files(folder: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    for (name, path) in [
        ("ServerRoot", "etc"),
        ("CacheDir", "cache"),
        ("StateDir", "state"),
        ("RequestRoot", "spool"),
        ("TempDir", "spool/tmp"),
        ("AccessLog", "log/access"),
        ("ErrorLog", "log/error"),
        ("PageLog", "log/page"),
    ] {
        writeln!(text, "{name} {}", folder.join(path).display())?;
    }
    text.push_str(
        "DataDir /usr/share/cups\nServerBin /usr/lib/cups\nFileDevice Yes\nSandboxing relaxed\n",
    );
    if rustix::process::getuid().is_root() {
        // It refuses to run its helpers as root.
        text.push_str("User lp\nGroup lp\nSystemGroup root\n");
    }
    Ok(text)
}
