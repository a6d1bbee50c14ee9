//! `cueline print`: the file, the printer, and how it is wanted.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cueline_model::{
    ContentType, Cut, Duplex, Fit, OnUnsupported, PageRanges, PrintOptions, Rotation,
    UncertainPolicy,
};

use super::ConnectionArguments;

/// How long `--wait` waits where no number is given, seconds.
const WAIT_DEFAULT_S: &str = "60";

/// `cueline print`.
#[derive(Debug, Args)]
pub struct PrintArguments {
    /// The file; `-` is standard input.
    pub file: PathBuf,
    /// Name, AGENT/NAME or id.
    #[arg(long, short, value_name = "PRINTER")]
    pub printer: String,
    /// What the file is; told from its first bytes and its name where not given.
    #[arg(long = "type", value_name = "TYPE")]
    pub content_type: Option<TypeArgument>,
    /// How many times.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub copies: u16,
    /// What people shall call it; the file's name where not given.
    #[arg(long)]
    pub title: Option<String>,
    /// Not to be started later than this.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub expires_in: Option<u32>,
    /// What to do where a crash leaves the print in doubt.
    #[arg(long, value_name = "POLICY", default_value = "hold")]
    pub uncertain: UncertainArgument,
    #[command(flatten)]
    pub wait: WaitArguments,
    /// Repeat a call with the same key and it prints once; made up where not given.
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    #[command(flatten)]
    pub options: OptionArguments,
    #[command(flatten)]
    pub connection: ConnectionArguments,
}

/// Whether to watch the job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct WaitArguments {
    /// Show the job's progress until it ends, or for this many seconds.
    #[arg(
        long = "wait",
        value_name = "SECONDS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = WAIT_DEFAULT_S
    )]
    pub seconds: Option<u32>,
}

/// How the document is wanted on paper. What is not given is as the printer is set.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "On paper")]
pub struct OptionArguments {
    /// Copies one after the other, 1 2 1 2, or (=false) page by page, 1 1 2 2.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub collate: Option<bool>,
    /// In colour, or (=false) in shades of grey.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub color: Option<bool>,
    /// Where the paper is cut.
    #[arg(long, value_name = "WHERE")]
    pub cut: Option<CutArgument>,
    /// How dark, 0 (lightest) to 100.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    pub darkness: Option<u8>,
    /// Dots per inch; one of the printer's.
    #[arg(long, value_name = "DPI", value_parser = clap::value_parser!(u16).range(1..))]
    pub dpi: Option<u16>,
    /// Open the cash drawer with the first ticket.
    #[arg(long)]
    pub drawer: bool,
    /// One side of the paper or both.
    #[arg(long, value_name = "SIDES")]
    pub duplex: Option<DuplexArgument>,
    /// How a page that is not as large as the paper is made to fit.
    #[arg(long, value_name = "HOW")]
    pub fit: Option<FitArgument>,
    /// What the paper is, by the printer's name for it.
    #[arg(long, value_name = "NAME")]
    pub media: Option<String>,
    /// Pages of the document on one side of paper: 1, 2, 4, 6, 9 or 16.
    #[arg(long, value_name = "PAGES")]
    pub nup: Option<u8>,
    /// Which pages, such as 1,3-5,8-.
    #[arg(long, value_name = "PAGES")]
    pub pages: Option<PageRanges>,
    /// The paper's size, by the printer's name for it (A4) or as 80x150mm.
    #[arg(long, value_name = "SIZE")]
    pub paper: Option<String>,
    /// Turned clockwise by 0, 90, 180 or 270 degrees.
    #[arg(long, value_name = "DEGREES", value_parser = rotation)]
    pub rotate: Option<Rotation>,
    /// Where the paper is taken from, by the printer's name for it.
    #[arg(long, value_name = "NAME")]
    pub tray: Option<String>,
    /// Leave out the tickets before this one, counted from 1 through all copies.
    #[arg(long, value_name = "TICKET", value_parser = clap::value_parser!(u32).range(1..))]
    pub from_ticket: Option<u32>,
    /// Refuse the job where the printer cannot do all of this; else it is printed without, and says so.
    #[arg(long)]
    pub strict: bool,
}

