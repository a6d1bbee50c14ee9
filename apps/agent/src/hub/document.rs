//! Fetching a job's document in pieces (ranges, RFC 9110 section 14), so that a break costs one
//! piece and not the whole.

use std::time::Duration;

use cueline_agent_core::FetchError;
use cueline_model::limits::DOCUMENT_BYTES_MAX;
use cueline_model::{Document, Failure, FailureCode, JobKey};
use cueline_wire::cloud::path;
use http::header::{CONTENT_RANGE, RANGE};
use http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Bytes;

use super::answer::AskError;
use super::client::{Ask, HubClient, sha256};

/// One piece; small enough to come through a slow line within its time-out.
const PIECE_BYTES: u64 = 512 * 1024;
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);
/// Breaks in a row that are put up with before the core is told to try later.
const BREAKS_MAX: u32 = 4;
const PAUSE_AFTER_BREAK: Duration = Duration::from_millis(500);

/// The job's document, checked against what was announced.
///
/// # Errors
/// [`FetchError::Later`] where the hub could not be reached or asked to wait;
/// [`FetchError::Never`] where it does not have the document or has another one.
pub async fn fetch(
    hub: &HubClient,
    job: JobKey,
    document: Document,
) -> Result<Vec<u8>, FetchError> {
    // Before anything is buffered.
    if document.bytes > DOCUMENT_BYTES_MAX {
        return Err(never(format!(
            "the document is {} bytes long; expected {DOCUMENT_BYTES_MAX} at most",
            document.bytes
        )));
    }
    let mut body = Vec::new();
    let mut breaks = 0;
    while (body.len() as u64) < document.bytes {
        match piece(hub, job, body.len() as u64, document.bytes).await {
            Ok(Piece::Next(bytes)) => {
                body.extend_from_slice(&bytes);
                breaks = 0;
            }
            Ok(Piece::Whole(bytes)) => body = bytes.to_vec(),
            Err(AskError::NoAnswer(error)) if breaks < BREAKS_MAX => {
                breaks += 1;
                tracing::debug!(job = %job.job, %error, "document interrupted, going on where it broke");
                tokio::time::sleep(PAUSE_AFTER_BREAK).await;
            }
            Err(error) => return Err(sorted(&error)),
        }
    }
    if sha256(&body) != document.sha256 {
        return Err(never(
            "the hub's copy of the document is not the one announced (its SHA-256 digest differs)"
                .to_owned(),
        ));
    }
    Ok(body)
}

enum Piece {
    /// What comes after the bytes already here.
    Next(Bytes),
    /// Everything: the hub passed over the range.
    Whole(Bytes),
}

async fn piece(hub: &HubClient, job: JobKey, from: u64, total: u64) -> Result<Piece, AskError> {
    let last = total.min(from + PIECE_BYTES) - 1;
    let mut ask = Ask::new(Method::GET, path::document(job.job));
    let range = HeaderValue::try_from(format!("bytes={from}-{last}")).expect("digits");
    ask.headers.push((RANGE, range));
    ask.timeout = PIECE_TIMEOUT;
    ask.answer_bytes_max = usize::try_from(total).unwrap_or(usize::MAX);
    let answer = hub.ask(&ask).await?;
    match answer.status() {
        StatusCode::PARTIAL_CONTENT if begins_at(&answer, from) && !answer.body().is_empty() => {
            Ok(Piece::Next(answer.into_body()))
        }
        StatusCode::OK if answer.body().len() as u64 == total => {
            Ok(Piece::Whole(answer.into_body()))
        }
        status => Err(AskError::Unreadable(format!(
            "asked for bytes {from} to {last} of a document of {total}, got {} bytes with status {status}",
            answer.body().len()
        ))),
    }
}

fn begins_at(answer: &Response<Bytes>, from: u64) -> bool {
    let range = answer
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {from}-")))
}

fn sorted(error: &AskError) -> FetchError {
    match error {
        AskError::Refused(refused) if matches!(refused.status, 404 | 410 | 416) => never(format!(
            "the hub no longer has the document ({})",
            refused.code
        )),
        other => FetchError::Later {
            text: other.to_string(),
        },
    }
}

fn never(text: String) -> FetchError {
    FetchError::Never(Failure {
        code: FailureCode::DocumentUnavailable,
        text,
    })
}

