//! The control port: lines of text on loopback that set faults while the printer runs.

use std::path::PathBuf;
use std::sync::Arc;

use super::panel::Panel;
use super::plan::PlannedFault;
use super::settings::SecondHost;
use super::tickets::read_tickets;

/// What a control connection acts on.
#[derive(Debug, Clone)]
pub(super) struct Controls {
    pub(super) panel: Arc<Panel>,
    pub(super) output: PathBuf,
}

/// Does what a line says.
pub(super) fn answer(line: &str, controls: &Controls) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match verb {
        "fault" => match rest.parse::<PlannedFault>() {
            Ok(plan) => {
                controls.panel.plan(plan);
                format!("ok fault {plan}")
            }
            Err(error) => format!("error: {error}"),
        },
        "status" => match read_tickets(&controls.output) {
            Ok(tickets) => {
                let torn = tickets.iter().filter(|ticket| ticket.torn).count();
                let fault = controls.panel.fault();
                let planned = match controls.panel.planned() {
                    Some(plan) => format!("; planned {plan}"),
                    None => String::new(),
                };
                format!(
                    "ok fault {fault}; tickets {}; torn {torn}{planned}",
                    tickets.len()
                )
            }
            Err(error) => format!("error: tickets cannot be read: {error}"),
        },
        "second_host" => {
            let what = match rest {
                "wait" => SecondHost::Wait,
                "refuse" => SecondHost::Refuse,
                _ => return format!("error: expected second_host wait or refuse; got {rest:?}"),
            };
            controls.panel.set_second_host(what);
            format!("ok second_host {rest}")
        }
        "button" => {
            controls.panel.press();
            "ok button".to_owned()
        }
        _ => {
            format!("error: expected fault FAULT, status, second_host WHAT or button; got {line:?}")
        }
    }
}
