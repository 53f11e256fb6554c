//! The door of a running network: the page for a browser, and the same deeds for programs.
//!
//! It listens on loopback alone. For programs there is a token in a file that only its owner can read,
//! and the guard of a node's own door; for a browser a code that counts once, and the guard of the pages.

use super::deed::{Deed, Done};
use super::note;
use super::page::{self, Entrance};
use super::status::Status;
use super::town::Town;
use crate::Failure;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router, middleware};
use countersign_node::Problem;
use countersign_node::door::{Keys, Scope, make_token};
use countersign_node::page::bearer::{self, Guard, Pages};
use countersign_node::problem::Kind;
use countersign_node::serve::{Limits, serve};
use countersign_node::verb::home::Opened;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A door that is open.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) address: SocketAddr,
    pub(super) entrance: Entrance,
    served: JoinHandle<()>,
    _note: note::Left,
}

impl Door {
    /// Opens a door to `town`, and leaves a note where it is.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::File`] if the token or the note cannot be written.
    pub(super) async fn open(town: &Arc<Town>) -> Result<Self, Failure> {
        let failed = |cause| Failure::Start { name: "the page".to_owned(), cause };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let entrance = Entrance::new(address);
        let folder = town.folder().join(note::FOLDER);
        let locked = |problem| Failure::Problem { name: "the door".to_owned(), problem };
        make_token(&folder, Scope::Owner, note::TOKEN).map_err(|it| locked(Box::new(it)))?;
        let keys = Arc::new(Keys::read(folder).map_err(|it| locked(Box::new(it)))?);
        let left = note::leave(town.folder(), address)?;
        let router = router(Arc::clone(town), entrance.clone(), keys);
        let served = tokio::spawn(serve(listener, None, router, LIMITS, town.stop_token()));
        Ok(Self { address, entrance, served, _note: left })
    }

    /// Waits until the last request was answered.
    pub(super) async fn closed(self) {
        // It ends when the town stops.
        let _ended = self.served.await.is_ok();
    }
}

/// Makes all that the door answers.
pub(super) fn router(town: Arc<Town>, entrance: Entrance, keys: Arc<Keys>) -> Router {
    let (needed, pages, hint) = (Scope::Owner, Pages::Own, HINT.to_owned());
    let guard = Guard { tokens: keys, needed, pages, hint };
    let state = Asked { town: Arc::clone(&town), entrance: entrance.clone() };
    Router::new()
        .route(STATUS, post(status))
        .route(DEED, post(perform))
        .route(OPEN, post(open))
        .route_layer(middleware::from_fn_with_state(guard, bearer::check))
        .with_state(state)
        .merge(page::router(town, entrance))
}

#[derive(Debug, Clone)]
struct Asked {
    town: Arc<Town>,
    entrance: Entrance,
}

async fn status(State(asked): State<Asked>) -> Json<Status> {
    Json(asked.town.status_now().await)
}

async fn perform(
    State(asked): State<Asked>,
    deed: Result<Json<Deed>, JsonRejection>,
) -> Result<Json<Done>, Problem> {
    let Json(deed) = deed.map_err(|rejection| {
        Problem::new(Kind::Invalid, "what is to be done is not understood")
            .because(rejection.body_text())
            .hint("`countersign-testnet ctl --help` lists what can be done")
    })?;
    asked.town.perform(deed).await.map(Json)
}

async fn open(State(asked): State<Asked>) -> Json<Opened> {
    Json(asked.entrance.open())
}

/// `POST`: what the network is like.
pub(super) const STATUS: &str = "/v1/status";
/// `POST`: do something to it.
pub(super) const DEED: &str = "/v1/do";
/// `POST`: let one browser in.
pub(super) const OPEN: &str = "/v1/open";

/// How a program comes in.
const HINT: &str = "send the token in the file `ctl/owner-ctl` of the network's folder as \
                    `Authorization: Bearer …` to 127.0.0.1, or use `countersign-testnet ctl`";

/// A fork is told to everybody before there is an answer.
const LIMITS: Limits =
    Limits { body: 64 * 1024, answer: Duration::from_secs(300), too_large: None };
