//! People, an attestor and a claim for the tests of this crate.

use super::claim::Claim;
use super::draft::Draft;
use super::evidence::{Check, Evidence, Rule};
use super::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use crate::did::{Did, Scid};
use crate::key::{PublicKey, SecretKey};
use crate::proof::Purpose;
use crate::status::{self, Entry};
use crate::time::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);

pub(crate) const DAY: u64 = 86_400;

/// Somebody with one key for everything.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) did: Did,
    pub(crate) key: SecretKey,
}

impl Party {
    pub(crate) fn new(seed: u8) -> Self {
        Self { did: Scid::from_digest([seed; 32]).to_did(), key: SecretKey::from_seed([seed; 32]) }
    }

    pub(crate) fn scid(&self) -> Scid {
        self.did.scid()
    }

    /// A claim about `subject`, whose bit is `index` of list 1.
    pub(crate) fn draft(&self, subject: &Did, index: u64) -> Draft {
        let says = json!({ "id": subject, "provider": "paypal.com", "verified": true });
        Draft {
            id: Some(format!("urn:uuid:{index}")),
            types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
            issuer: self.did.clone(),
            subject: object(says),
            valid_from: NOW.minus(DAY),
            valid_until: NOW.plus(30 * DAY),
            status: vec![Entry {
                purpose: status::Purpose::Revocation,
                list: 1,
                index,
                url: status::list_url("https://north.example", 1),
            }],
            evidence: vec![Evidence {
                kind: "electronic_record".to_owned(),
                checks: vec![Check {
                    method: "data".to_owned(),
                    organization: Some("paypal.com".to_owned()),
                    time: Some(NOW.minus(2 * DAY)),
                    transaction: None,
                }],
                rule: Some(Rule { name: "paypal".to_owned(), version: 2 }),
            }],
        }
    }

    pub(crate) fn sign(&self, draft: &Draft) -> Credential {
        Credential::from_value(draft.sign(&self.key, NOW.minus(DAY))).unwrap()
    }

    pub(crate) fn claim(&self, subject: &Did, index: u64) -> Claim {
        let keys = keys(core::slice::from_ref(self));
        Claim::verify(self.sign(&self.draft(subject, index)), &keys).unwrap()
    }
}

/// The keys of everybody in `parties`, for every purpose.
pub(crate) fn keys(parties: &[Party]) -> impl Fn(Purpose, &str) -> Option<PublicKey> {
    let known: Vec<_> = parties
        .iter()
        .map(|party| {
            let key = party.key.public();
            (party.did.with_fragment(&key.to_multikey()), key)
        })
        .collect();
    move |_, url| known.iter().find(|(method, _)| method == url).map(|(_, key)| *key)
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}
