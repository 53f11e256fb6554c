//! The owner's door of a running attestor: loopback, one token for programs, and pages for a browser
//! that was let in by a code.
//!
//! A web page on the same computer is an attacker: to the token's addresses a request with an `Origin`,
//! or for another host than this very address, is refused before its token is looked at; the pages are
//! guarded as [`countersign_node::page::guard`] says.

use super::problem::Problem;
use super::{metrics, operator};
use crate::config::ConfigError;
use crate::ledger::audit::By;
use crate::office::{Office, OfficeError, Verb};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_node::door::note::{Note, Posted};
use countersign_node::door::{ASKED, Keys, Scope, TOKENS};
use countersign_node::page::session::{Sessions, Settings};
use countersign_node::private;
use countersign_protocol::encoding::{base64url, json};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;

/// An owner's door that is about to be served.
#[derive(Debug)]
pub struct Door {
    /// Listens on loopback.
    pub listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
    /// Answers.
    pub router: Router,
    /// Says where it is, and with which token, for as long as this is held.
    pub posted: Posted,
}

/// What lets one browser in, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invited {
    /// The code, to be typed.
    pub code: String,
}

#[derive(Clone)]
struct Guarded {
    office: Arc<Office>,
    sessions: Sessions,
    /// Its secret is the owner's token.
    note: Note,
    /// The tokens that `countersign token new` makes.
    keys: Arc<Keys>,
}

impl Door {
    /// Opens a door at `wanted`, and writes where it is into the folder `data`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Unwritable`] if the address is taken or the file cannot be written, and
    /// [`ConfigError::OperatorExposed`] if it can be reached from elsewhere.
    pub async fn open(
        office: Arc<Office>,
        data: &Path,
        wanted: SocketAddr,
    ) -> Result<Self, ConfigError> {
        if !wanted.ip().is_loopback() {
            return Err(ConfigError::OperatorExposed { listen: wanted });
        }
        let file = data.join(FILE);
        let failed = |cause| ConfigError::Unwritable { path: file.clone(), cause };
        let taken = |cause| ConfigError::Taken { listen: wanted, cause };
        let listener = TcpListener::bind(wanted).await.map_err(taken)?;
        let address = listener.local_addr().map_err(failed)?;
        let note = Note::new(address);
        // Cookies know no ports: nobody else on this computer knows the path.
        let base = format!("/{}", base64url::encode(&rand::random::<[u8; 16]>()));
        let sessions = Sessions::new(Settings::loopback("countersign-attestor", &base));
        let pages = operator::router(Arc::clone(&office), sessions.clone(), &base);
        let keys = Arc::new(keys(data)?);
        let answers = countersign_node::page::proof::proof(&note);
        let posted = note.post(&file).map_err(failed)?;
        let guarded = Guarded { office, sessions, note, keys };
        let router = Router::new()
            .route("/owner", post(perform))
            .route("/owner/code", post(invite))
            .route("/metrics", get(figures))
            .with_state(guarded)
            .merge(answers)
            .merge(pages);
        Ok(Self { listener, address, router, posted })
    }
}

/// Reads where the door of the attestor in `data` is, if there was one; its secret is the owner's token.
#[must_use]
pub fn note(data: &Path) -> Option<Note> {
    Note::read(&data.join(FILE))
}

impl Guarded {
    /// Tells whether a program of the owner asks.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Locked> {
        if self.is_owners(self.shown(headers)?) { Ok(()) } else { Err(Locked::Unknown) }
    }

    /// Tells whether whoever asks may read the figures.
    fn admit_to_figures(&self, headers: &HeaderMap) -> Result<(), Locked> {
        let shown = self.shown(headers)?;
        match self.keys.scope(shown) {
            _ if self.is_owners(shown) => Ok(()),
            Some(scope) if scope.allows(Scope::Metrics) => Ok(()),
            Some(_) => Err(Locked::Not),
            None => Err(Locked::Unknown),
        }
    }

    /// Gives the token that is shown, unless a web page or another name for this computer brings it.
    fn shown<'h>(&self, headers: &'h HeaderMap) -> Result<&'h str, Locked> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if headers.contains_key(ORIGIN)
            || text(HOST) != Some(self.note.address().to_string().as_str())
        {
            return Err(Locked::Not);
        }
        let shown = text(AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        Ok(shown.unwrap_or_default())
    }

    fn is_owners(&self, shown: &str) -> bool {
        shown.as_bytes().ct_eq(self.note.secret().as_bytes()).into()
    }
}

/// Why a request is not let in. Fault of whoever sent it.
enum Locked {
    /// It shows no token that is known.
    Unknown,
    /// No token would do for where it comes from, or this one is for something else.
    Not,
}

impl IntoResponse for Locked {
    fn into_response(self) -> Response {
        match self {
            Self::Unknown => {
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, ASKED)]).into_response()
            }
            Self::Not => StatusCode::FORBIDDEN.into_response(),
        }
    }
}

/// Reads the tokens of the node's folder; a new attestor may have none yet.
fn keys(data: &Path) -> Result<Keys, ConfigError> {
    let path = data.join(TOKENS);
    let failed = |cause| ConfigError::Unwritable { path: path.clone(), cause };
    private::make_folder(&path).map_err(failed)?;
    Keys::read(path.clone()).map_err(|problem| failed(std::io::Error::other(problem)))
}

/// `GET /metrics`: what a Prometheus server reads.
async fn figures(State(door): State<Guarded>, headers: HeaderMap) -> Response {
    if let Err(locked) = door.admit_to_figures(&headers) {
        return locked.into_response();
    }
    match metrics::text(&door.office).await {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /owner/code`: makes a code that lets one browser in.
async fn invite(State(door): State<Guarded>, headers: HeaderMap) -> Response {
    match door.admit(&headers) {
        Ok(()) => Json(Invited { code: door.sessions.invite() }).into_response(),
        Err(locked) => locked.into_response(),
    }
}

async fn perform(State(door): State<Guarded>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(locked) = door.admit(&headers) {
        return locked.into_response();
    }
    let verb = json::parse(&body, SMALL).ok().and_then(|value| serde_json::from_value(value).ok());
    let Some(verb): Option<Verb> = verb else {
        return OfficeError::Malformed { member: "the request's body" }.told().into_response();
    };
    match door.office.perform_by(By::Command, verb).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the owner's request was not done");
            error.told().into_response()
        }
    }
}

/// Says where the door of a running attestor is; only its owner may read it.
const FILE: &str = "attestor.door";

/// The text format of OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A verb with a reason.
const SMALL: usize = 16 * 1024;
