//! One agent's payments with their disk and trays, stepped through simulated time.
//!
//! Each effect is checked as it comes against the rules that hold always: nothing is told before it is
//! durable, `Begin` only after the durable start and once for each payment, `Stored` only after the
//! durable end, one report at a time, and never a timer that is already over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use cueline_agent_core::payments::{Effect, Event, JournalImage, Payments, Record, TrayId};
use cueline_agent_core::{BatchId, ReportId};
use cueline_model::{
    Baseline, CardDetails, Currency, Finding, Mono, Now, PaymentFailure, PaymentFailureCode,
    PaymentId, PaymentKind, PaymentOrder, PaymentOutcome, Resolver, Settlement, Stage,
    TerminalProtocol, WallTime,
};
use cueline_wire::Base64Bytes;
use cueline_wire::cloud::{
    PaymentEntry, PaymentOffer, PaymentReport, PaymentReportReply, PaymentStep, PaymentWish,
    StartReply, TerminalDescription, Wish,
};
use cueline_wire::local::{TerminalWord, ToAgent, ToTray};

/// The wall clock when the monotonic one stands at zero: 2026-05-01T12:00:00Z.
const START: WallTime = WallTime(1_777_636_800_000);

pub const DESK: &str = "desk-1";

pub struct Till {
    pub core: Payments,
    pub now_ms: u64,
    /// Wall clock minus (START + monotonic clock), ms.
    wall_off_ms: i64,
    /// The hub's, likewise.
    hub_off_ms: i64,
    pub journal: JournalImage,
    pub on_the_way: VecDeque<(BatchId, Vec<Record>)>,
    /// Batches become durable only by [`Till::sync_one`].
    pub slow_disk: bool,
    /// Batches are refused.
    pub full_disk: bool,
    log: Vec<Effect>,
    durable: Vec<PaymentEntry>,
    begun: BTreeSet<PaymentId>,
    report: Option<(ReportId, PaymentReport)>,
    next_tray: u64,
}

pub fn id(number: u128) -> PaymentId {
    PaymentId::from_u128(number)
}

pub fn order(station: &str, amount_minor: i64) -> PaymentOrder {
    PaymentOrder {
        kind: PaymentKind::Sale,
        amount_minor,
        currency: Currency::EUR,
        station: station.parse().unwrap(),
        terminal: "main".parse().unwrap(),
        original: None,
    }
}

pub fn baseline(receipt: u32) -> Option<Baseline> {
    Some(Baseline {
        receipt_no: Some(format!("{receipt:04}")),
        terminal_txn_ref: None,
    })
}

pub fn approved(amount_minor: i64) -> Box<Settlement> {
    settlement(PaymentOutcome::Approved {
        amount_minor,
        card: CardDetails::default(),
    })
}

pub fn settlement(outcome: PaymentOutcome) -> Box<Settlement> {
    Box::new(Settlement {
        outcome,
        receipts: Vec::new(),
    })
}

pub fn failure(code: PaymentFailureCode) -> PaymentFailure {
    PaymentFailure {
        stage: Stage::Terminal,
        code,
        retryable: true,
        text: "as the terminal says".to_owned(),
    }
}

impl Till {
    pub fn new() -> Self {
        Self::recovered(JournalImage::default())
    }

    pub fn recovered(journal: JournalImage) -> Self {
        Self::started(journal, 0, (0, 0))
    }

    fn started(
        mut journal: JournalImage,
        now_ms: u64,
        (wall_off_ms, hub_off_ms): (i64, i64),
    ) -> Self {
        let found = journal.open();
        let mut durable: BTreeMap<u64, PaymentEntry> = BTreeMap::new();
        let kept = found.payments.iter().flat_map(|found| &found.entries);
        for entry in kept.chain(&found.untold) {
            durable.insert(entry.seq, entry.clone());
        }
        let mut till = Self {
            core: Payments::new(found, read_clocks(now_ms, wall_off_ms)),
            now_ms,
            wall_off_ms,
            hub_off_ms,
            journal,
            on_the_way: VecDeque::new(),
            slow_disk: false,
            full_disk: false,
            log: Vec::new(),
            durable: durable.into_values().collect(),
            begun: BTreeSet::new(),
            report: None,
            next_tray: 0,
        };
        till.drain();
        till
    }

    /// The process is killed and started again: what was not durable is lost.
    pub fn crash(&mut self) {
        let mut next = Self::started(
            self.journal.clone(),
            self.now_ms,
            (self.wall_off_ms, self.hub_off_ms),
        );
        next.begun.append(&mut self.begun);
        next.next_tray = self.next_tray;
        next.slow_disk = self.slow_disk;
        *self = next;
    }

    pub fn hub_now(&self) -> WallTime {
        (START + Duration::from_millis(self.now_ms)).shifted_ms(self.hub_off_ms)
    }

