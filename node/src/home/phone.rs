//! The door for the owner's phone: a few of her pages, over TLS, in the home network.
//!
//! It is shut until she opens it. What a phone gets there are the pages of the desk itself, behind a
//! narrower router, and asking for the few verbs that say [`DEVICE`](crate::verb::Verb::DEVICE): what
//! she holds, a request, her answer, her statement.
//!
//! A phone comes in by a code that counts once, and is then known by a secret in a cookie. Nobody
//! vouches for the certificate: its key stays the same for ever, its fingerprint stands at the desk.
//!
//! - Standard: RFC 7469, section 2.4, for the form of the pin.

use super::addresses::{authority, own};
use super::entrance;
use super::{Home, Inner, View, claims, requests, statement};
use crate::devices::Devices;
use crate::http::DEVICE_LIMITS;
use crate::node::{Node, stopping};
use crate::page::guard::{Addresses, Door, Guests, Hosts};
use crate::page::session::{EnterError, Session, Sessions, Settings, cookies};
use crate::page::{asset, guard, headers};
use crate::problem::{Kind, Problem};
use crate::verb::devices::Added;
use crate::{serve, start, tls};
use axum::http::header::{HeaderMap, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::get;
use axum::{Extension, Router};
use core::fmt;
use countersign_protocol::encoding::base64url;
use countersign_protocol::time::Timestamp;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The door, open or shut. Clones are the same.
#[derive(Clone)]
pub(crate) struct Phone(Arc<Shared>);

struct Shared {
    /// The pages; they hold the node, and the node holds this.
    home: Weak<Inner>,
    data: PathBuf,
    devices: Arc<Devices>,
    codes: Sessions,
    settings: Settings,
    clock: fn() -> Timestamp,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Held while the door moves.
    moving: tokio::sync::Mutex<()>,
    open: Mutex<Option<(Open, Listening)>>,
}

/// Where the door is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// Where it listens.
    pub(crate) at: SocketAddr,
    sha256: [u8; 32],
    spki_sha256: [u8; 32],
}

struct Listening {
    shut: CancellationToken,
    served: JoinHandle<()>,
}

impl Phone {
    /// Makes the door of `node`, shut, for the pages of `home`.
    pub(super) fn new(home: &Home, node: &Node) -> Self {
        let inner = node.inner();
        let settings = Settings { longest: LASTING, ..Settings::tls("countersign-device") };
        Self(Arc::new(Shared {
            home: Arc::downgrade(&home.0),
            data: node.data().to_owned(),
            devices: Arc::clone(&inner.devices),
            codes: Sessions::new(settings.clone()),
            settings,
            clock: inner.clock,
            tasks: inner.tasks.clone(),
            stop: inner.stop.clone(),
            moving: tokio::sync::Mutex::new(()),
            open: Mutex::new(None),
        }))
    }

    /// Opens the door at `wanted`, in place of where it was, and gives where it is open.
    ///
    /// # Errors
    ///
    /// Returns a problem if nothing can listen there or no certificate can be kept.
    pub(crate) async fn open(&self, wanted: SocketAddr) -> Result<SocketAddr, Problem> {
        let _moving = self.0.moving.lock().await;
        self.close().await;
        let home = self.0.home.upgrade().ok_or_else(stopping)?;
        let (listener, at) = start::listen(wanted, "doors.phone").await?;
        let names: Vec<String> = own(at.ip()).iter().map(ToString::to_string).collect();
        let identity = tls::for_browsers(&self.0.data, CERTIFICATE, &names, (self.0.clock)())
            .map_err(|error| {
                Problem::new(Kind::Internal, "the door for devices has no certificate")
                    .because(error)
                    .hint("look at the disk, and at who may write there")
            })?;
        let router = router(Home(home, View::Phone), self.clone(), at);
        let shut = self.0.stop.child_token();
        let acceptor = Some(identity.acceptor);
        let served = serve::serve(listener, acceptor, router, DEVICE_LIMITS, shut.clone());
        let served = self.0.tasks.spawn(served);
        let open = Open { at, sha256: identity.sha256, spki_sha256: identity.spki_sha256 };
        *self.state() = Some((open, Listening { shut, served }));
        Ok(at)
    }

    /// Opens the door as it was left, or else where the settings say.
    ///
    /// # Errors
    ///
    /// Returns a problem as [`Self::open`] does.
    pub(crate) async fn open_again(&self, settings: Option<SocketAddr>) -> Result<(), Problem> {
        let left = self.0.home.upgrade().and_then(|home| *lock(&home.left));
        match left.unwrap_or(settings) {
            Some(wanted) => self.open(wanted).await.map(drop),
            None => Ok(()),
        }
    }

    /// Remembers for the next start of the node, in this program, how its owner left the door.
    pub(crate) fn leave(&self, at: Option<SocketAddr>) {
        if let Some(home) = self.0.home.upgrade() {
            *lock(&home.left) = Some(at);
        }
    }

