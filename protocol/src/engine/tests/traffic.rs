//! What is left undone for others once a day's bytes are spent, and what never is.

use super::person::Person;
use super::statuses::{attested, status};
use super::world::World;
use crate::encoding::cbor;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::config::{PeerRange, Role};
use crate::engine::effect::{Change, Effect};
use crate::engine::event::Event;
use crate::engine::traffic::{BOOK, Book, Bytes, Report};
use crate::wire::exchange::deposit::Reason;
use crate::wire::exchange::{Request, Response, want};
use std::collections::BTreeSet;

const CAP: u64 = 1000;
const A_DAY: u64 = 86_400;

/// Tells a node how many bytes its network counted since the start.
fn counted(world: &mut World, node: usize, received: u64, sent: u64) {
    world.give(node, Event::Traffic(Bytes { received, sent }));
}

fn report(world: &mut World, node: usize) -> Report {
    match world.ask(node, Command::Statistics) {
        Outcome::Statistics(statistics) => statistics.traffic,
        other => panic!("{other:?}"),
    }
}

/// Asks a node as a peer does, and gives its answer.
fn answer(world: &mut World, node: usize, request: &Request) -> Response {
    let (before, token) = (world.trace.len(), 1 << 40);
    let peer = world.nodes[(node + 1) % world.nodes.len()].peer.clone();
    world.give(node, Event::Request { token, peer, bytes: request.to_bytes() });
    world.run(5);
    let mut answers = world.trace.iter().skip(before).filter_map(|(_, effect)| match effect {
        Effect::Respond { token: of, bytes } if *of == token => Some(bytes),
        _ => None,
    });
    Response::parse(answers.next_back().unwrap()).unwrap()
}

fn is_busy(response: &Response) -> bool {
    matches!(response, Response::Refusal(Reason::Busy))
}

/// Tells for each time a node changed its mind whether it lends itself to others.
fn lends(world: &World, node: usize) -> Vec<bool> {
    let lends = world.trace.iter().filter_map(|(who, effect)| match effect {
        Effect::Lend { on } if *who == node => Some(*on),
        _ => None,
    });
    lends.collect()
}

fn log_of(person: &Person) -> Request {
    Request::Log(want::Log { scid: person.scid(), have: 0 })
}

/// Four keepers and a node of this role with a cap, which all know Ada.
fn capped(seed: u64, role: Role) -> (World, usize, Person) {
    let mut world = World::of_keepers(seed, 4);
    let node = world.join(role, |config| config.traffic = Some(CAP));
    world.mesh();
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(3000);
    assert!(world.find(node, ada.scid(), Freshness::Held).is_some());
    (world, node, ada)
}

#[test]
fn once_the_cap_is_reached_others_are_answered_busy_until_the_next_day() {
    let (mut world, node, ada) = capped(70, Role::Keeper);
    counted(&mut world, node, 400, 599);
    assert!(!report(&mut world, node).spent);
    assert!(matches!(answer(&mut world, node, &log_of(&ada)), Response::Log(_)));
    counted(&mut world, node, 400, 600);
    let spent = report(&mut world, node);
    assert!(spent.spent && spent.cap == Some(CAP) && spent.today.both() == CAP, "{spent:?}");
    for request in [
        log_of(&ada),
        Request::Heads(want::Heads { scids: vec![ada.scid()], hashes: Vec::new() }),
        Request::Body([3; 32]),
        Request::Forks(want::Page { after: None }),
    ] {
        assert!(is_busy(&answer(&mut world, node, &request)), "{request:?}");
    }
    assert_eq!(lends(&world, node), [false]);
    world.pass(A_DAY);
    counted(&mut world, node, 401, 600);
    let next = report(&mut world, node);
    assert!(!next.spent && next.today.both() == 1, "{next:?}");
    assert!(next.month.both() > CAP, "{next:?}");
    assert!(matches!(answer(&mut world, node, &log_of(&ada)), Response::Log(_)));
    assert_eq!(lends(&world, node), [false, true]);
}

