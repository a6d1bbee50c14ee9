//! `cueline reprint`: a job once more, or what of it did not come out.

use anyhow::Context as _;
use cueline_wire::api::{Decision, ReprintRequest, ResolveRequest};

use crate::api::Api;
use crate::arguments::ReprintArguments;
use crate::exit::Exit;
use crate::print::{idempotency_key, made};
use crate::{printers, watch};

/// Asks for the new job, and follows it where asked to.
pub async fn run(api: &Api, arguments: ReprintArguments, json: bool) -> anyhow::Result<Exit> {
    let printer = match &arguments.printer {
        Some(asked) => Some(printers::meant(api, asked).await?),
        None => None,
    };
    let request = ReprintRequest {
        from_ticket: arguments.from_ticket,
        printer,
        marked: arguments.marked,
    };
    let key = idempotency_key(arguments.idempotency_key);
    let job = made(api.reprint(arguments.job, &request, &key).await, &key)?;
    if let Some(by) = arguments.by {
        let request = ResolveRequest {
            decision: Decision::Reprinted,
            by,
            reason: Some(format!("as {}", job.id)),
        };
        let settled = api.resolve(arguments.job, &request).await;
        settled.with_context(|| format!("{} is made; settle {}", job.id, arguments.job))?;
    }
    if !json && job.marked {
        println!("headed DUPLICATE, where the printer can: some of it may be on paper already");
    }
    watch::shown(api, job, arguments.wait, json).await
}
