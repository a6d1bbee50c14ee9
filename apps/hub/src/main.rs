//! The cloud's end of the line.

use clap::Parser as _;
use cueline_hub::cli::{Arguments, LogFormat, TenantVerb, Verb};
use tracing_subscriber::EnvFilter;

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    match work(arguments) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cueline-hub: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
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
