//! The books: accounts seen twice, and the audit log with its check.

use super::claims::number_of;
use super::show::history;
use super::{Desk, MOST_NAMED, claim_links, parts, time, ways, words};
use crate::ledger::Shared;
use crate::office::{Audited, Refused};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use countersign_node::page::part::{Part, ROWS};
use countersign_node::page::parts::Tone;
use countersign_node::page::{Markup, Page, Visit, html};
use serde::Deserialize;

/// Where each of two lists begins.
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(default)]
pub(super) struct Both {
    pub(super) refused: usize,
    pub(super) shared: usize,
}

impl Both {
    fn address(self, desk: &Desk) -> String {
        let Self { refused, shared } = self;
        desk.at(&format!("/duplicates?refused={refused}&shared={shared}"))
    }
}

/// `GET …/duplicates`: accounts that were seen with more than one identity.
pub(super) async fn duplicates(
    State(desk): State<Desk>,
    visit: Visit,
    Query(both): Query<Both>,
) -> Response {
    let found = match desk.office.twice().await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let site = desk.site(&visit);
    Page::new(&site, words::TWICE)
        .at(desk.at("/duplicates"))
        .lead(words::TWICE_LEAD)
        .with(refused(&desk, &found.refused, both))
        .with(shared(&desk, &found.shared, both))
        .into_response()
}

fn refused(desk: &Desk, found: &[Refused], both: Both) -> Markup {
    if found.is_empty() {
        return parts::empty(words::NEVER_TWICE, "");
    }
    let row = |Refused { at, subject, holds }: &Refused| {
        vec![time(&at.to_string()), parts::code(subject), claim_links(desk, holds)]
    };
    let part = Part::of(found.len(), both.refused, ROWS);
    let rows: Vec<Vec<Markup>> = part.rows(found).iter().map(row).collect();
    let heads = [words::HEAD_WHEN, words::ASKED_FOR, words::HOLDS];
    html! {
        (parts::table(words::TWICE_REFUSED, &heads, &rows))
        (ways(&part, words::TWICE_REFUSED, |refused| Both { refused, ..both }.address(desk)))
    }
}

fn shared(desk: &Desk, found: &[Shared], both: Both) -> Markup {
    if found.is_empty() {
        return parts::empty(words::NEVER_SHARED, "");
    }
    let row = |Shared { subjects, claims }: &Shared| {
        let more = subjects.len().saturating_sub(MOST_NAMED);
        let subjects = html! {
            @for subject in subjects.iter().take(MOST_NAMED) { (parts::code(subject)) " " }
            @if more > 0 { (words::more(more)) }
        };
        vec![subjects, claim_links(desk, claims)]
    };
    let part = Part::of(found.len(), both.shared, SHARED);
    let rows: Vec<Vec<Markup>> = part.rows(found).iter().map(row).collect();
    html! {
        (parts::table(words::TWICE_SHARED, &[words::IDENTITIES, words::CLAIMS], &rows))
        (ways(&part, words::TWICE_SHARED, |shared| Both { shared, ..both }.address(desk)))
    }
}

/// Which part of the log is shown.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Earlier {
    before: Option<u64>,
}

/// `GET …/log`: what the attestor did, and whether the books hold.
pub(super) async fn log(
    State(desk): State<Desk>,
    visit: Visit,
    Query(earlier): Query<Earlier>,
) -> Response {
    let shown = match desk.office.log(earlier.before, PAGE).await {
        Ok(log) => log.links,
        Err(error) => return desk.failed(&visit, &error),
    };
    let oldest = shown.last().map(|link| link.number).unwrap_or_default();
    let site = desk.site(&visit);
    Page::new(&site, words::LOG)
        .at(desk.at("/log"))
        .lead(words::LOG_LEAD)
        .with(checked(&desk).await)
        .with(if shown.is_empty() { parts::empty(words::EMPTY_LOG, "") } else { history(&shown) })
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
    match desk.office.audit().await {
        Ok(Audited { holds: true, links, claims, revoked, .. }) => {
            let text = words::audited(links, number_of(claims), number_of(revoked));
            parts::light(Tone::Good, words::LOG_HOLDS, text)
        }
        Ok(_) => broken(""),
        Err(error) => broken(&words::not_done(&error)),
    }
}

/// Rows that name several identities: they stand below a table that is full.
const SHARED: usize = 10;
/// Links on a page.
const PAGE: u64 = 50;
