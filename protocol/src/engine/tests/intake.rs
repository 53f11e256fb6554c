//! What a head must be to be taken in: each rule with a publication that breaks only that rule.

use super::person::{EPOCH, Person};
use super::world::World;
use crate::did::log::error::LogError;
use crate::engine::command::{Command, Outcome, Publication, Refusal};
use crate::engine::config::Role;
use crate::engine::effect::Fault;
use crate::engine::intake::IntakeError;
use crate::key::SecretKey;
use crate::policy::standing::Fork;
use crate::verdict::Verdict;
use crate::wire::head::{Head, HeadError, Stamp};

/// Two entries, a showcase, and no head yet.
fn ada(world: &World) -> Person {
    let mut ada = Person::new(1, &world.network);
    ada.rotate(1, EPOCH.plus(10));
    ada.show("{}");
    ada
}

/// Why somebody's publication is refused at a node that knows nothing of them.
fn refusal(world: &mut World, publication: Publication) -> IntakeError {
    let scid = publication.scid;
    match world.ask(0, Command::Publish(Box::new(publication))) {
        Outcome::Refused(Refusal::DoesNotVerify { cause }) => {
            assert!(world.listing(0, &scid).is_none_or(|it| it.head.is_none()), "{cause}");
            cause
        }
        other => panic!("{other:?}"),
    }
}

/// Why the publication is refused after this was done to it.
fn after(change: impl FnOnce(&mut Person, &mut Publication)) -> IntakeError {
    let mut world = World::of_keepers(500, 1);
    let mut ada = ada(&world);
    let mut publication = *ada.publication();
    change(&mut ada, &mut publication);
    refusal(&mut world, publication)
}

/// Why it is refused with a head in which this was changed.
fn with_head(change: impl FnOnce(&mut Head)) -> IntakeError {
    after(|ada, publication| publication.head = ada.head_after(1, change))
}

#[test]
fn what_holds_is_taken_in() {
    let mut world = World::of_keepers(501, 1);
    let mut ada = ada(&world);
    let outcome = world.ask(0, Command::Publish(ada.publication()));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    assert_eq!(world.holders(&ada.scid(), 2, 1), 1);
}

#[test]
fn a_head_is_signed_by_an_authentication_key_of_its_own_entry() {
    let stranger = after(|ada, publication| {
        ada.auth = SecretKey::from_seed([66; 32]);
        publication.head = ada.head_with(1);
    });
    assert!(matches!(stranger, IntakeError::NotTheirKey), "{stranger}");
    let for_claims = after(|ada, publication| {
        ada.auth = ada.assertion();
        publication.head = ada.head_with(1);
    });
    assert!(matches!(for_claims, IntakeError::NotTheirKey), "{for_claims}");
    let replaced = after(|ada, publication| {
        let first = Person::new(1, &World::new(500).network);
        ada.auth = first.auth;
        publication.head = ada.head_with(1);
    });
    assert!(matches!(replaced, IntakeError::NotTheirKey), "{replaced}");
    let not_signed = with_head(|head| head.key = SecretKey::from_seed([66; 32]).public());
    assert!(matches!(not_signed, IntakeError::Head(HeadError::Record(_))), "{not_signed}");
    for cause in [stranger, for_claims, replaced, not_signed] {
        assert_eq!(cause.verdict(), Verdict::Reject, "{cause}");
    }
}

#[test]
fn a_head_names_an_entry_of_its_log_and_how_long_that_is() {
    let elsewhere = with_head(|head| head.version_digest[0] ^= 1);
    assert!(matches!(elsewhere, IntakeError::NoSuchEntry), "{elsewhere}");
    assert_eq!(elsewhere.verdict(), Verdict::Ignore, "there may be two logs");
    let beyond = with_head(|head| head.version += 1);
    assert!(matches!(beyond, IntakeError::Incomplete), "{beyond}");
    assert_eq!(beyond.verdict(), Verdict::Ignore, "entries may be on their way");
    let longer = with_head(|head| head.log_length += 1);
    assert!(matches!(longer, IntakeError::WrongLength), "{longer}");
    let shorter = with_head(|head| head.log_length -= 1);
    assert!(matches!(shorter, IntakeError::WrongLength), "{shorter}");
    assert_eq!(longer.verdict(), Verdict::Reject);
}

