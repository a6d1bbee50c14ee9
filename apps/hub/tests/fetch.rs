//! Fetching under rules: what a URL cannot make the hub do. Servers on loopback play both the web and
//! what must not be reached.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod equipment;
#[path = "fetch/tls.rs"]
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cueline_hub::fetch::{
    Allow, Expected, FetchError, FetchSettings, Fetcher, Login, REDIRECTS_MAX, Resolve, Resolving,
};
use equipment::web::{Piece, Web, answer, ok, redirect};
use http::StatusCode;

const PDF: &[u8] = b"%PDF-1.7 and so on";

/// 127.0.0.1 is the web, everything else on loopback is what must not be reached.
fn settings() -> FetchSettings {
    FetchSettings {
        allow: Allow::new(&["127.0.0.1/32".to_owned()]).unwrap(),
        allow_http: true,
        idle: Duration::from_secs(10),
        ..FetchSettings::default()
    }
}

fn fetcher() -> Fetcher {
    Fetcher::new(settings()).unwrap()
}

async fn pdf(fetcher: &Fetcher, url: &str) -> Result<Vec<u8>, FetchError> {
    fetcher.document(url, None, Expected::Pdf).await
}

/// Answers with each of its lists in turn, the last for ever.
struct Rebinding {
    answers: Vec<Vec<SocketAddr>>,
    asked: Arc<AtomicUsize>,
}

impl Resolve for Rebinding {
    fn resolve(&self, _host: String, _port: u16) -> Resolving {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[asked.min(self.answers.len() - 1)].clone();
        Box::pin(async move { Ok(answer) })
    }
}

fn resolving_to(
    settings: FetchSettings,
    answers: Vec<Vec<SocketAddr>>,
) -> (Fetcher, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let resolver = Rebinding {
        answers,
        asked: asked.clone(),
    };
    let fetcher = Fetcher::with_resolver(settings, Box::new(resolver)).unwrap();
    (fetcher, asked)
}

#[tokio::test]
async fn what_is_open_is_fetched() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let url = web.url("/a/b.pdf?key=1#top");
    assert_eq!(pdf(&fetcher(), &url).await.unwrap(), PDF);
    let seen = web.seen().remove(0).to_lowercase();
    assert!(
        seen.starts_with("get /a/b.pdf?key=1 http/1.1\r\n"),
        "{seen}"
    );
    assert!(
        seen.contains(&format!("\r\nhost: {}\r\n", web.address)),
        "{seen}"
    );
    assert!(seen.contains("\r\naccept-encoding: identity\r\n"), "{seen}");
    assert!(!seen.contains("authorization"), "{seen}");
}

#[tokio::test]
async fn loopback_in_any_writing_is_closed_unless_opened() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let port = web.address.port();
    let closed = FetchSettings {
        allow_http: true,
        ..FetchSettings::default()
    };
    let fetcher = Fetcher::new(closed).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST.",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/x");
            let error = pdf(&fetcher, &url).await.unwrap_err();
            let refused = matches!(
                error,
                FetchError::NotPublic { .. }
                    | FetchError::NotResolved { .. }
                    | FetchError::BadUrl { .. }
            );
            assert!(refused, "{url}: {error:?}");
        }
    }
    assert!(web.seen().is_empty());
}

#[tokio::test]
async fn plain_http_is_for_what_is_opened_alone() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let encrypted_only = FetchSettings {
        allow_http: false,
        ..settings()
    };
    let fetcher = Fetcher::new(encrypted_only).unwrap();
    let error = pdf(&fetcher, &web.url("/")).await.unwrap_err();
    assert!(
        matches!(error, FetchError::NotEncrypted { .. }),
        "{error:?}"
    );
    // A public address is no reason to do without TLS.
    let public = vec![vec!["1.1.1.1:80".parse().unwrap()]];
    let (fetcher, _) = resolving_to(settings(), public);
    let error = pdf(&fetcher, "http://files.example/").await.unwrap_err();
    assert!(
        matches!(error, FetchError::NotEncrypted { .. }),
        "{error:?}"
    );
    assert!(web.seen().is_empty());
}

