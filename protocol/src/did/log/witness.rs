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

    /// Keeps of each witness the newest proof that holds for an entry of the log, and as many of those for
    /// versions the log does not have yet, the nearest first, as there is room for in a file.
    ///
    /// Whoever is no witness of this log by any of its rules can put nothing into its file, and no
    /// witness can fill it: so what is kept can always be read again.
    ///
    /// "The DID Controller SHOULD remove all older proofs for published DID Log entries".
    #[must_use]
    pub fn pruned(&self, history: &super::History) -> Self {
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
        for (version, proofs) in &self.proofs {
            if version.number > history.number() {
                kept.take(*version, proofs, &mut witnesses.clone());
            }
        }
        kept.file
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
mod tests {
    use super::*;
    use crate::did::log::History;
    use crate::did::log::tests::{NOW, key, ours, rotated, ruled};
    use crate::encoding::jcs;

    fn keys(seeds: &[u8]) -> Vec<PublicKey> {
        seeds.iter().map(|seed| key(*seed).public()).collect()
    }

    fn two_of_three() -> Rule {
        Rule::new(2, keys(&[70, 71, 72])).unwrap()
    }

    /// Three entries, all of which two of the witnesses 70, 71 and 72 must approve.
    fn three() -> [History; 3] {
        let first = ours(Some(&two_of_three())).history;
        let second = rotated(&first, &key(2), 3).history;
        let third = rotated(&second, &key(3), 4).history;
        [first, second, third]
    }

    fn file(signed: &[(&History, u8)]) -> File {
        let mut file = File::default();
        for (history, seed) in signed {
            let version = history.version_id();
            file.add(version, &cosign(version, &key(*seed), NOW)).unwrap();
        }
        file
    }

    fn reach(log: &History, file: &File) -> u64 {
        log.witnessed(file).map_or(0, |standing| standing.number())
    }

    #[test]
    fn a_proof_approves_its_entry_and_all_before() {
        let [first, second, third] = &three();
        assert_eq!(reach(third, &file(&[])), 0);
        assert_eq!(reach(third, &file(&[(third, 70), (third, 71)])), 3);
        assert_eq!(reach(third, &file(&[(third, 70), (second, 72)])), 2);
        assert_eq!(reach(third, &file(&[(third, 70), (first, 71)])), 1);
        assert_eq!(reach(third, &file(&[(third, 70)])), 0);
    }

    #[test]
    fn a_proof_for_an_entry_that_is_not_in_the_log_says_nothing() {
        let [first, second, third] = &three();
        let file = file(&[(first, 70), (first, 71), (third, 70), (third, 71)]);
        assert_eq!(reach(second, &file), 1);
        assert_eq!(reach(third, &file), 3);
    }

    #[test]
    fn a_witness_counts_once_and_a_stranger_never() {
        let [first, second, _] = &three();
        let later = NOW.plus(60);
        let version = second.version_id();
        let mut twice = file(&[(second, 70)]);
        twice.add(version, &cosign(version, &key(70), later)).unwrap();
        assert_eq!(reach(second, &twice), 0);
        assert_eq!(reach(second, &file(&[(second, 70), (second, 90)])), 0);
        assert_eq!(reach(second, &file(&[(first, 70), (second, 70), (first, 71)])), 1);
    }

    #[test]
    fn a_proof_that_does_not_hold_is_left_out_of_the_count() {
        let [first, ..] = &three();
        let version = first.version_id();
        let good = cosign(version, &key(70), NOW);
        let multikey = |seed| key(seed).public().to_multikey();
        for (name, value) in [
            ("cryptosuite", json!("ecdsa-jcs-2019")),
            ("proofPurpose", json!("authentication")),
            ("created", json!("2026-11-22T07:30:01Z")),
            ("verificationMethod", json!(format!("did:key:{}", multikey(70)))),
            ("verificationMethod", json!(format!("did:key:{}#{}", multikey(70), multikey(71)))),
            ("nonce", json!("x")),
        ] {
            let mut bad = good.clone();
            bad[name] = value;
            let text = json!([{ "versionId": version.to_string(),
                "proof": [bad, cosign(version, &key(71), NOW)] }])
            .to_string();
            let mut file = File::parse(text.as_bytes()).unwrap();
            assert_eq!(reach(first, &file), 0, "{name}");
            assert!(matches!(file.add(version, &bad), Err(FileError::BadProof)));
            file.add(version, &good).unwrap();
            assert_eq!(reach(first, &file), 1, "one bad proof spoils no other");
        }
    }

    /// What a witness signs with these members in its proof: the signature holds whatever they are.
    fn cosigned_as(version: VersionId, members: &Value) -> Value {
        let mut options = cosign(version, &key(70), NOW).as_object().cloned().unwrap();
        options.remove("proofValue");
        options.extend(members.as_object().cloned().unwrap());
        let document = jcs::to_vec(&Value::Object(statement(version)));
        let configuration = eddsa_jcs_2022::canonical_configuration(&options);
        let signature = key(70).sign(&eddsa_jcs_2022::hash_data(&configuration, &document));
        let value = crate::encoding::base58btc::encode_multibase(signature.as_bytes());
        options.insert("proofValue".to_owned(), Value::from(value));
        Value::Object(options)
    }

    #[test]
    fn a_good_signature_under_a_proof_of_another_kind_counts_for_nothing() {
        let [first, ..] = &three();
        let version = first.version_id();
        let other = cosign(version, &key(71), NOW);
        let reached = |proof: &Value| {
            let text = json!([{ "versionId": version.to_string(), "proof": [proof, other] }]);
            reach(first, &File::parse(text.to_string().as_bytes()).unwrap())
        };
        assert_eq!(reached(&cosigned_as(version, &json!({}))), 1);
        assert_eq!(reached(&cosigned_as(version, &json!({ "nonce": "any" }))), 1);
        for members in [
            json!({ "type": "Ed25519Signature2020" }),
            json!({ "cryptosuite": "ecdsa-jcs-2019" }),
            json!({ "proofPurpose": "authentication" }),
            json!({ "previousProof": "urn:another" }),
            json!({ "created": "yesterday" }),
        ] {
            let proof = cosigned_as(version, &members);
            assert_eq!(reached(&proof), 0, "{members}");
            let mut file = File::default();
            assert!(matches!(file.add(version, &proof), Err(FileError::BadProof)), "{members}");
        }
    }

    #[test]
    fn a_new_rule_is_for_the_entries_after_it() {
        let first = ours(Some(&two_of_three())).history;
        let others = Rule::new(1, keys(&[80])).unwrap();
        let second = ruled(&first, &key(2), 3, Some(&others));
        assert_eq!(second.witness_rule(), Some(&two_of_three()));
        let third = rotated(&second, &key(3), 4).history;
        assert_eq!(third.witness_rule(), Some(&others));
        let old = file(&[(&second, 70), (&second, 71)]);
        assert_eq!(reach(&third, &old), 2);
        let both = file(&[(&second, 70), (&second, 71), (&third, 80)]);
        assert_eq!(reach(&third, &both), 3);
        assert_eq!(reach(&third, &file(&[(&third, 80)])), 0, "the old witnesses are asked too");
        assert_eq!(reach(&third, &file(&[(&third, 70), (&third, 71), (&third, 80)])), 3);
    }

    #[test]
    fn the_first_rule_of_a_log_is_for_the_entry_that_names_it() {
        let first = ours(None).history;
        let second = ruled(&first, &key(2), 3, Some(&two_of_three()));
        assert_eq!(reach(&second, &file(&[])), 1);
        assert_eq!(reach(&second, &file(&[(&second, 71), (&second, 72)])), 2);
    }

    #[test]
    fn witnesses_approve_that_they_are_dismissed() {
        let first = ours(Some(&two_of_three())).history;
        let second = ruled(&first, &key(2), 3, None);
        let third = rotated(&second, &key(3), 4).history;
        assert_eq!(reach(&third, &file(&[(&first, 70), (&first, 71)])), 1);
        assert_eq!(reach(&third, &file(&[(&second, 70), (&second, 71)])), 3);
    }

    #[test]
    fn a_file_keeps_the_newest_of_each_and_what_is_not_published() {
        let [first, second, third] = &three();
        let all =
            file(&[(first, 70), (first, 71), (second, 70), (first, 72), (third, 70), (third, 72)]);
        let pruned = all.pruned(second);
        let mut left: Vec<_> = pruned.claims().collect();
        let mut expected = vec![
            (first.version_id(), key(71).public()),
            (first.version_id(), key(72).public()),
            (second.version_id(), key(70).public()),
            (third.version_id(), key(70).public()),
            (third.version_id(), key(72).public()),
        ];
        left.sort_unstable();
        expected.sort_unstable();
        assert_eq!(left, expected);
        assert_eq!(reach(second, &pruned), reach(second, &all));
    }

    #[test]
    fn the_witnesses_of_the_next_entry_may_have_signed_it() {
        let first = ours(None).history;
        let second = ruled(&first, &key(2), 3, Some(&two_of_three()));
        let third = rotated(&second, &key(3), 4).history;
        let all = file(&[(&third, 70), (&third, 71), (&third, 80)]);
        assert_eq!(all.pruned(&second).claims().count(), 2);
    }

    /// As many proofs of entries nobody made as a file has room for.
    fn junk(seed: u8, number: u64, first: u8) -> File {
        let mut file = File::default();
        for byte in first.. {
            let before = file.clone();
            let version = VersionId { number, digest: [byte; 32] };
            file.add(version, &cosign(version, &key(seed), NOW)).unwrap();
            if file.to_bytes().len() > bounds::WITNESS_FILE {
                return before;
            }
        }
        panic!("a file has no end");
    }

    /// Nobody can make a file that cannot be read again, and no stranger one that is kept.
    #[test]
    fn two_files_full_of_proofs_nobody_asked_for_merge_to_one_that_fits() {
        let [first, second, third] = &three();
        let told = file(&[(first, 70), (second, 71), (third, 70), (third, 71), (third, 72)]);
        for (seed, kept) in [(90, false), (72, true)] {
            let merged = junk(seed, 4, 0).merge(&junk(seed, 9, 128)).merge(&told);
            assert!(merged.to_bytes().len() > bounds::WITNESS_FILE);
            let pruned = merged.pruned(third);
            let bytes = pruned.to_bytes();
            assert!(bytes.len() <= bounds::WITNESS_FILE, "{} bytes", bytes.len());
            assert_eq!(File::parse(&bytes).unwrap(), pruned);
            let unpublished = pruned.claims().filter(|(version, _)| version.number > 3).count();
            assert_eq!(unpublished > 0, kept, "signed by {seed}");
            // What is published stays, and what comes next stays before what comes later.
            assert_eq!(reach(third, &pruned), 3);
            assert_eq!(pruned.claims().count() - unpublished, 3);
            assert!(pruned.claims().all(|(version, _)| version.number <= 4) || !kept);
        }
    }

    #[test]
    fn a_witness_who_writes_at_length_leaves_room_for_the_others() {
        let [first, ..] = &three();
        let version = first.version_id();
        let long =
            cosigned_as(version, &json!({ "nonce": "x".repeat(bounds::WITNESS_FILE - 2000) }));
        let mut all = file(&[(first, 70), (first, 71)]);
        all.add(version, &long).unwrap();
        let pruned = all.pruned(first);
        assert_eq!(reach(first, &pruned), 1);
        assert!(pruned.to_bytes().len() <= bounds::WITNESS_PROOF * 3);
    }

    #[test]
    fn files_merge_to_what_either_holds() {
        let [first, second, _] = &three();
        let (one, other) = (file(&[(first, 70)]), file(&[(first, 71), (first, 70), (second, 70)]));
        let merged = one.clone().merge(&other);
        assert_eq!(merged, other.clone().merge(&one));
        assert_eq!(merged.claims().count(), 3);
        assert_eq!(File::parse(&merged.to_bytes()).unwrap(), merged);
        assert!(!merged.is_empty() && File::default().is_empty());
    }

    #[test]
    fn a_file_is_a_list_of_versions_with_proofs() {
        let read = |value: Value| File::parse(value.to_string().as_bytes());
        assert!(read(json!([])).unwrap().is_empty());
        assert!(read(json!([{ "versionId": "1-QmNo", "proof": [] }])).unwrap().is_empty());
        let version = three()[0].version_id().to_string();
        assert!(read(json!([{ "versionId": version }])).unwrap().is_empty());
        assert!(read(json!([{ "versionId": version, "proof": [5] }])).unwrap().is_empty());
        assert!(matches!(read(json!({})), Err(FileError::NotAList)));
        assert!(matches!(read(json!([{ "proof": [] }])), Err(FileError::NoVersionId)));
        let bad = json!([{ "versionId": version, "proof": "x" }]);
        assert!(matches!(read(bad), Err(FileError::NotProofs)));
        let error = File::parse(b"[").unwrap_err();
        assert!(matches!(error, FileError::Json(_)));
        assert_eq!(error.verdict(), Verdict::Reject);
    }

    #[test]
    fn a_rule_is_one_that_can_be_met() {
        let id = |seed| json!({ "id": did_key::to_did(&key(seed).public()) });
        let read = |value: Value| Rule::parse(&value);
        assert_eq!(read(json!({})), Ok(None));
        let rule = Rule::new(1, keys(&[70, 71])).unwrap();
        assert_eq!(read(rule.to_value()), Ok(Some(rule.clone())));
        let both = json!([id(70), id(71)]);
        assert_eq!(read(json!({ "threshold": 1.0, "witnesses": both })), Ok(Some(rule)));
        for threshold in [json!(0), json!(3), json!(-1), json!(1.5), json!("1"), Value::Null] {
            let error = read(json!({ "threshold": threshold, "witnesses": both })).unwrap_err();
            assert_eq!(error, RuleError::BadThreshold);
        }
        assert_eq!(read(json!({ "witnesses": both })), Err(RuleError::BadThreshold));
        let twice = json!({ "threshold": 1, "witnesses": [id(70), id(70)] });
        assert_eq!(read(twice), Err(RuleError::Twice));
        for witnesses in [json!([]), json!("x")] {
            let error = read(json!({ "threshold": 1, "witnesses": witnesses })).unwrap_err();
            assert_eq!(error, RuleError::NoWitnesses);
        }
        assert_eq!(read(json!({ "threshold": 1 })), Err(RuleError::NoWitnesses));
        let p384 =
            "did:key:z82LkqR25TU88tztBEiFydNf4fUPn8oWBANckcmuqgonz9TAbK9a7WGQ5dm7jyqyRMpaRAe";
        for id in [json!("did:web:example.com"), json!(p384), json!(5)] {
            let rule = json!({ "threshold": 1, "witnesses": [{ "id": id }] });
            assert_eq!(read(rule), Err(RuleError::BadWitness));
        }
        assert_eq!(read(json!([])), Err(RuleError::NotAnObject));
    }
}
