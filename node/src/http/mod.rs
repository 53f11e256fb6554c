//! The doors: the owner's, with every verb behind a token, and the public one, which resolves DIDs.

mod events;
mod problem;
mod public;

use crate::door::{Keys, Scope};
use crate::home;
use crate::node::Node;
use crate::page::bearer::{self, Guard, Pages};
use crate::page::fields::LARGEST_UPLOAD;
use crate::problem::{Kind, Problem};
use crate::serve::Limits;
use crate::verb::{self, Verb};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Json, Router, middleware};
use std::sync::Arc;
use std::time::Duration;

/// Makes the owner's door.
pub fn owner(node: Node, keys: Arc<Keys>) -> Router {
    let door = Door { router: Router::new(), keys };
    door.get("/metrics", Scope::Metrics, get(metrics))
        .get("/v1/events", Scope::Watch, get(events::stream))
        .verbs()
        .router
        .route("/live", get(|| async { "live\n" }))
        .route("/ready", get(ready))
        .fallback(|| async {
            Problem::new(Kind::NotFound, "there is nothing at this address")
                .hint("docs/cli.md lists every verb; each is a POST with a JSON body")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::Method, "this address takes another method")
                .hint("every verb is a POST with a JSON body; `/v1/events`, `/metrics`, `/live` and `/ready` are a GET")
        })
        .with_state(node)
}

/// Makes the public door: `GET /1.0/identifiers/{did}` alone.
pub fn public(node: Node) -> Router {
    Router::new()
        .route("/1.0/identifiers/{did}", get(public::resolve))
        .fallback(|| async { Problem::new(Kind::NotFound, "this door only resolves DIDs") })
        .method_not_allowed_fallback(|| async {
            Problem::new(Kind::Method, "this door is only asked, with GET")
        })
        .with_state(node)
}

/// What a request of the owner may cost: a photo of a request with room to spare, and the time a person
/// takes to sign in somewhere. Whatever is no photo has a smaller limit of its own: a form's is in
/// [`page::fields`](crate::page::fields), a verb's 2 MiB.
pub const OWNER_LIMITS: Limits = Limits {
    body: LARGEST_UPLOAD,
    answer: Duration::from_secs(900),
    too_large: Some(home::too_large),
};

/// What a request of a device of the owner's may cost: a photo, and the time a vendor takes to answer.
pub const DEVICE_LIMITS: Limits = Limits {
    body: LARGEST_UPLOAD,
    answer: Duration::from_secs(120),
    too_large: Some(home::too_large),
};

/// What a request of a stranger may cost: no body, and one look-up.
pub const PUBLIC_LIMITS: Limits =
    Limits { body: 1024, answer: Duration::from_secs(15), too_large: None };

/// How a program comes in where a token has to allow `needed`.
fn hint(needed: Scope) -> String {
    let scope = needed.word();
    format!(
        "make a token with `countersign token new --scope {scope}` and send it as \
         `Authorization: Bearer …` to 127.0.0.1"
    )
}

/// Adds routes, each behind the guard for its scope.
struct Door {
    router: Router<Node>,
    keys: Arc<Keys>,
}

impl Door {
    fn get(mut self, path: &str, needed: Scope, method: axum::routing::MethodRouter<Node>) -> Self {
        let (keys, hint) = (Arc::clone(&self.keys), hint(needed));
        let guard = Guard { tokens: keys, needed, pages: Pages::Own, hint };
        let method = method.route_layer(middleware::from_fn_with_state(guard, bearer::check));
        self.router = self.router.route(path, method);
        self
    }

    fn verb<V: Verb>(self) -> Self {
        self.get(V::PATH, V::SCOPE, post(ask::<V>))
    }

    /// Every verb there is. A new one is added here and in `cli`.
    fn verbs(self) -> Self {
        self.verb::<verb::resolve::Resolve>()
            .verb::<verb::contacts::Add>()
            .verb::<verb::contacts::List>()
            .verb::<verb::claims::Request>()
            .verb::<verb::claims::Collect>()
            .verb::<verb::claims::List>()
            .verb::<verb::claims::Show>()
            .verb::<verb::claims::Publish>()
            .verb::<verb::claims::Withdraw>()
            .verb::<verb::claims::Forget>()
            .verb::<verb::claims::Add>()
            .verb::<verb::claims::Renew>()
            .verb::<verb::claims::Staple>()
            .verb::<verb::presenting::NewChallenge>()
            .verb::<verb::presenting::Present>()
            .verb::<verb::presenting::Check>()
            .verb::<verb::identity::Show>()
            .verb::<verb::identity::Rotate>()
            .verb::<verb::identity::Retire>()
            .verb::<verb::identity::Recover>()
            .verb::<verb::identity::Rehearse>()
            .verb::<verb::identity::Export>()
            .verb::<verb::identity::Move>()
            .verb::<verb::identity::Deactivate>()
            .verb::<verb::network::Invite>()
            .verb::<verb::network::Attestors>()
            .verb::<verb::network::Watch>()
            .verb::<verb::network::Unwatch>()
            .verb::<verb::network::Block>()
            .verb::<verb::network::Doctor>()
            .verb::<verb::network::Settings>()
            .verb::<verb::limits::Limit>()
            .verb::<verb::backup::Backup>()
            .verb::<verb::passphrase::ChangePassphrase>()
            .verb::<verb::asking::Preview>()
            .verb::<verb::asking::Refuse>()
            .verb::<verb::overview::Overview>()
            .verb::<verb::statement::Statement>()
            .verb::<verb::home::Enter>()
            .verb::<verb::desk::Desk>()
            .verb::<verb::devices::Open>()
            .verb::<verb::devices::Shut>()
            .verb::<verb::devices::Add>()
            .verb::<verb::devices::List>()
            .verb::<verb::devices::Remove>()
    }
}

/// `POST` of any verb: the body is the question, the response the answer.
async fn ask<V: Verb>(
    State(node): State<Node>,
    Extension(scope): Extension<Scope>,
    question: Result<Json<V>, JsonRejection>,
) -> Result<Json<V::Answer>, Problem> {
    let Json(question) = question.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(Kind::TooLarge, "the question is longer than any that can be asked")
                .hint(ASK)
        }
        _ => Problem::new(Kind::Invalid, "the question is not understood")
            .because(rejection.body_text())
            .hint(ASK),
    })?;
    Ok(Json(question.perform(&node.asked_with(scope)).await?))
}

/// What can be asked.
const ASK: &str = "docs/openapi.json says how each question is written";

/// `GET /metrics`: what a Prometheus server reads.
async fn metrics(State(node): State<Node>) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
        node.metrics(),
    )
}

/// `GET /ready`: whether the node has peers to ask.
async fn ready(State(node): State<Node>) -> impl IntoResponse {
    if node.is_ready() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no peers yet\n")
    }
}

#[cfg(test)]
mod tests;
