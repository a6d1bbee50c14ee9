//! Where one ticket ends in raw FGL: at a print command, `<p>`, `<q>`, `<h>` or form feed.
//!
//! `<RE#>` before it prints so many tickets more. What stands behind a `<G#>` in its length, in a QR
//! code's braces and between `<t>` and `<n>` is data and no command.

use crate::raw::Piece;

const FORM_FEED: u8 = 0x0c;

/// Cuts raw FGL into tickets; what stands behind the last one prints nothing.
pub(crate) fn split(document: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut repeats: u32 = 0;
    let mut at = 0;
    while let Some(byte) = document.get(at) {
        let (length, prints) = match byte {
            &FORM_FEED => (1, true),
            b'<' => command(&document[at..], &mut repeats),
            b'{' if document[..at].ends_with(b">") && follows_code(&document[..at]) => {
                (until(&document[at..], b"}"), false)
            }
            _ => (1, false),
        };
        at = at.saturating_add(length).min(document.len());
        if prints {
            pieces.push(Piece {
                end: at,
                tickets: repeats.saturating_add(1),
            });
            repeats = 0;
        }
    }
    if pieces.last().is_none_or(|last| last.end < document.len()) {
        pieces.push(Piece {
            end: document.len(),
            tickets: 0,
        });
    }
    pieces
}

/// How long the command at the start is, with its data, and whether it prints.
fn command(document: &[u8], repeats: &mut u32) -> (usize, bool) {
    /// No command is longer.
    const COMMAND_BYTES_MAX: usize = 64;
    let window = &document[..document.len().min(COMMAND_BYTES_MAX)];
    let Some(close) = window.iter().position(|byte| *byte == b'>') else {
        return (1, false);
    };
    let length = close + 1;
    let inside = &document[1..close];
    match inside {
        b"p" | b"q" | b"h" => (length, true),
        b"t" => (until(document, b"<n>"), false),
        _ => {
            if let Some(count) = number_after(inside, b"RE") {
                *repeats = count;
            }
            let data = number_after(inside, b"G").map_or(0, |count| count as usize);
            (length.saturating_add(data), false)
        }
    }
}

/// Whether the last command is one of those whose data stands in braces.
fn follows_code(before: &[u8]) -> bool {
    let last = before.iter().rposition(|byte| *byte == b'<');
    let command = last.map_or(&[][..], |at| &before[at + 1..]);
    [&b"QR"[..], b"DM", b"AZ", b"PDF"]
        .iter()
        .any(|name| command.starts_with(name))
}

fn number_after(inside: &[u8], word: &[u8]) -> Option<u32> {
    let digits = inside.strip_prefix(word)?;
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| all_digits)?
        .parse()
        .ok()
}

/// Bytes up to and with `end`; one where it never comes.
fn until(document: &[u8], end: &[u8]) -> usize {
    document
        .windows(end.len())
        .position(|window| window == end)
        .map_or(1, |at| at + end.len())
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
    fn tickets_end_at_print_commands_and_nowhere_else() {
        assert_eq!(
            tickets(b"<RC1,1>A<p><RC1,1>B<q>\nC\x0cD<h>\r\n"),
            [
                (&b"<RC1,1>A<p>"[..], 1),
                (b"<RC1,1>B<q>", 1),
                (b"\nC\x0c", 1),
                (b"D<h>", 1),
                (b"\r\n", 0)
            ]
        );
        assert_eq!(
            tickets(b"<G5><p>\x0c\x0c<p><QR6>{<p>\x0c}x<t><p><n><p>"),
            [
                (&b"<G5><p>\x0c\x0c<p>"[..], 1),
                (b"<QR6>{<p>\x0c}x<t><p><n><p>", 1)
            ]
        );
    }

    #[test]
    fn repeats_are_tickets_too_and_set_up_is_none() {
        assert_eq!(
            tickets(b"<RE4>A<p>B<p>"),
            [(&b"<RE4>A<p>"[..], 5), (b"B<p>", 1)]
        );
        assert_eq!(tickets(b"<S1>"), [(&b"<S1>"[..], 0)]);
        assert_eq!(tickets(b""), [(&b""[..], 0)]);
    }

    #[test]
    fn data_that_is_cut_short_ends_with_the_job() {
        assert_eq!(tickets(b"<G900>abc"), [(&b"<G900>abc"[..], 0)]);
        assert_eq!(tickets(b"<p"), [(&b"<p"[..], 0)]);
        assert_eq!(tickets(b"<QR6>{<p>"), [(&b"<QR6>{<p>"[..], 1)]);
        assert_eq!(
            tickets(b"{A<p>}<p>"),
            [(&b"{A<p>"[..], 1), (b"}<p>", 1)],
            "braces in text"
        );
    }
}
