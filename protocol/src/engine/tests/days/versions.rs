//! A node is one protocol version older, or newer.

use super::super::person::{EPOCH, Person};
use super::super::world::World;
use super::shop::{SHOP, Town, assert_answer};
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::effect::Effect;
use crate::engine::event::{Event, Prefix};
use crate::key::SecretKey;
use crate::policy::decision::Answer;
use crate::wire::exchange::hello::{Greeting, Hello, Roles, SPOKEN, Versions};
use crate::wire::exchange::{Request, Response};
use crate::wire::peer::Peer;

/// What the first version that had any of this could ask: no more than heads, logs and bodies.
fn known_before(request: &Request) -> bool {
    matches!(request, Request::Hello(_) | Request::Heads(_) | Request::Log(_) | Request::Body(_))
}

#[test]
fn an_older_node_says_what_it_does_not_know_and_nobody_is_punished() {
    let mut world = World::of_keepers(250, 4);
    world.nodes[3].knows = Some(known_before);
    (0..4).for_each(|node| world.restart(node));
    world.mesh();
    let mut ada = Person::new(1, &world.network);
    let outcome = world.ask(0, Command::Publish(ada.publication()));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(200_000);
    // It hears and gives what both know, and reconciliation turns to somebody else.
    assert_eq!(world.holders(&ada.scid(), 1, 1), 4);
    world.lossy = 100;
    ada.rotate(1, EPOCH.plus(10));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(300_000);
    assert_eq!(world.holders(&ada.scid(), 2, 2), 4);
    let found = world.find(3, ada.scid(), Freshness::Peers).unwrap();
    assert_eq!(found.identity.history().number(), 2);
    for (number, node) in world.nodes.iter().enumerate() {
        assert_eq!(node.faults, [], "node {number}");
    }
}

#[test]
fn a_shop_among_older_nodes_checks_what_they_can_answer() {
    let mut town = Town::new(251);
    // Two witnesses and North's node are older; one witness is enough.
    for node in [1, 2, 4] {
        town.world.nodes[node].knows = Some(known_before);
    }
    town.world.run(130_000);
    town.heartbeat();
    assert_answer(&town.decide(), Answer::Accepted);
    assert_eq!(town.world.nodes[SHOP].faults, []);
}

/// A request of a kind that is not known yet.
struct Later;

impl Record for Later {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(99);
        to.bytes(&cbor::encode(&SPOKEN));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        Err(from.malformed("nothing"))
    }
}

#[test]
fn a_newer_node_is_answered_unsupported_and_stays() {
    let mut world = World::of_keepers(252, 1);
    let key = SecretKey::from_seed([77; 32]);
    let peer = Peer::of(&key.public());
    world.trace.clear();
    world.give(0, Event::Connected { peer: peer.clone(), prefix: Prefix(77), outbound: true });
    let (id, greeting) = world
        .trace
        .iter()
        .find_map(|(_, effect)| match effect {
            Effect::Request { id, bytes, .. } => match Request::parse(bytes) {
                Ok(Request::Hello(greeting)) => Some((*id, greeting)),
                _ => None,
            },
            _ => None,
        })
        .unwrap();
    for versions in [Versions { oldest: 1, newest: 9 }, Versions { oldest: 8, newest: 9 }] {
        let time = world.now(0).wall;
        let hello = Hello {
            versions,
            roles: Roles::KEEPER,
            time,
            nonce: greeting.nonce,
            key: key.public(),
        };
        let bytes = Response::Hello(hello.seal(world.network.id(), &key)).to_bytes();
        world.give(0, Event::Response { id, outcome: Ok(bytes) });
        let greeting = Greeting { versions, roles: Roles::KEEPER, nonce: [1; 16] };
        let bytes = Request::Hello(greeting).to_bytes();
        world.give(0, Event::Request { token: 70_001, peer: peer.clone(), bytes });
    }
    world.trace.clear();
    for token in 80_000..80_100 {
        let bytes = cbor::encode(&Later);
        world.give(0, Event::Request { token, peer: peer.clone(), bytes });
    }
    let unsupported = |(_, effect): &&(usize, Effect)| {
        matches!(effect, Effect::Respond { bytes, .. }
            if Response::parse(bytes) == Ok(Response::Unsupported))
    };
    assert_eq!(world.trace.iter().filter(unsupported).count(), 100);
    assert_eq!(world.nodes[0].faults, []);
    let gone = |(_, effect): &(usize, Effect)| {
        matches!(effect, Effect::Ban { .. } | Effect::Disconnect { .. })
    };
    assert!(!world.trace.iter().any(gone));
}
