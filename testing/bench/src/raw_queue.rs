//! A raw queue of a real CUPS on this machine: what the click is measured beside.
//!
//! A job goes in with `lp`, CUPS's own program, and is followed by asking the server for its state
//! (Get-Job-Attributes, RFC 8011 section 4.3.4).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use cueline_system::cups::Cups;
use cueline_system::paper::Paper;
use cueline_system::peers;
use tokio::sync::mpsc;

use crate::relay;

const QUEUE: &str = "rawqueue";
const PATIENCE: Duration = Duration::from_secs(10);
/// From one question for a job's state to the next: what its end is seen late by, at most.
const ASK_EVERY: Duration = Duration::from_millis(2);

/// `job-state`, RFC 8011 section 5.3.7.
const COMPLETED: i32 = 9;
/// Canceled; aborted is the one after it and completed the last.
const CANCELED: i32 = 7;

/// A CUPS with one raw queue to a virtual printer of its own.
pub struct RawQueue {
    cups: Cups,
    paper: Paper,
    first_bytes: mpsc::Receiver<Instant>,
    file: PathBuf,
}

/// When things happened to one job.
pub struct Times {
    /// `lp` ended: CUPS has the job.
    pub accepted: Duration,
    /// Its first byte passed the relay.
    pub first_byte: Duration,
    /// CUPS said that it is completed: its bytes were handed over and the printer has hung up.
    pub completed: Duration,
}

impl RawQueue {
    /// Starts CUPS, a virtual ESC/POS printer and a relay between them.
    ///
    /// # Errors
    /// When CUPS is not installed, or one of them does not come up.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let paper = Paper::start(folder, "cups")?;
        let address = paper.address().replace("tcp://", "");
        let (port, first_bytes) = relay::start(address).await?;
        let cups = Cups::start()?;
        cups.add_raw_queue(QUEUE, &format!("socket://127.0.0.1:{port}"))?;
        Ok(Self {
            cups,
            paper,
            first_bytes,
            file: folder.join("ticket.bin"),
        })
    }

    /// Prints one ticket and follows it to its end.
    ///
    /// # Errors
    /// When CUPS refuses it, or it is not completed in time.
    pub async fn click(&mut self, ticket: &[u8]) -> anyhow::Result<Times> {
        std::fs::write(&self.file, ticket)?;
        let server = self.cups.server();
        let click = Instant::now();
        let said = peers::run(
            Command::new("lp")
                .args(["-h", &server, "-d", QUEUE, "-o", "raw"])
                .arg(&self.file),
        )?;
        let accepted = click.elapsed();
        let first = tokio::time::timeout(PATIENCE, self.first_bytes.recv())
            .await
            .context("wait for the first byte from CUPS")?
            .context("the relay ended")?;
        let job = job_id(&String::from_utf8_lossy(&said))?;
        let question = get_job_state(&server, job);
        loop {
            match state(&server, &question)? {
                COMPLETED => break,
                ended @ CANCELED.. => bail!("CUPS ended job {job} in state {ended}"),
                under_way => ensure!(
                    click.elapsed() < PATIENCE,
                    "CUPS left job {job} in state {under_way} for {PATIENCE:?}: {}",
                    self.cups.log()
                ),
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
        Ok(Times {
            accepted,
            first_byte: first.duration_since(click),
            completed: click.elapsed(),
        })
    }

    /// How many whole tickets came out.
    ///
    /// # Errors
    /// When the printer's list cannot be read.
    pub fn tickets(&self) -> anyhow::Result<usize> {
        Ok(self.paper.titles()?.len())
    }
}

/// The number in `request id is rawqueue-12 (1 file(s))`.
fn job_id(said: &str) -> anyhow::Result<i32> {
    said.split_whitespace()
        .find_map(|word| word.strip_prefix(QUEUE)?.strip_prefix('-')?.parse().ok())
        .with_context(|| format!("find the job's number in what lp said: {said:?}"))
}

/// The whole HTTP request that asks for the state of one job.
fn get_job_state(server: &str, job: i32) -> Vec<u8> {
    // IPP 2.0, Get-Job-Attributes, request 1; then the attributes of the operation.
    let mut ipp = vec![2, 0, 0, 9, 0, 0, 0, 1, 1];
    let mut attribute = |tag: u8, name: &str, value: &[u8]| {
        ipp.push(tag);
        for part in [name.as_bytes(), value] {
            let length = u16::try_from(part.len()).expect("names and values here are short");
            ipp.extend(length.to_be_bytes());
            ipp.extend(part);
        }
    };
    attribute(0x47, "attributes-charset", b"utf-8");
    attribute(0x48, "attributes-natural-language", b"en");
    let printer = format!("ipp://{server}/printers/{QUEUE}");
    attribute(0x45, "printer-uri", printer.as_bytes());
    attribute(0x21, "job-id", &job.to_be_bytes());
    attribute(0x42, "requesting-user-name", b"bench");
    attribute(0x44, "requested-attributes", b"job-state");
    ipp.push(3);
    let head = format!(
        "POST /printers/{QUEUE} HTTP/1.1\r\nHost: {server}\r\nContent-Type: application/ipp\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        ipp.len()
    );
    [head.into_bytes(), ipp].concat()
}

fn state(server: &str, question: &[u8]) -> anyhow::Result<i32> {
    let mut stream = TcpStream::connect(server).context("connect to CUPS")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(question)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    job_state(&answer).with_context(|| {
        let text = String::from_utf8_lossy(&answer);
        format!("find job-state in what CUPS answered: {text}")
    })
}

/// The value of `job-state`: an enum (tag 0x23) of four bytes.
fn job_state(answer: &[u8]) -> Option<i32> {
    const HEAD: &[u8] = b"\x23\x00\x09job-state\x00\x04";
    let at = answer.windows(HEAD.len()).position(|part| part == HEAD)?;
    let value = answer.get(at + HEAD.len()..)?.first_chunk()?;
    Some(i32::from_be_bytes(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lp_says_the_number_of_the_job() {
        assert_eq!(job_id("request id is rawqueue-12 (1 file(s))").unwrap(), 12);
        assert!(job_id("lp: Error - no default destination").is_err());
    }

    #[test]
    fn the_state_is_found_in_an_answer() {
        let answer = b"HTTP/1.1 200 OK\r\n\r\n\x02\x00\x00\x00\x02\x23\x00\x09job-state\x00\x04\x00\x00\x00\x09\x03";
        assert_eq!(job_state(answer), Some(COMPLETED));
        assert_eq!(job_state(b"HTTP/1.1 404 Not Found\r\n\r\n"), None);
    }
}
