//! A parent's memory while its children read what was made to fill it.

use cueline_decoder::{Decoder, DecoderSettings, Limits, Profile, RenderOptions};
use cueline_model::{ContentType, Language};
use libtest_mimic::Trial;

use crate::limits::block_on;
use crate::{pdf, unruly};

/// What a parent may keep of bad documents: nothing, and some for its allocator.
const GROWTH_BYTES_MAX: u64 = 8 * 1024 * 1024;

pub fn tests() -> Vec<Trial> {
    vec![Trial::test(
        "memory::bad_documents_leave_nothing_behind",
        || {
            bad_documents_leave_nothing_behind();
            Ok(())
        },
    )]
}

/// In a process of its own, since the other tests make documents meanwhile.
fn bad_documents_leave_nothing_behind() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .arg(MEASURE)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{output:?}");
    let grown: u64 = told.trim().parse().unwrap();
    assert!(grown < GROWTH_BYTES_MAX, "grew by {grown} bytes");
}

/// The verb of the process that measures itself.
pub const MEASURE: &str = "measure-memory";

/// Serves [`MEASURE`]: says by how many bytes it grew.
pub fn measure() {
    let documents = [
        pdf::with_bomb(300),
        pdf::nested_arrays(100_000),
        b"%PDF-1.7 nothing".to_vec(),
    ];
    let mut settings = DecoderSettings::this_program().unwrap();
    settings.limits = Limits {
        memory_bytes: 256 * 1024 * 1024,
        ..Limits::default()
    };
    let reads = Decoder::new(settings.clone());
    settings.args = vec![unruly::FLOODS.into()];
    let floods = Decoder::new(settings);
    let round = || {
        for document in &documents {
            let profile = Profile::new(Language::Escpos);
            let options = RenderOptions::default();
            for decoder in [&reads, &floods] {
                let done = decoder.picture(document, ContentType::Pdf, &profile, &options, 1);
                drop(block_on(done));
            }
        }
    };
    round();
    let before = resident_bytes();
    for _ in 0..3 {
        round();
    }
    println!("{}", resident_bytes().saturating_sub(before));
    assert!(children().is_empty(), "children are left");
}

/// Memory of this process that is in use and not a file's (`RssAnon`, proc(5)).
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes * 1024
}

fn children() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")).ok())
        .flat_map(|children| {
            children
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}
