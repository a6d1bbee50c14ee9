//! The `[[printers]]` tables: one physical printer each.

use std::collections::{BTreeSet, HashSet};

use cueline_model::limits::PRINTERS_PER_AGENT_MAX;
use cueline_model::{Language, PrinterName};
use cueline_ports::{DeviceTimeouts, PortAddress};
use cueline_printers::Profile;

use super::section::Section;

/// One printer.
#[derive(Debug, Clone)]
pub struct PrinterSetting {
    /// Its name.
    pub name: PrinterName,
    /// Where it is reached.
    pub address: PortAddress,
    /// What it speaks and how wide it is.
    pub profile: Profile,
    /// How long its steps may take.
    pub timeouts: DeviceTimeouts,
}

pub(super) fn read(root: &mut Section<'_>) -> Vec<PrinterSetting> {
    let mut names = BTreeSet::new();
    let mut addresses = HashSet::new();
    let sections = root.sections("printers", PRINTERS_PER_AGENT_MAX);
    sections
        .into_iter()
        .filter_map(|mut printer| read_one(&mut printer, &mut names, &mut addresses))
        .collect()
}

fn read_one(
    printer: &mut Section<'_>,
    names: &mut BTreeSet<PrinterName>,
    addresses: &mut HashSet<PortAddress>,
) -> Option<PrinterSetting> {
    let name = printer.text("name");
    let name = printer
        .require("name", name)
        .and_then(|text| printer.parsed("name", &text));
    let name = name.filter(|name: &PrinterName| {
        let new = names.insert(name.clone());
        if !new {
            printer.complain(
                "name",
                format!("two printers cannot share a name; {name} comes twice"),
            );
        }
        new
    });
    let address = printer.text("port");
    let address = printer
        .require("port", address)
        .and_then(|text| printer.parsed("port", &text));
    let address = address.filter(|address: &PortAddress| {
        // Each printer has a lane of its own, and two lanes' tickets would mix on one device.
        let new = addresses.insert(address.clone());
        if !new {
            printer.complain(
                "port",
                format!("two printers cannot share a port; {address} comes twice"),
            );
        }
        new
    });
    let language = printer.text("language");
    let language = printer
        .require("language", language)
        .and_then(|text| read_language(printer, &text));
    let width_dots = printer.whole_number("width_dots", 64..=4096);
    let timeouts = read_timeouts(&mut printer.section("timeouts"));

    let mut profile = Profile::new(language?);
    if let Some(dots) = width_dots.and_then(|dots| u16::try_from(dots).ok()) {
        profile.width_dots = dots;
    }
    Some(PrinterSetting {
        name: name?,
        address: address?,
        profile,
        timeouts,
    })
}

fn read_language(printer: &Section<'_>, text: &str) -> Option<Language> {
    let known = [Language::Escpos, Language::Raw];
    let found = known.into_iter().find(|language| language.as_str() == text);
    if found.is_none() {
        let names = known.map(Language::as_str).join(" or ");
        printer.complain("language", format!("expected {names}, got {text:?}"));
    }
    found
}

fn read_timeouts(table: &mut Section<'_>) -> DeviceTimeouts {
    let defaults = DeviceTimeouts::default();
    let mut seconds = |key, default| table.seconds(key, 0.05..=3600.0).unwrap_or(default);
    DeviceTimeouts {
        connect: seconds("connect_s", defaults.connect),
        readiness: seconds("readiness_s", defaults.readiness),
        stall: seconds("stall_s", defaults.stall),
        proof: seconds("proof_s", defaults.proof),
        fault_patience: seconds("fault_patience_s", defaults.fault_patience),
        poll_period: seconds("poll_period_s", defaults.poll_period),
    }
}
