//! A counter with its API, and the words of a verdict.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use cueline_model::{PaymentId, PaymentState};
use cueline_system::api::{Answer, Api};
use cueline_system::counter::{Counter, sale};
use cueline_system::settings;
use cueline_wire::api::{Payment, PaymentRequest};
use http::Method;

/// For anything that is to happen soon.
pub const SOON: Duration = Duration::from_secs(45);

/// One counter, opened for one point.
pub struct Scene {
    /// The programs.
    pub counter: Counter,
    /// The box office's API.
    pub api: Api,
}

impl Scene {
    /// Opens it with a terminal at its usual pace.
    pub async fn open() -> anyhow::Result<Self> {
        Self::open_with(&[]).await
    }

    /// Opens it with further arguments of the terminal.
    pub async fn open_with(terminal: &[&str]) -> anyhow::Result<Self> {
        let counter = Counter::open(settings::QUICK_HUB, settings::QUICK_AGENT, terminal).await?;
        let api = counter.hub.api()?;
        Ok(Self { counter, api })
    }

    /// Asks for a sale; the amount is its key too.
    pub async fn sale(&self, amount_minor: i64) -> anyhow::Result<Payment> {
        let key = format!("sale-{amount_minor}");
        self.api.pay_surely(&sale(amount_minor), &key).await
    }

    /// Asks for a sale and waits for its end.
    pub async fn sold(&self, amount_minor: i64) -> anyhow::Result<Payment> {
        let made = self.sale(amount_minor).await?;
        self.ended(made.id).await
    }

    /// The payment once it has ended.
    pub async fn ended(&self, id: PaymentId) -> anyhow::Result<Payment> {
        let ended = self.api.payment_ended(id, SOON).await;
        ended.with_context(|| self.counter.logs())
    }

    /// The payment once it is in this state.
    pub async fn in_state(&self, id: PaymentId, state: PaymentState) -> anyhow::Result<Payment> {
        let seen = self.api.payment_that(id, SOON, |seen| seen.state == state);
        seen.await.with_context(|| self.counter.logs())
    }

    /// The payment once it has ended, or only a person can decide.
    pub async fn over(&self, id: PaymentId) -> anyhow::Result<Payment> {
        let is_over = |seen: &Payment| {
            seen.state.is_settled() || seen.unknown.as_ref().is_some_and(|unknown| !unknown.asking)
        };
        let seen = self.api.payment_that(id, SOON, is_over).await;
        seen.with_context(|| self.counter.logs())
    }

    /// A person has looked at the terminal's ledger and decides that no money moved.
    pub async fn decided_not_moved(&self, id: PaymentId) -> anyhow::Result<Payment> {
        let decision = serde_json::json!({
            "decision": "not_moved", "by": "Ann", "reason": "the terminal's ledger has none",
        });
        let path = format!("/v1/payments/{id}/resolve");
        self.api.post(&path, &decision).await?.json()
    }

    /// A call without a body on a payment.
    pub async fn post(&self, id: PaymentId, verb: &str) -> anyhow::Result<Answer> {
        let path = format!("/v1/payments/{id}/{verb}");
        let key = format!("{verb}-{id}");
        let headers = [("idempotency-key", key.as_str())];
        self.api
            .send(Method::POST, &path, &headers, Vec::new())
            .await
    }

    /// Takes a payment back.
    pub async fn void(&self, id: PaymentId, key: &str) -> anyhow::Result<Answer> {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let path = format!("/v1/payments/{id}/void");
        self.api
            .send(Method::POST, &path, &headers, b"{}".to_vec())
            .await
    }

    /// What became of a payment and of its money; the two must agree.
    pub fn verdict(&self, payment: &Payment) -> anyhow::Result<String> {
        let standing = self.counter.terminal.charges(payment.amount_minor)?;
        let told = match payment.state {
            PaymentState::Approved => 1,
            PaymentState::Unknown => standing,
            _ => 0,
        };
        ensure!(
            standing == told,
            "the box office says {payment:#?}\nand {standing} charges stand\n{}",
            self.counter.logs()
        );
        Ok(format!("{}, {}", record(payment), stands(standing)))
    }

    /// Waits until something holds.
    pub async fn until(
        &self,
        what: &str,
        holds: impl Fn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + SOON;
        while !holds()? {
            ensure!(
                Instant::now() < deadline,
                "{what} did not come about\n{}",
                self.counter.logs()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// What the box office's record says, in a few words.
pub fn record(payment: &Payment) -> String {
    let mut text = format!("`{}`", payment.state);
    if let Some(failure) = &payment.failure {
        text = format!("{text} ({})", failure.code.as_str());
    }
    if payment
        .unknown
        .as_ref()
        .is_some_and(|unknown| !unknown.asking)
    {
        text.push_str(" until a person decides");
    }
    match payment.resolved_by {
        Some(cueline_model::Resolver::Terminal) => text.push_str(", found out from the terminal"),
        Some(cueline_model::Resolver::Person) => text.push_str(", decided by a person"),
        None => {}
    }
    text
}

/// What the ledger says.
pub fn stands(charges: usize) -> String {
    match charges {
        0 => "no money moved".to_owned(),
        1 => "charged once".to_owned(),
        more => format!("charged {more} times"),
    }
}

/// The same with another order.
pub fn for_order(amount_minor: i64, order: &str) -> PaymentRequest {
    PaymentRequest {
        order_ref: Some(order.to_owned()),
        ..sale(amount_minor)
    }
}
