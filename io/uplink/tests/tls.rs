//! TLS with the hub itself: who is believed, who is refused, and what the refusal says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod peers;

use std::time::Duration;

use cueline_uplink::{ConnectError, Fingerprint, ProxyChoice, Stage, Trust, Uplink, UplinkConfig};
use peers::{
    Authority, FUTURE, Identity, NOW, PAST, Peer, answer, closed_port, failure, get, read_head,
    uplink,
};
use rustls::HandshakeKind;

const HOST: &str = "127.0.0.1";

fn hub_authority() -> Authority {
    Authority::new("Hub Root", "Cueline")
}

fn direct(peer: &Peer, trust: Trust) -> Uplink {
    uplink(peer.hub_url(), trust, ProxyChoice::None)
}

async fn refused(peer: &Peer, trust: Trust) -> ConnectError {
    failure(&direct(peer, trust)).await
}

#[tokio::test]
async fn the_hub_s_own_authority_is_believed() {
    let authority = hub_authority();
    let hub = Peer::hub(authority.issue(&[HOST], NOW)).await;
    let uplink = direct(&hub, authority.trust());
    assert_eq!(get(&uplink).await, "hello");
    assert_eq!(uplink.path().unwrap(), "direct");
    assert_eq!(uplink.connect().await.unwrap().path(), "direct");
}

#[tokio::test]
async fn a_stranger_s_authority_is_named_as_an_interceptor() {
    let stranger = Authority::new("Inspection Root", "Hall Networks");
    let hub = Peer::hub(stranger.issue(&[HOST], NOW)).await;
    let error = refused(&hub, hub_authority().trust()).await;
    assert_eq!(error.code(), "tls_intercepted");
    assert_eq!(error.via_proxy(), None);
    let text = error.to_string();
    assert!(
        text.contains("TLS is intercepted by Inspection Root (Hall Networks)"),
        "{text}"
    );
}

#[tokio::test]
async fn a_stranger_who_took_the_authority_s_name_is_refused_all_the_same() {
    let hub = Peer::hub(hub_authority().issue(&[HOST], NOW)).await;
    let error = refused(&hub, hub_authority().trust()).await;
    assert_eq!(error.code(), "tls_intercepted");
    assert!(error.to_string().contains("Hub Root (Cueline)"), "{error}");
}

