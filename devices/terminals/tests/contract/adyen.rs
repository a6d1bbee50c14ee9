//! Adyen's Terminal API: the virtual terminal's face, in memory.

use std::cell::Cell;

use cueline_fake_devices::terminal::{AdyenDeed, AdyenFace, Pace, Payments, Script, standing};
use cueline_model::{Mono, WallTime};
use cueline_terminals::adyen::{Adyen, SecurityKey, Settings};
use cueline_terminals::{Driver, Output};

use crate::peer::{Abilities, Happening, Peer, Plot};
use crate::suite;

struct AdyenPeer {
    face: AdyenFace,
    payments: Payments,
    waiting: Vec<u64>,
    reachable: bool,
    drivers: Cell<u8>,
}

fn key() -> SecurityKey {
    SecurityKey::new("till", 1, "correct horse").unwrap()
}

impl AdyenPeer {
    fn new() -> Self {
        Self {
            face: AdyenFace::open(key(), None, true).unwrap(),
            payments: Payments::in_memory(Pace::default()),
            waiting: Vec::new(),
            reachable: true,
            drivers: Cell::new(0),
        }
    }

    fn done(&mut self, deeds: Vec<AdyenDeed>) -> Vec<Happening> {
        let mut happenings = Vec::new();
        for deed in deeds {
            let unanswered = match deed {
                AdyenDeed::Answer { exchange, body } => {
                    self.waiting.retain(|waiting| *waiting != exchange);
                    happenings.push(Happening::Reply { exchange, body });
                    continue;
                }
                AdyenDeed::Refuse { exchange } => {
                    self.waiting.retain(|waiting| *waiting != exchange);
                    vec![exchange]
                }
                AdyenDeed::CutLink | AdyenDeed::PowerLoss => std::mem::take(&mut self.waiting),
            };
            happenings.extend(unanswered.into_iter().map(|exchange| Happening::NoReply {
                exchange,
                may_have_arrived: true,
            }));
        }
        happenings
    }
}

impl Peer for AdyenPeer {
    fn abilities(&self) -> Abilities {
        Abilities {
            // Unreachable, it never promised anything that it could be asked about.
            looks_up: self.reachable,
            proves_absence: true,
            takes_back: true,
        }
    }

    fn driver(&self) -> Box<dyn Driver> {
        self.drivers.set(self.drivers.get() + 1);
        Box::new(Adyen::new(Settings {
            sale_id: "till-1".to_owned(),
            poi_id: "V400m-123456789".to_owned(),
            key: key(),
            seed: [self.drivers.get(); 32],
            started: WallTime(1_795_000_000_000),
        }))
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
            Output::Post { exchange, body } if self.reachable => {
                self.waiting.push(exchange);
                let deeds = self.face.posted(exchange, &body, &mut self.payments, now);
                self.done(deeds.unwrap())
            }
            Output::Post { exchange, .. } => vec![Happening::NoReply {
                exchange,
                may_have_arrived: false,
            }],
            // The suite's way of ending a till.
            Output::Close => {
                self.waiting.clear();
                Vec::new()
            }
            Output::Connect | Output::Write(_) => panic!("Adyen's driver only posts"),
        }
    }

    fn go_on(&mut self, now: Mono) -> Vec<Happening> {
        let (deeds, _) = self.face.go_on(&mut self.payments, now).unwrap();
        self.done(deeds)
    }

    fn begins(&self, output: &Output) -> bool {
        let Output::Post { body, .. } = output else {
            return false;
        };
        let message: serde_json::Value = serde_json::from_slice(body).unwrap();
        message["SaleToPOIRequest"]["MessageHeader"]["MessageCategory"] == "Payment"
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
fn adyens_driver_keeps_the_contract() {
    suite::run(AdyenPeer::new);
}
