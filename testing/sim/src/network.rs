//! Paths between tills and hub: latency, lost and doubled requests, partitions, half-open links.
//!
//! A held request is a connection: what is sent on it arrives in order or not at all. The other
//! requests are independent of each other, may be lost, and then fail at the till after a while.

mod requests;

use std::collections::BTreeMap;

use cueline_agent_core::{LinkEnd, LinkId};
use cueline_wire::cloud::{Framed, StreamMode};

pub use requests::{Request, fetch_failed, report_failed};

use crate::faults::{Manner, Plan};
use crate::world::{ReplyTo, ToHub, ToTill, What, World};

/// A till finds that a held request is dead within the idle time-out, 150 s; what was on its way still
/// arrives.
const FOUND_WITHIN_MS: u64 = 152_000;

/// A connection that carries a held request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// What comes down a held request.
#[derive(Debug)]
pub enum Down {
    /// The request has been written.
    Asked,
    /// An event of the hub.
    Framed(Framed),
    /// It is over.
    End(LinkEnd),
}

#[derive(Debug, Default)]
struct Path {
    latency_ms: (u64, u64),
    cut_until_ms: u64,
    held_back_until_ms: u64,
    idle_patience_ms: Option<u64>,
}

#[derive(Debug)]
struct Conn {
    till: usize,
    life: u64,
    link: LinkId,
    till_open: bool,
    hub_open: bool,
    /// Nothing arrives any more, in either direction.
    dead: bool,
    stalled_until_ms: u64,
    last_down_ms: u64,
    last_up_ms: u64,
    active_ms: u64,
    in_flight: usize,
    held_back: Vec<Down>,
}

/// All paths and connections.
#[derive(Debug)]
pub struct Network {
    paths: Vec<Path>,
    conns: BTreeMap<ConnId, Conn>,
    next_conn: u64,
    busy_until_ms: u64,
    busy_retry_after_s: u64,
}

impl Network {
    /// The paths of a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let paths = plan.tills.iter().map(|till| Path {
            latency_ms: till.latency_ms,
            idle_patience_ms: till.idle_patience_ms,
            ..Path::default()
        });
        Self {
            paths: paths.collect(),
            conns: BTreeMap::new(),
            next_conn: 0,
            busy_until_ms: 0,
            busy_retry_after_s: 0,
        }
    }

    /// The till and the try of a connection, as long as the till still wants it.
    #[must_use]
    pub fn wanted(&self, conn: ConnId) -> Option<(usize, LinkId)> {
        let conn = self.conns.get(&conn).filter(|conn| conn.till_open)?;
        Some((conn.till, conn.link))
    }

    /// The try of a connection that the till has given up, in this life of it.
    #[must_use]
    pub fn given_up(&self, conn: ConnId, life: u64) -> Option<LinkId> {
        let conn = self.conns.get(&conn)?;
        (!conn.till_open && conn.life == life).then_some(conn.link)
    }

    /// Whose connection this is.
    #[must_use]
    pub fn till_of(&self, conn: ConnId) -> Option<usize> {
        self.conns.get(&conn).map(|conn| conn.till)
    }

    /// How many events are on their way down a connection.
    #[must_use]
    pub fn in_flight(&self, conn: ConnId) -> usize {
        self.conns.get(&conn).map_or(0, |conn| conn.in_flight)
    }

    /// When the hub answers new held requests with 503: the seconds of its `Retry-After`.
    #[must_use]
    pub fn busy(&self, now_ms: u64) -> Option<u64> {
        (now_ms < self.busy_until_ms).then_some(self.busy_retry_after_s)
    }

    /// The hub is busy from now on.
    pub fn set_busy(&mut self, until_ms: u64, retry_after_s: u64) {
        self.busy_until_ms = until_ms;
        self.busy_retry_after_s = retry_after_s;
    }

    /// Holds back incomplete answers to a till.
    pub fn hold_back(&mut self, till: usize, until_ms: u64) {
        self.paths[till].held_back_until_ms = until_ms;
    }

    /// Ends everything that is wrong with the paths. Connections that are dead stay dead.
    pub fn heal(&mut self) {
        self.busy_until_ms = 0;
        for path in &mut self.paths {
            path.cut_until_ms = 0;
            path.held_back_until_ms = 0;
        }
    }

    fn open_conns(&self, till: usize) -> Vec<ConnId> {
        let open = self
            .conns
            .iter()
            .filter(|(_, conn)| conn.till == till && (conn.till_open || conn.hub_open));
        open.map(|(id, _)| *id).collect()
    }
}

