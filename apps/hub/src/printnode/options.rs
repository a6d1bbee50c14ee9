//! PrintNode's `options` of a print job, as far as there is the same here.
//!
//! Keys that are not known are passed over and what the printer cannot do is left out and noted, as
//! PrintNode's client does; a value that cannot be read is refused.

use cueline_model::{Duplex, Fit, OnUnsupported, PageRanges, PrintOptions, Rotation};
use serde_json::{Map, Value};

use super::fault::Fault;

/// The options and the number of copies.
///
/// # Errors
/// 400 naming the option.
pub fn read(given: &Map<String, Value>) -> Result<(PrintOptions, u16), Fault> {
    let mut options = PrintOptions {
        on_unsupported: OnUnsupported::BestEffort,
        ..PrintOptions::default()
    };
    let mut copies = 1;
    for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let refuse = |expected: &str| {
            let got: String = value.to_string().chars().take(64).collect();
            Fault::bad_request(format!("options.{key}: expected {expected}, got {got}"))
        };
        match key.as_str() {
            "bin" => options.tray = Some(text(value).ok_or_else(|| refuse("a name"))?),
            "collate" => {
                options.collate = Some(truth(value).ok_or_else(|| refuse("true or false"))?);
            }
            "color" => options.color = Some(truth(value).ok_or_else(|| refuse("true or false"))?),
            "copies" => {
                copies = number(value).ok_or_else(|| refuse("a number from 1"))?;
            }
            "dpi" => {
                options.dpi = Some(dpi(value).ok_or_else(|| refuse("a number or 203x203"))?);
            }
            "duplex" => {
                options.duplex = Some(
                    duplex(value).ok_or_else(|| refuse("long-edge, short-edge or one-sided"))?,
                );
            }
            "fit_to_page" => {
                let fits = truth(value).ok_or_else(|| refuse("true or false"))?;
                options.fit = Some(if fits { Fit::Page } else { Fit::None });
            }
            "media" => options.media = Some(text(value).ok_or_else(|| refuse("a name"))?),
            "nup" => {
                let pages = number(value).and_then(|number| u8::try_from(number).ok());
                options.nup = Some(pages.ok_or_else(|| refuse("1, 2, 4, 6, 9 or 16"))?);
            }
            "pages" => {
                options.pages = pages(value).ok_or_else(|| refuse("pages like 1,3-5,8-"))?;
            }
            "paper" => options.paper = Some(text(value).ok_or_else(|| refuse("a name"))?),
            "rotate" => {
                let turned = number(value).and_then(|degrees| Rotation::try_from(degrees).ok());
                options.rotate = Some(turned.ok_or_else(|| refuse("0, 90, 180 or 270"))?);
            }
            _ => {}
        }
    }
    Ok((options, copies))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

/// Forms and many programs write truth as text or as a number.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text == "true" || text == "1" => Some(true),
        Value::String(text) if text == "false" || text == "0" => Some(false),
        Value::Number(number) if number.as_u64() == Some(1) => Some(true),
        Value::Number(number) if number.as_u64() == Some(0) => Some(false),
        _ => None,
    }
}

/// A number, or one written as text.
pub fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| number.try_into().ok()),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// `203` or `203x203`; what differs across and along is of no use here.
fn dpi(value: &Value) -> Option<u16> {
    if let Some((across, along)) = value.as_str().and_then(|text| text.split_once('x')) {
        return (across == along).then(|| across.parse().ok()).flatten();
    }
    number(value)
}

fn duplex(value: &Value) -> Option<Duplex> {
    match value.as_str()? {
        "long-edge" => Some(Duplex::LongEdge),
        "short-edge" => Some(Duplex::ShortEdge),
        "one-sided" => Some(Duplex::OneSided),
        _ => None,
    }
}

