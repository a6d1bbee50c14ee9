//! Holds one agent's request: writes what the link's machine decides, watches the other end.
//!
//! A hub holds very many of these, so the task owns nothing it does not need while the line is
//! silent: buffers live only while there is something in them, rare work is boxed.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cueline_hub_core::link::{Effect, End, Event, Outgoing};
use cueline_model::{AgentId, JobKey, PaymentId};
use cueline_wire::cloud::{Framed, StreamEvent};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tokio_rustls::server::TlsStream;

use super::registry::Entry;
use super::{frames, offers};
use crate::clock;
use crate::hub::Hub;
use crate::server::Place;
use crate::store::OfferedJob;

/// The connection takes nothing for longer: the agent reads too slowly.
const WRITE_WITHIN: Duration = Duration::from_secs(15);
/// For all that is still to be written once somebody has ended the link, and again for the goodbye: a
/// revoked agent's line is cut within five seconds.
const LAST_WRITE_WITHIN: Duration = Duration::from_secs(2);
/// What rustls may hold of what is to be written, bytes.
const TLS_BUFFER_BYTES_MAX: usize = 32 * 1024;

/// A held request.
pub struct Held {
    hub: Arc<Hub>,
    agent: AgentId,
    entry: Entry,
    stream: TlsStream<TcpStream>,
    _place: Place,
    /// Bytes to be written, from `written` on.
    out: Vec<u8>,
    written: usize,
    /// Since when the connection has taken nothing while there was something to write.
    stalled_since: Option<Instant>,
    /// Since when it has taken nothing after somebody ended the link.
    cut_since: Option<Instant>,
    /// Marked as offered and still to be written, in order.
    offers: VecDeque<OfferedJob>,
    /// Taken from the machine and to be done after `offers`.
    next: Option<Effect>,
}

enum Happening {
    Effect(Effect),
    OffersToWrite,
    Due,
    Gone,
}

/// The connection is of no use any more, or the store gave nothing; the agent comes again.
struct GiveUp;

impl Held {
    /// A request that was admitted; the answer's head is written first.
    #[must_use]
    pub fn new(
        hub: Arc<Hub>,
        entry: Entry,
        mut stream: TlsStream<TcpStream>,
        place: Place,
    ) -> Box<Self> {
        stream
            .get_mut()
            .1
            .set_buffer_limit(Some(TLS_BUFFER_BYTES_MAX));
        let out = frames::head(&hub.nonces.issue(clock::wall()));
        Box::new(Self {
            hub,
            agent: entry.agent(),
            entry,
            stream,
            _place: place,
            out,
            written: 0,
            stalled_since: None,
            cut_since: None,
            offers: VecDeque::new(),
            next: None,
        })
    }

