//! A terminal in memory, as the suite sees it.

use cueline_model::Mono;
use cueline_terminals::{Driver, Input, Output};

/// What becomes of the next payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plot {
    Approve,
    Decline,
    /// Refused as busy, before it began.
    Busy,
    /// Refused for another reason, before it began.
    Refuse,
    /// The link breaks and nothing was authorised.
    DropBefore,
    /// Authorised, and the link breaks before that is said.
    DropAfter,
    /// Waits for a wish to stop, and obeys it.
    Stoppable,
    /// Approves in spite of a wish to stop.
    Unstoppable,
}

/// What a protocol can do; the suite asks no more of it.
#[derive(Debug, Clone, Copy)]
pub struct Abilities {
    /// It can say what its last transaction was, or what became of ours.
    pub looks_up: bool,
    /// It proves that a payment was never done.
    pub proves_absence: bool,
    /// It takes back what is refused in place of an acknowledgement.
    pub takes_back: bool,
}

/// An [`Input`] that owns its bytes.
#[derive(Debug)]
#[allow(dead_code, reason = "a protocol has either a connection or posts")]
pub enum Happening {
    Connected,
    ConnectFailed,
    Bytes(Vec<u8>),
    Closed,
    Reply {
        exchange: u64,
        body: Vec<u8>,
    },
    NoReply {
        exchange: u64,
        may_have_arrived: bool,
    },
}

impl Happening {
    pub fn as_input(&self) -> Input<'_> {
        let text = "the peer did not answer".to_owned();
        match self {
            Self::Connected => Input::Connected,
            Self::ConnectFailed => Input::ConnectFailed { text },
            Self::Bytes(bytes) => Input::Bytes(bytes),
            Self::Closed => Input::Closed,
            Self::Reply { exchange, body } => Input::Reply {
                exchange: *exchange,
                body,
            },
            Self::NoReply {
                exchange,
                may_have_arrived,
            } => Input::NoReply {
                exchange: *exchange,
                may_have_arrived: *may_have_arrived,
                text,
            },
        }
    }
}

/// A terminal that speaks one protocol.
pub trait Peer {
    /// What its protocol can do.
    fn abilities(&self) -> Abilities;

    /// A driver for it that knows nothing yet, as after a crash of the till.
    fn driver(&self) -> Box<dyn Driver>;

    /// What becomes of the next payment.
    fn plot(&mut self, plot: Plot);

    /// Whether connections are taken.
    fn set_reachable(&mut self, reachable: bool);

    /// Somebody sells with the terminal's own keys.
    fn key_sale(&mut self, amount_minor: i64);

    /// Takes what a driver does; gives what comes of it at once.
    fn take(&mut self, output: Output, now: Mono) -> Vec<Happening>;

    /// Goes on by itself by one step; nothing where it waits.
    fn go_on(&mut self, now: Mono) -> Vec<Happening>;

    /// Whether these bytes ask for money.
    fn begins(&self, output: &Output) -> bool;

    /// Amounts of sales that stand in its ledger.
    fn standing(&self) -> Vec<i64>;

    /// Whether the result that was told last was acknowledged; nothing where the protocol has no
    /// acknowledgement.
    fn acknowledged(&self) -> Option<bool>;
}
