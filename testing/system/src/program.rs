//! One child process under test: started with its log in a file, ended by its own id only.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take to start or to end before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A running program of the workspace.
pub struct Program {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

/// Where the workspace's programs lie: beside this executable, or one folder up where it is a test's.
///
/// # Errors
/// When the program has not been built.
pub fn program_path(name: &str) -> anyhow::Result<PathBuf> {
    let this = std::env::current_exe().context("find this executable")?;
    let file = Path::new(name).with_extension(std::env::consts::EXE_EXTENSION);
    this.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(&file))
        .find(|path| path.exists())
        .with_context(|| format!("{name} is not built; run `cargo build --workspace --bins` first"))
}

/// The value of `LD_PRELOAD` that puts a library of Debian's before a program's own calls; `path` is
/// what follows the architecture's folder.
///
/// # Errors
/// When it is not installed.
pub fn preload(path: &str) -> anyhow::Result<(String, String)> {
    ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|arch| format!("/usr/lib/{arch}/{path}"))
        .into_iter()
        .find(|library| Path::new(library).exists())
        .map(|library| ("LD_PRELOAD".to_owned(), library))
        .with_context(|| format!("{path} is not installed; `cargo xtask test` installs it"))
}

impl Program {
    /// Starts `name` with its output appended to `log`.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn start(
        name: &'static str,
        log: &Path,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let mut command = Command::new(program_path(name)?);
        command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        configure(&mut command);
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Self {
            name,
            log: log.to_owned(),
            child,
        })
    }

    /// Runs `name` to its end and gives what it said: status, standard output, standard error.
    ///
    /// # Errors
    /// When it is not built or cannot be started.
    pub fn run(
        name: &str,
        configure: impl FnOnce(&mut Command),
    ) -> anyhow::Result<(ExitStatus, String, String)> {
        let mut command = Command::new(program_path(name)?);
        command.stdin(Stdio::null());
        configure(&mut command);
        let output = command.output().with_context(|| format!("run {name}"))?;
        Ok((
            output.status,
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ))
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it has said so far, in this life and earlier ones with the same log.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits for a line of the log that holds `text`, and gives the newest such line.
    ///
    /// # Errors
    /// When the program ends first or [`PATIENCE`] is over.
    pub fn wait_for(&mut self, text: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some(line) = log.lines().rev().find(|line| line.contains(text)) {
                return Ok(line.to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended ({status}) before it said {text:?}:\n{log}",
                    self.name
                );
            }
            if Instant::now() > deadline {
                bail!("{} did not say {text:?} in {PATIENCE:?}:\n{log}", self.name);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it is still running after [`PATIENCE`].
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!(
                    "{} still runs after {PATIENCE:?}:\n{}",
                    self.name,
                    self.log()
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("a child has a positive process id")?;
        kill_process(pid, signal).with_context(|| format!("signal {}", self.name))
    }

    /// SIGKILL, and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM: an orderly end.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// SIGINT: what Ctrl-C sends.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn interrupt(&self) -> anyhow::Result<()> {
        self.signal(Signal::INT)
    }

    /// SIGSTOP: it hangs from now on.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// SIGCONT: it goes on.
    ///
    /// # Errors
    /// When it cannot be signalled.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may be gone already; either way nothing is left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
