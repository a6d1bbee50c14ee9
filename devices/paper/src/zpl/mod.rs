//! ZPL II: Zebra's label language.
//!
//! A label is a page that is drawn between `^XA` and `^XZ` and printed as a whole. A field is set up by
//! commands (place, font or code, data) and drawn at its `^FS`. What `~` begins is obeyed at once and
//! belongs to no label.
//!
//! Source: Zebra Technologies, "ZPL II Programming Guide".

mod barcode;
mod command;
mod field;
mod graphics;
mod label;
mod text_field;

use command::{Command, Parser};
use label::Label;

use crate::head::Head;
use crate::interpreter::{Event, Talk};
use crate::sheet::Edge;

/// A label printer.
#[derive(Debug)]
pub(crate) struct Zpl {
    parser: Parser,
    label: Label,
    unknown: u64,
}

impl Zpl {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            parser: Parser::default(),
            label: Label::new(head),
            unknown: 0,
        }
    }

    pub(crate) fn push(&mut self, byte: u8) -> Option<Event> {
        let command = self.parser.push(byte)?;
        Some(self.carry_out(&command))
    }

    fn carry_out(&mut self, command: &Command) -> Event {
        match (command.prefix, &command.name) {
            (b'~', name) => return self.control(*name),
            (_, b"XA") => {
                if self.label.begin() {
                    return Event::Cleared;
                }
            }
            (_, b"XZ") => {
                if let Some((sheet, copies)) = self.label.print() {
                    return Event::Printed { sheet, copies };
                }
            }
            _ => {
                if !self.label.apply(command) {
                    self.unknown += 1;
                }
            }
        }
        Event::Drawn
    }

    fn control(&mut self, name: [u8; 2]) -> Event {
        Event::Talk(match &name {
            b"HS" => Talk::HostStatus,
            b"HQ" => Talk::HostQuery,
            b"HI" => Talk::HostIdentification,
            b"JA" => {
                self.label.abandon();
                Talk::CancelAll
            }
            b"PP" => Talk::Pause(true),
            b"PS" => Talk::Pause(false),
            b"SD" | b"JC" | b"JR" | b"JS" | b"JD" | b"JE" | b"PR" | b"PH" | b"TA" | b"WC"
            | b"HM" | b"HD" | b"RO" => Talk::Setting,
            _ => {
                self.unknown += 1;
                Talk::Setting
            }
        })
    }

    pub(crate) fn begun_bytes(&self) -> usize {
        self.parser.begun_bytes()
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.label.is_blank()
    }

    pub(crate) fn in_format(&self) -> bool {
        self.label.is_begun()
    }

    pub(crate) fn break_off(&mut self) {
        self.parser.break_off();
    }

    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    pub(crate) fn refused(&self) -> u64 {
        self.label.refused()
    }
}

/// A label that is not cut stays on its liner.
const fn edge(cutter: bool) -> Edge {
    if cutter { Edge::Cut } else { Edge::Whole }
}

#[cfg(test)]
mod tests;
