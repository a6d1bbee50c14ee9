//! The held answer's bytes: its head, and one chunk (RFC 9112 section 7.1) an event.

use std::io::Write as _;
use std::time::Duration;

use cueline_hub_core::link::Outgoing;
use cueline_model::WallTime;
use cueline_wire::cloud::{
    Bye, ByeReason, Framed, Hello, NONCE_HEADER, Probe, StreamEvent, Withdraw,
};

use crate::clock;

/// The head of the answer, with a nonce for the agent's next signature.
#[must_use]
pub fn head(nonce: &str) -> Vec<u8> {
    // X-Accel-Buffering keeps nginx and its like from holding events back.
    format!(
        "HTTP/1.1 200 OK\r\ndate: {}\r\ncontent-type: text/event-stream\r\n\
         cache-control: no-store\r\nx-accel-buffering: no\r\nconnection: close\r\n{NONCE_HEADER}: {nonce}\r\n\
         transfer-encoding: chunked\r\n\r\n",
        clock::http_date()
    )
    .into_bytes()
}

/// Appends one event as one chunk.
pub fn push(out: &mut Vec<u8>, framed: &Framed) {
    let text = framed.encode();
    write!(out, "{:x}\r\n{text}\r\n", text.len()).expect("writing to memory does not fail");
}

/// Appends the end of the answer.
pub fn push_end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n\r\n");
}

/// The event for something to write that is no job and no payment; these are loaded and signed first.
#[must_use]
pub fn event(outgoing: Outgoing, now: WallTime) -> Option<StreamEvent> {
    Some(match outgoing {
        Outgoing::Hello { epoch, ping } => StreamEvent::Hello(Hello {
            epoch,
            server_time: now,
            ping_s: whole_seconds(ping),
            hub_version: env!("CARGO_PKG_VERSION").to_owned(),
        }),
        Outgoing::Ping(number) => StreamEvent::Ping(number),
        Outgoing::Withdraw(key) => StreamEvent::Withdraw(Withdraw {
            job: key.job,
            attempt: key.attempt,
        }),
        Outgoing::Probe(kind) => StreamEvent::Probe(Probe { kind }),
        Outgoing::Offer(_) | Outgoing::Payment(_) => return None,
    })
}

/// A ping period as it is told: whole seconds, one at least.
#[must_use]
pub fn whole_seconds(ping: Duration) -> u32 {
    let up = ping + Duration::from_millis(999);
    u32::try_from(up.as_secs()).unwrap_or(u32::MAX)
}

/// The last event of an answer that is ended on purpose.
#[must_use]
pub fn bye(reason: ByeReason, retry_after: Duration) -> StreamEvent {
    StreamEvent::Bye(Bye {
        reason,
        retry_after_ms: u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_chunk_and_the_end_is_an_empty_one() {
        let mut out = Vec::new();
        push(&mut out, &Framed::plain(StreamEvent::Ping(7)));
        push_end(&mut out);
        assert_eq!(out, b"15\r\nevent: ping\ndata: 7\n\n\r\n0\r\n\r\n");
    }
}
