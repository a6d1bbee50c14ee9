//! Payments at the terminal, with its ledger as judge.

use cueline_fake_devices::terminal::{AskedBy, standing};
use cueline_fake_devices::{LedgerKind, Script, TerminalSettings, VirtualTerminal};
use cueline_model::{
    Answer, Finding, PaymentFailureCode, PaymentKind, PaymentOutcome, PaymentState, PromptKind,
    ReceiptCopy,
};
use cueline_terminals::{Command, Event};

use crate::till::{Till, order, void};

async fn terminal(directory: &tempfile::TempDir) -> VirtualTerminal {
    let mut settings = TerminalSettings::of(directory.path());
    settings.pace.slow = std::time::Duration::from_millis(200);
    VirtualTerminal::start(settings).await.unwrap()
}

#[tokio::test]
async fn a_sale_is_approved_and_in_the_ledger() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    let baseline = till.begin(order(PaymentKind::Sale, 1250)).await.unwrap();
    assert_eq!(baseline.receipt_no.as_deref(), Some("0001"));
    let settlement = till.result().await;
    let PaymentOutcome::Approved { amount_minor, card } = settlement.outcome else {
        panic!("{settlement:?}")
    };
    assert_eq!(amount_minor, 1250);
    assert_eq!(card.last4.as_deref(), Some("1111"));
    assert_eq!(card.receipt_no.as_deref(), Some("0002"));
    assert_eq!(card.entry_mode.as_deref(), Some("chip"));
    till.command(Command::Stored).await;
    let mut copies = Vec::new();
    loop {
        match till.event().await {
            Event::Receipt(receipt) => copies.push(receipt.copy),
            Event::Finished => break,
            event => panic!("{event:?}"),
        }
    }
    assert_eq!(copies, [ReceiptCopy::Merchant, ReceiptCopy::Customer]);
    let ledger = terminal.ledger().unwrap();
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0].kind, LedgerKind::Authorised);
    assert_eq!(ledger[0].amount_minor, 1250);
    assert_eq!(till.begun_on_wire, 1);
}

#[tokio::test]
async fn what_does_not_begin_moves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    for (amount_minor, expected) in [
        (1264, PaymentFailureCode::Busy),
        (1265, PaymentFailureCode::Refused),
    ] {
        till.begin(order(PaymentKind::Sale, amount_minor)).await;
        match till.news().await {
            Event::NotMoved(failure) => assert_eq!(failure.code, expected),
            event => panic!("{event:?}"),
        }
    }
    terminal.set_busy(true);
    till.command(Command::Prepare).await;
    match till.news().await {
        Event::NotReady(failure) => assert_eq!(failure.code, PaymentFailureCode::Busy),
        event => panic!("{event:?}"),
    }
    assert_eq!(terminal.ledger().unwrap(), []);
}

#[tokio::test]
async fn declines_and_stops_move_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    let declined = till.pay(order(PaymentKind::Sale, 1261)).await;
    assert_eq!(declined.outcome.state(), PaymentState::Declined);
    let cancelled = till.pay(order(PaymentKind::Sale, 1263)).await;
    assert_eq!(cancelled.outcome, PaymentOutcome::Cancelled);
    let kinds: Vec<_> = terminal.ledger().unwrap().iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [LedgerKind::Declined]);
}

#[tokio::test]
async fn a_wish_to_stop_wins_before_and_loses_after_the_issuer_was_asked() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    for (script, state) in [
        (Script::Slow, PaymentState::Cancelled),
        (Script::Silent, PaymentState::Cancelled),
        (Script::Unstoppable, PaymentState::Approved),
    ] {
        terminal.script(script);
        till.begin(order(PaymentKind::Sale, 1250)).await;
        till.command(Command::Cancel).await;
        assert_eq!(till.result().await.outcome.state(), state, "{script}");
        till.command(Command::Stored).await;
        assert_eq!(till.news().await, Event::Finished);
    }
    assert_eq!(terminal.ledger().unwrap().len(), 1);
}

