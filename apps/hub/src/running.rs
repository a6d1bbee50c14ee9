//! A running hub: started from its configuration, stopped without losing anything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cueline_decoder::DecoderSettings;
use tokio::task::JoinHandle;

use crate::auth::HubKey;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::hub::{Hub, Told};
use crate::pictures::Pictures;
use crate::server::{self, Server, ServerLimits};
use crate::store::{FIRST_KEY_FILE, Store};
use crate::tls::{self, AuthorityFile};
use crate::{adyen, api, clock, machine, printnode};

const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Sweeps between two times of storing when agents were last heard.
const SWEEPS_PER_SIGHTING: u32 = 10;

/// A hub that serves.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    /// Its own authority, if it made one.
    pub authority: Option<AuthorityFile>,
    /// Where its first API key lies, as long as nobody has taken it away.
    pub first_key: Option<PathBuf>,
    /// How many connections it can hold.
    pub connections: usize,
    hub: Arc<Hub>,
    drain: crate::config::Drain,
    server: JoinHandle<()>,
    sweeper: JoinHandle<()>,
    webhooks: JoinHandle<()>,
}

impl Running {
    /// Starts a hub; it serves when this returns.
    ///
    /// # Errors
    /// When the data directory, the certificate, the key or the port cannot be used.
    pub async fn start(config: &Config) -> anyhow::Result<Self> {
        let told = Told::nobody(clock::wall());
        let watched = told.clone();
        let watcher = move |committed| watched.tell(&committed);
        let data = config.data.clone();
        // The check of a large database takes its time.
        let store = tokio::task::spawn_blocking(move || Store::open(&data, watcher)).await??;
        let listener = server::listen(config.listen, config.listen_chosen)?;
        let address = listener
            .local_addr()
            .context("the listener has no address")?;
        let key = HubKey::load_or_make(&config.data)?;
        let tls = tls::load(config)?;
        let decoder = match &config.decoder {
            Some(program) => DecoderSettings::of_program(program.clone()),
            None => DecoderSettings::this_program().context("which program is this?")?,
        };
        let pictures = Pictures::new(decoder);
        store.bootstrap(&config.data, clock::wall()).await?;
        let hub = Arc::new(Hub::new(
            store,
            key,
            told,
            config.link,
            tls.roots_pem,
            pictures,
        ));
        let can_hold = machine::connections_for(machine::raise_open_files());
        let connections = config.limits.connections.unwrap_or(can_hold).min(can_hold);
        let limits = ServerLimits {
            connections,
            handshakes: config.limits.handshakes,
            handshakes_waiting: config.limits.handshakes_waiting,
        };
        let fetcher = Fetcher::new(config.fetch.clone())?;
        let router = api::router(hub.clone());
        let facade = printnode::Facade::new(hub.clone(), fetcher);
        let router = printnode::mount(router, &config.printnode, facade.clone());
        let router = adyen::mount(router, &config.adyen, hub.clone());
        let server = Server::new(hub.clone(), router, tls.server, limits);
        let server = Arc::new(server).run(listener, config.drain.finish_within);
        let first_key = config.data.join(FIRST_KEY_FILE);
        Ok(Self {
            address,
            authority: tls.authority,
            first_key: first_key.exists().then_some(first_key),
            connections,
            drain: config.drain,
            server: tokio::spawn(server),
            sweeper: tokio::spawn(sweep(hub.clone())),
            webhooks: tokio::spawn(printnode::deliver(facade)),
            hub,
        })
    }

    /// Ready when the hub's storage has failed; says why. Nothing more is acknowledged then.
    pub async fn failed(&self) -> String {
        self.hub.store.failed().await
    }

    /// Takes no more connections, says goodbye on every link, lets requests under way finish, and
    /// closes the store.
    pub async fn stop(self) {
        self.hub.draining.send_replace(true);
        tracing::info!(links = self.hub.registry.count(), "stopping");
        self.hub.registry.drain(self.drain.spread);
        if let Err(error) = self.server.await {
            tracing::error!(%error, "the server ended badly");
        }
        self.sweeper.abort();
        self.webhooks.abort();
        self.hub.sightings.store(&self.hub.store).await;
    }
}

/// Expires and forgets what is due, and stores when agents were last heard.
async fn sweep(hub: Arc<Hub>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for number in 0_u32.. {
        ticks.tick().await;
        if let Err(error) = hub.store.sweep(clock::wall()).await {
            tracing::warn!(%error, "a sweep failed; the next one makes up for it");
        }
        if number % SWEEPS_PER_SIGHTING == 0 {
            hub.sightings.store(&hub.store).await;
        }
    }
}
