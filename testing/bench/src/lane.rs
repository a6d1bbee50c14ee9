//! Tickets a minute through one lane at the end of a serial line: commands of the printer's own language
//! against the same ticket as a picture.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_model::{ContentType, JobState, PrinterId, Proof};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::paper::Paper;
use cueline_system::peers;
use cueline_wire::Base64Bytes;
use cueline_wire::api::PrintJob;

use crate::line::Line;

/// 80 mm paper.
const ROLL: &[u8] = include_bytes!("../../../devices/documents/samples/theatre-roll.json");
/// 152 x 51 mm with a stub.
const STUB: &[u8] = include_bytes!("../../../devices/documents/samples/theatre-stub.json");
const PATIENCE: Duration = Duration::from_secs(600);

/// What the roll says, in the printer's own font and codes, written by python-escpos: an ESC/POS printer
/// gets a ticket document as a picture, so that its native ticket is one that a box office writes itself.
const ESCPOS: &str = r#"
import sys
from escpos.printer import Dummy
p = Dummy()
p.set(align="center", bold=True)
p.text("THE LYCEUM PLAYHOUSE\n")
p.set(align="center", bold=True, custom_size=True, width=2, height=2)
p.text("The Tempest\n")
p.set(align="center", normal_textsize=True)
p.text("by William Shakespeare\n" + "-" * 48 + "\n")
p.set(align="left", bold=True, normal_textsize=True)
p.text("Saturday 14 November 2026                7.30 pm\n")
p.set(align="left", bold=False, normal_textsize=True)
p.text("Full price                    Doors open 6.45 pm\n" + "-" * 48 + "\n")
p.text("BLOCK           ROW             SEAT\n")
p.set(align="left", bold=True, custom_size=True, width=2, height=2)
p.text("Stalls  F       14\n")
p.set(align="left", bold=False, normal_textsize=True)
p.text("-" * 48 + "\nNAME   Zoe Dvorakova\nPRICE  42.50\nORDER  8F3K-22Q7\n")
p.set(align="center")
p.qr("https://lyceum.example/t/8F3K22Q7-014", size=6, native=True)
p.text("- " * 24 + "\nADMIT ONE   Stalls F 14\nThe Tempest  Sat 14 Nov 2026, 7.30 pm\n")
p.barcode("{B8F3K22Q7-014", "CODE128", function_type="B", height=88, width=3)
p.cut()
sys.stdout.buffer.write(p.output)
"#;

/// One printer at the end of its line.
struct Lane {
    name: &'static str,
    sample: &'static [u8],
    dots: (u16, Option<u16>),
    paper: Paper,
    line: Line,
}

/// How fast one kind of ticket went.
struct Pace {
    /// On the line, with everything that is said around it.
    bytes_each: f64,
    /// From the end of one to the end of the next.
    seconds_each: f64,
}

impl Pace {
    fn tickets_a_minute(&self) -> f64 {
        60.0 / self.seconds_each
    }
}

impl Lane {
    fn start(
        folder: &Path,
        name: &'static str,
        sample: &'static [u8],
        dots: (u16, Option<u16>),
        baud: u64,
    ) -> anyhow::Result<Self> {
        let (width, height) = (dots.0.to_string(), dots.1.map(|dots| dots.to_string()));
        let mut arguments = vec!["--language", name, "--width-dots", &width];
        if let Some(height) = &height {
            arguments.extend(["--height-dots", height]);
        }
        let paper = Paper::start_with(folder, name, &arguments)?;
        let line = Line::start(paper.port(), baud)?;
        Ok(Self {
            name,
            sample,
            dots,
            paper,
            line,
        })
    }

    fn setup(&self, baud: u64) -> PrinterSetup {
        let mut lines = format!("language = \"{}\"\nwidth_dots = {}", self.name, self.dots.0);
        if let Some(height) = self.dots.1 {
            lines += &format!("\nheight_dots = {height}");
        }
        PrinterSetup::new(self.name, self.line.address(baud), lines)
    }

