//! Decides whether a Data Integrity proof holds.
//!
//! A [`Proof`] is the typed view of one proof object whose shape is right; whether it holds is for
//! its cryptosuite to say, one file each: [`eddsa_jcs_2022`] is the one this network uses. [`set`]
//! verifies every proof of a document that carries several, in a set or in a chain.
//!
//! - Standard: W3C Verifiable Credential Data Integrity 1.0, sections 2.1 "Proofs" and 4.

pub mod eddsa_jcs_2022;
pub mod set;

use crate::time::Timestamp;
use crate::verdict::Verdict;
use serde_json::{Map, Value};

/// One proof object whose members have the right shape. It says nothing about whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    created: Option<Timestamp>,
    expires: Option<Timestamp>,
    domain: Vec<String>,
    previous_proof: Vec<String>,
    // All else is read where it stands: a log has a proof for each entry, and each text copied costs
    // its share of the fifth of a log's verification that is spent on memory.
    raw: Map<String, Value>,
}

impl Proof {
    /// Reads one proof object.
    ///
    /// # Errors
    ///
    /// Returns [`ProofError`] if it is no object, a member that must be there is missing, or one
    /// has the wrong type.
    pub fn parse(proof: &Value) -> Result<Self, ProofError> {
        Self::take(proof.clone())
    }

    /// Reads one proof object that nobody else needs.
    ///
    /// # Errors
    ///
    /// Returns [`ProofError`] as [`Self::parse`] does.
    pub fn take(proof: Value) -> Result<Self, ProofError> {
        let Value::Object(raw) = proof else { return Err(ProofError::NotAnObject) };
        // Data Integrity 1.0, section 3.1: the type of every cryptosuite's proof.
        if text(&raw, "type")? != TYPE {
            return Err(ProofError::UnknownType);
        }
        // Data Integrity 1.0, section 4.4 "Verify Proof", step 4: these must be there.
        for member in [CRYPTOSUITE, METHOD, PURPOSE] {
            text(&raw, member)?;
        }
        for member in [ID, CHALLENGE] {
            optional_text(&raw, member)?;
        }
        Ok(Self {
            created: time(&raw, "created")?,
            expires: time(&raw, "expires")?,
            domain: texts(&raw, "domain")?,
            previous_proof: texts(&raw, "previousProof")?,
            raw,
        })
    }

    /// Gives the name of the cryptosuite that can say whether the proof holds.
    #[must_use]
    pub fn cryptosuite(&self) -> &str {
        self.member(CRYPTOSUITE).unwrap_or_default()
    }

    /// Gives the URL of the key that is said to have signed.
    #[must_use]
    pub fn verification_method(&self) -> &str {
        self.member(METHOD).unwrap_or_default()
    }

    /// Gives what the signature is for, such as `assertionMethod`.
    #[must_use]
    pub fn purpose(&self) -> &str {
        self.member(PURPOSE).unwrap_or_default()
    }

    /// Gives the proof's own name, by which another may stand on it.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.member(ID)
    }

    /// Gives when it is said to have been made.
    #[must_use]
    pub const fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// Gives when it ends.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// Gives the challenge it answers.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.member(CHALLENGE)
    }

    /// Gives the domains it is meant for; none means it is bound to none.
    #[must_use]
    pub fn domain(&self) -> &[String] {
        &self.domain
    }

    /// Gives the names of the proofs it stands on.
    #[must_use]
    pub fn previous_proof(&self) -> &[String] {
        &self.previous_proof
    }

    /// Checks that it stands on no other proof, where a document has but one.
    ///
    /// Data Integrity 1.0, section 4.5 "Verify Proof Sets and Chains": a proof does not hold without
    /// those it stands on.
    ///
    /// # Errors
    ///
    /// Returns [`ProofError::UnknownPrevious`] if it stands on another.
    pub fn check_alone(&self) -> Result<(), ProofError> {
        if self.previous_proof.is_empty() { Ok(()) } else { Err(ProofError::UnknownPrevious) }
    }

    /// Gives the proof object as it was received.
    #[must_use]
    pub const fn raw(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// Gives a member that was found to be text, or not to be there, when the proof was read.
    fn member(&self, name: &str) -> Option<&str> {
        self.raw.get(name).and_then(Value::as_str)
    }
}

/// Says what a signature is for. A key may sign for one purpose and not for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// To vouch for something: claims, status lists and statements, attestor profiles.
    AssertionMethod,
    /// To show that the identity is present: heads, showcases, presentations.
    Authentication,
}

impl Purpose {
    /// Gives the word of Controlled Identifiers 1.0, section 2.3, which is also the member of a DID
    /// document that lists the keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

fn text<'a>(proof: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, ProofError> {
    optional_text(proof, member)?.ok_or(ProofError::Missing { member })
}

fn optional_text<'a>(
    proof: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, ProofError> {
    let Some(value) = proof.get(member) else { return Ok(None) };
    value.as_str().map(Some).ok_or(ProofError::WrongType { member })
}

/// Data Integrity 1.0, section 2.1: `domain` and `previousProof` are one string or a list of them.
fn texts(proof: &Map<String, Value>, member: &'static str) -> Result<Vec<String>, ProofError> {
    let Some(value) = proof.get(member) else { return Ok(Vec::new()) };
    as_list(value)
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or(ProofError::WrongType { member }))
        .collect()
}

