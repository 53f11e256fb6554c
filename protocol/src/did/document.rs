//! What a DID document says: which keys stand for an identity, and for what.
//!
//! A [`Document`] is a typed view of the `state` of one log entry; the value it came from is kept as it
//! was received. Documents of others may hold anything, so nothing but the `id` can make one
//! unreadable: a verification method that this network cannot use is as if it were not there.
//!
//! - Standards: DID Core 1.0, sections 5.2 to 5.4; Controlled Identifiers 1.0, section 2.2 (Multikey);
//!   did:webvh 1.0, "DID URL Resolution" (the implicit services).

use super::{Did, split_fragment};
use crate::key::PublicKey;
use crate::proof::Purpose;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};

/// Shows what one version of an identity's DID document says. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Document(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: Did,
    value: Value,
    // Decoding a key costs a fifth of a signature, and most versions of a log are never asked for.
    methods: OnceLock<Methods>,
}

impl Document {
    /// Reads the DID document `value`.
    ///
    /// # Errors
    ///
    /// Returns [`DocumentError`] if it is no object or its `id` is no did:webvh DID.
    pub fn new(value: Value) -> Result<Self, DocumentError> {
        // did:webvh 1.0, "Method-Specific Identifier": the id is a bare DID.
        let id = value.get("id").and_then(Value::as_str).ok_or(DocumentError::NoId)?;
        let id = id.parse().map_err(DocumentError::BadId)?;
        Ok(Self(Arc::new(Inner { id, value, methods: OnceLock::new() })))
    }

    /// Gives the DID this document describes.
    #[must_use]
    pub fn id(&self) -> &Did {
        &self.0.id
    }

    /// Gives the document as it was received.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0.value
    }

    /// Lists the other names the identity gives itself.
    pub fn also_known_as(&self) -> impl Iterator<Item = &str> {
        self.list("alsoKnownAs").iter().filter_map(Value::as_str)
    }

    /// Lists the keys that may sign for the identity for `purpose`.
    #[must_use]
    pub fn methods(&self, purpose: Purpose) -> &[Method] {
        let methods = self.0.methods.get_or_init(|| Methods {
            authentication: self.relationship(Purpose::Authentication),
            assertion: self.relationship(Purpose::AssertionMethod),
        });
        match purpose {
            Purpose::Authentication => &methods.authentication,
            Purpose::AssertionMethod => &methods.assertion,
        }
    }

    /// Lists the keys that sign heads, showcases and presentations.
    pub fn authentication_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.methods(Purpose::Authentication).iter().map(|method| &method.key)
    }

    /// Lists the keys that sign claims and status statements.
    pub fn assertion_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.methods(Purpose::AssertionMethod).iter().map(|method| &method.key)
    }

    /// Finds the key that a proof for `purpose` names by the URL `verification_method`.
    ///
    /// The URL's DID must have this document's SCID. Whether it is a name the identity ever had is for
    /// [`History::knows`](super::log::History::knows) to say.
    #[must_use]
    pub fn key_for(&self, purpose: Purpose, verification_method: &str) -> Option<PublicKey> {
        let (did, fragment) = split_fragment(verification_method).ok()?;
        if did.scid() != self.0.id.scid() {
            return None;
        }
        let mut methods = self.methods(purpose).iter();
        methods.find(|method| method.fragment == fragment).map(|method| method.key)
    }

    /// Lists the explicit services, each with its fragment.
    pub fn services(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        self.list("service").iter().filter_map(|service| {
            let service = service.as_object()?;
            Some((self.own_fragment(service.get("id")?.as_str()?)?, service))
        })
    }

    /// Gives what stands in a relationship: references resolved, embedded methods read.
    fn relationship(&self, purpose: Purpose) -> Vec<Method> {
        let listed: Vec<Method> = self
            .list("verificationMethod")
            .iter()
            .filter_map(|method| self.method(method))
            .collect();
        let mut methods = Vec::new();
        for item in self.list(purpose.as_str()) {
            // DID Core 1.0, section 5.3: a relationship holds methods or the URLs of methods.
            let method = match item.as_str() {
                Some(url) => {
                    self.own_fragment(url).and_then(|fragment| unambiguous(&listed, fragment))
                }
                None => self.method(item),
            };
            methods.extend(method);
        }
        methods
    }

    /// Reads a verification method, if it is the Multikey of an Ed25519 key.
    fn method(&self, value: &Value) -> Option<Method> {
        let method = value.as_object()?;
        // Controlled Identifiers 1.0, section 2.2: past `expires` or `revoked` a method must not be
        // used. A document has no clock, so a method that says either does not count at all.
        if method.contains_key("expires") || method.contains_key("revoked") {
            return None;
        }
        if method.get("type")?.as_str()? != "Multikey" {
            return None;
        }
        let fragment = self.own_fragment(method.get("id")?.as_str()?)?.to_owned();
        let key = PublicKey::from_multikey(method.get("publicKeyMultibase")?.as_str()?).ok()?;
        Some(Method { fragment, key })
    }

    /// Gives the fragment of a URL of this document, absolute or relative.
    fn own_fragment<'a>(&self, url: &'a str) -> Option<&'a str> {
        let (base, fragment) = url.split_once('#')?;
        // DID Core 1.0, section 3.2.2: a relative URL is relative to the document's id. An identity
        // that moved may still name its methods by an earlier DID.
        let own = base.is_empty()
            || base == self.0.id.as_str()
            || base.parse::<Did>().is_ok_and(|did| did.scid() == self.0.id.scid());
        (own && !fragment.is_empty()).then_some(fragment)
    }

    fn list(&self, name: &str) -> &[Value] {
        self.0.value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

/// A key of an identity and the fragment that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// What stands behind the `#` of the method's URL.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
}

