//! `cueline pair`: a code that registers one agent, large enough to read across the room.

use crate::api::Api;
use crate::exit::Exit;
use crate::sentence::{now, span};
use crate::{print_json, sites};

/// Makes a code and shows it.
pub async fn run(api: &Api, site: Option<&str>, json: bool) -> anyhow::Result<Exit> {
    let site = match site {
        Some(asked) => Some(sites::find(api, asked).await?),
        None => None,
    };
    let code = api.pairing_code(site).await?;
    if json {
        print_json(&code)?;
        return Ok(Exit::Done);
    }
    // To the next second: ten minutes are ten, although the answer took a moment.
    let good_for = span(code.expires_at.0.ms_since(now()) + 999);
    print!("{}", large(&code.code));
    println!("  good once, for {good_for} (until {})\n", code.expires_at);
    println!("At the till:");
    println!(
        "  cueline-agent register --hub {} --code {} --name NAME",
        api.hub(),
        code.code
    );
    println!("with --ca FILE or --fingerprint SHA256 where the hub made its own certificate.");
    Ok(Exit::Done)
}

/// The code with air around each character, in a frame.
fn large(code: &str) -> String {
    let spaced = code.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let inner = spaced.chars().count() + 6;
    let (line, air) = ("─".repeat(inner), " ".repeat(inner));
    format!("\n  ┌{line}┐\n  │{air}│\n  │   {spaced}   │\n  │{air}│\n  └{line}┘\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_fits_the_code() {
        let shown = large("K7QD-4MXP");
        assert!(shown.contains("│   K 7 Q D - 4 M X P   │"), "{shown}");
        let widths: Vec<usize> = shown
            .trim()
            .lines()
            .map(|l| l.trim().chars().count())
            .collect();
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{shown}");
    }
}
