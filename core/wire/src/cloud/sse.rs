//! Server-sent event framing (WHATWG HTML section 9.2), incremental and bounded.

/// The longest frame taken: a 64 KiB body in base64 with room for its envelope.
pub const FRAME_BYTES_MAX: usize = 160 * 1024;

/// One frame: the fields between two empty lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// The `event` field; `message` where none was given.
    pub event: String,
    /// The `id` field.
    pub id: Option<String>,
    /// The `data` fields, joined by line feeds.
    pub data: String,
}

/// The other end sent a frame longer than [`FRAME_BYTES_MAX`] or one that is not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than the limit.
    #[error("a server-sent event is longer than {FRAME_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("a server-sent event is not UTF-8")]
    NotUtf8,
}

/// Writes one frame.
#[must_use]
pub fn encode(event: &str, id: Option<u64>, data: &str) -> String {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    let mut text = format!("event: {event}\n{id}");
    for line in data.split('\n') {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

/// Collects bytes as they come and gives frames as they are complete.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes of `buffer` already looked at: everything before holds no complete line.
    scanned: usize,
    pending: Pending,
}

#[derive(Debug, Default)]
struct Pending {
    frame: Frame,
    has_data: bool,
    bytes: usize,
}

impl Decoder {
    /// Takes bytes; complete frames are then had from [`Decoder::next_frame`].
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next complete frame with data, if the bytes so far hold one.
    ///
    /// # Errors
    /// [`FrameError`]; the connection is of no use afterwards.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        while let Some(line) = self.next_line()? {
            if !line.is_empty() {
                self.field(&line)?;
                continue;
            }
            let pending = std::mem::take(&mut self.pending);
            if pending.has_data {
                return Ok(Some(pending.frame));
            }
        }
        Ok(None)
    }

    fn next_line(&mut self) -> Result<Option<String>, FrameError> {
        let Some(offset) = self.buffer[self.scanned..]
            .iter()
            .position(|&byte| byte == b'\n')
        else {
            self.scanned = self.buffer.len();
            if self.buffer.len() + self.pending.bytes > FRAME_BYTES_MAX {
                return Err(FrameError::TooLong);
            }
            return Ok(None);
        };
        let end = self.scanned + offset;
        let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
        self.scanned = 0;
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        String::from_utf8(line)
            .map(Some)
            .map_err(|_| FrameError::NotUtf8)
    }

    fn field(&mut self, line: &str) -> Result<(), FrameError> {
        self.pending.bytes += line.len();
        if self.pending.bytes > FRAME_BYTES_MAX {
            return Err(FrameError::TooLong);
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        let frame = &mut self.pending.frame;
        match name {
            "event" => value.clone_into(&mut frame.event),
            "id" => frame.id = Some(value.to_owned()),
            "data" => {
                if self.pending.has_data {
                    frame.data.push('\n');
                }
                frame.data.push_str(value);
                self.pending.has_data = true;
            }
            // An empty name is a comment; other names are of a later version.
            _ => {}
        }
        if self.pending.has_data && frame.event.is_empty() {
            "message".clone_into(&mut frame.event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
        let mut decoder = Decoder::default();
        let mut frames = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().unwrap() {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn a_frame_split_at_any_byte_is_read_the_same() {
        let text = b": comment\r\nevent: job\r\nid: 7\r\ndata: {\"a\":1,\r\ndata: \"b\":2}\r\n\r\nevent: ping\ndata: 3\n\n";
        let whole = frames(&[text]);
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[0].event, "job");
        assert_eq!(whole[0].id.as_deref(), Some("7"));
        assert_eq!(whole[0].data, "{\"a\":1,\n\"b\":2}");
        assert_eq!(whole[1].event, "ping");
        for cut in 0..text.len() {
            assert_eq!(frames(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        let text = encode("job", Some(42), "one\ntwo");
        assert_eq!(
            frames(&[text.as_bytes()]),
            [Frame {
                event: "job".to_owned(),
                id: Some("42".to_owned()),
                data: "one\ntwo".to_owned(),
            }]
        );
    }

    #[test]
    fn comments_and_frames_without_data_are_passed_over() {
        assert!(frames(&[b":\n\nevent: x\n\n: keep\n\n"]).is_empty());
    }

    #[test]
    fn an_endless_line_and_an_endless_frame_are_refused() {
        let mut decoder = Decoder::default();
        decoder.push(&vec![b'a'; FRAME_BYTES_MAX + 1]);
        assert_eq!(decoder.next_frame(), Err(FrameError::TooLong));

        let mut decoder = Decoder::default();
        let error = (0..FRAME_BYTES_MAX).find_map(|_| {
            decoder.push(b"data: 1234567\n");
            decoder.next_frame().err()
        });
        assert_eq!(error, Some(FrameError::TooLong));
    }
}
