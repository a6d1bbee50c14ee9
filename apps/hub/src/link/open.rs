//! Admits a held request: who it is, what it asks for, and its place in the registry.

use std::sync::Arc;
use std::time::Duration;

use cueline_hub_core::link::{Event, Opening, PING_DEFAULT};
use cueline_wire::cloud::StreamMode;
use http::StatusCode;
use http::request::Parts;

use super::registry::Entry;
use super::signed;
use crate::clock;
use crate::hub::Hub;
use crate::refusal::Refusal;

/// What the query asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    ping: Duration,
    mode: StreamMode,
}

/// Checks a held request and enters its link; the answer is then for [`super::Held`] to write.
///
/// # Errors
/// 401 and 403 as [`signed::without_body`]; 400 `bad_request`; 503 while the hub is stopping.
pub async fn open(hub: &Arc<Hub>, parts: &Parts) -> Result<Entry, Refusal> {
    if hub.is_draining() {
        return Err(draining());
    }
    let agent = signed::without_body(hub, parts).await?;
    let asked = asked(parts.uri.query().unwrap_or_default())?;
    let epoch = hub.store.next_epoch(agent.id).await?;
    let ping = hub.timings.granted(asked.ping);
    let opening = Opening {
        epoch,
        ping,
        mode: asked.mode,
        idle_timeout: hub.timings.idle_timeout,
        acknowledge_within: hub.timings.acknowledge_within,
    };
    let entry = hub.registry.enter(agent.id, opening);
    // Revoked or draining meanwhile, it would have been told before it was entered.
    signed::still_registered(hub, agent.id).await?;
    if hub.is_draining() {
        return Err(draining());
    }
    let payments = hub.store.payment_backlog(agent.id, clock::wall()).await?;
    // Wishes first: offers complete an answer that is polled for.
    for (payments, at_once) in [(payments.wishes, false), (payments.offers, true)] {
        if !payments.is_empty() {
            entry.link.tell(Event::Payments { payments, at_once });
        }
    }
    tracing::info!(agent = %agent.id, epoch, ping_s = ping.as_secs_f64(), mode = asked.mode.as_str(), "link held");
    Ok(entry)
}

fn asked(query: &str) -> Result<Asked, Refusal> {
    let mut asked = Asked {
        ping: PING_DEFAULT,
        mode: StreamMode::Stream,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("ping", text) => {
                let seconds = text.parse().ok();
                asked.ping = seconds
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                    .ok_or_else(|| bad("ping: expected seconds"))?;
            }
            ("mode", "stream") => asked.mode = StreamMode::Stream,
            ("mode", "poll") => asked.mode = StreamMode::Poll,
            ("mode", _) => return Err(bad("mode: expected stream or poll")),
            // Of a later version.
            _ => {}
        }
    }
    Ok(asked)
}

fn bad(reason: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        format!("the held request's query was refused: {reason}"),
    )
}

fn draining() -> Refusal {
    Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "draining",
        "this hub is being restarted; come again",
    )
    .retry_after(1)
    .close()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_says_ping_and_mode_and_nothing_wrong() {
        let of = |query| asked(query).map(|asked| (asked.ping.as_millis(), asked.mode));
        assert_eq!(of("").unwrap(), (120_000, StreamMode::Stream));
        assert_eq!(of("ping=30&mode=poll").unwrap(), (30_000, StreamMode::Poll));
        assert_eq!(of("ping=0.5&later=1").unwrap(), (500, StreamMode::Stream));
        for bad in ["ping=", "ping=-1", "ping=nan", "ping=1e400", "mode=both"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
