//! Forks, witnesses, freshness, clocks and floods.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::engine::clock::Trouble;
use crate::engine::command::{Command, Freshness, Outcome, Refusal};
use crate::engine::config::Role;
use crate::engine::effect::{Effect, Fault, Notice};
use crate::engine::event::{Event, Failure, Prefix};
use crate::key::SecretKey;
use crate::policy::standing::Fork;
use crate::verdict::Verdict;
use crate::wire::exchange::deposit::{Cosign, Reason};
use crate::wire::exchange::hello::{Greeting, Hello, Roles, SPOKEN};
use crate::wire::exchange::{Request, Response};
use crate::wire::peer::Peer;
use std::collections::BTreeSet;

pub(super) fn witness(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

/// Nodes 0 to 3 know one branch, 4 to 7 the other; then they meet.
fn split(seed: u64, rule: Option<Vec<SecretKey>>) -> (World, Person, Person) {
    let mut world = World::of_keepers(seed, 8);
    let mut ada = Person::witnessed_by(1, &world.network, rule, EPOCH);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    for one in 0..4 {
        for other in 4..8 {
            world.unlink(one, other);
        }
    }
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    ada.cosign(EPOCH.plus(10));
    thief.rotate(2, EPOCH.plus(20));
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let _refused = world.ask(4, Command::Publish(thief.publication()));
    world.run(1000);
    world.mesh();
    world.run(5000);
    // The thief tells the half that never heard of the second child.
    let _refused = world.ask(4, Command::Publish(thief.publication()));
    world.run(20_000);
    (world, ada, thief)
}

#[test]
fn of_two_branches_the_witnessed_one_stands_everywhere() {
    let (world, ada, _) = split(30, Some(vec![witness(1), witness(2)]));
    for node in 0..8 {
        let listing = world.listing(node, &ada.scid()).unwrap();
        let version = ada.history.version_id();
        assert_eq!((listing.number, listing.digest), (version.number, version.digest), "{node}");
        assert!(listing.head.is_some(), "node {node} holds no head");
        assert_eq!(listing.fork, Fork::Settled, "node {node}");
    }
}

#[test]
fn a_second_child_known_to_half_is_proved_to_all_and_nobody_chooses() {
    let (world, ada, thief) = split(31, None);
    for node in 0..8 {
        let proofs = world.nodes[node].disk.forks.len();
        assert!(proofs >= 1, "node {node} has no proof");
        let listing = world.listing(node, &ada.scid()).unwrap();
        assert_eq!((listing.number, listing.fork), (1, Fork::Open), "node {node}");
        let told = |it: &Notice| matches!(it, Notice::Forked { scid, .. } if *scid == ada.scid());
        assert!(world.nodes[node].notices.iter().any(told));
    }
    assert_ne!(ada.history.version_id(), thief.history.version_id());
}

#[test]
fn a_fork_proof_survives_a_restart_and_still_holds() {
    let (mut world, ada, mut thief) = split(32, None);
    world.restart(5);
    world.mesh();
    world.run(5000);
    thief.sequence += 10;
    let _refused = world.ask(5, Command::Publish(thief.publication()));
    world.run(5000);
    let found = world.find(5, ada.scid(), Freshness::Held).unwrap();
    assert_eq!((found.identity.history().number(), found.fork), (1, Fork::Open));
    assert!(!found.forks.is_empty());
}

#[test]
fn however_many_others_are_forked_a_fork_is_remembered_after_a_restart() {
    let (mut world, ada, mut thief) = split(45, None);
    for number in 0..1100_u32 {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_be_bytes());
        hash[31] = 1;
        let stranger = crate::did::Scid::from_digest(hash);
        drop(world.nodes[5].disk.forks.insert(hash, (stranger, vec![1])));
    }
    world.restart(5);
    thief.sequence += 10;
    let _refused = world.ask(5, Command::Publish(thief.publication()));
    let listing = world.listing(5, &ada.scid()).unwrap();
    assert_eq!((listing.number, listing.fork), (1, Fork::Open));
}