    /// Prints `count` tickets of a kind and one before them, put in at once, a job each.
    async fn pace(
        &self,
        api: &Api,
        printer: PrinterId,
        content_type: ContentType,
        ticket: &[u8],
        count: usize,
        title: &str,
    ) -> anyhow::Result<Pace> {
        let before = self.paper.titles()?.len();
        let mut request = raw_job(printer, ticket);
        request.content_type = content_type;
        request.content = Some(Base64Bytes(ticket.to_vec()));
        let mut jobs = Vec::new();
        let carried = self.line.carried();
        for number in 0..=count {
            let key = format!("{title} {number}");
            jobs.push(api.submit_surely(&request, &key).await?.id);
        }
        let mut ends = Vec::new();
        for id in jobs {
            let job: PrintJob = api.settled(id, PATIENCE).await?;
            ensure!(
                job.state == JobState::Done && job.proof == Some(Proof::Printed),
                "{title}: {job:#?}"
            );
            ends.push(job.settled_at.context("a job that ended says when")?.0);
        }
        let came_out = self.paper.titles()?.len() - before;
        ensure!(
            came_out == count + 1,
            "{title}: {} jobs, {came_out} tickets",
            count + 1
        );
        let ms = ends[count].ms_since(ends[0]);
        Ok(Pace {
            bytes_each: (self.line.carried() - carried) as f64 / (count + 1) as f64,
            seconds_each: ms as f64 / 1e3 / count as f64,
        })
    }

    /// Measures one ticket document in both ways.
    async fn measure(
        &self,
        api: &Api,
        shown: &str,
        document: &[u8],
        count: usize,
    ) -> anyhow::Result<()> {
        let printer = wait_for_printer(api, self.name).await?.id;
        let title = format!("{} {shown}", self.name);
        let (native_type, native) = if self.name == "escpos" {
            (ContentType::Raw, peers::run_python(ESCPOS, &[])?)
        } else {
            (ContentType::Ticket, document.to_vec())
        };
        let native_title = format!("{title} native");
        let native = self
            .pace(api, printer, native_type, &native, count, &native_title)
            .await?;
        let picture = self.picture(api, printer, document, &title).await?;
        let raster_title = format!("{title} raster");
        let raster = self
            .pace(
                api,
                printer,
                ContentType::Png,
                &picture,
                count,
                &raster_title,
            )
            .await?;
        println!(
            "{title}: native {:.0} bytes, {:.1} a minute; raster {:.0} bytes, {:.1} a minute; native / raster {:.2}",
            native.bytes_each,
            native.tickets_a_minute(),
            raster.bytes_each,
            raster.tickets_a_minute(),
            native.tickets_a_minute() / raster.tickets_a_minute(),
        );
        Ok(())
    }

    /// The same ticket as dots: the preview of a job that prints it.
    async fn picture(
        &self,
        api: &Api,
        printer: PrinterId,
        document: &[u8],
        title: &str,
    ) -> anyhow::Result<Vec<u8>> {
        let mut request = raw_job(printer, document);
        request.content_type = ContentType::Ticket;
        let job = api
            .submit_surely(&request, &format!("{title} preview"))
            .await?;
        api.settled(job.id, PATIENCE).await?;
        let picture = api
            .get(&format!("/v1/print-jobs/{}/picture", job.id))
            .await?;
        ensure!(picture.status.is_success(), "no picture: {picture:?}");
        Ok(picture.body)
    }
}

/// Measures `count` tickets of each kind on lines of `baud`.
///
/// # Errors
/// When a ticket does not come out, or is not proven.
pub async fn measure(count: usize, baud: u64) -> anyhow::Result<()> {
    ensure!(count > 0, "expected at least one ticket, got none");
    let folder = tempfile::tempdir()?;
    let lanes = [
        Lane::start(folder.path(), "fgl", STUB, (1216, Some(408)), baud)?,
        Lane::start(folder.path(), "escpos", ROLL, (576, None), baud)?,
        Lane::start(folder.path(), "zpl", ROLL, (576, None), baud)?,
    ];
    let hub = Hub::start(folder.path(), "")?;
    let setup = TillSetup {
        config: "proxy = \"none\"".to_owned(),
        printers: lanes.iter().map(|lane| lane.setup(baud)).collect(),
        register_arguments: Vec::new(),
    };
    let till = Till::start(folder.path(), "till-1", &hub, &setup).await?;
    let api = hub.api()?;
    for lane in &lanes {
        let bare = without_images(lane.sample)?;
        for (shown, document) in [("sample", lane.sample), ("without image", &bare)] {
            lane.measure(&api, shown, document, count)
                .await
                .with_context(|| till.log())?;
        }
    }
    Ok(())
}

/// The same document without its artwork, which is a picture in either way.
fn without_images(document: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut ticket: serde_json::Value = serde_json::from_slice(document)?;
    ticket["elements"]
        .as_array_mut()
        .context("a ticket document has elements")?
        .retain(|element| element["type"] != "image");
    Ok(serde_json::to_vec(&ticket)?)
}
