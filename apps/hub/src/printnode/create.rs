//! `POST /printjobs`: makes a job as PrintNode's clients ask for it.
//!
//! What a URL names is fetched before the answer, while the request waits. So an address that is
//! wrong is told at once, and jobs come out in the order in which they were taken; a job that is taken
//! has its document, and nothing can be lost between the two.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use cueline_hub_core::SubmitError;
use cueline_hub_core::store::Idempotency;
use cueline_hub_core::submit::TITLE_CHARS_MAX;
use cueline_model::{ContentType, PrintOptions, PrinterId, Sha256, TenantId, UncertainPolicy};
use cueline_wire::Base64Bytes;
use cueline_wire::api::PrintJobRequest;
use http::{HeaderMap, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::account::Caller;
use super::fault::Fault;
use super::{Facade, form, options};
use crate::auth::ToPrint;
use crate::body::{self, JSON_WITH_DOCUMENT_BYTES_MAX};
use crate::fetch::{Expected, Login};
use crate::hub::Hub;
use crate::store::NumberedPage;
use crate::{api, jobs};

const IDEMPOTENCY_KEY: &str = "x-idempotency-key";
const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;
/// Keeps PrintNode's keys from being taken for those of `/v1`: no header can hold it.
const KEYS_OF_OURS: &str = "\u{1}printnode\u{1}";
/// PrintNode's: a job that could not be printed for so long is not printed any more.
const EXPIRE_AFTER_S: u32 = 14 * 24 * 3_600;
const SOURCE_CHARS_MAX: usize = 200;

/// The body. Keys that are not known are passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Asked {
    printer_id: Value,
    printer: Value,
    title: Value,
    content_type: Value,
    content: Value,
    source: Value,
    options: Value,
    expire_after: Value,
    qty: Value,
    authentication: Value,
}

/// PrintNode's content types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    word: &'static str,
    content_type: ContentType,
    expected: Expected,
    is_uri: bool,
}

const KINDS: [Kind; 4] = [
    Kind {
        word: "pdf_uri",
        content_type: ContentType::Pdf,
        expected: Expected::Pdf,
        is_uri: true,
    },
    Kind {
        word: "pdf_base64",
        content_type: ContentType::Pdf,
        expected: Expected::Pdf,
        is_uri: false,
    },
    Kind {
        word: "raw_uri",
        content_type: ContentType::Raw,
        expected: Expected::Raw,
        is_uri: true,
    },
    Kind {
        word: "raw_base64",
        content_type: ContentType::Raw,
        expected: Expected::Raw,
        is_uri: false,
    },
];

/// `POST /printjobs`: 201 with the job's number after the commit.
pub async fn create(
    State(facade): State<Arc<Facade>>,
    caller: Caller<ToPrint>,
    request: Request<Body>,
) -> Result<(StatusCode, Json<u32>), Fault> {
    let (hub, tenant) = (&facade.hub, caller.tenant);
    let key = idempotency_key(request.headers())?;
    if let Some(key) = &key {
        refuse_repeat(hub, tenant, key).await?;
    }
    let _room = api::room(hub, request.headers()).await?;
    let mut asked = read(request).await?;
    let kind = kind(&asked.content_type)?;
    let printer = printer(hub, tenant, &asked).await?;
    let (options, copies) = wishes(&asked, kind)?;
    let expires_in_s = expire_after(&asked.expire_after)?;
    let login = login(&asked.authentication)?;
    let title = words("title", &asked.title, TITLE_CHARS_MAX)?;
    let source = words("source", &asked.source, SOURCE_CHARS_MAX)?;
    let content = content(asked.content.take())?;
    let content = if kind.is_uri {
        let _place = facade.fetcher.room(tenant).await?;
        facade
            .fetcher
            .document(&content, login, kind.expected)
            .await?
    } else {
        decoded(content)?
    };
    let request = PrintJobRequest {
        printer,
        content_type: kind.content_type,
        content: Some(Base64Bytes(content)),
        document: None,
        title,
        copies,
        expires_at: None,
        expires_in_s: Some(expires_in_s),
        uncertain: UncertainPolicy::default(),
        options,
    };
    let has_key = key.is_some();
    let submitted = jobs::submit(hub, tenant, request, key).await;
    let submitted = submitted.map_err(|refusal| match refusal.problem().code.as_str() {
        // The same key with another job, at the same moment as this one.
        "idempotency_mismatch" if has_key => used_before(),
        _ => refusal.into(),
    })?;
    if submitted.repeat {
        return Err(used_before());
    }
    let store = &hub.store;
    let number = store
        .name_printnode_job(submitted.job.id, kind.word, source)
        .await?;
    Ok((StatusCode::CREATED, Json(number)))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| {
        (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&key.len()) && values.next().is_none()
    });
    let key = key.ok_or_else(|| {
        Fault::bad_request(format!(
            "X-Idempotency-Key: expected one of 1 to {IDEMPOTENCY_KEY_CHARS_MAX} plain characters"
        ))
    })?;
    Ok(Some(format!("{KEYS_OF_OURS}{key}")))
}

