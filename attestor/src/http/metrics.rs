//! `GET /metrics` at the owner's door: what a Prometheus server reads of an attestor.
//!
//! Numbers alone: no name, no account and no identity is in any of them. It takes a token of the scope
//! `metrics`, as `countersign token new --scope metrics` makes it, or the owner's.

use crate::office::{Office, OfficeError, Overview};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Writes all figures as OpenMetrics text.
///
/// # Errors
///
/// Returns [`OfficeError`] if the books cannot be read.
pub(super) async fn text(office: &Office) -> Result<String, OfficeError> {
    let found = office.overview().await?;
    let mut registry = Registry::with_prefix("countersign_attestor");
    claims(&mut registry, &found);
    lists(&mut registry, &found);
    let refused = found.refusals.iter();
    let refused = refused.map(|(code, count)| ([("code", code.as_str())], *count));
    family(
        &mut registry,
        "evidence_refused",
        "Sign-ins without evidence, since the start",
        refused,
    );
    for (name, help, count) in [
        ("renewals_due", "Standing claims that end within 30 days", found.due),
        ("signed_today", "Claims signed in the last 24 hours", found.signed_today),
        ("duplicates", "Accounts that came for a second identity", found.refused_twice),
        ("under_way", "Requests under way now", found.under_way),
        ("audit_links", "Links of the audit chain", found.links),
    ] {
        one(&mut registry, name, help, count);
    }
    let mut text = String::new();
    if encode(&mut text, &registry).is_err() {
        tracing::warn!("the metrics could not be written");
    }
    Ok(text)
}

fn claims(registry: &mut Registry, found: &Overview) {
    let issued = found.claims.values().copied().fold(0, u64::saturating_add);
    one(registry, "claims_issued", "Claims that were ever signed", issued);
    let by_state = found.claims.iter().map(|(state, count)| ([("state", state.word())], *count));
    family(registry, "claims", "Claims by what became of them", by_state);
}

fn lists(registry: &mut Registry, found: &Overview) {
    let open = found.lists.iter().filter(|list| list.open);
    let room = open.map(|list| list.size.saturating_sub(list.used)).fold(0, u64::saturating_add);
    one(registry, "list_room", "Places left in the open status lists", room);
    // The list that was silent for longest decides what vendors answer.
    let silent = found.lists.iter().map(|list| found.at.since(list.said)).max();
    let help = "Seconds since a status list was last said to stand; a vendor's policy has a limit";
    one(registry, "heartbeat_age_seconds", help, silent.unwrap_or_default());
}

fn one(registry: &mut Registry, name: &str, help: &str, count: u64) {
    let gauge = Gauge::<i64>::default();
    gauge.set(shown(count));
    registry.register(name, help, gauge);
}

fn family<'v>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    rows: impl Iterator<Item = ([(&'static str, &'v str); 1], u64)>,
) {
    let gauges = Family::<Vec<(String, String)>, Gauge>::default();
    for ([(label, value)], count) in rows {
        gauges.get_or_create(&vec![(label.to_owned(), value.to_owned())]).set(shown(count));
    }
    registry.register(name, help, gauges);
}

/// Gives a count as a gauge has it.
fn shown(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
