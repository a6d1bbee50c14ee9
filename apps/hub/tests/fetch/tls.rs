//! Fetching over TLS: the server proves who it is, and nothing steps down from it.

use std::sync::Arc;

use cueline_hub::fetch::{FetchError, FetchSettings, Fetcher};
use rustls::pki_types::PrivateKeyDer;

use crate::equipment::web::{Web, ok, redirect};
use crate::{PDF, pdf, settings};

/// A server's certificate for 127.0.0.1, and the root that vouches for it.
fn certificates() -> (tokio_rustls::TlsAcceptor, String) {
    let signing = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = params.self_signed(&signing).unwrap();
    let issuer = rcgen::Issuer::new(params, signing);
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (Arc::new(config).into(), root.pem())
}

#[tokio::test]
async fn over_tls_the_server_proves_who_it_is() {
    let plain = Web::open("127.0.0.1", None, |_| ok(PDF)).await;
    let (acceptor, root) = certificates();
    let unencrypted = plain.url("/");
    let web = Web::open("127.0.0.1", Some(acceptor), move |request| {
        match request.split(' ').nth(1).unwrap() {
            "/down" => redirect(&unencrypted),
            _ => ok(PDF),
        }
    })
    .await;
    let url = format!("https://{}/", web.address);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("root.pem");
    std::fs::write(&file, root).unwrap();
    let encrypted_only = FetchSettings {
        allow_http: false,
        ..settings()
    };
    let stranger = Fetcher::new(encrypted_only.clone()).unwrap();
    let error = pdf(&stranger, &url).await.unwrap_err();
    assert!(matches!(error, FetchError::Broken { .. }), "{error:?}");
    assert!(web.seen().is_empty());
    let trusting = FetchSettings {
        roots: Some(file),
        ..encrypted_only
    };
    let fetcher = Fetcher::new(trusting).unwrap();
    assert_eq!(pdf(&fetcher, &url).await.unwrap(), PDF);
    // From TLS to none is a step down that only what is opened for it may ask for.
    let down = format!("https://{}/down", web.address);
    let error = pdf(&fetcher, &down).await.unwrap_err();
    assert!(
        matches!(error, FetchError::NotEncrypted { .. }),
        "{error:?}"
    );
    assert!(plain.seen().is_empty());
    let missing = FetchSettings {
        roots: Some(folder.path().join("none.pem")),
        ..settings()
    };
    assert!(Fetcher::new(missing).is_err());
}
