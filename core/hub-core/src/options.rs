//! What becomes of a job's options on its printer: refused, or left out and noted.
//!
//! A printer whose agent does not tell what it can do counts as one that can do nothing beyond
//! printing: such an agent is of a version that knows no options, and would take an offer that holds
//! some for a forgery. So `strict` refuses them and `best_effort` leaves them out and says so.

use cueline_model::{Capabilities, OnUnsupported, OptionName, PrintOptions, Unsupported};

use crate::job::PrintJob;
use crate::submit::Refusal;

/// What of `options` is to be left out on a printer that can do what `printer` says.
///
/// # Errors
/// [`Refusal::OptionInvalid`] for a value that no printer could do; [`Refusal::OptionUnsupported`] for
/// what this one cannot, where the options say `strict`; [`Refusal::AgentOutdated`] for what cannot be
/// left out.
pub fn check(
    options: &PrintOptions,
    marked: bool,
    printer: Option<&Capabilities>,
) -> Result<Vec<Unsupported>, Refusal> {
    options.check().map_err(Refusal::OptionInvalid)?;
    let Some(printer) = printer else {
        if marked || options.from_ticket.is_some_and(|first| first > 1) {
            return Err(Refusal::AgentOutdated);
        }
        let mut asked = options.unsupported_by(&Capabilities::default());
        for unsupported in &mut asked {
            let wanted = unsupported.text.split(':').next().unwrap_or_default();
            unsupported.text =
                format!("{wanted}: the printer's agent does not tell what it can do");
        }
        return refused_or_noted(options.on_unsupported, asked);
    };
    refused_or_noted(options.on_unsupported, options.unsupported_by(printer))
}

fn refused_or_noted(
    wish: OnUnsupported,
    unsupported: Vec<Unsupported>,
) -> Result<Vec<Unsupported>, Refusal> {
    match wish {
        OnUnsupported::Strict if !unsupported.is_empty() => {
            Err(Refusal::OptionUnsupported { unsupported })
        }
        _ => Ok(unsupported),
    }
}

impl PrintJob {
    /// The options without those that are left out: what the agent is asked for.
    #[must_use]
    pub fn options_in_force(&self) -> PrintOptions {
        let mut options = self.options.clone();
        for note in &self.notes {
            leave_out(&mut options, note.option);
        }
        options
    }
}

fn leave_out(options: &mut PrintOptions, option: OptionName) {
    match option {
        OptionName::Collate => options.collate = None,
        OptionName::Color => options.color = None,
        OptionName::Cut => options.cut = None,
        OptionName::Darkness => options.darkness = None,
        OptionName::Dpi => options.dpi = None,
        OptionName::Drawer => options.drawer = None,
        OptionName::Duplex => options.duplex = None,
        OptionName::Fit => options.fit = None,
        OptionName::Media => options.media = None,
        OptionName::Nup => options.nup = None,
        OptionName::Pages => options.pages = None,
        OptionName::Paper => options.paper = None,
        OptionName::Rotate => options.rotate = None,
        OptionName::Tray => options.tray = None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{START, place, submission};
    use cueline_model::{Duplex, Rotation};

    fn asked(on_unsupported: OnUnsupported) -> PrintOptions {
        PrintOptions {
            on_unsupported,
            duplex: Some(Duplex::LongEdge),
            rotate: Some(Rotation::R90),
            ..PrintOptions::default()
        }
    }

    fn turns() -> Capabilities {
        Capabilities {
            options: [OptionName::Rotate].into(),
            ..Capabilities::default()
        }
    }

    #[test]
    fn what_the_printer_cannot_do_is_refused_or_left_out() {
        let strict = check(&asked(OnUnsupported::Strict), false, Some(&turns())).unwrap_err();
        assert_eq!(
            (strict.code(), strict.status()),
            ("option_unsupported", 422)
        );
        assert!(strict.to_string().contains("duplex long_edge"), "{strict}");
        assert!(!strict.to_string().contains("rotate"), "{strict}");
        let notes = check(&asked(OnUnsupported::BestEffort), false, Some(&turns())).unwrap();
        let mut new = submission(place(1, 1), 1).job;
        (new.options, new.notes) = (asked(OnUnsupported::BestEffort), notes);
        let job = new.into_job(1, false, START);
        assert_eq!(
            job.options_in_force(),
            PrintOptions {
                rotate: Some(Rotation::R90),
                ..PrintOptions::default()
            }
        );
    }

    #[test]
    fn an_agent_that_tells_nothing_is_offered_no_options() {
        let strict = check(&asked(OnUnsupported::Strict), false, None).unwrap_err();
        assert_eq!(strict.code(), "option_unsupported");
        assert!(strict.to_string().contains("does not tell"), "{strict}");
        let notes = check(&asked(OnUnsupported::BestEffort), false, None).unwrap();
        let left_out: Vec<_> = notes.iter().map(|note| note.option).collect();
        assert_eq!(left_out, [OptionName::Duplex, OptionName::Rotate]);
        let default = PrintOptions::default();
        assert_eq!(check(&default, false, None), Ok(Vec::new()));
        // What cannot be left out without printing something else is refused.
        let marked = check(&default, true, None).unwrap_err();
        assert_eq!((marked.code(), marked.status()), ("agent_outdated", 409));
        let later = PrintOptions {
            from_ticket: Some(2),
            ..PrintOptions::default()
        };
        assert_eq!(check(&later, false, None), Err(Refusal::AgentOutdated));
        assert_eq!(check(&later, true, Some(&turns())), Ok(Vec::new()));
    }

    #[test]
    fn a_value_that_no_printer_could_do_is_invalid() {
        let options = PrintOptions {
            darkness: Some(101),
            ..PrintOptions::default()
        };
        let refusal = check(&options, false, Some(&turns())).unwrap_err();
        assert_eq!((refusal.code(), refusal.status()), ("option_invalid", 422));
        assert!(refusal.to_string().contains("101"), "{refusal}");
    }
}
