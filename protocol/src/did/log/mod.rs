//! Verifies the log of an identity, one entry at a time.
//!
//! A log is a chain: each [`Entry`] is hashed together with the name of the one before it and signed
//! by a key that the one before it allowed or promised by hash. [`History`] is the fold over that
//! chain, and holding one is the proof that every entry in it was checked: there is no other way to
//! make it. What witnesses have to say is a second question: see [`History::witnessed`].
//!
//! - Specification: did:webvh 1.0, "Read (Resolve)", "Authorized Keys", "Pre-Rotation Key Hash
//!   Generation and Verification", "DID Portability", "DID Witnesses".

pub mod draft;
pub mod entry;
pub mod error;
pub mod parameters;
pub mod resolution;
mod rules;
mod scid;
#[cfg(test)]
pub(crate) mod tests;
pub mod witness;

use super::document::Document;
use super::{Did, Scid, split_fragment};
use crate::key::PublicKey;
use crate::proof::Purpose;
use crate::time::Timestamp;
use crate::wire::bounds;
use core::fmt;
use entry::{Entry, VersionId, VersionTime};
use error::LogError;
use parameters::Parameters;
use std::collections::BTreeSet;
use std::sync::Arc;
use witness::{Approvals, File, Rule};

/// Holds a verified log. Cloning it is cheap, and so is every shorter history inside it.
#[derive(Clone)]
pub struct History {
    tip: Arc<Version>,
}

impl History {
    /// Begins a history with a first entry.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the entry breaks a rule of the specification.
    pub fn start(first: &Entry, now: Timestamp) -> Result<Self, LogError> {
        let body = first.body();
        rules::check_number(body, 1)?;
        // "Verify SCID": a first entry that parsed has one.
        let scid = body.change.scid.ok_or(LogError::WrongScid)?;
        if body.genesis != Some(*scid.digest()) {
            return Err(LogError::WrongScid);
        }
        let parameters = Parameters::initial().after(&body.change);
        // "For the first log entry the active updateKeys list is the one in that first log entry."
        rules::check_signatures(body, &parameters)?;
        rules::check_identity(body, scid)?;
        if !body.continues(&scid.to_string()) {
            return Err(LogError::WrongHash);
        }
        rules::check_clock(body, now)?;
        Ok(Self {
            tip: Arc::new(Version {
                entry: first.clone(),
                required: parameters.witness.clone(),
                parameters,
                length: body.length(),
                dids: Arc::new([body.document.id().clone()]),
                previous: None,
            }),
        })
    }

    /// Adds the next entry, at the cost of one signature.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] if the entry breaks a rule of the specification.
    pub fn append(&self, entry: &Entry, now: Timestamp) -> Result<Self, LogError> {
        let next = self.follow(entry)?;
        rules::check_clock(entry.body(), now)?;
        Ok(next)
    }

    /// Adds the next entry whatever the clock says: whether two entries fork is no question of time.
    pub(in crate::did) fn follow(&self, entry: &Entry) -> Result<Self, LogError> {
        let body = entry.body();
        let tip = &*self.tip;
        let number = tip.id().number.saturating_add(1);
        rules::check_number(body, number)?;
        // "If set to true, … no further updates to the DID are permitted."
        if tip.parameters.deactivated {
            return Err(LogError::Deactivated { number });
        }
        if self.is_frozen() {
            return Err(LogError::Frozen { number });
        }
        rules::check_identity(body, self.scid())?;
        let parameters = tip.parameters.after(&body.change);
        if tip.parameters.is_pre_rotated() {
            rules::check_promises(body, &tip.parameters)?;
            // "With pre-rotation the active updateKeys is that of the most current log entry."
            rules::check_signatures(body, &parameters)?;
        } else {
            rules::check_signatures(body, &tip.parameters)?;
        }
        // Only now: nobody can raise a fork alarm without a key that could have made the fork.
        if !body.continues(&tip.entry.body().version_text) {
            return Err(LogError::Forked { number });
        }
        if !body.time.is_after(tip.time()) {
            return Err(LogError::OutOfTime { number, time: body.time.moment });
        }
        let dids = rules::names_after(body, &tip.dids, self.did(), &parameters)?;
        let length = tip.length.saturating_add(body.length());
        if length > bounds::LOG {
            return Err(LogError::TooLong);
        }
        // "The new list becomes active AFTER the new entry has been published", except that the
        // first witnesses of a log approve the entry that names them.
        let required = tip.parameters.witness.clone().or_else(|| parameters.witness.clone());
        Ok(Self {
            tip: Arc::new(Version {
                entry: entry.clone(),
                required,
                parameters,
                length,
                dids,
                previous: Some(Arc::clone(&self.tip)),
            }),
        })
    }