#[tokio::test]
async fn what_was_cut_off_is_looked_up() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    for (amount_minor, found) in [(1266, false), (1267, true), (1271, false), (1272, true)] {
        let before = terminal.ledger().unwrap().len();
        let mut till = Till::new(terminal.address());
        let asked = order(PaymentKind::Sale, amount_minor);
        let baseline = till.begin(asked.clone()).await;
        let news = till.news().await;
        assert!(matches!(news, Event::Unknown { .. }), "{news:?}");
        // By a till that was started anew.
        let mut anew = Till::new(terminal.address());
        match anew.look_up(asked, baseline).await {
            Finding::Found { settlement } => {
                assert!(found, "{amount_minor}: {settlement:?}");
                assert_eq!(settlement.outcome.state(), PaymentState::Approved);
            }
            Finding::CannotTell { text } => assert!(!found, "{amount_minor}: {text}"),
            finding => panic!("{amount_minor}: {finding:?}"),
        }
        assert_eq!(till.begun_on_wire + anew.begun_on_wire, 1);
        let after = terminal.ledger().unwrap().len();
        assert_eq!(after - before, usize::from(found));
    }
}

#[tokio::test]
async fn a_payment_whose_till_died_goes_on_and_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    terminal.script(Script::Slow);
    let mut till = Till::new(terminal.address());
    let asked = order(PaymentKind::Sale, 1250);
    let baseline = till.begin(asked.clone()).await;
    // The terminal is at it.
    assert!(matches!(till.event().await, Event::Progress(_)));
    drop(till);
    let mut anew = Till::new(terminal.address());
    let finding = anew.look_up(asked, baseline).await;
    assert!(matches!(finding, Finding::Found { .. }), "{finding:?}");
    assert_eq!(standing(&terminal.ledger().unwrap()).len(), 1);
}

#[tokio::test]
async fn what_cannot_be_stored_is_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    till.begin(order(PaymentKind::Sale, 1250)).await;
    till.result().await;
    till.command(Command::NotStored).await;
    match till.news().await {
        Event::NotMoved(failure) => assert_eq!(failure.code, PaymentFailureCode::NotStored),
        event => panic!("{event:?}"),
    }
    let ledger = terminal.ledger().unwrap();
    assert_eq!(ledger[1].kind, LedgerKind::Reversed);
    assert_eq!(ledger[1].asked_by, AskedBy::Terminal);
    assert!(standing(&ledger).is_empty());
    till.pay(order(PaymentKind::Sale, 1250)).await;
    assert_eq!(standing(&terminal.ledger().unwrap()).len(), 1);
}

#[tokio::test]
async fn a_sale_by_hand_is_told_and_not_taken_for_ours() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    let asked = order(PaymentKind::Sale, 1274);
    let baseline = till.begin(asked.clone()).await;
    assert!(matches!(till.news().await, Event::Unknown { .. }));
    till.command(Command::LookUp {
        order: asked,
        baseline,
    })
    .await;
    match till.news().await {
        Event::Unmatched(sale) => assert_eq!(sale.amount_minor, 1374),
        event => panic!("{event:?}"),
    }
    let news = till.news().await;
    let Event::LookedUp(Finding::CannotTell { text }) = news else {
        panic!("{news:?}")
    };
    assert!(text.contains("13.74"), "{text}");
    terminal.key_sale(500, "EUR").unwrap();
    till.command(Command::Prepare).await;
    assert!(matches!(till.news().await, Event::Unmatched(sale) if sale.amount_minor == 500));
    assert!(matches!(till.news().await, Event::Ready { .. }));
}

