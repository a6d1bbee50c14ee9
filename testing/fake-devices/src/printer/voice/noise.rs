//! Noise on a status line.

/// So many bytes, the same for the same seed (Marsaglia's xorshift, 2003).
pub(in crate::printer) fn noise(bytes: u16, seed: u64, printable: bool) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..bytes)
        .map(|_| {
            if printable {
                next() % 0x5f + 0x20
            } else {
                next()
            }
        })
        .collect()
}
