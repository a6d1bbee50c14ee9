//! A till and its terminal.

use std::path::Path;
use std::time::Duration;

use cueline_fake_devices::terminal::{LedgerEntry, standing};
use cueline_fake_devices::{TerminalSettings, VirtualTerminal};
use cueline_model::{
    Baseline, Currency, Finding, Original, PaymentId, PaymentKind, PaymentOrder, PaymentOutcome,
    Settlement, TerminalProtocol, WallTime,
};
use cueline_terminal_links::{TerminalAddress, converse};
use cueline_terminals::adyen::{Adyen, SecurityKey, Settings};
use cueline_terminals::caisse_ap::CaisseAp;
use cueline_terminals::{Command, Driver, Event};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// For what must happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Counter {
    pub terminal: VirtualTerminal,
    protocol: TerminalProtocol,
    _folder: tempfile::TempDir,
    till: Till,
}

/// A driver under way.
struct Till {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
}

/// How a payment went, as the till heard it.
#[derive(Debug)]
pub enum Heard {
    Result(Settlement),
    NotMoved(cueline_model::PaymentFailure),
    Unknown,
}

impl Counter {
    pub async fn open(protocol: TerminalProtocol) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let terminal = VirtualTerminal::start(settings(protocol, folder.path()))
            .await
            .unwrap();
        Self {
            till: Till::start(protocol, &terminal),
            terminal,
            protocol,
            _folder: folder,
        }
    }

    /// The till's program ends in mid-conversation, and a new one starts.
    pub fn restart_till(&mut self) {
        self.till = Till::start(self.protocol, &self.terminal);
    }

    pub async fn ask(&self, command: Command) {
        let given = timeout(PATIENCE, self.till.commands.send(command)).await;
        given.expect("the command is taken in time").unwrap();
    }

    pub async fn hear(&mut self) -> Event {
        let heard = timeout(PATIENCE, self.till.events.recv()).await;
        heard.expect("an event in time").expect("a driver")
    }

    /// The next event that is no progress.
    pub async fn hear_more(&mut self) -> Event {
        loop {
            match self.hear().await {
                Event::Progress(_) => {}
                event => return event,
            }
        }
    }

    /// Gets the terminal ready, also one whose power was lost a moment ago.
    pub async fn ready(&mut self) -> Option<Baseline> {
        for _ in 0..600 {
            self.ask(Command::Prepare).await;
            match self.hear_more().await {
                Event::Ready { baseline } => return baseline,
                Event::NotReady(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{other:?}"),
            }
        }
        panic!("the terminal does not get ready");
    }

    /// Pays and stores the result.
    pub async fn pay(&mut self, order: &PaymentOrder) -> (Heard, Option<Baseline>) {
        let baseline = self.ready().await;
        self.ask(Command::Begin(order.clone())).await;
        (self.end().await, baseline)
    }

    pub async fn end(&mut self) -> Heard {
        match self.hear_more().await {
            Event::Result(settlement) => {
                self.ask(Command::Stored).await;
                assert_eq!(self.hear_more().await, Event::Finished);
                Heard::Result(*settlement)
            }
            Event::NotMoved(failure) => Heard::NotMoved(failure),
            Event::Unknown { .. } => Heard::Unknown,
            other => panic!("{other:?}"),
        }
    }

    /// Asks until the terminal answers and is no longer at it.
    pub async fn look_up(&mut self, order: &PaymentOrder, baseline: Option<&Baseline>) -> Finding {
        for _ in 0..600 {
            self.ask(Command::LookUp {
                order: order.clone(),
                baseline: baseline.cloned(),
            })
            .await;
            match self.hear_more().await {
                Event::LookedUp(Finding::Unreachable { .. } | Finding::InProgress) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Event::LookedUp(finding) => return finding,
                other => panic!("{other:?}"),
            }
        }
        panic!("the terminal does not answer");
    }

    /// The amounts that stand in the ledger, in order.
    pub fn standing(&self) -> Vec<i64> {
        let entries: Vec<LedgerEntry> = self.terminal.ledger().unwrap();
        standing(&entries)
            .iter()
            .map(|entry| entry.amount_minor)
            .collect()
    }
}

impl Till {
    fn start(protocol: TerminalProtocol, terminal: &VirtualTerminal) -> Self {
        let at = terminal.address();
        let (driver, address): (Box<dyn Driver>, String) = match protocol {
            TerminalProtocol::AdyenLocal => (
                Box::new(adyen(terminal)),
                format!("https://{at}/nexo?pin={}", terminal.pin().unwrap()),
            ),
            _ => (
                Box::new(CaisseAp::new(Default::default()).unwrap()),
                format!("tcp://{at}"),
            ),
        };
        let address: TerminalAddress = address.parse().unwrap();
        let (commands, taken) = mpsc::channel(4);
        let (said, events) = mpsc::channel(4);
        tokio::spawn(converse(driver, address, taken, said));
        Self { commands, events }
    }
}

fn settings(protocol: TerminalProtocol, folder: &Path) -> TerminalSettings {
    let mut settings = TerminalSettings::of(folder);
    settings.protocol = protocol;
    settings.leak_card_number = true;
    settings.pace.slow = Duration::from_millis(1500);
    settings
}

fn adyen(terminal: &VirtualTerminal) -> Adyen {
    let shared = TerminalSettings::of(Path::new("unused")).adyen;
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(&now.as_nanos().to_be_bytes());
    seed[16..18].copy_from_slice(&terminal.address().port().to_be_bytes());
    Adyen::new(Settings {
        sale_id: "till-1".to_owned(),
        poi_id: shared.poi_id,
        key: SecurityKey::new(
            &shared.key_identifier,
            shared.key_version,
            &shared.passphrase,
        )
        .unwrap(),
        seed,
        started: WallTime(i64::try_from(now.as_millis()).unwrap()),
    })
}

pub fn order(kind: PaymentKind, amount_minor: i64) -> PaymentOrder {
    PaymentOrder {
        kind,
        amount_minor,
        currency: Currency::EUR,
        station: "desk".parse().unwrap(),
        terminal: "counter".parse().unwrap(),
        original: None,
    }
}

/// The void of a sale that ended so.
pub fn void_of(amount_minor: i64, sale: &Settlement) -> PaymentOrder {
    let PaymentOutcome::Approved { card, .. } = &sale.outcome else {
        panic!("{sale:?}");
    };
    let mut order = order(PaymentKind::Void, amount_minor);
    order.original = Some(Original {
        payment: PaymentId::from_u128(1),
        amount_minor,
        receipt_no: card.receipt_no.clone(),
        terminal_txn_ref: card.terminal_txn_ref.clone(),
    });
    order
}
