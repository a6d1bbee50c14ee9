//! ESC/POS byte by byte into commands, whole even where they are not understood, so that what
//! follows is not taken for text.
//!
//! Source: Epson, "ESC/POS Command Reference". Pictures come out row by row: one may be far larger
//! than any memory.

/// Bytes of a picture's row that are kept; the widest head has far fewer dots.
const ROW_BYTES_MAX: usize = 640;

/// One complete command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// One character of the current code page.
    Text(u8),
    LineFeed,
    /// `ESC @`
    Initialize,
    /// `ESC ! n`
    PrintMode(u8),
    /// `ESC E n`, `ESC G n`
    Bold(bool),
    /// `ESC - n`
    Underline(u8),
    /// `GS B n`
    Invert(bool),
    /// `GS ! n`
    Size(u8),
    /// `ESC a n`
    Align(u8),
    /// `ESC t n`
    CodePage(u8),
    /// `ESC d n`
    FeedLines(u8),
    /// `ESC J n`
    FeedDots(u8),
    /// `ESC 2`, `ESC 3 n`; none is the default.
    LineSpacing(Option<u8>),
    /// One row of `GS v 0`; doubled across and down as its mode says.
    RasterRow {
        dots: Vec<u8>,
        double_width: bool,
        double_height: bool,
    },
    /// `GS ( k` for symbol kind `kind` (49 is QR), function and parameters.
    Symbol {
        kind: u8,
        function: u8,
        data: Vec<u8>,
    },
    /// `GS k m`
    Barcode {
        system: u8,
        data: Vec<u8>,
    },
    /// `GS h n`
    BarcodeHeight(u8),
    /// `GS w n`
    BarcodeWidth(u8),
    /// `GS H n`
    BarcodeText(u8),
    /// `GS V`, with dots to feed first.
    Cut {
        feed_dots: u8,
    },
    /// `GS r n`
    TransmitStatus(u8),
    /// `GS ( H` function 48
    ProcessId([u8; 4]),
    /// `GS a n`
    StatusBack(u8),
    /// `DLE EOT n`, answered long ago, when it was received.
    RealTime,
    /// Understood as far as its length; has no mark on paper (`ESC p` too: there is no drawer).
    Ignored,
}

/// Collects bytes into commands.
#[derive(Debug, Default)]
pub(super) struct Parser {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// A command's bytes so far; at most a few, or one `GS ( …` of at most 64 KiB.
    Header(Vec<u8>),
    /// Bytes to pass over.
    Skip(u64),
    Raster {
        mode: u8,
        row_bytes: usize,
        rows_left: usize,
        filled: usize,
        row: Vec<u8>,
    },
}

/// What a command's bytes so far amount to.
enum Step {
    More,
    Done(Command),
    Then(State),
}

impl Parser {
    /// Takes one byte; gives the command that it completes, if it does.
    pub(super) fn push(&mut self, byte: u8) -> Option<Command> {
        match std::mem::take(&mut self.state) {
            State::Ground => match byte {
                0x10 | 0x1b | 0x1c | 0x1d => {
                    self.state = State::Header(vec![byte]);
                    None
                }
                b'\n' => Some(Command::LineFeed),
                0x20..=0xff => Some(Command::Text(byte)),
                _ => Some(Command::Ignored),
            },
            State::Header(mut bytes) => {
                bytes.push(byte);
                match step(&bytes) {
                    Step::Done(command) => return Some(command),
                    Step::More => self.state = State::Header(bytes),
                    Step::Then(State::Skip(0)) => return Some(Command::Ignored),
                    Step::Then(state) => self.state = state,
                }
                None
            }
            State::Skip(left) => {
                if left == 1 {
                    return Some(Command::Ignored);
                }
                self.state = State::Skip(left - 1);
                None
            }
            State::Raster {
                mode,
                row_bytes,
                rows_left,
                filled,
                mut row,
            } => {
                if row.len() < ROW_BYTES_MAX {
                    row.push(byte);
                }
                let row_done = filled + 1 == row_bytes;
                let rows_left = rows_left - usize::from(row_done);
                let dots = row_done.then(|| std::mem::take(&mut row));
                if rows_left > 0 {
                    self.state = State::Raster {
                        mode,
                        row_bytes,
                        rows_left,
                        filled: if row_done { 0 } else { filled + 1 },
                        row,
                    };
                }
                dots.map(|dots| Command::RasterRow {
                    dots,
                    double_width: mode & 1 != 0,
                    double_height: mode & 2 != 0,
                })
            }
        }
    }
}

#[cfg(test)]
impl Parser {
    /// Bytes that are kept of a command that is not whole yet.
    pub(super) fn kept_bytes(&self) -> usize {
        match &self.state {
            State::Ground | State::Skip(_) => 0,
            State::Header(bytes) => bytes.len(),
            State::Raster { row, .. } => row.len(),
        }
    }
}

