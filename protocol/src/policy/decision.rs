//! The answer of a check: what was decided, why, from what, and until when it holds.

use crate::did::Did;
use crate::status::why::Why;
use crate::time::Timestamp;
use core::fmt::Write as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a check decided. Only [`super::check::Check::decide`] makes one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    pub(super) answer: Answer,
    pub(super) policy: String,
    pub(super) subject: Option<Did>,
    pub(super) checks: Vec<Named>,
    pub(super) claims: Vec<Proved>,
    pub(super) good_until: Option<Timestamp>,
}

/// Yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Everything the policy asks for is there.
    Accepted,
    /// Something that is needed to decide is not known.
    Unknown,
    /// Something the policy asks for is not so.
    Refused,
}

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// What: `clock`, `subject`, `control`, `freshness`, `claims`, or `from` and an attestor.
    pub name: String,
    /// How it came out.
    pub result: Answer,
    /// Why.
    #[serde(serialize_with = "as_text")]
    pub reason: Reason,
    /// How many seconds ago the knowledge behind it was current, where that matters.
    pub age: Option<u64>,
    /// For which cause the attestor took the claim back, if it did and said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Why>,
}

/// One claim that was proved, and nothing of it beyond what the policy asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proved {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who signed it: the name the vendor gave, or a fingerprint.
    pub attestor: String,
    /// The DID of who signed it.
    pub issuer: Did,
    /// The values that were asked for, by JSON pointer.
    pub values: BTreeMap<String, Value>,
    /// Until when this claim alone can be relied on.
    #[serde(rename = "goodUntil")]
    pub good_until: Timestamp,
}

impl Decision {
    /// Gives the answer.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        self.answer
    }

    /// Gives the name of the policy that was asked.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Gives whom it is about, if that identity is known.
    #[must_use]
    pub const fn subject(&self) -> Option<&Did> {
        self.subject.as_ref()
    }

    /// Gives what was checked, in a fixed order.
    #[must_use]
    pub fn checks(&self) -> &[Named] {
        &self.checks
    }

    /// Tells whether somebody proved to be the subject: its key answered the challenge.
    #[must_use]
    pub fn is_controlled(&self) -> bool {
        self.checks.iter().any(|check| check.reason == Reason::Controlled)
    }

    /// Gives what was proved.
    #[must_use]
    pub fn claims(&self) -> &[Proved] {
        &self.claims
    }

    /// Gives until when the same knowledge gives the same answer, if it is accepted.
    #[must_use]
    pub const fn good_until(&self) -> Option<Timestamp> {
        self.good_until
    }

    /// Gives the answer in one line for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let word = self.answer.word();
        let deciding = self.checks.iter().filter(|check| check.decides());
        match self.answer {
            Answer::Accepted => {
                let claims = deciding.filter(|check| check.name == CLAIMS).map(|c| &c.reason);
                let mut text = word.to_owned();
                for reason in claims {
                    // Writing to a string cannot fail.
                    let _written = write!(text, "  {reason}").is_ok();
                }
                if let Some(until) = self.good_until {
                    let _written = write!(text, ", good until {until}").is_ok();
                }
                text
            }
            Answer::Unknown | Answer::Refused => {
                let mut causes = deciding.filter(|check| check.result == self.answer);
                causes.next().map_or_else(String::new, |check| format!("{word}  {}", check.reason))
            }
        }
    }

    /// Gives the whole decision as text for people, a line a check.
    #[must_use]
    pub fn explain(&self) -> String {
        let mut text = self.summary();
        for Named { name, result, reason, age, .. } in &self.checks {
            let word = result.word().to_lowercase();
            // Writing to a string cannot fail.
            let _written = write!(text, "\n  {name:<12} {word:<9} {reason}").is_ok();
            if let Some(age) = age {
                let _written = write!(text, " ({})", Seconds(*age)).is_ok();
            }
        }
        text
    }
}

impl Answer {
    const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Unknown => "UNKNOWN",
            Self::Refused => "REFUSED",
        }
    }
}

impl Named {
    /// Tells whether the answer hangs on it: what single attestors say is summed up in `claims`.
    fn decides(&self) -> bool {
        !self.name.starts_with(FROM)
    }
}

