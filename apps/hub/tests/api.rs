//! The box office's API over real TLS: who may do what, and how what is wrong is told.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;

use cueline_model::{JobState, Sha256};
use cueline_wire::api::{Alert, ApiKey, Page, Payment, PrintJob, Printer, Site, StoredDocument};
use equipment::agent::Agent;
use equipment::till::desk;
use equipment::{Api, House, QUICK};
use http::Method;
use serde_json::json;

/// Every route with the scopes that open it; `{…}` stands for ids of the first tenant.
const ROUTES: &[(&str, &str, &[&str])] = &[
    ("POST", "/v1/print-jobs", &["print"]),
    ("GET", "/v1/print-jobs", &["read", "print"]),
    ("GET", "/v1/print-jobs/{job}", &["read", "print"]),
    ("POST", "/v1/print-jobs/{job}/cancel", &["print"]),
    ("POST", "/v1/print-jobs/{job}/reprint", &["print"]),
    ("POST", "/v1/print-jobs/{job}/resolve", &["print"]),
    ("GET", "/v1/print-jobs/{job}/picture", &["read"]),
    ("POST", "/v1/documents", &["print"]),
    ("GET", "/v1/agents", &["read", "manage"]),
    ("GET", "/v1/agents/{agent}", &["read", "manage"]),
    ("DELETE", "/v1/agents/{agent}", &["manage"]),
    ("GET", "/v1/printers", &["read"]),
    ("GET", "/v1/printers/{printer}", &["read"]),
    ("GET", "/v1/printers/{printer}/events", &["read"]),
    ("POST", "/v1/printers/{printer}/test-page", &["print"]),
    ("GET", "/v1/events", &["read"]),
    ("POST", "/v1/payments", &["pay"]),
    ("GET", "/v1/payments", &["read", "pay"]),
    ("GET", "/v1/payments/{payment}", &["read", "pay"]),
    ("POST", "/v1/payments/{payment}/cancel", &["pay"]),
    ("POST", "/v1/payments/{payment}/void", &["pay"]),
    ("POST", "/v1/payments/{payment}/refund", &["pay"]),
    ("POST", "/v1/payments/{payment}/answer", &["pay"]),
    ("POST", "/v1/payments/{payment}/look-up", &["pay"]),
    ("POST", "/v1/payments/{payment}/receipt", &["pay"]),
    ("POST", "/v1/payments/{payment}/resolve", &["pay"]),
    ("GET", "/v1/stations", &["read", "pay"]),
    ("GET", "/v1/terminals", &["read", "pay"]),
    ("GET", "/v1/alerts", &["read", "pay"]),
    ("POST", "/v1/alerts/{alert}/close", &["pay"]),
    ("GET", "/v1/audit-events", &["read", "manage"]),
    ("POST", "/v1/sites", &["manage"]),
    ("GET", "/v1/sites", &["read", "manage"]),
    ("POST", "/v1/pairing-codes", &["manage"]),
    ("POST", "/v1/api-keys", &["manage"]),
    ("GET", "/v1/api-keys", &["manage"]),
    ("DELETE", "/v1/api-keys/{key}", &["manage"]),
];

struct Ids {
    agent: Agent,
    job: PrintJob,
    key: ApiKey,
    payment: Payment,
    alert: u64,
}

impl Ids {
    async fn of(house: &House) -> Self {
        let agent = Agent::register(&house.api()).await;
        let job = house.api().post("/v1/print-jobs", job(&agent)).await.json();
        let asked = json!({"name": "victim", "scopes": ["read"]});
        let key = house.api().post("/v1/api-keys", asked).await.json();
        agent.open_desks(vec![desk("desk-1", &["counter"])]).await;
        let sale = json!({"amount_minor": 1250, "currency": "EUR", "station": "desk-1"});
        let payment = house.api().post_once("/v1/payments", "k", sale).await;
        agent.keyed_by_hand(700).await;
        let alerts: Page<Alert> = house.api().get("/v1/alerts").await.json();
        Self {
            agent,
            job,
            key,
            payment: payment.json(),
            alert: alerts.data[0].id,
        }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{job}", &self.job.id.to_string())
            .replace("{agent}", &self.agent.id.to_string())
            .replace("{printer}", &self.agent.printer.to_string())
            .replace("{key}", &self.key.id.to_string())
            .replace("{payment}", &self.payment.id.to_string())
            .replace("{alert}", &self.alert.to_string())
    }
}

fn job(agent: &Agent) -> serde_json::Value {
    json!({"printer": agent.printer, "content_type": "raw", "content": "aGVsbG8K"})
}

