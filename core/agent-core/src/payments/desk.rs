//! The trays that are here: whose desk each is, and what terminals it has.

use std::collections::BTreeMap;

use cueline_model::limits::{STATIONS_PER_AGENT_MAX, TERMINALS_PER_STATION_MAX};
use cueline_model::{PaymentFailure, PaymentFailureCode, PaymentOrder, StationName};
use cueline_wire::cloud::{StationDescription, TerminalDescription};

use super::event::TrayId;
use super::not_begun;

/// All trays. The shell takes no more of them than [`STATIONS_PER_AGENT_MAX`].
#[derive(Debug, Default)]
pub(super) struct Desk {
    trays: BTreeMap<TrayId, StationDescription>,
}

/// Who answers for a payment's terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Search {
    /// This tray, alone.
    Found(TrayId),
    /// No tray of that station is here; one may come.
    Absent,
    /// It will not do.
    Unfit(PaymentFailure),
}

impl Desk {
    pub(super) fn arrived(
        &mut self,
        tray: TrayId,
        station: StationName,
        user: String,
        mut terminals: Vec<TerminalDescription>,
    ) {
        terminals.truncate(TERMINALS_PER_STATION_MAX);
        let description = StationDescription {
            name: station,
            user,
            terminals,
        };
        if self.trays.len() < STATIONS_PER_AGENT_MAX {
            self.trays.insert(tray, description);
        }
    }

    /// Says whether it was here.
    pub(super) fn left(&mut self, tray: TrayId) -> bool {
        self.trays.remove(&tray).is_some()
    }

    pub(super) fn station_of(&self, tray: TrayId) -> Option<&StationName> {
        self.trays.get(&tray).map(|station| &station.name)
    }

    pub(super) fn stations(&self) -> Vec<StationDescription> {
        self.trays.values().cloned().collect()
    }

    /// Who answers for an order's terminal; "the first one" is never chosen.
    pub(super) fn search(&self, order: &PaymentOrder) -> Search {
        let mut answering = self
            .trays
            .iter()
            .filter(|(_, station)| station.name == order.station);
        let Some((tray, station)) = answering.next() else {
            return Search::Absent;
        };
        if answering.next().is_some() {
            return Search::Unfit(not_begun(
                PaymentFailureCode::AmbiguousStation,
                true,
                format!(
                    "several trays answer for station {}; close all but one, or give each station a name of its own",
                    order.station
                ),
            ));
        }
        let has_terminal = station
            .terminals
            .iter()
            .any(|terminal| terminal.name == order.terminal);
        if has_terminal {
            return Search::Found(*tray);
        }
        Search::Unfit(not_begun(
            PaymentFailureCode::NoTerminal,
            false,
            format!(
                "station {} has no terminal {}; check the name, or configure the terminal there",
                order.station, order.terminal
            ),
        ))
    }
}
