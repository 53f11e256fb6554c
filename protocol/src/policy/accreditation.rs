//! Whether somebody the policy names stands behind an attestor, over a path of at most three.
//!
//! An accreditation is a claim about an attestor: `{id, claims: [types], mayAccredit: n}`, where `n` is
//! how many steps may still follow; without it, none. It stands or falls like any other claim.

use super::check::{Check, Need};
use super::decision::{Reason, Whose};
use super::finding::Finding;
use super::{MOST_ATTESTORS, Sources};
use crate::credential::Credential;
use crate::did::{Did, Scid};
use crate::time::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The type of a claim by which one attestor stands behind another.
pub const TYPE: &str = "Accreditation";

/// What an accreditation says of the attestor it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// The types of claims it may be believed.
    pub claims: BTreeSet<String>,
    /// How many steps may still follow: 0 if it may accredit nobody itself.
    pub may_accredit: u64,
}

impl Terms {
    /// Reads what an accreditation says; what is not there or is of another form allows nothing.
    #[must_use]
    pub fn read(says: &Map<String, Value>) -> Self {
        let claims = says.get(CLAIMS).and_then(Value::as_array).into_iter().flatten();
        Self {
            claims: claims.filter_map(Value::as_str).map(str::to_owned).collect(),
            may_accredit: says.get(MAY_ACCREDIT).and_then(Value::as_u64).unwrap_or(0),
        }
    }

    /// Writes what the claim says: its `credentialSubject`, but for the `id`.
    #[must_use]
    pub fn to_subject(&self) -> Map<String, Value> {
        let claims = (CLAIMS.to_owned(), json!(self.claims));
        let may_accredit = (MAY_ACCREDIT.to_owned(), json!(self.may_accredit));
        Map::from_iter([claims, may_accredit])
    }

    /// Tells whether they allow all that `others` allow.
    #[must_use]
    pub fn include(&self, others: &Self) -> bool {
        self.claims.is_superset(&others.claims) && self.may_accredit >= others.may_accredit
    }
}

const CLAIMS: &str = "claims";
const MAY_ACCREDIT: &str = "mayAccredit";

/// The longest path from an attestor to somebody the policy names.
const LONGEST_PATH: u64 = 3;

/// The most steps that can follow an accreditation so that some policy still follows them all.
pub const MOST_REACH: u64 = LONGEST_PATH.saturating_sub(1);

/// Accreditations followed for one check, those of all attestors together: each may cost look-ups in the
/// network, and whoever makes up attestors makes up as many as there is room for. What is beyond
/// that is not known.
pub(super) const MOST_STEPS: usize = 256;

/// What was found out about attestors, each so many steps from who signed a claim: many paths may lead
/// over one of them.
pub(super) type Judged = BTreeMap<(Scid, u64), Finding>;

/// Finds whether `attestor`, `distance` steps from who signed the claim, is accredited for it.
pub(super) fn of(
    check: &Check,
    attestor: Scid,
    distance: u64,
    now: Timestamp,
    judged: &mut Judged,
) -> Finding {
    if let Some(found) = judged.get(&(attestor, distance)) {
        return found.clone();
    }
    let found = judge(check, attestor, distance, now, judged);
    judged.insert((attestor, distance), found.clone());
    found
}

fn judge(
    check: &Check,
    attestor: Scid,
    distance: u64,
    now: Timestamp,
    judged: &mut Judged,
) -> Finding {
    let unaccredited = || Reason::NotAccredited { whose: check.whose(attestor) };
    let accepted = Finding::accepted(Reason::Stands, Timestamp::MAX);
    let Sources::AccreditedBy(roots) = &check.policy.sources else { return accepted };
    if roots.contains_key(&attestor) {
        return accepted;
    }
    if distance >= LONGEST_PATH {
        return Finding::refused(unaccredited());
    }
    let Some(shown) = check.accreditations.get(&attestor) else {
        return Finding::unknown(unaccredited());
    };
    let mut best = Finding::refused(unaccredited());
    for credential in shown.iter().map(|shown| check.best_of(shown)) {
        if covers(check, credential, attestor, distance) {
            let (issuer, next) = (credential.issuer().scid(), distance.saturating_add(1));
            let above = of(check, issuer, next, now, judged);
            best = better(best, by(check.stands(credential, now), above, check.whose(attestor)));
        }
    }
    best
}

/// Finds whether an accreditation counts that stands like this, by who is judged like that. Why it does
/// not is told of those alone whom the policy names, or stands behind: a made-up one says anything.
fn by(stands: Finding, above: Finding, whose: Whose) -> Finding {
    let reason = match (stands.is_accepted(), above.is_accepted()) {
        (true, true) => Reason::Stands,
        (false, true) => Reason::Accreditation { whose, because: Box::new(stands.reason.clone()) },
        (_, false) => Reason::NotAccredited { whose },
    };
    Finding { reason, ..stands.and(above) }
}

/// Takes the better one of two; of two that are as bad, the one that says more.
fn better(one: Finding, other: Finding) -> Finding {
    let says_more =
        matches!(one.reason, Reason::NotAccredited { .. }) && one.result == other.result;
    if says_more && !other.is_accepted() { other } else { one.or(other) }
}

/// Adds what has to be known to find that out of all who signed a claim that is shown.
pub(super) fn add_needs(check: &Check, needs: &mut BTreeSet<Need>) {
    let Sources::AccreditedBy(roots) = &check.policy.sources else { return };
    let mut signers: Vec<Scid> = Vec::new();
    for signer in check.relevant().map(|credential| credential.issuer().scid()) {
        if signers.len() < MOST_ATTESTORS && !signers.contains(&signer) {
            signers.push(signer);
        }
    }
    // What one of them shows leaves the others what is theirs.
    let share = MOST_STEPS.checked_div(signers.len()).unwrap_or(0);
    for signer in signers {
        add_needs_of_one(check, roots, signer, share, needs);
    }
}

/// Follows as many accreditations as `left` says, those of fewer steps first.
fn add_needs_of_one(
    check: &Check,
    roots: &BTreeMap<Scid, String>,
    signer: Scid,
    mut left: usize,
    needs: &mut BTreeSet<Need>,
) {
    let mut seen = BTreeSet::new();
    let mut queue = VecDeque::from([(signer, 0)]);
    while let Some((attestor, distance)) = queue.pop_front() {
        let ends = roots.contains_key(&attestor) || distance >= LONGEST_PATH;
        if ends || !seen.insert((attestor, distance)) {
            continue;
        }
        let Some(shown) = check.accreditations.get(&attestor) else {
            needs.insert(Need::Accreditations(attestor));
            continue;
        };
        let shown = shown.iter().map(|shown| check.best_of(shown));
        for credential in shown.filter(|one| covers(check, one, attestor, distance)) {
            let Some(less) = left.checked_sub(1) else { break };
            left = less;
            check.add_needs_of(credential, needs);
            queue.push_back((credential.issuer().scid(), distance.saturating_add(1)));
        }
    }
}

/// Tells whether a credential is about this attestor, this type of claim, and reaches this far.
fn covers(check: &Check, credential: &Credential, attestor: Scid, distance: u64) -> bool {
    let terms = Terms::read(credential.says());
    let named = terms.claims.contains(check.policy.claim());
    is_one(credential, attestor) && named && terms.may_accredit >= distance
}

/// Tells whether a credential is an accreditation of this attestor.
pub(super) fn is_one(credential: &Credential, attestor: Scid) -> bool {
    credential.is_a(TYPE) && credential.subject().map(Did::scid) == Some(attestor)
}

#[cfg(test)]
mod tests;
