//! What is told to those who follow the events, as JSON.

use countersign_protocol::encoding::base64url;
use countersign_protocol::engine::effect::Notice;
use countersign_protocol::time::Timestamp;
use serde_json::{Value, json};

/// Writes `notice`, which came up `at` this time.
pub(super) fn to_json(notice: &Notice, at: Timestamp) -> Value {
    match notice {
        Notice::Changed { scid, number, sequence } => json!({
            "event": "changed", "at": at, "scid": scid.to_string(),
            "version": number, "sequence": sequence,
        }),
        Notice::Deactivated { scid } => json!({
            "event": "deactivated", "at": at, "scid": scid.to_string(),
        }),
        Notice::Forked { scid, proof } => json!({
            "event": "forked", "at": at, "scid": scid.to_string(),
            "proof": base64url::encode(proof),
        }),
        Notice::NotByUs { scid, number, sequence } => json!({
            "event": "not-by-us", "at": at, "scid": scid.to_string(),
            "version": number, "sequence": sequence,
            "hint": "somebody else signs in your name: run `countersign id recover`",
        }),
        Notice::Status { issuer, list, sequence, flipped } => json!({
            "event": "status", "at": at, "issuer": issuer.to_string(),
            "list": list, "sequence": sequence, "flipped": flipped,
        }),
        Notice::Profile { scid, hash } => json!({
            "event": "profile", "at": at, "scid": scid.to_string(),
            "hash": base64url::encode(hash),
        }),
        Notice::Clock(report) => json!({
            "event": "clock", "at": at, "report": report.to_string(),
            "hint": "set this computer's clock; nothing is signed until it agrees",
        }),
    }
}
