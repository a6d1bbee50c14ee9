//! Measurements of the whole product; what they are is said in the library.

#[cfg(unix)]
#[tokio::main]
async fn main() -> anyhow::Result<()> {
    cueline_bench::run().await
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("error: measure on this system: the measurements need Linux; run them there");
    std::process::ExitCode::FAILURE
}
