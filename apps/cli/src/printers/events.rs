//! `cueline printers events`: what began and ended to be wrong with a printer.

use cueline_model::WallTime;
use cueline_wire::api::{PrinterChange, PrinterEvent};

use crate::arguments::EventsArguments;
use crate::exit::Exit;
use crate::print_json;
use crate::sentence::{ago, now};
use crate::table::Table;

/// Shows the newest.
pub async fn run(arguments: EventsArguments, json: bool) -> anyhow::Result<Exit> {
    let api = arguments.connection.open()?;
    let printer = super::meant(&api, &arguments.printer).await?;
    let events = api.printer_events(printer, arguments.limit).await?;
    if json {
        print_json(&events)?;
    } else if events.is_empty() {
        println!("Nothing was ever wrong with it.");
    } else {
        print!("{}", table(&events, now()));
    }
    Ok(Exit::Done)
}

fn table(events: &[PrinterEvent], now: WallTime) -> Table {
    let mut table = Table::new(["WHEN", "", "CODE", "WHAT"]);
    for event in events {
        let change = match event.what {
            PrinterChange::FaultBegan => "stopped",
            PrinterChange::FaultEnded => "went on",
            PrinterChange::WarningBegan => "warning",
            PrinterChange::WarningEnded => "no longer",
        };
        table.row([
            ago(event.at, now),
            change.to_owned(),
            event.code.as_str().to_owned(),
            event.text.clone(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use cueline_model::{FaultCode, PrinterId};
    use cueline_wire::Timestamp;

    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let at = WallTime(1_700_000_000_000);
        let event = PrinterEvent {
            id: 7,
            printer: PrinterId::from_u128(1),
            what: PrinterChange::FaultBegan,
            code: FaultCode::PaperOut,
            text: "the printer is out of paper".to_owned(),
            at: Timestamp(at),
        };
        let shown = table(&[event], at.shifted_ms(60_000)).to_string();
        assert_eq!(
            shown.lines().nth(1).unwrap(),
            "1 min ago  stopped  paper_out  the printer is out of paper"
        );
    }
}