/// Data Integrity 1.0, section 2.1: `created` and `expires` are of type `dateTimeStamp`.
fn time(proof: &Map<String, Value>, member: &'static str) -> Result<Option<Timestamp>, ProofError> {
    let Some(text) = optional_text(proof, member)? else { return Ok(None) };
    Timestamp::parse(text).map(Some).map_err(|_| ProofError::NotATime { member })
}

/// Takes one value as a list of one.
fn as_list(value: &Value) -> &[Value] {
    value.as_array().map_or(core::slice::from_ref(value), Vec::as_slice)
}

/// The proof does not hold, or is none. Fault of whoever sent it, but for the last variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum ProofError {
    /// Something else stands where a proof object was expected.
    #[error("a proof is not an object")]
    NotAnObject,
    /// A member without which nothing can be verified is not there.
    #[error("a proof has no `{member}`")]
    Missing { member: &'static str },
    /// A member is there and is not what the standard says it is.
    #[error("`{member}` of a proof has the wrong type")]
    WrongType { member: &'static str },
    /// A time that is none, or has no zone.
    #[error("`{member}` of a proof is not a time such as 2026-11-22T07:30:00Z")]
    NotATime { member: &'static str },
    /// Not `DataIntegrityProof`.
    #[error("the proof is not a {TYPE}")]
    UnknownType,
    /// Another cryptosuite than the one that was asked to verify.
    #[error("the proof is not of the cryptosuite eddsa-jcs-2022")]
    UnknownCryptosuite,
    /// The proof was made for another `@context` than the document has.
    #[error("the document's @context does not begin with the proof's")]
    ContextMismatch,
    /// Not 64 bytes in base58btc behind a `z`.
    #[error("`proofValue` is not 64 bytes in base58btc behind a z")]
    BadProofValue,
    /// The key did not sign this document under this proof's members.
    #[error("the proof's signature does not hold")]
    BadSignature,
    /// It stands on a proof that is not there.
    #[error("`previousProof` names a proof that is not in the document")]
    UnknownPrevious,
    /// No proof at all, or more than anybody needs.
    #[error("a document has 1 to {most} proofs", most = set::MAX_PROOFS)]
    WrongCount,
    /// Whose key this is, is not known here. Nobody's fault: the identity may be on its way.
    #[error("the key of a proof is not known")]
    UnknownKey,
}

impl ProofError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::UnknownKey => Verdict::Ignore,
            Self::NotAnObject
            | Self::Missing { .. }
            | Self::WrongType { .. }
            | Self::NotATime { .. }
            | Self::UnknownType
            | Self::UnknownCryptosuite
            | Self::ContextMismatch
            | Self::BadProofValue
            | Self::BadSignature
            | Self::UnknownPrevious
            | Self::WrongCount => Verdict::Reject,
        }
    }
}

const CRYPTOSUITE: &str = "cryptosuite";
const METHOD: &str = "verificationMethod";
const PURPOSE: &str = "proofPurpose";
const ID: &str = "id";
const CHALLENGE: &str = "challenge";

/// The type of every proof that names its cryptosuite.
pub const TYPE: &str = "DataIntegrityProof";

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": "did:key:z6Mk#z6Mk", "proofPurpose": "authentication",
            "created": "2026-11-22T07:30:00Z", "domain": "a", "previousProof": ["x", "y"],
        })
    }

    #[test]
    fn reads_what_the_standard_lets_a_proof_have() {
        let proof = Proof::parse(&good()).unwrap();
        assert_eq!(proof.domain(), ["a"]);
        assert_eq!(proof.previous_proof(), ["x", "y"]);
        assert_eq!(proof.created().map(Timestamp::seconds), Some(1_795_332_600));
        assert_eq!((proof.expires(), proof.challenge(), proof.id()), (None, None, None));
    }

    #[test]
    fn refuses_a_proof_without_what_it_needs() {
        for member in ["type", "cryptosuite", "verificationMethod", "proofPurpose"] {
            let mut proof = good();
            proof.as_object_mut().unwrap().remove(member);
            assert_eq!(Proof::parse(&proof), Err(ProofError::Missing { member }));
        }
        assert_eq!(Proof::parse(&json!([])), Err(ProofError::NotAnObject));
    }

    #[test]
    fn refuses_a_member_of_the_wrong_kind() {
        for (member, value) in [
            ("challenge", json!(7)),
            ("domain", json!([7])),
            ("previousProof", json!({})),
            ("id", json!(null)),
            ("proofPurpose", json!(["assertionMethod"])),
        ] {
            let mut proof = good();
            proof.as_object_mut().unwrap().insert(member.to_owned(), value);
            assert_eq!(Proof::parse(&proof), Err(ProofError::WrongType { member }));
        }
        for member in ["created", "expires"] {
            let mut proof = good();
            proof.as_object_mut().unwrap().insert(member.to_owned(), json!("2026-11-22T07:30:00"));
            assert_eq!(Proof::parse(&proof), Err(ProofError::NotATime { member }));
        }
    }
}
