//! Writes what this network signs in JSON: credentials, presentations and showcases.
//!
//! Keys and times are arguments. What is written holds integers and no other numbers, one proof,
//! and contexts that nobody has to fetch.

use super::evidence::Evidence;
use super::{Credential, context, member, presentation, showcase};
use crate::did::Did;
use crate::encoding::jcs;
use crate::key::SecretKey;
use crate::proof::{Purpose, eddsa_jcs_2022};
use crate::status::Entry;
use crate::time::Timestamp;
use serde_json::{Map, Value, json};

/// A credential before it is signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its own name, a URL such as `urn:uuid:…`.
    pub id: Option<String>,
    /// What it is, besides a `VerifiableCredential`.
    pub types: Vec<String>,
    /// Who signs it.
    pub issuer: Did,
    /// What it says, the subject's `id` included.
    pub subject: Map<String, Value>,
    /// From when it counts.
    pub valid_from: Timestamp,
    /// Until when it counts.
    pub valid_until: Timestamp,
    /// The bits that can take it back.
    pub status: Vec<Entry>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
}

impl Draft {
    /// Signs the credential with one of the issuer's assertion keys.
    #[must_use]
    pub fn sign(&self, key: &SecretKey, created: Timestamp) -> Value {
        let mut document = Map::new();
        let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
        put("@context", context::ours());
        if let Some(id) = &self.id {
            put("id", json!(id));
        }
        let types: Vec<&str> = core::iter::once("VerifiableCredential")
            .chain(self.types.iter().map(String::as_str))
            .collect();
        put("type", json!(types));
        put("issuer", json!(self.issuer));
        put("validFrom", json!(self.valid_from));
        put("validUntil", json!(self.valid_until));
        put("credentialSubject", Value::Object(self.subject.clone()));
        if !self.status.is_empty() {
            put("credentialStatus", self.status.iter().map(Entry::to_value).collect());
        }
        if !self.evidence.is_empty() {
            put("evidence", self.evidence.iter().map(Evidence::to_value).collect());
        }
        let options = options(Purpose::AssertionMethod, &self.issuer, key, created);
        secure(document, options, key)
    }
}

/// Where a presentation goes and how long it counts.
#[derive(Debug, Clone, Copy)]
pub struct Audience<'a> {
    /// The challenge the vendor gave.
    pub challenge: &'a str,
    /// The vendor: its DID or origin, as the challenge names it.
    pub domain: &'a str,
    /// The moment of signing.
    pub created: Timestamp,
    /// How many seconds it counts, at most [`presentation::LONGEST`].
    pub life: u64,
}

/// Signs a presentation of `credentials` with one of the holder's authentication keys.
#[must_use]
pub fn present(
    holder: &Did,
    credentials: &[Credential],
    audience: Audience<'_>,
    key: &SecretKey,
) -> Value {
    let Audience { challenge, domain, created, life } = audience;
    let document = shown(holder, credentials, &[]);
    let mut options = options(Purpose::Authentication, holder, key, created);
    let until = created.plus(life.min(presentation::LONGEST));
    options.insert("challenge".to_owned(), json!(challenge));
    options.insert("domain".to_owned(), json!(domain));
    options.insert("expires".to_owned(), json!(until));
    secure(document, options, key)
}

/// Signs version `version` of the holder's showcase, which counts until `until`, at most a year.
#[must_use]
pub fn publish(
    holder: &Did,
    credentials: &[Credential],
    version: u64,
    created: Timestamp,
    until: Timestamp,
    key: &SecretKey,
) -> Value {
    let mut document = shown(holder, credentials, &[showcase::TYPE]);
    document.insert(showcase::VERSION.to_owned(), json!(version));
    let mut options = options(Purpose::Authentication, holder, key, created);
    options.insert("domain".to_owned(), json!(showcase::DOMAIN));
    options.insert("expires".to_owned(), json!(until.min(created.plus(showcase::LONGEST))));
    secure(document, options, key)
}

/// Writes a signed document as the bytes that travel and are hashed: its canonical form.
#[must_use]
pub fn to_bytes(document: &Value) -> Vec<u8> {
    jcs::to_vec(document)
}

fn shown(holder: &Did, credentials: &[Credential], types: &[&str]) -> Map<String, Value> {
    let types: Vec<&str> =
        core::iter::once("VerifiablePresentation").chain(types.iter().copied()).collect();
    let credentials: Vec<Value> = credentials.iter().map(Credential::to_value).collect();
    let mut document = Map::new();
    document.insert("@context".to_owned(), context::ours());
    document.insert("type".to_owned(), json!(types));
    document.insert("holder".to_owned(), json!(holder));
    document.insert(presentation::CREDENTIALS.to_owned(), Value::Array(credentials));
    document
}

fn options(
    purpose: Purpose,
    signer: &Did,
    key: &SecretKey,
    created: Timestamp,
) -> Map<String, Value> {
    // The fragment is the Multikey itself and is never used again for another key.
    let method = signer.with_fragment(&key.public().to_multikey());
    let mut options = Map::new();
    options.insert("created".to_owned(), json!(created));
    options.insert("proofPurpose".to_owned(), json!(purpose.as_str()));
    options.insert("verificationMethod".to_owned(), json!(method));
    options
}

fn secure(document: Map<String, Value>, options: Map<String, Value>, key: &SecretKey) -> Value {
    let proof = eddsa_jcs_2022::sign(&document, options, key);
    member::with_proof(&document, &proof)
}
