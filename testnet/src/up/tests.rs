//! The door of a running network, as commands, browsers and an attacker's page see it.

use super::ctl;
use super::door;
use super::note;
use super::page::Entrance;
use super::seat::{Half, Seat};
use super::town::Town;
use crate::cluster::{Cluster, Part};
use crate::owner::Owner;
use countersign_node::door::{Keys, Scope, make_token};
use countersign_node::serve::{Limits, serve};
use reqwest::header::{CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::DropGuard;

/// A door before a network of nobody.
struct Shut {
    base: String,
    host: String,
    token: String,
    narrow: String,
    entrance: Entrance,
    town: Arc<Town>,
    client: Client,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

impl Shut {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let town =
            Town::new(Cluster::empty(folder.path(), &"test".parse().unwrap()), folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tokens = folder.path().join(note::FOLDER);
        let file = make_token(&tokens, Scope::Owner, note::TOKEN).unwrap();
        let narrow = make_token(&tokens, Scope::Watch, "other").unwrap();
        let entrance = Entrance::new(address);
        let keys = Arc::new(Keys::read(tokens).unwrap());
        let router = door::router(Arc::clone(&town), entrance.clone(), keys);
        let limits = Limits { body: 4096, answer: Duration::from_secs(30), too_large: None };
        tokio::spawn(serve(listener, None, router, limits, town.stop_token()));
        let none = reqwest::redirect::Policy::none();
        Self {
            base: format!("http://{address}"),
            host: address.to_string(),
            token: std::fs::read_to_string(file).unwrap(),
            narrow: std::fs::read_to_string(narrow).unwrap(),
            entrance,
            town: Arc::clone(&town),
            client: Client::builder().redirect(none).no_proxy().build().unwrap(),
            folder,
            _stop: town.stop_token().drop_guard(),
        }
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).json(&json!({}))
    }

    async fn status(request: RequestBuilder) -> StatusCode {
        request.send().await.unwrap().status()
    }

    /// Opens the page: the path all of it lies below, and the cookie.
    async fn enter(&self) -> (String, String) {
        let answer = self.client.get(self.entrance.open().url).send().await.unwrap();
        let text = |name| answer.headers()[name].to_str().unwrap().to_owned();
        let cookie = text(SET_COOKIE).split(';').next().unwrap().to_owned();
        (text(LOCATION), cookie)
    }
}

#[tokio::test]
async fn a_program_with_the_token_is_let_in() {
    let shut = Shut::new().await;
    let answer = shut.post(door::STATUS).bearer_auth(&shut.token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let status: Value = answer.json().await.unwrap();
    assert_eq!(status["network"], "test");
}

#[tokio::test]
async fn each_missing_or_foreign_piece_keeps_the_door_shut() {
    let shut = Shut::new().await;
    for path in [door::STATUS, door::DEED, door::OPEN] {
        let asked = || shut.post(path);
        let with = || asked().bearer_auth(&shut.token);
        let (unknown, not) = (StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN);
        let refused = [
            ("no token", unknown, asked()),
            ("another token", unknown, asked().bearer_auth("guessed")),
            ("a token of another scope", not, asked().bearer_auth(&shut.narrow)),
            ("a rebound name", not, with().header(HOST, "evil.example")),
            ("a foreign page", not, with().header(ORIGIN, "http://evil.example")),
            ("another port of this computer", not, with().header(ORIGIN, "http://127.0.0.1:9")),
            ("a sandboxed frame", not, with().header(ORIGIN, "null")),
        ];
        for (what, status, request) in refused {
            assert_eq!(Shut::status(request).await, status, "{what} at {path}");
        }
    }
}

#[tokio::test]
async fn the_page_opens_by_a_code_that_counts_once_and_for_one_browser() {
    let shut = Shut::new().await;
    let opened = shut.entrance.open();
    let first = shut.client.get(&opened.url).send().await.unwrap();
    assert_eq!(first.status(), StatusCode::SEE_OTHER);
    let again = shut.client.get(&opened.url);
    assert_eq!(Shut::status(again).await, StatusCode::FORBIDDEN);
    let (base, cookie) = shut.enter().await;
    let url = format!("{}{base}", shut.base);
    assert_eq!(Shut::status(shut.client.get(&url)).await, StatusCode::UNAUTHORIZED);
    let page = shut.client.get(&url).header(COOKIE, &cookie).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'sha256-"));
    assert!(page.text().await.unwrap().contains("SIMULATED"));
}

#[tokio::test]
async fn where_nothing_runs_the_shop_the_page_says_what_it_needs() {
    let shut = Shut::new().await;
    let (base, cookie) = shut.enter().await;
    let page = shut.client.get(format!("{}{base}", shut.base)).header(COOKIE, cookie);
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("needs python3, or node") && !page.contains("open/shop"), "{page}");
}

#[tokio::test]
async fn a_button_counts_only_from_the_page_itself() {
    let shut = Shut::new().await;
    let (base, cookie) = shut.enter().await;
    let url = format!("{}{base}", shut.base);
    let page = shut.client.get(&url).header(COOKIE, &cookie).send().await.unwrap();
    let page = page.text().await.unwrap();
    let form = page.split("name=\"form\" value=\"").nth(1).unwrap();
    let form = form.split('"').next().unwrap().to_owned();
    let press = |form: &str, origin: &str| {
        let fields = [("form", form), ("deed", "heal")];
        let request = shut.client.post(format!("{url}do")).form(&fields);
        request.header(COOKIE, &cookie).header(ORIGIN, origin.to_owned())
    };
    let own = shut.base.as_str();
    assert_eq!(Shut::status(press(&form, own)).await, StatusCode::SEE_OTHER);
    assert_eq!(Shut::status(press(&form, "http://evil.example")).await, StatusCode::FORBIDDEN);
    assert_eq!(Shut::status(press("guessed", own)).await, StatusCode::CONFLICT);
    // What came of it stands on the page it leads to: nobody is cut apart from anybody here.
    let after = shut.client.get(format!("{url}?done=1")).header(COOKIE, &cookie);
    let after = after.send().await.unwrap().text().await.unwrap();
    assert!(after.contains("The network is whole"), "{after}");
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_to_do() {
    let shut = Shut::new().await;
    let ask = async |deed: Value| {
        let asked = shut.client.post(format!("{}{}", shut.base, door::DEED));
        let answer = asked.bearer_auth(&shut.token).json(&deed).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let (status, problem) = ask(json!({"deed": "kill", "name": "nobody"})).await;
    assert_eq!((status, problem["type"].as_str()), (StatusCode::NOT_FOUND, Some("not-found")));
    assert!(problem["hint"].as_str().unwrap().contains("ctl status"), "{problem}");
    let (status, problem) = ask(json!({"deed": "heal"})).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    for unknown in [json!({"deed": "burn"}), json!({"deed": "cut", "more": 1}), json!([])] {
        let (status, problem) = ask(unknown).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
        assert!(problem["hint"].as_str().unwrap().contains("--help"), "{problem}");
    }
}

#[tokio::test]
async fn a_command_finds_the_door_by_the_folder_and_says_where_there_is_none() {
    let shut = Shut::new().await;
    let folder = shut.folder.path().to_owned();
    let missing = ctl::find(Some(folder.clone())).unwrap_err();
    assert_eq!(missing.slug(), "unavailable");
    let left = note::leave(&folder, shut.host.parse().unwrap()).unwrap();
    let found = ctl::find(Some(folder.clone())).unwrap();
    assert_eq!((found.door.to_string(), found.token), (shut.host.clone(), shut.token.clone()));
    drop(left);
    assert!(ctl::find(Some(folder)).is_err(), "the note was taken back");
}

/// A node that takes a question and keeps it until it is told to answer.
async fn seat_that_holds(shut: &Shut) -> (Seat, oneshot::Sender<()>, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let door = listener.local_addr().unwrap();
    let token = shut.folder.path().join(note::FOLDER).join("watch-other");
    let (answer, told) = oneshot::channel::<()>();
    let (answered, done) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _some = stream.read(&mut [0; 1024]).await.unwrap();
        told.await.unwrap();
        stream.write_all(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        answered.send(()).unwrap();
    });
    let seat = Seat {
        name: "anna".to_owned(),
        part: Part::Customer,
        running: true,
        peer: String::new(),
        identity: None,
        owner: Owner::at("anna", door, &token).unwrap(),
        door,
        tls: None,
        data: shut.folder.path().to_owned(),
        half: Half::Left,
    };
    (seat, answer, done)
}

#[tokio::test]
async fn the_map_waits_for_no_node_and_shows_what_it_says_once_it_does() {
    let shut = Shut::new().await;
    let (seat, answer, answered) = seat_that_holds(&shut).await;
    shut.town.sit(vec![seat]);
    shut.town.follow();
    let (base, cookie) = shut.enter().await;
    let look = async || {
        let page = shut.client.get(format!("{}{base}", shut.base)).header(COOKIE, &cookie);
        page.send().await.unwrap().text().await.unwrap()
    };
    // It answers only after the page was seen.
    let seen = look().await;
    assert!(seen.contains("1 of 1 nodes run") && !seen.contains("Not running"), "{seen}");
    answer.send(()).unwrap();
    answered.await.unwrap();
    while !look().await.contains("Not running: anna") {
        tokio::task::yield_now().await;
    }
}

#[test]
fn whoever_started_a_network_reads_how_to_join_it() {
    let here = super::joining("/bin/net", false, "countersign:invite:x").join("\n");
    assert!(here.contains("/bin/net countersign init --join countersign:invite:x"));
    let elsewhere = super::joining("/bin/net", true, "countersign:invite:x").join("\n");
    assert!(!elsewhere.contains("/bin/net"), "no other computer has that path");
}
