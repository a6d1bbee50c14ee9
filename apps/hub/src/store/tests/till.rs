//! Agents, their printers and what is wrong with them.

use cueline_hub_core::job::DETAIL_CHARS_MAX;
use cueline_hub_core::store::contract::{START, submission};
use cueline_model::{AgentId, Fault, FaultCode, PrinterName, SiteId, TenantId};
use cueline_wire::cloud::{InventoryReply, PrinterStatus};

use super::super::{Committed, InventoryError, JobChange, Sighting, Store};
use super::{Opened, inventory, new_agent, tenant_and_site};

async fn registered(store: &Store) -> (TenantId, SiteId, AgentId) {
    let (tenant, site) = tenant_and_site(store).await;
    let code = store
        .add_pairing_code(tenant, None, START)
        .await
        .unwrap()
        .code;
    let agent = store
        .register(code, new_agent(1), START)
        .await
        .unwrap()
        .agent;
    (tenant, site, agent.id)
}

fn names(reply: &InventoryReply) -> Vec<&str> {
    reply.printers.iter().map(|p| p.name.as_str()).collect()
}

#[tokio::test]
async fn a_printer_keeps_its_id_also_while_it_is_gone() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, site, agent) = registered(store).await;
    let put = |names: &[&str]| store.put_inventory(agent, inventory(names), START);
    let first = put(&["a", "b"]).await.unwrap();
    assert_eq!(names(&first), ["a", "b"]);
    let only_b = put(&["b"]).await.unwrap();
    assert_eq!(only_b.printers, first.printers[1..]);
    let a = first.printers[0].id;
    let gone = store.printer(tenant, a).await.unwrap().unwrap();
    assert_eq!(gone.gone_at, Some(START));
    assert_eq!(store.printers(tenant, None, 10).await.unwrap().len(), 1);
    assert!(store.target(tenant, a).await.unwrap().unwrap().gone);
    let back = put(&["b", "a", "c"]).await.unwrap();
    assert_eq!(back.printers[1].id, a);

    let printer = store.printer(tenant, a).await.unwrap().unwrap();
    assert_eq!((printer.gone_at, printer.queued), (None, 0));
    assert_eq!(
        (printer.agent_name.as_str(), printer.site),
        ("counter", site)
    );
    assert_eq!(printer.width_dots, Some(576));
    let described = store.agent_by_id(agent).await.unwrap().unwrap();
    assert_eq!(described.version.as_deref(), Some("0.2.0"));
    assert_eq!(described.path.as_deref(), Some("proxy squid:3128"));
    let (stranger, _) = tenant_and_site(store).await;
    assert_eq!(store.printer(stranger, a).await, Ok(None));
    assert_eq!(store.target(stranger, a).await, Ok(None));
    assert_eq!(store.agent(stranger, agent).await, Ok(None));
}

#[tokio::test]
async fn an_inventory_beyond_its_limits_changes_nothing() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, _, agent) = registered(store).await;
    store
        .put_inventory(agent, inventory(&["a"]), START)
        .await
        .unwrap();
    let many: Vec<_> = (0..65).map(|n| format!("p{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let too_many = store.put_inventory(agent, inventory(&many), START).await;
    assert_eq!(too_many, Err(InventoryError::TooManyPrinters { got: 65 }));
    let twice = store
        .put_inventory(agent, inventory(&["b", "b"]), START)
        .await;
    assert!(matches!(twice, Err(InventoryError::SameName { .. })));
    let printers = store.printers(tenant, None, 100).await.unwrap();
    assert_eq!(printers.len(), 1);
}

#[tokio::test]
async fn ever_new_names_do_not_pile_up() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, site, agent) = registered(store).await;
    let first = store.put_inventory(agent, inventory(&["kept"]), START);
    let kept = first.await.unwrap().printers[0].id;
    let mut job = submission(super::place(1, 1), 1);
    (job.job.tenant, job.job.site, job.job.agent) = (tenant, site, agent);
    job.job.printer = kept;
    store.submit(job, START).await.unwrap();
    for round in 1..=8 {
        let many: Vec<_> = (0..64).map(|n| format!("r{round}-{n}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let put = store.put_inventory(agent, inventory(&many), START.shifted_ms(round));
        put.await.unwrap();
    }
    let count: i64 = store
        .read(|connection| {
            let count = connection.query_row("SELECT count(*) FROM printers", [], |r| r.get(0));
            count.map_err(super::super::failure::map::<cueline_hub_core::StoreError>)
        })
        .await
        .unwrap();
    assert_eq!(count, 257, "256 and the one that a job names");
    assert_eq!(store.printers(tenant, None, 100).await.unwrap().len(), 64);
    let kept = store.printer(tenant, kept).await.unwrap().unwrap();
    assert_eq!(kept.queued, 1);
}

#[tokio::test]
async fn removing_an_agent_is_told_after_its_jobs_are_cancelled() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, site, agent) = registered(store).await;
    let printers = store
        .put_inventory(agent, inventory(&["a"]), START)
        .await
        .unwrap();
    for number in 1..=2 {
        let mut job = submission(super::place(1, 1), number);
        (job.job.tenant, job.job.site, job.job.agent) = (tenant, site, agent);
        job.job.printer = printers.printers[0].id;
        job.offered = number == 2;
        store.submit(job, START).await.unwrap();
    }
    let (stranger, _) = tenant_and_site(store).await;
    assert_eq!(store.revoke_agent(stranger, agent, START).await, Ok(None));
    opened.told();
    for _ in 0..2 {
        let revoked = store.revoke_agent(tenant, agent, START).await.unwrap();
        assert_eq!(revoked.unwrap().revoked_at, Some(START));
    }
    let told = opened.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        matches!(told[0], Committed::Job(n) if n.change == JobChange::Settled && n.sequence == 1)
    );
    assert_eq!(told[1], Committed::AgentRevoked(agent));
    assert_eq!(store.printers(tenant, None, 10).await, Ok(Vec::new()));
    let target = store.target(tenant, printers.printers[0].id).await.unwrap();
    assert!(target.unwrap().agent_revoked);
}

