//! The owner's pages as a browser sees them: in by a code, from an empty folder to a node that runs.

mod accredited;
mod joining;
mod led;
mod limits;
mod looking;
mod passphrase;
mod phone;
mod recovering;
mod requests;
mod restoring;
mod weight;

use super::{Home, router};
use crate::config::{Config, Role};
use crate::passphrase::Passphrase;
use crate::start::{self, NewNode};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use std::path::Path;
use tower::ServiceExt as _;

/// A browser in which one person sits.
struct Browser {
    home: Home,
    router: Router,
    cookie: Option<String>,
    /// What the forms of its session repeat.
    form: String,
}

/// Makes a home with an identity in a network of its own, and gives its passphrase.
async fn in_a_network(data: &Path) -> Passphrase {
    let passphrase = Passphrase::new("a test keeps no secrets");
    start::found(data, "alone", true).unwrap();
    let words = Some(start::new_words().unwrap());
    let new = NewNode { role: Role::Home, words, attests: false, weak_passphrase: true };
    start::create(data, &Config::default(), new, &passphrase).await.unwrap();
    passphrase
}

/// What came back.
struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    bytes: Vec<u8>,
}

impl Browser {
    fn of(data: &Path) -> Self {
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], 7370));
        let home = Home::new(data.to_owned(), Vec::new(), address, true);
        Self { router: router(home.clone()), home, cookie: None, form: String::new() }
    }

    /// Is let in.
    async fn entered(data: &Path) -> Self {
        let mut browser = Self::of(data);
        browser.enter().await;
        browser
    }

    async fn enter(&mut self) {
        let url = self.home.entrance().open(None, None).url;
        let path = url.strip_prefix("http://127.0.0.1:7370").unwrap().to_owned();
        let seen = self.get(&path).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER);
        let cookie = seen.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        self.form = self.page("").await.form();
    }

    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Seen {
        let request = match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        };
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Seen { status: parts.status, headers: parts.headers, text, bytes: bytes.into() }
    }

    async fn get(&self, path: &str) -> Seen {
        let request = Request::get(path).header(HOST, "127.0.0.1:7370");
        self.send(request, String::new()).await
    }

    /// Opens a page of the owner's, and sees that it is one.
    async fn page(&self, page: &str) -> Seen {
        let mut seen = self.get(&self.home.at(page)).await;
        while let Some(to) = seen.headers.get(LOCATION) {
            seen = self.get(to.to_str().unwrap()).await;
        }
        seen.is_a_page();
        seen
    }

    /// Fills in a form of a page and follows where it leads.
    async fn post(&self, page: &str, fields: &[(&str, &str)]) -> Seen {
        self.post_with(&self.form, page, fields).await
    }

    async fn post_with(&self, form: &str, page: &str, fields: &[(&str, &str)]) -> Seen {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("form", form).extend_pairs(fields);
        self.sent(page, "application/x-www-form-urlencoded", body.finish()).await
    }

    /// Fills in a form that takes a photo, and follows where it leads.
    async fn upload(&self, page: &str, fields: &[(&str, &str)], photo: &[u8]) -> Seen {
        self.sent(page, PARTS, parts(&self.form, fields, photo)).await
    }

    async fn sent(&self, page: &str, kind: &str, body: impl Into<Body>) -> Seen {
        let request = Request::post(self.home.at(page))
            .header(HOST, "127.0.0.1:7370")
            .header(ORIGIN, "http://127.0.0.1:7370")
            .header(CONTENT_TYPE, kind);
        let mut seen = self.send(request, body).await;
        while let Some(to) = seen.headers.get(LOCATION) {
            seen = self.get(to.to_str().unwrap()).await;
        }
        seen
    }

    /// Goes the whole way from an empty folder to a node that runs, in no network.
    async fn settled(data: &Path) -> Self {
        let browser = Self::entered(data).await;
        browser.settle().await;
        browser
    }

    /// Sends the first form with a passphrase that will do.
    async fn begins(&self, network: &[(&str, &str)], photo: &[u8]) -> Seen {
        let fields = [network, &CHOSEN].concat();
        self.upload("start/begin", &fields, photo).await
    }

    /// Goes the whole way once it is in.
    async fn settle(&self) {
        let seen = self.begins(&[("how", "later")], &[]).await;
        let words = seen.between("<ol class=\"words\">", "</ol>");
        let words: Vec<String> = words
            .split("<li>")
            .skip(1)
            .map(|word| word.split('<').next().unwrap().to_owned())
            .collect();
        assert_eq!(words.len(), 24);
        let asked = self.page("start/check").await;
        let asked: Vec<usize> = asked
            .text
            .split("Word number ")
            .skip(1)
            .map(|text| text.split('<').next().unwrap().parse().unwrap())
            .collect();
        let word = |at: usize| words[asked[at] - 1].as_str();
        let wrong = [("first", "no"), ("second", word(1)), ("third", word(2))];
        let seen = self.post("start/check", &wrong).await;
        assert!(seen.text.contains("That is not what stands there"));
        // Three others are asked for now.
        let asked: Vec<usize> = seen
            .text
            .split("Word number ")
            .skip(1)
            .map(|text| text.split('<').next().unwrap().parse().unwrap())
            .collect();
        let word = |at: usize| words[asked[at] - 1].as_str();
        let right = [("first", word(0)), ("second", word(1)), ("third", word(2))];
        let seen = self.post("start/check", &right).await;
        assert!(seen.text.contains("This is you"), "{}", seen.text);
    }
}

