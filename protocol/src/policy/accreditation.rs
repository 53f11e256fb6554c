//! Whether somebody the policy names stands behind an attestor, over a path of at most three.
//!
//! An accreditation is a claim about an attestor: `{id, claims: [types], mayAccredit: n}`, where `n` is
//! how many steps may still follow; without it, none. It stands or falls like any other claim.

use super::Sources;
use super::check::{Check, Need};
use super::decision::Reason;
use super::finding::Finding;
use crate::credential::Credential;
use crate::did::{Did, Scid};
use crate::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;

/// The type of a claim by which one attestor stands behind another.
pub const TYPE: &str = "Accreditation";

/// The longest path from an attestor to somebody the policy names.
const LONGEST_PATH: u64 = 3;

/// Finds whether `attestor`, `distance` steps from who signed the claim, is accredited for it.
pub(super) fn of(check: &Check, attestor: Scid, distance: u64, now: Timestamp) -> Finding {
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
    shown
        .iter()
        .map(|shown| check.best_of(shown))
        .filter(|credential| covers(check, credential, attestor, distance))
        .map(|credential| {
            let next = distance.saturating_add(1);
            check.stands(credential, now).and(of(check, credential.issuer().scid(), next, now))
        })
        .fold(Finding::refused(unaccredited()), Finding::or)
}

/// Adds what has to be known to find that out.
pub(super) fn add_needs(check: &Check, attestor: Scid, distance: u64, needs: &mut BTreeSet<Need>) {
    let Sources::AccreditedBy(roots) = &check.policy.sources else { return };
    if roots.contains_key(&attestor) || distance >= LONGEST_PATH {
        return;
    }
    let Some(shown) = check.accreditations.get(&attestor) else {
        needs.insert(Need::Accreditations(attestor));
        return;
    };
    for credential in shown.iter().map(|shown| check.best_of(shown)) {
        if covers(check, credential, attestor, distance) {
            check.add_needs_of(credential, needs);
            add_needs(check, credential.issuer().scid(), distance.saturating_add(1), needs);
        }
    }
}

/// Tells whether a credential is about this attestor, this type of claim, and reaches this far.
fn covers(check: &Check, credential: &Credential, attestor: Scid, distance: u64) -> bool {
    let says = credential.says();
    let claims = says.get("claims").and_then(Value::as_array).map(Vec::as_slice);
    let named = claims.unwrap_or_default().iter().any(|claim| claim == check.policy.claim());
    let reach = says.get("mayAccredit").and_then(Value::as_u64).unwrap_or(0);
    let about = credential.subject().map(Did::scid);
    credential.is_a(TYPE) && named && reach >= distance && about == Some(attestor)
}
