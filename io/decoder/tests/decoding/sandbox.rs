//! That a confined child can do nothing but decode.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;

use libtest_mimic::Trial;

use crate::probe;

pub fn tests() -> Vec<Trial> {
    vec![Trial::test(
        "sandbox::a_confined_child_reaches_nothing",
        || {
            a_confined_child_reaches_nothing();
            Ok(())
        },
    )]
}

fn a_confined_child_reaches_nothing() {
    // First without, so that what is denied below is known to be denied by the sandbox.
    let free = tried(&["unconfined"]);
    assert!(free.values().all(|how| how == "done"), "{free:#?}");
    let confined = tried(&[]);
    assert_eq!(confined.len(), free.len());
    for (what, how) in &confined {
        match what.as_str() {
            "take memory" => assert_eq!(how, "done"),
            "take too much memory" => assert!(how.contains("memory"), "{how}"),
            _ => assert!(how.contains("not permitted"), "{what}: {how}"),
        }
    }
}

fn tried(more: &[&str]) -> BTreeMap<String, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            probe::PROBE,
            &port.to_string(),
            &std::process::id().to_string(),
        ])
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(what, how)| (what.to_owned(), how.to_owned()))
        .collect()
}
