//! What a claim rests on: who was asked, how, when, and by which version of which rule.
//!
//! - Standards: VC Data Model 2.0, section 5.6 "Evidence"; the words are those of OpenID Connect
//!   for Identity Assurance, schema 1.0: `type`, `check_details` with `check_method`,
//!   `organization`, `time` and `txn`. `rule` is ours.

use super::{CredentialError, member};
use crate::time::Timestamp;
use serde_json::{Map, Value, json};

/// One piece of evidence, as the attestor describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its kind: `electronic_record`, `vouch`, `document` or another.
    pub kind: String,
    /// What was done to check it.
    pub checks: Vec<Check>,
    /// The rule by which the attestor decided, where it names one.
    pub rule: Option<Rule>,
}

/// One check of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How: `data`, `auth`, `vcrypt` or another `check_method`.
    pub method: String,
    /// Who was asked.
    pub organization: Option<String>,
    /// When.
    pub time: Option<Timestamp>,
    /// The name the asked organization gave the check.
    pub transaction: Option<String>,
}

/// Names one version of an attestor's rule, as its profile publishes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// The rule's name.
    pub name: String,
    /// Its version, from 1.
    pub version: u64,
}

impl Evidence {
    /// Reads one `evidence` object; members it does not know are left alone.
    pub(super) fn read(evidence: &Map<String, Value>) -> Result<Self, CredentialError> {
        let kinds = member::texts(evidence, "type")?;
        let checks = member::objects(evidence, "check_details")?;
        let rule = match evidence.get("rule") {
            None => None,
            Some(rule) => Some(Rule::read(rule)?),
        };
        Ok(Self {
            kind: kinds.into_iter().next().ok_or(CredentialError::Missing { member: "type" })?,
            checks: checks.into_iter().map(Check::read).collect::<Result<_, _>>()?,
            rule,
        })
    }

    /// Writes the `evidence` object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let checks: Vec<_> = self.checks.iter().map(Check::to_value).collect();
        let mut evidence = json!({ "type": self.kind, "check_details": checks });
        if let (Some(rule), Some(members)) = (&self.rule, evidence.as_object_mut()) {
            members.insert("rule".to_owned(), rule.to_value());
        }
        evidence
    }
}

impl Check {
    fn read(check: &Map<String, Value>) -> Result<Self, CredentialError> {
        Ok(Self {
            method: member::text(check, "check_method")?.to_owned(),
            organization: member::optional_text(check, "organization")?.map(str::to_owned),
            time: member::time(check, "time")?,
            transaction: member::optional_text(check, "txn")?.map(str::to_owned),
        })
    }

    fn to_value(&self) -> Value {
        let mut check = Map::new();
        check.insert("check_method".to_owned(), json!(self.method));
        let optional = [
            ("organization", self.organization.clone()),
            ("time", self.time.map(|time| time.to_string())),
            ("txn", self.transaction.clone()),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                check.insert(name.to_owned(), Value::from(value));
            }
        }
        Value::Object(check)
    }
}

impl Rule {
    /// Reads `{name, version}`.
    pub(super) fn read(rule: &Value) -> Result<Self, CredentialError> {
        let malformed = || CredentialError::Malformed { member: "rule" };
        let rule = rule.as_object().ok_or_else(malformed)?;
        let version = rule.get("version").and_then(Value::as_u64).ok_or_else(malformed)?;
        Ok(Self { name: member::text(rule, "name")?.to_owned(), version })
    }

    pub(super) fn to_value(&self) -> Value {
        json!({ "name": self.name, "version": self.version })
    }
}

/// Says since when a claim has rested on what was seen: the oldest check of all its evidence. Where one has no
/// time, nobody knows.
#[must_use]
pub fn oldest_check(evidence: &[Evidence]) -> Option<Timestamp> {
    let times = evidence.iter().flat_map(|piece| &piece.checks).map(|check| check.time);
    times.collect::<Option<Vec<_>>>()?.into_iter().min()
}
