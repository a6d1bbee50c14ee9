//! The tickets of one job, counted as they are proven: recorded, told, found again, left out.

use cueline_agent_core::{Effect, Proven, Record};
use cueline_model::{FaultCode, Outcome, Proof, UncertainPolicy};
use cueline_wire::cloud::{Progress, ReportReply};

use crate::till::{Till, in_doubt, print, tickets};

fn up() -> Till {
    let mut till = Till::new();
    till.hello();
    till.answer_reports();
    till.take();
    till
}

/// A till that prints a job of ten tickets.
fn printing(policy: UncertainPolicy) -> Till {
    let mut till = up();
    till.offer_as(1, |offer| {
        print(offer).copies = 10;
        print(offer).uncertain = policy;
    });
    till.ready("left");
    till.answer_reports();
    till.take();
    till
}

const JOB: u64 = 1;

fn printing_of(printed: u32) -> Progress {
    let total = 10;
    Progress::Printing { printed, total }
}

fn left_out(till: &mut Till) -> Vec<Option<Proven>> {
    let proven = |effect| match effect {
        Effect::Print { proven, .. } => Some(proven),
        _ => None,
    };
    till.take().into_iter().filter_map(proven).collect()
}

#[test]
fn each_proven_ticket_is_recorded_and_told() {
    let mut till = printing(UncertainPolicy::Hold);
    for printed in 1..=3 {
        till.proves("left", printed, 10);
        assert_eq!(till.newest(crate::till::key(JOB)), printing_of(printed));
        let told = till.answer_reports();
        assert_eq!(told.last().unwrap().progress, printing_of(printed));
    }
    // The last one is not: the end follows at once.
    till.proves("left", 10, 10);
    assert_eq!(till.newest(crate::till::key(JOB)), printing_of(3));
    till.print_done("left");
    let proof = Proof::Printed;
    assert_eq!(till.outcome(crate::till::key(JOB)), Outcome::Done { proof });
}

#[test]
fn a_slow_disk_gets_one_record_at_a_time_and_the_print_waits_for_none() {
    let mut till = printing(UncertainPolicy::Hold);
    till.slow_disk = true;
    for printed in 1..=6 {
        till.proves("left", printed, 10);
    }
    assert_eq!(till.on_the_way.len(), 1);
    till.sync_one();
    assert_eq!(till.on_the_way.len(), 1, "what came meanwhile, together");
    till.sync();
    assert_eq!(till.newest(crate::till::key(JOB)), printing_of(6));
    till.proves("left", 7, 10);
    till.print_done("left");
    till.sync();
    assert!(matches!(
        till.outcome(crate::till::key(JOB)),
        Outcome::Done { .. }
    ));
}

#[test]
fn a_hub_that_is_away_does_not_pile_up_counts() {
    let mut till = printing(UncertainPolicy::Hold);
    till.cut();
    if till.report().is_some() {
        till.fail_report(None);
    }
    let before = till.agent.untold_entries();
    for printed in 1..=9 {
        till.proves("left", printed, 10);
    }
    assert!(till.agent.untold_entries() <= before + 2);
    assert_eq!(
        till.journal.recover().untold.len(),
        till.agent.untold_entries(),
        "the journal lets go of them too"
    );
    till.print_done("left");
    while till.agent.untold_entries() > 0 {
        till.pass_s(6);
        till.answer_reports();
    }
    assert!(till.agent.is_idle() || !till.agent.is_online());
}

#[test]
fn a_count_on_its_way_to_the_hub_is_not_let_go() {
    let mut till = printing(UncertainPolicy::Hold);
    till.proves("left", 1, 10);
    let sent = till.report().unwrap().entries.clone();
    assert_eq!(sent.last().unwrap().progress, printing_of(1));
    till.proves("left", 2, 10);
    till.proves("left", 3, 10);
    let stored = sent.iter().map(|entry| entry.seq).collect();
    till.answer_report(ReportReply {
        stored,
        rejected: Vec::new(),
    });
    let told = till.answer_reports();
    assert_eq!(told.last().unwrap().progress, printing_of(3));
    assert_eq!(till.agent.untold_entries(), 0);
}

