//! The bytes that documents become, as they were when a person last looked at them.
//!
//! `UPDATE_GOLDEN=1 cargo nextest run -p cueline-printers` writes files that are missing; one that exists
//! is never changed: delete it to have it written anew, and look at the difference.

use std::fs;
use std::path::Path;

use cueline_model::{ContentType, Cut, Language, PrintOptions, Rotation};
use cueline_printers::{Print, Profile, RenderOptions, render};

/// One element of each kind, small enough to be read as commands.
const TICKET: &str = r#"{
    "cueline_ticket": 1,
    "size": {"width_mm": 90, "height_mm": 45},
    "fields": {"row": "F"},
    "tickets": [{"seat": 14}, {"seat": 15}],
    "elements": [
        {"type": "text", "text": "Row {{row}} Seat {{seat}}", "x_mm": 5, "baseline_mm": 8, "size_pt": 14, "font": "mono"},
        {"type": "text", "text": "Preis: 42 <EUR>^", "x_mm": 5, "baseline_mm": 12, "size_pt": 8},
        {"type": "text", "text": "up", "font": "mono", "x_mm": 80, "y_mm": 20, "size_pt": 10, "rotate": 90},
        {"type": "text", "text": "Stalls", "x_mm": 70, "baseline_mm": 8, "size_pt": 10},
        {"type": "text", "text": "i", "x_mm": 60, "baseline_mm": 12, "size_pt": 8, "font": "serif"},
        {"type": "line", "x_mm": 5, "y_mm": 13, "length_mm": 50, "thickness_mm": 0.375},
        {"type": "box", "x_mm": 1, "y_mm": 1, "width_mm": 88, "height_mm": 43, "thickness_mm": 0.25},
        {"type": "barcode", "code": "code128", "data": "8F3K-{{seat}}", "x_mm": 5, "y_mm": 15, "height_mm": 8, "module_mm": 0.25, "show_text": false},
        {"type": "barcode", "code": "ean13", "data": "4006381333931", "x_mm": 46, "y_mm": 15, "height_mm": 8, "module_mm": 0.25, "show_text": false},
        {"type": "barcode", "code": "code39", "data": "ROW F", "x_mm": 8, "y_mm": 25, "height_mm": 6, "module_mm": 0.25, "show_text": false},
        {"type": "barcode", "code": "itf", "data": "123456", "x_mm": 8, "y_mm": 33, "height_mm": 5, "module_mm": 0.25, "show_text": false},
        {"type": "barcode", "code": "upca", "data": "03600029145", "x_mm": 34, "y_mm": 33, "height_mm": 6, "module_mm": 0.25, "show_text": false},
        {"type": "barcode", "code": "ean8", "data": "9638507", "x_mm": 54, "y_mm": 25, "height_mm": 5, "module_mm": 0.25, "show_text": false},
        {"type": "qr", "data": "https://t.example/8F3K", "level": "M", "x_mm": 76, "y_mm": 31, "module_mm": 0.375}
    ]
}"#;

/// Bytes as lines of text: a command a line, what cannot be read as `\x..`, pictures by their size only
/// (which dots they have is for the drawing to say).
fn readable(print: &Print) -> String {
    let Print::Tickets(tickets) = print else {
        panic!("expected command bytes")
    };
    let mut out = String::new();
    for (number, (range, count)) in tickets.pieces().enumerate() {
        out += &format!("-- piece {}: {count} tickets --\n", number + 1);
        let mut rest = &tickets.bytes()[range];
        while !rest.is_empty() {
            let picture = picture_bytes(rest);
            let end = picture.map_or_else(|| next_command(rest), |(head, _)| head);
            out += &rest[..end].escape_ascii().to_string();
            let data = picture.map_or(0, |(_, data)| data);
            if data > 0 {
                out += &format!("({data} bytes)");
            }
            out.push('\n');
            rest = &rest[end + data..];
        }
    }
    out
}

/// Where the next command begins.
fn next_command(rest: &[u8]) -> usize {
    let starts = |byte: &u8| matches!(byte, 0x1b | 0x1d | b'<' | b'^');
    rest[1..]
        .iter()
        .position(starts)
        .map_or(rest.len(), |at| at + 1)
}

