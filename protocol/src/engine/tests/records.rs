//! What others want held for the DHT.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::command::Command;
use crate::engine::effect::{Effect, Fault};
use crate::engine::event::Event;

/// A node that is alone with what it holds, and one that offers it records.
fn two(seed: u64) -> (World, Person) {
    let mut world = World::of_keepers(seed, 2);
    let ada = Person::new(1, &world.network);
    world.lossy = 100;
    (world, ada)
}

fn offer(world: &mut World, head: &[u8]) {
    let peer = world.nodes[1].peer.clone();
    world.trace.clear();
    world.give(0, Event::Offered { peer, head: head.to_vec() });
}

#[test]
fn a_record_that_is_held_and_verified_is_kept_at_once() {
    let (mut world, mut ada) = two(90);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let head = world.listing(0, &ada.scid()).unwrap().head.clone().unwrap();
    offer(&mut world, &head);
    assert_eq!(world.nodes[0].records.get(&ada.scid()), Some(&head));
    let asked = |(_, effect): &(usize, Effect)| matches!(effect, Effect::Request { .. });
    assert!(!world.trace.iter().any(asked), "it was verified before");
}

#[test]
fn an_unknown_record_is_kept_only_once_its_log_was_pulled_and_holds() {
    let (mut world, mut ada) = two(91);
    let _published = world.ask(1, Command::Publish(ada.publication()));
    let head = world.listing(1, &ada.scid()).unwrap().head.clone().unwrap();
    offer(&mut world, &head);
    assert!(world.nodes[0].records.is_empty(), "nothing is known of it yet");
    world.run(1000);
    assert_eq!(world.nodes[0].records.get(&ada.scid()), Some(&head));
    assert_eq!(world.holders(&ada.scid(), 1, 1), 2);
    // A newer one takes its place, an older one does not come back.
    ada.rotate(1, EPOCH.plus(10));
    let _published = world.ask(1, Command::Publish(ada.publication()));
    let newer = world.listing(1, &ada.scid()).unwrap().head.clone().unwrap();
    offer(&mut world, &newer);
    world.run(1000);
    offer(&mut world, &head);
    world.run(1000);
    assert_eq!(world.nodes[0].records.get(&ada.scid()), Some(&newer));
    assert_eq!(world.nodes[0].faults, [], "old news are nobody's fault");
}

#[test]
fn a_record_whose_signature_does_not_hold_is_not_kept_and_costs() {
    let (mut world, mut ada) = two(92);
    let _published = world.ask(1, Command::Publish(ada.publication()));
    let mut forged = ada.head_with(7);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    offer(&mut world, &forged);
    // The log is there, and its key is not the one that signed.
    let mut mallory = ada.clone();
    mallory.auth = crate::key::SecretKey::from_seed([66; 32]);
    let strange = mallory.head_with(8);
    offer(&mut world, &strange);
    world.run(1000);
    let peer = world.nodes[1].peer.clone();
    let costs = [(peer.clone(), Fault::BadSignature), (peer, Fault::BadSignature)];
    assert_eq!(world.nodes[0].faults, costs);
    assert!(world.nodes[0].records.is_empty());
    assert!(world.listing(0, &ada.scid()).is_none());
}

#[test]
fn a_record_whose_log_nobody_gives_is_not_kept() {
    let (mut world, ada) = two(93);
    offer(&mut world, &ada.head_with(1));
    world.run(6000);
    assert!(world.nodes[0].records.is_empty());
    assert!(world.listing(0, &ada.scid()).is_none());
}
