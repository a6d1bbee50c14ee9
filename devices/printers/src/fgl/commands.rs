//! FGL command bytes of a rendered ticket.
//!
//! Source: Boca, "FGL Programming Guide", `<RCr,c>`, `<G#>`, `<p>`, `<q>`. Rows count across the print
//! head and columns along the paper, so that a page stands as it is read: x is a column, y a row.

use cueline_documents::Bits;

use crate::compile::Around;

/// Rows of one picture command: a byte is eight dots one above the other.
const BAND_ROWS: usize = 8;
/// Columns of one picture command.
const COLUMNS_MAX: usize = 255;
/// Bare columns in the middle of a picture that are shorter to send than another command.
const GAP_COLUMNS: usize = 18;

/// Prints and cuts.
const PRINT_AND_CUT: &[u8] = b"<p>";
/// Prints and does not cut.
const PRINT: &[u8] = b"<q>";

/// In the top left corner, over whatever is there; then back to what a ticket starts with.
pub(crate) const DUPLICATE_HEADLINE: &[u8] = b"<NR><RC4,4><F3><HW1,1>** DUPLICATE **<RC0,0>";

/// A picture: of every eight rows the columns that have ink.
pub(crate) fn picture(bits: &Bits) -> Vec<u8> {
    let mut out = Vec::new();
    let rows: Vec<&[u8]> = bits.rows().collect();
    let mut columns = vec![0_u8; bits.row_bytes() * 8];
    for (band, rows) in rows.chunks(BAND_ROWS).enumerate() {
        columns.fill(0);
        for (y, row) in rows.iter().enumerate() {
            for (index, dots) in row.iter().enumerate().filter(|(_, dots)| **dots != 0) {
                for x in 0..8 {
                    columns[index * 8 + x] |= ((dots >> (7 - x)) & 1) << (7 - y);
                }
            }
        }
        for (start, end) in inked(&columns) {
            for (piece, dots) in columns[start..end].chunks(COLUMNS_MAX).enumerate() {
                let column = start + piece * COLUMNS_MAX;
                let command = format!("<RC{},{column}><G{}>", band * BAND_ROWS, dots.len());
                out.extend_from_slice(command.as_bytes());
                out.extend_from_slice(dots);
            }
        }
    }
    out
}

/// The stretches of columns that have ink, small gaps included.
fn inked(columns: &[u8]) -> Vec<(usize, usize)> {
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for (column, _) in columns.iter().enumerate().filter(|(_, dots)| **dots != 0) {
        match stretches.last_mut() {
            Some((_, end)) if column - *end < GAP_COLUMNS => *end = column + 1,
            _ => stretches.push((column, column + 1)),
        }
    }
    stretches
}

/// One ticket: the headline if any, its page, print.
pub(crate) fn ticket(page: &[u8], around: Around) -> Vec<u8> {
    let headline = if around.duplicate {
        DUPLICATE_HEADLINE
    } else {
        &[]
    };
    let print = match around.cut {
        Some(false) => PRINT,
        _ => PRINT_AND_CUT,
    };
    [b"<NR><HW1,1>", page, headline, print].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_sent_column_by_column_where_it_has_ink() {
        let mut bits = Bits::blank(400, 17);
        bits.fill(10, 0, 1, 3);
        bits.fill(12, 7, 1, 1);
        bits.fill(300, 8, 2, 1);
        bits.fill(399, 16, 1, 1);
        assert_eq!(
            picture(&bits),
            b"<RC0,10><G3>\xe0\x00\x01<RC8,300><G2>\x80\x80<RC16,399><G1>\x80"
        );
    }

    #[test]
    fn a_long_line_is_sent_in_pieces_that_meet() {
        let mut bits = Bits::blank(600, 8);
        bits.fill(0, 0, 600, 8);
        let expected = [
            b"<RC0,0><G255>".as_slice(),
            &[0xff; 255],
            b"<RC0,255><G255>",
            &[0xff; 255],
            b"<RC0,510><G90>",
            &[0xff; 90],
        ];
        assert_eq!(picture(&bits), expected.concat());
    }

    #[test]
    fn a_ticket_ends_with_the_print_command_asked_for() {
        let around = |duplicate, cut| Around {
            duplicate,
            cut,
            drawer: true,
            darkness: Some(1),
        };
        let text = |around| String::from_utf8(ticket(b"page", around)).unwrap();
        assert_eq!(text(around(false, None)), "<NR><HW1,1>page<p>");
        assert_eq!(text(around(false, Some(true))), "<NR><HW1,1>page<p>");
        assert_eq!(
            text(around(true, Some(false))),
            "<NR><HW1,1>page<NR><RC4,4><F3><HW1,1>** DUPLICATE **<RC0,0><q>"
        );
    }
}
