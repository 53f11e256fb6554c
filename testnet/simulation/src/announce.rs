//! How long an announcement takes to reach everybody, against a mesh that believes everything.
//!
//! Fifty nodes and fifty bare networks stand in one world, with the same lines between them, and announce
//! in turns from the same places. A node tells nobody of a head before it has verified and saved it, and a
//! bare network passes on whatever it hears: what lies between them is what the truth costs.

use crate::member::Member;
use crate::node::{self, Node};
use crate::person::Person;
use crate::world::World;
use crate::{Latency, Outcome, simulate};
use countersign_node::network::config::{Config, Dht, Topics};
use countersign_node::network::incoming::Incoming;
use countersign_protocol::engine::command::{Command, Outcome as Answer};
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long announcements took until the last of all nodes had them; the middle one of ten each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Some bytes, over the bare mesh.
    pub bare: Duration,
    /// The next head of an identity all nodes hold: its keys are known.
    pub head: Duration,
    /// An identity nobody has heard of: its log is pulled and verified before it is passed on.
    pub fresh: Duration,
    /// The head of a next entry: the entry is pulled and verified before it is passed on.
    pub entry: Duration,
    /// Ways to go: each announcement to each other node.
    pub ways: usize,
    /// How many of them were gone.
    pub gone: usize,
    /// How long the longest of all took.
    pub slowest: Duration,
}

impl Announced {
    /// Tells how many times as long as over the bare mesh it took.
    #[must_use]
    pub fn ratio(&self, took: Duration) -> f64 {
        took.as_secs_f64() / self.bare.as_secs_f64()
    }

    /// Tells whether every announcement reached everybody.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.ways == self.gone
    }
}

impl fmt::Display for Announced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bare, head, fresh, entry, ways, gone, slowest } = self;
        write!(
            formatter,
            "until the last of {NODES} nodes: {} ms, {} ms over the bare mesh; \
             {} ms for an identity nobody knew and {} ms for a next entry, whose logs are pulled first, \
             {:.2} × and {:.2} ×; {gone} of {ways} ways gone, the longest in {} ms",
            head.as_millis(),
            bare.as_millis(),
            fresh.as_millis(),
            entry.as_millis(),
            self.ratio(*fresh),
            self.ratio(*entry),
            slowest.as_millis(),
        )
    }
}

/// Measures it on lines of 50 ms.
#[must_use]
pub fn measure(seed: u64) -> Outcome<Announced> {
    simulate(seed, Latency::fixed(Duration::from_millis(50)), async |world| {
        let (members, nodes) = side_by_side(world).await;
        let mut spread = [vec![], vec![], vec![], vec![]];
        for from in (0..NODES).step_by(NODES / ANNOUNCEMENTS) {
            let (network, now) = (node::parameters(), nodes[from].now());
            let mut person = Person::new(&network, world.dice(), None, now);
            spread[0].push(over_the_mesh(&members, from, &person.head()).await);
            spread[1].push(over_the_nodes(&nodes, from, &mut person).await);
            spread[2].push(over_the_nodes(&nodes, from, &mut person).await);
            person.rotate(0, nodes[from].now());
            spread[3].push(over_the_nodes(&nodes, from, &mut person).await);
        }
        let all = spread.iter().flatten();
        let (ways, gone) =
            (all.clone().count() * (NODES - 1), all.clone().map(|it| it.reached).sum());
        let slowest = all.map(|it| it.last).max().unwrap_or_default();
        let [bare, fresh, head, entry] = spread.map(middle);
        Announced { bare, head, fresh, entry, ways, gone, slowest }
    })
}

