//! What a newcomer learns of an identity of which nobody holds a head any more.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::config::Role;
use crate::engine::effect::Effect;
use crate::policy::standing::Fork;
use crate::wire::exchange::{Request, Response};
use std::collections::BTreeMap;

/// Four keepers, of which two learned of one history and two of another, that part after `shared` entries;
/// and the head of the first entry.
fn parted(seed: u64, shared: u64) -> (World, Person, Vec<u8>) {
    let mut world = World::of_keepers(seed, 4);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let first = world.listing(0, &ada.scid()).unwrap().head.clone().unwrap();
    for entry in 1..shared {
        ada.rotate(1, EPOCH.plus(entry));
        let _published = world.ask(0, Command::Publish(ada.publication()));
    }
    world.run(1000);
    for (one, other) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
        world.unlink(one, other);
    }
    let mut thief = ada.clone();
    ada.rotate(2, EPOCH.plus(10));
    thief.rotate(3, EPOCH.plus(20));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let _published = world.ask(2, Command::Publish(thief.publication()));
    world.run(1000);
    world.mesh();
    world.run(90_000);
    for node in 0..4 {
        let listing = world.listing(node, &ada.scid()).unwrap();
        assert_eq!((listing.number, listing.fork), (shared, Fork::Open), "node {node}");
        assert!(listing.head.is_none(), "node {node} holds a head");
    }
    (world, ada, first)
}

/// Somebody who comes later, and is connected with the first three.
fn newcomer(world: &mut World, role: Role) -> usize {
    let late = world.join(role, |_| {});
    (0..3).for_each(|node| world.link(late, node));
    world.run(1000);
    late
}

fn assert_shared(world: &mut World, late: usize, ada: &Person, shared: u64) {
    let found = world.find(late, ada.scid(), Freshness::Held).expect("what both share stands");
    assert_eq!((found.identity.history().number(), found.fork), (shared, Fork::Open));
    assert_eq!((found.head, found.forks.len()), (None, 1));
    let shared = found.identity.history();
    assert!(shared.is_prefix_of(&ada.history));
    assert!(world.nodes.iter().all(|node| node.faults.is_empty()));
}

#[test]
fn who_comes_after_two_histories_finds_what_both_share_and_that_they_part() {
    for (seed, role) in [(400, Role::Keeper), (401, Role::Home)] {
        for dht in [None, Some(BTreeMap::new())] {
            let (mut world, ada, _) = parted(seed, 2);
            world.dht = dht;
            let late = newcomer(&mut world, role);
            assert_shared(&mut world, late, &ada, 2);
            // It keeps both, and finds them again without anybody.
            world.restart(late);
            assert_shared(&mut world, late, &ada, 2);
        }
    }
}

#[test]
fn a_head_from_before_in_the_dht_hides_neither_the_fork_nor_what_both_share() {
    let (mut world, ada, first) = parted(402, 3);
    let holder = world.nodes[3].peer.clone();
    world.dht = Some(BTreeMap::from([(ada.scid(), (holder, first))]));
    let late = newcomer(&mut world, Role::Keeper);
    assert_shared(&mut world, late, &ada, 3);
}

#[test]
fn a_head_of_one_side_that_only_the_dht_has_leads_to_whoever_knows_what_stands() {
    let (mut world, mut ada, _) = parted(403, 2);
    let holder = world.nodes[3].peer.clone();
    world.dht = Some(BTreeMap::from([(ada.scid(), (holder, ada.head()))]));
    // Whom it is connected with knows nothing.
    let stranger = world.join(Role::Keeper, |_| {});
    let late = world.join(Role::Keeper, |_| {});
    world.link(late, stranger);
    assert_shared(&mut world, late, &ada, 2);
}

#[test]
fn one_peer_that_withholds_the_log_hides_nothing() {
    for liar in 0..3 {
        let (mut world, ada, _) = parted(404, 2);
        world.nodes[liar].lie = Some(|request, response| match request {
            Request::Log(_) => Response::Nothing,
            _ => response,
        });
        let late = newcomer(&mut world, Role::Keeper);
        assert_shared(&mut world, late, &ada, 2);
    }
}

#[test]
fn peers_of_an_older_version_have_nothing_to_say_and_are_not_at_fault() {
    let (mut world, ada, _) = parted(405, 2);
    for node in 0..3 {
        world.nodes[node].knows = Some(|request| !matches!(request, Request::Forks(_)));
    }
    let late = newcomer(&mut world, Role::Keeper);
    let command = Command::Find { scid: ada.scid(), freshness: Freshness::Held };
    let outcome = world.ask(late, command);
    assert!(matches!(outcome, Outcome::NotFound { paths: 3 }), "{outcome:?}");
    assert!(world.nodes[late].faults.is_empty());
}

#[test]
fn a_log_without_a_head_is_pulled_of_nobody_who_does_not_matter_here() {
    let (mut world, ada, _) = parted(406, 2);
    world.trace.clear();
    let late = newcomer(&mut world, Role::Keeper);
    world.run(200_000);
    let asks = |(node, effect): &(usize, Effect)| match effect {
        Effect::Request { bytes, .. } => {
            *node == late && matches!(Request::parse(bytes), Ok(Request::Log(_)))
        }
        _ => false,
    };
    assert!(!world.trace.iter().any(asks));
    assert_eq!(world.listing(late, &ada.scid()), None);
    // Who is watched matters: it is looked for at once.
    let _done = world.ask(late, Command::Watch { scids: [ada.scid()].into() });
    world.run(5000);
    assert_eq!(world.listing(late, &ada.scid()).map(|it| it.fork), Some(Fork::Open));
}

#[test]
fn who_let_go_of_the_log_and_kept_the_proof_pulls_the_log_again() {
    let (mut world, ada, _) = parted(407, 2);
    let engine = &mut world.nodes[1].engine;
    engine.directory.remove(&ada.scid());
    engine.shelf.remove(&ada.scid());
    assert_shared(&mut world, 1, &ada, 2);
}
