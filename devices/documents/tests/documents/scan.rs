//! What a scanner reads.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use cueline_documents::Bits;

/// Every code on a page, as `KIND:data`, sorted.
pub fn codes(bits: &Bits, dpi: u16) -> Vec<String> {
    // A quarter inch of bare paper around, as a counter has around a ticket.
    let margin = usize::from(dpi / 4);
    let mut on_counter = Bits::blank(
        bits.width_dots() + 2 * margin,
        bits.height_dots() + 2 * margin,
    );
    on_counter.draw(bits, margin.cast_signed(), margin.cast_signed());
    let file = file();
    fs::write(&file, on_counter.to_png(dpi)).unwrap();
    let output = Command::new("zbarimg")
        .arg("--quiet")
        .arg(&file)
        .output()
        .expect("this test needs zbarimg: install the package zbar-tools");
    fs::remove_file(&file).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut codes: Vec<String> = text.lines().map(str::to_owned).collect();
    codes.sort();
    codes
}

fn file() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("cueline-documents-{}-{count}.png", std::process::id());
    std::env::temp_dir().join(name)
}