#[cfg(test)]
mod tests {
    use cueline_model::{ContentType, JobId};

    use super::super::test_hub::{Answer, Received, TestHub};
    use super::*;

    fn key() -> JobKey {
        JobKey {
            job: JobId::from_u128(5),
            attempt: 1,
        }
    }

    fn announced(body: &[u8]) -> Document {
        Document {
            content_type: ContentType::Png,
            bytes: body.len() as u64,
            sha256: sha256(body),
        }
    }

    fn long_body() -> Vec<u8> {
        (0..1_300_000_u32)
            .map(|number| (number % 251) as u8)
            .collect()
    }

    fn range(request: &Received) -> (usize, usize) {
        let text = request.header("range").unwrap().to_owned();
        let (from, to) = text
            .strip_prefix("bytes=")
            .unwrap()
            .split_once('-')
            .unwrap();
        (from.parse().unwrap(), to.parse().unwrap())
    }

    fn ranged(body: &[u8], request: &Received) -> Answer {
        let (from, to) = range(request);
        let content_range = format!("bytes {from}-{to}/{}", body.len());
        Answer::bytes(206, &body[from..=to]).header("content-range", &content_range)
    }

    #[tokio::test]
    async fn a_document_comes_in_pieces() {
        let body = long_body();
        let served = body.clone();
        let hub = TestHub::start(move |request| ranged(&served, request)).await;
        assert_eq!(
            fetch(&hub.client(), key(), announced(&body)).await.unwrap(),
            body
        );
        let requests = hub.requests();
        assert_eq!(requests.len(), 3);
        assert!(
            requests
                .iter()
                .all(|request| request.target == path::document(key().job))
        );
    }

    #[tokio::test]
    async fn after_a_break_it_goes_on_where_it_broke() {
        let body = long_body();
        let served = body.clone();
        let hub = TestHub::start(move |request| {
            let answer = ranged(&served, request);
            // The second piece breaks off the first two times.
            if range(request).0 > 0 && request.number < 4 {
                answer.cut_after(1000)
            } else {
                answer
            }
        })
        .await;
        assert_eq!(
            fetch(&hub.client(), key(), announced(&body)).await.unwrap(),
            body
        );
        let starts: Vec<_> = hub
            .requests()
            .iter()
            .map(|request| range(request).0)
            .collect();
        let again = starts
            .iter()
            .filter(|start| **start == PIECE_BYTES as usize)
            .count();
        assert!(again >= 2, "{starts:?}");
        assert_eq!(
            starts.iter().filter(|start| **start == 0).count(),
            1,
            "{starts:?}"
        );
    }

    #[tokio::test]
    async fn a_hub_without_ranges_is_understood() {
        let body = long_body();
        let served = body.clone();
        let hub = TestHub::start(move |_| Answer::bytes(200, &served)).await;
        assert_eq!(
            fetch(&hub.client(), key(), announced(&body)).await.unwrap(),
            body
        );
    }

    #[tokio::test]
    async fn what_will_never_come_is_told_from_what_may_come_later() {
        for (status, never) in [
            (404, true),
            (410, true),
            (401, false),
            (429, false),
            (500, false),
        ] {
            let hub = TestHub::start(move |_| Answer::json(status, "{}")).await;
            let error = fetch(&hub.client(), key(), announced(b"ticket"))
                .await
                .unwrap_err();
            assert_eq!(
                matches!(error, FetchError::Never(_)),
                never,
                "{status}: {error:?}"
            );
        }
    }

    #[tokio::test]
    async fn another_document_and_one_too_long_are_refused() {
        let hub = TestHub::start(|request| ranged(b"ticker", request)).await;
        let error = fetch(&hub.client(), key(), announced(b"ticket"))
            .await
            .unwrap_err();
        let FetchError::Never(failure) = error else {
            panic!("{error:?}")
        };
        assert_eq!(failure.code, FailureCode::DocumentUnavailable);

        let mut huge = announced(b"ticket");
        huge.bytes = DOCUMENT_BYTES_MAX + 1;
        assert!(matches!(
            fetch(&hub.client(), key(), huge).await,
            Err(FetchError::Never(_))
        ));
        assert_eq!(
            hub.requests().len(),
            1,
            "it was asked for although it is too long"
        );
    }
}
