//! Changes of a status list that gossip did not bring.

use super::statuses::{North, attested, status};
use super::world::World;
use crate::engine::command::Command;
use crate::engine::config::Role;
use crate::engine::effect::{Change, Effect, Notice};
use crate::engine::event::{Event, Prefix};
use crate::key::SecretKey;
use crate::status::statement::Statement;
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, Response, give};
use crate::wire::peer::Peer;
use std::collections::BTreeSet;

#[test]
fn a_gap_is_pulled_from_whoever_showed_it() {
    let (mut world, mut north) = attested(51);
    world.lossy = 100;
    for index in 0..5 {
        let lost = north.sign(&[index], 10 + index);
        let _published = north.publish(&mut world, &lost, false);
    }
    world.lossy = 0;
    world.run(500);
    let heard = north.sign(&[100], 20);
    let _published = north.publish(&mut world, &heard, false);
    world.run(2000);
    for node in 0..6 {
        let state = status(&mut world, node, &north, 3600).unwrap();
        assert_eq!((state.sequence(), state.is_set(3)), (6, Some(true)), "node {node}");
    }
}

#[test]
fn who_missed_a_revocation_learns_of_it_however_young_its_own_word_is() {
    let (mut world, mut north) = attested(57);
    let (restarted, cut_off) = (4, 5);
    for node in [restarted, cut_off] {
        assert_eq!(status(&mut world, node, &north, 3600).unwrap().is_set(7), Some(false));
        for other in (0..6).filter(|other| *other != node) {
            world.unlink(node, other);
        }
    }
    let taken = north.sign(&[7], 10);
    let _published = north.publish(&mut world, &taken, false);
    world.run(1000);
    // One is started again, the other was only without its line; both would do with an hour's word.
    world.restart(restarted);
    world.mesh();
    world.run(5000);
    for node in [restarted, cut_off] {
        let state = status(&mut world, node, &north, 3600).unwrap();
        assert_eq!(state.is_set(7), Some(true), "node {node}");
    }
}

#[test]
fn whoever_watches_an_attestor_is_told_what_was_taken_back_while_it_was_off() {
    let (mut world, mut north) = attested(67);
    let issuer = north.person.scid();
    for other in (0..6).filter(|other| *other != 4) {
        world.unlink(4, other);
    }
    let taken = north.sign(&[7], 10);
    let _published = north.publish(&mut world, &taken, false);
    world.run(1000);
    world.restart(4);
    world.trace.clear();
    let _id = world.command(4, Command::Watch { scids: [issuer].into() });
    world.mesh();
    // With the keepers that connect, or a minute later at most; nobody asks for the list.
    world.run(70_000);
    let told = |(node, effect): &(usize, Effect)| match effect {
        Effect::Notify(Notice::Status { issuer: whose, flipped, .. }) => {
            *node == 4 && *whose == issuer && *flipped == [7]
        }
        _ => false,
    };
    assert!(world.trace.iter().any(told));
}

#[test]
fn who_missed_a_revocation_learns_of_it_from_one_that_holds_only_the_list_after_it() {
    for asks_itself in [true, false] {
        let mut world = World::of_keepers(63, 2);
        let mut north = North::new(&world);
        let _published = world.ask(0, Command::Publish(north.person.publication()));
        world.run(1000);
        let first = north.sign(&[], 1);
        let _published = north.publish(&mut world, &first, true);
        world.run(2000);
        assert_eq!(status(&mut world, 1, &north, 3600).unwrap().is_set(7), Some(false));
        world.unlink(0, 1);
        // More than the statements that are kept: North's node begins anew with the whole list.
        for index in 0..70 {
            let taken = north.sign(&[index], 10 + index);
            north.sign_list(10 + index);
            let _published = north.publish(&mut world, &taken, true);
        }
        world.mesh();
        if asks_itself {
            world.run(70_000);
        } else {
            let heartbeat = north.sign(&[], 100);
            let _published = north.publish(&mut world, &heartbeat, true);
            world.run(2000);
        }
        let state = status(&mut world, 1, &north, 3600).unwrap();
        assert_eq!((state.sequence(), state.is_set(69)), (70, Some(true)), "{asks_itself}");
    }
}

#[test]
fn a_list_of_ones_own_stays_while_statements_lead_on_from_it() {
    let (mut world, mut north) = attested(64);
    let lists = |world: &World| {
        let saved = |effect: &Effect| matches!(effect, Effect::Save(Change::List { .. }));
        world.trace.iter().filter(|(node, effect)| *node == 0 && saved(effect)).count()
    };
    world.trace.clear();
    for index in 0..64 {
        let taken = north.sign(&[index], 10 + index);
        north.sign_list(10 + index);
        let _published = north.publish(&mut world, &taken, true);
        assert_eq!(lists(&world), usize::from(index == 63), "after change {index}");
    }
    north.sign_list(90_000);
    let heartbeat = north.sign(&[], 90_000);
    let _published = north.publish(&mut world, &heartbeat, true);
    assert_eq!(lists(&world), 2, "a day later");
}