/// Before anything is read or fetched.
async fn refuse_repeat(hub: &Hub, tenant: TenantId, key: &str) -> Result<(), Fault> {
    // Whatever was asked under this key before: no digest is of all zeros.
    let idempotency = Idempotency {
        key: key.to_owned(),
        request: Sha256([0; 32]),
    };
    match hub.store.replay(tenant, idempotency).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(SubmitError::KeyReused) => Err(used_before()),
        Err(SubmitError::Store(error)) => Err(error.into()),
        Err(other) => Err(Fault::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            other.to_string(),
        )),
    }
}

fn used_before() -> Fault {
    Fault::new(
        StatusCode::CONFLICT,
        "a print job was made under this X-Idempotency-Key before; nothing was made now",
    )
}

async fn read(request: Request<Body>) -> Result<Asked, Fault> {
    let (parts, body) = request.into_parts();
    let is_form = body::content_type(&parts.headers)
        .is_some_and(|sent| sent.starts_with("application/x-www-form-urlencoded"));
    let bytes = body::read(&parts.headers, body, JSON_WITH_DOCUMENT_BYTES_MAX).await?;
    // `curl -d` says that it sends a form, whatever it sends.
    let looks_like_json = bytes.trim_ascii_start().starts_with(b"{");
    let refuse = |error: serde_json::Error| {
        Fault::bad_request(format!("the body is not a print job: {error}"))
    };
    if is_form && !looks_like_json {
        let form = form::read(&bytes);
        let form = form.ok_or_else(|| Fault::bad_request("the body is not a form"))?;
        return serde_json::from_value(Value::Object(form)).map_err(refuse);
    }
    serde_json::from_slice(&bytes).map_err(refuse)
}

fn kind(given: &Value) -> Result<Kind, Fault> {
    let known = KINDS.into_iter().find(|kind| given == kind.word);
    known.ok_or_else(|| {
        let got = cut(&given.to_string(), 64);
        Fault::bad_request(format!(
            "contentType: expected pdf_uri, pdf_base64, raw_uri or raw_base64, got {got}"
        ))
    })
}

/// What people call something, no longer than `chars`.
fn words(key: &str, given: &Value, chars: usize) -> Result<Option<String>, Fault> {
    match given {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(cut(text, chars))),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(Fault::bad_request(format!("{key}: expected a text"))),
    }
}

/// A URL or base64.
fn content(given: Value) -> Result<String, Fault> {
    match given {
        Value::String(text) => Ok(text),
        _ => Err(Fault::bad_request(
            "content: expected a URL or the document in base64",
        )),
    }
}

async fn printer(hub: &Hub, tenant: TenantId, asked: &Asked) -> Result<PrinterId, Fault> {
    let given = match &asked.printer_id {
        Value::Null => &asked.printer,
        given => given,
    };
    let number = match given {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        let got = cut(&given.to_string(), 64);
        Fault::bad_request(format!("printerId: expected a printer's number, got {got}"))
    })?;
    let no_such = || {
        Fault::new(
            StatusCode::NOT_FOUND,
            format!("there is no printer {number}; list them with GET /printers"),
        )
    };
    let number = u32::try_from(number).map_err(|_| no_such())?;
    let page = NumberedPage::first(1);
    let only = Some(vec![number..=number]);
    let found = hub
        .store
        .numbered_printers(tenant, None, only, page)
        .await?;
    let found = found.into_iter().next().ok_or_else(no_such)?;
    Ok(found.printer.id)
}

/// The options and how many times in all: PrintNode's `qty` delivers a job so often, its `copies` is
/// what the printer makes of each.
fn wishes(asked: &Asked, kind: Kind) -> Result<(PrintOptions, u16), Fault> {
    let nothing = Map::new();
    let given = match &asked.options {
        Value::Object(given) => given,
        Value::Null => &nothing,
        // What PHP makes of an empty map.
        Value::Array(empty) if empty.is_empty() => &nothing,
        _ => return Err(Fault::bad_request("options: expected an object")),
    };
    let (options, copies) = options::read(given)?;
    let qty = match &asked.qty {
        Value::Null => 1,
        given => options::number(given)
            .filter(|qty| *qty >= 1)
            .ok_or_else(|| {
                let got = cut(&given.to_string(), 64);
                Fault::bad_request(format!("qty: expected a number from 1, got {got}"))
            })?,
    };
    // Raw bytes bring their own layout, there as here.
    let options = match kind.content_type {
        ContentType::Raw => PrintOptions::default(),
        _ => options,
    };
    Ok((options, qty.saturating_mul(copies)))
}

