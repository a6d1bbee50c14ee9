//! ESC/POS command bytes of a rendered ticket.
//!
//! Source: Epson, "ESC/POS Command Reference", commands `ESC @`, `GS a`, `GS v 0`, `GS V`, `GS !`.

use crate::picture::Bits;

/// Rows in one `GS v 0`: small enough for the memory of cheap printers, which lose taller pictures.
const BAND_ROWS: usize = 256;

/// Clears what an earlier job left behind (modes, half a line).
const INITIALIZE: &[u8] = b"\x1b@";

/// `GS a`: send four status bytes by itself at each change of on-line, error or paper state, so
/// that a fault is known even when the printer's buffer is full and no question gets through.
/// After `ESC @`, which switches it off.
const STATUS_BACK_ON: &[u8] = b"\x1da\x0e";

/// Ends what `STATUS_BACK_ON` began: the next host on this printer may not expect the bytes.
const STATUS_BACK_OFF: &[u8] = b"\x1da\x00";

/// `GS V 66 0`: feed the last line past the cutter, then cut.
const FEED_AND_CUT: &[u8] = b"\x1dVB\x00";

/// Centred, double size, bold; each put back to its default afterwards.
pub(crate) const DUPLICATE_HEADLINE: &[u8] =
    b"\x1b@\x1ba\x01\x1bE\x01\x1d!\x11** DUPLICATE **\n\x1d!\x00\x1bE\x00\x1ba\x00";

/// One ticket: the headline if any, the picture in bands, feed and cut.
pub(crate) fn picture_ticket(bits: &Bits, headline: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bits.bytes().len() + headline.len() + 256);
    out.extend_from_slice(INITIALIZE);
    // The headline starts with ESC @ too, so the status request comes after it.
    out.extend_from_slice(headline);
    out.extend_from_slice(STATUS_BACK_ON);
    for band in bits.bytes().chunks(BAND_ROWS * bits.row_bytes()) {
        let [x_low, x_high] = count(bits.row_bytes());
        let [y_low, y_high] = count(band.len() / bits.row_bytes());
        out.extend_from_slice(&[0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high]);
        out.extend_from_slice(band);
    }
    out.extend_from_slice(FEED_AND_CUT);
    out.extend_from_slice(STATUS_BACK_OFF);
    out
}

fn count(number: usize) -> [u8; 2] {
    u16::try_from(number)
        .expect("a row is at most 65535 dots and a band at most 256 rows")
        .to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tall_picture_goes_out_in_bands_that_add_up() {
        let bits = Bits::new(2, vec![0xa5; 2 * 600]);
        let out = picture_ticket(&bits, &[]);
        let mut rest = &out[INITIALIZE.len() + STATUS_BACK_ON.len()..];
        let mut rows = Vec::new();
        while let Some(band) = rest.strip_prefix(b"\x1dv0\x00") {
            assert_eq!(&band[..2], [2, 0]);
            let height = usize::from(u16::from_le_bytes([band[2], band[3]]));
            assert!(band[4..4 + 2 * height].iter().all(|byte| *byte == 0xa5));
            rows.push(height);
            rest = &band[4 + 2 * height..];
        }
        assert_eq!(rows, [256, 256, 88]);
        assert_eq!(rest, [FEED_AND_CUT, STATUS_BACK_OFF].concat());
    }
}
