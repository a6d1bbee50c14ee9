//! What a face that speaks in a stream of bytes is to the terminal's port.

use std::io;

use cueline_model::Mono;

use super::payments::Payments;
use super::zvt::{Deed, ZvtFace};

/// A terminal's language over TCP.
pub(super) trait StreamFace: Send {
    /// A connection is open, the one before it gone.
    fn connected(&mut self);

    /// Whether it waits for the till.
    fn awaits_till(&self) -> bool;

    /// Takes bytes of the till.
    fn received(
        &mut self,
        bytes: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<Deed>>;

    /// Goes on as far as it can without the till; also gives the moment until which nothing happens.
    fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<Deed>, Option<Mono>)>;
}

impl StreamFace for ZvtFace {
    fn connected(&mut self) {
        Self::connected(self);
    }

    fn awaits_till(&self) -> bool {
        Self::awaits_till(self)
    }

    fn received(
        &mut self,
        bytes: &[u8],
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<Vec<Deed>> {
        Self::received(self, bytes, payments, now)
    }

    fn go_on(
        &mut self,
        payments: &mut Payments,
        now: Mono,
    ) -> io::Result<(Vec<Deed>, Option<Mono>)> {
        Self::go_on(self, payments, now)
    }
}
