//! Which printers there are: queues of this system, USB, serial ports, and what announces itself on the
//! network (DNS-SD, RFC 6763).

#[cfg(unix)]
mod cups;
mod network;
mod plugged;

use std::time::Duration;

use cueline_model::Language;
use cueline_printers::Profile;

use crate::PortAddress;

/// A printer, or a port that may have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it calls itself, or is called on this system.
    pub name: String,
    /// How it is written in settings.
    pub address: PortAddress,
    /// The language it seems to take; nothing can be said of a serial port.
    pub language: Option<Language>,
    /// The model it seems to be, by the word used in settings, where it is one that is known.
    pub model: Option<&'static str>,
}

impl Found {
    /// `reported`: all that is known of what it calls itself; `told`: the language that it names.
    fn new(name: String, address: PortAddress, reported: &str, told: Option<Language>) -> Self {
        let model = Profile::recognized(reported);
        let by_model = model
            .and_then(|model| Profile::for_model(model).ok())
            .map(|profile| profile.language);
        Self {
            name,
            address,
            language: by_model.or(told),
            model,
        }
    }
}

/// Looks for printers everywhere at once, for so long. What cannot be looked for (no CUPS here, no
/// network) has none.
///
/// Nothing is sent to a printer that would disturb whoever prints on it.
pub async fn discover(within: Duration) -> Vec<Found> {
    let (queues, usb, network) = tokio::join!(
        queues(within),
        plugged::usb(within),
        network::announced(within)
    );
    let mut found = Vec::new();
    for one in queues
        .into_iter()
        .chain(usb)
        .chain(network)
        .chain(plugged::serial())
    {
        if !found
            .iter()
            .any(|known: &Found| known.address == one.address)
        {
            found.push(one);
        }
    }
    found
}

#[cfg(unix)]
async fn queues(within: Duration) -> Vec<Found> {
    cups::queues(&crate::spool::ipp::local_server(), within).await
}

#[cfg(windows)]
async fn queues(_within: Duration) -> Vec<Found> {
    let listed = tokio::task::spawn_blocking(crate::spool::windows::queues).await;
    let listed = listed.unwrap_or_default();
    listed
        .into_iter()
        .map(|(queue, driver)| {
            let reported = format!("{queue} {driver}");
            let address = PortAddress::Spool {
                queue: queue.clone(),
            };
            Found::new(queue, address, &reported, Some(Language::Pdf))
        })
        .collect()
}
