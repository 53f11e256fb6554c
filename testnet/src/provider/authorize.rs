//! The sign-in page and the answer a browser carries back.
//!
//! - Standards: OpenID Connect Core 1.0, section 3.1.2; RFC 7636, section 4.3; RFC 9207.

use super::fault::Fault;
use super::{Simulation, page};
use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use countersign_protocol::encoding::base64url;
use serde::Deserialize;
use url::Url;

/// What a browser brings to the sign-in page.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asked {
    response_type: String,
    pub(super) client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: Option<String>,
    code_challenge: String,
    code_challenge_method: String,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) email: String,
}

/// What the sign-in form posts.
#[derive(Debug, Deserialize)]
pub(super) struct Login {
    ticket: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    answer: String,
}

/// `GET /signin/authorize`: shows the sign-in page.
pub(super) async fn authorize(
    State(simulation): State<Simulation>,
    Query(asked): Query<Asked>,
) -> Response {
    let mut state = simulation.lock();
    // RFC 6749, section 4.1.2.1: without a known client and address nobody is redirected.
    let known = state.clients.get(&asked.client_id);
    if known.is_none_or(|client| client.redirect != asked.redirect_uri) {
        return page::refused("no client with this return address is known");
    }
    let openid = asked.scope.split(' ').any(|scope| scope == "openid");
    let pkce = asked.code_challenge_method == "S256" && asked.code_challenge.len() == 43;
    if asked.response_type != "code" || !openid || !pkce {
        return page::refused("this provider wants response_type=code, openid and PKCE with S256");
    }
    let ticket = random();
    let shown = page::sign_in(&asked.client_id, &ticket, false);
    state.pages.insert(ticket, asked);
    shown.into_response()
}

/// `POST /signin/login`: sends the browser back with a code, or with a refusal.
pub(super) async fn login(
    State(simulation): State<Simulation>,
    Form(login): Form<Login>,
) -> Response {
    let mut state = simulation.lock();
    let Some(asked) = state.pages.get(&login.ticket).cloned() else {
        return page::refused("this page was answered before");
    };
    let Ok(mut back) = Url::parse(&asked.redirect_uri) else {
        return page::refused("the return address is none");
    };
    let known = state.customers.get(&login.email);
    let allowed = login.answer == "allow";
    if allowed && known.is_none_or(|customer| customer.password != login.password) {
        return page::sign_in(&asked.client_id, &login.ticket, true).into_response();
    }
    state.pages.remove(&login.ticket);
    let mut query = back.query_pairs_mut();
    if allowed {
        let code = random();
        query.append_pair("code", &code);
        let granted = Granted {
            client_id: asked.client_id,
            redirect_uri: asked.redirect_uri,
            challenge: asked.code_challenge,
            nonce: asked.nonce,
            email: login.email,
        };
        state.note("a code of the provider", &code);
        state.codes.insert(code, granted);
    } else {
        query.append_pair("error", "access_denied");
    }
    let repeated = if state.has(Fault::OtherState) { random() } else { asked.state };
    query.append_pair("state", &repeated);
    if state.has(Fault::OtherIss) {
        query.append_pair("iss", "https://other.example");
    } else if !state.has(Fault::NoIss) {
        query.append_pair("iss", &state.issuer);
    }
    drop(query);
    Redirect::to(back.as_str()).into_response()
}

/// Gives a name nobody guesses.
pub(super) fn random() -> String {
    base64url::encode(&rand::random::<[u8; 24]>())
}
