//! What a ZPL printer answers to `~HS` and `~HQES`, out of a stream of anything.
//!
//! Source: Zebra, "ZPL II Programming Guide", `~HS` (host status return) and `~HQ` (host query). Each line
//! of an answer stands between STX and ETX; `~HS` gives three:
//!
//! ```text
//! aaa,b,c,dddd,eee,f,g,h,iii,j,k,l      b paper out, c pause, eee formats in the buffer, f buffer full,
//!                                       h a format half received, j memory lost, k too cold, l too hot
//! mmm,n,o,p,q,r,s,t,uuuuuuuu,v,www      o head open, p ribbon out, u labels left of the batch
//! xxxx,y
//! ```

/// The longest line that is kept; `~HQES` takes about 90 bytes.
const LINE_BYTES_MAX: usize = 256;

/// One thing a printer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// To `~HS`.
    Host(HostStatus),
    /// To `~HQES`.
    Errors(Errors),
}

/// The answer to `~HS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HostStatus {
    pub paper_out: bool,
    pub paused: bool,
    pub formats: u32,
    pub buffer_full: bool,
    pub half_received: bool,
    pub memory_lost: bool,
    pub temperature_wrong: bool,
    pub head_open: bool,
    pub ribbon_out: bool,
    pub labels_left: u32,
}

/// The answer to `~HQES`, its first group of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Errors {
    pub errors: u32,
    pub warnings: u32,
}

/// Collects bytes into answers.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// A line begun: what came since its STX.
    line: Option<Vec<u8>>,
    /// The first line of `~HS`, then the second.
    first: Option<HostStatus>,
    second: Option<HostStatus>,
}

impl Answers {
    /// Takes one byte; gives the answer that it completes, if it does.
    pub(super) fn push(&mut self, byte: u8) -> Option<Answer> {
        const STX: u8 = 0x02;
        const ETX: u8 = 0x03;
        match (byte, &mut self.line) {
            (STX, _) => self.line = Some(Vec::new()),
            (ETX, Some(_)) => return self.line.take().and_then(|line| self.take_line(&line)),
            (_, Some(line)) if line.len() < LINE_BYTES_MAX => line.push(byte),
            (b'\r' | b'\n', None) => {}
            // Too long, or outside of any line: the lines of one answer stand together.
            _ => *self = Self::default(),
        }
        None
    }

    fn take_line(&mut self, line: &[u8]) -> Option<Answer> {
        let (first, second) = (self.first.take(), self.second.take());
        let text = std::str::from_utf8(line).ok()?;
        if let Some(status) = first_line(text) {
            self.first = Some(status);
            return None;
        }
        if let Some(status) = first {
            self.second = second_line(text, status);
            return None;
        }
        if let Some(status) = second {
            return is_third_line(text).then_some(Answer::Host(status));
        }
        errors(text).map(Answer::Errors)
    }
}

/// The fields of a line: digits only, each of its own length.
fn fields<const N: usize>(text: &str, digits: [usize; N]) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(',');
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn first_line(text: &str) -> Option<HostStatus> {
    let [
        _,
        paper,
        pause,
        _,
        formats,
        full,
        _,
        half,
        _,
        lost,
        cold,
        hot,
    ] = fields(text, [3, 1, 1, 4, 3, 1, 1, 1, 3, 1, 1, 1])?;
    Some(HostStatus {
        paper_out: paper != 0,
        paused: pause != 0,
        formats,
        buffer_full: full != 0,
        half_received: half != 0,
        memory_lost: lost != 0,
        temperature_wrong: cold != 0 || hot != 0,
        head_open: false,
        ribbon_out: false,
        labels_left: 0,
    })
}

fn second_line(text: &str, first: HostStatus) -> Option<HostStatus> {
    let [_, _, head, ribbon, _, _, _, _, labels_left, _, _] =
        fields(text, [3, 1, 1, 1, 1, 1, 1, 1, 8, 1, 3])?;
    Some(HostStatus {
        head_open: head != 0,
        ribbon_out: ribbon != 0,
        labels_left,
        ..first
    })
}

fn is_third_line(text: &str) -> bool {
    fields(text, [4, 1]).is_some()
}

fn errors(text: &str) -> Option<Errors> {
    let after = |word: &str| {
        let numbers = text.split_once(word)?.1;
        let first_group = numbers.split_ascii_whitespace().nth(2)?;
        (first_group.len() == 8)
            .then(|| u32::from_str_radix(first_group, 16).ok())
            .flatten()
    };
    Some(Errors {
        errors: after("ERRORS:")?,
        warnings: after("WARNINGS:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: &[u8] = b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\
        \x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n";

    fn answers(bytes: &[u8]) -> Vec<Answer> {
        let mut answers = Answers::default();
        bytes
            .iter()
            .filter_map(|byte| answers.push(*byte))
            .collect()
    }

    #[test]
    fn three_lines_are_one_answer() {
        let [Answer::Host(idle)] = answers(IDLE)[..] else {
            panic!("{:?}", answers(IDLE))
        };
        assert!(!idle.paper_out && !idle.head_open && idle.formats == 0);
        let busy = b"\x02030,1,1,1245,003,1,0,0,000,0,0,1\x03\r\n\
            \x02000,0,1,1,0,2,4,0,00000017,1,000\x03\r\n\x021234,0\x03\r\n";
        assert_eq!(
            answers(busy),
            [Answer::Host(HostStatus {
                paper_out: true,
                paused: true,
                formats: 3,
                buffer_full: true,
                half_received: false,
                memory_lost: false,
                temperature_wrong: true,
                head_open: true,
                ribbon_out: true,
                labels_left: 17,
            })]
        );
    }

    #[test]
    fn lines_that_do_not_stand_together_are_no_answer() {
        let lines: Vec<&[u8]> = IDLE.split_inclusive(|byte| *byte == b'\n').collect();
        for order in [[0, 2, 1], [1, 2, 0], [0, 0, 2], [1, 1, 2], [2, 2, 2]] {
            let stream: Vec<u8> = order
                .iter()
                .flat_map(|line| lines[*line].to_vec())
                .collect();
            assert_eq!(answers(&stream), [], "{order:?}");
        }
        let torn = [&IDLE[..40], b"?", &IDLE[40..]].concat();
        assert_eq!(answers(&torn), []);
        let twice = [torn.as_slice(), IDLE].concat();
        assert_eq!(answers(&twice).len(), 1, "the next answer counts again");
    }

    #[test]
    fn errors_are_read_from_the_last_group_of_their_line() {
        let text = b"\x02\r\n\r\n  PRINTER STATUS                            \r\n   \
            ERRORS:         1 00000000 00000005     \r\n   \
            WARNINGS:       1 00000000 00000008     \r\n\x03";
        assert_eq!(
            answers(text),
            [Answer::Errors(Errors {
                errors: 5,
                warnings: 8
            })]
        );
    }

    #[test]
    fn a_line_that_never_ends_is_dropped_at_its_limit() {
        let mut answers = Answers::default();
        answers.push(0x02);
        for _ in 0..10_000 {
            assert_eq!(answers.push(b'0'), None);
            let kept = answers.line.as_ref().map_or(0, Vec::len);
            assert!(kept <= LINE_BYTES_MAX);
        }
    }
}
