//! Caisse-AP: the virtual terminal's face, in memory.

use cueline_fake_devices::terminal::{CaisseApFace, Deed, Pace, Payments, Script, standing};
use cueline_model::Mono;
use cueline_terminals::caisse_ap::{CaisseAp, Settings};
use cueline_terminals::{Driver, Output};

use crate::peer::{Abilities, Happening, Peer, Plot};
use crate::suite;

struct CaisseApPeer {
    face: CaisseApFace,
    payments: Payments,
    connected: bool,
    reachable: bool,
}

impl CaisseApPeer {
    fn new() -> Self {
        Self {
            face: CaisseApFace::default(),
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

impl Peer for CaisseApPeer {
    fn abilities(&self) -> Abilities {
        Abilities {
            looks_up: false,
            proves_absence: false,
            takes_back: false,
        }
    }

    fn driver(&self) -> Box<dyn Driver> {
        Box::new(CaisseAp::new(Settings::default()).unwrap())
    }

    fn plot(&mut self, plot: Plot) {
        self.payments.script(match plot {
            Plot::Approve => Script::Approve,
            Plot::Decline => Script::Decline,
            Plot::Busy => Script::Busy,
            Plot::Refuse => Script::Refuse,
            Plot::DropBefore => Script::DropBefore,
            Plot::DropAfter => Script::DropAfter,
            // No till can stop it: the clerk is told to press the key at the terminal, and does.
            Plot::Stoppable => Script::CustomerCancels,
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
            Output::Post { .. } => panic!("Caisse-AP posts nothing"),
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
        matches!(output, Output::Write(_))
    }

    fn standing(&self) -> Vec<i64> {
        let standing = standing(self.payments.ledger());
        standing.iter().map(|entry| entry.amount_minor).collect()
    }

    fn acknowledged(&self) -> Option<bool> {
        None
    }
}

#[test]
fn caisse_ap_keeps_the_contract() {
    suite::run(CaisseApPeer::new);
}
