//! Two of what there may be one of.

use super::super::person::{EPOCH, Person};
use super::super::world::World;
use super::shop::{NORTH, SHOP, Town, assert_answer};
use crate::did::fork::Fork as Parted;
use crate::encoding::multihash::sha256;
use crate::engine::command::{Command, Freshness, Outcome};
use crate::engine::config::Role;
use crate::engine::effect::Fault;
use crate::engine::forks::Evidence;
use crate::policy::decision::Answer;
use crate::policy::standing::Fork;
use crate::verdict::Verdict;

fn flags(world: &World, person: &Person) -> Vec<Option<Fork>> {
    let nodes = 0..world.nodes.len();
    nodes.map(|node| world.listing(node, &person.scid()).map(|it| it.fork)).collect()
}

/// Publishes somebody, and then two heads with one sequence: hers at node 1, a copy's at node `other`.
pub(in crate::engine::tests) fn show_two_heads(world: &mut World, ada: &mut Person, other: usize) {
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let mut copy = ada.clone();
    ada.show("{}");
    copy.show("[]");
    let _one = world.command(1, Command::Publish(ada.publication()));
    let _two = world.command(other, Command::Publish(copy.publication()));
    world.run(5000);
}

#[test]
fn two_heads_with_one_sequence_flag_their_owner_until_the_next_entry() {
    let mut world = World::of_keepers(260, 6);
    let mut ada = Person::new(1, &world.network);
    show_two_heads(&mut world, &mut ada, 4);
    assert_eq!(flags(&world, &ada), [Some(Fork::Open); 6]);
    // A higher head of either copy settles nothing, for both have the key; nor does a restart.
    let _published = world.ask(1, Command::Publish(ada.publication()));
    world.restart(5);
    world.mesh();
    world.run(5000);
    assert_eq!(flags(&world, &ada), [Some(Fork::Open); 6]);
    ada.rotate(1, EPOCH.plus(60));
    let outcome = world.ask(1, Command::Publish(ada.publication()));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(5000);
    assert_eq!(flags(&world, &ada), [Some(Fork::Settled); 6]);
    // The proof stays, for ever and for everybody who comes later.
    let late = world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(70_000);
    assert_eq!(world.nodes[late].disk.forks.len(), 1);
    assert_eq!(flags(&world, &ada), [Some(Fork::Settled); 7]);
}

#[test]
fn whoever_meets_an_identity_late_learns_of_the_fork_it_was_told_of_too_early() {
    let mut world = World::of_keepers(263, 4);
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(70_000);
    // A home listens to half of the shards; hers is in the other half.
    let mut people = (1..).map(|seed| Person::new(seed, &world.network));
    let shard = |person: &Person| world.network.shards().of(&person.scid());
    let heard = &world.nodes[home].engine.shards;
    let mut ada = people.find(|person| !heard.contains(&shard(person))).unwrap();
    show_two_heads(&mut world, &mut ada, 3);
    assert_eq!(world.listing(home, &ada.scid()).map(|it| it.fork), None, "a stranger to it");
    assert_eq!(world.nodes[home].disk.forks.len(), 0);
    let found = world.find(home, ada.scid(), Freshness::Peers);
    assert_eq!(found.unwrap().fork, Fork::Open, "the first answer says so");
    assert_eq!(flags(&world, &ada), [Some(Fork::Open); 5]);
}

#[test]
fn one_proof_of_a_place_is_kept_however_many_heads_are_signed_for_it() {
    let mut world = World::of_keepers(261, 3);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let next = ada.sequence + 1;
    for number in 0..10 {
        ada.show(&number.to_string());
        let shard = world.network.shards().of(&ada.scid()).number();
        let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
        let head = ada.head_with(next);
        world.gossip(1, 0, &topic, &head);
        world.run(500);
    }
    world.run(70_000);
    for node in &world.nodes {
        assert_eq!(node.disk.forks.len(), 1);
        // The showcases they name were never given to anybody; bad news cost nothing.
        assert!(node.faults.iter().all(|(_, fault)| *fault == Fault::Withheld));
    }
    let kept: std::collections::BTreeSet<_> =
        (0..3).map(|node| world.listing(node, &ada.scid()).unwrap().head_hash).collect();
    assert_eq!(kept.len(), 1, "all nodes keep the same head");
}

