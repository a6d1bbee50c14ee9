//! Showing a job that was just made, and on request its way until it ends.

use std::io::Write as _;
use std::time::Duration;

use cueline_wire::api::PrintJob;

use crate::api::Api;
use crate::arguments::WaitArguments;
use crate::exit::Exit;
use crate::print_json;
use crate::progress::{self, Step};
use crate::sentence::{advice, moment, outcome};

/// Shows the job, and its way where that was asked for.
pub async fn shown(
    api: &Api,
    job: PrintJob,
    wait: WaitArguments,
    json: bool,
) -> anyhow::Result<Exit> {
    match wait.seconds {
        Some(wait_s) => {
            let wait = Duration::from_secs(u64::from(wait_s));
            follow(api, job, wait, json).await
        }
        None if json => print_json(&job).map(|()| Exit::Done),
        None => {
            println!("{} {} for {}", job.id, job.state, job.printer_name);
            for note in &job.notes {
                println!("note: {note}");
            }
            Ok(Exit::Done)
        }
    }
}

async fn follow(api: &Api, job: PrintJob, wait: Duration, json: bool) -> anyhow::Result<Exit> {
    if !json {
        println!("{} for {}", job.id, job.printer_name);
        for note in &job.notes {
            println!("note: {note}");
        }
    }
    let id = job.id;
    let following = progress::follow(api, job, wait, |step| {
        println!("{}", progress_line(step, json));
        // A pipe is written to in blocks, and whoever reads it wants the line now. A reader that
        // went away is no reason to stop: the outcome still decides the exit code.
        let _ = std::io::stdout().flush();
    });
    let job = tokio::select! {
        job = following => job?,
        // To end the waiting is not to take the job back, and whoever waits has to know.
        Ok(()) = tokio::signal::ctrl_c() => {
            eprintln!(
                "no longer waiting; the job goes on: `cueline jobs {id}` shows it, `cueline cancel \
                 {id}` asks for it not to be printed"
            );
            return Ok(Exit::Unfinished);
        }
    };
    if json {
        println!("{}", serde_json::json!({ "event": "outcome", "job": job }));
    } else {
        println!("{}", outcome(&job));
        for line in advice(&job) {
            println!("{line}");
        }
    }
    Ok(Exit::of_job(job.state))
}

fn progress_line(step: &Step, json: bool) -> String {
    if json {
        return serde_json::json!({
            "event": "progress",
            "since_created_ms": step.since_created_ms,
            "what": step.what,
            "detail": step.detail,
        })
        .to_string();
    }
    let since = moment(step.since_created_ms);
    let line = format!("{since:>9}  {:16} {}", step.what, step.detail);
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_line_for_people_and_one_document_for_programs() {
        let step = Step {
            since_created_ms: 204,
            what: "waiting".to_owned(),
            detail: "the printer is out of paper".to_owned(),
        };
        assert_eq!(
            progress_line(&step, false),
            "   0.20 s  waiting          the printer is out of paper"
        );
        let json: serde_json::Value = serde_json::from_str(&progress_line(&step, true)).unwrap();
        assert_eq!(json["event"], "progress");
        assert_eq!(json["since_created_ms"], 204);
        assert_eq!(json["what"], "waiting");
    }
}
