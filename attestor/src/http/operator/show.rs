//! One claim: what it says, what it rests on, what happened to it, and what can be done.

use super::claims::{day, done};
use super::{Desk, claim_link, claim_links, parts, short, state, time, words};
use crate::evidence::manual;
use crate::http::page::values;
use crate::ledger::Standing;
use crate::ledger::audit::Link;
use crate::office::query::State as Kind;
use crate::office::{OfficeError, Shown, Summary, TakenBack};
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Redirect, Response};
use countersign_node::page::part::{ROWS, cut};
use countersign_node::page::parts::{Field, Line, Tone};
use countersign_node::page::{Fields, Markup, Page, Posted, Visit, html};
use countersign_protocol::status::why::Why;
use serde::Deserialize;
use serde_json::Value;

/// What was just done, as the address repeats it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Told {
    did: String,
}

/// `GET …/claims/{id}`: one claim.
pub(super) async fn show(
    State(desk): State<Desk>,
    visit: Visit,
    Path(id): Path<String>,
    Query(told): Query<Told>,
) -> Response {
    let found = match desk.office.show(id).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let claim = &found.claim;
    let site = desk.site(&visit);
    let title = format!("{} {}", words::HEAD_CLAIM, short(&claim.id).get(..8).unwrap_or(""));
    Page::new(&site, title)
        .at(desk.at("/claims"))
        .with(html! { @if let Some(told) = told.says() { (told) } })
        .with(html! { section.card { (facts(&desk, &found)) } })
        .with(html! { @if claim.source == manual::SLUG { (hand_over(&desk, claim)) } })
        .with(evidence(&found.credential))
        .with(history(&found.history))
        .with(html! { @if is_live(claim) { (actions(&desk, &visit, claim)) } })
        .with(parts::more(words::SIGNED_FORM, html! { pre { (pretty(&found)) } }))
        .into_response()
}

impl Told {
    fn says(&self) -> Option<Markup> {
        match self.did.as_str() {
            "revoke" => Some(done(words::DID_REVOKE)),
            "renew" => Some(done(words::DID_RENEW)),
            "accredit" => Some(done(words::DID_ACCREDIT)),
            "no" => Some(parts::notice(Tone::Warning, words::DID_NOT_RENEW, "")),
            _ => None,
        }
    }
}

/// Says how a claim that nobody collects gets to whom it is about.
fn hand_over(desk: &Desk, claim: &Summary) -> Markup {
    let file = desk.at(&format!("/claims/{}/claim.json", short(&claim.id)));
    html! {
        section.card {
            p { (words::HAND_OVER) }
            pre { "countersign claim add claim.json --publish" }
            (parts::actions(&[parts::quiet_link(&file, words::SAVE)]))
        }
    }
}

/// `GET …/claims/{id}/claim.json`: the claim alone, as it is signed now, to save it.
pub(super) async fn file(
    State(desk): State<Desk>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let attached = (CONTENT_DISPOSITION, "attachment; filename=\"claim.json\"");
    match desk.office.show(id).await {
        Ok(found) => {
            ([(CONTENT_TYPE, "application/json"), attached], pretty(&found)).into_response()
        }
        Err(error) => desk.failed(&visit, &error),
    }
}

fn is_live(claim: &Summary) -> bool {
    matches!(claim.state, Kind::Standing | Kind::Renewed)
}

fn pretty(found: &Shown) -> String {
    format!("{:#}", found.credential)
}

fn facts(desk: &Desk, found: &Shown) -> Markup {
    let Shown { claim, credential, together, .. } = found;
    html! {
        p { (state(claim.state)) }
        (taken_back(&claim.standing))
        (parts::facts(&[
            (words::CLAIM, html! { (claim.claim) }),
            (words::SAYS, says(credential)),
            (words::HEAD_SUBJECT, parts::code(claim.subject.as_str())),
            (words::HEAD_RULE, html! { (claim.rule) }),
            (words::HEAD_SIGNED, time(&claim.issued.to_string())),
            (words::HEAD_UNTIL, time(&claim.valid_until.to_string())),
            (words::BIT, html! { (words::LIST) " " (claim.list) ", " (claim.index) }),
            (words::KEY, parts::code(&claim.key)),
        ]))
        @if let Some(renewed) = &claim.renewed_by {
            p { (words::DID_RENEW) ": " (claim_link(desk, renewed)) }
        }
        @if !together.is_empty() {
            p { (words::TOGETHER) " " (claim_links(desk, together)) }
        }
    }
}

/// Gives what the claim says about its subject, besides who that is.
fn says(credential: &Value) -> Markup {
    let subject = credential.get("credentialSubject");
    let mut said = subject.and_then(Value::as_object).cloned().unwrap_or_default();
    said.remove("id");
    values(&said)
}

fn taken_back(standing: &Standing) -> Markup {
    match standing {
        Standing::Live => html! {},
        Standing::Revoked { why, note, effective, .. } => html! {
            p { strong { (parts::sentence(words::why(*why))) } " " (note) }
            p { (words::EFFECTIVE) " " (time(&effective.to_string())) }
        },
    }
}

