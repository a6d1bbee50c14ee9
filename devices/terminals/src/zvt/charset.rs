//! Texts of terminals: code page 437, which is what PA00P015 (chapter 12) takes for granted.

use cueline_model::card_number::mask_card_numbers;

const UPPER: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The longest text that is kept, in characters.
const TEXT_CHARS_MAX: usize = 256;

/// The text without control characters, card numbers masked.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let text: String = bytes
        .iter()
        .filter_map(|byte| match byte {
            0x80.. => UPPER.chars().nth(usize::from(byte - 0x80)),
            0x20..=0x7e => Some(char::from(*byte)),
            b'\t' | b'\r' | b'\n' => Some(' '),
            _ => None,
        })
        .take(TEXT_CHARS_MAX)
        .collect();
    mask_card_numbers(text.trim_end())
}

/// The bytes of a text; a character that the code page lacks becomes `?`.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    text.chars()
        .map(|char| match u8::try_from(char) {
            Ok(byte @ 0x20..=0x7e) => byte,
            _ => UPPER
                .chars()
                .position(|upper| upper == char)
                .and_then(|place| u8::try_from(place + 0x80).ok())
                .unwrap_or(b'?'),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_upper_character_comes_back() {
        assert_eq!(UPPER.chars().count(), 128);
        let text = "Händlerbeleg Straße 5 £";
        assert_eq!(decode(&encode(text)), text);
        assert_eq!(encode("€"), b"?");
    }

    #[test]
    fn no_card_number_gets_through() {
        assert_eq!(decode(b"PAN 4111111111111111\0"), "PAN ************1111");
    }
}
