//! A node is killed between any two effects, starts again from its disk, and is asked again.

use super::super::person::{EPOCH, Person};
use super::super::world::World;
use super::shop::publics;
use crate::did::log::witness::File;
use crate::encoding::json;
use crate::engine::command::{Command, Outcome, Refusal};
use crate::engine::config::Role;
use crate::engine::effect::Effect;
use crate::key::SecretKey;
use crate::wire::exchange::{Request, Response};

const WITNESS: usize = 0;
const HOME: usize = 1;

/// What was promised to others so far, as the wire and the owner saw it.
struct Story {
    world: World,
    key: SecretKey,
    ada: Person,
    thief: Person,
    /// The highest that the owner was told is published.
    published: Option<(u64, u64)>,
    /// Who is killed, and after how many effects.
    moment: Option<(usize, usize)>,
}

impl Story {
    fn new(fuse: Option<(usize, usize)>) -> Self {
        let mut world = World::new(270);
        let key = SecretKey::from_seed([1; 32]);
        world.join(Role::Keeper, |config| config.witness = Some(key.clone()));
        world.join(Role::Home, |_| {});
        world.mesh();
        world.run(500);
        let network = world.network.clone();
        let mut ada = Person::witnessed_by(1, &network, Some(vec![key.clone()]), EPOCH);
        ada.show("{}");
        let thief = ada.clone();
        world.trace.clear();
        world.fuse = fuse;
        Self { world, key, ada, thief, published: None, moment: fuse }
    }

    /// Publishes, rotates, has it cosigned, publishes again; meanwhile somebody with the old keys
    /// wants another second entry cosigned.
    fn tell(mut self) -> Self {
        self.publish();
        self.ada.rotate(1, EPOCH.plus(10));
        self.thief.rotate(2, EPOCH.plus(11));
        self.cosign();
        self.steal();
        self.publish();
        self.steal();
        self.world.run(3000);
        self.world.revive();
        self.world.run(3000);
        self.steal();
        self
    }

    fn publish(&mut self) {
        let publication = self.ada.publication();
        let place = (self.ada.history.number(), self.ada.sequence);
        let outcome = self.world.insist(HOME, &Command::Publish(publication));
        match outcome {
            // It was saved before the node was killed, and the owner asked again.
            Outcome::Published { .. } | Outcome::Refused(Refusal::NotNewer { .. }) => {}
            other => panic!("{other:?}"),
        }
        self.published = Some(place);
        self.assert_kept();
    }

    fn cosign(&mut self) {
        let (log, file) = (self.ada.log.clone(), self.ada.witnesses.clone());
        let witnesses = publics(core::slice::from_ref(&self.key));
        let command = Command::Cosign { log, file, witnesses };
        for _ in 0..10 {
            let outcome = self.world.insist(HOME, &command);
            let Outcome::Cosigned(cosigning) = outcome else { panic!("{outcome:?}") };
            assert_eq!(cosigning.refused, 0);
            if let Some(proof) = cosigning.proofs.first() {
                let mut file = File::default();
                let value = json::parse(proof, 4096).unwrap();
                file.add(self.ada.history.version_id(), &value).unwrap();
                self.ada.witnesses = Some(file.to_bytes());
                return;
            }
            self.world.revive();
        }
        panic!("nobody cosigned");
    }

    /// What the thief gets is for [`Self::assert_one_child`] to see.
    fn steal(&mut self) {
        let (log, file) = (self.thief.log.clone(), self.thief.witnesses.clone());
        let witnesses = publics(core::slice::from_ref(&self.key));
        let _whatever = self.world.insist(HOME, &Command::Cosign { log, file, witnesses });
    }

    /// What the owner was told is on the owner's disk, and what was given a receipt on the keeper's.
    fn assert_kept(&mut self) {
        let scid = self.ada.scid();
        let place = self.published.unwrap();
        let listing = self.world.nodes[HOME].disk.listing(&scid).unwrap();
        assert!((listing.number, listing.sequence) >= place);
        assert_eq!(self.world.nodes[HOME].disk.logs[&scid].0.len() as u64, listing.number);
        if self.world.nodes[HOME].disk.receipts > 0 {
            let kept = self.world.nodes[WITNESS].disk.listing(&scid).unwrap();
            let log = self.world.nodes[WITNESS].disk.logs[&scid].0.len();
            // Killed between the two it may hold an entry that it does not list yet, never less.
            assert!(log as u64 >= kept.number);
            assert!(self.world.nodes[WITNESS].disk.promised(&scid));
        }
    }

    /// Every proof that left was on the disk before, and no entry has a sibling among them.
    fn assert_one_child(&self) {
        let disk = &self.world.nodes[WITNESS].disk.cosigned;
        let all: Vec<_> = disk.values().flatten().collect();
        for one in &all {
            let twins = all.iter().filter(|other| other.number == one.number);
            assert!(twins.into_iter().all(|other| other.digest == one.digest));
        }
        for (node, effect) in &self.world.trace {
            let Effect::Respond { bytes, .. } = effect else { continue };
            if let (WITNESS, Ok(Response::Proof(proof))) = (*node, Response::parse(bytes)) {
                assert!(all.iter().any(|one| one.proof == proof), "a proof nobody recorded");
            }
        }
        let theirs = self.thief.history.version_id();
        assert!(all.iter().all(|one| one.version() != theirs), "a sibling was cosigned");
    }

    fn assert_end(&mut self) {
        self.assert_kept();
        self.assert_one_child();
        let scid = self.ada.scid();
        for node in [WITNESS, HOME] {
            let held = self.world.listing(node, &scid).unwrap();
            assert_eq!(held.number, 2, "node {node}, killed at {:?}", self.moment);
            assert!(held.head.is_some(), "node {node}");
        }
        assert!(self.world.nodes[HOME].disk.receipts > 0);
        let told = self.world.trace.iter().any(|(node, effect)| {
            *node == HOME
                && matches!(effect, Effect::Request { bytes, .. }
                    if matches!(Request::parse(bytes), Ok(Request::Deposit(_))))
        });
        assert!(told);
    }
}

/// Runs the story once for every moment at which the node can be killed.
fn at_every_moment(victim: usize) {
    let whole = Story::new(None).tell();
    let effects = whole.world.trace.iter().filter(|(node, _)| *node == victim).count();
    assert!(effects > 30, "{effects}");
    for moment in 0..effects {
        let mut story = Story::new(Some((victim, moment))).tell();
        assert_eq!(story.world.fuse, None, "it was not killed at {moment}");
        story.assert_end();
    }
}

#[test]
fn a_home_killed_at_any_moment_loses_nothing_it_told_its_owner() {
    at_every_moment(HOME);
}

#[test]
fn a_witness_killed_at_any_moment_loses_nothing_it_promised_and_never_cosigns_a_sibling() {
    at_every_moment(WITNESS);
}
