//! Packed decimal digits, two to the byte.

/// A number as so many bytes; digits that do not fit are lost from the left, see [`fits`].
#[must_use]
pub fn encode(mut number: u64, bytes: usize) -> Vec<u8> {
    let mut packed = vec![0; bytes];
    for byte in packed.iter_mut().rev() {
        // Two digits are under 100.
        let pair = u8::try_from(number % 100).unwrap_or_default();
        *byte = (pair / 10) << 4 | (pair % 10);
        number /= 100;
    }
    packed
}

/// Whether a number has no more digits than so many bytes hold.
#[must_use]
pub fn fits(number: u64, bytes: u32) -> bool {
    100_u64.checked_pow(bytes).is_none_or(|end| number < end)
}

/// The number; nothing where a half byte is no digit or there are more than 18.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 9 {
        return None;
    }
    halves(bytes).try_fold(0_u64, |number, half| {
        (half <= 9).then(|| number * 10 + u64::from(half))
    })
}

/// The last four digits of a card number. `E` stands for a digit that the terminal hides, `F` fills
/// up; neither is a digit.
#[must_use]
pub fn last_four(card_number: &[u8]) -> Option<String> {
    let halves: Vec<u8> = halves(card_number)
        .take_while(|half| *half != 0xf)
        .collect();
    let last = &halves[halves.len().checked_sub(4)?..];
    last.iter()
        .map(|half| char::from_digit(u32::from(*half), 10))
        .collect()
}

/// A card number as it goes over the wire: the digits given, every other character hidden.
#[must_use]
pub fn encode_card_number(shown: &str) -> Vec<u8> {
    let mut halves: Vec<u8> = shown
        .chars()
        .map(|char| {
            char.to_digit(10)
                .map_or(0xe, |digit| u8::try_from(digit).unwrap_or(0xe))
        })
        .collect();
    if halves.len() % 2 == 1 {
        halves.push(0xf);
    }
    halves
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn halves(bytes: &[u8]) -> impl Iterator<Item = u8> + '_ {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        assert_eq!(encode(1250, 6), [0, 0, 0, 0, 0x12, 0x50]);
        assert_eq!(decode(&encode(999_999_999_999, 6)), Some(999_999_999_999));
        assert!(fits(999_999_999_999, 6) && !fits(1_000_000_000_000, 6));
        assert_eq!(decode(&[0x1e]), None);
        assert_eq!(decode(&[0; 10]), None);
    }

    #[test]
    fn hidden_digits_are_no_digits() {
        let hidden = encode_card_number("************1111");
        assert_eq!(hidden, [0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0x11, 0x11]);
        assert_eq!(last_four(&hidden).as_deref(), Some("1111"));
        assert_eq!(
            last_four(&encode_card_number("*****1234")).as_deref(),
            Some("1234")
        );
        assert_eq!(last_four(&[0xee, 0xee, 0xee]), None);
        assert_eq!(last_four(&[0x12]), None);
        assert_eq!(last_four(&[0x11, 0x11, 0x11, 0xe1]), None);
    }
}
