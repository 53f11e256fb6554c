//! What a node asks, in JSON.

use super::problem::Problem;
use crate::office::{Asked, Collected, Office, OfficeError, Opened, Presented};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse as _, Response};
use countersign_protocol::encoding::{jcs, json};
use countersign_protocol::wire::bounds;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

type Shared = State<Arc<Office>>;

/// `POST /v1/requests`: takes a request up.
pub(super) async fn ask(
    State(office): Shared,
    body: Bytes,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    let asked: Asked = read(&body, SMALL)?;
    Ok((StatusCode::CREATED, Json(office.ask(&asked).await?)))
}

/// A presentation, and the log of its holder for an attestor that has not heard of it yet.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Showing {
    presentation: Value,
    #[serde(default)]
    log: Option<String>,
}

/// `POST /v1/requests/{id}/presentation`: the subject shows itself.
pub(super) async fn present(
    State(office): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Presented>, Problem> {
    let (presentation, log) = showing(&body)?;
    let log = log.as_ref().map(String::as_bytes);
    Ok(Json(office.present(&id, &presentation, log).await?))
}

/// `POST /v1/requests/{id}/current`: gives the subject's standing claims as they are signed now.
pub(super) async fn current(
    State(office): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let (presentation, log) = showing(&body)?;
    let log = log.as_ref().map(String::as_bytes);
    let claims = office.current(&id, &presentation, log).await?;
    Ok(Json(json!({ "credentials": claims })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collecting {
    code: String,
    verifier: String,
}

/// `POST /v1/requests/{id}/claim`: hands the claim over.
pub(super) async fn claim(
    State(office): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let Collecting { code, verifier } = read(&body, SMALL)?;
    match office.collect(&id, &code, &verifier).await? {
        Collected::Claim(claim) => Ok(credential(jcs::to_vec(&claim))),
        Collected::Later(ready) => {
            let wait = ready.since(office.time());
            let body = Json(json!({ "ready": ready }));
            Ok((StatusCode::ACCEPTED, [(RETRY_AFTER, wait.to_string())], body).into_response())
        }
    }
}

/// `GET /v1/profile`: what the attestor says of itself.
pub(super) async fn profile(State(office): Shared) -> Result<Response, Problem> {
    Ok(credential(office.profile().await?))
}

/// `GET /status/{number}`: a status list.
pub(super) async fn status(
    State(office): Shared,
    Path(number): Path<u64>,
) -> Result<Response, Problem> {
    let list = office.status_list(number).await?;
    list.map(credential).ok_or_else(Problem::not_found)
}

fn showing(body: &Bytes) -> Result<(Vec<u8>, Option<String>), OfficeError> {
    let Showing { presentation, log } = read(body, bounds::PRESENTATION + bounds::LOG)?;
    Ok((jcs::to_vec(&presentation), log))
}

/// Reads a body with the strict parser.
fn read<T: DeserializeOwned>(body: &[u8], bound: usize) -> Result<T, OfficeError> {
    let malformed = || OfficeError::Malformed { member: "the request's body" };
    let value = json::parse(body, bound).map_err(|_| malformed())?;
    serde_json::from_value(value).map_err(|_| malformed())
}

/// VC Data Model 2.0, section 6.1.
fn credential(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/vc")], bytes).into_response()
}

/// A code and a verifier, or what is asked for.
const SMALL: usize = 4 * 1024;