#[tokio::test]
async fn a_name_is_resolved_once_and_that_address_is_connected_to() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let inside = Web::open("127.0.0.2", None, |_| ok(PDF)).await;
    let port = web.address.port();
    let (fetcher, asked) = resolving_to(settings(), vec![vec![web.address], vec![inside.address]]);
    let url = format!("http://files.example:{port}/");
    assert_eq!(pdf(&fetcher, &url).await.unwrap(), PDF);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!((web.seen().len(), inside.seen().len()), (1, 0));
    // The name itself goes to the server, not the address.
    assert!(web.seen()[0].contains(&format!("files.example:{port}")));
    let error = pdf(&fetcher, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::NotPublic { .. }), "{error:?}");
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn one_closed_address_among_open_ones_is_enough_to_refuse() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    for inside in [
        "127.0.0.2:1",
        "10.0.0.1:1",
        "[::1]:1",
        "[::ffff:10.0.0.1]:1",
    ] {
        for answer in [
            vec![web.address, inside.parse().unwrap()],
            vec![inside.parse().unwrap(), web.address],
            vec![inside.parse().unwrap()],
        ] {
            let (fetcher, _) = resolving_to(settings(), vec![answer]);
            let error = pdf(&fetcher, "http://files.example/").await.unwrap_err();
            assert!(matches!(error, FetchError::NotPublic { .. }), "{error:?}");
        }
    }
    let (fetcher, _) = resolving_to(settings(), vec![vec![]]);
    let error = pdf(&fetcher, "http://files.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::NotResolved { .. }), "{error:?}");
    assert!(web.seen().is_empty());
}

