//! Each way to refuse a job, and what is taken.

use super::*;
use crate::store::contract::{START, place, sha256};
use cueline_model::UncertainPolicy;
use cueline_wire::{Base64Bytes, Timestamp};

fn target() -> Target {
    let place = place(1, 1);
    Target {
        printer: place.printer,
        name: PrinterName::try_from("counter-1".to_owned()).unwrap(),
        tenant: place.tenant,
        site: place.site,
        agent: place.agent,
        content_types: vec![
            ContentType::Raw,
            ContentType::Png,
            ContentType::Jpeg,
            ContentType::Ticket,
        ],
        capabilities: None,
        gone: false,
        agent_revoked: false,
    }
}

fn request() -> PrintJobRequest {
    PrintJobRequest {
        options: cueline_model::PrintOptions::default(),
        printer: target().printer,
        content_type: ContentType::Raw,
        content: Some(Base64Bytes(b"ticket".to_vec())),
        document: None,
        title: Some("Hamlet, row 3".to_owned()),
        copies: 1,
        expires_at: None,
        expires_in_s: None,
        uncertain: UncertainPolicy::Hold,
    }
}

fn content(head: &[u8]) -> Content<'_> {
    Content {
        sha256: sha256(1),
        bytes: head.len() as u64,
        head,
    }
}

fn checked(
    request: &PrintJobRequest,
    target: Option<&Target>,
    content: Option<Content<'_>>,
) -> Result<NewJob, Refusal> {
    check(
        JobId::from_u128(5),
        place(1, 1).tenant,
        request,
        target,
        content,
        None,
        START,
    )
}

/// The code and status of the refusal of a request changed by `change`.
fn refused(change: impl FnOnce(&mut PrintJobRequest)) -> (&'static str, u16) {
    let mut request = request();
    change(&mut request);
    let refusal = checked(&request, Some(&target()), Some(content(b"ticket"))).unwrap_err();
    (refusal.code(), refusal.status())
}

fn refused_target(change: impl FnOnce(&mut Target)) -> (&'static str, u16) {
    let mut target = target();
    change(&mut target);
    let refusal = checked(&request(), Some(&target), Some(content(b"ticket"))).unwrap_err();
    (refusal.code(), refusal.status())
}

#[test]
fn a_good_request_becomes_a_job() {
    let mut request = request();
    request.expires_in_s = Some(90);
    let job = checked(&request, Some(&target()), Some(content(b"ticket"))).unwrap();
    assert_eq!(job.start_by, Some(START.shifted_ms(90_000)));
    assert_eq!(job.printer_name, target().name);
    assert_eq!(job.document.bytes, 6);
    assert_eq!((job.agent, job.site), (target().agent, target().site));
}

#[test]
fn the_printer_must_be_the_tenants_and_ready_for_it() {
    let unknown = checked(&request(), None, Some(content(b"x"))).unwrap_err();
    assert_eq!((unknown.code(), unknown.status()), ("unknown_printer", 404));
    let strangers = refused_target(|t| t.tenant = place(2, 1).tenant);
    assert_eq!(strangers, ("unknown_printer", 404));
    let revoked = refused_target(|t| t.agent_revoked = true);
    assert_eq!(revoked, ("agent_revoked", 409));
    assert_eq!(refused_target(|t| t.gone = true), ("printer_gone", 409));
    let unsupported = refused(|r| r.content_type = ContentType::Pdf);
    assert_eq!(unsupported, ("content_not_supported", 422));
}

#[test]
fn the_limits_hold_on_both_sides() {
    for copies in [0, COPIES_MAX + 1] {
        assert_eq!(refused(|r| r.copies = copies), ("too_many_copies", 422));
    }
    let long = "\u{fc}".repeat(TITLE_CHARS_MAX + 1);
    assert_eq!(refused(|r| r.title = Some(long)), ("title_too_long", 422));
    let mut fits = request();
    fits.copies = COPIES_MAX;
    fits.title = Some("\u{fc}".repeat(TITLE_CHARS_MAX));
    assert!(checked(&fits, Some(&target()), Some(content(b"x"))).is_ok());
}

#[test]
fn what_is_over_is_not_taken() {
    let at = |ms| Some(Timestamp(START.shifted_ms(ms)));
    assert_eq!(refused(|r| r.expires_at = at(0)), ("expired", 422));
    assert_eq!(refused(|r| r.expires_at = at(-5)), ("expired", 422));
    assert_eq!(refused(|r| r.expires_in_s = Some(0)), ("expired", 422));
    let both = refused(|r| {
        r.expires_at = at(1_000);
        r.expires_in_s = Some(1);
    });
    assert_eq!(both, ("expiry_ambiguous", 422));
    let mut later = request();
    later.expires_at = at(1);
    let job = checked(&later, Some(&target()), Some(content(b"x"))).unwrap();
    assert_eq!(job.start_by, Some(START.shifted_ms(1)));
}