    /// Time passes that the monotonic clock does not count: the machine sleeps.
    pub fn sleep_s(&mut self, seconds: i64) {
        self.wall_off_ms += seconds * 1_000;
        self.hub_off_ms += seconds * 1_000;
    }

    /// Somebody sets the wall clock.
    pub fn set_clock_s(&mut self, seconds: i64) {
        self.wall_off_ms += seconds * 1_000;
    }

    pub fn pass_s(&mut self, seconds: u64) {
        let end_ms = self.now_ms + seconds * 1_000;
        while let Some(due) = self.core.poll_timeout() {
            if due.0 > end_ms {
                break;
            }
            self.now_ms = due.0;
            self.core
                .handle_timeout(read_clocks(self.now_ms, self.wall_off_ms));
            self.drain();
        }
        self.now_ms = end_ms;
        self.core
            .handle_timeout(read_clocks(self.now_ms, self.wall_off_ms));
        self.drain();
    }

    pub fn event(&mut self, event: Event) {
        if let Event::ReportAnswered { .. } | Event::ReportFailed { .. } = event {
            self.report = None;
        }
        self.core
            .handle_event(event, read_clocks(self.now_ms, self.wall_off_ms));
        self.drain();
    }

    // ---- the hub

    pub fn greeted(&mut self) {
        let server_time = self.hub_now();
        self.event(Event::Greeted { server_time });
    }

    pub fn offer(&mut self, number: u128, order: PaymentOrder, start_within_s: u64) {
        let offer = PaymentOffer {
            payment: id(number),
            order,
            start_by: self.hub_now() + Duration::from_secs(start_within_s),
            signature: Base64Bytes::default(),
        };
        self.event(Event::Offered(Box::new(offer)));
    }

    pub fn wish(&mut self, number: u128, wish: Wish) {
        self.event(Event::Wished(PaymentWish {
            payment: id(number),
            wish,
        }));
    }

    pub fn permit(&mut self, number: u128) {
        self.answer_start(number, true);
    }

    pub fn answer_start(&mut self, number: u128, granted: bool) {
        let reason = (!granted).then(|| "it was cancelled".to_owned());
        self.event(Event::StartAnswered {
            payment: id(number),
            reply: StartReply { granted, reason },
        });
    }

    pub fn report(&self) -> Option<&PaymentReport> {
        self.report.as_ref().map(|(_, body)| body)
    }

    pub fn report_id(&self) -> Option<ReportId> {
        self.report.as_ref().map(|(report, _)| *report)
    }

    /// The hub stores all of the report under way.
    pub fn store_report(&mut self) -> PaymentReport {
        let (report, body) = self.report.clone().expect("a report under way");
        let reply = PaymentReportReply {
            stored: body.entries.iter().map(|entry| entry.seq).collect(),
            rejected: Vec::new(),
        };
        self.event(Event::ReportAnswered { report, reply });
        body
    }

    /// Stores reports until there are none.
    pub fn store_all(&mut self) -> Vec<PaymentEntry> {
        let mut all = Vec::new();
        while self.report.is_some() {
            all.extend(self.store_report().entries);
        }
        all
    }

    pub fn fail_report(&mut self, code: Option<&str>) {
        let (report, _) = self.report.clone().expect("a report under way");
        let code = code.map(str::to_owned);
        self.event(Event::ReportFailed { report, code });
    }

    // ---- trays

    pub fn tray(&mut self, station: &str) -> TrayId {
        let tray = TrayId(self.next_tray);
        self.next_tray += 1;
        self.event(Event::TrayHere {
            tray,
            station: station.parse().unwrap(),
            user: "ann".to_owned(),
            terminals: vec![TerminalDescription {
                name: "main".parse().unwrap(),
                protocol: TerminalProtocol::Zvt,
            }],
        });
        tray
    }

    pub fn tray_gone(&mut self, tray: TrayId) {
        self.event(Event::TrayGone { tray });
    }

    pub fn says(&mut self, tray: TrayId, number: u128, word: TerminalWord) {
        let payment = id(number);
        let said = ToAgent::Terminal { payment, word };
        self.event(Event::TraySaid { tray, said });
    }

    pub fn ready(&mut self, tray: TrayId, number: u128) {
        let baseline = baseline(7);
        self.says(tray, number, TerminalWord::Ready { baseline });
    }

    pub fn result(&mut self, tray: TrayId, number: u128, settlement: Box<Settlement>) {
        self.says(tray, number, TerminalWord::Result { settlement });
    }

    pub fn finds(&mut self, tray: TrayId, number: u128, finding: Finding) {
        self.says(tray, number, TerminalWord::LookedUp { finding });
    }

    // ---- whole ways

    /// A payment that its terminal was told to begin.
    pub fn running(number: u128) -> (Self, TrayId) {
        let mut till = Self::new();
        till.greeted();
        let tray = till.tray(DESK);
        till.run_to_begin(number, tray);
        (till, tray)
    }

