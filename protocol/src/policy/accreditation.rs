//! Whether somebody the policy names stands behind an attestor, over a path of at most three.
//!
//! An accreditation is a claim about an attestor: `{id, claims: [types], mayAccredit: n}`, where `n` is
//! how many steps may still follow; without it, none. It stands or falls like any other claim.

use super::check::{Check, Need};
use super::decision::Reason;
use super::finding::Finding;
use super::{MOST_ATTESTORS, Sources};
use crate::credential::Credential;
use crate::did::{Did, Scid};
use crate::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The type of a claim by which one attestor stands behind another.
pub const TYPE: &str = "Accreditation";

/// The longest path from an attestor to somebody the policy names.
const LONGEST_PATH: u64 = 3;

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
            best = best.or(check.stands(credential, now).and(above));
        }
    }
    best
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
    let says = credential.says();
    let claims = says.get("claims").and_then(Value::as_array).map(Vec::as_slice);
    let named = claims.unwrap_or_default().iter().any(|claim| claim == check.policy.claim());
    let reach = says.get("mayAccredit").and_then(Value::as_u64).unwrap_or(0);
    is_one(credential, attestor) && named && reach >= distance
}

/// Tells whether a credential is an accreditation of this attestor.
pub(super) fn is_one(credential: &Credential, attestor: Scid) -> bool {
    credential.is_a(TYPE) && credential.subject().map(Did::scid) == Some(attestor)
}
