//! What others want held for the DHT.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::config::Role;
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

const HOUR: u64 = 3600;

/// Who put this head since the trace was cleared, each as often as it did.
fn puts(world: &World, of: &[u8]) -> Vec<usize> {
    let puts = world.trace.iter().filter_map(|(node, effect)| match effect {
        Effect::Put { head, .. } if head == of => Some(*node),
        _ => None,
    });
    let mut puts: Vec<usize> = puts.collect();
    puts.sort_unstable();
    puts
}

/// Five keepers, and the newest head of somebody who published at home and went to sleep.
fn asleep(seed: u64) -> (World, Person, Vec<u8>) {
    let mut world = World::of_keepers(seed, 5);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(home, Command::Publish(ada.publication()));
    world.run(2000);
    ada.rotate(1, EPOCH.plus(10));
    let Outcome::Published { receipts, .. } = world.ask(home, Command::Publish(ada.publication()))
    else {
        panic!("it was not published");
    };
    assert_eq!(receipts.len(), 3);
    world.run(20_000);
    world.offline(home);
    let head = world.listing(0, &ada.scid()).unwrap().head.clone().unwrap();
    (world, ada, head)
}

#[test]
fn who_promised_to_keep_an_identity_puts_its_head_again_for_as_long_as_it_promised() {
    let (mut world, ada, head) = asleep(94);
    let kept = |world: &World, node: usize| world.nodes[node].disk.promised(&ada.scid());
    let keepers: Vec<usize> = (0..5).filter(|node| kept(&world, *node)).collect();
    assert!((3..5).contains(&keepers.len()), "{keepers:?} promised, and not all");
    // Each in 21 hours, whatever 21 hours those are, until the promise ends after a month.
    for days in 0..29 {
        world.trace.clear();
        world.pass(21 * HOUR);
        let mut puts = puts(&world, &head);
        assert!(puts.len() < 2 * keepers.len(), "{puts:?}");
        puts.dedup();
        assert_eq!(puts, keepers, "day {days}");
        world.pass(3 * HOUR);
    }
    world.pass(48 * HOUR);
    world.trace.clear();
    world.pass(48 * HOUR);
    assert_eq!(puts(&world, &head).len(), 0, "the promise is over");
}

#[test]
fn somebody_who_sleeps_for_weeks_is_found_in_a_dht_that_forgets_after_two_days() {
    let (mut world, ada, head) = asleep(95);
    for week in 0..3 {
        world.pass(5 * 24 * HOUR);
        world.dht = Some(std::collections::BTreeMap::new());
        world.pass(48 * HOUR);
        let lone = world.join(Role::Keeper, |_| {});
        let found = world.find(lone, ada.scid(), Freshness::Held);
        assert_eq!(found.and_then(|found| found.head), Some(head.clone()), "week {week}");
        world.offline(lone);
    }
}

#[test]
fn a_keeper_that_starts_anew_puts_again_what_it_promised() {
    let (mut world, ada, head) = asleep(96);
    let keeper = (0..5).find(|node| world.nodes[*node].disk.promised(&ada.scid())).unwrap();
    (0..5).filter(|node| *node != keeper).for_each(|node| world.offline(node));
    world.restart(keeper);
    world.trace.clear();
    world.pass(21 * HOUR);
    assert!(puts(&world, &head).contains(&keeper));
}

#[test]
fn turns_come_one_after_the_other_and_each_once() {
    let mut world = World::of_keepers(97, 1);
    let people: Vec<Person> = (0..200)
        .map(|seed| {
            let mut person = Person::new(seed, &world.network);
            let _published = world.ask(0, Command::Publish(person.publication()));
            person
        })
        .collect();
    world.run(60_000);
    world.trace.clear();
    let mut most = 0;
    for _ in 0..20 {
        let before = world.trace.len();
        world.pass(HOUR);
        let put = |(_, effect): &&(usize, Effect)| matches!(effect, Effect::Put { .. });
        most = most.max(world.trace[before..].iter().filter(put).count());
    }
    assert!((10..40).contains(&most), "{most} in one hour, of 200 in twenty");
    for person in &people {
        let head = world.listing(0, &person.scid()).unwrap().head.clone().unwrap();
        let times = puts(&world, &head).len();
        assert!((1..=2).contains(&times), "{times} times in 20 hours and as many seconds");
    }
}

#[test]
fn a_home_puts_nothing_however_long_it_runs() {
    let mut world = World::of_keepers(98, 3);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(home, Command::Publish(ada.publication()));
    world.pass(100 * HOUR);
    let head = world.listing(home, &ada.scid()).unwrap().head.clone().unwrap();
    let puts = puts(&world, &head);
    assert!(puts.len() > 9 && !puts.contains(&home), "{puts:?}");
}

#[test]
fn once_its_bytes_are_spent_a_node_renews_what_is_its_own_alone() {
    let mut world = World::new(99);
    let keeper = world.join(Role::Keeper, |config| config.traffic = Some(1_000_000));
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let (mut ada, mut bob) = (Person::new(1, &world.network), Person::new(2, &world.network));
    let _deposited = world.ask(home, Command::Publish(ada.publication()));
    let _own = world.ask(keeper, Command::Publish(bob.publication()));
    world.offline(home);
    let head = |world: &World, person: &Person| {
        world.listing(keeper, &person.scid()).unwrap().head.clone().unwrap()
    };
    let (hers, his) = (head(&world, &ada), head(&world, &bob));
    world.trace.clear();
    let spent = crate::engine::traffic::Bytes { received: 0, sent: 1_000_000 };
    world.give(keeper, Event::Traffic(spent));
    world.pass(44 * HOUR);
    assert_eq!(puts(&world, &hers).len(), 0);
    assert!(puts(&world, &his).len() >= 2);
    // The next day it has bytes again.
    world.give(keeper, Event::Traffic(spent));
    world.pass(20 * HOUR);
    assert_eq!(puts(&world, &hers), [keeper]);
}
