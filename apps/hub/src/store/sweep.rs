//! What has to be done from time to time: expire, delete, forget.

use std::time::Duration;

use cueline_hub_core::payment::flow::{self, News};
use cueline_hub_core::{JobStore as _, StoreError};
use cueline_model::WallTime;

use super::jobs::Jobs;
use super::payments::Payments;
use super::queue::tell;
use super::{JobChange, Store, StoreResult, pairing, payment_calls};

/// How long an idempotency key is known: far longer than any client repeats a request.
const REQUESTS_KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long an ended pairing code can still be told from an unknown one, for the log.
const ENDED_CODES_KEPT: Duration = Duration::from_secs(24 * 3_600);
/// Rows of each kind in one sweep, so that a sweep never holds up the writer for long.
const ROWS_MAX: usize = 200;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Jobs that expired.
    pub expired: u32,
    /// Payments that expired.
    pub payments: u32,
    /// Documents deleted.
    pub documents: u32,
    /// Idempotency keys forgotten.
    pub requests: u32,
    /// Pairing codes forgotten.
    pub pairing_codes: u32,
}

impl Store {
    /// Expires jobs and payments that only the hub can expire, deletes documents nobody needs, forgets old keys and
    /// codes; a bounded number at a time. To be called about once a second: jobs expire no finer.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn sweep(&self, now: WallTime) -> StoreResult<Swept> {
        // Most sweeps find nothing, and then nothing is written and no sync is paid for.
        let anything: bool = self
            .read(move |connection| {
                connection
                    .prepare_cached(
                        "SELECT EXISTS (SELECT 1 FROM print_jobs WHERE state = 'queued'
                                 AND offered_at IS NULL AND start_by IS NOT NULL AND start_by < ?1)
                             OR EXISTS (SELECT 1 FROM payments
                                 WHERE state IN ('queued', 'delivered', 'accepted') AND start_by < ?1)
                             OR EXISTS (SELECT 1 FROM payments WHERE overdue_at < ?1)
                             OR EXISTS (SELECT 1 FROM documents WHERE kept_until < ?1)
                             OR EXISTS (SELECT 1 FROM idempotency_keys WHERE first_at < ?2)
                             OR EXISTS (SELECT 1 FROM pairing_codes WHERE expires_at < ?3)",
                    )
                    .and_then(|mut query| {
                        let requests_before = (now - REQUESTS_KEPT).0;
                        let codes_before = (now - ENDED_CODES_KEPT).0;
                        query.query_row((now.0, requests_before, codes_before), |r| r.get(0))
                    })
                    .map_err(super::failure::map::<StoreError>)
            })
            .await?;
        if !anything {
            return Ok(Swept::default());
        }
        self.write(move |changes| {
            let mut news = News::default();
            let mut payments = Payments(changes.connection);
            let payments = flow::expire_due(&mut payments, now, ROWS_MAX, &mut news)?;
            flow::tell_overdue(&mut Payments(changes.connection), now, ROWS_MAX, &mut news)?;
            let mut jobs = Jobs(changes.connection);
            let expired = jobs.expire_due(now, ROWS_MAX)?;
            let swept = Swept {
                expired: u32::try_from(expired.len()).unwrap_or(u32::MAX),
                payments,
                documents: jobs.drop_documents(now, ROWS_MAX)?,
                requests: jobs.forget_requests(now - REQUESTS_KEPT, ROWS_MAX)?,
                pairing_codes: pairing::drop_old(changes.connection, now - ENDED_CODES_KEPT)?,
            };
            payment_calls::tell(changes, news);
            for job in &expired {
                tell(changes, job, JobChange::Settled)?;
            }
            Ok(swept)
        })
        .await
    }
}
