//! What a person's browser opens on its way to a claim.

use super::cookie::{cookie, new_cookie};
use super::english as words;
use super::page::{self, Refused};
use crate::evidence::{Answer, EvidenceError};
use crate::ground::GroundError;
use crate::issuance::{Browser, IssuanceError, Next};
use crate::office::{Office, OfficeError, Question};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderMap, ORIGIN, SET_COOKIE};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use countersign_node::page::headers::policy_with_form;
use serde::Deserialize;
use std::sync::Arc;

type Shared = State<Arc<Office>>;

/// `GET /`: says who this is.
pub(super) async fn front(State(office): Shared) -> Html<String> {
    Html(page::front(&page::site(office.rules()), &office.front().await))
}

/// `GET /start/{ticket}`: says what is about to happen, and binds the browser.
pub(super) async fn start(
    State(office): Shared,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some((source, kept)) = office.about_to(&ticket) else {
        return refused(&office, &OfficeError::NoRequest, None);
    };
    let site = page::site(office.rules());
    let response = Html(page::start(&site, source.settings(), &kept, &ticket)).into_response();
    bind(&headers, response).1
}

/// `GET /begin/{ticket}`: sends the browser to the provider.
pub(super) async fn begin(
    State(office): Shared,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (value, mut response) = bind(&headers, StatusCode::OK.into_response());
    let cookie = response.headers_mut().remove(SET_COOKIE);
    let mut response = match office.start(&ticket, Browser::of(&value)).await {
        Ok(url) => Redirect::to(url.as_str()).into_response(),
        Err(error) => refused(&office, &error, None),
    };
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// Tells this browser from all others: by the cookie it has, or by one that `response` sets.
fn bind(headers: &HeaderMap, mut response: Response) -> (String, Response) {
    if let Some(value) = cookie(headers) {
        return (value, response);
    }
    let (value, set) = new_cookie();
    if let Ok(set) = set.parse() {
        response.headers_mut().insert(SET_COOKIE, set);
    }
    (value, response)
}

/// `GET /callback/{source}`: takes what the provider told the browser.
pub(super) async fn callback(
    State(office): Shared,
    Path(source): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Response {
    let Some(value) = cookie(&headers) else {
        return refused(&office, &IssuanceError::OtherBrowser.into(), None);
    };
    match office.come_back(&source, &answer, Browser::of(&value)).await {
        Ok((id, question)) => asking(&office, &id, &question, false),
        Err(turn) => {
            // What the provider answered is no secret and no person's data.
            tracing::info!(source, why = %turn.why, "a sign-in gave no evidence");
            refused(&office, &turn.why, turn.back.as_ref().map(url::Url::as_str))
        }
    }
}

/// What the confirmation page posts.
#[derive(Deserialize)]
pub(super) struct Confirmation {
    form: String,
    answer: String,
    #[serde(default)]
    code: Option<String>,
}

/// `POST /confirm/{id}`: *account X backs identity Y*, or not.
pub(super) async fn confirm(
    State(office): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(said): Form<Confirmation>,
) -> Response {
    let own = office.rules().public_url.origin().ascii_serialization();
    let foreign =
        headers.get(ORIGIN).is_some_and(|origin| !is_own(origin.as_bytes(), &own, &headers));
    let Some(value) = cookie(&headers).filter(|_| !foreign) else {
        return refused(&office, &IssuanceError::OtherBrowser.into(), None);
    };
    let browser = Browser::of(&value);
    if said.answer != "yes" {
        return declined(&office, &id, browser, &said.form);
    }
    match office.confirm(&id, browser, &said.form, said.code.as_deref()) {
        Ok(Next::Redirect(url)) => Redirect::to(url.as_str()).into_response(),
        Ok(Next::Stay) => Html(page::done(&page::site(office.rules()))).into_response(),
        Err(OfficeError::Issuance(IssuanceError::WrongCode)) => match office.ask_again(&id) {
            Some(question) => asking(&office, &id, &question, true),
            None => refused(&office, &IssuanceError::WrongCode.into(), None),
        },
        Err(error) => refused(&office, &error, None),
    }
}

/// Tells whether a form came from a page of ours. A page that says nowhere where it was left sends
/// its forms with the origin `null`, and only `Sec-Fetch-Site` says that it is ours.
fn is_own(origin: &[u8], own: &str, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes);
    origin == own.as_bytes() || (origin == b"null" && site == Some(b"same-origin".as_slice()))
}

fn declined(office: &Office, id: &str, browser: Browser, form: &str) -> Response {
    match office.decline(id, browser, form) {
        Ok(Some(back)) => Redirect::to(back.as_str()).into_response(),
        Ok(None) => {
            let site = page::site(office.rules());
            let no = Refused {
                status: StatusCode::OK,
                title: words::NOT_SIGNED,
                why: words::DECLINED,
                more: None,
                back: None,
            };
            page::refused(&site, &no).into_response()
        }
        Err(error) => refused(office, &error, None),
    }
}

fn asking(office: &Office, id: &str, question: &Question, wrong: bool) -> Response {
    let policy = policy_with_form(question.leads_to.as_deref().unwrap_or_default());
    let page = Html(page::confirm(&page::site(office.rules()), id, question, wrong));
    ([(CONTENT_SECURITY_POLICY, policy)], page).into_response()
}

/// Shows why there is no claim.
fn refused(office: &Office, error: &OfficeError, back: Option<&str>) -> Response {
    let (status, title) = match error {
        OfficeError::Evidence(EvidenceError::Refused) => (StatusCode::OK, words::NOT_SIGNED),
        OfficeError::Evidence(error) if error.is_a_no() => (StatusCode::OK, words::NO_CLAIM),
        OfficeError::Taken => (StatusCode::CONFLICT, words::TAKEN),
        OfficeError::NoRequest => (StatusCode::NOT_FOUND, words::NOTHING_HERE),
        OfficeError::Issuance(_) => (StatusCode::BAD_REQUEST, words::NOT_POSSIBLE),
        OfficeError::Evidence(_) => (StatusCode::BAD_GATEWAY, words::PROVIDER_REFUSED),
        OfficeError::Ground(GroundError::Clock { .. }) => {
            (StatusCode::SERVICE_UNAVAILABLE, words::BROKEN)
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, words::BROKEN),
    };
    let why = &words::no_claim(error);
    let more = match error {
        OfficeError::Taken => Some(words::TAKEN_TEXT),
        OfficeError::Evidence(error) if error.is_a_no() => Some(words::NO_CLAIM_TEXT),
        _ => None,
    };
    let site = page::site(office.rules());
    page::refused(&site, &Refused { status, title, why, more, back }).into_response()
}
