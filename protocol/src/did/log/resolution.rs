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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::did::log::draft;
    use crate::did::log::tests::{NOW, key, ours, rotated};
    use crate::did::log::witness::Rule;

    fn two() -> [History; 2] {
        let rule = Rule::new(1, vec![key(70).public()]).unwrap();
        let first = ours(Some(&rule)).history;
        let second = rotated(&first, &key(2), 3).history;
        [first, second]
    }

    #[test]
    fn every_version_can_be_asked_for() {
        let [first, second] = two();
        let number = |query| {
            let found = resolve(&second, query)?;
            found.metadata["versionId"].as_str()?.chars().next()?.to_digit(10)
        };
        assert_eq!(number(Query::Newest), Some(2));
        assert_eq!(number(Query::VersionNumber(1)), Some(1));
        assert_eq!(number(Query::VersionNumber(3)), None);
        assert_eq!(number(Query::VersionNumber(0)), None);
        assert_eq!(number(Query::VersionId(first.version_id())), Some(1));
        let elsewhere = VersionId { number: 2, digest: [7; 32] };
        assert_eq!(number(Query::VersionId(elsewhere)), None);
        assert_eq!(number(Query::VersionTime(NOW.minus(1))), None);
        assert_eq!(number(Query::VersionTime(NOW)), Some(1));
        assert_eq!(number(Query::VersionTime(second.updated().minus(1))), Some(1));
        assert_eq!(number(Query::VersionTime(second.updated())), Some(2));
        assert_eq!(number(Query::VersionTime(Timestamp::MAX)), Some(2));
    }

    #[test]
    fn the_metadata_is_what_the_specification_lists() {
        let [first, second] = two();
        let found = resolve(&second, Query::VersionNumber(1)).unwrap();
        assert_eq!(found.document.as_ref(), Some(first.document().value()));
        let expected = json!({
            "versionId": first.version_id().to_string(),
            "versionTime": NOW.to_string(),
            "created": NOW.to_string(),
            "updated": second.updated().to_string(),
            "scid": first.scid().to_string(),
            "portable": true,
            "deactivated": false,
            "ttl": "3600",
            "witness": {
                "threshold": "1",
                "witnesses": [{ "id": format!("did:key:{}", key(70).public()) }],
            },
            "watchers": [],
        });
        assert_eq!(Value::Object(found.metadata), expected);
    }

    #[test]
    fn an_ended_identity_shows_only_what_it_was() {
        let [first, _] = two();
        let [_, ended] = draft::deactivate(&first, &key(2), NOW.plus(60)).unwrap();
        let newest = resolve(&ended.history, Query::Newest).unwrap();
        assert_eq!(newest.document, None);
        assert_eq!(newest.metadata["deactivated"], true);
        let before = resolve(&ended.history, Query::VersionNumber(1)).unwrap();
        assert!(before.document.is_some());
        assert_eq!(before.metadata["deactivated"], true);
    }
}
