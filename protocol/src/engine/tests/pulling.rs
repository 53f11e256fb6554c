//! What is fetched from peers that have much, little time, or something else in mind.

use super::days::forks::show_two_heads;
use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::config::Role;
use crate::engine::effect::{Effect, Fault};
use crate::engine::reconcile::sketch::Encoder;
use crate::policy::standing::Fork;
use crate::wire::exchange::deposit::Reason;
use crate::wire::exchange::give::{Bucket, Sketch, Symbol};
use crate::wire::exchange::want::{self, Digests};
use crate::wire::exchange::{Request, Response};

/// A keeper that holds so many, and who they are.
fn with_people(seed: u64, count: u64) -> (World, Vec<Person>) {
    let mut world = World::of_keepers(seed, 1);
    let mut people: Vec<_> = (0..count).map(|seed| Person::new(seed, &world.network)).collect();
    for person in &mut people {
        let _published = world.ask(0, Command::Publish(person.publication()));
    }
    (world, people)
}

#[test]
fn a_newcomer_pulls_hundreds_of_logs_from_one_peer_and_blames_nobody() {
    let (mut world, people) = with_people(520, 300);
    let late = world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(3000);
    let held = people.iter().filter(|person| world.listing(late, &person.scid()).is_some());
    assert_eq!(held.count(), people.len());
    assert_eq!(world.unasked, 0, "it waits with a question instead of losing it");
    assert_eq!((&world.nodes[late].faults, &world.nodes[0].faults), (&vec![], &vec![]));
}

#[test]
fn whoever_is_gone_is_asked_nothing_that_still_waited_in_line() {
    let (mut world, _) = with_people(526, 200);
    let late = world.join(Role::Keeper, |_| {});
    world.slow_logs_ms = 2_000;
    world.mesh();
    world.run(1000);
    assert!(world.nodes[late].engine.asking.open() >= 24, "the line is as long as it may be");
    world.trace.clear();
    world.unlink(late, 0);
    let asked = |(node, effect): &(usize, Effect)| {
        *node == late && matches!(effect, Effect::Request { .. })
    };
    assert!(!world.trace.iter().any(asked));
    assert!(world.nodes[late].engine.intakes.is_empty(), "nothing waits for it");
}

#[test]
fn whoever_has_too_much_to_do_is_not_at_fault_and_whoever_has_nothing_to_show_is() {
    for (reason, at_fault) in
        [(Reason::Busy, false), (Reason::TooMuch, false), (Reason::NotOffered, true)]
    {
        let (mut world, people) = with_people(521, 1);
        let late = world.join(Role::Keeper, |_| {});
        world.nodes[0].lie = Some(match reason {
            Reason::Busy => |request, _| refused(request, Reason::Busy),
            Reason::TooMuch => |request, _| refused(request, Reason::TooMuch),
            _ => |request, _| refused(request, Reason::NotOffered),
        });
        world.mesh();
        world.run(2000);
        assert!(world.listing(late, &people[0].scid()).is_none(), "{reason:?}");
        let counted =
            world.nodes[late].faults.iter().filter(|(_, fault)| *fault == Fault::Withheld);
        assert_eq!(counted.count() > 0, at_fault, "{reason:?}");
    }
}

/// Refuses logs and answers all else.
fn refused(request: &Request, reason: Reason) -> Response {
    match request {
        Request::Log(_) => Response::Refusal(reason),
        _ => Response::Unsupported,
    }
}

#[test]
fn only_who_knew_nothing_higher_confirms_what_is_held() {
    let mut world = World::of_keepers(522, 4);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let scid = ada.scid();
    let confirmed = |world: &mut World| world.find(0, scid, Freshness::Peers).unwrap().confirmed;
    assert_eq!(confirmed(&mut world), 3);
    world.nodes[2].lie = Some(|request, _| match request {
        Request::Heads(_) => Response::Heads(vec![b"no head".to_vec()]),
        _ => Response::Unsupported,
    });
    assert_eq!(confirmed(&mut world), 2);
    // One that has something newer does not confirm what is older, though it keeps the newer to itself.
    let mut next = ada.clone();
    next.rotate(1, EPOCH.plus(10));
    for other in [0, 1, 2] {
        world.unlink(3, other);
    }
    let _published = world.ask(3, Command::Publish(next.publication()));
    world.run(1000);
    world.nodes[3].lie = Some(|request, _| refused(request, Reason::Busy));
    world.mesh();
    assert_eq!(confirmed(&mut world), 1);
}

