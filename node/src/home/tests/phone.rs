//! The door for a phone: who comes in, what it opens, and what it does not.

use super::{Browser, Seen};
use crate::door::TOKENS;
use crate::home::frame::Asked;
use crate::home::phone::{Phone, router};
use crate::home::{Home, View};
use crate::page::session::Session;
use crate::problem::Kind;
use crate::verb::devices::{Add, Added, Devices, List, Open, Remove};
use crate::verb::{Verb as _, claims, identity, overview};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{Request, StatusCode};
use countersign_protocol::wire::challenge::Challenge;
use std::net::SocketAddr;
use tower::ServiceExt as _;

/// A browser on a phone.
struct Pocket {
    router: Router,
    host: String,
    cookie: Option<String>,
    form: String,
}

impl Pocket {
    /// Holds a phone in front of the door, which is opened on this computer alone.
    async fn before(desk: &Browser) -> Self {
        let node = desk.home.node().await.unwrap();
        let at: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let opened = Open { at: Some(at) }.perform(&node).await.unwrap();
        let phone = node.inner().phone.get().unwrap().clone();
        Self::at(&desk.home, phone, opened)
    }

    fn at(home: &Home, phone: Phone, opened: Devices) -> Self {
        let host = opened.addresses[0].strip_prefix("https://").unwrap().to_owned();
        let home = Home(std::sync::Arc::clone(&home.0), View::Phone);
        let router = router(home, phone, opened.at.unwrap());
        Self { router, host, cookie: None, form: String::new() }
    }

    /// Is added and comes in.
    async fn entered(desk: &Browser) -> Self {
        let mut pocket = Self::before(desk).await;
        let added = invited(desk, "my phone").await;
        let seen = pocket.get(&path(&added)).await;
        assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);
        let cookie = seen.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
        pocket.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        pocket.form = pocket.get("/requests").await.form();
        pocket
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    async fn send(&self, request: axum::http::request::Builder, body: impl Into<Body>) -> Seen {
        let request = request.body(body.into()).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Seen { status: parts.status, headers: parts.headers, text, bytes: Vec::new() }
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(self.request("GET", path).header(HOST, &self.host), Body::empty()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("form", &self.form).extend_pairs(fields);
        let request = self.request("POST", path).header(HOST, &self.host);
        let request = request.header(ORIGIN, format!("https://{}", self.host));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, body.finish()).await
    }

    async fn photo(&self, form: &str, file: &[u8]) -> Seen {
        let request = self.request("POST", "/requests/photo").header(HOST, &self.host);
        let request = request.header(ORIGIN, format!("https://{}", self.host));
        let request = request.header(CONTENT_TYPE, super::PARTS);
        self.send(request, super::parts(form, &[], file)).await
    }
}

async fn invited(desk: &Browser, name: &str) -> Added {
    let node = desk.home.node().await.unwrap();
    Add { name: name.to_owned() }.perform(&node).await.unwrap()
}

fn path(added: &Added) -> String {
    let (_, path) = added.url.split_once("/enter").unwrap();
    format!("/enter{}", path.split('#').next().unwrap())
}

async fn challenge(desk: &Browser) -> String {
    let node = desk.home.node().await.unwrap();
    let challenge = Challenge {
        nonce: "MDEyMzQ1Njc4OWFiY2RlZmdoaWo".to_owned(),
        domain: "https://shop.example".to_owned(),
        expires: node.now().plus(200),
        claims: vec!["PaymentAccountVerified".to_owned()],
        policy: "new-customer".to_owned(),
        purpose: "the till".to_owned(),
        deliver: None,
    };
    challenge.to_string()
}

