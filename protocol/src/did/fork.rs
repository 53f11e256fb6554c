//! Proves that an identity has two histories, and decides which of them stands.
//!
//! A [`Fork`] is two entries that follow the same entry and are both signed by keys that could sign
//! there: holding one is the proof. A [`ForkProof`] is how it travels: the name of the parent and the
//! two entries, byte for byte. Whoever holds either history holds the parent, so two signatures and
//! two hashes are all there is to check; what the parent promised cannot travel inside the proof,
//! because only the log from its first entry on ties a parent to an identity.
//!
//! Nothing here depends on the clock, so with the same proofs every node decides alike.
//!
//! - Specification: did:webvh 1.0, security consideration "Conflicting parallel updates / split view".

use super::Scid;
use super::log::History;
use super::log::entry::{Entry, VersionId};
use super::log::error::LogError;
use super::log::witness::{Approvals, File};
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::encoding::multihash;
use crate::verdict::Verdict;
use crate::wire::bounds;
use std::collections::BTreeMap;

/// Two entries that say they follow the same one: how a fork travels. Who signed them is not checked yet.
#[derive(Debug, Clone)]
pub struct ForkProof {
    parent: VersionId,
    /// In the order of their digests.
    children: [Entry; 2],
}

impl ForkProof {
    fn new(parent: VersionId, [one, other]: [Entry; 2]) -> Self {
        let in_order = one.version_id() < other.version_id();
        Self { parent, children: if in_order { [one, other] } else { [other, one] } }
    }

    /// Reads a fork proof: its shape, and that its hashes bind both sides to one parent.
    ///
    /// # Errors
    ///
    /// Returns [`ForkError`] for what nobody can have found.
    pub fn parse(bytes: &[u8]) -> Result<Self, ForkError> {
        let proof: Self = cbor::decode(bytes, bounds::FORK_PROOF)?;
        proof.check()?;
        Ok(proof)
    }

    /// Writes the proof. One fork has one spelling, whichever side it was found from.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Gives the name by which gossip announces the proof.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        multihash::sha256(&self.to_bytes())
    }

    /// Gives the identity the proof is about.
    #[must_use]
    pub fn scid(&self) -> Scid {
        let [child, _] = &self.children;
        child.scid()
    }

    /// Gives the entry both follow.
    #[must_use]
    pub const fn parent(&self) -> VersionId {
        self.parent
    }

    /// Gives the two entries.
    #[must_use]
    pub const fn children(&self) -> &[Entry; 2] {
        &self.children
    }

    fn check(&self) -> Result<(), ForkError> {
        let [one, other] = &self.children;
        if one.version_id() >= other.version_id() {
            return Err(ForkError::OneHistory);
        }
        let parent = self.parent.to_string();
        let number = self.parent.number.saturating_add(1);
        let follows =
            |child: &Entry| child.version_id().number == number && child.body().continues(&parent);
        if one.scid() != other.scid() || !follows(one) || !follows(other) {
            return Err(ForkError::NotSiblings);
        }
        Ok(())
    }

    /// Verifies the fork with a log of the identity that reaches the parent.
    ///
    /// # Errors
    ///
    /// Returns [`ForkError::UnknownParent`] if the log does not hold the parent, and
    /// [`ForkError::Refused`] if one of the entries could not stand there.
    pub fn verify(&self, history: &History) -> Result<Fork, ForkError> {
        let parent = history.at_version_id(self.parent).ok_or(ForkError::UnknownParent)?;
        let [one, other] = &self.children;
        let follow = |child| parent.follow(child).map_err(ForkError::Refused);
        Ok(Fork { branches: [follow(one)?, follow(other)?], parent })
    }
}

impl Record for ForkProof {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(KIND_LOG);
        to.array(4);
        to.unsigned(self.parent.number);
        to.bytes(&self.parent.digest);
        for child in &self.children {
            to.bytes(child.as_bytes());
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        if from.unsigned()? != KIND_LOG {
            return Err(from.malformed("a known kind of fork"));
        }
        from.array(4)?;
        let parent = VersionId { number: from.unsigned()?, digest: from.fixed()? };
        let mut child =
            || Entry::parse(from.bytes()?).map_err(|_| from.malformed("an entry of a log"));
        Ok(Self { parent, children: [child()?, child()?] })
    }
}

/// A verified fork: two histories that differ in their newest entry alone.
#[derive(Debug, Clone)]
pub struct Fork {
    parent: History,
    branches: [History; 2],
}

impl Fork {
    /// Finds where two verified histories of one identity part; none if one begins with the other.
    #[must_use]
    pub fn between(one: &History, other: &History) -> Option<Self> {
        let parent = one.common_prefix(other)?;
        let number = parent.number().saturating_add(1);
        Some(Self { branches: [one.at_number(number)?, other.at_number(number)?], parent })
    }