#[test]
fn a_proof_that_the_disk_damaged_is_fetched_again() {
    let (mut world, ada, _) = split(46, None);
    let sound = world.nodes[5].disk.forks.clone();
    for (_, bytes) in world.nodes[5].disk.forks.values_mut() {
        bytes.truncate(9);
    }
    world.restart(5);
    world.mesh();
    world.run(1000);
    let found = world.find(5, ada.scid(), Freshness::Peers).unwrap();
    assert_eq!((found.identity.history().number(), found.fork), (1, Fork::Open));
    world.run(5000);
    assert_eq!(world.nodes[5].disk.forks, sound);
}

#[test]
fn two_heads_with_one_sequence_flag_the_identity_and_all_keep_the_same() {
    let mut world = World::of_keepers(33, 8);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let mut other = ada.clone();
    ada.show("{}");
    other.show("[]");
    let one = world.command(1, Command::Publish(ada.publication()));
    let two = world.command(6, Command::Publish(other.publication()));
    world.run(5000);
    assert!(world.nodes[1].answers.contains_key(&one) && world.nodes[6].answers.contains_key(&two));
    let kept: BTreeSet<_> =
        (0..8).map(|node| world.listing(node, &ada.scid()).unwrap().head_hash).collect();
    assert_eq!(kept.len(), 1, "all nodes keep the same head");
    for node in &world.nodes {
        assert_eq!(node.disk.forks.len(), 1);
        assert_eq!(node.engine.directory.get(&ada.scid()).unwrap().fork, Fork::Open);
    }
}

#[test]
fn a_forged_fork_proof_is_rejected_and_costs_its_sender() {
    let mut world = World::of_keepers(34, 2);
    let mut ada = Person::new(1, &world.network);
    let mut bob = Person::new(2, &world.network);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    let _published = world.ask(0, Command::Publish(bob.publication()));
    world.run(1000);
    // Two heads of two people are no fork of either.
    let sides = [ada.head_with(1), bob.head_with(1)];
    let evidence = crate::engine::forks::Evidence::Heads(sides).to_bytes();
    let notice = crate::wire::notice::Notice {
        scid: ada.scid(),
        hash: crate::encoding::multihash::sha256(&evidence),
    };
    let liar = Peer::of(&witness(99).public());
    let connected = Event::Connected { peer: liar.clone(), prefix: Prefix(99), outbound: false };
    world.give(1, connected);
    let topic = format!("/countersign/{}/1/fork", world.network.id());
    world.trace.clear();
    let bytes = notice.to_bytes();
    world.give(1, Event::Gossip { token: 77_777, peer: liar.clone(), topic, bytes });
    let id = world.trace.iter().find_map(|(_, effect)| match effect {
        Effect::Request { id, .. } => Some(*id),
        _ => None,
    });
    let outcome = Ok(Response::Body(evidence).to_bytes());
    world.give(1, Event::Response { id: id.unwrap(), outcome });
    world.run(100);
    assert_eq!(world.nodes[1].verdicts.last(), Some(&Verdict::Reject));
    assert!(world.nodes[1].faults.contains(&(liar, Fault::BadSignature)));
    assert!(world.nodes[1].disk.forks.is_empty());
}

/// Three keepers that are witnesses, and a home connected to them.
fn witnesses(seed: u64) -> (World, Vec<SecretKey>, usize) {
    let mut world = World::new(seed);
    let keys: Vec<SecretKey> = (1..=3).map(witness).collect();
    for key in &keys {
        world.join(Role::Keeper, |config| config.witness = Some(key.clone()));
    }
    let home = world.join(Role::Home, |_| {});
    world.mesh();
    world.run(1000);
    (world, keys, home)
}

pub(super) fn seek(world: &mut World, home: usize, person: &Person, keys: &[SecretKey]) -> Outcome {
    let witnesses = keys.iter().map(SecretKey::public).collect();
    let (log, file) = (person.log.clone(), person.witnesses.clone());
    world.ask(home, Command::Cosign { log, file, witnesses })
}

