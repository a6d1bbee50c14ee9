//! What every source file of ours must be like, whatever it is about.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cargo::root;

const ROOMS: [&str; 6] = ["apps", "core", "devices", "io", "testing", "xtask"];
const LINES_MAX: usize = 500;
const NAMES_REFUSED: [&str; 4] = ["utils", "common", "helpers", "misc"];

/// Looks at every Rust file of ours and reports all that is wrong.
pub fn run() -> anyhow::Result<()> {
    let mut files = 0;
    let mut faults = Vec::new();
    for room in ROOMS {
        visit(&root().join(room), &mut |path, text| {
            files += 1;
            let shown = path.strip_prefix(root()).unwrap_or(path);
            faults.extend(check(shown, text));
        })?;
    }
    if !faults.is_empty() {
        bail!("{} faults:\n  {}", faults.len(), faults.join("\n  "));
    }
    println!("{files} source files");
    Ok(())
}

fn visit(folder: &Path, see: &mut impl FnMut(&Path, &str)) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let path = entry
            .with_context(|| format!("list {}", folder.display()))?
            .path();
        if path.is_dir() {
            visit(&path, see)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            see(&path, &text);
        }
    }
    Ok(())
}

/// Everything wrong with one file, a sentence each.
fn check(path: &Path, text: &str) -> Vec<String> {
    let shown = path.display();
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!(
            "{shown}: expected to start with a `//!` line saying what the file is for"
        ));
    }
    let lines = text.lines().count();
    if lines > LINES_MAX {
        faults.push(format!(
            "{shown}: {lines} lines, expected {LINES_MAX} at most; look for the domain word that splits it"
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(name) = declared_module(line).filter(|name| NAMES_REFUSED.contains(name)) {
            faults.push(format!(
                "{shown}:{number}: a module named `{name}` says nothing; name it after what is in it"
            ));
        }
    }
    faults
}

/// The name in a line such as `pub(crate) mod name;`.
fn declared_module(line: &str) -> Option<&str> {
    let words: Vec<&str> = line
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .take(4)
        .collect();
    let code = line.trim_start();
    if !(code.starts_with("mod ") || code.starts_with("pub")) {
        return None;
    }
    let at = words.iter().position(|word| *word == "mod")?;
    words.get(at + 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        check(Path::new("io/journal/src/lib.rs"), text)
    }

    #[test]
    fn a_good_file_passes() {
        assert!(faults("//! What it is for.\nmod store;\n// mod utils\n").is_empty());
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_for_is_named() {
        let found = faults("use std::fs;\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("io/journal/src/lib.rs: expected to start"));
    }

    #[test]
    fn a_long_file_is_named_with_its_length() {
        let text = format!("//! Long.\n{}", "\n".repeat(500));
        assert!(faults(&text)[0].contains("501 lines, expected 500 at most"));
        assert!(faults(&text[..text.len() - 1]).is_empty());
    }

    #[test]
    fn empty_names_are_refused_in_every_form() {
        for line in [
            "mod utils;",
            "pub mod common {",
            "    pub(crate) mod helpers;",
            "mod misc;",
        ] {
            let found = faults(&format!("//! It.\n{line}\n"));
            assert_eq!(found.len(), 1, "{line}");
            assert!(found[0].contains("lib.rs:2: a module named"), "{line}");
        }
    }
}