fn evidence(credential: &Value) -> Markup {
    let pieces = match credential.get("evidence") {
        Some(Value::Array(pieces)) => pieces.clone(),
        Some(piece) => vec![piece.clone()],
        None => Vec::new(),
    };
    let checks = pieces.iter().flat_map(|piece| list(piece, "check_details"));
    let rows: Vec<Vec<Markup>> = checks
        .map(|check| {
            vec![
                html! { (text(check, "organization")) },
                html! { (words::method(text(check, "check_method"))) },
                time(text(check, "time")),
            ]
        })
        .collect();
    let heads = [words::ORGANIZATION, words::METHOD, words::ASKED_AT];
    parts::table(words::EVIDENCE_TITLE, &heads, &rows)
}

/// Gives a member as text.
fn text<'v>(value: &'v Value, member: &str) -> &'v str {
    value.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// Gives a member as a list.
fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    value.get(member).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Lists what was done, one a line.
pub(super) fn history(links: &[Link]) -> Markup {
    let row = |link: &Link| {
        // A deed is written as its word, with what there is to say of it inside.
        let deed = serde_json::to_value(&link.deed).unwrap_or_default();
        let said = deed.as_object().and_then(|deed| deed.iter().next());
        let (word, details) = said.map_or(("", &Value::Null), |(word, said)| (word, said));
        vec![
            html! { (link.number) },
            time(&link.at.to_string()),
            html! {
                strong { (words::deed(word)) } " " small { (cut(&told(details), SAID)) }
                @if let Some(by) = link.by { p.small { (words::by(by)) } }
            },
        ]
    };
    let rows: Vec<Vec<Markup>> = links.iter().take(ROWS).map(row).collect();
    parts::table(words::HISTORY, &[words::HEAD_NUMBER, words::HEAD_WHEN, words::HEAD_WHAT], &rows)
}

/// Says the members of a deed in one line.
fn told(details: &Value) -> String {
    let said = |value: &Value| match value {
        Value::String(text) => short(text).to_owned(),
        Value::Array(all) => all
            .iter()
            .map(|one| short(one.as_str().unwrap_or_default()).to_owned())
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    };
    let members = details.as_object().into_iter().flatten();
    let says_nothing = |value: &Value| value.as_str() == Some("") || *value == Value::Bool(false);
    let shown = members.filter(|(_, value)| !says_nothing(value));
    shown
        .map(|(name, value)| format!("{} {}", words::member(name), said(value)))
        .collect::<Vec<_>>()
        .join(" · ")
}

fn actions(desk: &Desk, visit: &Visit, claim: &Summary) -> Markup {
    let path = desk.at(&format!("/claims/{}", short(&claim.id)));
    html! {
        @if claim.can_be_asked_again {
            section.card {
                p { (words::RENEW_TEXT) }
                (parts::press(&visit.0, &format!("{path}/renew"), &[], parts::quiet(words::RENEW)))
            }
        } @else if claim.source == manual::SLUG {
            p { (words::LOOK_AGAIN) }
            (parts::actions(&[parts::quiet_link(&desk.at("/accredit"), words::ACCREDIT)]))
        } @else { p.hint { (words::CANNOT_RENEW) } }
        (parts::more(words::REVOKE_ONE, html! {
            p { (words::REVOKE_TEXT) }
            (parts::form(&visit.0, &format!("{path}/revoke"), html! {
                (reasons())
                (parts::danger(words::REVOKE_ONE))
            }))
        }))
    }
}

/// The lines that say why claims are taken back.
pub(super) fn reasons() -> Markup {
    html! {
        div.field {
            label for="why" { (words::WHY) }
            p.hint id="why-hint" { (words::WHY_HINT) }
            select id="why" name="why" aria-describedby="why-hint" {
                @for why in Why::ALL { option value=(why.word()) { (words::why(why)) } }
            }
        }
        (Field::new("note", words::NOTE, Line::Text).hint(words::NOTE_HINT).optional())
        (Field::new("effective", words::EFFECTIVE, Line::Date).hint(words::EFFECTIVE_HINT).optional())
    }
}

/// `POST …/claims/{id}/renew`: asks the provider again.
pub(super) async fn renew(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    match desk.has(desk.office.again(id.clone())).await {
        Ok(answer) => match answer.renewed {
            Some(new) => back(&desk, short(&new), "renew"),
            None => back(&desk, &id, "no"),
        },
        Err(error) => desk.failed(&Visit(posted.session), &error),
    }
}

/// `POST …/claims/{id}/revoke`: takes it back.
pub(super) async fn revoke(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    posted: Posted,
) -> Response {
    let Posted { session, fields } = posted;
    match revoke_one(&desk, &id, &fields).await {
        Ok(_) => back(&desk, &id, "revoke"),
        Err(error) => desk.failed(&Visit(session), &error),
    }
}

async fn revoke_one(desk: &Desk, id: &str, fields: &Fields) -> Result<TakenBack, OfficeError> {
    let (id, why, note) = (id.to_owned(), why(fields), fields.text("note").to_owned());
    let effective = day(fields.text("effective"))?;
    desk.has(desk.office.take_back(id, why, note, effective)).await
}

/// Reads why claims are taken back.
pub(super) fn why(fields: &Fields) -> Why {
    Why::parse(fields.text("why")).unwrap_or_default()
}

fn back(desk: &Desk, id: &str, did: &str) -> Response {
    Redirect::to(&desk.at(&format!("/claims/{id}?did={did}"))).into_response()
}

/// Characters of one value, or of all that was noted of a deed: one that took a thousand claims back names each.
const SAID: usize = 300;
