//! Where one ticket ends in raw ESC/POS: at a cut.
//!
//! The bytes of a cut may also stand in a picture, and a mark put into a picture would spoil it. So every
//! command is followed by its length, and from the first one that is not known here the rest is one
//! ticket.
//!
//! Source: Epson, "ESC/POS Command Reference".

use crate::raw::Piece;

/// What a command is, and its length with its data; more than the job has where it is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Command {
    length: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cut,
    /// Puts something on paper.
    Prints,
    /// Sets something up, feeds, asks.
    Other,
}

/// Cuts raw ESC/POS into tickets; what prints nothing belongs to the ticket before it.
pub(crate) fn split(document: &[u8]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut prints = false;
    let mut at = 0;
    while at < document.len() {
        let Some(command) = command(&document[at..]) else {
            prints = true;
            break;
        };
        if command.length > document.len() - at {
            // Cut short.
            prints = true;
            break;
        }
        at += command.length;
        match (command.kind, pieces.last_mut()) {
            (Kind::Prints, _) => prints = true,
            (Kind::Cut, Some(last)) if !prints => last.end = at,
            (Kind::Cut, _) => {
                pieces.push(Piece {
                    end: at,
                    tickets: 1,
                });
                prints = false;
            }
            (Kind::Other, _) => {}
        }
    }
    match pieces.last_mut() {
        Some(last) if !prints => last.end = document.len(),
        _ => pieces.push(Piece {
            end: document.len(),
            tickets: 1,
        }),
    }
    pieces
}

/// The command at the start of `rest`, which has at least one byte.
fn command(rest: &[u8]) -> Option<Command> {
    match rest[0] {
        0x10 => realtime(rest),
        0x1b => escape(rest),
        0x1c => file_separator(rest),
        0x1d => group_separator(rest),
        0x00..=0x1f | 0x7f => other(1),
        _ => prints(1),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of a match of options")]
fn other(length: usize) -> Option<Command> {
    Some(Command {
        length,
        kind: Kind::Other,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of a match of options")]
fn prints(length: usize) -> Option<Command> {
    Some(Command {
        length,
        kind: Kind::Prints,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "an arm of a match of options")]
fn cut(length: usize) -> Option<Command> {
    Some(Command {
        length,
        kind: Kind::Cut,
    })
}

/// A byte as a number; a job that ends before it is not followed.
fn byte(rest: &[u8], at: usize) -> Option<usize> {
    rest.get(at).map(|byte| usize::from(*byte))
}

/// Two bytes, low first.
fn word(rest: &[u8], at: usize) -> Option<usize> {
    Some(byte(rest, at)? + 256 * byte(rest, at + 1)?)
}

/// Four bytes, lowest first.
fn long(rest: &[u8], at: usize) -> Option<usize> {
    Some(word(rest, at)? + 65_536 * word(rest, at + 2)?)
}

/// The length up to and with the next NUL from `at` on.
fn through_nul(rest: &[u8], at: usize) -> Option<usize> {
    let data = rest.get(at..)?;
    Some(at + data.iter().position(|byte| *byte == 0)? + 1)
}

fn realtime(rest: &[u8]) -> Option<Command> {
    match (*rest.get(1)?, *rest.get(2)?) {
        (0x04, 7 | 8 | 18) => other(4),
        (0x04 | 0x05, _) => other(3),
        (0x14, 1 | 2) => other(5),
        (0x14, 8) => other(10),
        _ => None,
    }
}

fn escape(rest: &[u8]) -> Option<Command> {
    match *rest.get(1)? {
        b'i' | b'm' => cut(2),
        b'@' | 0x0c | b'L' | b'S' | b'2' | b'<' | b'v' => other(2),
        b' ' | b'!' | b'%' | b'-' | b'3' | b'=' | b'?' | b'A' | b'E' | b'G' | b'J' | b'K'
        | b'M' | b'R' | b'T' | b'U' | b'V' | b'a' | b'd' | b'e' | b'r' | b't' | b'u' | b'{' => {
            other(3)
        }
        b'$' | b'\\' | b'c' | b'B' => other(4),
        b'p' => other(5),
        b'W' => other(10),
        b'D' => other(through_nul(rest, 2)?),
        b'(' => other(5 + word(rest, 3)?),
        b'*' => {
            let bytes_a_column = if matches!(byte(rest, 2)?, 32 | 33) {
                3
            } else {
                1
            };
            prints(5 + word(rest, 3)? * bytes_a_column)
        }
        b'&' => {
            let (height, first, last) = (byte(rest, 2)?, byte(rest, 3)?, byte(rest, 4)?);
            let mut length = 5;
            for _ in first..=last {
                length += 1 + byte(rest, length)? * height;
            }
            other(length)
        }
        _ => None,
    }
}

fn file_separator(rest: &[u8]) -> Option<Command> {
    match *rest.get(1)? {
        b'&' | b'.' => other(2),
        b'!' | b'-' | b'C' | b'W' => other(3),
        b'S' | b'?' => other(4),
        b'p' => prints(4),
        b'2' => other(4 + 72),
        b'(' => other(5 + word(rest, 3)?),
        b'q' => {
            let mut length = 3;
            for _ in 0..byte(rest, 2)? {
                length += 4 + word(rest, length)? * word(rest, length + 2)? * 8;
            }
            other(length)
        }
        _ => None,
    }
}

fn group_separator(rest: &[u8]) -> Option<Command> {
    match *rest.get(1)? {
        b'V' => match *rest.get(2)? {
            0 | 1 | b'0' | b'1' => cut(3),
            b'A' | b'B' | b'a' | b'b' | b'g' | b'h' => cut(4),
            _ => None,
        },
        b':' | b'c' => other(2),
        0x0c => other(2),
        b'!' | b'B' | b'E' | b'H' | b'I' | b'T' | b'a' | b'b' | b'f' | b'h' | b'j' | b'r'
        | b'w' => other(3),
        b'/' => prints(3),
        b'$' | b'\\' | b'L' | b'W' | b'P' | b'A' => other(4),
        b'^' => prints(5),
        b'z' => other(5),
        b'g' => other(6),
        b'(' => block(*rest.get(2)?, 5, word(rest, 3)?),
        b'8' => block(*rest.get(2)?, 7, long(rest, 3)?),
        b'*' => other(4 + byte(rest, 2)? * byte(rest, 3)? * 8),
        b'v' | b'Q' if rest.get(2) == Some(&b'0') => {
            prints(8 + word(rest, 4)?.checked_mul(word(rest, 6)?)?)
        }
        b'k' => match byte(rest, 2)? {
            0..=6 => prints(through_nul(rest, 3)?),
            65..=79 => prints(4 + byte(rest, 3)?),
            _ => None,
        },
        _ => None,
    }
}

/// `GS ( x` and `GS 8 x`: codes and pictures print, the rest is settings.
fn block(letter: u8, head: usize, data: usize) -> Option<Command> {
    let length = head.checked_add(data)?;
    if matches!(letter, b'k' | b'L') {
        prints(length)
    } else {
        other(length)
    }
}

#[cfg(test)]
#[path = "tickets_tests.rs"]
mod tests;
