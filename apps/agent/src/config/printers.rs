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
    /// What it speaks, how large it prints, and what its model does differently.
    pub profile: Profile,
    /// Whether it is looked at while it has nothing to do.
    pub watch: bool,
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
    let profile = read_profile(printer);
    let watch = printer.switch("watch");
    let timeouts = read_timeouts(&mut printer.section("timeouts"));
    let (address, profile) = (address?, profile?);
    Some(PrinterSetting {
        name: name?,
        watch: watch.unwrap_or_else(|| is_cheap_to_look_at(&address, &profile)),
        address,
        profile,
        timeouts,
    })
}

/// What is known of the model or the language, then what is set otherwise.
fn read_profile(printer: &mut Section<'_>) -> Option<Profile> {
    let model = printer.text("model");
    let model_profile = model.as_deref().map(|model| {
        let found = Profile::for_model(model);
        found.map_err(|error| printer.complain("model", error)).ok()
    });
    let language = printer.text("language");
    let language = match (&language, &model_profile) {
        (None, Some(found)) => found.map(|profile| profile.language),
        _ => printer
            .require("language", language)
            .and_then(|text| read_language(printer, &text)),
    };
    let dots = |number: Option<u32>| number.and_then(|number| u16::try_from(number).ok());
    let dpi = dots(printer.whole_number("dpi", 72..=2400));
    let width_dots = dots(printer.whole_number("width_dots", 64..=20_000));
    let height_dots = dots(printer.whole_number("height_dots", 64..=20_000));
    let label_height_mm = printer.whole_number("label_height_mm", 5..=1000);

    let mut profile = match model_profile {
        Some(found) => found?,
        None => Profile::new(language?),
    };
    if let Some(language) = language.filter(|language| *language != profile.language) {
        let model = profile.language;
        let text = format!("the model speaks {model}, not {language}; leave one of them out");
        printer.complain("language", text);
    }
    profile.dpi = dpi.unwrap_or(profile.dpi);
    profile.width_dots = width_dots.unwrap_or(profile.width_dots);
    let from_mm = label_height_mm.map(|mm| height_of(mm, profile.dpi));
    if height_dots.is_some() && from_mm.is_some() {
        let text = "the same as height_dots in another unit; leave one of them out";
        printer.complain("label_height_mm", text);
    }
    profile.height_dots = height_dots.or(from_mm).or(profile.height_dots);
    Some(profile)
}

/// Dots of so many millimetres.
fn height_of(mm: u32, dpi: u16) -> u16 {
    let dots = mm * u32::from(dpi) * 10 / 254;
    u16::try_from(dots).unwrap_or(u16::MAX)
}

/// Whether a look tells something and costs nobody anything. A port that takes bytes and says nothing
/// back tells little, and while it is open other computers wait for it.
fn is_cheap_to_look_at(address: &PortAddress, profile: &Profile) -> bool {
    match address {
        PortAddress::Ipp { .. } | PortAddress::Spool { .. } => true,
        _ => profile.quirks.tells_status,
    }
}

fn read_language(printer: &Section<'_>, text: &str) -> Option<Language> {
    let found = Language::ALL
        .into_iter()
        .find(|language| language.as_str() == text);
    if found.is_none() {
        let names = Language::ALL.map(Language::as_str).join(", ");
        printer.complain("language", format!("expected one of {names}; got {text:?}"));
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
