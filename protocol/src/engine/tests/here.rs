//! What a page is told: at once, from here, whatever peers do.

use super::person::Person;
use super::statuses::{North, attested};
use super::world::World;
use crate::did::Scid;
use crate::engine::command::{Command, Freshness, Outcome, Refusal};
use crate::engine::config::Role;
use crate::engine::effect::Effect;
use crate::status::ledger::State;
use crate::wire::exchange::Request;

/// Takes every question of this node's, and answers none.
fn silence_all_but(world: &mut World, node: usize) {
    for other in (0..world.nodes.len()).filter(|other| *other != node) {
        world.nodes[other].killed = true;
    }
}

/// Gives a command and lets the disk answer, which takes a millisecond each time; nobody else can.
fn at_once(world: &mut World, node: usize, command: Command) -> Outcome {
    let id = world.command(node, command);
    world.run(5);
    world.nodes[node].answers.remove(&id).expect("it waits for somebody")
}

fn status(world: &mut World, node: usize, north: &North) -> Option<State> {
    let issuer = north.person.scid();
    match at_once(world, node, Command::StatusHere { issuer, list: 1 }) {
        Outcome::Status(state) => Some(*state),
        Outcome::Refused(Refusal::UnknownList) => None,
        other => panic!("{other:?}"),
    }
}

/// Counts how many peers a node asked for an identity from effect `from` on.
fn asked(world: &World, node: usize, scid: &Scid, from: usize) -> usize {
    let asks = |(who, effect): &&(usize, Effect)| match effect {
        Effect::Request { bytes, .. } if *who == node => matches!(
            Request::parse(bytes),
            Ok(Request::Heads(wanted)) if wanted.scids.contains(scid)
        ),
        _ => false,
    };
    world.trace.iter().skip(from).filter(asks).count()
}

#[test]
fn what_is_held_is_told_while_no_peer_answers_anything() {
    let (mut world, mut north) = attested(61);
    let revoked = north.sign(&[7], 2);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(1000);
    silence_all_but(&mut world, 5);
    let scid = north.person.scid();
    let find = Command::Find { scid, freshness: Freshness::Here };
    let outcome = at_once(&mut world, 5, find);
    assert!(matches!(&outcome, Outcome::Found(found) if found.scid == scid), "{outcome:?}");
    assert_eq!(status(&mut world, 5, &north).unwrap().is_set(7), Some(true));
    let hash = crate::encoding::multihash::sha256(&north.list);
    let Outcome::Body(body) = at_once(&mut world, 5, Command::BodyHere { hash }) else { panic!() };
    assert_eq!(body, Some(north.list));
}

#[test]
fn what_is_not_held_is_said_at_once_and_looked_for_behind_the_answer() {
    let (mut world, north) = attested(62);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(10);
    let quiet = world.nodes.iter().map(|node| node.killed).collect::<Vec<_>>();
    silence_all_but(&mut world, home);
    let scid = north.person.scid();
    let find = Command::Find { scid, freshness: Freshness::Here };
    let mut asks = Vec::new();
    for _ in 0..2 {
        let before = world.trace.len();
        let outcome = at_once(&mut world, home, find.clone());
        assert!(matches!(outcome, Outcome::NotFound { paths: 0 }), "{outcome:?}");
        assert!(status(&mut world, home, &north).is_none());
        let hash = [1; 32];
        let body = at_once(&mut world, home, Command::BodyHere { hash });
        assert!(matches!(body, Outcome::Body(None)), "{body:?}");
        asks.push(asked(&world, home, &scid, before));
    }
    assert!(asks[0] > 0, "nobody is looking for it");
    assert_eq!(asks[1], 0, "a question is under way already");
    // Those who were silent answer again: now the next look has it.
    for (node, killed) in world.nodes.iter_mut().zip(quiet) {
        node.killed = killed;
    }
    world.run(60_000);
    let _begun = at_once(&mut world, home, find.clone());
    world.run(5000);
    let outcome = at_once(&mut world, home, find);
    assert!(matches!(outcome, Outcome::Found(_)), "{outcome:?}");
    let _begun = status(&mut world, home, &north);
    world.run(5000);
    assert!(status(&mut world, home, &north).is_some());
}

#[test]
fn an_identity_nobody_knows_is_told_at_once_as_not_known() {
    let mut world = World::of_keepers(63, 4);
    let nobody = Person::new(9, &world.network);
    silence_all_but(&mut world, 0);
    let find = Command::Find { scid: nobody.scid(), freshness: Freshness::Here };
    let outcome = at_once(&mut world, 0, find);
    assert!(matches!(outcome, Outcome::NotFound { paths: 0 }), "{outcome:?}");
}

#[test]
fn after_a_start_a_list_is_told_as_the_disk_has_it_with_what_was_taken_back() {
    let (mut world, mut north) = attested(64);
    let revoked = north.sign(&[7], 2);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(1000);
    world.restart(5);
    silence_all_but(&mut world, 5);
    let state = status(&mut world, 5, &north).unwrap();
    assert_eq!((state.is_set(7), state.is_set(8)), (Some(true), Some(false)));
}
