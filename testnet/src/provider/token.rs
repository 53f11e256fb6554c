//! The token endpoint.
//!
//! - Standards: RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.6; OpenID Connect Core 1.0,
//!   section 3.1.3.

use super::authorize::{Granted, random};
use super::fault::Fault;
use super::jwt::Signer;
use super::people::{Client, Customer};
use super::{Simulation, State as Provider};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Form, Json};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_protocol::encoding::base64url;
use countersign_protocol::key::SecretKey;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::time::SystemTime;
use url::form_urlencoded;

/// Whom a token is about, and to whom it was given.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    pub(super) client_id: String,
    pub(super) email: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// `POST /v1/oauth2/token`: exchanges a code or a refresh token.
pub(super) async fn token(
    State(simulation): State<Simulation>,
    headers: HeaderMap,
    Form(form): Form<Exchange>,
) -> Response {
    let mut state = simulation.lock();
    if state.has(Fault::TokenRedirects) {
        return Redirect::temporary("/v1/oauth2/token?again").into_response();
    }
    let Some(client) = authenticated(&state, &headers, &form) else {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    match form.grant_type.as_str() {
        "authorization_code" => match redeem(&mut state, &client, &form) {
            Some(granted) => {
                let holder = Holder { client_id: client.id.clone(), email: granted.email };
                give(&mut state, &client, holder, granted.nonce)
            }
            None => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
        },
        "refresh_token" => {
            let token = form.refresh_token.unwrap_or_default();
            match state.refresh.remove(&token).filter(|holder| holder.client_id == client.id) {
                Some(holder) => give(&mut state, &client, holder, None),
                None => refused(StatusCode::BAD_REQUEST, "invalid_grant"),
            }
        }
        _ => refused(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    }
}

fn refused(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

fn authenticated(state: &Provider, headers: &HeaderMap, form: &Exchange) -> Option<Client> {
    let (id, secret) = match headers.get(AUTHORIZATION) {
        Some(header) => {
            let pair = STANDARD.decode(header.to_str().ok()?.strip_prefix("Basic ")?).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (id, secret) = pair.split_once(':')?;
            let decode = |text: &str| {
                let pair = form_urlencoded::parse(text.as_bytes()).next();
                pair.map_or_else(String::new, |(name, _)| name.into_owned())
            };
            (decode(id), decode(secret))
        }
        None => (form.client_id.clone()?, form.client_secret.clone()?),
    };
    state.clients.get(&id).filter(|client| client.secret == secret).cloned()
}

/// A code is good once, for the client and the address it was given for, with its verifier.
fn redeem(state: &mut Provider, client: &Client, form: &Exchange) -> Option<Granted> {
    let granted = state.codes.remove(form.code.as_deref()?)?;
    let verifier = form.code_verifier.as_deref()?;
    state.note("a verifier for the provider", verifier);
    let holds = granted.client_id == client.id
        && Some(granted.redirect_uri.as_str()) == form.redirect_uri.as_deref()
        && base64url::encode(&Sha256::digest(verifier)) == granted.challenge;
    holds.then_some(granted)
}

fn give(state: &mut Provider, client: &Client, holder: Holder, nonce: Option<String>) -> Response {
    let Some(customer) = state.customers.get(&holder.email).cloned() else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let (access, refresh) = (random(), random());
    let id_token = id_token(state, client, &customer, nonce, &access);
    for (what, token) in
        [("an access token", &access), ("a refresh token", &refresh), ("an id_token", &id_token)]
    {
        state.note(what, token);
    }
    state.access.insert(access.clone(), holder.clone());
    state.refresh.insert(refresh.clone(), holder);
    let mut answer = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": 900,
        "refresh_token": refresh, "scope": "openid",
    });
    if !state.has(Fault::NoIdToken)
        && let Some(answer) = answer.as_object_mut()
    {
        answer.insert("id_token".to_owned(), id_token.into());
    }
    let mut text = answer.to_string();
    if state.has(Fault::TokenTwice) {
        text = text.replacen('{', "{\"access_token\":\"other\",", 1);
    }
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], text).into_response()
}

fn id_token(
    state: &Provider,
    client: &Client,
    customer: &Customer,
    nonce: Option<String>,
    access: &str,
) -> String {
    let other = SecretKey::from_seed([9; 32]);
    let signer = match state.fault {
        Some(Fault::Hs256) => Signer::Hs256(&client.secret),
        Some(Fault::Unsigned) => Signer::Nobody,
        Some(Fault::OtherKey) => Signer::Key(&other),
        Some(Fault::UnknownKey) => Signer::Unknown(&state.key),
        Some(_) | None => Signer::Key(&state.key),
    };
    let or = |fault: Fault, wrong: &str, right: &str| {
        if state.has(fault) { wrong.to_owned() } else { right.to_owned() }
    };
    let now = now();
    let issued = if state.has(Fault::Old) { now.saturating_sub(3600) } else { now };
    let expires = if state.has(Fault::Expired) { now.saturating_sub(1) } else { now + 300 };
    let hashed = or(Fault::OtherAtHash, "another access token", access);
    let mut claims = json!({
        "iss": or(Fault::OtherIssuer, "https://other.example", &state.issuer),
        "aud": or(Fault::OtherAudience, "another-client", &client.id),
        "sub": customer.user_id(&client.id), "iat": issued, "exp": expires, "auth_time": now,
        "at_hash": signer.hash(&hashed),
    });
    if let Some(claims) = claims.as_object_mut() {
        if let Some(nonce) = nonce.filter(|_| !state.has(Fault::NoNonce)) {
            claims.insert("nonce".to_owned(), or(Fault::OtherNonce, "another", &nonce).into());
        }
        if state.has(Fault::OtherParty) {
            claims.insert("azp".to_owned(), "another-client".into());
        }
    }
    signer.sign(&claims)
}

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
