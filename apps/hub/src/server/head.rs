//! Reads the first request's head, to see whether it asks for the held stream.
//!
//! A head that two readers could understand differently is refused here (RFC 9112 section 6.3):
//! it has no honest use.

use cueline_wire::cloud::path;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::refusal::Refusal;

/// The longest head taken.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
const HEADERS_MAX: usize = 64;
const READ_BYTES: usize = 2 * 1024;

/// What the first request asks for.
#[derive(Debug)]
pub enum Head {
    /// The held stream; its head was so many bytes long.
    Stream(Box<Parts>, usize),
    /// Something else, for the general server to read again from its first byte.
    Other,
    /// It cannot be taken; answer and close.
    Refused(Refusal),
    /// The other end closed before a whole head had come.
    Closed,
}

/// Reads into `buffer` until it holds a whole head.
///
/// # Errors
/// Those of the connection.
pub async fn read<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> std::io::Result<Head> {
    loop {
        if let Some(head) = judge(buffer) {
            return Ok(head);
        }
        buffer.reserve(READ_BYTES);
        if stream.read_buf(buffer).await? == 0 {
            return Ok(Head::Closed);
        }
    }
}

/// What the bytes so far amount to; `None` while the head is not complete.
fn judge(bytes: &[u8]) -> Option<Head> {
    if bytes.is_empty() {
        return None;
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_BYTES_MAX => length,
        Ok(httparse::Status::Partial) if bytes.len() <= HEAD_BYTES_MAX => return None,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Some(Head::Refused(too_large())),
        Err(error) => return Some(Head::Refused(bad(&format!("it is not HTTP/1.1: {error}")))),
    };
    if let Err(refusal) = unambiguous(&request) {
        return Some(Head::Refused(refusal));
    }
    let target = request.path.unwrap_or_default();
    let streams = target.split('?').next() == Some(path::STREAM)
        && request.method == Some("GET")
        && request.version == Some(1);
    if !streams {
        return Some(Head::Other);
    }
    Some(match parts(&request) {
        Ok(parts) => Head::Stream(Box::new(parts), length),
        Err(refusal) => Head::Refused(refusal),
    })
}

fn unambiguous(request: &httparse::Request<'_, '_>) -> Result<(), Refusal> {
    let count = |name: &str| {
        request
            .headers
            .iter()
            .filter(|header| header.name.eq_ignore_ascii_case(name))
            .count()
    };
    let (lengths, codings) = (count("content-length"), count("transfer-encoding"));
    if lengths > 0 && codings > 0 {
        return Err(bad(
            "it has both Content-Length and Transfer-Encoding; send one",
        ));
    }
    if lengths > 1 || codings > 1 {
        return Err(bad("it says more than once how long its body is"));
    }
    if count("host") > 1 || (request.version == Some(1) && count("host") == 0) {
        return Err(bad("HTTP/1.1 needs exactly one Host header"));
    }
    Ok(())
}

fn parts(request: &httparse::Request<'_, '_>) -> Result<Parts, Refusal> {
    let mut builder = Request::builder()
        .method(Method::GET)
        .uri(request.path.unwrap_or_default());
    for header in request.headers.iter() {
        let named = HeaderName::from_bytes(header.name.as_bytes());
        let (Ok(name), Ok(value)) = (named, HeaderValue::from_bytes(header.value)) else {
            return Err(bad(&format!("its header {:?} cannot be read", header.name)));
        };
        let bodied = name == http::header::TRANSFER_ENCODING
            || (name == http::header::CONTENT_LENGTH && value != "0");
        if bodied {
            return Err(bad("the held request has no body"));
        }
        builder = builder.header(name, value);
    }
    builder
        .body(())
        .map(|request| request.into_parts().0)
        .map_err(|error| bad(&format!("its address cannot be read: {error}")))
}

fn bad(reason: &str) -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "bad_request",
        format!("the request's head was refused: {reason}"),
    )
    .close()
}

fn too_large() -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "head_too_large",
        format!("a request's head may be {HEAD_BYTES_MAX} bytes long with {HEADERS_MAX} headers"),
    )
    .close()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_all(text: &str) -> Head {
        read(&mut text.as_bytes(), &mut Vec::new()).await.unwrap()
    }

    #[tokio::test]
    async fn the_held_request_is_told_from_others() {
        let text = "GET /link/v1/stream?ping=120 HTTP/1.1\r\nHost: hub\r\n\r\n";
        match read_all(text).await {
            Head::Stream(parts, length) => {
                assert_eq!(parts.uri.query(), Some("ping=120"));
                assert_eq!(parts.headers["host"], "hub");
                assert_eq!(length, text.len());
            }
            other => panic!("{other:?}"),
        }
        for text in [
            "POST /link/v1/stream HTTP/1.1\r\nHost: hub\r\n\r\n",
            "GET /link/v1/streams HTTP/1.1\r\nHost: hub\r\n\r\n",
            "GET /healthz HTTP/1.0\r\n\r\n",
        ] {
            assert!(matches!(read_all(text).await, Head::Other), "{text}");
        }
        assert!(matches!(read_all("GET / HT").await, Head::Closed));
    }

    #[tokio::test]
    async fn heads_that_can_be_read_in_two_ways_are_refused() {
        let stream = "GET /link/v1/stream HTTP/1.1\r\nHost: hub\r\n";
        let post = "POST /v1/print-jobs HTTP/1.1\r\nHost: hub\r\n";
        for (start, rest) in [
            (
                post,
                "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            (post, "Content-Length: 4\r\nContent-Length: 5\r\n\r\n"),
            (post, "Content-Length: 4\r\nContent-Length: 4\r\n\r\n"),
            (
                post,
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
            ),
            (post, "Content-Length : 4\r\n\r\n"),
            (post, "X-A: b\r\n folded: c\r\n\r\n"),
            (post, "Host: other\r\n\r\n"),
            (stream, "Content-Length: 4\r\n\r\n"),
            (stream, "Transfer-Encoding: chunked\r\n\r\n"),
            ("GET / HTTP/1.1\r\n", "\r\n"),
            ("GET / HTTP/1.1\r\nHost: h\0ub\r\n", "\r\n"),
        ] {
            let text = format!("{start}{rest}");
            match read_all(&text).await {
                Head::Refused(refusal) => assert_eq!(refusal.problem().code, "bad_request"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn an_endless_head_is_refused() {
        let text = format!("GET / HTTP/1.1\r\nX-A: {}", "a".repeat(HEAD_BYTES_MAX));
        match read_all(&text).await {
            Head::Refused(refusal) => assert_eq!(refusal.problem().code, "head_too_large"),
            other => panic!("{other:?}"),
        }
    }
}
