//! One printer for people: a few lines with what it is, what it can do and what is wrong with it.

use std::fmt;

use cueline_model::{Capabilities, Proof};
use cueline_wire::api::Printer;

use crate::sentence::printer_state;

/// A printer in a few lines.
pub struct Block<'a>(pub &'a Printer);

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = self.0;
        let agent = printer.agent_name.escape_debug();
        writeln!(f, "{} at {agent}: {}", printer.name, printer_state(printer))?;
        let mut line = |name: &str, value: &str| writeln!(f, "  {name:9} {value}");
        if let Some(fault) = &printer.fault {
            line("fault", &escaped(&fault.text))?;
        }
        if let Some(warning) = &printer.warning {
            line("warning", &escaped(&warning.text))?;
        }
        if printer.queued > 0 {
            line("queued", &printer.queued.to_string())?;
        }
        line("id", &printer.id.to_string())?;
        line("speaks", &speaks(printer))?;
        let takes: Vec<&str> = printer
            .content_types
            .iter()
            .map(|kind| kind.as_str())
            .collect();
        line("takes", &takes.join(", "))?;
        let Some(can) = &printer.capabilities else {
            return Ok(());
        };
        line("proves", proves(can.proves))?;
        for (name, choices) in choices(can) {
            if !choices.is_empty() {
                line(name, &choices.join(", "))?;
            }
        }
        Ok(())
    }
}

fn speaks(printer: &Printer) -> String {
    let mut words = vec![printer.language.to_string()];
    match (printer.width_dots, printer.height_dots) {
        (Some(width), Some(height)) => words.push(format!("{width} x {height} dots")),
        (Some(width), None) => words.push(format!("{width} dots across")),
        (None, _) => {}
    }
    let dpi = printer.capabilities.iter().flat_map(|can| &can.dpi);
    let dpi: Vec<String> = dpi.map(ToString::to_string).collect();
    if !dpi.is_empty() {
        words.push(format!("{} dpi", dpi.join(" or ")));
    }
    words.join(", ")
}

const fn proves(proof: Proof) -> &'static str {
    match proof {
        Proof::Spooled => "spooled: that something else has taken the job over",
        Proof::Sent => "sent: that it took every byte",
        Proof::Printed => "printed: it says itself what is on paper",
    }
}

fn choices(can: &Capabilities) -> [(&'static str, Vec<String>); 4] {
    let all = |names: &[String]| names.iter().map(|name| escaped(name)).collect();
    [
        (
            "options",
            can.options.iter().map(ToString::to_string).collect(),
        ),
        ("trays", all(&can.trays)),
        ("media", all(&can.media)),
        (
            "papers",
            can.papers
                .iter()
                .map(|paper| escaped(&paper.name))
                .collect(),
        ),
    ]
}

/// What a printer or an agent says of itself must not reach a terminal as commands.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use cueline_model::{Fault, FaultCode, OptionName};
    use cueline_wire::api::AgentState;

    use super::*;

    #[test]
    fn a_printer_is_shown_with_what_it_can_do_and_what_is_wrong() {
        let page: cueline_wire::api::Page<Printer> = serde_json::from_str(include_str!(
            "../../../../core/wire/golden/0.1/api-printers-page.json"
        ))
        .unwrap();
        let mut printer = page.data[0].clone();
        printer.agent_state = AgentState::Online;
        printer.fault = None;
        printer.warning = Some(Fault::new(FaultCode::PaperLow, "paper will soon be out"));
        printer.capabilities = Some(Capabilities {
            proves: Proof::Printed,
            dpi: vec![203],
            options: [OptionName::Cut, OptionName::Collate].into(),
            trays: vec!["a\u{1b}[2J".to_owned()],
            ..Capabilities::default()
        });
        let shown = Block(&printer).to_string();
        for line in [
            ": ready, but paper_low\n",
            "  warning   paper will soon be out\n",
            "  proves    printed: it says itself what is on paper\n",
            "  options   collate, cut\n",
            "  trays     a [2J\n",
        ] {
            assert!(shown.contains(line), "{line:?} is missing in:\n{shown}");
        }
    }
}
