//! `cueline demo`: a whole house on this machine, one ticket from a call to paper, one payment to a card
//! terminal and back, and hints.

mod card;
mod child;
mod folder;
mod hints;
mod kind;
mod showing;
mod stage;

use std::time::Duration;

use cueline_model::{JobState, PaymentState, Proof};
use cueline_wire::api::PrintJob;

use crate::arguments::DemoArguments;
use crate::exit::Exit;
use crate::payments;
use crate::sentence::outcome;
use card::Paid;
use folder::Folder;
pub use kind::Kind;
use showing::{Showing, Shown};
use stage::Stage;

/// How long the ticket may take before the demo says what it waits for and gives up.
const TICKET_WITHIN: Duration = Duration::from_secs(30);
/// The same of the payment and of its receipts.
const PAYMENT_WITHIN: Duration = Duration::from_secs(30);

/// Runs the demo to its end or to Ctrl-C, and leaves nothing running.
pub async fn run(arguments: DemoArguments, json: bool) -> anyhow::Result<Exit> {
    let mut folder = Folder::open(&arguments)?;
    let showing = Showing::new(json);
    let mut end = Box::pin(end_requested()?);
    let mut stage = Stage::empty();
    let ran = tokio::select! {
        ran = perform(&mut stage, &folder, &arguments, &showing) => ran,
        () = &mut end => Ok(Exit::Done),
    };
    showing.ending();
    stage.strike().await;
    if ran.is_err() {
        folder.leave_everything();
        eprintln!("what was written lies in {}", folder.path().display());
    }
    drop(folder);
    ran
}

async fn perform(
    stage: &mut Stage,
    folder: &Folder,
    arguments: &DemoArguments,
    showing: &Showing,
) -> anyhow::Result<Exit> {
    showing.opening(arguments.printer);
    let house = stage.set_up(arguments.printer, folder, showing).await?;
    let shown = house.print_ticket(TICKET_WITHIN).await?;
    showing.ticket(&shown, &folder.tickets());
    let paid = house.take_payment(PAYMENT_WITHIN).await?;
    showing.payment(&paid, &card::ledger(folder));
    if arguments.once {
        return verdict(&shown, &paid);
    }
    showing.hints(&hints::Hints::new(&house, folder));
    stage.run_on(folder, showing).await
}

/// With `--once`, nothing but a print that the printer itself confirmed counts.
fn verdict(shown: &Shown, paid: &Paid) -> anyhow::Result<Exit> {
    let job: &PrintJob = &shown.job;
    if job.state == JobState::Done && job.proof != Some(Proof::Printed) {
        anyhow::bail!(
            "print the ticket: expected the printer's own word for it, got: {}",
            outcome(job)
        );
    }
    if job.state != JobState::Done {
        eprintln!("error: print the ticket: {}", outcome(job));
    }
    if paid.payment.state != PaymentState::Approved {
        eprintln!(
            "error: take the payment: {}",
            payments::outcome(&paid.payment)
        );
        return Ok(Exit::of_payment(paid.payment.state));
    }
    Ok(Exit::of_job(job.state))
}

/// Resolves at Ctrl-C, or when the terminal or the system asks the demo to end.
#[cfg(unix)]
fn end_requested() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C, or when the terminal window is closed.
#[cfg(windows)]
fn end_requested() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let mut close = tokio::signal::windows::ctrl_close()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = close.recv() => {}
        }
    })
}
