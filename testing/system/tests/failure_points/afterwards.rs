//! Points 15 to 27: what becomes of a payment after the terminal has begun.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use cueline_fake_devices::terminal::LedgerKind;
use cueline_model::{PaymentState, PromptKind};
use cueline_system::api::raw_job;
use cueline_system::box_office::{PrinterSetup, TillSetup, wait_for_printer};
use cueline_system::counter::sale;
use cueline_system::paper::{Paper, ticket};
use cueline_system::program::Program;
use cueline_system::settings;
use cueline_wire::api::{Payment, Supersede};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::scene::{SOON, Scene, for_order, record};

fn has_alert(payment: &Payment, code: &str) -> bool {
    let mut alerts = payment.alerts.iter();
    alerts.any(|alert| alert.code.as_str() == code)
}

pub async fn uplink_down() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.terminal.control("next slow")?;
    let made = scene.sale(1000).await?;
    scene.in_state(made.id, PaymentState::Started).await?;
    scene.counter.hub.process().kill()?;
    scene
        .until("the charge", || {
            Ok(scene.counter.terminal.charges(1000)? == 1)
        })
        .await?;
    sleep(Duration::from_millis(500)).await;
    scene.counter.hub.restart()?;
    let ended = scene.ended(made.id).await?;
    scene.verdict(&ended)
}

pub async fn late_approval() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.counter.terminal.control("next unstoppable")?;
    let made = scene.sale(1000).await?;
    scene.in_state(made.id, PaymentState::Started).await?;
    let asked: Payment = scene.post(made.id, "cancel").await?.json()?;
    ensure!(
        asked.cancel_requested_at.is_some() && !asked.state.is_settled(),
        "{asked:#?}"
    );
    let ended = scene.ended(made.id).await?;
    ensure!(ended.state == PaymentState::Approved, "{ended:#?}");
    ensure!(has_alert(&ended, "late_approval"), "no alert: {ended:#?}");
    let verdict = scene.verdict(&ended)?;
    let void: Payment = scene.void(made.id, "void").await?.json()?;
    let void = scene.ended(void.id).await?;
    ensure!(void.state == PaymentState::Approved, "{void:#?}");
    ensure!(scene.counter.terminal.charges(1000)? == 0);
    Ok(format!(
        "{verdict}, alert `late_approval`; the void: `approved`, no money moved"
    ))
}

pub async fn cancel_races() -> anyhow::Result<String> {
    let scene = Scene::open_with(&["--slow-ms", "120"]).await?;
    for round in 0..8 {
        scene.counter.terminal.control("next slow")?;
        let made = scene.sale(1000 + round).await?;
        sleep(Duration::from_millis(u64::try_from(round)? * 20)).await;
        scene.post(made.id, "cancel").await?;
        let ended = scene.ended(made.id).await?;
        scene.verdict(&ended)?;
    }
    Ok("each ended as the ledger says".to_owned())
}

pub async fn older_transaction() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    let first = scene.sold(2000).await?;
    ensure!(first.state == PaymentState::Approved, "{first:#?}");
    scene.counter.terminal.control("next drop_before")?;
    let made = scene.api.pay_surely(&sale(2000), "second").await?;
    let seen = scene.over(made.id).await?;
    ensure!(
        seen.state != PaymentState::Approved,
        "the older one was taken for it: {seen:#?}"
    );
    ensure!(scene.counter.terminal.charges(2000)? == 1);
    Ok(format!(
        "the second: {}; charged once, for the first",
        record(&seen)
    ))
}

pub async fn nothing_found() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.counter.terminal.control("next drop_before")?;
    let made = scene.sale(1000).await?;
    let seen = scene.over(made.id).await?;
    let verdict = scene.verdict(&seen)?;
    if seen.state.is_settled() {
        return Ok(verdict);
    }
    let decided = scene.decided_not_moved(made.id).await?;
    let after = scene.sold(1001).await?;
    Ok(format!(
        "{verdict}; then {}; the terminal's next sale: {}",
        scene.verdict(&decided)?,
        scene.verdict(&after)?
    ))
}

