//! Holds a policy against somebody, one supplied answer after the other.
//!
//! Two questions are kept apart: whether the claims are good, and whether they belong to whoever is
//! there. A presentation made for the vendor's challenge answers both; a bare identity only the first.

use super::accreditation;
use super::decision::{Answer, CLAIMS, Decision, Reason, Whose};
use super::finding::Finding;
use super::standing::{Freshness, Standing};
use super::{Policy, Source, Sources};
use crate::credential::claim::Claim;
use crate::credential::presentation::Presentation;
use crate::credential::showcase::Showcase;
use crate::credential::{Credential, CredentialError};
use crate::did::{Did, Scid};
use crate::key::PublicKey;
use crate::proof::ProofError;
use crate::status::ledger::State;
use crate::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whom a check is about.
#[derive(Debug, Clone)]
pub enum Subject {
    /// Whoever made a presentation for this challenge and this domain.
    Presented {
        /// What was presented, its proof still to be verified.
        presentation: Box<Presentation>,
        /// The challenge the vendor gave, for the first time used now.
        challenge: String,
        /// The domain the vendor answers for.
        domain: String,
    },
    /// An identity, whoever hands it over.
    Identity(Scid),
}

/// Something a check has to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// How an identity stands. Supply [`Known::Identity`].
    Identity(Scid),
    /// That it is the newest state. Supply [`Known::Freshness`].
    Freshness(Scid),
    /// What an identity shows the world. Supply [`Known::Showcase`].
    Showcase(Scid),
    /// What a status list says. Supply [`Known::Status`].
    Status {
        /// Whose list.
        issuer: Scid,
        /// Which of theirs.
        list: u64,
    },
    /// Who accredits an attestor, which its showcase shows. Supply [`Known::Accreditations`].
    Accreditations(Scid),
}

/// An answer to a [`Need`]: a type that only verification makes, wherever there is one.
#[derive(Debug, Clone)]
pub enum Known {
    /// How an identity stands.
    Identity(Arc<Standing>),
    /// Somebody's word that it is the newest state.
    Freshness(Freshness),
    /// What somebody shows the world.
    Showcase(Arc<Showcase>),
    /// What a status list says.
    Status(Arc<State>),
    /// Credentials about an attestor, not yet verified.
    Accreditations {
        /// About whom.
        of: Scid,
        /// What it shows.
        credentials: Vec<Credential>,
    },
    /// A claim that was verified before: it is not verified again.
    Claim(Arc<Claim>),
    /// It was looked for and not found: it is not asked for again.
    Nothing(Need),
    /// The clock of this computer is in doubt.
    ClockInDoubt,
}

/// A check that is under way.
#[derive(Debug, Clone)]
pub struct Check {
    pub(super) policy: Arc<Policy>,
    pub(super) subject: Subject,
    pub(super) scid: Scid,
    pub(super) standings: BTreeMap<Scid, Arc<Standing>>,
    pub(super) freshness: BTreeMap<Scid, Freshness>,
    pub(super) states: BTreeMap<(Scid, u64), Arc<State>>,
    pub(super) showcase: Option<Arc<Showcase>>,
    pub(super) accreditations: BTreeMap<Scid, Vec<Credential>>,
    pub(super) claims: Vec<Arc<Claim>>,
    /// The proof values of what does not verify, and whether only for want of the key.
    pub(super) forged: BTreeMap<String, bool>,
    pub(super) control: Option<Result<PublicKey, NotTheirs>>,
    pub(super) nothing: BTreeSet<Need>,
    pub(super) clock_in_doubt: bool,
}

/// Why a presentation's proof does not hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum NotTheirs {
    KeyUnknown,
    Forged,
}

impl Check {
    /// Begins a check.
    #[must_use]
    pub fn new(policy: Arc<Policy>, subject: Subject) -> Self {
        let scid = match &subject {
            Subject::Presented { presentation, .. } => presentation.holder().scid(),
            Subject::Identity(scid) => *scid,
        };
        Self {
            policy,
            subject,
            scid,
            standings: BTreeMap::new(),
            freshness: BTreeMap::new(),
            states: BTreeMap::new(),
            showcase: None,
            accreditations: BTreeMap::new(),
            claims: Vec::new(),
            forged: BTreeMap::new(),
            control: None,
            nothing: BTreeSet::new(),
            clock_in_doubt: false,
        }
    }

