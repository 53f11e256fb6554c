//! Status lists, profiles, and who is vouched for.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::credential;
use crate::engine::command::{Command, Outcome, Refusal};
use crate::engine::config::Role;
use crate::engine::effect::Notice;
use crate::engine::event::{Event, Prefix};
use crate::engine::forks::Evidence;
use crate::key::SecretKey;
use crate::policy::standing::Fork;
use crate::status::bits::Bits;
use crate::status::ledger::{Ledger, State, Times};
use crate::status::statement::Statement;
use crate::status::why::Why;
use crate::status::{Purpose, list, list_url};
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, Response};
use crate::wire::peer::Peer;
use std::collections::{BTreeMap, BTreeSet};

/// An attestor, its list 1 and what it signed of it so far.
pub(super) struct North {
    pub(super) person: Person,
    pub(super) list: Vec<u8>,
    pub(super) ledger: Ledger,
}

fn list_of(person: &Person) -> Vec<u8> {
    list_with(person, &[], EPOCH)
}

/// List 1 after no change, with these bits set all the same.
fn list_with(person: &Person, set: &[u64], issued: crate::time::Timestamp) -> Vec<u8> {
    let mut bits = Bits::new(0);
    for index in set {
        let _value = bits.flip(*index);
    }
    signed_list(person, &bits, (0, None), issued)
}

/// List 1 as it stands after so many changes, the last of which was made by a statement.
fn signed_list(
    person: &Person,
    bits: &Bits,
    (sequence, statement): (u64, Option<[u8; 32]>),
    issued: crate::time::Timestamp,
) -> Vec<u8> {
    let draft = list::Draft {
        issuer: person.history.did(),
        url: &list_url("https://north.example", 1),
        purpose: Purpose::Revocation,
        bits,
        sequence,
        statement,
        issued,
        valid_until: EPOCH.plus(365 * 86_400),
    };
    credential::draft::to_bytes(&draft.sign(&person.assertion()))
}

impl North {
    pub(super) fn new(world: &World) -> Self {
        Self::of(Person::new(1, &world.network))
    }

    /// The attestor that somebody is, with the keys they have now.
    pub(super) fn of(person: Person) -> Self {
        let list = list_of(&person);
        let credential =
            credential::Credential::parse_within(&list, crate::wire::bounds::STATUS_LIST).unwrap();
        let document = person.history.document();
        let keys: &credential::Keys<'_> =
            &|_, url| document.key_for(crate::proof::Purpose::AssertionMethod, url);
        let claim = credential::claim::Claim::verify(credential, keys).unwrap();
        let ledger = Ledger::start(&list::List::read(&claim).unwrap());
        Self { person, list, ledger }
    }

    pub(super) fn sign(&mut self, flips: &[u64], seconds: u64) -> Statement {
        self.sign_for(flips, seconds, 3600)
    }

    /// Signs a statement that counts for `life` seconds.
    pub(super) fn sign_for(&mut self, flips: &[u64], seconds: u64, life: u64) -> Statement {
        self.sign_under(&self.person.assertion(), flips, seconds, life)
    }

    /// Signs a statement with one of its keys.
    pub(super) fn sign_under(
        &mut self,
        key: &SecretKey,
        flips: &[u64],
        seconds: u64,
        life: u64,
    ) -> Statement {
        let wanted: BTreeMap<u64, bool> = flips.iter().map(|index| (*index, true)).collect();
        let issued = EPOCH.plus(seconds);
        let times = Times { issued, valid_until: issued.plus(life), effective_at: issued };
        let (mut statements, ledger) =
            self.ledger.sign(&wanted, Why::AccountClosed, times, "test", key).unwrap();
        self.ledger = ledger;
        statements.remove(0)
    }

    /// Signs the whole list as it stands now.
    pub(super) fn sign_list(&mut self, seconds: u64) {
        let state = self.ledger.state();
        let stands = (state.sequence(), state.tip());
        self.list = signed_list(&self.person, state.bits(), stands, EPOCH.plus(seconds));
    }

