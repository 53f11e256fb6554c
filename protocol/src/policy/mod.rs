//! Whether a vendor should believe a claim.
//!
//! A [`Policy`] is what a vendor asks for, read from a file it can read aloud. A [`check::Check`]
//! holds a policy against somebody: it says what it still [needs](check::Need) to know, is supplied
//! with it, and makes a [`decision::Decision`]. It asks nobody itself, and the same knowledge at the
//! same time gives the same decision everywhere. What is not known is unknown, never accepted.

pub mod accreditation;
pub mod check;
mod count;
pub mod decision;
mod finding;
pub mod standing;
mod weigh;

use crate::did::{Did, Scid};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A vendor's file: the attestors it gave names to, and its policies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    attestors: BTreeMap<String, Did>,
    #[serde(default, rename = "policy")]
    policies: BTreeMap<String, Written>,
}

impl File {
    /// Gives the names of its policies.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.policies.keys().map(String::as_str)
    }

    /// Gives the attestors it names.
    #[must_use]
    pub const fn attestors(&self) -> &BTreeMap<String, Did> {
        &self.attestors
    }

    /// Gives one policy, its names resolved and its numbers checked.
    ///
    /// # Errors
    ///
    /// Returns [`PolicyError`] if there is none of that name, or it could never accept anybody.
    pub fn policy(&self, name: &str) -> Result<Policy, PolicyError> {
        let written = self
            .policies
            .get(name)
            .ok_or_else(|| PolicyError::NoSuchPolicy { name: name.to_owned() })?;
        let (sources, are_roots) = match (&written.from, &written.accredited_by) {
            (Some(from), None) => (from, false),
            (None, Some(roots)) => (roots, true),
            (Some(_), Some(_)) | (None, None) => return Err(PolicyError::FromWhom),
        };
        let mut attestors = BTreeMap::new();
        for attestor in sources {
            let did = self
                .attestors
                .get(attestor)
                .ok_or_else(|| PolicyError::NoSuchAttestor { name: attestor.clone() })?;
            // Counted by SCID: two names for one attestor are one attestor.
            attestors.entry(did.scid()).or_insert_with(|| attestor.clone());
        }
        let most = if are_roots { MOST_ATTESTORS } else { attestors.len() };
        if !(1..=most).contains(&written.at_least) || attestors.is_empty() {
            return Err(PolicyError::AtLeast { at_least: written.at_least, most });
        }
        let peers = written.freshness_peers;
        if !(1..=PEERS).contains(&peers) {
            return Err(PolicyError::Peers { peers, most: PEERS });
        }
        if let Some(bad) = written.require.iter().find(|asked| !is_pointer(&asked.path)) {
            return Err(PolicyError::NotAPointer { path: bad.path.clone() });
        }
        // A name beside those the policy asks for says, too, whose word it was.
        let named = self.attestors.iter().map(|(name, did)| (did.scid(), name.clone()));
        let mut names: BTreeMap<Scid, String> = named.collect();
        names.extend(attestors.clone());
        Ok(Policy {
            name: name.to_owned(),
            names,
            sources: if are_roots {
                Sources::AccreditedBy(attestors)
            } else {
                Sources::From(attestors)
            },
            written: written.clone(),
        })
    }
}

/// What a vendor asks for, every name in it resolved.
#[derive(Debug, Clone)]
pub struct Policy {
    name: String,
    /// What the vendor calls attestors.
    names: BTreeMap<Scid, String>,
    sources: Sources,
    written: Written,
}

impl Policy {
    /// Gives its name in the vendor's file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the type of claim it asks for.
    #[must_use]
    pub fn claim(&self) -> &str {
        &self.written.claim
    }

    /// Gives how many independent attestors it asks for.
    #[must_use]
    pub const fn at_least(&self) -> usize {
        self.written.at_least
    }

    /// Gives the attestors it names: those it takes claims from, or those whose accreditation it
    /// takes.
    #[must_use]
    pub const fn attestors(&self) -> &BTreeMap<Scid, String> {
        match &self.sources {
            Sources::From(named) | Sources::AccreditedBy(named) => named,
        }
    }

    /// Gives the names of those attestors in the order of its file; of two names for one, the first.
    pub fn attestor_names(&self) -> impl Iterator<Item = &str> {
        let written = self.written.from.iter().chain(&self.written.accredited_by).flatten();
        let mut left: BTreeSet<&str> = self.attestors().values().map(String::as_str).collect();
        written.map(String::as_str).filter(move |name| left.remove(name))
    }

