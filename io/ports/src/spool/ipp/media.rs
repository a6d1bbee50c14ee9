//! Names of paper (PWG 5101.1): `iso_a4_210x297mm`, `na_letter_8.5x11in`, `om_ticket_80x150mm`.

use cueline_model::Paper;

/// Hundredths of a millimetre in an inch.
const HMM_PER_INCH: f64 = 2540.0;

/// The paper that a name describes: its class and size are left out of the short name that people use.
/// `None` for names that describe none, such as `custom_max_…` or those of trays.
pub(crate) fn paper(name: &str) -> Option<Paper> {
    let (class_and_name, size) = name.rsplit_once('_')?;
    let (class, short) = class_and_name.split_once('_')?;
    if class == "custom" || class == "roll" {
        return None;
    }
    let (number, unit) = size
        .strip_suffix("mm")
        .map(|number| (number, 100.0))
        .or_else(|| Some((size.strip_suffix("in")?, HMM_PER_INCH)))?;
    let (width, height) = number.split_once('x')?;
    let hmm = |text: &str| {
        let value = text.parse::<f64>().ok()? * unit;
        (value > 0.0 && value < 1e8).then_some(value.round() as u32)
    };
    Some(Paper {
        name: shown(short),
        width_hmm: hmm(width)?,
        height_hmm: Some(hmm(height)?),
    })
}

fn shown(short: &str) -> String {
    let mut letters = short.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The size that is asked for: one of the printer's by its long or short name, or `80x150mm`; in
/// hundredths of a millimetre, with its long name where it has one.
pub(crate) fn find<'a>(wanted: &str, sizes: &'a [String]) -> Option<(Option<&'a str>, u32, u32)> {
    for name in sizes {
        let Some(paper) = paper(name) else { continue };
        if (name.eq_ignore_ascii_case(wanted) || paper.name.eq_ignore_ascii_case(wanted))
            && let Some(height) = paper.height_hmm
        {
            return Some((Some(name), paper.width_hmm, height));
        }
    }
    let (width, height) = wanted.strip_suffix("mm")?.split_once('x')?;
    let hmm = |text: &str| {
        let value = text.parse::<f64>().ok()? * 100.0;
        (1.0..1e7).contains(&value).then_some(value.round() as u32)
    };
    let (width, height) = (hmm(width)?, hmm(height)?);
    let named = sizes.iter().find(|name| {
        paper(name).is_some_and(|paper| {
            paper.width_hmm.abs_diff(width) <= 10
                && paper
                    .height_hmm
                    .is_some_and(|own| own.abs_diff(height) <= 10)
        })
    });
    Some((named.map(String::as_str), width, height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_describe_papers() {
        let of = |name| paper(name).map(|paper| (paper.name, paper.width_hmm, paper.height_hmm));
        assert_eq!(
            of("iso_a4_210x297mm"),
            Some(("A4".to_owned(), 21000, Some(29700)))
        );
        assert_eq!(
            of("na_letter_8.5x11in"),
            Some(("Letter".to_owned(), 21590, Some(27940)))
        );
        assert_eq!(
            of("oe_2x4-label_2x4in"),
            Some(("2x4-label".to_owned(), 5080, Some(10160)))
        );
        for none in [
            "custom_max_210x297mm",
            "roll_max_4x39.6in",
            "auto",
            "a_b_cxdmm",
            "_",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn a_size_is_found_by_either_name_or_by_its_measure() {
        let sizes = [
            "iso_a4_210x297mm".to_owned(),
            "na_letter_8.5x11in".to_owned(),
        ];
        for wanted in ["A4", "a4", "iso_a4_210x297mm", "210x297mm"] {
            assert_eq!(
                find(wanted, &sizes),
                Some((Some("iso_a4_210x297mm"), 21000, 29700))
            );
        }
        assert_eq!(find("80x150mm", &sizes), Some((None, 8000, 15000)));
        assert_eq!(find("A5", &sizes), None);
        assert_eq!(find("0x1mm", &sizes), None);
    }
}
