//! What a vendor looks at: its policies with a dry run, whom it watches, and who attests what.

use super::Home;
use super::frame::{Asked, trail, ways};
use super::names::Names;
use super::texts::{self, T};
use super::words;
use crate::page::part::{Begin, Part, ROWS, cut};
use crate::page::parts::{self, Field, Line, Tone, card, empty, notice, state, submit, table};
use crate::page::{Markup, Posted, html};
use crate::problem::{Kind, Problem};
use crate::vendor::{Kept, files};
use crate::verb::desk::{Desk, Followed, OnDesk};
use crate::verb::network::{Attestor, Attestors};
use crate::verb::presenting::{Answer, Check, Decided, PolicyRef};
use axum::Router;
use axum::extract::Query;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use countersign_protocol::encoding::json;
use countersign_protocol::wire::bounds;
use std::collections::BTreeSet;

pub(super) fn routes() -> Router<Home> {
    Router::new()
        .route("/shop", get(page))
        .route("/shop/attestors", get(every_attestor))
        .route("/shop/followed", get(everybody_followed))
        .route("/shop/try", post(dry_run))
}

/// `GET shop`.
async fn page(asked: Asked) -> Response {
    shown(&asked, &Tried::default(), html! {}).await
}

/// What was asked in a dry run; the form keeps it.
#[derive(Debug, Default)]
struct Tried {
    policy: String,
    who: String,
}

