//! `cueline pay`: one card payment with its live progress, prompts answered at the keyboard.
//!
//! Ctrl-C asks for it to be cancelled and waits for the truth: what a terminal may be at is not over
//! because somebody at a keyboard has had enough. A second Ctrl-C ends the waiting alone.

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use cueline_model::{Answer, Currency, PaymentId, PaymentKind, PaymentState, Prompt, PromptKind};
use cueline_wire::api::{Payment, PaymentRequest, ReturnRequest};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::api::{Api, ApiError};
use crate::arguments::PayArguments;
use crate::exit::Exit;
use crate::payments::{outcome, what_to_do};
use crate::print::idempotency_key;
use crate::print_json;

/// How long one request waits for news, seconds.
const LOOK_S: u32 = 20;
/// Between two tries while the hub cannot be asked.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);

/// Takes the payment and follows it to its end.
pub async fn run(api: &Api, arguments: PayArguments, json: bool) -> anyhow::Result<Exit> {
    let key = idempotency_key(arguments.idempotency_key.clone());
    let payment = made(create(api, &arguments, &key).await?, &key)?;
    let shown = if json {
        Watch::silent(api, payment)
    } else {
        let amount = payment.currency.amount(payment.amount_minor);
        println!(
            "{} {} of {amount} at {}, terminal {}",
            payment.id, payment.kind, payment.station_name, payment.terminal_name
        );
        Watch::telling(api, payment)
    };
    let payment = shown.until_its_end().await?;
    if json {
        print_json(&payment)?;
    } else {
        println!("{}", outcome(&payment));
        for line in what_to_do(&payment) {
            println!("{line}");
        }
    }
    Ok(Exit::of_payment(payment.state))
}

/// The hub's answer; an error in it is the caller's to explain.
async fn create(
    api: &Api,
    arguments: &PayArguments,
    key: &str,
) -> anyhow::Result<Result<Payment, ApiError>> {
    if let Some(original) = arguments.void {
        let request = ReturnRequest {
            start_in_s: arguments.start_in,
            ..ReturnRequest::default()
        };
        return Ok(api.void(original, &request, key).await);
    }
    let text = arguments.amount.as_deref().unwrap_or_default();
    let request = PaymentRequest {
        kind: match arguments.refund {
            true => PaymentKind::Refund,
            false => PaymentKind::Sale,
        },
        amount_minor: Some(amount_minor(arguments.currency, text)?),
        currency: Some(arguments.currency),
        station: arguments.station.clone(),
        terminal: arguments.terminal.clone(),
        original: None,
        order_ref: arguments.order.clone(),
        attempt_no: None,
        clerk_ref: None,
        start_by: None,
        start_in_s: arguments.start_in,
        supersede: None,
    };
    Ok(api.pay(&request, key).await)
}

fn amount_minor(currency: Currency, text: &str) -> anyhow::Result<i64> {
    let amount = currency
        .from_decimal(text)
        .with_context(|| format!("read the amount {text:?}"))?;
    if amount <= 0 {
        bail!("read the amount {text:?}: expected more than zero");
    }
    Ok(amount)
}

/// The payment that was made; where that is not known, how to make sure.
fn made(answer: Result<Payment, ApiError>, key: &str) -> anyhow::Result<Payment> {
    match answer {
        Err(error) if error.leaves_doubt() => Err(anyhow::Error::from(error).context(format!(
            "the hub may have the payment; the same command with --idempotency-key {key} makes sure \
             of it without paying twice"
        ))),
        answer => Ok(answer?),
    }
}

/// One payment's way, and who answers its prompts.
struct Watch<'a> {
    api: &'a Api,
    payment: Payment,
    tells: bool,
    /// Lines of the keyboard, read by a thread of its own that ends with the program.
    lines: Option<mpsc::Receiver<String>>,
    asked: Option<u32>,
    last_note: Option<String>,
    cancelling: bool,
    trouble: bool,
}

impl<'a> Watch<'a> {
    fn silent(api: &'a Api, payment: Payment) -> Self {
        Self {
            api,
            payment,
            tells: false,
            lines: None,
            asked: None,
            last_note: None,
            cancelling: false,
            trouble: false,
        }
    }

    fn telling(api: &'a Api, payment: Payment) -> Self {
        Self {
            tells: true,
            lines: Some(keyboard()),
            ..Self::silent(api, payment)
        }
    }

    /// Until it has ended, is a person's to decide, or nobody waits any more.
    async fn until_its_end(mut self) -> anyhow::Result<Payment> {
        loop {
            self.tell();
            if is_over(&self.payment) {
                return Ok(self.payment);
            }
            let (id, version) = (self.payment.id, self.payment.version);
            tokio::select! {
                looked = self.api.payment_after(id, version, LOOK_S) => self.looked(looked).await?,
                Some(line) = next_line(&mut self.lines) => self.typed(&line).await,
                interrupted = tokio::signal::ctrl_c() => {
                    interrupted.context("listen for Ctrl-C")?;
                    if self.cancelling {
                        eprintln!("no longer waiting; `cueline payments {id}` shows what becomes of it");
                        return Ok(self.payment);
                    }
                    self.cancel(id).await;
                }
            }
        }
    }

