//! What a simulated provider says about an account, in PayPal's older style.

use super::Simulation;
use super::fault::Fault;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use futures::{StreamExt as _, stream};
use serde_json::json;
use std::convert::Infallible;

/// `GET /v1/identity/openidconnect/userinfo?schema=openid`: describes the account.
pub(super) async fn userinfo(State(simulation): State<Simulation>, headers: HeaderMap) -> Response {
    let state = simulation.lock();
    let bearer = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token = bearer.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
    let holder = state.access.get(token);
    let Some(customer) = holder.and_then(|holder| state.customers.get(&holder.email)) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let user_id = customer.user_id(holder.map_or("", |holder| &holder.client_id));
    let truth = if customer.verified { "true" } else { "false" };
    let mut account = json!({
        "user_id": user_id,
        "name": customer.name,
        "email": customer.email,
        "payer_id": customer.payer_id(),
        "verified_account": if state.has(Fault::OddTruth) { "yes" } else { truth },
        "account_type": "SIMULATED",
    });
    if let Some(account) = account.as_object_mut() {
        if state.has(Fault::WithSubject) {
            account.insert("sub".to_owned(), user_id.into());
        }
        if state.has(Fault::OtherSubject) {
            account.insert("sub".to_owned(), "https://simulated.example/somebody/else".into());
        }
        if state.has(Fault::NoAccount) {
            account.remove("payer_id");
        }
        if state.has(Fault::Oversized) {
            account.insert("padding".to_owned(), "x".repeat(512 * 1024).into());
        }
    }
    let text = account.to_string();
    let json = [(CONTENT_TYPE, "application/json")];
    match state.fault {
        Some(Fault::UserinfoRedirects) => Redirect::temporary("/elsewhere").into_response(),
        Some(Fault::Down) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Fault::UserinfoTwice) => {
            (json, text.replacen('{', "{\"verified_account\":\"true\",", 1)).into_response()
        }
        Some(Fault::Slow) => {
            let begun = stream::iter([Ok::<_, Infallible>(Bytes::from(text))]);
            (json, Body::from_stream(begun.chain(stream::pending()))).into_response()
        }
        Some(_) | None => (json, text).into_response(),
    }
}
