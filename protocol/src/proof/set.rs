//! Verifies every proof of a document that carries several.
//!
//! In a *set* each proof stands alone; in a *chain* a proof names those it stands on in
//! `previousProof`, and covers them together with the document.
//!
//! - Standard: Data Integrity 1.0, section 4.5 "Verify Proof Sets and Chains".

use super::{Proof, ProofError, as_list, eddsa_jcs_2022};
use crate::key::PublicKey;
use serde_json::{Map, Value};

/// Finds the key that a proof names, if it may sign for that proof's purpose.
pub type Keys<'a> = dyn Fn(&Proof) -> Option<PublicKey> + 'a;

/// Verifies all proofs of `secured` and gives them in their order.
///
/// # Errors
///
/// Returns the [`ProofError`] of the first that does not hold: all of them must.
pub fn verify(secured: &Map<String, Value>, keys: &Keys<'_>) -> Result<Vec<Proof>, ProofError> {
    let proofs = parse(secured)?;
    for proof in &proofs {
        let key = keys(proof).ok_or(ProofError::UnknownKey)?;
        let covered = covered(secured, &proofs, proof)?;
        eddsa_jcs_2022::verify(&covered, proof.raw(), &key)?;
    }
    Ok(proofs)
}

/// Reads the proofs of `secured`, one object or a list of them.
///
/// # Errors
///
/// Returns [`ProofError`] if there is none, there are too many, or one is malformed.
pub fn parse(secured: &Map<String, Value>) -> Result<Vec<Proof>, ProofError> {
    let proofs = secured.get(PROOF).map(as_list).unwrap_or_default();
    if !(1..=MAX_PROOFS).contains(&proofs.len()) {
        return Err(ProofError::WrongCount);
    }
    proofs.iter().map(Proof::parse).collect()
}

/// Gives the document that `proof` covers: without `proof`, or with those it stands on.
///
/// # Errors
///
/// Returns [`ProofError::UnknownPrevious`] if it stands on one that is not in `all`.
pub fn covered(
    secured: &Map<String, Value>,
    all: &[Proof],
    proof: &Proof,
) -> Result<Map<String, Value>, ProofError> {
    let mut document = secured.clone();
    document.remove(PROOF);
    let named = |name: &String| all.iter().any(|other| other.id() == Some(name));
    if !proof.previous_proof().iter().all(named) {
        return Err(ProofError::UnknownPrevious);
    }
    let previous: Vec<Value> = all
        .iter()
        .filter(|other| proof.previous_proof().iter().any(|name| other.id() == Some(name)))
        .map(|other| Value::Object(other.raw().clone()))
        .collect();
    if !previous.is_empty() {
        document.insert(PROOF.to_owned(), Value::Array(previous));
    }
    Ok(document)
}

/// The most proofs one document may have: each costs a signature check.
pub const MAX_PROOFS: usize = 32;

const PROOF: &str = "proof";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{SecretKey, did_key};
    use serde_json::json;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn keys(proof: &Proof) -> Option<PublicKey> {
        did_key::parse_verification_method(proof.verification_method()).ok()
    }

    fn options(key: &SecretKey, more: &Value) -> Map<String, Value> {
        let method = did_key::to_verification_method(&key.public());
        let mut options = object(more);
        options.insert("verificationMethod".to_owned(), json!(method));
        options.insert("proofPurpose".to_owned(), json!("assertionMethod"));
        options
    }

    /// Two proofs side by side, and a third that stands on both.
    fn chain() -> Map<String, Value> {
        let [one, two, three] = [1, 2, 3].map(|seed| SecretKey::from_seed([seed; 32]));
        let mut document = object(&json!({ "@context": "https://a.example", "says": "hello" }));
        let first = eddsa_jcs_2022::sign(&document, options(&one, &json!({ "id": "1" })), &one);
        let second = eddsa_jcs_2022::sign(&document, options(&two, &json!({ "id": "2" })), &two);
        document.insert(PROOF.to_owned(), json!([first, second]));
        let over = options(&three, &json!({ "previousProof": ["1", "2"] }));
        let third = eddsa_jcs_2022::sign(&document, over, &three);
        document.insert(PROOF.to_owned(), json!([first, second, third]));
        document
    }

    #[test]
    fn a_chain_verifies_as_a_whole() {
        assert_eq!(verify(&chain(), &keys).map(|proofs| proofs.len()), Ok(3));
    }

    #[test]
    fn a_chain_without_a_link_is_refused() {
        let mut cut = chain();
        cut.get_mut(PROOF).unwrap().as_array_mut().unwrap().remove(0);
        assert_eq!(verify(&cut, &keys), Err(ProofError::UnknownPrevious));
    }

    #[test]
    fn a_proof_covers_those_it_stands_on() {
        let mut changed = chain();
        let proof = changed.get_mut(PROOF).unwrap().as_array_mut().unwrap();
        // Another valid signature of the first signer under the same name.
        let one = SecretKey::from_seed([1; 32]);
        let more = options(&one, &json!({ "id": "1", "created": "2026-11-22T07:30:00Z" }));
        let document = object(&json!({ "@context": "https://a.example", "says": "hello" }));
        proof[0] = Value::Object(eddsa_jcs_2022::sign(&document, more, &one));
        assert_eq!(verify(&changed, &keys), Err(ProofError::BadSignature));
    }

    #[test]
    fn every_proof_of_a_set_must_hold_and_have_a_known_key() {
        let knows_two = |proof: &Proof| keys(proof).filter(|_| proof.id().is_some());
        assert_eq!(verify(&chain(), &knows_two), Err(ProofError::UnknownKey));
        let mut none = chain();
        none.insert(PROOF.to_owned(), json!([]));
        assert_eq!(verify(&none, &keys), Err(ProofError::WrongCount));
        let mut many = chain();
        let proof = many.get(PROOF).unwrap()[0].clone();
        many.insert(PROOF.to_owned(), Value::Array(vec![proof; MAX_PROOFS + 1]));
        assert_eq!(verify(&many, &keys), Err(ProofError::WrongCount));
    }
}
