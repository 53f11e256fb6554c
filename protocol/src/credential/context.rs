//! The `@context`s a document may have: a known set of URLs, or an object that stands inline.
//!
//! What a context says is never looked at: `eddsa-jcs-2022` signs the bytes, and this network's
//! members mean what its documents say. But a document that names a context somebody would have to
//! fetch tells its maker who reads it, so it is refused.
//!
//! - Standard: VC Data Model 2.0, section 4.3 "Contexts".

use super::CredentialError;
use serde_json::{Map, Value, json};

/// Checks the `@context` of a credential or presentation.
///
/// # Errors
///
/// Returns [`CredentialError::UnknownContext`] unless the first is [`CREDENTIALS_V2`] and each
/// other is one of [`KNOWN`] or inline and fetches nothing.
pub fn check(document: &Map<String, Value>) -> Result<(), CredentialError> {
    let contexts =
        document.get("@context").ok_or(CredentialError::Missing { member: "@context" })?;
    let contexts = contexts.as_array().ok_or(CredentialError::UnknownContext)?;
    let first = contexts.first().and_then(Value::as_str);
    if first == Some(CREDENTIALS_V2) && contexts.iter().all(is_known) {
        Ok(())
    } else {
        Err(CredentialError::UnknownContext)
    }
}

/// Gives the contexts of what we write: the standard's, and its own one for words it does not define.
///
/// Neither is inline: `@digitalbazaar/eddsa-jcs-2022-cryptosuite` compares the contexts of proof and
/// document by identity, and two objects are never identical to it.
#[must_use]
pub fn ours() -> Value {
    json!([CREDENTIALS_V2, UNDEFINED_TERMS])
}

fn is_known(context: &Value) -> bool {
    match context {
        Value::String(url) => KNOWN.contains(&url.as_str()),
        Value::Object(inline) => fetches_nothing(inline),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

/// JSON-LD 1.1, sections 4.1.8 and 9.14: a context inside a context, or an import, may be a URL.
fn fetches_nothing(inline: &Map<String, Value>) -> bool {
    inline.iter().all(|(name, value)| match (name.as_str(), value) {
        ("@import", _) => false,
        ("@context", Value::Null) => true,
        ("@context", Value::Array(contexts)) => contexts.iter().all(is_known),
        ("@context", context) => is_known(context),
        (_, Value::Object(inner)) => fetches_nothing(inner),
        (_, _) => true,
    })
}

/// The first context of every credential and presentation.
pub const CREDENTIALS_V2: &str = "https://www.w3.org/ns/credentials/v2";

/// VC Data Model 2.0, section 4.3: gives every word that no context defines a name of its own.
pub const UNDEFINED_TERMS: &str = "https://www.w3.org/ns/credentials/undefined-terms/v2";

/// The contexts whose documents every verifier has.
pub const KNOWN: [&str; 5] = [
    CREDENTIALS_V2,
    "https://www.w3.org/ns/credentials/examples/v2",
    UNDEFINED_TERMS,
    "https://w3id.org/security/data-integrity/v2",
    "https://w3id.org/security/multikey/v1",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(context: &Value) -> bool {
        check(json!({ "@context": context }).as_object().unwrap()).is_ok()
    }

    #[test]
    fn known_and_inline_contexts_may_follow_that_of_the_standard() {
        assert!(checked(&ours()));
        assert!(checked(&json!([CREDENTIALS_V2])));
        assert!(checked(&json!([CREDENTIALS_V2, KNOWN[1], { "a": { "@context": null } }])));
        assert!(checked(&json!([CREDENTIALS_V2, { "a": { "@context": { "b": "urn:b" } } }])));
    }

    #[test]
    fn nothing_that_would_have_to_be_fetched_is_allowed() {
        for context in [
            json!(CREDENTIALS_V2),
            json!([]),
            json!([KNOWN[1], CREDENTIALS_V2]),
            json!([{ "@vocab": "urn:a" }, CREDENTIALS_V2]),
            json!([CREDENTIALS_V2, "https://tracker.example/me"]),
            json!([CREDENTIALS_V2, null]),
            json!([CREDENTIALS_V2, { "@import": "https://tracker.example/me" }]),
            json!([CREDENTIALS_V2, { "a": { "@context": "https://tracker.example/me" } }]),
            json!([CREDENTIALS_V2, { "@context": ["https://tracker.example/me"] }]),
        ] {
            assert!(!checked(&context), "{context} was let through");
        }
    }
}
