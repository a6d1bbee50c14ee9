//! Queues of this system's CUPS (CUPS-Get-Printers).

use std::time::Duration;

use ::ipp::model::Operation;
use cueline_model::Language;

use super::Found;
use crate::PortAddress;
use crate::spool::ipp::{Dial, Question, unwritable};

/// The queues of one server; none if there is no server.
pub(super) async fn queues(server: &Dial, within: Duration) -> Vec<Found> {
    let question = Question::bare(Operation::CupsGetPrinters).and_then(|question| {
        question.only(&[
            "printer-name",
            "printer-info",
            "printer-make-and-model",
            "device-uri",
        ])
    });
    let Ok(question) = unwritable("CUPS", question) else {
        return Vec::new();
    };
    let asked = server.ask("/", question.into_bytes(&[]), within, within);
    let answer = match asked.await {
        Ok(answer) => answer,
        Err(unanswered) => {
            tracing::debug!("no queues of CUPS: {}", unanswered.fault);
            return Vec::new();
        }
    };
    answer
        .printers()
        .filter_map(|printer| {
            let text = |name| printer.text(name).unwrap_or_default();
            let queue = printer.text("printer-name")?;
            let (info, make) = (text("printer-info"), text("printer-make-and-model"));
            // A USB device's address names its maker and model, percent-encoded.
            let device = text("device-uri")
                .replace("%20", " ")
                .replace(['/', '+'], " ");
            let is_raw = make.contains("Raw") || make.is_empty();
            let told = if is_raw { Language::Raw } else { Language::Pdf };
            let reported = format!("{queue} {info} {make} {device}");
            let mut found = Found::new(
                if info.is_empty() { queue.clone() } else { info },
                PortAddress::Spool { queue },
                &reported,
                Some(told),
            );
            // A queue with a driver takes documents, whatever the printer behind it takes.
            if !is_raw {
                found.language = Some(told);
            }
            Some(found)
        })
        .collect()
}