async fn call(api: &Api<'_>, method: &str, path: &str) -> equipment::Answer {
    let json = [
        ("content-type", "application/json"),
        // Once the key is right this is refused, where an answer without end would begin.
        ("last-event-id", "none"),
    ];
    let body = if method == "POST" {
        b"{}".to_vec()
    } else {
        Vec::new()
    };
    api.call(method.parse().unwrap(), path, &json, body).await
}

#[tokio::test]
async fn every_route_asks_for_a_key_with_its_scope() {
    let house = House::open(QUICK).await;
    let ids = Ids::of(&house).await;
    let nobody = Api {
        client: &house.client,
        key: None,
    };
    let other = if house.key.ends_with('x') { 'y' } else { 'x' };
    let wrong = format!("{}{other}", &house.key[..house.key.len() - 1]);
    let wrong = Api {
        client: &house.client,
        key: Some(wrong),
    };
    let mut scoped = Vec::new();
    for scope in ["read", "print", "pay", "manage"] {
        let asked = json!({"name": scope, "scopes": [scope]});
        let key: ApiKey = house.api().post("/v1/api-keys", asked).await.json();
        scoped.push((
            scope,
            Api {
                client: &house.client,
                key: key.key,
            },
        ));
    }
    for (method, path, opened_by) in ROUTES {
        let path = ids.fill(path);
        for stranger in [&nobody, &wrong] {
            let answer = call(stranger, method, &path).await;
            assert_eq!(
                answer.code(),
                (401, "key_invalid".to_owned()),
                "{method} {path}"
            );
            assert!(answer.headers.contains_key("www-authenticate"));
        }
        // What would change something for the other calls is shown to be open elsewhere.
        for (scope, api) in scoped.iter().filter(|_| *method != "DELETE") {
            let answer = call(api, method, &path).await;
            if opened_by.contains(scope) {
                assert!(
                    ![401, 403].contains(&answer.status.as_u16()),
                    "{method} {path} with {scope}"
                );
            } else {
                let problem = answer.problem();
                assert_eq!(
                    (problem.status, problem.code.as_str()),
                    (403, "scope_missing"),
                    "{method} {path} with {scope}"
                );
                assert!(problem.detail.contains(opened_by[0]), "{}", problem.detail);
            }
        }
    }
    let reader = &scoped[0].1;
    for path in ["/v1/agents/{agent}", "/v1/api-keys/{key}"] {
        assert_eq!(reader.delete(&ids.fill(path)).await.code().0, 403);
    }
}

#[tokio::test]
async fn another_tenants_ids_are_ids_of_nothing() {
    let house = House::open(QUICK).await;
    let ids = Ids::of(&house).await;
    for (method, path, _) in ROUTES.iter().filter(|(_, path, _)| path.contains('{')) {
        let foreign = call(&house.other(), method, &ids.fill(path))
            .await
            .problem();
        let nothing = path.split_once('{').map(|(start, end)| {
            let prefix = match end.split_once('}').unwrap().0 {
                "printer" => "prn",
                "agent" => "agt",
                "payment" => "pay",
                other => other,
            };
            let rest = end.split_once('}').unwrap().1;
            format!("{start}{prefix}_{:032x}{rest}", 7)
        });
        let nothing = nothing.unwrap();
        let nothing = call(&house.other(), method, &nothing).await.problem();
        assert_eq!(foreign.status, 404, "{method} {path}");
        assert_eq!(foreign, nothing, "{method} {path}");
    }
    for path in [
        "/v1/print-jobs",
        "/v1/agents",
        "/v1/printers",
        "/v1/payments",
        "/v1/stations",
        "/v1/terminals",
        "/v1/alerts",
        "/v1/audit-events",
    ] {
        let page: Page<serde_json::Value> = house.other().get(path).await.json();
        assert!(page.data.is_empty(), "{path}: {page:?}");
    }
    let stolen = house.other().post("/v1/print-jobs", job(&ids.agent)).await;
    assert_eq!(stolen.code(), (404, "unknown_printer".to_owned()));
    let stolen = json!({"amount_minor": 1, "currency": "EUR", "station": ids.payment.station});
    let stolen = house.other().post_once("/v1/payments", "k", stolen).await;
    assert_eq!(stolen.code(), (422, "no_station".to_owned()));
    let stolen = json!({"kind": "void", "original": ids.payment.id});
    let stolen = house.other().post_once("/v1/payments", "k", stolen).await;
    assert_eq!(stolen.code(), (422, "unknown_original".to_owned()));
    let site = house.api().get("/v1/sites").await.json::<Page<Site>>().data[0].id;
    let code = house
        .other()
        .post("/v1/pairing-codes", json!({"site": site}))
        .await;
    assert_eq!(code.code(), (404, "unknown_site".to_owned()));
    // Documents too, though they are named by what they hold.
    let headers = [("content-type", "application/octet-stream")];
    let stored: StoredDocument = house
        .api()
        .call(Method::POST, "/v1/documents", &headers, b"secret".to_vec())
        .await
        .json();
    let theirs = Agent::register(&house.other()).await;
    let asked =
        json!({"printer": theirs.printer, "content_type": "raw", "document": stored.document});
    let answer = house.other().post("/v1/print-jobs", asked).await;
    assert_eq!(answer.code(), (422, "unknown_document".to_owned()));
}