/// The head and the data of a picture command at the start.
fn picture_bytes(rest: &[u8]) -> Option<(usize, usize)> {
    if rest.starts_with(b"\x1dv0") {
        let word = |at: usize| usize::from(u16::from_le_bytes([rest[at], rest[at + 1]]));
        return Some((8, word(4) * word(6)));
    }
    let head = rest.iter().position(|byte| *byte == b'>').unwrap_or(0) + 1;
    if let Some(count) = rest[..head].strip_prefix(b"<G") {
        let digits = std::str::from_utf8(&count[..count.len() - 1]).ok()?;
        return Some((head, digits.parse().ok()?));
    }
    if rest.starts_with(b"^GFA") {
        let commas = rest.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let head = commas.map(|(at, _)| at + 1).nth(3)?;
        return Some((head, next_command(&rest[head..])));
    }
    None
}

fn check(
    name: &str,
    document: &[u8],
    kind: ContentType,
    profile: &Profile,
    options: &RenderOptions,
) {
    let found = readable(
        &render(document, kind, profile, options).unwrap_or_else(|error| panic!("{error}")),
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(format!("{name}.txt"));
    if !path.exists() && std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &found).expect("the golden file is written");
    }
    let golden = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run with UPDATE_GOLDEN=1 to write it",
            path.display()
        )
    });
    assert!(
        found == golden,
        "{name} is no longer as {} has it. Found:\n{found}",
        path.display()
    );
}

fn check_ticket(name: &str, model: &str, options: PrintOptions) {
    let profile = Profile::for_model(model).expect("the model is known");
    let options = RenderOptions {
        options,
        ..RenderOptions::default()
    };
    check(
        name,
        TICKET.as_bytes(),
        ContentType::Ticket,
        &profile,
        &options,
    );
}

fn first_page() -> PrintOptions {
    PrintOptions {
        pages: "1".parse().ok(),
        ..PrintOptions::default()
    }
}

#[test]
fn tickets_in_fgl() {
    check_ticket("ticket-fgl", "boca-lemur-200", PrintOptions::default());
    check_ticket("ticket-fgl-300", "boca-lemur-300", first_page());
    let turned = PrintOptions {
        rotate: Some(Rotation::R180),
        ..first_page()
    };
    check_ticket("ticket-fgl-turned", "boca-lemur-200", turned);
}

#[test]
fn tickets_in_zpl() {
    check_ticket("ticket-zpl", "zebra-zd421-203", PrintOptions::default());
    check_ticket("ticket-zpl-300", "zebra-zd421-300", first_page());
    let turned = PrintOptions {
        rotate: Some(Rotation::R90),
        darkness: Some(60),
        ..first_page()
    };
    check_ticket("ticket-zpl-turned", "zebra-gk420d", turned);
}

#[test]
fn tickets_in_escpos() {
    let asked = PrintOptions {
        cut: Some(Cut::End),
        drawer: Some(true),
        darkness: Some(80),
        ..PrintOptions::default()
    };
    check_ticket("ticket-escpos", "epson-tm-t88", asked);
}

#[test]
fn raw_jobs_in_tickets() {
    let jobs: [(&str, Language, &[u8]); 3] = [
        (
            "raw-fgl",
            Language::Fgl,
            b"<NR><RC10,10>one<p><RE2><G4><p>\x0c<RC20,10>three<p>\r\n",
        ),
        (
            "raw-escpos",
            Language::Escpos,
            b"\x1b@one\n\x1dVB\x00\x1dv0\x00\x03\x00\x01\x00\x1dV\x00\x1dV\x00",
        ),
        (
            "raw-zpl",
            Language::Zpl,
            b"^XA^MMC^XZ^XA^FO1,1^A0N,30,30^FDone^FS^PQ3^XZ\n^XA^FDtwo^FS^XZ\n",
        ),
    ];
    for (name, language, job) in jobs {
        let options = RenderOptions {
            copies: 2,
            duplicate: true,
            ..RenderOptions::default()
        };
        check(
            name,
            job,
            ContentType::Raw,
            &Profile::new(language),
            &options,
        );
    }
}