#[test]
fn a_witness_cosigns_what_it_sees_first_and_refuses_its_sibling() {
    let (mut world, keys, home) = witnesses(35);
    let mut ada = Person::witnessed_by(1, &world.network, Some(keys.clone()), EPOCH);
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    thief.rotate(2, EPOCH.plus(10));
    let Outcome::Cosigned(first) = seek(&mut world, home, &ada, &keys) else { panic!() };
    assert_eq!((first.proofs.len(), first.refused, first.silent.len()), (3, 0, 0));
    let Outcome::Cosigned(again) = seek(&mut world, home, &ada, &keys) else { panic!() };
    assert_eq!(again.signed, first.signed, "whoever lost the answer gets the same");
    let Outcome::Cosigned(second) = seek(&mut world, home, &thief, &keys) else { panic!() };
    assert_eq!((second.proofs.len(), second.refused), (0, 3));
    // Nor what follows the sibling, though nothing was cosigned in that place.
    thief.rotate(2, EPOCH.plus(20));
    let Outcome::Cosigned(third) = seek(&mut world, home, &thief, &keys) else { panic!() };
    assert_eq!(third.proofs.len(), 0);
    // A restart forgets nothing.
    (0..3).for_each(|node| world.restart(node));
    world.mesh();
    world.run(1000);
    let Outcome::Cosigned(fourth) = seek(&mut world, home, &thief, &keys) else { panic!() };
    assert_eq!(fourth.proofs.len(), 0);
    ada.rotate(1, EPOCH.plus(20));
    let Outcome::Cosigned(fifth) = seek(&mut world, home, &ada, &keys) else { panic!() };
    assert_eq!(fifth.proofs.len(), 3);
}

#[test]
fn a_witness_cosigns_no_log_that_breaks_a_rule() {
    use crate::engine::effect::{Change, Effect};
    let (mut world, keys, home) = witnesses(38);
    let mut ada = Person::witnessed_by(1, &world.network, Some(keys.clone()), EPOCH);
    ada.rotate(1, EPOCH.plus(10));
    let good = ada.log.clone();
    let changed = {
        let mut log = good.clone();
        let at = log.windows(12).rposition(|found| found == b"\"proofValue\"").unwrap() + 20;
        log[at] = if log[at] == b'2' { b'3' } else { b'2' };
        log
    };
    let second = good.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let peer = world.nodes[home].peer.clone();
    for (token, log, why) in [
        (90_001, changed, "a signature that does not hold"),
        (90_002, good[second..].to_vec(), "no first entry"),
        (90_003, [&good[..], &good[second..]].concat(), "an entry twice"),
        (90_004, Vec::new(), "no entry"),
    ] {
        world.trace.clear();
        let bytes = Request::Cosign(Cosign { log, witness: None }).to_bytes();
        world.give(0, Event::Request { token, peer: peer.clone(), bytes });
        world.run(1000);
        let refused = world.trace.iter().any(|(_, effect)| {
            matches!(effect, Effect::Respond { token: answered, bytes } if *answered == token
                && matches!(Response::parse(bytes), Ok(Response::Refusal(_))))
        });
        assert!(refused, "{why}");
        let recorded =
            |(_, effect): &(usize, Effect)| matches!(effect, Effect::Save(Change::Cosigned(..)));
        assert!(!world.trace.iter().any(recorded), "{why}");
    }
    world.trace.clear();
    let bytes = Request::Cosign(Cosign { log: good, witness: None }).to_bytes();
    world.give(0, Event::Request { token: 90_005, peer, bytes });
    world.run(1000);
    let signed = world.trace.iter().any(|(_, effect)| {
        matches!(effect, Effect::Respond { token: 90_005, bytes }
            if matches!(Response::parse(bytes), Ok(Response::Proof(_))))
    });
    assert!(signed, "the log itself is cosigned");
}

