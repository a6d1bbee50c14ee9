//! The verb `add-printer`: one more `[[printers]]` table in the configuration.
//!
//! It is written at the end of the file, so whatever people wrote there, comments too, stays as it is;
//! and only if the whole file is good with it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::cli::AddPrinterArgs;
use crate::config::Config;
use crate::data_dir::{DataDir, write_private};
use crate::ending::{Code, Ending};

/// Adds the printer, and says what is to be done for the agent to take it up.
///
/// # Errors
/// The file is wrong, before or with the new printer, or cannot be written. It is then as it was.
pub fn add(args: &AddPrinterArgs) -> Result<String, Ending> {
    let data = DataDir::named(args.files.data.clone())
        .map_err(|error| Ending::new(Code::NotConfigured, error))?;
    let file = args.files.config.clone().unwrap_or_else(|| data.config());
    let before = match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => {
            let text = format!("read {}: {error}", file.display());
            return Err(Ending::new(Code::NotConfigured, text));
        }
    };
    let wrong = |error| Ending::new(Code::NotConfigured, error);
    let text = before.as_deref().unwrap_or_default();
    Config::of_text(text, &file).map_err(wrong)?;
    let added = table(args, text);
    let config = Config::of_text(&format!("{text}{added}"), &file).map_err(|error| {
        Ending::new(
            Code::NotConfigured,
            format!("nothing was written; with the new printer: {error}"),
        )
    })?;
    if before.is_none() && args.files.config.is_none() {
        data.make()
            .map_err(|error| Ending::new(Code::CannotWrite, error))?;
    }
    let written = match before {
        Some(_) => append(&file, &added),
        None => write_private(&file, added.as_bytes()),
    };
    written.map_err(|error| {
        Ending::new(
            Code::CannotWrite,
            format!("write {}: {error}", file.display()),
        )
    })?;
    Ok(told(args, &file, config.printers.len()))
}

/// What is written, with a line between it and what stands before.
fn table(args: &AddPrinterArgs, before: &str) -> String {
    let mut text = String::new();
    if !before.is_empty() {
        let line_end = if before.ends_with('\n') { "" } else { "\n" };
        text.push_str(line_end);
        text.push('\n');
    }
    text.push_str("[[printers]]\n");
    let mut line = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{key} = {value}");
        }
    };
    line("name", Some(quoted(&args.name)));
    line("port", Some(quoted(&args.address)));
    line("language", args.language.as_deref().map(quoted));
    line("model", args.model.as_deref().map(quoted));
    line("dpi", args.dpi.map(|dpi| dpi.to_string()));
    line("width_dots", args.width_dots.map(|dots| dots.to_string()));
    line("height_dots", args.height_dots.map(|dots| dots.to_string()));
    text
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// At the end of the file as it is, which keeps its owner and its mode.
fn append(file: &Path, text: &str) -> io::Result<()> {
    let mut open = OpenOptions::new().append(true).open(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

fn told(args: &AddPrinterArgs, file: &Path, printers: usize) -> String {
    if args.json {
        let told = serde_json::json!({
            "added": args.name,
            "file": file.display().to_string(),
            "printers": printers,
        });
        return told.to_string();
    }
    format!(
        "{} was added to {}; start the agent again, so that it takes it up",
        args.name,
        file.display()
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn add_line(line: &str, data: &Path) -> Result<String, Ending> {
        let data = data.display().to_string();
        let words = ["cueline-agent", "add-printer", "--data", &data];
        let cli = Cli::parse_from(words.into_iter().chain(line.split(' ')));
        let Verb::AddPrinter(args) = cli.verb else {
            panic!("expected add-printer");
        };
        add(&args)
    }

    #[test]
    fn a_printer_is_added_below_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let before = "# by the window\nproxy = \"none\" # no proxy here";
        std::fs::write(&file, before).unwrap();
        let line = "front tcp://192.0.2.7:9100 --language escpos --width-dots 512";
        add_line(line, folder.path()).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let added = "\n\n[[printers]]\nname = \"front\"\nport = \"tcp://192.0.2.7:9100\"\n\
                     language = \"escpos\"\nwidth_dots = 512\n";
        assert_eq!(text, format!("{before}{added}"));
        let config = Config::of_text(&text, &file).unwrap();
        assert_eq!(config.printers[0].profile.width_dots, 512);
    }

    #[test]
    fn the_first_printer_makes_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("new");
        let told = add_line("front tcp://192.0.2.7:9100 --language raw --json", &data).unwrap();
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["printers"], 1);
        let file = told["file"].as_str().unwrap();
        assert!(
            std::fs::read_to_string(file)
                .unwrap()
                .starts_with("[[printers]]")
        );
    }

    #[test]
    fn what_would_be_wrong_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        let good = "front tcp://192.0.2.7:9100 --language raw";
        add_line(good, folder.path()).unwrap();
        let before = std::fs::read_to_string(&file).unwrap();
        for (line, said) in [
            (good, "two printers cannot share a name"),
            ("back tcp://192.0.2.7:9100 --language raw", "share a port"),
            ("back nowhere --language raw", "printers[2].port"),
            (
                "back tcp://192.0.2.8:9100 --language latin",
                "printers[2].language",
            ),
            (
                "a\"b tcp://192.0.2.8:9100 --language raw",
                "printers[2].name",
            ),
        ] {
            let ending = add_line(line, folder.path()).unwrap_err();
            assert_eq!(ending.code, Code::NotConfigured);
            assert!(ending.text.contains(said), "{line}: {ending}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
        }
        std::fs::write(&file, "printer = 1\n").unwrap();
        assert!(add_line(good, folder.path()).is_err());
    }

    #[test]
    fn a_text_reads_back_from_toml() {
        let text = "a \"b\" \\ \u{1}\u{7f} é";
        let document = format!("key = {}", quoted(text));
        let table: toml::Table = document.parse().unwrap();
        assert_eq!(table["key"].as_str(), Some(text));
    }
}
