//! What somebody has to look at because of a payment, before it has a number.

use cueline_model::{
    AgentId, PaymentFailureCode, PaymentId, PaymentKind, PaymentOutcome, PaymentState, StationName,
    TenantId, TerminalName, UnmatchedTransaction, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{Alert, AlertCode};
use cueline_wire::cloud::UnmatchedAt;

use super::Payment;
use super::record::cleaned_card;

/// An alert to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// Whose.
    pub tenant: TenantId,
    /// Tells one of a kind from its repeats; `None`: each is stored.
    pub once: Option<String>,
    /// For programs.
    pub code: AlertCode,
    /// For people.
    pub text: String,
    /// When.
    pub at: WallTime,
    /// Which payment.
    pub payment: Option<PaymentId>,
    /// Whether the payment can be taken back.
    pub void_offered: bool,
    /// Where.
    pub agent: AgentId,
    /// Where.
    pub station: StationName,
    /// Where.
    pub terminal: TerminalName,
    /// Which transaction.
    pub transaction: Option<UnmatchedTransaction>,
}

impl NewAlert {
    /// A transaction that a terminal of `agent` did by itself. It is told until it is stored, so it may
    /// come twice.
    #[must_use]
    pub fn unmatched(tenant: TenantId, agent: AgentId, told: &UnmatchedAt) -> Self {
        let transaction = UnmatchedTransaction {
            amount_minor: told.transaction.amount_minor,
            card: cleaned_card(&told.transaction.card),
        };
        let once = format!(
            "{agent} {} {} {} {} {} {}",
            told.station,
            told.terminal,
            told.at.0,
            transaction.amount_minor,
            transaction.card.receipt_no.as_deref().unwrap_or("-"),
            transaction.card.terminal_txn_ref.as_deref().unwrap_or("-"),
        );
        let receipt = transaction.card.receipt_no.as_deref();
        Self {
            tenant,
            once: Some(once),
            code: AlertCode::UnmatchedTransaction,
            text: format!(
                "terminal {} at {} did a transaction of {} in minor units that nobody here asked for (receipt {}); find out whose it is",
                told.terminal,
                told.station,
                transaction.amount_minor,
                receipt.unwrap_or("unknown"),
            ),
            at: told.at,
            payment: None,
            void_offered: false,
            agent,
            station: told.station.clone(),
            terminal: told.terminal.clone(),
            transaction: Some(transaction),
        }
    }

    /// The alert under its number.
    #[must_use]
    pub fn into_alert(self, id: u64) -> Alert {
        Alert {
            id,
            code: self.code,
            text: self.text,
            at: Timestamp(self.at),
            payment: self.payment,
            void_offered: self.void_offered,
            agent: self.agent,
            station: self.station,
            terminal: self.terminal,
            transaction: self.transaction,
            closed: None,
        }
    }
}

impl Payment {
    pub(super) fn shown_amount(&self) -> String {
        self.currency.amount(self.amount_minor)
    }

    pub(super) fn alert(&self, code: AlertCode, at: WallTime, text: String) -> NewAlert {
        NewAlert {
            tenant: self.tenant,
            once: None,
            code,
            text,
            at,
            payment: Some(self.id),
            void_offered: false,
            agent: self.place.agent,
            station: self.place.station_name.clone(),
            terminal: self.place.terminal_name.clone(),
            transaction: None,
        }
    }

    pub(super) fn late_approval(&self, before: PaymentState, at: WallTime) -> NewAlert {
        let sale = self.kind == PaymentKind::Sale;
        let what = if sale {
            "; take it back with a void, or give the customer what was paid for"
        } else {
            ""
        };
        let text = format!(
            "payment {} of {} was {before} and the terminal has approved it after all{what}",
            self.id,
            self.shown_amount()
        );
        NewAlert {
            void_offered: sale,
            ..self.alert(AlertCode::LateApproval, at, text)
        }
    }

    /// What is wrong with an end that is otherwise taken as it is. `asked_minor`: as much as it ought to say.
    pub(super) fn alert_of_end(
        &self,
        told: &PaymentOutcome,
        asked_minor: i64,
        at: WallTime,
    ) -> Option<NewAlert> {
        let hit_another = |text: String| {
            Some(self.alert(AlertCode::OtherTransaction, at, format!(
                "void {} of {} hit another transaction: {text}; look at the terminal's own list and put both right",
                self.id, self.shown_amount()
            )))
        };
        match told {
            PaymentOutcome::Approved { amount_minor, .. } if *amount_minor != asked_minor => {
                let amount = self.currency.amount(*amount_minor);
                if self.kind == PaymentKind::Void {
                    return hit_another(format!("the terminal took back {amount}"));
                }
                Some(self.alert(AlertCode::AmountDiffers, at, format!(
                    "payment {} of {} was approved with {amount}; make the order fit or take it back",
                    self.id, self.shown_amount()
                )))
            }
            PaymentOutcome::Failed { failure }
                if failure.code == PaymentFailureCode::OtherTransaction =>
            {
                hit_another(failure.text.clone())
            }
            _ => None,
        }
    }
}