    /// Holds the request until either end is done with it.
    ///
    /// Boxed, because a future keeps both an argument and what is made of it.
    pub async fn hold(mut self: Box<Self>) {
        let mut timer = pin!(tokio::time::sleep_until(Instant::now()));
        loop {
            let done = match poll_fn(|context| self.poll(context, timer.as_mut())).await {
                Happening::Gone => return,
                Happening::Due => {
                    self.entry.link.handle_timeout();
                    Ok(())
                }
                Happening::Effect(Effect::Close(end)) => {
                    return Box::pin(self.end(end)).await;
                }
                Happening::Effect(effect) => Box::pin(self.carry_out(effect)).await,
                Happening::OffersToWrite => {
                    if let Some(offered) = self.offers.pop_front() {
                        self.offer(offered);
                    }
                    Ok(())
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    fn poll(&mut self, context: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Happening> {
        if self.other_end_gone(context) {
            return Poll::Ready(Happening::Gone);
        }
        match self.poll_written(context) {
            Poll::Ready(Err(GiveUp)) => return Poll::Ready(Happening::Gone),
            Poll::Pending => {
                self.entry.link.remember(context);
                return self.poll_stalled(context, timer);
            }
            Poll::Ready(Ok(())) => {}
        }
        if !self.offers.is_empty() && !self.entry.link.is_cut() {
            return Poll::Ready(Happening::OffersToWrite);
        }
        self.offers = VecDeque::new();
        if let Some(effect) = self.next.take() {
            return Poll::Ready(Happening::Effect(effect));
        }
        if let Poll::Ready(effect) = self.entry.link.poll_effect(context) {
            return Poll::Ready(Happening::Effect(effect));
        }
        match self.entry.link.deadline() {
            Some((due, _)) => poll_until(context, timer, clock::instant(due)),
            None => Poll::Ready(Happening::Gone),
        }
    }

    /// The agent says nothing on this connection after its request; anything read is an end.
    fn other_end_gone(&mut self, context: &mut Context<'_>) -> bool {
        let mut byte = [0; 1];
        let mut buffer = ReadBuf::new(&mut byte);
        Pin::new(&mut self.stream)
            .poll_read(context, &mut buffer)
            .is_ready()
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<Result<(), GiveUp>> {
        if self.out.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while self.written < self.out.len() {
            let rest = &self.out[self.written..];
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    self.written += count;
                    self.stalled_since = None;
                }
                Poll::Ready(_) => return Poll::Ready(Err(GiveUp)),
                Poll::Pending => return Poll::Pending,
            }
        }
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(Ok(())) => {
                self.out = Vec::new();
                self.written = 0;
                self.stalled_since = None;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(_)) => Poll::Ready(Err(GiveUp)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Nothing can be written now: wait for the connection, but neither for ever nor past a deadline
    /// of the machine.
    fn poll_stalled(
        &mut self,
        context: &mut Context<'_>,
        timer: Pin<&mut Sleep>,
    ) -> Poll<Happening> {
        let (since, patience) = if self.entry.link.is_cut() {
            (&mut self.cut_since, LAST_WRITE_WITHIN)
        } else {
            (&mut self.stalled_since, WRITE_WITHIN)
        };
        let since = *since.get_or_insert_with(Instant::now);
        if since.elapsed() >= patience {
            tracing::info!(agent = %self.agent, "the agent reads too slowly; its link is closed");
            return Poll::Ready(Happening::Gone);
        }
        let mut until = since + patience;
        if let Some((due, _)) = self.entry.link.deadline() {
            until = until.min(clock::instant(due));
        }
        poll_until(context, timer, until)
    }

    async fn carry_out(&mut self, effect: Effect) -> Result<(), GiveUp> {
        match effect {
            Effect::Send(Outgoing::Offer(key)) => self.mark_offered(key).await,
            Effect::Send(Outgoing::Payment(payment)) => self.say(payment).await,
            Effect::Send(outgoing) => {
                if let Some(event) = frames::event(outgoing, clock::wall()) {
                    self.write(Framed::plain(event));
                }
                Ok(())
            }
            Effect::LoadBacklog { after, limit } => {
                let backlog = self.hub.store.backlog(self.agent, after, limit).await;
                let backlog = backlog.map_err(|error| self.store_failed(&error))?;
                self.entry.link.tell(Event::Backlog(backlog));
                Ok(())
            }
            Effect::Close(_) => Ok(()),
        }
    }

    /// Marks this offer and those right after it in one commit.
    async fn mark_offered(&mut self, first: JobKey) -> Result<(), GiveUp> {
        let mut keys = vec![first];
        while let Some(effect) = self.entry.link.next_effect() {
            match effect {
                Effect::Send(Outgoing::Offer(key)) => keys.push(key),
                other => {
                    self.next = Some(other);
                    break;
                }
            }
        }
        let asked = self
            .hub
            .store
            .offers(self.agent, keys.clone(), clock::wall());
        let offered = asked.await.map_err(|error| self.store_failed(&error))?;
        for key in keys {
            if !offered.iter().any(|offered| offered.job.key() == key) {
                self.entry.link.tell(Event::NotOffered(key));
            }
        }
        self.offers = offered.into();
        Ok(())
    }

    /// Writes what there is to say about a payment now.
    async fn say(&mut self, payment: PaymentId) -> Result<(), GiveUp> {
        let words = self
            .hub
            .store
            .payment_words(self.agent, payment, clock::wall());
        let words = words.await.map_err(|error| self.store_failed(&error))?;
        // Somebody may have ended the link meanwhile; the next one says it.
        if let Some(words) = words.filter(|_| !self.entry.link.is_cut()) {
            for event in offers::payment(&self.hub.key, self.agent, words) {
                self.write(Framed::plain(event));
            }
        }
        Ok(())
    }

    fn offer(&mut self, offered: OfferedJob) {
        let sequence = Some(offered.job.sequence);
        let offer = offers::signed(&self.hub.key, self.agent, offered);
        self.write(Framed {
            sequence,
            event: StreamEvent::Job(Box::new(offer)),
        });
    }

    fn write(&mut self, framed: Framed) {
        frames::push(&mut self.out, &framed);
    }

    async fn end(mut self: Box<Self>, end: End) {
        let within = match end {
            End::Bye {
                reason,
                retry_after,
            } => {
                tracing::info!(agent = %self.agent, ?reason, "link ended");
                self.write(Framed::plain(frames::bye(reason, retry_after)));
                LAST_WRITE_WITHIN
            }
            // Without its last chunk an answer is thrown away by those who wait for all of it.
            End::Complete => WRITE_WITHIN,
        };
        frames::push_end(&mut self.out);
        // From now on the agent counts as offline; a new link of its may be in already.
        let Self {
            agent,
            entry,
            mut stream,
            out,
            written,
            _place,
            ..
        } = *self;
        drop(entry);
        let rest = &out[written..];
        let last = tokio::time::timeout(within, async {
            stream.write_all(rest).await?;
            stream.shutdown().await
        });
        if !matches!(last.await, Ok(Ok(()))) {
            tracing::debug!(%agent, "the end of the answer could not be written");
        }
    }

    fn store_failed(&self, error: &dyn std::fmt::Display) -> GiveUp {
        tracing::warn!(agent = %self.agent, %error, "link closed because of the store");
        GiveUp
    }
}

/// Sets the timer only where it would fire too late: a deadline that moved away is found when the
/// old one comes, and links' deadlines move away all the time.
fn poll_until(
    context: &mut Context<'_>,
    mut timer: Pin<&mut Sleep>,
    due: Instant,
) -> Poll<Happening> {
    if timer.is_elapsed() || due < timer.deadline() {
        timer.as_mut().reset(due);
    }
    timer.poll(context).map(|()| Happening::Due)
}
