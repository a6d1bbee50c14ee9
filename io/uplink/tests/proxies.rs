//! Proxies on the way: tunnels that open, and every way they do not.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod peers;

use std::time::Duration;

use cueline_uplink::{ConnectError, HubUrl, ProxyChoice, Stage, Uplink, UplinkConfig};
use peers::{Authority, Heads, NOW, Peer, closed_port, failure, get, read_head, uplink};

const HUB: &str = "https://hub.test:8443";

/// What becomes of a connection through a proxy that says `reply`.
async fn told(reply: &'static str, credentials: &str) -> (ConnectError, Heads) {
    let (proxy, heads) = Peer::proxy_saying(reply).await;
    let error = failure(&through(&proxy.as_proxy(credentials))).await;
    assert_eq!(error.via_proxy(), Some(proxy.address.to_string().as_str()));
    (error, heads)
}

fn through(proxy: &ProxyChoice) -> Uplink {
    uplink(
        HUB.parse().unwrap(),
        Authority::new("Hub Root", "Cueline").trust(),
        proxy.clone(),
    )
}

#[tokio::test]
async fn a_tunnel_ends_at_the_hub() {
    let authority = Authority::new("Hub Root", "Cueline");
    let hub = Peer::hub(authority.issue(&["hub.test"], NOW)).await;
    let (proxy, heads) = Peer::tunnel_to(hub.address).await;
    // The name is the proxy's to resolve: hub.test does not exist.
    let uplink = uplink(HUB.parse().unwrap(), authority.trust(), proxy.as_proxy(""));
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(uplink.path().unwrap(), format!("proxy {}", proxy.address));
    let head = heads.only().to_lowercase();
    assert!(
        head.starts_with("connect hub.test:8443 http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nhost: hub.test:8443\r\n"), "{head}");
    assert!(!head.contains("authorization"), "{head}");
}

