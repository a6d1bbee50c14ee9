//! FGL byte by byte into commands: what stands between `<` and `>`, and what follows some of them.

/// The longest command between its brackets; longer ones are passed over.
const COMMAND_BYTES_MAX: usize = 64;
/// Data of one bar code, QR code or centred text.
const DATA_BYTES_MAX: usize = 3_000;
/// Bytes of one graphics command; the longest line there is has far fewer.
const GRAPHICS_BYTES_MAX: usize = 8_000;

/// One complete command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// One byte of text.
    Text(u8),
    /// Carriage return or line feed.
    NextLine,
    /// `<RCr,c>` and `<SPr,c>`.
    Place { row: i32, column: i32 },
    /// `<NR>` `<RR>` `<RU>` `<RL>`: 0 to 3 quarter turns clockwise.
    Turn(u8),
    /// `<Fn>`
    Font(u32),
    /// `<TTFn,points>` and `<RTFn,points>`.
    TrueType { points: u32 },
    /// `<HWh,w>`
    Size { height: usize, width: usize },
    /// `<BSw,h>`
    CharacterBox { width: usize, height: usize },
    /// `<EI>` `<DI>`
    Inverse(bool),
    /// `<LTn>`
    LineThickness(usize),
    /// `<BXh,w>`
    Box { height: usize, width: usize },
    /// `<HXn>`
    HorizontalLine(usize),
    /// `<VXn>`
    VerticalLine(usize),
    /// `<NL4>` and its like; what follows is the code's data.
    BarCode {
        /// `U`, `E`, `N`, `F`, `C` or `O`.
        symbology: u8,
        /// Bars across the direction of reading, like the rungs of a ladder.
        ladder: bool,
        /// Written in lower case: turned as text is.
        turns: bool,
        /// Three to one wide bars instead of two to one.
        three_to_one: bool,
        /// Height in units of 8 dots.
        units: usize,
    },
    /// The data of a bar code, its delimiters included.
    BarData(Vec<u8>),
    /// `<Xn>`: dots of a narrow bar.
    Expand(usize),
    /// `<BI>`: the next bar code has its text beside it.
    Interpretation,
    /// `<QRn,tilde,mode,level>{data}`
    Qr {
        module: usize,
        tilde: bool,
        level: u32,
        data: Vec<u8>,
    },
    /// `<QRVn>`: the version of QR codes from here on.
    QrVersion(u32),
    /// `<CTRn>~text~`
    Centred { field: usize, text: Vec<u8> },
    /// `<Gn>` with its bytes, `<gn>` with its hexadecimal digits read: columns of 8 dots.
    Graphics(Vec<u8>),
    /// `<REn>`: tickets more than one.
    Repeat(u32),
    /// `<TTn>`: how bytes above ASCII are read; 4 is UTF-8.
    Translation(u32),
    /// `<CB>`
    ClearBuffer,
    /// `<S1>`
    Status,
    /// `<S2>`
    TicketCount,
    /// `<p>` `<q>` `<h>` `<r>` `<z>` and the form feed.
    Print {
        /// Whether the ticket is cut off.
        cut: bool,
        /// Whether the page stays as it is for the next ticket.
        hold: bool,
    },
    /// A picture of a kind that is not read here, or data no code can take.
    Refused,
}

/// What bytes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Command(Command),
    /// A command that is not known.
    Unknown,
    /// Known, and without a mark on paper.
    Nothing,
}

