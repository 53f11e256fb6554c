//! Browsers that a program of the owner's led here, and the links they bring.
//!
//! Everybody on a computer can read what a program is started with, and so the address a browser is
//! started with. No code stands in it: it opens for one user of the computer, once, and the kernel says
//! whose the connection is. Everybody else, and every other system, is asked for the code.
//!
//! A link is shown, and never answered: whoever wrote it gains a look of hers, and nothing learns of that.
//!
//! - Manual: proc(5), `/proc/net/tcp`.

use super::Home;
use super::frame::Asked;
use super::requests;
use super::stage::Stage;
use crate::link::{Kind, Link};
use crate::page::Visit;
use crate::page::session::{Sessions, plain};
use crate::serve::Ends;
use crate::verb::home::Opened;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use core::fmt;
use countersign_protocol::encoding::base64url;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use subtle::ConstantTimeEq as _;

pub(super) fn routes() -> Router<Home> {
    Router::new().route("/link/{id}", get(follow)).route("/requests/link/{id}", get(request))
}

/// Who was led here and has not come in yet, and the links that are looked at. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Board(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    led: VecDeque<Led>,
    links: VecDeque<Held>,
}

/// A browser that is on its way.
struct Led {
    ticket: String,
    user: u32,
    code: String,
}

/// A link, from the moment somebody follows it.
struct Held {
    id: String,
    /// The code that lets in the browser which brings it; nothing once that is in.
    code: Option<String>,
    shown: bool,
    link: Link,
}

impl Board {
    /// Makes a code, and the address that opens in its place for one user of this computer.
    pub(super) fn lead(
        &self,
        sessions: &Sessions,
        address: SocketAddr,
        user: Option<u32>,
        link: Option<Link>,
    ) -> Opened {
        let code = sessions.invite();
        let mut waiting = self.open();
        if let Some(link) = link {
            let held = Held { id: name(), code: Some(plain(&code)), shown: false, link };
            push(&mut waiting.links, held);
        }
        let for_user = user.map(|user| {
            let ticket = name();
            push(&mut waiting.led, Led { ticket: ticket.clone(), user, code: code.clone() });
            format!("http://{address}/led/{ticket}")
        });
        Opened { url: format!("http://{address}/enter?code={code}"), code, for_user }
    }

    /// Gives the code of whoever was led here by `ticket`, if the connection is that user's. It counts once.
    pub(super) fn code_of(&self, ticket: &str, ends: Ends) -> Option<String> {
        let user = self.open().find(ticket).map(|(_, led)| led.user)?;
        if user_of(ends) != Some(user) {
            return None;
        }
        let mut waiting = self.open();
        let (at, _) = waiting.find(ticket)?;
        waiting.led.remove(at).map(|led| led.code)
    }

    /// Gives the page a browser wants that came in by `code`, if it brings a link.
    pub(super) fn brought_by(&self, code: &str) -> Option<String> {
        let code = plain(code);
        let mut waiting = self.open();
        let held = waiting.links.iter_mut().find(|held| held.code.as_ref() == Some(&code))?;
        held.code = None;
        Some(held.page())
    }

    /// Gives the page of the newest link that came in and was not shown yet: the node was locked.
    pub(super) fn unshown(&self) -> Option<String> {
        let waiting = self.open();
        let is_next = |held: &&Held| held.code.is_none() && !held.shown;
        waiting.links.iter().rev().find(is_next).map(Held::page)
    }

    /// Gives a link that came in, which is now shown.
    pub(super) fn link(&self, id: &str) -> Option<Link> {
        let mut waiting = self.open();
        let is_it = |held: &&mut Held| held.code.is_none() && held.id == id;
        let held = waiting.links.iter_mut().find(is_it)?;
        held.shown = true;
        Some(held.link.clone())
    }

    /// Gives the invitation of a link that came in; nothing where there is none.
    pub(super) fn invitation(&self, id: &str) -> String {
        let link = self.link(id).filter(|link| link.kind() == Kind::Invitation);
        link.map(|link| link.to_string()).unwrap_or_default()
    }

    fn kind(&self, id: &str) -> Option<Kind> {
        let waiting = self.open();
        let held = waiting.links.iter().find(|held| held.code.is_none() && held.id == id)?;
        Some(held.link.kind())
    }

