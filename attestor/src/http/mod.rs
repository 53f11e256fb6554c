//! The attestor's listener: pages for people, JSON for the nodes that ask, lists for everybody.
//!
//! | address | what |
//! | --- | --- |
//! | `POST /v1/requests` | takes a request up and gives a challenge |
//! | `POST /v1/requests/{id}/presentation` | the subject shows itself; gives the page to sign in |
//! | `POST /v1/requests/{id}/claim` | hands the claim over for the code and the verifier |
//! | `POST /v1/requests/{id}/current` | the subject shows itself; gives its standing claims |
//! | `GET /v1/profile` | what the attestor says of itself |
//! | `GET /status/{n}` | a status list, as a credential |
//! | `GET /`, `GET /start/{ticket}`, `GET /begin/{ticket}`, `GET /callback/{source}`, `POST /confirm/{id}` | a person's browser |

mod api;
mod browser;
mod cookie;
mod english;
mod metrics;
mod operator;
pub mod owner;
mod page;
mod problem;

use crate::office::Office;
use axum::Router;
use axum::middleware;
use axum::routing::{get, post};
use countersign_node::page::{asset, headers};
use countersign_node::serve::Limits;
use countersign_protocol::wire::bounds;
use std::sync::Arc;
use std::time::Duration;

/// Makes the listener's routes.
pub fn router(office: Arc<Office>) -> Router {
    Router::new()
        .route("/", get(browser::front))
        .route("/start/{ticket}", get(browser::start))
        .route("/begin/{ticket}", get(browser::begin))
        .route("/callback/{source}", get(browser::callback))
        .route("/confirm/{id}", post(browser::confirm))
        .route("/v1/requests", post(api::ask))
        .route("/v1/requests/{id}/presentation", post(api::present))
        .route("/v1/requests/{id}/claim", post(api::claim))
        .route("/v1/requests/{id}/current", post(api::current))
        .route("/v1/profile", get(api::profile))
        .route("/status/{number}", get(api::status))
        .fallback(problem::nothing_here)
        .with_state(office)
        .merge(asset::routes())
        .layer(middleware::from_fn(headers::strict))
}

/// What a request may cost: a presentation with the log of its holder; three answers of a slow
/// provider, and our disk.
pub const LIMITS: Limits = Limits {
    body: bounds::PRESENTATION + bounds::LOG + 64 * 1024,
    answer: Duration::from_secs(40),
    too_large: None,
};