impl World {
    fn latency_ms(&mut self, till: usize) -> u64 {
        let (low, high) = self.network.paths[till].latency_ms;
        self.chance.between(low, high)
    }

    fn is_cut(&self, till: usize) -> bool {
        self.now_ms < self.network.paths[till].cut_until_ms
    }

    /// A till opens its held request.
    pub fn connect(
        &mut self,
        from: ReplyTo,
        link: LinkId,
        ping_s: u32,
        mode: StreamMode,
    ) -> ConnId {
        self.network.next_conn += 1;
        let conn = ConnId(self.network.next_conn);
        let cut = self.is_cut(from.till);
        self.network.conns.insert(
            conn,
            Conn {
                till: from.till,
                life: from.life,
                link,
                till_open: true,
                hub_open: !cut,
                dead: false,
                stalled_until_ms: 0,
                last_down_ms: self.now_ms,
                last_up_ms: self.now_ms,
                active_ms: self.now_ms,
                in_flight: 0,
                held_back: Vec::new(),
            },
        );
        if cut {
            let wait_ms = self.chance.between(3_000, 12_000);
            let end = no_answer("timeout", "the hub did not answer in time");
            let over = ToTill::Stream(conn, Down::End(end));
            self.after(wait_ms, What::ToTill(from.till, from.life, over));
        } else {
            let handshake_ms = 3 * self.latency_ms(from.till);
            self.network.last_moved(conn, handshake_ms);
            self.down(conn, Down::Asked);
            self.up(conn, ToHub::Open { conn, ping_s, mode });
            if let Some(patience_ms) = self.network.paths[from.till].idle_patience_ms {
                self.after(patience_ms, What::IdleCheck(conn));
            }
        }
        conn
    }

    /// Sends something down a held request.
    pub fn down(&mut self, id: ConnId, what: Down) {
        let Some(till) = self.network.till_of(id) else {
            return;
        };
        let latency_ms = self.latency_ms(till);
        let now_ms = self.now_ms;
        let holding = now_ms < self.network.paths[till].held_back_until_ms;
        let Some(conn) = self.network.conns.get_mut(&id) else {
            return;
        };
        let end = matches!(what, Down::End(_));
        if end {
            conn.hub_open = false;
        }
        if conn.dead {
            return;
        }
        conn.active_ms = now_ms;
        // What holds one event back holds back all that follow it.
        let holding = holding || !conn.held_back.is_empty();
        if holding && matches!(what, Down::Framed(_)) {
            conn.held_back.push(what);
            return;
        }
        let mut parcels = if end {
            std::mem::take(&mut conn.held_back)
        } else {
            Vec::new()
        };
        parcels.push(what);
        let at_ms = (now_ms + latency_ms)
            .max(conn.last_down_ms)
            .max(conn.stalled_until_ms);
        conn.last_down_ms = at_ms;
        conn.in_flight += parcels.len();
        let life = conn.life;
        for parcel in parcels {
            self.after(
                at_ms - now_ms,
                What::ToTill(till, life, ToTill::Stream(id, parcel)),
            );
        }
    }

    fn up(&mut self, id: ConnId, what: ToHub) {
        let Some(till) = self.network.till_of(id) else {
            return;
        };
        let latency_ms = self.latency_ms(till);
        let now_ms = self.now_ms;
        let Some(conn) = self.network.conns.get_mut(&id).filter(|conn| !conn.dead) else {
            return;
        };
        let at_ms = (now_ms + latency_ms)
            .max(conn.last_up_ms)
            .max(conn.stalled_until_ms);
        conn.last_up_ms = at_ms;
        self.after(at_ms - now_ms, What::ToHub(what));
    }