#[tokio::test]
async fn a_key_may_come_as_basic_user_and_ends_at_once_when_revoked() {
    use base64::Engine as _;
    let house = House::open(QUICK).await;
    let ids = Ids::of(&house).await;
    let key = ids.key.key.clone().unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
    let nobody = Api {
        client: &house.client,
        key: None,
    };
    let authorization = format!("Basic {basic}");
    let headers = [("authorization", authorization.as_str())];
    let answer = nobody
        .call(Method::GET, "/v1/printers", &headers, Vec::new())
        .await;
    assert_eq!(answer.json::<Page<Printer>>().data[0].id, ids.agent.printer);
    let listed: Page<ApiKey> = house.api().get("/v1/api-keys").await.json();
    assert!(listed.data.iter().any(|listed| listed.id == ids.key.id));
    assert!(
        listed.data.iter().all(|listed| listed.key.is_none()),
        "shown once"
    );
    assert_eq!(
        house
            .api()
            .delete(&format!("/v1/api-keys/{}", ids.key.id))
            .await
            .status,
        204
    );
    let answer = nobody
        .call(Method::GET, "/v1/printers", &headers, Vec::new())
        .await;
    assert_eq!(answer.code().0, 401);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_told_in_a_problem_document() {
    let house = House::open(QUICK).await;
    let ids = Ids::of(&house).await;
    let api = house.api();
    let json = [("content-type", "application/json")];
    let post = |headers: Vec<(&'static str, &'static str)>, path: &'static str, body: Vec<u8>| {
        let api = &api;
        async move { api.call(Method::POST, path, &headers, body).await.problem() }
    };
    let jobs = "/v1/print-jobs";
    let broken = post(json.into(), jobs, b"{\"printer\":\n oops}".to_vec()).await;
    assert_eq!((broken.status, broken.code.as_str()), (400, "invalid_json"));
    assert!(
        broken.detail.contains("line 2 column 2"),
        "{}",
        broken.detail
    );
    for content_type in ["text/plain", "application/json; charset=utf-8"] {
        let typed = post(vec![("content-type", content_type)], jobs, b"{}".to_vec()).await;
        assert_eq!((typed.status, typed.code.as_str()), (415, "media_type"));
    }
    assert_eq!(post(vec![], jobs, b"{}".to_vec()).await.status, 415);
    let long = format!("{{\"name\":\"{}\"}}", "a".repeat(65 * 1024)).into_bytes();
    assert_eq!(post(json.into(), "/v1/sites", long).await.status, 413);

    for (changed, value, status, code) in [
        ("colour", json!(true), 422, "invalid_request"),
        ("printer", json!("front"), 422, "invalid_request"),
        ("content", json!("???"), 422, "invalid_request"),
        ("content_type", json!("pdf"), 422, "content_not_supported"),
        ("content_type", json!("png"), 422, "content_mismatch"),
        ("copies", json!(0), 422, "too_many_copies"),
        ("document", json!(Sha256([1; 32])), 422, "content_ambiguous"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), 422, "expired"),
    ] {
        let mut asked = job(&ids.agent);
        asked[changed] = value;
        let answer = api.post(jobs, asked.clone()).await;
        assert_eq!(answer.code(), (status, code.to_owned()), "{asked}");
    }
    for (path, code) in [
        ("/v1/print-jobs?wiat=1", "invalid_query"),
        ("/v1/print-jobs?limit=0", "invalid_query"),
        ("/v1/print-jobs?state=printed", "invalid_query"),
        (
            "/v1/agents?after=job_00000000000000000000000000000001",
            "invalid_query",
        ),
    ] {
        assert_eq!(api.get(path).await.code(), (400, code.to_owned()), "{path}");
    }
    assert_eq!(api.get("/v1/nothing").await.code().0, 404);
    assert_eq!(api.get("/v1/print-jobs/prn_7").await.code().0, 404);
    assert_eq!(api.get("/v1/print-jobs/%ff").await.code().0, 404);
    let answer = api
        .call(Method::PATCH, "/v1/print-jobs", &[], Vec::new())
        .await;
    assert_eq!(answer.code(), (405, "method_not_allowed".to_owned()));
    assert!(answer.headers["allow"].to_str().unwrap().contains("POST"));
}

