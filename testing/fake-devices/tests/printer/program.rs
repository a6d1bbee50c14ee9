//! The program: its first line, its end, and what it leaves for the next start.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cueline_fake_devices::read_tickets;
use tokio::net::TcpStream;

use crate::host::{ask, marker};

/// Ends the program with the test, whichever way that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _already_ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// Starts the program on free ports; gives it and where it listens.
fn start(output: &Path, extra: &[&str]) -> (Running, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cueline-virtual-printer"))
        .args(["--listen", "127.0.0.1:0", "--output"])
        .arg(output)
        .args(extra)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let addresses = line
        .trim_end()
        .strip_prefix("listening on ")
        .and_then(|rest| rest.split_once(", control on "));
    let Some((address, _)) = addresses else {
        panic!("unexpected first line {line:?}")
    };
    (Running(child), address.to_owned())
}

async fn print(address: &str, bytes: &[u8]) {
    let (request, echo) = marker(*b"0001");
    let mut stream = TcpStream::connect(address).await.unwrap();
    ask(&mut stream, &[bytes, &request].concat(), &echo).await;
}

#[tokio::test]
async fn what_was_echoed_survives_a_kill_and_numbers_go_on() {
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=5_u32 {
        let (running, address) = start(directory.path(), &[]);
        print(&address, b"ticket\n\x1dV\x00").await;
        // Killed at once: what was echoed must be on record already.
        drop(running);
        let tickets = read_tickets(directory.path()).unwrap();
        assert_eq!(tickets.last().unwrap().number, round);
        assert_eq!(tickets.len(), round as usize);
    }
}

#[tokio::test]
async fn a_fault_can_be_there_from_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let (_running, address) = start(directory.path(), &["--fault", "paper_out"]);
    let mut stream = TcpStream::connect(&address).await.unwrap();
    ask(&mut stream, b"\x10\x04\x04", &[0x7e]).await;
}

#[tokio::test]
async fn it_speaks_the_language_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let (_running, address) = start(directory.path(), &["--language", "fgl", "--ticket-ms", "1"]);
    let mut stream = TcpStream::connect(&address).await.unwrap();
    ask(&mut stream, b"<S1><RC10,10>ticket<p>", &[0x11, 0x06]).await;
    let tickets = read_tickets(directory.path()).unwrap();
    assert_eq!(tickets[0].text, ["ticket"]);
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_cleanly_when_asked_to() {
    for signal in ["-TERM", "-INT"] {
        let directory = tempfile::tempdir().unwrap();
        let (mut running, address) = start(directory.path(), &[]);
        let _open_connection = TcpStream::connect(&address).await.unwrap();
        let id = running.0.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(running.0.wait().unwrap().success(), "{signal}");
    }
}

#[test]
fn what_it_cannot_do_is_said_and_not_zero() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cueline-virtual-printer"))
        .args(["--listen", "127.0.0.1:0", "--output"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(file.to_str().unwrap()), "{text}");
}
