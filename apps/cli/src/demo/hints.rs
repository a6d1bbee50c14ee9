//! What to try while the demo runs: lines that work when pasted.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::card::STATION;
use super::folder::Folder;
use super::stage::{House, PRINTER};

/// A short note of its own, so that the line stays short.
const NOTE: &[u8] = br#"{"cueline_ticket":1,"size":{"width_mm":70,"height_mm":25},"elements":[{"type":"text","text":"Hello from curl!","x_mm":5,"y_mm":8,"size_pt":20}]}"#;

/// Lines to paste, each with what it does.
pub struct Hints {
    lines: Vec<(&'static str, String)>,
    pictures_go: bool,
}

impl Hints {
    /// For this house, and for the kind of shell its system has.
    pub fn new(house: &House, folder: &Folder) -> Self {
        let own = std::env::current_exe()
            .map_or_else(|_| "cueline".to_owned(), |path| path.display().to_string());
        let connection = format!(
            "--hub {} --ca {} --key {}",
            house.hub,
            quoted(&house.ca.display().to_string()),
            house.key
        );
        let cueline = |rest: String| format!("{} {rest} {connection}", quoted(&own));
        let sample = quoted(&folder.sample().display().to_string());
        let mut lines = vec![
            ("print a note with curl", curl(house)),
            (
                "print the ticket again and watch it",
                cueline(format!("print {sample} --printer {PRINTER} --wait")),
            ),
            (
                "take a payment; ending in .61 it is declined, in .69 the customer signs",
                cueline(format!("pay 12.50 --station {STATION}")),
            ),
            ("see all payments", cueline("payments".to_owned())),
            ("see what is there", cueline("status".to_owned())),
            (
                "see what the printer can do",
                cueline(format!("printers {PRINTER}")),
            ),
        ];
        for (fault, does) in house.kind.faults() {
            lines.push((does, tell_printer(house, &format!("fault {fault}"))));
        }
        lines.push((
            "all is well with it again",
            tell_printer(house, "fault none"),
        ));
        lines.push((
            "see what was wrong with it",
            cueline(format!("printers events {PRINTER}")),
        ));
        Self {
            lines,
            pictures_go: folder.pictures_go(),
        }
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let hints: Vec<Value> = self
            .lines
            .iter()
            .map(|(does, line)| json!({ "does": does, "line": line }))
            .collect();
        json!({ "event": "hints", "hints": hints })
    }
}

impl fmt::Display for Hints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nTry next, in another terminal:")?;
        for (does, line) in &self.lines {
            writeln!(f, "\n# {does}\n{line}")?;
        }
        write!(f, "\nCtrl-C ends everything")?;
        if self.pictures_go {
            write!(f, " and removes the pictures; --keep DIR keeps them")?;
        }
        write!(f, ".")
    }
}

fn curl(house: &House) -> String {
    let body = json!({
        "printer": house.printer.id,
        "content_type": "ticket",
        "content": STANDARD.encode(NOTE),
    });
    format!(
        "curl --cacert {} -H {} -H {} -d {} {}/v1/print-jobs",
        quoted(&house.ca.display().to_string()),
        quoted(&format!("Authorization: Bearer {}", house.key)),
        quoted("Content-Type: application/json"),
        quoted(&body.to_string()),
        house.hub
    )
}

/// One line to the virtual printer's control port.
#[cfg(not(windows))]
fn tell_printer(house: &House, line: &str) -> String {
    let control = house.control;
    format!(
        "bash -c 'echo {line} > /dev/tcp/{}/{}'",
        control.ip(),
        control.port()
    )
}

/// One line to the virtual printer's control port.
#[cfg(windows)]
fn tell_printer(house: &House, line: &str) -> String {
    let control = house.control;
    format!(
        "powershell -Command \"$c = [Net.Sockets.TcpClient]::new('{}', {}); \
         $b = [Text.Encoding]::ASCII.GetBytes('{line}' + [char]10); \
         $c.GetStream().Write($b, 0, $b.Length); $c.Close()\"",
        control.ip(),
        control.port()
    )
}

/// One word for a POSIX shell.
#[cfg(not(windows))]
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// One word for cmd.exe and the programs it starts.
#[cfg(windows)]
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:\\@+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\\\""))
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        for (word, shown) in [
            ("/tmp/ca.pem", "/tmp/ca.pem"),
            ("/my files/ca.pem", "'/my files/ca.pem'"),
            ("it's", "'it'\\''s'"),
            ("{\"a\":1}", "'{\"a\":1}'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), shown);
        }
    }
}
