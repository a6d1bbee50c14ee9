//! Printers and queues that speak the Internet Printing Protocol, the system's own CUPS among them.

mod description;
mod follow;
mod http;
mod made;
mod media;
mod message;
mod options;
mod reasons;
mod trust;

use std::sync::Arc;
use std::time::Duration;

use ::ipp::model::Operation;
use ::ipp::value::IppValue;
use cueline_model::{Capabilities, ContentType, Fault, FaultCode, Language, PrintOptions, Proof};
use cueline_printers::Print;

use super::JobTaker;
use crate::PortAddress;
use crate::address::Host;
use crate::device::{DeviceTimeouts, PrintError, SoFar, Watch};
use crate::faults;
pub(crate) use description::Description;
use follow::Job;
pub(crate) use http::{Dial, Unanswered, unwritable};
pub(crate) use message::{Answer, Question};

/// A printer or queue, and how it is reached.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    dial: Dial,
    /// `printer-uri`, as the server knows it.
    uri: String,
    /// What is posted to.
    path: String,
    /// What people know it by.
    name: String,
}

impl Target {
    /// Where an IPP address leads; `None` for another kind.
    pub(crate) fn of(address: &PortAddress) -> Option<Self> {
        let PortAddress::Ipp {
            tls,
            host,
            port,
            path,
            pin,
        } = address
        else {
            return None;
        };
        let scheme = if *tls { "ipps" } else { "ipp" };
        Some(Self {
            uri: format!("{scheme}://{}:{port}{path}", Host(host)),
            path: path.clone(),
            name: format!("{}{path}", Host(host)),
            dial: Dial::Tcp {
                host: host.clone(),
                port: *port,
                tls: tls.then(|| trust::Trust::new(*pin)),
            },
        })
    }

    /// A queue of this system's CUPS.
    #[cfg(unix)]
    pub(crate) fn local_queue(queue: &str) -> Self {
        let path = format!("/printers/{}", encoded(queue));
        Self {
            uri: format!("ipp://localhost{path}"),
            path,
            name: queue.to_owned(),
            dial: local_server(),
        }
    }

    async fn ask(
        &self,
        question: Question,
        document: &[u8],
        timeouts: &DeviceTimeouts,
        answer_within: Duration,
    ) -> Result<Answer, Unanswered> {
        let bytes = question.into_bytes(document);
        self.dial
            .ask(&self.path, bytes, timeouts.connect, answer_within)
            .await
    }

    /// A question to this printer.
    fn question(
        &self,
        operation: Operation,
        more: impl FnOnce(Question) -> Result<Question, ::ipp::parser::IppParseError>,
    ) -> Result<Question, Unanswered> {
        unwritable(
            &self.name,
            Question::new(operation, &self.uri).and_then(more),
        )
    }
}

/// Where this system's CUPS listens: as `CUPS_SERVER` says (a socket's path, or a host), else at its
/// socket, else at port 631 (client.conf(5)).
#[cfg(unix)]
pub(crate) fn local_server() -> Dial {
    let tcp = |host: &str, port| Dial::Tcp {
        host: host.to_owned(),
        port,
        tls: None,
    };
    if let Ok(server) = std::env::var("CUPS_SERVER")
        && !server.is_empty()
    {
        if server.starts_with('/') {
            return Dial::Socket(server.into());
        }
        return match server.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => tcp(host, port.parse().unwrap_or(631)),
            _ => tcp(&server, 631),
        };
    }
    let socket = std::path::Path::new("/run/cups/cups.sock");
    if socket.exists() {
        Dial::Socket(socket.to_owned())
    } else {
        tcp("localhost", 631)
    }
}

