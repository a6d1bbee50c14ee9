//! Card numbers are kept nowhere: what looks like one is masked or refused at every hop.
//!
//! A card number is 13 to 19 digits (ISO/IEC 7812-1) whose last is right by Luhn's formula (annex B);
//! single spaces or hyphens may stand between its digits.

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;

/// Whether a text holds what may be a card number.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    find(text.as_bytes(), 0).is_some()
}

/// The text with every card number's digits but the last four replaced by `*`; its length stays.
#[must_use]
pub fn mask_card_numbers(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut from = 0;
    while let Some((start, end)) = find(&bytes, from) {
        let digits = bytes[start..end]
            .iter()
            .filter(|byte| byte.is_ascii_digit());
        let mut hidden = digits.count() - 4;
        for byte in bytes[start..end]
            .iter_mut()
            .filter(|byte| byte.is_ascii_digit())
        {
            if hidden > 0 {
                *byte = b'*';
                hidden -= 1;
            }
        }
        from = end;
    }
    // Only digits were replaced, by another ASCII character.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The first run of digits at or after `from` that holds a card number, as start and end.
fn find(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = run_end(bytes, at);
        if let Some(found) = within(bytes, at, end) {
            return Some(found);
        }
        at = end;
    }
    None
}

/// Where the run of digits that begins at `start` ends, single separators included.
fn run_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start + 1;
    loop {
        match (bytes.get(end), bytes.get(end + 1)) {
            (Some(byte), _) if byte.is_ascii_digit() => end += 1,
            (Some(b' ' | b'-'), Some(next)) if next.is_ascii_digit() => end += 2,
            _ => return end,
        }
    }
}

/// A card number inside one run: it begins and ends where a group of digits does.
fn within(bytes: &[u8], start: usize, end: usize) -> Option<(usize, usize)> {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let begins = |at: usize| is_digit(at) && (at == start || !is_digit(at - 1));
    let ends = |at: usize| is_digit(at - 1) && (at == end || !is_digit(at));
    let ends_after = |from: usize| (from + DIGITS_MIN..=end).rev().filter(|at| ends(*at));
    (start..end).filter(|at| begins(*at)).find_map(|from| {
        ends_after(from)
            .find(|to| is_card_number(&bytes[from..*to]))
            .map(|to| (from, to))
    })
}

fn is_card_number(run: &[u8]) -> bool {
    let digits = || {
        run.iter()
            .filter(|byte| byte.is_ascii_digit())
            .map(|byte| byte - b'0')
    };
    let first = digits().next();
    (DIGITS_MIN..=DIGITS_MAX).contains(&digits().count())
        // A run of one digit repeated is a line of a form, not a card.
        && digits().any(|digit| Some(digit) != first)
        && luhn(digits())
}

fn luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum: u32 = digits
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => u32::from(digit),
            (_, digit @ 0..=4) => u32::from(digit) * 2,
            (_, digit) => u32::from(digit) * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_card_numbers_are_masked_to_their_last_four() {
        for (text, masked) in [
            ("4111111111111111", "************1111"),
            ("PAN 5555 5555 5555 4444.", "PAN **** **** **** 4444."),
            ("3782-822463-10005", "****-******-*0005"),
            ("x4111111111111111y", "x************1111y"),
        ] {
            assert!(holds_card_number(text), "{text}");
            assert_eq!(mask_card_numbers(text), masked);
        }
    }

    #[test]
    fn other_numbers_are_left_as_they_are() {
        for text in [
            "",
            "4111111111111112",
            "0000000000000000",
            "2026-11-24 19:30",
            "EUR 12.50",
            "Beleg 0042 · Trace 123456",
        ] {
            assert!(!holds_card_number(text), "{text}");
            assert_eq!(mask_card_numbers(text), text);
        }
    }

    #[test]
    fn one_beside_other_numbers_is_found() {
        for text in ["4111111111111111 12 26", "2026 4111 1111 1111 1111"] {
            assert!(holds_card_number(text), "{text}");
            assert!(!holds_card_number(&mask_card_numbers(text)), "{text}");
        }
    }
}