    /// Something came down a held request; whether the till still wants it.
    pub fn arrived(&mut self, id: ConnId, end: bool) -> bool {
        let now_ms = self.now_ms;
        let Some(conn) = self.network.conns.get_mut(&id) else {
            return false;
        };
        conn.in_flight = conn.in_flight.saturating_sub(1);
        conn.active_ms = now_ms;
        // A broken connection still delivers its end.
        let wanted = conn.till_open && (end || !conn.dead);
        if end {
            conn.till_open = false;
        }
        wanted
    }

    /// The till drops a held request; the hub learns of it if anything gets through.
    pub fn till_drops(&mut self, id: ConnId) {
        if let Some(conn) = self.network.conns.get_mut(&id)
            && std::mem::take(&mut conn.till_open)
        {
            self.up(id, ToHub::Gone(id));
        }
    }

    /// A till's machine is gone without a word.
    pub fn till_vanishes(&mut self, till: usize) {
        for conn in self
            .network
            .conns
            .values_mut()
            .filter(|conn| conn.till == till)
        {
            conn.till_open = false;
            conn.dead = true;
        }
    }

    /// The hub's machine dies: its connections break, or nobody is told.
    pub fn hub_vanishes(&mut self) {
        let open: Vec<_> = self
            .network
            .conns
            .iter()
            .filter(|(_, conn)| conn.hub_open)
            .map(|(id, _)| *id)
            .collect();
        for conn in open {
            if self.chance.one_in(5) {
                self.counts.half_open += 1;
                self.silence(conn);
            } else {
                self.down(conn, Down::End(LinkEnd::Ended));
            }
        }
    }

    /// Breaks off a till's held requests, or leaves them half open.
    pub fn break_links(&mut self, till: usize, manner: Manner) {
        for id in self.network.open_conns(till) {
            match manner {
                Manner::Reset => self.reset(id),
                Manner::Silent => {
                    self.counts.half_open += 1;
                    self.silence(id);
                }
                Manner::Stall => {
                    let until_ms = self.network.paths[till].cut_until_ms;
                    if let Some(conn) = self.network.conns.get_mut(&id) {
                        conn.stalled_until_ms = until_ms;
                    }
                }
            }
        }
    }

    /// Nothing gets through to or from a till until then.
    pub fn cut(&mut self, till: usize, for_ms: u64, manner: Manner) {
        self.counts.partitions += 1;
        let path = &mut self.network.paths[till];
        path.cut_until_ms = path.cut_until_ms.max(self.now_ms + for_ms);
        self.break_links(till, manner);
    }

    fn reset(&mut self, id: ConnId) {
        self.counts.links_broken += 1;
        self.up(id, ToHub::Gone(id));
        self.down(id, Down::End(LinkEnd::Ended));
        self.silence(id);
    }

    fn silence(&mut self, id: ConnId) {
        if let Some(conn) = self.network.conns.get_mut(&id) {
            conn.dead = true;
            self.after(FOUND_WITHIN_MS, What::SilenceFound(id, self.now_ms));
        }
    }

    /// Something on the path closes a connection that was idle for too long.
    pub fn check_idle(&mut self, id: ConnId) {
        let Some(conn) = self
            .network
            .conns
            .get(&id)
            .filter(|conn| conn.till_open && !conn.dead)
        else {
            return;
        };
        let Some(patience_ms) = self.network.paths[conn.till].idle_patience_ms else {
            return;
        };
        let idle_ms = self.now_ms - conn.active_ms;
        if idle_ms >= patience_ms {
            self.note("network", || {
                format!("closes {id:?}, idle for {idle_ms} ms")
            });
            self.reset(id);
        } else {
            self.after(patience_ms - idle_ms, What::IdleCheck(id));
        }
    }
}

impl Network {
    fn last_moved(&mut self, conn: ConnId, by_ms: u64) {
        if let Some(conn) = self.conns.get_mut(&conn) {
            conn.last_down_ms += by_ms;
            conn.last_up_ms += by_ms;
        }
    }
}

fn no_answer(code: &str, text: &str) -> LinkEnd {
    LinkEnd::NoAnswer {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}
