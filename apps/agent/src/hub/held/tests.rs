//! The held request against a hub in this process.

use cueline_model::{AgentId, JobId, WallTime};
use cueline_wire::Problem;
use cueline_wire::cloud::Hello;

use super::*;
use crate::hub::test_hub::{Answer, TestHub, signed_offer};
use crate::key::AgentKey;

const LINK: LinkId = LinkId(3);

struct Line {
    hub: TestHub,
    events: mpsc::Receiver<Event>,
    task: tokio::task::JoinHandle<()>,
    path: tokio::sync::watch::Receiver<String>,
}

impl Line {
    fn open(hub: TestHub, hub_key: &AgentKey) -> Self {
        Self::open_asking(hub, hub_key, Duration::from_secs(120))
    }

    fn open_asking(hub: TestHub, hub_key: &AgentKey, ping: Duration) -> Self {
        let (events, received) = mpsc::channel(8);
        let (path, path_taken) = tokio::sync::watch::channel(String::new());
        let held = HeldRequest {
            link: LINK,
            ping,
            mode: StreamMode::Stream,
            events,
            offers: Arc::new(OfferCheck {
                agent: AgentId::from_u128(7),
                hub_key: hub_key.public().to_vec(),
            }),
            path: Arc::new(path),
        };
        let task = tokio::spawn(hold(Arc::new(hub.client()), held));
        Self {
            hub,
            events: received,
            task,
            path: path_taken,
        }
    }

    async fn next(&mut self) -> Event {
        let soon = Duration::from_secs(30);
        tokio::time::timeout(soon, self.events.recv())
            .await
            .unwrap()
            .unwrap()
    }
}

fn hub_key() -> AgentKey {
    AgentKey::generate().unwrap().0
}

fn hello() -> Framed {
    Framed::plain(StreamEvent::Hello(Hello {
        epoch: 4,
        server_time: WallTime(1),
        ping_s: 120,
        hub_version: "1".to_owned(),
    }))
}

fn job(key: &AgentKey, sequence: u64) -> Framed {
    Framed {
        sequence: Some(sequence),
        event: StreamEvent::Job(Box::new(signed_offer(key, b"ticket"))),
    }
}

fn received(framed: Framed) -> Event {
    Event::LinkReceived { link: LINK, framed }
}

#[tokio::test]
async fn events_come_through_however_the_bytes_are_cut() {
    let key = hub_key();
    let events = [hello(), job(&key, 9), Framed::plain(StreamEvent::Ping(1))];
    let text: String = events.iter().map(Framed::encode).collect();
    for piece_bytes in [1, 7, 64, text.len()] {
        let pieces = text
            .as_bytes()
            .chunks(piece_bytes)
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>();
        let hub = TestHub::start(move |_| Answer::held(pieces.clone())).await;
        let mut line = Line::open(hub, &key);
        assert_eq!(line.next().await, Event::LinkAsked { link: LINK });
        for event in events.clone() {
            assert_eq!(
                line.next().await,
                received(event),
                "in pieces of {piece_bytes}"
            );
        }
        assert_eq!(
            line.hub.requests()[0].target,
            "/link/v1/stream?ping=120&mode=stream"
        );
        assert_eq!(*line.path.borrow_and_update(), "direct");
        line.task.abort();
    }
}

#[tokio::test]
async fn an_offer_of_another_hub_is_refused_before_the_core_sees_it() {
    let framed = job(&hub_key(), 9);
    let text = framed.encode();
    let hub = TestHub::start(move |_| Answer::held(vec![text.clone().into_bytes()])).await;
    let mut line = Line::open(hub, &hub_key());
    line.next().await;
    let Event::OfferRefused {
        sequence, failure, ..
    } = line.next().await
    else {
        panic!("it was not refused")
    };
    assert_eq!((sequence, failure.code), (9, FailureCode::BadSignature));
}

#[tokio::test]
async fn a_learned_ping_need_not_be_whole() {
    let hub = TestHub::start(|_| Answer::bytes(200, b"")).await;
    let mut line = Line::open_asking(hub, &hub_key(), Duration::from_millis(22_500));
    line.next().await;
    line.next().await;
    assert_eq!(
        line.hub.requests()[0].target,
        "/link/v1/stream?ping=22.5&mode=stream"
    );
}

#[tokio::test]
async fn complete_answers_end_the_try() {
    let text = hello().encode() + &Framed::plain(StreamEvent::Ping(1)).encode();
    let hub = TestHub::start(move |_| Answer::bytes(200, text.as_bytes())).await;
    let mut line = Line::open(hub, &hub_key());
    line.next().await;
    assert_eq!(line.next().await, received(hello()));
    assert_eq!(
        line.next().await,
        received(Framed::plain(StreamEvent::Ping(1)))
    );
    let end = LinkEnd::Ended;
    assert_eq!(line.next().await, Event::LinkClosed { link: LINK, end });
}

