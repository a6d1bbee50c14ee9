//! What the hub knows of a printer's head and language, as far as its agent tells.

use cueline_decoder::Profile;
use cueline_model::Language;

use crate::store::PrinterRecord;

/// The printer's profile. What its agent does not tell is as the usual printer of its language has it;
/// what its model does differently only the agent knows.
#[must_use]
pub fn of(printer: &PrinterRecord) -> Profile {
    let usual = Profile::new(printer.language);
    let dpi = printer.capabilities.as_ref();
    let dpi = dpi.and_then(|able| able.dpi.first().copied());
    Profile {
        dpi: dpi.filter(|dpi| *dpi > 0).unwrap_or(usual.dpi),
        width_dots: printer.width_dots.unwrap_or(usual.width_dots),
        // Where the width is told, no height means a roll; there is no roll for FGL.
        height_dots: match (printer.width_dots, printer.language) {
            (Some(_), Language::Escpos | Language::Zpl) => printer.height_dots,
            _ => printer.height_dots.or(usual.height_dots),
        },
        ..usual
    }
}