#[test]
fn a_proof_spelled_in_another_way_is_the_same_proof() {
    let mut world = World::of_keepers(262, 2);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    thief.rotate(2, EPOCH.plus(10));
    let proof = Parted::between(&ada.history, &thief.history).unwrap().to_proof();
    let bytes = proof.to_bytes();
    // The same two entries, one of them written with a space that means nothing.
    let [one, _] = proof.children();
    let line = one.as_bytes();
    let at = bytes.windows(line.len()).position(|window| window == line).unwrap();
    let mut spaced = line.to_vec();
    spaced.insert(1, b' ');
    let length = u16::try_from(spaced.len()).unwrap().to_be_bytes();
    let other = [&bytes[..at - 2], &length[..], &spaced, &bytes[at + line.len()..]].concat();
    assert!(Evidence::parse(&other).is_ok(), "it is a proof as well");
    let topic = format!("/countersign/{}/1/fork", world.network.id());
    let announced = |evidence: &[u8]| {
        crate::wire::notice::Notice { scid: ada.scid(), hash: sha256(evidence) }.to_bytes()
    };
    let again = announced(&other);
    for (token, evidence) in (90_000..).zip([bytes, other]) {
        let notice = announced(&evidence);
        let peer = world.nodes[1].peer.clone();
        world.trace.clear();
        let topic = topic.clone();
        let event = crate::engine::event::Event::Gossip { token, peer, topic, bytes: notice };
        world.give(0, event);
        let asked = world.trace.iter().find_map(|(_, effect)| match effect {
            crate::engine::effect::Effect::Request { id, .. } => Some(*id),
            _ => None,
        });
        let outcome = Ok(crate::wire::exchange::Response::Body(evidence).to_bytes());
        let event = crate::engine::event::Event::Response { id: asked.unwrap(), outcome };
        world.give(0, event);
        world.run(1000);
    }
    assert_eq!(world.nodes[0].disk.forks.len(), 1);
    assert_eq!(world.nodes[0].faults, []);
    // The other is not told on, neither at first nor later: nobody could have it from here.
    let peer = world.nodes[1].peer.clone();
    let event = crate::engine::event::Event::Gossip { token: 90_002, peer, topic, bytes: again };
    world.give(0, event);
    let verdicts = [Verdict::Accept, Verdict::Ignore, Verdict::Ignore];
    assert!(world.nodes[0].verdicts.ends_with(&verdicts), "{:?}", world.nodes[0].verdicts);
    assert_eq!(flags(&world, &ada)[0], Some(Fork::Open));
}

#[test]
fn an_attestor_with_two_histories_of_one_list_is_refused_until_it_drops_the_key() {
    let mut town = Town::new(263);
    assert_answer(&town.decide(), Answer::Accepted);
    let before = town.north.ledger.clone();
    town.say(&[1]);
    town.north.ledger = before;
    let seconds = town.world.now_ms / 1000;
    let other = town.north.sign_for(&[2], seconds, 3600);
    let topic = format!("/countersign/{}/1/status", town.world.network.id());
    town.world.gossip(0, SHOP, &topic, other.sealed());
    town.world.run(3000);
    for node in 0..5 {
        assert_eq!(town.world.nodes[node].disk.forks.len(), 1, "node {node}");
        let listing = town.world.listing(node, &town.north.person.scid()).unwrap();
        assert_eq!(listing.fork, Fork::Open, "node {node}");
    }
    assert_answer(&town.decide(), Answer::Refused);
    // A new head, a restart and another key beside the old one change nothing of it.
    town.publish_north();
    town.world.restart(SHOP);
    town.world.mesh();
    town.world.run(3000);
    assert_answer(&town.decide(), Answer::Refused);
    let at = town.now();
    town.north.person.new_assertion(true, at);
    town.publish_north();
    assert_answer(&town.decide(), Answer::Refused);
    // The key is dropped: whoever signed twice with it signs for North no more.
    let at = town.now().plus(60);
    town.north.person.new_assertion(false, at);
    town.publish_north();
    let listing = town.world.listing(SHOP, &town.north.person.scid()).unwrap();
    assert_eq!(listing.fork, Fork::Settled);
    assert_eq!(NORTH, 4);
}
