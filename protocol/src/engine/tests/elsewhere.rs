//! A head whose teller is gone before it gave the log: somebody else has it.

use super::person::{EPOCH, Person};
use super::stale::Stranger;
use super::world::World;
use crate::encoding::multihash::sha256;
use crate::engine::command::Command;
use crate::engine::config::Role;
use crate::engine::effect::{Change, Effect, Fault};
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::Reason;
use crate::wire::exchange::{Request, Response, give};
use crate::wire::notice::Notice;

/// Node 0 and the keepers around it, of whom those in `knowing` hold a second entry of somebody, and no two
/// compare what they hold.
fn behind(seed: u64, keepers: usize, knowing: &[usize]) -> (World, Person) {
    let mut world = World::of_keepers(seed, keepers);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    for one in 0..keepers {
        (0..one).for_each(|other| world.unlink(one, other));
    }
    ada.rotate(1, EPOCH.plus(10));
    // Whoever publishes tells everybody it meets; so it meets nobody else.
    let home = world.join(Role::Keeper, |_| {});
    knowing.iter().for_each(|knowing| world.link(home, *knowing));
    let _published = world.ask(home, Command::Publish(ada.publication()));
    world.run(1000);
    world.offline(home);
    for node in &mut world.nodes {
        node.knows = Some(|request| !matches!(request, Request::Digests(_)));
    }
    (1..keepers).for_each(|keeper| world.link(keeper, 0));
    world.run(1000);
    assert_eq!(world.listing(0, &ada.scid()).unwrap().number, 1, "nobody told it");
    (world, ada)
}

/// Tells node 0 of the newest head, answers nothing, and gives what node 0 made of it.
fn told_by_one_who_leaves(world: &mut World, ada: &mut Person) -> Vec<Verdict> {
    let mut stranger = Stranger::meet(world);
    let shard = world.network.shards().of(&ada.scid());
    world.trace.clear();
    world.nodes[0].verdicts.clear();
    let head = ada.head_with(ada.sequence);
    stranger.gossips(world, &format!("head/{shard}"), head);
    world.run(2000);
    world.nodes[0].verdicts.clone()
}

fn logs_asked_for(world: &World) -> usize {
    let asked = |(node, effect): &&(usize, Effect)| match effect {
        Effect::Request { bytes, .. } => {
            *node == 0 && matches!(Request::parse(bytes), Ok(Request::Log(_)))
        }
        _ => false,
    };
    world.trace.iter().filter(asked).count()
}

#[test]
fn a_head_whose_teller_is_gone_is_pulled_from_somebody_else() {
    let (mut world, mut ada) = behind(560, 2, &[1]);
    let verdicts = told_by_one_who_leaves(&mut world, &mut ada);
    assert_eq!(world.listing(0, &ada.scid()).unwrap().number, 2);
    assert_eq!(verdicts, [Verdict::Accept], "and it is passed on");
    assert_eq!(logs_asked_for(&world), 2);
}

#[test]
fn whoever_has_not_heard_of_it_yet_is_not_blamed_and_the_next_one_is_asked() {
    for seed in 561..569 {
        let (mut world, mut ada) = behind(seed, 4, &[3]);
        let _verdicts = told_by_one_who_leaves(&mut world, &mut ada);
        assert_eq!(world.listing(0, &ada.scid()).unwrap().number, 2, "seed {seed}");
        assert!((2..=4).contains(&logs_asked_for(&world)));
        assert_eq!(world.nodes[0].faults, []);
    }
}

#[test]
fn three_others_are_asked_for_what_nobody_has_and_no_more() {
    let (mut world, mut ada) = behind(570, 6, &[]);
    let verdicts = told_by_one_who_leaves(&mut world, &mut ada);
    assert_eq!(world.listing(0, &ada.scid()).unwrap().number, 1);
    assert_eq!((logs_asked_for(&world), verdicts), (4, vec![Verdict::Ignore]));
    assert_eq!(world.nodes[0].faults, []);
    assert!(world.nodes[0].engine.intakes.is_empty());
}

#[test]
fn whoever_told_and_says_that_it_has_nothing_is_at_fault_and_nobody_else_is_asked() {
    let (mut world, ada) = behind(571, 2, &[]);
    let shard = world.network.shards().of(&ada.scid());
    world.nodes[1].lie = Some(|request, _| match request {
        Request::Log(_) => Response::Refusal(Reason::NotOffered),
        _ => Response::Unsupported,
    });
    world.trace.clear();
    let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
    let head = ada.head_with(ada.sequence);
    world.gossip(1, 0, &topic, &head);
    world.run(2000);
    assert_eq!(logs_asked_for(&world), 1);
    assert_eq!(world.nodes[0].faults, [(world.nodes[1].peer.clone(), Fault::Withheld)]);
}

#[test]
fn whoever_gives_a_log_that_is_none_is_at_fault_and_not_whoever_told() {
    let (mut world, mut ada) = behind(572, 3, &[2]);
    world.nodes[1].lie = Some(|request, _| match request {
        Request::Log(wanted) => Response::Log(give::Log {
            after: wanted.have,
            lines: b"no entry\n".to_vec(),
            witness: None,
            head: None,
        }),
        _ => Response::Unsupported,
    });
    world.unlink(0, 2);
    let verdicts = told_by_one_who_leaves(&mut world, &mut ada);
    assert_eq!(verdicts, [Verdict::Ignore]);
    assert_eq!(world.nodes[0].faults, [(world.nodes[1].peer.clone(), Fault::BadSignature)]);
}

#[test]
fn a_proof_whose_teller_is_gone_is_fetched_from_somebody_else() {
    let mut world = World::of_keepers(573, 2);
    let mut ada = Person::new(1, &world.network);
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(1));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    world.unlink(0, 1);
    world.trace.clear();
    thief.rotate(2, EPOCH.plus(2));
    let _refused = world.ask(1, Command::Publish(thief.publication()));
    let proof = world.trace.iter().find_map(|(_, effect)| match effect {
        Effect::Save(Change::Fork { bytes, .. }) => Some(bytes.clone()),
        _ => None,
    });
    for node in &mut world.nodes {
        node.knows = Some(|request| !matches!(request, Request::Digests(_) | Request::Forks(_)));
    }
    world.link(0, 1);
    world.run(1000);
    assert_eq!(world.nodes[0].disk.forks.len(), 0, "nobody told it");
    let mut stranger = Stranger::meet(&mut world);
    let hash = sha256(&proof.expect("two entries follow one"));
    stranger.gossips(&mut world, "fork", Notice { scid: ada.scid(), hash }.to_bytes());
    world.run(1000);
    assert_eq!(world.nodes[0].disk.forks.len(), 1);
}