#[tokio::test]
async fn a_phone_comes_in_once_by_its_code_and_is_known_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let mut pocket = Pocket::before(&desk).await;
    assert_eq!(pocket.get("/enter?code=GUESS").await.status, StatusCode::FORBIDDEN);
    assert_eq!(pocket.get("/requests").await.status, StatusCode::UNAUTHORIZED);
    let added = invited(&desk, "my phone").await;
    let seen = pocket.get(&path(&added)).await;
    assert_eq!(seen.headers.get(LOCATION).unwrap(), "/requests");
    let cookie = seen.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
    assert!(cookie.starts_with("__Host-countersign-device="), "{cookie}");
    for word in ["; Path=/;", "; HttpOnly", "; SameSite=Strict", "; Secure"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert_eq!(pocket.get(&path(&added)).await.status, StatusCode::FORBIDDEN, "once");
    pocket.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    for (page, word) in
        [("/requests", "Scan a request"), ("/claims", "no claim yet"), ("/statement", "Nothing")]
    {
        let seen = pocket.get(page).await;
        assert_eq!(seen.status, StatusCode::OK, "{page}");
        seen.is_a_page();
        assert!(seen.text.contains(word), "{page}: {}", seen.text);
    }
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn it_is_known_after_a_restart_and_out_as_soon_as_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let first = Pocket::entered(&desk).await;
    let seen = async |desk: &Browser| {
        let node = desk.home.node().await.unwrap();
        List {}.perform(&node).await.unwrap()
    };
    let before = seen(&desk).await;
    desk.home.close().await.unwrap();
    assert_eq!(first.get("/requests").await.status, StatusCode::SEE_OTHER, "no node is there");
    let opened = desk.post("start/unlock", &[("passphrase", "four words nobody knows")]).await;
    assert_eq!(opened.status, StatusCode::OK);
    let after = seen(&desk).await;
    assert_eq!(after.addresses, before.addresses, "the door is open again, as it was left");
    let again = Pocket { cookie: first.cookie.clone(), ..Pocket::before(&desk).await };
    assert_eq!(again.get("/requests").await.status, StatusCode::OK);
    assert_eq!(after.fingerprint, before.fingerprint, "the certificate is the same");
    assert_eq!(after.devices.len(), 1);
    let node = desk.home.node().await.unwrap();
    Remove { name: "my phone".to_owned() }.perform(&node).await.unwrap();
    drop(node);
    assert_eq!(again.get("/requests").await.status, StatusCode::UNAUTHORIZED);
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn each_sign_of_somebody_else_keeps_the_phones_door_shut() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let pocket = Pocket::entered(&desk).await;
    let host = pocket.host.as_str();
    let own = format!("https://{host}");
    for (name, headers, status) in [
        ("another name", vec![("host", "evil.example")], 403),
        ("this computer's own name", vec![("host", "localhost:7372")], 403),
        ("another port", vec![("host", "127.0.0.1:1")], 403),
        ("a picture on another page", vec![("host", host), ("sec-fetch-site", "cross-site")], 403),
    ] {
        let mut request = pocket.request("GET", "/requests");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        assert_eq!(pocket.send(request, Body::empty()).await.status.as_u16(), status, "{name}");
    }
    let form = format!("form={}&to=x", pocket.form);
    for (name, origin, site, form, status) in [
        ("its own form", own.as_str(), "same-origin", form.as_str(), 400),
        ("without TLS", &own.replace("https", "http"), "same-origin", &form, 403),
        ("another page", "https://evil.example", "same-origin", &form, 403),
        ("another site", &own, "cross-site", &form, 403),
        ("somebody else's form", &own, "same-origin", "form=forged&to=x", 409),
    ] {
        let request = pocket.request("POST", "/requests").header(HOST, host);
        let request = request.header(ORIGIN, origin).header("sec-fetch-site", site);
        let seen = pocket.send(request, form.to_owned()).await;
        assert_eq!(seen.status.as_u16(), status, "{name}: {}", seen.text);
    }
    let stranger = Pocket { cookie: Some("__Host-countersign-device=x".to_owned()), ..pocket };
    assert_eq!(stranger.get("/requests").await.status, StatusCode::UNAUTHORIZED);
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn nothing_but_requests_claims_and_the_statement_lies_behind_the_phones_door() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let pocket = Pocket::entered(&desk).await;
    for page in [
        "/keys",
        "/network",
        "/world",
        "/shop",
        "/start",
        "/start/words",
        "/claims/get",
        "/claims/forget?claim=x",
        "/statement.csv",
        "/statement.json",
        "/metrics",
        "/live",
        "/v1/events",
        desk.home.base(),
        &desk.home.at("keys"),
    ] {
        assert_eq!(pocket.get(page).await.status, StatusCode::NOT_FOUND, "{page}");
    }
    for page in [
        "/keys/rotate",
        "/keys/recover",
        "/keys/rehearse",
        "/keys/backup",
        "/claims/publish",
        "/claims/withdraw",
        "/claims/renew",
        "/claims/forget",
        "/claims/ask",
        "/network/join",
        "/devices/add",
        "/devices/open",
        "/devices/shut",
        "/devices/remove",
        "/leave",
        "/start/unlock",
        "/shop",
    ] {
        let seen = pocket.post(page, &[("passphrase", "four words nobody knows")]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{page}");
    }
    let token = std::fs::read_to_string(folder.path().join(TOKENS).join("owner-cli")).unwrap();
    let request = pocket.request("POST", "/v1/identity").header(HOST, &pocket.host);
    let request = request.header(ORIGIN, format!("https://{}", pocket.host));
    let request = request.header("authorization", format!("Bearer {}", token.trim()));
    assert_eq!(pocket.send(request, "{}").await.status, StatusCode::NOT_FOUND);
    // The links of its own pages lead nowhere else either.
    for page in ["/requests", "/claims", "/statement"] {
        let text = pocket.get(page).await.text;
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let known = ["/", "/requests", "/claims", "/statement", "#content"].contains(&link);
            assert!(known || link.starts_with("/assets/"), "{page} leads to {link}");
        }
    }
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn from_a_phone_only_the_verbs_that_say_so_are_asked() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let node = desk.home.node().await.unwrap();
    let asked = |view| Asked {
        home: Home(std::sync::Arc::clone(&desk.home.0), view),
        node: node.clone(),
        session: Session::lasting("secret", "my phone"),
    };
    let (phone, desktop) = (asked(View::Phone), asked(View::Desk));
    assert!(phone.ask(claims::List {}).await.is_ok());
    assert!(phone.ask(identity::Show {}).await.unwrap_err().is(Kind::Forbidden));
    assert!(phone.ask(overview::Overview {}).await.unwrap_err().is(Kind::Forbidden));
    assert!(phone.ask(List {}).await.unwrap_err().is(Kind::Forbidden));
    assert!(desktop.ask(identity::Show {}).await.is_ok());
    drop((phone, desktop, node));
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn an_answer_from_a_phone_is_a_line_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let pocket = Pocket::entered(&desk).await;
    let to = challenge(&desk).await;
    let seen = pocket.post("/requests", &[("to", &to)]).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    let seen = pocket.post("/requests/answer", &[("to", &to), ("answer", "no")]).await;
    assert!(seen.text.contains("You refused"), "{}", seen.text);
    desk.post("requests/answer", &[("to", &to), ("answer", "no")]).await;
    assert!(pocket.get("/statement").await.text.contains("from my phone"));
    let csv = desk.get(&desk.home.at("statement.csv")).await.text;
    let lines: Vec<&str> = csv.lines().skip(1).collect();
    assert!(lines[0].ends_with(",my phone") && lines[1].ends_with(','), "{csv}");
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn a_photo_of_a_request_opens_it_as_its_text_does() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let pocket = Pocket::entered(&desk).await;
    let photo = super::drawn(&challenge(&desk).await);
    let seen = pocket.photo(&pocket.form, &photo).await;
    assert!(seen.text.contains("https://shop.example asks to see something"), "{}", seen.text);
    for (name, form, file, status, word) in [
        ("somebody else's form", "forged", photo.clone(), 409, "too old"),
        ("no photo", &pocket.form, b"countersign:challenge:x".to_vec(), 400, "JPEG or PNG"),
        ("nothing", &pocket.form, Vec::new(), 400, "No photo was chosen"),
        ("no code", &pocket.form, super::drawn(""), 400, "Come closer"),
        ("another code", &pocket.form, super::drawn("https://evil.example"), 400, "no request"),
        ("too large", &pocket.form, vec![0; crate::page::fields::LARGEST_FILE + 1], 400, "16 MiB"),
    ] {
        let seen = pocket.photo(form, &file).await;
        assert_eq!(seen.status.as_u16(), status, "{name}: {}", seen.text);
        assert!(seen.text.contains(word), "{name}: {}", seen.text);
        seen.is_a_page();
    }
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn the_door_is_shut_until_it_is_opened_at_the_desk_and_stays_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    assert!(!folder.path().join("phone.key").exists());
    let page = desk.page("keys").await;
    assert!(page.text.contains("The door for devices is shut"), "{}", page.text);
    let seen = desk.post("devices/add", &[("name", "my phone")]).await;
    assert!(seen.text.contains("countersign device open"), "{}", seen.text);
    // Here, and not in whatever network the computer is in.
    crate::config::keep_phone(folder.path(), Some("127.0.0.1:0".parse().unwrap())).unwrap();
    assert!(desk.page("keys").await.text.contains("The door is not open"));
    let seen = desk.post("devices/open", &[]).await;
    assert!(seen.text.contains("open, at"), "{}", seen.text);
    let kept = crate::config::kept_phone(folder.path()).unwrap();
    let seen = desk.post("devices/add", &[("name", "my phone")]).await;
    assert!(seen.text.contains("<svg") && seen.text.contains("#pin=sha256:"), "{}", seen.text);
    let answer = reqwest::Client::builder()
        .no_proxy()
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap()
        .get(format!("https://{kept}/requests"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 401);
    let seen = desk.post("devices/shut", &[]).await;
    assert!(seen.text.contains("The door for devices is shut"), "{}", seen.text);
    assert!(std::net::TcpStream::connect(kept).is_err());
    assert_eq!(crate::config::kept_phone(folder.path()), None);
    desk.home.close().await.unwrap();
    desk.post("start/unlock", &[("passphrase", "four words nobody knows")]).await;
    assert!(desk.page("keys").await.text.contains("The door for devices is shut"));
    desk.home.close().await.unwrap();
}

#[tokio::test]
async fn a_port_that_somebody_else_has_is_no_reason_to_stay_shut() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Browser::settled(folder.path()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = (taken.local_addr().unwrap(), taken);
    crate::config::keep_phone(folder.path(), Some(taken.0)).unwrap();
    let node = desk.home.node().await.unwrap();
    assert!(Open { at: Some(taken.0) }.perform(&node).await.is_err(), "she wants this one");
    let opened = Open { at: None }.perform(&node).await.unwrap().at.unwrap();
    assert_eq!(opened.ip(), taken.0.ip());
    assert_ne!(opened, taken.0);
    assert_eq!(crate::config::kept_phone(folder.path()), Some(opened));
    drop(node);
    desk.home.close().await.unwrap();
}
