//! The operator's pages, as a browser and an attacker's page see them.

use super::journey::{Person, Scene};
use super::people::VERIFIED;
use countersign_attestor::http::LIMITS;
use countersign_attestor::http::owner::{self, Door};
use countersign_attestor::ledger::{Second, Standing};
use countersign_node::door::note::{Note, Posted};
use countersign_node::door::{Scope, TOKENS, make_token};
use countersign_node::serve::serve;
use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// An attestor with its operator's pages, and a browser.
struct Desk {
    scene: Scene,
    origin: String,
    door: Note,
    _posted: Posted,
    client: Client,
    folder: tempfile::TempDir,
    _stop: DropGuard,
}

/// A browser that is in.
struct Session {
    base: String,
    cookie: String,
}

impl Desk {
    async fn new() -> Self {
        let scene = Scene::new(Second::Reject).await;
        let folder = tempfile::tempdir().unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let door = Door::open(Arc::clone(&scene.office), folder.path(), free).await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(door.listener, None, door.router, LIMITS, stop.clone()));
        let note = owner::note(folder.path()).unwrap();
        let none = reqwest::redirect::Policy::none();
        let client = Client::builder().redirect(none).no_proxy().build().unwrap();
        let origin = format!("http://{}", note.address());
        Self {
            scene,
            origin,
            door: note,
            _posted: door.posted,
            client,
            folder,
            _stop: stop.drop_guard(),
        }
    }

    async fn code(&self) -> String {
        let asked = self.client.post(format!("{}/owner/code", self.origin));
        let answer = asked.bearer_auth(self.door.secret()).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        value["code"].as_str().unwrap().to_owned()
    }

    async fn try_code(&self, code: &str) -> Response {
        let url = format!("{}/enter?code={code}", self.origin);
        self.client.get(url).send().await.unwrap()
    }

    async fn enter(&self) -> Session {
        let answer = self.try_code(&self.code().await).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
        let (base, set) = (header(LOCATION), header(SET_COOKIE));
        for part in ["HttpOnly", "SameSite=Strict", &format!("Path={base}")] {
            assert!(set.contains(part), "{set}");
        }
        Session { base, cookie: set.split(';').next().unwrap().to_owned() }
    }

    fn ask(&self, session: &Session, path: &str) -> RequestBuilder {
        let url = format!("{}{}{path}", self.origin, session.base);
        self.client.get(url).header(COOKIE, &session.cookie)
    }

    async fn page(&self, session: &Session, path: &str) -> String {
        let answer = self.ask(session, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    fn send(&self, session: &Session, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let url = format!("{}{}{path}", self.origin, session.base);
        let request = self.client.post(url).header(COOKIE, &session.cookie);
        request.header(ORIGIN, &self.origin).form(fields)
    }
}

/// Gives the secret that the forms of a page repeat.
fn form(page: &str) -> String {
    let field = page.split("name=\"form\" value=\"").nth(1).unwrap();
    field.split('"').next().unwrap().to_owned()
}

const PAGES: [&str; 6] = ["", "/claims", "/renewals", "/revoke", "/duplicates", "/log"];

#[tokio::test]
async fn a_code_lets_one_browser_in_and_no_other() {
    let desk = Desk::new().await;
    let session = desk.enter().await;
    for path in PAGES {
        let page = desk.page(&session, path).await;
        assert!(page.len() < 80 * 1024, "{path}: {} bytes", page.len());
        assert!(!page.contains("<script") && !page.contains(" style="), "{path}");
    }
    let code = desk.code().await;
    assert_eq!(desk.try_code(&code).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(desk.try_code(&code).await.status(), StatusCode::UNAUTHORIZED, "it counts once");
    assert_eq!(desk.try_code("GUESS-GUESS").await.status(), StatusCode::UNAUTHORIZED);
    let asked = desk.client.post(format!("{}/owner/code", desk.origin));
    let answer = asked.bearer_auth("guess").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "a code is for the owner");
    for path in PAGES {
        let stranger = Session { base: session.base.clone(), cookie: "a=b".to_owned() };
        let answer = desk.ask(&stranger, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(desk.folder.path().join("attestor.door").exists());
}

#[tokio::test]
async fn another_page_gets_nothing_even_with_the_cookie() {
    let desk = Desk::new().await;
    let session = desk.enter().await;
    let status = async |request: RequestBuilder| request.send().await.unwrap().status();
    let rebound = desk.ask(&session, "/claims").header(HOST, "evil.example");
    assert_eq!(status(rebound).await, StatusCode::FORBIDDEN, "another name for this computer");
    let framed = desk.ask(&session, "/claims").header("sec-fetch-site", "cross-site");
    assert_eq!(status(framed).await, StatusCode::FORBIDDEN, "a frame, a picture, a link");
    let page = desk.page(&session, "").await;
    let leave = [("form", form(&page))];
    let url = format!("{}{}/leave", desk.origin, session.base);
    let forged = desk.client.post(&url).header(COOKIE, &session.cookie).form(&leave);
    assert_eq!(status(forged.header(ORIGIN, "https://evil.example")).await, StatusCode::FORBIDDEN);
    let blind = desk.send(&session, "/leave", &[("form", "guess")]);
    assert_eq!(status(blind).await, StatusCode::CONFLICT, "a form of somebody else's making");
    let own = desk.send(&session, "/leave", &[("form", &form(&page))]);
    assert_eq!(status(own).await, StatusCode::OK);
    assert_eq!(status(desk.ask(&session, "/claims")).await, StatusCode::UNAUTHORIZED, "it is over");
}

#[tokio::test]
async fn many_are_revoked_only_by_their_count() {
    let desk = Desk::new().await;
    let (ada, eve) = (Person::new(), Person::new());
    let claim = desk.scene.claim(&ada, VERIFIED).await.unwrap();
    desk.scene.claim(&eve, VERIFIED).await.unwrap_err();
    let id = claim["id"].as_str().unwrap().to_owned();
    let live = || matches!(desk.scene.office.ledger().get(&id).unwrap().standing, Standing::Live);
    let session = desk.enter().await;

    let first = id.strip_prefix("urn:uuid:").unwrap().get(..8).unwrap().to_owned();
    let rule = "simulated-verified-account";
    assert!(desk.page(&session, &format!("/claims?rule={rule}/1")).await.contains(&first));
    assert!(!desk.page(&session, &format!("/claims?rule={rule}/2")).await.contains(&first));
    assert!(!desk.page(&session, "/claims?state=revoked").await.contains(&first));
    let shown = desk.page(&session, &format!("/claims/{first}")).await;
    assert!(shown.contains("SIMULATED provider") && shown.contains("issued"), "{shown}");
    let scid = eve.history.scid().to_string();
    assert!(desk.page(&session, "/duplicates").await.contains(&scid));

    let counted = desk.page(&session, &format!("/revoke?rule={rule}")).await;
    assert!(counted.contains("1 claim is meant"), "{counted}");
    let fields = |count, sure| {
        let form = form(&counted);
        [("form", form), ("rule", rule.to_owned()), ("count", count), ("sure", sure)]
    };
    for (count, sure) in [("2", "yes"), ("1", "")] {
        let fields = fields(count.to_owned(), sure.to_owned());
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        desk.send(&session, "/revoke", &fields).send().await.unwrap();
        assert!(live(), "count {count}, sure {sure}");
    }
    let fields = fields("1".to_owned(), "yes".to_owned());
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = desk.send(&session, "/revoke", &fields).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(!live());
    let log = desk.page(&session, "/log").await;
    assert!(log.contains("The books hold") && log.contains("revoked"), "{log}");
}

#[tokio::test]
async fn figures_open_for_their_own_token_and_name_nobody() {
    let desk = Desk::new().await;
    let claim = desk.scene.claim(&Person::new(), VERIFIED).await.unwrap();
    let tokens = desk.folder.path().join(TOKENS);
    let token = |scope| std::fs::read_to_string(make_token(&tokens, scope, "it").unwrap()).unwrap();
    let figures = |token: String| {
        desk.client.get(format!("{}/metrics", desk.origin)).bearer_auth(token).send()
    };
    let unknown = figures("guess".to_owned()).await.unwrap();
    assert_eq!(unknown.status(), StatusCode::UNAUTHORIZED);
    assert!(
        unknown.headers().contains_key("www-authenticate"),
        "it is asked for one that is known"
    );
    for narrow in [token(Scope::Check), token(Scope::Watch)] {
        assert_eq!(figures(narrow).await.unwrap().status(), StatusCode::FORBIDDEN);
    }
    let page = desk.client.get(format!("{}/metrics", desk.origin)).header(ORIGIN, &desk.origin);
    let page = page.bearer_auth(desk.door.secret()).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FORBIDDEN, "no web page reads them");
    let answer = figures(token(Scope::Metrics)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.unwrap();
    for line in [
        "countersign_attestor_claims_issued 1",
        "countersign_attestor_claims{state=\"standing\"} 1",
        "countersign_attestor_claims{state=\"revoked\"} 0",
        "countersign_attestor_duplicates 0",
        "countersign_attestor_heartbeat_age_seconds ",
        "countersign_attestor_list_room ",
        "countersign_attestor_renewals_due ",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line}\n{text}");
    }
    let id = claim.get("id").and_then(Value::as_str).unwrap();
    for word in [id, "did:", "@", "urn:"] {
        assert!(!text.contains(word), "{word}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}