impl Seen {
    fn between(&self, from: &str, to: &str) -> String {
        let (_, rest) = self.text.split_once(from).unwrap_or_else(|| panic!("{}", self.text));
        rest.split_once(to).unwrap().0.to_owned()
    }

    fn form(&self) -> String {
        self.between("name=\"form\" value=\"", "\"")
    }

    fn is_a_page(&self) {
        assert!(self.text.starts_with("<!DOCTYPE html>"), "{}: {}", self.status, self.text);
        assert!(self.text.len() + crate::page::asset::STYLE.len() < 100 * 1024);
        let policy = self.headers.get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(self.headers.get(name).unwrap(), value);
        }
        for word in ["<script", "<style", " style=", " onclick"] {
            assert!(!self.text.contains(word), "{word}");
        }
    }
}

/// Writes a form as a browser does that sends a photo with it; an empty one is one that was not chosen.
fn parts(form: &str, fields: &[(&str, &str)], photo: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in [("form", form)].iter().chain(fields) {
        let part = format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(format!("--cut\r\n{part}").as_bytes());
    }
    let name = if photo.is_empty() { "" } else { "photo.png" };
    let head = format!("name=\"photo\"; filename=\"{name}\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; {head}").as_bytes());
    body.extend_from_slice(photo);
    body.extend_from_slice(b"\r\n--cut--\r\n");
    body
}

/// A passphrase, as it is chosen.
const CHOSEN: [(&str, &str); 2] = [
    ("new-passphrase", "four words nobody knows"),
    ("new-passphrase-again", "four words nobody knows"),
];
const PARTS: &str = "multipart/form-data; boundary=cut";

/// Draws a code on white, as a PNG; nothing but white without text.
fn drawn(text: &str) -> Vec<u8> {
    let mut wall = image::GrayImage::from_pixel(900, 900, image::Luma([255]));
    if !text.is_empty() {
        let code = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::L).unwrap();
        for (at, color) in code.to_colors().into_iter().enumerate() {
            let (x, y) = (at % code.width(), at / code.width());
            let dark = image::Luma([if color == qrcode::Color::Dark { 0 } else { 255 }]);
            for (right, down) in (0..5).flat_map(|right| (0..5).map(move |down| (right, down))) {
                let place = |at: usize, more: usize| (at * 5 + more + 40) as u32;
                wall.put_pixel(place(x, right), place(y, down), dark);
            }
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    wall.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[tokio::test]
async fn nobody_comes_in_without_a_code_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::of(folder.path());
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_eq!(browser.get("/enter?code=GUESS").await.status, StatusCode::FORBIDDEN);
    let seen = browser.get(&browser.home.at("claims")).await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED);
    assert!(seen.text.contains("Your door is locked"));
    let browser = Browser::entered(folder.path()).await;
    assert!(browser.page("").await.text.contains("Welcome"));
}