#[test]
fn a_cap_that_is_set_while_the_node_runs_holds_at_once() {
    let (mut world, node, ada) = capped(79, Role::Keeper);
    counted(&mut world, node, 300, 300);
    let limit =
        |traffic, head_budget| Command::Limit { head_budget, traffic, peers: PeerRange::default() };
    for (traffic, spent) in [(Some(600), true), (Some(601), false), (Some(1), true), (None, false)]
    {
        let _done = world.ask(node, limit(traffic, 1 << 30));
        let report = report(&mut world, node);
        assert_eq!((report.cap, report.spent), (traffic, spent));
        assert_eq!(is_busy(&answer(&mut world, node, &log_of(&ada))), spent, "{traffic:?}");
    }
    assert_eq!(lends(&world, node), [false, true, false, true]);
    // Less room is taken back at once, too.
    let _done = world.ask(node, limit(None, 1));
    world.run(3000);
    let Outcome::Statistics(held) = world.ask(node, Command::Statistics) else {
        panic!("no count")
    };
    assert_eq!(held.heads, 0);
}

#[test]
fn without_a_cap_nothing_is_ever_left_undone() {
    let mut world = World::of_keepers(71, 2);
    counted(&mut world, 1, u64::MAX / 2, u64::MAX / 2);
    let report = report(&mut world, 1);
    assert!(!report.spent && report.cap.is_none() && report.today.received > 0);
    assert!(lends(&world, 1).is_empty());
}

#[test]
fn what_its_owner_does_goes_on_when_the_cap_is_reached() {
    let (mut world, node, _ada) = capped(72, Role::Keeper);
    counted(&mut world, node, 0, CAP);
    // It publishes, and others fetch that from it alone.
    let mut bob = Person::new(2, &world.network);
    let outcome = world.ask(node, Command::Publish(bob.publication()));
    assert!(matches!(outcome, Outcome::Published { announced: true, .. }), "{outcome:?}");
    world.run(3000);
    assert_eq!(world.holders(&bob.scid(), 1, 1), 5);
    assert!(matches!(answer(&mut world, node, &log_of(&bob)), Response::Log(_)));
    // It finds out about others.
    let mut eve = Person::new(3, &world.network);
    let _published = world.ask(0, Command::Publish(eve.publication()));
    world.run(3000);
    assert!(world.find(node, eve.scid(), Freshness::Peers).is_some());
    assert!(is_busy(&answer(&mut world, node, &log_of(&eve))));
}

