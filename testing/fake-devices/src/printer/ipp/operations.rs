//! IPP requests to answers (RFC 8011, section 4).

use std::io::Cursor;

use cueline_model::ContentType;
use ipp::attribute::IppAttributes;
use ipp::model::{DelimiterTag, IppVersion, Operation, StatusCode};
use ipp::parser::{IppParseError, IppParser};
use ipp::reader::IppReader;
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;

use super::Shared;
use super::attributes::{self, Wanted};
use super::queue::{Document, Job};
use crate::printer::fault::PrinterFault;

/// The answer to a request, whatever its bytes are.
pub(super) fn answer(body: Vec<u8>, shared: &Shared) -> Vec<u8> {
    let parsed = IppParser::new(IppReader::new(Cursor::new(body))).parse_parts();
    let answered = match parsed {
        Ok((header, given, rest)) => {
            let rest = rest.into_inner();
            let at = usize::try_from(rest.position()).unwrap_or(usize::MAX);
            let body = rest.into_inner();
            let document = body.get(at..);
            let request = Request {
                operation: header.operation_or_status,
                id: header.request_id,
                given,
                document: document.unwrap_or_default(),
                shared,
            };
            request.answer()
        }
        Err(error) => {
            tracing::debug!(%error, "request not understood");
            IppRequestResponse::new_response(
                IppVersion::v1_1(),
                StatusCode::ClientErrorBadRequest,
                1,
            )
        }
    };
    // Only names of our own go into an answer, and all are short enough.
    answered
        .map(|response| response.to_bytes().to_vec())
        .unwrap_or_default()
}

struct Request<'a> {
    operation: i16,
    id: i32,
    given: IppAttributes,
    document: &'a [u8],
    shared: &'a Shared,
}

type Answer = Result<IppRequestResponse, IppParseError>;

