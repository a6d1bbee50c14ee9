//! PDF to 1-bit dots, beside poppler (`pdftoppm -mono`) and pdfium (`pypdfium2`) on the same files in one run.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cueline_documents::{Limits, PageSetup, pages};
use cueline_model::ContentType;
use cueline_system::peers;
use serde::Deserialize;

use crate::spread::Spread;

const DPI: u16 = 203;
/// An A4 page is 1,678 dots across at 203 dpi.
const WIDTH_DOTS: u16 = 1_680;

/// Runs each command `count` times in turn, and says how long each took and the most memory it had.
/// `resource` gives the kernel's own figure for a child that has ended.
const RUNNER: &str = r#"
import json, os, subprocess, sys, time
count, commands = int(sys.argv[1]), json.loads(sys.argv[2])
results = [{"seconds": [], "peak_kib": 0} for _ in commands]
for _ in range(count):
    for result, command in zip(results, commands):
        started = time.monotonic()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = status
        if status != 0:
            sys.exit(f"{command} ended with {status}")
        result["seconds"].append(time.monotonic() - started)
        result["peak_kib"] = max(result["peak_kib"], usage.ru_maxrss)
json.dump(results, sys.stdout)
"#;

/// pdfium by itself: the time for each page once the library is loaded.
const PDFIUM: &str = r#"
import json, sys, time
import pypdfium2
data, count, times = open(sys.argv[1], "rb").read(), int(sys.argv[2]), []
for _ in range(count):
    started = time.monotonic()
    page = pypdfium2.PdfDocument(data)[0]
    page.render(scale=203 / 72, grayscale=True, no_smoothtext=True, no_smoothpath=True).to_pil().convert("1")
    times.append(time.monotonic() - started)
json.dump(times, sys.stdout)
"#;

#[derive(Deserialize)]
struct Runs {
    seconds: Vec<f64>,
    peak_kib: u64,
}

/// Measures each of `files`, `count` times.
///
/// # Errors
/// When a peer is not installed or a file cannot be rastered.
pub fn measure(files: &[PathBuf], count: usize) -> anyhow::Result<()> {
    ensure!(count > 0, "expected at least one run, got none");
    let folder = tempfile::tempdir()?;
    let given = !files.is_empty();
    let files = if given {
        files.to_vec()
    } else {
        made(folder.path())?
    };
    for file in &files {
        println!("\n{}", file.display());
        in_process(file, count)?;
        whole_processes(file, count, folder.path())?;
    }
    Ok(())
}

/// A ticket with codes, and an A4 page of text.
fn made(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peers/make_ticket.py");
    peers::run(
        Command::new(peers::python("python")?)
            .arg(script)
            .arg(folder)
            .args(["CUELINE/48213", "GL48213-C12"]),
    )?;
    let page = folder.join("a4.pdf");
    std::fs::write(&page, a4())?;
    Ok(vec![folder.join("ticket.pdf"), page])
}

/// Sixty lines of text on A4.
fn a4() -> Vec<u8> {
    let mut stream = String::from("BT /F1 10 Tf 12 TL 50 800 Td ");
    for line in 1..=60 {
        let _never_fails = write!(
            stream,
            "(Line {line}: the quick brown fox jumps over the lazy dog, and the cue line stays open.) Tj T* "
        );
    }
    stream += "ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>".to_owned(),
    ];
    let mut pdf = String::from("%PDF-1.4\n");
    let mut places = String::new();
    for (index, object) in objects.iter().enumerate() {
        let _never_fails = writeln!(places, "{:010} 00000 n ", pdf.len());
        let _never_fails = write!(pdf, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let table = pdf.len();
    let _never_fails = write!(
        pdf,
        "xref\n0 6\n0000000000 65535 f \n{places}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n"
    );
    pdf.into_bytes()
}

fn in_process(file: &Path, count: usize) -> anyhow::Result<()> {
    let document = std::fs::read(file).with_context(|| file.display().to_string())?;
    let mut ours = Spread::default();
    for _ in 0..count {
        let started = Instant::now();
        raster(&document)?;
        ours.add(started.elapsed());
    }
    let path = file.to_str().context("a path of plain characters")?;
    let out = peers::run_python(PDFIUM, &[path, &count.to_string()])?;
    let mut pdfium = Spread::default();
    for seconds in serde_json::from_slice::<Vec<f64>>(&out)? {
        pdfium.add(Duration::from_secs_f64(seconds));
    }
    println!("  one page, in process: cueline    {ours}");
    println!("  one page, in process: pdfium     {pdfium}");
    println!(
        "  cueline / pdfium, p50: {:.2}",
        ours.percentile(50).as_secs_f64() / pdfium.percentile(50).as_secs_f64()
    );
    Ok(())
}

fn whole_processes(file: &Path, count: usize, folder: &Path) -> anyhow::Result<()> {
    let path = file.to_str().context("a path of plain characters")?;
    let this = std::env::current_exe()?;
    let this = this.to_str().context("a path of plain characters")?;
    let out = folder.join("poppler");
    let out = out.to_str().context("a path of plain characters")?;
    let python = peers::python("python")?;
    let python = python.to_str().context("a path of plain characters")?;
    let commands = serde_json::json!([
        [this, "raster-once", path],
        ["pdftoppm", "-mono", "-r", DPI.to_string(), path, out],
        [python, "-c", PDFIUM, path, "1"],
    ]);
    let printed = peers::run_python(RUNNER, &[&count.to_string(), &commands.to_string()])?;
    let runs: Vec<Runs> = serde_json::from_slice(&printed)?;
    for (name, runs) in ["cueline", "poppler", "pdfium with Python"]
        .iter()
        .zip(&runs)
    {
        let mut spread = Spread::default();
        for seconds in &runs.seconds {
            spread.add(Duration::from_secs_f64(*seconds));
        }
        let peak_mib = runs.peak_kib as f64 / 1024.0;
        println!("  whole process: {name:<20} {spread}; {peak_mib:.1} MiB at most");
    }
    Ok(())
}

/// Rasters one file and ends: what a whole process is measured by.
///
/// # Errors
/// When it cannot be rastered.
pub fn once(file: &Path) -> anyhow::Result<()> {
    let document = std::fs::read(file).with_context(|| file.display().to_string())?;
    raster(&document)
}

fn raster(document: &[u8]) -> anyhow::Result<()> {
    let setup = PageSetup::new(DPI, WIDTH_DOTS, None);
    let mut rows = 0;
    pages(
        document,
        ContentType::Pdf,
        &setup,
        &Limits::default(),
        &mut |bits| {
            rows += bits.height_dots();
            ControlFlow::Continue(())
        },
    )?;
    ensure!(rows > 0, "the page has no rows");
    Ok(())
}
