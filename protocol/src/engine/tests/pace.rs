//! How much of one identity the others pass on, fetch and keep.

use super::person::{EPOCH, Person};
use super::statuses::{North, status};
use super::world::World;
use crate::engine::command::{Command, Outcome};
use crate::engine::effect::{Effect, Fault};
use crate::engine::event::{Event, Prefix};
use crate::key::SecretKey;
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::{Deposit, Reason};
use crate::wire::exchange::{Request, Response};
use crate::wire::peer::Peer;

/// What a node answers to somebody at its door.
pub(super) fn answer(world: &mut World, node: usize, peer: &Peer, request: &Request) -> Response {
    let (token, peer, bytes) = (u64::MAX, peer.clone(), request.to_bytes());
    let from = world.trace.len();
    world.give(node, Event::Request { token, peer, bytes });
    world.run(100);
    let answers = world.trace.iter().skip(from).find_map(|(_, effect)| match effect {
        Effect::Respond { token: u64::MAX, bytes } => Some(Response::parse(bytes).unwrap()),
        _ => None,
    });
    answers.unwrap()
}

/// Somebody nobody knows, connected to `node`.
pub(super) fn stranger(world: &mut World, node: usize, seed: u8) -> Peer {
    let peer = Peer::of(&SecretKey::from_seed([seed; 32]).public());
    let prefix = Prefix(1000 + u64::from(seed));
    world.give(node, Event::Connected { peer: peer.clone(), prefix, outbound: false });
    peer
}

/// Publishes a hundred showcases in ten seconds, and gives what each of the others passed on and fetched.
fn hundred(world: &mut World, ada: &mut Person) -> Vec<(usize, usize)> {
    let from = world.trace.len();
    for number in 0..100 {
        ada.show(&format!("{{\"number\":{number}}}"));
        let _id = world.command(0, Command::Publish(ada.publication()));
        world.run(100);
    }
    world.run(1000);
    let count = |node: usize, is: fn(&Effect) -> bool| {
        world.trace.iter().skip(from).filter(|(who, effect)| *who == node && is(effect)).count()
    };
    let passes = |effect: &Effect| matches!(effect, Effect::Judge { verdict: Verdict::Accept, .. });
    let fetches = |effect: &Effect| match effect {
        Effect::Request { bytes, .. } => matches!(Request::parse(bytes), Ok(Request::Body(_))),
        _ => false,
    };
    (1..6).map(|node| (count(node, passes), count(node, fetches))).collect()
}

#[test]
fn of_a_hundred_heads_in_ten_seconds_some_are_passed_on_and_the_newest_arrives() {
    let mut world = World::of_keepers(600, 6);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    for (passed, fetched) in hundred(&mut world, &mut ada) {
        assert!((40..=65).contains(&passed), "{passed} were passed on");
        assert!(fetched <= 65, "{fetched} showcases were fetched");
    }
    assert!(world.holders(&ada.scid(), 1, 101) < 6);
    world.run(1_200_000);
    assert_eq!(world.holders(&ada.scid(), 1, 101), 6, "reconciliation brings the newest");
    for node in &world.nodes {
        assert!(node.faults.is_empty(), "{:?}", node.faults);
        assert!(!node.verdicts.contains(&Verdict::Reject));
    }
}

#[test]
fn whoever_sends_heads_without_end_cannot_hold_up_the_rotation_that_ends_it() {
    let mut world = World::of_keepers(601, 6);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let _counts = hundred(&mut world, &mut ada);
    ada.rotate(1, EPOCH.plus(10));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    assert_eq!(world.holders(&ada.scid(), 2, 102), 6);
}

/// North with a list that two keepers follow.
fn listed(seed: u64) -> (World, North) {
    let mut world = World::of_keepers(seed, 2);
    let mut north = North::new(&world);
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    let first = north.sign(&[], 1);
    let _published = north.publish(&mut world, &first, true);
    world.run(2000);
    (world, north)
}

#[test]
fn changes_of_a_list_pile_up_to_a_bound_and_a_whole_list_takes_their_place() {
    let (mut world, mut north) = listed(602);
    let scid = north.person.scid();
    for index in 0..600 {
        let statement = north.sign(&[index], 2 + index / 100);
        let _published = north.publish(&mut world, &statement, false);
        world.run(100);
    }
    let kept = world.nodes[1].disk.changes(&scid, 1);
    assert!((256..=512).contains(&kept), "{kept} changes are kept");
    // Its attestor signs the whole of it, as it should have long before.
    north.sign_list(60);
    let beat = north.sign(&[], 70);
    let _published = north.publish(&mut world, &beat, true);
    world.run(130_000);
    let state = status(&mut world, 1, &north, 3600).unwrap();
    assert_eq!((state.sequence(), state.is_set(599)), (600, Some(true)));
    assert_eq!(world.nodes[1].disk.changes(&scid, 1), 0);
}