#[test]
fn a_witness_signs_for_those_that_chose_it_and_takes_up_so_many_unknown_logs_of_one_peer() {
    let (mut world, keys, home) = witnesses(45);
    let nobodys = Person::new(1, &world.network);
    let others = Person::witnessed_by(2, &world.network, Some(vec![witness(9)]), EPOCH);
    for ada in [nobodys, others] {
        let Outcome::Cosigned(cosigned) = seek(&mut world, home, &ada, &keys) else { panic!() };
        assert_eq!((cosigned.proofs.len(), cosigned.refused), (0, 3));
        assert!(world.nodes.iter().all(|node| !node.disk.cosigned.contains_key(&ada.scid())));
    }
    // Whoever chooses it in a later entry is signed for from that one on.
    let mut bea = Person::new(3, &world.network);
    let rule = crate::did::log::witness::Rule::new(1, vec![keys[0].public()]).unwrap();
    let change =
        crate::did::log::draft::Change { witness: Some(Some(&rule)), ..Default::default() };
    bea.change(&change, EPOCH.plus(10));
    let Outcome::Cosigned(cosigned) = seek(&mut world, home, &bea, &keys) else { panic!() };
    assert_eq!((cosigned.proofs.len(), cosigned.refused), (1, 2));
    // One peer brings unknown logs: for some of them there is room.
    let peer = super::pace::stranger(&mut world, 0, 80);
    world.trace.clear();
    for number in 0..80 {
        let rule = Some(vec![keys[0].clone()]);
        let fake = Person::witnessed_by(100 + number, &world.network, rule, EPOCH);
        let bytes = Request::Cosign(Cosign { log: fake.log, witness: None }).to_bytes();
        world.give(0, Event::Request { token: 95_000 + number, peer: peer.clone(), bytes });
    }
    world.run(100);
    let proofs = world.trace.iter().filter(|(_, effect)| {
        matches!(effect, Effect::Respond { token: 95_000.., bytes }
            if matches!(Response::parse(bytes), Ok(Response::Proof(_))))
    });
    assert_eq!(proofs.count(), 64);
}

#[test]
fn a_witness_records_before_its_signature_leaves() {
    use crate::engine::effect::{Change, Effect};
    let (mut world, keys, home) = witnesses(36);
    let ada = Person::witnessed_by(1, &world.network, Some(keys.clone()), EPOCH);
    world.trace.clear();
    let _cosigned = seek(&mut world, home, &ada, &keys);
    for node in 0..3 {
        let ours = || world.trace.iter().filter(move |(at, _)| *at == node).map(|(_, it)| it);
        let saved = ours().position(|it| matches!(it, Effect::Save(Change::Cosigned(..))));
        let left = ours().position(|it| {
            matches!(it, Effect::Respond { bytes, .. }
                if matches!(Response::parse(bytes), Ok(Response::Proof(_))))
        });
        assert!(saved.unwrap() < left.unwrap());
    }
}

#[test]
fn a_witness_keeps_somebody_fresh_who_sleeps() {
    let (mut world, keys, home) = witnesses(37);
    let mut ada = Person::new(1, &world.network);
    let _published = world.ask(home, Command::Publish(ada.publication()));
    world.run(1000);
    world.offline(home);
    world.run(48 * 3600 * 10);
    let shop = world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(1000);
    let found = world.find(shop, ada.scid(), Freshness::Witnessed { max_age: 600 }).unwrap();
    assert_eq!(found.freshness.len(), 3);
    let hash = crate::wire::head::HeadHash::of(found.head.as_ref().unwrap());
    for proof in &found.freshness {
        let now = world.now(shop).wall;
        let id = world.network.id();
        let fresh = crate::wire::freshness::open(proof, id, &ada.scid(), &hash, now).unwrap();
        assert!(keys.iter().any(|key| key.public() == *fresh.witness()));
        assert!(now.since(fresh.time()) <= 61);
    }
    // With no witness in reach the newest proof that was seen still tells how old the word is.
    (0..4).for_each(|node| world.offline(node));
    let found = world.find(shop, ada.scid(), Freshness::Witnessed { max_age: 600 }).unwrap();
    assert_eq!(found.freshness.len(), 1);
}

