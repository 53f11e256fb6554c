//! Somebody with keys, for the tests of the engine.

use crate::did::Scid;
use crate::did::log::History;
use crate::did::log::draft::{self, Change, Draft, Keys, Place, Signing};
use crate::did::log::witness::{File, Rule, cosign};
use crate::encoding::multihash::sha256;
use crate::engine::command::Publication;
use crate::engine::config::Config;
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::wire::head::{Head, Showcase, Stamp};
use crate::wire::network::Parameters;

/// 2026-11-22T07:30:00Z.
pub(super) const EPOCH: Timestamp = Timestamp::from_seconds(1_795_332_600);

/// An identity and all its secrets.
#[derive(Clone)]
pub(super) struct Person {
    seed: u64,
    pub(super) auth: SecretKey,
    pub(super) history: History,
    pub(super) log: Vec<u8>,
    pub(super) witnesses: Option<Vec<u8>>,
    pub(super) showcase: Option<(u64, Vec<u8>)>,
    pub(super) sequence: u64,
    stamp: Stamp,
    network: Parameters,
    rule: Option<Vec<SecretKey>>,
    assertion: u64,
    recovery: u64,
}

fn key(seed: u64, purpose: u64) -> SecretKey {
    SecretKey::from_seed(sha256(&[seed.to_be_bytes(), purpose.to_be_bytes()].concat()))
}

impl Person {
    pub(super) fn new(seed: u64, network: &Parameters) -> Self {
        Self::witnessed_by(seed, network, None, EPOCH)
    }

    pub(super) fn witnessed_by(
        seed: u64,
        network: &Parameters,
        rule: Option<Vec<SecretKey>>,
        now: Timestamp,
    ) -> Self {
        let threshold = rule.as_ref().map_or(0, Vec::len);
        Self::witnessed_by_some(seed, network, rule, threshold, now)
    }

    /// Makes somebody of whose witnesses `threshold` are enough.
    pub(super) fn witnessed_by_some(
        seed: u64,
        network: &Parameters,
        rule: Option<Vec<SecretKey>>,
        threshold: usize,
        now: Timestamp,
    ) -> Self {
        let auth = key(seed, 1000);
        let keys =
            Keys { authentication: vec![auth.public()], assertion: vec![key(seed, 2000).public()] };
        let (next, recovery) = (key(seed, 2).public(), key(seed, 3000).public());
        let signing = Signing { key: &key(seed, 1), next: &next, recovery: &recovery };
        let named = rule.as_ref().map(|keys| {
            let publics: Vec<_> = keys.iter().map(SecretKey::public).collect();
            Rule::new(u32::try_from(threshold).unwrap(), publics).unwrap()
        });
        let Draft { entry, history } =
            draft::create(Place::Home, &keys, named.as_ref(), signing, now).unwrap();
        let scid = history.scid();
        let stamp = Stamp::mine(&scid, network.id(), network.difficulty(), 0, 1 << 22).unwrap();
        let log = [entry.as_bytes(), b"\n"].concat();
        let network = network.clone();
        let (witnesses, showcase, sequence) = (None, None, 0);
        let (assertion, recovery) = (2000, 3000);
        let mut person = Self {
            seed,
            auth,
            history,
            log,
            witnesses,
            showcase,
            sequence,
            stamp,
            network,
            rule,
            assertion,
            recovery,
        };
        person.cosign(now);
        person
    }

    /// Has all witnesses of the log sign its newest entry.
    pub(super) fn cosign(&mut self, now: Timestamp) {
        let Some(keys) = &self.rule else { return };
        let mut file = File::default();
        for key in keys {
            let version = self.history.version_id();
            let _witness = file.add(version, &cosign(version, key, now)).unwrap();
        }
        self.witnesses = Some(file.to_bytes());
    }

    pub(super) fn scid(&self) -> Scid {
        self.history.scid()
    }

    pub(super) fn assertion(&self) -> SecretKey {
        key(self.seed, self.assertion)
    }

    /// Makes the next entry; `branch` makes it another one than other branches.
    pub(super) fn rotate(&mut self, branch: u64, now: Timestamp) {
        let assertion = vec![self.assertion().public()];
        self.rotate_to(branch, assertion, now);
    }

