//! The verbs `run` and `check`: reads what is configured and registered, and starts the shell.

use std::sync::Arc;
use std::time::Duration;

use cueline_agent_core::Event;
use cueline_agent_core::payments::Recovered;
use cueline_decoder::{Decoder, DecoderSettings};
use cueline_journal::{Journal, OnDamage, PaymentJournal};
use cueline_local_socket::{Listener, SocketPath};
use cueline_uplink::{Uplink, UplinkConfig};
use http::HeaderValue;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::cli::{CheckArgs, DataArgs, RunArgs};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::ending::{Code, Ending};
use crate::hub::{HubClient, OfferCheck};
use crate::identity::Identity;
use crate::key::AgentKey;
use crate::payments::{self, NewsDoor, PaymentShell};
use crate::registration::registered;
use crate::shell::{EventDoor, Installed, Means, Shell};
use crate::signals::StopSignals;

/// How long prints under way may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(30);

struct Setup {
    data: DataDir,
    config: Config,
    identity: Identity,
    key: AgentKey,
}

/// Runs the agent until it is asked to end.
///
/// # Errors
/// Told with its exit code.
pub async fn run(args: &RunArgs) -> Result<String, Ending> {
    let setup = set_up(&args.files)?;
    let mut signals = StopSignals::listen()
        .map_err(|error| Ending::new(Code::Other, format!("listen for signals: {error}")))?;
    let on_damage = match args.set_aside_damaged_journal {
        true => OnDamage::SetAside,
        false => OnDamage::Refuse,
    };
    let opened = Journal::open(&setup.data.journal(), on_damage)?;
    if let Some((moved_to, damage)) = &opened.set_aside {
        tracing::error!(
            "{damage}; it was set aside as {} and a new one is begun",
            moved_to.display()
        );
    }
    let (news_door, news) = payments::news();
    let means = means(&setup, news_door.clone())?;
    let (hub, installed) = (Arc::clone(&means.hub), Arc::clone(&means.installed));
    let payment_journal = open_payment_journal(&setup)?;
    let socket = &setup.config.trays.socket;
    let own_socket = || SocketPath::of_data_dir(setup.data.path());
    let socket = socket.clone().unwrap_or_else(own_socket);
    let listener = Listener::bind(&socket, setup.config.trays.access)
        .map_err(|error| Ending::new(Code::Other, error))?;
    let (shell, door) = Shell::start(
        &setup.config,
        seed()?,
        opened.journal,
        opened.recovered,
        means,
    )?;
    let payment_means = payments::Means {
        hub,
        listener,
        installed,
        door: door.clone(),
    };
    let payments = PaymentShell::new(payment_journal, payment_means, (news_door, news));
    tracing::info!(
        pid = std::process::id(),
        data = %setup.data.path().display(),
        agent = %setup.identity.agent,
        hub = %setup.identity.hub,
        "agent started"
    );
    if setup.config.printers.is_empty() {
        tracing::warn!(
            "no printer is configured; name some in {}",
            setup.data.config().display()
        );
    }
    let ended = tokio::select! {
        ended = shell.run() => ended,
        failed = payments.run() => Err(failed),
        stopped = stop_when_asked(&mut signals, &door) => Err(stopped),
    };
    ended.map(|()| {
        tracing::info!("agent stopped");
        String::new()
    })
}

/// Checks the configuration and the registration.
///
/// # Errors
/// All that is wrong with both.
pub fn check(args: &CheckArgs) -> Result<String, Ending> {
    let setup = set_up(&args.files)?;
    let (news_door, _news) = payments::news();
    means(&setup, news_door)?;
    let Setup {
        config, identity, ..
    } = &setup;
    Ok(format!(
        "configuration and registration are good: {:?} ({}) of {}, {}, at {}; printers: {}",
        identity.name,
        identity.agent,
        identity.tenant,
        identity.site,
        identity.hub,
        config.printers.len()
    ))
}

/// Asks the core to end at the first signal; gives up after a second one or the time for it.
async fn stop_when_asked(signals: &mut StopSignals, door: &EventDoor) -> Ending {
    let name = signals.next().await;
    tracing::info!("{name}: ending what is being printed, then stopping");
    let gave_up = async {
        tokio::select! {
            second = signals.next() => format!("stop: a second signal ({second})"),
            () = tokio::time::sleep(STOP_WITHIN) => {
                format!("stop: something was still being printed after {} s", STOP_WITHIN.as_secs())
            }
        }
    };
    let asked = async {
        door.put(Event::Shutdown).await;
        std::future::pending().await
    };
    let text = tokio::select! {
        text = gave_up => text,
        never = asked => never,
    };
    Ending::new(
        Code::Interrupted,
        format!("{text}; the next start finds what was under way in the journal"),
    )
}

/// Everything that is configured and registered; what is wrong with either is reported together.
fn set_up(files: &DataArgs) -> Result<Setup, Ending> {
    let data = DataDir::named(files.data.clone())
        .map_err(|error| Ending::new(Code::NotConfigured, error))?;
    let config = Config::load(files.config.as_deref(), &data.config());
    let registration = registered(&data);
    match (config, registration) {
        (Ok(config), Ok((identity, key))) => Ok(Setup {
            data,
            config,
            identity,
            key,
        }),
        (Err(errors), Err(ending)) => Err(Ending::new(
            Code::NotConfigured,
            format!("{errors}\n{ending}"),
        )),
        (Err(errors), Ok(_)) => Err(Ending::new(Code::NotConfigured, errors)),
        (Ok(_), Err(ending)) => Err(ending),
    }
}

fn means(setup: &Setup, payments: NewsDoor) -> Result<Means, Ending> {
    let Setup {
        identity, config, ..
    } = setup;
    let not_configured = |text: String| Ending::new(Code::NotConfigured, text);
    let mut uplink = UplinkConfig::new(identity.hub.clone());
    uplink.trust = identity.trust.trust().map_err(not_configured)?;
    uplink.proxy = config
        .proxy
        .as_ref()
        .unwrap_or(&identity.proxy)
        .choice
        .clone();
    uplink.user_agent = HeaderValue::from_static(crate::USER_AGENT);
    let uplink = Uplink::new(uplink).map_err(|error| not_configured(error.to_string()))?;
    let offers = OfferCheck {
        agent: identity.agent,
        hub_key: identity.hub_key.clone(),
    };
    let decoder = DecoderSettings::this_program().map_err(|error| {
        Ending::new(
            Code::Other,
            format!("find this program, to decode documents: {error}"),
        )
    })?;
    Ok(Means {
        decoder: Decoder::new(decoder),
        hub: Arc::new(HubClient::new(uplink, identity.agent, setup.key.clone())),
        offers: Arc::new(offers),
        installed: Arc::new(Installed::new(&config.printers)),
        payments,
    })
}

fn open_payment_journal(setup: &Setup) -> Result<(PaymentJournal, Recovered), Ending> {
    let mut instance = [0; 16];
    random(&mut instance)?;
    let instance = instance.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = setup.data.payment_journal();
    Ok(PaymentJournal::open(&path, setup.identity.agent, instance)?)
}

fn random(bytes: &mut [u8]) -> Result<(), Ending> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| Ending::new(Code::Other, "start: the system gave no random bytes"))
}

/// Where the core's chance starts: another place on every start, so that a fleet spreads.
fn seed() -> Result<u64, Ending> {
    let mut bytes = [0; 8];
    random(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
