//! A breath between two questions to a device that answers "nothing" at once.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// Long enough that asking costs nothing, short enough that no clerk notices.
const PAUSE: Duration = Duration::from_millis(50);

/// A breath that may be under way.
#[derive(Debug, Default)]
pub(super) struct Pause(Option<Pin<Box<Sleep>>>);

impl Pause {
    /// The device said "nothing".
    pub(super) fn begin(&mut self) {
        self.0 = Some(Box::pin(sleep(PAUSE)));
    }

    /// Ready when the device may be asked again.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.0 {
            std::task::ready!(pause.as_mut().poll(context));
            self.0 = None;
        }
        Poll::Ready(())
    }
}
