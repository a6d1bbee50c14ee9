//! One JSON object a line, each way.

use std::sync::Arc;

use cueline_wire::local::LINE_BYTES_MAX;
use interprocess::local_socket::tokio::Stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Why nothing more is read.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other end sent a line without an end.
    #[error(
        "read from the local socket: expected lines of at most {LINE_BYTES_MAX} bytes, got a longer one"
    )]
    TooLong,
    /// The connection broke.
    #[error("read from the local socket: {0}")]
    Broken(#[from] std::io::Error),
}

/// What comes in.
#[derive(Debug)]
pub struct Incoming {
    stream: Arc<Stream>,
    buffer: Vec<u8>,
}

/// A line that was read: what it says, or why it says nothing known.
pub type Line<T> = Result<T, serde_json::Error>;

impl Incoming {
    pub(crate) fn new(stream: Arc<Stream>) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next line; `None` at the end. A line that cannot be read, such as one of a later version,
    /// is for the caller to pass over. May be dropped and called again without losing a byte.
    ///
    /// # Errors
    /// [`LineError`]; nothing more comes.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Line<T>>, LineError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line)));
            }
            if self.buffer.len() >= LINE_BYTES_MAX {
                return Err(LineError::TooLong);
            }
            if (&*self.stream).read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// What goes out.
#[derive(Debug)]
pub struct Outgoing(Arc<Stream>);

impl Outgoing {
    pub(crate) fn new(stream: Arc<Stream>) -> Self {
        Self(stream)
    }

    /// Says one thing.
    ///
    /// # Errors
    /// What the system says; the connection is then of no more use.
    pub async fn say(&mut self, word: &impl Serialize) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(word)?;
        line.push(b'\n');
        (&*self.0).write_all(&line).await
    }
}
