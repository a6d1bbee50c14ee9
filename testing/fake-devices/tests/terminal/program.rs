//! The program: its first line, its control port, and what survives a kill.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cueline_fake_devices::read_ledger;
use cueline_model::{Finding, PaymentKind};
use cueline_terminals::Event;

use crate::till::{Till, order};

/// Ends the program with the test, whichever way that ends.
struct Running {
    child: Child,
    address: SocketAddr,
    control: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn start(directory: &Path) -> Running {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cueline-virtual-terminal"))
        .args(["--listen", "127.0.0.1:0", "--directory"])
        .arg(directory)
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
    let Some((address, control)) = addresses else {
        panic!("unexpected first line {line:?}")
    };
    Running {
        child,
        address: address.parse().unwrap(),
        control: control.parse().unwrap(),
    }
}

impl Running {
    fn say(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(self.control).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

#[tokio::test]
async fn a_killed_terminal_knows_its_last_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(directory.path());
    let mut till = Till::new(running.address);
    let asked = order(PaymentKind::Sale, 1250);
    let baseline = till.begin(asked.clone()).await;
    // Authorised, told, and not acknowledged.
    till.result().await;
    drop(running);
    assert_eq!(read_ledger(directory.path()).unwrap().len(), 1);
    let running = start(directory.path());
    let mut anew = Till::new(running.address);
    let finding = anew.look_up(asked, baseline).await;
    assert!(matches!(finding, Finding::Found { .. }), "{finding:?}");
}

#[tokio::test]
async fn the_control_port_says_what_it_did() {
    let directory = tempfile::tempdir().unwrap();
    let running = start(directory.path());
    assert_eq!(
        running.say("status"),
        "ok power on; idle; begun 0; entries 0"
    );
    assert_eq!(running.say("next decline"), "ok next decline");
    let mut till = Till::new(running.address);
    till.pay(order(PaymentKind::Sale, 1250)).await;
    assert_eq!(running.say("hand_keyed 500"), "ok hand_keyed trace 3");
    assert_eq!(running.say("stop"), "error: nothing to stop");
    assert_eq!(running.say("power off"), "ok power off");
    till.command(cueline_terminals::Command::Prepare).await;
    assert!(matches!(till.news().await, Event::NotReady(_)));
    assert_eq!(running.say("power on"), "ok power on");
    for wrong in [
        "next nothing",
        "hand_keyed -1",
        "busy",
        "",
        "hand_keyed 5 EURO",
    ] {
        assert!(running.say(wrong).starts_with("error: "), "{wrong}");
    }
    assert_eq!(
        running.say("status"),
        "ok power on; idle; begun 1; entries 2"
    );
}
