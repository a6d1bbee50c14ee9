//! What the control port understands.

use cueline_model::Currency;

use super::panel::Panel;
use super::script::Script;

const EXPECTED: &str = "expected next SCRIPT, busy on|off, stop, hand_keyed AMOUNT_MINOR [CURRENCY], power \
                        on|off or status";

/// Does what a line says.
pub(super) fn answer(line: &str, panel: &Panel) -> String {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match (verb, rest) {
        ("next", word) => match word.parse::<Script>() {
            Ok(script) => {
                panel.payments().script(script);
                format!("ok next {script}")
            }
            Err(error) => format!("error: {error}"),
        },
        ("busy", "on" | "off") => {
            panel.payments().set_busy(rest == "on");
            format!("ok busy {rest}")
        }
        ("stop", "") => match panel.press_stop() {
            true => "ok stop".to_owned(),
            false => "error: nothing to stop".to_owned(),
        },
        ("hand_keyed", sale) => hand_keyed(sale, panel),
        ("power", "on" | "off") => {
            panel.switch(rest == "on");
            format!("ok power {rest}")
        }
        ("status", "") => {
            let power = if panel.power().on { "on" } else { "off" };
            let payments = panel.payments();
            format!(
                "ok power {power}; {}; begun {}; entries {}",
                if payments.is_busy() { "busy" } else { "idle" },
                payments.begun(),
                payments.ledger().len()
            )
        }
        _ => format!("error: {EXPECTED}; got {line:?}"),
    }
}

fn hand_keyed(sale: &str, panel: &Panel) -> String {
    let (amount, currency) = sale.split_once(' ').unwrap_or((sale, "EUR"));
    match (amount.parse::<i64>(), currency.parse::<Currency>()) {
        (Ok(amount_minor @ 1..), Ok(currency)) => {
            match panel.key_sale(amount_minor, currency.code()) {
                Ok(entry) => format!("ok hand_keyed trace {}", entry.trace_no),
                Err(error) => format!("error: writing the ledger: {error}"),
            }
        }
        _ => format!("error: {EXPECTED}; got hand_keyed {sale:?}"),
    }
}
