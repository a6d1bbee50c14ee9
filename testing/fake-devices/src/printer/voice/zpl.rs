//! The answers of a ZPL printer: it says nothing unasked, and is asked with `~HS` and `~HQES`.
//!
//! Source: Zebra Technologies, "ZPL II Programming Guide", commands `~HS`, `~HQ`, `~HI`.

use super::{Line, Situation, Urgent};
use crate::printer::fault::PrinterFault;

/// How it answers.
#[derive(Debug)]
pub(super) struct Zpl {
    silent_in_fault: bool,
}

impl Zpl {
    pub(super) const fn new(silent_in_fault: bool) -> Self {
        Self { silent_in_fault }
    }

    /// Takes one received byte; gives the answer to a question that it completes. What `~` begins is
    /// obeyed when it is received, before anything that waits in the buffer.
    pub(super) fn real_time(
        &self,
        byte: u8,
        line: &mut Line,
        situation: &mut impl FnMut(Option<Urgent>) -> Situation,
    ) -> Vec<u8> {
        line.push(byte);
        let last = line.last.map(|byte| byte.to_ascii_uppercase());
        // A question's letters, as far as they have come.
        let is_request = [&b"~HQES"[..], b"~HS", b"~HI"]
            .iter()
            .any(|question| (1..=question.len()).any(|count| last.ends_with(&question[..count])));
        line.has_print_data |= !(is_request || byte.is_ascii_whitespace());
        match &last {
            [.., b'~', b'H', b'S'] => self.host_status(&situation(None)),
            [.., b'~', b'H', b'Q', b'E', b'S'] => host_query(&situation(None)),
            [.., b'~', b'H', b'I'] => b"\x02CUELINE-ZPL,V1.0,8,2048KB\x03\r\n".to_vec(),
            [.., b'~', b'J', b'A'] => {
                situation(Some(Urgent::CancelAll));
                Vec::new()
            }
            [.., b'~', b'P', b'P'] => {
                situation(Some(Urgent::Pause(true)));
                Vec::new()
            }
            [.., b'~', b'P', b'S'] => {
                situation(Some(Urgent::Pause(false)));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn host_status(&self, now: &Situation) -> Vec<u8> {
        let out = now.fault.is_out_of_paper();
        let open = now.fault == PrinterFault::CoverOpen;
        let ribbon = now.fault == PrinterFault::RibbonOut;
        if self.silent_in_fault && (out || open || ribbon) {
            return Vec::new();
        }
        let flag = u8::from;
        let paused = now.paused || now.fault == PrinterFault::Offline;
        format!(
            "\x02030,{},{},{:04},{:03},{},0,{},000,0,0,0\x03\r\n\
             \x02000,0,{},{},0,2,4,0,{:08},1,000\x03\r\n\
             \x021234,0\x03\r\n",
            flag(out),
            flag(paused),
            now.label_rows.min(9_999),
            now.formats.min(999),
            flag(now.full),
            flag(now.in_format),
            flag(open),
            flag(ribbon),
            now.labels_left,
        )
        .into_bytes()
    }
}

fn host_query(now: &Situation) -> Vec<u8> {
    let paused = if now.paused { 0x1_0000 } else { 0 };
    let errors: u32 = paused
        | match now.fault {
            PrinterFault::PaperOut | PrinterFault::PathOut { .. } => 0x1,
            PrinterFault::RibbonOut => 0x2,
            PrinterFault::CoverOpen => 0x4,
            PrinterFault::Cutter => 0x8,
            PrinterFault::Jam => 0x4000,
            PrinterFault::Offline => 0x1_0000,
            _ => 0,
        };
    let warnings: u32 = match now.fault {
        PrinterFault::PaperLow => 0x8,
        _ => 0,
    };
    let present = |bits: u32| u8::from(bits != 0);
    format!(
        "\x02\r\n  PRINTER STATUS\r\n   ERRORS:         {} 00000000 {errors:08X}\r\n   WARNINGS:       \
         {} 00000000 {warnings:08X}\r\n\x03\r\n",
        present(errors),
        present(warnings),
    )
    .into_bytes()
}