#[test]
fn a_head_is_about_one_identity_and_its_stamp_is_paid() {
    let mut world = World::of_keepers(502, 1);
    let (mut ada, mut bob) = (ada(&world), Person::new(2, &world.network));
    let misnamed = Publication { scid: bob.scid(), ..*ada.publication() };
    let cause = refusal(&mut world, misnamed);
    assert!(matches!(cause, IntakeError::AnotherIdentity), "{cause}");
    let other_log = Publication { log: bob.publication().log, ..*ada.publication() };
    let cause = refusal(&mut world, other_log);
    assert!(matches!(cause, IntakeError::AnotherIdentity), "{cause}");
    assert_eq!(cause.verdict(), Verdict::Reject);
    let (scid, network) = (ada.scid(), world.network.clone());
    let unpaid = (0..)
        .map(Stamp::from_nonce)
        .find(|stamp| !stamp.check(&scid, network.id(), network.difficulty()))
        .unwrap();
    let cause = with_head(|head| head.stamp = unpaid);
    assert!(matches!(cause, IntakeError::Head(HeadError::TooLittleWork { .. })), "{cause}");
}

#[test]
fn what_comes_with_a_head_is_what_it_names() {
    let other = after(|_, publication| publication.showcase = Some(b"[]".to_vec()));
    assert!(matches!(other, IntakeError::WrongShowcase), "{other}");
    let file = after(|_, publication| publication.witnesses = Some(b"{}".to_vec()));
    assert!(matches!(file, IntakeError::BadWitnessFile), "{file}");
    let cut = after(|_, publication| publication.log.truncate(publication.log.len() - 9));
    let malformed = matches!(&cut, IntakeError::Log(cause)
        if matches!(**cause, LogError::Malformed { number: 2, .. }));
    assert!(malformed, "{cut}");
    for cause in [other, file, cut] {
        assert_eq!(cause.verdict(), Verdict::Reject, "{cause}");
    }
}

#[test]
fn an_entry_waits_for_its_witnesses() {
    let mut world = World::of_keepers(503, 1);
    let witness = SecretKey::from_seed([1; 32]);
    let mut ada = Person::witnessed_by(1, &world.network, Some(vec![witness]), EPOCH);
    let approved = ada.publication();
    ada.witnesses = None;
    let cause = refusal(&mut world, *ada.publication());
    assert!(matches!(cause, IntakeError::NotWitnessed), "{cause}");
    assert_eq!(cause.verdict(), Verdict::Ignore, "nobody's fault");
    let outcome = world.ask(0, Command::Publish(approved));
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
}

/// At the entry that is held, a head is judged without a log: its key is known already.
#[test]
fn a_head_for_the_entry_that_is_held_needs_a_key_of_that_entry_too() {
    let mut world = World::of_keepers(504, 2);
    let mut ada = ada(&world);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    assert_eq!(world.holders(&ada.scid(), 2, 1), 2);
    let mut thief = ada.clone();
    thief.auth = thief.assertion();
    let shard = world.network.shards().of(&ada.scid()).number();
    let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
    world.nodes[1].verdicts.clear();
    world.gossip(0, 1, &topic, &thief.head_with(2));
    world.run(1000);
    assert_eq!(world.nodes[1].verdicts, [Verdict::Reject]);
    let sender = world.nodes[0].peer.clone();
    assert_eq!(world.nodes[1].faults, [(sender, Fault::BadSignature)]);
    assert_eq!(world.holders(&ada.scid(), 2, 1), 2, "and nothing of it is held");
}

#[test]
fn what_somebody_brings_along_is_held_against_what_is_held_and_nothing_lower_counts_afterwards() {
    let mut world = World::of_keepers(503, 1);
    let mut ada = Person::new(1, &world.network);
    let first = ada.publication();
    let _published = world.ask(0, Command::Publish(first.clone()));
    let mut thief = ada.clone();
    ada.rotate(1, EPOCH.plus(10));
    let second = ada.publication();
    let take_in = |world: &mut World, brought: Box<Publication>| {
        let outcome = world.ask(0, Command::TakeIn(brought));
        assert!(matches!(outcome, Outcome::Done), "{outcome:?}");
        let listing = world.listing(0, &ada.scid()).unwrap();
        (listing.number, listing.fork)
    };
    let mut damaged = second.clone();
    damaged.log[40] ^= 1;
    assert_eq!(take_in(&mut world, damaged), (1, Fork::None), "it does not hold");
    assert_eq!(take_in(&mut world, second), (2, Fork::None));
    assert_eq!(take_in(&mut world, first), (2, Fork::None), "older");
    world.restart(0);
    assert_eq!(world.listing(0, &ada.scid()).map(|it| it.number), Some(2), "it was saved");
    thief.rotate(2, EPOCH.plus(10));
    let (_, fork) = take_in(&mut world, thief.publication());
    assert_eq!((fork, world.nodes[0].disk.forks.len()), (Fork::Open, 1), "a second child is kept");
}

