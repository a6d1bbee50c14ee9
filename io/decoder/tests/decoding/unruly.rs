//! Children that keep to the protocol until they have the document, and then do not.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use cueline_decoder::sandbox::{ChildLimits, confine};

/// Works for ever.
pub const SPINS: &str = "unruly-spins";
/// Does nothing for ever.
pub const SLEEPS: &str = "unruly-sleeps";
/// Takes memory until there is none.
pub const GOBBLES: &str = "unruly-gobbles";
/// Calls itself until there is no stack.
pub const DESCENDS: &str = "unruly-descends";
/// Says that four gigabytes are to come.
pub const BOASTS: &str = "unruly-boasts";
/// Sends parts without end.
pub const FLOODS: &str = "unruly-floods";
/// Writes to standard error without end, then ends as if all were well.
pub const COMPLAINS: &str = "unruly-complains";
/// Panics.
pub const PANICS: &str = "unruly-panics";
/// Ends without having read the document.
pub const LEAVES: &str = "unruly-leaves";
/// Says that it is not confined.
pub const REFUSES: &str = "unruly-refuses";

/// Serves these verbs.
pub fn child_main(verb: &str) -> Option<ExitCode> {
    if !verb.starts_with("unruly-") {
        return None;
    }
    let mut stdin = std::io::stdin().lock();
    let mut limits = [0; 16];
    stdin.read_exact(&mut limits).unwrap();
    if verb == REFUSES {
        say(
            b'R',
            br#"{"unconfined":{"reason":"cannot confine: it is Monday"}}"#,
        );
        return Some(ExitCode::SUCCESS);
    }
    // One that sleeps needs a call that none is let through who is confined.
    if verb != SLEEPS {
        confine(ChildLimits::of_bytes(limits)).unwrap();
    }
    say(b'R', br#"{"confined":{"lacking":[]}}"#);
    if verb != LEAVES {
        for _ in ["request", "document"] {
            let mut head = [0; 5];
            stdin.read_exact(&mut head).unwrap();
            let length = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
            stdin.read_exact(&mut vec![0; length as usize]).unwrap();
        }
    }
    misbehave(verb);
    Some(ExitCode::SUCCESS)
}

fn misbehave(verb: &str) {
    match verb {
        SPINS => loop {
            std::hint::spin_loop();
        },
        SLEEPS => std::thread::sleep(Duration::from_secs(600)),
        GOBBLES => {
            let mut taken = Vec::new();
            loop {
                taken.push(vec![1_u8; 1024 * 1024]);
            }
        }
        DESCENDS => drop(descend(0)),
        BOASTS => {
            let mut stdout = std::io::stdout();
            stdout.write_all(b"P\xff\xff\xff\xff").unwrap();
            stdout.flush().unwrap();
        }
        FLOODS => {
            let part = vec![0; 1024 * 1024];
            while tell(b'P', &part).is_ok() {}
        }
        COMPLAINS => {
            let words = [b'!'; 64 * 1024];
            for _ in 0..64 {
                std::io::stderr().write_all(&words).unwrap();
            }
        }
        PANICS => panic!("{}", "memory of a \u{1b}[31mticket"),
        LEAVES => {}
        _ => unreachable!("{verb}"),
    }
}

fn descend(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 512]);
    if depth == u64::MAX {
        return room[0];
    }
    descend(depth + 1) + room[1]
}

fn say(kind: u8, content: &[u8]) {
    tell(kind, content).unwrap();
}

fn tell(kind: u8, content: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    let length = u32::try_from(content.len()).unwrap();
    stdout.write_all(&[&[kind][..], &length.to_le_bytes()].concat())?;
    stdout.write_all(content)?;
    stdout.flush()
}
