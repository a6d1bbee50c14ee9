//! Points 1 to 9: up to the start of a payment nothing may be lost and nothing begun twice.

use std::time::Duration;

use anyhow::ensure;
use cueline_model::PaymentState;
use cueline_system::counter::{DESK, TERMINAL, Tray, sale};
use cueline_wire::api::{Page, Payment, PaymentRequest};
use tokio::time::{sleep, timeout};

use super::scene::{Scene, for_order};

fn within(amount_minor: i64, start_in_s: u32) -> PaymentRequest {
    PaymentRequest {
        start_in_s: Some(start_in_s),
        ..sale(amount_minor)
    }
}

pub async fn reply_lost() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    let request = for_order(1000, "order-1");
    for given_up_ms in [0, 1, 2, 5, 20] {
        let call = scene.api.pay(&request, "lost");
        let _ = timeout(Duration::from_millis(given_up_ms), call).await;
    }
    let call = || scene.api.pay_surely(&request, "lost");
    let again = futures_of(call).await?;
    ensure!(
        again.iter().all(|payment| payment.id == again[0].id),
        "concurrent calls made several: {again:#?}"
    );
    let other = scene.api.pay(&sale(1001), "lost").await?.problem()?;
    ensure!(other.status == 422, "{other:?}");
    let all: Page<Payment> = scene
        .api
        .get("/v1/payments?order_ref=order-1")
        .await?
        .json()?;
    ensure!(all.data.len() == 1, "{:#?}", all.data);
    let ended = scene.ended(again[0].id).await?;
    let verdict = scene.verdict(&ended)?;
    Ok(format!(
        "one resource, {verdict}; other amount: 422 `{}`",
        other.code
    ))
}

/// Eight calls at once.
async fn futures_of<F: Future<Output = anyhow::Result<Payment>>>(
    call: impl Fn() -> F,
) -> anyhow::Result<Vec<Payment>> {
    let (a, b, c, d, e, f, g, h) = tokio::join!(
        call(),
        call(),
        call(),
        call(),
        call(),
        call(),
        call(),
        call()
    );
    [a, b, c, d, e, f, g, h].into_iter().collect()
}

pub async fn hub_crashes_after_accepting() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.till.process().stop()?;
    let made = scene.sale(1000).await?;
    scene.counter.hub.process().kill()?;
    scene.counter.hub.restart()?;
    scene.counter.till.process().resume()?;
    let ended = scene.ended(made.id).await?;
    scene.verdict(&ended)
}

pub async fn agent_offline() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.till.process().kill()?;
    let made = scene.api.pay_surely(&within(1000, 2), "offline").await;
    // The hub may have seen the agent go already: then it refuses, as for any desk that is not there.
    let made = made?;
    let shown = scene
        .api
        .payment_that(made.id, Duration::from_secs(20), |seen| {
            seen.waiting
                .as_ref()
                .is_some_and(|waiting| waiting.code == "agent_offline")
                || seen.state.is_settled()
        })
        .await?;
    ensure!(shown.waiting.is_some(), "{shown:#?}");
    sleep(Duration::from_secs(3)).await;
    scene.counter.till.restart()?;
    let ended = scene.ended(made.id).await?;
    ensure!(ended.state == PaymentState::Expired, "{ended:#?}");
    Ok(format!(
        "`agent_offline` shown, then {}",
        scene.verdict(&ended)?
    ))
}

pub async fn delivered_twice() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.till.process().stop()?;
    let made = scene.sale(1000).await?;
    scene.in_state(made.id, PaymentState::Delivered).await?;
    scene.counter.hub.process().kill()?;
    scene.counter.hub.restart()?;
    scene.counter.till.process().resume()?;
    let ended = scene.ended(made.id).await?;
    let status = scene.counter.terminal.control("status")?;
    ensure!(status.contains("begun 1;"), "{status}");
    Ok(format!("{}, begun once", scene.verdict(&ended)?))
}

