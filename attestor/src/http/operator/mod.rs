//! The operator's pages: what was signed, taking it back, and the books.
//!
//! They lie behind a code that the command line prints, below a path nobody else on this computer
//! knows. Each is also a command; each form does what one verb does.

mod accredit;
mod books;
mod claims;
mod overview;
mod revoke;
mod show;
#[cfg(test)]
mod tests;

use super::english as words;
use super::problem;
use crate::ledger::audit::By;
use crate::office::query;
use crate::office::{Office, OfficeError};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use countersign_node::page::guard::{self, Door, Hosts, Refusal};
use countersign_node::page::part::Part;
use countersign_node::page::parts::{self, Field, Line, Tone};
use countersign_node::page::session::Sessions;
use countersign_node::page::{
    Entry, Fields, Group, Icon, Markup, Page, Posted, Site, Visit, asset, headers, html,
};
use serde::Deserialize;
use std::sync::Arc;

/// What every page is made with. Clones are the same.
#[derive(Debug, Clone)]
struct Desk {
    office: Arc<Office>,
    sessions: Sessions,
    base: Arc<str>,
}

/// Makes the operator's pages; those who were let in find them below `base`.
pub(super) fn router(office: Arc<Office>, sessions: Sessions, base: &str) -> Router {
    let guests = Arc::new(sessions.clone());
    let door = Door { guests, hosts: Hosts::ThisComputer, answer: stopped };
    let desk = Desk { office, sessions, base: base.into() };
    let at = |path: &str| format!("{base}{path}");
    let inside = Router::new()
        .route(base, get(overview::overview))
        .route(&at("/claims"), get(claims::claims))
        .route(&at("/claims/{id}"), get(show::show))
        .route(&at("/claims/{id}/renew"), post(show::renew))
        .route(&at("/claims/{id}/revoke"), post(show::revoke))
        .route(&at("/claims/{id}/claim.json"), get(show::file))
        .route(&at("/accredit"), get(accredit::show).post(accredit::accredit))
        .route(&at("/renewals"), get(claims::renewals))
        .route(&at("/revoke"), get(revoke::count).post(revoke::revoke))
        .route(&at("/duplicates"), get(books::duplicates))
        .route(&at("/log"), get(books::log))
        .route(&at("/leave"), post(leave))
        .layer(from_fn_with_state(door.clone(), guard::visit));
    let entrance = Router::new()
        .route("/", get(entrance))
        .route("/enter", get(enter_by_link).post(enter))
        .layer(from_fn_with_state(door, guard::pass));
    Router::new()
        .merge(inside)
        .merge(entrance)
        .with_state(desk)
        .merge(asset::routes())
        .layer(from_fn(headers::strict))
}

impl Desk {
    /// Makes the frame of a page for somebody who is in.
    fn site(&self, visit: &Visit) -> Site {
        let way = |label: &str, path: &str, icon| Entry::new(label, self.at(path), icon);
        let group = |title: &str, entries| Group { title: title.to_owned(), entries };
        Site {
            home: self.base.to_string(),
            groups: vec![
                group(
                    words::LOOK_AFTER,
                    vec![
                        way(words::OVERVIEW, "", Icon::Overview),
                        way(words::CLAIMS, "/claims", Icon::Claim),
                        way(words::RENEWALS, "/renewals", Icon::Watch),
                        way(words::REVOKE, "/revoke", Icon::Revoke),
                        way(words::ACCREDIT, "/accredit", Icon::Attestor),
                    ],
                ),
                group(
                    words::BOOKS,
                    vec![
                        way(words::TWICE, "/duplicates", Icon::Attestor),
                        way(words::LOG, "/log", Icon::Audit),
                    ],
                ),
            ],
            leave: Some(parts::press(
                &visit.0,
                &self.at("/leave"),
                &[],
                parts::quiet(words::LEAVE),
            )),
            ..self.outside()
        }
    }

    /// Makes the frame of a page for everybody.
    fn outside(&self) -> Site {
        Site { owner: self.office.rules().name.clone(), ..plain() }
    }

    /// Gives the address of a page of ours.
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Has something done, noted as done at these pages.
    async fn has<W: Future>(&self, work: W) -> W::Output {
        By::Page.has(work).await
    }

    /// Says what could not be done.
    fn failed(&self, visit: &Visit, error: &OfficeError) -> Response {
        let site = self.site(visit);
        let status = status(error);
        let nothing = status == StatusCode::NOT_FOUND;
        let title = if nothing { words::NOTHING_HERE } else { words::BROKEN };
        Page::new(&site, title).status(status).with(said(error)).into_response()
    }
}

/// Says what an error is to a browser; one of the node is what the node says.
fn status(error: &OfficeError) -> StatusCode {
    let of_node = match error {
        OfficeError::Ground(ground) => ground.problem(),
        _ => None,
    };
    let status = of_node.and_then(|problem| StatusCode::from_u16(problem.status()).ok());
    status.unwrap_or_else(|| problem::of(error).0)
}

/// Says why something was not done, in the node's own words where it is the node that did not.
fn said(error: &OfficeError) -> Markup {
    if let OfficeError::Ground(ground) = error
        && let Some(problem) = ground.problem()
    {
        return parts::problem(problem);
    }
    parts::notice(Tone::Bad, parts::spoken(&words::not_done(error)), "")
}

