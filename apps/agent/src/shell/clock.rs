//! The two clocks, read together.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cueline_model::{Mono, Now, WallTime};

/// Monotonic time counted from its start, and the machine's wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    pub fn now(self) -> Now {
        let since_start = self.origin.elapsed().as_millis();
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Now {
            mono: Mono(u64::try_from(since_start).unwrap_or(u64::MAX)),
            wall: WallTime(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Waits until the moment; for ever where there is none.
    pub async fn wait_until(self, due: Option<Mono>) {
        match due {
            Some(Mono(ms)) => {
                let due = self.origin.checked_add(Duration::from_millis(ms));
                let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
                tokio::time::sleep_until(due.into()).await;
            }
            None => std::future::pending().await,
        }
    }
}
