//! How things are said to people: dates as people write them, names of claims as words.

use crate::page::{Markup, html};
use serde_json::{Map, Value};

/// Writes a time as a day: `2026-11-22T10:54:40Z` becomes `22 November 2026`.
pub(super) fn day(time: &str) -> Markup {
    let words = in_days(time).unwrap_or_else(|| time.to_owned());
    html! { time datetime=(time) { (words) } }
}

/// Writes a time as a day and an hour.
pub(super) fn moment(time: &str) -> Markup {
    let words = in_days(time).zip(time.get(11..16)).map(|(day, hour)| format!("{day}, {hour} UTC"));
    html! { time datetime=(time) { (words.unwrap_or_else(|| time.to_owned())) } }
}

fn in_days(time: &str) -> Option<String> {
    let (year, month) = (time.get(0..4)?, time.get(5..7)?.parse::<usize>().ok()?);
    let day = time.get(8..10)?.trim_start_matches('0');
    Some(format!("{day} {} {year}", MONTHS.get(month.checked_sub(1)?)?))
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
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(several) => several.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Null | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Writes a number of bytes as people do.
pub(super) fn bytes(bytes: u64) -> String {
    let mut unit = 0_usize;
    let (mut whole, mut rest) = (bytes, 0);
    while whole >= 1024 && unit < UNITS.len().saturating_sub(1) {
        (rest, whole) = (whole % 1024, whole / 1024);
        unit = unit.saturating_add(1);
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    match (unit, rest * 10 / 1024) {
        (0, _) | (_, 0) => format!("{whole} {name}"),
        (_, tenth) => format!("{whole}.{tenth} {name}"),
    }
}

/// Gives a DID so that a line holds it.
pub(super) fn short(did: &str) -> String {
    if did.chars().count() <= 32 {
        return did.to_owned();
    }
    let front: String = did.chars().take(22).collect();
    let tail: String = did.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{front}…{tail}")
}

/// Escapes a part of an address.
pub(super) fn part(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(in_days("2026-11-02T10:54:40Z").unwrap(), "2 November 2026");
        assert_eq!(in_days("2026-13-02T10:54:40Z"), None);
        assert!(
            moment("2026-11-02T10:54:40Z").into_string().contains("2 November 2026, 10:54 UTC")
        );
        assert!(day("<b>").into_string().contains("&lt;b&gt;"));
    }

    #[test]
    fn types_read_as_words() {
        assert_eq!(kind("PaymentAccountVerified"), "Payment account verified");
        assert_eq!(kind("OIDCAccount"), "OIDCAccount");
        assert_eq!(kind_small("emailVerified"), "Email verified");
    }

    #[test]
    fn bytes_read_as_people_count() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(256 * 1024 * 1024), "256 MiB");
    }
}