fn expire_after(given: &Value) -> Result<u32, Fault> {
    let seconds = match given {
        Value::Null => return Ok(EXPIRE_AFTER_S),
        Value::Number(number) => number.as_u64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds >= 1).ok_or_else(|| {
        let got = cut(&given.to_string(), 64);
        Fault::bad_request(format!("expireAfter: expected seconds from 1, got {got}"))
    })?;
    Ok(u32::try_from(seconds).unwrap_or(u32::MAX))
}

/// `{"type": "BasicAuth", "credentials": {"user": …, "pass": …}}`.
fn login(given: &Value) -> Result<Option<Login>, Fault> {
    // Never what was given: it is a secret.
    let refuse = || {
        Fault::bad_request(
            "authentication: expected {\"type\": \"BasicAuth\", \"credentials\": {\"user\": …, \
             \"pass\": …}}",
        )
    };
    let nothing = given.is_null() || given.as_array().is_some_and(Vec::is_empty);
    if nothing {
        return Ok(None);
    }
    match given.get("type").and_then(Value::as_str) {
        Some("None") => return Ok(None),
        Some("BasicAuth") => {}
        Some("DigestAuth") => {
            return Err(Fault::not_offered(
                "this hub does not fetch with DigestAuth; use BasicAuth or a signed URL",
            ));
        }
        _ => return Err(refuse()),
    }
    let text = |key: &str| {
        let credentials = given.get("credentials")?;
        Some(credentials.get(key)?.as_str()?.to_owned())
    };
    let (user, password) = text("user").zip(text("pass")).ok_or_else(refuse)?;
    Ok(Some(Login { user, password }))
}

/// Base64 (RFC 4648 section 4), with or without padding, in lines or not.
fn decoded(mut content: String) -> Result<Vec<u8>, Fault> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    content.retain(|c| !c.is_ascii_whitespace());
    if content.is_empty() {
        return Err(Fault::bad_request(
            "content: expected the document, got nothing",
        ));
    }
    ENGINE
        .decode(content)
        .map_err(|error| Fault::bad_request(format!("content: expected base64: {error}")))
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn base64_is_read_as_programs_write_it() {
        for text in ["aGVsbG8=", "aGVsbG8", "aGVs\r\nbG8=\n"] {
            assert_eq!(decoded(text.to_owned()).unwrap(), b"hello");
        }
        for text in ["", " ", "aGVsbG8=x", "*", "aGV-"] {
            assert!(decoded(text.to_owned()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_login_is_basic_or_none() {
        assert_eq!(login(&Value::Null).unwrap(), None);
        assert_eq!(login(&json!([])).unwrap(), None);
        assert_eq!(login(&json!({"type": "None"})).unwrap(), None);
        let given = json!({"type": "BasicAuth", "credentials": {"user": "u", "pass": "secret"}});
        let found = login(&given).unwrap().unwrap();
        assert_eq!(
            (found.user.as_str(), found.password.as_str()),
            ("u", "secret")
        );
        let digest = json!({"type": "DigestAuth", "credentials": {"user": "u", "pass": "secret"}});
        assert_eq!(login(&digest).unwrap_err().status(), 403);
        for bad in [
            json!("x"),
            json!({}),
            json!({"type": "BasicAuth", "credentials": "secret"}),
        ] {
            let fault = login(&bad).unwrap_err();
            assert!(!format!("{fault:?}").contains("secret"));
        }
    }

    #[test]
    fn qty_and_copies_are_multiplied_and_raw_takes_no_other_wish() {
        let asked = |options: Value, qty: Value| Asked {
            options,
            qty,
            ..Asked::default()
        };
        let (pdf, raw) = (KINDS[1], KINDS[3]);
        let given = asked(json!({"copies": 3, "rotate": 90}), json!(2));
        let (options, copies) = wishes(&given, pdf).unwrap();
        assert_eq!((copies, options.rotate.is_some()), (6, true));
        let (options, copies) = wishes(&given, raw).unwrap();
        assert_eq!((copies, options.is_default()), (6, true));
        assert_eq!(wishes(&asked(json!([]), Value::Null), pdf).unwrap().1, 1);
        assert!(wishes(&asked(json!([1]), Value::Null), pdf).is_err());
        assert!(wishes(&asked(Value::Null, json!(0)), pdf).is_err());
        let (_, many) = wishes(&asked(json!({"copies": 60_000}), json!(60_000)), pdf).unwrap();
        assert_eq!(many, u16::MAX);
    }

    #[test]
    fn a_job_ends_after_two_weeks_unless_it_is_said_otherwise() {
        assert_eq!(expire_after(&Value::Null).unwrap(), 1_209_600);
        assert_eq!(expire_after(&json!("60")).unwrap(), 60);
        for bad in [json!(0), json!(-1), json!("soon"), json!([])] {
            assert!(expire_after(&bad).is_err(), "{bad}");
        }
    }
}