#[test]
fn in_the_place_of_silent_peers_others_are_asked_until_three_answered() {
    for (seed, keepers, silent, confirmed) in
        [(560, 5, 1, 3), (561, 7, 3, 3), (562, 4, 1, 2), (563, 16, 12, 3)]
    {
        let mut world = World::of_keepers(seed, keepers);
        let mut ada = Person::new(1, &world.network);
        let _published = world.ask(0, Command::Publish(ada.publication()));
        world.run(1000);
        for node in 1..=silent {
            world.nodes[node].killed = true;
        }
        let before = asked(&world);
        let found = world.find(0, ada.scid(), Freshness::Peers).unwrap();
        if silent < 12 {
            assert_eq!(found.confirmed, confirmed, "seed {seed}");
        }
        let questions = asked(&world) - before;
        assert!((3..=9).contains(&questions), "seed {seed}: {questions}");
    }
}

/// How often node 0 asked others for heads.
fn asked(world: &World) -> usize {
    let heads = |effect: &Effect| match effect {
        Effect::Request { bytes, .. } => matches!(Request::parse(bytes), Ok(Request::Heads(_))),
        _ => false,
    };
    world.trace.iter().filter(|(node, effect)| *node == 0 && heads(effect)).count()
}

#[test]
fn however_long_a_log_takes_the_answer_waits_for_what_peers_know_of_forks() {
    for seed in 530..538 {
        let mut world = World::of_keepers(seed, 4);
        let mut ada = Person::new(1, &world.network);
        show_two_heads(&mut world, &mut ada, 2);
        let late = world.join(Role::Home, |_| {});
        world.slow_logs_ms = 5_100;
        // It asks before anything else can have brought it.
        world.mesh();
        let found = world.find(late, ada.scid(), Freshness::Peers).unwrap();
        assert_eq!(found.fork, Fork::Open, "seed {seed}");
    }
}

#[test]
fn days_long_gone_hide_no_day_behind_them() {
    let (mut world, people) = with_people(523, 1);
    let late = world.join(Role::Keeper, |_| {});
    // A full page of days of which nobody else ever heard.
    world.nodes[0].lie = Some(|request, _| match request {
        Request::Digests(Digests { shard: Some(_), from: 0, .. }) => {
            let bucket = |number| Bucket { number, count: 1, digest: [1; 16] };
            Response::Digests((0..want::MAX_BUCKETS as u64).map(bucket).collect())
        }
        _ => Response::Unsupported,
    });
    world.mesh();
    world.run(5000);
    assert!(world.listing(late, &people[0].scid()).is_some());
}

#[test]
fn a_head_that_changes_between_two_answers_is_nobodys_fault_and_a_lie_in_one_answer_is() {
    for changes in [true, false] {
        let (mut world, _) = with_people(524, 1);
        let late = world.join(Role::Keeper, |_| {});
        world.nodes[0].lie = Some(if changes { changed } else { lied });
        world.mesh();
        world.run(5000);
        let counted =
            world.nodes[late].faults.iter().filter(|(_, fault)| *fault == Fault::WrongAnswer);
        assert_eq!(counted.count() == 0, changes, "changes: {changes}");
    }
}

/// Gives symbols that say nothing yet, and then those of something that was not among them.
fn changed(request: &Request, _: Response) -> Response {
    let Request::Sketch(wanted) = request else { return Response::Unsupported };
    let want::Sketch { skip, count, .. } = *wanted;
    let several = Symbol { count: 2, ..Symbol::default() };
    let symbols = if skip == 0 { vec![several; count] } else { symbols(wanted) };
    Response::Sketch(Sketch { skip, symbols })
}

