//! The cryptosuite of this network: Ed25519 over the JCS form of proof and document.
//!
//! What is signed is `SHA-256(proof configuration) ‖ SHA-256(document)`. The configuration is the
//! whole proof object but its `proofValue`, members nobody knows included, so that nothing in a
//! proof can be changed or added behind the signer's back.
//!
//! - Standard: Data Integrity EdDSA Cryptosuites 1.0, section 3.3 "eddsa-jcs-2022"; one function a
//!   step, so that each can be held against the published vectors.

use super::{ProofError, TYPE, as_list, text};
use crate::encoding::{base58btc, jcs, multihash::sha256};
use crate::key::{PublicKey, SecretKey, Signature};
use crate::time::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value};

/// Signs `unsecured` and gives the complete proof object.
///
/// `options` are all members of the proof but `proofValue`. Its type, its cryptosuite and the
/// document's `@context` are put in here, as section 3.3.1 asks.
#[must_use]
pub fn sign(
    unsecured: &Map<String, Value>,
    options: Map<String, Value>,
    key: &SecretKey,
) -> Map<String, Value> {
    let mut proof = options;
    proof.remove(PROOF_VALUE);
    proof.insert("type".to_owned(), Value::from(TYPE));
    proof.insert("cryptosuite".to_owned(), Value::from(NAME));
    // Section 3.3.1, step 2.
    match unsecured.get(CONTEXT) {
        Some(context) => drop(proof.insert(CONTEXT.to_owned(), context.clone())),
        None => drop(proof.remove(CONTEXT)),
    }
    let document = canonical(&Members { of: unsecured, without: None, context: None });
    let hash = hash_data(&canonical_configuration(&proof), &document);
    let signature = key.sign(&hash);
    let value = base58btc::encode_multibase(signature.as_bytes());
    proof.insert(PROOF_VALUE.to_owned(), Value::from(value));
    proof
}

/// Checks that `key` signed `unsecured` under every member of `proof`.
///
/// `unsecured` is the document without its `proof`. Whether `key` may sign, for what, and when,
/// is for the caller to know.
///
/// # Errors
///
/// Returns [`ProofError`] if the proof is of another cryptosuite, was made for another `@context`,
/// has a `created` that is no time, or its signature does not hold.
pub fn verify(
    unsecured: &Map<String, Value>,
    proof: &Map<String, Value>,
    key: &PublicKey,
) -> Result<(), ProofError> {
    check_configuration(proof)?;
    let document = canonical_document(unsecured, proof)?;
    verify_signature(&sha256(&document), proof, key)
}

/// Checks that `key` signed, under every member of `proof`, the document whose canonical form has
/// the SHA-256 hash `document`.
///
/// It is for documents that never have an `@context`, such as the entries of a log, whose canonical
/// form is hashed for another reason anyway.
///
/// # Errors
///
/// Returns [`ProofError`] as [`verify`] does.
pub fn verify_hashed(
    document: &[u8; 32],
    proof: &Map<String, Value>,
    key: &PublicKey,
) -> Result<(), ProofError> {
    check_configuration(proof)?;
    if proof.contains_key(CONTEXT) {
        return Err(ProofError::ContextMismatch);
    }
    verify_signature(document, proof, key)
}

fn verify_signature(
    document: &[u8; 32],
    proof: &Map<String, Value>,
    key: &PublicKey,
) -> Result<(), ProofError> {
    let signature = text(proof, PROOF_VALUE).map(base58btc::decode_multibase::<64>)?;
    let signature = Signature::from_bytes(signature.ok_or(ProofError::BadProofValue)?);
    let hash = join(sha256(&canonical_configuration(proof)), document);
    if key.verify(&hash, &signature) { Ok(()) } else { Err(ProofError::BadSignature) }
}

/// Gives the canonical form of the document, as `proof` covers it.
///
/// Section 3.3.2, step 4: the proof's `@context` must be a prefix of the document's, and stands in
/// its place.
///
/// # Errors
///
/// Returns [`ProofError::ContextMismatch`] if it is no prefix.
pub fn canonical_document(
    unsecured: &Map<String, Value>,
    proof: &Map<String, Value>,
) -> Result<Vec<u8>, ProofError> {
    let context = proof.get(CONTEXT);
    if let Some(context) = context {
        let documents = unsecured.get(CONTEXT).ok_or(ProofError::ContextMismatch)?;
        if !as_list(documents).starts_with(as_list(context)) {
            return Err(ProofError::ContextMismatch);
        }
    }
    Ok(canonical(&Members { of: unsecured, without: None, context }))
}

/// Gives the canonical form of the proof's configuration: all its members but `proofValue`.
#[must_use]
pub fn canonical_configuration(proof: &Map<String, Value>) -> Vec<u8> {
    canonical(&Members { of: proof, without: Some(PROOF_VALUE), context: None })
}

/// Gives the 64 bytes that are signed: the configuration's hash first, the document's second.
///
/// Section 3.3.4.
#[must_use]
pub fn hash_data(configuration: &[u8], document: &[u8]) -> [u8; 64] {
    join(sha256(configuration), &sha256(document))
}

fn join(configuration: [u8; 32], document: &[u8; 32]) -> [u8; 64] {
    let mut hash = [0_u8; 64];
    for (to, from) in hash.iter_mut().zip(configuration.iter().chain(document)) {
        *to = *from;
    }
    hash
}