    /// Gives the history both sides share.
    #[must_use]
    pub const fn parent(&self) -> &History {
        &self.parent
    }

    /// Gives the two histories, each up to the entry where they part.
    #[must_use]
    pub const fn branches(&self) -> &[History; 2] {
        &self.branches
    }

    /// Gives the fork as it travels.
    #[must_use]
    pub fn to_proof(&self) -> ForkProof {
        let entries = self.branches.each_ref().map(|branch| branch.entry().clone());
        ForkProof::new(self.parent.version_id(), entries)
    }
}

/// Where an identity stands of which several histories are known.
#[derive(Debug, Clone)]
pub enum Standing {
    /// There is one history, or of several exactly one was witnessed at every fork.
    Branch(History),
    /// Nobody can tell which history is right: the identity stands where they part, and is flagged.
    Prefix(History),
}

impl Standing {
    /// Gives the history that stands.
    #[must_use]
    pub const fn history(&self) -> &History {
        match self {
            Self::Branch(history) | Self::Prefix(history) => history,
        }
    }

    /// Tells whether a fork is undecided.
    #[must_use]
    pub const fn is_flagged(&self) -> bool {
        match self {
            Self::Branch(_) => false,
            Self::Prefix(_) => true,
        }
    }
}

/// Decides where the identity of `branches` stands, with what its witnesses signed.
///
/// At each fork exactly one side stands if it, and no other, is witnessed to the threshold of the
/// rule that was in force *before* the fork: a thief who brings witnesses along gains nothing. What
/// is given is cut to what witnesses approved. Nothing is given if nothing stands, or `branches` are
/// not histories of one identity.
#[must_use]
pub fn standing(branches: &[History], file: &File) -> Option<Standing> {
    let goes_on = |history: &History| {
        let mut others = branches.iter();
        others.any(|other| other.number() > history.number() && history.is_prefix_of(other))
    };
    let mut side: Vec<&History> = branches.iter().filter(|history| !goes_on(history)).collect();
    // A proof for an entry approves all before it, on whichever side of a later fork the entry is.
    let all: Vec<&History> = branches.iter().collect();
    let approvals = approvals(&all, file);
    loop {
        let (first, rest) = side.split_first()?;
        let shared =
            rest.iter().try_fold((*first).clone(), |one, other| one.common_prefix(other))?;
        if shared.version_id() == first.version_id() {
            return shared.witnessed_by(&approvals).map(Standing::Branch);
        }
        let number = shared.number().saturating_add(1);
        let rule = shared.parameters().witness.as_deref();
        let mut witnessed = sides(&side, number).into_iter().filter(|side| {
            rule.is_some_and(|rule| rule.is_met(number, &self::approvals(side, file)))
        });
        let (Some(only), None) = (witnessed.next(), witnessed.next()) else {
            return shared.witnessed_by(&approvals).map(Standing::Prefix);
        };
        side = only;
    }
}

/// Verifies what the witnesses of `histories` signed of their entries.
fn approvals(histories: &[&History], file: &File) -> Approvals {
    let witnesses = histories.iter().flat_map(|history| history.witnesses()).collect();
    file.approvals(&witnesses, |version| {
        histories.iter().any(|history| history.at_version_id(version).is_some())
    })
}

/// Groups histories by the entry each has at `number`.
fn sides<'a>(histories: &[&'a History], number: u64) -> Vec<Vec<&'a History>> {
    let mut sides: BTreeMap<Option<VersionId>, Vec<&History>> = BTreeMap::new();
    for history in histories {
        let entry = history.at_number(number).map(|at| at.version_id());
        sides.entry(entry).or_default().push(history);
    }
    sides.into_values().collect()
}

/// It is no fork. Each variant says whose fault that is.
#[derive(Debug, thiserror::Error)]
pub enum ForkError {
    /// Not the bytes of a fork proof. Fault of the peer that sent it.
    #[error("{0}")]
    Cbor(#[from] CborError),
    /// Both sides are the same entry, or in the wrong order. Fault of the peer that sent it.
    #[error("both sides are one history, or not in order")]
    OneHistory,
    /// The entries do not follow one parent. Fault of the peer that sent it.
    #[error("the entries do not follow the same entry of one identity")]
    NotSiblings,
    /// The log here does not reach the parent. Nobody's fault.
    #[error("the entry before the fork is not known")]
    UnknownParent,
    /// One of the entries could not stand there. Fault of the peer that sent it.
    #[error("not a fork: {0}")]
    Refused(#[source] LogError),
}

impl ForkError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::UnknownParent => Verdict::Ignore,
            Self::Refused(cause) => cause.verdict(),
            Self::Cbor(_) | Self::OneHistory | Self::NotSiblings => Verdict::Reject,
        }
    }
}

