//! Answers who an identity is, or was: DID resolution.
//!
//! - Specification: did:webvh 1.0, "Read (Resolve)", "Reading did:webvh DID URLs", "Deactivate".

use super::History;
use super::entry::VersionId;
use crate::time::Timestamp;
use serde_json::{Map, Value, json};

/// Says which version of an identity is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// The newest.
    Newest,
    /// `?versionId=`: exactly this version.
    VersionId(VersionId),
    /// `?versionTime=`: the version that was in force at this moment.
    VersionTime(Timestamp),
    /// `?versionNumber=`: the version that has this number.
    VersionNumber(u64),
}

/// Is the answer to a [`Query`].
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The DID document; none if the identity ended and no earlier version was asked for.
    pub document: Option<Value>,
    /// What stands beside it, as DID Resolution names it.
    pub metadata: Map<String, Value>,
}

/// Answers `query` from `history`; none if the identity had no such version.
#[must_use]
pub fn resolve(history: &History, query: Query) -> Option<Resolution> {
    let version = match query {
        Query::Newest => Some(history.clone()),
        Query::VersionId(version) => history.at_version_id(version),
        Query::VersionTime(time) => history.at_time(time),
        Query::VersionNumber(number) => history.at_number(number),
    }?;
    // "Deactivate": a resolver MUST NOT return the document of an identity that ended; earlier
    // versions can be asked for, and then too the metadata says that it ended.
    let document = (!version.is_deactivated()).then(|| version.document().value().clone());
    Some(Resolution { document, metadata: metadata(history, &version) })
}

/// "Read (Resolve)", after step 11.
fn metadata(history: &History, version: &History) -> Map<String, Value> {
    let newest = history.parameters();
    let mut witness = newest.witness.as_ref().map_or_else(|| json!({}), |rule| rule.to_value());
    if let (Some(rule), Some(members)) = (&newest.witness, witness.as_object_mut()) {
        // "A string … because DID Resolution requires that DID metadata not include integers."
        members.insert("threshold".to_owned(), Value::from(rule.threshold().to_string()));
    }
    let watchers: Vec<&str> = newest.watchers.iter().map(String::as_str).collect();
    Map::from_iter([
        ("versionId".to_owned(), json!(version.version_id().to_string())),
        ("versionTime".to_owned(), json!(version.version_time())),
        ("created".to_owned(), json!(history.first_time())),
        ("updated".to_owned(), json!(history.version_time())),
        ("scid".to_owned(), json!(history.scid().to_string())),
        ("portable".to_owned(), json!(newest.portable)),
        ("deactivated".to_owned(), json!(newest.deactivated)),
        ("ttl".to_owned(), json!(newest.ttl.to_string())),
        ("witness".to_owned(), witness),
        ("watchers".to_owned(), json!(watchers)),
    ])
}
