//! The page that says who one is now, what happens while the computer is off, and who signs a first claim.

use super::Home;
use super::asking;
use super::frame::{Asked, alone, ways};
use super::network::promises;
use super::start::steps;
use super::texts::{T, fill};
use crate::known::on_paper;
use crate::page::part::Begin;
use crate::page::parts::{self, Tone, button_link, card, notice};
use crate::page::{Markup, Page, html};
use crate::problem::Problem;
use crate::verb::identity::Show;
use crate::verb::overview::{Overview, Promise};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::REFRESH;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

pub(super) fn routes() -> Router<Home> {
    Router::new().route("/start/ready", get(ready))
}

/// `GET start/ready`. What takes a moment to be heard of comes by itself: nobody writes on this page.
async fn ready(asked: Asked) -> Response {
    let both = async { tokio::try_join!(asked.ask(Show {}), asked.ask(Overview {})) };
    let (own, keepers) = match both.await {
        Ok((own, seen)) => (own, seen.keepers),
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let offers = match offers(&asked).await {
        Ok(offers) => offers,
        Err(problem) => return asked.failed(&problem, "").await,
    };
    let joined = asked.node.joined().is_ok();
    let is_early = joined && (keepers.is_empty() || offers.is_none());
    let site = alone();
    let page = Page::new(&site, T.ready_title)
        .lead(T.ready_lead)
        .with(steps(3))
        .with(card(
            T.ready_you,
            html! {
                (parts::facts(&[
                    (T.fingerprint, html! { strong { code { (own.fingerprint) } } }),
                    (T.identity, parts::code(&own.did)),
                ]))
                p.hint { (T.ready_you_text) }
            },
        ))
        .with(notice(
            Tone::Warning,
            T.on_paper_title,
            html! {
                p { strong { code { (on_paper(&own.did)) } } }
                p { (T.on_paper_text) }
            },
        ))
        .with(card(T.off_title, html! { p { (T.off_text) } (kept(&keepers, joined)) }))
        .with(on(&asked, offers.as_ref()))
        .with(html! { @if let Some(offers) = &offers { (offers) } });
    let mut response = page.into_response();
    if is_early && asked.home.looks_again() {
        response.headers_mut().insert(REFRESH, HeaderValue::from_static("3"));
    }
    response
}

/// Who signs a first claim, if anybody was heard of yet.
async fn offers(asked: &Asked) -> Result<Option<Markup>, Problem> {
    let (listed, part) = asking::listed(asked, Begin::default()).await?;
    if listed.is_empty() {
        return Ok(None);
    }
    Ok(Some(html! {
        h2.section { (T.ready_claim) }
        (asking::cards(asked, &listed))
        (ways(&part, T.get_title, |from| asked.at(&format!("claims/get?from={from}"))))
    }))
}

/// Says who keeps the identity while this computer is off.
fn kept(keepers: &[Promise], joined: bool) -> Markup {
    let title = match keepers.len() {
        0 if joined => return notice(Tone::Warning, T.off_not_yet, T.off_not_yet_text),
        0 => return notice(Tone::Warning, T.off_no_network, T.off_no_network_text),
        1 => T.off_kept_one.to_owned(),
        count => fill(T.off_kept, &[("keepers", &count.to_string())]),
    };
    notice(Tone::Good, title, html! { p { (T.off_kept_text) } (promises(keepers)) })
}

/// The ways on from here.
fn on(asked: &Asked, offers: Option<&Markup>) -> Markup {
    let home = parts::quiet_link(&asked.at(""), T.ready_home);
    match (asked.home.entrance().led.unshown(), offers) {
        // A link led here before there was anybody who could answer it.
        (Some(link), _) => parts::actions(&[button_link(&asked.at(&link), T.ready_request), home]),
        (None, None) => {
            parts::actions(&[button_link(&asked.at("claims/get"), T.ready_claim), home])
        }
        (None, Some(_)) => parts::actions(&[home]),
    }
}