#[derive(Debug)]
struct Methods {
    authentication: Vec<Method>,
    assertion: Vec<Method>,
}

/// Finds the method that `fragment` names; a name that two keys share names neither.
fn unambiguous(listed: &[Method], fragment: &str) -> Option<Method> {
    let mut named = listed.iter().filter(|method| method.fragment == fragment);
    let first = named.next()?;
    named.all(|other| other.key == first.key).then(|| first.clone())
}

/// The value does not describe an identity. Fault of its controller, and of who relayed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not an object with a text `id`.
    #[error("the document has no id")]
    NoId,
    /// The id is not a bare did:webvh DID.
    #[error("the document's id: {0}")]
    BadId(#[source] super::DidError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;
    use serde_json::json;

    const DID: &str = "did:webvh:QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ:example.com";
    const MOVED: &str = "did:webvh:QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ:old.example.com";

    fn key(seed: u8) -> PublicKey {
        SecretKey::from_seed([seed; 32]).public()
    }

    fn method(id: &str, seed: u8) -> Value {
        json!({ "id": id, "type": "Multikey", "controller": DID,
                "publicKeyMultibase": key(seed).to_multikey() })
    }

    fn keys(value: Value) -> Vec<PublicKey> {
        Document::new(value).unwrap().assertion_keys().copied().collect()
    }

    #[test]
    fn reads_references_of_every_form() {
        let document = json!({
            "id": DID,
            "verificationMethod": [
                method("#a", 1), method(&format!("{DID}#b"), 2), method(&format!("{MOVED}#c"), 3),
            ],
            "assertionMethod": [format!("{DID}#a"), "#b", "#c", method("#d", 4)],
        });
        assert_eq!(keys(document), [key(1), key(2), key(3), key(4)]);
    }

    #[test]
    fn what_it_cannot_use_is_as_if_it_were_not_there() {
        let with = |member: &str, value: Value| {
            let mut method = method("#a", 1);
            method[member] = value;
            keys(json!({ "id": DID, "verificationMethod": [method], "assertionMethod": ["#a"] }))
        };
        assert_eq!(with("controller", json!("did:example:1")).len(), 1);
        assert!(with("type", json!("JsonWebKey")).is_empty());
        assert!(with("publicKeyMultibase", json!("z6MkNo")).is_empty());
        assert!(with("revoked", json!("2020-01-01T00:00:00Z")).is_empty());
        assert!(with("expires", json!("9999-01-01T00:00:00Z")).is_empty());
        assert!(with("id", json!("did:example:1#a")).is_empty());
        assert!(keys(json!({ "id": DID, "assertionMethod": ["#a", 5, null] })).is_empty());
        assert!(keys(json!({ "id": DID, "assertionMethod": "#a" })).is_empty());
    }

    #[test]
    fn a_name_that_two_keys_share_names_neither() {
        let document = json!({
            "id": DID,
            "verificationMethod": [method("#a", 1), method("#a", 2)],
            "assertionMethod": ["#a"],
        });
        assert!(keys(document).is_empty());
    }

    #[test]
    fn a_key_counts_for_its_purpose_and_its_identity_alone() {
        let document = Document::new(json!({
            "id": DID,
            "verificationMethod": [method("#a", 1), method("#b", 2)],
            "authentication": ["#a"],
            "assertionMethod": ["#b"],
        }))
        .unwrap();
        let find = |purpose, url: &str| document.key_for(purpose, url);
        assert_eq!(find(Purpose::Authentication, &format!("{DID}#a")), Some(key(1)));
        assert_eq!(find(Purpose::Authentication, &format!("{MOVED}#a")), Some(key(1)));
        assert_eq!(find(Purpose::Authentication, &format!("{DID}#b")), None);
        assert_eq!(find(Purpose::AssertionMethod, &format!("{DID}#b")), Some(key(2)));
        assert_eq!(find(Purpose::AssertionMethod, "#b"), None);
        let other = DID.replace(
            "QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ",
            "QmRRaLXwc6BjBuBPosSupJwEQ8w9f3znP7yfbpGfwcnLr6",
        );
        assert_eq!(find(Purpose::AssertionMethod, &format!("{other}#b")), None);
    }

    #[test]
    fn lists_services_by_fragment() {
        let document = Document::new(json!({
            "id": DID,
            "service": [{ "id": "#files" }, { "id": format!("{DID}#whois") }, { "id": 5 }, 7],
        }))
        .unwrap();
        let found: Vec<&str> = document.services().map(|(fragment, _)| fragment).collect();
        assert_eq!(found, ["files", "whois"]);
    }

    #[test]
    fn a_document_without_a_did_is_none() {
        assert_eq!(Document::new(json!([])).unwrap_err(), DocumentError::NoId);
        assert_eq!(Document::new(json!({ "id": 5 })).unwrap_err(), DocumentError::NoId);
        let url = json!({ "id": format!("{DID}#a") });
        assert!(matches!(Document::new(url), Err(DocumentError::BadId(_))));
    }
}
