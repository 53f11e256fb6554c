//! Weighs what a check knows: one question, one finding.

use super::check::{Check, NotTheirs, Subject, proof_value};
use super::decision::{Reason, Whose};
use super::finding::Finding;
use super::standing::Fork;
use super::{Age, OnFork, Source};
use crate::credential::{Credential, CredentialError, Moment, evidence};
use crate::did::Scid;
use crate::did::log::MAX_CLOCK_SKEW;
use crate::proof::Purpose;
use crate::status::{self, ledger::State};
use crate::time::Timestamp;
use serde_json::Value;

impl Check {
    /// Whether an identity is known and counts.
    pub(super) fn identity(&self, scid: Scid) -> Finding {
        let Some(standing) = self.standings.get(&scid) else {
            return Finding::unknown(Reason::NoLog { whose: self.whose(scid) });
        };
        if standing.deactivated {
            return Finding::refused(Reason::Deactivated { whose: self.whose(scid) });
        }
        if let (Fork::Open, OnFork::Refuse) = (standing.fork, self.policy.written.on_fork) {
            return Finding::refused(Reason::Forked { whose: self.whose(scid) });
        }
        Finding::accepted(Reason::Known { version: standing.version }, Timestamp::MAX)
    }

    /// Whether what is known of an identity is the newest there is.
    pub(super) fn fresh(&self, scid: Scid, now: Timestamp) -> Finding {
        let whose = || self.whose(scid);
        let Some(word) = self.freshness.get(&scid) else {
            return Finding::unknown(Reason::NotFresh { whose: whose() });
        };
        let Age(most) = self.policy.written.freshness_max_age;
        let until = word.time.plus(most);
        let age = now.since(word.time);
        if !self.takes(word) {
            let wanted = self.policy.written.freshness_peers;
            return Finding::unknown(match self.policy.written.freshness {
                Source::Witness => Reason::OnlyPeers { whose: whose() },
                Source::Peers => Reason::FewPeers { whose: whose(), peers: word.peers, wanted },
            });
        }
        if word.time > now.plus(MAX_CLOCK_SKEW) {
            return Finding::unknown(Reason::NotFresh { whose: whose() });
        }
        if self.standings.get(&scid).is_some_and(|held| held.version < word.version) {
            return Finding::unknown(Reason::NewerExists { whose: whose() });
        }
        if until <= now {
            return Finding::unknown(Reason::StaleFreshness { whose: whose() }).aged(age);
        }
        Finding::accepted(Reason::Fresh, until).aged(age)
    }

    /// What is refused because a key is not listed is only unknown while a newer document may
    /// list it.
    fn unless_newer(&self, scid: Scid, now: Timestamp, reason: Reason) -> Finding {
        if self.fresh(scid, now).is_accepted() {
            Finding::refused(reason)
        } else {
            Finding::unknown(reason)
        }
    }

    /// Whether the subject is who is there.
    pub(super) fn control(&self, now: Timestamp) -> Finding {
        let (presentation, challenge, domain) = match &self.subject {
            Subject::Identity(_) if self.policy.needs_control() => {
                return Finding::refused(Reason::NotProved);
            }
            Subject::Identity(_) => {
                return Finding::accepted(Reason::NotAsked, Timestamp::MAX);
            }
            Subject::Presented { presentation, challenge, domain } => {
                (presentation, challenge, domain)
            }
        };
        let until = match presentation.check_audience(challenge, domain, now) {
            Ok(until) => until,
            Err(why) => return Finding::refused(Reason::NotShown { why: why_not(&why) }),
        };
        let listed = |key| {
            self.standings
                .get(&self.scid)
                .is_some_and(|standing| standing.lists(Purpose::Authentication, key))
        };
        match &self.control {
            None => Finding::unknown(Reason::NoLog { whose: Whose::Subject }),
            Some(Ok(key)) if listed(key) => Finding::accepted(Reason::Controlled, until),
            Some(Ok(_) | Err(NotTheirs::KeyUnknown)) => {
                let why = "it is signed with a key that its holder does not list";
                self.unless_newer(self.scid, now, Reason::NotShown { why })
            }
            Some(Err(NotTheirs::Forged)) => {
                Finding::refused(Reason::NotShown { why: "its signature does not hold" })
            }
        }
    }

    /// Whether a claim says what the policy asks for, and on what ground.
    pub(super) fn asked(&self, credential: &Credential, now: Timestamp) -> Finding {
        let says = credential.says();
        for asked in &self.policy.written.require {
            if pointed(says, &asked.path) != Some(&asked.equals) {
                return Finding::refused(Reason::OtherValue { path: asked.path.clone() });
            }
        }
        let knows = |did| self.standings.get(&self.scid).is_none_or(|held| held.knows(did));
        if !credential.subject().is_some_and(knows) {
            return Finding::refused(Reason::OtherValue { path: "/id".to_owned() });
        }
        let Some(Age(most)) = self.policy.written.evidence_max_age else {
            return Finding::accepted(Reason::Stands, Timestamp::MAX);
        };
        let Some(checked) = evidence::oldest_check(credential.evidence()) else {
            return Finding::refused(Reason::NoEvidence);
        };
        let until = checked.plus(most);
        if until <= now || checked > now.plus(MAX_CLOCK_SKEW) {
            return Finding::refused(Reason::OldEvidence).aged(now.since(checked));
        }
        Finding::accepted(Reason::Stands, until)
    }

