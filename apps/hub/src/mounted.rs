//! What the APIs of others that this hub offers share with its own: where they are mounted, and what holds for
//! every answer.

use axum::body::Body;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONNECTION, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request};

/// First segments of paths that are the hub's own.
const TAKEN: [&str; 4] = ["v1", "link", "healthz", "readyz"];

/// What holds for every answer.
pub async fn around(request: Request<Body>, next: Next) -> Response {
    // A body whose length is not declared ends the connection, so that nothing that could be read
    // differently in between can follow it (RFC 9112 section 6.3).
    let closes = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What each path of an API begins with: empty for the root, or a slash and a name. Adds to `errors` what is wrong
/// with the path of configuration section `section`.
pub fn prefix(section: &str, path: &str, errors: &mut Vec<String>) -> String {
    let prefix = path.trim_end_matches('/');
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let mut segments = prefix.split('/').skip(1);
    let right = prefix.is_empty()
        || (prefix.starts_with('/')
            && segments.clone().all(plain)
            && !segments.next().is_some_and(|first| TAKEN.contains(&first)));
    if !right {
        errors.push(format!(
            "{section}.path: expected / or a path of the API's own like /{section}, got {path:?}"
        ));
    }
    prefix.to_owned()
}
