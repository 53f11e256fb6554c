//! Who watches that an identity has one history, and what they signed.
//!
//! A [`Rule`] names witnesses and how many of them must approve; a [`File`] holds what they signed.
//! A witness signs a `versionId`, and with it all entries before. A proof for a version that is not
//! in the log says nothing.
//!
//! - Specification: did:webvh 1.0, "DID Witnesses".

use super::entry::{PURPOSE, VersionId};
use super::parameters::whole_number;
use crate::encoding::json::{self, JsonError};
use crate::key::{PublicKey, SecretKey, did_key};
use crate::proof::{Proof, eddsa_jcs_2022};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Says who must approve the entries of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    threshold: u32,
    witnesses: Vec<PublicKey>,
}

impl Rule {
    /// Makes a rule by which `threshold` of `witnesses` must approve.
    ///
    /// # Errors
    ///
    /// Returns [`RuleError`] if a witness is named twice or the threshold cannot be met.
    pub fn new(threshold: u32, witnesses: Vec<PublicKey>) -> Result<Self, RuleError> {
        let mut distinct = witnesses.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() != witnesses.len() {
            return Err(RuleError::Twice);
        }
        // "The threshold MUST be between 1 and the number of distinct ids, inclusive."
        if threshold == 0 || usize::try_from(threshold).is_ok_and(|least| least > witnesses.len()) {
            return Err(RuleError::BadThreshold);
        }
        Ok(Self { threshold, witnesses })
    }

    /// Reads the `witness` parameter; none for `{}`.
    pub(super) fn parse(value: &Value) -> Result<Option<Self>, RuleError> {
        let members = value.as_object().ok_or(RuleError::NotAnObject)?;
        if members.is_empty() {
            return Ok(None);
        }
        let threshold = members.get("threshold").and_then(whole_number);
        let threshold = threshold.ok_or(RuleError::BadThreshold)?;
        let listed = members.get("witnesses").and_then(Value::as_array);
        let witnesses = listed
            .ok_or(RuleError::NoWitnesses)?
            .iter()
            .map(|witness| {
                // "A witness id whose body decodes to a key of any other type MUST be rejected at
                // parameter-validation time".
                let id = witness.get("id").and_then(Value::as_str).ok_or(RuleError::BadWitness)?;
                did_key::parse(id).map_err(|_| RuleError::BadWitness)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if witnesses.is_empty() {
            return Err(RuleError::NoWitnesses);
        }
        Self::new(threshold, witnesses).map(Some)
    }

    /// Writes the rule as the `witness` parameter.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let ids = self.witnesses.iter().map(|key| json!({ "id": did_key::to_did(key) }));
        json!({ "threshold": self.threshold, "witnesses": ids.collect::<Value>() })
    }

    /// Gives how many witnesses must approve.
    #[must_use]
    pub const fn threshold(&self) -> u32 {
        self.threshold
    }

    /// Lists the keys of the witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[PublicKey] {
        &self.witnesses
    }

    /// Tells whether `approvals` are enough for the entry `number`.
    pub(in crate::did) fn is_met(&self, number: u64, approvals: &Approvals) -> bool {
        let approving = self.witnesses.iter().filter(|witness| approvals.reach(witness) >= number);
        u64::try_from(approving.count()).is_ok_and(|count| count >= u64::from(self.threshold))
    }
}

/// Signs that `version` and all before it were seen: what a witness gives an identity.
#[must_use]
pub fn cosign(version: VersionId, key: &SecretKey, now: Timestamp) -> Value {
    let options = json!({
        "verificationMethod": did_key::to_verification_method(&key.public()),
        "created": now,
        "proofPurpose": PURPOSE,
    });
    let options = options.as_object().cloned().unwrap_or_default();
    Value::Object(eddsa_jcs_2022::sign(&statement(version), options, key))
}

/// Gives what a witness signs.
fn statement(version: VersionId) -> Map<String, Value> {
    Map::from_iter([("versionId".to_owned(), Value::from(version.to_string()))])
}

/// What witnesses signed, as `did-witness.json` holds it. None of it is verified.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    proofs: BTreeMap<VersionId, Vec<Proof>>,
}

