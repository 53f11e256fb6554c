//! Standing behind other attestors: the form for it, and those that were accredited.

use super::claims::table;
use super::{Desk, parts, said, short, status, words};
use crate::evidence::manual;
use crate::office::query::Query;
use crate::office::{Accrediting, OfficeError};
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use countersign_node::page::parts::{Field, Line};
use countersign_node::page::{Fields, Markup, Page, Posted, Visit, html};
use countersign_protocol::policy::accreditation::MOST_REACH;

/// `GET …/accredit`: the form, and what was signed so far.
pub(super) async fn show(State(desk): State<Desk>, visit: Visit) -> Response {
    page(&desk, &visit, &Written::default(), None).await
}

/// What was written into the form.
#[derive(Debug, Default)]
struct Written {
    attestor: String,
    claims: String,
    may_accredit: String,
    days: String,
    note: String,
}

impl Written {
    fn read(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).trim().to_owned();
        Self {
            attestor: text("attestor"),
            claims: text("claims"),
            may_accredit: text("steps"),
            days: text("days"),
            note: text("note"),
        }
    }

    fn asked(&self) -> Result<Accrediting, OfficeError> {
        let apart = |sign: char| sign.is_whitespace() || sign == ',';
        let claims = self.claims.split(apart).filter(|claim| !claim.is_empty());
        let days: u64 = self.days.parse().map_err(|_| OfficeError::Malformed { member: "days" })?;
        let steps = self.may_accredit.parse();
        Ok(Accrediting {
            attestor: self.attestor.clone(),
            claims: claims.map(str::to_owned).collect(),
            may_accredit: steps.map_err(|_| OfficeError::Malformed { member: "steps" })?,
            valid_for: days.saturating_mul(86_400),
            note: self.note.clone(),
        })
    }
}

async fn page(
    desk: &Desk,
    visit: &Visit,
    written: &Written,
    wrong: Option<&OfficeError>,
) -> Response {
    let query = Query { source: Some(manual::SLUG.to_owned()), ..Query::default() };
    let found = match desk.office.found(query, 0, Some(MOST)).await {
        Ok(found) => found,
        Err(error) => return desk.failed(visit, &error),
    };
    let rows = found.claims;
    let site = desk.site(visit);
    let page = Page::new(&site, words::ACCREDIT)
        .at(desk.at("/accredit"))
        .lead(words::ACCREDIT_LEAD)
        .with(html! { @if let Some(wrong) = wrong { (said(wrong)) } })
        .with(html! { section.card { (form(desk, visit, written)) } })
        .with(if rows.is_empty() {
            parts::empty(words::NONE_ACCREDITED, "")
        } else {
            table(desk, words::ACCREDITED, &rows)
        });
    match wrong {
        Some(wrong) => page.status(status(wrong)).into_response(),
        None => page.into_response(),
    }
}

fn form(desk: &Desk, visit: &Visit, written: &Written) -> Markup {
    let line =
        |name, label, hint, value| Field::new(name, label, Line::Text).hint(hint).value(value);
    parts::form(
        &visit.0,
        &desk.at("/accredit"),
        html! {
            (line("attestor", words::ACCREDIT_WHOM, words::ACCREDIT_WHOM_HINT, &written.attestor))
            (line("claims", words::ACCREDIT_FOR, words::ACCREDIT_FOR_HINT, &written.claims))
            div.inline {
                (choice("days", words::VALID, &DAYS, &written.days, words::days_of))
                (choice("steps", words::STEPS_AFTER, &STEPS, &written.may_accredit, words::steps))
            }
            (line("note", words::LOOKED_AT, words::NOTE_HINT, &written.note).optional())
            (parts::submit(words::ACCREDIT))
        },
    )
}

/// One of a few numbers, each in words.
fn choice(
    name: &str,
    label: &str,
    numbers: &[u64],
    chosen: &str,
    in_words: fn(u64) -> String,
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @for number in numbers {
                    @let value = number.to_string();
                    option value=(value) selected[value == chosen] { (in_words(*number)) }
                }
            }
        }
    }
}

/// `POST …/accredit`: signs it.
pub(super) async fn accredit(State(desk): State<Desk>, posted: Posted) -> Response {
    let Posted { session, fields } = posted;
    let written = Written::read(&fields);
    let asked = async { desk.has(desk.office.accredit(written.asked()?)).await };
    match asked.await {
        Ok(answer) => {
            let claim = short(&answer.id);
            Redirect::to(&desk.at(&format!("/claims/{claim}?did=accredit"))).into_response()
        }
        Err(error) => page(&desk, &Visit(session), &written, Some(&error)).await,
    }
}

/// How many days an accreditation may count: a year is the usual.
const DAYS: [u64; 4] = [365, 90, 180, 730];
/// How many steps may follow it.
const STEPS: [u64; 3] = [0, 1, MOST_REACH];
/// Accreditations on the page, the newest.
const MOST: u64 = 100;
