//! Documents and their retention.

use cueline_model::{Outcome, Proof};
use cueline_wire::cloud::Progress;

use super::{Harness, START, entry, known, place, sha256, submission, submit};
use crate::store::{JobStore as _, SubmitError};

/// As long as its time says and as long as a job needs it.
pub fn a_document_is_kept_while_it_is_needed(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let store = harness.store();
    let (lone, used) = (sha256(1), sha256(2));
    let until = START.shifted_ms(100);
    for sha256 in [lone, used] {
        let put = store.put_document(here.tenant, sha256, b"%PDF-1.7", until);
        put.expect("the store answers");
    }
    let mut referring = submission(here, 2);
    referring.body = None;
    let job = submit(harness, referring, START).job;
    assert_eq!(job.document.sha256, used);

    let (at_its_end, after) = (until, until.shifted_ms(1));
    assert_eq!(harness.store().drop_documents(at_its_end, 10), Ok(0));
    assert_eq!(harness.store().drop_documents(after, 10), Ok(1));
    harness.reopen();
    let store = harness.store();
    assert_eq!(store.document(here.tenant, lone), Ok(None));
    let body = store.document(here.tenant, used);
    assert_eq!(body, Ok(Some(b"%PDF-1.7".to_vec())));

    let ended = Progress::Ended(Outcome::Done { proof: Proof::Sent });
    let recorded = store.record(here.agent, &[entry(1, job.id, ended)], START);
    recorded.expect("the store answers");
    let longer = until.shifted_ms(50);
    for kept_until in [longer, until] {
        let put = store.put_document(here.tenant, used, b"%PDF-1.7", kept_until);
        put.expect("the store answers");
    }
    assert_eq!(
        store.drop_documents(longer, 10),
        Ok(0),
        "the longer time holds"
    );
    assert_eq!(store.drop_documents(longer.shifted_ms(1), 10), Ok(1));
    assert_eq!(store.document(here.tenant, used), Ok(None));
}

/// The same bytes of two tenants are two documents.
pub fn a_document_is_one_tenants(harness: &mut impl Harness) {
    let (here, there) = (place(1, 1), place(2, 2));
    known(harness, here).add_place(there);
    let digest = sha256(1);
    let store = harness.store();
    store
        .put_document(here.tenant, digest, b"a", START)
        .expect("the store answers");
    assert_eq!(store.document(there.tenant, digest), Ok(None));
    let mut referring = submission(there, 1);
    referring.body = None;
    let refused = store.submit(referring, START);
    assert_eq!(
        refused,
        Err(SubmitError::UnknownDocument { sha256: digest })
    );
    store
        .put_document(there.tenant, digest, b"a", START.shifted_ms(9))
        .expect("the store answers");
    assert_eq!(store.drop_documents(START.shifted_ms(1), 10), Ok(1));
    assert_eq!(store.document(here.tenant, digest), Ok(None));
    assert_eq!(
        store.document(there.tenant, digest),
        Ok(Some(b"a".to_vec()))
    );
}

/// And nothing of the refused submission stays.
pub fn an_unknown_document_is_refused(harness: &mut impl Harness) {
    let here = place(1, 1);
    known(harness, here);
    let mut referring = super::with_key(submission(here, 1), "k", 1);
    referring.body = None;
    let refused = harness.store().submit(referring, START);
    let sha256 = sha256(1);
    assert_eq!(refused, Err(SubmitError::UnknownDocument { sha256 }));
    let again = super::with_key(submission(here, 1), "k", 2);
    assert!(!submit(harness, again, START).repeat);
}
