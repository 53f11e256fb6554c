//! The books: accounts seen twice, and the audit log with its check.

use super::show::history;
use super::{Desk, claim_link, list, number, parts, text, time, words};
use crate::office::Verb;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use countersign_node::page::parts::Tone;
use countersign_node::page::{Markup, Page, Visit, html};
use serde::Deserialize;
use serde_json::Value;

/// `GET …/duplicates`: accounts that were seen with more than one identity.
pub(super) async fn duplicates(State(desk): State<Desk>, visit: Visit) -> Response {
    let found = match desk.ask(Verb::Duplicates).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let site = desk.site(&visit);
    Page::new(&site, words::TWICE)
        .at(desk.at("/duplicates"))
        .lead(words::TWICE_LEAD)
        .with(refused(&desk, list(&found, "refused")))
        .with(shared(&desk, list(&found, "shared")))
        .into_response()
}

fn refused(desk: &Desk, found: &[Value]) -> Markup {
    if found.is_empty() {
        return parts::empty(words::NEVER_TWICE, "");
    }
    let row = |one: &Value| {
        vec![
            time(text(one, "at")),
            parts::code(text(one, "subject")),
            links(desk, list(one, "holds")),
        ]
    };
    let rows: Vec<Vec<Markup>> = found.iter().take(MOST).map(row).collect();
    parts::table(words::TWICE_REFUSED, &[words::HEAD_WHEN, words::ASKED_FOR, words::HOLDS], &rows)
}

fn shared(desk: &Desk, found: &[Value]) -> Markup {
    if found.is_empty() {
        return parts::empty(words::NEVER_SHARED, "");
    }
    let row = |one: &Value| {
        let subjects = list(one, "subjects").iter().filter_map(Value::as_str);
        let subjects = html! { @for subject in subjects { (parts::code(subject)) " " } };
        vec![subjects, links(desk, list(one, "claims"))]
    };
    let rows: Vec<Vec<Markup>> = found.iter().take(MOST).map(row).collect();
    parts::table(words::TWICE_SHARED, &[words::IDENTITIES, words::CLAIMS], &rows)
}

fn links(desk: &Desk, ids: &[Value]) -> Markup {
    html! { @for id in ids.iter().filter_map(Value::as_str) { (claim_link(desk, id)) " " } }
}

/// Which part of the log is shown.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Part {
    before: Option<u64>,
}

/// `GET …/log`: what the attestor did, and whether the books hold.
pub(super) async fn log(
    State(desk): State<Desk>,
    visit: Visit,
    Query(part): Query<Part>,
) -> Response {
    let links = match desk.ask(Verb::Log { before: part.before, limit: PAGE }).await {
        Ok(links) => links,
        Err(error) => return desk.failed(&visit, &error),
    };
    let shown = list(&links, "links");
    let oldest = shown.last().map(|link| number(link, "number")).unwrap_or_default();
    let site = desk.site(&visit);
    Page::new(&site, words::LOG)
        .at(desk.at("/log"))
        .lead(words::LOG_LEAD)
        .with(checked(&desk).await)
        .with(if shown.is_empty() { parts::empty(words::EMPTY_LOG, "") } else { history(shown) })
        .with(html! {
            @if oldest > 0 {
                @let older = desk.at(&format!("/log?before={oldest}"));
                (parts::actions(&[parts::quiet_link(&older, words::OLDER)]))
            }
        })
        .into_response()
}

/// Follows the whole chain, and says what it found.
async fn checked(desk: &Desk) -> Markup {
    let broken = |why: &str| {
        let text = html! { (words::LOG_BROKEN_TEXT) " " (why) };
        parts::light(Tone::Bad, words::LOG_BROKEN, text)
    };
    match desk.ask(Verb::Audit).await {
        Ok(found) if found.get("holds") == Some(&Value::Bool(true)) => {
            let (links, claims) = (number(&found, "links"), number(&found, "claims"));
            let text = words::audited(links, claims, number(&found, "revoked"));
            parts::light(Tone::Good, words::LOG_HOLDS, text)
        }
        Ok(_) => broken(""),
        Err(error) => broken(&parts::sentence(&error.to_string())),
    }
}

/// Rows of a table: the newest.
const MOST: usize = 200;
/// Links on a page.
const PAGE: u64 = 50;