    /// Says what would help to decide. It is empty once everything was supplied or not found.
    #[must_use]
    pub fn needs(&self) -> BTreeSet<Need> {
        let mut needs = BTreeSet::from([Need::Identity(self.scid), Need::Freshness(self.scid)]);
        if matches!(self.subject, Subject::Identity(_)) {
            needs.insert(Need::Showcase(self.scid));
        }
        for credential in self.relevant() {
            self.add_needs_of(credential, &mut needs);
        }
        accreditation::add_needs(self, &mut needs);
        needs.retain(|need| !self.nothing.contains(need) && !self.has(need));
        needs
    }

    /// Takes an answer in. Signatures are verified here, each once.
    pub fn supply(&mut self, known: Known) {
        match known {
            Known::Identity(standing) => {
                // A newer document may list a key that an older one did not.
                self.forged.retain(|_, only_for_want_of_the_key| !*only_for_want_of_the_key);
                self.standings.insert(standing.scid, standing);
                self.verify();
            }
            Known::Freshness(word) => {
                let held = self.freshness.get(&word.scid).copied();
                let newest = match held {
                    // The younger word, and the most that any of them knows of, whichever came first.
                    Some(held) if self.takes(&held) == self.takes(&word) => {
                        let version = held.version.max(word.version);
                        let newest = if held.time < word.time { word } else { held };
                        Freshness { version, ..newest }
                    }
                    Some(held) if self.takes(&held) => held,
                    Some(_) | None => word,
                };
                self.freshness.insert(word.scid, newest);
            }
            Known::Showcase(showcase) => {
                let newer =
                    self.showcase.as_ref().is_none_or(|h| h.version() <= showcase.version());
                if showcase.holder().scid() == self.scid && newer {
                    self.showcase = Some(showcase);
                    self.verify();
                }
            }
            Known::Status(state) => {
                drop(self.states.insert((state.issuer(), state.list()), state));
            }
            Known::Accreditations { of, mut credentials } => {
                // What else it shows takes no place from them; how many are followed is bounded there.
                credentials.retain(|shown| accreditation::is_one(shown, of));
                self.accreditations.insert(of, credentials);
                self.verify();
            }
            Known::Claim(claim) => self.claims.push(claim),
            Known::Nothing(need) => drop(self.nothing.insert(need)),
            Known::ClockInDoubt => self.clock_in_doubt = true,
        }
    }

    /// Gives the claims that were verified, to supply them again at the next check.
    #[must_use]
    pub fn verified(&self) -> &[Arc<Claim>] {
        &self.claims
    }

    /// Decides from what is known. It can be asked at any time, and again.
    #[must_use]
    pub fn decide(&self, now: Timestamp) -> Decision {
        let mut checks = Vec::new();
        let mut whole = Finding::accepted(Reason::Stands, Timestamp::MAX);
        let mut add = |name: &str, finding: Finding| {
            checks.push(finding.named(name));
            whole = whole.clone().and(finding);
        };
        if self.clock_in_doubt {
            add("clock", Finding::unknown(Reason::ClockInDoubt));
        }
        add("subject", self.identity(self.scid));
        add("control", self.control(now));
        add("freshness", self.fresh(self.scid, now));
        let counted = self.count(now);
        add(CLAIMS, counted.finding);
        checks.extend(counted.rows);
        let accepted = whole.is_accepted();
        // Even what is over now may not be over by a clock that is right.
        let answer = if self.clock_in_doubt { Answer::Unknown } else { whole.result };
        Decision {
            answer,
            policy: self.policy.name.clone(),
            subject: self.standings.get(&self.scid).and_then(|standing| standing.did().cloned()),
            checks,
            claims: counted.proved,
            good_until: accepted.then_some(whole.until),
        }
    }

    fn has(&self, need: &Need) -> bool {
        match need {
            Need::Identity(scid) => self.standings.contains_key(scid),
            Need::Freshness(scid) => self.freshness.contains_key(scid),
            Need::Showcase(_) => self.showcase.is_some(),
            Need::Status { issuer, list } => self.states.contains_key(&(*issuer, *list)),
            Need::Accreditations(scid) => self.accreditations.contains_key(scid),
        }
    }