#[test]
fn there_is_exactly_one_document_and_it_is_what_it_says() {
    assert_eq!(refused(|r| r.content = None), ("content_ambiguous", 422));
    let both = refused(|r| r.document = Some(sha256(1)));
    assert_eq!(both, ("content_ambiguous", 422));

    let code = |request: &PrintJobRequest, content| {
        let refusal = checked(request, Some(&target()), content).unwrap_err();
        (refusal.code(), refusal.status())
    };
    let mut by_digest = request();
    by_digest.content = None;
    by_digest.document = Some(sha256(1));
    assert_eq!(code(&by_digest, None), ("unknown_document", 422));
    assert!(checked(&by_digest, Some(&target()), Some(content(b"x"))).is_ok());
    assert_eq!(code(&request(), Some(content(b""))), ("content_empty", 422));
    let too_long = Content {
        bytes: DOCUMENT_BYTES_MAX + 1,
        ..content(b"x")
    };
    assert_eq!(
        code(&request(), Some(too_long)),
        ("document_too_large", 413)
    );

    let mut png = request();
    png.content_type = ContentType::Png;
    let mismatch = ("content_mismatch", 422);
    assert_eq!(code(&png, Some(content(b"\x89PNG\r\n\x1a"))), mismatch);
    assert_eq!(code(&png, Some(content(b"%PDF-1.7"))), mismatch);
    let real = Some(content(b"\x89PNG\r\n\x1a\n..."));
    assert!(checked(&png, Some(&target()), real).is_ok());

    for (content_type, bad, good) in [
        (
            ContentType::Jpeg,
            &b"\x89PNG\r\n\x1a\n"[..],
            &b"\xff\xd8\xff\xe0"[..],
        ),
        (ContentType::Ticket, b"[1]", b" \n{\"size\": []}"),
    ] {
        let mut asked = request();
        asked.content_type = content_type;
        assert_eq!(code(&asked, Some(content(bad))), mismatch);
        assert!(checked(&asked, Some(&target()), Some(content(good))).is_ok());
    }
    let mut ticket = request();
    ticket.content_type = ContentType::Ticket;
    let too_long = Content {
        bytes: TICKET_BYTES_MAX + 1,
        ..content(b"{}")
    };
    assert_eq!(code(&ticket, Some(too_long)), ("document_too_large", 413));
}

#[test]
fn a_reprint_names_its_job_and_bears_its_mark() {
    let origin = |marked| {
        Some(Origin {
            reprint_of: JobId::from_u128(3),
            marked,
        })
    };
    let mut able = target();
    able.capabilities = Some(Capabilities::default());
    let made = |target: &Target, origin| {
        check(
            JobId::from_u128(5),
            place(1, 1).tenant,
            &request(),
            Some(target),
            Some(content(b"ticket")),
            origin,
            START,
        )
    };
    let job = made(&able, origin(true)).unwrap();
    assert_eq!(
        (job.marked, job.reprint_of),
        (true, Some(JobId::from_u128(3)))
    );
    let outdated = made(&target(), origin(true)).unwrap_err();
    assert_eq!(outdated.code(), "agent_outdated");
    assert!(!made(&target(), origin(false)).unwrap().marked);
}

#[test]
fn options_are_kept_and_what_is_left_out_is_noted() {
    let duplex = |r: &mut PrintJobRequest| {
        r.options.duplex = Some(cueline_model::Duplex::LongEdge);
    };
    let mut asked = request();
    duplex(&mut asked);
    let job = checked(&asked, Some(&target()), Some(content(b"x"))).unwrap();
    assert_eq!(job.options, asked.options);
    assert_eq!(job.notes.len(), 1);
    let strict = refused(|r| {
        duplex(r);
        r.options.on_unsupported = cueline_model::OnUnsupported::Strict;
    });
    assert_eq!(strict, ("option_unsupported", 422));
    let invalid = refused(|r| r.options.nup = Some(5));
    assert_eq!(invalid, ("option_invalid", 422));
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    let refusal = Refusal::from(SubmitError::QueueFull { queued: 10_000 });
    let problem = refusal.problem();
    assert_eq!((problem.status, problem.code.as_str()), (429, "queue_full"));
    assert_eq!(problem.retry_after_s, Some(QUEUE_FULL_RETRY_AFTER_S));
    assert!(problem.detail.contains("10000"), "{}", problem.detail);
}

#[test]
fn the_stores_errors_have_their_own_codes() {
    let text = "disk gone".to_owned();
    for (error, status, code) in [
        (StoreError::Busy, 503, "busy"),
        (StoreError::DiskFull, 507, "disk_full"),
        (
            StoreError::Broken { text: text.clone() },
            503,
            "storage_failed",
        ),
        (StoreError::Internal { text }, 500, "internal"),
    ] {
        let problem = store_problem(&error);
        assert_eq!((problem.status, problem.code.as_str()), (status, code));
    }
}
