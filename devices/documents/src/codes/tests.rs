//! Tests of the codes' modules; that scanners read them is tested in `tests/codes.rs`.

use super::code128::SYMBOLS;
use super::*;

#[test]
fn every_symbol_of_code128_is_eleven_modules_and_no_two_are_alike() {
    for (index, symbol) in SYMBOLS.iter().enumerate() {
        assert_eq!(symbol.iter().sum::<u8>(), 11, "{index}");
        // Bars of a symbol come to an even number of modules, its self-check.
        assert_eq!((symbol[0] + symbol[2] + symbol[4]) % 2, 0, "{index}");
        assert!(!SYMBOLS[..index].contains(symbol), "{index}");
    }
}

#[test]
fn code128_takes_as_few_symbols_as_can_be() {
    // Start, checksum (11 modules each) and stop (13) around the data.
    for (data, symbols) in [
        ("A", 1),
        ("AB12", 4),     // two digits are not worth a change of set
        ("AB1234", 5),   // four at the end are
        ("123456", 3),   // all in set C
        ("1234567", 5),  // set C, then B for the last
        ("A123456B", 7), // six in the middle are: A, C, 3 pairs, B, B
        ("a\tb", 4),     // one control character between small letters is shifted
        ("a\t\t\tb", 7), // three are worth a change
        ("\t\t", 2),     // starts in set A
        ("~", 1),
    ] {
        let bars = code128(data).unwrap();
        assert_eq!(bars.modules(), 11 * (symbols + 2) + 13, "{data:?}");
    }
    assert_eq!(code128("a\tb").unwrap().text, "ab");
}

#[test]
fn escpos_data_that_is_not_valid_gives_no_bars() {
    for data in [
        &b"AB"[..],
        b"",
        b"{",
        b"{Xabc",
        b"{Ba\x01",
        b"{Cd",
        b"{1{B",
        b"{A{{",
    ] {
        assert_eq!(code128_escpos(data), None, "{data:?}");
    }
    assert_eq!(
        code128_escpos(b"{BNo. {C\x12\x05{B{{x").unwrap().text,
        "No. 1805{x"
    );
    assert_eq!(
        code128_escpos(b"{B1x").unwrap(),
        code128("1x").unwrap(),
        "both ways come to the same bars"
    );
    assert_eq!(code128_values(&[10]), None);
    assert_eq!(code128_values(&[104, 103]), None);
}

#[test]
fn check_digits_are_computed_and_checked() {
    assert_eq!(ean13("400638133393").unwrap().text, "4006381333931");
    assert_eq!(ean13("4006381333931").unwrap().modules(), 95);
    assert_eq!(ean8("9638507").unwrap().text, "96385074");
    assert_eq!(ean8("96385074").unwrap().modules(), 67);
    assert_eq!(upca("03600029145").unwrap().text, "036000291452");
    assert_eq!(
        upca("03600029145").unwrap().runs,
        ean13("0036000291452").unwrap().runs
    );
    let texts = [
        ean13("4006381333930").unwrap_err().to_string(),
        ean13("12345").unwrap_err().to_string(),
        ean8("9638507x").unwrap_err().to_string(),
        itf("123").unwrap_err().to_string(),
        code39("Abc").unwrap_err().to_string(),
        code128("Ä").unwrap_err().to_string(),
        code128("").unwrap_err().to_string(),
    ];
    assert_eq!(
        texts,
        [
            "the check digit of ean13 \"4006381333930\" is wrong: expected 1, got 0; leave it out to \
             have it computed",
            "ean13 takes 12 digits, or 13 with the check digit, got 5",
            "ean8 has no symbol for 'x' (character 8): expected the digits 0-9",
            "itf takes an even number of digits (put a 0 before them), got 3",
            "code39 has no symbol for 'b' (character 2): expected A-Z, 0-9, space and - . $ / + %",
            "code128 has no symbol for 'Ä' (character 1): expected ASCII characters",
            "the data is empty; give at least one character",
        ]
    );
}

#[test]
fn every_code_starts_and_ends_with_a_bar() {
    for bars in [
        code128("ABC-123").unwrap(),
        code39("ABC-123").unwrap(),
        itf("123456").unwrap(),
        ean13("400638133393").unwrap(),
        ean8("9638507").unwrap(),
        upca("03600029145").unwrap(),
    ] {
        assert_eq!(bars.runs.len() % 2, 1, "{bars:?}");
        let (start, width) = bars.bars().last().unwrap();
        assert_eq!(start + width, bars.modules());
        assert_eq!(bars.bars().next().unwrap().0, 0);
    }
}

#[test]
fn a_qr_code_grows_with_its_data_up_to_a_limit_with_a_name() {
    assert_eq!(qr(b"1", Level::L).unwrap().side(), 21);
    assert_eq!(qr(&[0xff; 2953], Level::L).unwrap().side(), 177);
    let error = qr(&[0xff; 1274], Level::H).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1274 bytes are too many for a QR code of level H: expected at most 1273; shorten the data or \
         lower the level"
    );
    assert_eq!(qr(b"", Level::M), Err(CodeError::Empty));
}
