//! Taking many claims back: what is meant is counted, looked at, and confirmed by its count.

use super::claims::{Asked, day, done, number_of, search, table};
use super::show::{reasons, why};
use super::{Desk, parts, words};
use crate::ledger::Reason;
use crate::office::{Counted, OfficeError, TakenBack};
use axum::extract::{Query as InAddress, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use countersign_node::page::parts::Tone;
use countersign_node::page::{Fields, Markup, Page, Posted, Visit, html};
use serde::Deserialize;

/// What was just done, as the address repeats it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Told {
    did: Option<u64>,
}

/// `GET …/revoke`: says which claims a query means.
pub(super) async fn count(
    State(desk): State<Desk>,
    visit: Visit,
    InAddress(asked): InAddress<Asked>,
    InAddress(told): InAddress<Told>,
) -> Response {
    let notice = told.did.map(|count| done(&format!("{}: {count}", words::DID_REVOKE)));
    page(&desk, &visit, &asked, notice).await
}

async fn page(desk: &Desk, visit: &Visit, asked: &Asked, notice: Option<Markup>) -> Response {
    let query = match asked.query() {
        Ok(query) => query,
        Err(error) => return desk.failed(visit, &error),
    };
    let mut counted = None;
    if !query.is_everything() {
        counted = match desk.office.preview(query).await {
            Ok(found) => Some(found),
            Err(error) => return desk.failed(visit, &error),
        };
    }
    let path = desk.at("/revoke");
    let site = desk.site(visit);
    Page::new(&site, words::REVOKE)
        .at(path.clone())
        .lead(words::REVOKE_LEAD)
        .with(html! { @if let Some(notice) = notice { (notice) } })
        .with(search(&path, asked, false))
        .with(html! { @if let Some(found) = counted { (confirm(desk, visit, asked, &found)) } })
        .into_response()
}

/// Shows what is meant, and the form that confirms it.
fn confirm(desk: &Desk, visit: &Visit, asked: &Asked, found: &Counted) -> Markup {
    let Counted { count, first } = found;
    let fields = [
        ("text", &asked.text),
        ("rule", &asked.rule),
        ("since", &asked.since),
        ("before", &asked.before),
    ];
    if *count == 0 {
        return parts::empty(words::NO_CLAIMS, "");
    }
    html! {
        (parts::notice(Tone::Warning, words::meant(number_of(*count)), ""))
        (table(desk, words::FIRST_OF, first))
        section.card {
            (parts::form(&visit.0, &desk.at("/revoke"), html! {
                @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="count" value=(count);
                (reasons())
                (parts::tick("sure", "yes", false, html! { (words::SURE) " (" (count) ")" }))
                (parts::danger(words::REVOKE_ALL))
            }))
        }
    }
}

/// `POST …/revoke`: takes them back, if they are as many as was confirmed.
pub(super) async fn revoke(State(desk): State<Desk>, posted: Posted) -> Response {
    let Posted { session, fields } = posted;
    let visit = Visit(session);
    let asked = meant(&fields);
    if fields.text("sure") != "yes" {
        let notice = parts::notice(Tone::Bad, words::NOT_SURE, "");
        return page(&desk, &visit, &asked, Some(notice)).await;
    }
    match revoke_meant(&desk, &asked, &fields).await {
        Ok(answer) => {
            let count = answer.revoked.len();
            Redirect::to(&desk.at(&format!("/revoke?did={count}"))).into_response()
        }
        Err(OfficeError::OtherCount { .. }) => {
            let notice = parts::notice(Tone::Bad, words::COUNT_CHANGED, "");
            page(&desk, &visit, &asked, Some(notice)).await
        }
        Err(error) => desk.failed(&visit, &error),
    }
}

async fn revoke_meant(
    desk: &Desk,
    asked: &Asked,
    fields: &Fields,
) -> Result<TakenBack, OfficeError> {
    let (query, said) = (asked.query()?, day(fields.text("effective"))?);
    let (note, effective) = (fields.text("note").to_owned(), desk.office.effective(said)?);
    let reason = Reason { why: why(fields), note, effective };
    let confirmed = fields.text("count").parse().unwrap_or_default();
    desk.has(desk.office.revoke_many(query, reason, confirmed)).await
}

fn meant(fields: &Fields) -> Asked {
    let text = |name: &str| fields.text(name).to_owned();
    Asked {
        text: text("text"),
        rule: text("rule"),
        since: text("since"),
        before: text("before"),
        ..Asked::default()
    }
}
