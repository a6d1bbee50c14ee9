//! What the printer says of itself and of its jobs (RFC 8011, sections 5.3 and 5.4).

use ipp::attribute::{IppAttribute, IppAttributeGroup};
use ipp::model::{DelimiterTag, Operation, PrinterState};
use ipp::parser::IppParseError;
use ipp::value::IppValue;

use super::Shared;
use super::queue::Job;
use crate::printer::fault::PrinterFault;

/// Which attributes were asked for.
#[derive(Debug)]
pub(super) struct Wanted(Option<Vec<String>>);

impl Wanted {
    pub(super) const fn all() -> Self {
        Self(None)
    }

    /// Those with a name; names of groups stand for all here.
    pub(super) fn named(names: impl IntoIterator<Item = String>) -> Self {
        const GROUPS: [&str; 4] = [
            "all",
            "printer-description",
            "job-template",
            "job-description",
        ];
        let names: Vec<String> = names.into_iter().collect();
        if names.iter().any(|name| GROUPS.contains(&name.as_str())) {
            return Self::all();
        }
        Self(Some(names))
    }

    fn has(&self, name: &str) -> bool {
        self.0
            .as_ref()
            .is_none_or(|names| names.iter().any(|wanted| wanted == name))
    }
}

/// Attributes in the making.
struct Attributes<'a> {
    wanted: &'a Wanted,
    attributes: Vec<IppAttribute>,
}

impl Attributes<'_> {
    fn put(
        &mut self,
        name: &str,
        value: Result<IppValue, IppParseError>,
    ) -> Result<(), IppParseError> {
        if self.wanted.has(name) {
            self.attributes.push(IppAttribute::with_name(name, value?)?);
        }
        Ok(())
    }

    fn put_all(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = Result<IppValue, IppParseError>>,
    ) -> Result<(), IppParseError> {
        let values: Vec<IppValue> = values.into_iter().collect::<Result<_, _>>()?;
        self.put(name, Ok(IppValue::Array(values)))
    }

    fn number(&mut self, name: &str, number: i32) -> Result<(), IppParseError> {
        self.put(name, Ok(IppValue::new_integer(number)))
    }

    fn keyword(&mut self, name: &str, word: &str) -> Result<(), IppParseError> {
        self.put(name, IppValue::new_keyword(word))
    }

    fn keywords(&mut self, name: &str, words: &[&str]) -> Result<(), IppParseError> {
        self.put_all(name, words.iter().map(|word| IppValue::new_keyword(*word)))
    }
}

/// The `printer-state-reasons` of a fault.
fn reasons(fault: PrinterFault) -> &'static str {
    match fault {
        PrinterFault::PaperOut | PrinterFault::PathOut { .. } => "media-empty-error",
        PrinterFault::PaperLow => "media-low-warning",
        PrinterFault::CoverOpen => "cover-open-error",
        PrinterFault::Jam => "media-jam-error",
        // No keyword of the standard's own.
        PrinterFault::Cutter => "cueline-cutter-jam-error",
        PrinterFault::RibbonLow => "marker-supply-low-warning",
        PrinterFault::RibbonOut => "marker-supply-empty-error",
        PrinterFault::Offline => "paused",
        _ => "none",
    }
}

