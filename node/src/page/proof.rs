//! What a door answers to whoever is about to tell it something.

use crate::door::note::{Note, PATH};
use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;

/// `GET /door?CHALLENGE`: proves that whoever answers wrote `note`; nothing has to be shown for it.
pub fn proof<S: Clone + Send + Sync + 'static>(note: &Note) -> Router<S> {
    let note = note.clone();
    let answer = move |RawQuery(challenge): RawQuery| async move {
        note.answer(&challenge.unwrap_or_default()).ok_or(StatusCode::BAD_REQUEST)
    };
    Router::new().route(PATH, get(answer))
}
