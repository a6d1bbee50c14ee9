//! Which faults are made, at which moment, and what has to be seen before they are over.

use std::time::Duration;

/// A language's virtual printer.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// As the configuration names it.
    pub language: &'static str,
    /// As the table does.
    pub shown: &'static str,
    /// A moment in the middle of a sheet, in rows of its feed.
    pub half: u32,
}

pub const KINDS: [Kind; 3] = [
    Kind {
        language: "fgl",
        shown: "FGL",
        half: 500,
    },
    Kind {
        language: "escpos",
        shown: "ESC/POS",
        half: 25,
    },
    Kind {
        language: "zpl",
        shown: "ZPL",
        half: 30,
    },
];

/// When a fault is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverOnce {
    /// The API has told of it.
    Told,
    /// And it has lasted for so long.
    ToldFor(Duration),
    /// The job that it hit has ended.
    Ended,
    /// The printer's other agent was told that it is in use.
    OtherTold,
}

/// One fault.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub shown: &'static str,
    /// What is said to the virtual printer's control port, `HALF` standing for [`Kind::half`].
    command: &'static str,
    over: OverOnce,
}

/// Longer than a print may stand still (`stall_s`, `proof_s`) in the printers' settings below.
const LONG: Duration = Duration::from_secs(7);

pub const SCENARIOS: [Scenario; 13] = [
    scenario("paper out before the ticket", "paper_out", OverOnce::Told),
    scenario(
        "paper out in ticket 2",
        "paper_out in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "paper out after the last ticket",
        "paper_out after_tickets=3",
        OverOnce::Told,
    ),
    scenario(
        "cover open in ticket 2",
        "cover_open in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "jam in ticket 2",
        "jam in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "switched off in ticket 2, on again",
        "off in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "cable out in ticket 2, in again",
        "unplugged in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "busy in ticket 2, for longer than a print may stand still",
        "busy in_ticket=2 after_rows=HALF",
        OverOnce::ToldFor(LONG),
    ),
    scenario(
        "noise on the status line in ticket 2",
        "garbage bytes=60 seed=481 in_ticket=2 after_rows=HALF",
        OverOnce::Ended,
    ),
    scenario(
        "takes connections and never answers",
        "hang",
        OverOnce::Told,
    ),
    scenario(
        "answers nothing any more from ticket 2 on, and prints",
        "silent in_ticket=2 after_rows=HALF",
        OverOnce::Told,
    ),
    scenario(
        "answers as if all were well from ticket 2 on, and prints nothing",
        "stall in_ticket=2 after_rows=HALF",
        OverOnce::Ended,
    ),
    scenario(
        "another agent's job is in the printer (out of paper in ticket 2)",
        "paper_out in_ticket=2 after_rows=HALF",
        OverOnce::OtherTold,
    ),
];

const fn scenario(shown: &'static str, command: &'static str, over: OverOnce) -> Scenario {
    Scenario {
        shown,
        command,
        over,
    }
}

impl Scenario {
    /// What is said to the control port.
    pub fn command(&self, kind: &Kind) -> String {
        format!(
            "fault {}",
            self.command.replace("HALF", &kind.half.to_string())
        )
    }

    pub fn over(&self, kind: &Kind) -> OverOnce {
        match self.over {
            // ZPL has no word for it: the print is given up in doubt.
            OverOnce::ToldFor(_) if kind.language == "zpl" => OverOnce::Ended,
            over => over,
        }
    }

    pub fn has_other_agent(&self) -> bool {
        self.over == OverOnce::OtherTold
    }
}
