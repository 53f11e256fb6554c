//! The first page: how all of it is, and three headings: I choose, I look after, I am the beneficiary.

use super::frame::Asked;
use super::keys::{alarms, to_takeback};
use super::network::overall;
use super::texts::{self, T, fill};
use crate::config::Role;
use crate::page::parts::{self, Tone, button_link, cards, notice, quiet_link, state};
use crate::page::{Markup, html};
use crate::problem::Problem;
use crate::verb::claims::List;
use crate::verb::identity::Show;
use crate::verb::network::Doctor;
use crate::verb::overview::Overview;
use crate::verb::statement::Statement;
use axum::response::{IntoResponse as _, Response};

/// `GET /`.
pub(super) async fn page(asked: Asked) -> Response {
    match body(&asked).await {
        Ok(body) => {
            let frame = asked.frame().await;
            let page = frame.page(T.overview_title).lead(T.overview_lead).at(asked.at(""));
            page.with(body).into_response()
        }
        Err(problem) => {
            let frame = asked.frame().await;
            frame.page(T.failed_title).with(texts::problem(&problem)).into_response()
        }
    }
}

async fn body(asked: &Asked) -> Result<Markup, Problem> {
    // Side by side: each of them waits for the disk, and together they wait once.
    let (findings, seen, claims, own, statement) = tokio::try_join!(
        asked.ask(Doctor {}),
        asked.ask(Overview {}),
        asked.ask(List {}),
        asked.ask(Show {}),
        asked.ask(Statement {}),
    )?;
    let claims = claims.claims;
    let published = claims.iter().filter(|claim| claim.published).count();
    let at = |page: &str| asked.at(page);
    Ok(html! {
        (alarms(&seen.alarms, &to_takeback(asked)))
        @if !statement.intact { (notice(Tone::Bad, T.overview_broken, T.overview_broken_text)) }
        (overall(&findings, &seen))
        h2.section { (T.choose) }
        (cards(&[
            tile(T.nav_requests, html! { p { (T.tile_requests) } }, button_link(&at("requests"), T.request_open)),
            tile(T.nav_world, html! { p {
                @match published {
                    0 => (T.tile_world_none),
                    count => (fill(T.tile_world, &[("count", &count.to_string())])),
                }
            } }, quiet_link(&at("world"), T.tile_world_look)),
        ]))
        h2.section { (T.look_after) }
        (cards(&[
            tile(T.nav_claims, html! { p {
                @match claims.len() {
                    0 => (T.claims_none),
                    1 => (T.tile_claim),
                    count => (fill(T.tile_claims, &[("count", &count.to_string())])),
                }
            } }, if claims.is_empty() { button_link(&at("claims/get"), T.claims_get) }
                 else { quiet_link(&at("claims"), T.tile_claims_look) }),
            tile(T.nav_keys, html! {
                p { @if own.stands { (state(Tone::Good, T.keys_stands)) } @else { (state(Tone::Warning, T.keys_waits)) } }
                p { (T.tile_keys) }
            }, quiet_link(&at("keys"), T.tile_keys_look)),
            tile(T.nav_network, html! { p {
                @match seen.peers.len() {
                    0 => (T.peers_none),
                    1 => (T.tile_network_one),
                    count => (fill(T.tile_network, &[("count", &count.to_string())])),
                }
            } }, quiet_link(&at("network"), T.tile_network_look)),
        ]))
        h2.section { (T.beneficiary) }
        (cards(&[
            tile(T.nav_statement, html! { p {
                @if !statement.intact { (state(Tone::Bad, T.statement_broken)) }
                @else if statement.lines.is_empty() { (T.statement_none) }
                @else if statement.lines.len() == 1 { (T.tile_statement_one) }
                @else { (fill(T.tile_statement, &[("count", &statement.lines.len().to_string())])) }
            } }, quiet_link(&at("statement"), T.tile_statement_look)),
            tile(T.keepers_title, html! { p {
                @match own.keepers {
                    0 if !seen.alarms.is_empty() => (T.keepers_other_text),
                    0 if asked.node.config().role == Role::Full => (T.keepers_full_text),
                    0 => (T.keepers_none_text),
                    1 => (T.off_kept_one),
                    count => (fill(T.off_kept, &[("keepers", &count.to_string())])),
                }
            } }, quiet_link(&at("network"), T.tile_keepers_look)),
        ]))
    })
}

fn tile(title: &str, body: Markup, way: Markup) -> Markup {
    html! { section.card { h3.tile { (title) } (body) (parts::actions(&[way])) } }
}
