//! ZVT: the virtual terminal's face, in memory.

use cueline_fake_devices::terminal::{Deed, Pace, Payments, Script, ZvtFace, standing};
use cueline_model::Mono;
use cueline_terminals::{Driver, Output, Zvt, ZvtSettings};

use crate::peer::{Abilities, Happening, Peer, Plot};
use crate::suite;

struct ZvtPeer {
    face: ZvtFace,
    payments: Payments,
    connected: bool,
    reachable: bool,
}

impl ZvtPeer {
    fn new() -> Self {
        Self {
            face: ZvtFace::new(false),
            payments: Payments::in_memory(Pace::default()),
            connected: false,
            reachable: true,
        }
    }

    fn done(&mut self, deeds: Vec<Deed>) -> Vec<Happening> {
        deeds
            .into_iter()
            .map(|deed| match deed {
                Deed::Write(bytes) => Happening::Bytes(bytes),
                Deed::Close | Deed::PowerLoss => {
                    self.connected = false;
                    Happening::Closed
                }
            })
            .collect()
    }
}

impl Peer for ZvtPeer {
    fn abilities(&self) -> Abilities {
        Abilities {
            looks_up: true,
            proves_absence: false,
            takes_back: true,
        }
    }

    fn driver(&self) -> Box<dyn Driver> {
        Box::new(Zvt::new(ZvtSettings::default()))
    }

    fn plot(&mut self, plot: Plot) {
        self.payments.script(match plot {
            Plot::Approve => Script::Approve,
            Plot::Decline => Script::Decline,
            Plot::Busy => Script::Busy,
            Plot::Refuse => Script::Refuse,
            Plot::DropBefore => Script::DropBefore,
            Plot::DropAfter => Script::DropAfter,
            Plot::Stoppable => Script::Silent,
            Plot::Unstoppable => Script::Unstoppable,
        });
    }

    fn set_reachable(&mut self, reachable: bool) {
        self.reachable = reachable;
    }

    fn key_sale(&mut self, amount_minor: i64) {
        self.payments.key_sale(amount_minor, "EUR").unwrap();
    }

    fn take(&mut self, output: Output, now: Mono) -> Vec<Happening> {
        match output {
            Output::Connect if self.reachable => {
                self.connected = true;
                self.face.connected();
                vec![Happening::Connected]
            }
            Output::Connect => vec![Happening::ConnectFailed],
            Output::Write(bytes) if self.connected => {
                let deeds = self.face.received(&bytes, &mut self.payments, now);
                self.done(deeds.unwrap())
            }
            Output::Write(_) => Vec::new(),
            Output::Close => {
                self.connected = false;
                self.payments.link_lost();
                Vec::new()
            }
            Output::Post { .. } => panic!("ZVT posts nothing"),
        }
    }

    fn go_on(&mut self, now: Mono) -> Vec<Happening> {
        if !self.connected {
            self.payments.go_on_alone(now).unwrap();
            return Vec::new();
        }
        let (deeds, _) = self.face.go_on(&mut self.payments, now).unwrap();
        self.done(deeds)
    }

    fn begins(&self, output: &Output) -> bool {
        matches!(output, Output::Write(bytes) if matches!(bytes[..2], [0x06, 0x01 | 0x21 | 0x30 | 0x31]))
    }

    fn standing(&self) -> Vec<i64> {
        let standing = standing(self.payments.ledger());
        standing.iter().map(|entry| entry.amount_minor).collect()
    }

    fn acknowledged(&self) -> Option<bool> {
        Some(!self.payments.is_paying())
    }
}

#[test]
fn zvt_keeps_the_contract() {
    suite::run(ZvtPeer::new);
}
