//! `cueline resolve`: what a person found out about a job that is uncertain.

use cueline_wire::api::ResolveRequest;

use crate::api::Api;
use crate::arguments::ResolveArguments;
use crate::exit::Exit;
use crate::print_json;
use crate::sentence::resolution;

/// Tells the hub, and shows what it wrote down.
pub async fn run(api: &Api, arguments: ResolveArguments, json: bool) -> anyhow::Result<Exit> {
    let request = ResolveRequest {
        decision: arguments.finding.into(),
        by: arguments.by,
        reason: arguments.reason,
    };
    let job = api.resolve(arguments.job, &request).await?;
    if json {
        print_json(&job)?;
        return Ok(Exit::Done);
    }
    let written = job.resolution.as_ref().map(resolution).unwrap_or_default();
    println!("{} {written}", job.id);
    Ok(Exit::Done)
}
