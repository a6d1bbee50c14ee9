//! The suite.

use cueline_model::{Finding, PaymentFailureCode, PaymentOutcome, PaymentState};
use cueline_terminals::{Command, Event};

use crate::desk::{Desk, sale};
use crate::peer::{Peer, Plot};

/// Runs everything against peers made anew.
pub fn run<P: Peer>(new: impl Fn() -> P) {
    approves(&mut new());
    declines(&mut new());
    refused_before_it_began(&mut new());
    unreachable(&mut new());
    cancel_wins_or_loses(&mut new());
    stored_before_acknowledged(&mut new());
    not_stored_is_taken_back(&mut new());
    dropped(&mut new(), Plot::DropBefore);
    dropped(&mut new(), Plot::DropAfter);
    an_older_transaction_is_not_ours(&mut new());
    begins_once(&mut new());
    begins_only_when_ready(&mut new());
}

fn approves(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let mut desk = Desk::new(peer);
    desk.begin(sale(1250));
    let settlement = desk.result();
    let PaymentOutcome::Approved { amount_minor, card } = &settlement.outcome else {
        panic!("{settlement:?}")
    };
    assert_eq!(*amount_minor, 1250);
    if let Some(last4) = &card.last4 {
        assert_eq!(last4.len(), 4);
    }
    let told = format!("{settlement:?}");
    assert!(
        !cueline_model::card_number::holds_card_number(&told),
        "{told}"
    );
    desk.store();
    assert_eq!((desk.begun, desk.peer.standing()), (1, vec![1250]));
}

fn declines(peer: &mut dyn Peer) {
    peer.plot(Plot::Decline);
    let mut desk = Desk::new(peer);
    desk.begin(sale(1250));
    assert_eq!(desk.result().outcome.state(), PaymentState::Declined);
    desk.store();
    assert_eq!((desk.begun, desk.peer.standing()), (1, vec![]));
}

fn refused_before_it_began(peer: &mut dyn Peer) {
    for (plot, code) in [
        (Plot::Busy, PaymentFailureCode::Busy),
        (Plot::Refuse, PaymentFailureCode::Refused),
    ] {
        peer.plot(plot);
        let mut desk = Desk::new(peer);
        desk.begin(sale(1250));
        match desk.news() {
            Event::NotMoved(failure) => assert_eq!(failure.code, code),
            event => panic!("{plot:?}: {event:?}"),
        }
        // Nobody tries again by itself.
        assert_eq!((desk.begun, desk.peer.standing()), (1, vec![]));
        desk.restart();
    }
}

fn unreachable(peer: &mut dyn Peer) {
    peer.set_reachable(false);
    let mut desk = Desk::new(peer);
    desk.command(Command::Prepare);
    match desk.news() {
        Event::NotReady(failure) => assert_eq!(failure.code, PaymentFailureCode::Unreachable),
        event => panic!("{event:?}"),
    }
    if desk.peer.abilities().looks_up {
        let finding = desk.look_up(&sale(1250), &None);
        assert!(
            matches!(finding, Finding::Unreachable { .. }),
            "{finding:?}"
        );
    }
    assert_eq!(desk.begun, 0);
}

fn cancel_wins_or_loses(peer: &mut dyn Peer) {
    for (plot, state, standing) in [
        (Plot::Stoppable, PaymentState::Cancelled, vec![]),
        (Plot::Unstoppable, PaymentState::Approved, vec![1250]),
    ] {
        peer.plot(plot);
        let mut desk = Desk::new(peer);
        desk.begin(sale(1250));
        desk.command(Command::Cancel);
        // Twice wished is wished once.
        desk.command(Command::Cancel);
        assert_eq!(desk.result().outcome.state(), state, "{plot:?}");
        desk.store();
        assert_eq!((desk.begun, desk.peer.standing()), (1, standing));
        desk.restart();
    }
}

fn stored_before_acknowledged(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let mut desk = Desk::new(peer);
    desk.begin(sale(1250));
    desk.result();
    if let Some(acknowledged) = desk.peer.acknowledged() {
        assert!(!acknowledged, "acknowledged before it was stored");
    }
    assert!(desk.is_quiet());
    desk.store();
    if let Some(acknowledged) = desk.peer.acknowledged() {
        assert!(acknowledged, "stored and not acknowledged");
    }
}

fn not_stored_is_taken_back(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let mut desk = Desk::new(peer);
    desk.begin(sale(1250));
    desk.result();
    desk.command(Command::NotStored);
    let news = desk.news();
    if desk.peer.abilities().takes_back {
        let Event::NotMoved(failure) = news else {
            panic!("{news:?}")
        };
        assert_eq!(failure.code, PaymentFailureCode::NotStored);
        assert_eq!(desk.peer.standing(), Vec::<i64>::new());
    } else {
        assert!(matches!(news, Event::Unknown { .. }), "{news:?}");
    }
    assert_eq!(desk.begun, 1);
}

/// The till dies with the link; another looks up.
fn dropped(peer: &mut dyn Peer, plot: Plot) {
    peer.plot(plot);
    let mut desk = Desk::new(peer);
    let order = sale(1250);
    let baseline = desk.begin(order.clone());
    let news = desk.news();
    assert!(matches!(news, Event::Unknown { .. }), "{plot:?}: {news:?}");
    desk.restart();
    let abilities = desk.peer.abilities();
    // A look-up may be repeated and says the same.
    for _ in 0..2 {
        match (desk.look_up(&order, &baseline), plot) {
            (Finding::Found { settlement }, Plot::DropAfter) => {
                assert_eq!(settlement.outcome.state(), PaymentState::Approved);
            }
            (Finding::NotProcessed, Plot::DropBefore) => assert!(abilities.proves_absence),
            (Finding::CannotTell { .. }, Plot::DropBefore) => assert!(!abilities.proves_absence),
            (Finding::CannotTell { .. }, Plot::DropAfter) => assert!(!abilities.looks_up),
            (finding, _) => panic!("{plot:?}: {finding:?}"),
        }
    }
    assert_eq!(desk.begun, 1);
}

fn an_older_transaction_is_not_ours(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let order = sale(1250);
    let mut desk = Desk::new(peer);
    // The same amount, before.
    desk.begin(order.clone());
    desk.result();
    desk.store();
    desk.peer.plot(Plot::DropBefore);
    let baseline = desk.begin(order.clone());
    assert!(matches!(desk.news(), Event::Unknown { .. }));
    let finding = desk.look_up(&order, &baseline);
    assert!(!matches!(finding, Finding::Found { .. }), "{finding:?}");
    // Another amount, after.
    desk.peer.key_sale(999);
    let finding = desk.look_up(&order, &baseline);
    assert!(!matches!(finding, Finding::Found { .. }), "{finding:?}");
    assert_eq!((desk.begun, desk.peer.standing()), (2, vec![1250, 999]));
}

fn begins_once(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let mut desk = Desk::new(peer);
    desk.begin(sale(1250));
    desk.command(Command::Begin(sale(1250)));
    desk.result();
    desk.command(Command::Begin(sale(1250)));
    desk.store();
    assert_eq!((desk.begun, desk.peer.standing()), (1, vec![1250]));
}

fn begins_only_when_ready(peer: &mut dyn Peer) {
    peer.plot(Plot::Approve);
    let mut desk = Desk::new(peer);
    desk.command(Command::Begin(sale(1250)));
    match desk.news() {
        Event::NotMoved(failure) => assert_eq!(failure.code, PaymentFailureCode::Unreachable),
        event => panic!("{event:?}"),
    }
    assert_eq!(desk.begun, 0);
}
