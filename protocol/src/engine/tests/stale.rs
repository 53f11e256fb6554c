//! What becomes of an identity that is being taken in while something else is learned of it.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::did::fork::Fork as Parted;
use crate::encoding::multihash::sha256;
use crate::engine::command::Command;
use crate::engine::effect::Effect;
use crate::engine::event::{Event, Prefix};
use crate::engine::forks::Evidence;
use crate::key::SecretKey;
use crate::policy::standing::Fork;
use crate::wire::exchange::{Request, Response, give};
use crate::wire::notice::Notice;
use crate::wire::peer::Peer;

/// Somebody at node 0 who answers when it suits them.
pub(super) struct Stranger {
    pub(super) peer: Peer,
    token: u64,
}

impl Stranger {
    pub(super) fn meet(world: &mut World) -> Self {
        let peer = Peer::of(&SecretKey::from_seed([97; 32]).public());
        let connected =
            Event::Connected { peer: peer.clone(), prefix: Prefix(97), outbound: false };
        world.give(0, connected);
        world.run(100);
        Self { peer, token: 1 << 40 }
    }

    pub(super) fn gossips(&mut self, world: &mut World, kind: &str, bytes: Vec<u8>) -> u64 {
        self.token += 1;
        let topic = format!("/countersign/{}/1/{kind}", world.network.id());
        let (token, peer) = (self.token, self.peer.clone());
        world.give(0, Event::Gossip { token, peer, topic, bytes });
        world.run(2);
        token
    }

    /// Answers the newest question of this kind.
    pub(super) fn answers(
        &self,
        world: &mut World,
        wanted: impl Fn(&Request) -> bool,
        response: &Response,
    ) {
        let asked = world.trace.iter().rev().find_map(|(_, effect)| match effect {
            Effect::Request { id, peer, bytes } if *peer == self.peer => {
                Request::parse(bytes).is_ok_and(|request| wanted(&request)).then_some(*id)
            }
            _ => None,
        });
        let outcome = Ok(response.to_bytes());
        world.give(0, Event::Response { id: asked.expect("it was asked"), outcome });
        world.run(2);
    }

    /// Announces a head and gives the entries after the first `have`; its showcase is still asked for.
    pub(super) fn begins(&mut self, world: &mut World, person: &mut Person, have: u64) {
        let shard = world.network.shards().of(&person.scid()).number();
        let head = person.head();
        self.gossips(world, &format!("head/{shard}"), head.clone());
        if have == person.history.number() {
            return;
        }
        let start = person.history.at_number(have).map_or(0, |history| history.length());
        let lines = person.log[start..].to_vec();
        let log = give::Log { after: have, lines, witness: None, head: Some(head) };
        self.answers(world, |request| matches!(request, Request::Log(_)), &Response::Log(log));
    }

    pub(super) fn shows(&self, world: &mut World, person: &Person) {
        let (_, showcase) = person.showcase.clone().unwrap();
        let hash = sha256(&showcase);
        let wanted = |request: &Request| *request == Request::Body(hash);
        self.answers(world, wanted, &Response::Body(showcase));
    }

    /// Announces a proof, and gives it.
    pub(super) fn proves(&mut self, world: &mut World, person: &Person, bytes: Vec<u8>) {
        let hash = sha256(&bytes);
        self.gossips(world, "fork", Notice { scid: person.scid(), hash }.to_bytes());
        let wanted = |request: &Request| *request == Request::Body(hash);
        self.answers(world, wanted, &Response::Body(bytes));
    }
}

/// A node that holds the first `length` entries of somebody's log, because the stranger told of it.
fn known(length: u64) -> (World, Person, Stranger) {
    let mut world = World::of_keepers(530, 1);
    let mut stranger = Stranger::meet(&mut world);
    let mut ada = Person::new(1, &world.network);
    (1..length).for_each(|entry| ada.rotate(1, EPOCH.plus(entry)));
    stranger.begins(&mut world, &mut ada, 0);
    assert_eq!(world.holders(&ada.scid(), length, 1), 1);
    (world, ada, stranger)
}

/// Proves that two entries follow the entry `parent`.
pub(super) fn proof(person: &Person, parent: &Person, branch: u64) -> Vec<u8> {
    let mut thief = parent.clone();
    thief.rotate(branch, EPOCH.plus(50 + branch));
    let parted = Parted::between(&person.history, &thief.history).unwrap();
    Evidence::Log(parted.to_proof()).to_bytes()
}

