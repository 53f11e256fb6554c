//! The page of a running network: a live map, what travels, and a button for each thing that can be done.
//!
//! It is made on the server and works without a script; with one, a stream of events puts what changed
//! into its place.

mod map;
mod pieces;
mod places;
mod stream;
mod texts;

pub(super) use self::places::entrance_of;
use self::texts as words;
use super::deed::Deed;
use super::town::Town;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_node::page::guard::{self, Door, Hosts, Refusal};
use countersign_node::page::parts::{self, Field, Line, Tone};
use countersign_node::page::session::{EnterError, Session, Sessions, Settings};
use countersign_node::page::{
    Entry, Fields, Group, Icon, Page, Posted, PreEscaped, Site, Visit, asset, headers, html,
};
use countersign_node::verb::home::Opened;
use countersign_protocol::encoding::base64url;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

/// Where the page is and who is let in. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Entrance {
    address: SocketAddr,
    /// The path all of it lies below, with a slash at its end: cookies know no ports.
    base: Arc<str>,
    sessions: Sessions,
}

impl Entrance {
    /// Lets nobody in yet.
    pub(super) fn new(address: SocketAddr) -> Self {
        let secret = base64url::encode(&rand::random::<[u8; 12]>());
        let base: Arc<str> = format!("/m-{secret}/").into();
        let settings = Settings::loopback("countersign-map", &base);
        Self { address, base, sessions: Sessions::new(settings) }
    }

    /// Makes a code that opens the page in one browser.
    pub(super) fn open(&self) -> Opened {
        let code = self.sessions.invite();
        let url = format!("http://{}/enter?code={code}", self.address);
        Opened { url, code, for_user: None }
    }

    fn at(&self, page: &str) -> String {
        format!("{}{page}", self.base)
    }
}

/// What every page is made with.
#[derive(Debug, Clone)]
struct Map {
    town: Arc<Town>,
    entrance: Entrance,
}

/// Makes the page and all that belongs to it.
pub(super) fn router(town: Arc<Town>, entrance: Entrance) -> Router {
    let guests = Arc::new(entrance.sessions.clone());
    let door = Door { guests, hosts: Hosts::ThisComputer, answer: stopped };
    let outside = Router::new()
        .route("/", get(|| async { ask(None) }))
        .route("/enter", get(follow).post(typed))
        .layer(from_fn_with_state(door.clone(), guard::pass));
    let inside = Router::new()
        .route("/", get(page))
        .route("/do", post(perform))
        .route("/events", get(stream::events))
        .route("/open/{name}", get(open))
        .route("/leave", post(leave))
        .layer(from_fn_with_state(door, guard::visit));
    Router::new()
        .merge(outside)
        .nest(&entrance.base, inside)
        .merge(asset::routes())
        .route(style(), get(|| async { forever() }))
        .layer(from_fn(headers::strict))
        .with_state(Map { town, entrance: entrance.clone() })
}

/// Whether the page is to say what came of what was done last.
#[derive(Debug, Deserialize)]
struct Asked {
    done: Option<String>,
}

/// The map.
async fn page(
    State(map): State<Map>,
    Visit(session): Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let status = map.town.status();
    let site = map.site(&session);
    let live = pieces::Live::new(&map, &session, &status);
    let last = asked.done.and_then(|_| map.town.last());
    let body = html! {
        link rel="stylesheet" href=(style());
        (parts::notice(Tone::Warning, words::TEST, words::TEST_TEXT))
        @if let Some(last) = last { (pieces::outcome(&last)) }
        div.desk-of-map data-events=(map.entrance.at("events")) {
            section.card aria-labelledby="map-title" {
                h2 id="map-title" { (words::MAP) }
                div id="map" { (live.map()) }
            }
            (pieces::deeds(&map, &session, &status))
            section.card #travels {
                h2 { (words::TRAVELS) }
                p.hint { (words::TRAVELS_TEXT) }
                div id="news" { (live.news()) }
            }
        }
        div id="nodes" { (live.nodes()) }
        h2.section #places { (words::PLACES) }
        (places::cards(&map))
        script { (PreEscaped(SCRIPT)) }
    };
    let page = Page::new(&site, words::TITLE).at(map.entrance.at("")).lead(words::LEAD).with(body);
    let policy = headers::policy_with_script(script_hash());
    let mut response = page.into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `POST do`: a button.
async fn perform(State(map): State<Map>, posted: Posted) -> Response {
    match deed(&posted.fields) {
        Some(deed) => {
            // What came of it stands on the page that follows.
            let _done = map.town.perform(deed).await.is_ok();
            Redirect::to(&map.entrance.at("?done=1")).into_response()
        }
        None => Refusal::BadForm.into_response(),
    }
}

fn deed(fields: &Fields) -> Option<Deed> {
    let text = |field: &str| fields.text(field).to_owned();
    let name = text("name");
    Some(match fields.text("deed") {
        "kill" => Deed::Kill { name },
        "start" => Deed::Start { name },
        "cut" => Deed::Cut {},
        "heal" => Deed::Heal {},
        "attest" => Deed::Attest { name, from: text("from") },
        "revoke" => Deed::Revoke { name, about: None },
        "fork" => Deed::Fork { name },
        "flood" => Deed::Flood { name },
        _ => return None,
    })
}

