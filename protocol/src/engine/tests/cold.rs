//! Logs that are on the disk alone: what it costs to ask for one, and what a witness makes of one.

use super::keeping::{seek, witness};
use super::pace::stranger;
use super::person::{EPOCH, Person};
use super::world::World;
use crate::did::Scid;
use crate::did::log::witness::{File, cosign};
use crate::engine::command::{Command, Outcome};
use crate::engine::config::Role;
use crate::engine::effect::{Effect, Fault, Load};
use crate::engine::event::Event;
use crate::key::SecretKey;
use crate::wire::exchange::{Request, Response, want};
use crate::wire::peer::Peer;
use std::sync::Arc;

/// Somebody with a log of so many entries, eight a day until today.
fn with_entries(world: &World, seed: u64, entries: u64) -> Person {
    let at = |entry: u64| EPOCH.minus((entries - entry) * 3 * 3600);
    let mut person = Person::witnessed_by(seed, &world.network, None, at(1));
    (2..=entries).for_each(|entry| person.rotate(1, at(entry)));
    person
}

fn asks(world: &mut World, peer: &Peer, token: u64, scid: Scid, have: u64) {
    let bytes = Request::Log(want::Log { scid, have }).to_bytes();
    world.give(0, Event::Request { token, peer: peer.clone(), bytes });
}

#[test]
fn a_log_that_is_asked_for_again_before_the_disk_answered_is_verified_once() {
    let mut world = World::of_keepers(700, 1);
    let mut ada = with_entries(&world, 1, 5);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let (scid, peer) = (ada.scid(), stranger(&mut world, 0, 70));
    world.nodes[0].engine.shelf.remove(&scid);
    world.trace.clear();
    (0..32).for_each(|token| asks(&mut world, &peer, 1000 + token, scid, 0));
    let loads = world.trace.iter().filter_map(|(_, effect)| match effect {
        Effect::Load { id, what: Load::Log(_) } => Some(*id),
        _ => None,
    });
    let loads: Vec<u64> = loads.collect();
    assert_eq!(loads.len(), 32);
    let loaded = world.nodes[0].disk.load(&Load::Log(scid));
    world.give(0, Event::Loaded { id: loads[0], loaded });
    let verified = world.nodes[0].engine.shelf.get(&scid).unwrap();
    world.run(10);
    let shelved = world.nodes[0].engine.shelf.get(&scid).unwrap();
    assert!(Arc::ptr_eq(&verified, &shelved), "it was verified again");
    let answers = world.trace.iter().filter_map(|(_, effect)| match effect {
        Effect::Respond { token: 1000..1032, bytes } => Response::parse(bytes).ok(),
        _ => None,
    });
    let given = answers.filter(|it| matches!(it, Response::Log(log) if log.lines == ada.log));
    assert_eq!(given.count(), 32);
}

#[test]
fn a_log_from_the_disk_costs_as_much_as_is_verified_and_one_at_hand_costs_one() {
    let mut world = World::of_keepers(701, 1);
    let mut ada = with_entries(&world, 1, 60);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let (scid, have) = (ada.scid(), 60);
    // The disk is given no time to answer, so that what is cold stays cold.
    let taken = |world: &mut World, seed: u8| {
        let peer = stranger(world, 0, seed);
        world.trace.clear();
        (0..1000).for_each(|token| asks(world, &peer, token, scid, have));
        let greedy = |(_, effect): &&(usize, Effect)| {
            matches!(effect, Effect::Penalise { fault: Fault::Greedy, .. })
        };
        1000 - world.trace.iter().filter(greedy).count()
    };
    assert_eq!(taken(&mut world, 71), 1000);
    world.nodes[0].engine.shelf.remove(&scid);
    let price = 1 + ada.log.len() / 8192;
    assert!(price >= 8, "{price}");
    assert_eq!(taken(&mut world, 72), 2048 / price);
}

