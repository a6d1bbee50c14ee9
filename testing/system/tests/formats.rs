//! Every format on every printer: what came out is held against the preview, and every code on it is
//! read back. The table in `docs/formats-and-printers.md` is what this test writes.
//!
//! `CUELINE_BLESS=1` writes the table anew; otherwise it must be as it stands.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_model::{ContentType, JobState, PrintOptions};
use cueline_system::api::{Api, raw_job};
use cueline_system::box_office::{Hub, PrinterSetup, Till, TillSetup, wait_for_printer};
use cueline_system::emupos::Emupos;
use cueline_system::paper::Paper;
use cueline_system::picture::Inked;
use cueline_system::{peers, settings};
use cueline_wire::Base64Bytes;
use cueline_wire::api::PrintJob;

const TABLE: &str = "docs/formats-and-printers.md";
const QR: &str = "CUELINE/48213";
const BARS: &str = "GL48213-C12";
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Where the picture of what came out is found.
enum Output {
    /// Our virtual printer.
    Virtual(Paper),
    /// emupos.
    Emupos(Emupos),
    /// A file of ZPL, drawn by `zpl-renderer-js`.
    ZplFile(PathBuf),
}

struct Kind {
    name: &'static str,
    /// As the table names it.
    shown: &'static str,
    lines: &'static str,
    /// Its language's own bytes, for `raw`.
    raw: fn() -> Vec<u8>,
    output: Output,
}

impl Kind {
    fn address(&self) -> String {
        match &self.output {
            Output::Virtual(paper) if self.name == "pdf" => {
                paper.address().replace("tcp://", "ipp://") + "/ipp/print"
            }
            Output::Virtual(paper) => paper.address(),
            Output::Emupos(emupos) => emupos.address(),
            Output::ZplFile(path) => format!("file://{}", path.display()),
        }
    }

    fn setup(&self) -> PrinterSetup {
        PrinterSetup::new(self.name, self.address(), self.lines)
    }

    fn count(&self) -> anyhow::Result<usize> {
        match &self.output {
            Output::Virtual(paper) => Ok(paper.tickets()?.len()),
            Output::Emupos(emupos) => Ok(emupos.receipts()?.len()),
            Output::ZplFile(path) => Ok(std::fs::read(path).map_or(0, |bytes| bytes.len())),
        }
    }

    /// The picture of the only ticket that came out since `count` was read as `before`.
    fn picture(&self, before: usize, folder: &Path) -> anyhow::Result<PathBuf> {
        match &self.output {
            Output::Virtual(paper) => {
                let tickets = paper.tickets()?;
                ensure!(
                    tickets.len() == before + 1,
                    "{} tickets came out",
                    tickets.len() - before
                );
                let ticket = tickets.last().context("there is one")?;
                ensure!(!ticket.torn, "the ticket was not cut");
                Ok(paper.output().join(&ticket.file))
            }
            Output::Emupos(emupos) => {
                let receipts = emupos.receipts()?;
                ensure!(
                    receipts.len() == before + 1,
                    "{} receipts came out",
                    receipts.len() - before
                );
                receipts.last().cloned().context("there is one")
            }
            Output::ZplFile(path) => {
                let bytes = std::fs::read(path)?;
                drawn_by_zpl_renderer(&bytes[before..], folder)
            }
        }
    }
}

fn drawn_by_zpl_renderer(zpl: &[u8], folder: &Path) -> anyhow::Result<PathBuf> {
    const SCRIPT: &str = r#"
        const fs = require("node:fs");
        const [zpl, out] = process.argv.slice(-2);
        require("zpl-renderer-js").ready.then(async ({ api }) => {
            const label = await api.zplToBase64Async(fs.readFileSync(zpl, "latin1"), 80, 152, 8);
            fs.writeFileSync(out, Buffer.from(label, "base64"));
        });
    "#;
    let (source, out) = (folder.join("label.zpl"), folder.join("label.png"));
    std::fs::write(&source, zpl)?;
    let arguments = [&source, &out].map(|path| path.to_str().context("a path of plain characters"));
    let [source, drawn] = arguments;
    peers::run_node(SCRIPT, &[source?, drawn?])?;
    Ok(out)
}

