//! ESC/POS command bytes of a rendered ticket.
//!
//! Source: Epson, "ESC/POS Command Reference", commands `ESC @`, `ESC p`, `GS a`, `GS v 0`, `GS V`,
//! `GS !`, `GS ( K` function 49.

use cueline_documents::Bits;

use crate::Profile;
use crate::compile::Around;
use crate::profile::{Cutter, DrawerPin};

/// Clears what an earlier job left behind (modes, half a line).
pub(crate) const INITIALIZE: &[u8] = b"\x1b@";

/// `GS a`: send four status bytes by itself at each change of on-line, error or paper state, so
/// that a fault is known even when the printer's buffer is full and no question gets through.
/// After `ESC @`, which switches it off.
const STATUS_BACK_ON: &[u8] = b"\x1da\x0e";

/// Ends what `STATUS_BACK_ON` began: the next host on this printer may not expect the bytes.
const STATUS_BACK_OFF: &[u8] = b"\x1da\x00";

/// `GS V 66 0`: feed the last line past the cutter, then cut and leave a bridge.
const FEED_AND_CUT_PARTIAL: &[u8] = b"\x1dVB\x00";

/// `GS V 65 0`: the same, cut through.
const FEED_AND_CUT_FULL: &[u8] = b"\x1dVA\x00";

/// `ESC d 6`: feed past the edge to tear at.
const FEED_TO_TEAR: &[u8] = b"\x1bd\x06";

/// Centred, double size, bold; each put back to its default afterwards.
pub(crate) const DUPLICATE_HEADLINE: &[u8] =
    b"\x1ba\x01\x1bE\x01\x1d!\x11** DUPLICATE **\n\x1d!\x00\x1bE\x00\x1ba\x00";

/// `GS ( K` function 49 takes -6 (70 per cent of the usual energy) to 6 (130).
const DENSITY_STEPS: i16 = 6;

/// A picture in bands as high as the printer takes them.
pub(crate) fn picture(bits: &Bits, profile: &Profile) -> Vec<u8> {
    let mut out = Vec::with_capacity(bits.bytes().len() + 256);
    let row_bytes = bits.row_bytes().max(1);
    for band in bits
        .bytes()
        .chunks(usize::from(profile.quirks.band_rows.max(1)) * row_bytes)
    {
        let [x_low, x_high] = count(row_bytes);
        let [y_low, y_high] = count(band.len() / row_bytes);
        out.extend_from_slice(&[0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high]);
        out.extend_from_slice(band);
    }
    out
}

/// One ticket: what comes before, its page, feed and cut.
pub(crate) fn ticket(page: &[u8], profile: &Profile, around: Around) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.len() + 128);
    out.extend_from_slice(INITIALIZE);
    if around.drawer
        && let Some(pin) = profile.quirks.drawer
    {
        out.extend_from_slice(&drawer_pulse(pin));
    }
    if let Some(per_cent) = around.darkness {
        out.extend_from_slice(&density(per_cent));
    }
    if around.duplicate {
        out.extend_from_slice(DUPLICATE_HEADLINE);
    }
    out.extend_from_slice(STATUS_BACK_ON);
    out.extend_from_slice(page);
    out.extend_from_slice(match (around.cut, profile.quirks.cutter) {
        (Some(false), _) => &[],
        (_, Cutter::Partial) => FEED_AND_CUT_PARTIAL,
        (_, Cutter::Full) => FEED_AND_CUT_FULL,
        (_, Cutter::None) => FEED_TO_TEAR,
    });
    out.extend_from_slice(STATUS_BACK_OFF);
    out
}

/// `ESC p`: 50 ms on, then at least 500 ms off.
fn drawer_pulse(pin: DrawerPin) -> [u8; 5] {
    let connector = match pin {
        DrawerPin::Pin2 => 0,
        DrawerPin::Pin5 => 1,
    };
    [0x1b, b'p', connector, 25, 250]
}

fn density(per_cent: u8) -> [u8; 7] {
    let step = i16::from(per_cent.min(100)) * 2 * DENSITY_STEPS / 100 - DENSITY_STEPS;
    let [step, _] = step.to_le_bytes();
    [0x1d, b'(', b'K', 2, 0, 49, step]
}

fn count(number: usize) -> [u8; 2] {
    u16::try_from(number)
        .expect("a row is at most 8192 bytes and a band at most 65535 rows")
        .to_le_bytes()
}

#[cfg(test)]
mod tests {
    use cueline_model::Language;

    use super::*;

    const PLAIN: Around = Around {
        duplicate: false,
        cut: None,
        drawer: false,
        darkness: None,
    };

    #[test]
    fn a_tall_picture_goes_out_in_bands_that_add_up() {
        let profile = Profile::new(Language::Escpos);
        let bits = Bits::new(2, vec![0xa5; 2 * 600]);
        let out = ticket(&picture(&bits, &profile), &profile, PLAIN);
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
        assert_eq!(rest, [FEED_AND_CUT_PARTIAL, STATUS_BACK_OFF].concat());
    }

    #[test]
    fn what_stands_around_is_what_was_asked_for() {
        let mut profile = Profile::for_model("epson-tm-t88").unwrap();
        let around = Around {
            duplicate: true,
            cut: Some(false),
            drawer: true,
            darkness: Some(100),
        };
        assert_eq!(
            ticket(b"page", &profile, around),
            [
                b"\x1b@\x1bp\x00\x19\xfa\x1d(K\x02\x001\x06",
                DUPLICATE_HEADLINE,
                b"\x1da\x0epage\x1da\x00"
            ]
            .concat()
        );
        assert_eq!(density(0)[6], 250, "-6");
        assert_eq!(density(50)[6], 0);
        profile.quirks.cutter = Cutter::Full;
        assert!(ticket(b"", &profile, PLAIN).ends_with(b"\x1dVA\x00\x1da\x00"));
        profile.quirks.cutter = Cutter::None;
        assert!(ticket(b"", &profile, PLAIN).ends_with(b"\x1bd\x06\x1da\x00"));
    }
}