/// Whoever has the log can see that the head does not speak of it: so it ends where it began, and nobody
/// who comes later blames a keeper for it.
#[test]
fn a_head_that_says_another_length_goes_no_further_than_its_first_hop() {
    let mut world = World::of_keepers(505, 3);
    let mut ada = ada(&world);
    let _published = world.ask(0, Command::Publish(ada.publication()));
    world.run(1000);
    let shard = world.network.shards().of(&ada.scid()).number();
    let topic = format!("/countersign/{}/1/head/{shard}", world.network.id());
    for node in &mut world.nodes {
        node.verdicts.clear();
    }
    let longer = ada.head_after(2, |head| head.log_length += 1);
    world.gossip(0, 1, &topic, &longer);
    world.run(1000);
    assert_eq!(world.nodes[1].verdicts, [Verdict::Reject]);
    // In the place of the head that is held: whichever has the lower hash, the one about the log stays.
    for more in 2..4 {
        let same = ada.head_after(1, |head| head.log_length += more);
        world.nodes[1].verdicts.clear();
        world.gossip(0, 1, &topic, &same);
        world.run(1000);
        assert!(!world.nodes[1].verdicts.contains(&Verdict::Accept));
    }
    world.run(70_000);
    let sender = world.nodes[0].peer.clone();
    assert!(world.nodes[1].faults.iter().all(|it| *it == (sender.clone(), Fault::BadSignature)));
    assert!(!world.nodes[1].faults.is_empty() && world.nodes[2].faults.is_empty());
    assert_eq!(world.holders(&ada.scid(), 2, 1), 3);
    let late = world.join(Role::Keeper, |_| {});
    world.mesh();
    world.run(70_000);
    assert_eq!(world.holders(&ada.scid(), 2, 1), 4);
    assert!(world.nodes[late].faults.is_empty());
}

/// The same log with a space in its newest line, that changes no hash.
fn spaced(ada: &Person) -> Person {
    let mut other = ada.clone();
    let line = other.log[..other.log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap();
    other.log.insert(line + 2, b' ');
    other.history = crate::did::log::History::read(&other.log, EPOCH.plus(60)).unwrap();
    assert_eq!(other.history.version_id(), ada.history.version_id());
    other
}

/// Whose spelling comes first decides nothing: the newest head does, and nobody is to blame.
#[test]
fn of_two_spellings_of_one_log_all_take_the_one_of_the_newest_head() {
    for first in [0, 2] {
        let mut world = World::of_keepers(506, 4);
        let mut ada = ada(&world);
        for (one, other) in [(0, 2), (0, 3), (1, 2), (1, 3)] {
            world.unlink(one, other);
        }
        let mut other = spaced(&ada);
        let _published = world.ask(first, Command::Publish(ada.publication()));
        other.sequence = ada.sequence;
        let _published = world.ask(2 - first, Command::Publish(other.publication()));
        world.run(1000);
        world.mesh();
        world.run(200_000);
        assert_eq!(world.holders(&ada.scid(), 2, 2), 4);
        for node in &world.nodes {
            assert!(node.faults.is_empty());
            assert_eq!(
                node.disk.logs[&ada.scid()].0.join(&b'\n'),
                other.log[..other.log.len() - 1]
            );
        }
        // What follows it is one line for all of them, and the home brings no more than that.
        other.rotate(1, EPOCH.plus(30));
        let home = world.join(Role::Home, |_| {});
        world.mesh();
        world.run(1000);
        let _published = world.ask(home, Command::Publish(other.publication()));
        world.run(2000);
        assert_eq!(world.holders(&ada.scid(), 3, 3), 5);
        assert!(world.nodes.iter().all(|node| node.faults.is_empty()));
    }
}

/// A keeper may have been given the log without a head, spelled by somebody else.
#[test]
fn a_home_brings_its_whole_log_to_a_keeper_that_holds_another_spelling() {
    let mut world = World::of_keepers(507, 1);
    let mut ada = ada(&world);
    // So long that only its end is brought at first.
    (2..8).for_each(|entry| ada.rotate(1, EPOCH.plus(10 + entry)));
    assert!(ada.log.len() > 8 * 1024);
    let mut other = spaced(&ada);
    let _published = world.ask(0, Command::Publish(other.publication()));
    ada.sequence = other.sequence;
    ada.rotate(1, EPOCH.plus(30));
    let home = world.join(Role::Home, |_| {});
    let _published = world.ask(home, Command::Publish(ada.publication()));
    world.link(home, 0);
    world.run(5000);
    assert_eq!(world.nodes[home].disk.receipts, 1);
    assert_eq!(world.holders(&ada.scid(), 9, 2), 2);
    assert_eq!(world.nodes[0].disk.logs[&ada.scid()].0.join(&b'\n'), ada.log[..ada.log.len() - 1]);
    assert!(world.nodes.iter().all(|node| node.faults.is_empty()));
}
