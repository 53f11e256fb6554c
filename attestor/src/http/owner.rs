//! The owner's door of a running attestor: loopback, one token for programs, and pages for a browser
//! that was let in by a code.
//!
//! A web page on the same computer is an attacker: to the token's addresses a request with an `Origin`,
//! or for another host than this computer, is refused before its token is looked at, as
//! [`countersign_node::page::bearer`] says; the pages are guarded as [`countersign_node::page::guard`] says.

use super::problem::Problem;
use super::{metrics, operator};
use crate::config::ConfigError;
use crate::ledger::audit::By;
use crate::office::{Office, OfficeError, Verb};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_node::door::note::{Note, Posted};
use countersign_node::door::{Keys, Scope, TOKENS};
use countersign_node::page::bearer::{self, Guard, Pages, Tokens};
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

/// What opens the owner's addresses: the secret of the note alone.
#[derive(Debug)]
struct Owners(Note);

impl Tokens for Owners {
    fn scope(&self, token: &str) -> Option<Scope> {
        let same: bool = token.as_bytes().ct_eq(self.0.secret().as_bytes()).into();
        same.then_some(Scope::Owner)
    }
}

/// What opens the figures: that, and the tokens that `countersign token new` makes.
#[derive(Debug)]
struct Readers {
    owners: Owners,
    keys: Keys,
}

impl Tokens for Readers {
    fn scope(&self, token: &str) -> Option<Scope> {
        self.owners.scope(token).or_else(|| self.keys.scope(token))
    }
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
        let readers = Readers { owners: Owners(note.clone()), keys: keys(data)? };
        let answers = countersign_node::page::proof::proof(&note);
        let posted = note.post(&file).map_err(failed)?;
        let verbs = Router::new()
            .route("/owner", post(perform))
            .with_state(Arc::clone(&office))
            .route("/owner/code", post(invite))
            .with_state(sessions);
        let figures = Router::new().route("/metrics", get(figures)).with_state(office);
        let router = guarded(verbs, Arc::new(Owners(note)), Scope::Owner, FOR_COMMANDS)
            .merge(guarded(figures, Arc::new(readers), Scope::Metrics, FOR_READERS))
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

/// Lets nobody in but who shows a token that allows `needed`.
fn guarded(router: Router, tokens: Arc<dyn Tokens>, needed: Scope, hint: &str) -> Router {
    let guard = Guard { tokens, needed, pages: Pages::None, hint: hint.to_owned() };
    router.route_layer(from_fn_with_state(guard, bearer::check))
}

/// Reads the tokens of the node's folder; a new attestor may have none yet.
fn keys(data: &Path) -> Result<Keys, ConfigError> {
    let path = data.join(TOKENS);
    let failed = |cause| ConfigError::Unwritable { path: path.clone(), cause };
    private::make_folder(&path).map_err(failed)?;
    Keys::read(path.clone()).map_err(|problem| failed(std::io::Error::other(problem)))
}

/// `GET /metrics`: what a Prometheus server reads.
async fn figures(State(office): State<Arc<Office>>) -> Response {
    match metrics::text(&office).await {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// `POST /owner/code`: makes a code that lets one browser in.
async fn invite(State(sessions): State<Sessions>) -> Json<Invited> {
    Json(Invited { code: sessions.invite() })
}

async fn perform(State(office): State<Arc<Office>>, body: Bytes) -> Response {
    let verb = json::parse(&body, SMALL).ok().and_then(|value| serde_json::from_value(value).ok());
    let Some(verb): Option<Verb> = verb else {
        return OfficeError::Malformed { member: "the request's body" }.told().into_response();
    };
    match office.perform_by(By::Command, verb).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            tracing::warn!(%error, "the owner's request was not done");
            error.told().into_response()
        }
    }
}

/// Says where the door of a running attestor is; only its owner may read it.
const FILE: &str = "attestor.door";

/// How to ask, and how to read the figures.
const FOR_COMMANDS: &str = "ask with `countersign-attestor`, as the user the attestor runs as";
const FOR_READERS: &str = "make a token with `countersign token new --scope metrics` and send it as \
                           `Authorization: Bearer …` to 127.0.0.1";

/// The text format of OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A verb with a reason.
const SMALL: usize = 16 * 1024;
