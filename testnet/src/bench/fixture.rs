//! Who and what is measured: an attestor, a customer, and what they signed, the same at every run.

use super::BenchError;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::{Draft, to_bytes};
use countersign_protocol::credential::evidence::{Check, Evidence, Rule};
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Keys, Place, Signing};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::{self, Entry};
use countersign_protocol::time::Timestamp;
use serde_json::{Map, Value, json};

/// When everything is measured: 2026-11-22T07:30:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);
pub(super) const DAY: u64 = 86_400;
pub(super) const LIST_URL: &str = "https://north.example/status/1";

/// Somebody with a log and one hot key.
pub(super) struct Person {
    name: String,
    entries: u64,
    pub(super) history: History,
}

impl Person {
    /// Makes an identity without a domain that is `days` old.
    pub(super) fn new(name: &str, days: u64) -> Result<Self, BenchError> {
        Self::at(Place::Home, name, days)
    }

    /// Makes an identity that is `days` old.
    pub(super) fn at(place: Place<'_>, name: &str, days: u64) -> Result<Self, BenchError> {
        let hot = key(name, "hot", 0).public();
        let keys = Keys { authentication: vec![hot], assertion: vec![hot] };
        let [one, next, recovery] =
            [key(name, "update", 0), key(name, "update", 1), key(name, "recovery", 0)];
        let signing = Signing { key: &one, next: &next.public(), recovery: &recovery.public() };
        let begun = NOW.minus(days.saturating_mul(DAY));
        let history = draft::create(place, &keys, None, signing, begun)?.history;
        Ok(Self { name: name.to_owned(), entries: 1, history })
    }

    /// Adds an entry a day later that rotates the update key.
    pub(super) fn rotate(&mut self) -> Result<(), BenchError> {
        let name = &self.name;
        let [one, next, recovery] = [
            key(name, "update", self.entries),
            key(name, "update", self.entries.saturating_add(1)),
            key(name, "recovery", 0),
        ];
        let signing = Signing { key: &one, next: &next.public(), recovery: &recovery.public() };
        let day = self.history.updated().plus(DAY);
        self.history = draft::change(&self.history, &Change::default(), signing, day)?.history;
        self.entries = self.entries.saturating_add(1);
        Ok(())
    }

    pub(super) fn key(&self) -> SecretKey {
        key(&self.name, "hot", 0)
    }

    /// Finds this person's keys, as a node that holds the log does.
    pub(super) fn keys(&self) -> impl Fn(Purpose, &str) -> Option<PublicKey> + use<> {
        let history = self.history.clone();
        move |purpose, url| history.document().key_for(purpose, url)
    }

    /// Writes a claim about `holder` as an attestor does: with what it rests on and what can take it
    /// back.
    pub(super) fn claim(&self, holder: &Self) -> Value {
        let mut draft = self.bare_claim(holder, "");
        draft.status = vec![Entry {
            purpose: status::Purpose::Revocation,
            list: 1,
            index: 70_003,
            url: LIST_URL.to_owned(),
        }];
        draft.evidence = vec![Evidence {
            kind: "electronic_record".to_owned(),
            checks: vec![Check {
                method: "data".to_owned(),
                organization: Some("paypal.com".to_owned()),
                time: Some(NOW.minus(2 * DAY)),
                transaction: None,
            }],
            rule: Some(Rule { name: "paypal".to_owned(), version: 1 }),
        }];
        draft.sign(&self.key(), NOW.minus(DAY))
    }

    /// Begins a claim that says something, with a note of any length.
    pub(super) fn bare_claim(&self, holder: &Self, note: &str) -> Draft {
        let mut says = Map::new();
        says.insert("id".to_owned(), json!(holder.history.did()));
        says.insert("provider".to_owned(), json!("paypal.com"));
        says.insert("verified".to_owned(), json!(true));
        says.insert("note".to_owned(), json!(note));
        Draft {
            id: None,
            types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
            issuer: self.history.did().clone(),
            subject: says,
            valid_from: NOW.minus(DAY),
            valid_until: NOW.plus(30 * DAY),
            status: Vec::new(),
            evidence: Vec::new(),
        }
    }

    /// Gives a claim about `holder` that was verified.
    pub(super) fn verified_claim(&self, holder: &Self) -> Result<Claim, BenchError> {
        let credential = Credential::parse(&to_bytes(&self.claim(holder)))?;
        Ok(Claim::verify(credential, &self.keys())?)
    }
}

/// A key that follows from its name.
pub(super) fn key(name: &str, role: &str, number: u64) -> SecretKey {
    SecretKey::from_seed(sha256(format!("{name} {role} {number}").as_bytes()))
}
