//! Finding the printer that was meant: by id, by name, or by agent and name.

use cueline_model::PrinterId;
use cueline_wire::api::Printer;

/// Why no single printer was meant.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrinterError {
    /// There are none at all.
    #[error(
        "find the printer {asked:?}: there is no printer yet; register an agent that has one \
         (`cueline pair` makes the code for it)"
    )]
    None {
        /// As typed.
        asked: String,
    },
    /// None of that name.
    #[error("find the printer {asked:?}: there is none of that name; there are: {known}")]
    Unknown {
        /// As typed.
        asked: String,
        /// Names, likeliest first.
        known: String,
    },
    /// Several agents have one of that name.
    #[error("find the printer {asked:?}: several agents have one; say which: {candidates}")]
    Ambiguous {
        /// As typed.
        asked: String,
        /// `AGENT/NAME` each.
        candidates: String,
    },
}

/// The id that `asked` is, where it is one.
pub fn as_id(asked: &str) -> Option<PrinterId> {
    asked.parse().ok()
}

/// The printer called `asked`, or `AGENT/NAME`.
pub fn by_name<'a>(asked: &str, printers: &'a [Printer]) -> Result<&'a Printer, PrinterError> {
    let named: Vec<&Printer> = printers
        .iter()
        .filter(|printer| printer.name.as_str() == asked || full_name(printer) == asked)
        .collect();
    let asked_text = asked.to_owned();
    match named.as_slice() {
        [printer] => Ok(printer),
        [] if printers.is_empty() => Err(PrinterError::None { asked: asked_text }),
        [] => Err(PrinterError::Unknown {
            known: likeliest_first(asked, printers).join(", "),
            asked: asked_text,
        }),
        several => Err(PrinterError::Ambiguous {
            candidates: several
                .iter()
                .map(|printer| candidate(printer, several))
                .collect::<Vec<_>>()
                .join(", "),
            asked: asked_text,
        }),
    }
}

fn full_name(printer: &Printer) -> String {
    format!("{}/{}", printer.agent_name, printer.name)
}

/// `AGENT/NAME`, or the id where two agents have the same name.
fn candidate(printer: &Printer, among: &[&Printer]) -> String {
    let full = full_name(printer);
    let unique = among
        .iter()
        .filter(|other| full_name(other) == full)
        .count()
        == 1;
    if unique {
        format!("{full:?}")
    } else {
        printer.id.to_string()
    }
}

/// At most ten names, the ones most like `asked` first.
fn likeliest_first(asked: &str, printers: &[Printer]) -> Vec<String> {
    let mut names: Vec<&str> = printers
        .iter()
        .map(|printer| printer.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.sort_by_key(|name| edits(&asked.to_lowercase(), &name.to_lowercase()));
    let more = names.len().saturating_sub(10);
    let mut shown: Vec<String> = names.into_iter().take(10).map(str::to_owned).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown
}

/// Letters to add, drop or change to make one text the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = done + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use cueline_model::{AgentId, Language};
    use cueline_wire::api::AgentState;

    use super::*;

    fn printer(number: u128, agent: &str, name: &str) -> Printer {
        Printer {
            id: PrinterId::from_u128(number),
            name: name.parse().unwrap(),
            agent: AgentId::from_u128(number),
            agent_name: agent.to_owned(),
            agent_state: AgentState::Online,
            language: Language::Escpos,
            content_types: Vec::new(),
            width_dots: None,
            height_dots: None,
            capabilities: None,
            warning: None,
            fault: None,
            queued: 0,
        }
    }

    fn house() -> Vec<Printer> {
        vec![
            printer(1, "counter 1", "front"),
            printer(2, "counter 2", "front"),
            printer(3, "counter 2", "badges"),
        ]
    }

    #[test]
    fn a_name_that_only_one_has_is_enough() {
        assert_eq!(
            by_name("badges", &house()).unwrap().id,
            PrinterId::from_u128(3)
        );
        let full = by_name("counter 2/front", &house()).unwrap().id;
        assert_eq!(full, PrinterId::from_u128(2));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_likeliest_first() {
        let error = by_name("fornt", &house()).unwrap_err().to_string();
        assert_eq!(
            error,
            "find the printer \"fornt\": there is none of that name; there are: front, badges"
        );
        let none = by_name("front", &[]).unwrap_err().to_string();
        assert!(none.contains("cueline pair"), "{none}");
    }

    #[test]
    fn a_name_that_several_have_asks_which() {
        let error = by_name("front", &house()).unwrap_err().to_string();
        assert!(
            error.ends_with("say which: \"counter 1/front\", \"counter 2/front\""),
            "{error}"
        );
        let twins = [printer(1, "till", "front"), printer(2, "till", "front")];
        let error = by_name("till/front", &twins).unwrap_err().to_string();
        assert!(
            error.contains("prn_00000000000000000000000000000002"),
            "{error}"
        );
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("front", "front"), 0);
        assert_eq!(edits("fornt", "front"), 2);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
    }
}
