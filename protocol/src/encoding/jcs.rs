//! The one byte string a JSON value is hashed as.
//!
//! - Standard: JSON Canonicalization Scheme, RFC 8785.

use super::json::MAX_INTEGER;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Writes `value` in canonical form.
///
/// Every value that [`super::json::parse`] gave, and every value made of strings, booleans and
/// integers within ±(2^53 − 1), has one.
#[must_use]
pub fn to_vec(value: &Value) -> Vec<u8> {
    write(value, is_plain(value))
}

/// Writes what serialises as JSON in canonical form; `plain` says that [`is_plain`] holds for it.
pub(crate) fn write<T: Serialize>(value: &T, plain: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    write_to(&mut bytes, value, plain);
    bytes
}

/// Writes `value` in canonical form behind `bytes`.
pub(crate) fn append(bytes: &mut Vec<u8>, value: &Value) {
    write_to(bytes, value, is_plain(value));
}

fn write_to<T: Serialize>(bytes: &mut Vec<u8>, value: &T, plain: bool) {
    let begun = bytes.len();
    let written = if plain {
        serde_json::to_writer(&mut *bytes, value)
    } else {
        serde_json_canonicalizer::to_writer(value, &mut *bytes)
    };
    // RFC 8785, section 3.1: the only inputs without a canonical form are NaN, infinities and lone
    // surrogates; a `Value` can hold none of them.
    if written.is_err() {
        bytes.truncate(begun);
    }
}

/// Tells whether `serde_json` writes `value` in canonical form without further ado.
///
/// Both write strings and small integers alike. They differ in the order of members, unless all
/// names are ASCII and in order already, and in numbers that are no integers. Nearly every document
/// of this network is plain, and canonicalising it otherwise costs a third of a signature.
pub(crate) fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            magnitude.is_some_and(|magnitude| magnitude <= MAX_INTEGER)
        }
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(members) => is_plain_object(members),
    }
}

/// Tells whether [`is_plain`] holds for an object of these members.
pub(crate) fn is_plain_object(members: &Map<String, Value>) -> bool {
    members.keys().all(|name| name.is_ascii())
        && members.keys().is_sorted()
        && members.values().all(is_plain)
}

/// Writes `value` in canonical form, as text.
#[must_use]
pub fn to_string(value: &Value) -> String {
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// Hashes the canonical form of `value` with SHA-256.
#[must_use]
pub fn hash(value: &Value) -> [u8; 32] {
    Sha256::digest(to_vec(value)).into()
}

/// Most documents fit without growing: growing copies.
const USUAL: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1000..1000_i64).prop_map(Value::from),
            prop::num::f64::NORMAL.prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-zA-Z0-9 \"\u{e000}\u{10000}]{0,4}", inner, 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// The short way and the long way write the same bytes.
        #[test]
        fn what_is_plain_is_canonical(value in any_value()) {
            let canonical = serde_json_canonicalizer::to_vec(&value).unwrap();
            prop_assert_eq!(to_vec(&value), canonical);
        }
    }

    #[test]
    fn what_the_two_ways_write_differently_is_not_plain() {
        for value in [
            json!({ "\u{e000}": 1, "\u{10000}": 2 }),
            json!([1e21]),
            json!(2.0),
            json!(-0.0),
            json!(u64::MAX),
            json!(i64::MIN),
        ] {
            assert!(!is_plain(&value), "{value}");
        }
        assert!(is_plain(&json!({ "a": [1, -1, "\u{10000}\u{7f}\n", null], "b": { "": true } })));
    }
}
