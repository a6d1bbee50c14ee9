//! The device id of IEEE 1284: `MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;…`.

use cueline_model::Language;

/// What a printer calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DeviceId {
    /// Maker.
    pub(crate) maker: Option<String>,
    /// Model.
    pub(crate) model: Option<String>,
    /// The command sets it takes, as it writes them.
    pub(crate) commands: Vec<String>,
}

impl DeviceId {
    /// Reads the text. Keys have a short form and a long one.
    pub(crate) fn parse(text: &str) -> Self {
        let mut id = Self::default();
        for field in text.split(';') {
            let Some((key, value)) = field.split_once(':') else {
                continue;
            };
            let value: String = value
                .trim()
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect();
            if value.is_empty() {
                continue;
            }
            match key.trim().to_ascii_uppercase().as_str() {
                "MFG" | "MANUFACTURER" => id.maker = Some(value),
                "MDL" | "MODEL" => id.model = Some(value),
                "CMD" | "COMMAND SET" => {
                    id.commands = value
                        .split(',')
                        .map(|name| name.trim().to_owned())
                        .collect();
                }
                _ => {}
            }
        }
        id
    }

    /// Maker and model, the maker once.
    pub(crate) fn name(&self) -> Option<String> {
        match (&self.maker, &self.model) {
            (Some(maker), Some(model)) if model.starts_with(maker.as_str()) => Some(model.clone()),
            (Some(maker), Some(model)) => Some(format!("{maker} {model}")),
            (maker, model) => model.clone().or_else(|| maker.clone()),
        }
    }

    /// The language its command sets name.
    pub(crate) fn language(&self) -> Option<Language> {
        self.commands.iter().find_map(|name| language(name))
    }
}

/// The language of a command set by the names that makers write.
fn language(command_set: &str) -> Option<Language> {
    let name = command_set.to_ascii_uppercase();
    if name.contains("ESC/POS") || name.contains("ESCPOS") || name == "EPSON" || name == "ESC" {
        Some(Language::Escpos)
    } else if name.contains("ZPL") {
        Some(Language::Zpl)
    } else if name.contains("FGL") {
        Some(Language::Fgl)
    } else if name.contains("PDF") {
        Some(Language::Pdf)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_as_printers_write_them() {
        let table = [
            (
                "MFG:EPSON;CMD:ESC/POS;MDL:TM-T88V;CLS:PRINTER;DES:EPSON TM-T88V;CID:EpsonTMThermal;",
                Some("EPSON TM-T88V"),
                Some(Language::Escpos),
            ),
            (
                "MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC GK420d;CLASS:PRINTER;OPTIONS:XML;",
                Some("Zebra Technologies ZTC GK420d"),
                Some(Language::Zpl),
            ),
            (
                "MFG:HP;MDL:HP LaserJet Pro M404;CMD:PJL,PCLXL,PCL,PDF,POSTSCRIPT;",
                Some("HP LaserJet Pro M404"),
                Some(Language::Pdf),
            ),
            (
                "MFG:Boca Systems;CMD:FGL;",
                Some("Boca Systems"),
                Some(Language::Fgl),
            ),
            ("MDL:Thing;", Some("Thing"), None),
            (";;:;x", None, None),
        ];
        for (text, name, language) in table {
            let id = DeviceId::parse(text);
            assert_eq!((id.name().as_deref(), id.language()), (name, language));
        }
    }
}
