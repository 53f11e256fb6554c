//! Many forks of one log: few are kept, and all nodes decide as if all were.

use super::person::{EPOCH, Person};
use super::stale::{Stranger, proof};
use super::world::World;
use crate::engine::command::{Command, Freshness};
use crate::engine::config::Role;
use crate::key::SecretKey;
use crate::policy::standing::Fork;

/// Somebody with so many entries.
fn entries(world: &World, length: u64) -> Person {
    let mut ada = Person::new(1, &world.network);
    (1..length).for_each(|entry| ada.rotate(1, EPOCH.plus(entry)));
    ada
}

fn stands(world: &World, person: &Person) -> (u64, Fork, usize) {
    let listing = world.listing(0, &person.scid()).unwrap();
    (listing.number, listing.fork, world.nodes[0].disk.forks.len())
}

#[test]
fn of_twenty_children_a_few_are_kept_and_an_earlier_parting_always() {
    let mut world = World::of_keepers(540, 1);
    let mut stranger = Stranger::meet(&mut world);
    let mut ada = entries(&world, 4);
    let (first, third) = (entries(&world, 1), entries(&world, 3));
    stranger.begins(&mut world, &mut ada, 0);
    (10..30).for_each(|branch| stranger.proves(&mut world, &ada, proof(&ada, &third, branch)));
    assert_eq!(stands(&world, &ada), (3, Fork::Open, 8));
    stranger.proves(&mut world, &ada, proof(&ada, &first, 40));
    assert_eq!(stands(&world, &ada), (1, Fork::Open, 9));
    assert!(world.nodes[0].faults.is_empty());
    // Whoever hears of them the other way round decides alike, also after a restart.
    let mut other = World::of_keepers(541, 1);
    let mut stranger = Stranger::meet(&mut other);
    let mut ada = entries(&other, 4);
    stranger.begins(&mut other, &mut ada, 0);
    stranger.proves(&mut other, &ada, proof(&ada, &first, 40));
    (50..70).for_each(|branch| stranger.proves(&mut other, &ada, proof(&ada, &first, branch)));
    assert_eq!(stands(&other, &ada), (1, Fork::Open, 8));
    for mut world in [world, other] {
        world.restart(0);
        let _refused = world.ask(0, Command::Publish(ada.publication()));
        let (number, fork, _) = stands(&world, &ada);
        assert_eq!((number, fork), (1, Fork::Open));
    }
}

/// Its witnesses settled a fork; that somebody made many more hides none on which they disagree.
#[test]
fn a_second_child_that_is_witnessed_is_kept_however_many_are_not() {
    let mut world = World::of_keepers(542, 1);
    let mut stranger = Stranger::meet(&mut world);
    let witness = SecretKey::from_seed([1; 32]);
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![witness]), EPOCH);
    let first = ada.clone();
    ada.rotate(1, EPOCH.plus(1));
    ada.cosign(EPOCH.plus(1));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    (10..30).for_each(|branch| stranger.proves(&mut world, &ada, proof(&ada, &first, branch)));
    assert_eq!(stands(&world, &ada), (2, Fork::Settled, 8));
    let mut thief = first.clone();
    thief.rotate(40, EPOCH.plus(2));
    thief.cosign(EPOCH.plus(2));
    thief.sequence = ada.sequence;
    let _refused = world.ask(0, Command::Publish(thief.publication()));
    assert_eq!(stands(&world, &ada), (1, Fork::Open, 9));
}

/// Witnesses who signed both: whoever holds what they signed of one side alone takes that one for the true one.
#[test]
fn two_sides_that_are_both_witnessed_exclude_each_other_for_ever_and_for_newcomers() {
    let mut world = World::of_keepers(543, 2);
    world.unlink(0, 1);
    let witness = SecretKey::from_seed([1; 32]);
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![witness]), EPOCH);
    let mut thief = ada.clone();
    for (node, side) in [&mut ada, &mut thief].into_iter().enumerate() {
        let branch = u64::try_from(node).unwrap() + 1;
        side.rotate(branch, EPOCH.plus(branch));
        side.cosign(EPOCH.plus(branch));
        let _published = world.ask(node, Command::Publish(side.publication()));
    }
    world.link(0, 1);
    world.run(90_000);
    let place = |world: &World, node: usize| {
        let listing = world.listing(node, &ada.scid()).unwrap();
        (listing.number, listing.fork, listing.head.is_some())
    };
    let nobodys = (1, Fork::Open, false);
    assert_eq!((place(&world, 0), place(&world, 1)), (nobodys, nobodys));
    // Neither its own side nor the other one comes back, whoever brings it again, and whatever was forgotten
    // meanwhile.
    let mut sides = [ada.clone(), thief];
    for node in 0..2 {
        world.restart(node);
        for side in &mut sides {
            let _refused = world.ask(node, Command::Publish(side.publication()));
            assert_eq!(place(&world, node), nobodys, "node {node}");
        }
    }
    for (known, side) in sides.iter_mut().enumerate() {
        let late = world.join(Role::Keeper, |_| {});
        world.link(late, known);
        world.run(1000);
        let found = world.find(late, ada.scid(), Freshness::Held).expect("what both share stands");
        assert_eq!((found.identity.history().number(), found.fork), (1, Fork::Open));
        let _refused = world.ask(late, Command::Publish(side.publication()));
        assert_eq!(place(&world, late), nobodys, "whoever came to node {known}");
    }
}
