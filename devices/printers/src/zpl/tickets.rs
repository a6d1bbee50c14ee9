//! Where one format ends in raw ZPL, and how many labels come out of it.
//!
//! A format stands between `^XA` and `^XZ`; `^PQ` prints it several times. A format that puts nothing on
//! paper (it sets the printer up or stores something) prints no label. Where the job changes the sign
//! that begins commands, it is not followed: all of it is one piece.

use crate::raw::Piece;

/// Commands that put something on a label.
const PRINTING: [&[u8]; 13] = [
    b"^FD", b"^FV", b"^GB", b"^GF", b"^GC", b"^GD", b"^GE", b"^GS", b"^XG", b"^XF", b"^IM", b"^IL",
    b"^SN",
];

/// Cuts raw ZPL into formats.
pub(crate) fn split(document: &[u8]) -> Vec<Piece> {
    let whole = |tickets| Piece {
        end: document.len(),
        tickets,
    };
    if [&b"^CC"[..], b"~CC", b"^CT", b"~CT", b"^CD", b"~CD"]
        .iter()
        .any(|command| contains(document, command))
    {
        return vec![whole(1)];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut format: Option<Format> = None;
    let mut at = 0;
    while let Some(offset) = document[at..].iter().position(|byte| *byte == b'^') {
        let command = &document[at + offset..];
        let mut length = 3.min(command.len());
        if command.starts_with(b"^XA") {
            format = Some(Format::default());
        } else if command.starts_with(b"^XZ") {
            if let Some(format) = format.take() {
                pieces.push(Piece {
                    end: at + offset + length,
                    tickets: format.labels(),
                });
            }
        } else if let Some(format) = &mut format {
            length = format.take(command);
        }
        at = (at + offset + length).min(document.len());
    }
    match pieces.last_mut() {
        Some(last) => last.end = document.len(),
        // Only commands outside of any format.
        None => pieces.push(whole(0)),
    }
    pieces
}

/// What is known of a format so far.
#[derive(Default)]
struct Format {
    quantity: Option<u32>,
    prints: bool,
    is_stored: bool,
}

impl Format {
    /// Takes the command at the start; how long it is with data in which a `^` begins nothing.
    fn take(&mut self, command: &[u8]) -> usize {
        self.prints |= PRINTING.iter().any(|known| command.starts_with(known));
        self.is_stored |= command.starts_with(b"^DF");
        if let Some(parameters) = command.strip_prefix(b"^PQ") {
            self.quantity = first_number(parameters);
        }
        match command.strip_prefix(b"^GFB,") {
            // ^GFB,bytes,bytes,bytes of a row,data
            Some(parameters) => {
                let head = parameters.splitn(4, |byte| *byte == b',').take(3);
                let head_bytes: usize = head.map(|part| part.len() + 1).sum();
                let data = first_number(parameters).unwrap_or(0) as usize;
                b"^GFB,"
                    .len()
                    .saturating_add(head_bytes)
                    .saturating_add(data)
            }
            None => 3.min(command.len()),
        }
    }

    fn labels(&self) -> u32 {
        if self.prints && !self.is_stored {
            self.quantity.unwrap_or(1).max(1)
        } else {
            0
        }
    }
}

fn first_number(parameters: &[u8]) -> Option<u32> {
    let digits = parameters
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .map_or(parameters, |end| &parameters[..end]);
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn contains(document: &[u8], part: &[u8]) -> bool {
    document.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tickets(document: &[u8]) -> Vec<(&[u8], u32)> {
        let mut start = 0;
        split(document)
            .into_iter()
            .map(|piece| {
                let part = &document[start..piece.end];
                start = piece.end;
                (part, piece.tickets)
            })
            .collect()
    }

    #[test]
    fn labels_are_counted_by_format_and_quantity() {
        assert_eq!(
            tickets(b"~SD10^XA^FDone^FS^XZ\n^XA^PQ12,0,1,Y^FDtwo^FS^XZ\n"),
            [
                (&b"~SD10^XA^FDone^FS^XZ"[..], 1),
                (b"\n^XA^PQ12,0,1,Y^FDtwo^FS^XZ\n", 12)
            ]
        );
    }

    #[test]
    fn what_puts_nothing_on_paper_is_no_label() {
        assert_eq!(
            tickets(b"^XA^MMC^JUS^XZ^XA^DFR:T.ZPL^FO1,1^FDx^FS^XZ^XA^XFR:T.ZPL^XZ"),
            [
                (&b"^XA^MMC^JUS^XZ"[..], 0),
                (b"^XA^DFR:T.ZPL^FO1,1^FDx^FS^XZ", 0),
                (b"^XA^XFR:T.ZPL^XZ", 1)
            ]
        );
        assert_eq!(tickets(b"~HS"), [(&b"~HS"[..], 0)]);
        assert_eq!(tickets(b"^XA^FDtorn"), [(&b"^XA^FDtorn"[..], 0)]);
    }

    #[test]
    fn binary_pictures_and_changed_signs_end_nothing() {
        assert_eq!(
            tickets(b"^XA^GFB,6,6,3,^XZ^XA^XZ^XA^FDx^XZ"),
            [(&b"^XA^GFB,6,6,3,^XZ^XA^XZ"[..], 1), (b"^XA^FDx^XZ", 1)]
        );
        assert_eq!(
            tickets(b"^CC+\n+XA+FDx+XZ+XA+FDy+XZ"),
            [(&b"^CC+\n+XA+FDx+XZ+XA+FDy+XZ"[..], 1)]
        );
    }
}
