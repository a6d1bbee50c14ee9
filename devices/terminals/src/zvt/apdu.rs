//! Packets: class, instruction, length, data (PA00P015, chapter 1).

/// The longest data of a packet.
pub const DATA_BYTES_MAX: usize = u16::MAX as usize;

/// In place of a length of one byte: two more follow, the low one first.
const EXTENDED: u8 = 0xff;

/// What a packet says, by its class and instruction.
pub mod kind {
    /// Positive acknowledgement.
    pub const ACK: (u8, u8) = (0x80, 0x00);
    /// The class of a negative acknowledgement; the instruction says why.
    pub const NACK_CLASS: u8 = 0x84;
    /// How a transaction ended.
    pub const STATUS_INFORMATION: (u8, u8) = (0x04, 0x0f);
    /// What the terminal is doing.
    pub const INTERMEDIATE_STATUS: (u8, u8) = (0x04, 0xff);
    /// The till says who it is and what it wants to be told.
    pub const REGISTRATION: (u8, u8) = (0x06, 0x00);
    /// A sale.
    pub const AUTHORISATION: (u8, u8) = (0x06, 0x01);
    /// The terminal is done; not that it approved.
    pub const COMPLETION: (u8, u8) = (0x06, 0x0f);
    /// The terminal could not do it.
    pub const ABORT: (u8, u8) = (0x06, 0x1e);
    /// The last receipt again.
    pub const REPEAT_RECEIPT: (u8, u8) = (0x06, 0x20);
    /// A sale with an authorisation heard on the telephone.
    pub const TELEPHONIC_AUTHORISATION: (u8, u8) = (0x06, 0x21);
    /// Takes one sale back.
    pub const REVERSAL: (u8, u8) = (0x06, 0x30);
    /// Money back to a card.
    pub const REFUND: (u8, u8) = (0x06, 0x31);
    /// Closes the batch.
    pub const END_OF_DAY: (u8, u8) = (0x06, 0x50);
    /// The till wishes that the terminal stops.
    pub const ABORT_BY_TILL: (u8, u8) = (0x06, 0xb0);
    /// One line to print.
    pub const PRINT_LINE: (u8, u8) = (0x06, 0xd1);
    /// Several lines to print.
    pub const PRINT_BLOCK: (u8, u8) = (0x06, 0xd3);
}

/// One packet.
#[derive(Clone, PartialEq, Eq)]
pub struct Apdu {
    /// Class and instruction, see [`kind`].
    pub kind: (u8, u8),
    /// What follows the length, at most [`DATA_BYTES_MAX`].
    pub data: Vec<u8>,
}

/// Without the data, which may hold what is kept nowhere.
impl std::fmt::Debug for Apdu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (class, instruction) = self.kind;
        write!(
            f,
            "Apdu({class:02x} {instruction:02x}, {} bytes)",
            self.data.len()
        )
    }
}

impl Apdu {
    /// A packet; data over the longest is cut.
    #[must_use]
    pub fn new(kind: (u8, u8), mut data: Vec<u8>) -> Self {
        data.truncate(DATA_BYTES_MAX);
        Self { kind, data }
    }

    /// The positive acknowledgement.
    #[must_use]
    pub fn ack() -> Self {
        Self::new(kind::ACK, Vec::new())
    }

    /// The negative acknowledgement with its reason (chapter 10).
    #[must_use]
    pub fn nack(code: u8) -> Self {
        Self::new((kind::NACK_CLASS, code), Vec::new())
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![self.kind.0, self.kind.1];
        match u8::try_from(self.data.len()) {
            Ok(length) if length != EXTENDED => bytes.push(length),
            _ => {
                bytes.push(EXTENDED);
                let length = u16::try_from(self.data.len()).unwrap_or(u16::MAX);
                bytes.extend(length.to_le_bytes());
            }
        }
        bytes.extend(&self.data);
        bytes
    }
}

/// Cuts a stream of bytes into packets. Holds less than one packet of the longest kind.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
}

impl Frames {
    /// Takes what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Forgets what came, for a new connection.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    /// The next whole packet.
    pub fn next_apdu(&mut self) -> Option<Apdu> {
        let [class, instruction, length, ..] = *self.buffer.as_slice() else {
            return None;
        };
        let (head, length) = if length == EXTENDED {
            let low_high = [*self.buffer.get(3)?, *self.buffer.get(4)?];
            (5, usize::from(u16::from_le_bytes(low_high)))
        } else {
            (3, usize::from(length))
        };
        let data = self.buffer.get(head..head + length)?.to_vec();
        self.buffer.drain(..head + length);
        Some(Apdu::new((class, instruction), data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lengths_have_their_low_byte_first() {
        for (length, head) in [
            (0, vec![6, 0xd3, 0]),
            (254, vec![6, 0xd3, 254]),
            (255, vec![6, 0xd3, 0xff, 0xff, 0]),
            (0x0123, vec![6, 0xd3, 0xff, 0x23, 0x01]),
        ] {
            let apdu = Apdu::new(kind::PRINT_BLOCK, vec![7; length]);
            let bytes = apdu.encode();
            assert!(bytes.starts_with(&head), "{length}");
            let mut frames = Frames::default();
            for byte in &bytes[..bytes.len() - 1] {
                frames.push(&[*byte]);
                assert_eq!(frames.next_apdu(), None);
            }
            frames.push(&bytes[bytes.len() - 1..]);
            assert_eq!(frames.next_apdu(), Some(apdu));
            assert_eq!(frames.next_apdu(), None);
        }
    }
}
