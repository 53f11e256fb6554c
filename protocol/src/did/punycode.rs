//! Spells a label of a domain name in letters that the DNS knows.
//!
//! A label that stands as it is after the mapping of IDNA, in small letters and composed, gets the very
//! form the DNS has; any other gets one of about that length. Nothing is mapped here: that needs tables,
//! and nobody is found by a domain in this network.
//!
//! - Standards: RFC 5890, section 2.3.2.1 (A-label); RFC 3492, sections 5, 6.1 and 6.3.

/// Gives `label` as it is if it is ASCII, or else its A-label; nothing if it is too long to have one.
pub(super) fn to_ascii(label: &str) -> Option<String> {
    if label.is_ascii() {
        return Some(label.to_owned());
    }
    let points: Vec<u32> = label.chars().map(u32::from).collect();
    if points.len() > MOST_LETTERS {
        return None;
    }
    let mut spelled: String = label.chars().filter(char::is_ascii).collect();
    let basic = u32::try_from(spelled.len()).ok()?;
    if basic > 0 {
        spelled.push('-');
    }
    encode(&points, basic, &mut spelled)?;
    Some(format!("xn--{spelled}"))
}

/// RFC 3492, section 6.3: one number for each letter that is not basic, in the order of the letters.
fn encode(points: &[u32], basic: u32, to: &mut String) -> Option<()> {
    let (mut next, mut delta, mut bias, mut handled) = (INITIAL_N, 0_u32, INITIAL_BIAS, basic);
    while let Some(smallest) = points.iter().copied().filter(|point| *point >= next).min() {
        let skipped = smallest.checked_sub(next)?.checked_mul(handled.checked_add(1)?)?;
        delta = delta.checked_add(skipped)?;
        next = smallest;
        for point in points {
            if *point < next {
                delta = delta.checked_add(1)?;
            }
            if *point == next {
                number(delta, bias, to)?;
                bias = adapt(delta, handled.checked_add(1)?, handled == basic)?;
                delta = 0;
                handled = handled.checked_add(1)?;
            }
        }
        delta = delta.checked_add(1)?;
        next = next.checked_add(1)?;
    }
    Some(())
}

/// RFC 3492, section 3.3: a number of digits that say themselves where it ends.
fn number(mut rest: u32, bias: u32, to: &mut String) -> Option<()> {
    let mut place = BASE;
    loop {
        let threshold = place.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if rest < threshold {
            to.push(digit(rest)?);
            return Some(());
        }
        let (above, range) = (rest.checked_sub(threshold)?, BASE.checked_sub(threshold)?);
        to.push(digit(threshold.checked_add(above.checked_rem(range)?)?)?);
        rest = above.checked_div(range)?;
        place = place.checked_add(BASE)?;
    }
}

/// RFC 3492, section 6.1.
fn adapt(delta: u32, points: u32, first: bool) -> Option<u32> {
    let mut delta = delta.checked_div(if first { DAMP } else { 2 })?;
    delta = delta.checked_add(delta.checked_div(points)?)?;
    let range = BASE.checked_sub(T_MIN)?;
    let mut places = 0_u32;
    while delta > range.checked_mul(T_MAX)?.checked_div(2)? {
        delta = delta.checked_div(range)?;
        places = places.checked_add(BASE)?;
    }
    let share = range.checked_add(1)?.checked_mul(delta)?.checked_div(delta.checked_add(SKEW)?)?;
    places.checked_add(share)
}

/// RFC 3492, section 5: `a` to `z`, then `0` to `9`.
fn digit(value: u32) -> Option<char> {
    char::from_digit(value.checked_add(10)?, 36)
        .or_else(|| char::from_digit(value.checked_sub(26)?, 10))
}

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// Each letter has a character of its own at least, so more of them cannot fit into a label.
const MOST_LETTERS: usize = 63;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_the_samples_of_the_standard() {
        // RFC 3492, section 7.1: (A), (B), (D), (F), (L), (Q), in small letters.
        for (label, spelled) in [
            ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"),
            ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
            ("pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"),
            ("यहलोगहिन्दीक्योंनहींबोलसकतेहैं", "i1baa7eci9glrd9b2ae1bj0hfcgg6iyaf8o0a1dig0cd"),
            ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
            ("パフィーdeルンバ", "de-jg4avhby1noc0d"),
            ("bücher", "bcher-kva"),
        ] {
            assert_eq!(to_ascii(label).as_deref(), Some(format!("xn--{spelled}").as_str()));
        }
        assert_eq!(to_ascii("example").as_deref(), Some("example"));
    }

    #[test]
    fn spells_the_example_of_did_webvh() {
        // did:webvh 1.0, "The DID to HTTPS Transformation", the last example.
        assert_eq!(to_ascii("jp納豆").as_deref(), Some("xn--jp-cd2fp15c"));
        assert_eq!(to_ascii("例").as_deref(), Some("xn--fsq"));
    }
}
