//! `GET /metrics` at the owner's door: what a Prometheus server reads of an attestor.
//!
//! Numbers alone: no name, no account and no identity is in any of them. It takes a token of the scope
//! `metrics`, as `countersign token new --scope metrics` makes it, or the owner's.

use crate::office::{Office, OfficeError, Verb};
use countersign_protocol::time::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde_json::Value;

/// Writes all figures as OpenMetrics text.
///
/// # Errors
///
/// Returns [`OfficeError`] if the books cannot be read.
pub(super) async fn text(office: &Office) -> Result<String, OfficeError> {
    let found = office.perform(Verb::Overview).await?;
    let mut registry = Registry::with_prefix("countersign_attestor");
    claims(&mut registry, &found);
    lists(&mut registry, &found);
    let refused = members(&found, "refusals").map(|(code, count)| ([("code", code)], count));
    family(
        &mut registry,
        "evidence_refused",
        "Sign-ins without evidence, since the start",
        refused,
    );
    for (name, help, count) in [
        ("renewals_due", "Standing claims that end within 30 days", number(&found, "due")),
        ("signed_today", "Claims signed in the last 24 hours", number(&found, "signedToday")),
        ("duplicates", "Accounts that came for a second identity", number(&found, "refusedTwice")),
        ("under_way", "Requests under way now", number(&found, "underWay")),
        ("audit_links", "Links of the audit chain", number(&found, "links")),
    ] {
        one(&mut registry, name, help, count);
    }
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        tracing::warn!("the metrics could not be written");
    }
    Ok(text)
}

fn claims(registry: &mut Registry, found: &Value) {
    let states = || members(found, "claims");
    let issued = states().map(|(_, count)| count).fold(0, i64::saturating_add);
    one(registry, "claims_issued", "Claims that were ever signed", issued);
    let by_state = states().map(|(state, count)| ([("state", state)], count));
    family(registry, "claims", "Claims by what became of them", by_state);
}

fn lists(registry: &mut Registry, found: &Value) {
    let lists = found.get("lists").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let open = lists.iter().filter(|list| list.get("open").and_then(Value::as_bool) == Some(true));
    let room = open.map(|list| number(list, "size").saturating_sub(number(list, "used")));
    let room = room.fold(0, i64::saturating_add);
    one(registry, "list_room", "Places left in the open status lists", room);
    let read = |value: Option<&Value>| Timestamp::parse(value?.as_str()?).ok();
    let now = read(found.get("at"));
    // The list that was silent for longest decides what vendors answer.
    let silent = lists.iter().filter_map(|list| Some(now?.since(read(list.get("said"))?)));
    let silent = silent.max().and_then(|seconds| i64::try_from(seconds).ok());
    let help = "Seconds since a status list was last said to stand; a vendor's policy has a limit";
    one(registry, "heartbeat_age_seconds", help, silent.unwrap_or_default());
}

fn one(registry: &mut Registry, name: &str, help: &str, count: i64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(count);
    registry.register(name, help, gauge);
}

fn family<'v>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = ([(&'static str, &'v str); 1], i64)>,
) {
    let gauges = Family::<Vec<(String, String)>, Gauge>::default();
    for ([(label, value)], count) in rows {
        gauges.get_or_create(&vec![(label.to_owned(), value.to_owned())]).set(count);
    }
    registry.register(name, help, gauges);
}

/// Gives the members of an object of counts.
fn members<'v>(found: &'v Value, name: &str) -> impl Iterator<Item = (&'v str, i64)> {
    let members = found.get(name).and_then(Value::as_object).into_iter().flatten();
    members.map(|(name, count)| (name.as_str(), count.as_i64().unwrap_or_default()))
}

fn number(found: &Value, name: &str) -> i64 {
    found.get(name).and_then(Value::as_i64).unwrap_or_default()
}