#[test]
fn after_a_crash_all_beyond_the_last_proven_is_unknown() {
    let mut till = printing(UncertainPolicy::Hold);
    till.proves("left", 6, 10);
    till.crash();
    let Outcome::Uncertain { detail, tickets } = till.outcome(crate::till::key(JOB)) else {
        panic!("{:?}", till.newest(crate::till::key(JOB)));
    };
    assert_eq!(
        tickets.unwrap().to_string(),
        "tickets 1-6 printed, 7-10 unknown"
    );
    assert_eq!(
        detail,
        "The till was interrupted while this was printing. Check which of the tickets came out."
    );
}

#[test]
fn what_the_printer_says_of_a_print_in_doubt_is_told() {
    let mut till = printing(UncertainPolicy::Hold);
    till.proves("left", 6, 10);
    till.print_ends("left", in_doubt(FaultCode::PaperJam, tickets(6, 1, 10)));
    let Outcome::Uncertain { tickets, .. } = till.outcome(crate::till::key(JOB)) else {
        panic!("not uncertain");
    };
    assert_eq!(
        tickets.unwrap().to_string(),
        "tickets 1-6 printed, 7 unknown, 8-10 not printed"
    );
}

#[test]
fn a_reprint_begins_with_the_first_ticket_that_was_not_proven() {
    for policy in [UncertainPolicy::Reprint, UncertainPolicy::ReprintMarked] {
        let mut till = printing(policy);
        till.proves("left", 2, 10);
        till.print_ends("left", in_doubt(FaultCode::PaperJam, tickets(4, 1, 10)));
        till.ready("left");
        let (printed, total) = (4, 10);
        assert_eq!(left_out(&mut till), [Some(Proven { printed, total })]);
        // And so it does after a crash, which may have come after more.
        till.proves("left", 7, 10);
        till.crash();
        till.ready("left");
        let printed = 7;
        assert_eq!(left_out(&mut till), [Some(Proven { printed, total })]);
    }
}

#[test]
fn what_an_earlier_print_left_in_doubt_stays_so_when_it_is_not_printed_again() {
    let mut till = printing(UncertainPolicy::Reprint);
    till.print_ends("left", in_doubt(FaultCode::PaperJam, tickets(2, 5, 10)));
    till.withdraw(crate::till::key(JOB));
    let Outcome::Uncertain { tickets: told, .. } = till.outcome(crate::till::key(JOB)) else {
        panic!("not uncertain");
    };
    assert_eq!(told, tickets(2, 5, 10));
}

#[test]
fn a_job_is_done_when_only_its_end_went_wrong() {
    let mut till = printing(UncertainPolicy::Reprint);
    till.proves("left", 10, 10);
    till.print_ends("left", in_doubt(FaultCode::ConnectionLost, None));
    let proof = Proof::Printed;
    assert_eq!(till.outcome(crate::till::key(JOB)), Outcome::Done { proof });
}

#[test]
fn options_and_marks_go_through_to_the_printer() {
    let mut till = up();
    let job = till.offer_as(1, |offer| {
        print(offer).options.from_ticket = Some(7);
        print(offer).marked = true;
    });
    till.crash();
    till.ready("left");
    let asked = till.take().into_iter().find_map(|effect| match effect {
        Effect::Print {
            options, duplicate, ..
        } => Some((options, duplicate)),
        _ => None,
    });
    let (options, duplicate) = asked.unwrap();
    assert_eq!(options.from_ticket, Some(7));
    assert!(duplicate);
    till.print_ends("left", in_doubt(FaultCode::PaperJam, tickets(0, 1, 4)));
    let Outcome::Uncertain { detail, .. } = till.outcome(job) else {
        panic!("not uncertain");
    };
    assert!(
        detail.contains("counted from ticket 7 of the document"),
        "{detail}"
    );
}

#[test]
fn a_count_without_a_print_changes_nothing() {
    let mut till = up();
    till.offer(1);
    till.proves("left", 1, 2);
    let appended = till.take().into_iter().any(|effect| {
        matches!(effect, Effect::Append { records, .. }
            if records.iter().any(|record| matches!(record, Record::Progress(entry)
                if matches!(entry.progress, Progress::Printing { .. }))))
    });
    assert!(!appended);
}
