//! The lines between nodes: how long bytes travel, and which lines are cut.
//!
//! A line behaves as TCP does: bytes come late, in order, or not at all, and never wrong. Each node has
//! an IPv4 address of its own, so that whatever looks at addresses finds some to look at.

mod end;
mod pipe;
mod transport;

pub(crate) use transport::Lines;

use crate::dice::Dice;
use crate::log::Log;
use end::End;
use pipe::{Pipe, Shared};
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Says how long bytes travel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Latency {
    /// The way from one node to another takes at least this long.
    pub least: Duration,
    /// And at most this long, unless something is lost. Each pair of nodes has its own.
    pub most: Duration,
    /// How often something is lost on the way and sent once more: a share from 0 to 1.
    pub lost: f64,
}

impl Latency {
    /// Takes the same time everywhere and loses nothing.
    #[must_use]
    pub const fn fixed(way: Duration) -> Self {
        Self { least: way, most: way, lost: 0.0 }
    }

    /// Takes what ways across the world take, and loses one piece in a hundred.
    #[must_use]
    pub const fn world() -> Self {
        Self { least: Duration::from_millis(5), most: Duration::from_millis(150), lost: 0.01 }
    }
}

/// Says where the node of that number is: each in a network of its own.
pub(crate) fn ip(node: usize) -> Ipv4Addr {
    let [.., high, low] = node.to_be_bytes();
    Ipv4Addr::new(10, high, low, 1)
}

/// All lines of a world.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Mutex<State>>);

struct State {
    seed: u64,
    latency: Latency,
    dice: Dice,
    log: Log,
    nodes: BTreeMap<Ipv4Addr, usize>,
    listeners: BTreeMap<(Ipv4Addr, u16), Listener>,
    cut: BTreeSet<(usize, usize)>,
    /// The pipes from one node to another, those that are gone among them until they are counted.
    pipes: BTreeMap<(usize, usize), Vec<Shared>>,
    next_port: u16,
}

/// Where a node listens, and who hears of who comes.
struct Listener {
    node: usize,
    arrivals: mpsc::UnboundedSender<Arrival>,
}

/// A connection that has just been made, as the one who listens sees it.
pub(crate) struct Arrival {
    port: u16,
    from: (Ipv4Addr, u16),
    end: End,
}

