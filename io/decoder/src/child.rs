//! The child: confines itself, takes one document, says what became of it, ends.

use std::io::{self, BufWriter, Read, Write};
use std::process::ExitCode;

use crate::frame::{self, JSON_BYTES_MAX, Kind, LIMITS_BYTES};
use crate::request::{Readiness, Request};
use crate::sandbox::{self, ChildLimits};
use crate::work;

/// The longest document a child makes room for; its parent holds each to its own limit before.
const DOCUMENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Serves [`crate::VERB`]: decodes the one document that comes on standard input.
///
/// To be called before the program has started a thread: only the thread that calls is confined.
#[must_use]
pub fn child_main() -> ExitCode {
    let mut stdin = io::stdin().lock();
    let mut stdout = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    match serve(&mut stdin, &mut stdout) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent logs it; a parent that is gone needs no words.
            eprintln!("decoder: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(stdin: &mut impl Read, stdout: &mut impl Write) -> io::Result<()> {
    let mut said = [0; LIMITS_BYTES];
    stdin.read_exact(&mut said)?;
    let readiness = match sandbox::confine(ChildLimits::of_bytes(said)) {
        Ok(lacking) => Readiness::Confined { lacking },
        Err(error) => Readiness::Unconfined {
            reason: error.to_string(),
        },
    };
    frame::write(stdout, Kind::Ready, &serde_json::to_vec(&readiness)?)?;
    stdout.flush()?;
    if matches!(readiness, Readiness::Unconfined { .. }) {
        return Ok(());
    }
    let request: Request =
        serde_json::from_slice(&frame::read(stdin, Kind::Request, JSON_BYTES_MAX)?)?;
    let document = frame::read(stdin, Kind::Document, DOCUMENT_BYTES_MAX)?;
    let end = work::done(&request, &document, &mut |tickets, part| {
        frame::write_part(stdout, tickets, part)
    })?;
    frame::write(stdout, Kind::End, &serde_json::to_vec(&end)?)?;
    stdout.flush()
}
