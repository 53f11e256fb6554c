//! How much the node may use for others: a form for what else stands in a file.

use super::Home;
use super::frame::Asked;
use super::network::shown;
use super::texts::{self, T, fill};
use crate::config::size::Size;
use crate::page::parts::{Field, Line, Tone, notice, submit};
use crate::page::{Markup, Posted, html};
use crate::problem::{Kind, Problem};
use crate::verb::limits::{Limit, Limits};
use axum::Router;
use axum::response::Response;
use axum::routing::post;
use countersign_protocol::engine::directory::DISK;

pub(super) fn routes() -> Router<Home> {
    Router::new().route("/network/limits", post(set))
}

/// What stands in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Typed {
    traffic: String,
    heads: String,
    peers: String,
}

impl Typed {
    /// Gives the limits in force, as a person would type them.
    pub(super) async fn now(asked: &Asked) -> Result<Self, Problem> {
        let Limits { traffic, heads, max_peers, .. } = asked.ask(Limit::default()).await?;
        let traffic = if traffic == 0 { "0".to_owned() } else { Size(traffic).to_string() };
        Ok(Self { traffic, heads: Size(heads).to_string(), peers: max_peers.to_string() })
    }

    /// Reads it.
    fn read(&self) -> Result<Limit, Problem> {
        let size = |text: &str| {
            let size = text.parse::<Size>();
            size.map(|Size(bytes)| bytes).map_err(|error| no_limit(&error))
        };
        let peers = self.peers.trim().parse::<u32>();
        Ok(Limit {
            traffic: Some(size(&self.traffic)?),
            heads: Some(size(&self.heads)?),
            max_peers: Some(peers.map_err(|_| no_limit(&T.limits_no_number))?),
        })
    }
}

fn no_limit(because: &dyn core::fmt::Display) -> Problem {
    Problem::new(Kind::Invalid, T.limits_not_set).because(because)
}

/// The form.
pub(super) fn form(asked: &Asked, typed: &Typed) -> Markup {
    let room = fill(T.limits_heads_hint, &[("times", &DISK.to_string())]);
    asked.form("network/limits", html! {
        p { (T.limits_text) }
        (Field::new("traffic", T.limits_traffic, Line::Text).hint(T.limits_traffic_hint).value(&typed.traffic))
        (Field::new("heads", T.limits_heads, Line::Text).hint(&room).value(&typed.heads))
        (Field::new("peers", T.limits_peers, Line::Number).hint(T.limits_peers_hint).value(&typed.peers))
        (submit(T.limits_go))
    })
}

/// `POST network/limits`.
async fn set(asked: Asked, posted: Posted) -> Response {
    let text = |name: &str| posted.fields.text(name).to_owned();
    let typed = Typed { traffic: text("traffic"), heads: text("heads"), peers: text("peers") };
    let limit = match typed.read() {
        Ok(limit) => asked.ask(limit).await,
        Err(problem) => Err(problem),
    };
    match limit {
        Ok(limits) => {
            let said = if limits.next_start.is_empty() { T.limits_now } else { T.limits_next };
            shown(&asked, notice(Tone::Good, T.limits_set, said), None).await
        }
        Err(problem) => shown(&asked, texts::problem(&problem), Some(typed)).await,
    }
}
