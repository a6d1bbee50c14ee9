//! The command line.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use cueline_local_socket::SocketPath;

/// Each user's program at the till: owns the talk with the desk's card terminals.
#[derive(Debug, Parser)]
#[command(
    name = "cueline-tray",
    version,
    after_help = "Environment:\n  CUELINE_LOG  what is logged: error, warn, info (default), debug, trace, or by module"
)]
pub struct Cli {
    /// The configuration file: the desk's name and its terminals
    #[arg(long, value_name = "FILE", global = true, default_value = "tray.toml")]
    pub config: PathBuf,
    /// The agent's local socket or pipe
    #[arg(
        long,
        value_name = "PATH",
        global = true,
        conflicts_with = "agent_data"
    )]
    pub socket: Option<PathBuf>,
    /// The agent's data directory, where its socket is
    #[arg(long, value_name = "DIR", global = true)]
    pub agent_data: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run until Ctrl-C or SIGTERM
    Run {
        /// Without a window or an icon, for kiosks and servers
        #[arg(long, required = true)]
        headless: bool,
    },
    /// Check the configuration
    Check,
}

impl Cli {
    /// The agent's socket.
    ///
    /// # Errors
    /// Where neither option says where it is.
    pub fn socket(&self) -> anyhow::Result<SocketPath> {
        let named = self.socket.clone().map(SocketPath::new);
        let of_agent = || self.agent_data.as_deref().map(SocketPath::of_data_dir);
        named
            .or_else(of_agent)
            .context("find the agent: name its data directory with --agent-data, or its socket with --socket")
    }
}
