//! What is installed here, as the hub is told: each printer with what it can do, as far as is known,
//! and each desk whose tray is there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cueline_model::{Capabilities, Language, PrinterName};
use cueline_wire::cloud::{PrinterDescription, StationDescription};

use crate::config::PrinterSetting;

/// This machine's printers. What they can do may become known only when they are first opened.
#[derive(Debug)]
pub struct Installed {
    printers: Vec<PrinterSetting>,
    capabilities: Mutex<BTreeMap<PrinterName, Capabilities>>,
    stations: Mutex<Vec<StationDescription>>,
}

impl Installed {
    pub fn new(printers: &[PrinterSetting]) -> Self {
        let known = printers.iter().map(|printer| {
            let capabilities = cueline_printers::capabilities(&printer.profile);
            (printer.name.clone(), capabilities)
        });
        Self {
            capabilities: Mutex::new(known.collect()),
            printers: printers.to_vec(),
            stations: Mutex::default(),
        }
    }

    /// Takes what a printer can do. Says whether that is news.
    pub fn learn(&self, printer: &PrinterName, capabilities: Capabilities) -> bool {
        let mut known = self.known();
        let is_news = known.get(printer) != Some(&capabilities);
        if is_news {
            known.insert(printer.clone(), capabilities);
        }
        is_news
    }

    /// Every printer, for the hub.
    pub fn descriptions(&self) -> Vec<PrinterDescription> {
        let known = self.known();
        let describe = |printer: &PrinterSetting| {
            let profile = &printer.profile;
            let dots_matter = !matches!(profile.language, Language::Raw | Language::Pdf);
            PrinterDescription {
                name: printer.name.clone(),
                language: profile.language,
                content_types: cueline_printers::supported(profile.language).to_vec(),
                width_dots: dots_matter.then_some(profile.width_dots),
                height_dots: profile.height_dots.filter(|_| dots_matter),
                capabilities: known.get(&printer.name).cloned(),
            }
        };
        self.printers.iter().map(describe).collect()
    }

    /// The desks whose tray is there now.
    pub fn stations(&self) -> Vec<StationDescription> {
        let stations = self.stations.lock();
        stations.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes which desks are there.
    pub fn stations_are(&self, stations: Vec<StationDescription>) {
        *self.stations.lock().unwrap_or_else(PoisonError::into_inner) = stations;
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<PrinterName, Capabilities>> {
        self.capabilities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