    /// Takes another key to sign claims with, and lists the one before as well, or no longer.
    pub(super) fn new_assertion(&mut self, keep_listed: bool, now: Timestamp) {
        let before = self.assertion().public();
        self.assertion += 1;
        let mut listed = vec![self.assertion().public()];
        listed.extend(keep_listed.then_some(before));
        self.rotate_to(0, listed, now);
    }

    fn rotate_to(&mut self, branch: u64, assertion: Vec<PublicKey>, now: Timestamp) {
        let auth = key(self.seed, 1000 + branch);
        let keys = Keys { authentication: vec![auth.public()], assertion };
        self.change(&Change { keys: Some(keys), ..Change::default() }, now);
        self.auth = auth;
    }

    /// Makes the next entry with the key that was promised for it.
    pub(super) fn change(&mut self, change: &Change<'_>, now: Timestamp) {
        let number = self.history.number();
        let (signer, next) = (key(self.seed, number + 1), key(self.seed, number + 2).public());
        let recovery = key(self.seed, self.recovery).public();
        let signing = Signing { key: &signer, next: &next, recovery: &recovery };
        self.add(draft::change(&self.history, change, signing, now).unwrap());
    }

    /// Loses everything, and makes the next entry with the key of the words.
    pub(super) fn recover(&mut self, now: Timestamp) {
        let number = self.history.number();
        let (signer, next) = (key(self.seed, self.recovery), key(self.seed, number + 2).public());
        self.recovery += 1;
        let recovery = key(self.seed, self.recovery).public();
        let signing = Signing { key: &signer, next: &next, recovery: &recovery };
        let auth = key(self.seed, 1000 + self.recovery);
        let assertion = vec![self.assertion().public()];
        let keys = Keys { authentication: vec![auth.public()], assertion };
        let change = Change { keys: Some(keys), ..Change::default() };
        self.add(draft::recover(&self.history, &change, signing, now).unwrap());
        self.auth = auth;
    }

    fn add(&mut self, draft: Draft) {
        self.log.extend_from_slice(draft.entry.as_bytes());
        self.log.push(b'\n');
        self.history = draft.history;
    }

    pub(super) fn show(&mut self, text: &str) {
        let version = self.showcase.as_ref().map_or(1, |(version, _)| version + 1);
        self.showcase = Some((version, text.as_bytes().to_vec()));
    }

    /// Signs the next head.
    pub(super) fn head(&mut self) -> Vec<u8> {
        self.sequence += 1;
        self.head_with(self.sequence)
    }

    pub(super) fn head_with(&self, sequence: u64) -> Vec<u8> {
        self.head_after(sequence, |_| {})
    }

    /// Signs a head in which something was changed.
    pub(super) fn head_after(&self, sequence: u64, change: impl FnOnce(&mut Head)) -> Vec<u8> {
        let version = self.history.version_id();
        let showcase = self.showcase.as_ref();
        let mut head = Head {
            scid: self.scid(),
            version: version.number,
            version_digest: version.digest,
            log_length: u64::try_from(self.history.length()).unwrap(),
            showcase: showcase
                .map(|(version, bytes)| Showcase { version: *version, hash: sha256(bytes) }),
            sequence,
            stamp: self.stamp,
            key: self.auth.public(),
        };
        change(&mut head);
        head.seal(self.network.id(), &self.auth)
    }

    pub(super) fn publication(&mut self) -> Box<Publication> {
        Box::new(Publication {
            scid: self.scid(),
            log: self.log.clone(),
            witnesses: self.witnesses.clone(),
            head: self.head(),
            showcase: self.showcase.as_ref().map(|(_, bytes)| bytes.clone()),
        })
    }
}

pub(super) fn config(network: &Parameters, seed: u64, role: crate::engine::config::Role) -> Config {
    Config {
        network: network.clone(),
        node_key: key(seed, 9000),
        role,
        witness: None,
        restored: false,
        trust: Default::default(),
        witnesses: Default::default(),
        own: Default::default(),
        head_budget: 1 << 30,
        traffic: None,
        peers: crate::engine::config::PeerRange { low: 1, high: 64 },
    }
}