#[test]
fn a_gap_that_its_teller_does_not_close_is_asked_about_once() {
    let (mut world, mut north) = attested(65);
    let _never_told = north.sign(&[1], 5);
    let after = north.sign(&[2], 6);
    let liar = Peer::of(&SecretKey::from_seed([8; 32]).public());
    world.give(1, Event::Connected { peer: liar.clone(), prefix: Prefix(88), outbound: false });
    let topic = format!("/countersign/{}/1/status", world.network.id());
    world.trace.clear();
    let bytes = after.sealed().to_vec();
    world.give(1, Event::Gossip { token: 7_777_777, peer: liar.clone(), topic, bytes });
    let empty = give::Status { statements: Vec::new(), list: None };
    let mut answered = 0;
    loop {
        let mut open = world.trace.iter().filter_map(|(_, effect)| match effect {
            Effect::Request { id, peer, bytes } if *peer == liar => {
                let asked = Request::parse(bytes).unwrap();
                matches!(asked, Request::Status(_)).then_some(*id)
            }
            _ => None,
        });
        let Some(id) = open.next_back() else { break };
        world.trace.clear();
        answered += 1;
        let outcome = Ok(Response::Status(empty.clone()).to_bytes());
        world.give(1, Event::Response { id, outcome });
    }
    assert_eq!(answered, 1);
    assert_eq!(world.nodes[1].verdicts.last(), Some(&Verdict::Ignore));
}

#[test]
fn what_is_pulled_while_the_attestors_keys_are_read_again_is_not_lost() {
    let (mut world, mut north) = attested(66);
    for other in (0..6).filter(|other| *other != 5) {
        world.unlink(5, other);
    }
    let taken = north.sign(&[7], 10);
    let _published = north.publish(&mut world, &taken, false);
    world.run(1000);
    world.nodes[5].engine.issuer_changed(&north.person.scid());
    world.mesh();
    world.run(5000);
    assert_eq!(status(&mut world, 5, &north, 3600).unwrap().is_set(7), Some(true));
}

/// A shop that knows North, and a keeper that was away when North took something back and tells what it holds.
/// Gives the last word the keeper heard, too.
fn late_shop_and_stale_keeper(seed: u64) -> (World, North, usize, Statement) {
    let (mut world, mut north) = attested(seed);
    let heard = north.sign(&[], 2);
    let _published = north.publish(&mut world, &heard, false);
    world.run(1000);
    world.offline(STALE);
    let revoked = north.sign(&[7], 3);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(1000);
    world.restart(STALE);
    let shop = world.join(Role::Keeper, |_| {});
    world.link(shop, STALE);
    world.run(2000);
    let trust = BTreeSet::from([north.person.scid()]);
    let _done = world.ask(shop, Command::Trust { attestors: trust });
    (world, north, shop, heard)
}

const STALE: usize = 5;

#[test]
fn a_list_that_one_peer_told_of_is_asked_of_others_before_it_is_relied_on() {
    let (mut world, north, shop, _) = late_shop_and_stale_keeper(570);
    // Nobody else is there: its word is all there is.
    let state = status(&mut world, shop, &north, 3600).unwrap();
    assert_eq!(state.is_set(7), Some(false));
    for honest in 0..4 {
        world.link(shop, honest);
    }
    let state = status(&mut world, shop, &north, 3600).unwrap();
    assert_eq!((state.sequence(), state.is_set(7)), (1, Some(true)));
    // Now it is no word of one any more, and nobody is asked about what is young enough.
    world.run(1000);
    world.trace.clear();
    let _state = status(&mut world, shop, &north, 3600).unwrap();
    assert!(!world.trace.iter().any(|(at, it)| *at == shop && asks_for_list(it)));
}

#[test]
fn whoever_wants_a_list_while_one_peer_is_asked_for_it_hears_others_too() {
    let (mut world, north, shop, heard) = late_shop_and_stale_keeper(571);
    for honest in 0..4 {
        world.link(shop, honest);
    }
    let topic = format!("/countersign/{}/1/status", world.network.id());
    world.trace.clear();
    world.gossip(STALE, shop, &topic, heard.sealed());
    while !world.trace.iter().any(|(at, it)| *at == shop && asks_for_list(it)) {
        world.run(1);
    }
    let state = status(&mut world, shop, &north, 3600).unwrap();
    assert_eq!((state.sequence(), state.is_set(7)), (1, Some(true)));
}

fn asks_for_list(effect: &Effect) -> bool {
    match effect {
        Effect::Request { bytes, .. } => matches!(Request::parse(bytes), Ok(Request::Status(_))),
        _ => false,
    }
}
