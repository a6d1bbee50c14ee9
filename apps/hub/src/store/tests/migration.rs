//! A database of the first release is brought up to this version with all that is in it.

use cueline_hub_core::store::contract::{START, entry, submission};
use cueline_model::{
    AgentId, JobId, JobState, Outcome, PrintOptions, PrinterId, Proof, SiteId, TenantId,
};
use cueline_wire::cloud::Progress;
use rusqlite::Connection;

use super::super::schema::DATABASE_FILE;
use super::super::{NumberedPage, Store};

const TENANT: &str = "ten_00000000000000000000000000000001";
const SITE: &str = "site_00000000000000000000000000000064";
const AGENT: &str = "agt_00000000000000000000000000000001";
const PRINTER: &str = "prn_00000000000000000000000000000064";

/// The schema as version 0.1 made it, with a job in each state that it could be in.
fn first_release(path: &std::path::Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(include_str!("../migrations/001.sql"))
        .unwrap();
    let digest = "x'0000000000000000000000000000000000000000000000000000000000000005'";
    let timeline = r#"[{"at":"2027-01-15T08:00:00.000Z","what":"queued"}]"#;
    let done = r#"{"outcome":"done","proof":"printed"}"#;
    let uncertain = r#"{"outcome":"uncertain","detail":"the cable was pulled"}"#;
    let mut rows = String::new();
    for (number, state, outcome) in [
        (1, "done", format!("'{done}'")),
        (2, "uncertain", format!("'{uncertain}'")),
        (3, "queued", "NULL".to_owned()),
    ] {
        let settled = if state == "queued" {
            "NULL"
        } else {
            "1800000000005"
        };
        rows.push_str(&format!(
            "INSERT INTO print_jobs VALUES ('job_{number:032x}', '{TENANT}', '{SITE}', '{AGENT}',
                 '{PRINTER}', 'counter-1', {number}, 1, '{state}', 'Hamlet', 'raw', 6, {digest}, 2,
                 'hold', 1800000000000, NULL, NULL, NULL, {settled}, {outcome}, NULL, '{timeline}');"
        ));
    }
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = 0x43756548; PRAGMA user_version = 1;
             INSERT INTO tenants VALUES ('{TENANT}', 'T', 0);
             INSERT INTO sites VALUES ('{SITE}', '{TENANT}', 'S', 0);
             INSERT INTO agents (id, tenant, site, name, public_key, created_at, last_sequence)
                 VALUES ('{AGENT}', '{TENANT}', '{SITE}', 'A', zeroblob(32), 0, 3);
             INSERT INTO printers VALUES ('{PRINTER}', '{TENANT}', '{AGENT}', 'counter-1', 'escpos',
                 '[\"raw\",\"png\"]', 576, NULL);
             INSERT INTO documents (tenant, sha256, kept_until, bytes, head, body)
                 VALUES ('{TENANT}', {digest}, 1800000000000, 6, x'7469', x'7469636b6574');
             {rows}"
        ))
        .unwrap();
}

#[tokio::test]
async fn what_the_first_release_stored_is_found_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    first_release(&directory.path().join(DATABASE_FILE));
    let store = Store::open(directory.path(), |_| {}).unwrap();
    let tenant: TenantId = TENANT.parse().unwrap();
    let agent: AgentId = AGENT.parse().unwrap();

    let done = store
        .job(tenant, JobId::from_u128(1))
        .await
        .unwrap()
        .unwrap();
    let proof = Proof::Printed;
    assert_eq!(done.outcome, Some(Outcome::Done { proof }));
    assert_eq!(
        (done.options, done.notes),
        (PrintOptions::default(), Vec::new())
    );
    assert_eq!((done.marked, done.reprint_of), (false, None));
    assert_eq!((done.tickets, done.resolution), (None, None));
    let doubtful = store.job(tenant, JobId::from_u128(2)).await.unwrap();
    assert_eq!(doubtful.unwrap().state, JobState::Uncertain);
    let printer: PrinterId = PRINTER.parse().unwrap();
    let printer = store.printer(tenant, printer).await.unwrap().unwrap();
    assert_eq!((printer.height_dots, printer.capabilities), (None, None));
    assert_eq!((printer.width_dots, printer.queued), (Some(576), 1));

    // And it goes on from there.
    let steps = vec![
        entry(1, JobId::from_u128(3), Progress::Started),
        entry(
            2,
            JobId::from_u128(3),
            Progress::Printing {
                printed: 1,
                total: 2,
            },
        ),
    ];
    let recorded = store
        .record(agent, steps, START.shifted_ms(9))
        .await
        .unwrap();
    assert_eq!((recorded.reply.stored.len(), recorded.at_agent), (2, 1));
    let place = super::place(1, 1);
    assert_eq!(place.site, SITE.parse::<SiteId>().unwrap());
    let submitted = store.submit(submission(place, 9), START).await.unwrap();
    assert_eq!(submitted.job.sequence, 4);
}

#[tokio::test]
async fn what_the_first_release_stored_has_numbers_and_new_ones_follow() {
    let directory = tempfile::tempdir().unwrap();
    first_release(&directory.path().join(DATABASE_FILE));
    let store = Store::open(directory.path(), |_| {}).unwrap();
    let tenant: TenantId = TENANT.parse().unwrap();
    let page = NumberedPage::first(10);
    let jobs = async || store.numbered_jobs(tenant, None, None, page).await.unwrap();
    let found = jobs().await;
    let numbers: Vec<_> = found.iter().map(|job| (job.number, job.job.id)).collect();
    let expected = [3, 2, 1].map(|number| (number, JobId::from_u128(number.into())));
    assert_eq!(numbers, expected);
    assert!(found.iter().all(|job| job.printer.number == 1));
    assert!(found.iter().all(|job| job.printer.computer.number == 1));
    assert_eq!(store.numbered_account(tenant).await.unwrap().number, 1);

    let mut place = cueline_hub_core::store::contract::place(1, 1);
    (place.tenant, place.site) = (tenant, SITE.parse().unwrap());
    (place.agent, place.printer) = (AGENT.parse().unwrap(), PRINTER.parse().unwrap());
    store.submit(submission(place, 9), START).await.unwrap();
    assert_eq!(jobs().await[0].number, 4);
    // Another tenant's begin anew.
    let other = store
        .add_tenant("Other".to_owned(), START)
        .await
        .unwrap()
        .id;
    assert_eq!(store.numbered_account(other).await.unwrap().number, 2);
    let printers = store.numbered_printers(other, None, None, page).await;
    assert!(printers.unwrap().is_empty());
}