    pub fn run_to_begin(&mut self, number: u128, tray: TrayId) {
        self.offer(number, order(DESK, 2_500), 60);
        self.ready(tray, number);
        self.permit(number);
        assert!(self.has_begun(number), "{:?}", self.log);
        self.take();
    }

    // ---- what came of it

    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.log)
    }

    /// What trays were told since the last call, in order.
    pub fn told(&mut self) -> Vec<ToTray> {
        let word = |effect| match effect {
            Effect::Tell { word, .. } => Some(*word),
            _ => None,
        };
        self.take().into_iter().filter_map(word).collect()
    }

    pub fn has_begun(&self, number: u128) -> bool {
        self.begun.contains(&id(number))
    }

    pub fn asked_to_start(&mut self) -> Vec<PaymentId> {
        let asked = |effect| match effect {
            Effect::AskStart { payment } => Some(payment),
            _ => None,
        };
        self.take().into_iter().filter_map(asked).collect()
    }

    /// The durable steps of a payment, oldest first.
    pub fn steps(&self, number: u128) -> Vec<PaymentStep> {
        let of_it = self.durable.iter().filter(|e| e.payment == id(number));
        of_it.map(|entry| entry.step.clone()).collect()
    }

    /// How it durably ended.
    pub fn end(&self, number: u128) -> Option<PaymentOutcome> {
        self.end_and_resolver(number).map(|(outcome, _)| outcome)
    }

    pub fn end_and_resolver(&self, number: u128) -> Option<(PaymentOutcome, Option<Resolver>)> {
        let ends: Vec<_> = self
            .steps(number)
            .into_iter()
            .filter_map(|step| match step {
                PaymentStep::Ended {
                    settlement,
                    resolver,
                } => Some((settlement.outcome, resolver)),
                _ => None,
            })
            .collect();
        assert!(ends.len() <= 1, "ended twice: {ends:?}");
        ends.into_iter().next()
    }

    pub fn end_code(&self, number: u128) -> PaymentFailureCode {
        match self.end(number) {
            Some(PaymentOutcome::Failed { failure }) => failure.code,
            other => panic!("not failed but {other:?}"),
        }
    }

    pub fn is_unknown(&self, number: u128) -> bool {
        matches!(self.steps(number).last(), Some(PaymentStep::Unknown { .. }))
    }

    pub fn sync_one(&mut self) {
        let (batch, records) = self.on_the_way.pop_front().expect("a batch");
        for record in &records {
            self.journal.apply(record);
            if let Record::Accepted { entry, .. } | Record::Step(entry) = record {
                self.durable.push(entry.clone());
            }
        }
        self.event(Event::Appended { batch });
    }

    pub fn refuse_one(&mut self) {
        let (batch, _) = self.on_the_way.pop_front().expect("a batch");
        self.event(Event::NotAppended { batch });
    }

    fn drain(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            self.check(&effect);
            self.log.push(effect);
        }
        if !self.slow_disk && !self.on_the_way.is_empty() {
            if self.full_disk {
                self.refuse_one();
            } else {
                self.sync_one();
            }
            return;
        }
        if let Some(due) = self.core.poll_timeout() {
            assert!(due.0 > self.now_ms, "a timer is due at {due:?} already");
        }
    }

    fn check(&mut self, effect: &Effect) {
        match effect {
            Effect::Append { batch, records } => {
                assert!(!records.is_empty());
                self.on_the_way.push_back((*batch, records.clone()));
            }
            Effect::SendReport { report, body } => {
                assert!(body.entries.len() <= 200);
                assert!(body.entries.is_sorted_by_key(|entry| entry.seq));
                for entry in &body.entries {
                    let is_durable = self.durable.contains(entry);
                    assert!(is_durable, "told before it was durable: {entry:?}");
                }
                self.report = Some((*report, body.clone()));
            }
            Effect::Tell { word, .. } => self.check_word(word),
            Effect::AskStart { .. }
            | Effect::StationsChanged
            | Effect::ReportRejected(_)
            | Effect::Fenced => {}
        }
    }

    fn check_word(&mut self, word: &ToTray) {
        let has = |payment: PaymentId, is_it: fn(&PaymentStep) -> bool| {
            let mut of_it = self.durable.iter().filter(|e| e.payment == payment);
            of_it.any(|entry| is_it(&entry.step))
        };
        match word {
            ToTray::Begin { payment } => {
                let started = has(*payment, |step| matches!(step, PaymentStep::Started { .. }));
                assert!(started, "{payment} begun before its start was durable");
                assert!(self.begun.insert(*payment), "{payment} begun twice");
            }
            ToTray::Stored { payment } => {
                let ended = has(*payment, |step| matches!(step, PaymentStep::Ended { .. }));
                assert!(ended, "{payment} acknowledged before its end was durable");
            }
            _ => {}
        }
    }
}

fn read_clocks(now_ms: u64, wall_off_ms: i64) -> Now {
    Now {
        mono: Mono(now_ms),
        wall: (START + Duration::from_millis(now_ms)).shifted_ms(wall_off_ms),
    }
}