/// `1,3`, `2-5`, `-5`, `7-` and `-`, in any order and overlapping; inner `None`: all pages.
#[expect(
    clippy::option_option,
    reason = "outside: whether it can be read; inside: whether pages are left out"
)]
fn pages(value: &Value) -> Option<Option<PageRanges>> {
    let written = match value {
        Value::Number(number) => number.to_string(),
        other => text(other)?,
    };
    let mut ranges = Vec::new();
    for part in written.split(',').map(str::trim) {
        let page = |digits: &str| digits.trim().parse::<u32>().ok().filter(|page| *page > 0);
        let range = match part.split_once('-') {
            None => {
                let page = page(part)?;
                (page, page)
            }
            Some((first, last)) => (
                if first.is_empty() { 1 } else { page(first)? },
                if last.is_empty() {
                    u32::MAX
                } else {
                    page(last)?
                },
            ),
        };
        ranges.push(range);
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (first, last) in ranges {
        if last < first {
            return None;
        }
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    if joined == [(1, u32::MAX)] {
        return Some(None);
    }
    let texts: Vec<String> = joined
        .into_iter()
        .map(|(first, last)| match last {
            u32::MAX => format!("{first}-"),
            last => format!("{first}-{last}"),
        })
        .collect();
    texts.join(",").parse().ok().map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: Value) -> Result<(PrintOptions, u16), String> {
        let Value::Object(map) = value else {
            panic!("not an object")
        };
        read(&map).map_err(|fault| format!("{fault:?}"))
    }

    #[test]
    fn every_option_finds_its_place() {
        let (options, copies) = of(json!({
            "bin": "Tray 2", "collate": true, "color": false, "copies": 3, "dpi": "600x600",
            "duplex": "long-edge", "fit_to_page": true, "media": "stationery", "nup": 2,
            "pages": "1,3-5", "paper": "A4", "rotate": 90, "unknown": {"x": 1}, "nothing": null,
        }))
        .unwrap();
        assert_eq!(copies, 3);
        assert_eq!(
            options,
            PrintOptions {
                on_unsupported: OnUnsupported::BestEffort,
                tray: Some("Tray 2".to_owned()),
                collate: Some(true),
                color: Some(false),
                dpi: Some(600),
                duplex: Some(Duplex::LongEdge),
                fit: Some(Fit::Page),
                media: Some("stationery".to_owned()),
                nup: Some(2),
                pages: Some("1,3-5".parse().unwrap()),
                paper: Some("A4".to_owned()),
                rotate: Some(Rotation::R90),
                ..PrintOptions::default()
            }
        );
        assert_eq!(of(json!({})).unwrap(), (PrintOptions::default(), 1));
    }

    #[test]
    fn values_as_forms_write_them_are_read() {
        let (options, copies) = of(json!({
            "copies": "2", "collate": "1", "color": 0, "dpi": "203", "nup": "4", "rotate": "180",
            "fit_to_page": "false", "pages": 2
        }))
        .unwrap();
        assert_eq!(copies, 2);
        assert_eq!((options.collate, options.color), (Some(true), Some(false)));
        assert_eq!((options.dpi, options.nup), (Some(203), Some(4)));
        assert_eq!(options.fit, Some(Fit::None));
        assert_eq!(options.pages.unwrap().to_string(), "2");
    }

    #[test]
    fn pages_are_put_in_order() {
        for (given, read) in [
            ("5,1-2", Some("1-2,5")),
            ("-3", Some("1-3")),
            ("4-", Some("4-")),
            ("2-4,3-9,10", Some("2-10")),
            ("-", None),
            ("3-,1-2", None),
        ] {
            let pages = pages(&json!(given)).unwrap();
            assert_eq!(
                pages.map(|pages| pages.to_string()).as_deref(),
                read,
                "{given}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (key, value) in [
            ("copies", json!("many")),
            ("duplex", json!("both")),
            ("rotate", json!(45)),
            ("dpi", json!("300x600")),
            ("pages", json!("5-1")),
            ("pages", json!("0")),
            ("bin", json!(1)),
            ("collate", json!("yes")),
            ("nup", json!(1000)),
        ] {
            let error = of(json!({ key: value })).unwrap_err();
            assert!(error.contains(&format!("options.{key}")), "{error}");
        }
    }
}
