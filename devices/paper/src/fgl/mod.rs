//! FGL: Boca's Friendly Ghost Language, and its relatives by other makers of ticket printers.
//!
//! A ticket is a page that is drawn in memory and printed as a whole. Positions are row and column in
//! dots from the top left corner; text and codes are turned about the place where they begin, so that
//! they run down, to the left, or up from there.
//!
//! Source: Boca Systems, "Programming Guide, Friendly Ghost Language FGL46/FGL26", its supplements on
//! bar codes, QR codes and printer status.

mod barcode;
mod command;
mod graphics;
mod interpreter;
mod qr;
mod type_face;

use command::{Command, Parser, Piece};
use interpreter::Ticket;

use crate::head::Head;
use crate::interpreter::{Event, Talk};
use crate::sheet::Edge;

/// A ticket printer.
#[derive(Debug)]
pub(crate) struct Fgl {
    parser: Parser,
    ticket: Ticket,
    begun_bytes: usize,
    unknown: u64,
}

impl Fgl {
    pub(crate) fn new(head: Head) -> Self {
        Self {
            parser: Parser::default(),
            ticket: Ticket::new(head),
            begun_bytes: 0,
            unknown: 0,
        }
    }

    pub(crate) fn push(&mut self, byte: u8) -> Option<Event> {
        self.begun_bytes += 1;
        let piece = self.parser.push(byte, self.ticket.awaits_bar_data())?;
        self.begun_bytes = 0;
        Some(self.carry_out(piece))
    }

    fn carry_out(&mut self, piece: Piece) -> Event {
        let command = match piece {
            Piece::Command(command) => command,
            Piece::Unknown => {
                self.unknown += 1;
                return Event::Drawn;
            }
            Piece::Nothing => return Event::Drawn,
        };
        match command {
            Command::Status => Event::Talk(Talk::Status),
            Command::TicketCount => Event::Talk(Talk::TicketCount),
            Command::ClearBuffer => {
                self.ticket.clear();
                Event::Cleared
            }
            Command::Print { cut, hold } => {
                let edge = if cut { Edge::Cut } else { Edge::Whole };
                let (sheet, copies) = self.ticket.print(edge, hold);
                Event::Printed { sheet, copies }
            }
            command => {
                self.ticket.apply(command);
                Event::Drawn
            }
        }
    }

    pub(crate) fn begun_bytes(&self) -> usize {
        self.begun_bytes
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.ticket.is_blank()
    }

    pub(crate) fn break_off(&mut self) {
        self.parser = Parser::default();
        self.ticket.forget_bar_code();
        self.begun_bytes = 0;
    }

    pub(crate) fn unknown(&self) -> u64 {
        self.unknown
    }

    pub(crate) fn refused(&self) -> u64 {
        self.ticket.refused()
    }
}

#[cfg(test)]
mod tests;
