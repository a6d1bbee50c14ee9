//! Keys, sites, pairing codes, the first start.

use cueline_hub_core::store::contract::START;
use cueline_wire::api::Scope;

use super::super::{CodeError, FIRST_KEY_FILE, KeyError, RegistrationError};
use super::{Opened, new_agent, tenant_and_site};

#[tokio::test]
async fn a_key_opens_its_tenant_until_it_is_revoked() {
    let opened = Opened::new();
    let (tenant, _) = tenant_and_site(&opened.store).await;
    let scopes = vec![Scope::Print, Scope::Read];
    let made = opened
        .store
        .add_api_key(tenant, "till".to_owned(), scopes.clone(), START);
    let made = made.await.unwrap();
    let opened = opened.reopened();
    let store = &opened.store;
    let caller = store.authenticate(made.key.clone()).await.unwrap().unwrap();
    assert_eq!((caller.tenant, caller.key), (tenant, made.record.id));
    assert_eq!(caller.scopes, scopes);

    let (other_tenant, _) = tenant_and_site(store).await;
    let revoke = |tenant| store.revoke_api_key(tenant, made.record.id, START);
    assert_eq!(revoke(other_tenant).await, Ok(false));
    assert!(
        store
            .authenticate(made.key.clone())
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(revoke(tenant).await, Ok(true));
    assert_eq!(store.authenticate(made.key.clone()).await, Ok(None));
    assert_eq!(revoke(tenant).await, Ok(false));
    assert_eq!(store.api_keys(tenant, None, 10).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_key_that_is_not_quite_right_opens_nothing() {
    let opened = Opened::new();
    let (tenant, _) = tenant_and_site(&opened.store).await;
    let made = opened
        .store
        .add_api_key(tenant, "a".to_owned(), Scope::ALL.to_vec(), START);
    let key = made.await.unwrap().key;
    for at in 0..key.len() {
        let mut wrong = key.clone().into_bytes();
        wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
        let wrong = String::from_utf8(wrong).unwrap();
        assert_eq!(opened.store.authenticate(wrong).await, Ok(None), "at {at}");
    }
    for wrong in ["", "cl_", "cl__", &key[..key.len() - 1], &format!("{key}x")] {
        let caller = opened.store.authenticate(wrong.to_owned()).await;
        assert_eq!(caller, Ok(None), "{wrong}");
    }
}

#[tokio::test]
async fn a_secret_is_nowhere_in_the_data_directory() {
    let opened = Opened::new();
    let (tenant, _) = tenant_and_site(&opened.store).await;
    let made = opened
        .store
        .add_api_key(tenant, "a".to_owned(), Scope::ALL.to_vec(), START);
    let key = made.await.unwrap().key;
    let code = opened
        .store
        .add_pairing_code(tenant, None, START)
        .await
        .unwrap()
        .code;
    let secrets = [
        key.rsplit('_').next().unwrap().to_owned(),
        code.replace('-', ""),
        code,
    ];
    for file in std::fs::read_dir(opened.directory.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}

#[tokio::test]
async fn two_keys_of_one_name_overlap_and_no_third() {
    let opened = Opened::new();
    let (tenant, _) = tenant_and_site(&opened.store).await;
    let add = |name: &str| {
        let scopes = vec![Scope::Read];
        opened
            .store
            .add_api_key(tenant, name.to_owned(), scopes, START)
    };
    let old = add("till").await.unwrap();
    add("till").await.unwrap();
    let third = add("till").await;
    assert!(matches!(third, Err(KeyError::TooManyAlive { .. })));
    add("other").await.unwrap();
    let revoked = opened.store.revoke_api_key(tenant, old.record.id, START);
    assert_eq!(revoked.await, Ok(true));
    add("till").await.unwrap();
}

#[tokio::test]
async fn sites_are_listed_page_by_page() {
    let opened = Opened::new();
    let (tenant, first) = tenant_and_site(&opened.store).await;
    let second = opened
        .store
        .add_site(tenant, "Yard".to_owned(), START)
        .await
        .unwrap();
    let (stranger, _) = tenant_and_site(&opened.store).await;
    let page = opened.store.sites(tenant, None, 1).await.unwrap();
    assert_eq!(page, [second]);
    let page = opened
        .store
        .sites(tenant, Some(page[0].id), 10)
        .await
        .unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!((page[0].id, page[0].name.as_str()), (first, "Foyer"));
    assert_eq!(opened.store.site(stranger, first).await, Ok(None));
}

#[tokio::test]
async fn a_code_registers_one_agent() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, site) = tenant_and_site(store).await;
    let code = store.add_pairing_code(tenant, None, START).await.unwrap();
    assert_eq!(code.code.len(), 9);
    assert_eq!(code.site, site);
    let typed = code.code.to_lowercase().replace('-', " ");
    let registered = store.register(typed, new_agent(1), START).await.unwrap();
    assert_eq!(registered.agent.site, site);
    assert_eq!(registered.tenant_name, "Globe");
    assert_eq!(registered.site_name, "Foyer");
    let found = store.agent(tenant, registered.agent.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&registered.agent));

    let again = store.register(code.code.clone(), new_agent(1), START);
    let again = again.await.unwrap();
    assert!(again.repeat, "the answer may have been lost");
    assert_eq!(again.agent, registered.agent);
    let other_key = store.register(code.code.clone(), new_agent(2), START).await;
    assert_eq!(other_key, Err(RegistrationError::Used));
    store
        .revoke_agent(tenant, registered.agent.id, START)
        .await
        .unwrap();
    let revoked = store.register(code.code, new_agent(1), START).await;
    assert_eq!(revoked, Err(RegistrationError::Used));
}

#[tokio::test]
async fn a_wrong_or_late_code_registers_nobody() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, _) = tenant_and_site(store).await;
    for wrong in ["", "K7QD-4MXP", "K7QD-4MXP-K7QD-4MXP"] {
        let result = store.register(wrong.to_owned(), new_agent(1), START).await;
        assert_eq!(result, Err(RegistrationError::Unknown), "{wrong}");
    }
    let code = store.add_pairing_code(tenant, None, START).await.unwrap();
    assert_eq!(code.expires_at, START.shifted_ms(600_000));
    let late = store
        .register(code.code.clone(), new_agent(1), code.expires_at)
        .await;
    assert_eq!(late, Err(RegistrationError::Expired));
    let in_time = code.expires_at.shifted_ms(-1);
    let registered = store
        .register(code.code.clone(), new_agent(1), in_time)
        .await;
    assert!(registered.is_ok());
    let late_repeat = store
        .register(code.code, new_agent(1), code.expires_at)
        .await;
    assert_eq!(late_repeat, Err(RegistrationError::Used));
    assert_eq!(store.agents(tenant, None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_code_is_for_a_site_that_is_the_tenants() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, site) = tenant_and_site(store).await;
    let (stranger, _) = tenant_and_site(store).await;
    let strangers = store.add_pairing_code(stranger, Some(site), START).await;
    assert_eq!(strangers, Err(CodeError::UnknownSite));
    store
        .add_site(tenant, "Yard".to_owned(), START)
        .await
        .unwrap();
    let which = store.add_pairing_code(tenant, None, START).await;
    assert_eq!(which, Err(CodeError::SiteNeeded { sites: "several" }));
    let named = store.add_pairing_code(tenant, Some(site), START).await;
    assert_eq!(named.unwrap().site, site);
}

