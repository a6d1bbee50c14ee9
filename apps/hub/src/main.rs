//! The cloud's end of the line.

use clap::Parser as _;
use cueline_hub::cli::{Arguments, LogFormat, TenantVerb, Verb};
use tracing_subscriber::EnvFilter;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.verb, Some(Verb::Decode)) {
        // Confines the thread that calls it, so there must be no other yet.
        return cueline_decoder::child_main();
    }
    match work(arguments) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cueline-hub: {}", sentence(&error));
            std::process::ExitCode::FAILURE
        }
    }
}

/// The error and its causes, each said once: many errors have their cause in their own words.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

fn work(arguments: Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match arguments.verb.unwrap_or(Verb::Run(arguments.run)) {
            Verb::Run(run) => {
                log_to_stderr(run.log);
                cueline_hub::run(&run.common.overrides()).await
            }
            Verb::Decode => anyhow::bail!("the decoder is started before this"),
            Verb::Check(common) => cueline_hub::check(&common.overrides()).await,
            Verb::Tenant(tenant) => match tenant.verb {
                TenantVerb::Add { name, common } => {
                    cueline_hub::add_tenant(&common.overrides(), &name).await
                }
            },
        }
    })
}

/// `RUST_LOG` chooses what is logged; informative events by default.
fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Human => log.with_target(false).init(),
        LogFormat::Json => log.json().init(),
    }
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow::anyhow!("access denied")
            .context("/data cannot be used: access denied; check it")
            .context("open the store");
        assert_eq!(
            sentence(&error),
            "open the store: /data cannot be used: access denied; check it"
        );
    }
}
