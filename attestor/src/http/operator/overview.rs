//! The first page: whether all is well, and how much there is of everything.

use super::{Desk, parts, time, words};
use crate::office::query::State;
use crate::office::{Overview, Room};
use axum::extract;
use axum::response::{IntoResponse as _, Response};
use countersign_node::page::parts::Tone;
use countersign_node::page::{Markup, Page, Visit, html};

/// `GET …`: the overview.
pub(super) async fn overview(extract::State(desk): extract::State<Desk>, visit: Visit) -> Response {
    let found = match desk.office.overview().await {
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
fn health(found: &Overview) -> Markup {
    // Where there is no list yet, nobody waits to hear of one.
    let said = found.lists.iter().map(|list| list.said).min();
    // Two heartbeats were missed.
    let most = 2 * found.heartbeat + LATE;
    let silent = said.is_some_and(|said| found.at.since(said) > most);
    let when = html! { @if let Some(said) = said { (time(&said.to_string())) } };
    if !found.clock {
        parts::light(Tone::Bad, words::CLOCK, html! { (words::CLOCK_TEXT) " " (when) })
    } else if silent {
        parts::light(Tone::Bad, words::SILENT, html! { (words::SILENT_TEXT) " " (when) })
    } else {
        parts::light(Tone::Good, words::ALL_WELL, html! { (words::ALL_WELL_TEXT) " " (when) })
    }
}

fn figures(desk: &Desk, found: &Overview) -> Markup {
    let with_state = |state: State, word: &'static str| {
        let href = desk.at(&format!("/claims?state={}", state.word()));
        (word, html! { a href=(href) { (found.count(state)) } })
    };
    parts::facts(&[
        with_state(State::Standing, words::STANDING),
        (words::DUE_SOON, html! { a href=(desk.at("/renewals")) { (found.due) } }),
        (words::TODAY, html! { (found.signed_today) }),
        (words::UNDER_WAY, html! { (found.under_way) }),
        with_state(State::Renewed, words::RENEWED),
        with_state(State::Ended, words::ENDED),
        with_state(State::Revoked, words::REVOKED),
        (words::REFUSED_TWICE, html! { a href=(desk.at("/duplicates")) { (found.refused_twice) } }),
    ])
}

fn rooms(found: &Overview) -> Markup {
    html! {
        @for Room { list, used, size, open, .. } in &found.lists {
            @let how = if *open { words::LIST_OPEN } else { words::LIST_SHUT };
            @let label = format!("{} {list}: {how}", words::LIST);
            (parts::meter(&label, *used, *size, words::used(*used, *size)))
        }
        p.hint { (words::ROOM_HINT) }
    }
}

/// Seconds a heartbeat may be late for nothing.
const LATE: u64 = 60;