    fn open(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn find(&self, ticket: &str) -> Option<(usize, &Led)> {
        let is_it = |led: &Led| bool::from(led.ticket.as_bytes().ct_eq(ticket.as_bytes()));
        self.led.iter().enumerate().find(|(_, led)| is_it(led))
    }
}

impl Held {
    fn page(&self) -> String {
        format!("link/{}", self.id)
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Board").finish_non_exhaustive()
    }
}

fn push<T>(to: &mut VecDeque<T>, one: T) {
    if to.len() >= MOST {
        let _oldest = to.pop_front();
    }
    to.push_back(one);
}

fn name() -> String {
    base64url::encode(&rand::random::<[u8; 24]>())
}

/// `GET link/…`: on to the page that shows it, which depends on how far the node is.
async fn follow(State(home): State<Home>, Visit(_): Visit, Path(id): Path<String>) -> Response {
    let kind = home.entrance().led.kind(&id);
    let page = match (&*home.0.stage.read().await, kind) {
        (Stage::Empty, Some(Kind::Invitation)) => format!("start?link={id}"),
        // Unlocked, it is shown at once.
        (Stage::Empty | Stage::Locked, _) => "start".to_owned(),
        (Stage::Open(_), Some(Kind::Invitation)) => format!("network?link={id}"),
        (Stage::Open(_), Some(Kind::Request)) => format!("requests/link/{id}"),
        (Stage::Open(_), None) => String::new(),
    };
    Redirect::to(&home.at(&page)).into_response()
}

/// `GET requests/link/…`: shows the request of a link; nobody learns of it.
async fn request(asked: Asked, Path(id): Path<String>) -> Response {
    match asked.home.entrance().led.link(&id) {
        Some(link) if link.kind() == Kind::Request => {
            requests::open(&asked, link.to_string()).await
        }
        _ => asked.back("requests"),
    }
}

/// Gives the user of this computer who made a connection, where the kernel says so.
fn user_of(ends: Ends) -> Option<u32> {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let Ends { theirs, ours } = ends;
    let four = row(theirs).zip(row(ours));
    let six = row(mapped(theirs)).zip(row(mapped(ours)));
    let found = |table: &str, ends: Option<(String, String)>| {
        let (theirs, ours) = ends?;
        read(table).lines().find_map(|line| user_in(line, &theirs, &ours))
    };
    found("/proc/net/tcp", four.clone())
        .or_else(|| found("/proc/net/tcp6", six))
        .or_else(|| found("/proc/net/tcp6", four))
}

/// Reads the user out of a row of the kernel's table, if it is the connection between two ends.
fn user_in(line: &str, theirs: &str, ours: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    let (local, remote, state) = (words.next()?, words.next()?, words.next()?);
    // What is being closed belongs to nobody any longer, and the table says root.
    let is_it = local == theirs && remote == ours && state == ESTABLISHED;
    let user = words.nth(3)?.parse().ok()?;
    (is_it && user != NOBODY).then_some(user)
}

/// Writes an end as the kernel's table has it: words of four bytes in the order of this computer.
fn row(end: SocketAddr) -> Option<String> {
    let bytes = match end.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let words = bytes.chunks(4).map(|four| {
        let four: [u8; 4] = four.try_into().ok()?;
        Some(format!("{:08X}", u32::from_ne_bytes(four)))
    });
    let address: String = words.collect::<Option<_>>()?;
    Some(format!("{address}:{:04X}", end.port()))
}

fn mapped(end: SocketAddr) -> SocketAddr {
    match end.ip() {
        IpAddr::V4(ip) => SocketAddr::from((ip.to_ipv6_mapped(), end.port())),
        IpAddr::V6(_) => end,
    }
}

/// Gives the user this program runs as, where the kernel says so.
pub(crate) fn own_user() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    users.split_whitespace().nth(1)?.parse().ok()
}

/// More than a person follows at once; a page that has links opened again and again only loses its own.
const MOST: usize = 16;
/// A connection that is open, in the kernel's table.
const ESTABLISHED: &str = "01";
/// What the kernel says of users it has no number for here: several may be called so.
const NOBODY: u32 = 65_534;

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "   1: 0100007F:A0F2 0100007F:1CCA 01 00000000:00000000 02:000005F0 00000000  1000        0 91 2";

    fn ends() -> (String, String) {
        let row = |end: &str| row(end.parse().unwrap()).unwrap();
        (row("127.0.0.1:41202"), row("127.0.0.1:7370"))
    }

    #[test]
    fn a_row_of_the_kernels_table_says_whose_a_connection_is() {
        let (theirs, ours) = ends();
        assert_eq!(user_in(ROW, &theirs, &ours), Some(1000));
        let v6 = row("[::1]:7370".parse().unwrap()).unwrap();
        assert_eq!(v6, "00000000000000000000000001000000:1CCA");
    }

    #[test]
    fn each_row_that_is_another_or_says_nothing_is_passed_over() {
        let (theirs, ours) = ends();
        for (name, row) in [
            ("our own end", ROW.replace("A0F2 0100007F:1CCA", "1CCA 0100007F:A0F2")),
            ("another port", ROW.replace("A0F2", "A0F3")),
            ("another door", ROW.replace("1CCA", "1CCB")),
            ("another address", ROW.replacen("0100007F", "0200007F", 1)),
            ("one that is being closed", ROW.replace(" 01 ", " 06 ")),
            ("somebody without a number", ROW.replace(" 1000 ", " 65534 ")),
            ("no user", ROW.replace(" 1000 ", " x ")),
            ("a heading", "  sl  local_address rem_address   st".to_owned()),
            ("nothing", String::new()),
        ] {
            assert_eq!(user_in(&row, &theirs, &ours), None, "{name}");
        }
    }

    #[test]
    fn a_real_connection_is_found_among_all() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, theirs) = listener.accept().unwrap();
        let ends = Ends { theirs, ours: stream.local_addr().unwrap() };
        assert_eq!(user_of(ends), own_user());
        assert!(own_user().is_some());
    }
}
