//! Letters the fonts lack, put together of a letter and an accent that they have. With these they write
//! the Latin alphabets of Europe and Greek; the fonts themselves have only those of the west.

/// Where an accent goes on its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// In the middle above.
    Above,
    /// In the middle below, as the accent itself stands.
    Below,
    /// Below at the right, as an ogonek.
    BelowRight,
    /// Beside it at the top, as the caron of d, l and t is written.
    Beside,
    /// Through the stem of the letter.
    Through,
}

/// The letter, the accent and its spot.
pub(super) fn parts(composed: char) -> Option<(char, char, Spot)> {
    let found = COMPOSED.binary_search_by_key(&composed, |(composed, ..)| *composed);
    let (_, base, accent) = found.ok().and_then(|index| COMPOSED.get(index)).copied()?;
    let spot = match (accent, composed) {
        ('’', _) => Spot::Beside,
        ('˛', _) => Spot::BelowRight,
        ('¸' | ',', _) => Spot::Below,
        ('-', _) => Spot::Through,
        _ => Spot::Above,
    };
    Some((base, accent, spot))
}

/// In the order of the composed letters.
#[rustfmt::skip]
const COMPOSED: [(char, char, char); 125] = [
    ('Ā', 'A', 'ˉ'), ('ā', 'a', 'ˉ'), ('Ă', 'A', '˘'), ('ă', 'a', '˘'), ('Ą', 'A', '˛'),
    ('ą', 'a', '˛'), ('Ć', 'C', '´'), ('ć', 'c', '´'), ('Ĉ', 'C', 'ˆ'), ('ĉ', 'c', 'ˆ'),
    ('Ċ', 'C', '˙'), ('ċ', 'c', '˙'), ('Č', 'C', 'ˇ'), ('č', 'c', 'ˇ'), ('Ď', 'D', 'ˇ'),
    ('ď', 'd', '’'), ('đ', 'd', '-'), ('Ē', 'E', 'ˉ'), ('ē', 'e', 'ˉ'),
    ('Ĕ', 'E', '˘'), ('ĕ', 'e', '˘'), ('Ė', 'E', '˙'), ('ė', 'e', '˙'), ('Ę', 'E', '˛'),
    ('ę', 'e', '˛'), ('Ě', 'E', 'ˇ'), ('ě', 'e', 'ˇ'), ('Ĝ', 'G', 'ˆ'), ('ĝ', 'g', 'ˆ'),
    ('Ğ', 'G', '˘'), ('ğ', 'g', '˘'), ('Ġ', 'G', '˙'), ('ġ', 'g', '˙'), ('Ģ', 'G', ','),
    ('Ĥ', 'H', 'ˆ'), ('ĥ', 'h', 'ˆ'), ('ħ', 'h', '-'), ('Ĩ', 'I', '˜'),
    ('ĩ', 'ı', '˜'), ('Ī', 'I', 'ˉ'), ('ī', 'ı', 'ˉ'), ('Į', 'I', '˛'), ('į', 'i', '˛'),
    ('İ', 'I', '˙'), ('Ĵ', 'J', 'ˆ'), ('Ķ', 'K', ','), ('ķ', 'k', ','), ('Ĺ', 'L', '´'),
    ('ĺ', 'l', '´'), ('Ļ', 'L', ','), ('ļ', 'l', ','), ('Ľ', 'L', '’'), ('ľ', 'l', '’'),
    ('Ń', 'N', '´'), ('ń', 'n', '´'), ('Ņ', 'N', ','), ('ņ', 'n', ','), ('Ň', 'N', 'ˇ'),
    ('ň', 'n', 'ˇ'), ('Ō', 'O', 'ˉ'), ('ō', 'o', 'ˉ'), ('Ŏ', 'O', '˘'), ('ŏ', 'o', '˘'),
    ('Ő', 'O', '˝'), ('ő', 'o', '˝'), ('Ŕ', 'R', '´'), ('ŕ', 'r', '´'), ('Ŗ', 'R', ','),
    ('ŗ', 'r', ','), ('Ř', 'R', 'ˇ'), ('ř', 'r', 'ˇ'), ('Ś', 'S', '´'), ('ś', 's', '´'),
    ('Ŝ', 'S', 'ˆ'), ('ŝ', 's', 'ˆ'), ('Ş', 'S', '¸'), ('ş', 's', '¸'), ('Ţ', 'T', '¸'),
    ('ţ', 't', '¸'), ('Ť', 'T', 'ˇ'), ('ť', 't', '’'), ('Ũ', 'U', '˜'), ('ũ', 'u', '˜'),
    ('Ū', 'U', 'ˉ'), ('ū', 'u', 'ˉ'), ('Ŭ', 'U', '˘'), ('ŭ', 'u', '˘'), ('Ů', 'U', '˚'),
    ('ů', 'u', '˚'), ('Ű', 'U', '˝'), ('ű', 'u', '˝'), ('Ų', 'U', '˛'), ('ų', 'u', '˛'),
    ('Ŵ', 'W', 'ˆ'), ('ŵ', 'w', 'ˆ'), ('Ŷ', 'Y', 'ˆ'), ('ŷ', 'y', 'ˆ'), ('Ź', 'Z', '´'),
    ('ź', 'z', '´'), ('Ż', 'Z', '˙'), ('ż', 'z', '˙'), ('Ǧ', 'G', 'ˇ'), ('ǧ', 'g', 'ˇ'),
    ('Ș', 'S', ','), ('ș', 's', ','), ('Ț', 'T', ','), ('ț', 't', ','), ('Ά', 'Α', '´'),
    ('Έ', 'Ε', '´'), ('Ή', 'Η', '´'), ('Ί', 'Ι', '´'), ('Ό', 'Ο', '´'), ('Ύ', 'Υ', '´'),
    ('Ώ', 'Ω', '´'), ('Ϊ', 'Ι', '¨'), ('Ϋ', 'Υ', '¨'), ('ά', 'α', '´'), ('έ', 'ε', '´'),
    ('ή', 'η', '´'), ('ί', 'ι', '´'), ('ϊ', 'ι', '¨'), ('ϋ', 'υ', '¨'), ('ό', 'ο', '´'),
    ('ύ', 'υ', '´'), ('ώ', 'ω', '´'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composed_letters_are_in_order_and_found() {
        assert!(COMPOSED.is_sorted_by(|one, next| one.0 < next.0));
        assert_eq!(parts('ř'), Some(('r', 'ˇ', Spot::Above)));
        assert_eq!(parts('ą'), Some(('a', '˛', Spot::BelowRight)));
        assert_eq!(parts('ť'), Some(('t', '’', Spot::Beside)));
        assert_eq!(parts('a'), None);
    }
}
