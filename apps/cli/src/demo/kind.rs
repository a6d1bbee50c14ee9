//! Which kind of printer the demo has, and the ticket that suits it.

use std::net::SocketAddr;

use clap::ValueEnum;
use cueline_model::Language;

/// An 80 mm roll, cut where the ticket ends.
const ROLL: &[u8] = include_bytes!("../../../../devices/documents/samples/theatre-roll.json");
/// A ticket of 152 x 51 mm with a stub.
const STUB: &[u8] = include_bytes!("../../../../devices/documents/samples/theatre-stub.json");

/// A kind of printer, by the language it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Kind {
    /// A receipt printer with a roll of 80 mm, as at most counters.
    #[default]
    Escpos,
    /// A ticket printer (Boca) with tickets of 152 x 51 mm.
    Fgl,
    /// A label printer (Zebra) with labels of 72 mm.
    Zpl,
    /// An office printer that takes PDF, over IPP.
    Pdf,
}

impl Kind {
    /// What it takes.
    pub const fn language(self) -> Language {
        match self {
            Self::Escpos => Language::Escpos,
            Self::Fgl => Language::Fgl,
            Self::Zpl => Language::Zpl,
            Self::Pdf => Language::Pdf,
        }
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Escpos => "ESC/POS receipt",
            Self::Fgl => "FGL ticket",
            Self::Zpl => "ZPL label",
            Self::Pdf => "PDF (IPP)",
        }
    }

    /// Where the agent finds it, as written in its settings.
    pub fn port(self, address: SocketAddr) -> String {
        match self {
            Self::Escpos | Self::Fgl | Self::Zpl => format!("tcp://{address}"),
            Self::Pdf => format!("ipp://{address}/ipp/print"),
        }
    }

    /// The sample ticket document.
    pub const fn sample(self) -> &'static [u8] {
        match self {
            Self::Escpos | Self::Zpl | Self::Pdf => ROLL,
            Self::Fgl => STUB,
        }
    }

    /// What people call the sample.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Escpos | Self::Zpl | Self::Pdf => "theatre-roll.json",
            Self::Fgl => "theatre-stub.json",
        }
    }

    /// Dots across, and down where that is fixed, at 203 dpi; none where the printer has its own.
    pub const fn dots(self) -> (Option<u16>, Option<u16>) {
        match self {
            Self::Escpos | Self::Zpl => (Some(576), None),
            // 152 x 51 mm.
            Self::Fgl => (Some(1216), Some(408)),
            Self::Pdf => (None, None),
        }
    }

    /// Faults that this kind can have, with what each does to it.
    pub const fn faults(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Escpos => &[
                (
                    "paper_low",
                    "let the paper run low (it prints, and says so)",
                ),
                (
                    "paper_out",
                    "take the printer's paper away (a ticket then waits)",
                ),
            ],
            Self::Fgl => &[
                ("jam", "jam a ticket in the printer (the next one waits)"),
                (
                    "paper_out",
                    "take the printer's paper away (a ticket then waits)",
                ),
            ],
            Self::Zpl => &[
                ("ribbon_out", "take its ribbon away (a label then waits)"),
                (
                    "paper_out",
                    "take the printer's paper away (a ticket then waits)",
                ),
            ],
            Self::Pdf => &[(
                "paper_out",
                "take the printer's paper away (a ticket then waits)",
            )],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_a_ticket_document() {
        for kind in Kind::value_variants() {
            let sample: serde_json::Value = serde_json::from_slice(kind.sample()).unwrap();
            assert_eq!(sample["cueline_ticket"], 1, "{kind:?}");
        }
    }
}
