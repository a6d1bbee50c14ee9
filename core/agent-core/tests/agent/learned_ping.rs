//! Learning how long the path bears silence.

use std::time::Duration;

use cueline_agent_core::{Config, Event, Notice, Record};
use cueline_wire::cloud::ByeReason;

use crate::till::{Till, config};

/// A link that is up for a moment, then idle for `seconds`, then cut by something in between.
fn idle_death(till: &mut Till, seconds: u64) {
    till.hello();
    till.answer_reports();
    till.pass_s(seconds);
    till.cut();
}

fn learned(till: &mut Till) -> Option<(u64, u64)> {
    till.notices().into_iter().find_map(|notice| match notice {
        Notice::PingLearned { idle_age, ping } => Some((idle_age.as_secs(), ping.as_secs())),
        _ => None,
    })
}

#[test]
fn where_links_die_idle_at_60_s_twice_a_ping_every_30_s_is_asked_for() {
    let mut till = Till::new();
    idle_death(&mut till, 60);
    assert_eq!(till.last_connect().0, Duration::from_secs(120));
    idle_death(&mut till, 61);
    let effects = till.take_timed();
    let asked: Vec<_> = effects
        .iter()
        .filter_map(|(_, effect)| match effect {
            cueline_agent_core::Effect::Connect { ping, .. } => Some(ping.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(asked, [30], "the very next try asks for it");
    let recovered = till.journal.recover();
    assert_eq!(recovered.learned_pings["direct"], Duration::from_secs(30));
}

#[test]
fn it_is_told_with_the_age() {
    let mut till = Till::new();
    idle_death(&mut till, 50);
    assert_eq!(learned(&mut till), None);
    idle_death(&mut till, 45);
    assert_eq!(learned(&mut till), Some((45, 22)));
}

#[test]
fn the_age_counts_from_the_last_event_and_not_from_the_hello() {
    let mut till = Till::new();
    for _ in 0..2 {
        till.hello();
        till.pass_s(100);
        till.offer(till.now_ms);
        till.pass_s(60);
        till.cut();
    }
    assert_eq!(learned(&mut till), Some((60, 30)));
}

#[test]
fn deaths_that_do_not_look_alike_teach_nothing() {
    let mut till = Till::new();
    for seconds in [30, 60, 100, 30, 60, 118, 1, 100, 60] {
        idle_death(&mut till, seconds);
    }
    assert_eq!(learned(&mut till), None);
}

#[test]
fn our_own_disconnects_and_the_hubs_byes_teach_nothing() {
    let mut till = Till::new();
    for _ in 0..4 {
        till.hello();
        till.pass_s(60);
        till.event(Event::Reconnect);
        till.hello();
        till.pass_s(60);
        till.bye(ByeReason::Draining, 0);
    }
    assert_eq!(learned(&mut till), None);
}

#[test]
fn a_link_that_outlives_the_age_with_pings_clears_the_suspicion() {
    let mut till = Till::new();
    idle_death(&mut till, 60);
    till.hello();
    till.pass_s(119);
    till.ping(1);
    till.cut();
    idle_death(&mut till, 60);
    assert_eq!(learned(&mut till), None);
    idle_death(&mut till, 60);
    assert_eq!(learned(&mut till), Some((60, 30)));
}

#[test]
fn two_silent_deaths_in_a_row_without_a_ping_halve_it() {
    let mut till = Till::new();
    till.hello();
    till.pass_s(150);
    assert_eq!(learned(&mut till), None);
    till.hello();
    till.pass_s(150);
    assert_eq!(learned(&mut till), Some((120, 60)));
    till.event(Event::Reconnect);
    assert_eq!(till.last_connect().0, Duration::from_secs(60));
}

#[test]
fn a_silent_death_after_pings_is_only_a_death() {
    let mut till = Till::new();
    for _ in 0..4 {
        till.hello();
        till.pass_s(120);
        till.ping(1);
        till.pass_s(150);
    }
    assert_eq!(learned(&mut till), None);
}

#[test]
fn the_shortest_is_15_s() {
    let mut till = Till::new();
    idle_death(&mut till, 20);
    idle_death(&mut till, 20);
    assert_eq!(learned(&mut till), Some((20, 15)));
}

#[test]
fn it_is_remembered_for_its_path_across_a_restart() {
    let mut till = Till::new();
    idle_death(&mut till, 60);
    idle_death(&mut till, 60);
    till.crash();
    assert_eq!(till.last_connect().0, Duration::from_secs(30));

    let elsewhere = Config {
        path: "proxy squid:3128".to_owned(),
        ..config()
    };
    let mut other = Till::recovered(elsewhere, till.journal.clone());
    assert_eq!(other.last_connect().0, Duration::from_secs(120));
}

#[test]
fn a_learned_ping_is_one_record_of_its_path() {
    let mut till = Till::new();
    till.slow_disk = true;
    idle_death(&mut till, 60);
    till.sync();
    idle_death(&mut till, 60);
    let records: Vec<_> = till.on_the_way.iter().flat_map(|(_, r)| r).collect();
    assert!(records.contains(&&Record::LearnedPing {
        path: "direct".to_owned(),
        ping: Some(Duration::from_secs(30)),
    }));
}