#[tokio::test]
async fn with_the_machine_s_authorities_an_unknown_one_is_named_with_care() {
    let hub = Peer::hub(Authority::new("Some Root", "Somebody").issue(&[HOST], NOW)).await;
    let config = peers::config(hub.hub_url(), Trust::Platform, ProxyChoice::None);
    let uplink = Uplink::new(config)
        .expect("this test needs the machine's CA certificates (Debian: ca-certificates)");
    let error = failure(&uplink).await;
    assert!(
        matches!(error, ConnectError::TlsIntercepted { pinned: false, .. }),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(text.contains("issued by Some Root (Somebody)"), "{text}");
    assert!(text.contains("either TLS is intercepted"), "{text}");
}

#[tokio::test]
async fn a_self_signed_stranger_is_named_too() {
    let hub = Peer::hub(Identity::self_signed(&[HOST], NOW)).await;
    let error = refused(&hub, hub_authority().trust()).await;
    assert_eq!(error.code(), "tls_intercepted");
    assert!(
        error.to_string().contains("intercepted by alone"),
        "{error}"
    );
}

#[tokio::test]
async fn a_certificate_for_another_host_lists_its_names() {
    let authority = hub_authority();
    let hub = Peer::hub(authority.issue(&["hub.test", "10.1.2.3"], NOW)).await;
    let error = refused(&hub, authority.trust()).await;
    assert_eq!(error.code(), "wrong_host_name");
    assert!(
        error.to_string().contains("it is for hub.test, 10.1.2.3;"),
        "{error}"
    );
}

#[tokio::test]
async fn an_expired_certificate_points_at_the_clock_too() {
    let authority = hub_authority();
    let hub = Peer::hub(authority.issue(&[HOST], PAST)).await;
    let error = refused(&hub, authority.trust()).await;
    assert_eq!(error.code(), "certificate_expired");
    let text = error.to_string();
    assert!(
        text.contains("expired: valid from 2001-01-01T00:00:00Z to 2002-01-01T00:00:00Z"),
        "{text}"
    );
    assert!(text.contains("this machine's clock says 20"), "{text}");
}

#[tokio::test]
async fn a_certificate_of_the_future_points_at_the_clock_too() {
    let authority = hub_authority();
    let hub = Peer::hub(authority.issue(&[HOST], FUTURE)).await;
    let error = refused(&hub, authority.trust()).await;
    assert_eq!(error.code(), "certificate_not_yet_valid");
    let text = error.to_string();
    assert!(
        text.contains("not yet valid: valid from 2080-01-01T00:00:00Z"),
        "{text}"
    );
    assert!(text.contains("set this machine's clock"), "{text}");
}

#[tokio::test]
async fn a_fingerprint_pins_the_authority_sent_with_the_chain() {
    let authority = hub_authority();
    let pin = Trust::Fingerprint(Fingerprint::of(&authority.root()));
    let hub = Peer::hub(authority.issue(&[HOST], NOW)).await;
    assert_eq!(get(&direct(&hub, pin.clone())).await, "hello");

    let wrong_name = Peer::hub(authority.issue(&["hub.test"], NOW)).await;
    assert_eq!(
        refused(&wrong_name, pin.clone()).await.code(),
        "wrong_host_name"
    );
    let expired = Peer::hub(authority.issue(&[HOST], PAST)).await;
    assert_eq!(refused(&expired, pin).await.code(), "certificate_expired");
}

#[tokio::test]
async fn a_fingerprint_pins_the_hub_s_own_certificate() {
    for identity in [
        Identity::self_signed(&[HOST], NOW),
        hub_authority().issue(&[HOST], NOW),
    ] {
        let pin = Trust::Fingerprint(Fingerprint::of(&identity.chain[0]));
        let hub = Peer::hub(identity).await;
        assert_eq!(get(&direct(&hub, pin)).await, "hello");
    }
    for (identity, code) in [
        (Identity::self_signed(&["hub.test"], NOW), "wrong_host_name"),
        (Identity::self_signed(&[HOST], PAST), "certificate_expired"),
        (
            Identity::self_signed(&[HOST], FUTURE),
            "certificate_not_yet_valid",
        ),
    ] {
        let pin = Trust::Fingerprint(Fingerprint::of(&identity.chain[0]));
        let hub = Peer::hub(identity).await;
        assert_eq!(refused(&hub, pin).await.code(), code);
    }
}

#[tokio::test]
async fn a_wrong_fingerprint_names_who_answered() {
    let hub = Peer::hub(Authority::new("Other Root", "Elsewhere").issue(&[HOST], NOW)).await;
    let error = refused(&hub, Trust::Fingerprint(Fingerprint([7; 32]))).await;
    assert_eq!(error.code(), "tls_intercepted");
    assert!(
        error
            .to_string()
            .contains("intercepted by Other Root (Elsewhere)"),
        "{error}"
    );
}

#[tokio::test]
async fn sending_the_pinned_authority_along_does_not_make_a_stranger_s_chain_good() {
    let authority = hub_authority();
    let pin = Trust::Fingerprint(Fingerprint::of(&authority.root()));
    let stranger = Authority::new("Inspection Root", "Hall Networks");
    let hub = Peer::hub(stranger.issue(&[HOST], NOW).followed_by(authority.root())).await;
    assert_eq!(refused(&hub, pin).await.code(), "tls_intercepted");
}

#[tokio::test]
async fn a_pinned_authority_must_be_within_its_time() {
    let authority = Authority::valid("Old Root", "Cueline", PAST);
    let pin = Trust::Fingerprint(Fingerprint::of(&authority.root()));
    let hub = Peer::hub(authority.issue(&[HOST], NOW)).await;
    assert_eq!(refused(&hub, pin).await.code(), "certificate_expired");
}

#[tokio::test]
async fn a_hub_s_self_signed_certificate_may_be_its_own_root() {
    let identity = Identity::self_signed(&[HOST], NOW);
    let trust = Trust::Roots(identity.chain.clone());
    let hub = Peer::hub(identity).await;
    assert_eq!(get(&direct(&hub, trust)).await, "hello");

    let elsewhere = Identity::self_signed(&["hub.test"], NOW);
    let trust = Trust::Roots(elsewhere.chain.clone());
    let hub = Peer::hub(elsewhere).await;
    assert_eq!(refused(&hub, trust).await.code(), "wrong_host_name");
}

#[tokio::test]
async fn sessions_are_resumed_and_http_1_1_is_agreed_on() {
    let authority = hub_authority();
    let (kinds, mut seen) = tokio::sync::mpsc::channel(4);
    let hub = Peer::tls(authority.issue(&[HOST], NOW), move |_, mut stream| {
        let kinds = kinds.clone();
        async move {
            let session = stream.get_ref().1;
            let protocol = session.alpn_protocol().map(<[u8]>::to_vec);
            kinds
                .send((session.handshake_kind(), protocol))
                .await
                .unwrap();
            read_head(&mut stream).await;
            let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            answer(&mut stream, reply).await;
        }
    })
    .await;
    let uplink = direct(&hub, authority.trust());
    for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
        get(&uplink).await;
        let (kind, protocol) = seen.recv().await.unwrap();
        assert_eq!(kind, Some(expected));
        assert_eq!(protocol.as_deref(), Some(&b"http/1.1"[..]));
    }
}

