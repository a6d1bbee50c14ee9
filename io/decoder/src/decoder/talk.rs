//! What a parent says to a child and hears of it.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::process::Child;

use crate::frame::{self, COUNT_BYTES, JSON_BYTES_MAX, Kind, head, malformed, parse_head};
use crate::request::{End, Readiness, Request};
use crate::sandbox::ChildLimits;
use crate::settings::Limits;

/// What is kept of a child's words on standard error; the rest is thrown away.
const COMPLAINT_BYTES_MAX: usize = 4 * 1024;

/// What came of a talk.
#[derive(Debug)]
pub struct Talk {
    /// What the child said of itself before it was handed the document.
    pub readiness: Option<Readiness>,
    /// What it said at the end, or why nothing was understood.
    pub end: io::Result<End>,
    /// The beginning of what it complained of.
    pub complaint: String,
}

impl Talk {
    /// What does not hold the child.
    pub fn lacking(&self) -> &[String] {
        match &self.readiness {
            Some(Readiness::Confined { lacking }) => lacking,
            _ => &[],
        }
    }
}

/// Hands over the document and hears the child out; each part goes to `part`.
pub async fn with(
    child: &mut Child,
    limits: &Limits,
    request: &Request,
    document: &[u8],
    part: impl FnMut(u32, Vec<u8>),
) -> Talk {
    let mut readiness = None;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let talking = async {
        let (Some(stdin), Some(stdout)) = (stdin, stdout) else {
            return Err(io::Error::other("the child has no pipes"));
        };
        exchange(
            stdin,
            stdout,
            limits,
            request,
            document,
            part,
            &mut readiness,
        )
        .await
    };
    let complaining = async {
        match stderr {
            Some(stderr) => beginning(stderr).await,
            None => String::new(),
        }
    };
    let (end, complaint) = tokio::join!(talking, complaining);
    Talk {
        readiness,
        end,
        complaint,
    }
}

async fn exchange(
    mut stdin: impl AsyncWrite + Unpin,
    mut stdout: impl AsyncRead + Unpin,
    limits: &Limits,
    request: &Request,
    document: &[u8],
    part: impl FnMut(u32, Vec<u8>),
    readiness: &mut Option<Readiness>,
) -> io::Result<End> {
    let own = ChildLimits {
        memory_bytes: limits.memory_bytes,
        // None at all would end it before it has begun.
        cpu_s: limits.cpu.as_secs().max(1),
    };
    stdin.write_all(&own.to_bytes()).await?;
    // The document is handed to a child that is confined, and to no other.
    let said = match receive(&mut stdout, JSON_BYTES_MAX).await? {
        (Kind::Ready, said) => serde_json::from_slice(&said)?,
        (kind, _) => return Err(malformed(format!("{kind:?}; expected Ready"))),
    };
    let confined = matches!(said, Readiness::Confined { .. });
    *readiness = Some(said);
    if !confined {
        return Err(io::Error::other("the child is not confined"));
    }
    let sending = async move {
        send(&mut stdin, Kind::Request, &serde_json::to_vec(request)?).await?;
        send(&mut stdin, Kind::Document, document).await?;
        stdin.flush().await
    };
    // A child may end without having read everything: what it says at the end counts.
    let (_, end) = tokio::join!(sending, answer(stdout, limits.output_bytes, part));
    end
}

/// The parts, together at most `bytes_max`, and the end.
async fn answer(
    mut stdout: impl AsyncRead + Unpin,
    bytes_max: u64,
    mut part: impl FnMut(u32, Vec<u8>),
) -> io::Result<End> {
    let mut left = bytes_max;
    loop {
        let most = (left + COUNT_BYTES as u64).max(JSON_BYTES_MAX);
        match receive(&mut stdout, most).await? {
            (Kind::Part, mut content) => {
                let tickets = frame::take_count(&mut content)?;
                left = left
                    .checked_sub(content.len() as u64)
                    .ok_or_else(|| malformed(format!("more than {bytes_max} bytes in all")))?;
                part(tickets, content);
            }
            (Kind::End, said) => return Ok(serde_json::from_slice(&said)?),
            (kind, _) => return Err(malformed(format!("{kind:?}; expected Part or End"))),
        }
    }
}

async fn send(to: &mut (impl AsyncWrite + Unpin), kind: Kind, content: &[u8]) -> io::Result<()> {
    to.write_all(&head(kind, content.len())?).await?;
    to.write_all(content).await
}

async fn receive(
    from: &mut (impl AsyncRead + Unpin),
    bytes_max: u64,
) -> io::Result<(Kind, Vec<u8>)> {
    let mut said = [0; 5];
    from.read_exact(&mut said).await?;
    let (kind, length) = parse_head(said, bytes_max)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content).await?;
    Ok((kind, content))
}

/// The first of what comes, as text; reads on to the end so that the child is not held up.
async fn beginning(mut from: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 {
            break;
        }
        let room = COMPLAINT_BYTES_MAX - kept.len();
        kept.extend_from_slice(&buffer[..read.min(room)]);
    }
    String::from_utf8_lossy(&kept).into_owned()
}
