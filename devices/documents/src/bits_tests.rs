//! Tests of a page of dots.

use super::*;

/// A page from rows of `#` and `.`.
fn page(rows: &[&str]) -> Bits {
    let mut bits = Bits::blank(rows[0].len(), rows.len());
    for (y, row) in rows.iter().enumerate() {
        for (x, dot) in row.bytes().enumerate() {
            bits.set(x, y, dot == b'#');
        }
    }
    bits
}

#[test]
fn padding_is_never_ink() {
    let bits = Bits::from_rows(9, vec![0xff; 5]);
    assert_eq!((bits.width_dots(), bits.height_dots()), (9, 2));
    assert_eq!(bits.bytes(), [0xff, 0x80, 0xff, 0x80]);
    let mut bits = Bits::blank(9, 1);
    bits.invert(0, 0, usize::MAX, usize::MAX);
    assert_eq!(bits.bytes(), [0xff, 0x80]);
    bits.set(9, 0, true);
    bits.set(0, 1, true);
    assert_eq!(bits.ink_dots(), 9);
}

#[test]
fn rectangles_touch_exactly_their_dots() {
    for (x, width) in [(0, 20), (3, 2), (7, 1), (7, 2), (8, 8), (5, 14), (19, 9)] {
        let mut bits = Bits::blank(20, 3);
        bits.fill(x, 1, width, 1);
        for (at_x, y) in (0..20).flat_map(|x| (0..3).map(move |y| (x, y))) {
            let wanted = y == 1 && (x..x + width).contains(&at_x);
            assert_eq!(bits.get(at_x, y), wanted, "{x} {width}: {at_x},{y}");
        }
        bits.clear(x, 0, width, 3);
        assert_eq!(bits.ink_dots(), 0);
    }
}

#[test]
fn a_page_turns_clockwise_and_back() {
    let upright = page(&["##.", "#.."]);
    assert_eq!(upright.turned(Rotation::R90), page(&["##", ".#", ".."]));
    assert_eq!(upright.turned(Rotation::R180), page(&["..#", ".##"]));
    assert_eq!(upright.turned(Rotation::R270), page(&["..", "#.", "##"]));
    let twice = upright.turned(Rotation::R270).turned(Rotation::R90);
    assert_eq!(twice, upright);
}

#[test]
fn one_page_is_drawn_on_another_wherever_they_meet() {
    let dot = page(&["##", "##"]);
    let mut bits = Bits::blank(4, 3);
    bits.draw(&dot, -1, -1);
    bits.draw(&dot, 3, 2);
    bits.draw(&dot, isize::MAX, isize::MAX);
    bits.draw(&dot, isize::MIN, isize::MIN);
    assert_eq!(bits, page(&["#...", "....", "...#"]));
    bits.erase(&dot, 0, 0);
    assert_eq!(bits.cropped(3, 2, 2, 2), page(&["#.", ".."]));
    assert_eq!(bits.inked_rows(), 3);
}

#[test]
fn a_png_reads_back_dot_for_dot() {
    let bits = page(&["#.#.#.#.##", "...####..."]);
    let mut decoder = png::Decoder::new(io::Cursor::new(bits.to_png(203)));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().unwrap();
    let dims = reader.info().pixel_dims.unwrap();
    assert_eq!((dims.xppu, dims.unit), (7992, png::Unit::Meter));
    let mut rows = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rows).unwrap();
    let rows = rows.iter().map(|byte| !byte).collect();
    assert_eq!(Bits::from_rows(10, rows), bits);
    assert!(!Bits::blank(0, 0).to_png(203).is_empty());
}