    /// Gives the vendor's name for an attestor, if its file has one.
    #[must_use]
    pub fn name_of(&self, attestor: Scid) -> Option<&str> {
        self.names.get(&attestor).map(String::as_str)
    }

    /// Tells whether it takes claims of those, too, whom the attestors it names stand behind.
    #[must_use]
    pub const fn takes_accredited(&self) -> bool {
        matches!(self.sources, Sources::AccreditedBy(_))
    }

    /// Gives how old the word of a list on revocation may be, in seconds.
    #[must_use]
    pub const fn status_max_age(&self) -> u64 {
        self.written.status_max_age.0
    }

    /// Gives how old the word on an identity's newest state may be, in seconds.
    #[must_use]
    pub const fn freshness_max_age(&self) -> u64 {
        self.written.freshness_max_age.0
    }

    /// Tells whether it asks that the subject shows control of its identity.
    #[must_use]
    pub const fn needs_control(&self) -> bool {
        matches!(self.written.control, Control::Required)
    }
}

#[derive(Debug, Clone)]
enum Sources {
    From(BTreeMap<Scid, String>),
    AccreditedBy(BTreeMap<Scid, String>),
}

/// A policy as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    claim: String,
    #[serde(default)]
    require: Vec<Requirement>,
    from: Option<Vec<String>>,
    accredited_by: Option<Vec<String>>,
    #[serde(default = "one")]
    at_least: usize,
    #[serde(default)]
    control: Control,
    evidence_max_age: Option<Age>,
    #[serde(default = "a_day")]
    status_max_age: Age,
    #[serde(default = "a_day")]
    freshness_max_age: Age,
    #[serde(default)]
    on_fork: OnFork,
    #[serde(default)]
    freshness: Source,
    #[serde(default = "as_many_as_are_asked")]
    freshness_peers: usize,
}

/// A value that a claim must have.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    path: String,
    equals: Value,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Control {
    /// Only who shows that the identity is theirs is accepted.
    #[default]
    Required,
    /// It is enough that the identity has what is asked for.
    Optional,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnFork {
    /// An identity whose log is forked, and whose witnesses did not settle it, is refused.
    #[default]
    Refuse,
    /// It is taken as it stands at the common prefix.
    Allow,
}

/// Who says that an identity's newest known state is its newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Peers of different address prefixes that were asked at once.
    Peers,
    /// A witness, with its signature.
    #[default]
    Witness,
}

/// A length of time such as `90d`, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Age(u64);

impl Age {
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        number.parse::<u64>().ok()?.checked_mul(seconds).map(Self)
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let malformed = || serde::de::Error::custom("expected a time such as 15m, 24h or 90d");
        Self::parse(&text).ok_or_else(malformed)
    }
}

const fn one() -> usize {
    1
}

const fn a_day() -> Age {
    Age(86_400)
}

const fn as_many_as_are_asked() -> usize {
    PEERS
}

/// RFC 6901, section 3: a `/` before each name, and `~` only in `~0` and `~1`. The empty pointer
/// would ask for a whole claim, the subject's name included.
fn is_pointer(path: &str) -> bool {
    let escapes = path.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    path.starts_with('/') && escapes
}

/// A policy asks for what cannot be. Fault of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum PolicyError {
    /// The file has none of this name.
    #[error("there is no policy `{name}`")]
    NoSuchPolicy { name: String },
    /// It names an attestor that `[attestors]` does not.
    #[error("`{name}` is not one of [attestors]")]
    NoSuchAttestor { name: String },
    /// It has both `from` and `accredited_by`, or neither.
    #[error("a policy has either `from` or `accredited_by`")]
    FromWhom,
    /// It asks for more attestors than it names, or for none.
    #[error("`at_least` is {at_least} and must be 1 to {most}")]
    AtLeast { at_least: usize, most: usize },
    /// It asks for the word of more peers than are asked, or of none.
    #[error("`freshness_peers` is {peers} and must be 1 to {most}")]
    Peers { peers: usize, most: usize },
    /// Not a JSON pointer.
    #[error("`{path}` is not a JSON pointer such as /provider")]
    NotAPointer { path: String },
}

/// The most attestors one check looks at: each may cost a look-up.
const MOST_ATTESTORS: usize = 32;

/// Peers that are asked for the newest state of an identity, each in another part of the internet: with one
/// honest among them nothing older is believed.
pub const PEERS: usize = 3;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
