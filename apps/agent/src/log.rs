//! The log on standard error.

use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;

/// Starts the log. What is logged is set by `CUELINE_LOG`, `info` where it is missing or wrong.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("CUELINE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Human => builder.with_target(false).with_ansi(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
