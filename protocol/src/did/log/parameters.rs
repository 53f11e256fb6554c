//! The rules an identity set itself: who may update it, who must witness it, whether it may move.
//!
//! A [`Change`] is what one entry says; [`Parameters`] are what is in force after it. What an entry
//! leaves out stays as it was.
//!
//! - Specification: did:webvh 1.0, "did:webvh DID Method Parameters".

use super::witness::{Rule, RuleError};
use crate::did::Scid;
use crate::encoding::{base58btc, jcs, multihash};
use crate::key::{KeyError, PublicKey};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What is in force after an entry. Cloning it is cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// The keys that may sign the next entry, unless keys were promised.
    pub update_keys: Arc<[UpdateKey]>,
    /// The hashes of the keys the next entry may name; empty means there is no pre-rotation.
    pub next_key_hashes: Arc<[String]>,
    /// Who must witness every entry.
    pub witness: Option<Arc<Rule>>,
    /// URLs of those who said they would watch the identity.
    pub watchers: Arc<[String]>,
    /// Whether the DID's domain and path may change.
    pub portable: bool,
    /// Whether this identity ended.
    pub deactivated: bool,
    /// For how many seconds a resolver should keep the document.
    pub ttl: u32,
}

impl Parameters {
    /// Gives what is in force before a first entry says anything.
    pub(super) fn initial() -> Self {
        Self {
            update_keys: Arc::new([]),
            next_key_hashes: Arc::new([]),
            witness: None,
            watchers: Arc::new([]),
            portable: false,
            deactivated: false,
            ttl: DEFAULT_TTL,
        }
    }

    /// Gives what is in force after an entry that says `change`.
    pub(super) fn after(&self, change: &Change) -> Self {
        let texts = |new: &Option<Arc<[String]>>, old: &Arc<[String]>| {
            Arc::clone(new.as_ref().unwrap_or(old))
        };
        Self {
            update_keys: Arc::clone(change.update_keys.as_ref().unwrap_or(&self.update_keys)),
            next_key_hashes: texts(&change.next_key_hashes, &self.next_key_hashes),
            witness: change.witness.clone().unwrap_or_else(|| self.witness.clone()),
            watchers: texts(&change.watchers, &self.watchers),
            portable: change.portable.unwrap_or(self.portable),
            deactivated: change.deactivated.unwrap_or(self.deactivated),
            ttl: change.ttl.unwrap_or(self.ttl),
        }
    }

    /// Tells whether the next entry must be signed by a key that was promised by its hash.
    #[must_use]
    pub fn is_pre_rotated(&self) -> bool {
        !self.next_key_hashes.is_empty()
    }

    /// Tells whether the hash of `key` was promised for the next entry.
    #[must_use]
    pub fn promises(&self, key: &PublicKey) -> bool {
        self.next_key_hashes.contains(&key.promise())
    }
}

/// What one entry says about the rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub(super) method: bool,
    pub(super) scid: Option<Scid>,
    pub(super) update_keys: Option<Arc<[UpdateKey]>>,
    pub(super) next_key_hashes: Option<Arc<[String]>>,
    pub(super) witness: Option<Option<Arc<Rule>>>,
    pub(super) watchers: Option<Arc<[String]>>,
    pub(super) portable: Option<bool>,
    pub(super) deactivated: Option<bool>,
    pub(super) ttl: Option<u32>,
}

impl Change {
    /// Reads the `parameters` of an entry; `first` says whether a log begins with it.
    pub(super) fn parse(value: Value, first: bool) -> Result<Self, ParameterError> {
        let Value::Object(mut members) = value else { return Err(ParameterError::NotAnObject) };
        // "The parameters object MUST only include properties defined in the version".
        if members.keys().any(|name| !KNOWN.contains(&name.as_str())) {
            return Err(ParameterError::Unknown);
        }
        let change = Self {
            method: method(&members)?,
            scid: scid(&members)?,
            update_keys: update_keys(&mut members)?,
            next_key_hashes: texts(&mut members, "nextKeyHashes")?.map(Arc::from),
            witness: witness(&members)?,
            watchers: texts(&mut members, "watchers")?.map(Arc::from),
            portable: boolean(&members, "portable")?,
            deactivated: boolean(&members, "deactivated")?,
            ttl: ttl(&members)?,
        };
        if first {
            change.check_first()?
        } else {
            change.check_later()?
        }
        Ok(change)
    }