pub async fn power_loss() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.counter.terminal.control("next power_loss_after")?;
    let first = scene.sold(1000).await?;
    let terminal = scene.verdict(&first)?;
    scene.counter.terminal.control("next slow")?;
    let second = scene.sale(1001).await?;
    scene
        .until("the second payment at the terminal", || {
            Ok(scene
                .counter
                .terminal
                .control("status")?
                .contains("begun 2;"))
        })
        .await?;
    scene.counter.till.process().kill()?;
    scene.counter.tray.process().kill()?;
    scene.counter.till.restart()?;
    scene.in_state(second.id, PaymentState::Unknown).await?;
    scene.counter.tray.restart()?;
    scene.counter.wait_for_desks(1).await?;
    let seen = scene.over(second.id).await?;
    Ok(format!(
        "terminal: {terminal}; PC: {}",
        scene.verdict(&seen)?
    ))
}

pub async fn signature_unanswered() -> anyhow::Result<String> {
    let scene = Scene::open_with(&["--signature-ms", "1500"]).await?;
    scene.counter.terminal.control("next signature")?;
    let made = scene.sale(1000).await?;
    let asked = scene.in_state(made.id, PaymentState::AwaitingClerk).await?;
    let kind = asked.prompt.as_ref().map(|prompt| prompt.kind);
    ensure!(kind == Some(PromptKind::Signature), "{asked:#?}");
    let ended = scene.over(made.id).await?;
    let unanswered = scene.verdict(&ended)?;
    scene.counter.terminal.control("next signature")?;
    let made = scene.sale(1001).await?;
    let asked = scene.in_state(made.id, PaymentState::AwaitingClerk).await?;
    let prompt = asked.prompt.as_ref().context("a prompt")?.id;
    let path = format!("/v1/payments/{}/answer", made.id);
    let answer = json!({ "prompt": prompt, "answer": "no" });
    scene.api.post(&path, &answer).await?.json::<Payment>()?;
    let refused = scene.ended(made.id).await?;
    Ok(format!(
        "unanswered: {unanswered}; no: {}",
        scene.verdict(&refused)?
    ))
}

pub async fn void_reply_lost() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    let sold = scene.sold(1000).await?;
    scene.counter.terminal.control("next drop_after")?;
    let void: Payment = scene.void(sold.id, "void-1").await?.json()?;
    let void = scene.over(void.id).await?;
    let again = scene.void(sold.id, "void-2").await?.problem()?;
    let ledger = scene.counter.terminal.ledger()?;
    let reversals = ledger
        .iter()
        .filter(|entry| entry.kind == LedgerKind::Reversed);
    ensure!(reversals.count() == 1, "{ledger:#?}");
    Ok(format!(
        "the void: {}; reversed once; a second void: `{}`",
        record(&void),
        again.code
    ))
}

pub async fn void_hits_another() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    let first = scene.sold(1000).await?;
    scene.sold(2000).await?;
    scene.counter.terminal.control("next other_reversal")?;
    let void: Payment = scene.void(first.id, "void").await?.json()?;
    let seen = scene.over(void.id).await?;
    ensure!(seen.state != PaymentState::Approved, "{seen:#?}");
    ensure!(!seen.alerts.is_empty(), "no alarm: {seen:#?}");
    Ok(format!("{}, alert `{}`", record(&seen), alert_codes(&seen)))
}

fn alert_codes(payment: &Payment) -> String {
    let codes = payment.alerts.iter().map(|alert| alert.code.as_str());
    codes.collect::<Vec<_>>().join("`, `")
}

pub async fn receipt_printer_fails() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    let paper = Paper::start(scene.counter.folder.path(), "front")?;
    scene.counter.till.configure(&TillSetup {
        config: settings::QUICK_AGENT.to_owned(),
        printers: vec![PrinterSetup::escpos("front", paper.address())],
        register_arguments: Vec::new(),
    })?;
    scene.counter.till.process().kill()?;
    scene.counter.till.restart()?;
    let printer = wait_for_printer(&scene.api, "front").await?;
    scene.counter.wait_for_desks(1).await?;
    let sold = scene.sold(1000).await?;
    let has_both = |seen: &Payment| seen.receipts.len() == 2;
    let sold = scene.api.payment_that(sold.id, SOON, has_both).await?;
    paper.control("fault paper_out")?;
    let lines = &sold.receipts[0].lines;
    let job = raw_job(printer.id, &ticket(&lines.join("\n")));
    let job = scene.api.submit_surely(&job, "receipt").await?;
    sleep(Duration::from_millis(500)).await;
    let still = scene.api.payment(sold.id).await?;
    ensure!(
        (still.state, &still.receipts) == (sold.state, &sold.receipts),
        "{still:#?}"
    );
    paper.control("fault none")?;
    let job = scene.api.settled(job.id, SOON).await?;
    Ok(format!(
        "{}, its receipts kept; printed later: `{}`",
        scene.verdict(&still)?,
        job.state
    ))
}

