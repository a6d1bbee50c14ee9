//! A real Squid on loopback, with a configuration of its own: the proxy between a till and its hub.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::box_office::free_port;
use crate::program::PATIENCE;

const SQUID: &str = "/usr/sbin/squid";
const PASSWORD_CHECKER: &str = "/usr/lib/squid/basic_ncsa_auth";
const CERTIFICATE_MAKER: &str = "/usr/lib/squid/security_file_certgen";

/// What this Squid lets through. By default: every `CONNECT`, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct SquidConfig {
    /// The only user and password it accepts; none asks for no password.
    pub auth: Option<(String, String)>,
    /// Whether it denies everything, by rule.
    pub deny: bool,
    /// After how many seconds of silence it ends a tunnel; Squid's own 900 where none.
    pub read_timeout_s: Option<u64>,
    /// Opens the TLS inside its tunnels, with certificates of an authority of this name.
    pub inspects_as: Option<String>,
    /// Further lines of configuration, read before the access rules.
    pub extra: String,
}

/// A running Squid, ended by SIGKILL with all its helpers when dropped.
pub struct Squid {
    folder: TempDir,
    port: u16,
    child: Child,
}

impl Squid {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When Squid is not installed, or does not come up.
    pub fn start(config: SquidConfig) -> anyhow::Result<Self> {
        ensure!(
            Path::new(SQUID).exists(),
            "{SQUID} is missing: these tests need a real Squid; install it with `apt-get install squid-openssl`"
        );
        let folder = TempDir::with_prefix("squid-")?;
        // Started by root, it becomes the user `proxy`, who writes its logs here.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o777))?;
        let port = free_port()?;
        let passwords = folder.path().join("passwords");
        if let Some((user, password)) = &config.auth {
            std::fs::write(&passwords, password_line(user, password)?)?;
            std::fs::set_permissions(&passwords, Permissions::from_mode(0o644))?;
        }
        if let Some(name) = &config.inspects_as {
            make_inspector(name, folder.path())?;
        }
        let text = configuration(&config, folder.path(), port);
        std::fs::write(folder.path().join("squid.conf"), text)?;
        let child = spawn(folder.path())?;
        let mut squid = Self {
            folder,
            port,
            child,
        };
        squid.wait_until_it_listens()?;
        Ok(squid)
    }

    /// The port on 127.0.0.1 where it listens, over restarts too.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The proxy setting that leads through it, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its access log so far. A tunnel has its line once it has ended; one that Squid's own death
    /// ended has none.
    #[must_use]
    pub fn access_log(&self) -> String {
        self.read("access.log")
    }

    /// Waits until the access log has `count` lines, and gives it.
    ///
    /// # Errors
    /// When it has fewer after [`PATIENCE`].
    pub async fn wait_for_access_log(&self, count: usize) -> anyhow::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.access_log();
            if log.lines().count() >= count {
                return Ok(log);
            }
            if Instant::now() > deadline {
                bail!("squid logged fewer than {count} requests in {PATIENCE:?}:\n{log}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// SIGKILL, to it and its helpers, and waits until it is gone. Its tunnels break.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let helpers = children(self.child.id());
        self.child.kill().context("kill squid")?;
        self.child.wait()?;
        for helper in helpers {
            // A helper ends by itself when Squid is gone, and may have done so by now.
            let _ = kill_process(helper, Signal::KILL);
        }
        Ok(())
    }

    /// Kills it where it still runs and starts it anew, on the same port with the same logs.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill()?;
        for of_its_last_life in ["squid.pid", "cache.log", "output.log"] {
            let _ = std::fs::remove_file(self.folder.path().join(of_its_last_life));
        }
        self.child = spawn(self.folder.path())?;
        self.wait_until_it_listens()
    }

