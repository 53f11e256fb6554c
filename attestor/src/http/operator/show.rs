//! One claim: what it says, what it rests on, what happened to it, and what can be done.

use super::claims::{day, done};
use super::{Desk, claim_link, claim_links, list, number, parts, short, state, text, time, words};
use crate::evidence::manual;
use crate::http::page::values;
use crate::office::{OfficeError, Verb};
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
    let found = match desk.ask(Verb::Show { id }).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let claim = found.get("claim").cloned().unwrap_or_default();
    let site = desk.site(&visit);
    let title =
        format!("{} {}", words::HEAD_CLAIM, short(text(&claim, "id")).get(..8).unwrap_or(""));
    Page::new(&site, title)
        .at(desk.at("/claims"))
        .with(html! { @if let Some(told) = told.says() { (told) } })
        .with(html! { section.card { (facts(&desk, &claim, &found)) } })
        .with(html! { @if text(&claim, "source") == manual::SLUG { (hand_over(&desk, &claim)) } })
        .with(evidence(&found))
        .with(history(list(&found, "history")))
        .with(html! { @if is_live(&claim) { (actions(&desk, &visit, &claim)) } })
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
fn hand_over(desk: &Desk, claim: &Value) -> Markup {
    let file = desk.at(&format!("/claims/{}/claim.json", short(text(claim, "id"))));
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
    match desk.ask(Verb::Show { id }).await {
        Ok(found) => {
            ([(CONTENT_TYPE, "application/json"), attached], pretty(&found)).into_response()
        }
        Err(error) => desk.failed(&visit, &error),
    }
}

fn is_live(claim: &Value) -> bool {
    matches!(text(claim, "state"), "standing" | "renewed")
}

fn pretty(found: &Value) -> String {
    found.get("credential").map(|claim| format!("{claim:#}")).unwrap_or_default()
}

fn facts(desk: &Desk, claim: &Value, found: &Value) -> Markup {
    let revoked = claim.get("standing").and_then(|standing| standing.get("revoked"));
    let renewed = text(claim, "renewedBy");
    let together = list(found, "together");
    html! {
        p { (state(text(claim, "state"))) }
        @if let Some(revoked) = revoked { (taken_back(revoked)) }
        (parts::facts(&[
            (words::CLAIM, html! { (text(claim, "claim")) }),
            (words::SAYS, says(found)),
            (words::HEAD_SUBJECT, parts::code(text(claim, "subject"))),
            (words::HEAD_RULE, html! { (text(claim, "rule")) }),
            (words::HEAD_SIGNED, time(text(claim, "issued"))),
            (words::HEAD_UNTIL, time(text(claim, "validUntil"))),
            (words::BIT, html! {
                (words::LIST) " " (number(claim, "list")) ", " (number(claim, "index"))
            }),
            (words::KEY, parts::code(text(claim, "key"))),
        ]))
        @if !renewed.is_empty() { p { (words::DID_RENEW) ": " (claim_link(desk, renewed)) } }
        @if !together.is_empty() {
            p { (words::TOGETHER) " " (claim_links(desk, together)) }
        }
    }
}

/// Gives what the claim says about its subject, besides who that is.
fn says(found: &Value) -> Markup {
    let subject = found.get("credential").and_then(|claim| claim.get("credentialSubject"));
    let mut said = subject.and_then(Value::as_object).cloned().unwrap_or_default();
    said.remove("id");
    values(&said)
}

fn taken_back(revoked: &Value) -> Markup {
    let why = Why::parse(text(revoked, "why")).unwrap_or_default();
    html! {
        p { strong { (parts::sentence(words::why(why))) } " " (text(revoked, "note")) }
        p { (words::EFFECTIVE) " " (time(text(revoked, "effective"))) }
    }
}

fn evidence(found: &Value) -> Markup {
    let all = found.get("credential").and_then(|claim| claim.get("evidence"));
    let pieces = match all {
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

/// Lists what was done, one a line.
pub(super) fn history(links: &[Value]) -> Markup {
    let row = |link: &Value| {
        let deed = link.get("deed").and_then(Value::as_object);
        let (word, details) = deed.and_then(|deed| deed.iter().next()).map_or_else(
            || (String::new(), Value::Null),
            |(word, details)| (word.clone(), details.clone()),
        );
        vec![
            html! { (number(link, "number")) },
            time(text(link, "at")),
            html! {
                strong { (words::deed(&word)) } " " small { (cut(&told(&details), SAID)) }
                @if let Some(by) = words::by(text(link, "by")) { p.small { (by) } }
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

fn actions(desk: &Desk, visit: &Visit, claim: &Value) -> Markup {
    let path = desk.at(&format!("/claims/{}", short(text(claim, "id"))));
    let again = claim.get("canBeAskedAgain").and_then(Value::as_bool).unwrap_or_default();
    html! {
        @if again {
            section.card {
                p { (words::RENEW_TEXT) }
                (parts::press(&visit.0, &format!("{path}/renew"), &[], parts::quiet(words::RENEW)))
            }
        } @else if text(claim, "source") == manual::SLUG {
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
    match desk.ask(Verb::Renew { id: id.clone() }).await {
        Ok(answer) => match answer.get("renewed").and_then(Value::as_str) {
            Some(new) => back(&desk, short(new), "renew"),
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

async fn revoke_one(desk: &Desk, id: &str, fields: &Fields) -> Result<Value, OfficeError> {
    let (id, reason, note) = (id.to_owned(), why(fields), fields.text("note").to_owned());
    let effective = day(fields.text("effective"))?;
    desk.ask(Verb::Revoke { id, reason, note, effective }).await
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
