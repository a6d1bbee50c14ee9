//! From a kept document to what one printer takes.
//!
//! Raw bytes are only cut into tickets, here; whatever has to be decoded is decoded in a child.

use cueline_agent_core::{PrintEnd, Proven};
use cueline_decoder::Decoder;
use cueline_journal::KeptDocument;
use cueline_model::{
    Capabilities, ContentType, Failure, FailureCode, Fault, FaultCode, OnUnsupported,
};
use cueline_printers::{Print, Profile, RenderOptions, render};

use super::Ask;
use crate::hub::sha256;

/// How documents are made for one printer.
#[derive(Debug, Clone)]
pub(super) struct Rendering {
    pub decoder: Decoder,
    pub profile: Profile,
}

/// What is printed, and how many tickets of the job it leaves out.
#[derive(Debug)]
pub(super) struct Rendered {
    pub print: Print,
    pub left_out: u32,
}

impl Rendering {
    /// Makes the print that is asked for, without what is proven already.
    ///
    /// # Errors
    /// How the print ends instead.
    pub(super) async fn render(
        &self,
        kept: KeptDocument,
        ask: &Ask,
        printer: &Capabilities,
    ) -> Result<Rendered, PrintEnd> {
        // The disk may have changed it since it was checked.
        if sha256(&kept.body) != kept.document.sha256 {
            let failure = unavailable("the journal's copy of the document is damaged");
            return Err(PrintEnd::Unprintable(failure));
        }
        if let Some(failure) = refused(ask, printer) {
            return Err(PrintEnd::Unprintable(failure));
        }
        let whole = RenderOptions {
            copies: ask.copies,
            duplicate: ask.duplicate,
            options: ask.options.clone(),
            title: None,
        };
        if let Some(proven) = ask.proven
            && let Ok(print) = self.make(&kept, from_first_unproven(&whole, proven)).await
            && is_the_rest(&print, proven)
        {
            let left_out = proven.printed;
            return Ok(Rendered { print, left_out });
        }
        let print = self.make(&kept, whole).await?;
        Ok(Rendered { print, left_out: 0 })
    }

    async fn make(&self, kept: &KeptDocument, options: RenderOptions) -> Result<Print, PrintEnd> {
        let (content_type, profile) = (kept.document.content_type, self.profile);
        if content_type != ContentType::Raw {
            let decoded = self
                .decoder
                .render(&kept.body, content_type, &profile, &options)
                .await;
            return decoded.map_err(|error| match error.is_of_this_machine() {
                // Another try may help, and nothing was sent.
                true => PrintEnd::NothingSent(Fault::new(FaultCode::PortError, error.to_string())),
                false => PrintEnd::Unprintable(error.to_failure()),
            });
        }
        let body = kept.body.clone();
        let made = tokio::task::spawn_blocking(move || {
            render(&body, content_type, &profile, &options).map_err(|error| error.to_failure())
        });
        match made.await {
            Ok(made) => made.map_err(PrintEnd::Unprintable),
            // What fails on a document fails on it every time.
            Err(_) => Err(PrintEnd::Unprintable(Failure {
                code: FailureCode::BadDocument,
                text: "the document could not be cut into tickets".to_owned(),
            })),
        }
    }
}

/// The hub knows what a printer can do only once it was told, so a strict job is held to it here too.
fn refused(ask: &Ask, printer: &Capabilities) -> Option<Failure> {
    if ask.options.on_unsupported != OnUnsupported::Strict {
        return None;
    }
    let unsupported = ask.options.unsupported_by(printer);
    let texts: Vec<String> = unsupported.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| Failure {
        code: FailureCode::UnsupportedContent,
        text: format!(
            "{}; leave it out, or let the job be printed without (best_effort)",
            texts.join("; ")
        ),
    })
}

fn from_first_unproven(whole: &RenderOptions, proven: Proven) -> RenderOptions {
    let mut rest = whole.clone();
    let first = rest.options.from_ticket.unwrap_or(1);
    rest.options.from_ticket = Some(first.saturating_add(proven.printed));
    rest
}

/// Whether a print is just what was not proven. A document may make other tickets than before, where
/// the printer's settings or this program have changed; then none may be left out by its number.
fn is_the_rest(print: &Print, proven: Proven) -> bool {
    match print {
        Print::Tickets(tickets) => {
            tickets.count() == proven.total - proven.printed.min(proven.total)
        }
        Print::Document { .. } => false,
    }
}

/// The failure of a job whose document is not here as it was announced.
pub(super) fn unavailable(text: &str) -> Failure {
    Failure {
        code: FailureCode::DocumentUnavailable,
        text: format!("{text}; send the job again"),
    }
}
