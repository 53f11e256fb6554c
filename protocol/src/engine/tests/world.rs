//! A network without a network: engines, disks in memory, messages that take time and get lost.

use super::disk::Disk;
use super::person::{EPOCH, config};
use crate::did::Scid;
use crate::encoding::multihash::sha256;
use crate::engine::Engine;
use crate::engine::command::{Command, Found, Freshness, Outcome};
use crate::engine::config::{Config, Role, Snapshot};
use crate::engine::dice::Dice;
use crate::engine::directory::Listing;
use crate::engine::effect::{Effect, Fault, Notice};
use crate::engine::event::{Event, Failure, Located, Now, Prefix};
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, Response};
use crate::wire::network::Parameters;
use crate::wire::peer::Peer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

/// One node of the world.
pub(super) struct Node {
    pub(super) engine: Engine,
    config: Config,
    pub(super) disk: Disk,
    pub(super) peer: Peer,
    online: bool,
    links: BTreeSet<usize>,
    pub(super) topics: BTreeSet<String>,
    seen: BTreeSet<[u8; 32]>,
    pub(super) answers: BTreeMap<u64, Outcome>,
    pub(super) notices: Vec<Notice>,
    pub(super) faults: Vec<(Peer, Fault)>,
    pub(super) verdicts: Vec<Verdict>,
    /// What it holds for the DHT because others offered it.
    pub(super) records: BTreeMap<Scid, Vec<u8>>,
    /// How many seconds its clock is wrong.
    pub(super) skew: i64,
    /// What it answers instead of the truth.
    pub(super) lie: Option<fn(&Request, Response) -> Response>,
    /// The questions it knows, if not all: to the others it answers as an older version would.
    pub(super) knows: Option<fn(&Request) -> bool>,
    /// It was killed, and does nothing until it starts again.
    pub(super) killed: bool,
}

pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) network: Parameters,
    queue: BTreeMap<(u64, u64), (usize, Event)>,
    requests: BTreeMap<u64, (usize, u64, usize)>,
    messages: BTreeMap<u64, (usize, String, Vec<u8>)>,
    pub(super) dht: Option<BTreeMap<Scid, (Peer, Vec<u8>)>>,
    /// What the DHT gives beside that, to everybody and before it.
    pub(super) lies: Vec<Located>,
    pub(super) now_ms: u64,
    next_tick_ms: u64,
    /// How often engines are told that time passed.
    tick_ms: u64,
    /// After so many further effects this node is killed, once.
    pub(super) fuse: Option<(usize, usize)>,
    serial: u64,
    dice: Dice,
    /// Of a hundred messages of gossip, so many are lost.
    pub(super) lossy: u64,
    /// Questions that were not asked, because too many were open.
    pub(super) unasked: usize,
    /// How much longer logs take than other answers.
    pub(super) slow_logs_ms: u64,
    /// Every save and every effect after it, for tests of their order.
    pub(super) trace: Vec<(usize, Effect)>,
    seed: u64,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The one thing that is needed to see it fail again.
            let line = format!("this world was made with seed {}\n", self.seed);
            let _written = std::io::stderr().write_all(line.as_bytes()).is_ok();
        }
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let id = "test".parse().unwrap();
        let shards = crate::wire::topic::Shards::FOUR;
        Self {
            nodes: Vec::new(),
            network: Parameters::new(id, shards, 4, 900, 60).unwrap(),
            queue: BTreeMap::new(),
            requests: BTreeMap::new(),
            messages: BTreeMap::new(),
            dht: None,
            lies: Vec::new(),
            now_ms: 0,
            next_tick_ms: TICK_MS,
            tick_ms: TICK_MS,
            fuse: None,
            serial: 0,
            dice: Dice::new(seed),
            lossy: 0,
            unasked: 0,
            slow_logs_ms: 0,
            trace: Vec::new(),
            seed,
        }
    }

    /// Makes keepers, each connected with each.
    pub(super) fn of_keepers(seed: u64, count: usize) -> Self {
        let mut world = Self::new(seed);
        for _ in 0..count {
            world.join(Role::Keeper, |_| {});
        }
        world.mesh();
        world.run(1000);
        world
    }

    pub(super) fn join(&mut self, role: Role, set: impl FnOnce(&mut Config)) -> usize {
        let index = self.nodes.len();
        let mut config = config(&self.network, self.seed * 1000 + index as u64, role);
        set(&mut config);
        let node = Node {
            engine: Engine::new(config.clone(), Snapshot::default(), self.dice.roll()),
            peer: Peer::of(&config.node_key.public()),
            config,
            disk: Disk::default(),
            online: true,
            links: BTreeSet::new(),
            topics: BTreeSet::new(),
            seen: BTreeSet::new(),
            answers: BTreeMap::new(),
            notices: Vec::new(),
            faults: Vec::new(),
            verdicts: Vec::new(),
            records: BTreeMap::new(),
            skew: 0,
            lie: None,
            knows: None,
            killed: false,
        };
        self.nodes.push(node);
        self.give(index, Event::Start);
        index
    }

    pub(super) fn mesh(&mut self) {
        for one in 0..self.nodes.len() {
            for other in 0..one {
                self.link(one, other);
            }
        }
    }

    pub(super) fn link(&mut self, one: usize, other: usize) {
        if !self.nodes[one].online || !self.nodes[other].online {
            return;
        }
        if self.nodes[one].links.insert(other) {
            self.nodes[other].links.insert(one);
            for (here, there, outbound) in [(one, other, true), (other, one, false)] {
                let peer = self.nodes[there].peer.clone();
                self.give(here, Event::Connected { peer, prefix: Prefix(there as u64), outbound });
            }
        }
    }

    pub(super) fn unlink(&mut self, one: usize, other: usize) {
        if self.nodes[one].links.remove(&other) {
            self.nodes[other].links.remove(&one);
            for (here, there) in [(one, other), (other, one)] {
                let peer = self.nodes[there].peer.clone();
                self.give(here, Event::Disconnected { peer });
            }
        }
    }

    pub(super) fn offline(&mut self, node: usize) {
        for other in self.nodes[node].links.clone() {
            self.unlink(node, other);
        }
        self.nodes[node].online = false;
    }

    /// Starts a node anew with what is on its disk.
    pub(super) fn restart(&mut self, node: usize) {
        self.offline(node);
        // What was on its way to the process that ended reaches nobody.
        self.queue.retain(|_, (to, _)| *to != node);
        self.requests.retain(|_, (from, _, to)| *from != node && *to != node);
        let snapshot = self.nodes[node].disk.snapshot();
        let config = self.nodes[node].config.clone();
        self.nodes[node].engine = Engine::new(config, snapshot, self.dice.roll());
        self.nodes[node].online = true;
        self.nodes[node].topics.clear();
        self.give(node, Event::Start);
    }

    pub(super) fn now(&self, node: usize) -> Now {
        let wall = EPOCH.plus(self.now_ms / 1000);
        let skew = self.nodes[node].skew;
        let wall =
            if skew < 0 { wall.minus(skew.unsigned_abs()) } else { wall.plus(skew.unsigned_abs()) };
        Now { wall, monotonic_ms: self.now_ms }
    }

    fn later(&mut self, node: usize, delay_ms: u64, event: Event) {
        self.serial += 1;
        self.queue.insert((self.now_ms + delay_ms, self.serial), (node, event));
    }

    fn delay(&mut self) -> u64 {
        5 + self.dice.below(45)
    }

    pub(super) fn give(&mut self, node: usize, event: Event) {
        if self.nodes[node].killed {
            return;
        }
        let now = self.now(node);
        let effects = self.nodes[node].engine.handle(event, now);
        for effect in effects {
            if self.is_over(node) {
                return self.kill(node);
            }
            self.trace.push((node, effect.clone()));
            self.perform(node, effect);
        }
    }

    pub(super) fn command(&mut self, node: usize, command: Command) -> u64 {
        self.serial += 1;
        let id = self.serial;
        self.give(node, Event::Command { id, command });
        id
    }

    /// Gives a command and runs until its answer.
    pub(super) fn ask(&mut self, node: usize, command: Command) -> Outcome {
        let id = self.command(node, command);
        for _ in 0..400 {
            if let Some(outcome) = self.nodes[node].answers.remove(&id) {
                return outcome;
            }
            self.run(100);
        }
        panic!("no answer after 40 seconds");
    }

    pub(super) fn find(&mut self, node: usize, scid: Scid, freshness: Freshness) -> Option<Found> {
        match self.ask(node, Command::Find { scid, freshness }) {
            Outcome::Found(found) => Some(*found),
            Outcome::NotFound { .. } => None,
            other => panic!("not an answer to a look-up: {other:?}"),
        }
    }

    pub(super) fn listing(&self, node: usize, scid: &Scid) -> Option<&Listing> {
        self.nodes[node].engine.directory.get(scid)
    }

    pub(super) fn holders(&self, scid: &Scid, number: u64, sequence: u64) -> usize {
        let holds = |node: &&Node| {
            let listing = node.engine.directory.get(scid);
            listing.is_some_and(|it| {
                it.head.is_some() && (it.number, it.sequence) == (number, sequence)
            })
        };
        self.nodes.iter().filter(holds).count()
    }

    /// Lets time pass.
    pub(super) fn run(&mut self, milliseconds: u64) {
        let end = self.now_ms + milliseconds;
        while self.now_ms < end {
            let stop = self.next_tick_ms.min(end);
            while let Some(((at, serial), _)) = self.queue.first_key_value() {
                let (at, serial) = (*at, *serial);
                if at > stop {
                    break;
                }
                let Some((node, event)) = self.queue.remove(&(at, serial)) else { break };
                self.now_ms = self.now_ms.max(at);
                self.give(node, event);
            }
            self.now_ms = stop;
            if stop == self.next_tick_ms {
                for node in 0..self.nodes.len() {
                    self.give(node, Event::Tick);
                }
                self.next_tick_ms += self.tick_ms;
            }
        }
    }

    /// Lets hours or days pass, in which engines are told of the time every few minutes only.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.tick_ms = LONG_TICK_MS;
        self.run(seconds * 1000);
        self.tick_ms = TICK_MS;
        self.next_tick_ms = self.now_ms + TICK_MS;
        self.run(2000);
    }

    /// Ends a node between two effects: nobody is told, and what it waited for never comes.
    fn kill(&mut self, node: usize) {
        self.nodes[node].killed = true;
        self.queue.retain(|_, (to, _)| *to != node);
        self.requests.retain(|_, (from, _, to)| *from != node && *to != node);
        self.messages.retain(|_, (to, _, _)| *to != node);
        self.offline(node);
    }

    /// Starts whoever was killed, and connects everybody again.
    pub(super) fn revive(&mut self) {
        let killed = |node: &usize| self.nodes[*node].killed;
        for node in (0..self.nodes.len()).filter(killed).collect::<Vec<_>>() {
            self.nodes[node].killed = false;
            self.restart(node);
            self.mesh();
            self.run(500);
        }
    }

    /// Gives a command again and again, as its owner would, until it is answered.
    pub(super) fn insist(&mut self, node: usize, command: &Command) -> Outcome {
        for _ in 0..40 {
            let id = self.command(node, command.clone());
            for _ in 0..100 {
                if let Some(outcome) = self.nodes[node].answers.remove(&id) {
                    return outcome;
                }
                if self.nodes[node].killed {
                    break;
                }
                self.run(100);
            }
            self.revive();
        }
        panic!("no answer, however often it was asked");
    }

    /// Counts one effect of a node, and tells whether it is one too many.
    fn is_over(&mut self, node: usize) -> bool {
        match &mut self.fuse {
            Some((victim, left)) if *victim == node => {
                let over = *left == 0;
                *left = left.saturating_sub(1);
                self.fuse = self.fuse.filter(|_| !over);
                over
            }
            _ => false,
        }
    }

    fn perform(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Save(change) => self.nodes[node].disk.save(change),
            Effect::Load { id, what } => {
                let loaded = self.nodes[node].disk.load(&what);
                self.later(node, 1, Event::Loaded { id, loaded });
            }
            Effect::Subscribe { topic } => drop(self.nodes[node].topics.insert(topic)),
            Effect::Publish { topic, bytes } => {
                self.nodes[node].seen.insert(sha256(&bytes));
                self.spread(node, &topic, &bytes);
            }
            Effect::Judge { token, verdict } => {
                self.nodes[node].verdicts.push(verdict);
                if let Some((_, topic, bytes)) = self.messages.remove(&token)
                    && verdict == Verdict::Accept
                {
                    self.spread(node, &topic, &bytes);
                }
            }
            Effect::Request { id, peer, bytes } => self.request(node, id, &peer, bytes),
            Effect::Respond { token, bytes } => self.respond(token, bytes),
            Effect::Locate { id, scid } => {
                let found = self.dht.as_ref().and_then(|dht| dht.get(&scid).cloned());
                let paths = u32::from(self.dht.is_some()) * 3;
                let true_ones = |(peer, head)| Located { head, holders: vec![peer], corners: 1 };
                let heads = self.lies.iter().cloned().chain(found.map(true_ones)).collect();
                self.later(node, 100, Event::Located { id, heads, paths });
            }
            Effect::Put { scid, head } => {
                let peer = self.nodes[node].peer.clone();
                if let Some(dht) = &mut self.dht {
                    dht.insert(scid, (peer, head));
                }
            }
            Effect::Hold { scid, head } => drop(self.nodes[node].records.insert(scid, head)),
            Effect::Answer { id, outcome } => drop(self.nodes[node].answers.insert(id, outcome)),
            Effect::Notify(notice) => self.nodes[node].notices.push(notice),
            Effect::Penalise { peer, fault, .. } => self.nodes[node].faults.push((peer, fault)),
            Effect::Disconnect { peer } | Effect::Ban { peer, .. } => {
                let other = self.nodes.iter().position(|node| node.peer == peer);
                if let Some(other) = other {
                    self.unlink(node, other);
                }
            }
            Effect::Seek { .. } | Effect::Lend { .. } | Effect::Forgive { .. } => {}
        }
    }

    fn spread(&mut self, from: usize, topic: &str, bytes: &[u8]) {
        for to in self.nodes[from].links.clone() {
            if self.dice.below(100) < self.lossy || !self.nodes[to].topics.contains(topic) {
                continue;
            }
            self.gossip(from, to, topic, bytes);
        }
    }

    /// Sends one message to one node, as the mesh would.
    pub(super) fn gossip(&mut self, from: usize, to: usize, topic: &str, bytes: &[u8]) {
        if !self.nodes[to].seen.insert(sha256(bytes)) {
            return;
        }
        self.serial += 1;
        let token = self.serial;
        self.messages.insert(token, (to, topic.to_owned(), bytes.to_vec()));
        let peer = self.nodes[from].peer.clone();
        let (topic, bytes) = (topic.to_owned(), bytes.to_vec());
        let delay = self.delay();
        self.later(to, delay, Event::Gossip { token, peer, topic, bytes });
    }

    fn request(&mut self, from: usize, id: u64, peer: &Peer, bytes: Vec<u8>) {
        let to = self.nodes.iter().position(|node| node.peer == *peer && node.online);
        let Some(to) = to.filter(|_| self.nodes[from].online) else {
            let outcome = Err(Failure::Disconnected);
            return self.later(from, 10, Event::Response { id, outcome });
        };
        let open = self.requests.values().filter(|(of, _, at)| (*of, *at) == (from, to));
        if open.count() >= MOST_OPEN_OF_ONE {
            self.unasked += 1;
            return self.later(from, 0, Event::Response { id, outcome: Err(Failure::Busy) });
        }
        self.serial += 1;
        let token = self.serial;
        self.requests.insert(token, (from, id, to));
        if let (Some(knows), Ok(request)) = (self.nodes[to].knows, Request::parse(&bytes))
            && !knows(&request)
        {
            return self.respond(token, Response::Unsupported.to_bytes());
        }
        if let Some(lie) = self.nodes[to].lie {
            let request = Request::parse(&bytes).unwrap();
            let truth = Response::Nothing;
            let answer = lie(&request, truth);
            if answer != Response::Unsupported {
                return self.respond(token, answer.to_bytes());
            }
        }
        let peer = self.nodes[from].peer.clone();
        let slow = matches!(Request::parse(&bytes), Ok(Request::Log(_)));
        let delay = self.delay() + if slow { self.slow_logs_ms } else { 0 };
        self.later(to, delay, Event::Request { token, peer, bytes });
    }

    fn respond(&mut self, token: u64, bytes: Vec<u8>) {
        let Some((from, id, to)) = self.requests.remove(&token) else { return };
        if self.nodes[from].online && self.nodes[to].online {
            let delay = self.delay();
            self.later(from, delay, Event::Response { id, outcome: Ok(bytes) });
        }
    }
}

/// How often engines are told that time passed.
const TICK_MS: u64 = 250;

/// Questions one node may have open with another, as in `node`.
const MOST_OPEN_OF_ONE: usize = 32;

/// The same, while days pass.
const LONG_TICK_MS: u64 = 600_000;