fn stands(world: &World, person: &Person) -> (u64, Fork, bool, usize) {
    let listing = world.listing(0, &person.scid()).unwrap();
    let lines = world.nodes[0].disk.logs[&person.scid()].0.len();
    (listing.number, listing.fork, listing.head.is_some(), lines)
}

#[test]
fn a_fork_that_is_proved_while_a_showcase_is_on_its_way_is_not_forgotten() {
    // Two entries before the newest that is held, and right behind it.
    for parting in [3, 5] {
        let (mut world, mut ada, mut stranger) = known(5);
        let mut parent = Person::new(1, &world.network);
        (1..parting).for_each(|entry| parent.rotate(1, EPOCH.plus(entry)));
        ada.rotate(1, EPOCH.plus(6));
        ada.show("{}");
        stranger.begins(&mut world, &mut ada, 5);
        stranger.proves(&mut world, &ada, proof(&ada, &parent, 2));
        stranger.shows(&mut world, &ada);
        let lines = usize::try_from(parting).unwrap();
        assert_eq!(stands(&world, &ada), (parting, Fork::Open, parting == 5, lines));
    }
}

#[test]
fn a_head_for_an_entry_that_stands_no_more_is_not_put_on_what_does() {
    let (mut world, mut ada, mut stranger) = known(5);
    let mut parent = Person::new(1, &world.network);
    (1..3).for_each(|entry| parent.rotate(1, EPOCH.plus(entry)));
    ada.show("{}");
    stranger.begins(&mut world, &mut ada, 5);
    stranger.proves(&mut world, &ada, proof(&ada, &parent, 2));
    stranger.shows(&mut world, &ada);
    assert_eq!(stands(&world, &ada), (3, Fork::Open, false, 3));
}

#[test]
fn who_was_let_go_of_while_being_taken_in_is_kept_whole() {
    let (mut world, mut ada, mut stranger) = known(5);
    ada.rotate(1, EPOCH.plus(6));
    ada.show("{}");
    stranger.begins(&mut world, &mut ada, 5);
    for head_budget in [0, 1 << 30] {
        let peers = crate::engine::config::PeerRange { low: 1, high: 64 };
        let _id = world.command(0, Command::Limit { head_budget, traffic: None, peers });
    }
    assert!(world.listing(0, &ada.scid()).is_none(), "there was no room for it");
    stranger.shows(&mut world, &ada);
    assert_eq!(stands(&world, &ada), (6, Fork::None, true, 6));
}

#[test]
fn a_log_that_was_read_before_the_next_entry_came_does_not_take_its_place() {
    let (mut world, mut ada, mut stranger) = known(5);
    ada.rotate(1, EPOCH.plus(6));
    ada.show("{}");
    stranger.begins(&mut world, &mut ada, 5);
    // Somebody asks for the log; when the disk answers, there is one entry more.
    let scid = ada.scid();
    world.nodes[0].engine.shelf.remove(&scid);
    let wanted = crate::wire::exchange::want::Log { scid, have: 0 };
    let (peer, bytes) = (stranger.peer.clone(), Request::Log(wanted).to_bytes());
    world.give(0, Event::Request { token: 1 << 50, peer, bytes });
    let (_, showcase) = ada.showcase.clone().unwrap();
    let id = world.trace.iter().rev().find_map(|(_, effect)| match effect {
        Effect::Request { id, bytes, .. } => {
            matches!(Request::parse(bytes), Ok(Request::Body(_))).then_some(*id)
        }
        _ => None,
    });
    let outcome = Ok(Response::Body(showcase).to_bytes());
    world.give(0, Event::Response { id: id.unwrap(), outcome });
    world.run(10);
    let given = world.trace.iter().rev().find_map(|(_, effect)| match effect {
        Effect::Respond { token, bytes } if *token == 1 << 50 => Response::parse(bytes).ok(),
        _ => None,
    });
    let Some(Response::Log(log)) = given else { panic!("{given:?}") };
    assert_eq!(log.lines, ada.log);
    let shelved = world.nodes[0].engine.shelf.get(&scid).unwrap();
    assert_eq!(shelved.history().number(), 6);
}
