//! A confined child that tries everything it must not be able to do, and says how each went.

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, ExitCode};

use cueline_decoder::sandbox::{ChildLimits, confine};

/// Tries everything.
pub const PROBE: &str = "probe";
/// Is tried to be read by the probe, and would be without a sandbox.
pub const OPEN_TO_READ: &str = "/etc/passwd";

/// Serves [`PROBE`]: its arguments are a port that listens and the process id of its parent.
pub fn child_main(verb: &str) -> Option<ExitCode> {
    if verb != PROBE {
        return None;
    }
    let arguments: Vec<String> = std::env::args().collect();
    let port: u16 = arguments[2].parse().unwrap();
    let parent: i32 = arguments[3].parse().unwrap();
    if arguments.get(4).is_none_or(|word| word != "unconfined") {
        let limits = ChildLimits {
            memory_bytes: 256 * 1024 * 1024,
            cpu_s: 10,
        };
        println!("lacking {:?}", confine(limits).unwrap());
    }
    tell(
        "read a file",
        File::open(OPEN_TO_READ).and_then(|mut file| file.read(&mut [0])),
    );
    let new = std::env::temp_dir().join(format!("cueline-probe-{}", std::process::id()));
    tell("write a file", std::fs::write(&new, b"x"));
    tell("remove a file", std::fs::remove_file(&new));
    tell("list a folder", std::fs::read_dir("/").map(drop));
    tell("connect", TcpStream::connect(("127.0.0.1", port)));
    tell("listen", TcpListener::bind(("127.0.0.1", 0)));
    tell("send a datagram", UdpSocket::bind(("127.0.0.1", 0)));
    tell("start a program", Command::new("/bin/true").status());
    tell(
        "start a thread",
        std::thread::Builder::new().spawn(|| ()).map(drop),
    );
    let parent = rustix::process::Pid::from_raw(parent).unwrap();
    tell(
        "signal its parent",
        rustix::process::test_kill_process(parent),
    );
    tell(
        "lift its limits",
        rustix::process::setrlimit(
            rustix::process::Resource::Core,
            rustix::process::Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        ),
    );
    tell(
        "take memory",
        Vec::<u8>::new().try_reserve_exact(64 * 1024 * 1024),
    );
    tell(
        "take too much memory",
        Vec::<u8>::new().try_reserve_exact(512 * 1024 * 1024),
    );
    Some(ExitCode::SUCCESS)
}

fn tell<T, E: std::fmt::Display>(what: &str, result: Result<T, E>) {
    match result {
        Ok(_) => println!("{what}: done"),
        Err(error) => println!("{what}: {error}"),
    }
}
