//! In and out: the code that counts once, and the pages for whoever is not let in.

use super::Home;
use super::frame::alone;
use super::phone::{Phone, Turned};
use super::texts::{self, T};
use crate::page::guard::{Refusal, is_this_computer};
use crate::page::parts::{Field, Line, Tone, notice, submit};
use crate::page::session::EnterError;
use crate::page::{Fields, Markup, Page, Posted, Visit, headers, html};
use crate::serve::Ends;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{HOST, HeaderMap, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::net::SocketAddr;

/// `GET /`: asks for a code.
pub(super) async fn front() -> Response {
    ask(None)
}

/// What the address a person opens brings along.
#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// `GET /enter?code=…`: the address `countersign home` printed.
pub(super) async fn follow(State(home): State<Home>, Query(said): Query<Code>) -> Response {
    enter(&home, &said.code)
}

/// `GET /led/…`: the address a program of the owner's started her browser with.
pub(super) async fn led(
    State(home): State<Home>,
    Path(ticket): Path<String>,
    ends: Option<Extension<Ends>>,
) -> Response {
    let code = ends.and_then(|Extension(ends)| home.entrance().led.code_of(&ticket, ends));
    // Whoever is somebody else has not tried a code.
    code.map_or_else(|| ask(None), |code| enter(&home, &code))
}

/// `POST /enter`: a code that was typed.
pub(super) async fn typed(State(home): State<Home>, body: Bytes) -> Response {
    enter(&home, Fields::parse(&body).text("code"))
}

fn enter(home: &Home, code: &str) -> Response {
    match home.entrance().sessions.enter(code) {
        Ok((cookie, _)) => {
            let page = home.entrance().led.brought_by(code).unwrap_or_default();
            ([(SET_COOKIE, cookie)], Redirect::to(&home.at(&page))).into_response()
        }
        Err(error) => ask(Some(error)),
    }
}

/// `GET /enter?code=…`: the address a phone scanned.
pub(super) async fn phone_follow(
    Extension(phone): Extension<Phone>,
    Query(said): Query<Code>,
) -> Response {
    phone_enter(&phone, &said.code)
}

/// `POST /enter`: a code that was typed on a phone.
pub(super) async fn phone_typed(Extension(phone): Extension<Phone>, body: Bytes) -> Response {
    phone_enter(&phone, Fields::parse(&body).text("code"))
}

fn phone_enter(phone: &Phone, code: &str) -> Response {
    // Whoever opens the address without a code has not tried one.
    if code.is_empty() {
        return ask_phone(None);
    }
    match phone.enter(code) {
        Ok(cookie) => ([(SET_COOKIE, cookie)], Redirect::to("/requests")).into_response(),
        Err(Turned::Away(error)) => ask_phone(Some(error)),
        Err(Turned::Failed(problem)) => {
            let status = StatusCode::from_u16(problem.status());
            Page::new(&alone(), T.failed_title)
                .with(texts::problem(&problem))
                .status(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
                .into_response()
        }
    }
}

/// `POST leave`: ends this browser's session.
pub(super) async fn leave(State(home): State<Home>, posted: Posted) -> Response {
    let gone = home.entrance().sessions.leave(&posted.session);
    ([(SET_COOKIE, gone)], Redirect::to("/")).into_response()
}

/// Whatever is no page of ours.
pub(super) async fn nothing(State(home): State<Home>, Visit(session): Visit) -> Response {
    home.frame(&session)
        .await
        .page(T.nothing_title)
        .lead(T.nothing_lead)
        .status(StatusCode::NOT_FOUND)
        .into_response()
}

fn ask(wrong: Option<EnterError>) -> Response {
    let how = html! { p { (T.enter_how) " " code { "countersign home" } "." } };
    asking(wrong, T.enter_lead, how)
}

fn ask_phone(wrong: Option<EnterError>) -> Response {
    asking(wrong, T.enter_phone_lead, html! { p { (T.enter_phone_how) } })
}

fn asking(wrong: Option<EnterError>, lead: &str, how: Markup) -> Response {
    let site = alone();
    let (status, said) = match wrong {
        None => (StatusCode::OK, None),
        Some(EnterError::Wrong) => (StatusCode::FORBIDDEN, Some(T.enter_wrong)),
        Some(EnterError::TooOften) => (StatusCode::TOO_MANY_REQUESTS, Some(T.enter_too_often)),
    };
    Page::new(&site, T.enter_title)
        .lead(lead)
        .with(html! {
            @if let Some(said) = said { (notice(Tone::Bad, T.enter_no, said)) }
            section.card {
                form method="post" action="/enter" autocomplete="off" {
                    (Field::new("code", T.enter_code, Line::Text).hint(T.enter_hint))
                    (submit(T.enter_go))
                }
            }
            (how)
        })
        .status(status)
        .into_response()
}

/// Answers what is too large to be read: with a page where a page of ours asked, and else in a word.
pub(crate) fn too_large(said: &HeaderMap) -> Response {
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    if !is_from_own_page(said) {
        return (status, format!("{}\n", T.too_large_title)).into_response();
    }
    let mut response = Page::new(&alone(), T.too_large_title)
        .with(notice(Tone::Bad, T.too_large_nothing, T.too_large))
        .status(status)
        .into_response();
    headers::add(response.headers_mut());
    response
}

/// Tells whether a form of ours was sent. A name may be anybody's, an address is not: where one stands,
/// "same-origin" is us.
fn is_from_own_page(said: &HeaderMap) -> bool {
    let text = |name: &str| said.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST.as_str()).unwrap_or_default();
    let own = is_this_computer(host) || host.parse::<SocketAddr>().is_ok();
    own && text("sec-fetch-site") == Some("same-origin")
}

/// Makes the page for whoever is not let through.
pub(super) fn refused(refusal: Refusal) -> Response {
    turned_away(refusal, ask, T.other_page)
}

/// Makes the page for a device that is not let through.
pub(super) fn phone_refused(refusal: Refusal) -> Response {
    turned_away(refusal, ask_phone, T.other_page_phone)
}

fn turned_away(
    refusal: Refusal,
    ask: fn(Option<EnterError>) -> Response,
    other_page: &str,
) -> Response {
    let site = alone();
    let (title, text) = match refusal {
        Refusal::NotEntered => {
            let mut response = ask(None);
            *response.status_mut() = refusal.status();
            return response;
        }
        Refusal::OtherHost | Refusal::OtherPage => (T.other_page_title, other_page),
        Refusal::OldForm => (T.old_form_title, T.old_form),
        Refusal::BadForm => (T.bad_form_title, T.bad_form),
    };
    Page::new(&site, title).lead(text).status(refusal.status()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn said(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        headers.iter().copied().map(pair).collect()
    }

    #[test]
    fn only_a_form_of_ours_gets_a_page_about_what_was_too_large() {
        let own = ("sec-fetch-site", "same-origin");
        for host in ["127.0.0.1:7370", "localhost:7370", "192.168.1.5:7372", "[fe80::1]:7372"] {
            let response = too_large(&said(&[("host", host), own]));
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
            assert!(response.headers().contains_key("content-security-policy"), "{host}");
        }
        let other = [("host", "127.0.0.1:7370"), ("sec-fetch-site", "cross-site")];
        let rebound = [("host", "evil.example:7370"), own];
        for headers in [&other, &rebound, &[("host", "127.0.0.1:7370"); 2]] {
            let response = too_large(&said(headers));
            assert!(!response.headers().contains_key("content-security-policy"), "{headers:?}");
        }
    }
}
