//! The DID document as we write it.

use crate::did::document::Document;
use crate::key::PublicKey;
use serde_json::{Value, json};

/// The keys of an identity's document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keys {
    /// They sign heads, showcases and presentations.
    pub authentication: Vec<PublicKey>,
    /// They sign claims and status statements; a person who attests nothing has none.
    pub assertion: Vec<PublicKey>,
}

impl Keys {
    /// Reads the keys of a document.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        Self {
            authentication: document.authentication_keys().copied().collect(),
            assertion: document.assertion_keys().copied().collect(),
        }
    }

    /// Lists every key once.
    fn all(&self) -> Vec<&PublicKey> {
        let mut all: Vec<&PublicKey> = Vec::new();
        for key in self.authentication.iter().chain(&self.assertion) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        all
    }
}

/// What a document of ours is made of.
pub(super) struct State {
    did: String,
    pub(super) keys: Keys,
    also_known_as: Vec<String>,
    services: Vec<Value>,
}

impl State {
    /// Begins the document of a new identity.
    pub(super) fn new(did: String, keys: &Keys) -> Self {
        Self { did, keys: keys.clone(), also_known_as: Vec::new(), services: Vec::new() }
    }

    /// Takes what the newest document says.
    pub(super) fn read(document: &Document) -> Self {
        let own = document.services().filter(|(fragment, _)| !IMPLICIT.contains(fragment));
        Self {
            did: document.id().as_str().to_owned(),
            keys: Keys::of(document),
            also_known_as: document.also_known_as().map(str::to_owned).collect(),
            services: own.map(|(_, service)| Value::Object(service.clone())).collect(),
        }
    }

    /// Gives the identity another DID, and remembers the one it had.
    pub(super) fn move_to(&mut self, did: String) {
        // did:webvh 1.0, "DID Portability": the prior DID string is an `alsoKnownAs` entry.
        let before = core::mem::replace(&mut self.did, did);
        self.also_known_as.retain(|name| *name != before && *name != self.did);
        self.also_known_as.insert(0, before);
    }

    /// Writes the document. References are relative to its id, which keeps them short and lets them
    /// outlive a move.
    pub(super) fn to_value(&self) -> Value {
        let references = |keys: &[PublicKey]| -> Value {
            keys.iter().map(|key| Value::from(format!("#{key}"))).collect()
        };
        let methods = self.keys.all().into_iter().map(|key| {
            json!({
                "id": format!("#{key}"),
                "type": "Multikey",
                "controller": self.did,
                "publicKeyMultibase": key.to_multikey(),
            })
        });
        let mut document = json!({
            "@context": CONTEXT,
            "id": self.did,
            "verificationMethod": methods.collect::<Value>(),
            "authentication": references(&self.keys.authentication),
            "assertionMethod": references(&self.keys.assertion),
            "service": self.services(),
        });
        if let (false, Some(members)) = (self.also_known_as.is_empty(), document.as_object_mut()) {
            members.insert("alsoKnownAs".to_owned(), json!(self.also_known_as));
        }
        document
    }

    /// The two services did:webvh implies would send resolvers to a web server for every path of the
    /// DID. There is none: what an identity publishes is in the network.
    fn services(&self) -> Value {
        let [files, whois] = IMPLICIT;
        let overridden = [(files, "relativeRef"), (whois, "LinkedVerifiablePresentation")].map(
            |(fragment, kind)| {
                json!({ "id": format!("#{fragment}"), "type": kind, "serviceEndpoint": NETWORK })
            },
        );
        overridden.into_iter().chain(self.services.iter().cloned()).collect()
    }
}

/// What gives the words of the document their meaning to those who read JSON-LD.
const CONTEXT: [&str; 2] =
    ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"];

/// did:webvh 1.0, "DID URL Resolution".
const IMPLICIT: [&str; 2] = ["files", "whois"];

/// Says that what is looked for is found in this network, by the SCID.
const NETWORK: &str = "countersign:";
