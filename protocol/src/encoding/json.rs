//! The one parser for JSON that came from outside.
//!
//! A [`serde_json::Value`] that this module made has one meaning for every reader: no member stands
//! twice, no number is silently rounded, nothing follows the value. Two readers that disagree about
//! a document would disagree about what was signed.
//!
//! - Standard: RFC 8259, narrowed by I-JSON (RFC 7493, sections 2.1 to 2.3).

use core::cell::Cell;
use core::fmt;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Reads one JSON value of at most `bound` bytes.
///
/// # Errors
///
/// Returns [`JsonError`] for what is too long, too deep, no JSON at all, has a member twice, a
/// number that cannot be kept exactly, a lone surrogate, or anything after the value.
pub fn parse(bytes: &[u8], bound: usize) -> Result<Value, JsonError> {
    if bytes.len() > bound {
        return Err(JsonError::TooLong { length: bytes.len(), bound });
    }
    let text = core::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let large = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let strict = Strict { depth: 0, large: &large };
    let value = strict.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    // Nearly no document has such a number, so nearly none is looked through a second time.
    if large.get() {
        check_integers(text)?;
    }
    value.map_err(malformed)
}

/// The deepest nesting of arrays and objects: more than any document of the network needs, far less
/// than a stack holds.
pub const MAX_DEPTH: u32 = 32;

/// The largest integer every reader keeps exactly, 2^53 − 1 (RFC 7493, section 2.2).
pub const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// The same for a float.
const ROUNDED: f64 = 9_007_199_254_740_991.0;

/// From here on ECMAScript writes a number with an exponent (ECMA-262, `Number::toString`, step 6).
const EXPONENT: f64 = 1e21;

fn malformed(error: serde_json::Error) -> JsonError {
    JsonError::Malformed { line: error.line(), column: error.column(), cause: error }
}

/// Refuses integers that a reader with double precision would round.
///
/// It runs on the text, where a number was found that may be one, because a parser has forgotten, by the time it hands out a number, whether
/// that number was written with a fraction or an exponent.
fn check_integers(text: &str) -> Result<(), JsonError> {
    let mut bytes = text.bytes().peekable();
    let mut in_string = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => drop(bytes.next()),
            b'"' => in_string = !in_string,
            b'0'..=b'9' if !in_string => {
                let mut magnitude = u64::from(byte.saturating_sub(b'0'));
                let mut integer = true;
                while let Some(next) = bytes
                    .next_if(|next| matches!(next, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
                {
                    integer = integer && next.is_ascii_digit();
                    let digit = u64::from(next.saturating_sub(b'0'));
                    magnitude = magnitude.saturating_mul(10).saturating_add(digit);
                }
                if integer && magnitude > MAX_INTEGER {
                    return Err(JsonError::IntegerTooLarge);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Builds a value while it counts how deep it stands and which members it has seen.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: u32,
    /// Whether there is a number beyond [`MAX_INTEGER`], however it is written.
    large: &'a Cell<bool>,
}

impl Strict<'_> {
    fn note(self, is_large: bool) {
        if is_large {
            self.large.set(true);
        }
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(Self { depth, large: self.large })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.note(value.unsigned_abs() > MAX_INTEGER);
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        self.note(value > MAX_INTEGER);
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // RFC 8785, section 3.2.2.3: below 10^21 it is written like an integer, and read again it would be
        // one that is too large. From there on an integer of so many digits comes as a float too.
        if value.abs() > ROUNDED && value.abs() < EXPONENT {
            return Err(E::custom("an integer is larger than every reader keeps exactly"));
        }
        self.note(value.abs() > ROUNDED);
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number overflows"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            // RFC 7493, section 2.3: "Objects MUST NOT have members with duplicate names."
            let Entry::Vacant(place) = object.entry(name) else {
                return Err(A::Error::custom("a member stands twice"));
            };
            place.insert(members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}

/// The bytes are not JSON that has one meaning. Fault of whoever sent them.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum JsonError {
    /// More bytes than this kind of document may have.
    #[error("{length} bytes are more than the {bound} this document may have")]
    TooLong { length: usize, bound: usize },
    /// RFC 8259, section 8.1: JSON is UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// An integer beyond ±(2^53 − 1), which some readers would round.
    #[error("an integer is larger than {MAX_INTEGER}, the largest that every reader keeps exactly")]
    IntegerTooLarge,
    /// Not JSON, or JSON with two meanings.
    #[error("line {line}, column {column}: {cause}")]
    Malformed { line: usize, column: usize, cause: serde_json::Error },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        parse(text.as_bytes(), 4096).is_err()
    }

    #[test]
    fn reads_what_serde_json_reads() {
        let text =
            r#"{"a":[1,-2,1.5,1e3,true,null,"\u00e9\ud83d\ude00"],"b":{"a":9007199254740991}}"#;
        let plain: Value = serde_json::from_str(text).unwrap();
        assert_eq!(parse(text.as_bytes(), 4096).unwrap(), plain);
    }

    #[test]
    fn refuses_what_has_two_meanings() {
        assert!(refused(r#"{"a":1,"a":1}"#));
        assert!(refused(r#"{"x":[{"a":1,"\u0061":2}]}"#), "an escaped name is the same name");
        assert!(refused("9007199254740992"));
        assert!(refused("-9007199254740992"));
        assert!(refused("[18446744073709551616]"));
        assert!(refused("1e400"));
        assert!(refused("1e20"), "canonically it has twenty-one digits");
        assert!(refused("-9007199254740993.0"));
        assert!(refused(r#""\ud800""#));
        assert!(refused("{} {}"));
        assert!(refused("{}\0"));
        assert!(refused("\u{feff}{}"));
    }

    #[test]
    fn digits_in_a_string_are_no_number() {
        assert!(!refused(r#""a \" 99999999999999999999 \\""#));
        assert!(!refused("1E30"), "a number with an exponent is no integer");
    }

    #[test]
    fn refuses_what_is_too_deep_or_too_long() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!refused(&nested(32)));
        assert!(refused(&nested(33)));
        assert!(matches!(parse(b"[1]", 2), Err(JsonError::TooLong { length: 3, bound: 2 })));
    }
}
