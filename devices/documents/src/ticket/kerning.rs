//! Letters that would stand too far apart in large type, moved together. The fonts carry no such table;
//! these are round values between those of the Helvetica and Times they follow, and good for all of
//! the proportional ones.

/// Thousandths of an em by which the second letter moves; negative is closer.
pub(super) fn kerning(left: char, right: char) -> f64 {
    let (left, right) = (plain(left), plain(right));
    let units = match (left, right) {
        ('T', 'a' | 'c' | 'e' | 'o' | 's') => -80,
        ('T', 'r' | 'u' | 'w' | 'y' | 'z') => -70,
        ('T', 'A') | ('A', 'T') => -80,
        ('A', 'V' | 'Y') | ('V' | 'Y', 'A') => -95,
        ('A', 'W') | ('W', 'A') => -70,
        ('A', 'v' | 'w' | 'y' | '’') => -50,
        ('V', 'a' | 'e' | 'o') => -70,
        ('W', 'a' | 'e' | 'o') => -45,
        ('Y', 'a' | 'e' | 'o' | 'u') => -90,
        ('L', 'T' | 'V' | 'Y' | '’') => -90,
        ('L', 'W') => -70,
        ('L', 'y') => -40,
        ('P', 'A') | ('F', 'A') => -75,
        ('P', 'a' | 'e' | 'o') | ('F', 'a' | 'e' | 'o') => -35,
        ('K', 'o' | 'e' | 'y') => -30,
        ('R', 'T' | 'V' | 'Y') => -30,
        ('T' | 'V' | 'Y', ',' | '.' | ':' | '-' | '–') => -90,
        ('W', ',' | '.') => -75,
        ('P' | 'F', ',' | '.') => -120,
        ('v' | 'w' | 'y', ',' | '.') => -65,
        ('r', ',' | '.') => -60,
        ('’', 's') => -35,
        _ => 0,
    };
    f64::from(units) / 1000.0
}

/// A letter without its accent, where the accent leaves its shape at the sides.
fn plain(letter: char) -> char {
    match letter {
        'À'..='Å' => 'A',
        'à'..='å' => 'a',
        'è'..='ë' => 'e',
        'ò'..='ö' | 'ø' => 'o',
        'ù'..='ü' => 'u',
        'Ý' => 'Y',
        'ý' | 'ÿ' => 'y',
        other => super::accents::parts(other).map_or(other, |(base, ..)| base),
    }
}
