//! Makes the pages of a document and writes each as a PNG: to look at a ticket while designing it.
//!
//! `cargo run -p cueline-documents --example pages -- ticket.json out.png [dpi] [width_dots]`
//!
//! Without a width a ticket comes out in its own direction and size, anything else 832 dots wide.
//! Several pages are numbered. Says how long the pages took.

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Instant;

use cueline_documents::ticket::TicketDocument;
use cueline_documents::{Bits, Limits, PageSetup, pages};
use cueline_model::ContentType;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("expected a document and a PNG to write".into());
    };
    let dpi: u16 = arguments.next().map_or(Ok(203), |dpi| dpi.parse())?;
    let width_dots: Option<u16> = arguments.next().map(|width| width.parse()).transpose()?;
    let document = std::fs::read(&path)?;
    let content_type = match path.rsplit('.').next() {
        Some("pdf") => ContentType::Pdf,
        Some("png") => ContentType::Png,
        Some("jpg" | "jpeg") => ContentType::Jpeg,
        _ => ContentType::Ticket,
    };
    let started = Instant::now();
    let mut made: Vec<Bits> = Vec::new();
    if content_type == ContentType::Ticket && width_dots.is_none() {
        let ticket = TicketDocument::parse(&document)?;
        for index in 0..ticket.count() {
            made.push(ticket.preview(index, dpi)?.draw());
        }
    } else {
        let setup = PageSetup::new(dpi, width_dots.unwrap_or(832), None);
        pages(
            &document,
            content_type,
            &setup,
            &Limits::default(),
            &mut |bits| {
                made.push(bits);
                ControlFlow::Continue(())
            },
        )?;
    }
    println!("{} pages in {:?}", made.len(), started.elapsed());
    for (index, bits) in made.iter().enumerate() {
        let name = match index {
            0 => out.clone(),
            more => out.replace(".png", &format!("-{}.png", more + 1)),
        };
        println!(
            "{name}: {} x {} dots",
            bits.width_dots(),
            bits.height_dots()
        );
        std::fs::write(name, bits.to_png(dpi))?;
    }
    Ok(())
}