fn step(bytes: &[u8]) -> Step {
    match bytes[0] {
        0x10 => data_link(bytes),
        0x1b => escape(bytes),
        0x1c => file_separator(bytes),
        _ => group_separator(bytes),
    }
}

fn data_link(bytes: &[u8]) -> Step {
    match bytes {
        [_, 0x04 | 0x05] | [_, 0x14] => Step::More,
        [_, 0x04, _] => Step::Done(Command::RealTime),
        [_, 0x14, 0x08] => Step::Then(State::Skip(7)),
        [_, 0x14, _] => Step::Then(State::Skip(2)),
        _ => Step::Done(Command::Ignored),
    }
}

fn escape(bytes: &[u8]) -> Step {
    let command = match *bytes {
        [_, b'@'] => Command::Initialize,
        [_, b'2'] => Command::LineSpacing(None),
        [_, b'i' | b'm'] => Command::Cut { feed_dots: 0 },
        [_, b'<' | b'L' | b'S' | 0x0c] => Command::Ignored,
        [_, b'!', n] => Command::PrintMode(n),
        [_, b'-', n] => Command::Underline(n),
        [_, b'3', n] => Command::LineSpacing(Some(n)),
        [_, b'E' | b'G', n] => Command::Bold(n & 1 != 0),
        [_, b'J', n] => Command::FeedDots(n),
        [_, b'a', n] => Command::Align(n),
        [_, b'd', n] => Command::FeedLines(n),
        [_, b't', n] => Command::CodePage(n),
        [_, b'*', mode, low, high] => {
            let columns = u64::from(u16::from_le_bytes([low, high]));
            let each = if mode >= 32 { 3 } else { 1 };
            return Step::Then(State::Skip(columns * each));
        }
        // Tab positions end with NUL; 32 of them are the most.
        [_, b'D', .., last] if last == 0 || bytes.len() > 34 => Command::Ignored,
        [_, b'*' | b'D', ..] => return Step::More,
        [_, b'$' | b'\\' | b'c', _, _] | [_, b'p', _, _, _] => Command::Ignored,
        [_, b'W', ..] if bytes.len() == 10 => Command::Ignored,
        [_, b'$' | b'\\' | b'c' | b'p' | b'W', ..] => return Step::More,
        [_, _, _] => Command::Ignored,
        _ => return Step::More,
    };
    Step::Done(command)
}

fn file_separator(bytes: &[u8]) -> Step {
    match *bytes {
        [_, b'&' | b'.'] => Step::Done(Command::Ignored),
        [_, b'(', _, low, high] => {
            Step::Then(State::Skip(u64::from(u16::from_le_bytes([low, high]))))
        }
        [_, b'(', ..] | [_, b'p' | b'S', _] | [_, _] => Step::More,
        _ => Step::Done(Command::Ignored),
    }
}

fn group_separator(bytes: &[u8]) -> Step {
    let command = match *bytes {
        [_, b'!', n] => Command::Size(n),
        [_, b'B', n] => Command::Invert(n & 1 != 0),
        [_, b'H', n] => Command::BarcodeText(n),
        [_, b'h', n] => Command::BarcodeHeight(n),
        [_, b'w', n] => Command::BarcodeWidth(n),
        [_, b'a', n] => Command::StatusBack(n),
        [_, b'r', n] => Command::TransmitStatus(n),
        [_, b'V', 0 | 1 | b'0' | b'1'] => Command::Cut { feed_dots: 0 },
        [_, b'V', _] => return Step::More,
        [_, b'V', _, feed_dots] => Command::Cut { feed_dots },
        [_, b'v', ..] => return raster(bytes),
        [_, b'k', ..] => return barcode(bytes),
        [_, b'(', ..] => return parameters(bytes),
        [_, b'*', x, y] => {
            return Step::Then(State::Skip(u64::from(x) * u64::from(y) * 8));
        }
        [_, b'8', _, a, b, c, d] => {
            return Step::Then(State::Skip(u64::from(u32::from_le_bytes([a, b, c, d]))));
        }
        [_, b':'] => Command::Ignored,
        [_, b'L' | b'W' | b'P' | b'$' | b'\\', _, _] | [_, b'^', _, _, _] => Command::Ignored,
        [
            _,
            b'*' | b'8' | b'L' | b'W' | b'P' | b'$' | b'\\' | b'^',
            ..,
        ]
        | [_, _] => {
            return Step::More;
        }
        _ => Command::Ignored,
    };
    Step::Done(command)
}