#[tokio::test]
async fn the_usual_port_is_named_to_the_proxy_too() {
    let (proxy, heads) = Peer::proxy_saying("HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let hub: HubUrl = "https://hub.test".parse().unwrap();
    let trust = Authority::new("Hub Root", "Cueline").trust();
    failure(&uplink(hub, trust, proxy.as_proxy(""))).await;
    assert!(
        heads.only().starts_with("CONNECT hub.test:443 "),
        "{:?}",
        heads.all()
    );
}

#[tokio::test]
async fn an_interceptor_inside_the_tunnel_is_named() {
    let stranger = Authority::new("Inspection Root", "Hall Networks");
    let inspector = Peer::hub(stranger.issue(&["hub.test"], NOW)).await;
    let (proxy, _) = Peer::tunnel_to(inspector.address).await;
    let error = failure(&through(&proxy.as_proxy(""))).await;
    assert_eq!(error.code(), "tls_intercepted");
    assert_eq!(error.via_proxy(), Some(proxy.address.to_string().as_str()));
    let text = error.to_string();
    assert!(
        text.contains("TLS is intercepted by Inspection Root (Hall Networks)"),
        "{text}"
    );
    assert!(
        text.contains(&format!("through the proxy {}", proxy.address)),
        "{text}"
    );
}

#[tokio::test]
async fn credentials_go_to_the_proxy_and_nowhere_else() {
    let refusal = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"till\"\r\n\r\n";
    let (error, heads) = told(refusal, "counter:p%40ss@").await;
    assert_eq!(error.code(), "proxy_password_wrong");
    // printf 'counter:p@ss' | base64
    let expected = "proxy-authorization: Basic Y291bnRlcjpwQHNz\r\n";
    assert!(heads.only().contains(expected), "{:?}", heads.all());
    let shown = format!("{error} {error:?}");
    for secret in ["counter:", "p@ss", "p%40ss", "Y291"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_says_by_which_scheme() {
    let basic = "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"till\"\r\n\r\n";
    let (error, _) = told(basic, "").await;
    assert_eq!(error.code(), "proxy_wants_password");
    assert!(
        error
            .to_string()
            .contains("http://user:password@127.0.0.1:"),
        "{error}"
    );
    assert!(!error.to_string().contains("only Basic"), "{error}");

    let others =
        "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n";
    let (error, _) = told(others, "").await;
    assert_eq!(error.code(), "proxy_wants_password");
    assert!(
        error
            .to_string()
            .contains("Negotiate, NTLM, of which only Basic"),
        "{error}"
    );
}

#[tokio::test]
async fn a_denial_is_told_from_a_failure() {
    let (error, _) = told("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno", "").await;
    assert_eq!(error.code(), "proxy_denied");
    assert!(
        error.to_string().contains("allow CONNECT to hub.test:8443"),
        "{error}"
    );

    for (reply, status) in [
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", 502),
        (
            "HTTP/1.0 503 Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n",
            503,
        ),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", 504),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\n\r\n",
            302,
        ),
        ("HTTP/1.1 405 Method Not Allowed\r\n\r\n", 405),
    ] {
        let (error, _) = told(reply, "").await;
        assert_eq!(error.code(), "proxy_failed", "{reply}");
        assert!(
            matches!(error, ConnectError::ProxyFailed { status: came, .. } if came == status),
            "{error:?}"
        );
        assert_eq!(
            error.to_string().contains("could not reach the hub"),
            status > 500,
            "{error}"
        );
        assert_eq!(
            error.to_string().contains("(ERR_DNS_FAIL 0)"),
            status == 503,
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_is_no_proxy_is_told() {
    let too_long: &'static str = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1 << 20)).leak();
    for reply in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\u{16}\u{3}\u{1}garbage\r\n\r\n",
        too_long,
    ] {
        let (error, _) = told(reply, "").await;
        assert_eq!(error.code(), "proxy_not_http");
        assert!(error.to_string().contains("got something else"), "{error}");
    }
    let (error, _) = told("HTTP/1.1 200 OK\r\n\r\nWelcome", "").await;
    assert_eq!(error.code(), "proxy_not_http");
    assert!(
        error.to_string().contains("7 bytes after its answer"),
        "{error}"
    );

    let closing = Peer::tcp(|_, mut stream| async move {
        read_head(&mut stream).await;
    })
    .await;
    let error = failure(&through(&closing.as_proxy(""))).await;
    assert_eq!(error.code(), "proxy_not_http");
    assert!(error.to_string().contains("a closed connection"), "{error}");
}

#[tokio::test]
async fn a_proxy_that_says_nothing_times_out() {
    let silent =
        Peer::tcp(|_, mut stream| async move { while read_head(&mut stream).await.is_some() {} })
            .await;
    let proxy = silent.as_proxy("");
    let trust = Authority::new("Hub Root", "Cueline").trust();
    let config = UplinkConfig {
        connect_timeout: Duration::from_millis(300),
        ..peers::config(HUB.parse().unwrap(), trust, proxy)
    };
    let error = failure(&Uplink::new(config).unwrap()).await;
    assert!(
        matches!(
            error,
            ConnectError::ProxyTimedOut {
                stage: Stage::Proxy,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.code(), "proxy_timed_out");
}

#[tokio::test]
async fn a_hub_that_says_nothing_inside_the_tunnel_is_not_blamed_on_the_proxy() {
    let silent = Peer::tcp(|_, mut stream| async move {
        read_head(&mut stream).await;
    })
    .await;
    let (proxy, _) = Peer::tunnel_to(silent.address).await;
    let trust = Authority::new("Hub Root", "Cueline").trust();
    let config = UplinkConfig {
        connect_timeout: Duration::from_millis(500),
        ..peers::config(HUB.parse().unwrap(), trust, proxy.as_proxy(""))
    };
    let error = failure(&Uplink::new(config).unwrap()).await;
    assert!(
        matches!(
            error,
            ConnectError::TimedOut {
                stage: Stage::Tls,
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(error.via_proxy(), Some(proxy.address.to_string().as_str()));
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_a_hub_that_is_not() {
    let address = closed_port().await;
    let error = failure(&through(&format!("http://{address}").parse().unwrap())).await;
    assert_eq!(error.code(), "proxy_refused");
    assert_eq!(error.via_proxy(), Some(address.to_string().as_str()));

    let error = failure(&through(
        &"http://no-such-proxy.invalid:3128".parse().unwrap(),
    ))
    .await;
    assert_eq!(error.code(), "proxy_name_not_resolved");
    assert_eq!(error.via_proxy(), Some("no-such-proxy.invalid:3128"));

    let error = failure(&through(&"http://[fe80::1]:3128".parse().unwrap())).await;
    assert_eq!(error.code(), "proxy_unreachable");
    assert_eq!(error.via_proxy(), Some("[fe80::1]:3128"));
}