#[tokio::test]
async fn nobody_at_the_port_is_refused() {
    let address = closed_port().await;
    let hub = format!("https://{address}").parse().unwrap();
    let error = failure(&uplink(hub, hub_authority().trust(), ProxyChoice::None)).await;
    assert_eq!(error.code(), "refused");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn an_address_without_a_way_to_it_is_unreachable() {
    // A link-local address without its link: no system can send there, so none tries.
    let hub = "https://[fe80::1]:8443".parse().unwrap();
    let error = failure(&uplink(hub, hub_authority().trust(), ProxyChoice::None)).await;
    assert_eq!(error.code(), "unreachable");
    assert!(error.to_string().contains("[fe80::1]:8443"), "{error}");
}

#[tokio::test]
async fn an_unknown_name_is_not_resolved() {
    let hub = "https://no-such-hub.invalid".parse().unwrap();
    let error = failure(&uplink(hub, hub_authority().trust(), ProxyChoice::None)).await;
    assert_eq!(error.code(), "name_not_resolved");
    assert!(
        error.to_string().contains("`no-such-hub.invalid`"),
        "{error}"
    );
}

#[tokio::test]
async fn something_without_tls_says_so() {
    let plain = Peer::tcp(|_, mut stream| async move {
        answer(&mut stream, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
        read_head(&mut stream).await;
    })
    .await;
    let error = refused(&plain, hub_authority().trust()).await;
    assert_eq!(error.code(), "tls_failed");
    assert!(error.to_string().contains("does not speak TLS"), "{error}");
}

#[tokio::test]
async fn something_that_hangs_up_says_so() {
    let closing = Peer::tcp(|_, stream| async move { drop(stream) }).await;
    let error = refused(&closing, hub_authority().trust()).await;
    assert_eq!(error.code(), "tls_failed");
    assert!(
        error.to_string().contains("closed during the handshake"),
        "{error}"
    );
}

#[tokio::test]
async fn something_that_says_nothing_times_out_in_tls() {
    let silent = Peer::tcp(|_, mut stream| async move {
        read_head(&mut stream).await;
    })
    .await;
    let config = UplinkConfig {
        connect_timeout: Duration::from_millis(300),
        ..peers::config(silent.hub_url(), hub_authority().trust(), ProxyChoice::None)
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
    assert_eq!(error.code(), "timed_out");
    assert!(error.to_string().contains("within 0.3 s"), "{error}");
}
