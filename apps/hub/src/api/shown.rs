//! What is stored and what is known only to the link, put together as the API shows it.

use cueline_hub_core::PrintJob;
use cueline_hub_core::view::{self, Surroundings};
use cueline_model::AgentId;
use cueline_wire::Timestamp;
use cueline_wire::api::{self, AgentState, StationState};

use crate::fingerprint;
use crate::hub::Hub;
use crate::link::whole_seconds;
use crate::refusal::Refusal;
use crate::store::{AgentRecord, PrinterRecord, StationRecord};

/// A job with what it waits for.
///
/// # Errors
/// Those of the store.
pub async fn job(hub: &Hub, job: &PrintJob) -> Result<api::PrintJob, Refusal> {
    if job.state.is_settled() {
        return Ok(view::print_job(job, Surroundings::default()));
    }
    let agent_online = hub.is_online(job.agent);
    let agent_revoked = if agent_online {
        false
    } else {
        let agent = hub.store.agent_by_id(job.agent).await?;
        agent.is_none_or(|agent| agent.revoked_at.is_some())
    };
    let condition = hub.store.condition(job.agent, &job.printer_name);
    Ok(view::print_job(
        job,
        Surroundings {
            agent_online,
            agent_revoked,
            fault: condition.fault.as_ref(),
        },
    ))
}

/// An agent with its link.
pub fn agent(hub: &Hub, agent: AgentRecord) -> api::Agent {
    let state = state(hub, agent.id, agent.revoked_at.is_some());
    let link = hub
        .registry
        .get(agent.id)
        .filter(|_| state == AgentState::Online);
    let last_seen_at = hub.sightings.last(agent.id).max(agent.last_seen_at);
    api::Agent {
        id: agent.id,
        name: agent.name,
        site: agent.site,
        state,
        fingerprint: fingerprint::of(&agent.public_key),
        created_at: Timestamp(agent.created_at),
        connected_since: link.as_ref().map(|link| Timestamp(link.since)),
        last_seen_at: last_seen_at.map(Timestamp),
        path: agent.path,
        ping_s: link.map_or(agent.ping_s, |link| Some(whole_seconds(link.ping))),
        version: agent.version,
        platform: agent.platform,
    }
}

/// A printer with what is wrong with it.
pub fn printer(hub: &Hub, printer: PrinterRecord) -> api::Printer {
    let condition = hub.store.condition(printer.agent, &printer.name);
    api::Printer {
        id: printer.id,
        agent: printer.agent,
        agent_name: printer.agent_name,
        agent_state: state(hub, printer.agent, printer.agent_revoked),
        language: printer.language,
        content_types: printer.content_types,
        width_dots: printer.width_dots,
        height_dots: printer.height_dots,
        capabilities: printer.capabilities,
        fault: condition.fault,
        warning: condition.warning,
        queued: printer.queued,
        name: printer.name,
    }
}

/// A desk with whether payments can be made there.
pub fn station(hub: &Hub, station: StationRecord) -> api::Station {
    let agent_state = state(hub, station.agent, station.agent_revoked);
    let state = match (agent_state, station.trays) {
        (AgentState::Online, 1) => StationState::Online,
        (AgentState::Online, 2..) => StationState::Ambiguous,
        _ => StationState::Offline,
    };
    let terminals = station.terminals.into_iter().map(|terminal| api::Terminal {
        id: terminal.id,
        name: terminal.name,
        station: terminal.station,
        station_name: station.name.clone(),
        agent: station.agent,
        protocol: terminal.protocol,
        payment: terminal.payment,
    });
    api::Station {
        terminals: terminals.collect(),
        id: station.id,
        agent: station.agent,
        agent_name: station.agent_name,
        agent_state,
        state,
        user: station.user,
        name: station.name,
    }
}

fn state(hub: &Hub, agent: AgentId, revoked: bool) -> AgentState {
    if revoked {
        AgentState::Revoked
    } else if hub.is_online(agent) {
        AgentState::Online
    } else {
        AgentState::Offline
    }
}