/// Section 3.3.5, steps 2 to 4.
fn check_configuration(proof: &Map<String, Value>) -> Result<(), ProofError> {
    if text(proof, "type")? != TYPE {
        return Err(ProofError::UnknownType);
    }
    if text(proof, "cryptosuite")? != NAME {
        return Err(ProofError::UnknownCryptosuite);
    }
    if proof.contains_key("created") && Timestamp::parse(text(proof, "created")?).is_err() {
        return Err(ProofError::NotATime { member: "created" });
    }
    Ok(())
}

fn canonical(members: &Members<'_>) -> Vec<u8> {
    let plain = jcs::is_plain_object(members.of) && members.context.is_none_or(jcs::is_plain);
    jcs::write(members, plain)
}

/// An object seen without one of its members and with another `@context`, without copying it.
struct Members<'a> {
    of: &'a Map<String, Value>,
    without: Option<&'static str>,
    context: Option<&'a Value>,
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in self.of {
            if self.without == Some(name) {
                continue;
            }
            let replaced = self.context.filter(|_| name == CONTEXT);
            object.serialize_entry(name, replaced.unwrap_or(value))?;
        }
        object.end()
    }
}

/// What `cryptosuite` says.
pub const NAME: &str = "eddsa-jcs-2022";

const CONTEXT: &str = "@context";
const PROOF_VALUE: &str = "proofValue";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn key() -> SecretKey {
        SecretKey::from_seed([3; 32])
    }

    fn document() -> Map<String, Value> {
        object(json!({ "@context": ["https://a.example", "https://b.example"], "says": "hello" }))
    }

    fn options() -> Map<String, Value> {
        object(json!({
            "verificationMethod": "did:key:z#z", "proofPurpose": "authentication",
            "created": "2026-11-22T07:30:00Z", "expires": "2026-11-22T07:35:00Z",
            "challenge": "c", "domain": "d", "previousProof": "p", "nobodyKnows": { "this": 1 },
        }))
    }

    #[test]
    fn what_was_signed_verifies() {
        let proof = sign(&document(), options(), &key());
        assert_eq!(verify(&document(), &proof, &key().public()), Ok(()));
        let other = SecretKey::from_seed([4; 32]).public();
        assert_eq!(verify(&document(), &proof, &other), Err(ProofError::BadSignature));
    }

    #[test]
    fn every_member_of_a_proof_is_signed() {
        let proof = sign(&document(), options(), &key());
        for member in proof.keys().filter(|member| *member != PROOF_VALUE) {
            let mut less = proof.clone();
            less.remove(member);
            assert!(verify(&document(), &less, &key().public()).is_err(), "{member} was removed");
            let mut changed = proof.clone();
            changed.insert(member.clone(), json!("2026-11-22T07:31:00Z"));
            assert!(verify(&document(), &changed, &key().public()).is_err(), "{member} changed");
        }
        let mut more = proof;
        more.insert("more".to_owned(), json!(true));
        assert_eq!(verify(&document(), &more, &key().public()), Err(ProofError::BadSignature));
    }

    #[test]
    fn a_context_may_be_added_behind_the_signed_ones_and_nowhere_else() {
        let proof = sign(&document(), options(), &key());
        let with = |context: Value| {
            let mut document = document();
            document.insert(CONTEXT.to_owned(), context);
            verify(&document, &proof, &key().public())
        };
        assert_eq!(with(json!(["https://a.example", "https://b.example", "x"])), Ok(()));
        for context in [
            json!(["x", "https://a.example", "https://b.example"]),
            json!(["https://b.example", "https://a.example"]),
            json!(["https://a.example"]),
            json!("https://a.example"),
        ] {
            assert_eq!(with(context), Err(ProofError::ContextMismatch));
        }
        let mut without = document();
        without.remove(CONTEXT);
        let verified = verify(&without, &proof, &key().public());
        assert_eq!(verified, Err(ProofError::ContextMismatch));
    }

    #[test]
    fn refuses_a_proof_that_is_not_of_this_kind() {
        let proof = sign(&document(), options(), &key());
        let with = |member: &str, value: Value| {
            let mut proof = proof.clone();
            proof.insert(member.to_owned(), value);
            verify(&document(), &proof, &key().public())
        };
        assert_eq!(with("type", json!("Ed25519Signature2020")), Err(ProofError::UnknownType));
        let suite = with("cryptosuite", json!("eddsa-rdfc-2022"));
        assert_eq!(suite, Err(ProofError::UnknownCryptosuite));
        let created = with("created", json!("yesterday"));
        assert_eq!(created, Err(ProofError::NotATime { member: "created" }));
        for value in ["", "z", "z2", "u2HnF", "z0OIl"] {
            assert_eq!(with(PROOF_VALUE, json!(value)), Err(ProofError::BadProofValue));
        }
    }

    #[test]
    fn a_document_without_context_gets_a_proof_without() {
        let document = object(json!({ "versionId": "1-Qm" }));
        let proof = sign(&document, options(), &key());
        assert!(!proof.contains_key(CONTEXT));
        assert_eq!(verify(&document, &proof, &key().public()), Ok(()));
    }
}
