//! What a home brings to keepers, how often, and what they keep and for how long.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::did::log::entry::VersionId;
use crate::engine::command::{Command, Outcome};
use crate::engine::config::Role;
use crate::engine::effect::Effect;
use crate::wire::exchange::deposit::{Deposit, Reason};
use crate::wire::exchange::{Request, Response};

/// Keepers and, last, a home, each connected with each.
fn with_home(seed: u64, keepers: usize) -> (World, usize) {
    let mut world = World::of_keepers(seed, keepers);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    world.trace.clear();
    (world, home)
}

/// What was brought to one keeper, or to all of them, so far.
fn brought(world: &World, to: Option<usize>) -> Vec<Deposit> {
    let keeper = to.map(|to| world.nodes[to].peer.clone());
    let deposit = |effect: &Effect| match effect {
        Effect::Request { peer, bytes, .. } => match Request::parse(bytes) {
            Ok(Request::Deposit(deposit)) => Some((peer.clone(), deposit)),
            _ => None,
        },
        _ => None,
    };
    let all = world.trace.iter().filter_map(|(_, effect)| deposit(effect));
    all.filter(|(peer, _)| keeper.as_ref().is_none_or(|keeper| keeper == peer))
        .map(|(_, deposit)| deposit)
        .collect()
}

fn entries(deposit: &Deposit) -> usize {
    deposit.log.iter().filter(|byte| **byte == b'\n').count()
}

fn publish(world: &mut World, home: usize, person: &mut Person) -> usize {
    match world.ask(home, Command::Publish(person.publication())) {
        Outcome::Published { receipts, .. } => receipts.len(),
        other => panic!("{other:?}"),
    }
}

/// Makes a log longer than what is brought whole.
fn lengthen(person: &mut Person) {
    for step in 1..8 {
        person.rotate(step, EPOCH.plus(step * 10));
    }
    assert!(person.log.len() > 8 * 1024, "{} bytes", person.log.len());
}

#[test]
fn a_keeper_that_promised_is_brought_only_what_is_new_in_one_round_trip() {
    let (mut world, home) = with_home(400, 3);
    let mut ada = Person::new(1, &world.network);
    ada.show("{}");
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    assert!(brought(&world, None).iter().all(|one| one.after.is_none() && one.showcase.is_some()));
    let first = ada.history.version_id();
    ada.rotate(1, EPOCH.plus(10));
    world.trace.clear();
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    let second = brought(&world, None);
    assert_eq!(second.len(), 3, "one question to each");
    for deposit in &second {
        assert_eq!((deposit.after, entries(deposit)), (Some(first), 1));
        assert_eq!(deposit.showcase, None, "they have it");
    }
    // Only the showcase changes: no entry travels.
    ada.show("{\"more\":1}");
    world.trace.clear();
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    for deposit in brought(&world, None) {
        assert_eq!((deposit.after, entries(&deposit)), (Some(ada.history.version_id()), 0));
        assert_eq!(deposit.showcase.as_deref(), Some(&b"{\"more\":1}"[..]));
    }
    world.run(2000);
    assert_eq!(world.holders(&ada.scid(), 2, ada.sequence), 4);
}

#[test]
fn of_a_long_log_a_keeper_that_follows_gossip_is_brought_the_newest_entry() {
    let (mut world, home) = with_home(401, 3);
    let mut ada = Person::new(1, &world.network);
    lengthen(&mut ada);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(2000);
    let before = ada.history.version_id();
    ada.rotate(9, EPOCH.plus(200));
    world.trace.clear();
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    let brought = brought(&world, None);
    assert_eq!(brought.len(), 3);
    assert!(brought.iter().all(|one| (one.after, entries(one)) == (Some(before), 1)));
}

#[test]
fn a_keeper_that_holds_something_else_says_what_and_is_brought_the_rest() {
    let (mut world, home) = with_home(402, 3);
    let mut ada = Person::new(1, &world.network);
    lengthen(&mut ada);
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    for keeper in 0..3 {
        let brought = brought(&world, Some(keeper));
        assert_eq!(brought.len(), 2, "keeper {keeper} knew nobody of this name");
        assert_eq!((brought[0].after.is_some(), entries(&brought[0])), (true, 1));
        assert_eq!((brought[1].after, entries(&brought[1])), (None, 8));
    }
    world.run(2000);
    assert_eq!(world.holders(&ada.scid(), 8, 1), 4);
}