    fn check_first(&self) -> Result<(), ParameterError> {
        for (there, name) in [
            (self.method, "method"),
            (self.scid.is_some(), "scid"),
            (self.update_keys.is_some(), "updateKeys"),
        ] {
            if !there {
                return Err(ParameterError::Missing { name });
            }
        }
        Ok(())
    }

    fn check_later(&self) -> Result<(), ParameterError> {
        // "scid: MUST NOT appear in later log entries."
        if self.scid.is_some() {
            return Err(ParameterError::OnlyFirst { name: "scid" });
        }
        // "A later entry that sets portable: true MUST be rejected, regardless of historical state."
        if self.portable == Some(true) {
            return Err(ParameterError::OnlyFirst { name: "portable: true" });
        }
        Ok(())
    }
}

/// A key that is named to sign entries, as it is written; only Ed25519 keys can sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateKey {
    multikey: String,
    key: Option<PublicKey>,
}

impl UpdateKey {
    fn parse(multikey: String) -> Result<Self, ParameterError> {
        let key = match PublicKey::from_multikey(&multikey) {
            Ok(key) => Some(key),
            Err(KeyError::Weak | KeyError::NotAPoint | KeyError::NotDidKey) => {
                return Err(ParameterError::BadKey);
            }
            // A Multikey of another kind may stand there; no cryptosuite of this version uses it.
            Err(KeyError::NotMultikey) if is_other_multikey(&multikey) => None,
            Err(KeyError::NotMultikey) => return Err(ParameterError::BadKey),
        };
        Ok(Self { multikey, key })
    }

    /// Gives the Multikey as it is written in the log.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.multikey
    }

    /// Gives the key, if it is one that can sign.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Gives the hash by which the entry before had to promise this key.
    #[must_use]
    pub fn promise(&self) -> String {
        multihash::to_base58btc(&multihash::sha256(self.multikey.as_bytes()))
    }
}

/// Tells whether `text` has the form of a Multikey that is no Ed25519 key.
fn is_other_multikey(text: &str) -> bool {
    let Some(body) = text.strip_prefix('z') else { return false };
    // The longest public key of Controlled Identifiers 1.0 is that of BLS12-381 G2: 98 bytes.
    let shape = (45..=140).contains(&body.len());
    shape && !text.starts_with("z6Mk") && base58btc::is_alphabet(body)
}

/// "Unknown values MUST NOT be silently downgraded, defaulted, or ignored."
fn method(members: &Map<String, Value>) -> Result<bool, ParameterError> {
    match members.get("method") {
        None => Ok(false),
        Some(value) if value == METHOD => Ok(true),
        Some(_) => Err(ParameterError::UnknownMethod),
    }
}

fn scid(members: &Map<String, Value>) -> Result<Option<Scid>, ParameterError> {
    let Some(value) = members.get("scid") else { return Ok(None) };
    let scid = value.as_str().and_then(|text| text.parse().ok());
    scid.map(Some).ok_or(ParameterError::WrongValue { name: "scid" })
}

fn update_keys(
    members: &mut Map<String, Value>,
) -> Result<Option<Arc<[UpdateKey]>>, ParameterError> {
    let Some(texts) = texts(members, "updateKeys")? else { return Ok(None) };
    texts.into_iter().map(UpdateKey::parse).collect::<Result<_, _>>().map(Some)
}

fn witness(members: &Map<String, Value>) -> Result<Option<Option<Arc<Rule>>>, ParameterError> {
    match members.get("witness") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => Ok(Some(Rule::parse(value)?.map(Arc::new))),
    }
}

/// Takes a list of texts out of the members.
fn texts(
    members: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<Vec<String>>, ParameterError> {
    match members.remove(name) {
        None => Ok(None),
        // Some early implementations wrote null; it stands for the default (the note after "General
        // Rules for Parameters").
        Some(Value::Null) => Ok(Some(Vec::new())),
        Some(Value::Array(items)) => {
            items.into_iter().map(|item| text(item, name)).collect::<Result<_, _>>().map(Some)
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            Err(ParameterError::WrongValue { name })
        }
    }
}

fn text(value: Value, name: &'static str) -> Result<String, ParameterError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(ParameterError::WrongValue { name })
        }
    }
}

