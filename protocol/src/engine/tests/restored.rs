//! A witness that came out of a backup, and may have cosigned more than it remembers.

use super::keeping::{seek, witness};
use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::command::{Command, Outcome};
use crate::engine::config::Role;

/// What was cosigned and published after the backup is not on the disk of the witness that came out of it.
#[test]
fn a_restored_witness_asks_what_others_hold_before_it_cosigns() {
    let mut world = World::of_keepers(39, 3);
    let key = witness(1);
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![key.clone()]), EPOCH);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    ada.cosign(EPOCH.plus(10));
    thief.rotate(2, EPOCH.plus(10));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let _restored = world.join(Role::Keeper, |config| {
        config.witness = Some(key.clone());
        config.restored = true;
    });
    let home = world.join(Role::Home, |_| {});
    for other in [0, 1, 2] {
        world.link(3, other);
    }
    world.link(3, home);
    world.run(1000);
    let keys = [key];
    for asked in 0..3 {
        let Outcome::Cosigned(sibling) = seek(&mut world, home, &thief, &keys) else { panic!() };
        assert_eq!((sibling.proofs.len(), sibling.refused), (0, 1), "{asked}");
        world.run(20_000);
    }
    // What continues what others hold is cosigned, at the latest once they said so.
    ada.rotate(1, EPOCH.plus(30));
    let _busy = seek(&mut world, home, &ada, &keys);
    world.run(20_000);
    let Outcome::Cosigned(next) = seek(&mut world, home, &ada, &keys) else { panic!() };
    assert_eq!(next.proofs.len(), 1);
}

#[test]
fn a_restored_witness_that_can_ask_nobody_cosigns_first_entries_alone() {
    let mut world = World::new(40);
    let key = witness(1);
    let _restored = world.join(Role::Keeper, |config| {
        config.witness = Some(key.clone());
        config.restored = true;
    });
    let home = world.join(Role::Home, |_| {});
    world.link(0, home);
    world.run(1000);
    let keys = [key.clone()];
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![key]), EPOCH);
    let Outcome::Cosigned(first) = seek(&mut world, home, &ada, &keys) else { panic!() };
    assert_eq!(first.proofs.len(), 1, "a first entry has no sibling");
    ada.rotate(1, EPOCH.plus(10));
    for _ in 0..2 {
        let Outcome::Cosigned(next) = seek(&mut world, home, &ada, &keys) else { panic!() };
        assert_eq!((next.proofs.len(), next.refused), (0, 1));
        world.run(20_000);
    }
}
