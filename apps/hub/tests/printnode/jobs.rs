//! Computers, printers, jobs and their states, pages, cancelling.

use cueline_model::{Failure, FailureCode, Fault, FaultCode, Outcome, Proof, TicketCount};
use cueline_wire::api::{Page, PrintJob};
use cueline_wire::cloud::Progress;
use http::Method;
use serde_json::{Value, json};

use super::equipment::until;
use super::{Venue, fault, raw, with};

#[tokio::test]
async fn computers_and_printers_have_every_key_that_clients_look_for() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let computers = caller.get("/computers").await;
    let computer = computers[0].as_object().unwrap();
    for key in ["inet", "inet6", "hostname", "jre"] {
        assert!(computer[key].is_null(), "{key}");
    }
    assert_eq!(computer["id"], 1);
    assert_eq!(
        (&computer["name"], &computer["version"]),
        (&json!("till"), &json!("0.1.0"))
    );
    assert_eq!(computer["state"], "disconnected");
    assert!(computer["createTimestamp"].as_str().unwrap().ends_with('Z'));

    let printers = caller.get("/computers/1/printers/1").await;
    let printer = printers[0].as_object().unwrap();
    assert_eq!(printer["computer"], computers[0]);
    assert_eq!(
        (&printer["id"], &printer["name"]),
        (&json!(1), &json!("front"))
    );
    assert_eq!(printer["default"], true);
    assert_eq!(printer["state"], "offline");
    let can = printer["capabilities"].as_object().unwrap();
    assert_eq!(
        (&can["bins"], &can["dpis"]),
        (&json!(["main"]), &json!(["203x203"]))
    );
    for key in [
        "collate",
        "color",
        "copies",
        "duplex",
        "extent",
        "medias",
        "nup",
        "papers",
        "printrate",
        "supports_custom_paper_size",
    ] {
        assert!(can.contains_key(key), "{key}");
    }

    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    assert_eq!(caller.get("/computers/1").await[0]["state"], "connected");
    assert_eq!(caller.get("/printers/1").await[0]["state"], "online");
    assert_eq!(caller.get("/whoami").await["connected"], json!([1]));
    let code = FaultCode::PaperOut;
    let text = "out of paper: put a roll in".to_owned();
    venue.agent.tell(Some(Fault { code, text }), None).await;
    let printer = caller.get("/printers").await[0].clone();
    assert_eq!(printer["state"], "offline");
    assert!(
        printer["description"]
            .as_str()
            .unwrap()
            .contains("out of paper")
    );
}

#[tokio::test]
async fn a_job_is_shown_as_it_was_asked_for_and_goes_through_its_states() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    let asked = with(raw(), "qty", json!(2));
    let number = caller.print(&with(asked, "expireAfter", json!(600))).await;
    let job = caller.get(&format!("/printjobs/{number}")).await[0].clone();
    assert_eq!(job["title"], "Hamlet");
    assert_eq!(
        (&job["contentType"], &job["source"]),
        (&json!("raw_base64"), &json!("box office"))
    );
    assert_eq!((&job["qty"], &job["state"]), (&json!(2), &json!("new")));
    assert_eq!(job["printer"], caller.get("/printers/1").await[0]);
    assert!(job["expireAt"].as_str().is_some() && job.get("content").is_none());

    let (_, offer) = stream.job().await;
    let job = offer.job;
    let state = async || caller.get(&format!("/printjobs/{number}")).await[0]["state"].clone();
    venue.agent.report(1, job, Progress::Accepted).await;
    assert_eq!(state().await, "sent_to_client");
    venue.agent.report(2, job, Progress::Started).await;
    assert_eq!(state().await, "in_progress");
    let proof = Proof::Printed;
    venue
        .agent
        .report(3, job, Progress::Ended(Outcome::Done { proof }))
        .await;
    assert_eq!(state().await, "done");
    let states = caller.get(&format!("/printjobs/{number}/states")).await;
    let words: Vec<_> = states[0]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["state"].clone())
        .collect();
    assert_eq!(words, ["new", "sent_to_client", "in_progress", "done"]);
    let last = &states[0][3];
    assert!(
        last["message"]
            .as_str()
            .unwrap()
            .contains("the printer said so")
    );
    assert_eq!(
        (&last["printJobId"], &last["data"]),
        (&json!(number), &Value::Null)
    );
    assert_eq!(last["clientVersion"], "0.1.0");
    assert!(last["age"].is_i64() && last["createTimestamp"].is_string());
    assert_eq!(caller.get("/printjobs/states").await, states);
}