#[tokio::test]
async fn a_void_is_compared_with_what_it_hit() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    let first = till.pay(order(PaymentKind::Sale, 1000)).await;
    let second = till.pay(order(PaymentKind::Sale, 1000)).await;
    let third = till.pay(order(PaymentKind::Sale, 3000)).await;
    let done = till.pay(void(1000, &first)).await;
    assert_eq!(done.outcome.state(), PaymentState::Approved);
    let declined = till.pay(void(1000, &first)).await;
    assert_eq!(declined.outcome.state(), PaymentState::Declined);
    terminal.script(Script::OtherReversal);
    till.begin(void(1000, &second)).await;
    // It took the third back.
    assert!(matches!(till.news().await, Event::Unmatched(hit) if hit.amount_minor == 3000));
    match till.result().await.outcome {
        PaymentOutcome::Failed { failure } => {
            assert_eq!(failure.code, PaymentFailureCode::OtherTransaction);
        }
        outcome => panic!("{outcome:?}"),
    }
    till.command(Command::Stored).await;
    assert_eq!(till.news().await, Event::Finished);
    let _third = third;
    let ledger = terminal.ledger().unwrap();
    let standing: Vec<_> = standing(&ledger).iter().map(|e| e.receipt_no).collect();
    assert_eq!(standing, [3]);
    let refund = till.pay(order(PaymentKind::Refund, 700)).await;
    assert_eq!(refund.outcome.state(), PaymentState::Approved);
    till.prepare().await;
    till.command(Command::EndOfDay).await;
    assert_eq!(till.news().await, Event::Finished);
}

#[tokio::test]
async fn a_signature_is_compared_by_the_clerk_or_by_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = TerminalSettings::of(directory.path());
    settings.pace.signature = std::time::Duration::from_millis(500);
    let terminal = VirtualTerminal::start(settings).await.unwrap();
    let mut till = Till::new(terminal.address());
    for (answer, state) in [
        (Some(Answer::No), PaymentState::Declined),
        // The terminal's own rule.
        (None, PaymentState::Declined),
        (Some(Answer::Yes), PaymentState::Approved),
    ] {
        till.begin(order(PaymentKind::Sale, 1269)).await;
        let mut signed = false;
        let prompt = loop {
            match till.event().await {
                Event::Progress(_) => {}
                Event::Receipt(receipt) => signed = receipt.signature,
                Event::Prompt(prompt) => break prompt,
                event => panic!("{event:?}"),
            }
        };
        assert!(signed, "nothing to sign on");
        assert_eq!(prompt.kind, PromptKind::Signature);
        match answer {
            Some(answer) => {
                let prompt = prompt.id;
                till.command(Command::Answer { prompt, answer }).await;
            }
            None => assert_eq!(till.news().await, Event::PromptOver { prompt: prompt.id }),
        }
        assert_eq!(till.result().await.outcome.state(), state);
        till.command(Command::Stored).await;
        assert_eq!(till.news().await, Event::Finished);
    }
    assert_eq!(standing(&terminal.ledger().unwrap()).len(), 1);
}

#[tokio::test]
async fn a_referral_is_decided_on_the_telephone() {
    let directory = tempfile::tempdir().unwrap();
    let terminal = terminal(&directory).await;
    let mut till = Till::new(terminal.address());
    for (answer, state) in [
        (Answer::No, PaymentState::Declined),
        (
            Answer::AuthCode("123456".to_owned()),
            PaymentState::Approved,
        ),
    ] {
        till.begin(order(PaymentKind::Sale, 1262)).await;
        let news = till.news().await;
        let Event::Prompt(prompt) = news else {
            panic!("{news:?}")
        };
        assert_eq!(prompt.kind, PromptKind::Referral);
        let prompt = prompt.id;
        till.command(Command::Answer { prompt, answer }).await;
        assert_eq!(till.result().await.outcome.state(), state);
        till.command(Command::Stored).await;
        assert_eq!(till.news().await, Event::Finished);
    }
    assert_eq!(standing(&terminal.ledger().unwrap()).len(), 1);
}

#[tokio::test]
async fn a_leaking_terminal_does_not_get_its_card_numbers_through() {
    let directory = tempfile::tempdir().unwrap();
    let mut settings = TerminalSettings::of(directory.path());
    settings.leak_card_number = true;
    let terminal = VirtualTerminal::start(settings).await.unwrap();
    let mut till = Till::new(terminal.address());
    till.begin(order(PaymentKind::Sale, 1250)).await;
    let mut all = String::new();
    loop {
        let event = till.event().await;
        all.push_str(&format!("{event:?}"));
        match event {
            Event::Result(_) => till.command(Command::Stored).await,
            Event::Finished => break,
            _ => {}
        }
    }
    assert!(all.contains("************1111"), "{all}");
    assert!(
        !cueline_model::card_number::holds_card_number(&all),
        "{all}"
    );
}
