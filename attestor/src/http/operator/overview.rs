//! The first page: whether all is well, and how much there is of everything.

use super::{Desk, list, number, parts, text, time, words};
use crate::office::Verb;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use countersign_node::page::parts::Tone;
use countersign_node::page::{Markup, Page, Visit, html};
use countersign_protocol::time::Timestamp;
use serde_json::Value;

/// `GET …`: the overview.
pub(super) async fn overview(State(desk): State<Desk>, visit: Visit) -> Response {
    let found = match desk.ask(Verb::Overview).await {
        Ok(found) => found,
        Err(error) => return desk.failed(&visit, &error),
    };
    let site = desk.site(&visit);
    Page::new(&site, words::OVERVIEW)
        .at(desk.at(""))
        .with(health(&found))
        .with(parts::card(words::FIGURES, figures(&desk, &found)))
        .with(parts::card(words::ROOM, rooms(&found)))
        .into_response()
}

/// Says whether heartbeats go out as they should.
fn health(found: &Value) -> Markup {
    let said = list(found, "lists").iter().map(|list| text(list, "said")).min().unwrap_or_default();
    let at = |text: &str| Timestamp::parse(text).unwrap_or(Timestamp::MAX);
    // Two heartbeats were missed.
    let most = 2 * number(found, "heartbeat") + LATE;
    let silent = at(text(found, "at")).since(at(said)) > most;
    let when = html! { (time(said)) };
    if found.get("clock").and_then(Value::as_bool) == Some(false) {
        parts::light(Tone::Bad, words::CLOCK, html! { (words::CLOCK_TEXT) " " (when) })
    } else if silent {
        parts::light(Tone::Bad, words::SILENT, html! { (words::SILENT_TEXT) " " (when) })
    } else {
        parts::light(Tone::Good, words::ALL_WELL, html! { (words::ALL_WELL_TEXT) " " (when) })
    }
}

fn figures(desk: &Desk, found: &Value) -> Markup {
    let claims = found.get("claims").cloned().unwrap_or_default();
    let with_state = |state: &str, word: &'static str| {
        let href = desk.at(&format!("/claims?state={state}"));
        (word, html! { a href=(href) { (number(&claims, state)) } })
    };
    parts::facts(&[
        with_state("standing", words::STANDING),
        (words::DUE_SOON, html! { a href=(desk.at("/renewals")) { (number(found, "due")) } }),
        (words::TODAY, html! { (number(found, "signedToday")) }),
        (words::UNDER_WAY, html! { (number(found, "underWay")) }),
        with_state("renewed", words::RENEWED),
        with_state("ended", words::ENDED),
        with_state("revoked", words::REVOKED),
        (
            words::REFUSED_TWICE,
            html! { a href=(desk.at("/duplicates")) { (number(found, "refusedTwice")) } },
        ),
    ])
}

fn rooms(found: &Value) -> Markup {
    html! {
        @for room in list(found, "lists") {
            @let open = room.get("open").and_then(Value::as_bool).unwrap_or_default();
            @let how = if open { words::LIST_OPEN } else { words::LIST_SHUT };
            @let label = format!("{} {}: {how}", words::LIST, number(room, "list"));
            (parts::meter(
                &label,
                number(room, "used"),
                number(room, "size"),
                words::used(number(room, "used"), number(room, "size")),
            ))
        }
        p.hint { (words::ROOM_HINT) }
    }
}

/// Seconds a heartbeat may be late for nothing.
const LATE: u64 = 60;