#[tokio::test]
async fn another_page_and_another_name_get_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::entered(folder.path()).await;
    let at = browser.home.at("");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("host", "evil.example"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request = Request::get(at.as_str()).header(name, value);
        let request = if name == "host" { request } else { request.header(HOST, "127.0.0.1:7370") };
        let request = request.header("sec-fetch-dest", "iframe");
        let seen = browser.send(request, String::new()).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(!seen.text.contains(at.as_str()), "the path is told to nobody");
    }
}

#[tokio::test]
async fn a_form_that_is_not_of_this_session_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::entered(folder.path()).await;
    let seen = browser.post_with("forged", "start/check", &CHOSEN).await;
    assert_eq!(seen.status, StatusCode::CONFLICT);
    assert!(!folder.path().join("store").exists());
}

#[tokio::test]
async fn from_an_empty_folder_to_a_node_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    for (page, word) in [
        ("", "Your home"),
        ("claims", "You hold no claim yet"),
        ("claims/get", "Get a claim"),
        ("requests", "Open a request"),
        ("world", "Your public name"),
        ("statement", "Nothing was shown"),
        ("keys", "Rotate the keys"),
        ("network", "No network is joined"),
        ("shop", "There is no policy yet"),
    ] {
        let seen = browser.page(page).await;
        assert_eq!(seen.status, StatusCode::OK, "{page}");
        assert!(seen.text.contains(word), "{page}: {}", seen.text);
    }
    // The words are gone for good.
    assert!(!browser.page("start/words").await.text.contains("class=\"words\""));
    browser.home.close().await.unwrap();
    let seen = browser.page("claims").await;
    assert!(seen.text.contains("Welcome back"), "locked again: {}", seen.text);
    let seen = browser.post("start/unlock", &[("passphrase", "wrong, all of it")]).await;
    assert_eq!(seen.status, StatusCode::LOCKED);
    let seen = browser.post("start/unlock", &[("passphrase", "four words nobody knows")]).await;
    assert!(seen.text.contains("Your home"), "{}", seen.text);
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn the_door_lies_behind_the_pages_and_asks_for_its_token() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::of(folder.path());
    let ask = |token: String| {
        Request::post("/v1/identity")
            .header(HOST, "127.0.0.1:7370")
            .header("authorization", format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json")
    };
    let seen = browser.send(ask("none".to_owned()), "{}".to_owned()).await;
    assert_eq!(seen.status, StatusCode::LOCKED, "there is no node yet");
    let browser = Browser::settled(folder.path()).await;
    let seen = browser.send(ask("none".to_owned()), "{}".to_owned()).await;
    assert_eq!(seen.status, StatusCode::UNAUTHORIZED, "a session is no token");
    let token = std::fs::read_to_string(folder.path().join("tokens/owner-cli")).unwrap();
    let seen = browser.send(ask(token), "{}".to_owned()).await;
    assert!(seen.text.contains("\"did\":\"did:webvh:"), "{}", seen.text);
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn refusing_leaves_a_line_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    let node = browser.home.node().await.unwrap();
    let challenge = countersign_protocol::wire::challenge::Challenge {
        nonce: "MDEyMzQ1Njc4OWFiY2RlZmdoaWo".to_owned(),
        domain: "https://shop.example".to_owned(),
        expires: node.now().plus(200),
        claims: vec!["PaymentAccountVerified".to_owned()],
        policy: "new-customer".to_owned(),
        purpose: "<b>the till</b>".to_owned(),
        deliver: None,
    };
    drop(node);
    let to = challenge.to_string();
    let seen = browser.post("requests", &[("to", &to)]).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    assert!(seen.text.contains("&lt;b&gt;the till") && seen.text.contains("You hold nothing"));
    assert!(browser.page("statement").await.text.contains("Nothing was shown"), "only looked at");
    let seen = browser.post("requests/answer", &[("to", &to), ("answer", "no")]).await;
    assert!(seen.text.contains("You refused"));
    let seen = browser.page("statement").await;
    assert!(seen.text.contains("It is whole") && seen.text.contains("https://shop.example"));
    let csv = browser.get(&browser.home.at("statement.csv")).await;
    assert!(csv.text.contains(",refused,https://shop.example,,PaymentAccountVerified,"));
    browser.home.close().await.unwrap();
}