    /// Shuts the door; who is known stays known.
    pub(crate) async fn shut(&self) {
        let _moving = self.0.moving.lock().await;
        self.close().await;
    }

    async fn close(&self) {
        let open = self.state().take();
        if let Some((_, Listening { shut, served })) = open {
            shut.cancel();
            // Its address is free again only then.
            let _ended = tokio::time::timeout(ENDING, served).await.is_ok();
        }
    }

    /// Tells whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.seen().is_some()
    }

    /// Gives where it is open.
    pub(crate) fn seen(&self) -> Option<Open> {
        self.state().as_ref().map(|(open, _)| *open)
    }

    /// Makes what a device called `name` needs to come in.
    ///
    /// # Errors
    ///
    /// Returns a problem if the door is shut, or this computer is in no home network.
    pub(crate) fn invite(&self, name: &str) -> Result<Added, Problem> {
        let open = self.seen().ok_or_else(|| {
            Problem::new(Kind::Unavailable, "the door for devices is shut")
                .hint("open it first: `countersign device open`")
        })?;
        let origins = open.origins();
        if origins.is_empty() {
            return Err(Problem::new(Kind::Unavailable, "this computer is in no home network now")
                .because("it has no address that only the home network knows")
                .hint("join the same Wi-Fi as the phone, then try again"));
        }
        let code = self.0.codes.invite_as(name);
        let pin = base64url::encode(&open.spki_sha256);
        let link = |origin: String| format!("{origin}/enter?code={code}#pin=sha256:{pin}");
        let mut links = origins.into_iter().map(link);
        let url = links.next().unwrap_or_default();
        let (name, others) = (name.to_owned(), links.collect());
        Ok(Added { name, url, others, code, fingerprint: open.fingerprint() })
    }

    /// Lets in whoever has `code`: from now on they are known by the cookie in the header this gives.
    pub(super) fn enter(&self, code: &str) -> Result<HeaderValue, Turned> {
        let name = self.0.codes.redeem(code).map_err(Turned::Away)?;
        let secret = base64url::encode(&rand::random::<[u8; 32]>());
        let now = (self.0.clock)();
        self.0.devices.add(&name, &secret, now).map_err(Turned::Failed)?;
        self.0.settings.cookie(&secret).ok_or(Turned::Away(EnterError::Wrong))
    }

    fn state(&self) -> MutexGuard<'_, Option<(Open, Listening)>> {
        lock(&self.0.open)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a device did not come in.
pub(super) enum Turned {
    /// Its code does not count.
    Away(EnterError),
    /// It could not be written down.
    Failed(Problem),
}

impl Open {
    /// Gives where devices reach it, the address to use first.
    pub(crate) fn origins(&self) -> Vec<String> {
        let origin = |ip| format!("https://{}", authority(ip, self.at.port()));
        own(self.at.ip()).into_iter().map(origin).collect()
    }

    /// Gives the fingerprint of its certificate as browsers write it.
    pub(crate) fn fingerprint(&self) -> String {
        self.sha256.map(|byte| format!("{byte:02X}")).join(":")
    }
}

impl Guests for Phone {
    fn visit(&self, headers: &HeaderMap) -> Option<Session> {
        let now = (self.0.clock)();
        let known = |secret: &str| {
            let name = self.0.devices.visit(secret, now)?;
            Some(Session::lasting(secret, &name))
        };
        cookies(headers, &self.0.settings.cookie).find_map(known)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Phone").field("open", &self.seen()).finish_non_exhaustive()
    }
}

/// Makes all that is answered at the door: nothing that is not named here is reached through it.
pub(super) fn router(home: Home, phone: Phone, at: SocketAddr) -> Router {
    let is_own =
        move |host: &str| own(at.ip()).into_iter().any(|ip| authority(ip, at.port()) == host);
    let hosts = Hosts::Addresses(Addresses::new(is_own));
    let guests = Arc::new(phone.clone());
    let door = Door { guests, hosts, answer: entrance::phone_refused };
    let entrance = Router::new()
        .route("/enter", get(entrance::phone_follow).post(entrance::phone_typed))
        .layer(from_fn_with_state(door.clone(), guard::pass));
    let pages = Router::new()
        .route("/", get(|| async { Redirect::to("/requests") }))
        .merge(requests::routes())
        .route("/claims", get(claims::list))
        .route("/claims/whole/{claim}", get(claims::whole))
        .route("/statement", get(statement::page))
        .fallback(entrance::nothing)
        .layer(from_fn_with_state(door, guard::visit));
    Router::new()
        .merge(entrance)
        .merge(asset::routes())
        .merge(pages)
        .layer(Extension(phone))
        .layer(from_fn(headers::strict))
        .with_state(home)
}

/// The files of key and certificate in the data folder: `phone.key` and `phone.crt`.
const CERTIFICATE: &str = "phone";
/// As long as browsers keep a cookie at most.
const LASTING: Duration = Duration::from_secs(400 * 86_400);
/// A little longer than requests under way may take.
const ENDING: Duration = Duration::from_secs(6);
