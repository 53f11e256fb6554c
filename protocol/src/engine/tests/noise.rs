//! Whatever a peer sends, a node goes on: real traffic, damaged, given to an engine that knows people.
//!
//! Every message that engines sent each other while they published, revoked, forked and reconciled is
//! the corpus. A case takes one, cuts, stretches and overwrites it, and gives it to a node as gossip, as
//! a request, and as the answer to whatever that node asked last. Nothing may panic, and nothing that
//! was held may be lost. `.ci/long fuzz` runs more cases.

use super::person::{EPOCH, Person};
use super::statuses::North;
use super::world::World;
use crate::encoding::multihash::sha256;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::effect::Effect;
use crate::engine::event::{Event, Failure, Now, Prefix};
use crate::wire::peer::Peer;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Bytes that travelled, and the topic if they were gossip.
struct Traffic {
    gossip: Vec<(String, Vec<u8>)>,
    requests: Vec<Vec<u8>>,
    responses: Vec<Vec<u8>>,
}

/// One message of each length and place: the rest is more of the same.
static TRAFFIC: LazyLock<Traffic> = LazyLock::new(|| {
    let mut world = busy();
    let mut traffic = Traffic { gossip: Vec::new(), requests: Vec::new(), responses: Vec::new() };
    let mut seen = BTreeSet::new();
    for (_, effect) in core::mem::take(&mut world.trace) {
        let (topic, bytes) = match effect {
            Effect::Publish { topic, bytes } => (Some(topic), bytes),
            Effect::Request { bytes, .. } => (None, bytes),
            Effect::Respond { bytes, .. } => (Some(String::new()), bytes),
            _ => continue,
        };
        let kind = bytes.get(..2).unwrap_or_default().to_vec();
        if !seen.insert((topic.clone(), kind, bytes.len())) {
            continue;
        }
        match topic {
            Some(topic) if topic.is_empty() => traffic.responses.push(bytes),
            Some(topic) => traffic.gossip.push((topic, bytes)),
            None => traffic.requests.push(bytes),
        }
    }
    traffic
});

