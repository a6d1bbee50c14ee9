//! Who may do what, where the routes are, and what is not offered.

use cueline_wire::api::ApiKey;
use http::Method;
use serde_json::json;

use super::equipment::agent::Agent;
use super::equipment::{House, QUICK};
use super::{Caller, Venue, fault, raw};

/// Every route with the scopes that open it.
const ROUTES: &[(&str, &str, &[&str])] = &[
    ("GET", "/noop", &["read", "print", "manage"]),
    ("GET", "/whoami", &["read", "print", "manage"]),
    ("GET", "/credits", &["read", "print", "manage"]),
    ("POST", "/account", &["read", "print", "manage"]),
    ("PATCH", "/account", &["read", "print", "manage"]),
    ("DELETE", "/account", &["read", "print", "manage"]),
    ("GET", "/account/controllable", &["read", "print", "manage"]),
    ("GET", "/account/tag/x", &["read", "print", "manage"]),
    ("POST", "/account/apikey/x", &["read", "print", "manage"]),
    ("GET", "/download/clients/", &["read", "print", "manage"]),
    ("GET", "/client/key/x", &["read", "print", "manage"]),
    ("GET", "/computers", &["read", "manage"]),
    ("GET", "/computers/1", &["read", "manage"]),
    ("GET", "/computers/1/printers", &["read"]),
    ("GET", "/computers/1/printers/1", &["read"]),
    ("GET", "/computer/1/scales", &["read"]),
    ("GET", "/computer/1/scales/x/0", &["read"]),
    ("GET", "/printers", &["read"]),
    ("GET", "/printers/1", &["read"]),
    ("GET", "/printers/1/printjobs", &["read", "print"]),
    ("GET", "/printers/1/printjobs/1", &["read", "print"]),
    ("DELETE", "/printers/1/printjobs", &["print"]),
    ("DELETE", "/printers/1/printjobs/1", &["print"]),
    ("GET", "/printjobs", &["read", "print"]),
    ("POST", "/printjobs", &["print"]),
    ("DELETE", "/printjobs", &["print"]),
    ("GET", "/printjobs/1", &["read", "print"]),
    ("DELETE", "/printjobs/1", &["print"]),
    ("GET", "/printjobs/states", &["read", "print"]),
    ("GET", "/printjobs/1/states", &["read", "print"]),
    ("GET", "/webhooks", &["manage"]),
    ("GET", "/webhook", &["manage"]),
    ("POST", "/webhook", &["manage"]),
    ("PATCH", "/webhook", &["manage"]),
    ("PATCH", "/webhook/1", &["manage"]),
    ("DELETE", "/webhook/1", &["manage"]),
];

#[tokio::test]
async fn every_route_asks_for_a_key_with_its_scope() {
    let venue = Venue::open().await;
    let client = &venue.house.client;
    let mut scoped = Vec::new();
    for scope in ["read", "print", "manage"] {
        let asked = json!({"name": scope, "scopes": [scope]});
        let key: ApiKey = venue.house.api().post("/v1/api-keys", asked).await.json();
        let key = key.key;
        scoped.push((scope, Caller { client, key }));
    }
    let nobody = Caller { client, key: None };
    let key = Some("cl_none_such".to_owned());
    let wrong = Caller { client, key };
    for (method, path, opened_by) in ROUTES {
        let method: Method = method.parse().unwrap();
        for stranger in [&nobody, &wrong] {
            let answer = stranger.call(method.clone(), path, &[], Vec::new()).await;
            assert!(answer.headers.contains_key("www-authenticate"));
            let (status, code, _) = fault(&answer);
            assert_eq!((status, code.as_str()), (401, "Unauthorized"), "{path}");
        }
        for (scope, caller) in &scoped {
            let answer = caller.call(method.clone(), path, &[], Vec::new()).await;
            if !opened_by.contains(scope) {
                let (status, code, message) = fault(&answer);
                assert_eq!((status, code.as_str()), (403, "Forbidden"), "{path}");
                assert!(message.contains("lacks the scope"), "{path}: {message}");
            } else if !answer.status.is_success() {
                let (_, _, message) = fault(&answer);
                assert!(!message.contains("scope"), "{path}: {message}");
            }
        }
    }
    assert_eq!(nobody.get("/ping").await, json!("pong"));
}