#[tokio::test]
async fn what_went_wrong_is_told_in_printnodes_words() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    let tickets = Some(TicketCount {
        printed: 1,
        unknown: 1,
        total: 3,
    });
    let detail = "the cable was pulled".to_owned();
    let code = FailureCode::BadDocument;
    let text = "the document is damaged".to_owned();
    let failure = Failure { code, text };
    let mut seq = 0;
    for (outcome, word, said) in [
        (
            Outcome::Uncertain { detail, tickets },
            "error",
            "may or may not be on paper (tickets 1 printed, 2 unknown, 3 not printed)",
        ),
        (
            Outcome::Failed { failure },
            "error",
            "nothing was printed: the document is damaged",
        ),
        (Outcome::Expired, "expired", "nothing was printed"),
        (Outcome::Cancelled, "deleted", "nothing was printed"),
        (
            Outcome::Done { proof: Proof::Sent },
            "done",
            "cannot say whether",
        ),
        (
            Outcome::Done {
                proof: Proof::Spooled,
            },
            "done",
            "handed to the print queue",
        ),
    ] {
        let number = caller.print(&raw()).await;
        let (_, offer) = stream.job().await;
        seq += 1;
        venue
            .agent
            .report(seq, offer.job, Progress::Ended(outcome))
            .await;
        let states = caller.get(&format!("/printjobs/{number}/states")).await;
        let last = states[0].as_array().unwrap().last().unwrap().clone();
        assert_eq!(last["state"], word, "{last}");
        assert!(last["message"].as_str().unwrap().contains(said), "{last}");
        assert_eq!(
            caller.get(&format!("/printjobs/{number}")).await[0]["state"],
            word
        );
    }
}

