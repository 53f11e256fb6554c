//! A world: nodes, the lines between them, one clock and one pair of dice.

use crate::dice::Dice;
use crate::log::Log;
use crate::wire::{Latency, Lines, Wire, ip};
use countersign_node::network::Network;
use countersign_node::network::config::{Config, StartError};
use countersign_node::network::peer::Address;
use countersign_node::network::transport::secure;
use countersign_protocol::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// A world in virtual time, made by [`crate::simulate`]. Time goes on only while [`Self::run_for`] or
/// [`Self::run_until`] waits, and then from one event to the next.
pub struct World {
    seed: u64,
    began: Instant,
    wire: Wire,
    log: Log,
    dice: Dice,
    nodes: BTreeMap<Id, Node>,
    next: usize,
}

struct Node {
    task: JoinHandle<()>,
    skew: Arc<AtomicI64>,
}

/// Names a node of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(usize);

impl World {
    /// Makes an empty world.
    #[must_use]
    pub fn new(seed: u64, latency: Latency) -> Self {
        // The clock on the wall begins with the world.
        let _now = web_time::SystemTime::now();
        let log = Log::new();
        Self {
            seed,
            began: Instant::now(),
            wire: Wire::new(seed, latency, log.clone()),
            log,
            dice: Dice::new(seed.rotate_left(32)),
            nodes: BTreeMap::new(),
            next: 0,
        }
    }

    /// Adds a node that runs `program`; it ends when the program does.
    pub fn add<P, F>(&mut self, program: P) -> Id
    where
        P: FnOnce(Host) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let id = Id(self.next);
        self.next += 1;
        self.start(id, program);
        id
    }

    /// Starts a node once more, where it was, after [`Self::kill`].
    pub fn start<P, F>(&mut self, id: Id, program: P)
    where
        P: FnOnce(Host) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        self.wire.join(id.0);
        let skew = self.nodes.get(&id).map_or_else(Arc::default, |node| node.skew.clone());
        let host = Host { id, wire: self.wire.clone(), log: self.log.clone(), skew: skew.clone() };
        let task = tokio::spawn(program(host));
        self.nodes.insert(id, Node { task, skew });
    }

    /// Lets time go on.
    pub async fn run_for(&mut self, how_long: Duration) {
        sleep(how_long).await;
    }

    /// Lets time go on until `done`, looked at every 10 ms, and gives how long that took; nothing if
    /// it is not done after `most`.
    pub async fn run_until(
        &mut self,
        most: Duration,
        mut done: impl FnMut() -> bool,
    ) -> Option<Duration> {
        let began = Instant::now();
        while !done() {
            if began.elapsed() >= most {
                return None;
            }
            sleep(LOOK).await;
        }
        Some(began.elapsed())
    }

    /// Cuts the line between two nodes: what is on its way waits, as it does in a network that fails.
    pub fn cut(&mut self, a: Id, b: Id) {
        self.wire.cut(a.0, b.0);
    }

    /// Mends the line between two nodes: what waited goes on.
    pub fn mend(&mut self, a: Id, b: Id) {
        self.wire.mend(a.0, b.0);
    }

    /// Cuts every line between the two sides.
    pub fn partition(&mut self, one: &[Id], other: &[Id]) {
        for (a, b) in one.iter().flat_map(|a| other.iter().map(move |b| (*a, *b))) {
            self.cut(a, b);
        }
    }

    /// Cuts every line of a node.
    pub fn isolate(&mut self, id: Id) {
        let others: Vec<Id> = self.nodes.keys().copied().filter(|other| *other != id).collect();
        self.partition(&[id], &others);
    }

    /// Mends every line.
    pub fn mend_all(&mut self) {
        self.wire.mend_all();
    }

    /// Breaks the connections between two nodes; they may connect again at once.
    pub fn sever(&mut self, a: Id, b: Id) {
        self.wire.sever(a.0, b.0);
    }

    /// Changes how long bytes travel and how often they are lost, from now on.
    pub fn set_latency(&mut self, latency: Latency) {
        self.wire.set_latency(latency);
    }

    /// Ends a node in the middle of whatever it does.
    pub fn kill(&mut self, id: Id) {
        if let Some(node) = self.nodes.get(&id) {
            // Off the lines first: a killed process says no goodbye.
            self.wire.remove(id.0);
            node.task.abort();
        }
    }

    /// Sets how many seconds a node's clock on the wall is ahead; less than none is behind.
    pub fn skew(&mut self, id: Id, seconds: i64) {
        if let Some(node) = self.nodes.get(&id) {
            node.skew.store(seconds, Ordering::Relaxed);
        }
    }

    /// Gives how much time has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Gives the seed everything here follows from.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Gives the dice for whatever the scenario itself chooses.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// Gives the log of everything that happened.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Gives where a node listens.
    #[must_use]
    pub fn address(&self, id: Id) -> Address {
        address(id)
    }
}

/// What a program finds around it: the computer it runs on.
#[derive(Clone)]
pub struct Host {
    id: Id,
    wire: Wire,
    log: Log,
    skew: Arc<AtomicI64>,
}

impl Host {
    /// Gives the node's name in the world.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.id
    }

    /// Gives where the node listens.
    #[must_use]
    pub fn address(&self) -> Address {
        address(self.id)
    }

    /// Starts the network over the world's lines, with fresh keys unless `config` has some.
    ///
    /// # Errors
    ///
    /// Returns [`StartError`] as [`Network::start_over`] does.
    pub fn network(&self, config: Config) -> Result<Network, StartError> {
        let key = match &config.key {
            Some(key) => libp2p::identity::Keypair::ed25519_from_bytes(*key.seed()),
            None => Ok(libp2p::identity::Keypair::generate_ed25519()),
        };
        let key = key.map_err(|_| StartError::Key)?;
        let lines = Lines::new(self.wire.clone(), self.id.0);
        Network::start_over(secure(lines, &config.network, &key)?, &key, config)
    }

    /// Tells what the node's clock on the wall shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = web_time::SystemTime::now().duration_since(web_time::UNIX_EPOCH);
        let seconds = now.map_or(0, |now| now.as_secs());
        let skew = self.skew.load(Ordering::Relaxed);
        Timestamp::from_seconds(seconds.saturating_add_signed(skew))
    }

    /// Notes in the world's log that `what` happened here.
    pub fn note(&self, what: &[u8]) {
        self.log.note(self.id.0, what);
    }
}

fn address(Id(node): Id) -> Address {
    let text = format!("/ip4/{}/tcp/{PORT}", ip(node));
    text.parse().expect("an address")
}

/// Where nodes listen.
const PORT: u16 = 4001;
/// How often [`World::run_until`] looks.
const LOOK: Duration = Duration::from_millis(10);