#[tokio::test]
async fn documents_are_checked_stored_once_and_printed() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let upload = |content_type: &'static str, body: Vec<u8>| {
        let client = house.client.clone();
        let key = Some(house.key.clone());
        async move {
            let headers = [("content-type", content_type)];
            Api {
                client: &client,
                key,
            }
            .call(Method::POST, "/v1/documents", &headers, body)
            .await
        }
    };
    let too_long = vec![0; 32 * 1024 * 1024 + 1];
    for (content_type, body, status, code) in [
        ("image/png", b"GIF89a".to_vec(), 422, "content_mismatch"),
        ("application/pdf", b"%PNG".to_vec(), 422, "content_mismatch"),
        ("application/octet-stream", Vec::new(), 422, "content_empty"),
        ("text/plain", b"x".to_vec(), 415, "media_type"),
        ("application/octet-stream", too_long, 413, "too_large"),
    ] {
        assert_eq!(
            upload(content_type, body).await.code(),
            (status, code.to_owned()),
            "{content_type}"
        );
    }
    let stored: StoredDocument = upload("application/octet-stream", b"ticket".to_vec())
        .await
        .json();
    let again: StoredDocument = upload("application/octet-stream", b"ticket".to_vec())
        .await
        .json();
    assert_eq!((stored.document, stored.bytes), (again.document, 6));
    let asked =
        json!({"printer": agent.printer, "content_type": "raw", "document": stored.document});
    let answer = house.api().post("/v1/print-jobs", asked).await;
    assert_eq!(answer.status, 201);
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    let job: PrintJob = answer.json();
    assert_eq!(location, format!("/v1/print-jobs/{}", job.id));
    assert_eq!(job.document.sha256, stored.document);
    let shown: PrintJob = house.api().get(&location).await.json();
    assert_eq!(shown, job);
}

#[tokio::test]
async fn a_repeat_under_its_key_is_the_same_job_however_it_is_written() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let first = house.api().submit("k-1", job(&agent)).await;
    assert_eq!(first.status, 201);
    let first: PrintJob = first.json();
    let mut same = job(&agent);
    same["copies"] = json!(1);
    let again = house.api().submit("k-1", same).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json::<PrintJob>().id, first.id);
    let mut other = job(&agent);
    other["content"] = json!("b3RoZXI=");
    let answer = house.api().submit("k-1", other).await;
    assert_eq!(answer.code(), (422, "idempotency_mismatch".to_owned()));
    let theirs = Agent::register(&house.other()).await;
    assert_eq!(
        house.other().submit("k-1", job(&theirs)).await.status,
        201,
        "keys are their tenant's"
    );
    let long = "k".repeat(256);
    assert_eq!(house.api().submit(&long, job(&agent)).await.code().0, 400);
}

#[tokio::test]
async fn lists_come_in_pages_and_waiting_ends_with_the_state_as_it_is() {
    let house = House::open(QUICK).await;
    let agent = Agent::register(&house.api()).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let job: PrintJob = house.api().post("/v1/print-jobs", job(&agent)).await.json();
        made.push(job.id);
    }
    made.reverse();
    let mut seen = Vec::new();
    let mut path = "/v1/print-jobs?limit=2&state=queued".to_owned();
    loop {
        let page: Page<PrintJob> = house.api().get(&path).await.json();
        seen.extend(page.data.iter().map(|job| job.id));
        let Some(next) = page.next else { break };
        path = format!("/v1/print-jobs?limit=2&state=queued&after={next}");
    }
    assert_eq!(seen, made, "newest first, each once");
    let path = format!("/v1/print-jobs/{}?wait=1", made[0]);
    let job: PrintJob = house.api().get(&path).await.json();
    assert_eq!(job.state, JobState::Queued);
    let mut short = self::job(&agent);
    short["expires_in_s"] = json!(1);
    let job: PrintJob = house.api().post("/v1/print-jobs", short).await.json();
    let path = format!("/v1/print-jobs/{}?wait=30", job.id);
    let job: PrintJob = house.api().get(&path).await.json();
    assert_eq!(job.state, JobState::Expired, "woken by the sweep");
}
