//! Reads the members that signed JSON documents share.

use super::CredentialError;
use crate::did::Did;
use crate::proof::Proof;
use crate::time::Timestamp;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

pub(super) fn into_object(value: Value) -> Result<Object, CredentialError> {
    match value {
        Value::Object(object) => Ok(object),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(CredentialError::NotAnObject)
        }
    }
}

/// Takes the one proof out of a document: this network's documents have exactly one.
pub(super) fn take_proof(document: &mut Object) -> Result<Proof, CredentialError> {
    let proof = document.remove(PROOF).ok_or(CredentialError::Missing { member: PROOF })?;
    Ok(Proof::parse(&proof)?)
}

/// Puts a document and its proof together again.
pub(super) fn with_proof(unsecured: &Object, proof: &Object) -> Value {
    let mut whole = unsecured.clone();
    whole.insert(PROOF.to_owned(), Value::Object(proof.clone()));
    Value::Object(whole)
}

/// VC Data Model 2.0, section 4.5: one type or several, `first` among them.
pub(super) fn types(
    document: &Object,
    required: &'static str,
) -> Result<Vec<String>, CredentialError> {
    let types = texts(document, "type")?;
    if !types.iter().any(|name| name == required) {
        return Err(CredentialError::WrongType { expected: required });
    }
    Ok(types)
}

/// Reads a member that is one string or a list of them, and must be there.
pub(super) fn texts(
    document: &Object,
    member: &'static str,
) -> Result<Vec<String>, CredentialError> {
    let value = document.get(member).ok_or(CredentialError::Missing { member })?;
    let items = value.as_array().map_or(core::slice::from_ref(value), Vec::as_slice);
    check_count(items.len(), member)?;
    items
        .iter()
        .map(|item| item.as_str().map(str::to_owned).ok_or(CredentialError::Malformed { member }))
        .collect()
}

pub(super) fn text<'a>(
    document: &'a Object,
    member: &'static str,
) -> Result<&'a str, CredentialError> {
    let value = document.get(member).ok_or(CredentialError::Missing { member })?;
    value.as_str().ok_or(CredentialError::Malformed { member })
}

pub(super) fn optional_text<'a>(
    document: &'a Object,
    member: &'static str,
) -> Result<Option<&'a str>, CredentialError> {
    if document.contains_key(member) { text(document, member).map(Some) } else { Ok(None) }
}

/// VC Data Model 2.0, section 4.4: an `id` is a URL, here anything with a scheme.
pub(super) fn optional_url<'a>(
    document: &'a Object,
    member: &'static str,
) -> Result<Option<&'a str>, CredentialError> {
    let Some(url) = optional_text(document, member)? else { return Ok(None) };
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    if !is_scheme || url.contains(char::is_whitespace) {
        return Err(CredentialError::Malformed { member });
    }
    Ok(Some(url))
}

/// VC Data Model 2.0, section 4.9: times are of type `dateTimeStamp`.
pub(super) fn time(
    document: &Object,
    member: &'static str,
) -> Result<Option<Timestamp>, CredentialError> {
    let Some(text) = optional_text(document, member)? else { return Ok(None) };
    Timestamp::parse(text).map(Some).map_err(|_| CredentialError::Malformed { member })
}

/// VC Data Model 2.0, section 4.7: an issuer or holder is a URL, or an object with one as `id`.
pub(super) fn party(document: &Object, member: &'static str) -> Result<Did, CredentialError> {
    let malformed = CredentialError::Malformed { member };
    let id = match document.get(member).ok_or(CredentialError::Missing { member })? {
        Value::String(id) => id,
        Value::Object(party) => match party.get("id").and_then(Value::as_str) {
            Some(id) => id,
            None => return Err(malformed),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(malformed),
    };
    id.parse().map_err(|_| malformed)
}

/// Reads a member that is one object or a list of them, and may be missing.
pub(super) fn objects<'a>(
    document: &'a Object,
    member: &'static str,
) -> Result<Vec<&'a Object>, CredentialError> {
    let Some(value) = document.get(member) else { return Ok(Vec::new()) };
    let items = value.as_array().map_or(core::slice::from_ref(value), Vec::as_slice);
    check_count(items.len(), member)?;
    items.iter().map(|item| item.as_object().ok_or(CredentialError::Malformed { member })).collect()
}

/// Reads a member that is one object, or a list of just one, and must be there.
pub(super) fn only_object<'a>(
    document: &'a Object,
    member: &'static str,
) -> Result<&'a Object, CredentialError> {
    let value = document.get(member).ok_or(CredentialError::Missing { member })?;
    let object = match value.as_array().map(Vec::as_slice) {
        None => value.as_object(),
        Some([only]) => only.as_object(),
        Some(_) => None,
    };
    object.ok_or(CredentialError::Malformed { member })
}

/// VC Data Model 2.0, sections 4.11 and 5: these objects have a type, and some an `id`.
pub(super) fn check_typed_objects(
    document: &Object,
    member: &'static str,
    has_id: bool,
) -> Result<(), CredentialError> {
    for object in objects(document, member)? {
        texts(object, "type")?;
        if optional_url(object, "id")?.is_none() && has_id {
            return Err(CredentialError::Missing { member: "id" });
        }
    }
    Ok(())
}

pub(super) fn check_count(count: usize, member: &'static str) -> Result<(), CredentialError> {
    if count > MOST { Err(CredentialError::TooMany { member, most: MOST }) } else { Ok(()) }
}

/// The longest list inside a signed document: a showcase of 48 KiB holds fewer credentials.
pub(super) const MOST: usize = 64;

pub(super) const PROOF: &str = "proof";
