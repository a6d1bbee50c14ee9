//! Tells apart what an ESC/POS printer sends on one line of bytes, however it is cut up.
//!
//! Source: Epson, "ESC/POS Command Reference", notes on identification of transmitted status:
//!
//! ```text
//! X-ON, X-OFF        0001 0001, 0001 0011
//! DLE EOT n          0xx1 xx10
//! GS a, first byte   0xx1 xx00, then three of 0xx0 xxxx
//! block data         0011 0111 (37H), an identifier, bytes 20H to 7EH, 00H
//! ```

/// The longest block that is kept; `GS ( H` answers take 7 bytes, the longest answers about 80.
const BLOCK_BYTES_MAX: usize = 96;

/// One thing a printer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The answer to one `DLE EOT n`; which one is told by the order of the questions alone.
    RealTime(u8),
    /// Four bytes of automatic status back.
    StatusBack([u8; 4]),
    /// A block between its header and its NUL, identifier first.
    Block(Vec<u8>),
    /// X-ON or X-OFF: whether it takes data from now on.
    MaySend(bool),
}

/// Collects bytes into answers.
#[derive(Debug, Default)]
pub(super) struct Demux {
    /// Automatic status begun: the bytes so far, at most three.
    status_back: Option<Vec<u8>>,
    /// A block begun: the bytes after its header.
    block: Option<Vec<u8>>,
}

impl Demux {
    /// Takes one byte; gives the answer that it completes, if it does.
    pub(super) fn push(&mut self, byte: u8) -> Option<Answer> {
        const X_ON: u8 = 0x11;
        const X_OFF: u8 = 0x13;
        if matches!(byte, X_ON | X_OFF) {
            return Some(Answer::MaySend(byte == X_ON));
        }
        if let Some(bytes) = &mut self.status_back
            && byte & 0x90 == 0
        {
            bytes.push(byte);
            return self.status_back_answer();
        }
        // Below 20H nothing belongs to a block but its end, so status may come in between.
        if let Some(bytes) = &mut self.block {
            match byte {
                0x20..=0x7e if bytes.len() < BLOCK_BYTES_MAX => {
                    bytes.push(byte);
                    return None;
                }
                0 => return self.block.take().map(Answer::Block),
                0x01..=0x1f => {}
                _ => self.block = None,
            }
        }
        self.push_outside(byte)
    }

    fn push_outside(&mut self, byte: u8) -> Option<Answer> {
        const BLOCK_HEADER: u8 = 0x37;
        if byte & 0x93 == 0x12 {
            return Some(Answer::RealTime(byte));
        }
        if byte & 0x93 == 0x10 {
            self.status_back = Some(vec![byte]);
        } else if byte == BLOCK_HEADER {
            // A block cannot begin inside a status: that one was torn.
            self.status_back = None;
            self.block = Some(Vec::new());
        }
        None
    }

    fn status_back_answer(&mut self) -> Option<Answer> {
        let bytes = <[u8; 4]>::try_from(self.status_back.as_deref()?).ok()?;
        self.status_back = None;
        Some(Answer::StatusBack(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(bytes: &[u8]) -> Vec<Answer> {
        let mut demux = Demux::default();
        bytes
            .iter()
            .filter_map(|byte| demux.push(*byte))
            .filter(|answer| !matches!(answer, Answer::MaySend(_)))
            .collect()
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        assert_eq!(
            answers(b"\x11\x16\x13\x18\x00\x0c\x00\x1237\x00\x37\x220042\x00\x72"),
            [
                Answer::RealTime(0x16),
                Answer::StatusBack([0x18, 0x00, 0x0c, 0x00]),
                Answer::RealTime(0x12),
                // "3" starts nothing; "7" is a block's header, here of an empty one.
                Answer::Block(vec![]),
                Answer::Block(b"\x220042".to_vec()),
                Answer::RealTime(0x72),
            ]
        );
    }

    #[test]
    fn status_may_come_in_the_middle_of_a_block_or_of_other_status() {
        assert_eq!(
            answers(b"\x37\x2200\x12\x1101\x00"),
            [Answer::RealTime(0x12), Answer::Block(b"\x220001".to_vec())]
        );
        assert_eq!(
            answers(b"\x10\x00\x16\x00\x13\x00"),
            [
                Answer::RealTime(0x16),
                Answer::StatusBack([0x10, 0x00, 0x00, 0x00])
            ]
        );
        assert_eq!(
            answers(b"\x37\x22\x10\x00\x00\x000001\x00"),
            [
                Answer::StatusBack([0x10, 0x00, 0x00, 0x00]),
                Answer::Block(b"\x220001".to_vec())
            ]
        );
    }

    #[test]
    fn a_torn_status_does_not_swallow_the_block_after_it() {
        assert_eq!(
            answers(b"\x10\x00\x37\x220001\x00"),
            [Answer::Block(b"\x220001".to_vec())]
        );
    }

    #[test]
    fn a_block_that_never_ends_is_dropped_at_its_limit() {
        let mut demux = Demux::default();
        demux.push(0x37);
        for _ in 0..10_000 {
            assert_eq!(demux.push(b'a'), None);
            assert!(
                demux
                    .block
                    .as_ref()
                    .is_none_or(|b| b.len() <= BLOCK_BYTES_MAX)
            );
        }
        assert_eq!(demux.push(0), None);
    }
}