    /// Reads a whole log, one entry a line.
    ///
    /// # Errors
    ///
    /// Returns [`LogError`] for the first entry that breaks a rule.
    pub fn read(log: &[u8], now: Timestamp) -> Result<Self, LogError> {
        match Self::read_as_far_as_it_holds(log, now) {
            (Some(history), None) => Ok(history),
            (_, Some(error)) => Err(error),
            (None, None) => Err(LogError::Empty),
        }
    }

    /// Reads a log up to the first entry that breaks a rule, and says which rule that was.
    ///
    /// "Read (Resolve)", step 11: versions before an invalid entry can still be asked for.
    #[must_use]
    pub fn read_as_far_as_it_holds(log: &[u8], now: Timestamp) -> (Option<Self>, Option<LogError>) {
        let mut history: Option<Self> = None;
        if log.len() > bounds::LOG {
            return (None, Some(LogError::TooLong));
        }
        for line in log.split_inclusive(|byte| *byte == b'\n') {
            let number = history.as_ref().map_or(1, |history| history.number().saturating_add(1));
            let next = Entry::parse(line)
                .map_err(|cause| LogError::Malformed { number, cause })
                .and_then(|entry| match &history {
                    None => Self::start(&entry, now),
                    Some(history) => history.append(&entry, now),
                });
            match next {
                Ok(next) => history = Some(next),
                Err(error) => return (history, Some(error)),
            }
        }
        (history, None)
    }

    /// Gives the name the identity has for ever.
    #[must_use]
    pub fn scid(&self) -> Scid {
        self.did().scid()
    }

