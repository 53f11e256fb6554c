//! The owner's pages: her claims, requests, statement, keys and network, in a browser.
//!
//! Pages ask the node what the door and the command line ask, with the same [verbs](crate::verb), and
//! decide nothing themselves. They lie behind the owner's listener, below a path that nobody else
//! knows, and open for whoever has a code that `countersign home` makes.
//!
//! A [`Home`] is there before there is a node: making one, and unlocking it, happens in the browser.
//!
//! | file | what |
//! | --- | --- |
//! | `stage` | from an empty folder to a running node |
//! | `entrance`, `led` | in and out; a browser that a program led here, and the link it brings |
//! | `start`, `ready`, `returning`, `paper` | the first ten minutes; an identity one has already; the 24 words |
//! | `phone`, `devices`, `addresses` | the narrower door for a phone in the home network, and who comes in by it |
//! | `photo` | a request or an invitation read out of a photo |
//! | `invitation` | where somebody hands one in |
//! | `overview`, `claims`, `asking`, `requests`, `statement`, `keys`, `network`, `shop` | the pages |
//! | `texts` | every sentence a person reads, one file a language |

mod addresses;
mod asking;
mod claims;
mod devices;
mod entrance;
mod frame;
mod invitation;
mod keys;
mod led;
mod limits;
pub mod local;
mod names;
mod network;
mod overview;
mod paper;
pub(crate) mod phone;
mod photo;
mod ready;
mod requests;
mod returning;
mod shop;
mod stage;
mod start;
mod statement;
#[cfg(test)]
mod tests;
mod texts;
mod words;

use crate::config::Config;
use crate::door::note::Note;
use crate::link::Link;
use crate::node::Node;
use crate::page::guard::{Door, Hosts};
use crate::page::session::{Sessions, Settings};
use crate::page::{Markup, asset, guard, headers, proof};
use crate::problem::Problem;
use crate::verb::home::Opened;
pub(crate) use asking::returned;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use countersign_protocol::encoding::base64url;
pub(crate) use entrance::too_large;
pub(crate) use led::own_user;
use stage::Stage;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tower::ServiceExt as _;

/// The owner's pages and what lies behind them. Clones are the same.
#[derive(Clone)]
pub struct Home(Arc<Inner>, View);

/// From where the pages are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// A browser on this computer: everything.
    Desk,
    /// A device in the home network: requests, what she holds, and her statement.
    Phone,
}

pub(crate) struct Inner {
    data: PathBuf,
    /// The settings this run was given; the others stand in the folder.
    sets: Vec<String>,
    /// Whether keys come from the passphrase fast and weakly: networks on one machine only.
    weak: bool,
    entrance: Entrance,
    /// Says where the door is, once a node runs behind it.
    note: Note,
    stage: tokio::sync::RwLock<Stage>,
    /// Held while the stage changes: one step after the other.
    changing: tokio::sync::Mutex<()>,
    wizard: std::sync::Mutex<start::Wizard>,
    asked: asking::Board,
    /// The invitation that was drawn last, and its picture: to draw one takes longer than the whole rest
    /// of its page.
    drawn: std::sync::Mutex<Option<(String, Option<Markup>)>>,
    /// Where the door for devices was opened, or that it was shut, since the settings were read.
    left: std::sync::Mutex<Option<Option<SocketAddr>>>,
}

/// Where the pages are and who is let in.
#[derive(Debug, Clone)]
pub struct Entrance {
    address: SocketAddr,
    /// The path all pages lie below, with a slash at its end.
    base: Arc<str>,
    sessions: Sessions,
    led: led::Board,
}

impl Entrance {
    fn new(address: SocketAddr) -> Self {
        let secret = base64url::encode(&rand::random::<[u8; 12]>());
        let base: Arc<str> = format!("/h-{secret}/").into();
        let settings = Settings::loopback("countersign-home", &base);
        Self { address, base, sessions: Sessions::new(settings), led: led::Board::default() }
    }

