//! Graphics commands: bytes that are columns of eight dots, the topmost in the highest bit.

use cueline_documents::Bits;

/// Eight rows of dots, a column for each byte.
pub(super) fn strip(columns: &[u8]) -> Bits {
    let mut bits = Bits::blank(columns.len(), 8);
    for (x, column) in columns.iter().enumerate() {
        for y in (0..8).filter(|y| column & (0x80 >> y) != 0) {
            bits.set(x, y, true);
        }
    }
    bits
}

/// Bytes of a QR code's data where `~ddd` stands for the byte of that number.
pub(super) fn without_tildes(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&first, tail)) = rest.split_first() {
        let number = tail.get(..3).filter(|_| first == b'~');
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        if let Some(byte) = number {
            out.push(byte);
            rest = &tail[3..];
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}