#[test]
fn a_keeper_that_lies_about_what_it_holds_is_not_believed_twice() {
    let (mut world, home) = with_home(403, 1);
    world.nodes[0].lie = Some(|request, _| match request {
        Request::Deposit(_) => {
            let held = Some(VersionId { number: 7, digest: [7; 32] });
            Response::Lacks(crate::wire::exchange::deposit::Lacks { held })
        }
        _ => Response::Unsupported,
    });
    let mut ada = Person::new(1, &world.network);
    assert_eq!(publish(&mut world, home, &mut ada), 0);
    world.run(1500);
    assert_eq!(brought(&world, Some(0)).len(), 2, "then it has to wait like one that is busy");
}

#[test]
fn a_busy_keeper_is_asked_again_soon_and_then_more_and_more_seldom() {
    let (mut world, home) = with_home(404, 2);
    for keeper in 0..2 {
        world.nodes[keeper].lie = Some(|request, _| match request {
            Request::Deposit(_) => Response::Refusal(Reason::Busy),
            _ => Response::Unsupported,
        });
    }
    let mut ada = Person::new(1, &world.network);
    assert_eq!(publish(&mut world, home, &mut ada), 0);
    world.run(60_000);
    let minute = brought(&world, Some(0)).len();
    assert!((4..=6).contains(&minute), "{minute} times in the first minute");
    world.run(540_000);
    let ten = brought(&world, Some(0)).len();
    assert!((7..=9).contains(&ten), "{ten} times in ten minutes");
    // It has room again, and nobody publishes anew.
    world.nodes[0].lie = None;
    world.run(600_000);
    assert_eq!(world.nodes[home].disk.receipts, 1);
    // Two more come: one is enough to have three with the other, which still refuses.
    world.join(Role::Keeper, |_| {});
    world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(5000);
    assert_eq!(world.nodes[home].disk.receipts, 3);
}

#[test]
fn another_keeper_takes_the_place_of_one_that_refuses_at_once() {
    let (mut world, home) = with_home(405, 6);
    for keeper in 0..3 {
        world.nodes[keeper].lie = Some(|request, _| match request {
            Request::Deposit(_) => Response::Refusal(Reason::Full),
            _ => Response::Unsupported,
        });
    }
    let mut ada = Person::new(1, &world.network);
    assert_eq!(publish(&mut world, home, &mut ada), 3);
    assert!(world.now_ms < 6000, "it took until {}", world.now_ms);
}

#[test]
fn what_is_of_no_use_is_not_asked_again() {
    let (mut world, home) = with_home(406, 1);
    world.nodes[0].lie = Some(|request, _| match request {
        Request::Deposit(_) => Response::Refusal(Reason::NotOffered),
        _ => Response::Unsupported,
    });
    let mut ada = Person::new(1, &world.network);
    assert_eq!(publish(&mut world, home, &mut ada), 0);
    world.run(600_000);
    assert_eq!(brought(&world, Some(0)).len(), 1);
}