#[tokio::test]
async fn open_codes_are_limited_and_old_ones_swept() {
    let opened = Opened::new();
    let store = &opened.store;
    let (tenant, _) = tenant_and_site(store).await;
    for _ in 0..100 {
        store.add_pairing_code(tenant, None, START).await.unwrap();
    }
    let one_more = store.add_pairing_code(tenant, None, START).await;
    assert_eq!(one_more, Err(CodeError::TooManyOpen));
    let expired = START.shifted_ms(600_000);
    store.add_pairing_code(tenant, None, expired).await.unwrap();
    let a_day_later = expired.shifted_ms(24 * 3_600_000 + 1);
    assert_eq!(store.sweep(a_day_later).await.unwrap().pairing_codes, 100);
}

#[tokio::test]
async fn the_first_start_makes_a_key_and_the_second_does_not() {
    let opened = Opened::new();
    let directory = opened.directory.path().to_owned();
    let path = directory.join(FIRST_KEY_FILE);
    // A crash between the file and the rows left a key that opens nothing.
    std::fs::write(&path, "cl_left_over\n").unwrap();
    let first = opened
        .store
        .bootstrap(&directory, START)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(first.key_file, path);
    let key = std::fs::read_to_string(&path).unwrap();
    let caller = opened.store.authenticate(key.trim_end().to_owned()).await;
    let caller = caller.unwrap().unwrap();
    assert_eq!(
        (caller.tenant, caller.scopes),
        (first.tenant, Scope::ALL.to_vec())
    );
    let tenant = opened.store.tenant(first.tenant).await.unwrap().unwrap();
    assert_eq!(tenant.name, "default");
    let site = opened
        .store
        .site(first.tenant, first.site)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(site.name, "main");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let opened = opened.reopened();
    assert!(
        opened
            .store
            .bootstrap(&directory, START)
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), key);
}
