//! What comes out of the virtual printer: pictures that other people's readers understand.
//!
//! Needs `zbarimg` (Debian package zbar-tools) to read the codes back.

use std::path::Path;
use std::process::Command;

use crate::host::{ask, connect, marker, print, printer, tickets};
use tokio::io::AsyncWriteExt;

fn qr(size: u8, level: u8, data: &[u8]) -> Vec<u8> {
    let [low, high] = u16::try_from(data.len() + 3).unwrap().to_le_bytes();
    [
        b"\x1d(k\x04\x00\x31\x41\x32\x00".as_slice(),
        &[0x1d, b'(', b'k', 3, 0, 0x31, 0x43, size],
        &[0x1d, b'(', b'k', 3, 0, 0x31, 0x45, level],
        &[0x1d, b'(', b'k', low, high, 0x31, 0x50, 0x30],
        data,
        b"\x1d(k\x03\x00\x31\x51\x30",
    ]
    .concat()
}

fn code128(data: &[u8]) -> Vec<u8> {
    [&[0x1d, b'k', 73, u8::try_from(data.len()).unwrap()], data].concat()
}

/// Every code in a picture, as `KIND:data`.
pub fn read_codes(picture: &Path) -> Vec<String> {
    let output = Command::new("zbarimg")
        .args(["--quiet", "--set", "*.enable"])
        .arg(picture)
        .output()
        .expect("this test needs zbarimg: install the package zbar-tools");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut codes: Vec<String> = text.lines().map(str::to_owned).collect();
    codes.sort();
    codes
}

struct Picture {
    width: usize,
    height: usize,
    /// True for ink, row after row.
    dots: Vec<bool>,
}

fn picture(file: &Path) -> Picture {
    let mut decoder =
        png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    let samples = info.color_type.samples();
    Picture {
        width: info.width as usize,
        height: info.height as usize,
        dots: buffer
            .chunks(samples)
            .map(|pixel| pixel[0] < 0x40)
            .collect(),
    }
}

impl Picture {
    /// First and last inked column.
    fn ink_columns(&self) -> (usize, usize) {
        let inked: Vec<usize> = (0..self.dots.len())
            .filter(|index| self.dots[*index])
            .map(|index| index % self.width)
            .collect();
        (*inked.iter().min().unwrap(), *inked.iter().max().unwrap())
    }
}

#[tokio::test]
async fn a_ticket_has_its_text_its_codes_and_its_digest() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let document = [
        b"\x1b@\x1ba\x01\x1d!\x11\x1bE\x01THE TEMPEST\n\x1d!\x00\x1bE\x00".as_slice(),
        b"Globe Theatre\n\x1bd\x01\x1ba\x00",
        b"Row C   Seat 12 \x1b-\x02under\x1b-\x00 \x1dB\x01 inverse \x1dB\x00\n",
        b"Price                                    \x9c 24.50\n",
        b"\x1ba\x01\x1bJ\x20",
        &qr(6, 49, b"https://tickets.example/t/8Q2-77"),
        b"\x1bJ\x20\x1dh\x50\x1dw\x02\x1dH\x02",
        &code128(b"{BTKT-{C\x12\x22\x38"),
        b"\x1bJ\x20",
        b"\x1dk\x02400638133393\x00",
        b"\x1dVB\x10",
    ]
    .concat();
    print(&printer, &document).await;

    let all = tickets(&printer, 1).await;
    assert_eq!(all.len(), 1);
    let ticket = &all[0];
    assert_eq!((ticket.number, ticket.torn), (1, false));
    assert_eq!(ticket.bytes, document.len() as u64);
    let digest = ring::digest::digest(&ring::digest::SHA256, &document);
    let hexadecimal: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(ticket.sha256, hexadecimal);
    assert_eq!(ticket.text[0], "THE TEMPEST");
    assert_eq!(ticket.text[2], "Row C   Seat 12 under  inverse");
    assert!(ticket.text[3].ends_with("£ 24.50"), "{:?}", ticket.text);
    assert_eq!(ticket.text[4..], ["TKT-183456", "4006381333931"]);

    let file = directory.path().join(&ticket.file);
    assert_eq!(
        read_codes(&file),
        [
            "CODE-128:TKT-183456",
            "EAN-13:4006381333931",
            "QR-Code:https://tickets.example/t/8Q2-77"
        ]
    );
    assert_eq!(picture(&file).width, 640);
    assert!(picture(&file).height > 400);
}

