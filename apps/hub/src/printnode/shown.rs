//! Computers, printers and print jobs as PrintNode shows them. Every key that its clients look for is
//! there; what is not known here is `null`.

use std::collections::BTreeMap;

use cueline_model::{Capabilities, ContentType, OptionName, WallTime};
use cueline_wire::Timestamp;
use serde::Serialize;

use super::states;
use crate::hub::Hub;
use crate::store::{NumberedComputer, NumberedJob, NumberedPrinter};

/// An agent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Computer {
    id: u32,
    name: String,
    inet: Option<String>,
    inet6: Option<String>,
    hostname: Option<String>,
    version: Option<String>,
    jre: Option<String>,
    create_timestamp: Timestamp,
    state: &'static str,
}

/// A printer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Printer {
    id: u32,
    computer: Computer,
    name: String,
    description: String,
    capabilities: Option<ShownCapabilities>,
    default: bool,
    create_timestamp: Timestamp,
    state: &'static str,
}

/// What a printer can do.
#[derive(Debug, Serialize)]
struct ShownCapabilities {
    bins: Vec<String>,
    collate: bool,
    color: bool,
    copies: u16,
    dpis: Vec<String>,
    duplex: bool,
    /// The smallest and the largest paper, tenths of a millimetre: not known here.
    extent: [(); 0],
    medias: Vec<String>,
    nup: Vec<u8>,
    /// Width and height in tenths of a millimetre; no height for a roll.
    papers: BTreeMap<String, (u32, Option<u32>)>,
    printrate: Option<()>,
    supports_custom_paper_size: bool,
}

/// A print job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrintJob {
    id: u32,
    printer: Printer,
    title: Option<String>,
    content_type: String,
    source: Option<String>,
    qty: u16,
    expire_at: Option<Timestamp>,
    create_timestamp: Timestamp,
    state: &'static str,
}

/// An agent as a computer.
pub fn computer(hub: &Hub, computer: NumberedComputer) -> Computer {
    let NumberedComputer { number, agent } = computer;
    let connected = agent.revoked_at.is_none() && hub.is_online(agent.id);
    Computer {
        id: number,
        name: agent.name,
        inet: None,
        inet6: None,
        hostname: None,
        version: agent.version,
        jre: None,
        create_timestamp: Timestamp(agent.created_at),
        state: if connected {
            "connected"
        } else {
            "disconnected"
        },
    }
}

/// A printer with its computer.
pub fn printer(hub: &Hub, printer: NumberedPrinter) -> Printer {
    let record = printer.printer;
    let condition = hub.store.condition(record.agent, &record.name);
    let gone = record.gone_at.is_some() || record.agent_revoked;
    let online = !gone && condition.fault.is_none() && hub.is_online(record.agent);
    let mut description = format!("{} printer", record.language);
    for told in [condition.fault, condition.warning].into_iter().flatten() {
        description = format!("{description}; {}", told.text);
    }
    let offers_pdf = record.content_types.contains(&ContentType::Pdf);
    Printer {
        id: printer.number,
        name: record.name.as_str().to_owned(),
        description,
        capabilities: record
            .capabilities
            .as_ref()
            .map(|can| capabilities(can, offers_pdf)),
        // There is no such choice here; where there is one printer, it is that.
        default: printer.only_one,
        create_timestamp: made_at(&record.id.to_string())
            .unwrap_or(Timestamp(printer.computer.agent.created_at)),
        state: match (gone, online) {
            (true, _) => "deleted",
            (false, true) => "online",
            (false, false) => "offline",
        },
        computer: computer(hub, printer.computer),
    }
}

/// When an id was made: those of the hub hold the time (RFC 9562 section 5.7).
fn made_at(id: &str) -> Option<Timestamp> {
    let digits = id.rsplit_once('_')?.1;
    (digits.get(12..13)? == "7").then_some(())?;
    let ms = i64::from_str_radix(digits.get(..12)?, 16).ok()?;
    Some(Timestamp(WallTime(ms)))
}

fn capabilities(can: &Capabilities, offers_pdf: bool) -> ShownCapabilities {
    let has = |option| can.options.contains(&option);
    ShownCapabilities {
        bins: can.trays.clone(),
        collate: has(OptionName::Collate),
        color: has(OptionName::Color),
        copies: cueline_model::limits::COPIES_MAX,
        dpis: can.dpi.iter().map(|dpi| format!("{dpi}x{dpi}")).collect(),
        duplex: has(OptionName::Duplex),
        extent: [],
        medias: can.media.clone(),
        nup: if offers_pdf && has(OptionName::Nup) {
            vec![1, 2, 4, 6, 9, 16]
        } else {
            Vec::new()
        },
        papers: can
            .papers
            .iter()
            .map(|paper| {
                let height = paper.height_hmm.map(|height| height / 10);
                (paper.name.clone(), (paper.width_hmm / 10, height))
            })
            .collect(),
        printrate: None,
        supports_custom_paper_size: has(OptionName::Paper),
    }
}

/// A print job with its printer, which may be gone.
pub fn job(hub: &Hub, job: NumberedJob) -> PrintJob {
    let content_type = job
        .content_type
        .unwrap_or_else(|| format!("{}_base64", job.job.document.content_type));
    PrintJob {
        id: job.number,
        printer: printer(hub, job.printer),
        state: states::current(&job.job),
        title: job.job.title,
        content_type,
        source: job.source,
        qty: job.job.copies,
        expire_at: job.job.start_by.map(Timestamp),
        create_timestamp: Timestamp(job.job.created_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ids_time_is_read_from_it() {
        // RFC 9562 appendix A.6.
        let made = made_at("prn_017f22e279b07cc398c4dc0c0c07398f").unwrap();
        assert_eq!(made.to_string(), "2022-02-22T19:22:22.000Z");
        assert!(made_at("prn_00000000000000000000000000000001").is_none());
        assert!(made_at("7").is_none());
    }
}