#[tokio::test]
async fn a_host_may_be_opened_by_its_name() {
    let web = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let by_name = FetchSettings {
        allow: Allow::new(&["files.example".to_owned()]).unwrap(),
        ..settings()
    };
    let (fetcher, _) = resolving_to(by_name, vec![vec![web.address]]);
    assert!(pdf(&fetcher, "http://Files.Example/").await.is_ok());
    let error = pdf(&fetcher, "http://other.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::NotPublic { .. }), "{error:?}");
}

#[tokio::test]
async fn each_redirect_is_checked_as_the_first_url_was() {
    let inside = Web::open("127.0.0.2", None, |_| ok(PDF)).await;
    let secret = inside.url("/secret");
    let port = inside.address.port();
    let web = Web::open("127.0.0.1", None, move |request| {
        let path = request.split(' ').nth(1).unwrap();
        match path {
            "/inside" => redirect(&secret),
            "/localhost" => redirect(&format!("http://localhost:{port}/secret")),
            "/metadata" => redirect("http://169.254.169.254/latest/meta-data"),
            "/file" => redirect("file:///etc/passwd"),
            "/gopher" => redirect("gopher://127.0.0.1/"),
            "/loop" => redirect("/loop"),
            "/nowhere" => answer("302 Found", &[], b""),
            "/done" => ok(PDF),
            steps => match steps[1..].parse::<usize>().unwrap() {
                0 => redirect("done"),
                steps => redirect(&format!("/{}", steps - 1)),
            },
        }
    })
    .await;
    // `localhost` may be IPv6 first: then it is not what is opened either.
    let fetcher = fetcher();
    let mut errors = Vec::new();
    for path in ["/inside", "/metadata"] {
        errors.push(pdf(&fetcher, &web.url(path)).await.unwrap_err());
    }
    let refused = |error: &FetchError| matches!(error, FetchError::NotPublic { .. });
    assert!(errors.iter().all(refused), "{errors:?}");
    for path in ["/file", "/gopher"] {
        let error = pdf(&fetcher, &web.url(path)).await.unwrap_err();
        assert!(matches!(error, FetchError::BadUrl { .. }), "{error:?}");
    }
    // Named, it is resolved anew and checked anew.
    let (renamed, asked) = resolving_to(settings(), vec![vec!["127.0.0.2:1".parse().unwrap()]]);
    let error = pdf(&renamed, &web.url("/localhost")).await.unwrap_err();
    assert!(matches!(error, FetchError::NotPublic { .. }), "{error:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let error = pdf(&fetcher, &web.url("/loop")).await.unwrap_err();
    assert_eq!(error, FetchError::TooManyRedirects { max: REDIRECTS_MAX });
    let error = pdf(&fetcher, &web.url("/nowhere")).await.unwrap_err();
    let status = StatusCode::FOUND;
    let origin = format!("http://{}", web.address);
    assert_eq!(error, FetchError::Refused { origin, status });
    let most = REDIRECTS_MAX - 1;
    assert_eq!(
        pdf(&fetcher, &web.url(&format!("/{most}"))).await.unwrap(),
        PDF
    );
    let one_more = web.url(&format!("/{}", most + 1));
    let error = pdf(&fetcher, &one_more).await.unwrap_err();
    assert_eq!(error, FetchError::TooManyRedirects { max: REDIRECTS_MAX });
    assert!(inside.seen().is_empty());
}

#[tokio::test]
async fn what_is_too_long_is_given_up() {
    let web = Web::open("127.0.0.1", None, |request| {
        if request.starts_with("GET /declared") {
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 33554433\r\n\r\n%PDF-";
            return vec![
                Piece::Bytes(head.into()),
                Piece::Pause(Duration::from_secs(60)),
            ];
        }
        let mut piece = b"10000\r\n".to_vec();
        piece.resize(piece.len() + 0x10000, b'%');
        piece.extend_from_slice(b"\r\n");
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n%PDF-\r\n";
        vec![
            Piece::Bytes(head.into()),
            Piece::Endless(piece, Duration::ZERO),
        ]
    })
    .await;
    for path in ["/declared", "/endless"] {
        let error = pdf(&fetcher(), &web.url(path)).await.unwrap_err();
        assert!(
            matches!(error, FetchError::TooLarge { .. }),
            "{path}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_too_slow_is_given_up() {
    let web = Web::open("127.0.0.1", None, |request| {
        let pause = Piece::Pause(Duration::from_secs(60));
        let head = Piece::Bytes(b"HTTP/1.1 200 OK\r\n\r\n%PDF-".to_vec());
        match request.split(' ').nth(1).unwrap() {
            "/silent" => vec![pause],
            "/stalls" => vec![head, pause],
            _ => vec![
                head,
                Piece::Endless(b"x".to_vec(), Duration::from_millis(20)),
            ],
        }
    })
    .await;
    let hasty = FetchSettings {
        idle: Duration::from_millis(300),
        total: Duration::from_secs(3),
        ..settings()
    };
    let fetcher = Fetcher::new(hasty).unwrap();
    let begun = Instant::now();
    for (path, expected) in [
        ("/silent", "its answer"),
        ("/stalls", "a pause in the document"),
        ("/drips", "the whole fetch"),
    ] {
        let error = pdf(&fetcher, &web.url(path)).await.unwrap_err();
        let FetchError::TooSlow { what, .. } = error else {
            panic!("{path}: {error:?}");
        };
        assert_eq!(what, expected, "{path}");
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn what_is_not_what_it_should_be_is_refused() {
    let web = Web::open("127.0.0.1", None, |request| {
        match request.split(' ').nth(1).unwrap() {
            "/html" => answer("200 OK", &[("content-type", "text/html; charset=x")], PDF),
            "/gzip" => answer("200 OK", &[("content-encoding", "gzip")], PDF),
            "/text" => ok(b"Hello"),
            "/short" => ok(b"%PD"),
            "/empty" => ok(b""),
            _ => ok(b"\x1b@ticket"),
        }
    })
    .await;
    let fetcher = fetcher();
    for path in ["/html", "/gzip", "/text", "/short", "/empty"] {
        let error = pdf(&fetcher, &web.url(path)).await.unwrap_err();
        assert!(
            matches!(error, FetchError::WrongType { .. }),
            "{path}: {error:?}"
        );
    }
    let raw = async |path: &str| fetcher.document(&web.url(path), None, Expected::Raw).await;
    assert_eq!(raw("/raw").await.unwrap(), b"\x1b@ticket");
    assert_eq!(raw("/text").await.unwrap(), b"Hello");
    for path in ["/html", "/gzip", "/empty"] {
        let error = raw(path).await.unwrap_err();
        assert!(
            matches!(error, FetchError::WrongType { .. }),
            "{path}: {error:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_told() {
    let web = Web::open("127.0.0.1", None, |request| {
        match request.split(' ').nth(1).unwrap() {
            "/404" => answer("404 Not Found", &[], PDF),
            "/204" => vec![Piece::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())],
            "/206" => answer("206 Partial Content", &[], PDF),
            "/broken" => vec![Piece::Bytes(
                b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n%PDF-".to_vec(),
            )],
            "/long-head" => vec![
                Piece::Bytes(b"HTTP/1.1 200 OK\r\n".to_vec()),
                Piece::Endless(
                    b"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(64),
                    Duration::ZERO,
                ),
            ],
            _ => vec![Piece::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec())],
        }
    })
    .await;
    let fetcher = fetcher();
    for path in ["/404", "/204", "/206"] {
        let error = pdf(&fetcher, &web.url(path)).await.unwrap_err();
        assert!(
            matches!(error, FetchError::Refused { .. }),
            "{path}: {error:?}"
        );
    }
    for path in ["/broken", "/long-head", "/ssh"] {
        let error = pdf(&fetcher, &web.url(path)).await.unwrap_err();
        assert!(
            matches!(error, FetchError::Broken { .. }),
            "{path}: {error:?}"
        );
    }
    let closed = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let url = closed.url("/");
    drop(closed);
    let error = pdf(&fetcher, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::Broken { .. }), "{error:?}");
}

#[tokio::test]
async fn a_login_is_seen_by_its_own_server_alone_and_by_no_log() {
    let other = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let there = other.url("/there");
    let web = Web::open("127.0.0.1", None, move |request| {
        match request.split(' ').nth(1).unwrap() {
            "/elsewhere" => redirect(&there),
            "/on" => redirect("/here"),
            "/wrong?token=canary" => answer("401 Unauthorized", &[], b""),
            _ => ok(PDF),
        }
    })
    .await;
    let fetcher = fetcher();
    let login = || {
        Some(Login {
            user: "u".to_owned(),
            password: "canary".to_owned(),
        })
    };
    let with_login = async |path: &str| {
        fetcher
            .document(&web.url(path), login(), Expected::Pdf)
            .await
    };
    with_login("/on").await.unwrap();
    with_login("/elsewhere").await.unwrap();
    let basic = "Basic dTpjYW5hcnk=".to_lowercase();
    let shown = |seen: &str| seen.to_lowercase().contains(&basic);
    let seen = web.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|seen| shown(seen)), "{seen:#?}");
    let seen = other.seen();
    assert_eq!(seen.len(), 1);
    assert!(
        !seen[0].to_lowercase().contains("authorization"),
        "{seen:#?}"
    );
    // Written in the URL it is the same.
    let url = format!("http://u:canary@{}/here", web.address);
    pdf(&fetcher, &url).await.unwrap();
    assert!(shown(web.seen().last().unwrap()));
    let wrong = format!("http://u:canary@{}/wrong?token=canary", web.address);
    let error = pdf(&fetcher, &wrong).await.unwrap_err();
    let told = format!("{error} {error:?} {:?}", login());
    assert!(!told.contains("canary"), "{told}");
}