/// What a proof of two entries begins with; other kinds of fork have other numbers.
const KIND_LOG: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::did::log::tests::{Forged, NOW, key, ours, parse, rotated};
    use crate::did::log::witness::{self, Rule};
    use crate::key::SecretKey;
    use serde_json::json;

    /// A witnessed identity, the owner's second entry, and a thief's: both signed by the promised key.
    fn forked(witnessed: bool) -> [History; 3] {
        let witnesses = vec![key(70).public(), key(71).public(), key(72).public()];
        let rule = Rule::new(2, witnesses).unwrap();
        let first = ours(witnessed.then_some(&rule)).history;
        let owner = rotated(&first, &key(2), 3).history;
        let thief = rotated(&first, &key(2), 4).history;
        [first, owner, thief]
    }

    fn cosigned(signed: &[(&History, &[u8])]) -> File {
        let mut file = File::default();
        for (history, seeds) in signed {
            for seed in *seeds {
                let version = history.version_id();
                file.add(version, &witness::cosign(version, &key(*seed), NOW)).unwrap();
            }
        }
        file
    }

    #[test]
    fn a_fork_is_proved_to_anybody_with_the_log() {
        let [first, owner, thief] = forked(false);
        let bytes = Fork::between(&owner, &thief).unwrap().to_proof().to_bytes();
        assert_eq!(Fork::between(&thief, &owner).unwrap().to_proof().to_bytes(), bytes);
        let read = ForkProof::parse(&bytes).unwrap();
        assert_eq!((read.scid(), read.hash()), (first.scid(), multihash::sha256(&bytes)));
        assert_eq!(read.parent(), first.version_id());
        for log in [&first, &owner, &thief, &rotated(&owner, &key(3), 5).history] {
            let fork = read.verify(log).unwrap();
            assert_eq!(fork.parent().version_id(), first.version_id());
            assert!(fork.branches().iter().any(|side| side.version_id() == thief.version_id()));
        }
        let again = read.verify(&ours(None).history).is_ok();
        assert!(again, "the same identity made again is the same identity");
    }

    #[test]
    fn two_long_histories_show_where_they_part() {
        let [first, owner, thief] = forked(false);
        let longer = rotated(&owner, &key(3), 5).history;
        let fork = Fork::between(&longer, &thief).unwrap();
        assert_eq!(fork.parent().version_id(), first.version_id());
        assert_eq!(fork.branches()[0].version_id(), owner.version_id());
        assert!(Fork::between(&longer, &owner).is_none());
        assert!(Fork::between(&longer, &longer).is_none());
    }

    #[test]
    fn nobody_can_raise_an_alarm_without_a_key_that_could_fork() {
        let [first, owner, _] = forked(false);
        let stranger = Forged::after(&first).parameters(json!({
            "updateKeys": [key(5).public().to_multikey()], "nextKeyHashes": [],
        }));
        let stranger = parse(&stranger.signed(&[&key(5)])).unwrap();
        let made_up = ForkProof::new(first.version_id(), [owner.entry().clone(), stranger]);
        let made_up = ForkProof::parse(&made_up.to_bytes()).unwrap();
        let error = made_up.verify(&first).unwrap_err();
        assert!(matches!(error, ForkError::Refused(LogError::Unpromised { number: 2 })));
        assert_eq!(error.verdict(), Verdict::Reject);
        let longer = [3, 4].map(|seed| rotated(&owner, &key(3), seed + 2).history);
        let beyond = Fork::between(&longer[0], &longer[1]).unwrap().to_proof();
        let error = beyond.verify(&first).unwrap_err();
        assert!(matches!(error, ForkError::UnknownParent));
        assert_eq!(error.verdict(), Verdict::Ignore);
    }

    #[test]
    fn a_proof_binds_both_sides_to_one_parent() {
        let [first, owner, thief] = forked(false);
        let proof = |parent, one: &History, other: &History| {
            let children = [one.entry().clone(), other.entry().clone()];
            ForkProof::parse(&ForkProof { parent, children }.to_bytes())
        };
        let [low, high] = if owner.version_id() < thief.version_id() {
            [&owner, &thief]
        } else {
            [&thief, &owner]
        };
        assert!(proof(first.version_id(), low, high).is_ok());
        let error = proof(first.version_id(), high, low).unwrap_err();
        assert!(matches!(error, ForkError::OneHistory));
        assert!(matches!(proof(first.version_id(), low, low), Err(ForkError::OneHistory)));
        let elsewhere = VersionId { number: 1, digest: [7; 32] };
        assert!(matches!(proof(elsewhere, low, high), Err(ForkError::NotSiblings)));
        let later = VersionId { number: 2, ..first.version_id() };
        assert!(matches!(proof(later, low, high), Err(ForkError::NotSiblings)));
        assert!(matches!(ForkProof::parse(&[0x82, 9, 0]), Err(ForkError::Cbor(_))));
        // One side follows the parent, and the other something else or as somebody else.
        let grandchild = rotated(&owner, &key(3), 5).history;
        let id = first.did().as_str().replace(&first.scid().to_string(), &other_scid().to_string());
        let stranger = Forged::after(&first).state(json!({ "id": id })).signed(&[&key(2)]);
        for entry in [grandchild.entry().clone(), parse(&stranger).unwrap()] {
            let proof = ForkProof::new(first.version_id(), [owner.entry().clone(), entry]);
            let parsed = ForkProof::parse(&proof.to_bytes());
            assert!(matches!(parsed, Err(ForkError::NotSiblings)));
        }
    }

    fn other_scid() -> Scid {
        Scid::from_digest([7; 32])
    }

    #[test]
    fn the_largest_fork_proof_fits() {
        let first = ours(None).history;
        let child = |seed: u8| {
            let mut state = first.document().value().clone();
            state["filler"] = json!("x".repeat(6500));
            let entry = Forged::after(&first).state(state).parameters(json!({
                "updateKeys": [key(2).public().to_multikey()],
                "nextKeyHashes": [key(seed).public().promise()],
            }));
            parse(&entry.signed(&[&key(2)])).unwrap()
        };
        let [one, other] = [3, 4].map(|seed| first.append(&child(seed), NOW.plus(5)).unwrap());
        let bytes = Fork::between(&one, &other).unwrap().to_proof().to_bytes();
        assert!(bytes.len() > 14_000);
        assert!(ForkProof::parse(&bytes).is_ok());
    }

    #[test]
    fn exactly_one_witnessed_branch_stands() {
        let [first, owner, thief] = forked(true);
        let longer = rotated(&owner, &key(3), 5).history;
        let decide = |signed: &[(&History, &[u8])]| {
            standing(&[longer.clone(), thief.clone()], &cosigned(signed)).unwrap()
        };
        let base: (&History, &[u8]) = (&first, &[70, 71]);
        let one = decide(&[base, (&owner, &[70, 71])]);
        assert!(!one.is_flagged());
        assert_eq!(one.history().version_id(), owner.version_id(), "as far as it is witnessed");
        let later = decide(&[base, (&longer, &[71, 72])]);
        assert_eq!(later.history().version_id(), longer.version_id());
        for (signed, why) in [
            (vec![base], "neither"),
            (vec![base, (&owner, &[70][..])], "too few"),
            (vec![base, (&owner, &[70, 71]), (&thief, &[71, 72])], "both: a witness signed twice"),
            (vec![base, (&owner, &[70]), (&thief, &[71])], "one each"),
            (vec![base, (&owner, &[70, 99])], "somebody who is no witness"),
        ] {
            let standing = decide(&signed);
            assert!(standing.is_flagged(), "{why}");
            assert_eq!(standing.history().version_id(), first.version_id(), "{why}");
        }
        let pruned = decide(&[(&owner, &[70]), (&thief, &[71])]);
        assert_eq!(pruned.history().number(), 1, "each approves what both share");
        assert!(standing(&[longer, thief], &File::default()).is_none(), "nothing is witnessed");
    }

    #[test]
    fn without_witnesses_a_fork_stands_where_it_parts() {
        let [first, owner, thief] = forked(false);
        let file = File::default();
        for branches in [[owner.clone(), thief.clone()], [thief.clone(), owner.clone()]] {
            let standing = standing(&branches, &file).unwrap();
            assert!(standing.is_flagged());
            assert_eq!(standing.history().version_id(), first.version_id());
        }
        let alone = standing(&[first.clone(), owner.clone(), first], &file).unwrap();
        assert!(!alone.is_flagged());
        assert_eq!(alone.history().version_id(), owner.version_id());
        assert!(standing(&[], &file).is_none());
    }

    /// A thief names witnesses of his own in the entry that forks; they are not asked.
    #[test]
    fn a_thief_who_brings_witnesses_gains_nothing() {
        let [first, owner, _] = forked(false);
        let thief_key: SecretKey = key(2);
        let rule = Rule::new(1, vec![key(80).public()]).unwrap();
        let forged = Forged::after(&first).parameters(json!({
            "updateKeys": [thief_key.public().to_multikey()],
            "nextKeyHashes": [key(4).public().promise()],
            "witness": rule.to_value(),
        }));
        let entry = parse(&forged.signed(&[&thief_key])).unwrap();
        let thief = first.append(&entry, NOW.plus(5)).unwrap();
        let file = cosigned(&[(&thief, &[80])]);
        assert_eq!(thief.witnessed(&file).unwrap().number(), 2, "alone it is witnessed");
        let standing = standing(&[owner, thief], &file).unwrap();
        assert!(standing.is_flagged());
        assert_eq!(standing.history().version_id(), first.version_id());
    }
}
