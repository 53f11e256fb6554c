//! Counts the attestors whose claim stands, and says why the others do not count.

use super::check::{Check, Subject};
use super::decision::{Answer, FROM, Named, Proved, Reason};
use super::finding::Finding;
use super::weigh::pointed;
use super::{MOST_ATTESTORS, Sources, accreditation};
use crate::credential::Credential;
use crate::did::{Did, Scid};
use crate::proof::Purpose;
use crate::time::Timestamp;
use std::collections::BTreeMap;

impl Check {
    /// Whether what is shown is still meant to be shown.
    fn showing(&self, now: Timestamp) -> Finding {
        let Subject::Identity(_) = self.subject else {
            return Finding::accepted(Reason::Stands, Timestamp::MAX);
        };
        let Some(showcase) = &self.showcase else {
            return Finding::unknown(Reason::NoShowcase);
        };
        let listed = self
            .standings
            .get(&self.scid)
            .is_some_and(|standing| standing.lists(Purpose::Authentication, showcase.key()));
        if !listed || showcase.until() <= now {
            return Finding::unknown(Reason::OldShowcase);
        }
        Finding::accepted(Reason::Stands, showcase.until())
    }

    /// Counts the attestors whose claim stands.
    pub(super) fn count(&self, now: Timestamp) -> Counted {
        let showing = self.showing(now);
        let mut best: Best<'_> = BTreeMap::new();
        if let Sources::From(named) = &self.policy.sources {
            let none = |scid: &Scid| match showing.is_accepted() {
                true => Finding::refused(self.instead(*scid)),
                false => showing.clone(),
            };
            best.extend(named.keys().map(|scid| (*scid, (none(scid), None))));
        }
        let mut judged = accreditation::Judged::new();
        for credential in self.relevant().filter(|_| showing.is_accepted()) {
            let issuer = credential.issuer().scid();
            if best.len() >= MOST_ATTESTORS && !best.contains_key(&issuer) {
                continue;
            }
            let finding = self
                .stands(credential, now)
                .and(self.asked(credential, now))
                .and(accreditation::of(self, issuer, 0, now, &mut judged))
                .and(showing.clone());
            let better = best.get(&issuer).is_none_or(|(held, _)| {
                let none = matches!(held.reason, Reason::NoClaim | Reason::AboutAnother);
                none || finding.is_better_than(held)
            });
            if better {
                best.insert(issuer, (finding, Some(credential)));
            }
        }
        self.sum_up(&best, &showing)
    }

    /// Says what is shown of an attestor where no claim of it about the subject is.
    fn instead(&self, issuer: Scid) -> Reason {
        let about_another = self.shown().iter().any(|shown| {
            let about = shown.subject().map(Did::scid);
            shown.issuer().scid() == issuer
                && shown.is_a(self.policy.claim())
                && about != Some(self.scid)
        });
        if about_another { Reason::AboutAnother } else { Reason::NoClaim }
    }

    fn sum_up(&self, best: &Best<'_>, showing: &Finding) -> Counted {
        let wanted = self.policy.at_least();
        let with = |answer| best.values().filter(move |(finding, _)| finding.result == answer);
        let (count, open) = (with(Answer::Accepted).count(), with(Answer::Unknown).count());
        // The answer lasts as long as there are enough: the end of the last one that is needed.
        let mut ends: Vec<Timestamp> =
            with(Answer::Accepted).map(|(found, _)| found.until).collect();
        ends.sort_unstable_by(|one, other| other.cmp(one));
        let until = wanted.checked_sub(1).and_then(|last| ends.get(last));
        let others = || self.others(best);
        let finding = match until {
            Some(until) => {
                let reason = Reason::Counted { count, wanted, others: Vec::new() };
                Finding::accepted(reason, *until)
            }
            None if count.saturating_add(open) >= wanted || !showing.is_accepted() => {
                Finding::unknown(Reason::Counted { count, wanted, others: others() })
            }
            None => Finding::refused(Reason::Counted { count, wanted, others: others() }),
        };
        let rows = best
            .iter()
            .map(|(scid, (finding, _))| finding.named(format!("{FROM}{}", self.name_of(*scid))));
        let proved = best.iter().filter_map(|(scid, (finding, credential))| {
            let credential = credential.filter(|_| finding.is_accepted())?;
            Some(self.proved(*scid, credential, finding.until))
        });
        Counted { finding, rows: rows.collect(), proved: proved.collect() }
    }

    /// Says why the others do not count, and who else would do.
    fn others(&self, best: &Best<'_>) -> Vec<String> {
        let mut others = Vec::new();
        let mut silent = Vec::new();
        for (scid, (finding, _)) in best {
            if finding.is_accepted() {
                continue;
            }
            let name = self.name_of(*scid);
            if finding.reason == Reason::NoClaim {
                silent.push(name);
                continue;
            }
            let why = finding.reason.to_string();
            let says_who = why.starts_with(&name);
            others.push(if says_who { why } else { format!("{name}: {why}") });
        }
        if let Some(last) = silent.pop() {
            let names =
                if silent.is_empty() { last } else { format!("{} or {last}", silent.join(", ")) };
            others.push(format!("{names} would do"));
        }
        others
    }

    fn proved(&self, issuer: Scid, credential: &Credential, good_until: Timestamp) -> Proved {
        let says = credential.says();
        let values = self.policy.written.require.iter().filter_map(|asked| {
            let value = pointed(says, &asked.path)?;
            Some((asked.path.clone(), value.clone()))
        });
        Proved {
            kind: self.policy.claim().to_owned(),
            attestor: self.name_of(issuer),
            issuer: credential.issuer().clone(),
            values: values.collect(),
            good_until,
        }
    }
}

/// The best finding on each attestor, and the claim it is about.
type Best<'a> = BTreeMap<Scid, (Finding, Option<&'a Credential>)>;

pub(super) struct Counted {
    pub(super) finding: Finding,
    pub(super) rows: Vec<Named>,
    pub(super) proved: Vec<Proved>,
}