fn kinds(folder: &Path) -> anyhow::Result<Vec<Kind>> {
    let paper = |name: &str, language: &str| {
        Paper::start_with(folder, name, &["--language", language]).map(Output::Virtual)
    };
    Ok(vec![
        Kind {
            name: "fgl",
            shown: "FGL (virtual)",
            lines: "language = \"fgl\"",
            raw: raw_fgl,
            output: paper("fgl", "fgl")?,
        },
        Kind {
            name: "escpos",
            shown: "ESC/POS (virtual)",
            lines: "language = \"escpos\"",
            raw: raw_escpos,
            output: paper("escpos", "escpos")?,
        },
        Kind {
            name: "emupos",
            shown: "ESC/POS (emupos)",
            lines: "language = \"escpos\"\nmodel = \"escpos-no-echo\"",
            raw: raw_escpos,
            output: Output::Emupos(Emupos::start(folder)?),
        },
        Kind {
            name: "zpl",
            shown: "ZPL (virtual)",
            lines: "language = \"zpl\"",
            raw: raw_zpl,
            output: paper("zpl", "zpl")?,
        },
        Kind {
            name: "zpl-file",
            shown: "ZPL (zpl-renderer-js)",
            lines: "language = \"zpl\"",
            raw: raw_zpl,
            output: Output::ZplFile(folder.join("labels.zpl")),
        },
        Kind {
            name: "pdf",
            shown: "documents over IPP (virtual)",
            lines: "language = \"pdf\"",
            raw: Vec::new,
            output: paper("pdf", "pdf")?,
        },
    ])
}

fn raw_fgl() -> Vec<u8> {
    format!(
        "<RC5,40><F3><HW1,1>Hamlet<NR><QRV2><RC50,40><HW1,1><QR8,0,0,1>{{{QR}}}<NR><RC270,40><X3><oP12>^{BARS}^<p>"
    )
    .into_bytes()
}

/// python-escpos writes it, so that the stream is not ours either.
fn raw_escpos() -> Vec<u8> {
    const SCRIPT: &str = r#"
import sys
from escpos.printer import Dummy
printer = Dummy()
printer.text("Hamlet\n")
printer.qr(sys.argv[1], size=8, native=True)
printer.barcode("{B" + sys.argv[2], "CODE128", function_type="B", height=80, width=2)
printer.cut()
sys.stdout.buffer.write(printer.output)
"#;
    peers::run_python(SCRIPT, &[QR, BARS]).unwrap()
}

fn raw_zpl() -> Vec<u8> {
    format!(
        "^XA^CF0,40^FO40,40^FDHamlet^FS^FO40,120^BQN,2,8^FDMA,{QR}^FS^BY3^FO40,420^BCN,100,Y,N,N^FD{BARS}^FS^XZ"
    )
    .into_bytes()
}

fn ticket_document() -> Vec<u8> {
    serde_json::json!({
        "cueline_ticket": 1,
        "size": { "width_mm": 70, "height_mm": 47 },
        "fields": { "show": "Hamlet" },
        "elements": [
            { "type": "text", "x_mm": 3, "y_mm": 1, "text": "{{show}}", "font": "serif", "size_pt": 18, "style": "bold" },
            { "type": "qr", "x_mm": 4, "y_mm": 11, "data": QR, "module_mm": 0.6 },
            { "type": "barcode", "x_mm": 5, "y_mm": 32, "code": "code128", "data": BARS, "height_mm": 9, "module_mm": 0.3 }
        ]
    })
    .to_string()
    .into_bytes()
}

/// What became of one combination.
struct Outcome {
    proof: &'static str,
    difference_percent: f64,
}