#[test]
fn a_clock_a_day_off_signs_nothing() {
    for skew in [86_400, -86_400, 366 * 86_400 * 12] {
        let (mut world, keys, home) = witnesses(38);
        world.nodes[0].skew = skew;
        (0..4).for_each(|node| world.restart(node));
        world.mesh();
        world.run(2000);
        let at = world.now(0).wall;
        let outcome = world.ask(0, Command::Signing { at });
        let Outcome::Refused(Refusal::Clock { report }) = outcome else { panic!("{outcome:?}") };
        let Some(Trouble::Off { seconds }) = report.trouble else { panic!("{report}") };
        assert!((seconds + skew).abs() <= 1, "{seconds}");
        let told = |it: &Notice| matches!(it, Notice::Clock(_));
        assert!(world.nodes[0].notices.iter().any(told));
        // As a witness it does not sign either; the two others do.
        let ada = Person::witnessed_by(1, &world.network, Some(keys.clone()), EPOCH);
        let Outcome::Cosigned(cosigned) = seek(&mut world, home, &ada, &keys) else { panic!() };
        assert_eq!(cosigned.proofs.len(), 2);
        // And nobody else is disturbed.
        let at = world.now(1).wall;
        assert!(matches!(world.ask(1, Command::Signing { at }), Outcome::Clock(_)));
    }
}

#[test]
fn a_clock_set_back_behind_our_own_signature_signs_nothing() {
    let mut world = World::of_keepers(39, 1);
    let at = world.now(0).wall;
    assert!(matches!(world.ask(0, Command::Signing { at }), Outcome::Clock(_)));
    world.restart(0);
    let outcome = world.ask(0, Command::Signing { at: at.minus(1) });
    assert!(
        matches!(&outcome, Outcome::Refused(Refusal::Clock { report })
            if report.trouble == Some(Trouble::Backwards { signed: at })),
        "{outcome:?}"
    );
}

#[test]
fn a_flood_of_fresh_identities_ends_at_the_first_node_and_the_budget_holds() {
    let mut world = World::new(40);
    for _ in 0..4 {
        world.join(Role::Keeper, |config| config.head_budget = 60_000);
    }
    world.mesh();
    world.run(1000);
    // Somebody known from before, whom the first node watches.
    let mut ada = Person::new(1, &world.network);
    let scids = BTreeSet::from([ada.scid()]);
    for node in 0..4 {
        let _id = world.command(node, Command::Watch { scids: scids.clone() });
    }
    let _published = world.ask(3, Command::Publish(ada.publication()));
    let attacker = world.join(Role::Home, |_| {});
    world.link(attacker, 0);
    world.run(1000);
    for number in 0..600 {
        let mut fake = Person::new(10_000 + number, &world.network);
        let shard = world.network.shards().of(&fake.scid());
        let topic = format!("/countersign/{}/1/head/{}", world.network.id(), shard.number());
        let _published = world.command(attacker, Command::Publish(fake.publication()));
        world.gossip(attacker, 0, &topic, &fake.head_with(1));
    }
    world.run(5000);
    for node in 0..4 {
        let held = world.nodes[node].engine.directory.bytes();
        assert!(held <= 60_000, "node {node} holds {held} bytes");
        assert!(world.listing(node, &ada.scid()).is_some(), "node {node} evicted who is watched");
        // The highest seen is never evicted.
        assert!(world.nodes[node].engine.directory.highest(&ada.scid()).is_some());
    }
    let first = world.nodes[0].verdicts.iter().filter(|it| **it == Verdict::Accept).count();
    assert!(first < 600, "the first node let {first} of 600 pass");
    // Somebody honest still comes through the other side.
    let mut bob = Person::new(2, &world.network);
    let scids = BTreeSet::from([bob.scid()]);
    for node in 0..4 {
        let _id = world.command(node, Command::Watch { scids: scids.clone() });
    }
    let _published = world.ask(2, Command::Publish(bob.publication()));
    world.run(2000);
    assert!((0..4).all(|node| world.listing(node, &bob.scid()).is_some()));
}