#[test]
fn a_way_that_grows_long_is_made_short_before_it_meets_the_bound() {
    let (mut world, mut north) = listed(603);
    let scid = north.person.scid();
    for index in 0..200 {
        let statement = north.sign(&[index], 2 + index / 100);
        north.sign_list(2 + index / 100);
        let _published = north.publish(&mut world, &statement, true);
        world.run(100);
        let state = world.nodes[1].engine.statuses.known(&scid, 1).unwrap();
        assert_eq!(state.is_set(index), Some(true), "what takes back waits for nothing");
    }
    world.run(2000);
    let kept = world.nodes[1].disk.changes(&scid, 1);
    assert!(kept < 128, "{kept} changes are kept though a list with most of them is there");
}

#[test]
fn a_deposit_whose_head_is_not_in_its_log_costs_a_little() {
    let mut world = World::of_keepers(604, 1);
    let peer = stranger(&mut world, 0, 60);
    let ada = Person::new(1, &world.network);
    let deposit = |head: Vec<u8>| {
        let log = ada.log.clone();
        Request::Deposit(Deposit { after: None, log, witness: None, head, showcase: None })
    };
    let strange = deposit(ada.head_after(1, |head| head.version_digest = [9; 32]));
    let refused = answer(&mut world, 0, &peer, &strange);
    assert!(matches!(refused, Response::Refusal(Reason::Invalid)), "{refused:?}");
    assert_eq!(world.nodes[0].faults, [(peer.clone(), Fault::Withheld)]);
    let kept = answer(&mut world, 0, &peer, &deposit(ada.head_with(1)));
    assert!(matches!(kept, Response::Receipt(_)), "{kept:?}");
    assert_eq!(world.nodes[0].faults.len(), 1);
}

#[test]
fn long_logs_use_up_a_peers_share_sooner_than_short_ones() {
    let mut world = World::of_keepers(605, 1);
    let ada = Person::new(1, &world.network);
    let taken = |world: &mut World, seed: u8, log: &[u8]| {
        let peer = stranger(world, 0, seed);
        let (log, head) = (log.to_vec(), ada.head_with(1));
        let deposit = Deposit { after: None, log, witness: None, head, showcase: None };
        let request = Request::Deposit(deposit).to_bytes();
        let from = world.trace.len();
        for token in 0..100 {
            let (peer, bytes) = (peer.clone(), request.clone());
            world.give(0, Event::Request { token, peer, bytes });
        }
        let greedy = |(_, effect): &&(usize, Effect)| {
            matches!(effect, Effect::Penalise { fault: Fault::Greedy, .. })
        };
        100 - world.trace.iter().skip(from).filter(greedy).count()
    };
    assert_eq!(taken(&mut world, 61, &ada.log), 100);
    assert_eq!(taken(&mut world, 62, &vec![b' '; 1 << 20]), 15);
}

#[test]
fn the_mesh_hears_of_all_faults_together_and_of_what_time_forgives() {
    let mut world = World::of_keepers(607, 1);
    let peer = Peer::of(&SecretKey::from_seed([63; 32]).public());
    let prefix = Prefix::RELAYED;
    world.give(0, Event::Connected { peer: peer.clone(), prefix, outbound: false });
    for token in 1..=2 {
        world.give(0, Event::Request { token, peer: peer.clone(), bytes: vec![0xff] });
    }
    world.run(590_000);
    let told = world.trace.iter().filter_map(|(_, effect)| match effect {
        Effect::Penalise { cost, .. } | Effect::Forgive { cost, .. } => Some(*cost),
        _ => None,
    });
    let told: Vec<u32> = told.collect();
    assert!(told.starts_with(&[25, 50]), "{told:?}");
    assert!(told.contains(&40) && told.iter().filter(|cost| **cost == 0).count() == 1, "{told:?}");
    assert_eq!(told.last(), Some(&0));
}

#[test]
fn what_a_profile_says_is_fetched_as_often_as_somebody_may_write_it() {
    let outcome = |world: &mut World, profile: Vec<u8>, scid| {
        world.ask(0, Command::PublishProfile { scid, profile })
    };
    let mut world = World::of_keepers(606, 3);
    let mut north = North::new(&world);
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    world.run(1000);
    let from = world.trace.len();
    for second in 0..40 {
        let profile = super::statuses::profile(&north.person, "North", EPOCH.plus(second));
        let published = outcome(&mut world, profile, north.person.scid());
        assert!(matches!(published, Outcome::Published { .. }), "{published:?}");
        world.run(200);
    }
    let kept = |(node, effect): &&(usize, Effect)| {
        use crate::engine::effect::{BodyKind, Change};
        *node == 1 && matches!(effect, Effect::Save(Change::Body { kind: BodyKind::Profile, .. }))
    };
    let kept = world.trace.iter().skip(from).filter(kept).count();
    assert!((8..=17).contains(&kept), "{kept} profiles were fetched and kept");
}
