//! Measurements of the whole product, beside a reference in the same run.
//!
//! Run through `cargo xtask bench NAME`, which builds every program with the release profile first.
//! What comes out is kept, with its command, in `docs/benchmarks.md`. Elsewhere than on Unix there is
//! nothing here: the equipment signals its processes, and `/proc` says what they use.

#![cfg(unix)]

mod click;
mod idle;
mod lane;
mod line;
mod links;
mod process;
mod raster;
mod raw_queue;
mod relay;
mod spread;
mod waiting;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measure Cueline on this machine.")]
struct Arguments {
    #[command(subcommand)]
    what: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// From the API call to the first byte at the printer and to "printed", beside a raw queue of CUPS and
    /// a raw sync of the same disk.
    Click {
        /// How many clicks each way.
        #[arg(long, default_value_t = 500)]
        count: usize,
    },
    /// The agent's memory and processor time while its link is up and nothing happens.
    Idle {
        /// For how long, seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Tickets a minute through one lane on a serial line in software, native against raster.
    Lane {
        /// How many tickets of each kind.
        #[arg(long, default_value_t = 10)]
        count: usize,
        /// Bits a second on the line.
        #[arg(long, default_value_t = 115_200, value_parser = clap::value_parser!(u64).range(50..=4_000_000))]
        baud: u64,
    },
    /// The hub's user memory for each held TLS link.
    Links {
        /// How many links, several steps in one run.
        #[arg(long, value_delimiter = ',', default_values_t = [1_000, 5_000, 10_000])]
        counts: Vec<usize>,
    },
    /// PDF to 1-bit dots, beside poppler and pdfium.
    Raster {
        /// PDF files; none: a ticket and an A4 page made here.
        files: Vec<PathBuf>,
        /// How many times each.
        #[arg(long, default_value_t = 50)]
        count: usize,
    },
    /// One file, once: what `raster` starts to measure a whole process.
    #[command(hide = true)]
    RasterOnce {
        /// A PDF file.
        file: PathBuf,
    },
    /// The agent's memory while jobs wait for a printer that is away.
    Waiting {
        /// How many jobs.
        #[arg(long, default_value_t = 1_000)]
        count: usize,
    },
}

/// Reads the command line and takes the measurement it names.
///
/// # Errors
/// When a program under measurement does not start, answer or end as it should.
pub async fn run() -> anyhow::Result<()> {
    match Arguments::parse().what {
        Measurement::Click { count } => click::measure(count).await,
        Measurement::Idle { seconds } => idle::measure(seconds).await,
        Measurement::Lane { count, baud } => lane::measure(count, baud).await,
        Measurement::Links { counts } => links::measure(&counts).await,
        Measurement::Raster { files, count } => raster::measure(&files, count),
        Measurement::RasterOnce { file } => raster::once(&file),
        Measurement::Waiting { count } => waiting::measure(count).await,
    }
}
