//! How things are said to people: dates as people write them, names of claims as words.

use super::texts::{T, fill};
use crate::config::size::rounded;
use crate::page::{Markup, html};
use countersign_protocol::did::Did;
use serde_json::{Map, Value};

/// Writes a time as a day: `2026-11-22T10:54:40Z` becomes `22 November 2026`.
pub(super) fn day(time: &str) -> Markup {
    let words = in_days(time).unwrap_or_else(|| time.to_owned());
    html! { time datetime=(time) { (words) } }
}

/// Writes a time as a day and an hour.
pub(super) fn moment(time: &str) -> Markup {
    let words = in_days(time)
        .zip(time.get(11..16))
        .map(|(date, hour)| fill(T.moment, &[("date", &date), ("hour", hour)]));
    html! { time datetime=(time) { (words.unwrap_or_else(|| time.to_owned())) } }
}

fn in_days(time: &str) -> Option<String> {
    let (year, month) = (time.get(0..4)?, time.get(5..7)?.parse::<usize>().ok()?);
    let day = time.get(8..10)?.trim_start_matches('0');
    let month = T.months.split(' ').nth(month.checked_sub(1)?)?;
    Some(fill(T.date, &[("day", day), ("month", month), ("year", year)]))
}

/// Writes the type of a claim as words: `PaymentAccountVerified` becomes `Payment account verified`.
pub(super) fn kind(kind: &str) -> String {
    let mut words = String::new();
    let mut before_is_small = false;
    for letter in kind.chars() {
        if letter.is_uppercase() && before_is_small {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
        before_is_small = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words
}

/// Gives what a claim says, one fact a line, without the subject's own id.
pub(super) fn says(says: &Map<String, Value>) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    for (name, value) in says.iter().filter(|(name, _)| *name != "id") {
        facts.push((kind_small(name), plain(value)));
    }
    facts
}

fn kind_small(name: &str) -> String {
    let words = kind(name);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(true) => T.yes.to_owned(),
        Value::Bool(false) => T.no.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Writes a number of bytes as people do.
pub(super) fn bytes(bytes: u64) -> String {
    rounded(bytes, T.bytes)
}

/// Gives a name so that a line holds it: of an identity the fingerprint, which people compare.
pub(super) fn short(name: &str) -> String {
    if let Ok(did) = name.parse::<Did>() {
        return did.scid().fingerprint();
    }
    if name.chars().count() <= 32 {
        return name.to_owned();
    }
    let front: String = name.chars().take(22).collect();
    let tail: String = name.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{front}…{tail}")
}

/// Escapes a part of an address.
pub(super) fn part(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(in_days("2026-11-02T10:54:40Z").unwrap(), "2\u{a0}November\u{a0}2026");
        assert_eq!(in_days("2026-13-02T10:54:40Z"), None);
        let said = moment("2026-11-02T10:54:40Z").into_string();
        assert!(said.contains("2\u{a0}November\u{a0}2026, 10:54\u{a0}UTC"), "{said}");
        assert!(day("<b>").into_string().contains("&lt;b&gt;"));
    }

    #[test]
    fn types_read_as_words() {
        assert_eq!(kind("PaymentAccountVerified"), "Payment account verified");
        assert_eq!(kind("OIDCAccount"), "OIDCAccount");
        assert_eq!(kind_small("emailVerified"), "Email verified");
    }

    #[test]
    fn an_identity_is_called_by_what_people_compare() {
        let scid = "QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ";
        let did = format!("did:webvh:{scid}:countersign.alt:{scid}");
        assert_eq!(short(&did), "fGEUAcMp");
        assert_eq!(short("berlin"), "berlin");
        assert_eq!(short(&"z".repeat(60)).chars().count(), 29);
    }
}
