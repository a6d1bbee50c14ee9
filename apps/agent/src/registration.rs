//! The verb `register`: shows the hub a pairing code and a new key, keeps what the hub answers.
//!
//! The key is on the disk before the hub hears of it, so that a registration whose answer is lost
//! can be repeated with the same key. The identity is written last: it alone makes a directory a
//! registered one.

use std::path::Path;

use cueline_journal::{DirectoryLock, set_aside};
use cueline_uplink::{Call, RequestError, Uplink, UplinkConfig};
use cueline_wire::cloud::{RegistrationReply, RegistrationRequest, path};
use http::{HeaderValue, Method, Request};
use hyper::body::Bytes;
use serde_json::json;

use crate::cli::RegisterArgs;
use crate::config::{Config, ProxySetting};
use crate::data_dir::{DataDir, write_private};
use crate::ending::{Code, Ending};
use crate::hub::{AskError, decoded, platform, refusal};
use crate::identity::{Identity, IdentityError, TrustSource};
use crate::key::AgentKey;

const NAME_CHARS_MAX: usize = 64;
const HUB_KEY_BYTES: usize = 32;

/// Registers, and gives what is printed.
///
/// # Errors
/// Told with its exit code; nothing that was registered before is changed.
pub async fn register(args: &RegisterArgs) -> Result<String, Ending> {
    let data = DataDir::named(args.files.data.clone()).map_err(cannot_write)?;
    let name = machine_name(args.name.as_deref())?;
    let trust = trust_source(args)?;
    let proxy = match &args.proxy {
        Some(proxy) => proxy.clone(),
        None => configured_proxy(args, &data)?,
    };
    data.make().map_err(cannot_write)?;
    let lock = DirectoryLock::acquire(&data.journal())?;
    let registered = data.identity().exists();
    if registered && !args.replace {
        return Err(already_registered(&data.identity()));
    }

    // Beside the key in use, which stays until the hub has taken the new one.
    let new_key_file = data.path().join("agent.key.next");
    let key = new_key(&new_key_file)?;
    let uplink = uplink(args, &trust, &proxy)?;
    let reply = ask(&uplink, args, &name, &key).await?;

    let trust = reply
        .roots_pem
        .map_or(trust, |pem| TrustSource::Roots { pem });
    trust.trust().map_err(|reason| {
        let text = format!("read the root certificates in the hub's answer: {reason}");
        Ending::new(Code::Refused, text)
    })?;
    let identity = Identity {
        agent: reply.agent,
        hub: args.hub.clone(),
        hub_key: reply.hub_key.0,
        trust,
        proxy,
        tenant: reply.tenant,
        site: reply.site,
        name,
        public_key: key.public().to_vec(),
    };
    // Whichever registration its jobs and payments belong to, under the new one they would be strangers'.
    set_aside(&lock, "replaced")?;
    set_aside(
        &DirectoryLock::acquire(&data.payment_journal())?,
        "replaced",
    )?;
    std::fs::rename(&new_key_file, data.key())
        .map_err(|error| key_not_kept(&data.key(), &error))?;
    identity.store(&data.identity()).map_err(cannot_write)?;
    Ok(told(&identity, &key, args.json))
}

fn configured_proxy(args: &RegisterArgs, data: &DataDir) -> Result<ProxySetting, Ending> {
    let config = Config::load(args.files.config.as_deref(), &data.config())
        .map_err(|errors| Ending::new(Code::NotConfigured, errors))?;
    Ok(config.proxy.unwrap_or_default())
}

