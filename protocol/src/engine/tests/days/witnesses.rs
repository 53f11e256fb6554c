//! Two of five witnesses are gone.

use super::super::person::{EPOCH, Person};
use super::super::world::World;
use super::shop::publics;
use crate::did::log::witness::File;
use crate::encoding::json;
use crate::engine::command::{Command, Cosigning, Freshness, Outcome, Refusal};
use crate::engine::config::Role;
use crate::key::SecretKey;

const HOME: usize = 5;

/// Five witnesses, of which three are enough for Ada, and her home.
fn five(seed: u64) -> (World, Vec<SecretKey>, Person) {
    let mut world = World::new(seed);
    let keys: Vec<SecretKey> = (1..=5).map(|seed| SecretKey::from_seed([seed; 32])).collect();
    for key in &keys {
        world.join(Role::Keeper, |config| config.witness = Some(key.clone()));
    }
    world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let mut ada = Person::witnessed_by_some(1, &world.network, Some(keys.clone()), 3, EPOCH);
    let _cosigned = cosign(&mut world, &mut ada, &keys);
    let outcome = world.ask(HOME, Command::Publish(ada.publication()));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(1000);
    (world, keys, ada)
}

/// Has whoever is there cosign the newest entry, and puts what they signed into the witness file.
fn cosign(world: &mut World, person: &mut Person, keys: &[SecretKey]) -> Cosigning {
    let (log, file) = (person.log.clone(), person.witnesses.clone());
    let witnesses = publics(keys);
    let Outcome::Cosigned(cosigning) = world.ask(HOME, Command::Cosign { log, file, witnesses })
    else {
        panic!();
    };
    let mut file = File::default();
    for proof in &cosigning.proofs {
        let value = json::parse(proof, 4096).unwrap();
        file.add(person.history.version_id(), &value).unwrap();
    }
    person.witnesses = Some(file.to_bytes());
    cosigning
}

fn publish(world: &mut World, person: &mut Person) -> Outcome {
    let outcome = world.ask(HOME, Command::Publish(person.publication()));
    world.run(2000);
    outcome
}

#[test]
fn with_two_of_five_witnesses_gone_rotation_and_recovery_still_work() {
    let (mut world, keys, mut ada) = five(230);
    world.offline(0);
    world.offline(3);
    ada.rotate(1, EPOCH.plus(10));
    let cosigning = cosign(&mut world, &mut ada, &keys);
    assert_eq!((cosigning.signed.len(), cosigning.silent.len()), (3, 2));
    let outcome = publish(&mut world, &mut ada);
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    ada.recover(EPOCH.plus(20));
    assert_eq!(cosign(&mut world, &mut ada, &keys).signed.len(), 3);
    let outcome = publish(&mut world, &mut ada);
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    for node in [1, 2, 4] {
        let found = world.find(node, ada.scid(), Freshness::Held).unwrap();
        assert_eq!(found.identity.standing().unwrap().number(), 3, "node {node}");
    }
    // Those who were away take it over when they come back.
    for node in [0, 3] {
        world.restart(node);
    }
    world.mesh();
    world.run(5000);
    assert_eq!(world.holders(&ada.scid(), 3, 3), 6);
}

#[test]
fn with_three_of_five_witnesses_gone_nothing_new_stands_and_nobody_is_told_of_it() {
    let (mut world, keys, mut ada) = five(231);
    (0..3).for_each(|node| world.offline(node));
    ada.rotate(1, EPOCH.plus(10));
    assert_eq!(cosign(&mut world, &mut ada, &keys).signed.len(), 2);
    let outcome = publish(&mut world, &mut ada);
    assert!(matches!(outcome, Outcome::Refused(Refusal::DoesNotVerify { .. })), "{outcome:?}");
    for node in 3..6 {
        assert_eq!(world.listing(node, &ada.scid()).map(|it| it.number), Some(1));
    }
    // One more is enough, and the two need not sign again.
    world.restart(0);
    world.mesh();
    world.run(1000);
    assert_eq!(cosign(&mut world, &mut ada, &keys).signed.len(), 3);
    let outcome = publish(&mut world, &mut ada);
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
}
