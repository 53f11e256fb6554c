//! Whom a node trusts, as its settings name them: one that was mistyped is refused, and not left out.

use countersign_protocol::did::Did;
use countersign_protocol::key::{PublicKey, did_key};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Whom a node trusts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trust {
    /// Attestors by the name given to them: the identities they vouch for come first when room
    /// is short.
    #[serde(deserialize_with = "attestors")]
    pub attestors: BTreeMap<String, Did>,
    /// Witnesses, as did:key, whose freshness counts beside that of an identity's own.
    #[serde(serialize_with = "as_did_keys", deserialize_with = "did_keys")]
    pub witnesses: Vec<PublicKey>,
}

fn attestors<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, Did>, D::Error> {
    let read = |(name, text): (String, String)| match text.parse::<Did>() {
        Ok(did) => Ok((name, did)),
        Err(error) => Err(D::Error::custom(format!("trust.attestors.{name} is `{text}`: {error}"))),
    };
    BTreeMap::<String, String>::deserialize(from)?.into_iter().map(read).collect()
}

fn did_keys<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PublicKey>, D::Error> {
    let read = |text: String| {
        did_key::parse(&text).map_err(|error| {
            D::Error::custom(format!("one of trust.witnesses is `{text}`: {error}"))
        })
    };
    Vec::<String>::deserialize(from)?.into_iter().map(read).collect()
}

fn as_did_keys<S: Serializer>(keys: &[PublicKey], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.iter().map(did_key::to_did))
}
