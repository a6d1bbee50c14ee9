//! The payments' side of an agent: stations, offers, permission, reports.

use cueline_model::{
    CardDetails, PaymentId, PaymentOutcome, Receipt, ReceiptCopy, Settlement, TerminalProtocol,
};
use cueline_wire::cloud::{
    Inventory, JournalMark, LivePayment, PaymentEntry, PaymentReport, PaymentReportReply,
    PaymentStep, StartReply, StartRequest, StationDescription, TerminalDescription, path,
};
use http::Method;

use super::Answer;
use super::agent::{Agent, front};

pub fn mark(opening: u64) -> JournalMark {
    JournalMark {
        opening,
        instance: format!("{opening:032x}"),
    }
}

/// A desk with these terminals.
pub fn desk(name: &str, terminals: &[&str]) -> StationDescription {
    let terminals = terminals.iter().map(|name| TerminalDescription {
        name: name.parse().unwrap(),
        protocol: TerminalProtocol::Zvt,
    });
    StationDescription {
        name: name.parse().unwrap(),
        user: "anna".to_owned(),
        terminals: terminals.collect(),
    }
}

pub fn approved(amount_minor: i64) -> PaymentStep {
    ended(PaymentOutcome::Approved {
        amount_minor,
        card: CardDetails {
            auth_code: Some("A1B2C3".to_owned()),
            terminal_txn_ref: Some("000123".to_owned()),
            receipt_no: Some("0042".to_owned()),
            last4: Some("1111".to_owned()),
            scheme: Some("Visa".to_owned()),
            entry_mode: Some("contactless".to_owned()),
        },
    })
}

pub fn ended(outcome: PaymentOutcome) -> PaymentStep {
    PaymentStep::Ended {
        settlement: Box::new(Settlement {
            outcome,
            receipts: vec![Receipt {
                copy: ReceiptCopy::Customer,
                lines: vec!["GLOBE".to_owned(), "EUR 12.50".to_owned()],
                signature: false,
            }],
        }),
        resolver: None,
    }
}

pub fn unknown() -> PaymentStep {
    PaymentStep::Unknown {
        text: "the connection to the terminal broke".to_owned(),
        asking: false,
    }
}

impl Agent {
    /// Tells of these desks and of printer `front`.
    pub async fn open_desks(&self, stations: Vec<StationDescription>) {
        let inventory = Inventory {
            stations,
            agent_version: "0.1.0".to_owned(),
            platform: "test".to_owned(),
            path: "direct".to_owned(),
            printers: vec![front()],
        };
        let answer = self.send(Method::PUT, path::INVENTORY, &inventory).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Asks whether a payment may be started.
    pub async fn ask_start(&self, payment: PaymentId) -> StartReply {
        let asked = StartRequest { journal: mark(1) };
        let path = path::payment_start(payment);
        self.send(Method::POST, &path, &asked).await.json()
    }

    /// Reports one step of a payment.
    pub async fn pay_step(
        &self,
        seq: u64,
        payment: PaymentId,
        step: PaymentStep,
    ) -> PaymentReportReply {
        self.pay_report(mark(1), seq, payment, step).await.json()
    }

    pub async fn pay_report(
        &self,
        journal: JournalMark,
        seq: u64,
        payment: PaymentId,
        step: PaymentStep,
    ) -> Answer {
        let report = PaymentReport {
            journal,
            entries: vec![PaymentEntry {
                seq,
                payment,
                at: cueline_hub::clock::wall(),
                step,
            }],
            live: Vec::new(),
            unmatched: Vec::new(),
        };
        self.send(Method::POST, path::PAYMENTS, &report).await
    }

    /// Tells what is going on at the terminal.
    pub async fn pay_live(&self, live: LivePayment) {
        let report = PaymentReport {
            journal: mark(1),
            entries: Vec::new(),
            live: vec![live],
            unmatched: Vec::new(),
        };
        let answer = self.send(Method::POST, path::PAYMENTS, &report).await;
        answer.json::<PaymentReportReply>();
    }

    /// Does an offered payment up to the start: acknowledged, permitted, started. Uses entries `seq` and the
    /// next.
    pub async fn start_payment(&self, seq: u64, payment: PaymentId) {
        let stored = self.pay_step(seq, payment, PaymentStep::Accepted).await;
        assert_eq!(stored.stored, [seq]);
        assert!(self.ask_start(payment).await.granted);
        let started = PaymentStep::Started { baseline: None };
        self.pay_step(seq + 1, payment, started).await;
    }
}
