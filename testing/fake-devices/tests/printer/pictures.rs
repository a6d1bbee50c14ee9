//! PNG documents all the way to paper: codes in them must still be read.

use cueline_model::{ContentType, Language};
use cueline_printers::{Print, Profile, RenderOptions, render};

use crate::host::{print, printer, tickets};
use crate::tickets::read_codes;

pub const DATA: &str = "https://tickets.example/t/8Q2-77?seat=C12";

/// A picture of `width` pixels square: a QR code in its middle, and `around(x, y)` elsewhere.
pub fn with_code(width: usize, module: usize, around: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let code = qrcode::QrCode::new(DATA).unwrap();
    let quiet = 4 * module;
    let side = code.width() * module;
    let start = (width - side) / 2;
    let shades: Vec<u8> = (0..width * width)
        .map(|index| {
            let (x, y) = (index % width, index / width);
            let inside = |at: usize| (start..start + side).contains(&at);
            let near = |at: usize| (start - quiet..start + side + quiet).contains(&at);
            if inside(x) && inside(y) {
                let dark =
                    code[((x - start) / module, (y - start) / module)] == qrcode::Color::Dark;
                if dark { 12 } else { 250 }
            } else if near(x) && near(y) {
                255
            } else {
                around(x, y)
            }
        })
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, width as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&shades).unwrap();
    writer.finish().unwrap();
    file
}

#[tokio::test]
async fn codes_in_pictures_stay_readable_at_any_size_and_beside_photos() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let paper = |_: usize, _: usize| 255;
    let photo = |x: usize, y: usize| ((x * 3 + y * 2) / 7 % 256) as u8;
    let pictures = [
        ("as it is", with_code(300, 5, paper)),
        ("exactly the head", with_code(576, 8, paper)),
        ("scaled by no whole number", with_code(1000, 17, paper)),
        ("scaled far down", with_code(2500, 40, paper)),
        ("in a photo", with_code(576, 8, photo)),
        ("in a photo scaled down", with_code(1200, 16, photo)),
    ];
    for (index, (name, picture)) in pictures.iter().enumerate() {
        let profile = Profile::new(Language::Escpos);
        let options = RenderOptions::default();
        let print_job = render(picture, ContentType::Png, &profile, &options).unwrap();
        let Print::Tickets(rendered) = print_job else {
            panic!("ESC/POS takes no whole documents")
        };
        print(&printer, rendered.bytes()).await;
        let all = tickets(&printer, index + 1).await;
        let codes = read_codes(&directory.path().join(&all[index].file));
        assert_eq!(codes, [format!("QR-Code:{DATA}")], "{name}");
    }
}
