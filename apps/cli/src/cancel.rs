//! `cueline cancel`: asks for a job not to be printed.

use cueline_model::{JobId, JobState};
use cueline_wire::api::PrintJob;

use crate::api::Api;
use crate::exit::Exit;
use crate::print_json;

/// Asks, and says what became of it so far; the hub refuses where it is too late.
pub async fn run(api: &Api, id: JobId, json: bool) -> anyhow::Result<Exit> {
    let job = api.cancel(id).await?;
    if json {
        print_json(&job)?;
    } else {
        println!("{}", answer(&job));
    }
    Ok(Exit::Done)
}

fn answer(job: &PrintJob) -> String {
    match job.state {
        JobState::Cancelled => "cancelled; nothing was printed".to_owned(),
        _ => format!(
            "asked for; the agent cancels it unless it has started it (`cueline jobs {}` tells)",
            job.id
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_answer() {
        let mut job: PrintJob = serde_json::from_str(include_str!(
            "../../../core/wire/golden/0.1/api-print-job.json"
        ))
        .unwrap();
        for (state, begins) in [
            (JobState::Accepted, "asked for; the agent cancels it"),
            (JobState::Cancelled, "cancelled;"),
        ] {
            job.state = state;
            assert!(answer(&job).starts_with(begins), "{}", answer(&job));
        }
    }
}
