//! What goes through the pipes: frames of one byte kind, four bytes length (little endian), content.
//!
//! Each side knows the most a frame of each kind may hold and looks at the length before it makes
//! room: neither can be made to take memory by what the other says.

use std::io::{self, Read, Write};

/// What the limits of a child are written as, before any frame: memory in bytes and processor time in
/// seconds, each as eight bytes, little endian.
pub const LIMITS_BYTES: usize = 16;
/// The longest JSON in a frame.
pub const JSON_BYTES_MAX: u64 = 256 * 1024;

/// What stands before the bytes of a part.
pub const COUNT_BYTES: usize = 4;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// From the child: [`crate::request::Readiness`].
    Ready = b'R',
    /// To the child: [`crate::request::Request`].
    Request = b'Q',
    /// To the child: the document.
    Document = b'D',
    /// From the child: how many tickets it makes ([`COUNT_BYTES`], little endian), and the bytes of a
    /// ticket, a document or a picture.
    Part = b'P',
    /// From the child: [`crate::request::End`].
    End = b'E',
}

impl Kind {
    /// The kind written as `byte`.
    ///
    /// # Errors
    /// No kind is.
    pub fn of_byte(byte: u8) -> io::Result<Self> {
        [
            Self::Ready,
            Self::Request,
            Self::Document,
            Self::Part,
            Self::End,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
        .ok_or_else(|| malformed(format!("a frame of unknown kind {byte:#04x}")))
    }
}

/// What stands before the content of a frame.
///
/// # Errors
/// The content is longer than four bytes can say.
pub fn head(kind: Kind, content_bytes: usize) -> io::Result<[u8; 5]> {
    let length = u32::try_from(content_bytes)
        .map_err(|_| malformed(format!("a frame of {content_bytes} bytes")))?;
    let [a, b, c, d] = length.to_le_bytes();
    Ok([kind as u8, a, b, c, d])
}

/// What the head of a frame says: its kind and its length in bytes, at most `bytes_max`.
///
/// # Errors
/// An unknown kind, or a longer frame.
pub fn parse_head(head: [u8; 5], bytes_max: u64) -> io::Result<(Kind, usize)> {
    let [kind, a, b, c, d] = head;
    let kind = Kind::of_byte(kind)?;
    let length = u32::from_le_bytes([a, b, c, d]);
    if u64::from(length) > bytes_max {
        return Err(malformed(format!(
            "a frame of {length} bytes; expected at most {bytes_max}"
        )));
    }
    let length = usize::try_from(length).map_err(io::Error::other)?;
    Ok((kind, length))
}

/// Writes a frame.
///
/// # Errors
/// The pipe is closed, or the content is too long for a frame.
pub fn write(to: &mut impl Write, kind: Kind, content: &[u8]) -> io::Result<()> {
    to.write_all(&head(kind, content.len())?)?;
    to.write_all(content)
}

/// Writes a part that so many tickets come out of.
///
/// # Errors
/// As [`write`].
pub fn write_part(to: &mut impl Write, tickets: u32, bytes: &[u8]) -> io::Result<()> {
    to.write_all(&head(Kind::Part, COUNT_BYTES + bytes.len())?)?;
    to.write_all(&tickets.to_le_bytes())?;
    to.write_all(bytes)
}

/// Takes from a part how many tickets come out of it.
///
/// # Errors
/// It is too short to say so.
pub fn take_count(part: &mut Vec<u8>) -> io::Result<u32> {
    let count: [u8; COUNT_BYTES] = part
        .first_chunk()
        .copied()
        .ok_or_else(|| malformed(format!("a part of {} bytes", part.len())))?;
    part.drain(..COUNT_BYTES);
    Ok(u32::from_le_bytes(count))
}

/// Reads a frame of this kind and at most so many bytes.
///
/// # Errors
/// The pipe is closed, or something else comes.
pub fn read(from: &mut impl Read, kind: Kind, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let (got, length) = parse_head(head, bytes_max)?;
    if got != kind {
        return Err(malformed(format!("{got:?}; expected {kind:?}")));
    }
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(content)
}

/// An error of the protocol.
pub fn malformed(got: String) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the other end of the pipe sent {got}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_written() {
        let mut pipe = Vec::new();
        write_part(&mut pipe, 3, b"ticket").unwrap();
        write(&mut pipe, Kind::End, b"").unwrap();
        let mut from = &pipe[..];
        let mut part = read(&mut from, Kind::Part, 10).unwrap();
        assert_eq!(take_count(&mut part).unwrap(), 3);
        assert_eq!(part, b"ticket");
        assert!(take_count(&mut b"abc".to_vec()).is_err());
        assert_eq!(read(&mut from, Kind::End, 0).unwrap(), b"");
        assert!(from.is_empty());
    }

    #[test]
    fn a_length_is_judged_before_room_is_made() {
        let said = [b'P', 0xff, 0xff, 0xff, 0xff];
        let error = read(&mut &said[..], Kind::Part, 64).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains("expected at most 64"), "{error}");
    }

    #[test]
    fn what_is_not_expected_is_refused() {
        let mut pipe = Vec::new();
        write(&mut pipe, Kind::Part, b"x").unwrap();
        assert!(read(&mut &pipe[..], Kind::End, 64).is_err());
        assert!(read(&mut &b"Zxxxx"[..], Kind::End, 64).is_err());
        assert_eq!(
            read(&mut &pipe[..5], Kind::Part, 64).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }
}
