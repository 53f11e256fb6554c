//! Two of what there may be one of.

use crate::town::{FIFTY, SECOND, keepers};
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::engine::command::Freshness;
use countersign_protocol::key::PublicKey;
use countersign_protocol::policy::standing::Fork;
use countersign_simulation::node::{self, Node};
use countersign_simulation::person::Person;
use countersign_simulation::simulate;
use countersign_simulation::world::{Id, World};

const HALF: usize = 4;

/// Adds two halves of a network in which Ada is published; so many of its nodes witness her log.
async fn begin(world: &mut World, witnesses: usize) -> (Vec<Node>, Person, Vec<PublicKey>) {
    let nodes = keepers(world, 2 * HALF, witnesses).await;
    let keys: Vec<PublicKey> = nodes.iter().filter_map(Node::witness).collect();
    // Of nobody there is no rule.
    let rule = Rule::new(2, keys.clone()).ok();
    let mut ada = Person::new(&node::parameters(), world.dice(), rule.as_ref(), nodes[0].now());
    if rule.is_some() {
        assert_eq!(nodes[0].cosign(&mut ada, &keys).await.signed.len(), witnesses);
    }
    nodes[0].publish(&mut ada).await;
    world.run_for(2 * SECOND).await;
    (nodes, ada, keys)
}

/// Cuts the network in two halves, publishes another second entry in each, and mends it.
async fn split(world: &mut World, nodes: &[Node], ada: &mut Person, keys: &[PublicKey]) {
    let ids: Vec<Id> = nodes.iter().map(Node::id).collect();
    let mut thief = ada.clone();
    ada.rotate(0, nodes[0].now().plus(10));
    thief.rotate(1, nodes[0].now().plus(20));
    if !keys.is_empty() {
        nodes[0].cosign(ada, keys).await;
        // A witness never cosigns a sibling.
        assert_eq!(nodes[HALF].cosign(&mut thief, keys).await.signed.len(), 0);
    }
    world.partition(&ids[..HALF], &ids[HALF..]);
    nodes[0].publish(ada).await;
    // Refused where it must be witnessed and is not.
    let published = nodes[HALF].publication(&mut thief);
    let _outcome = nodes[HALF].ask(published).await;
    world.run_for(60 * SECOND).await;
    let second = nodes.iter().filter(|node| node.fork_proofs(&ada.scid()) > 0).count();
    assert_eq!(second, 0, "nobody can know of both");
    world.mend_all();
    world.run_for(120 * SECOND).await;
}

async fn fork(node: &Node, ada: &Person) -> (u64, Fork) {
    let found = node.find(ada.scid(), Freshness::Held).await.expect("it is held");
    (found.identity.standing().expect("it stands").number(), found.fork)
}

pub(crate) fn a_second_child_known_to_half_the_network_is_decided_alike_by_every_node(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let (nodes, mut ada, keys) = begin(world, 0).await;
        split(world, &nodes, &mut ada, &keys).await;
        for (number, node) in nodes.iter().enumerate() {
            assert_eq!(node.fork_proofs(&ada.scid()), 1, "node {number}");
            // What both histories share stands, and nobody chooses.
            assert_eq!(fork(node, &ada).await, (1, Fork::Open), "node {number}");
        }
        // Somebody who comes later learns of it with the first reconciliation after it asked for her.
        let late = Node::add(world, &[&nodes[1], &nodes[HALF + 1]], |_| {});
        world.run_for(5 * SECOND).await;
        let _first = fork(&late, &ada).await;
        world.run_for(120 * SECOND).await;
        assert_eq!(fork(&late, &ada).await, (1, Fork::Open), "who comes later");
    });
}

pub(crate) fn who_comes_after_two_histories_is_told_what_both_share_in_the_first_answer(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let (nodes, mut ada, keys) = begin(world, 0).await;
        // What both share is no longer what the DHT got first.
        ada.rotate(0, nodes[0].now().plus(1));
        nodes[0].publish(&mut ada).await;
        world.run_for(2 * SECOND).await;
        split(world, &nodes, &mut ada, &keys).await;
        for (number, node) in nodes.iter().enumerate() {
            assert_eq!(fork(node, &ada).await, (2, Fork::Open), "node {number}");
        }
        let late = Node::add(world, &[&nodes[1], &nodes[HALF + 1]], |_| {});
        world.run_for(5 * SECOND).await;
        assert_eq!(fork(&late, &ada).await, (2, Fork::Open), "who comes later");
        assert_eq!(late.fork_proofs(&ada.scid()), 1);
    });
}

pub(crate) fn of_two_branches_the_witnessed_one_stands_at_every_node(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let (nodes, mut ada, keys) = begin(world, 3).await;
        split(world, &nodes, &mut ada, &keys).await;
        for (number, node) in nodes.iter().enumerate() {
            let (standing, fork) = fork(node, &ada).await;
            assert_eq!(standing, 2, "node {number}: {fork:?}");
            assert_ne!(fork, Fork::Open, "node {number}");
        }
    });
}