fn rotation(text: &str) -> Result<Rotation, String> {
    let degrees: u16 = text
        .parse()
        .map_err(|_| "expected a number of degrees".to_owned())?;
    Rotation::try_from(degrees).map_err(|error| error.to_string())
}

impl OptionArguments {
    /// The same as the API has it.
    pub fn to_options(&self) -> PrintOptions {
        PrintOptions {
            on_unsupported: match self.strict {
                true => OnUnsupported::Strict,
                false => OnUnsupported::BestEffort,
            },
            collate: self.collate,
            color: self.color,
            cut: self.cut.map(Into::into),
            darkness: self.darkness,
            dpi: self.dpi,
            drawer: self.drawer.then_some(true),
            duplex: self.duplex.map(Into::into),
            fit: self.fit.map(Into::into),
            media: self.media.clone(),
            nup: self.nup,
            pages: self.pages.clone(),
            paper: self.paper.clone(),
            rotate: self.rotate,
            tray: self.tray.clone(),
            from_ticket: self.from_ticket,
        }
    }
}

/// Where the paper is cut, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CutArgument {
    /// Nowhere.
    None,
    /// After each ticket.
    Each,
    /// After the last ticket of the job.
    End,
}

impl From<CutArgument> for Cut {
    fn from(argument: CutArgument) -> Self {
        match argument {
            CutArgument::None => Self::None,
            CutArgument::Each => Self::Each,
            CutArgument::End => Self::End,
        }
    }
}

/// One side or both, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DuplexArgument {
    /// One side.
    OneSided,
    /// Both, bound at the long edge.
    LongEdge,
    /// Both, bound at the short edge.
    ShortEdge,
}

impl From<DuplexArgument> for Duplex {
    fn from(argument: DuplexArgument) -> Self {
        match argument {
            DuplexArgument::OneSided => Self::OneSided,
            DuplexArgument::LongEdge => Self::LongEdge,
            DuplexArgument::ShortEdge => Self::ShortEdge,
        }
    }
}

/// How a page is made to fit, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FitArgument {
    /// In its own size; what hangs over is lost.
    None,
    /// Made smaller if it is too large.
    Shrink,
    /// Made smaller or larger until it fills the paper.
    Page,
}

impl From<FitArgument> for Fit {
    fn from(argument: FitArgument) -> Self {
        match argument {
            FitArgument::None => Self::None,
            FitArgument::Shrink => Self::Shrink,
            FitArgument::Page => Self::Page,
        }
    }
}

/// What a file is, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TypeArgument {
    /// Bytes in the printer's own language.
    Raw,
    /// A PNG picture.
    Png,
    /// A JPEG picture.
    Jpeg,
    /// A PDF document.
    Pdf,
    /// Cueline's own ticket document (JSON).
    Ticket,
}

impl From<TypeArgument> for ContentType {
    fn from(argument: TypeArgument) -> Self {
        match argument {
            TypeArgument::Raw => Self::Raw,
            TypeArgument::Png => Self::Png,
            TypeArgument::Jpeg => Self::Jpeg,
            TypeArgument::Pdf => Self::Pdf,
            TypeArgument::Ticket => Self::Ticket,
        }
    }
}

/// What to do in doubt, as typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum UncertainArgument {
    /// Print nothing; a person decides.
    Hold,
    /// Print again, headed DUPLICATE.
    ReprintMarked,
    /// Print again.
    Reprint,
}

impl From<UncertainArgument> for UncertainPolicy {
    fn from(argument: UncertainArgument) -> Self {
        match argument {
            UncertainArgument::Hold => Self::Hold,
            UncertainArgument::ReprintMarked => Self::ReprintMarked,
            UncertainArgument::Reprint => Self::Reprint,
        }
    }
}
