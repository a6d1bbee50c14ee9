//! `cueline payments`: the newest payments, one with its evidence, and what a person does about them.

use std::fmt::Write as _;

use cueline_model::{PaymentId, PaymentState, Resolver};
use cueline_wire::api::{DecisionRequest, Payment};

use crate::api::Api;
use crate::arguments::{PaymentVerb, PaymentsArguments};
use crate::exit::Exit;
use crate::print_json;
use crate::sentence::{ago, moment, now};
use crate::table::Table;

/// Shows the list or the one, or does what the verb says.
pub async fn run(arguments: PaymentsArguments, json: bool) -> anyhow::Result<Exit> {
    match arguments.verb {
        None => {}
        Some(PaymentVerb::Cancel {
            payment,
            connection,
        }) => return done(connection.open()?.cancel_payment(payment).await?, json),
        Some(PaymentVerb::LookUp {
            payment,
            connection,
        }) => return done(connection.open()?.look_up(payment).await?, json),
        Some(PaymentVerb::Resolve {
            payment,
            finding,
            by,
            reason,
            connection,
        }) => {
            let request = DecisionRequest {
                decision: finding.into(),
                by,
                reason,
            };
            return done(connection.open()?.decide(payment, &request).await?, json);
        }
    }
    let api = arguments.connection.open()?;
    match arguments.payment {
        Some(id) => one(&api, id, json).await,
        None => {
            let (state, order) = (arguments.state, arguments.order.as_deref());
            let payments = api.payments(state, order, arguments.limit).await?;
            if json {
                print_json(&payments)?;
            } else if payments.is_empty() {
                println!("No payments.");
            } else {
                print!("{}", list(&payments));
            }
            Ok(Exit::Done)
        }
    }
}

async fn one(api: &Api, id: PaymentId, json: bool) -> anyhow::Result<Exit> {
    let payment = api.payment(id).await?;
    if json {
        print_json(&payment)?;
    } else {
        print!("{}", details(&payment));
    }
    Ok(Exit::Done)
}

fn done(payment: Payment, json: bool) -> anyhow::Result<Exit> {
    if json {
        print_json(&payment)?;
    } else {
        println!("{} {}", payment.id, outcome(&payment));
    }
    Ok(Exit::Done)
}

fn list(payments: &[Payment]) -> Table {
    let now = now();
    let mut table = Table::new(["PAYMENT", "STATE", "AMOUNT", "STATION", "MADE", "ORDER"]);
    for payment in payments {
        table.row([
            payment.id.to_string(),
            payment.state.to_string(),
            format!(
                "{} {}",
                payment.kind,
                payment.currency.amount(payment.amount_minor)
            ),
            payment.station_name.to_string(),
            ago(payment.created_at, now),
            payment.order_ref.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    table
}

/// How it stands, in one line.
pub fn outcome(payment: &Payment) -> String {
    let amount = payment.currency.amount(payment.amount_minor);
    let of_failure = || {
        let failure = payment.failure.as_ref();
        failure.map_or_else(String::new, |failure| format!(": {}", failure.text))
    };
    let by = match payment.resolved_by {
        Some(Resolver::Terminal) => " (found out afterwards from the terminal)",
        Some(Resolver::Person) => " (a person decided)",
        None => "",
    };
    match payment.state {
        PaymentState::Approved => {
            let moved = payment
                .approved_amount_minor
                .map_or(amount, |minor| payment.currency.amount(minor));
            let card = card(payment);
            format!("approved: {moved}{card}{by}")
        }
        PaymentState::Declined => format!("declined{}; no money moved{by}", of_failure()),
        PaymentState::Failed => format!("failed{}; no money moved{by}", of_failure()),
        PaymentState::Cancelled => format!("cancelled; no money moved{by}"),
        PaymentState::Expired => "expired: it was not started in time; no money moved".to_owned(),
        PaymentState::Unknown => {
            let text = payment
                .unknown
                .as_ref()
                .map(|unknown| unknown.text.as_str());
            format!("unknown: {}", text.unwrap_or("nobody knows yet"))
        }
        state => format!("{state} ({amount})"),
    }
}

fn card(payment: &Payment) -> String {
    let mut text = String::new();
    if let Some(scheme) = &payment.scheme {
        let _ = write!(text, ", {scheme}");
    }
    if let Some(last4) = &payment.last4 {
        let _ = write!(text, " …{last4}");
    }
    if let Some(receipt) = &payment.receipt_no {
        let _ = write!(text, ", receipt {receipt}");
    }
    text
}

/// What a person is to do now.
pub fn what_to_do(payment: &Payment) -> Vec<String> {
    let mut lines: Vec<String> = payment
        .alerts
        .iter()
        .map(|alert| format!("alert: {}", alert.text))
        .collect();
    if payment.state == PaymentState::Unknown {
        let id = payment.id;
        lines.push(format!(
            "Don't take the payment again. Look at the terminal's own records, then: `cueline payments \
             resolve {id} moved|not-moved --by NAME --reason TEXT`"
        ));
    }
    lines
}

fn details(payment: &Payment) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:9} {value}");
    };
    line("payment", payment.id.to_string());
    line("kind", payment.kind.to_string());
    line("amount", payment.currency.amount(payment.amount_minor));
    if let Some(order) = &payment.order_ref {
        line("order", format!("{order}, attempt {}", payment.attempt_no));
    }
    line(
        "at",
        format!(
            "{}, terminal {}",
            payment.station_name, payment.terminal_name
        ),
    );
    line("state", outcome(payment));
    for advice in what_to_do(payment) {
        line("", advice);
    }
    for receipt in &payment.receipts {
        let copy = match receipt.copy {
            cueline_model::ReceiptCopy::Customer => "customer",
            cueline_model::ReceiptCopy::Merchant => "merchant",
        };
        line("receipt", copy.to_owned());
        for printed in &receipt.lines {
            line("", format!("| {printed}"));
        }
    }
    text.push('\n');
    for seen in &payment.evidence {
        let since = moment(seen.at.0.ms_since(payment.created_at.0));
        let detail = seen.detail.as_deref().unwrap_or_default();
        let row = format!("{since:>9}  {:7} {:18} {detail}", seen.by, seen.what);
        let _ = writeln!(text, "{}", row.trim_end());
    }
    text
}
