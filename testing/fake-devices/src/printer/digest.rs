//! What bytes a ticket was made of.

use ring::digest::{Context, SHA256};

/// SHA-256 of bytes that come one after the other.
pub(super) struct Digest {
    context: Context,
    bytes: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            context: Context::new(&SHA256),
            bytes: 0,
        }
    }
}

impl Digest {
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// How many there were.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// In hexadecimal.
    pub(super) fn finish(self) -> String {
        let digest = self.context.finish();
        digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