impl Wire {
    pub(crate) fn new(seed: u64, latency: Latency, log: Log) -> Self {
        Self(Arc::new(Mutex::new(State {
            seed,
            latency,
            dice: Dice::new(!seed),
            log,
            nodes: BTreeMap::new(),
            listeners: BTreeMap::new(),
            cut: BTreeSet::new(),
            pipes: BTreeMap::new(),
            next_port: 49_152,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn join(&self, node: usize) {
        self.lock().nodes.insert(ip(node), node);
    }

    pub(crate) fn set_latency(&self, latency: Latency) {
        self.lock().latency = latency;
    }

    /// Cuts the line between two nodes: what is on the way waits.
    pub(crate) fn cut(&self, a: usize, b: usize) {
        self.lock().cut.insert(pair(a, b));
        self.stall(a, b, true);
    }

    /// Mends it: what waited goes on.
    pub(crate) fn mend(&self, a: usize, b: usize) {
        self.lock().cut.remove(&pair(a, b));
        self.stall(a, b, false);
    }

    pub(crate) fn mend_all(&self) {
        let cut: Vec<_> = self.lock().cut.iter().copied().collect();
        for (a, b) in cut {
            self.mend(a, b);
        }
    }

    fn stall(&self, a: usize, b: usize, stalled: bool) {
        for way in [(a, b), (b, a)] {
            for pipe in self.pipes(way) {
                pipe.stall(stalled);
            }
        }
    }

    fn pipes(&self, way: (usize, usize)) -> Vec<Shared> {
        self.lock().pipes.get(&way).cloned().unwrap_or_default()
    }

    /// Breaks every connection between two nodes.
    pub(crate) fn sever(&self, a: usize, b: usize) {
        for way in [(a, b), (b, a)] {
            for pipe in self.pipes(way) {
                pipe.reset();
            }
            self.lock().pipes.remove(&way);
        }
    }

    /// Takes a node off: nobody is there any more, and whoever was connected hears of it.
    pub(crate) fn remove(&self, node: usize) {
        let mut state = self.lock();
        state.listeners.retain(|_, listener| listener.node != node);
        let others: BTreeSet<usize> = state
            .pipes
            .keys()
            .filter(|(from, to)| *from == node || *to == node)
            .map(|(from, to)| if *from == node { *to } else { *from })
            .collect();
        drop(state);
        for other in others {
            self.sever(node, other);
        }
    }

    fn is_cut(&self, a: usize, b: usize) -> bool {
        self.lock().cut.contains(&pair(a, b))
    }

    fn node_at(&self, ip: Ipv4Addr) -> Option<usize> {
        self.lock().nodes.get(&ip).copied()
    }

    /// Rolls how long one piece takes from one node to another.
    fn way(&self, from: usize, to: usize) -> Duration {
        let mut state = self.lock();
        let Latency { least, most, lost } = state.latency;
        let spread = u64::try_from(most.saturating_sub(least).as_micros()).unwrap_or(u64::MAX);
        let (low, high) = pair(from, to);
        let own = Dice::new(state.seed ^ (low as u64) << 32 ^ high as u64)
            .below(spread.saturating_add(1));
        let mut way = least + Duration::from_micros(own);
        // Each loss costs what a sender waits before it sends once more, and then twice that.
        let mut again = RETRANSMISSION;
        while lost > 0.0 && again < RETRANSMISSION * 32 && state.dice.happens(lost) {
            way += again;
            again *= 2;
        }
        way
    }

    fn listen(
        &self,
        node: usize,
        port: u16,
        arrivals: mpsc::UnboundedSender<Arrival>,
    ) -> Option<u16> {
        let port = if port == 0 { self.free_port() } else { port };
        let mut state = self.lock();
        let taken = state.listeners.contains_key(&(ip(node), port));
        (!taken).then(|| {
            state.listeners.insert((ip(node), port), Listener { node, arrivals });
            port
        })
    }

    fn unlisten(&self, node: usize, port: u16) {
        self.lock().listeners.remove(&(ip(node), port));
    }

    fn free_port(&self) -> u16 {
        let mut state = self.lock();
        state.next_port = state.next_port.checked_add(1).unwrap_or(49_152);
        state.next_port
    }

    /// Connects `from` with whoever listens there.
    fn connect(&self, from: usize, to: usize, port: u16) -> Option<End> {
        let source = self.free_port();
        let (there, back) = (self.pipe(from, to), self.pipe(to, from));
        let here = End::new(self.clone(), (from, to), back.clone(), there.clone());
        let end = End::new(self.clone(), (to, from), there, back);
        let arrival = Arrival { port, from: (ip(from), source), end };
        let arrivals = self.lock().listeners.get(&(ip(to), port))?.arrivals.clone();
        arrivals.send(arrival).is_ok().then_some(here)
    }

    fn pipe(&self, from: usize, to: usize) -> Shared {
        let stalled = self.is_cut(from, to);
        let pipe = Shared::new(Pipe::new(stalled));
        let mut state = self.lock();
        let pipes = state.pipes.entry((from, to)).or_default();
        pipes.retain(|pipe| !pipe.is_abandoned());
        pipes.push(pipe.clone());
        pipe
    }

    fn note(&self, node: usize, what: &[u8]) {
        let log = self.lock().log.clone();
        log.note(node, what);
    }
}

fn pair(a: usize, b: usize) -> (usize, usize) {
    (a.min(b), a.max(b))
}

/// What a sender waits before it sends a lost piece once more.
const RETRANSMISSION: Duration = Duration::from_millis(200);
