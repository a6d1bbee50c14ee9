//! `cueline jobs`: the newest print jobs, or one with its timeline.

use std::fmt::Write as _;

use cueline_model::WallTime;
use cueline_wire::api::PrintJob;

use crate::api::Api;
use crate::arguments::JobsArguments;
use crate::exit::Exit;
use crate::print_json;
use crate::sentence::{advice, ago, moment, now, outcome, resolution, step};
use crate::table::Table;

/// Characters of a title in the list.
const TITLE_CHARS: usize = 32;

/// Shows the list or the one.
pub async fn run(api: &Api, arguments: &JobsArguments, json: bool) -> anyhow::Result<Exit> {
    if let Some(id) = arguments.job {
        let job = api.job(id).await?;
        if json {
            print_json(&job)?;
        } else {
            print!("{}", details(&job));
        }
        return Ok(Exit::Done);
    }
    let jobs = api.jobs(arguments.state, arguments.limit).await?;
    if json {
        print_json(&jobs)?;
    } else if jobs.is_empty() {
        println!("No jobs.");
    } else {
        print!("{}", list(&jobs, now()));
    }
    Ok(Exit::Done)
}

fn list(jobs: &[PrintJob], now: WallTime) -> Table {
    let mut table = Table::new(["JOB", "STATE", "PRINTER", "MADE", "TITLE"]);
    for job in jobs {
        let state = match (&job.waiting, &job.resolution) {
            (Some(waiting), _) => format!("{} ({})", job.state, waiting.code),
            (None, Some(resolution)) => format!("{} ({})", job.state, resolution.decision.as_str()),
            (None, None) => job.state.to_string(),
        };
        table.row([
            job.id.to_string(),
            state,
            job.printer_name.to_string(),
            ago(job.created_at, now),
            shortened(job.title.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

fn shortened(title: &str) -> String {
    if title.chars().count() <= TITLE_CHARS {
        return title.to_owned();
    }
    let kept: String = title.chars().take(TITLE_CHARS - 1).collect();
    format!("{kept}…")
}

fn details(job: &PrintJob) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:9} {value}");
    };
    line("job", job.id.to_string());
    if let Some(title) = &job.title {
        line("title", title.escape_debug().to_string());
    }
    line("printer", format!("{} ({})", job.printer_name, job.printer));
    let document = job.document;
    let copies = match job.copies {
        1 => String::new(),
        copies => format!(", {copies} copies"),
    };
    line(
        "document",
        format!(
            "{}, {} bytes{copies}",
            document.content_type, document.bytes
        ),
    );
    if let Some(options) = options(job) {
        line("options", options);
    }
    for note in &job.notes {
        line("note", note.to_string());
    }
    if let Some(before) = job.reprint_of {
        let marked = if job.marked { ", headed DUPLICATE" } else { "" };
        line("reprint", format!("of {before}{marked}"));
    }
    line("in doubt", job.uncertain.as_str().to_owned());
    if let Some(expires_at) = job.expires_at {
        line("expires", expires_at.to_string());
    }
    if job.attempt > 1 {
        line("attempt", job.attempt.to_string());
    }
    line("made", job.created_at.to_string());
    line("state", outcome(job));
    if let Some(tickets) = job.tickets {
        line("tickets", tickets.to_string());
    }
    if let Some(found) = &job.resolution {
        line("resolved", format!("{}: {}", found.at, resolution(found)));
    }
    for advice in advice(job) {
        line("", advice);
    }
    text.push('\n');
    for entry in &job.timeline {
        let since = moment(entry.at.0.ms_since(job.created_at.0));
        let more = entry.detail.as_deref().unwrap_or_else(|| step(&entry.what));
        let shown = format!("{since:>9}  {:16} {more}", entry.what);
        let _ = writeln!(text, "{}", shown.trim_end());
    }
    text
}

/// The options as they were asked for, `name value` each; `None` where none was.
fn options(job: &PrintJob) -> Option<String> {
    let written = serde_json::to_value(&job.options).ok()?;
    let shown: Vec<String> = written
        .as_object()?
        .iter()
        .map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name} {}", text.escape_debug()),
            None => format!("{name} {value}"),
        })
        .collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> PrintJob {
        serde_json::from_str(include_str!(
            "../../../core/wire/golden/0.1/api-print-job.json"
        ))
        .unwrap()
    }

    #[test]
    fn the_list_says_what_a_job_waits_for() {
        let mut named = job();
        named.title = Some("Hamlet, row C seat 12, a very long title indeed".to_owned());
        let now = named.created_at.0.shifted_ms(120_000);
        let shown = list(&[named], now).to_string();
        assert_eq!(
            shown.lines().nth(1).unwrap(),
            "job_0190b6d3a3b87c1e9f0a4b5c6d7e8f90  accepted (paper_out)  front    2 min ago  \
             Hamlet, row C seat 12, a very l…"
        );
    }

    #[test]
    fn the_details_end_with_the_timeline() {
        let shown = details(&job());
        assert!(shown.contains("document  raw, 5 bytes\n"), "{shown}");
        assert!(
            shown.contains("state     accepted, waiting: the printer is out of paper\n"),
            "{shown}"
        );
        assert!(
            shown.ends_with("\n   0.00 s  queued           the hub has it on disk\n"),
            "{shown}"
        );
    }

    #[test]
    fn the_details_tell_what_was_asked_for_and_what_was_found() {
        let mut job = job();
        job.options = serde_json::from_str(r#"{"cut":"end","rotate":90}"#).unwrap();
        job.notes = vec![cueline_model::Unsupported {
            option: cueline_model::OptionName::Cut,
            text: "cut end: the printer cannot do that".to_owned(),
        }];
        job.state = cueline_model::JobState::Uncertain;
        job.waiting = None;
        job.tickets = Some(cueline_model::TicketCount {
            printed: 1,
            unknown: 1,
            total: 2,
        });
        let shown = details(&job);
        for line in [
            "options   cut end, rotate 90\n",
            "note      cut end: the printer cannot do that\n",
            "tickets   tickets 1 printed, 2 unknown\n",
            "--from-ticket 2 --by NAME`\n",
        ] {
            assert!(shown.contains(line), "{line:?} is missing in:\n{shown}");
        }
    }
}
