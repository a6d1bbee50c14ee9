//! A connection whose other end has to take what is written to it at a least pace.
//!
//! The general server waits for ever for a client that does not read its answer, and the answer is
//! in memory meanwhile.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::pace::{Pace, Passage};

/// Reads as `inner` does; writes fail once the other end is too slow.
pub struct Paced<S> {
    inner: S,
    pace: Pace,
    /// While the other end has something to take.
    passage: Option<(Passage, Pin<Box<Sleep>>)>,
}

impl<S: AsyncWrite + Unpin> Paced<S> {
    /// Holds whoever reads from `inner`'s other end to `pace`.
    pub fn new(inner: S, pace: Pace) -> Self {
        Self {
            inner,
            pace,
            passage: None,
        }
    }

    fn after_write(
        &mut self,
        written: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(written) = written else {
            return self.poll_held_up(context);
        };
        if let (Ok(bytes), Some((passage, _))) = (&written, &mut self.passage) {
            passage.advance(*bytes);
        }
        Poll::Ready(written)
    }

    /// Nothing more can be written now; ready with an error when that has been so for too long.
    fn poll_held_up<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        let pace = self.pace;
        let (passage, timer) = self.passage.get_or_insert_with(|| {
            let passage = Passage::begin(pace);
            let timer = Box::pin(tokio::time::sleep_until(passage.due()));
            (passage, timer)
        });
        loop {
            ready!(timer.as_mut().poll(context));
            let due = passage.due();
            if due <= timer.deadline() {
                let reason = "the other end takes what it asked for too slowly";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, reason)));
            }
            timer.as_mut().reset(due);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.after_write(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.after_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poll::Ready(flushed) = Pin::new(&mut self.inner).poll_flush(context) else {
            return self.poll_held_up(context);
        };
        self.passage = None;
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poll::Ready(ended) = Pin::new(&mut self.inner).poll_shutdown(context) else {
            return self.poll_held_up(context);
        };
        Poll::Ready(ended)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const QUICK: Pace = Pace {
        patience: Duration::from_millis(200),
        bytes_per_s: 8 * 1024 * 1024,
    };

    #[tokio::test]
    async fn who_takes_nothing_is_given_up() {
        let (hub, _client) = tokio::io::duplex(1024);
        let error = Paced::new(hub, QUICK).write_all(&[7; 4096]).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_takes_drops_is_given_up_too() {
        let (hub, mut client) = tokio::io::duplex(64);
        let drinking = tokio::spawn(async move {
            let mut taken = 0_u64;
            // Each drop long before its patience is over.
            while client.read_u8().await.is_ok() {
                taken += 1;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            taken
        });
        let error = Paced::new(hub, QUICK).write_all(&[7; 1024 * 1024]).await;
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(drinking.await.unwrap() > 0);
    }

    #[tokio::test]
    async fn who_takes_all_may_be_silent_between() {
        let (hub, mut client) = tokio::io::duplex(1024);
        let mut paced = Paced::new(hub, QUICK);
        for _ in 0..3 {
            let mut taken = [0; 4096];
            let (written, read) = tokio::join!(
                async {
                    paced.write_all(&[7; 4096]).await?;
                    paced.flush().await
                },
                client.read_exact(&mut taken),
            );
            assert!(written.is_ok() && read.is_ok());
            tokio::time::sleep(QUICK.patience * 2).await;
        }
    }
}