async fn shown(asked: &Asked, tried: &Tried, said: Markup) -> Response {
    let (policies, broken) = match policies(asked) {
        Ok(found) => found,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let attestors = match asked.ask(Attestors { claim: None, name: None }).await {
        Ok(listed) => listed.attestors,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let desk = match asked.ask(Desk {}).await {
        Ok(desk) => desk,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let names = Names::known(asked).await;
    let frame = asked.frame().await;
    let page = frame.page(T.shop_title).lead(T.shop_lead).at(asked.at("shop")).with(said);
    let page = if policies.is_empty() {
        page.with(empty(T.shop_none, html! { p { code { "countersign policy new NAME" } } }))
    } else {
        page.with(card(T.shop_try, try_form(asked, &policies, tried)))
    };
    page.with(html! {
        @for problem in &broken { (texts::problem(problem)) }
        @for file in &policies {
            section.card { h2 { (cut(&file.policies.join(", "), SAID)) } (text_of(file, policies.len())) }
        }
    })
    .with(decisions(&desk))
    .with(followed(&desk.followed, 0, &names, &asked.at("shop/followed")))
    .with(notice(Tone::Plain, T.get_listing, T.get_listing_text))
    .with(who_attests(&attestors, 0, &asked.at("shop/attestors")))
    .into_response()
}

/// Shows the text of a file with policies, if as many as these fit on a page.
fn text_of(file: &Policies, files: usize) -> Markup {
    html! {
        @if file.text.len().saturating_mul(files) <= MOST_TEXT { pre { (file.text) } }
        @else { @for policy in file.policies.iter().take(ROWS) { p { code { "countersign policy show " (policy) } } } }
    }
}

/// `GET shop/attestors`: who attests what, part by part.
async fn every_attestor(asked: Asked, Query(begin): Query<Begin>) -> Response {
    let attestors = match asked.ask(Attestors { claim: None, name: None }).await {
        Ok(listed) => listed.attestors,
        Err(problem) => return asked.failed(&problem, "shop").await,
    };
    let rows = who_attests(&attestors, begin.from, &asked.at("shop/attestors"));
    a_list(&asked, T.shop_attestors, rows).await
}

/// `GET shop/followed`: who is followed, part by part.
async fn everybody_followed(asked: Asked, Query(begin): Query<Begin>) -> Response {
    let desk = match asked.ask(Desk {}).await {
        Ok(desk) => desk,
        Err(problem) => return asked.failed(&problem, "shop").await,
    };
    let names = Names::known(&asked).await;
    let rows = followed(&desk.followed, begin.from, &names, &asked.at("shop/followed"));
    a_list(&asked, T.follow_title, rows).await
}

async fn a_list(asked: &Asked, title: &str, rows: Markup) -> Response {
    let frame = asked.frame().await;
    let page = frame.page(title).at(asked.at("shop"));
    page.with(trail(&asked.at("shop"), T.nav_shop)).with(rows).into_response()
}

pub(super) fn who_attests(attestors: &[Attestor], from: usize, page: &str) -> Markup {
    let part = Part::of(attestors.len(), from, ROWS);
    let row = |attestor: &Attestor| {
        let kinds: Vec<String> = attestor.claims.iter().map(|kind| words::kind(kind)).collect();
        vec![
            html! { (cut(&kinds.join(", "), SAID)) },
            html! { strong { (cut(&attestor.name, SAID)) } },
            html! { code { (attestor.fingerprint) } },
            parts::code(&attestor.did),
        ]
    };
    let rows: Vec<Vec<Markup>> = part.rows(attestors).iter().map(row).collect();
    let heads = [T.shop_claim, T.shop_attestor, T.fingerprint, T.identity];
    html! {
        (table(T.shop_attestors, &heads, &rows))
        (ways(&part, T.shop_attestors, |from| format!("{page}?from={from}")))
    }
}

/// What was decided, without a word on about whom.
fn decisions(desk: &OnDesk) -> Markup {
    if desk.decisions.is_empty() {
        return card(T.desk_title, html! { p { (T.desk_none) } });
    }
    let rows: Vec<Vec<Markup>> = desk
        .decisions
        .iter()
        .take(ROWS)
        .map(|made| {
            let answer = match made.answer {
                Answer::Accepted => state(Tone::Good, T.shop_accepted),
                Answer::Refused => state(Tone::Bad, T.shop_refused),
                Answer::Unknown => state(Tone::Warning, T.shop_unknown),
            };
            let failed = cut(&made.failed.join(", "), FAILED);
            vec![
                words::moment(&made.when),
                html! { (made.policy) },
                answer,
                html! { @if failed.is_empty() { "–" } @else { (failed) } },
            ]
        })
        .collect();
    table(T.desk_title, &[T.line_when, T.shop_policy, T.desk_answer, T.desk_failed], &rows)
}

fn followed(all: &[Followed], from: usize, names: &Names, page: &str) -> Markup {
    let part = Part::of(all.len(), from, ROWS);
    card(
        T.follow_title,
        html! {
            p { (T.follow_text) }
            @if all.is_empty() { p { (T.follow_none) } }
            ul {
                @for one in part.rows(all) {
                    li { (names.of(&one.name)) }
                }
            }
            (ways(&part, T.follow_title, |from| format!("{page}?from={from}")))
        },
    )
}

fn try_form(asked: &Asked, files: &[Policies], tried: &Tried) -> Markup {
    let names = files.iter().flat_map(|file| &file.policies).collect::<BTreeSet<_>>();
    asked.form("shop/try", html! {
        p { (T.shop_try_text) }
        div.field {
            label for="policy" { (T.shop_policy) }
            select #policy name="policy" {
                @for name in names { option value=(name) selected[*name == tried.policy] { (name) } }
            }
        }
        (Field::new("who", T.shop_who, Line::Long).hint(T.shop_who_hint).value(&tried.who))
        (submit(T.shop_try_go))
    })
}

/// A file with policies in it.
struct Policies {
    policies: Vec<String>,
    text: String,
}

/// Gives every file with policies of the folder, and why another cannot be read.
fn policies(asked: &Asked) -> Result<(Vec<Policies>, Vec<Problem>), Problem> {
    let (mut found, mut broken) = (Vec::new(), Vec::new());
    for Kept { text, file, .. } in files(asked.node.data())? {
        match file {
            Ok(file) if file.names().next().is_none() => {}
            Ok(file) => {
                let policies = file.names().map(str::to_owned).collect();
                found.push(Policies { policies, text });
            }
            Err(problem) => broken.push(problem),
        }
    }
    Ok((found, broken))
}

/// `POST shop/try`: what a policy says of somebody; nothing is remembered of it.
async fn dry_run(asked: Asked, posted: Posted) -> Response {
    let text = |name: &str| posted.fields.text(name).trim().to_owned();
    let tried = Tried { policy: text("policy"), who: text("who") };
    let said = match decide(&asked, &tried).await {
        Ok(decided) => said(&decided),
        Err(problem) => texts::problem(&problem),
    };
    shown(&asked, &tried, said).await
}

async fn decide(asked: &Asked, tried: &Tried) -> Result<Decided, Problem> {
    let policy = PolicyRef::Name(tried.policy.clone());
    let (presentation, identity) = if tried.who.starts_with('{') {
        let value = json::parse(tried.who.as_bytes(), bounds::PRESENTATION)
            .map_err(|error| Problem::new(Kind::Invalid, T.shop_no_presentation).because(error))?;
        (Some(value), None)
    } else {
        (None, Some(tried.who.clone()))
    };
    let question = Check { policy, presentation, identity, offline: false, staple: None };
    asked.node.would_check(question).await
}

fn said(decided: &Decided) -> Markup {
    let (tone, title) = match decided.answer {
        Answer::Accepted => (Tone::Good, T.shop_accepted),
        Answer::Refused => (Tone::Bad, T.shop_refused),
        Answer::Unknown => (Tone::Warning, T.shop_unknown),
    };
    notice(tone, title, html! { pre { (decided.explained) } })
}

/// Characters of what somebody else wrote, and of what was not passed.
const SAID: usize = 200;
const FAILED: usize = 80;
/// Bytes of all policies on the page: beside a table of attestors it holds no more.
const MOST_TEXT: usize = 12 * 1024;
