//! Tests of pictures: limits, greys, scaling, and that codes keep their edges.

use super::*;

fn png(width: u32, height: u32, color: ColorType, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    out
}

fn ink(bits: &Bits) -> u32 {
    bits.bytes().iter().map(|byte| byte.count_ones()).sum()
}

#[test]
fn a_two_tone_picture_comes_out_dot_for_dot() {
    // Off-black and off-white in the pattern 1011 0010 1.
    let row = [9, 250, 9, 9, 250, 250, 9, 250, 9];
    let picture = png(9, 2, ColorType::Grayscale, &[row, row].concat());
    let bits = to_bits(&picture, 576).unwrap();
    assert_eq!(bits.row_bytes(), 2);
    assert_eq!(bits.bytes(), [0b1011_0010, 0x80, 0b1011_0010, 0x80]);
}

#[test]
fn what_is_transparent_is_paper_whatever_colour_it_hides() {
    let pixels = [
        [0, 0, 0, 255],
        [0, 0, 0, 0],
        [255, 0, 0, 20],
        [0, 0, 90, 250],
    ];
    let bits = to_bits(&png(4, 1, ColorType::Rgba, &pixels.concat()), 576).unwrap();
    assert_eq!(bits.bytes(), [0b1001_0000]);
    let pixels = [[0, 255], [0, 0], [255, 255], [10, 200]];
    let bits = to_bits(&png(4, 1, ColorType::GrayscaleAlpha, &pixels.concat()), 576).unwrap();
    assert_eq!(bits.bytes(), [0b1001_0000]);
}

#[test]
fn a_photo_keeps_its_mean_brightness() {
    for shade in [60_u8, 100, 128, 190] {
        let picture = png(200, 200, ColorType::Grayscale, &vec![shade; 40_000]);
        let black = f64::from(ink(&to_bits(&picture, 576).unwrap())) / 40_000.0;
        let wanted = 1.0 - f64::from(shade) / 255.0;
        let off = (black - wanted).abs();
        assert!(off < 0.02, "shade {shade}: {black} black, wanted {wanted}");
    }
}

#[test]
fn black_and_white_beside_a_photo_are_not_dithered() {
    // Left half a photo's grey, right half lines of nearly black and nearly white.
    let line = |y: u32| if y.is_multiple_of(2) { 10 } else { 245 };
    let shades: Vec<u8> = (0..64 * 64_u32)
        .map(|index| {
            if index % 64 < 32 {
                120
            } else {
                line(index / 64)
            }
        })
        .collect();
    let bits = to_bits(&png(64, 64, ColorType::Grayscale, &shades), 576).unwrap();
    for (y, row) in bits.bytes().chunks(8).enumerate() {
        let wanted = if y % 2 == 0 { 0xff } else { 0x00 };
        assert!(row[4..].iter().all(|byte| *byte == wanted), "row {y}");
    }
}

#[test]
fn a_wide_picture_is_scaled_to_the_head_and_a_narrow_one_kept() {
    let wide = png(1152, 100, ColorType::Grayscale, &vec![0; 115_200]);
    let bits = to_bits(&wide, 576).unwrap();
    assert_eq!((bits.row_bytes(), bits.bytes().len()), (72, 72 * 50));
    assert_eq!(ink(&bits), 576 * 50);

    let narrow = png(100, 3, ColorType::Grayscale, &[0; 300]);
    let bits = to_bits(&narrow, 576).unwrap();
    assert_eq!((bits.row_bytes(), bits.bytes().len()), (13, 39));

    // A ratio that is no whole number, and a height that would round to nothing.
    let line = png(1000, 1, ColorType::Grayscale, &[0; 1000]);
    let bits = to_bits(&line, 576).unwrap();
    assert_eq!(ink(&bits), 576);
}

#[test]
fn a_picture_over_the_limit_is_refused_before_it_is_unpacked() {
    // Only the header is changed, so a decoder that went on would fail differently.
    let small = png(4, 4, ColorType::Grayscale, &[0; 16]);
    for (width, height) in [(20_000_u32, 2_u32), (2, 20_000), (8_192, 8_192)] {
        let mut bomb = small.clone();
        bomb[16..20].copy_from_slice(&width.to_be_bytes());
        bomb[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
        let error = to_bits(&bomb, 576).unwrap_err();
        assert!(
            matches!(error, PictureError::TooLarge { .. }),
            "{width} x {height}: {error}"
        );
    }
}

#[test]
fn damage_anywhere_is_an_error_or_a_picture_but_never_a_panic() {
    let whole = png(16, 16, ColorType::Rgb, &[77; 768]);
    for length in 0..whole.len() - 12 {
        // The last chunk (12 bytes) says only that it is the last.
        assert!(to_bits(&whole[..length], 576).is_err(), "cut at {length}");
    }
    for index in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[index] ^= 0x55;
        let _either = to_bits(&damaged, 576);
    }
    assert!(matches!(
        to_bits(b"%PDF-1.7", 576),
        Err(PictureError::Unknown)
    ));
}

/// CRC of a PNG chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