#[tokio::test]
async fn sightings_are_kept_and_do_not_go_back() {
    let opened = Opened::new();
    let (_, _, agent) = registered(&opened.store).await;
    for (ms, ping_s) in [(500, Some(60)), (400, None)] {
        let at = START.shifted_ms(ms);
        let seen = opened.store.seen(vec![Sighting { agent, at, ping_s }]);
        seen.await.unwrap();
    }
    let opened = opened.reopened();
    let record = opened.store.agent_by_id(agent).await.unwrap().unwrap();
    assert_eq!(record.last_seen_at, Some(START.shifted_ms(500)));
    assert_eq!(record.ping_s, Some(60));
}

#[tokio::test]
async fn what_is_wrong_is_as_last_heard() {
    let opened = Opened::new();
    let (tenant, _, agent) = registered(&opened.store).await;
    let name = PrinterName::try_from("a".to_owned()).unwrap();
    let status = |fault| PrinterStatus {
        warning: None,
        printer: name.clone(),
        fault,
        since: START,
    };
    let fault = Fault::new(FaultCode::PaperOut, "out of paper");
    let store = &opened.store;
    let tell = |status| store.set_conditions(agent, vec![status], START);
    tell(status(Some(fault.clone()))).await.unwrap();
    assert_eq!(store.condition(agent, &name).fault, Some(fault.clone()));
    tell(status(None)).await.unwrap();
    assert_eq!(store.condition(agent, &name).fault, None);
    let endless = Fault::new(FaultCode::PaperOut, "ä".repeat(900_000));
    tell(status(Some(endless))).await.unwrap();
    let kept = store.condition(agent, &name).fault.unwrap().text;
    assert_eq!(kept.chars().count(), DETAIL_CHARS_MAX);
    tell(status(Some(fault))).await.unwrap();
    store.revoke_agent(tenant, agent, START).await.unwrap();
    assert_eq!(store.condition(agent, &name).fault, None);
}

#[tokio::test]
async fn what_is_wrong_is_still_known_after_a_restart() {
    let opened = Opened::new();
    let (tenant, _, agent) = registered(&opened.store).await;
    let store = &opened.store;
    let put = store.put_inventory(agent, inventory(&["a", "b"]), START);
    let a = put.await.unwrap().printers[0].id;
    let status = |name: &str, fault: bool, warning: bool| PrinterStatus {
        printer: name.parse().unwrap(),
        fault: fault.then(|| Fault::new(FaultCode::PaperOut, "out of paper")),
        warning: warning.then(|| Fault::new(FaultCode::PaperLow, "paper is low")),
        since: START,
    };
    let told = vec![status("a", true, false), status("b", false, true)];
    let events = store.set_conditions(agent, told, START).await.unwrap();
    let committed: Vec<_> = opened
        .told()
        .into_iter()
        .filter(|committed| matches!(committed, Committed::Printer(..)))
        .collect();
    let expected: Vec<_> = events
        .iter()
        .map(|event| Committed::Printer(tenant, event.clone()))
        .collect();
    assert_eq!((committed.len(), committed), (2, expected));

    let opened = opened.reopened();
    let store = &opened.store;
    let fault = store.condition(agent, &"a".parse().unwrap()).fault;
    assert_eq!(fault.map(|fault| fault.code), Some(FaultCode::PaperOut));
    assert!(
        store
            .condition(agent, &"b".parse().unwrap())
            .warning
            .is_some()
    );
    let fine = vec![status("a", false, false)];
    store.set_conditions(agent, fine, START).await.unwrap();
    let opened = opened.reopened();
    let store = &opened.store;
    assert!(store.condition(agent, &"a".parse().unwrap()).is_fine());
    assert_eq!(
        store
            .printer_events(tenant, a, None, 9)
            .await
            .unwrap()
            .len(),
        2
    );
    store.revoke_agent(tenant, agent, START).await.unwrap();
    let opened = opened.reopened();
    assert!(
        opened
            .store
            .condition(agent, &"b".parse().unwrap())
            .is_fine()
    );
}
