//! An attestor that takes a key away, and what that key had signed.

use super::person::{EPOCH, Person};
use super::statuses::{North, status};
use super::world::World;
use crate::engine::command::Command;
use crate::engine::event::Event;
use std::collections::BTreeSet;

/// It would end a node, and end it again whenever it started: what cannot be saved stops it.
#[test]
fn an_attestor_that_says_something_else_under_a_new_key_stops_no_node_that_holds_what_it_said() {
    let mut world = World::of_keepers(630, 2);
    // It has two keys: one signs the list, the other what follows.
    let mut person = Person::new(1, &world.network);
    let statements = person.assertion();
    person.new_assertion(true, EPOCH.plus(1));
    let mut north = North::of(person);
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    for node in 0..2 {
        let attestors = BTreeSet::from([north.person.scid()]);
        let _done = world.ask(node, Command::Trust { attestors });
    }
    world.run(1000);
    let first = north.sign(&[], 2);
    let _published = north.publish(&mut world, &first, true);
    world.run(1000);
    let before = north.ledger.clone();
    for (flip, seconds) in [(7, 3), (9, 4)] {
        let said = north.sign_under(&statements, &[flip], seconds, 3600);
        let _published = north.publish(&mut world, &said, false);
        world.run(1000);
    }
    let known = status(&mut world, 1, &north, 3600).unwrap();
    assert_eq!((known.sequence(), known.is_set(7)), (2, Some(true)));
    // It takes the second key away, and says something else in the same place.
    north.person.new_assertion(true, EPOCH.plus(5));
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    world.run(1000);
    north.ledger = before;
    let other = north.sign(&[8], 6);
    world.restart(1);
    let peer = world.nodes[0].peer.clone();
    let topic = format!("/countersign/{}/1/status", world.network.id());
    let bytes = other.sealed().to_vec();
    world.give(1, Event::Gossip { token: 9_999_999, peer, topic, bytes });
    world.run(1000);
    for _ in 0..2 {
        let known = status(&mut world, 1, &north, 3600).unwrap();
        let set = [7, 8, 9].map(|index| known.is_set(index));
        assert_eq!((known.sequence(), set), (1, [Some(false), Some(true), Some(false)]));
        world.restart(1);
        world.run(1000);
    }
}
