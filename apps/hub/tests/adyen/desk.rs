//! A till whose terminal does what the amount's last digits say, as the virtual terminal does.

use std::sync::{Arc, Mutex};

use cueline_model::{
    CardDetails, PaymentFailure, PaymentFailureCode, PaymentId, PaymentOutcome, Stage,
};
use cueline_wire::cloud::{PaymentOffer, PaymentStep, StreamEvent, Wish};
use tokio::task::JoinHandle;

use crate::equipment::Api;
use crate::equipment::agent::Agent;
use crate::equipment::till::{approved, desk, ended, unknown};

/// The terminal's name, as a POIID is.
pub const DEVICE: &str = "P400Plus-123456789";

/// A till that works until it is dropped.
pub struct Desk {
    started: Arc<Mutex<Vec<PaymentId>>>,
    works: JoinHandle<()>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.works.abort();
    }
}

impl Desk {
    /// Registers an agent with desk `desk-1` and works on its link.
    pub async fn open(api: &Api<'_>) -> Self {
        let agent = Agent::register(api).await;
        agent.open_desks(vec![desk("desk-1", &[DEVICE])]).await;
        let mut stream = agent.hold("ping=60").await;
        stream.hello().await;
        let started = Arc::new(Mutex::new(Vec::new()));
        let begun = started.clone();
        let works = tokio::spawn(async move {
            let mut seq = 0;
            while let Some(framed) = stream.next().await {
                match framed.event {
                    StreamEvent::Payment(offer) => {
                        for step in asked(&agent, &offer, &begun).await {
                            seq += 1;
                            agent.pay_step(seq, offer.payment, step).await;
                        }
                    }
                    StreamEvent::PaymentWish(wish) if wish.wish == Wish::Cancel => {
                        seq += 1;
                        let step = ended(PaymentOutcome::Cancelled);
                        agent.pay_step(seq, wish.payment, step).await;
                    }
                    _ => {}
                }
            }
        });
        Self { started, works }
    }

    /// The payments that reached the terminal.
    pub fn started(&self) -> Vec<PaymentId> {
        self.started.lock().unwrap().clone()
    }
}

/// What becomes of a payment, step by step.
async fn asked(
    agent: &Agent,
    offer: &PaymentOffer,
    started: &Mutex<Vec<PaymentId>>,
) -> Vec<PaymentStep> {
    let amount = offer.order.amount_minor;
    let failure = |stage, code| PaymentFailure {
        stage,
        code,
        retryable: true,
        text: format!("the terminal says {code:?}"),
    };
    let mut steps = vec![PaymentStep::Accepted];
    if amount % 100 == 64 {
        let failure = failure(Stage::Tray, PaymentFailureCode::Busy);
        steps.push(ended(PaymentOutcome::Failed { failure }));
        return steps;
    }
    assert!(agent.ask_start(offer.payment).await.granted);
    started.lock().unwrap().push(offer.payment);
    steps.push(PaymentStep::Started { baseline: None });
    match amount % 100 {
        61 => steps.push(ended(PaymentOutcome::Declined {
            failure: failure(Stage::Terminal, PaymentFailureCode::Declined),
            card: CardDetails::default(),
        })),
        // Until it is cancelled.
        68 => {}
        66 => steps.push(unknown()),
        _ => steps.push(approved(amount)),
    }
    steps
}
