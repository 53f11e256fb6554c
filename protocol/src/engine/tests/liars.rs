//! Heads in the DHT that nobody but a liar signed: any number, as high as it likes.

use super::person::Person;
use super::world::World;
use crate::engine::command::{Command, Freshness};
use crate::engine::config::Role;
use crate::engine::event::Located;
use crate::key::SecretKey;
use crate::wire::exchange::Response;
use crate::wire::peer::Peer;

const LIARS: usize = 12;

/// Somebody who published and whose head the DHT has, and liars who have it say other things before.
fn lied_about(seed: u64) -> (World, Person, Vec<usize>) {
    let mut world = World::of_keepers(seed, 3);
    world.dht = Some(std::collections::BTreeMap::new());
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(20_000);
    let liars: Vec<usize> = (0..LIARS).map(|_| world.join(Role::Keeper, |_| {})).collect();
    // The stamp is Ada's, and holds for whatever is said of her.
    let mut mallory = ada.clone();
    mallory.auth = SecretKey::from_seed([66; 32]);
    for (number, liar) in (1000..).zip(&liars) {
        let head = mallory.head_after(1, |head| head.version = number);
        let holders = vec![world.nodes[*liar].peer.clone()];
        world.lies.push(Located { head, holders, corners: 1 });
    }
    (world, ada, liars)
}

#[test]
fn whoever_spells_more_heads_than_anybody_crowds_out_none() {
    let (mut world, ada, liars) = lied_about(600);
    for liar in liars {
        world.nodes[liar].lie = Some(|_, _| Response::Nothing);
    }
    let lone = world.join(Role::Keeper, |_| {});
    let found = world.find(lone, ada.scid(), Freshness::Held).expect("the last one is true");
    assert_eq!(found.identity.log(), ada.log);
    assert!(found.head.is_some());
}

#[test]
fn a_head_that_several_gave_is_held_before_liars_who_never_answer_are_waited_for() {
    let (mut world, ada, liars) = lied_about(601);
    // They take every question, and give no answer.
    liars.iter().for_each(|liar| world.nodes[*liar].killed = true);
    let mut holders: Vec<Peer> = (0..3).map(|node| world.nodes[node].peer.clone()).collect();
    // One of those who say what is true is a liar all the same.
    holders.insert(0, world.nodes[liars[0]].peer.clone());
    let (_, head) = world.dht.take().unwrap().remove(&ada.scid()).unwrap();
    world.lies.push(Located { head, holders, corners: 4 });
    world.dht = Some(std::collections::BTreeMap::new());
    let lone = world.join(Role::Keeper, |_| {});
    let before = world.now_ms;
    let found = world.find(lone, ada.scid(), Freshness::Held).expect("three hold it");
    assert_eq!(found.identity.log(), ada.log);
    // Liars are waited for once for the log of the true head, once for theirs, and once for forks.
    let took = world.now_ms - before;
    assert!(took < 18_000, "{took} ms");
}