#[tokio::test]
async fn every_code128_symbol_is_read_back_as_it_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let printable: Vec<u8> = (0x20..0x7f).filter(|byte| *byte != b'{').collect();
    let mut wanted: Vec<Vec<String>> = Vec::new();
    for part in printable.chunks(16) {
        let text = String::from_utf8(part.to_vec()).unwrap();
        wanted.push(vec![format!("CODE-128:{}", text.trim_end())]);
        print(
            &printer,
            &[
                b"\x1dw\x02".as_slice(),
                &code128(&[b"{B", part].concat()),
                b"\x1dVA\x00".as_slice(),
            ]
            .concat(),
        )
        .await;
    }
    for pairs in (0..100_u8).collect::<Vec<_>>().chunks(20) {
        let digits: String = pairs.iter().map(|pair| format!("{pair:02}")).collect();
        wanted.push(vec![format!("CODE-128:{digits}")]);
        let code = [b"\x1dw\x02".as_slice(), &code128(&[b"{C", pairs].concat())].concat();
        print(&printer, &[&code, b"\x1dVA\x00".as_slice()].concat()).await;
    }
    let all = tickets(&printer, wanted.len()).await;
    for (ticket, wanted) in all.iter().zip(wanted) {
        let codes: Vec<String> = read_codes(&directory.path().join(&ticket.file))
            .iter()
            .map(|code| code.trim_end().to_owned())
            .collect();
        assert_eq!(codes, wanted, "ticket {}", ticket.number);
    }
}

#[tokio::test]
async fn pictures_and_alignment_fall_where_they_should() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    // 16 dots wide, 2 rows, right-aligned; then doubled and centred.
    print(
        &printer,
        b"\x1ba\x02\x1dv0\x00\x02\x00\x02\x00\xff\xff\xff\xff\x1dV\x00\
          \x1ba\x01\x1dv0\x03\x02\x00\x02\x00\xff\xff\xff\xff\x1dV\x00",
    )
    .await;
    let all = tickets(&printer, 2).await;
    let right = picture(&directory.path().join(&all[0].file));
    assert_eq!(right.ink_columns(), (32 + 576 - 16, 32 + 575));
    assert_eq!(right.dots.iter().filter(|ink| **ink).count(), 32);
    let centred = picture(&directory.path().join(&all[1].file));
    assert_eq!(centred.ink_columns(), (32 + 272, 32 + 303));
    assert_eq!(centred.dots.iter().filter(|ink| **ink).count(), 32 * 4);
}

#[tokio::test]
async fn long_lines_wrap_and_endless_paper_is_cut() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    print(&printer, &[&[b'x'; 49], b"\n\x1dV\x00".as_slice()].concat()).await;
    assert_eq!(
        tickets(&printer, 1).await[0].text,
        ["x".repeat(48), "x".to_owned()]
    );

    // One picture, 65535 rows tall.
    let endless = [
        b"\x1dv0\x00\x01\x00\xff\xff".as_slice(),
        &[0xff; 65_535],
        b"\x1dV\x00",
    ]
    .concat();
    print(&printer, &endless).await;
    let all = tickets(&printer, 6).await;
    assert_eq!(all.len(), 6);
    assert!(all[1..5].iter().all(|ticket| ticket.torn));
    assert!(!all[5].torn);
    for ticket in &all[1..] {
        assert!(picture(&directory.path().join(&ticket.file)).height < 16_200);
    }
}

#[tokio::test]
async fn numbers_go_on_after_a_restart_and_a_torn_line() {
    let directory = tempfile::tempdir().unwrap();
    let first = printer(directory.path()).await;
    print(&first, b"one\n\x1dV\x00").await;
    first.stop().await;
    let list = directory.path().join("tickets.jsonl");
    let mut text = std::fs::read_to_string(&list).unwrap();
    text.push_str("{\"number\":2,\"ti");
    std::fs::write(&list, text).unwrap();

    let second = printer(directory.path()).await;
    print(&second, b"two\n\x1dV\x00").await;
    let all = tickets(&second, 2).await;
    assert_eq!(all.iter().map(|t| t.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(all[1].text, ["two"]);
    assert!(directory.path().join("0002.png").exists());
}

#[tokio::test]
async fn the_digest_leaves_out_the_talk_with_the_host() {
    let directory = tempfile::tempdir().unwrap();
    let printer = printer(directory.path()).await;
    let mut stream = connect(&printer).await;
    let (request, echo) = marker(*b"0001");
    for _ in 0..2 {
        // A question before, a drawer kick after the cut: neither is a part of the next ticket.
        stream.write_all(b"\x10\x04\x01\x1dr\x01").await.unwrap();
        let document = [b"same\n\x1dV\x00\x1bp\x00AB".as_slice(), &request].concat();
        ask(&mut stream, &document, &echo).await;
    }
    let all = tickets(&printer, 2).await;
    assert_eq!(all[0].sha256, all[1].sha256);
    assert_eq!((all[0].bytes, all[1].bytes), (8, 8));
}
