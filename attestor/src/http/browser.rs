//! What a person's browser opens on its way to a claim.

use super::headers::{cookie, new_cookie, policy_with_form};
use super::page;
use crate::evidence::{Answer, EvidenceError};
use crate::issuance::{Browser, IssuanceError, Next};
use crate::office::{Office, OfficeError, Question};
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderMap, ORIGIN, SET_COOKIE};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

type Shared = State<Arc<Office>>;

/// `GET /`: says what this is.
pub(super) async fn front(State(office): Shared) -> Html<String> {
    let sources = office.sources().values();
    let offers: Vec<String> = sources.map(|one| one.settings().claim.says.clone()).collect();
    Html(page::front(&office.rules().name, &offers))
}

/// `GET /start/{ticket}`: binds the browser and sends it to the provider.
pub(super) async fn start(
    State(office): Shared,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (value, set) = match cookie(&headers) {
        Some(value) => (value, None),
        None => {
            let (value, set) = new_cookie();
            (value, Some(set))
        }
    };
    let mut response = match office.start(&ticket, Browser::of(&value)).await {
        Ok(url) => Redirect::to(url.as_str()).into_response(),
        Err(error) => refused(&error, None),
    };
    if let Some(set) = set.and_then(|set| set.parse().ok()) {
        response.headers_mut().insert(SET_COOKIE, set);
    }
    response
}

/// `GET /callback/{source}`: takes what the provider told the browser.
pub(super) async fn callback(
    State(office): Shared,
    Path(source): Path<String>,
    Query(answer): Query<Answer>,
    headers: HeaderMap,
) -> Response {
    let Some(value) = cookie(&headers) else {
        return refused(&IssuanceError::OtherBrowser.into(), None);
    };
    match office.come_back(&source, &answer, Browser::of(&value)).await {
        Ok((id, question)) => asking(&id, &question, false),
        Err(turn) => {
            // What the provider answered is no secret and no person's data.
            tracing::info!(source, why = %turn.why, "a sign-in gave no evidence");
            refused(&turn.why, turn.back.as_ref().map(url::Url::as_str))
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
    let foreign = headers.get(ORIGIN).is_some_and(|origin| origin.as_bytes() != own.as_bytes());
    let Some(value) = cookie(&headers).filter(|_| !foreign) else {
        return refused(&IssuanceError::OtherBrowser.into(), None);
    };
    let browser = Browser::of(&value);
    if said.answer != "yes" {
        return match office.decline(&id, browser, &said.form) {
            Ok(Some(back)) => Redirect::to(back.as_str()).into_response(),
            Ok(None) => {
                Html(page::refused("Not signed", "you did not confirm it", None)).into_response()
            }
            Err(error) => refused(&error, None),
        };
    }
    match office.confirm(&id, browser, &said.form, said.code.as_deref()) {
        Ok(Next::Redirect(url)) => Redirect::to(url.as_str()).into_response(),
        Ok(Next::Stay) => Html(page::done()).into_response(),
        Err(OfficeError::Issuance(IssuanceError::WrongCode)) => match office.ask_again(&id) {
            Some(question) => asking(&id, &question, true),
            None => refused(&IssuanceError::WrongCode.into(), None),
        },
        Err(error) => refused(&error, None),
    }
}

fn asking(id: &str, question: &Question, wrong: bool) -> Response {
    let policy = policy_with_form(question.leads_to.as_deref());
    let page = Html(page::confirm(id, question, wrong));
    ([(CONTENT_SECURITY_POLICY, policy)], page).into_response()
}

/// Shows why there is no claim.
fn refused(error: &OfficeError, back: Option<&str>) -> Response {
    let (status, title) = match error {
        OfficeError::Evidence(EvidenceError::Refused) => (StatusCode::OK, "Not signed"),
        OfficeError::Evidence(error) if error.is_a_no() => (StatusCode::OK, "No claim"),
        OfficeError::Taken => (StatusCode::CONFLICT, "Already attested"),
        OfficeError::NoRequest => (StatusCode::NOT_FOUND, "Nothing here"),
        OfficeError::Issuance(_) => (StatusCode::BAD_REQUEST, "Not possible"),
        OfficeError::Evidence(_) => (StatusCode::BAD_GATEWAY, "The provider's answer was refused"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "This did not work"),
    };
    let why = match error {
        // What failed inside is for the log, not for whoever opened the page.
        OfficeError::Ledger(_) | OfficeError::Ground(_) => "the attestor has a problem of its own",
        other => &other.to_string(),
    };
    (status, Html(page::refused(title, why, back))).into_response()
}