/// Collects bytes into commands.
#[derive(Debug, Default)]
pub(super) struct Parser {
    state: State,
    /// The next graphics bytes are a file of a kind that is not read here.
    file_follows: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    Command(Vec<u8>),
    /// Inside a bar code's data; `end` closes it.
    BarData {
        data: Vec<u8>,
        end: BarEnd,
    },
    /// Before the opening delimiter of a command's data.
    Awaits(DataOf),
    Data {
        of: DataOf,
        data: Vec<u8>,
    },
    Graphics {
        hex: bool,
        left: usize,
        data: Vec<u8>,
    },
    /// A downloaded logo or font between two ESC.
    Download,
    /// `<t>`: data for another device, up to `<n>`.
    Transparent([u8; 3]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BarEnd {
    /// The byte it began with.
    Same(u8),
    /// `L`, of UPC and EAN.
    Guard,
    /// `A` to `D`, of Codabar.
    Codabar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DataOf {
    Qr {
        module: usize,
        tilde: bool,
        level: u32,
    },
    Centred {
        field: usize,
    },
}

impl DataOf {
    const fn delimiters(self) -> (u8, u8) {
        match self {
            Self::Qr { .. } => (b'{', b'}'),
            Self::Centred { .. } => (b'~', b'~'),
        }
    }

    fn command(self, data: Vec<u8>) -> Command {
        match self {
            Self::Qr {
                module,
                tilde,
                level,
            } => Command::Qr {
                module,
                tilde,
                level,
                data,
            },
            Self::Centred { field } => Command::Centred { field, text: data },
        }
    }
}

impl Parser {
    /// Takes one byte; gives what it completes, if it does. `bar_code` is the symbology whose data is
    /// awaited.
    pub(super) fn push(&mut self, byte: u8, bar_code: Option<u8>) -> Option<Piece> {
        match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte, bar_code),
            State::Command(mut bytes) => {
                match byte {
                    b'>' => return self.command(&bytes),
                    // A bracket that was never closed; the command begins anew.
                    b'<' => bytes.clear(),
                    _ if bytes.len() < COMMAND_BYTES_MAX => bytes.push(byte),
                    _ => {}
                }
                self.state = State::Command(bytes);
                None
            }
            State::BarData { mut data, end } => {
                data.push(byte);
                let closes = match end {
                    BarEnd::Same(first) => byte == first,
                    BarEnd::Guard => byte == b'L',
                    BarEnd::Codabar => matches!(byte, b'A'..=b'D'),
                };
                if closes {
                    return Some(Piece::Command(Command::BarData(data)));
                }
                if data.len() >= DATA_BYTES_MAX {
                    return Some(Piece::Command(Command::Refused));
                }
                self.state = State::BarData { data, end };
                None
            }
            State::Awaits(of) => {
                if byte == of.delimiters().0 {
                    let data = Vec::new();
                    self.state = State::Data { of, data };
                    return None;
                }
                if matches!(byte, b'\r' | b'\n' | b' ') {
                    self.state = State::Awaits(of);
                    return None;
                }
                // No data: the command is void, and the byte is what it is.
                self.ground(byte, bar_code)
            }
            State::Data { of, mut data } => {
                if byte == of.delimiters().1 {
                    return Some(Piece::Command(of.command(data)));
                }
                data.push(byte);
                if data.len() >= DATA_BYTES_MAX {
                    return Some(Piece::Command(Command::Refused));
                }
                self.state = State::Data { of, data };
                None
            }
            State::Graphics {
                hex,
                left,
                mut data,
            } => {
                if data.len() < GRAPHICS_BYTES_MAX {
                    data.push(byte);
                }
                if left > 1 {
                    let left = left - 1;
                    self.state = State::Graphics { hex, left, data };
                    return None;
                }
                Some(self.graphics(hex, data))
            }
            State::Download => {
                if byte == 0x1b {
                    return Some(Piece::Nothing);
                }
                self.state = State::Download;
                None
            }
            State::Transparent(last) => {
                let last = [last[1], last[2], byte];
                if last == *b"<n>" {
                    return Some(Piece::Nothing);
                }
                self.state = State::Transparent(last);
                None
            }
        }
    }

    fn ground(&mut self, byte: u8, bar_code: Option<u8>) -> Option<Piece> {
        if byte == b'<' {
            self.state = State::Command(Vec::new());
            return None;
        }
        if let Some(symbology) = bar_code {
            let end = match (symbology, byte) {
                (b'N', b'*') | (b'O', b'^') | (b'F', b':') => Some(BarEnd::Same(byte)),
                (b'U', b'J') | (b'E', b'0'..=b'9' | b'J') => Some(BarEnd::Guard),
                (b'C', b'A'..=b'D') => Some(BarEnd::Codabar),
                _ => None,
            };
            if let Some(end) = end {
                let data = vec![byte];
                self.state = State::BarData { data, end };
                return None;
            }
            if byte > b' ' {
                return Some(Piece::Command(Command::Refused));
            }
        }
        match byte {
            0x0c => Some(print(true, false)),
            b'\r' | b'\n' => Some(Piece::Command(Command::NextLine)),
            0x1b => {
                self.state = State::Download;
                None
            }
            0x20.. => Some(Piece::Command(Command::Text(byte))),
            _ => Some(Piece::Nothing),
        }
    }

    fn graphics(&mut self, hex: bool, data: Vec<u8>) -> Piece {
        if std::mem::take(&mut self.file_follows) {
            return Piece::Command(Command::Refused);
        }
        if !hex {
            return Piece::Command(Command::Graphics(data));
        }
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let pairs = data.chunks_exact(2);
        let bytes: Option<Vec<u8>> = pairs
            .map(|pair| Some((digit(&pair[0])? * 16 + digit(&pair[1])?) as u8))
            .collect();
        Piece::Command(bytes.map_or(Command::Refused, Command::Graphics))
    }

    fn command(&mut self, bytes: &[u8]) -> Option<Piece> {
        let text = String::from_utf8_lossy(bytes);
        let split = text
            .find(|c: char| c.is_ascii_digit() || c == '-')
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(split);
        let numbers: Vec<i32> = rest
            .split(',')
            .map(|number| number.trim().parse().unwrap_or(0))
            .collect();
        let number = |index: usize| numbers.get(index).copied().filter(|_| !rest.is_empty());
        let dots = |index: usize| usize::try_from(number(index).unwrap_or(0)).unwrap_or(0);
        let count = |index: usize| u32::try_from(number(index).unwrap_or(0)).unwrap_or(0);
        let command = match name {
            "RC" | "SP" => Command::Place {
                row: number(0).unwrap_or(0),
                column: number(1).unwrap_or(0),
            },
            "NR" => Command::Turn(0),
            "RR" => Command::Turn(1),
            "RU" => Command::Turn(2),
            "RL" => Command::Turn(3),
            "F" => Command::Font(count(0)),
            "TTF" | "RTF" => Command::TrueType { points: count(1) },
            "HW" => Command::Size {
                height: dots(0),
                width: dots(1),
            },
            "BS" => Command::CharacterBox {
                width: dots(0),
                height: dots(1),
            },
            "EI" => Command::Inverse(true),
            "DI" => Command::Inverse(false),
            "LT" => Command::LineThickness(dots(0)),
            "BX" => Command::Box {
                height: dots(0),
                width: dots(1),
            },
            "HX" => Command::HorizontalLine(dots(0)),
            "VX" => Command::VerticalLine(dots(0)),
            "X" => Command::Expand(dots(0)),
            "BI" => Command::Interpretation,
            "RE" => Command::Repeat(count(0)),
            "TT" => Command::Translation(count(0)),
            "CB" => Command::ClearBuffer,
            "S" if count(0) == 1 => Command::Status,
            "S" if count(0) == 2 => Command::TicketCount,
            "p" | "z" => return Some(print(true, false)),
            "q" => return Some(print(false, false)),
            "h" => return Some(print(true, true)),
            "r" => return Some(print(false, true)),
            "QR" => {
                let module = number(0).map_or(6, |dots| usize::try_from(dots).unwrap_or(0));
                self.state = State::Awaits(DataOf::Qr {
                    module: module.clamp(3, 16),
                    tilde: number(1) == Some(1),
                    level: count(3),
                });
                return None;
            }
            "QRV" => Command::QrVersion(count(0)),
            "CTR" => {
                self.state = State::Awaits(DataOf::Centred { field: dots(0) });
                return None;
            }
            "G" | "g" => {
                // Seven bytes, the first printers' height of a head.
                let left = number(0).map_or(7, |count| usize::try_from(count).unwrap_or(0));
                let hex = name == "g";
                if left == 0 {
                    return Some(Piece::Nothing);
                }
                self.state = State::Graphics {
                    hex,
                    left,
                    data: Vec::new(),
                };
                return None;
            }
            "pcx" | "bmp" | "PCX" | "BMP" | "PNG" | "png" => {
                self.file_follows = true;
                return Some(Piece::Command(Command::Refused));
            }
            "t" => {
                self.state = State::Transparent([0; 3]);
                return None;
            }
            _ => match bar_code(name, number(0)) {
                Some(command) => command,
                None if is_setting(name) => return Some(Piece::Nothing),
                None => return Some(Piece::Unknown),
            },
        };
        Some(Piece::Command(command))
    }
}

const fn print(cut: bool, hold: bool) -> Piece {
    Piece::Command(Command::Print { cut, hold })
}

/// `NL`, `NXP`, `oL` and their like.
fn bar_code(name: &str, number: Option<i32>) -> Option<Command> {
    let (symbology, three_to_one, direction) = match *name.as_bytes() {
        [symbology, direction] => (symbology, false, direction),
        [symbology, b'X' | b'x', direction] => (symbology, true, direction),
        _ => return None,
    };
    let ladder = match direction {
        b'L' => true,
        b'P' => false,
        _ => return None,
    };
    if !matches!(
        symbology.to_ascii_uppercase(),
        b'U' | b'E' | b'N' | b'F' | b'C' | b'O'
    ) {
        return None;
    }
    // Four units where none are given.
    let units = number.map_or(4, |units| usize::try_from(units).unwrap_or(0));
    Some(Command::BarCode {
        symbology: symbology.to_ascii_uppercase(),
        ladder,
        turns: symbology.is_ascii_lowercase(),
        three_to_one,
        units: units.clamp(1, 100),
    })
}

/// Settings of the device, downloads and modes that leave no mark on a ticket.
fn is_setting(name: &str) -> bool {
    const SETTINGS: [&str; 33] = [
        "SD", "PL", "pl", "TL", "tl", "LD", "LO", "ID", "n", "S", "s", "TRE", "TRD", "ME", "MD",
        "PT", "pt", "dpt", "PP", "ppe", "ppd", "sb", "mb", "rte", "rtd", "bce", "bcd", "DF", "LHT",
        "PC", "SF", "NS", "RO",
    ];
    SETTINGS.contains(&name)
}
