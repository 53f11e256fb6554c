//! Led here by a program of the owner's: for whom the door opens without a code, and what a link may do.

use super::{Browser, Seen};
use crate::home::own_user;
use crate::link::Link;
use crate::serve::Ends;
use axum::body::Body;
use axum::http::header::{COOKIE, HOST, SET_COOKIE};
use axum::http::{Request, StatusCode};
use countersign_protocol::wire::challenge::Challenge;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;

const PASSPHRASE: &str = "four words nobody knows";
const PEER: &str =
    "/ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7yxWNC8FXszPH";

/// A connection of this very user, which is open as long as its ends are held.
struct Wire(Ends, #[expect(dead_code, reason = "held open")] [std::net::TcpStream; 2]);

impl Wire {
    fn open() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, theirs) = listener.accept().unwrap();
        Self(Ends { theirs, ours: server.local_addr().unwrap() }, [client, server])
    }
}

impl Browser {
    /// Opens an address of this program over a connection.
    async fn over(&self, ends: Option<Ends>, url: &str) -> Seen {
        let path = url.strip_prefix("http://127.0.0.1:7370").unwrap();
        let request = Request::get(path).header(HOST, "127.0.0.1:7370");
        let request = match ends {
            Some(ends) => request.extension(ends),
            None => request,
        };
        self.send(request, Body::empty()).await
    }

    /// Comes in by a code with a link, as whoever types it does; gives what is shown then.
    async fn follows(&mut self, link: &str) -> Seen {
        let link: Link = link.parse().unwrap();
        let opened = self.home.entrance().open(None, Some(link));
        let seen = self.over(None, &opened.url).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
        let cookie = seen.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        let page = seen.headers.get("location").unwrap().to_str().unwrap();
        let page = page.strip_prefix(self.home.base()).unwrap().to_owned();
        assert!(page.starts_with("link/") && !page.contains("countersign"), "{page}");
        let seen = self.page(&page).await;
        // What a form repeats is that of the newest session.
        self.form = seen.form();
        seen
    }
}

fn request(expires: countersign_protocol::time::Timestamp) -> String {
    let challenge = Challenge {
        nonce: "MDEyMzQ1Njc4OWFiY2RlZmdoaWo".to_owned(),
        domain: "https://shop.example".to_owned(),
        expires,
        claims: vec!["PaymentAccountVerified".to_owned()],
        policy: "new-customer".to_owned(),
        purpose: "the till".to_owned(),
        deliver: None,
    };
    challenge.to_string()
}

fn invitation() -> String {
    let parameters = Parameters::testnet("testnet-linked".parse().unwrap());
    Invite::new(parameters, vec![PEER.to_owned()], Vec::new()).unwrap().to_string()
}

#[tokio::test]
async fn an_address_without_a_code_opens_once_and_for_its_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::of(folder.path());
    let wire = Wire::open();
    let user = own_user().unwrap();
    let opened = |user| browser.home.entrance().open(Some(user), None);
    let led = opened(user).for_user.unwrap();
    assert!(!led.contains("code"), "{led}");
    let gone = Wire::open().0;
    for (name, ends, url) in [
        ("nobody says whose it is", None, led.clone()),
        ("a connection that is closed", Some(gone), led.clone()),
        ("another user", Some(wire.0), opened(user.wrapping_add(1)).for_user.unwrap()),
        ("a guess", Some(wire.0), "http://127.0.0.1:7370/led/guess".to_owned()),
    ] {
        let seen = browser.over(ends, &url).await;
        assert_eq!(seen.status, StatusCode::OK, "{name}");
        assert!(seen.text.contains("Your door is locked"), "{name}: {}", seen.text);
        assert!(seen.headers.get(SET_COOKIE).is_none(), "{name}");
    }
    let seen = browser.over(Some(wire.0), &led).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    assert!(seen.headers.get(SET_COOKIE).is_some(), "whoever could not come in used nothing up");
    let again = browser.over(Some(wire.0), &led).await;
    assert!(again.headers.get(SET_COOKIE).is_none() && again.text.contains("is locked"));
}

#[tokio::test]
async fn another_page_cannot_use_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::of(folder.path());
    let wire = Wire::open();
    let led = browser.home.entrance().open(own_user(), None).for_user.unwrap();
    let path = led.strip_prefix("http://127.0.0.1:7370").unwrap();
    let asked = |host: &str, site: &str| {
        let request = Request::get(path).header(HOST, host).extension(wire.0);
        request.header("sec-fetch-site", site).header(COOKIE, "none=none")
    };
    for (host, site) in [("127.0.0.1:7370", "cross-site"), ("evil.example:7370", "same-origin")] {
        let seen = browser.send(asked(host, site), Body::empty()).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{host}, {site}");
    }
    let seen = browser.send(asked("127.0.0.1:7370", "none"), Body::empty()).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "it still counts for the person");
}

#[tokio::test]
async fn a_link_shows_its_request_and_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::settled(folder.path()).await;
    let link = request(browser.home.node().await.unwrap().now().plus(200));
    let seen = browser.follows(&link).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    assert!(browser.page("statement").await.text.contains("Nothing was shown"), "only looked at");
    let bad = browser.follows("countersign:challenge:e30").await;
    assert!(bad.text.contains("Countersign") && !bad.text.contains("asks to see"), "{}", bad.text);
    // Where the node is locked, it is shown as soon as it is not.
    browser.home.close().await.unwrap();
    let seen = browser.follows(&link).await;
    assert!(seen.text.contains("Welcome back"), "{}", seen.text);
    let seen = browser.post("start/unlock", &[("passphrase", PASSPHRASE)]).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    assert!(browser.page("statement").await.text.contains("Nothing was shown"));
    assert!(browser.page("link/guess").await.text.contains("Your home"));
    assert!(browser.page("requests/link/guess").await.text.contains("Open a request"));
    browser.home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_came_before_there_was_anybody_is_shown_once_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::of(folder.path());
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let soon = countersign_protocol::time::Timestamp::from_seconds(now).plus(250);
    let seen = browser.follows(&request(soon)).await;
    assert!(seen.text.contains("Welcome") && seen.text.contains("A request waits for you"));
    assert!(!seen.text.contains("shop.example"), "it is shown where it can be answered");
    browser.settle().await;
    let ready = browser.page("start/ready").await;
    assert!(ready.text.contains("Look at the request"), "{}", ready.text);
    let way = ready.between("<a class=\"button\" href=\"", "\"").to_owned();
    let seen = browser.page(way.strip_prefix(browser.home.base()).unwrap()).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    assert!(browser.page("start/ready").await.text.contains("Get a first claim"), "shown once");
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn a_link_fills_in_its_invitation_and_joins_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::of(folder.path());
    let link = invitation();
    let seen = browser.follows(&link).await;
    assert!(seen.text.contains(&link) && seen.text.contains("A link brought this invitation"));
    assert!(!browser.page("start").await.text.contains(&link), "only where the link led");
    assert!(!crate::start::has_joined(folder.path()));
    let browser = &mut Browser::settled(folder.path()).await;
    let seen = browser.follows(&link).await;
    assert!(seen.text.contains(&link) && seen.text.contains("A link brought this invitation"));
    assert!(!crate::start::has_joined(folder.path()));
    browser.home.close().await.unwrap();
}
