//! Reports and the inventory, on the short connection.

use cueline_uplink::ConnectError;
use cueline_wire::cloud::{
    Inventory, PrinterDescription, Report, ReportReply, StationDescription, path,
};
use http::Method;

use super::answer::{AskError, decoded};
use super::client::{Ask, HubClient};

/// Sends a report and gives what the hub did with it.
///
/// # Errors
/// [`AskError`]; the report may or may not be stored, and may be sent again.
pub async fn send_report(hub: &HubClient, report: &Report) -> Result<ReportReply, AskError> {
    let answer = hub
        .ask(&Ask::new(Method::POST, path::REPORTS).json(report))
        .await?;
    decoded(answer.body())
}

/// Tells the hub what is installed here.
///
/// # Errors
/// [`AskError`].
pub async fn send_inventory(
    hub: &HubClient,
    printers: Vec<PrinterDescription>,
    stations: Vec<StationDescription>,
) -> Result<(), AskError> {
    let inventory = Inventory {
        stations,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: platform(),
        path: hub
            .uplink
            .path()
            .unwrap_or_else(|error: ConnectError| error.code().to_owned()),
        printers,
    };
    hub.ask(&Ask::new(Method::PUT, path::INVENTORY).json(&inventory))
        .await
        .map(drop)
}

/// Operating system and processor, such as `linux x86_64`.
pub fn platform() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}