    /// Whether a claim stands: signed with a key its issuer still lists, in its period, not taken
    /// back, and all of this known to be the newest.
    pub(super) fn stands(&self, credential: &Credential, now: Timestamp) -> Finding {
        let issuer = credential.issuer().scid();
        self.identity(issuer)
            .and(self.signed(credential, now))
            .and(period(credential, now))
            .and(self.status(credential, now))
            .and(self.fresh(issuer, now))
            .and(Finding::accepted(Reason::Stands, Timestamp::MAX))
            .standing()
    }

    fn signed(&self, credential: &Credential, now: Timestamp) -> Finding {
        let issuer = credential.issuer().scid();
        let whose = self.whose(issuer);
        let Some(standing) = self.standings.get(&issuer) else {
            return Finding::unknown(Reason::NoLog { whose });
        };
        let forged = proof_value(credential).and_then(|value| self.forged.get(value));
        match (self.verified_as(credential), forged) {
            (Some(claim), _) => {
                if standing.lists(Purpose::AssertionMethod, claim.key())
                    && standing.knows(claim.issuer())
                {
                    Finding::accepted(Reason::Stands, Timestamp::MAX)
                } else {
                    self.unless_newer(issuer, now, Reason::KeyGone { whose })
                }
            }
            (None, Some(true)) => self.unless_newer(issuer, now, Reason::KeyGone { whose }),
            (None, Some(false) | None) => Finding::refused(Reason::Forged { whose }),
        }
    }

    fn status(&self, credential: &Credential, now: Timestamp) -> Finding {
        let issuer = credential.issuer().scid();
        let mut whole: Option<Finding> = None;
        for entry in credential.status() {
            let finding = match self.states.get(&(issuer, entry.list)) {
                Some(state) => self.bit(state, entry, now),
                None => Finding::unknown(Reason::StatusUnknown),
            };
            whole = Some(match whole {
                Some(before) => before.and(finding),
                None => finding,
            });
        }
        whole.unwrap_or_else(|| Finding::refused(Reason::NoStatus))
    }

    fn bit(&self, state: &State, entry: &status::Entry, now: Timestamp) -> Finding {
        let whose = self.whose(state.issuer());
        let listed = self
            .standings
            .get(&state.issuer())
            .is_some_and(|standing| standing.lists(Purpose::AssertionMethod, state.key()));
        if !listed {
            return Finding::unknown(Reason::StatusUnknown);
        }
        if state.purpose() != entry.purpose {
            return Finding::refused(Reason::NoSuchBit);
        }
        let Age(most) = self.policy.written.status_max_age;
        let until = state.as_of().plus(most).min(state.valid_until());
        let age = now.since(state.as_of());
        let stale = until <= now || state.as_of() > now.plus(MAX_CLOCK_SKEW);
        match (state.is_set(entry.index), state.purpose()) {
            // It stays withdrawn however old the word is.
            (Some(true), status::Purpose::Revocation) => {
                let why = state.why(entry.index);
                Finding::refused(Reason::Revoked { whose, why }).aged(age)
            }
            (Some(_) | None, _) if stale => Finding::unknown(Reason::StaleStatus).aged(age),
            (Some(true), status::Purpose::Suspension) => {
                Finding::refused(Reason::Suspended { whose }).aged(age)
            }
            (Some(false), _) => Finding::accepted(Reason::Stands, until).aged(age),
            (None, _) => Finding::refused(Reason::NoSuchBit),
        }
    }
}

impl Finding {
    /// Says of an accepted sum of findings that the claim stands.
    fn standing(self) -> Self {
        if self.is_accepted() { Self { reason: Reason::Stands, ..self } } else { self }
    }
}

fn period(credential: &Credential, now: Timestamp) -> Finding {
    match credential.period().at(now) {
        Moment::After { until } => Finding::refused(Reason::Ended { until }),
        Moment::Before { from } if from > now.plus(MAX_CLOCK_SKEW) => {
            Finding::refused(Reason::NotYet { from })
        }
        Moment::Before { .. } | Moment::Within => {
            let until = credential.period().until.unwrap_or(Timestamp::MAX);
            Finding::accepted(Reason::Stands, until)
        }
    }
}

/// Follows a JSON pointer (RFC 6901) into what a claim says.
pub(super) fn pointed<'a>(
    says: &'a serde_json::Map<String, Value>,
    path: &str,
) -> Option<&'a Value> {
    let (first, rest) = match path.strip_prefix('/')?.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path.strip_prefix('/')?, None),
    };
    // RFC 6901, section 4: `~1` first. Hardly a name has either, and a warm check asks for many.
    let value = if first.contains('~') {
        says.get(&first.replace("~1", "/").replace("~0", "~"))?
    } else {
        says.get(first)?
    };
    match rest {
        Some(rest) => value.pointer(&format!("/{rest}")),
        None => Some(value),
    }
}

fn why_not(error: &CredentialError) -> &'static str {
    if matches!(error, CredentialError::WrongChallenge) {
        "the challenge it answers was answered before, is over, or is another's"
    } else if matches!(error, CredentialError::WrongDomain { .. }) {
        "it was made for another vendor"
    } else if matches!(error, CredentialError::Ended { .. }) {
        "it is over"
    } else {
        "it lasts longer than a presentation may"
    }
}
