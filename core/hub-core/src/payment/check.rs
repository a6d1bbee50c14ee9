//! What is checked before a payment is made: the request, and that exactly one terminal is meant.
//!
//! What other payments have to do with it (attempts, voids) only the store can say, when it makes it:
//! see [`super::flow::create`].

use cueline_model::card_number::holds_card_number;
use cueline_model::limits::{
    PAYMENT_AMOUNT_MINOR_MAX, PAYMENT_START_IN_DEFAULT, PAYMENT_START_IN_MAX,
};
use cueline_model::{
    AgentId, PaymentId, PaymentKind, SiteId, StationId, StationName, TenantId, TerminalId,
    TerminalName, TerminalProtocol, WallTime,
};
use cueline_wire::Timestamp;
use cueline_wire::api::{PaymentRequest, Supersede};

use super::{NewPayment, Payment, PaymentRefusal, Place, RequestKey};

/// Characters of `order_ref`, `clerk_ref` and `by`.
pub const REF_CHARS_MAX: usize = 100;
/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;

/// A desk as far as a payment needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Which.
    pub station: StationId,
    /// Its name on its agent.
    pub name: StationName,
    /// Its agent.
    pub agent: AgentId,
    /// Where that stands.
    pub site: SiteId,
    /// Whether the agent holds a link.
    pub agent_online: bool,
    /// How many trays answered for it when the agent last told.
    pub trays: u32,
    /// Its terminals as last told.
    pub terminals: Vec<DeskTerminal>,
}

/// A terminal of a [`Desk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskTerminal {
    /// Which.
    pub id: TerminalId,
    /// Its name at its station.
    pub name: TerminalName,
    /// What it speaks.
    pub protocol: TerminalProtocol,
}

/// Checks a text that people wrote: 1 to `max` printable characters, and no card number.
///
/// # Errors
/// [`PaymentRefusal::FieldInvalid`], [`PaymentRefusal::CardNumber`].
pub fn text(field: &'static str, text: &str, max: usize) -> Result<String, PaymentRefusal> {
    let text = text.trim();
    if !(1..=max).contains(&text.chars().count()) || text.contains(char::is_control) {
        return Err(PaymentRefusal::FieldInvalid {
            field,
            reason: format!("expected 1 to {max} printable characters"),
        });
    }
    if holds_card_number(text) {
        return Err(PaymentRefusal::CardNumber { field });
    }
    Ok(text.to_owned())
}

/// Checks a request and makes the payment of it. `original` is the payment that it names, if the tenant has it;
/// `desks` are those of the tenant that its station may mean: see [`station_meant`].
///
/// # Errors
/// The first thing that is wrong.
pub fn check(
    id: PaymentId,
    tenant: TenantId,
    asked: &PaymentRequest,
    key: RequestKey,
    original: Option<&Payment>,
    desks: &[Desk],
    now: WallTime,
) -> Result<NewPayment, PaymentRefusal> {
    if holds_card_number(&key.key) {
        return Err(PaymentRefusal::CardNumber {
            field: "Idempotency-Key",
        });
    }
    let original = original_of(asked, original)?;
    let (amount_minor, currency) = amount(asked, original)?;
    let own = |field, given: &Option<String>| {
        given
            .as_deref()
            .map(|given| text(field, given, REF_CHARS_MAX))
            .transpose()
    };
    let order_ref = own("order_ref", &asked.order_ref)?;
    let clerk_ref = own("clerk_ref", &asked.clerk_ref)?;
    if asked.attempt_no == Some(0) || (asked.attempt_no.is_some() && order_ref.is_none()) {
        return Err(PaymentRefusal::FieldInvalid {
            field: "attempt_no",
            reason: "expected 1 or more, together with order_ref".to_owned(),
        });
    }
    let supersede = asked.supersede.as_ref().map(superseding).transpose()?;
    let start_by = start_by(asked, now)?;
    let place = place(asked, original, desks)?;
    Ok(NewPayment {
        id,
        tenant,
        request: key,
        place,
        kind: asked.kind,
        amount_minor,
        currency,
        original: original.and_then(Payment::as_original),
        order_ref: order_ref.or_else(|| original.and_then(|o| o.order_ref.clone())),
        attempt_no: asked.attempt_no,
        clerk_ref,
        start_by,
        supersede,
    })
}

/// The station that a request is about, as it was written: by name or id.
#[must_use]
pub fn station_meant(asked: &PaymentRequest, original: Option<&Payment>) -> Option<String> {
    match (asked.kind, &asked.station, original) {
        // A terminal can take back only what it did itself.
        (PaymentKind::Void, _, Some(original)) => Some(original.place.station.to_string()),
        (_, Some(station), _) => Some(station.clone()),
        (_, None, Some(original)) => Some(original.place.station.to_string()),
        (_, None, None) => None,
    }
}

fn superseding(asked: &Supersede) -> Result<Supersede, PaymentRefusal> {
    Ok(Supersede {
        by: text("supersede.by", &asked.by, REF_CHARS_MAX)?,
        reason: text("supersede.reason", &asked.reason, REASON_CHARS_MAX)?,
    })
}

fn original_of<'a>(
    asked: &PaymentRequest,
    original: Option<&'a Payment>,
) -> Result<Option<&'a Payment>, PaymentRefusal> {
    let invalid = |reason: &str| PaymentRefusal::FieldInvalid {
        field: "original",
        reason: reason.to_owned(),
    };
    match (asked.kind, asked.original) {
        (PaymentKind::Sale, Some(_)) => Err(invalid("a sale has none")),
        (PaymentKind::Void, None) => Err(invalid("a void needs the sale that it takes back")),
        (_, None) => Ok(None),
        (_, Some(id)) => {
            let found = original.filter(|original| original.id == id);
            let found = found.ok_or(PaymentRefusal::UnknownOriginal { original: id })?;
            if found.as_original().is_some() {
                return Ok(Some(found));
            }
            Err(PaymentRefusal::OriginalUnfit {
                original: id,
                reason: format!(
                    "it is a {} that is {}; only an approved sale can be",
                    found.kind, found.state
                ),
            })
        }
    }
}