#[test]
fn a_keeper_takes_in_only_so_many_deposits_at_once() {
    let mut world = World::new(407);
    let keeper = world.join(Role::Keeper, |_| {});
    let peer = crate::wire::peer::Peer::of(&crate::key::SecretKey::from_seed([9; 32]).public());
    let prefix = crate::engine::event::Prefix(9);
    let outbound = false;
    world.give(
        keeper,
        crate::engine::event::Event::Connected { peer: peer.clone(), prefix, outbound },
    );
    let mut refused = Vec::new();
    for number in 0..40 {
        // The showcase is named and does not come along, so the keeper has to wait for it.
        let mut person = Person::new(500 + number, &world.network);
        person.show("{}");
        let publication = person.publication();
        let (log, head) = (publication.log.clone(), publication.head.clone());
        let deposit = Deposit { after: None, log, witness: None, head, showcase: None };
        let (peer, bytes) = (peer.clone(), Request::Deposit(deposit).to_bytes());
        world.trace.clear();
        let token = 50_000 + number;
        world.give(keeper, crate::engine::event::Event::Request { token, peer, bytes });
        refused.extend(world.trace.iter().filter_map(|(_, effect)| match effect {
            Effect::Respond { bytes, .. } => Response::parse(bytes).ok(),
            _ => None,
        }));
    }
    assert_eq!(refused, vec![Response::Refusal(Reason::Busy); 8]);
    // Once they were given up, there is room again.
    world.run(10_000);
    let mut late = Person::new(600, &world.network);
    let publication = late.publication();
    let (log, head) = (publication.log.clone(), publication.head.clone());
    let deposit = Deposit { after: None, log, witness: None, head, showcase: None };
    world.trace.clear();
    let bytes = Request::Deposit(deposit).to_bytes();
    world.give(keeper, crate::engine::event::Event::Request { token: 60_000, peer, bytes });
    let receipt = world.trace.iter().any(|(_, effect)| {
        matches!(effect, Effect::Respond { bytes, .. }
            if matches!(Response::parse(bytes), Ok(Response::Receipt(_))))
    });
    assert!(receipt);
}

/// Publishes strangers at node 0 until node 1 has no room left for `scid`, or `most` are published.
fn flood(world: &mut World, first: u64, most: u64, scid: &crate::did::Scid) -> bool {
    for number in 0..most {
        let mut person = Person::new(first + number, &world.network);
        let _published = world.ask(0, Command::Publish(person.publication()));
        world.run(200);
        if world.listing(1, scid).is_none() {
            return true;
        }
    }
    false
}

#[test]
fn what_is_promised_stays_until_the_promise_ends_and_then_goes_with_all_that_belongs_to_it() {
    let mut world = World::new(408);
    world.join(Role::Keeper, |_| {});
    world.join(Role::Keeper, |config| config.head_budget = 20_000);
    let home = world.join(Role::Home, |_| {});
    world.link(home, 1);
    world.run(1000);
    let mut ada = Person::new(1, &world.network);
    ada.show("{}");
    let scid = ada.scid();
    assert_eq!(publish(&mut world, home, &mut ada), 1);
    world.offline(home);
    world.link(0, 1);
    assert!(!flood(&mut world, 1000, 40, &scid), "a promised identity was evicted");
    assert_eq!(world.nodes[1].disk.bodies_of(&scid), 1);
    // With nobody in reach a month passes quickly.
    world.unlink(0, 1);
    world.pass(29 * 86_400);
    assert!(world.nodes[1].disk.promised(&scid));
    world.link(0, 1);
    assert!(!flood(&mut world, 2000, 20, &scid));
    world.unlink(0, 1);
    world.pass(2 * 86_400);
    assert!(!world.nodes[1].disk.promised(&scid), "the promise is over and still kept");
    assert!(world.listing(1, &scid).is_some(), "it goes when the room is needed, not before");
    world.link(0, 1);
    assert!(flood(&mut world, 3000, 400, &scid));
    assert_eq!(world.nodes[1].disk.bodies_of(&scid), 0, "what it showed stayed behind");
    assert!(world.nodes[1].engine.directory.highest(&scid).is_some());
}

#[test]
fn what_is_our_own_is_never_released() {
    let mut world = World::new(409);
    let keeper = world.join(Role::Keeper, |_| {});
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let mut ada = Person::new(1, &world.network);
    assert_eq!(publish(&mut world, home, &mut ada), 1);
    let own = std::collections::BTreeSet::from([ada.scid()]);
    let _done = world.ask(keeper, Command::Own { scids: own });
    world.offline(home);
    world.trace.clear();
    world.pass(40 * 86_400);
    let released = world.trace.iter().any(|(_, effect)| {
        matches!(effect, Effect::Save(crate::engine::effect::Change::Release { .. }))
    });
    assert!(!released);
}
