//! Pictures in a label: `^GF` with its ways to write fewer bytes.
//!
//! Source: ZPL II Programming Guide, `^GF`, and its chapter on `:B64:` and `:Z64:` encoding and on the
//! alternative data compression scheme.

use std::io::Read as _;

use base64::Engine as _;
use cueline_documents::Bits;
use flate2::read::ZlibDecoder;

/// Bytes of one picture, unpacked.
const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A picture of rows of `row_bytes` bytes from the data of a `^GF`; none where it is not valid.
pub(super) fn picture(
    compression: u8,
    total: usize,
    row_bytes: usize,
    data: &[u8],
) -> Option<Bits> {
    if row_bytes == 0 || row_bytes > 1_250 || total > PICTURE_BYTES_MAX {
        return None;
    }
    let mut bytes = match compression {
        b'B' => data.to_vec(),
        b'A' | b'C' if data.starts_with(b":") => encoded(data, total)?,
        b'A' => hexadecimal(data, total, row_bytes)?,
        _ => return None,
    };
    bytes.truncate(total);
    bytes.resize(bytes.len().next_multiple_of(row_bytes), 0);
    Some(Bits::new(row_bytes, bytes))
}

/// `:B64:…:crc` and `:Z64:…:crc`; the check sum is not looked at.
fn encoded(data: &[u8], total: usize) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(data).ok()?;
    let mut parts = text.split(':').skip(1);
    let (kind, body) = (parts.next()?, parts.next()?);
    let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let body = body.trim_end_matches('=');
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(body)
        .ok()?;
    match kind {
        "B64" => Some(bytes),
        "Z64" => {
            let mut unpacked = Vec::new();
            let packed = ZlibDecoder::new(bytes.as_slice());
            packed
                .take(total as u64 + 1)
                .read_to_end(&mut unpacked)
                .ok()?;
            (unpacked.len() <= total).then_some(unpacked)
        }
        _ => None,
    }
}

/// Hexadecimal digits, with counts before them (`G` 1 to `Y` 19, `g` 20 to `z` 400), `,` for noughts to
/// the end of the row, `!` for ones, and `:` for the row above again.
fn hexadecimal(data: &[u8], total: usize, row_bytes: usize) -> Option<Vec<u8>> {
    let row_digits = row_bytes * 2;
    let mut digits: Vec<u8> = Vec::new();
    let mut count = 0_usize;
    for byte in data {
        if digits.len() >= total * 2 {
            break;
        }
        let to_end = row_digits - digits.len() % row_digits;
        match byte {
            b'G'..=b'Y' => count += usize::from(byte - b'G') + 1,
            b'g'..=b'z' => count += (usize::from(byte - b'g') + 1) * 20,
            b',' | b'!' => {
                let fill = if *byte == b'!' { 0xf } else { 0 };
                digits.resize(digits.len() + to_end, fill);
                count = 0;
            }
            b':' => {
                let start = digits.len().checked_sub(row_digits)?;
                digits.extend_from_within(start..start + row_digits);
                count = 0;
            }
            b' ' => {}
            _ => {
                let digit = char::from(*byte).to_digit(16)? as u8;
                let times = count.max(1).min(total * 2 - digits.len());
                digits.resize(digits.len() + times, digit);
                count = 0;
            }
        }
    }
    Some(
        digits
            .chunks_exact(2)
            .map(|pair| pair[0] * 16 + pair[1])
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn bytes(compression: u8, total: usize, row_bytes: usize, data: &[u8]) -> Option<Vec<u8>> {
        picture(compression, total, row_bytes, data).map(|bits| bits.bytes().to_vec())
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_way_of_writing_comes_to_the_same_dots() {
        let wanted = Some(vec![0xff, 0x00, 0xff, 0x00, 0x0f, 0xf0]);
        assert_eq!(bytes(b'A', 6, 2, b"FF00FF000FF0"), wanted);
        assert_eq!(bytes(b'A', 6, 2, b"HF,:0HF0"), wanted);
        assert_eq!(bytes(b'A', 6, 2, b"FF,:G0HFG0"), wanted);
        assert_eq!(bytes(b'B', 6, 2, &[0xff, 0, 0xff, 0, 0x0f, 0xf0]), wanted);
        assert_eq!(bytes(b'A', 6, 2, b":B64:/wD/AA/w:1234"), wanted);
        let packed = packed(wanted.as_ref().unwrap());
        let text = base64::engine::general_purpose::STANDARD.encode(packed);
        assert_eq!(
            bytes(b'A', 6, 2, format!(":Z64:{text}:0000").as_bytes()),
            wanted
        );
        assert_eq!(bytes(b'A', 2, 2, b"!"), Some(vec![0xff, 0xff]));
    }

    #[test]
    fn pictures_that_are_not_valid_or_unpack_to_too_much_are_refused() {
        let bomb = packed(&[0; 100_000]);
        let text = base64::engine::general_purpose::STANDARD.encode(bomb);
        assert_eq!(
            bytes(b'A', 6, 2, format!(":Z64:{text}:0000").as_bytes()),
            None
        );
        assert_eq!(bytes(b'A', 6, 2, b":"), None);
        assert_eq!(bytes(b'A', 6, 2, b"XX!?"), None);
        assert_eq!(bytes(b'A', 6, 0, b"FF"), None);
        assert_eq!(bytes(b'A', usize::MAX, 2, b"FF"), None);
    }
}
