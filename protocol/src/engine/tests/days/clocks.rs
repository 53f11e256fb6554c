//! A clock is a day off, in 2038, in 9999.

use super::super::person::{EPOCH, Person};
use super::super::world::World;
use super::shop::{SHOP, Town, assert_answer, publics};
use crate::engine::clock::Trouble;
use crate::engine::command::{Command, Freshness, Outcome, Refusal};
use crate::engine::config::Role;
use crate::key::SecretKey;
use crate::policy::decision::{Answer, Reason};
use crate::time::Timestamp;

/// 2038-01-19T03:14:08Z: one second more than 31 bits count.
const Y2038: Timestamp = Timestamp::from_seconds(1 << 31);

fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.seconds()).unwrap() - i64::try_from(EPOCH.seconds()).unwrap()
}

#[test]
fn under_a_wrong_clock_nothing_is_signed_and_every_check_is_unknown() {
    for skew in [86_400, -86_400, seconds(Y2038), seconds(Timestamp::MAX), i64::from(i32::MIN)] {
        let mut town = Town::new(240);
        assert_answer(&town.decide(), Answer::Accepted);
        town.world.nodes[SHOP].skew = skew;
        town.world.nodes[0].skew = skew;
        town.world.run(5000);
        let decision = town.decide();
        assert_answer(&decision, Answer::Unknown);
        assert!(decision.checks().iter().any(|check| check.reason == Reason::ClockInDoubt));
        let at = town.world.now(SHOP).wall;
        let outcome = town.world.ask(SHOP, Command::Signing { at });
        let Outcome::Refused(Refusal::Clock { .. }) = outcome else { panic!("{outcome:?}") };
        // The witness with the same clock signs no entry; the two others do, and nobody is blamed.
        let keys: Vec<_> = (1..=3).map(|seed| SecretKey::from_seed([seed; 32])).collect();
        let witnesses = publics(&keys);
        let bea = Person::witnessed_by(3, &town.world.network, Some(keys), EPOCH);
        let (log, file) = (bea.log, None);
        let outcome = town.world.ask(super::shop::HOME, Command::Cosign { log, file, witnesses });
        let Outcome::Cosigned(cosigning) = outcome else { panic!("{outcome:?}") };
        assert_eq!(cosigning.signed.len(), 2, "skew {skew}");
        for node in [1, 2, super::shop::NORTH, super::shop::HOME] {
            assert_eq!(town.world.nodes[node].faults, [], "node {node}, skew {skew}");
        }
        // Set right, it goes on where it was.
        town.world.nodes[SHOP].skew = 0;
        town.world.run(5000);
        assert_answer(&town.decide(), Answer::Accepted);
    }
}

/// A small network at this time: a person is made, cosigned, found and kept fresh.
fn live_through(seed: u64, at: Timestamp) -> Option<usize> {
    let mut world = World::new(seed);
    let key = SecretKey::from_seed([1; 32]);
    for _ in 0..4 {
        let node = world.join(Role::Keeper, |config| config.witness = Some(key.clone()));
        world.nodes[node].skew = seconds(at);
        world.restart(node);
    }
    world.mesh();
    world.run(1000);
    let now = world.now(0).wall;
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![key]), now);
    let _outcome = world.ask(0, Command::Publish(ada.publication()));
    world.run(120_000);
    let found = world.find(3, ada.scid(), Freshness::Witnessed { max_age: 600 });
    found.map(|found| found.freshness.len())
}

#[test]
fn the_second_after_31_bits_is_a_second_like_any_other() {
    assert!(live_through(241, Y2038.minus(30)).unwrap() > 0);
}

#[test]
fn at_the_end_of_the_year_9999_nothing_panics() {
    let _whatever = live_through(242, Timestamp::MAX.minus(30));
    let _whatever = live_through(243, Timestamp::MAX);
}

#[test]
fn whoever_signed_in_9999_by_mistake_signs_nothing_until_somebody_looks() {
    let mut world = World::new(244);
    let lone = world.join(Role::Home, |_| {});
    world.nodes[lone].skew = seconds(Timestamp::MAX);
    let at = world.now(lone).wall;
    // With nobody to compare with, any clock will do.
    assert!(matches!(world.ask(lone, Command::Signing { at }), Outcome::Clock(_)));
    world.nodes[lone].skew = 0;
    world.restart(lone);
    let at = world.now(lone).wall;
    let outcome = world.ask(lone, Command::Signing { at });
    let Outcome::Refused(Refusal::Clock { report }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(report.trouble, Some(Trouble::Backwards { signed: Timestamp::MAX }));
}