    /// Gives the newest DID of the identity.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.document().id()
    }

    /// Tells whether `did` is a name the identity has or had.
    #[must_use]
    pub fn knows(&self, did: &Did) -> bool {
        self.tip.dids.contains(did)
    }

    /// Gives how many entries there are.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.tip.id().number
    }

    /// Gives the name of the newest entry.
    #[must_use]
    pub fn version_id(&self) -> VersionId {
        self.tip.id()
    }

    /// Gives the bytes of the log up to here, a newline behind each entry.
    #[must_use]
    pub fn length(&self) -> usize {
        self.tip.length
    }

    /// Gives the newest entry.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.tip.entry
    }

    /// Gives the log, byte for byte as its entries came, a newline behind each.
    #[must_use]
    pub fn to_log(&self) -> Vec<u8> {
        let mut versions: Vec<&Version> = self.versions().collect();
        versions.reverse();
        let lines = versions.iter().flat_map(|version| [version.entry.as_bytes(), b"\n"]);
        lines.collect::<Vec<_>>().concat()
    }

    /// Gives when the newest entry was made.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        self.tip.time().moment
    }

    /// Gives when the first entry was made.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.versions().last().map_or_else(|| self.updated(), |first| first.time().moment)
    }

    /// Gives when the newest entry was made, as the log writes it.
    #[must_use]
    pub fn version_time(&self) -> &str {
        &self.tip.time().text
    }

    /// Gives when the first entry was made, as the log writes it.
    #[must_use]
    pub fn first_time(&self) -> &str {
        self.versions().last().map_or_else(|| self.version_time(), |first| &first.time().text)
    }

    /// Gives the newest document.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.tip.entry.body().document
    }

    /// Finds the key that a proof for `purpose` names by the URL `verification_method`: its DID is a
    /// name the identity has or had, and the newest document lists the key. Who ended has none.
    #[must_use]
    pub fn key_for(&self, purpose: Purpose, verification_method: &str) -> Option<PublicKey> {
        let (did, _) = split_fragment(verification_method).ok()?;
        if self.is_deactivated() || !self.knows(&did) {
            return None;
        }
        self.document().key_for(purpose, verification_method)
    }

    /// Gives the rules in force after the newest entry.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.tip.parameters
    }

    /// Gives who must witness the newest entry.
    #[must_use]
    pub fn witness_rule(&self) -> Option<&Rule> {
        self.tip.required.as_deref()
    }

    /// Tells whether the identity ended.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.tip.parameters.deactivated
    }

    /// Tells whether no key can ever sign another entry.
    ///
    /// "Deactivate": an empty `updateKeys` says that the DID is no longer being updated.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        let parameters = &self.tip.parameters;
        parameters.update_keys.is_empty() && !parameters.is_pre_rotated()
    }

    /// Gives the history up to the entry before the newest, if there is one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.tip.previous.as_ref().map(|tip| Self { tip: Arc::clone(tip) })
    }

    /// Gives the history up to the entry `number`, if there is one.
    #[must_use]
    pub fn at_number(&self, number: u64) -> Option<Self> {
        self.prefixes().find(|history| history.number() == number)
    }

    /// Gives the history up to exactly this version, if the log holds it.
    #[must_use]
    pub fn at_version_id(&self, version: VersionId) -> Option<Self> {
        self.at_number(version.number).filter(|history| history.version_id() == version)
    }

    /// Gives the history as it was at `time`, if the identity was there yet.
    #[must_use]
    pub fn at_time(&self, time: Timestamp) -> Option<Self> {
        self.prefixes().find(|history| !history.tip.time().is_past(time))
    }

    /// Tells whether `other` is this history or begins with it.
    #[must_use]
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.at_version_id(self.version_id()).is_some()
    }

    /// Gives the longest history both begin with; none if they are two identities.
    #[must_use]
    pub fn common_prefix(&self, other: &Self) -> Option<Self> {
        // A digest names all entries before it, so the newest that both have is the answer.
        let number = self.number().min(other.number());
        let ours = self.at_number(number)?;
        let theirs = other.at_number(number)?;
        let mut pairs = ours.prefixes().zip(theirs.prefixes());
        pairs.find(|(ours, theirs)| ours.version_id() == theirs.version_id()).map(|(ours, _)| ours)
    }

    /// Gives the longest history of which every entry is witnessed as its log asks; none if not even
    /// the first is.
    ///
    /// This is what an identity is to the network: the newest document that stands.
    #[must_use]
    pub fn witnessed(&self, file: &File) -> Option<Self> {
        let holds = |version| self.at_version_id(version).is_some();
        self.witnessed_by(&file.approvals(&self.witnesses(), holds))
    }

    /// Keeps of a witness file what is of use for this log, and gives how far the log stands by it, as
    /// [`Self::witnessed`] does: each signature is verified once for both.
    #[must_use]
    pub fn settle(&self, file: &File) -> (File, Option<Self>) {
        let (file, approvals) = file.pruned(self);
        (file, self.witnessed_by(&approvals))
    }

    /// Lists everybody whom any entry asked to witness it.
    pub(in crate::did) fn witnesses(&self) -> BTreeSet<PublicKey> {
        let rules = self.versions().filter_map(|version| version.required.as_deref());
        rules.flat_map(|rule| rule.witnesses().iter().copied()).collect()
    }

    /// Gives the longest history of which every entry has enough of `approvals`.
    ///
    /// "Confirm a threshold of verified, distinct-witness proofs whose versionId matches the current
    /// or any later published entry."
    pub(in crate::did) fn witnessed_by(&self, approvals: &Approvals) -> Option<Self> {
        let mut standing = Some(self.clone());
        for history in self.prefixes() {
            let rule = history.witness_rule();
            if !rule.is_none_or(|rule| rule.is_met(history.number(), approvals)) {
                standing = history.parent();
            }
        }
        standing
    }

    /// Lists the histories inside this one, the longest first.
    fn prefixes(&self) -> impl Iterator<Item = Self> {
        core::iter::successors(Some(self.clone()), Self::parent)
    }

    /// Lists the versions, the newest first.
    fn versions(&self) -> impl Iterator<Item = &Version> {
        core::iter::successors(Some(&*self.tip), |version| version.previous.as_deref())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "History({} of {})", self.version_id(), self.did())
    }
}

/// One verified entry, and through it all before.
struct Version {
    entry: Entry,
    /// Who must witness this entry; `parameters.witness` is for the next.
    required: Option<Arc<Rule>>,
    parameters: Parameters,
    length: usize,
    dids: Arc<[Did]>,
    previous: Option<Arc<Self>>,
}

impl Version {
    fn id(&self) -> VersionId {
        self.entry.version_id()
    }

    fn time(&self) -> &VersionTime {
        &self.entry.body().time
    }
}

impl Drop for Version {
    fn drop(&mut self) {
        // One after the other: a long chain that drops itself recursively exhausts the stack.
        let mut previous = self.previous.take();
        while let Some(mut version) = previous.and_then(Arc::into_inner) {
            previous = version.previous.take();
        }
    }
}

/// How many seconds an entry may lie in the future: the longest did:webvh 1.0 recommends.
pub const MAX_CLOCK_SKEW: u64 = 300;