/// `GET open/NAME`: leads into a member's own pages, past their door.
async fn open(State(map): State<Map>, Visit(session): Visit, Path(name): Path<String>) -> Response {
    match entrance_of(&map.town, &name).await {
        Ok(url) => Redirect::to(&url).into_response(),
        Err(problem) => {
            let site = map.site(&session);
            let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::CONFLICT);
            Page::new(&site, words::NOT_OPEN)
                .with(parts::problem(&problem))
                .with(parts::actions(&[parts::button_link(&map.entrance.at(""), words::BACK)]))
                .status(status)
                .into_response()
        }
    }
}

/// `POST leave`: ends this browser's session.
async fn leave(State(map): State<Map>, posted: Posted) -> Response {
    let gone = map.entrance.sessions.leave(&posted.session);
    ([(SET_COOKIE, gone)], Redirect::to("/")).into_response()
}

impl Map {
    fn site(&self, session: &Session) -> Site {
        let way = |label: &str, at: &str, icon| Entry::new(label, self.entrance.at(at), icon);
        let entries = vec![
            way(words::MAP_WAY, "", Icon::Network),
            way(words::DO, "#do", Icon::Start),
            way(words::TRAVELS_WAY, "#travels", Icon::Statement),
            way(words::NODES, "#nodes", Icon::Overview),
            way(words::PLACES_WAY, "#places", Icon::World),
        ];
        Site {
            home: self.entrance.at(""),
            owner: self.town.network.clone(),
            groups: vec![Group { title: String::new(), entries }],
            leave: Some(parts::press(
                session,
                &self.entrance.at("leave"),
                &[],
                parts::quiet(words::LEAVE),
            )),
            ..plain()
        }
    }
}

/// What the address a person opens brings along.
#[derive(Debug, Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

/// `GET /enter?code=…`: the address `up` and `ctl open` print.
async fn follow(State(map): State<Map>, Query(said): Query<Code>) -> Response {
    enter(&map, &said.code)
}

/// `POST /enter`: a code that was typed.
async fn typed(State(map): State<Map>, body: Bytes) -> Response {
    enter(&map, Fields::parse(&body).text("code"))
}

fn enter(map: &Map, code: &str) -> Response {
    match map.entrance.sessions.enter(code) {
        Ok((cookie, _)) => {
            ([(SET_COOKIE, cookie)], Redirect::to(&map.entrance.base)).into_response()
        }
        Err(error) => ask(Some(error)),
    }
}

fn ask(wrong: Option<EnterError>) -> Response {
    let (status, said) = match wrong {
        None => (StatusCode::OK, None),
        Some(EnterError::Wrong) => (StatusCode::FORBIDDEN, Some(words::ENTER_WRONG)),
        Some(EnterError::TooOften) => (StatusCode::TOO_MANY_REQUESTS, Some(words::ENTER_TOO_OFTEN)),
    };
    Page::new(&plain(), words::ENTER)
        .lead(words::ENTER_LEAD)
        .with(html! {
            @if let Some(said) = said { (parts::notice(Tone::Bad, words::ENTER_NO, said)) }
            section.card {
                form method="post" action="/enter" autocomplete="off" {
                    (Field::new("code", words::ENTER_CODE, Line::Text))
                    (parts::submit(words::ENTER_GO))
                }
            }
            p { (words::ENTER_HOW) " " code { "countersign-testnet ctl open" } "." }
        })
        .status(status)
        .into_response()
}

/// Answers whoever is not let through.
fn stopped(refusal: Refusal) -> Response {
    let (title, text) = match refusal {
        Refusal::NotEntered => {
            let mut response = ask(None);
            *response.status_mut() = refusal.status();
            return response;
        }
        Refusal::OtherHost | Refusal::OtherPage => (words::OTHER_PAGE, words::OTHER_PAGE_TEXT),
        Refusal::OldForm | Refusal::BadForm => (words::OLD_FORM, words::OLD_FORM_TEXT),
    };
    Page::new(&plain(), title).lead(text).status(refusal.status()).into_response()
}

fn plain() -> Site {
    Site {
        name: words::NAME.to_owned(),
        skip: words::SKIP.to_owned(),
        language: words::LANGUAGE.to_owned(),
        ..Site::default()
    }
}

/// Gives the address of the stylesheet, which changes with its content.
fn style() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        let name = base64url::encode(&Sha256::digest(STYLE.as_bytes()));
        format!("/assets/map-{}.css", name.get(..16).unwrap_or_default())
    })
}

fn forever() -> impl IntoResponse {
    let kind = (CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind, (CACHE_CONTROL, "public, max-age=31536000, immutable")], STYLE)
}

/// Gives the script's SHA-256 as the page's policy names it.
fn script_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| STANDARD.encode(Sha256::digest(SCRIPT.as_bytes())))
}

const STYLE: &str = include_str!("map.css");
const SCRIPT: &str = include_str!("map.js");