/// Three keepers, of which one is a witness, and all that can happen between them.
fn busy() -> World {
    let mut world = World::new(900);
    let witness = crate::key::SecretKey::from_seed([7; 32]);
    world.join(crate::engine::config::Role::Keeper, |config| config.witness = Some(witness));
    world.join(crate::engine::config::Role::Keeper, |_| {});
    world.join(crate::engine::config::Role::Keeper, |_| {});
    let home = world.join(crate::engine::config::Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let mut ada = Person::new(1, &world.network);
    ada.show("{}");
    let _published = world.ask(home, Command::Publish(ada.publication()));
    let mut north = North::new(&world);
    let _published = world.ask(1, Command::Publish(north.person.publication()));
    world.run(1000);
    for flips in [&[][..], &[7, 4711]] {
        let statement = north.sign_for(flips, world.now_ms / 1000, 3600).sealed().to_vec();
        let list = Some(north.list.clone());
        let _published = world.ask(1, Command::PublishStatement { statement, list });
    }
    // A thief forks Ada, and she asks to be cosigned.
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    thief.rotate(2, EPOCH.plus(20));
    let key = crate::key::SecretKey::from_seed([7; 32]);
    let bea = Person::witnessed_by(3, &world.network, Some(vec![key]), EPOCH);
    let (log, witnesses) = (bea.log, BTreeSet::new());
    let _cosigned = world.ask(home, Command::Cosign { log, file: None, witnesses });
    let _published = world.ask(home, Command::Publish(ada.publication()));
    let _refused = world.ask(1, Command::Publish(thief.publication()));
    let freshness = Freshness::Witnessed { max_age: 60 };
    let _found = world.find(2, north.person.scid(), freshness);
    // A newcomer reconciles.
    let late = world.join(crate::engine::config::Role::Keeper, |_| {});
    world.link(late, 1);
    world.link(late, 0);
    world.lossy = 100;
    for number in 0..6 {
        let mut person = Person::new(100 + number, &world.network);
        let _published = world.ask(2, Command::Publish(person.publication()));
    }
    world.run(200_000);
    world
}

/// What is done to the bytes of a message.
#[derive(Debug, Clone)]
struct Damage {
    at: prop::sample::Index,
    removed: usize,
    added: Vec<u8>,
    bit: Option<(prop::sample::Index, u32)>,
}

impl Damage {
    fn of(&self, bytes: &[u8]) -> Vec<u8> {
        let from = self.at.index(bytes.len() + 1);
        let to = bytes.len().min(from + self.removed);
        let mut damaged = [&bytes[..from], &self.added, &bytes[to..]].concat();
        if let Some((at, bit)) = self.bit.filter(|_| !damaged.is_empty()) {
            let at = at.index(damaged.len());
            damaged[at] ^= 1 << bit;
        }
        damaged
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop::collection::vec(any::<u8>(), 0..12);
    let bit = prop::option::of((any::<prop::sample::Index>(), 0..8_u32));
    (any::<prop::sample::Index>(), 0..24_usize, bytes, bit)
        .prop_map(|(at, removed, added, bit)| Damage { at, removed, added, bit })
}

/// A node that knows people, and what it asked and nobody answered.
struct Victim {
    world: World,
    peer: Peer,
    asked: BTreeMap<u64, ()>,
    token: u64,
}

impl Victim {
    fn new() -> Self {
        let mut world = World::of_keepers(901, 2);
        let mut ada = Person::new(1, &world.network);
        ada.show("{}");
        let _published = world.ask(0, Command::Publish(ada.publication()));
        world.run(1000);
        let peer = Peer::of(&crate::key::SecretKey::from_seed([99; 32]).public());
        Self { world, peer, asked: BTreeMap::new(), token: 1 << 40 }
    }

    fn give(&mut self, event: Event) {
        self.token += 1;
        let now: Now = self.world.now(1);
        let effects = self.world.nodes[1].engine.handle(event, now);
        for effect in effects {
            match effect {
                Effect::Request { id, peer, .. } if peer == self.peer => {
                    self.asked.insert(id, ());
                }
                // What it wants from others is not there.
                Effect::Request { id, .. } => {
                    let outcome = Err(Failure::Disconnected);
                    self.give(Event::Response { id, outcome });
                }
                Effect::Load { id, .. } => {
                    let loaded = crate::engine::effect::Loaded::Damaged;
                    self.give(Event::Loaded { id, loaded });
                }
                _ => {}
            }
        }
    }

    fn take(&mut self, topic: &str, gossip: &[u8], request: &[u8], response: &[u8]) {
        let (token, peer) = (self.token, self.peer.clone());
        let (topic, bytes) = (topic.to_owned(), gossip.to_vec());
        self.give(Event::Gossip { token, peer, topic, bytes });
        let (token, peer, bytes) = (self.token, self.peer.clone(), request.to_vec());
        self.give(Event::Request { token, peer, bytes });
        let (peer, head) = (self.peer.clone(), gossip.to_vec());
        self.give(Event::Offered { peer, head });
        if let Some((id, ())) = self.asked.pop_last() {
            self.give(Event::Response { id, outcome: Ok(response.to_vec()) });
        }
    }
}

#[test]
fn the_traffic_has_every_kind_of_message() {
    let traffic = &*TRAFFIC;
    let kinds = |all: &[Vec<u8>]| -> BTreeSet<u8> {
        all.iter().filter_map(|bytes| bytes.get(1).copied()).collect()
    };
    let requests: BTreeSet<u8> = (1..=12).collect();
    let missing: Vec<_> = requests.difference(&kinds(&traffic.requests)).copied().collect();
    assert_eq!(missing, [] as [u8; 0], "questions nobody asked");
    let answers = kinds(&traffic.responses);
    assert!((1..=12).filter(|kind| answers.contains(kind)).count() >= 10, "{answers:?}");
    for word in ["head/", "status", "fork"] {
        assert!(traffic.gossip.iter().any(|(topic, _)| topic.contains(word)), "{word}");
    }
}

proptest! {
    /// A node that is sent damaged messages one after the other still answers its owner.
    #[test]
    fn damaged_traffic_never_stops_a_node(
        cases in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<prop::sample::Index>(),
             damage(), damage(), damage()),
            1..24,
        ),
    ) {
        let traffic = &*TRAFFIC;
        let mut victim = Victim::new();
        let (peer, prefix) = (victim.peer.clone(), Prefix(99));
        victim.give(Event::Connected { peer, prefix, outbound: false });
        for (gossip, request, response, one, two, three) in &cases {
            let (topic, message) = gossip.get(&traffic.gossip);
            let message = one.of(message);
            let request = two.of(request.get::<Vec<u8>>(&traffic.requests));
            let response = three.of(response.get::<Vec<u8>>(&traffic.responses));
            victim.take(topic, &message, &request, &response);
        }
        let ada = Person::new(1, &victim.world.network).scid();
        let held = victim.world.nodes[1].engine.directory.get(&ada);
        prop_assert!(held.is_some(), "what was held is lost");
        let statistics = victim.world.ask(1, Command::Statistics);
        prop_assert!(matches!(statistics, Outcome::Statistics(_)));
    }

    /// One message of all is damaged; whatever it now says, a record is written as it was read.
    #[test]
    fn what_is_read_of_a_damaged_message_is_written_the_same(
        which: prop::sample::Index,
        answer: prop::sample::Index,
        damage in damage(),
    ) {
        use crate::wire::exchange::{Request, Response};
        let traffic = &*TRAFFIC;
        let bytes = damage.of(which.get::<Vec<u8>>(&traffic.requests));
        if let Ok(request) = Request::parse(&bytes) {
            prop_assert_eq!(request.to_bytes(), bytes);
        }
        let bytes = damage.of(answer.get::<Vec<u8>>(&traffic.responses));
        if let Ok(response) = Response::parse(&bytes) {
            prop_assert_eq!(response.to_bytes(), bytes.clone());
            if let Response::Body(body) = response
                && let Ok(evidence) = crate::engine::forks::Evidence::parse(&damage.of(&body))
            {
                let again = crate::engine::forks::Evidence::parse(&evidence.to_bytes());
                prop_assert_eq!(again.map(|it| sha256(&it.to_bytes())).ok(), Some(sha256(&evidence.to_bytes())));
            }
        }
    }
}