#[test]
fn bad_bytes_are_rejected_and_four_of_them_ban() {
    let mut world = World::of_keepers(41, 1);
    let ada = Person::new(1, &world.network);
    let shard = world.network.shards().of(&ada.scid()).number();
    let (network, head) = (world.network.id().clone(), ada.head_with(1));
    let liar = Peer::of(&witness(98).public());
    let connected = Event::Connected { peer: liar.clone(), prefix: Prefix(98), outbound: false };
    world.give(0, connected);
    let mut flipped = head.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    let right = format!("/countersign/{network}/1/head/{shard}");
    let wrong = format!("/countersign/{network}/1/head/{}", (shard + 1) % 4);
    let cases = [
        (right.clone(), vec![0; 100], Verdict::Reject),
        (right.clone(), flipped, Verdict::Reject),
        (wrong, head.clone(), Verdict::Reject),
        (right.clone(), vec![0; 1025], Verdict::Reject),
        ("/countersign/other/1/status".to_owned(), head, Verdict::Ignore),
    ];
    for (token, (topic, bytes, verdict)) in (1..).zip(cases) {
        world.give(0, Event::Gossip { token, peer: liar.clone(), topic, bytes });
        assert_eq!(world.nodes[0].verdicts.last(), Some(&verdict), "case {token}");
    }
    let banned =
        |(_, effect): &(usize, Effect)| matches!(effect, Effect::Ban { peer, .. } if *peer == liar);
    assert_eq!(world.trace.iter().filter(|it| banned(it)).count(), 1);
}

#[test]
fn what_the_network_alone_sees_costs_as_much_as_what_is_read() {
    let mut world = World::of_keepers(44, 1);
    let liar = Peer::of(&witness(98).public());
    world.give(0, Event::Connected { peer: liar.clone(), prefix: Prefix(98), outbound: false });
    let cost = |world: &mut World| {
        let Outcome::Peers(peers) = world.ask(0, Command::Peers) else { panic!("no peers") };
        peers.iter().find(|it| it.peer == liar).unwrap().cost
    };
    let faulted = |fault| Event::Faulted { peer: liar.clone(), fault };
    world.give(0, faulted(Fault::Greedy));
    assert_eq!(cost(&mut world), 2);
    world.give(0, faulted(Fault::Malformed));
    assert_eq!(cost(&mut world), 27);
    let banned =
        |(_, effect): &(usize, Effect)| matches!(effect, Effect::Ban { peer, .. } if *peer == liar);
    for (more, bans) in [(0, 0), (3, 1)] {
        (0..more).for_each(|_| world.give(0, faulted(Fault::Malformed)));
        assert_eq!(world.trace.iter().filter(|it| banned(it)).count(), bans);
    }
}

#[test]
fn an_answer_too_large_to_be_read_costs_and_a_question_that_was_not_asked_does_not() {
    for (failure, faults) in [
        (Failure::Unreadable, &[Fault::Malformed][..]),
        (Failure::TimedOut, &[Fault::Silent]),
        (Failure::Busy, &[]),
        (Failure::Unsupported, &[]),
        (Failure::Disconnected, &[]),
    ] {
        let mut world = World::of_keepers(45, 1);
        let liar = Peer::of(&witness(97).public());
        world.trace.clear();
        world.give(0, Event::Connected { peer: liar.clone(), prefix: Prefix(97), outbound: true });
        let id = world.trace.iter().find_map(|(_, effect)| match effect {
            Effect::Request { id, .. } => Some(*id),
            _ => None,
        });
        world.give(0, Event::Response { id: id.unwrap(), outcome: Err(failure) });
        let found: Vec<Fault> = world.nodes[0].faults.iter().map(|(_, fault)| *fault).collect();
        assert_eq!(found, faults, "{failure}");
    }
}

