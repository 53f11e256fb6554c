//! The owner's door of a running attestor: loopback, one token, no browsers.
//!
//! A web page on the same computer is an attacker: a request with an `Origin`, or for another host
//! than this very address, is refused before its token is looked at.

use super::problem::Problem;
use crate::config::ConfigError;
use crate::office::{Office, OfficeError, Verb};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use countersign_protocol::encoding::{base64url, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;

/// An owner's door that is about to be served.
#[derive(Debug)]
pub struct Door {
    /// Listens on loopback.
    pub listener: TcpListener,
    /// Answers.
    pub router: Router,
    /// Says where it is, and with which token.
    pub file: PathBuf,
}

/// Where a running attestor's door is.
#[derive(Debug, Clone)]
pub struct Address {
    /// Its address.
    pub address: SocketAddr,
    /// The token.
    pub token: String,
}

#[derive(Clone)]
struct Guarded {
    office: Arc<Office>,
    host: String,
    token: String,
}

impl Door {
    /// Opens a door, and writes where it is into the folder `data`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Unwritable`] if no port is free or the file cannot be written.
    pub async fn open(office: Arc<Office>, data: &Path) -> Result<Self, ConfigError> {
        let file = data.join(FILE);
        let failed = |cause| ConfigError::Unwritable { path: file.clone(), cause };
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed)?;
        let host = listener.local_addr().map_err(failed)?.to_string();
        let token = base64url::encode(&rand::random::<[u8; 32]>());
        drop(std::fs::remove_file(&file));
        crate::config::write_new(&file, &format!("{host}\n{token}\n"))?;
        let guarded = Guarded { office, host, token };
        let router = Router::new().route("/owner", post(perform)).with_state(guarded);
        Ok(Self { listener, router, file })
    }
}

impl Address {
    /// Reads where the door is, if there was one.
    #[must_use]
    pub fn read(data: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(data.join(FILE)).ok()?;
        let mut lines = text.lines();
        let address = lines.next()?.parse().ok()?;
        Some(Self { address, token: lines.next()?.to_owned() })
    }
}

async fn perform(State(door): State<Guarded>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key(ORIGIN) || text(HOST) != Some(door.host.as_str()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let shown = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    let shown = shown.unwrap_or_default();
    if !bool::from(shown.as_bytes().ct_eq(door.token.as_bytes())) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let verb = json::parse(&body, SMALL).ok().and_then(|value| serde_json::from_value(value).ok());
    let Some(verb): Option<Verb> = verb else {
        return Problem::from(OfficeError::Malformed { member: "the request's body" })
            .into_response();
    };
    match door.office.perform(verb).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// Says where the door of a running attestor is; only its owner may read it.
const FILE: &str = "attestor.door";

/// A verb with a reason.
const SMALL: usize = 16 * 1024;