/// Adds as many nodes as bare networks: the nodes find each other, and the others are given the same peers.
async fn side_by_side(world: &mut World) -> (Vec<Member>, Vec<Node>) {
    let mut nodes: Vec<Node> = Vec::new();
    for number in 0..NODES {
        let mut known = BTreeSet::new();
        while known.len() < FIRST_PEERS.min(number) {
            known.insert(world.dice().below(number as u64) as usize);
        }
        let peers: Vec<&Node> = known.iter().map(|peer| &nodes[*peer]).collect();
        nodes.push(Node::add(world, &peers, |config| config.network.max_peers = MOST_PEERS));
        world.run_for(JOINING).await;
    }
    world.run_for(SEARCHING).await;
    let lines = lines(&nodes).await;
    let members: Vec<Member> = nodes.iter().map(|_| Member::add(world, bare())).collect();
    world.run_for(JOINING).await;
    for (from, to) in lines {
        members[from].dial(world.address(members[to].id()));
    }
    // A mesh grows for some heartbeats.
    world.run_for(MESHING).await;
    (members, nodes)
}

/// Tells who dialled whom.
async fn lines(nodes: &[Node]) -> Vec<(usize, usize)> {
    let mut lines = Vec::new();
    for (from, node) in nodes.iter().enumerate() {
        let Answer::Peers(peers) = node.ask(Command::Peers).await else {
            panic!("no answer to a question about peers");
        };
        for peer in peers.iter().filter(|peer| peer.outbound) {
            let to = nodes.iter().position(|node| node.peer() == peer.peer);
            lines.extend(to.map(|to| (from, to)));
        }
    }
    lines
}

fn bare() -> Config {
    let topics = Topics { all: vec![TOPIC.to_owned()], joined: vec![TOPIC.to_owned()] };
    Config { topics, dht: Dht::Server, max_peers: 2 * MOST_PEERS as usize, ..Config::new("bare") }
}

/// How far one announcement came.
struct Spread {
    last: Duration,
    reached: usize,
}

async fn over_the_mesh(members: &[Member], from: usize, bytes: &[u8]) -> Spread {
    let began = Instant::now();
    members[from].publish(TOPIC, bytes);
    let heard =
        |it: &Incoming| matches!(it, Incoming::Gossip { bytes: heard, .. } if heard == bytes);
    until_all(began, members.len(), |to| to == from || members[to].heard_at(heard).is_some()).await
}

async fn over_the_nodes(nodes: &[Node], from: usize, person: &mut Person) -> Spread {
    let began = Instant::now();
    nodes[from].publish(person).await;
    let (scid, position) = (person.scid(), Some(person.position()));
    until_all(began, nodes.len(), |to| nodes[to].holds(&scid) == position).await
}

/// Waits until all have it, or it came nowhere for long enough.
async fn until_all(began: Instant, count: usize, has: impl Fn(usize) -> bool) -> Spread {
    let mut missing: Vec<usize> = (0..count).collect();
    let mut last = Duration::ZERO;
    while !missing.is_empty() && began.elapsed() < GIVEN_UP {
        let before = missing.len();
        missing.retain(|node| !has(*node));
        if missing.len() < before {
            last = began.elapsed();
        }
        sleep(LOOK).await;
    }
    // What was announced before is gone from everybody's mind when the next one comes.
    sleep(PAUSE).await;
    Spread { last, reached: count - 1 - missing.len() }
}

fn middle(mut spread: Vec<Spread>) -> Duration {
    spread.sort_by_key(|it| it.last);
    spread.get(spread.len() / 2).map(|it| it.last).unwrap_or_default()
}

const TOPIC: &str = "/countersign/bare/1/head/0";
const NODES: usize = 50;
const ANNOUNCEMENTS: usize = 10;
/// Few enough that fifty nodes are a network and not a clump.
const MOST_PEERS: u32 = 12;
/// Whom each dials when it starts.
const FIRST_PEERS: usize = 4;
const JOINING: Duration = Duration::from_millis(20);
/// After so long a node has found as many peers as it has room for.
const SEARCHING: Duration = Duration::from_secs(30);
const MESHING: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(1);
const PAUSE: Duration = Duration::from_millis(500);
/// Whom gossip does not reach, reconciliation does, which comes round once a minute.
const GIVEN_UP: Duration = Duration::from_secs(90);