fn machine_name(given: Option<&str>) -> Result<String, Ending> {
    let name = match given {
        Some(name) => Some(name.trim().to_owned()),
        None => host_name(),
    };
    name.filter(|name| (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.contains(char::is_control))
        .ok_or_else(|| {
            Ending::new(
                Code::NotConfigured,
                format!("name this machine: expected 1 to {NAME_CHARS_MAX} characters; give them with --name"),
            )
        })
}

#[cfg(windows)]
fn host_name() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

#[cfg(unix)]
fn host_name() -> Option<String> {
    let from_file = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .into_iter()
        .find_map(|file| std::fs::read_to_string(file).ok());
    let name = from_file.or_else(|| std::env::var("HOSTNAME").ok())?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn trust_source(args: &RegisterArgs) -> Result<TrustSource, Ending> {
    let source = match (&args.ca, args.fingerprint) {
        (Some(file), _) => {
            let pem = std::fs::read_to_string(file).map_err(|error| {
                let text = format!(
                    "read the hub's root certificate {}: {error}",
                    file.display()
                );
                Ending::new(Code::NotConfigured, text)
            })?;
            TrustSource::Roots { pem }
        }
        (None, Some(fingerprint)) => TrustSource::Fingerprint {
            sha256: fingerprint.to_string(),
        },
        (None, None) => TrustSource::Platform,
    };
    source
        .trust()
        .map_err(|reason| Ending::new(Code::NotConfigured, reason))?;
    Ok(source)
}

/// The key of an attempt that was not answered, so that its code is still good for it, or a new one.
fn new_key(file: &Path) -> Result<AgentKey, Ending> {
    if file.exists() {
        return AgentKey::load(file).map_err(|error| Ending::new(Code::NotConfigured, error));
    }
    let (key, pkcs8) = AgentKey::generate().map_err(|error| Ending::new(Code::Other, error))?;
    write_private(file, &pkcs8).map_err(|error| key_not_kept(file, &error))?;
    Ok(key)
}

fn uplink(
    args: &RegisterArgs,
    trust: &TrustSource,
    proxy: &ProxySetting,
) -> Result<Uplink, Ending> {
    let mut config = UplinkConfig::new(args.hub.clone());
    config.trust = trust
        .trust()
        .map_err(|reason| Ending::new(Code::NotConfigured, reason))?;
    config.proxy = proxy.choice.clone();
    config.user_agent = HeaderValue::from_static(crate::USER_AGENT);
    Uplink::new(config).map_err(|error| Ending::new(Code::NotConfigured, error))
}

async fn ask(
    uplink: &Uplink,
    args: &RegisterArgs,
    name: &str,
    key: &AgentKey,
) -> Result<RegistrationReply, Ending> {
    let request = RegistrationRequest {
        code: args.code.clone(),
        name: name.to_owned(),
        public_key: key.public().to_vec().into(),
        proof: key
            .sign(RegistrationRequest::signed_text(&args.code, name).as_bytes())
            .into(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: platform(),
    };
    let json = serde_json::to_vec(&request).expect("plain data with string keys becomes JSON");
    let request = Request::builder()
        .method(Method::POST)
        .uri(path::REGISTRATIONS)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(json))
        .expect("a constant path and header");
    let answer = uplink
        .request(Call::new(request))
        .await
        .map_err(|error: RequestError| Ending::new(Code::HubUnreachable, error))?;
    if !answer.status().is_success() {
        let refused = refusal(answer.status(), answer.headers(), answer.body());
        return Err(Ending::new(
            Code::Refused,
            format!("register at {}: {refused}", uplink.hub()),
        ));
    }
    let reply: RegistrationReply =
        decoded(answer.body()).map_err(|error: AskError| Ending::new(Code::Refused, error))?;
    if reply.hub_key.0.len() != HUB_KEY_BYTES {
        let text = format!(
            "read the hub's key: expected {HUB_KEY_BYTES} bytes, got {}",
            reply.hub_key.0.len()
        );
        return Err(Ending::new(Code::Refused, text));
    }
    Ok(reply)
}

fn told(identity: &Identity, key: &AgentKey, as_json: bool) -> String {
    let fingerprint = key.fingerprint();
    if as_json {
        return json!({
            "tenant": identity.tenant,
            "site": identity.site,
            "agent": identity.agent,
            "name": identity.name,
            "hub": identity.hub.to_string(),
            "key_fingerprint": fingerprint.to_string(),
        })
        .to_string();
    }
    format!(
        "registered at {}\n  tenant  {}\n  site    {}\n  name    {}\n  agent   {}\n  key     {fingerprint}\n\
         Compare the key with the one the hub has for this agent (`cueline status --json`: fingerprint).",
        identity.hub, identity.tenant, identity.site, identity.name, identity.agent,
    )
}

fn already_registered(file: &Path) -> Ending {
    let who = match Identity::load(file) {
        Ok(identity) => format!(
            "{} at {} as {}",
            identity.name, identity.hub, identity.agent
        ),
        Err(error) => error.to_string(),
    };
    Ending::new(
        Code::NotConfigured,
        format!(
            "register in {}: this directory is registered already ({who}); use --replace to give that up",
            file.parent().unwrap_or(file).display()
        ),
    )
}

fn key_not_kept(file: &Path, error: &std::io::Error) -> Ending {
    Ending::new(
        Code::CannotWrite,
        format!("write the agent's key {}: {error}", file.display()),
    )
}

fn cannot_write(error: impl std::error::Error) -> Ending {
    Ending::new(Code::CannotWrite, error)
}

/// The identity and key of a registered directory.
///
/// # Errors
/// Told with its exit code.
pub fn registered(data: &DataDir) -> Result<(Identity, AgentKey), Ending> {
    let not_configured = |error: &dyn std::error::Error| Ending::new(Code::NotConfigured, error);
    let identity =
        Identity::load(&data.identity()).map_err(|error: IdentityError| not_configured(&error))?;
    let key = AgentKey::load(&data.key()).map_err(|error| not_configured(&error))?;
    if key.public() != identity.public_key {
        return Err(Ending::new(
            Code::NotConfigured,
            format!(
                "read the agent's key {}: it is not the key this agent was registered with; register again \
                 with --replace",
                data.key().display()
            ),
        ));
    }
    Ok((identity, key))
}

#[cfg(test)]
mod tests;
