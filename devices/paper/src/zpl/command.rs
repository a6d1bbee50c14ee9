//! ZPL byte by byte into commands: a prefix, two letters, and what stands before the next prefix.

/// Bytes after a command's name that are kept: hexadecimal pictures are the longest there are.
const REST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One complete command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Command {
    /// `^` or `~`, whatever the printer was told to take for them.
    pub(super) prefix: u8,
    /// Its two letters; the second of `^A` is the font.
    pub(super) name: [u8; 2],
    /// What follows, line ends left out.
    pub(super) rest: Vec<u8>,
    /// The sign between parameters.
    pub(super) delimiter: u8,
}

impl Command {
    /// Its parameters, without the spaces around them.
    pub(super) fn parameters(&self) -> Parameters<'_> {
        let split = self.rest.split(|byte| *byte == self.delimiter);
        Parameters(split.map(<[u8]>::trim_ascii).collect())
    }
}

/// A command's parameters, by place; those not given are none.
#[derive(Debug)]
pub(super) struct Parameters<'a>(Vec<&'a [u8]>);

impl Parameters<'_> {
    pub(super) fn text(&self, index: usize) -> Option<&str> {
        let text = std::str::from_utf8(self.0.get(index)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn letter(&self, index: usize) -> Option<u8> {
        self.text(index)?
            .bytes()
            .next()
            .map(|byte| byte.to_ascii_uppercase())
    }

    pub(super) fn number(&self, index: usize) -> Option<i32> {
        self.text(index)?.parse().ok()
    }

    pub(super) fn dots(&self, index: usize) -> Option<usize> {
        usize::try_from(self.number(index)?).ok()
    }

    pub(super) fn yes(&self, index: usize) -> Option<bool> {
        Some(self.letter(index)? == b'Y')
    }
}

/// Collects bytes into commands.
#[derive(Debug)]
pub(super) struct Parser {
    format_prefix: u8,
    control_prefix: u8,
    delimiter: u8,
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    prefix: u8,
    bytes: Vec<u8>,
    /// Bytes as they came, those left out too.
    came: usize,
    /// Raw bytes still to come, of a picture sent as they are.
    raw_left: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self {
            format_prefix: b'^',
            control_prefix: b'~',
            delimiter: b',',
            begun: None,
        }
    }
}

impl Parser {
    pub(super) fn begun_bytes(&self) -> usize {
        self.begun.as_ref().map_or(0, |begun| begun.came)
    }

    pub(super) fn break_off(&mut self) {
        self.begun = None;
    }

    /// Takes one byte; gives the command that it completes, if it does. A command with parameters is
    /// complete when the next begins.
    pub(super) fn push(&mut self, byte: u8) -> Option<Command> {
        if let Some(begun) = &mut self.begun
            && begun.raw_left > 0
        {
            begun.came += 1;
            begun.raw_left -= 1;
            if begun.bytes.len() < REST_BYTES_MAX {
                begun.bytes.push(byte);
            }
            return None;
        }
        let prefix = match byte {
            _ if byte == self.format_prefix => b'^',
            _ if byte == self.control_prefix => b'~',
            _ => return self.go_on(byte),
        };
        let before = self.begun.replace(Begun {
            prefix,
            bytes: Vec::new(),
            came: 1,
            raw_left: 0,
        });
        before.and_then(|begun| self.complete(begun))
    }

    fn go_on(&mut self, byte: u8) -> Option<Command> {
        let delimiter = self.delimiter;
        // Bytes between commands mean nothing.
        let begun = self.begun.as_mut()?;
        begun.came += 1;
        if matches!(byte, b'\r' | b'\n') {
            return None;
        }
        if begun.bytes.len() < REST_BYTES_MAX {
            begun.bytes.push(byte);
        }
        let is_whole = match (begun.prefix, begun.bytes.as_slice()) {
            (b'^', [a, b]) => matches!(
                &[a.to_ascii_uppercase(), b.to_ascii_uppercase()],
                b"XA" | b"XZ" | b"FS"
            ),
            (_, [a, b]) => matches!(
                &[a.to_ascii_uppercase(), b.to_ascii_uppercase()],
                b"HS"
                    | b"HI"
                    | b"HM"
                    | b"JA"
                    | b"JC"
                    | b"JR"
                    | b"JD"
                    | b"JE"
                    | b"PS"
                    | b"PP"
                    | b"PR"
                    | b"PH"
            ),
            (b'~', [a, b, _, _]) => [a.to_ascii_uppercase(), b.to_ascii_uppercase()] == *b"HQ",
            _ => false,
        };
        if is_whole {
            let begun = self.begun.take()?;
            return self.complete(begun);
        }
        if byte == delimiter {
            begun.raw_left = raw_bytes(begun, delimiter);
        }
        None
    }

    fn complete(&mut self, begun: Begun) -> Option<Command> {
        let [a, b, rest @ ..] = begun.bytes.as_slice() else {
            return None;
        };
        let name = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
        match (&name, rest.first()) {
            (b"CC", Some(prefix)) => self.format_prefix = *prefix,
            (b"CT", Some(prefix)) => self.control_prefix = *prefix,
            (b"CD", Some(delimiter)) => self.delimiter = *delimiter,
            _ => {}
        }
        Some(Command {
            prefix: begun.prefix,
            name,
            rest: rest.to_vec(),
            delimiter: self.delimiter,
        })
    }
}

/// How many raw bytes follow `^GFB,count,total,width,`.
fn raw_bytes(begun: &Begun, delimiter: u8) -> usize {
    let name: Vec<u8> = begun
        .bytes
        .iter()
        .take(3)
        .map(u8::to_ascii_uppercase)
        .collect();
    if begun.prefix != b'^' || name != b"GFB" {
        return 0;
    }
    let mut parts = begun.bytes.split(|byte| *byte == delimiter);
    match (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) {
        (_, Some(count), Some(_), Some(_), Some([]), None) => std::str::from_utf8(count)
            .ok()
            .and_then(|count| count.trim().parse::<usize>().ok())
            .unwrap_or(0)
            .min(REST_BYTES_MAX),
        _ => 0,
    }
}