    /// Makes a code that opens the pages in one browser, at `link` if there is one; and an address that
    /// does so without a code for a browser of one `user` of this computer.
    #[must_use]
    pub(crate) fn open(&self, user: Option<u32>, link: Option<Link>) -> Opened {
        self.led.lead(&self.sessions, self.address, user, link)
    }
}

impl Home {
    /// Makes the pages of whatever is in `data`; nothing is opened yet.
    #[must_use]
    pub fn new(data: PathBuf, sets: Vec<String>, address: SocketAddr, weak: bool) -> Self {
        let stage = Stage::found(&data);
        let inner = Inner {
            data,
            sets,
            weak,
            entrance: Entrance::new(address),
            note: Note::new(address),
            stage: tokio::sync::RwLock::new(stage),
            changing: tokio::sync::Mutex::new(()),
            wizard: std::sync::Mutex::default(),
            asked: asking::Board::default(),
            drawn: std::sync::Mutex::default(),
            left: std::sync::Mutex::default(),
        };
        Self(Arc::new(inner), View::Desk)
    }

    /// Gives the way in.
    #[must_use]
    pub fn entrance(&self) -> &Entrance {
        &self.0.entrance
    }

    /// Reads the settings in force: those in the folder, which a backup may have brought just now, under
    /// those of this run.
    fn config(&self) -> Result<Config, Problem> {
        Config::read(&self.0.data, &self.0.sets)
    }

    pub(crate) fn note(&self) -> &Note {
        &self.0.note
    }

    fn base(&self) -> &str {
        match self.1 {
            View::Desk => &self.0.entrance.base,
            View::Phone => "/",
        }
    }

    /// Tells whether a device looks, and not a browser on this computer.
    fn is_phone(&self) -> bool {
        self.1 == View::Phone
    }

    /// Gives the address of a page.
    fn at(&self, page: &str) -> String {
        format!("{}{page}", self.base())
    }

    /// Gives the node, once it runs.
    async fn node(&self) -> Option<Node> {
        match &*self.0.stage.read().await {
            Stage::Open(open) => Some(open.node.clone()),
            Stage::Empty | Stage::Locked => None,
        }
    }
}

/// Makes all that the owner's listener answers: pages, and behind them the door with its verbs.
pub fn router(home: Home) -> Router {
    let door = Door {
        guests: Arc::new(home.entrance().sessions.clone()),
        hosts: Hosts::ThisComputer,
        answer: entrance::refused,
    };
    let entrance = Router::new()
        .route("/", get(entrance::front))
        .route("/enter", get(entrance::follow).post(entrance::typed))
        .route("/led/{ticket}", get(entrance::led))
        .layer(from_fn_with_state(door.clone(), guard::pass));
    let pages = pages().layer(from_fn_with_state(door, guard::visit));
    Router::new()
        .merge(entrance)
        .nest(home.base(), pages)
        .merge(asset::routes())
        .merge(proof::proof(home.note()))
        .layer(from_fn(headers::strict))
        .fallback(behind)
        .with_state(home)
}

fn pages() -> Router<Home> {
    Router::new()
        .route("/", get(overview::page))
        .route("/leave", post(entrance::leave))
        .merge(ready::routes())
        .merge(start::routes())
        .merge(returning::routes())
        .merge(led::routes())
        .merge(claims::routes())
        .merge(asking::routes())
        .merge(requests::routes())
        .merge(statement::routes())
        .merge(keys::routes())
        .merge(network::routes())
        .merge(limits::routes())
        .merge(devices::routes())
        .merge(shop::routes())
        .fallback(entrance::nothing)
}

/// Whatever is no page goes to the door of the running node.
async fn behind(State(home): State<Home>, request: Request) -> Response {
    let door = match &*home.0.stage.read().await {
        Stage::Open(open) => open.door.clone(),
        Stage::Empty | Stage::Locked => return stage::not_open().into_response(),
    };
    match door.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
