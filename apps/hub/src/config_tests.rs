//! What the hub makes of its configuration file.

use super::*;

fn load(text: &str) -> Result<Config, ConfigErrors> {
    let overrides = Overrides {
        data: Some("data".into()),
        ..Overrides::default()
    };
    Config::checked(toml::from_str(text).unwrap(), &overrides)
}

#[test]
fn nothing_said_means_the_links_own_timings() {
    let config = load("").unwrap();
    assert_eq!(config.listen, LISTEN_DEFAULT);
    assert_eq!(config.link.ping_max, Duration::from_secs(140));
    assert_eq!(config.link.idle_timeout, Duration::from_secs(150));
    assert_eq!(config.certificate, None);
}

#[test]
fn all_errors_are_told_at_once() {
    let errors = load(
        "listen = \"here\"\npublic_url = \"http://x\"\n[tls]\ncert = \"c.pem\"\n\
         [link]\nping_min_s = 2.0\n[drain]\nspread_s = 601.0\n",
    )
    .unwrap_err()
    .0;
    for part in [
        "listen:",
        "public_url:",
        "tls: cert is given without key",
        "link.ping_min_s",
        "drain.spread_s",
    ] {
        assert!(
            errors.iter().any(|error| error.starts_with(part)),
            "{part} in {errors:?}"
        );
    }
    assert_eq!(errors.len(), 5, "{errors:?}");
}

#[test]
fn unknown_keys_are_refused_with_their_line() {
    let error = parse("data = \"x\"\nlisen = \"y\"\n").unwrap_err();
    assert!(
        error.starts_with("line 2: unknown field `lisen`"),
        "{error}"
    );
}

#[test]
fn short_timings_need_the_switch() {
    let text = "[link]\nping_min_s = 0.2\nidle_timeout_s = 3.0\n";
    assert!(load(text).is_err());
    let short = load(&format!("{text}allow_short = true\n")).unwrap().link;
    assert!(short.ping_max < short.idle_timeout);
    assert_eq!(short.granted(Duration::ZERO), Duration::from_millis(200));
    assert_eq!(short.granted(Duration::from_secs(120)), short.ping_max);
    assert!(load("[link]\nidle_timeout_s = 100\nping_max_s = 120\n").is_err());
    assert!(load("[link]\nidle_timeout_s = nan\n").is_err());
}

#[test]
fn the_public_urls_host_becomes_a_name() {
    let config = load("names = [\"a.example\"]\npublic_url = \"https://[::1]:8443/x\"\n").unwrap();
    assert_eq!(config.names, ["a.example", "::1"]);
}
