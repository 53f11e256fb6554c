//! Somebody with keys: an identity and everything that belongs to it, outside of any node.

use crate::dice::Dice;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Draft, Keys, Place, Signing};
use countersign_protocol::did::log::witness::{File, Rule};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::encoding::{json, multihash::sha256};
use countersign_protocol::engine::command::{Cosigning, Publication};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::head::{Head, Showcase, Stamp};
use countersign_protocol::wire::network::Parameters;

/// An identity and all its secrets; a clone is somebody who stole them.
#[derive(Clone)]
pub struct Person {
    network: Parameters,
    /// All keys follow from it.
    seed: u64,
    history: History,
    log: Vec<u8>,
    witnesses: Option<File>,
    showcase: Option<(u64, Vec<u8>)>,
    sequence: u64,
    stamp: Stamp,
    authentication: SecretKey,
    assertion: SecretKey,
    recoveries: u64,
}

impl Person {
    /// Makes somebody at `now`, whose changes count once as many of `rule`'s witnesses cosigned as it asks.
    #[must_use]
    pub fn new(network: &Parameters, dice: &mut Dice, rule: Option<&Rule>, now: Timestamp) -> Self {
        let seed = dice.roll();
        let (authentication, assertion) = (key(seed, AUTHENTICATION), key(seed, ASSERTION));
        let keys = Keys {
            authentication: vec![authentication.public()],
            assertion: vec![assertion.public()],
        };
        let (next, recovery) = (key(seed, 2).public(), key(seed, RECOVERY).public());
        let signing = Signing { key: &key(seed, 1), next: &next, recovery: &recovery };
        let Draft { entry, history } =
            draft::create(Place::Home, &keys, rule, signing, now).expect("a first entry");
        let scid = history.scid();
        let stamp = Stamp::mine(&scid, network.id(), network.difficulty(), 0, u64::MAX);
        Self {
            network: network.clone(),
            seed,
            history,
            log: [entry.as_bytes(), b"\n"].concat(),
            witnesses: rule.map(|_| File::default()),
            showcase: None,
            sequence: 0,
            stamp: stamp.expect("a stamp"),
            authentication,
            assertion,
            recoveries: 0,
        }
    }

    /// Gives what the identity is known by.
    #[must_use]
    pub fn scid(&self) -> Scid {
        self.history.scid()
    }

    /// Gives what it is called.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.history.did()
    }

    /// Gives its verified history.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Gives its log as JSON Lines.
    #[must_use]
    pub fn log(&self) -> &[u8] {
        &self.log
    }

    /// Gives the witness file as it is so far.
    #[must_use]
    pub fn witnesses(&self) -> Option<Vec<u8>> {
        self.witnesses.as_ref().map(File::to_bytes)
    }

    /// Gives the key that signs heads and presentations.
    #[must_use]
    pub const fn authentication(&self) -> &SecretKey {
        &self.authentication
    }

    /// Gives the key that signs claims and statements.
    #[must_use]
    pub const fn assertion(&self) -> &SecretKey {
        &self.assertion
    }

    /// Makes the next entry with the key that was promised for it, which names a fresh authentication
    /// key; `branch` makes it another entry than other branches.
    pub fn rotate(&mut self, branch: u64, now: Timestamp) {
        let number = self.history.number();
        let signer = key(self.seed, number + 1);
        let change = self.fresh_keys(AUTHENTICATION + number * 8 + branch);
        let (next, recovery) = self.promised();
        let signing = Signing { key: &signer, next: &next, recovery: &recovery };
        let drawn = draft::change(&self.history, &change, signing, now);
        self.add(drawn.expect("the next entry"));
    }

    /// Loses everything, and makes the next entry with the key of the words.
    pub fn recover(&mut self, now: Timestamp) {
        let signer = key(self.seed, RECOVERY + self.recoveries);
        self.recoveries += 1;
        let change = self.fresh_keys(AUTHENTICATION + self.history.number() * 8);
        let (next, recovery) = self.promised();
        let signing = Signing { key: &signer, next: &next, recovery: &recovery };
        let drawn = draft::recover(&self.history, &change, signing, now);
        self.add(drawn.expect("the entry of a recovery"));
    }

    fn fresh_keys(&mut self, authentication: u64) -> Change<'static> {
        self.authentication = key(self.seed, authentication);
        let keys = Keys {
            authentication: vec![self.authentication.public()],
            assertion: vec![self.assertion.public()],
        };
        Change { keys: Some(keys), ..Change::default() }
    }

    /// The keys that the next entry promises.
    fn promised(&self) -> (PublicKey, PublicKey) {
        let next = key(self.seed, self.history.number() + 2);
        (next.public(), key(self.seed, RECOVERY + self.recoveries).public())
    }

    fn add(&mut self, Draft { entry, history }: Draft) {
        self.log.extend_from_slice(entry.as_bytes());
        self.log.push(b'\n');
        self.history = history;
    }

    /// Puts what witnesses signed of the newest entry into the witness file.
    pub fn cosigned(&mut self, cosigning: &Cosigning) {
        let (file, version) = (self.witnesses.get_or_insert_default(), self.history.version_id());
        for proof in &cosigning.proofs {
            let proof = json::parse(proof, LARGEST_PROOF).expect("a witness's proof");
            let _witness = file.add(version, &proof).expect("a proof of this entry");
        }
    }

    /// Makes the next version of the showcase.
    pub fn show(&mut self, make: impl FnOnce(&Self, u64) -> Vec<u8>) {
        let version = self.showcase.as_ref().map_or(1, |(version, _)| version + 1);
        self.showcase = Some((version, make(self, version)));
    }

    /// Signs the next head and gives all that is published with it.
    pub fn publication(&mut self) -> Publication {
        self.sequence += 1;
        Publication {
            scid: self.scid(),
            log: self.log.clone(),
            witnesses: self.witnesses(),
            head: self.head(),
            showcase: self.showcase.as_ref().map(|(_, bytes)| bytes.clone()),
        }
    }

    /// Gives the newest head.
    #[must_use]
    pub fn head(&self) -> Vec<u8> {
        let version = self.history.version_id();
        let showcase = self.showcase.as_ref();
        let head = Head {
            scid: self.scid(),
            version: version.number,
            version_digest: version.digest,
            log_length: u64::try_from(self.history.length()).expect("a short log"),
            showcase: showcase
                .map(|(version, bytes)| Showcase { version: *version, hash: sha256(bytes) }),
            sequence: self.sequence,
            stamp: self.stamp,
            key: self.authentication.public(),
        };
        head.seal(self.network.id(), &self.authentication)
    }

    /// Gives how far the newest head is: its entry and its sequence.
    #[must_use]
    pub fn position(&self) -> (u64, u64) {
        (self.history.number(), self.sequence)
    }
}

fn key(seed: u64, purpose: u64) -> SecretKey {
    SecretKey::from_seed(sha256(&[seed.to_be_bytes(), purpose.to_be_bytes()].concat()))
}

/// Purposes below are update keys, each by the number of its entry.
const AUTHENTICATION: u64 = 1 << 32;
const ASSERTION: u64 = 2 << 32;
const RECOVERY: u64 = 3 << 32;
/// Bytes of a witness's proof, as JSON.
const LARGEST_PROOF: usize = 4096;