impl File {
    /// Reads a `did-witness.json`.
    ///
    /// # Errors
    ///
    /// Returns [`FileError`] if it is too long or not a list of versions with proofs. A proof that is
    /// none is left out: it would count for nothing.
    pub fn parse(bytes: &[u8]) -> Result<Self, FileError> {
        let value = json::parse(bytes, bounds::WITNESS_FILE)?;
        let mut file = Self::default();
        for item in value.as_array().ok_or(FileError::NotAList)? {
            let version = item.get("versionId").and_then(Value::as_str);
            let version = version.ok_or(FileError::NoVersionId)?;
            let proofs = match item.get("proof") {
                Some(Value::Array(proofs)) => proofs.as_slice(),
                Some(one @ Value::Object(_)) => core::slice::from_ref(one),
                None => &[],
                Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                    return Err(FileError::NotProofs);
                }
            };
            // "Resolvers MUST ignore proofs with versionIds not in the DID Log", and what is no
            // versionId is in no log.
            let Ok(version) = version.parse() else { continue };
            for proof in proofs.iter().filter_map(|proof| Proof::parse(proof).ok()) {
                file.insert(version, proof);
            }
        }
        Ok(file)
    }

    /// Adds what a witness signed for `version`.
    ///
    /// # Errors
    ///
    /// Returns [`FileError::BadProof`] unless it is the good signature of a did:key.
    pub fn add(&mut self, version: VersionId, proof: &Value) -> Result<PublicKey, FileError> {
        let proof = Proof::parse(proof).map_err(|_| FileError::BadProof)?;
        let witness = signer(&proof).ok_or(FileError::BadProof)?;
        if !holds(version, &proof, &witness) {
            return Err(FileError::BadProof);
        }
        self.insert(version, proof);
        Ok(witness)
    }

    /// Adds what `other` holds and this file does not.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for (version, proofs) in &other.proofs {
            for proof in proofs {
                self.insert(*version, proof.clone());
            }
        }
        self
    }

    /// Keeps of each witness the newest proof that holds for an entry of the log, which is how far it
    /// approved the log, and as many of those for versions the log does not have yet, the nearest first, as there is room for in a file.
    ///
    /// Whoever is no witness of this log by any of its rules can put nothing into its file, and no
    /// witness can fill it: so what is kept can always be read again.
    ///
    /// "The DID Controller SHOULD remove all older proofs for published DID Log entries".
    pub(super) fn pruned(&self, history: &super::History) -> (Self, Approvals) {
        let next = history.parameters().witness.as_deref();
        let next = next.into_iter().flat_map(|rule| rule.witnesses().iter().copied());
        let witnesses: BTreeSet<PublicKey> = history.witnesses().into_iter().chain(next).collect();
        let mut kept = Pruned::default();
        let mut left = witnesses.clone();
        for (version, proofs) in self.proofs.iter().rev() {
            if history.at_version_id(*version).is_some() {
                kept.take(*version, proofs, &mut left);
            }
        }
        // What is signed for versions that are still to come approves nothing yet.
        let approvals = core::mem::take(&mut kept.approvals);
        for (version, proofs) in &self.proofs {
            if version.number > history.number() {
                kept.take(*version, proofs, &mut witnesses.clone());
            }
        }
        (kept.file, approvals)
    }

    /// Writes the file, oldest version first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let items = self.proofs.iter().map(|(version, proofs)| {
            let proofs = proofs.iter().map(|proof| Value::Object(proof.raw().clone()));
            json!({ "versionId": version.to_string(), "proof": proofs.collect::<Value>() })
        });
        items.collect::<Value>().to_string().into_bytes()
    }

    /// Lists the versions for which there are proofs, with the keys that are said to have signed.
    pub fn claims(&self) -> impl Iterator<Item = (VersionId, PublicKey)> {
        self.proofs.iter().flat_map(|(version, proofs)| {
            proofs.iter().filter_map(|proof| Some((*version, signer(proof)?)))
        })
    }

    /// Tells whether there is no proof at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.proofs.is_empty()
    }

    fn insert(&mut self, version: VersionId, proof: Proof) {
        let proofs = self.proofs.entry(version).or_default();
        // In the order of their text: the same proofs are the same file, whoever collected them.
        let text = |proof: &Proof| Value::Object(proof.raw().clone()).to_string();
        if let Err(place) = proofs.binary_search_by_key(&text(&proof), text) {
            proofs.insert(place, proof);
        }
    }

    /// Verifies, newest version first, what each of `witnesses` signed of the versions `is_ours`
    /// knows, and stops at the first that holds.
    pub(in crate::did) fn approvals(
        &self,
        witnesses: &BTreeSet<PublicKey>,
        is_ours: impl Fn(VersionId) -> bool,
    ) -> Approvals {
        let mut approvals = Approvals::default();
        for (version, proofs) in self.proofs.iter().rev() {
            if !is_ours(*version) {
                continue;
            }
            for proof in proofs {
                // "Proofs that cannot be attributed MUST be discarded", before any of their cost.
                let Some(witness) = signer(proof) else { continue };
                let wanted = witnesses.contains(&witness) && approvals.reach(&witness) == 0;
                if wanted && holds(*version, proof, &witness) {
                    approvals.0.insert(witness, version.number);
                }
            }
        }
        approvals
    }
}