/// Percent-encoded, as a part of a path (RFC 3986, section 3.3).
#[cfg(unix)]
fn encoded(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// One printer or queue, asked or not.
#[derive(Debug)]
pub(crate) struct IppPort {
    target: Arc<Target>,
    /// What raw bytes are in.
    language: Language,
    timeouts: DeviceTimeouts,
    /// What it said of itself when it was last opened.
    description: Option<Description>,
    warning: Option<Fault>,
    open: bool,
}

impl IppPort {
    pub(crate) fn new(target: Target, language: Language, timeouts: DeviceTimeouts) -> Self {
        Self {
            target: Arc::new(target),
            language,
            timeouts,
            description: None,
            warning: None,
            open: false,
        }
    }

    /// Makes the job and hands its document over.
    async fn submit(
        &self,
        printer: &Description,
        print: &Print,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        let none = PrintOptions::default();
        let (document, content_type, copies, options, title) = match print {
            Print::Tickets(tickets) => (tickets.bytes(), ContentType::Raw, 1, &none, None),
            Print::Document {
                bytes,
                content_type,
                copies,
                options,
                title,
            } => (
                bytes.as_slice(),
                *content_type,
                *copies,
                options.as_ref(),
                title.as_deref(),
            ),
        };
        let refuse = |text| Err(so_far.error(Fault::new(FaultCode::DataRefused, text)));
        let name = &self.target.name;
        let format = description::format(content_type, self.language, printer);
        // CUPS takes raw data whether it lists them or not, unless its queue has filters for all else.
        if !printer.takes(format) && content_type != ContentType::Raw {
            return refuse(format!(
                "The printer {name} takes no {content_type} documents, only {}: print it on another printer.",
                printer.formats.join(", ")
            ));
        }
        if copies > printer.copies_max {
            return refuse(format!(
                "The printer {name} makes at most {} copies at a time, not {copies}: print fewer at a time.",
                printer.copies_max
            ));
        }
        let job = Job {
            target: Arc::clone(&self.target),
            timeouts: self.timeouts,
            format,
            title: title.unwrap_or("Tickets"),
            copies,
            options,
            printer,
        };
        job.run(document, so_far, watch).await
    }
}

impl JobTaker for IppPort {
    async fn open(&mut self) -> Result<(), Fault> {
        self.open = false;
        let question = self
            .target
            .question(Operation::GetPrinterAttributes, |question| {
                question.only(&description::WANTED)
            })
            .map_err(|unanswered| unanswered.fault)?;
        let asking = self
            .target
            .ask(question, &[], &self.timeouts, self.timeouts.readiness);
        let answer = asking.await.map_err(|unanswered| unanswered.fault)?;
        let printer = match answer.printer() {
            Some(printer) if answer.status() < 0x100 => printer,
            _ => return Err(refused(&self.target.name, &answer)),
        };
        let state = state(&self.target.name, printer);
        self.description = Some(Description::read(printer));
        self.warning = state.warning;
        if let Some(fault) = state.fault {
            return Err(fault);
        }
        self.open = true;
        Ok(())
    }

    async fn print(
        &mut self,
        print: &Print,
        so_far: &mut SoFar,
        watch: Watch<'_>,
    ) -> Result<Proof, PrintError> {
        let is_open = std::mem::replace(&mut self.open, false);
        let Some(printer) = self.description.as_ref().filter(|_| is_open) else {
            return Err(so_far.error(faults::not_open(&self.target.name)));
        };
        self.submit(printer, print, so_far, watch).await
    }

    fn close(&mut self) {
        self.open = false;
    }

    fn warning(&self) -> Option<&Fault> {
        self.warning.as_ref()
    }

    fn capabilities(&self) -> Option<Capabilities> {
        self.description.as_ref().map(Description::capabilities)
    }
}

/// A printer's state in everybody's words.
fn state(name: &str, printer: message::Attributes<'_>) -> reasons::State {
    let reasons: Vec<String> = printer.texts("printer-state-reasons").collect();
    reasons::state(
        name,
        printer.number("printer-state"),
        &reasons,
        printer.flag("printer-is-accepting-jobs") != Some(false),
        printer.text("printer-state-message").as_deref(),
    )
}

/// What a status of 400 hexadecimal and above means.
fn refused(name: &str, answer: &Answer) -> Fault {
    let said = answer.message().filter(|text| !text.is_empty());
    let said = said.unwrap_or_else(|| format!("status {:04x}", answer.status()));
    match answer.status() {
        0x0406 | 0x0407 => Fault::new(
            FaultCode::PortError,
            format!(
                "There is no printer or queue {name} ({said}): check its address in the settings."
            ),
        ),
        0x0401..=0x0403 => Fault::new(
            FaultCode::PortError,
            format!(
                "The printer {name} does not let this computer print ({said}): let it where it is set up."
            ),
        ),
        0x0408 | 0x040a | 0x040b | 0x040e..=0x0412 => Fault::new(
            FaultCode::DataRefused,
            format!("The printer {name} refuses the job ({said}): tell the box office."),
        ),
        0x0506 => Fault::new(
            FaultCode::Paused,
            format!(
                "The printer {name} takes no jobs ({said}): let it accept jobs again where it is set up."
            ),
        ),
        0x0502 | 0x0505 | 0x0507 => Fault::new(
            FaultCode::Busy,
            format!("The printer {name} is busy ({said}): printing goes on by itself."),
        ),
        _ => Fault::new(
            FaultCode::DeviceError,
            format!(
                "The printer {name} refuses the job ({said}): look at its display, or print on another printer."
            ),
        ),
    }
}

/// The number of a job, as an attribute.
fn job_id(id: i32) -> IppValue {
    IppValue::Integer(id)
}