    pub(super) fn publish(&self, world: &mut World, statement: &Statement, whole: bool) -> Outcome {
        let list = whole.then(|| self.list.clone());
        let statement = statement.sealed().to_vec();
        world.ask(0, Command::PublishStatement { statement, list })
    }
}

/// Six keepers that know North and the first word of its list.
pub(super) fn attested(seed: u64) -> (World, North) {
    let mut world = World::of_keepers(seed, 6);
    let mut north = North::new(&world);
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    world.run(1000);
    let trust = BTreeSet::from([north.person.scid()]);
    for node in 0..6 {
        let _done = world.ask(node, Command::Trust { attestors: trust.clone() });
    }
    let first = north.sign(&[], 1);
    let outcome = north.publish(&mut world, &first, true);
    assert!(matches!(outcome, Outcome::Published { announced: true, .. }), "{outcome:?}");
    world.run(2000);
    (world, north)
}

pub(super) fn status(world: &mut World, node: usize, north: &North, max_age: u64) -> Option<State> {
    let issuer = north.person.scid();
    match world.ask(node, Command::Status { issuer, list: 1, max_age }) {
        Outcome::Status(state) => Some(*state),
        Outcome::Refused(Refusal::UnknownList) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_revocation_reaches_everybody_at_once() {
    let (mut world, mut north) = attested(50);
    let revoked = north.sign(&[7, 4711], 2);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(1000);
    for node in 0..6 {
        let state = status(&mut world, node, &north, 3600).unwrap();
        assert_eq!((state.is_set(7), state.is_set(8)), (Some(true), Some(false)));
        assert_eq!(state.sequence(), 1);
        assert_eq!((state.why(7), state.why(8)), (Some(Why::AccountClosed), None));
        let told =
            |it: &Notice| matches!(it, Notice::Status { flipped, .. } if *flipped == [7, 4711]);
        assert!(world.nodes[node].notices.iter().any(told), "node {node} was not told");
    }
}

#[test]
fn a_newcomer_and_a_restart_get_the_whole_list() {
    let (mut world, mut north) = attested(52);
    for index in 0..3 {
        let statement = north.sign(&[index], 10 + index);
        let _published = north.publish(&mut world, &statement, false);
    }
    world.run(1000);
    let shop = world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(3000);
    let state = status(&mut world, shop, &north, 3600).unwrap();
    assert_eq!((state.sequence(), state.is_set(2)), (3, Some(true)));
    // What is on the disk is enough, with nobody in reach.
    world.restart(shop);
    let state = status(&mut world, shop, &north, 3600).unwrap();
    assert_eq!((state.sequence(), state.is_set(2)), (3, Some(true)));
    let (issuer, list) = (north.person.scid(), 2);
    let outcome = world.ask(shop, Command::Status { issuer, list, max_age: 3600 });
    assert!(matches!(outcome, Outcome::Refused(Refusal::UnknownList)), "{outcome:?}");
}

#[test]
fn a_heartbeat_makes_it_younger_and_an_old_word_is_told_as_old() {
    let (mut world, mut north) = attested(53);
    world.run(200_000);
    let state = status(&mut world, 3, &north, 60).unwrap();
    assert_eq!(state.as_of(), EPOCH.plus(1), "nobody has anything newer, and the age shows");
    let heartbeat = north.sign(&[], 205);
    let _published = north.publish(&mut world, &heartbeat, false);
    world.run(1000);
    let state = status(&mut world, 3, &north, 60).unwrap();
    assert_eq!((state.as_of(), state.sequence()), (EPOCH.plus(205), 0));
}

#[test]
fn a_statement_with_a_strange_key_counts_nowhere() {
    let (mut world, north) = attested(54);
    let state = north.ledger.state().clone();
    let body = crate::status::statement::Body {
        issuer: state.issuer(),
        list: 1,
        purpose: Purpose::Revocation,
        from: 0,
        to: 0,
        bits: state.bits().hash(),
        previous: None,
        issued: EPOCH.plus(3),
        valid_until: EPOCH.plus(3600),
        effective_at: EPOCH,
        flips: Vec::new(),
    };
    let forged = body.seal("test", &SecretKey::from_seed([9; 32]));
    let liar = Peer::of(&SecretKey::from_seed([8; 32]).public());
    world.give(1, Event::Connected { peer: liar.clone(), prefix: Prefix(88), outbound: false });
    let topic = format!("/countersign/{}/1/status", world.network.id());
    let (peer, bytes) = (liar.clone(), forged.clone());
    world.give(1, Event::Gossip { token: 9_999_999, peer, topic: topic.clone(), bytes });
    world.run(1000);
    assert_eq!(world.nodes[1].verdicts.last(), Some(&Verdict::Ignore), "it may be a newer key");
    let mut broken = forged;
    let last = broken.len() - 1;
    broken[last] ^= 1;
    world.give(1, Event::Gossip { token: 9_999_998, peer: liar, topic, bytes: broken });
    assert_eq!(world.nodes[1].verdicts.last(), Some(&Verdict::Reject));
    let state = status(&mut world, 1, &north, 3600).unwrap();
    assert_eq!(state.as_of(), EPOCH.plus(1));
}

#[test]
fn two_statements_for_one_sequence_are_proved_to_all() {
    let (mut world, mut north) = attested(55);
    let before = north.ledger.clone();
    let one = north.sign(&[1], 5);
    let _published = north.publish(&mut world, &one, false);
    world.run(1000);
    north.ledger = before;
    let two = north.sign(&[2], 6);
    let topic = format!("/countersign/{}/1/status", world.network.id());
    world.gossip(0, 3, &topic, two.sealed());
    world.run(3000);
    for node in &world.nodes {
        assert_eq!(node.disk.forks.len(), 1);
    }
}

/// Asserts that every node holds one proof against North, believed it, and blames nobody for it.
fn assert_proved(world: &World, north: &North) {
    for (number, node) in world.nodes.iter().enumerate() {
        assert_eq!(node.disk.forks.len(), 1, "node {number}");
        let listing = node.engine.directory.get(&north.person.scid()).unwrap();
        assert_eq!(listing.fork, Fork::Open, "node {number}");
        assert_eq!(node.faults, [], "node {number}");
    }
}

#[test]
fn a_list_that_contradicts_a_statement_is_proved_to_all() {
    let (mut world, mut north) = attested(57);
    let before = north.ledger.clone();
    // The same list again, signed later, contradicts nothing.
    let again = list_with(&north.person, &[], EPOCH.plus(5));
    let heartbeat = north.sign(&[], 6).sealed().to_vec();
    let outcome =
        world.ask(4, Command::PublishStatement { statement: heartbeat, list: Some(again) });
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(1000);
    assert!(world.nodes.iter().all(|node| node.disk.forks.is_empty()));
    // Another list after as many changes.
    north.ledger = before;
    let other = list_with(&north.person, &[3], EPOCH.plus(7));
    let heartbeat = north.sign(&[], 8).sealed().to_vec();
    let _outcome =
        world.ask(4, Command::PublishStatement { statement: heartbeat, list: Some(other) });
    world.run(3000);
    assert_proved(&world, &north);
}

#[test]
fn a_statement_that_goes_on_from_another_one_is_proved_to_all() {
    let (mut world, mut north) = attested(58);
    let before = north.ledger.clone();
    let one = north.sign(&[1], 5);
    let _published = north.publish(&mut world, &one, false);
    world.run(1000);
    north.ledger = before;
    let _never_told = north.sign(&[2], 6);
    let next = north.sign(&[3], 7);
    let topic = format!("/countersign/{}/1/status", world.network.id());
    world.gossip(0, 3, &topic, next.sealed());
    world.run(3000);
    assert_proved(&world, &north);
}

/// Tells node 1 of a fork proof that somebody has, and gives what it made of it.
fn tell_proof(world: &mut World, north: &North, sides: [Vec<u8>; 2]) -> Verdict {
    let proof = Evidence::Status(sides).to_bytes();
    let hash = crate::encoding::multihash::sha256(&proof);
    let notice = crate::wire::notice::Notice { scid: north.person.scid(), hash };
    let peer = world.nodes[0].peer.clone();
    let topic = format!("/countersign/{}/1/fork", world.network.id());
    world.trace.clear();
    let event = Event::Gossip { token: 8_888_888, peer, topic, bytes: notice.to_bytes() };
    world.give(1, event);
    let asked = world.trace.iter().find_map(|(_, effect)| match effect {
        crate::engine::effect::Effect::Request { id, .. } => Some(*id),
        _ => None,
    });
    let outcome = Ok(Response::Body(proof).to_bytes());
    world.give(1, Event::Response { id: asked.unwrap(), outcome });
    world.run(1000);
    *world.nodes[1].verdicts.last().unwrap()
}

#[test]
fn two_lists_prove_a_fork_if_and_only_if_they_differ_in_what_there_is_one_of() {
    let (mut world, north) = attested(59);
    let list = |set: &[u64], seconds| list_with(&north.person, set, EPOCH.plus(seconds));
    let same = [list(&[], 5), list(&[], 6)];
    assert_eq!(tell_proof(&mut world, &north, same), Verdict::Reject, "the same list twice");
    let stranger = Person::new(2, &world.network);
    let theirs = [list(&[], 5), list_with(&stranger, &[3], EPOCH)];
    let verdict = tell_proof(&mut world, &north, theirs);
    assert_ne!(verdict, Verdict::Accept, "a list of somebody else");
    let mut forged = list(&[3], 5);
    let at = forged.windows(9).position(|window| window == b"validFrom").unwrap() + 15;
    forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
    let forged = [list(&[], 5), forged];
    assert_ne!(tell_proof(&mut world, &north, forged), Verdict::Accept, "one is not signed");
    assert!(world.nodes[1].disk.forks.is_empty());
    let differ = [list(&[], 5), list(&[3], 5)];
    assert_eq!(tell_proof(&mut world, &north, differ), Verdict::Accept);
    assert_eq!(world.nodes[1].disk.forks.len(), 1);
}

#[test]
fn an_evicted_attestor_leaves_neither_list_nor_profile_behind() {
    let mut world = World::new(60);
    world.join(Role::Keeper, |_| {});
    world.join(Role::Keeper, |config| config.head_budget = 20_000);
    world.mesh();
    world.run(1000);
    let mut north = North::new(&world);
    let scid = north.person.scid();
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    world.run(1000);
    let first = north.sign(&[], 1);
    let _published = north.publish(&mut world, &first, true);
    world.run(2000);
    assert_eq!(world.nodes[1].disk.bodies_of(&scid), 1, "the list is held");
    assert_eq!(world.nodes[1].engine.statuses.len(), 1);
    for number in 0..400 {
        let mut person = Person::new(1000 + number, &world.network);
        let _published = world.ask(0, Command::Publish(person.publication()));
        world.run(200);
        if world.listing(1, &scid).is_none() {
            break;
        }
    }
    assert!(world.listing(1, &scid).is_none(), "there was room for all");
    assert_eq!(world.nodes[1].disk.bodies_of(&scid), 0);
    assert_eq!(world.nodes[1].engine.statuses.len(), 0);
    // Whoever asks for the list is told what the network knows.
    assert!(status(&mut world, 1, &north, 3600).is_none());
    assert!(world.find(1, scid, crate::engine::command::Freshness::Peers).is_some());
}

#[test]
fn a_stranger_with_many_lists_takes_no_room_from_an_attestor_that_matters() {
    let (mut world, mut north) = attested(61);
    let mut mallory = Person::new(66, &world.network);
    let _published = world.ask(0, Command::Publish(mallory.publication()));
    world.run(1000);
    let topic = format!("/countersign/{}/1/status", world.network.id());
    for list in 0..100 {
        let body = crate::status::statement::Body {
            issuer: mallory.scid(),
            list,
            purpose: Purpose::Revocation,
            from: 0,
            to: 0,
            bits: Bits::new(0).hash(),
            previous: None,
            issued: EPOCH.plus(3),
            valid_until: EPOCH.plus(3600),
            effective_at: EPOCH,
            flips: Vec::new(),
        };
        world.gossip(0, 1, &topic, &body.seal("test", &mallory.assertion()));
        world.run(20);
        let followed = world.nodes[1].engine.statuses.len();
        assert!(followed <= 9, "{followed} lists are followed");
    }
    let revoked = north.sign(&[7], 20);
    let _published = north.publish(&mut world, &revoked, false);
    world.run(1000);
    assert_eq!(status(&mut world, 1, &north, 3600).unwrap().is_set(7), Some(true));
}

#[test]
fn statements_of_attestors_that_do_not_exist_keep_nobody_from_looking() {
    let mut world = World::of_keepers(62, 3);
    let liar = SecretKey::from_seed([8; 32]);
    let topic = format!("/countersign/{}/1/status", world.network.id());
    let peer = world.nodes[0].peer.clone();
    for number in 0..500_u16 {
        let [high, low] = number.to_be_bytes();
        let mut digest = [9; 32];
        digest[0] = high;
        digest[1] = low;
        let body = crate::status::statement::Body {
            issuer: crate::did::Scid::from_digest(digest),
            list: 1,
            purpose: Purpose::Revocation,
            from: 0,
            to: 0,
            bits: [0; 32],
            previous: None,
            issued: EPOCH.plus(3),
            valid_until: EPOCH.plus(3600),
            effective_at: EPOCH,
            flips: Vec::new(),
        };
        let bytes = body.seal("test", &liar);
        let (peer, topic) = (peer.clone(), topic.clone());
        world.give(1, Event::Gossip { token: 7_000_000 + u64::from(number), peer, topic, bytes });
    }
    let engine = &world.nodes[1].engine;
    assert!(engine.asking.open() < 300, "{} questions are open", engine.asking.open());
    assert_eq!(engine.statuses.len(), 0, "lists nobody has are followed");
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let found = world.find(1, ada.scid(), crate::engine::command::Freshness::Peers);
    assert!(found.is_some());
}

/// What an attestor says of itself at some time.
pub(super) fn profile(person: &Person, name: &str, at: crate::time::Timestamp) -> Vec<u8> {
    let profile = credential::profile::Profile {
        name: name.to_owned(),
        offers: Vec::new(),
        lists: Vec::new(),
        reach: Vec::new(),
    };
    let did = person.history.did();
    let mut subject = profile.to_subject();
    subject.insert("id".to_owned(), serde_json::json!(did));
    let draft = credential::draft::Draft {
        id: None,
        types: vec![credential::profile::TYPE.to_owned()],
        issuer: did.clone(),
        subject,
        valid_from: at,
        valid_until: EPOCH.plus(365 * 86_400),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    credential::draft::to_bytes(&draft.sign(&person.assertion(), at))
}

/// Fills the room there is for profiles of whoever does not matter.
fn fill_with_profiles(world: &mut World, node: usize) {
    for number in 0..4096_u32 {
        let mut digest = [7; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        let scid = crate::did::Scid::from_digest(digest);
        let _before = world.nodes[node].engine.profiles.insert(scid, (digest, EPOCH));
    }
}

#[test]
fn a_profile_there_is_no_room_for_is_not_told_on_and_ones_own_is_always_kept() {
    let mut world = World::of_keepers(57, 6);
    let mut north = North::new(&world);
    let _published = world.ask(0, Command::Publish(north.person.publication()));
    world.run(1000);
    // Node 1 stands between node 0 and the others.
    (2..6).for_each(|node| world.unlink(0, node));
    fill_with_profiles(&mut world, 1);
    let (scid, first) = (north.person.scid(), profile(&north.person, "North", EPOCH.plus(1)));
    let publish = |profile: Vec<u8>| Command::PublishProfile { scid, profile };
    let outcome = world.ask(0, publish(first));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(2000);
    let keeps = |world: &World, node: usize| world.nodes[node].engine.profiles.contains_key(&scid);
    assert!(keeps(&world, 0) && !keeps(&world, 1) && !keeps(&world, 2));
    assert!(world.nodes.iter().all(|node| node.faults.is_empty()), "nobody withheld it");
    fill_with_profiles(&mut world, 0);
    world.nodes[0].engine.profiles.remove(&scid);
    let outcome = world.ask(0, publish(profile(&north.person, "North Star", EPOCH.plus(2))));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    assert!(keeps(&world, 0));
}

#[test]
fn profiles_of_nobody_wait_until_nobody_was_found() {
    let mut world = World::of_keepers(58, 2);
    let mut stranger = super::stale::Stranger::meet(&mut world);
    world.nodes[0].verdicts.clear();
    for byte in 0..70 {
        let bytes = vec![byte; 40];
        let (scid, hash) =
            (crate::did::Scid::from_digest([byte; 32]), crate::encoding::multihash::sha256(&bytes));
        let notice = crate::wire::notice::Notice { scid, hash };
        stranger.gossips(&mut world, "profile", notice.to_bytes());
        let wanted = |request: &Request| *request == Request::Body(hash);
        stranger.answers(&mut world, wanted, &Response::Body(bytes));
    }
    assert!(!world.nodes[0].engine.unread_profiles.is_empty());
    world.run(30_000);
    assert!(world.nodes[0].engine.unread_profiles.is_empty());
    assert_eq!(world.nodes[0].verdicts, [Verdict::Ignore; 70]);
}

#[test]
fn whoever_hears_of_an_attestor_before_its_log_asks_whoever_told() {
    for seed in 70..76 {
        let mut world = World::of_keepers(seed, 8);
        let mut north = North::new(&world);
        // Nobody else hears of it, as its log is on its way to them.
        world.lossy = 100;
        let _published = world.ask(0, Command::Publish(north.person.publication()));
        let (scid, profile) = (north.person.scid(), profile(&north.person, "North", EPOCH.plus(1)));
        let hash = crate::encoding::multihash::sha256(&profile);
        let _published = world.ask(0, Command::PublishProfile { scid, profile });
        let topic = format!("/countersign/{}/1/profile", world.network.id());
        world.gossip(0, 7, &topic, &crate::wire::notice::Notice { scid, hash }.to_bytes());
        world.run(2000);
        let Outcome::Profiles(known) = world.ask(7, Command::Profiles) else { panic!() };
        assert_eq!(known, [(scid, hash)], "seed {seed}");
        // And whoever heard nothing asks when its owner wants to know.
        let outcome = world.ask(3, Command::AskAround);
        assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
    }
}

#[test]
fn a_profile_reaches_everybody_and_an_older_one_replaces_nothing() {
    let (mut world, north) = attested(56);
    let scid = north.person.scid();
    let at = |seconds| EPOCH.plus(seconds);
    let old = profile(&north.person, "North", at(1));
    let new = profile(&north.person, "North Star", at(2));
    let outcome = world.ask(0, Command::PublishProfile { scid, profile: new.clone() });
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    world.run(1000);
    let outcome = world.ask(0, Command::PublishProfile { scid, profile: old });
    assert!(matches!(outcome, Outcome::Refused(Refusal::NotAProfile)), "{outcome:?}");
    let hash = crate::encoding::multihash::sha256(&new);
    for node in 0..6 {
        let Outcome::Profiles(known) = world.ask(node, Command::Profiles) else { panic!() };
        assert_eq!(known, [(scid, hash)], "node {node}");
        let Outcome::Body(body) = world.ask(node, Command::Body { hash }) else { panic!() };
        assert_eq!(body, Some(new.clone()));
    }
    // Who comes later asks what there is.
    let shop = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(70_000);
    let Outcome::Profiles(known) = world.ask(shop, Command::Profiles) else { panic!() };
    assert_eq!(known, [(scid, hash)]);
}
