//! Which requests may be sent more than once.
//!
//! A request that moves money is sent once, whatever becomes of it; what asks only may be asked again.
//! That is held by the compiler: [`Repeat`] takes what is [`RepeatSafe`], and the trait is sealed.

/// Something that is sent to a terminal.
pub trait Request {
    /// As it goes over the wire.
    fn encode(&self) -> Vec<u8>;
}

pub(crate) mod sealed {
    /// Keeps others from declaring their requests safe.
    pub trait Sealed {}
}

/// A request that changes nothing at the card's account, however often it is done.
pub trait RepeatSafe: Request + sealed::Sealed {}

/// A request with the number of times it may still be sent.
#[derive(Debug, Clone)]
pub struct Repeat<R: RepeatSafe> {
    request: R,
    left: u32,
}

impl<R: RepeatSafe> Repeat<R> {
    /// One that is sent at most so often in all.
    #[must_use]
    pub const fn at_most(times: u32, request: R) -> Self {
        Self {
            request,
            left: times,
        }
    }

    /// The bytes to send now; nothing once it was sent often enough.
    pub fn next_bytes(&mut self) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.request.encode())
    }

    /// Whether it was sent often enough.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zvt::requests::RepeatReceipt;

    #[test]
    fn a_question_is_sent_so_often_and_no_more() {
        let mut question = Repeat::at_most(2, RepeatReceipt { password: 0 });
        assert!(question.next_bytes().is_some() && question.next_bytes().is_some());
        assert!(question.is_spent());
        assert_eq!(question.next_bytes(), None);
    }
}
