//! ESC/POS: Epson's receipt language and its relatives.
//!
//! Source: Epson, "ESC/POS Command Reference".

mod command;
mod interpreter;

use command::{Command, Parser};
use interpreter::Receipt;

use crate::head::Head;
use crate::interpreter::{Event, Talk};
use crate::sheet::{Edge, Sheet};

/// A receipt printer: it prints line by line, as the bytes come.
#[derive(Debug)]
pub(crate) struct Escpos {
    parser: Parser,
    receipt: Receipt,
    begun_bytes: usize,
    unknown: u64,
}

impl Escpos {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            parser: Parser::default(),
            receipt: Receipt::new(head),
            begun_bytes: 0,
            unknown: 0,
        }
    }

    pub(crate) fn push(&mut self, byte: u8) -> Option<Event> {
        self.begun_bytes += 1;
        let command = self.parser.push(byte)?;
        self.begun_bytes = 0;
        self.receipt.apply(&command);
        let event = match command {
            Command::Cut { feed_dots } => self.printed(feed_dots, Edge::Cut),
            Command::TransmitStatus(n) => Event::Talk(Talk::TransmitStatus(n)),
            Command::ProcessId(id) => Event::Talk(Talk::ProcessId(id)),
            Command::StatusBack(n) => Event::Talk(Talk::StatusBack(n)),
            Command::RealTime => Event::Talk(Talk::RealTime),
            Command::Initialize => Event::Initialized,
            Command::Ignored => {
                self.unknown += 1;
                Event::Drawn
            }
            _ => Event::Drawn,
        };
        Some(match event {
            Event::Drawn if self.receipt.is_full() => self.printed(0, Edge::Torn),
            event => event,
        })
    }

    fn printed(&mut self, feed_dots: u8, edge: Edge) -> Event {
        Event::Printed {
            sheet: self.receipt.take_sheet(feed_dots, edge),
            copies: 1,
        }
    }

    pub(crate) fn begun_bytes(&self) -> usize {
        self.begun_bytes
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.receipt.is_blank()
    }

    pub(crate) fn fed_rows(&self) -> usize {
        self.receipt.fed_rows()
    }

    pub(crate) fn break_off(&mut self) {
        self.parser = Parser::default();
        self.begun_bytes = 0;
    }

    pub(crate) fn tear_off(&mut self) -> Option<Sheet> {
        (!self.is_blank()).then(|| self.receipt.take_sheet(0, Edge::Torn))
    }

    /// Commands that leave no mark here; what is passed over whole is not told from what is only
    /// not drawn.
    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    pub(crate) fn refused(&self) -> u64 {
        self.receipt.refused()
    }
}

#[cfg(test)]
mod tests;
