//! What a process has in its memory, as a core dump of it would show.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use anyhow::{Context as _, ensure};

/// Read at once; a find may lie across two of them.
const PIECE_BYTES: usize = 1 << 20;

/// Whether `wanted` stands anywhere in the writable memory of a process that this user may look into.
///
/// # Errors
/// When its memory cannot be read at all.
pub fn holds(pid: u32, wanted: &[u8]) -> anyhow::Result<bool> {
    let attempt = || format!("read the memory of process {pid}");
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).with_context(attempt)?;
    let mut memory = File::open(format!("/proc/{pid}/mem")).with_context(attempt)?;
    let mut read_bytes = 0;
    for line in maps.lines() {
        let mut words = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else {
            continue;
        };
        let Some((start, end)) = range.split_once('-').filter(|_| rights.starts_with("rw")) else {
            continue;
        };
        let (mut at, end) = (
            u64::from_str_radix(start, 16)?,
            u64::from_str_radix(end, 16)?,
        );
        let mut piece = Vec::new();
        while at < end {
            let overlap = piece.len().min(wanted.len() - 1);
            piece.drain(..piece.len() - overlap);
            let bytes = usize::try_from(end - at)?.min(PIECE_BYTES);
            memory.seek(SeekFrom::Start(at))?;
            let mut next = vec![0; bytes];
            // Some mappings cannot be read, such as those of devices.
            if memory.read_exact(&mut next).is_err() {
                break;
            }
            piece.extend_from_slice(&next);
            if piece.windows(wanted.len()).any(|window| window == wanted) {
                return Ok(true);
            }
            at += bytes as u64;
            read_bytes += bytes;
        }
    }
    ensure!(read_bytes > 0, "{}: nothing could be read", attempt());
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_another_process_holds_is_found_and_nothing_else() {
        let mut child = Command::new("sleep")
            .arg("30")
            .env("CUELINE_HELD", "a-word-for-the-search")
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let found = |wanted: &str| holds(child.id(), wanted.as_bytes()).unwrap();
        let both = (
            found("a-word-for-the-search"),
            found("another-word-altogether"),
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(both, (true, false));
    }
}