/// A file that is being filled, and stays one that can be read.
#[derive(Debug, Default)]
struct Pruned {
    file: File,
    approvals: Approvals,
    /// About how long it is as text, and not less.
    length: usize,
}

impl Pruned {
    /// Adds one proof of each of `left` that holds for `version`, and takes whose it was from them.
    fn take(&mut self, version: VersionId, proofs: &[Proof], left: &mut BTreeSet<PublicKey>) {
        for proof in proofs {
            let Some(witness) = signer(proof).filter(|witness| left.contains(witness)) else {
                continue;
            };
            let proof_length = Value::Object(proof.raw().clone()).to_string().len();
            let around = version.to_string().len().saturating_add(AROUND);
            let length = self.length.saturating_add(proof_length).saturating_add(around);
            let fits = proof_length <= bounds::WITNESS_PROOF && length <= bounds::WITNESS_FILE;
            if fits && holds(version, proof, &witness) {
                left.remove(&witness);
                self.approvals.0.insert(witness, version.number);
                self.file.insert(version, proof.clone());
                self.length = length;
            }
        }
    }
}

/// More than what stands around a proof and its version in the text of a file.
const AROUND: usize = 40;

/// How far each witness approved a log: the number of the newest entry it signed.
#[derive(Debug, Default)]
pub(in crate::did) struct Approvals(BTreeMap<PublicKey, u64>);

impl Approvals {
    fn reach(&self, witness: &PublicKey) -> u64 {
        self.0.get(witness).copied().unwrap_or(0)
    }
}

/// "Verifying Witness Proofs During Resolution", step 1: body and fragment of the did:key are equal.
fn signer(proof: &Proof) -> Option<PublicKey> {
    did_key::parse_verification_method(proof.verification_method()).ok()
}

/// Tells whether `witness` signed `version` by `proof`.
fn holds(version: VersionId, proof: &Proof, witness: &PublicKey) -> bool {
    proof.purpose() == PURPOSE
        && proof.check_alone().is_ok()
        && eddsa_jcs_2022::verify(&statement(version), proof.raw(), witness).is_ok()
}

/// The rule for witnesses is one nobody could follow. Fault of the log's controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Something else than an object.
    #[error("not an object")]
    NotAnObject,
    /// No list, or an empty one.
    #[error("a rule without witnesses")]
    NoWitnesses,
    /// Not the did:key of an Ed25519 key.
    #[error("a witness that is not the did:key of an Ed25519 key")]
    BadWitness,
    /// The same witness more than once.
    #[error("a witness stands twice")]
    Twice,
    /// Missing, not a whole number, less than one or more than there are witnesses.
    #[error("a threshold that is not between 1 and the number of witnesses")]
    BadThreshold,
}

/// The witness file cannot be used. Fault of whoever sent it.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not JSON that has one meaning, or too long.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Something else than a list.
    #[error("a witness file is a list")]
    NotAList,
    /// An item that does not say which version it is about.
    #[error("an item of the witness file has no `versionId`")]
    NoVersionId,
    /// An item whose proofs are none.
    #[error("`proof` of an item of the witness file is not a list of proofs")]
    NotProofs,
    /// Not the good signature of a witness.
    #[error("what the witness signed does not hold")]
    BadProof,
}

impl FileError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Json(_)
            | Self::NotAList
            | Self::NoVersionId
            | Self::NotProofs
            | Self::BadProof => Verdict::Reject,
        }
    }
}

#[cfg(test)]
mod tests;