#[test]
fn a_home_whose_cap_is_reached_tells_nobody_by_that_whose_home_it_is() {
    let (mut world, home, _ada) = capped(73, Role::Home);
    let mut bob = Person::new(2, &world.network);
    let outcome = world.ask(home, Command::Publish(bob.publication()));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(70_000);
    assert!(matches!(answer(&mut world, home, &log_of(&bob)), Response::Log(_)), "it came back");
    counted(&mut world, home, CAP, 0);
    assert!(is_busy(&answer(&mut world, home, &log_of(&bob))));
    // What it publishes now still reaches everybody: it asks keepers, and nobody has to ask it.
    bob.rotate(0, world.now(home).wall);
    let outcome = world.ask(home, Command::Publish(bob.publication()));
    let Outcome::Published { receipts, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(receipts.len(), 3);
}

#[test]
fn what_was_taken_back_is_passed_on_and_a_heartbeat_is_not() {
    let (mut world, mut north) = attested(74);
    let trust = BTreeSet::from([north.person.scid()]);
    // A line: what is published at one end reaches the other through the capped node alone.
    let middle = world.join(Role::Keeper, |config| config.traffic = Some(CAP));
    let end = world.join(Role::Keeper, |_| {});
    world.link(0, middle);
    world.link(middle, end);
    for node in [middle, end] {
        let _done = world.ask(node, Command::Trust { attestors: trust.clone() });
    }
    world.run(70_000);
    // Both follow the list because somebody there asked for it.
    assert!(status(&mut world, middle, &north, u64::MAX).is_some());
    assert!(status(&mut world, end, &north, u64::MAX).is_some());
    counted(&mut world, middle, CAP, 0);
    let beat = north.sign(&[], 72);
    let _published = north.publish(&mut world, &beat, false);
    world.run(500);
    let as_of = |world: &World, node: usize| {
        let list = world.nodes[node].engine.statuses.known(&north.person.scid(), 1);
        list.map(|state| (state.as_of(), state.is_set(7)))
    };
    assert_eq!(as_of(&world, middle).unwrap().0, beat.body().issued);
    assert!(as_of(&world, end).unwrap().0 < beat.body().issued, "it was passed on");
    let mut north = north;
    let revoked = north.sign(&[7], 73);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(500);
    let list = world.nodes[end].engine.statuses.known(&north.person.scid(), 1);
    assert_eq!(list.unwrap().is_set(7), Some(true));
}

#[test]
fn what_was_spent_survives_a_restart_and_the_cap_with_it() {
    let (mut world, node, ada) = capped(75, Role::Keeper);
    counted(&mut world, node, 300, 300);
    world.give(node, Event::Stop);
    world.restart(node);
    world.mesh();
    assert_eq!(report(&mut world, node).today, Bytes { received: 300, sent: 300 });
    // A network that starts counts from nothing.
    counted(&mut world, node, 0, 400);
    let before = report(&mut world, node);
    assert_eq!((before.today.both(), before.month.both(), before.spent), (CAP, CAP, true));
    // Reaching the cap is saved at once: whoever kills the node gains nothing.
    let lent = lends(&world, node).len();
    world.restart(node);
    world.mesh();
    assert_eq!(report(&mut world, node), before);
    assert!(is_busy(&answer(&mut world, node, &log_of(&ada))));
    assert_eq!(lends(&world, node)[lent..], [false], "the network has to be told again");
}

#[test]
fn a_clock_set_back_never_gives_a_second_budget() {
    let (mut world, node, ada) = capped(76, Role::Keeper);
    counted(&mut world, node, CAP, 0);
    for days in [1, 40] {
        world.nodes[node].skew = -i64::try_from(days * A_DAY).unwrap();
        counted(&mut world, node, CAP, 0);
        assert!(report(&mut world, node).spent, "{days} days back");
    }
    // Nor does setting it right again, which looks like a day that begins.
    world.nodes[node].skew = 0;
    counted(&mut world, node, CAP, 0);
    assert!(report(&mut world, node).spent);
    assert!(is_busy(&answer(&mut world, node, &log_of(&ada))));
    assert!(report(&mut world, node).month.both() >= CAP);
}

#[test]
fn a_clock_that_was_years_ahead_is_believed_again_after_a_day_of_running() {
    let (mut world, node, _ada) = capped(77, Role::Keeper);
    world.nodes[node].skew = i64::try_from(3650 * A_DAY).unwrap();
    counted(&mut world, node, CAP, 0);
    world.nodes[node].skew = 0;
    counted(&mut world, node, CAP, 0);
    assert!(report(&mut world, node).spent);
    for hour in 0..24_u64 {
        world.pass(3600);
        counted(&mut world, node, CAP, hour);
        assert!(report(&mut world, node).spent, "after {hour} hours");
    }
    world.pass(3700);
    counted(&mut world, node, CAP, 24);
    assert!(!report(&mut world, node).spent);
}

#[test]
fn a_book_reads_back_and_fits_its_bound() {
    let (mut world, node, _ada) = capped(78, Role::Keeper);
    counted(&mut world, node, u64::MAX / 2, u64::MAX / 2);
    let saved = world.trace.iter().rev().find_map(|(_, effect)| match effect {
        Effect::Save(Change::Traffic(book)) => Some(*book),
        _ => None,
    });
    let bytes = cbor::encode(&saved.unwrap());
    assert!(bytes.len() <= BOOK, "{}", bytes.len());
    assert_eq!(cbor::decode::<Book>(&bytes, BOOK).ok(), saved);
}
