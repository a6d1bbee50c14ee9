//! A job's options as job template attributes (RFC 8011, section 5.2; PWG 5100.7, 5100.13).

use std::collections::BTreeMap;

use cueline_model::{Duplex, Fit, OnUnsupported, PrintOptions, Rotation};
use ipp::parser::IppParseError;
use ipp::value::IppValue;

use super::description::Description;
use super::media;
use super::message::Question;

/// Adds what is asked for and the printer can. What it cannot was told before (a strict job is refused),
/// and would be ignored by it anyway.
pub(crate) fn add(
    mut question: Question,
    options: &PrintOptions,
    copies: u16,
    printer: &Description,
) -> Result<Question, IppParseError> {
    question = question.operation(
        "ipp-attribute-fidelity",
        IppValue::Boolean(options.on_unsupported == OnUnsupported::Strict),
    )?;
    let has = |known: &[String], word: &str| known.iter().any(|known| known == word);
    let mut keywords: Vec<(&str, &[String], &str)> = Vec::new();
    if let Some(collate) = options.collate {
        let word = if collate {
            "separate-documents-collated-copies"
        } else {
            "separate-documents-uncollated-copies"
        };
        keywords.push(("multiple-document-handling", &printer.handlings, word));
    }
    if let Some(color) = options.color {
        let word = if color { "color" } else { "monochrome" };
        keywords.push(("print-color-mode", &printer.color_modes, word));
    }
    if let Some(duplex) = options.duplex {
        let word = match duplex {
            Duplex::OneSided => "one-sided",
            Duplex::LongEdge => "two-sided-long-edge",
            Duplex::ShortEdge => "two-sided-short-edge",
        };
        keywords.push(("sides", &printer.sides, word));
    }
    if let Some(fit) = options.fit {
        let word = match fit {
            Fit::None => "none",
            Fit::Shrink => "auto-fit",
            Fit::Page => "fit",
        };
        keywords.push(("print-scaling", &printer.scalings, word));
    }
    for (name, known, word) in keywords {
        if has(known, word) {
            question = question.job(name, IppValue::new_keyword(word)?)?;
        }
    }
    if copies > 1 {
        question = question.job("copies", IppValue::Integer(i32::from(copies)))?;
    }
    if let Some(nup) = options.nup.map(i32::from)
        && printer.numbers_up.contains(&nup)
    {
        question = question.job("number-up", IppValue::Integer(nup))?;
    }
    if let Some(pages) = &options.pages
        && printer.page_ranges
    {
        let bound = |page: u32| i32::try_from(page).unwrap_or(i32::MAX);
        let ranges = pages
            .ranges()
            .map(|(first, last)| IppValue::RangeOfInteger {
                min: bound(first),
                max: last.map_or(i32::MAX, bound),
            })
            .collect();
        question = question.job("page-ranges", IppValue::Array(ranges))?;
    }
    if let Some(dpi) = options.dpi
        && printer.dpi.contains(&dpi)
    {
        let dpi = i32::from(dpi);
        question = question.job("printer-resolution", IppValue::new_resolution(dpi, dpi, 3))?;
    }
    if let Some(rotate) = options.rotate {
        // Landscape is turned counter-clockwise, reverse landscape clockwise.
        let orientation = match rotate {
            Rotation::R0 => 3,
            Rotation::R90 => 5,
            Rotation::R180 => 6,
            Rotation::R270 => 4,
        };
        if printer.orientations.contains(&orientation) {
            question = question.job("orientation-requested", IppValue::Enum(orientation))?;
        }
    }
    paper(question, options, printer)
}

/// The paper by its name where that is all that is asked for, else as a collection of what is.
fn paper(
    question: Question,
    options: &PrintOptions,
    printer: &Description,
) -> Result<Question, IppParseError> {
    let size = options
        .paper
        .as_ref()
        .and_then(|wanted| media::find(wanted, &printer.sizes));
    let among = |wanted: &Option<String>, known: &[String]| {
        let wanted = wanted.as_ref()?;
        known
            .iter()
            .find(|known| known.eq_ignore_ascii_case(wanted))
            .cloned()
    };
    let source = among(&options.tray, &printer.sources);
    let kind = among(&options.media, &printer.types);
    let by_name = source.is_none() && kind.is_none();
    if by_name {
        return match size {
            None => Ok(question),
            Some((Some(name), ..)) => question.job("media", IppValue::new_keyword(name)?),
            Some((None, width, height)) => {
                let name = format!("custom_ticket_{}x{}mm", mm(width), mm(height));
                question.job("media", IppValue::new_keyword(name)?)
            }
        };
    }
    let mut members = BTreeMap::new();
    if let Some((_, width, height)) = size {
        let measure = |hmm: u32| IppValue::Integer(i32::try_from(hmm).unwrap_or(i32::MAX));
        let size = BTreeMap::from([
            ("x-dimension".try_into()?, measure(width)),
            ("y-dimension".try_into()?, measure(height)),
        ]);
        members.insert("media-size".try_into()?, IppValue::Collection(size));
    }
    for (name, word) in [("media-source", source), ("media-type", kind)] {
        if let Some(word) = word {
            members.insert(name.try_into()?, IppValue::new_keyword(word)?);
        }
    }
    question.job("media-col", IppValue::Collection(members))
}

fn mm(hmm: u32) -> String {
    match hmm % 100 {
        0 => (hmm / 100).to_string(),
        rest => format!("{}.{rest:02}", hmm / 100),
    }
}
