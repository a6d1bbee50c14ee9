//! JPEG, and pictures turned and fitted; PNG decoding itself is tested beside its code.

use cueline_documents::{Bits, PageSetup};
use cueline_model::{ContentType, Fit, Rotation};

use crate::made::all_pages;

/// 64 x 32, the left half black and the right white, baseline, progressive and in colour.
const JPEGS: [&[u8]; 3] = [
    include_bytes!("fixtures/grey.jpg"),
    include_bytes!("fixtures/progressive.jpg"),
    include_bytes!("fixtures/cmyk.jpg"),
];

fn page(picture: &[u8], setup: &PageSetup) -> Bits {
    let (mut made, _) = all_pages(picture, ContentType::Jpeg, setup).unwrap();
    made.remove(0)
}

#[test]
fn jpegs_of_every_common_kind_come_out_dot_for_dot() {
    let mut wanted = Bits::blank(64, 32);
    wanted.fill(0, 0, 32, 32);
    for (index, jpeg) in JPEGS.into_iter().enumerate() {
        assert_eq!(
            page(jpeg, &PageSetup::new(203, 576, None)),
            wanted,
            "{index}"
        );
    }
}

#[test]
fn pictures_are_fitted_and_turned() {
    let setup = |head, height, fit, rotate| PageSetup {
        fit,
        rotate,
        ..PageSetup::new(203, head, height)
    };
    for (setup, size) in [
        (setup(576, None, None, Rotation::R0), (64, 32)),
        (setup(32, None, None, Rotation::R0), (32, 16)),
        (setup(32, None, Some(Fit::None), Rotation::R0), (32, 32)),
        (setup(128, None, Some(Fit::Page), Rotation::R0), (128, 64)),
        (setup(576, None, None, Rotation::R90), (32, 64)),
        (setup(16, None, None, Rotation::R90), (16, 32)),
        (setup(576, Some(16), None, Rotation::R0), (32, 16)),
    ] {
        let bits = page(JPEGS[0], &setup);
        assert_eq!((bits.width_dots(), bits.height_dots()), size, "{setup:?}");
    }
    let turned = page(JPEGS[0], &setup(576, None, None, Rotation::R90));
    assert!(turned.get(0, 0) && !turned.get(0, 63), "left becomes top");
}

#[test]
fn a_jpeg_that_is_cut_off_or_huge_is_refused() {
    let setup = PageSetup::new(203, 576, None);
    for jpeg in JPEGS {
        for length in (0..jpeg.len() - 8).step_by(7) {
            let cut = all_pages(&jpeg[..length], ContentType::Jpeg, &setup);
            assert!(cut.is_err(), "cut at {length} of {}", jpeg.len());
        }
        // The start of frame says the size: height and width in 16 bits each.
        let frame = jpeg
            .windows(2)
            .position(|pair| pair[0] == 0xff && matches!(pair[1], 0xc0..=0xc2))
            .unwrap();
        let mut bomb = jpeg.to_vec();
        bomb[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
        let error = all_pages(&bomb, ContentType::Jpeg, &setup).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("60000 x 60000 pixels; expected at most"),
            "{error}"
        );
    }
}
