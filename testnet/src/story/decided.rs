//! Reads a vendor's decision: what was asked of each check, and how the story words the whole.

use countersign_node::verb::presenting::{Answer, Decided};
use serde_json::Value;

/// Gives the checks of a decision: each by its name, its result and its reason.
pub(super) fn checks(decided: &Decided) -> impl Iterator<Item = (&str, &str, &str)> {
    let rows = decided.rest.get("checks").and_then(Value::as_array).into_iter().flatten();
    rows.filter_map(|row| {
        let text = |member| row.get(member).and_then(Value::as_str);
        Some((text("name")?, text("result")?, text("reason")?))
    })
}

/// Gives result and reason of one check; nothing if there was none of the name.
pub(super) fn check<'d>(decided: &'d Decided, name: &str) -> (&'d str, &'d str) {
    checks(decided)
        .find(|(found, ..)| *found == name)
        .map_or(("", ""), |(_, result, reason)| (result, reason))
}

/// Tells whether the check of this name was accepted.
pub(super) fn accepts(decided: &Decided, name: &str) -> bool {
    check(decided, name).0 == "accepted"
}

/// Gives the first line of what a decision says.
pub(super) fn summary(decided: &Decided) -> String {
    decided.explained.lines().next().unwrap_or_default().to_owned()
}

/// Gives the hour and minute until which it is good.
pub(super) fn good_until(decided: &Decided) -> Option<&str> {
    decided.rest.get("goodUntil").and_then(Value::as_str)
}

/// Words a decision as the story does: whose claims, how many, and how long.
pub(super) fn verdict(decided: &Decided) -> String {
    if decided.answer != Answer::Accepted {
        return summary(decided);
    }
    let counted = check(decided, "claims").1;
    let (_, control) = check(decided, "control");
    if control.starts_with("control not proved") {
        return format!("ACCEPTED {counted}, {control}");
    }
    let until = good_until(decided).and_then(|time| time.get(11..16)).unwrap_or_default();
    format!("ACCEPTED {counted}, hers, good until {until} UTC")
}

/// Gives the values a decision proved, by the paths under which they were asked for.
pub(super) fn proved(decided: &Decided) -> Vec<(String, Value)> {
    let claims = decided.rest.get("claims").and_then(Value::as_array).into_iter().flatten();
    let values = claims.filter_map(|claim| claim.get("values").and_then(Value::as_object));
    values.flatten().map(|(path, value)| (path.clone(), value.clone())).collect()
}