#[test]
fn an_answer_that_is_none_costs_and_an_unknown_kind_does_not() {
    let mut world = World::of_keepers(42, 1);
    let key = witness(97);
    let liar = Peer::of(&key.public());
    world.give(0, Event::Connected { peer: liar.clone(), prefix: Prefix(97), outbound: true });
    let ask = |world: &mut World, answer: Vec<u8>| {
        world.trace.clear();
        let scid = Person::new(1, &world.network).scid();
        let _id = world.command(0, Command::Find { scid, freshness: Freshness::Peers });
        let id = world.trace.iter().find_map(|(_, effect)| match effect {
            Effect::Request { id, .. } => Some(*id),
            _ => None,
        });
        world.nodes[0].faults.clear();
        world.give(0, Event::Response { id: id.unwrap(), outcome: Ok(answer) });
        world.run(200);
        world.nodes[0].faults.iter().map(|(_, fault)| *fault).collect::<Vec<_>>()
    };
    assert_eq!(ask(&mut world, Response::Unsupported.to_bytes()), []);
    assert_eq!(ask(&mut world, Response::Nothing.to_bytes()), []);
    assert_eq!(ask(&mut world, vec![1, 2, 3]), [Fault::Malformed]);
    assert_eq!(ask(&mut world, Response::Body(vec![1]).to_bytes()), [Fault::WrongAnswer]);
    let bob = Person::new(2, &world.network).head_with(1);
    assert_eq!(ask(&mut world, Response::Heads(vec![bob]).to_bytes()), [Fault::WrongAnswer]);
}

#[test]
fn a_hello_that_answers_another_greeting_is_a_fault() {
    let mut world = World::of_keepers(43, 1);
    let key = witness(96);
    let liar = Peer::of(&key.public());
    world.trace.clear();
    world.give(0, Event::Connected { peer: liar.clone(), prefix: Prefix(96), outbound: true });
    let id = world.trace.iter().find_map(|(_, effect)| match effect {
        Effect::Request { id, .. } => Some(*id),
        _ => None,
    });
    let hello = Hello {
        versions: SPOKEN,
        roles: Roles::KEEPER,
        time: EPOCH,
        nonce: [0; 16],
        key: key.public(),
    };
    let bytes = Response::Hello(hello.seal(world.network.id(), &key)).to_bytes();
    world.give(0, Event::Response { id: id.unwrap(), outcome: Ok(bytes) });
    assert_eq!(world.nodes[0].faults, [(liar, Fault::BadSignature)]);
}

#[test]
fn a_node_that_is_no_keeper_or_witness_says_so() {
    let mut world = World::new(44);
    let home = world.join(Role::Home, |_| {});
    let peer = Peer::of(&witness(95).public());
    let mut ada = Person::new(1, &world.network);
    let publication = ada.publication();
    let deposit = crate::wire::exchange::deposit::Deposit {
        after: None,
        log: publication.log.clone(),
        witness: None,
        head: publication.head.clone(),
        showcase: None,
    };
    let cosign = Cosign { log: publication.log.clone(), witness: None };
    let greeting = Greeting { versions: SPOKEN, roles: Roles::NONE, nonce: [0; 16] };
    for (token, request) in
        (1..).zip([Request::Deposit(deposit), Request::Cosign(cosign), Request::Hello(greeting)])
    {
        world.trace.clear();
        let (peer, bytes) = (peer.clone(), request.to_bytes());
        world.give(home, Event::Request { token, peer, bytes });
        let answer = world.trace.iter().find_map(|(_, effect)| match effect {
            Effect::Respond { bytes, .. } => Response::parse(bytes).ok(),
            _ => None,
        });
        match answer.unwrap() {
            Response::Refusal(reason) => assert_eq!(reason, Reason::NotOffered),
            Response::Hello(_) => assert_eq!(token, 3),
            other => panic!("{other:?}"),
        }
    }
}
