//! Bytes to characters: code pages, and UTF-8 byte by byte.

/// The upper halves of the code pages, 80H to FFH.
const PAGE_437: &str = "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ\
     áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
     └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
     αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";
const PAGE_850: &str = "\
     ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒ\
     áíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐\
     └┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀\
     ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
const PAGE_1252: &str = "\
     €�‚ƒ„…†‡ˆ‰Š‹Œ�Ž��‘’“”•–—˜™š›œ�žŸ\
     \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
     ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞß\
     àáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";

/// How bytes stand for characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum CodePage {
    /// The first PC's.
    #[default]
    Cp437,
    /// Western Europe.
    Cp850,
    /// Western Europe with a euro sign in place of a dotless i.
    Cp858,
    /// Windows, Western Europe.
    Windows1252,
    /// One to four bytes a character; only [`Decoder`] takes it apart.
    Utf8,
}

impl CodePage {
    /// The character that one byte stands for.
    pub(crate) fn character(self, byte: u8) -> char {
        let Some(index) = byte.checked_sub(0x80) else {
            return char::from(byte);
        };
        let page = match self {
            Self::Cp858 if byte == 0xd5 => return '€',
            Self::Cp850 | Self::Cp858 => PAGE_850,
            Self::Windows1252 | Self::Utf8 => PAGE_1252,
            Self::Cp437 => PAGE_437,
        };
        page.chars()
            .nth(usize::from(index))
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// All characters of some bytes.
    pub(crate) fn decode(self, bytes: &[u8]) -> String {
        let mut decoder = Decoder::default();
        bytes
            .iter()
            .filter_map(|byte| decoder.push(*byte, self))
            .collect()
    }
}

/// Bytes to characters one byte at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decoder {
    begun: Vec<u8>,
}

impl Decoder {
    /// Takes one byte; gives the character that it completes, if it does. What is not valid UTF-8 is
    /// one replacement character for each sequence.
    pub(crate) fn push(&mut self, byte: u8, page: CodePage) -> Option<char> {
        if page != CodePage::Utf8 {
            return Some(page.character(byte));
        }
        self.begun.push(byte);
        let done = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.chars().next(),
            Err(error) if error.error_len().is_none() => return None,
            Err(_) => Some(char::REPLACEMENT_CHARACTER),
        };
        self.begun.clear();
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_128_characters_above_ascii() {
        for page in [PAGE_437, PAGE_850, PAGE_1252] {
            assert_eq!(page.chars().count(), 128);
        }
        assert_eq!(CodePage::Cp437.character(b'A'), 'A');
        assert_eq!(CodePage::Cp437.character(0x82), 'é');
        assert_eq!(CodePage::Cp850.character(0x9c), '£');
        assert_eq!(CodePage::Cp858.character(0xd5), '€');
        assert_eq!(CodePage::Windows1252.character(0x80), '€');
    }

    #[test]
    fn utf8_is_put_together_and_what_is_none_is_replaced() {
        assert_eq!(CodePage::Utf8.decode("£ 5 €".as_bytes()), "£ 5 €");
        assert_eq!(CodePage::Utf8.decode(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(CodePage::Utf8.decode(b"a\xe2\x82"), "a");
    }
}