    fn wait_until_it_listens(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        // Its own word is waited for: a connection to see whether it listens would be in its log.
        while !self.own_log().contains("HTTP Socket connections at") {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "squid ended ({status}) before it listened on {}:\n{}",
                    self.port,
                    self.own_log()
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "squid does not listen on {} after {PATIENCE:?}:\n{}",
                    self.port,
                    self.own_log()
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn own_log(&self) -> String {
        self.read("output.log") + &self.read("cache.log")
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default()
    }
}

impl Drop for Squid {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left running.
        let _ = self.kill();
    }
}

fn spawn(folder: &Path) -> anyhow::Result<Child> {
    let output: PathBuf = folder.join("output.log");
    let output = File::options().create(true).append(true).open(output)?;
    Command::new(SQUID)
        .args(["-N", "-f"])
        .arg(folder.join("squid.conf"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("start squid")
}

fn configuration(config: &SquidConfig, folder: &Path, port: u16) -> String {
    let folder = folder.display();
    let inspection = if config.inspects_as.is_some() {
        format!(
            " ssl-bump generate-host-certificates=on tls-cert={folder}/inspector.pem\n\
             sslcrtd_program {CERTIFICATE_MAKER} -s {folder}/certificates -M 4MB\n\
             sslcrtd_children 1 startup=1\n\
             ssl_bump bump all"
        )
    } else {
        String::new()
    };
    let mut text = format!(
        "http_port 127.0.0.1:{port}{inspection}\n\
         visible_hostname squid.test\n\
         cache_effective_user proxy\n\
         pid_filename {folder}/squid.pid\n\
         coredump_dir {folder}\n\
         access_log stdio:{folder}/access.log\n\
         cache_log {folder}/cache.log\n\
         cache_store_log none\n\
         netdb_filename none\n\
         cache deny all\n\
         pinger_enable off\n\
         max_filedescriptors 4096\n\
         shutdown_lifetime 0 seconds\n"
    );
    if let Some(seconds) = config.read_timeout_s {
        text += &format!("read_timeout {seconds} seconds\n");
    }
    if config.auth.is_some() {
        let _ = write!(
            text,
            "auth_param basic program {PASSWORD_CHECKER} {folder}/passwords\n\
             auth_param basic children 2 startup=1 idle=1\n\
             auth_param basic realm till\n\
             acl known proxy_auth REQUIRED\n"
        );
    }
    text += &config.extra;
    text += "\nacl tunnel method CONNECT\nhttp_access deny !tunnel\n";
    if config.deny {
        text += "http_access deny all\n";
    }
    text += if config.auth.is_some() {
        "http_access allow known\nhttp_access deny all\n"
    } else {
        "http_access allow all\n"
    };
    text
}

/// An authority called `name` and the store of the certificates it will make.
fn make_inspector(name: &str, folder: &Path) -> anyhow::Result<()> {
    let pem = folder.join("inspector.pem");
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        ])
        .args(["-subj", &format!("/O={name}/CN={name}")])
        .arg("-keyout")
        .arg(&pem)
        .arg("-out")
        .arg(folder.join("inspector.crt"))
        .output()
        .context("make the inspector's certificate with openssl")?;
    ensure!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let certificate = std::fs::read_to_string(folder.join("inspector.crt"))?;
    std::fs::write(&pem, std::fs::read_to_string(&pem)? + &certificate)?;
    std::fs::set_permissions(&pem, Permissions::from_mode(0o644))?;
    let store = Command::new(CERTIFICATE_MAKER)
        .args(["-c", "-s"])
        .arg(folder.join("certificates"))
        .args(["-M", "4MB"])
        .output()
        .context("run squid's certificate maker; it comes with `squid-openssl`")?;
    ensure!(
        store.status.success(),
        "{}",
        String::from_utf8_lossy(&store.stderr)
    );
    let owned = Command::new("chown")
        .args(["-R", "proxy"])
        .arg(folder.join("certificates"))
        .status()?;
    ensure!(
        owned.success(),
        "give the certificate store to the user `proxy`; this needs root"
    );
    Ok(())
}

/// `user:hash` as Apache's `htpasswd` writes it.
fn password_line(user: &str, password: &str) -> anyhow::Result<String> {
    let made = Command::new("openssl")
        .args(["passwd", "-apr1", password])
        .output()
        .context("hash squid's password with openssl; install it with `apt-get install openssl`")?;
    ensure!(
        made.status.success(),
        "openssl passwd: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    Ok(format!("{user}:{}", String::from_utf8(made.stdout)?))
}

/// The processes whose parent is `pid` (proc(5), `/proc/pid/task/tid/children`).
fn children(pid: u32) -> Vec<Pid> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    list.unwrap_or_default()
        .split_whitespace()
        .filter_map(|child| child.parse().ok().and_then(Pid::from_raw))
        .collect()
}