/// Why a check came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum Reason {
    /// The clock here cannot be trusted to judge ages.
    #[error("the clock of this computer is in doubt")]
    ClockInDoubt,
    /// Nothing is known of an identity.
    #[error("the log of {whose} is not known")]
    NoLog { whose: Whose },
    /// Its owner ended an identity.
    #[error("{whose} is deactivated")]
    Deactivated { whose: Whose },
    /// Two logs exist under one name, and no witnesses settled which stands.
    #[error("the log of {whose} is forked")]
    Forked { whose: Whose },
    /// An identity is as it should be.
    #[error("known at entry {version}")]
    Known { version: u64 },
    /// Nobody said that there is nothing newer of an identity.
    #[error("nobody says that this is the newest state of {whose}")]
    NotFresh { whose: Whose },
    /// Somebody did, and too long ago.
    #[error("the newest word on {whose} is older than the policy allows")]
    StaleFreshness { whose: Whose },
    /// Somebody saw a newer state than is known here.
    #[error("a newer state of {whose} exists than is known here")]
    NewerExists { whose: Whose },
    /// Only peers said so, and the policy wants a witness.
    #[error("only peers say that this is the newest state of {whose}, and no witness")]
    OnlyPeers { whose: Whose },
    /// Too few peers said so for what the policy asks.
    #[error(
        "only {peers} of {wanted} peers in different parts of the internet say that this is the newest \
         state of {whose}"
    )]
    FewPeers { whose: Whose, peers: usize, wanted: usize },
    /// It is the newest.
    #[error("the newest state")]
    Fresh,
    /// The challenge was answered.
    #[error("its key answered this challenge")]
    Controlled,
    /// Nobody was asked to answer a challenge, and the policy requires it.
    #[error("control not proved")]
    NotProved,
    /// Nobody was asked to answer a challenge, and the policy does not ask.
    #[error("control not proved, policy does not ask")]
    NotAsked,
    /// A presentation was made for something else, or is over.
    #[error("the presentation does not count: {why}")]
    NotShown { why: &'static str },
    /// What an identity shows the world is not known.
    #[error("its showcase is not known")]
    NoShowcase,
    /// What is known of it is over, or signed with a key that no longer stands.
    #[error("the showcase that is known no longer counts")]
    OldShowcase,
    /// There is no claim of this attestor.
    #[error("no claim is shown")]
    NoClaim,
    /// What is shown of this attestor is about another identity.
    #[error("the claim is about somebody else")]
    AboutAnother,
    /// A claim is not what its issuer signed.
    #[error("the claim is not what {whose} signed")]
    Forged { whose: Whose },
    /// The key that signed a claim is no longer one of its issuer's.
    #[error("signed with a key that {whose} no longer lists")]
    KeyGone { whose: Whose },
    /// A claim does not count yet.
    #[error("the claim counts only from {from}")]
    NotYet { from: Timestamp },
    /// A claim is over.
    #[error("the claim ended at {until}")]
    Ended { until: Timestamp },
    /// A claim says something else than the policy asks for.
    #[error("`{path}` is not what the policy asks for")]
    OtherValue { path: String },
    /// A claim does not say when its evidence was seen.
    #[error("the claim does not say when its evidence was checked")]
    NoEvidence,
    /// The evidence was seen too long ago.
    #[error("its evidence was checked longer ago than the policy allows")]
    OldEvidence,
    /// A claim that nobody could ever take back.
    #[error("the claim names no status list, so it could not be taken back")]
    NoStatus,
    /// The list that could take a claim back is not known.
    #[error("the status of the claim is not known")]
    StatusUnknown,
    /// The newest word on the list is too old.
    #[error("the newest word on its status is older than the policy allows")]
    StaleStatus,
    /// The claim was taken back.
    #[error("{whose} withdrew it{because}", because = Because(*why))]
    Revoked { whose: Whose, why: Option<Why> },
    /// The claim does not count for now.
    #[error("{whose} suspended it")]
    Suspended { whose: Whose },
    /// The claim names a bit its list does not have, or a list of another kind.
    #[error("the claim names a bit that its status list does not have")]
    NoSuchBit,
    /// Nobody the policy names accredits this attestor for this claim.
    #[error("nobody the policy names accredits {whose}")]
    NotAccredited { whose: Whose },
    /// Somebody the policy names did, and that does not count, or nobody knows whether it does.
    #[error("the accreditation of {whose} does not count: {because}")]
    Accreditation { whose: Whose, because: Box<Self> },
    /// The claim stands.
    #[error("the claim stands")]
    Stands,
    /// The sum over all attestors.
    #[error("{sum}{more}", sum = Sum { count: *count, wanted: *wanted }, more = More(others))]
    Counted { count: usize, wanted: usize, others: Vec<String> },
}

/// Names whom a reason is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Whom the check is about.
    Subject,
    /// An attestor, by the vendor's name for it or its fingerprint.
    Attestor(String),
}

impl core::fmt::Display for Whose {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Subject => formatter.write_str("the subject"),
            Self::Attestor(name) => formatter.write_str(name),
        }
    }
}

/// Says how many there are of those that are needed.
struct Sum {
    count: usize,
    wanted: usize,
}

impl core::fmt::Display for Sum {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { count, wanted } = self;
        match (count > wanted, wanted) {
            (false, _) => write!(formatter, "{count} of {wanted}"),
            (true, 1) => write!(formatter, "{count} where 1 is enough"),
            (true, _) => write!(formatter, "{count} where {wanted} are enough"),
        }
    }
}

/// Says who else would do, or who is in the way.
struct More<'a>(&'a [String]);

impl core::fmt::Display for More<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            [] => Ok(()),
            others => write!(formatter, ": {}", others.join("; ")),
        }
    }
}

/// Says why something was taken back, if that is known.
struct Because(Option<Why>);

impl core::fmt::Display for Because {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(why) => write!(formatter, " (\"{}\")", why.text()),
            None => Ok(()),
        }
    }
}

struct Seconds(u64);

impl core::fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            seconds @ 0..120 => write!(formatter, "{seconds} s ago"),
            seconds @ 120..7_200 => write!(formatter, "{} min ago", seconds / 60),
            seconds @ 7_200..172_800 => write!(formatter, "{} h ago", seconds / 3_600),
            seconds => write!(formatter, "{} days ago", seconds / 86_400),
        }
    }
}

fn as_text<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(reason)
}

pub(super) const CLAIMS: &str = "claims";
pub(super) const FROM: &str = "from ";
