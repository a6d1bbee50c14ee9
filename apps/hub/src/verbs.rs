//! What the command line can ask for: run, check, add a tenant.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use cueline_wire::api::Scope;

use crate::config::{Config, ConfigErrors, Overrides};
use crate::running::Running;
use crate::store::{Store, create_directory};
use crate::{clock, server, tls};

/// Runs the hub until it is told to stop.
///
/// # Errors
/// What keeps the hub from starting, and a storage that failed.
pub async fn run(overrides: &Overrides) -> anyhow::Result<()> {
    let config = Config::load(overrides)?;
    let running = Running::start(&config).await?;
    announce(&running);
    tokio::select! {
        stopped = stop_asked() => stopped?,
        reason = running.failed() => {
            bail!("the storage failed and nothing more can be acknowledged; restart the hub: {reason}");
        }
    }
    running.stop().await;
    Ok(())
}

/// One line a fact; whoever reads them may be gone.
fn announce(running: &Running) {
    let mut lines = Vec::new();
    if let Some(authority) = &running.authority {
        let path = authority.path.display();
        lines.push(format!(
            "certificate authority {path}, fingerprint {}",
            authority.fingerprint
        ));
    }
    if let Some(path) = &running.first_key {
        lines.push(format!("first API key in {}", path.display()));
    }
    lines.push(format!("room for {} connections", running.connections));
    // Last: whoever waits for it finds everything else there.
    lines.push(format!("listening on {}", running.address));
    let mut out = std::io::stdout().lock();
    for line in lines {
        if writeln!(out, "{line}").is_err() {
            return;
        }
    }
}

#[cfg(unix)]
async fn stop_asked() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        stopped = tokio::signal::ctrl_c() => stopped.context("cannot wait for Ctrl-C"),
    }
}

#[cfg(not(unix))]
async fn stop_asked() -> anyhow::Result<()> {
    tokio::signal::ctrl_c()
        .await
        .context("cannot wait for Ctrl-C")
}

/// Checks the configuration, the data directory, the certificate and the port.
///
/// # Errors
/// [`ConfigErrors`] with all that is wrong.
pub async fn check(overrides: &Overrides) -> anyhow::Result<()> {
    let config = Config::load(overrides)?;
    let mut errors = Vec::new();
    if let Err(error) = writable(&config.data) {
        errors.push(format!(
            "data: cannot write to {}: {error}",
            config.data.display()
        ));
    }
    if config.certificate.is_some()
        && let Err(error) = tls::load(&config)
    {
        errors.push(format!("tls: {error}"));
    }
    if let Err(error) = server::listen(config.listen, config.listen_chosen) {
        errors.push(format!("listen: {error}"));
    }
    if !errors.is_empty() {
        bail!(ConfigErrors(errors));
    }
    println!("the configuration is good");
    Ok(())
}

fn writable(directory: &Path) -> std::io::Result<()> {
    create_directory(directory)?;
    let probe = directory.join("check.new");
    std::fs::write(&probe, b"written by cueline-hub check")?;
    std::fs::remove_file(&probe)
}

/// Adds a tenant with a site `main` and prints its first key, which opens everything of the tenant.
///
/// # Errors
/// A running hub, which has the data to itself, among others.
pub async fn add_tenant(overrides: &Overrides, name: &str) -> anyhow::Result<()> {
    let config = Config::load(overrides)?;
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.contains(char::is_control) {
        bail!("expected a name of 1 to 100 printable characters, got {name:?}");
    }
    let store = Store::open(&config.data, |_| {})?;
    let now = clock::wall();
    let tenant = store.add_tenant(name.to_owned(), now).await?;
    store.add_site(tenant.id, "main".to_owned(), now).await?;
    let key = store.add_api_key(tenant.id, "first".to_owned(), Scope::ALL.to_vec(), now);
    let key = key.await?.key;
    println!("tenant {} ({name})", tenant.id);
    println!("first API key, shown this once: {key}");
    Ok(())
}