impl Request<'_> {
    fn answer(&self) -> Answer {
        let is = |operation: Operation| self.operation == operation as i16;
        let prints = is(Operation::PrintJob)
            || is(Operation::CreateJob)
            || is(Operation::SendDocument)
            || is(Operation::ValidateJob);
        if prints && self.shared.panel.fault() == PrinterFault::Busy {
            return self.status(StatusCode::ServerErrorBusy);
        }
        if is(Operation::PrintJob) {
            self.print_job()
        } else if is(Operation::ValidateJob) {
            self.status(match self.document_format() {
                Some(_) => StatusCode::SuccessfulOk,
                None => StatusCode::ClientErrorDocumentFormatNotSupported,
            })
        } else if is(Operation::CreateJob) {
            self.job_made(self.add(None))
        } else if is(Operation::SendDocument) {
            self.send_document()
        } else if is(Operation::CancelJob) {
            self.status(
                match self.job_id().and_then(|id| self.shared.queue.cancel(id)) {
                    Some(true) => StatusCode::SuccessfulOk,
                    Some(false) => StatusCode::ClientErrorNotPossible,
                    None => StatusCode::ClientErrorNotFound,
                },
            )
        } else if is(Operation::GetJobAttributes) {
            match self.job_id().and_then(|id| self.shared.queue.get(id)) {
                Some(job) => self.with_jobs(&[job], &self.wanted()),
                None => self.status(StatusCode::ClientErrorNotFound),
            }
        } else if is(Operation::GetJobs) {
            let ended = self.text("which-jobs").as_deref() == Some("completed");
            let jobs = self.shared.queue.all().into_iter();
            let jobs: Vec<Job> = jobs.filter(|job| job.has_ended() == ended).collect();
            self.with_jobs(&jobs, &self.wanted())
        } else if is(Operation::GetPrinterAttributes) {
            let mut response = self.status(StatusCode::SuccessfulOk)?;
            for attribute in attributes::printer(self.shared, &self.wanted())? {
                response
                    .attributes_mut()
                    .add(DelimiterTag::PrinterAttributes, attribute);
            }
            Ok(response)
        } else {
            self.status(StatusCode::ServerErrorOperationNotSupported)
        }
    }

    fn status(&self, status: StatusCode) -> Answer {
        IppRequestResponse::new_response(IppVersion::v1_1(), status, self.id)
    }

    fn print_job(&self) -> Answer {
        match self.read_document() {
            Ok(document) => self.job_made(self.add(Some(document))),
            Err(status) => self.status(status),
        }
    }

    fn send_document(&self) -> Answer {
        let Some(id) = self.job_id() else {
            return self.status(StatusCode::ClientErrorBadRequest);
        };
        match self.read_document() {
            Ok(document) => match self.shared.queue.send(id, document) {
                Some(job) => self.job_made(Some(job)),
                None => self.status(StatusCode::ClientErrorNotFound),
            },
            Err(status) => self.status(status),
        }
    }

    fn add(&self, document: Option<Document>) -> Option<Job> {
        let name = self
            .text("job-name")
            .unwrap_or_else(|| "untitled".to_owned());
        let user = self
            .text("requesting-user-name")
            .unwrap_or_else(|| "anonymous".to_owned());
        self.shared.queue.add(name, user, document)
    }

    fn job_made(&self, job: Option<Job>) -> Answer {
        match job {
            Some(job) => self.with_jobs(&[job], &Wanted::all()),
            None => self.status(StatusCode::ServerErrorBusy),
        }
    }

    fn with_jobs(&self, jobs: &[Job], wanted: &Wanted) -> Answer {
        let mut response = self.status(StatusCode::SuccessfulOk)?;
        for job in jobs {
            let group = attributes::job(job, self.shared, wanted)?;
            response.attributes_mut().groups_mut().push(group);
        }
        Ok(response)
    }

    fn read_document(&self) -> Result<Document, StatusCode> {
        if self
            .text("compression")
            .is_some_and(|compression| compression != "none")
        {
            return Err(StatusCode::ClientErrorCompressionNotSupported);
        }
        let content_type = self
            .document_format()
            .ok_or(StatusCode::ClientErrorDocumentFormatNotSupported)?;
        if self.document.is_empty() {
            return Err(StatusCode::ClientErrorBadRequest);
        }
        Ok(Document {
            bytes: self.document.to_vec(),
            content_type,
            copies: self.number("copies").unwrap_or(1).clamp(1, 999) as u32,
        })
    }

    /// What the document is; by its first bytes where that is left to the printer.
    fn document_format(&self) -> Option<ContentType> {
        match self.text("document-format").as_deref() {
            Some("application/pdf") => Some(ContentType::Pdf),
            Some("image/jpeg") => Some(ContentType::Jpeg),
            Some("image/png") => Some(ContentType::Png),
            None | Some("application/octet-stream") => match self.document {
                [0x89, b'P', b'N', b'G', ..] => Some(ContentType::Png),
                [0xff, 0xd8, ..] => Some(ContentType::Jpeg),
                _ => Some(ContentType::Pdf),
            },
            Some(_) => None,
        }
    }

    fn job_id(&self) -> Option<i32> {
        let by_uri = || self.text("job-uri")?.rsplit('/').next()?.parse().ok();
        self.number("job-id").or_else(by_uri)
    }

    fn value(&self, name: &str) -> Option<&IppValue> {
        let mut groups = self.given.groups().iter();
        groups
            .find_map(|group| group.get(name))
            .map(|attribute| attribute.value())
    }

    fn number(&self, name: &str) -> Option<i32> {
        match self.value(name)? {
            IppValue::Integer(number) | IppValue::Enum(number) => Some(*number),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.value(name).map(ToString::to_string)
    }

    fn wanted(&self) -> Wanted {
        match self.value("requested-attributes") {
            Some(IppValue::Array(names)) => Wanted::named(names.iter().map(ToString::to_string)),
            Some(name) => Wanted::named([name.to_string()]),
            None => Wanted::all(),
        }
    }
}
