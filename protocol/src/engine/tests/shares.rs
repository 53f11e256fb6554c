//! How much of a node's attention one peer gets.

use super::person::Person;
use super::world::World;
use crate::engine::command::{Command, Freshness};
use crate::engine::config::Role;
use crate::engine::event::Event;
use crate::key::SecretKey;

#[test]
fn whoever_chose_us_brings_no_more_strangers_than_its_share_and_whom_we_chose_all_it_holds() {
    const MANY: usize = 600;
    let held = |chosen: bool| {
        let mut world = World::new(620);
        let (here, there) = (world.join(Role::Keeper, |_| {}), world.join(Role::Keeper, |_| {}));
        for seed in 0..MANY {
            let mut person = Person::new(u64::try_from(seed).unwrap(), &world.network);
            let command = world.command(there, Command::Publish(person.publication()));
            world.run(10);
            assert!(world.nodes[there].answers.remove(&command).is_some());
        }
        // Whoever links chooses.
        if chosen {
            world.link(here, there)
        } else {
            world.link(there, here)
        }
        world.run(20_000);
        world.nodes[here].engine.directory.len()
    };
    assert_eq!(held(true), MANY);
    let share = held(false);
    assert!((256..256 + 4 * 21).contains(&share), "{share}");
}

#[test]
fn heads_that_others_only_speak_of_keep_none_from_being_found() {
    let mut world = World::of_keepers(621, 2);
    let mut ada = Person::new(1, &world.network);
    world.lossy = 100;
    let _published = world.ask(1, Command::Publish(ada.publication()));
    assert!(world.listing(0, &ada.scid()).is_none());
    // Whoever speaks of her takes every question, and gives no answer.
    let liar = world.join(Role::Keeper, |_| {});
    world.link(liar, 0);
    world.run(500);
    world.nodes[liar].killed = true;
    let mut mallory = ada.clone();
    mallory.auth = SecretKey::from_seed([66; 32]);
    let shard = world.network.shards().of(&ada.scid()).number();
    let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
    // The first is asked about; the others fill the line behind it.
    for number in 1000..1010 {
        let bytes = mallory.head_after(1, |head| head.version = number);
        let (topic, peer) = (topic.clone(), world.nodes[liar].peer.clone());
        world.give(0, Event::Gossip { token: 1_000_000 + number, peer, topic, bytes });
    }
    let found = world.find(0, ada.scid(), Freshness::Held).expect("a peer holds it");
    assert_eq!(found.identity.log(), ada.log);
}