fn boolean(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<bool>, ParameterError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(false)),
        Some(value) => value.as_bool().map(Some).ok_or(ParameterError::WrongValue { name }),
    }
}

/// "An unsigned integer … in seconds … with a range of 0 to 2^31."
fn ttl(members: &Map<String, Value>) -> Result<Option<u32>, ParameterError> {
    match members.get("ttl") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(DEFAULT_TTL)),
        Some(value) => whole_number(value)
            .filter(|seconds| *seconds <= MAX_TTL)
            .map(Some)
            .ok_or(ParameterError::WrongValue { name: "ttl" }),
    }
}

/// Reads a JSON number that has no fraction, however it is written.
pub(super) fn whole_number(value: &Value) -> Option<u32> {
    // The canonical form writes 2, 2.0 and 2e0 alike.
    if value.is_number() { jcs::to_string(value).parse().ok() } else { None }
}

/// An entry's `parameters` are not allowed. Fault of its controller, and of who relayed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ParameterError {
    /// Something else stands where the object should be.
    #[error("`parameters` is not an object")]
    NotAnObject,
    /// A member did:webvh 1.0 does not define.
    #[error("a parameter that did:webvh 1.0 does not define")]
    Unknown,
    /// Another version of the specification, or none.
    #[error("`method` is not {METHOD}")]
    UnknownMethod,
    /// The first entry must have it.
    #[error("the first entry has no `{name}`")]
    Missing { name: &'static str },
    /// Only the first entry may have it.
    #[error("`{name}` stands in an entry that is not the first")]
    OnlyFirst { name: &'static str },
    /// Of a type or a value the specification does not allow.
    #[error("`{name}` has a type or value it may not have")]
    WrongValue { name: &'static str },
    /// Not a Multikey, or a weak one.
    #[error("`updateKeys` names what is not a Multikey, or a weak key")]
    BadKey,
    /// A rule for witnesses that nobody could follow.
    #[error("`witness`: {0}")]
    Witness(#[from] RuleError),
}

/// The only acceptable `method` of did:webvh 1.0.
pub const METHOD: &str = "did:webvh:1.0";

/// "Defaults to 3600 (1 hour) if not set in the first DID log entry."
const DEFAULT_TTL: u32 = 3600;

/// 2^31 seconds.
const MAX_TTL: u32 = 2_147_483_648;

const KNOWN: [&str; 9] = [
    "method",
    "scid",
    "updateKeys",
    "nextKeyHashes",
    "witness",
    "watchers",
    "portable",
    "deactivated",
    "ttl",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;
    use serde_json::json;

    const SCID: &str = "QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ";

    fn multikey() -> String {
        SecretKey::from_seed([1; 32]).public().to_multikey()
    }

    fn first() -> Value {
        json!({ "method": METHOD, "scid": SCID, "updateKeys": [multikey()] })
    }

    fn with(name: &str, value: Value) -> Result<Parameters, ParameterError> {
        let mut members = first();
        members[name] = value;
        Change::parse(members.clone(), true).map(|change| Parameters::initial().after(&change))
    }

    fn later(value: Value) -> Result<Change, ParameterError> {
        Change::parse(value, false)
    }

    #[test]
    fn what_a_first_entry_leaves_out_has_its_default() {
        let parameters = with("method", json!(METHOD)).unwrap();
        assert_eq!((parameters.portable, parameters.deactivated), (false, false));
        assert_eq!(parameters.ttl, 3600);
        assert!(!parameters.is_pre_rotated());
        assert_eq!(parameters.witness, None);
        assert!(parameters.watchers.is_empty());
    }

    #[test]
    fn what_a_later_entry_leaves_out_stays() {
        let mut members = first();
        members["ttl"] = json!(5);
        members["watchers"] = json!(["https://watch.example"]);
        members["portable"] = json!(true);
        let before = Parameters::initial().after(&Change::parse(members.clone(), true).unwrap());
        assert_eq!(before.after(&later(json!({})).unwrap()), before);
        let after = before.after(&later(json!({ "portable": false, "watchers": [] })).unwrap());
        assert_eq!((after.portable, after.ttl, after.watchers.len()), (false, 5, 0));
    }

    #[test]
    fn null_stands_for_the_default() {
        for name in ["nextKeyHashes", "watchers", "witness", "ttl", "portable", "deactivated"] {
            assert_eq!(with(name, Value::Null), with("method", json!(METHOD)), "{name}");
        }
        assert!(with("updateKeys", Value::Null).unwrap().update_keys.is_empty());
    }

    #[test]
    fn a_method_is_the_one_or_refused() {
        for method in ["did:webvh:99.0", "did:webvh:1.0-rc1", "didwebvh:1.0", "did:webvh:0.5", ""] {
            assert_eq!(with("method", json!(method)), Err(ParameterError::UnknownMethod));
        }
        assert_eq!(with("method", Value::Null), Err(ParameterError::UnknownMethod));
        assert!(later(json!({ "method": METHOD })).is_ok());
        assert_eq!(later(json!({ "method": "did:webvh:0.5" })), Err(ParameterError::UnknownMethod));
    }

    #[test]
    fn the_first_entry_must_say_who_and_how() {
        for name in ["method", "scid", "updateKeys"] {
            let mut members = first();
            members.as_object_mut().unwrap().remove(name);
            assert_eq!(Change::parse(members.clone(), true), Err(ParameterError::Missing { name }));
        }
    }

    #[test]
    fn a_later_entry_may_not_say_what_only_the_first_may() {
        let name = "scid";
        assert_eq!(later(json!({ name: SCID })), Err(ParameterError::OnlyFirst { name }));
        let name = "portable: true";
        assert_eq!(later(json!({ "portable": true })), Err(ParameterError::OnlyFirst { name }));
    }

    #[test]
    fn a_value_has_the_type_the_specification_gives_it() {
        for (name, value) in [
            ("scid", json!("QmX")),
            ("scid", json!(5)),
            ("updateKeys", json!("z6Mk")),
            ("updateKeys", json!([5])),
            ("nextKeyHashes", json!({})),
            ("watchers", json!(true)),
            ("portable", json!("true")),
            ("deactivated", json!(1)),
            ("ttl", json!(-1)),
            ("ttl", json!(1.5)),
            ("ttl", json!("3600")),
            ("ttl", json!(2_147_483_649_u64)),
        ] {
            assert_eq!(with(name, value), Err(ParameterError::WrongValue { name }));
        }
        assert_eq!(with("ttl", json!(2_147_483_648_u64)).unwrap().ttl, MAX_TTL);
        assert_eq!(with("ttl", json!(0.0)).unwrap().ttl, 0);
        assert_eq!(with("prerotation", json!(true)), Err(ParameterError::Unknown));
        assert_eq!(Change::parse(json!([]), true), Err(ParameterError::NotAnObject));
    }

    #[test]
    fn an_update_key_is_a_multikey_and_not_weak() {
        let p384 = "z82LkqR25TU88tztBEiFydNf4fUPn8oWBANckcmuqgonz9TAbK9a7WGQ5dm7jyqyRMpaRAe";
        let keys = with("updateKeys", json!([p384])).unwrap().update_keys;
        assert!(keys[0].key().is_none(), "it may be named and can never sign");
        let mut weak = [0_u8; 34];
        weak[..3].copy_from_slice(&[0xed, 1, 1]);
        for text in ["", "z", "zebra", "hello", &base58btc::encode_multibase(&weak)] {
            assert_eq!(with("updateKeys", json!([text])), Err(ParameterError::BadKey), "{text}");
        }
    }

    #[test]
    fn a_promised_key_is_found_by_its_hash() {
        let [one, two] = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]).public());
        let parameters = with("nextKeyHashes", json!([one.promise(), "any text"])).unwrap();
        assert!(parameters.is_pre_rotated() && parameters.promises(&one));
        assert!(!parameters.promises(&two));
        assert_eq!(UpdateKey::parse(one.to_multikey()).unwrap().promise(), one.promise());
    }
}