#[tokio::test]
async fn another_tenants_numbers_are_numbers_of_nothing() {
    let venue = Venue::open().await;
    let job = venue.caller().print(&raw()).await;
    assert_eq!(job, 1);
    let other = venue.other();
    for path in [
        "/computers",
        "/computers/1",
        "/computers/1/printers",
        "/printers",
        "/printers/1",
        "/printers/1/printjobs",
        "/printjobs",
        "/printjobs/1",
        "/printjobs/1/states",
        "/printjobs/states",
    ] {
        assert_eq!(other.get(path).await, json!([]), "{path}");
    }
    assert_eq!(other.delete("/printjobs/1").await, json!([]));
    assert_eq!(other.delete("/printjobs").await, json!([]));
    let (status, code, _) = fault(&other.post(&raw()).await);
    assert_eq!((status, code.as_str()), (404, "NotFound"));
    // Numbers are each tenant's own.
    let theirs = Agent::register(&venue.house.other()).await;
    assert_eq!(other.get("/printers").await[0]["id"], 1);
    assert_eq!(other.print(&raw()).await, 1);
    let listed = venue.house.other().get("/v1/print-jobs").await;
    let listed: serde_json::Value = listed.json();
    assert_eq!(listed["data"][0]["printer"], json!(theirs.printer));
    assert_eq!(
        venue
            .caller()
            .get("/printjobs")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_ne!(
        venue.caller().get("/whoami").await["id"],
        other.get("/whoami").await["id"]
    );
}

#[tokio::test]
async fn child_accounts_are_refused_and_never_passed_over() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for header in [
        "X-Child-Account-By-Id",
        "X-Child-Account-By-Email",
        "X-Child-Account-By-CreatorRef",
    ] {
        let headers = [(header, "7")];
        let body = serde_json::to_vec(&raw()).unwrap();
        let answer = caller
            .call(Method::POST, "/printjobs", &headers, body)
            .await;
        let (status, code, message) = fault(&answer);
        assert_eq!((status, code.as_str()), (403, "Forbidden"), "{header}");
        assert!(message.contains("tenant"), "{message}");
    }
    assert_eq!(caller.get("/printjobs").await, json!([]));
    assert_eq!(caller.get("/account/controllable").await, json!({}));
    let (status, _, message) = caller.fault(Method::POST, "/account").await;
    assert_eq!(status, 403);
    assert!(message.contains("cueline-hub tenant add"), "{message}");
    let whoami = caller.get("/whoami").await;
    assert_eq!(whoami["canCreateSubAccounts"], false);
    assert_eq!(whoami["childAccounts"], json!([]));
    assert_eq!(whoami["numComputers"], 1);
    assert_eq!(whoami["credits"], json!(null));
    assert_eq!(caller.get("/computer/1/scales").await, json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_same_form() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for path in ["/nothing", "/printjobs/1/nothing"] {
        let (status, code, _) = caller.fault(Method::GET, path).await;
        assert_eq!((status, code.as_str()), (404, "NotFound"), "{path}");
    }
    let (status, code, _) = caller.fault(Method::PUT, "/printjobs").await;
    assert_eq!((status, code.as_str()), (405, "MethodNotAllowed"));
    for path in [
        "/printers/x",
        "/printjobs/3-1",
        "/printjobs/0",
        "/computers/1;2",
    ] {
        let (status, code, _) = caller.fault(Method::GET, path).await;
        assert_eq!((status, code.as_str()), (400, "BadRequest"), "{path}");
    }
    for path in ["/printjobs/-5", "/printjobs/5-", "/printjobs/1,"] {
        let (status, code, _) = caller.fault(Method::DELETE, path).await;
        assert_eq!((status, code.as_str()), (400, "BadRequest"), "{path}");
    }
}

#[tokio::test]
async fn the_routes_are_where_the_operator_wants_them() {
    for (setting, at, not_at) in [
        ("path = \"/\"", "/ping", "/printnode/ping"),
        ("path = \"/pn/api\"", "/pn/api/ping", "/printnode/ping"),
        ("enabled = false", "/healthz", "/printnode/ping"),
    ] {
        let house = House::open(&format!("{QUICK}[printnode]\n{setting}\n")).await;
        let answer = house.api().get(at).await;
        assert_eq!(answer.status, 200, "{setting}: {answer:?}");
        assert_eq!(house.api().get(not_at).await.code().0, 404, "{setting}");
        // The hub's own API is where it was.
        assert_eq!(house.api().get("/v1/printers").await.status, 200);
    }
}