#[test]
fn a_newcomer_that_pulls_long_logs_from_a_disk_asks_for_no_more_than_it_is_given() {
    let mut world = World::of_keepers(702, 1);
    let mut people: Vec<_> = (0..20).map(|seed| with_entries(&world, seed, 60)).collect();
    for person in &mut people {
        let _published = world.ask(0, Command::Publish(person.publication()));
    }
    world.restart(0);
    let late = world.join(Role::Keeper, |_| {});
    world.mesh();
    // As if it had pulled for some time.
    let now_ms = world.now_ms;
    let peers = [0, late].map(|node| world.nodes[node].peer.clone());
    assert!(world.nodes[0].engine.peers.spend(&peers[1], 2048 - 260, now_ms));
    assert!(world.nodes[late].engine.peers.may_pull(&peers[0], 1024 - 60, now_ms));
    world.run(10_000);
    let held = people.iter().filter(|person| world.listing(late, &person.scid()).is_some());
    assert_eq!(held.count(), people.len());
    assert_eq!((&world.nodes[late].faults, &world.nodes[0].faults), (&vec![], &vec![]));
}

/// Has one of the witnesses alone sign the newest entry.
fn signed_by(person: &mut Person, key: &SecretKey) {
    let mut file = File::default();
    let version = person.history.version_id();
    let _witness = file.add(version, &cosign(version, key, EPOCH)).unwrap();
    person.witnesses = Some(file.to_bytes());
}

/// A witness that heard of somebody's log of so many entries, which another witness cosigned, and started
/// anew; that somebody when there were two entries, with all of them, and a thief's second entry.
fn heard(seed: u64, entries: u64) -> (World, usize, [Person; 3]) {
    let mut world = World::new(seed);
    world.join(Role::Keeper, |config| config.witness = Some(witness(1)));
    world.join(Role::Keeper, |_| {});
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let rule = Some(vec![witness(1), witness(2)]);
    let mut ada = Person::witnessed_by_some(1, &world.network, rule, 1, EPOCH);
    let mut thief = ada.clone();
    thief.rotate(2, EPOCH.plus(10));
    ada.rotate(1, EPOCH.plus(10));
    signed_by(&mut ada, &witness(2));
    let two = ada.clone();
    (2..entries).for_each(|entry| ada.rotate(1, EPOCH.plus(10 + entry)));
    signed_by(&mut ada, &witness(2));
    let _published = world.ask(1, Command::Publish(ada.publication()));
    world.run(1000);
    assert_eq!(world.listing(0, &ada.scid()).unwrap().number, entries);
    world.restart(0);
    world.mesh();
    world.run(1000);
    assert!(!world.nodes[0].engine.shelf.has(&ada.scid()), "it is on the disk alone");
    (world, home, [two, ada, thief])
}

fn cosigns(world: &mut World, home: usize, person: &Person) -> bool {
    let Outcome::Cosigned(cosigned) = seek(world, home, person, &[witness(1)]) else { panic!() };
    assert_eq!(cosigned.proofs.len() + cosigned.refused as usize, 1, "{cosigned:?}");
    cosigned.proofs.len() == 1
}

#[test]
fn a_witness_that_started_anew_cosigns_no_sibling_of_what_it_holds_and_never_signed() {
    for entries in [2, 3] {
        let (mut world, home, [two, ada, thief]) = heard(703 + entries, entries);
        assert!(!cosigns(&mut world, home, &thief), "{entries}");
        assert!(world.nodes[0].disk.cosigned.is_empty(), "{entries}");
        assert_eq!(world.nodes[0].disk.forks.len(), 1, "the proof is kept: {entries}");
        world.nodes[0].engine.shelf.remove(&ada.scid());
        assert!(!cosigns(&mut world, home, &thief), "{entries}");
        // What is part of it is cosigned, and what continues it.
        let mut next = ada.clone();
        next.rotate(1, EPOCH.plus(20));
        for theirs in [two, ada, next] {
            world.nodes[0].engine.shelf.remove(&theirs.scid());
            assert!(cosigns(&mut world, home, &theirs), "{entries}");
        }
    }
}

#[test]
fn a_witness_whose_disk_cannot_say_what_it_holds_cosigns_nothing_beside_it() {
    let (mut world, home, [_, ada, thief]) = heard(707, 2);
    drop(world.nodes[0].disk.logs.remove(&ada.scid()));
    assert!(!cosigns(&mut world, home, &thief));
    assert!(world.nodes[0].disk.cosigned.is_empty());
}
