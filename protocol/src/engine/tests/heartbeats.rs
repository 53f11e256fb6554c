//! How often word that a list still stands is passed on.

use super::statuses::{North, attested};
use super::world::World;
use crate::engine::command::Outcome;
use crate::engine::effect::Effect;
use crate::status::statement::Statement;
use crate::verdict::Verdict;

/// Publishes a statement and lets it travel for a moment.
fn tell(world: &mut World, north: &North, statement: &Statement) {
    let outcome = north.publish(world, statement, false);
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(900);
}

/// Gives the second it is, counted from the first.
fn second(world: &World) -> u64 {
    world.now_ms / 1000
}

/// Counts the messages a node passed on from effect `from` on.
fn passed_on(world: &World, node: usize, from: usize) -> usize {
    let passes = |(who, effect): &&(usize, Effect)| {
        *who == node && matches!(effect, Effect::Judge { verdict: Verdict::Accept, .. })
    };
    world.trace.iter().skip(from).filter(passes).count()
}

fn as_of(world: &World, north: &North) -> u64 {
    let list = world.nodes[5].engine.statuses.known(&north.person.scid(), 1);
    list.unwrap().as_of().since(super::person::EPOCH)
}

#[test]
fn a_heartbeat_a_second_is_passed_on_once_a_minute_and_costs_who_brings_it_nothing() {
    let (mut world, mut north) = attested(81);
    world.run(60_000);
    let before = world.trace.len();
    let began = second(&world);
    while second(&world) < began + 121 {
        let beat = north.sign(&[], second(&world));
        tell(&mut world, &north, &beat);
        // Whoever wants it young has it a minute old at most.
        assert!(second(&world) - as_of(&world, &north) <= 62);
    }
    for node in 1..6 {
        let passed = passed_on(&world, node, before);
        assert!((2..=3).contains(&passed), "node {node} passed on {passed}");
        assert!(world.nodes[node].faults.is_empty(), "{:?}", world.nodes[node].faults);
        assert!(!world.nodes[node].verdicts.contains(&Verdict::Reject));
    }
}

#[test]
fn heartbeats_of_every_quarter_of_an_hour_are_all_passed_on() {
    let (mut world, mut north) = attested(82);
    for _ in 0..4 {
        world.run(900_000);
        let before = world.trace.len();
        let issued = second(&world);
        let beat = north.sign(&[], issued);
        tell(&mut world, &north, &beat);
        assert_eq!(as_of(&world, &north), issued);
        assert!((1..6).all(|node| passed_on(&world, node, before) == 1));
    }
}

#[test]
fn what_takes_back_and_the_heartbeat_behind_it_are_passed_on_at_once() {
    let (mut world, mut north) = attested(83);
    world.run(60_000);
    let mut say = |world: &mut World, flips: &[u64]| {
        let before = world.trace.len();
        let statement = north.sign(flips, second(world));
        tell(world, &north, &statement);
        (1..6).filter(|node| passed_on(world, *node, before) == 1).count()
    };
    assert_eq!(say(&mut world, &[]), 5);
    for index in [7, 8, 9] {
        assert_eq!(say(&mut world, &[index]), 5, "{index} was taken back");
        assert_eq!(say(&mut world, &[]), 5, "whoever missed it learns of it");
        assert_eq!(say(&mut world, &[]), 0, "nobody learns anything");
    }
    let list = world.nodes[5].engine.statuses.known(&north.person.scid(), 1);
    assert!([7, 8, 9].iter().all(|index| list.unwrap().is_set(*index) == Some(true)));
}

#[test]
fn two_heartbeats_of_one_minute_that_cannot_both_be_true_are_proved_to_all() {
    let (mut world, mut north) = attested(84);
    world.run(60_000);
    let scid = north.person.scid();
    let beat = north.sign(&[], second(&world));
    tell(&mut world, &north, &beat);
    let twisted = twisted(&beat, &north);
    world.gossip(1, 2, "/countersign/test/1/status", &twisted);
    world.run(3000);
    for node in &world.nodes {
        assert!(node.disk.forks.values().any(|(about, _)| *about == scid));
    }
}

/// The same word about other bits, signed by the same attestor a second later.
fn twisted(beat: &Statement, north: &North) -> Vec<u8> {
    let mut body = beat.body().clone();
    body.bits = [1; 32];
    body.issued = body.issued.plus(1);
    body.seal("test", &north.person.assertion())
}