/// The printer's attributes.
pub(super) fn printer(
    shared: &Shared,
    wanted: &Wanted,
) -> Result<Vec<IppAttribute>, IppParseError> {
    const OPERATIONS: [Operation; 8] = [
        Operation::PrintJob,
        Operation::ValidateJob,
        Operation::CreateJob,
        Operation::SendDocument,
        Operation::CancelJob,
        Operation::GetJobAttributes,
        Operation::GetJobs,
        Operation::GetPrinterAttributes,
    ];
    const MEDIA: &str = "iso_a4_210x297mm";
    let fault = shared.panel.fault();
    let jobs = shared.queue.all();
    let waiting = jobs.iter().filter(|job| !job.has_ended()).count();
    let state = if fault.is_off_line() {
        PrinterState::Stopped
    } else if waiting > 0 || fault == PrinterFault::Busy {
        PrinterState::Processing
    } else {
        PrinterState::Idle
    };
    let mut all = Attributes {
        wanted,
        attributes: Vec::new(),
    };
    let dpi = i32::from(shared.settings.head.dpi);
    all.put_all(
        "printer-uri-supported",
        [IppValue::new_uri(shared.uri.clone())],
    )?;
    all.keywords("uri-authentication-supported", &["none"])?;
    all.keywords("uri-security-supported", &["none"])?;
    all.put(
        "printer-name",
        IppValue::new_name_without_language("cueline-virtual-printer"),
    )?;
    all.put(
        "printer-info",
        IppValue::new_text_without_language("Cueline virtual printer"),
    )?;
    all.put(
        "printer-make-and-model",
        IppValue::new_text_without_language("Cueline Virtual Printer"),
    )?;
    all.put("printer-state", IppValue::new_enum(state))?;
    all.keywords("printer-state-reasons", &[reasons(fault)])?;
    all.put("printer-is-accepting-jobs", Ok(IppValue::new_boolean(true)))?;
    all.number(
        "queued-job-count",
        i32::try_from(waiting).unwrap_or(i32::MAX),
    )?;
    all.number("printer-up-time", 1)?;
    all.keywords("ipp-versions-supported", &["1.1", "2.0"])?;
    all.put_all(
        "operations-supported",
        OPERATIONS.map(|operation| Ok(IppValue::Enum(operation as i32))),
    )?;
    all.put("charset-configured", IppValue::new_charset("utf-8"))?;
    all.put_all("charset-supported", [IppValue::new_charset("utf-8")])?;
    all.put(
        "natural-language-configured",
        IppValue::new_natural_language("en"),
    )?;
    all.put_all(
        "generated-natural-language-supported",
        [IppValue::new_natural_language("en")],
    )?;
    all.put(
        "document-format-default",
        IppValue::new_mime_media_type("application/pdf"),
    )?;
    all.put_all(
        "document-format-supported",
        [
            "application/pdf",
            "image/jpeg",
            "image/png",
            "application/octet-stream",
        ]
        .map(IppValue::new_mime_media_type),
    )?;
    all.keyword("pdl-override-supported", "attempted")?;
    all.keywords("compression-supported", &["none"])?;
    all.put(
        "multiple-document-jobs-supported",
        Ok(IppValue::new_boolean(false)),
    )?;
    all.put("color-supported", Ok(IppValue::new_boolean(false)))?;
    all.number("copies-default", 1)?;
    all.put(
        "copies-supported",
        Ok(IppValue::new_range_of_integer(1, 999)),
    )?;
    all.keyword("sides-default", "one-sided")?;
    all.keywords("sides-supported", &["one-sided"])?;
    all.keyword("media-default", MEDIA)?;
    all.keywords("media-supported", &[MEDIA])?;
    all.keywords("media-ready", &[MEDIA])?;
    all.put(
        "printer-resolution-default",
        Ok(IppValue::new_resolution(dpi, dpi, 3)),
    )?;
    all.put_all(
        "printer-resolution-supported",
        [Ok(IppValue::new_resolution(dpi, dpi, 3))],
    )?;
    all.keyword("print-color-mode-default", "monochrome")?;
    all.keywords("print-color-mode-supported", &["monochrome"])?;
    all.keywords(
        "job-creation-attributes-supported",
        &[
            "copies",
            "media",
            "sides",
            "print-color-mode",
            "printer-resolution",
        ],
    )?;
    Ok(all.attributes)
}

/// A job's attributes.
pub(super) fn job(
    job: &Job,
    shared: &Shared,
    wanted: &Wanted,
) -> Result<IppAttributeGroup, IppParseError> {
    let mut all = Attributes {
        wanted,
        attributes: Vec::new(),
    };
    all.number("job-id", job.id)?;
    all.put(
        "job-uri",
        IppValue::new_uri(format!("{}/{}", shared.uri, job.id)),
    )?;
    all.put("job-printer-uri", IppValue::new_uri(shared.uri.clone()))?;
    all.put("job-state", IppValue::new_enum(job.state))?;
    all.keywords("job-state-reasons", &[job.reason])?;
    all.put(
        "job-name",
        IppValue::new_name_without_language(job.name.clone()),
    )?;
    all.put(
        "job-originating-user-name",
        IppValue::new_name_without_language(job.user.clone()),
    )?;
    all.number("job-impressions-completed", job.impressions)?;
    all.number("job-media-sheets-completed", job.impressions)?;
    all.number("job-printer-up-time", 1)?;
    let mut group = IppAttributeGroup::new(DelimiterTag::JobAttributes);
    group.attributes_mut().extend(all.attributes);
    Ok(group)
}