pub async fn two_attempts() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.sold(500).await?;
    scene.counter.terminal.control("next silent")?;
    let first = scene
        .api
        .pay_surely(&for_order(1000, "order-1"), "first")
        .await?;
    scene.in_state(first.id, PaymentState::Started).await?;
    let second = scene
        .api
        .pay(&for_order(1000, "order-1"), "second")
        .await?
        .problem()?;
    let mut overridden = for_order(1000, "order-1");
    overridden.supersede = Some(Supersede {
        by: "Ann".to_owned(),
        reason: "the customer shows no charge".to_owned(),
    });
    let overridden = scene.api.pay(&overridden, "third").await?;
    let allowed: Payment = overridden.json()?;
    ensure!(allowed.supersede.is_some(), "{allowed:#?}");
    scene.counter.terminal.control("stop")?;
    scene.ended(first.id).await?;
    let allowed = scene.ended(allowed.id).await?;
    // On the first one's terminal, which may still be at it.
    scene.verdict(&allowed)?;
    Ok(format!(
        "the second: {} `{}`; overridden with name and reason: taken",
        second.status, second.code
    ))
}

pub async fn cloned_agent() -> anyhow::Result<String> {
    let mut scene = Scene::open().await?;
    scene.sold(500).await?;
    scene.counter.till.process().kill()?;
    let copy = scene.counter.folder.path().join("copy");
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(scene.counter.till.data())
        .arg(&copy)
        .status()?;
    ensure!(copied.success());
    scene.counter.till.restart()?;
    scene.counter.wait_for_desks(1).await?;
    scene.sold(1000).await?;
    let log = scene.counter.folder.path().join("copy.log");
    let _ = std::fs::remove_file(copy.join("agent.sock"));
    let mut clone = Program::start("cueline-agent", &log, |command| {
        command.arg("run").arg("--data").arg(&copy);
    })?;
    clone.wait_for("agent started")?;
    // A desk of its own, so that it too has payments to tell of.
    let tray_log = scene.counter.folder.path().join("copy-tray.log");
    let tray_config = scene.counter.folder.path().join("tray.toml");
    let clones_tray = Program::start("cueline-tray", &tray_log, |command| {
        command
            .args(["run", "--headless", "--config"])
            .arg(&tray_config);
        command.arg("--agent-data").arg(&copy);
    })?;
    // The two take the line from each other; whatever either says, money moves as the record says.
    let says = |said: &str| said.contains("another machine takes part as this agent");
    let mut made: Vec<Payment> = Vec::new();
    for amount in 1001..1061 {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        if says(&said) || says(&scene.counter.till.log()) {
            break;
        }
        // The hub may refuse it: which desks there are depends on who spoke last.
        let mut request = sale(amount);
        request.start_in_s = Some(5);
        let answer = scene.api.pay(&request, &format!("clone-{amount}")).await?;
        made.extend(answer.json::<Payment>().ok());
        sleep(Duration::from_millis(500)).await;
    }
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    ensure!(
        says(&said) || says(&scene.counter.till.log()),
        "nobody was fenced\n{said}\n{}",
        scene.counter.logs()
    );
    drop((clone, clones_tray));
    scene.counter.till.process().kill()?;
    scene.counter.till.restart()?;
    for made in made {
        let seen = scene.over(made.id).await?;
        scene.verdict(&seen)?;
        if !seen.state.is_settled() {
            scene.decided_not_moved(made.id).await?;
        }
    }
    Ok(
        "the one that spoke second is refused with `stale_journal` and does no payments any more"
            .to_owned(),
    )
}

pub async fn keyed_by_hand() -> anyhow::Result<String> {
    let scene = Scene::open().await?;
    scene.sold(1000).await?;
    scene.counter.terminal.control("hand_keyed 4711")?;
    let next = scene.sold(1001).await?;
    let verdict = scene.verdict(&next)?;
    let mut found = Value::Null;
    for _ in 0..200 {
        let alerts: Value = scene.api.get("/v1/alerts").await?.json()?;
        let data = alerts["data"].as_array().cloned().unwrap_or_default();
        if let Some(alert) = data
            .into_iter()
            .find(|alert| alert["transaction"]["amount_minor"] == 4711)
        {
            found = alert;
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    let kind = found["code"]
        .as_str()
        .with_context(|| scene.counter.logs())?;
    Ok(format!("alert `{kind}`; the box office's own: {verdict}"))
}