fn raster(bytes: &[u8]) -> Step {
    let [_, _, _, mode, x_low, x_high, y_low, y_high] = *bytes else {
        return Step::More;
    };
    let row_bytes = usize::from(u16::from_le_bytes([x_low, x_high]));
    let rows_left = usize::from(u16::from_le_bytes([y_low, y_high]));
    if row_bytes == 0 || rows_left == 0 {
        return Step::Done(Command::Ignored);
    }
    Step::Then(State::Raster {
        mode,
        row_bytes,
        rows_left,
        filled: 0,
        row: Vec::new(),
    })
}

/// `GS k m … NUL` for m up to 6, `GS k m n d1…dn` from 65 on.
fn barcode(bytes: &[u8]) -> Step {
    match bytes {
        [_, _, system @ 0..=6, data @ .., 0] => Step::Done(Command::Barcode {
            system: system + 65,
            data: data.to_vec(),
        }),
        [_, _, 0..=6, data @ ..] if data.len() > 255 => Step::Done(Command::Ignored),
        [_, _, system @ 65..=255, count, data @ ..] if data.len() == usize::from(*count) => {
            Step::Done(Command::Barcode {
                system: *system,
                data: data.to_vec(),
            })
        }
        [_, _, 7..=64, ..] => Step::Done(Command::Ignored),
        _ => Step::More,
    }
}

/// `GS ( x pL pH …`
fn parameters(bytes: &[u8]) -> Step {
    let [_, _, letter, low, high, data @ ..] = bytes else {
        return Step::More;
    };
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    if data.len() < length {
        return Step::More;
    }
    Step::Done(match (letter, data) {
        (b'k', [kind, function, rest @ ..]) => Command::Symbol {
            kind: *kind,
            function: *function,
            data: rest.to_vec(),
        },
        (b'H', [48, _, a, b, c, d]) => Command::ProcessId([*a, *b, *c, *d]),
        _ => Command::Ignored,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(bytes: &[u8]) -> Vec<Command> {
        let mut parser = Parser::default();
        bytes.iter().filter_map(|byte| parser.push(*byte)).collect()
    }

    #[test]
    fn commands_that_leave_no_mark_are_passed_over_whole() {
        let unknown: [&[u8]; 14] = [
            b"\x1bp\x00AB",
            b"\x1b$AB",
            b"\x1bDABC\x00",
            b"\x1b*\x00\x03\x00ABC",
            b"\x1b*\x21\x01\x00ABC",
            b"\x1bRA",
            b"\x1dLAB",
            b"\x1d(A\x02\x00AB",
            b"\x1d8L\x03\x00\x00\x00ABC",
            b"\x1d8L\x00\x00\x00\x00",
            b"\x1cpAB",
            b"\x1c(A\x02\x00AB",
            b"\x10\x14\x01AB",
            b"\x1bWABCDEFGH",
        ];
        for bytes in unknown {
            let found = commands(&[bytes, b"x"].concat());
            assert_eq!(
                found,
                [Command::Ignored, Command::Text(b'x')],
                "{bytes:02x?}"
            );
        }
    }

    #[test]
    fn a_picture_comes_row_by_row_and_is_bounded() {
        let found = commands(b"\x1dv0\x01\x02\x00\x02\x00\x01\x02\x03\x04x");
        let row = |dots: &[u8]| Command::RasterRow {
            dots: dots.to_vec(),
            double_width: true,
            double_height: false,
        };
        assert_eq!(found, [row(&[1, 2]), row(&[3, 4]), Command::Text(b'x')]);

        let mut wide = b"\x1dv0\x00\xff\xff\x01\x00".to_vec();
        wide.extend(vec![0xff; 65_535]);
        let found = commands(&[&wide, b"x".as_slice()].concat());
        assert!(
            matches!(&found[0], Command::RasterRow { dots, .. } if dots.len() == ROW_BYTES_MAX)
        );
        assert_eq!(found[1], Command::Text(b'x'));
        assert_eq!(commands(b"\x1dv0\x00\x00\x00\x05\x00x").len(), 2);
    }

    #[test]
    fn codes_and_talk_are_recognised() {
        assert_eq!(
            commands(b"\x1dkI\x04{BAB\x1dk\x02400638133393\x00\x1d(k\x03\x00\x31\x43\x06"),
            [
                Command::Barcode {
                    system: 73,
                    data: b"{BAB".to_vec()
                },
                Command::Barcode {
                    system: 67,
                    data: b"400638133393".to_vec()
                },
                Command::Symbol {
                    kind: 49,
                    function: 67,
                    data: vec![6]
                },
            ]
        );
        assert_eq!(
            commands(b"\x10\x04\x01\x1d(H\x06\x0000wxyz\x1dVB\x07\x1dV\x00\x1da\x0e"),
            [
                Command::RealTime,
                Command::ProcessId(*b"wxyz"),
                Command::Cut { feed_dots: 7 },
                Command::Cut { feed_dots: 0 },
                Command::StatusBack(14),
            ]
        );
    }
}