/// Gives the first symbol of a set and none of the others.
fn lied(request: &Request, _: Response) -> Response {
    let Request::Sketch(wanted) = request else { return Response::Unsupported };
    let mut symbols = symbols(wanted);
    symbols.iter_mut().skip(1).for_each(|symbol| *symbol = Symbol::default());
    Response::Sketch(Sketch { skip: wanted.skip, symbols })
}

fn symbols(wanted: &want::Sketch) -> Vec<Symbol> {
    Encoder::new(&wanted.session, [[7; 32]]).symbols(wanted.skip, wanted.count)
}

#[test]
fn a_clock_that_jumps_ends_no_promise_and_makes_none() {
    let mut world = World::of_keepers(525, 5);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    let publish = |world: &mut World, seed| {
        let mut person = Person::new(seed, &world.network);
        let outcome = world.ask(home, Command::Publish(person.publication()));
        world.run(2000);
        let Outcome::Published { receipts, .. } = outcome else { panic!("{outcome:?}") };
        assert!(!receipts.is_empty());
        person.scid()
    };
    let first = publish(&mut world, 1);
    let promised = |world: &World, scid: &crate::did::Scid| -> Vec<usize> {
        let keeps = |node: &usize| world.nodes[*node].engine.promises.contains_key(scid);
        (0..5).filter(keeps).collect()
    };
    let keepers = promised(&world, &first);
    world.nodes[keepers[0]].skew = 40 * 86_400;
    world.run(130_000);
    assert_eq!(promised(&world, &first), keepers, "all of them still keep it");
    for seed in 2..8 {
        let scid = publish(&mut world, seed);
        assert!(!promised(&world, &scid).contains(&keepers[0]), "it doubts its clock");
    }
    world.nodes[keepers[0]].skew = 0;
    // And when its time is over by a clock that is right, it is over.
    world.offline(home);
    world.pass(40 * 86_400);
    assert_eq!(promised(&world, &first), Vec::<usize>::new());
}

/// Has no body, and answers all else.
fn shows_nothing(request: &Request, _: Response) -> Response {
    match request {
        Request::Body(_) => Response::Nothing,
        _ => Response::Unsupported,
    }
}

#[test]
fn whoever_brings_heads_first_and_shows_nothing_keeps_no_showcase_from_anybody() {
    let mut world = World::of_keepers(527, 5);
    let (teller, node) = (1, 3);
    // What it hears, it hears from the teller.
    world.nodes[node].topics.clear();
    let mut ada = Person::new(1, &world.network);
    ada.show("{\"mine\":1}");
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    world.nodes[teller].lie = Some(shows_nothing);
    let shard = world.network.shards().of(&ada.scid()).number();
    let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
    world.gossip(teller, node, &topic, &ada.head_with(ada.sequence));
    world.run(1000);
    let held = world.listing(node, &ada.scid()).unwrap().held.showcase;
    assert_eq!(held, 10);
    assert_eq!(world.nodes[node].faults, []);
}

#[test]
fn a_look_up_asks_on_until_somebody_has_the_showcase() {
    let mut world = World::of_keepers(528, 4);
    let mut ada = Person::new(1, &world.network);
    ada.show("{\"mine\":1}");
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    world.nodes.iter_mut().for_each(|node| node.lie = Some(shows_nothing));
    // Those whom it chose are asked before the one that chose it.
    let (late, honest) = (world.join(Role::Keeper, |_| {}), 3);
    (0..honest).for_each(|other| world.link(late, other));
    world.link(honest, late);
    world.run(1000);
    let scid = ada.scid();
    assert!(world.find(late, scid, Freshness::Held).unwrap().showcase.is_none());
    world.nodes[honest].lie = None;
    assert!(world.find(late, scid, Freshness::Held).unwrap().showcase.is_some());
}
