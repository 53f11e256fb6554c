//! The strict JSON parser beside the one everybody has: what both read is the same, and one text.

use countersign_protocol::encoding::{jcs, json};
use proptest::prelude::*;
use serde_json::{Map, Value};

const BOUND: usize = 1 << 20;

/// Any value the network's documents can hold, and numbers they never write but may have to read.
fn value() -> impl Strategy<Value = Value> {
    let max = i64::try_from(json::MAX_INTEGER).unwrap();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-max..=max).prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no such number", |x| x.is_finite())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

/// Text that is nearly JSON: its own alphabet, shuffled.
fn nearly() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"b\"",
        "\\",
        "\\u00",
        "\\ud83d",
        "\\ude00",
        "0",
        "-",
        "1",
        "9007199254740991",
        "9007199254740992",
        ".",
        "e",
        "E+",
        "1e400",
        "-0",
        "true",
        "false",
        "null",
        " ",
        "\n",
        "\u{feff}",
        "é",
        "\0",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

proptest! {
    /// A canonical form is read back as the value it was written from, and written the same again.
    #[test]
    fn a_canonical_form_is_read_back_and_written_the_same(value in value()) {
        let first = jcs::to_vec(&value);
        // RFC 8785 writes whole numbers up to 1e21 without an exponent; those beyond 2^53 are refused.
        let Ok(read) = json::parse(&first, BOUND) else {
            prop_assert!(has_large_number(&value), "{}", String::from_utf8_lossy(&first));
            return Ok(());
        };
        prop_assert_eq!(jcs::to_vec(&read), first);
    }

    /// Where the strict parser reads at all, it reads what everybody reads.
    #[test]
    fn what_is_accepted_means_what_everybody_reads(text in nearly()) {
        if let Ok(strict) = json::parse(text.as_bytes(), BOUND) {
            let plain: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&strict, &plain);
            let canonical = jcs::to_vec(&strict);
            let again: Value = serde_json::from_slice(&canonical).unwrap();
            prop_assert_eq!(jcs::to_vec(&again), canonical);
        }
    }

    /// How a document is laid out changes nothing about its canonical form.
    #[test]
    fn white_space_means_nothing(value in value()) {
        let spread = serde_json::to_vec_pretty(&value).unwrap();
        let tight = serde_json::to_vec(&value).unwrap();
        match (json::parse(&spread, BOUND), json::parse(&tight, BOUND)) {
            (Ok(spread), Ok(tight)) => prop_assert_eq!(jcs::to_vec(&spread), jcs::to_vec(&tight)),
            (spread, tight) => prop_assert!(spread.is_err() && tight.is_err()),
        }
    }

    /// A member that stands twice is refused, wherever it stands and however it is written.
    #[test]
    fn a_member_never_stands_twice(outer in value(), name in "[a-z]{1,8}", depth in 0..8_usize) {
        let escaped: String = name.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let twice = format!("{{\"{name}\":1,\"{escaped}\":{outer}}}");
        let text = format!("{}{twice}{}", "[".repeat(depth), "]".repeat(depth));
        prop_assert!(json::parse(text.as_bytes(), BOUND).is_err());
    }
}

fn has_large_number(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.as_f64().is_some_and(|x| x.abs() >= 9_007_199_254_740_992.0)
        }
        Value::Array(items) => items.iter().any(has_large_number),
        Value::Object(members) => members.values().any(has_large_number),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