async fn print(
    api: &Api,
    kind: &Kind,
    content_type: ContentType,
    document: &[u8],
    folder: &Path,
) -> anyhow::Result<Outcome> {
    let printer = wait_for_printer(api, kind.name).await?;
    let before = kind.count()?;
    let mut request = raw_job(printer.id, document);
    request.content_type = content_type;
    request.content = Some(Base64Bytes(document.to_vec()));
    request.options = PrintOptions::default();
    let title = format!("{content_type} on {}", kind.name);
    let job: PrintJob = api.submit(&request, &title).await?.json()?;
    let job = api.settled(job.id, SETTLED_WITHIN).await?;
    ensure!(job.state == JobState::Done, "ended as {job:#?}");
    let picture = kind.picture(before, folder)?;
    let codes = peers::codes(&picture)?;
    let wanted = [format!("CODE-128:{BARS}"), format!("QR-Code:{QR}")];
    ensure!(
        codes == wanted,
        "expected {wanted:?} on {}, zbar reads {codes:?}",
        picture.display()
    );
    let preview = api
        .get(&format!("/v1/print-jobs/{}/picture", job.id))
        .await?;
    ensure!(preview.status.is_success(), "no picture: {preview:?}");
    let preview_file = folder.join(format!("{}-{content_type}-preview.png", kind.name));
    std::fs::write(&preview_file, &preview.body)?;
    ensure!(
        peers::codes(&preview_file)? == wanted,
        "the preview's codes do not read back"
    );
    keep(&picture, &preview_file, &title)?;
    Ok(Outcome {
        proof: job.proof.map_or("nothing", cueline_model::Proof::as_str),
        difference_percent: Inked::open(&picture)?.difference_percent(&Inked::open(&preview_file)?),
    })
}

/// Keeps both pictures where a person may look at them: `CUELINE_PICTURES` names the folder.
fn keep(picture: &Path, preview: &Path, title: &str) -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("CUELINE_PICTURES").map(PathBuf::from) else {
        return Ok(());
    };
    std::fs::create_dir_all(&folder)?;
    let name = title.replace(' ', "-");
    std::fs::copy(picture, folder.join(format!("{name}.png")))?;
    std::fs::copy(preview, folder.join(format!("{name}-preview.png")))?;
    Ok(())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn every_format_comes_out_of_every_printer_with_its_codes() {
    let folder = tempfile::tempdir().unwrap();
    let make = root().join("testing/peers/make_ticket.py");
    peers::run(
        Command::new(peers::python("python").unwrap())
            .arg(make)
            .arg(folder.path())
            .args([QR, BARS]),
    )
    .unwrap();
    let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let documents = [
        (ContentType::Png, file("ticket.png")),
        (ContentType::Jpeg, file("ticket.jpg")),
        (ContentType::Pdf, file("ticket.pdf")),
        (ContentType::Ticket, ticket_document()),
    ];
    let kinds = kinds(folder.path()).unwrap();
    let hub = Hub::start(folder.path(), settings::QUICK_HUB).unwrap();
    let setup = TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: kinds.iter().map(Kind::setup).collect(),
        register_arguments: Vec::new(),
    };
    let till = Till::start(folder.path(), "till-1", &hub, &setup)
        .await
        .unwrap();
    let api = hub.api().unwrap();
    let mut table = String::from(HEAD);
    let mut failures = Vec::new();
    for kind in &kinds {
        let mut row = format!("| {} ", kind.shown);
        let raw = (ContentType::Raw, (kind.raw)());
        for (content_type, document) in std::iter::once(&raw).chain(&documents) {
            if document.is_empty() {
                row += "| – ";
                continue;
            }
            match print(&api, kind, *content_type, document, folder.path()).await {
                Ok(outcome) => write!(
                    row,
                    "| {}, {:.1} % ",
                    outcome.proof, outcome.difference_percent
                )
                .unwrap(),
                Err(error) => {
                    row += "| **failed** ";
                    failures.push(format!("{content_type} on {}: {error:#}", kind.name));
                }
            }
        }
        table += &row;
        table += "|\n";
    }
    println!("{table}");
    assert!(
        failures.is_empty(),
        "{}\n{}",
        failures.join("\n"),
        till.log()
    );
    let path = root().join(TABLE);
    if std::env::var_os("CUELINE_BLESS").is_some() {
        std::fs::write(&path, &table).unwrap();
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        stands == table,
        "{TABLE} is not what this run found; look at the difference and run with CUELINE_BLESS=1"
    );
}

const HEAD: &str = "\
# Formats and printers

Written by `testing/system/tests/formats.rs`. Each cell: the proof that the printer gave, and how many of the dots inked on the paper
or in the preview (`GET /v1/print-jobs/{id}/picture`) are inked in one of them alone. On each ticket and each preview a QR code and a
CODE 128 were read back by zbar. Native text stands in the printer's own font, which the preview draws with another; raw bytes of
ESC/POS are written by python-escpos.

| Printer | raw | png | jpeg | pdf | ticket |
|---|---|---|---|---|---|
";