#[tokio::test]
async fn lists_come_in_pages_and_sets() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for number in 1..=7 {
        assert_eq!(caller.print(&raw()).await, number);
    }
    let numbers = async |path: &str| {
        let list = caller.get(path).await;
        let list = list.as_array().unwrap().iter();
        list.map(|job| job["id"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    for (path, expected) in [
        ("/printjobs", vec![7, 6, 5, 4, 3, 2, 1]),
        ("/printjobs?limit=3", vec![7, 6, 5]),
        ("/printjobs?limit=3&after=5", vec![4, 3, 2]),
        ("/printjobs?limit=3&after=2", vec![1]),
        ("/printjobs?dir=asc&limit=2", vec![1, 2]),
        ("/printjobs?dir=asc&limit=2&after=2", vec![3, 4]),
        ("/printjobs/1,3-4,9", vec![4, 3, 1]),
        ("/printjobs/3-6?limit=2&after=5", vec![4, 3]),
        ("/printjobs/99", vec![]),
        ("/printers/1/printjobs?limit=1", vec![7]),
        ("/printers/1-5/printjobs/2,6", vec![6, 2]),
        ("/printers/2/printjobs", vec![]),
        ("/computers/1/printers", vec![1]),
        ("/computers/2,3/printers", vec![]),
        ("/computers?after=1&dir=asc", vec![]),
    ] {
        assert_eq!(numbers(path).await, expected, "{path}");
    }
    let states = caller.get("/printjobs/1-2/states?limit=1").await;
    assert_eq!(states.as_array().unwrap().len(), 1);
    assert_eq!(states[0][0]["printJobId"], 2);
    let (status, code, _) = caller.fault(Method::GET, "/printjobs?limit=none").await;
    assert_eq!((status, code.as_str()), (400, "BadRequest"));
}

#[tokio::test]
async fn a_job_of_the_hubs_own_api_has_a_number_too_and_a_gone_printers_is_never_given_again() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let asked =
        json!({"printer": venue.agent.printer, "content_type": "raw", "content": "aGVsbG8K"});
    venue
        .house
        .api()
        .post("/v1/print-jobs", asked)
        .await
        .json::<PrintJob>();
    let job = caller.get("/printjobs/1").await[0].clone();
    assert_eq!(
        (&job["contentType"], &job["source"]),
        (&json!("raw_base64"), &Value::Null)
    );
    let mut back = super::able();
    back.name = "back".parse().unwrap();
    venue.agent.install(vec![back]).await;
    let printers = caller.get("/printers").await;
    assert_eq!(printers.as_array().unwrap().len(), 1);
    assert_eq!(
        (&printers[0]["id"], &printers[0]["name"]),
        (&json!(2), &json!("back"))
    );
    // Its jobs are shown with it all the same.
    assert_eq!(
        caller.get("/printjobs/1").await[0]["printer"]["state"],
        "deleted"
    );
    let (status, ..) = fault(&caller.post(&raw()).await);
    assert_eq!(status, 404);
    venue.agent.install(vec![super::able()]).await;
    assert_eq!(caller.get("/printers").await[0]["id"], 1);
}

#[tokio::test]
async fn cancelling_ends_what_waits_and_asks_for_what_may_be_at_the_till() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    for _ in 0..4 {
        caller.print(&raw()).await;
    }
    assert_eq!(caller.delete("/printjobs/2,4,77").await, json!([2, 4]));
    assert_eq!(caller.delete("/printjobs/2,4").await, json!([]));
    let deleted = caller.get("/printjobs/2/states").await;
    assert_eq!(deleted[0][1]["state"], "deleted");
    assert_eq!(caller.delete("/printers/2/printjobs").await, json!([]));
    assert_eq!(caller.delete("/printers/1/printjobs/1-2").await, json!([1]));
    assert_eq!(caller.delete("/printjobs").await, json!([3]));

    let mut stream = venue.agent.hold("").await;
    stream.hello().await;
    let number = caller.print(&raw()).await;
    let (_, offer) = stream.job().await;
    venue.agent.report(1, offer.job, Progress::Accepted).await;
    let path = format!("/printjobs/{number}");
    assert_eq!(caller.delete(&path).await, json!([number]));
    // Not deleted before the till has said so.
    assert_eq!(caller.get(&path).await[0]["state"], "sent_to_client");
    venue
        .agent
        .report(2, offer.job, Progress::Ended(Outcome::Cancelled))
        .await;
    until("the job is deleted", async || {
        caller.get(&path).await[0]["state"] == "deleted"
    })
    .await;
    let jobs: Page<PrintJob> = venue.house.api().get("/v1/print-jobs").await.json();
    assert!(jobs.data.iter().all(|job| job.state.is_settled()));
}

#[tokio::test]
async fn an_idempotency_key_makes_one_job() {
    let venue = Venue::open().await;
    let caller = venue.caller();
    let post = async |key: &str, body: &Value| {
        let headers = [("X-Idempotency-Key", key)];
        let body = serde_json::to_vec(body).unwrap();
        caller
            .call(Method::POST, "/printjobs", &headers, body)
            .await
    };
    assert_eq!(post("a", &raw()).await.status, 201);
    for body in [raw(), with(raw(), "title", json!("another")), json!({})] {
        let (status, code, _) = fault(&post("a", &body).await);
        assert_eq!((status, code.as_str()), (409, "Conflict"));
    }
    assert_eq!(post("b", &raw()).await.status, 201);
    let answer = caller.call(
        Method::POST,
        "/printjobs",
        &[("X-Idempotency-Key", "")],
        Vec::new(),
    );
    assert_eq!(fault(&answer.await).0, 400);
    // The hub's own keys are others.
    let asked =
        json!({"printer": venue.agent.printer, "content_type": "raw", "content": "aGVsbG8K"});
    assert_eq!(venue.house.api().submit("a", asked).await.status, 201);
    // One that could not be made has used its key for nothing.
    let bad = with(raw(), "content", json!("***"));
    assert_eq!(fault(&post("c", &bad).await).0, 400);
    assert_eq!(post("c", &raw()).await.status, 201);
    assert_eq!(caller.get("/printjobs").await.as_array().unwrap().len(), 4);
}