    pub(super) fn add_needs_of(&self, credential: &Credential, needs: &mut BTreeSet<Need>) {
        let issuer = credential.issuer().scid();
        needs.insert(Need::Identity(issuer));
        needs.insert(Need::Freshness(issuer));
        for entry in credential.status() {
            needs.insert(Need::Status { issuer, list: entry.list });
        }
    }

    /// Gives the credentials that are shown.
    #[must_use]
    pub fn shown(&self) -> &[Credential] {
        match &self.subject {
            Subject::Presented { presentation, .. } => presentation.credentials(),
            Subject::Identity(_) => self.showcase.as_ref().map_or(&[], |held| held.credentials()),
        }
    }

    /// Gives those among them that the policy asks about, as they were verified.
    pub(super) fn relevant(&self) -> impl Iterator<Item = &Credential> {
        self.shown().iter().map(|shown| self.best_of(shown)).filter(|credential| {
            let issuer = credential.issuer().scid();
            let wanted = match &self.policy.sources {
                Sources::From(named) => named.contains_key(&issuer),
                Sources::AccreditedBy(_) => true,
            };
            let about = credential.subject().map(Did::scid);
            wanted && about == Some(self.scid) && credential.is_a(self.policy.claim())
        })
    }

    /// Gives the verified content behind a proof, if it was verified, else what was shown.
    pub(super) fn best_of<'a>(&'a self, shown: &'a Credential) -> &'a Credential {
        self.verified_as(shown).map_or(shown, Claim::credential)
    }

    pub(super) fn verified_as(&self, shown: &Credential) -> Option<&Claim> {
        let value = proof_value(shown)?;
        self.claims
            .iter()
            .find(|claim| proof_value(claim.credential()) == Some(value))
            .map(Arc::as_ref)
    }

    /// Verifies what can be verified now and was not yet.
    fn verify(&mut self) {
        if let Subject::Presented { presentation, .. } = &self.subject
            && let Some(standing) = self.standings.get(&self.scid)
            && !matches!(self.control, Some(Ok(_)))
        {
            let keys = |purpose, url: &str| standing.key_for(purpose, url);
            let verified = presentation.verify_holder(&keys).map_err(|error| {
                if is_for_want_of_the_key(&error) {
                    NotTheirs::KeyUnknown
                } else {
                    NotTheirs::Forged
                }
            });
            self.control = Some(verified);
        }
        let accrediting = self.accreditations.values().flatten();
        let accrediting = accrediting.filter(|shown| shown.is_a(accreditation::TYPE));
        let pending: Vec<Credential> = self
            .relevant()
            .chain(accrediting)
            .filter(|shown| self.standings.contains_key(&shown.issuer().scid()))
            .filter(|shown| self.verified_as(shown).is_none())
            .filter(|shown| proof_value(shown).is_some_and(|at| !self.forged.contains_key(at)))
            .cloned()
            .collect();
        for credential in pending {
            let value = proof_value(&credential).unwrap_or_default().to_owned();
            let Some(standing) = self.standings.get(&credential.issuer().scid()) else { continue };
            let keys = |purpose, url: &str| standing.key_for(purpose, url);
            match Claim::verify(credential, &keys) {
                Ok(claim) => self.claims.push(Arc::new(claim)),
                Err(error) => {
                    self.forged.insert(value, is_for_want_of_the_key(&error));
                }
            }
        }
    }

    pub(super) fn whose(&self, scid: Scid) -> Whose {
        if scid == self.scid {
            return Whose::Subject;
        }
        Whose::Attestor(self.name_of(scid))
    }

    pub(super) fn name_of(&self, scid: Scid) -> String {
        self.policy.name_of(scid).map_or_else(|| scid.fingerprint(), str::to_owned)
    }

    /// Tells whether whose word it is is enough for the policy.
    pub(super) fn takes(&self, word: &Freshness) -> bool {
        let written = &self.policy.written;
        match (written.freshness, word.source) {
            (Source::Witness | Source::Peers, Source::Witness) => true,
            (Source::Witness, Source::Peers) => false,
            (Source::Peers, Source::Peers) => word.peers >= written.freshness_peers,
        }
    }
}

pub(super) fn proof_value(credential: &Credential) -> Option<&str> {
    credential.proof().raw().get("proofValue").and_then(Value::as_str)
}

const fn is_for_want_of_the_key(error: &CredentialError) -> bool {
    matches!(error, CredentialError::Proof(ProofError::UnknownKey))
}