    async fn looked(&mut self, looked: Result<Payment, ApiError>) -> anyhow::Result<()> {
        match looked {
            Ok(payment) => {
                self.payment = payment;
                self.trouble = false;
            }
            Err(error) if error.may_pass() => {
                if !std::mem::replace(&mut self.trouble, true) {
                    eprintln!("{error}; asking again");
                }
                sleep(TROUBLE_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    async fn cancel(&mut self, id: PaymentId) {
        self.cancelling = true;
        eprintln!("cancelling; waiting for what the terminal says (Ctrl-C again stops waiting)");
        match self.api.cancel_payment(id).await {
            Ok(payment) => self.payment = payment,
            Err(error) => eprintln!("{error}"),
        }
    }

    /// Shows what is new.
    fn tell(&mut self) {
        if !self.tells {
            return;
        }
        let note = note(&self.payment);
        if note != self.last_note {
            if let Some(note) = &note {
                println!("  {note}");
            }
            self.last_note = note;
        }
        let prompt = self.payment.prompt.as_ref().map(|prompt| prompt.id);
        if prompt != self.asked {
            if let Some(prompt) = &self.payment.prompt {
                print!("  {} {} ", prompt.text, choices(prompt.kind));
            }
            self.asked = prompt;
        }
        // A reader that went away is no reason to stop.
        let _ = std::io::stdout().flush();
    }

    async fn typed(&mut self, line: &str) {
        let Some(prompt) = self.payment.prompt.clone() else {
            return;
        };
        let Some(answer) = read_answer(&prompt, line) else {
            print!("  {} ", choices(prompt.kind));
            let _ = std::io::stdout().flush();
            return;
        };
        match self.api.answer(self.payment.id, prompt.id, answer).await {
            Ok(payment) => self.payment = payment,
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// Whether there is nothing to wait for: an end, or a person's decision.
fn is_over(payment: &Payment) -> bool {
    payment.state.is_settled()
        || payment
            .unknown
            .as_ref()
            .is_some_and(|unknown| !unknown.asking)
}

fn note(payment: &Payment) -> Option<String> {
    match (&payment.progress, &payment.waiting, payment.state) {
        (_, _, PaymentState::Unknown) => Some(
            "We don't know yet. Don't take the payment again; the terminal is being asked."
                .to_owned(),
        ),
        (Some(progress), ..) => Some(progress.text.clone()),
        (None, Some(waiting), _) => Some(waiting.text.clone()),
        (None, None, state) if !state.is_settled() => Some(state.as_str().to_owned()),
        _ => None,
    }
}

const fn choices(kind: PromptKind) -> &'static str {
    match kind {
        PromptKind::Signature | PromptKind::Confirm => "[yes/no]",
        PromptKind::Referral => "[the authorisation code, or no]",
    }
}

/// What was typed, where it answers the question; nothing is ever answered by itself.
fn read_answer(prompt: &Prompt, line: &str) -> Option<Answer> {
    let typed = line.trim();
    match (prompt.kind, typed.to_ascii_lowercase().as_str()) {
        (_, "") => None,
        (_, "n" | "no") => Some(Answer::No),
        (PromptKind::Signature | PromptKind::Confirm, "y" | "yes") => Some(Answer::Yes),
        (PromptKind::Signature | PromptKind::Confirm, _) => None,
        (PromptKind::Referral, _) => Some(Answer::AuthCode(typed.to_owned())),
    }
}

/// Standard input line by line. The thread is left in its read when the program ends.
fn keyboard() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The next line; `None` where no more can come, which ends nothing.
async fn next_line(lines: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    let line = match lines {
        Some(receiver) => receiver.recv().await,
        None => std::future::pending().await,
    };
    if line.is_none() {
        *lines = None;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!(amount_minor(Currency::EUR, "12.50").unwrap(), 1250);
        assert_eq!(amount_minor(Currency::EUR, "12").unwrap(), 1200);
        for text in ["0", "-1", "12.505", "12,50", "EUR 1", ""] {
            assert!(amount_minor(Currency::EUR, text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_clear_answer_counts() {
        let prompt = |kind| Prompt {
            id: 1,
            kind,
            text: String::new(),
            deadline: None,
        };
        let signature = prompt(PromptKind::Signature);
        assert_eq!(read_answer(&signature, "Yes\n"), Some(Answer::Yes));
        assert_eq!(read_answer(&signature, "maybe"), None);
        let referral = prompt(PromptKind::Referral);
        let code = Answer::AuthCode("A123".to_owned());
        assert_eq!(read_answer(&referral, " A123 "), Some(code));
        assert_eq!(read_answer(&referral, ""), None);
    }
}