fn amount(
    asked: &PaymentRequest,
    original: Option<&Payment>,
) -> Result<(i64, cueline_model::Currency), PaymentRefusal> {
    let missing = |field| PaymentRefusal::FieldInvalid {
        field,
        reason: "it is needed".to_owned(),
    };
    let whole = original.and_then(Payment::as_original);
    let whole = whole.map(|original| original.amount_minor);
    let currency = asked
        .currency
        .or(original.map(|original| original.currency));
    let currency = currency.ok_or(missing("currency"))?;
    if original.is_some_and(|original| original.currency != currency) {
        return Err(PaymentRefusal::FieldInvalid {
            field: "currency",
            reason: "expected the original's".to_owned(),
        });
    }
    let amount = asked
        .amount_minor
        .or(whole)
        .ok_or(missing("amount_minor"))?;
    if !(1..=PAYMENT_AMOUNT_MINOR_MAX).contains(&amount) {
        return Err(PaymentRefusal::AmountInvalid { got: amount });
    }
    if asked.kind == PaymentKind::Void && Some(amount) != whole {
        return Err(PaymentRefusal::FieldInvalid {
            field: "amount_minor",
            reason: "a void takes the whole sale back; leave it out, or ask for a refund"
                .to_owned(),
        });
    }
    Ok((amount, currency))
}

fn start_by(asked: &PaymentRequest, now: WallTime) -> Result<WallTime, PaymentRefusal> {
    let invalid = |field, reason: &str| PaymentRefusal::FieldInvalid {
        field,
        reason: reason.to_owned(),
    };
    let start_by = match (asked.start_by, asked.start_in_s) {
        (Some(_), Some(_)) => {
            return Err(invalid("start_by", "give at most one of it and start_in_s"));
        }
        (Some(Timestamp(time)), None) => time,
        (None, None) => now + PAYMENT_START_IN_DEFAULT,
        (None, Some(0)) => return Err(invalid("start_in_s", "expected 1 to 3600 seconds")),
        (None, Some(seconds)) => now + std::time::Duration::from_secs(seconds.into()),
    };
    if start_by < now {
        return Err(PaymentRefusal::Expired {
            late_ms: now.ms_since(start_by),
        });
    }
    if start_by > now + PAYMENT_START_IN_MAX {
        return Err(invalid(
            "start_by",
            "expected at most an hour from now: the customer stands at the counter",
        ));
    }
    Ok(start_by)
}

fn place(
    asked: &PaymentRequest,
    original: Option<&Payment>,
    desks: &[Desk],
) -> Result<Place, PaymentRefusal> {
    let Some(meant) = station_meant(asked, original) else {
        return Err(PaymentRefusal::FieldInvalid {
            field: "station",
            reason: "it is needed: the id or the name of a desk (GET /v1/stations)".to_owned(),
        });
    };
    let desk = desk(&meant, desks)?;
    let wanted = match (asked.kind, original) {
        (PaymentKind::Void, Some(original)) => Some(original.place.terminal.to_string()),
        _ => asked.terminal.clone(),
    };
    let terminal = terminal(desk, wanted.as_deref())?;
    Ok(Place {
        site: desk.site,
        agent: desk.agent,
        station: desk.station,
        station_name: desk.name.clone(),
        terminal: terminal.id,
        terminal_name: terminal.name.clone(),
    })
}

/// The one desk that is meant, with its one tray. Where its agent is offline its tray cannot be known of.
fn desk<'a>(meant: &str, desks: &'a [Desk]) -> Result<&'a Desk, PaymentRefusal> {
    let cut = || meant.chars().take(80).collect::<String>();
    let there: Vec<_> = desks.iter().filter(|desk| desk.trays > 0).collect();
    let desk = match (there.as_slice(), desks) {
        ([desk], _) => *desk,
        ([], [desk]) => desk,
        ([], []) => return Err(PaymentRefusal::NoStation { station: cut() }),
        (_, all) => {
            return Err(PaymentRefusal::AmbiguousStation {
                station: cut(),
                count: there.len().max(all.len()),
            });
        }
    };
    let count = usize::try_from(desk.trays).unwrap_or(usize::MAX);
    if desk.agent_online && count == 0 {
        return Err(PaymentRefusal::StationOffline {
            station: desk.name.to_string(),
        });
    }
    if count > 1 {
        return Err(PaymentRefusal::AmbiguousStation {
            station: desk.name.to_string(),
            count,
        });
    }
    Ok(desk)
}

fn terminal<'a>(desk: &'a Desk, wanted: Option<&str>) -> Result<&'a DeskTerminal, PaymentRefusal> {
    let station = || desk.name.to_string();
    let has = || {
        let names: Vec<_> = desk.terminals.iter().map(|t| t.name.as_str()).collect();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    };
    let found = match (wanted, desk.terminals.as_slice()) {
        (None, [terminal]) => Some(terminal),
        (None, [_, _, ..]) => {
            return Err(PaymentRefusal::AmbiguousTerminal {
                station: station(),
                has: has(),
            });
        }
        (None, []) => None,
        (Some(wanted), terminals) => terminals
            .iter()
            .find(|t| t.name.as_str() == wanted || t.id.to_string() == wanted),
    };
    found.ok_or_else(|| PaymentRefusal::NoTerminal {
        station: station(),
        terminal: wanted.unwrap_or_default().chars().take(80).collect(),
        has: has(),
    })
}
