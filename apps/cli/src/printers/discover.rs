//! `cueline printers discover`: what this machine can reach, and the line that adds each.

use std::time::Duration;

use cueline_ports::discovery::{Found, discover};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::print_json;
use crate::table::Table;

/// Looks, and shows what was found.
pub async fn run(seconds: u32, json: bool) -> anyhow::Result<Exit> {
    if !json {
        eprintln!("looking for {seconds} s: queues, USB, serial ports, the network");
    }
    let found = discover(Duration::from_secs(u64::from(seconds))).await;
    if json {
        print_json(&found.iter().map(to_json).collect::<Vec<Value>>())?;
    } else if found.is_empty() {
        println!(
            "Found none. A printer on the network may not announce itself: look for its address on a \
             test print of its own, and add it as tcp://ADDRESS:9100."
        );
    } else {
        print!("{}", table(&found));
        println!("\nAdd one with `cueline printers add NAME ADDRESS --language LANGUAGE`.");
    }
    Ok(Exit::Done)
}

fn to_json(found: &Found) -> Value {
    json!({
        "name": found.name,
        "address": found.address.to_string(),
        "language": found.language,
        "model": found.model,
    })
}

fn table(found: &[Found]) -> Table {
    let mut table = Table::new(["NAME", "ADDRESS", "LANGUAGE", "MODEL"]);
    for one in found {
        let language = one.language.map_or("?", |language| language.as_str());
        table.row([
            one.name.clone(),
            one.address.to_string(),
            language.to_owned(),
            one.model.unwrap_or("-").to_owned(),
        ]);
    }
    table
}
