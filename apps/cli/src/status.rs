//! `cueline status`: agents and printers, and what is wrong with them.

use cueline_model::WallTime;
use cueline_wire::api::{Agent, Printer};

use crate::api::Api;
use crate::exit::Exit;
use crate::print_json;
use crate::sentence::{ago, now, printer_state, state_word};
use crate::table::Table;

/// Shows them all.
pub async fn run(api: &Api, json: bool) -> anyhow::Result<Exit> {
    let agents = api.agents().await?;
    let printers = api.printers().await?;
    if json {
        let document = serde_json::json!({
            "hub": api.hub().to_string(),
            "path": api.path(),
            "agents": agents,
            "printers": printers,
        });
        print_json(&document)?;
        return Ok(Exit::Done);
    }
    println!("hub {} ({})\n", api.hub(), api.path());
    if agents.is_empty() {
        println!("No agent is registered; `cueline pair` makes a code for the first one.");
        return Ok(Exit::Done);
    }
    print!("{}", agent_table(&agents, now()));
    println!();
    if printers.is_empty() {
        println!("No agent has reported a printer.");
    } else {
        print!("{}", printer_table(&printers));
    }
    Ok(Exit::Done)
}

fn agent_table(agents: &[Agent], now: WallTime) -> Table {
    let mut table = Table::new(["AGENT", "STATE", "HEARD", "WAY", "PING", "VERSION", "ID"]);
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    for agent in agents {
        table.row([
            agent.name.clone(),
            state_word(agent.state).to_owned(),
            or_dash(agent.last_seen_at.map(|heard| ago(heard, now))),
            or_dash(agent.path.clone()),
            or_dash(agent.ping_s.map(|ping_s| format!("{ping_s} s"))),
            or_dash(agent.version.clone()),
            agent.id.to_string(),
        ]);
    }
    table
}

fn printer_table(printers: &[Printer]) -> Table {
    let mut table = Table::new([
        "PRINTER",
        "AGENT",
        "STATE",
        "QUEUED",
        "SPEAKS",
        "ID",
        "WHAT IS WRONG",
    ]);
    for printer in printers {
        let warning = printer.warning.as_ref();
        let wrong = printer
            .fault
            .as_ref()
            .or(warning)
            .map(|fault| fault.text.clone());
        table.row([
            printer.name.to_string(),
            printer.agent_name.clone(),
            printer_state(printer),
            printer.queued.to_string(),
            printer.language.to_string(),
            printer.id.to_string(),
            wrong.unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use cueline_wire::api::AgentState;

    use super::*;

    fn golden<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_agent_is_one_line() {
        let agent: Agent = golden(include_str!("../../../core/wire/golden/0.1/api-agent.json"));
        let heard = agent.last_seen_at.unwrap().0;
        let shown = agent_table(&[agent], heard.shifted_ms(65_000)).to_string();
        let line = shown.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "counter 1  online  1 min 5 s ago  direct  120 s  0.1.0    \
             agt_0000000000000000000000000000000a"
        );
    }

    #[test]
    fn a_printers_fault_is_shown_unless_its_agent_is_away() {
        let page: cueline_wire::api::Page<Printer> = golden(include_str!(
            "../../../core/wire/golden/0.1/api-printers-page.json"
        ));
        let mut printers = page.data;
        let state = |printers: &[Printer]| printer_table(printers).to_string();
        assert!(state(&printers).contains("  agent offline  3  "));
        printers[0].agent_state = AgentState::Online;
        assert!(state(&printers).contains("  paper_out  3  "));
        assert!(state(&printers).ends_with("the printer is out of paper\n"));
        printers[0].fault = None;
        assert!(state(&printers).contains("  ready  3  "));
    }
}
