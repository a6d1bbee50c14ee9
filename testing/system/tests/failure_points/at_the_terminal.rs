//! Points 10 to 14: what the terminal does or does not, and what is concluded from it.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_fake_devices::terminal::{LedgerKind, standing};
use cueline_model::{PaymentFailureCode, PaymentState};
use cueline_system::box_office::{Hub, Till, TillSetup};
use cueline_system::counter::{CardTerminal, Counter, DESK, TERMINAL, Tray, sale};
use cueline_system::settings;
use cueline_system::small_disk::SmallDisk;
use cueline_wire::api::Payment;

use super::scene::{Scene, record};

fn failed_with(payment: &Payment, code: PaymentFailureCode) -> anyhow::Result<()> {
    let failure = payment.failure.as_ref();
    ensure!(
        failure.is_some_and(|failure| failure.code == code),
        "{payment:#?}"
    );
    Ok(())
}

pub async fn unreachable_or_refusing() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.terminal.process().kill()?;
    let off = scene.sold(1000).await?;
    failed_with(&off, PaymentFailureCode::Unreachable)?;
    let off = scene.verdict(&off)?;
    scene.counter.terminal.restart()?;
    scene.counter.terminal.control("next refuse")?;
    let refused = scene.sold(1001).await?;
    failed_with(&refused, PaymentFailureCode::Refused)?;
    Ok(format!("off: {off}; refused: {}", scene.verdict(&refused)?))
}

pub async fn busy() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.counter.terminal.control("next slow")?;
    let first = scene.sale(1000).await?;
    scene.in_state(first.id, PaymentState::Started).await?;
    let second = scene.sold(1001).await?;
    failed_with(&second, PaymentFailureCode::Busy)?;
    let text = &second.failure.as_ref().context("a failure")?.text;
    ensure!(
        text.contains(&first.id.to_string()),
        "the owner is not named: {text}"
    );
    let second = scene.verdict(&second)?;
    let first = scene.ended(first.id).await?;
    let first = scene.verdict(&first)?;
    scene.counter.terminal.control("busy on")?;
    let third = scene.sold(1002).await?;
    failed_with(&third, PaymentFailureCode::Busy)?;
    Ok(format!(
        "second: {second}, the owner named; first: {first}; at something else: {}",
        scene.verdict(&third)?
    ))
}

pub async fn link_drops() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.sold(500).await?;
    scene.counter.terminal.control("next drop_after")?;
    let after = scene.sold(1000).await?;
    ensure!(after.state == PaymentState::Approved, "{after:#?}");
    let after = scene.verdict(&after)?;
    scene.counter.terminal.control("next drop_before")?;
    let before = scene.sale(1001).await?;
    let before = scene.over(before.id).await?;
    Ok(format!(
        "after: {after}; before: {}",
        scene.verdict(&before)?
    ))
}

pub async fn silent_terminal() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.counter.terminal.control("next silent")?;
    let made = scene.sale(1000).await?;
    let shown = scene
        .api
        .payment_that(made.id, super::scene::SOON, |seen| {
            seen.progress
                .as_ref()
                .is_some_and(|note| note.code == "check_terminal")
        })
        .await
        .with_context(|| scene.counter.logs())?;
    ensure!(shown.state == PaymentState::Started, "{shown:#?}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let still = scene.api.payment(made.id).await?;
    ensure!(still.state == PaymentState::Started, "{still:#?}");
    scene.counter.terminal.control("stop")?;
    let ended = scene.ended(made.id).await?;
    Ok(format!(
        "`started` with `check_terminal` as long as the terminal was at it, then {}",
        scene.verdict(&ended)?
    ))
}

pub async fn result_not_stored() -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let disk = SmallDisk::mount(folder.path().join("disk"), 6)?;
    let terminal = CardTerminal::start(folder.path(), TERMINAL, &["--slow-ms", "3000"])?;
    let hub = Hub::start(folder.path(), settings::QUICK_HUB)?;
    let setup = TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        ..TillSetup::default()
    };
    let till = Till::start(disk.folder(), "till-1", &hub, &setup).await?;
    let terminals = [(TERMINAL, terminal.address())];
    let tray = Tray::start(folder.path(), "tray", &till, DESK, &terminals)?;
    let counter = Counter {
        hub,
        till,
        tray,
        terminal,
        folder,
    };
    counter.wait_for_desks(1).await?;
    let api = counter.hub.api()?;
    counter.terminal.control("next slow")?;
    let made = api.pay_surely(&sale(1000), "full").await?;
    let started = |seen: &Payment| seen.state == PaymentState::Started;
    api.payment_that(made.id, super::scene::SOON, started)
        .await
        .with_context(|| counter.logs())?;
    disk.fill()?;
    let scene = Scene { counter, api };
    scene
        .until("a reversal", || {
            let ledger = scene.counter.terminal.ledger()?;
            Ok(ledger
                .iter()
                .any(|entry| entry.kind == LedgerKind::Reversed))
        })
        .await?;
    disk.free()?;
    let ended = scene.ended(made.id).await?;
    let ledger = scene.counter.terminal.ledger()?;
    ensure!(standing(&ledger).is_empty(), "{ledger:#?}");
    Ok(format!(
        "{}; the terminal authorised and took it back: no money moved",
        record(&ended)
    ))
}