fn plain() -> Site {
    Site {
        name: words::OPERATOR.to_owned(),
        home: "/".to_owned(),
        skip: words::SKIP.to_owned(),
        language: words::LANGUAGE.to_owned(),
        ..Site::default()
    }
}

/// `GET /`: where somebody who is not in learns how.
async fn entrance(State(desk): State<Desk>) -> Response {
    door_page(&desk, None).into_response()
}

fn door_page(desk: &Desk, wrong: Option<&'static str>) -> Response {
    let site = desk.outside();
    let code = Field::new("code", words::ENTER_CODE, Line::Text).hint(words::ENTER_HINT);
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    Page::new(&site, words::ENTER)
        .status(status)
        .lead(words::ENTER_LEAD)
        .with(html! { pre { "countersign-attestor operate" } })
        .with(html! {
            @if let Some(wrong) = wrong { (parts::notice(Tone::Bad, wrong, "")) }
        })
        .with(html! {
            form method="post" action="/enter" autocomplete="off" {
                (code)
                (parts::submit(words::ENTER))
            }
        })
        .into_response()
}

/// What lets somebody in.
#[derive(Deserialize)]
struct Code {
    code: String,
}

/// `GET /enter?code=…`: the address that the command line prints.
async fn enter_by_link(State(desk): State<Desk>, Query(said): Query<Code>) -> Response {
    let_in(&desk, &said.code)
}

/// `POST /enter`: the code, typed.
async fn enter(State(desk): State<Desk>, body: axum::body::Bytes) -> Response {
    let_in(&desk, Fields::parse(&body).text("code"))
}

fn let_in(desk: &Desk, code: &str) -> Response {
    match desk.sessions.enter(code) {
        Ok((cookie, _)) => {
            let mut response = Redirect::to(&desk.base).into_response();
            response.headers_mut().insert(SET_COOKIE, cookie);
            response
        }
        Err(error) => door_page(desk, Some(words::not_in(&error))),
    }
}

/// `POST …/leave`: ends the session.
async fn leave(State(desk): State<Desk>, posted: Posted) -> Response {
    let cookie = desk.sessions.leave(&posted.session);
    let site = desk.outside();
    let page = Page::new(&site, words::LEFT)
        .with(parts::notice(Tone::Good, words::LEFT, words::LEFT_TEXT))
        .with(parts::actions(&[parts::button_link("/", words::ENTER)]));
    let mut response = page.into_response();
    response.headers_mut().insert(SET_COOKIE, cookie);
    response
}

/// Answers whoever is not let through.
fn stopped(refusal: Refusal) -> Response {
    let (title, text) = match refusal {
        Refusal::OtherHost => (words::REFUSED_HOST, words::REFUSED_HOST_TEXT),
        Refusal::OtherPage => (words::REFUSED_PAGE, words::REFUSED_PAGE_TEXT),
        Refusal::NotEntered => (words::ENTER, words::ENTER_LEAD),
        Refusal::OldForm | Refusal::BadForm => (words::REFUSED_FORM, words::REFUSED_FORM_TEXT),
    };
    let site = plain();
    let page = Page::new(&site, title).status(refusal.status()).with(html! { p { (text) } });
    let page = match refusal {
        Refusal::NotEntered => page
            .with(html! { pre { "countersign-attestor operate" } })
            .with(parts::actions(&[parts::button_link("/", words::ENTER)])),
        _ => page,
    };
    page.into_response()
}

/// Says a time as a person reads it.
fn time(text: &str) -> Markup {
    let shown = text.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(text) { (shown) } }
}

/// Gives the name of a claim without what all names begin with.
fn short(id: &str) -> &str {
    id.strip_prefix("urn:uuid:").unwrap_or(id)
}

/// Says which part of the list called `what` stands here, with the ways to the rest.
fn ways(part: &Part, what: &str, address: impl Fn(usize) -> String) -> Markup {
    part.ways(what, words::part(part.counted()), [words::NEWER, words::OLDER], address)
}

/// Gives links to the pages of claims, if they are not too many for a row.
fn claim_links(desk: &Desk, ids: &[String]) -> Markup {
    let more = ids.len().saturating_sub(MOST_NAMED);
    html! {
        @for id in ids.iter().take(MOST_NAMED) { (claim_link(desk, id)) " " }
        @if more > 0 { (words::more(more)) }
    }
}

/// Names in one row of a table.
const MOST_NAMED: usize = 5;

/// Gives a link to the page of a claim.
fn claim_link(desk: &Desk, id: &str) -> Markup {
    let first = short(id).get(..8).unwrap_or(id);
    html! { a href=(desk.at(&format!("/claims/{}", short(id)))) { code { (first) } } }
}

/// Says what became of a claim.
fn state(state: query::State) -> Markup {
    let tone = match state {
        query::State::Standing => Tone::Good,
        query::State::Revoked => Tone::Bad,
        query::State::Renewed | query::State::Ended => Tone::Plain,
    };
    parts::state(tone, words::state(state.word()))
}

/// Gives eight characters of an identity.
fn fingerprint(did: &str) -> String {
    let scid = did.split(':').nth(2).unwrap_or(did);
    scid.strip_prefix("Qm").unwrap_or(scid).chars().take(8).collect()
}
