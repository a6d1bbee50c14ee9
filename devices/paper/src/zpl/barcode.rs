//! Field data to codes, as ZPL's bar code commands read it.

use cueline_documents::codes::{self, Bars, Level, Matrix};

use super::field::{Code, CodeKind};

/// The bars of a code; none where its data is not valid.
pub(super) fn bars(code: &Code, data: &[u8]) -> Option<Bars> {
    let text = std::str::from_utf8(data).ok()?;
    match code.kind {
        CodeKind::Code128(mode) => code128(mode, text),
        CodeKind::Code39 => {
            let checked = if code.check {
                with_code39_check(text)?
            } else {
                text.to_owned()
            };
            let mut bars = codes::code39(&checked).ok()?;
            // The printer shows the stars that it adds.
            bars.text = format!("*{checked}*");
            Some(bars)
        }
        CodeKind::Interleaved => {
            let checked = if code.check {
                with_modulo_10(text)?
            } else {
                text.to_owned()
            };
            let even = if checked.len() % 2 == 1 {
                format!("0{checked}")
            } else {
                checked
            };
            codes::itf(&even).ok()
        }
        CodeKind::Ean13 => codes::ean13(&fitted(text, 12)).ok(),
        CodeKind::Ean8 => codes::ean8(&fitted(text, 7)).ok(),
        CodeKind::UpcA => codes::upca(&fitted(text, 11)).ok(),
        CodeKind::Qr(_) => None,
    }
}

/// The first digits, or all with noughts before them: what the printer makes of too many or too few.
fn fitted(text: &str, digits: usize) -> String {
    let kept: String = text.chars().take(digits).collect();
    format!("{kept:0>digits$}")
}

fn with_modulo_10(text: &str) -> Option<String> {
    let digits: Vec<u32> = text
        .chars()
        .map(|c| c.to_digit(10))
        .collect::<Option<_>>()?;
    let weights = [3, 1].into_iter().cycle();
    let sum: u32 = digits
        .iter()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    Some(format!("{text}{}", (10 - sum % 10) % 10))
}

fn with_code39_check(text: &str) -> Option<String> {
    const VALUES: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
    let value = |c: char| VALUES.find(c);
    let sum: usize = text.chars().map(value).sum::<Option<usize>>()?;
    let check = VALUES.chars().nth(sum % 43)?;
    Some(format!("{text}{check}"))
}

/// CODE128 whose data may name its code sets (`>9` A, `>:` B, `>;` C start; `>7` A, `>6` B, `>5` C on
/// the way; `>8` is FNC1, `>0` a `>`). In mode A or D the printer finds the shortest way itself.
fn code128(mode: u8, text: &str) -> Option<Bars> {
    const START_A: u8 = 103;
    if matches!(mode, b'A' | b'D') {
        return codes::code128(text).ok();
    }
    // Without a start code the printer begins in set B.
    let mut values = Vec::new();
    let mut shown = String::new();
    let mut set = 1_u8;
    let mut rest = text.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte == b'>' {
            let next = match rest.next()? {
                b'9' => Err(0),
                b':' => Err(1),
                b';' => Err(2),
                b'7' => Ok(101),
                b'6' => Ok(100),
                b'5' => Ok(99),
                b'8' => Ok(102),
                b'0' if set == 1 => Ok(b'>' - 32),
                b'3' => Ok(96),
                b'2' => Ok(97),
                _ => return None,
            };
            match next {
                Err(start) if values.is_empty() => {
                    values.push(START_A + start);
                    set = start;
                }
                Err(_) => return None,
                Ok(value) => {
                    if values.is_empty() {
                        values.push(START_A + set);
                    }
                    match value {
                        101 => set = 0,
                        100 => set = 1,
                        99 => set = 2,
                        value if value < 95 => shown.push(char::from(value + 32)),
                        _ => {}
                    }
                    values.push(value);
                }
            }
            continue;
        }
        if values.is_empty() {
            values.push(START_A + set);
        }
        shown.push(char::from(byte));
        let value = match set {
            2 => {
                let ones = rest.next()?;
                shown.push(char::from(ones));
                let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
                digit(byte)? * 10 + digit(ones)?
            }
            0 if byte < 32 => byte + 64,
            0 if byte < 96 => byte - 32,
            1 if (32..128).contains(&byte) => byte - 32,
            _ => return None,
        };
        values.push(value);
    }
    let mut bars = codes::code128_values(&values)?;
    bars.text = shown;
    Some(bars)
}

/// A QR code: the data begins with the level, how it is read, and a comma (`QA,text`).
pub(super) fn qr(data: &[u8]) -> Option<Matrix> {
    let (head, rest) = data.split_at_checked(3)?;
    let level = match head[0] {
        b'H' => Level::H,
        b'Q' => Level::Q,
        b'L' => Level::L,
        _ => Level::M,
    };
    if head[2] != b',' {
        return None;
    }
    let data = match (head[1], rest) {
        (b'M', [b'B', _, _, _, _, data @ ..]) | (b'M', [_, data @ ..]) => data,
        (b'M', []) => return None,
        _ => rest,
    };
    codes::qr(data, level).ok()
}