pub async fn agent_crashes_early() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    for (round, after_ms) in [0, 2, 5, 10, 20, 30].into_iter().enumerate() {
        let amount = 1000 + i64::try_from(round)?;
        let made = scene.sale(amount).await?;
        sleep(Duration::from_millis(after_ms)).await;
        scene.counter.till.process().kill()?;
        scene.counter.till.restart()?;
        let seen = scene.over(made.id).await?;
        scene.verdict(&seen)?;
        if !seen.state.is_settled() {
            // It had begun already; a person looks, and the terminal is free again.
            scene.decided_not_moved(made.id).await?;
        }
        scene.counter.wait_for_desks(1).await?;
    }
    Ok("each ended as the ledger says".to_owned())
}

pub async fn stale_after_sleep() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.till.process().stop()?;
    let made = scene.api.pay_surely(&within(1000, 1), "stale").await?;
    sleep(Duration::from_millis(2500)).await;
    scene.counter.till.process().resume()?;
    let ended = scene.ended(made.id).await?;
    ensure!(ended.state == PaymentState::Expired, "{ended:#?}");
    scene.verdict(&ended)
}

pub async fn no_tray_or_several() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    let mut no_terminal = sale(1000);
    no_terminal.terminal = Some("kiosk".to_owned());
    let no_terminal = scene.api.pay(&no_terminal, "kiosk").await?.problem()?;
    let (folder, terminals) = (
        scene.counter.folder.path().to_owned(),
        [(TERMINAL, scene.counter.terminal.address())],
    );
    let second = Tray::start(&folder, "tray-2", &scene.counter.till, DESK, &terminals)?;
    let ambiguous = refused_with(&scene, "ambiguous_station").await?;
    drop(second);
    scene.counter.tray.process().kill()?;
    let absent = refused_with(&scene, "station_offline").await?;
    let mut nobody = sale(1000);
    nobody.station = Some("kiosk".to_owned());
    let nobody = scene.api.pay(&nobody, "nobody").await?.problem()?;
    ensure!(scene.counter.terminal.ledger()?.is_empty());
    Ok(format!(
        "refused before start: `{}`, `{ambiguous}`, `{absent}`, `{}`; no money moved",
        no_terminal.code, nobody.code
    ))
}

/// Asks until the hub refuses with this code: it learns of trays a moment after they come and go.
async fn refused_with(scene: &Scene, code: &str) -> anyhow::Result<String> {
    for number in 0..200 {
        let answer = scene
            .api
            .pay(&within(7, 1), &format!("{code}-{number}"))
            .await?;
        if let Ok(problem) = answer.problem()
            && problem.code == code
        {
            return Ok(problem.code);
        }
        if answer.status.is_success() {
            // Asked too early: nothing of it is to be left behind.
            let made: Payment = answer.json()?;
            scene.post(made.id, "cancel").await?;
            scene.ended(made.id).await?;
        }
        sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("never refused with {code}\n{}", scene.counter.logs())
}

pub async fn crash_before_the_start_record() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.tray.process().stop()?;
    let made = scene.sale(1000).await?;
    scene.in_state(made.id, PaymentState::Accepted).await?;
    scene.counter.till.process().kill()?;
    scene.counter.till.restart()?;
    scene.counter.tray.process().resume()?;
    let ended = scene.ended(made.id).await?;
    let status = scene.counter.terminal.control("status")?;
    ensure!(status.contains("begun 1;"), "{status}");
    Ok(format!("started again: {}", scene.verdict(&ended)?))
}

pub async fn crash_after_the_start_record() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.sold(500).await?;
    scene.counter.tray.process().stop()?;
    let made = scene.sale(1000).await?;
    scene.in_state(made.id, PaymentState::Accepted).await?;
    // The hub is away while the terminal gets ready, so that its permission comes later.
    scene.counter.hub.process().stop()?;
    scene.counter.tray.process().resume()?;
    sleep(Duration::from_millis(1000)).await;
    scene.counter.tray.process().stop()?;
    scene.counter.hub.process().resume()?;
    scene.in_state(made.id, PaymentState::Started).await?;
    scene.counter.till.process().kill()?;
    scene.counter.tray.process().kill()?;
    scene.counter.till.restart()?;
    scene.counter.tray.restart()?;
    let seen = scene.over(made.id).await?;
    let status = scene.counter.terminal.control("status")?;
    ensure!(status.contains("begun 1;"), "{status}");
    Ok(format!("not sent again: {}", scene.verdict(&seen)?))
}