#[tokio::test]
async fn an_event_that_cannot_be_read_ends_the_try_and_one_of_later_is_passed_over() {
    let text = format!(
        "event: dance\ndata: 1\n\n{}event: hello\ndata: {{\n\n",
        hello().encode()
    );
    let hub = TestHub::start(move |_| Answer::held(vec![text.clone().into_bytes()])).await;
    let mut line = Line::open(hub, &hub_key());
    line.next().await;
    assert_eq!(line.next().await, received(hello()));
    let end = LinkEnd::Ended;
    assert_eq!(line.next().await, Event::LinkClosed { link: LINK, end });
}

#[tokio::test]
async fn what_a_later_hub_sends_neither_ends_the_link_nor_hides_what_follows() {
    let key = hub_key();
    let scan = r#"{"job":"job_00000000000000000000000000000009","attempt":2,"kind":"scan","signature":""}"#;
    let text = [
        hello().encode(),
        format!("event: job\nid: 8\ndata: {scan}\n\n"),
        "event: job\nid: 9\ndata: {\"work\":7}\n\n".to_owned(),
        "event: probe\ndata: {\"kind\":\"test_page\"}\n\n".to_owned(),
        "event: bye\ndata: {\"reason\":\"moved\",\"retry_after_ms\":1}\n\n".to_owned(),
        job(&key, 10).encode(),
    ]
    .concat();
    let hub = TestHub::start(move |_| Answer::held(vec![text.clone().into_bytes()])).await;
    let mut line = Line::open(hub, &key);
    line.next().await;
    assert_eq!(line.next().await, received(hello()));
    let Event::OfferUnreadable {
        job: which,
        failure,
        ..
    } = line.next().await
    else {
        panic!("the job that can be named was not refused")
    };
    assert_eq!((which.job, which.attempt), (JobId::from_u128(9), 2));
    assert_eq!(failure.code, FailureCode::UnsupportedContent);
    assert!(failure.text.contains("scan"), "{}", failure.text);
    assert_eq!(line.next().await, received(job(&key, 10)));
}

#[tokio::test]
async fn an_offer_of_another_hub_without_a_number_is_refused_too() {
    let mut framed = job(&hub_key(), 9);
    framed.sequence = None;
    let text = framed.encode();
    let hub = TestHub::start(move |_| Answer::held(vec![text.clone().into_bytes()])).await;
    let mut line = Line::open(hub, &hub_key());
    line.next().await;
    let Event::OfferUnreadable { failure, .. } = line.next().await else {
        panic!("it was not refused")
    };
    assert_eq!(failure.code, FailureCode::BadSignature);
}

#[tokio::test]
async fn a_refusal_says_why_and_how_long_to_wait() {
    let hub = TestHub::start(|_| {
        Answer::problem(&Problem::new(503, "draining", "come back")).header("retry-after", "9")
    })
    .await;
    let mut line = Line::open(hub, &hub_key());
    line.next().await;
    let end = LinkEnd::Refused {
        status: 503,
        code: "draining".to_owned(),
        text: "come back".to_owned(),
        retry_after: Some(Duration::from_secs(9)),
    };
    assert_eq!(line.next().await, Event::LinkClosed { link: LINK, end });
}

#[tokio::test]
async fn a_stale_nonce_is_replaced_on_the_same_try() {
    let text = hello().encode();
    let hub = TestHub::start(move |request| match request.nonce().as_str() {
        "fresh" => Answer::held(vec![text.clone().into_bytes()]),
        _ => Answer::problem(&Problem::new(401, "nonce_required", "here"))
            .header("cueline-nonce", "fresh"),
    })
    .await;
    let mut line = Line::open(hub, &hub_key());
    assert_eq!(line.next().await, Event::LinkAsked { link: LINK });
    assert_eq!(line.next().await, received(hello()));
    assert_eq!(line.hub.requests().len(), 2);
}

#[tokio::test]
async fn a_hub_that_is_not_there_has_its_code() {
    let hub = TestHub::start(|_| Answer::json(200, "{}")).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let hub_url = format!("https://{}", nobody.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(nobody);
    let mut config = cueline_uplink::UplinkConfig::new(hub_url);
    config.trust = cueline_uplink::Trust::from_pem(&hub.root_pem).unwrap();
    let uplink = cueline_uplink::Uplink::new(config).unwrap();
    let client = HubClient::new(uplink, AgentId::from_u128(7), hub_key());
    let (events, mut received) = mpsc::channel(8);
    let held = HeldRequest {
        link: LINK,
        ping: Duration::from_secs(120),
        mode: StreamMode::Poll,
        events,
        offers: Arc::new(OfferCheck {
            agent: AgentId::from_u128(7),
            hub_key: vec![0; 32],
        }),
        path: Arc::default(),
    };
    hold(Arc::new(client), held).await;
    let Some(Event::LinkClosed {
        end: LinkEnd::NoAnswer { code, .. },
        ..
    }) = received.recv().await
    else {
        panic!("another event")
    };
    assert_eq!(code, "refused");
}
