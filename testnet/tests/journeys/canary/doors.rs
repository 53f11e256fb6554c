//! Asks at every door what the one who asks may not know, and keeps every answer.

use super::search::Haystack;
use crate::world::{holds, read, unlike};
use countersign_node::door::{Scope, TOKENS};
use countersign_testnet::Failure;
use countersign_testnet::cluster::Member;
use countersign_testnet::process::{self, Program};
use countersign_testnet::provider::browser::Browser;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use url::Url;

/// Somebody with no more than a token of one scope, or with none.
struct Caller {
    scope: Option<Scope>,
    token: String,
}

impl Caller {
    fn word(&self) -> &'static str {
        self.scope.map_or("nobody", Scope::word)
    }

    fn may(&self, needed: &str) -> bool {
        self.scope.is_some_and(|scope| scope.word() == needed)
    }

    /// How whoever may not is turned away: who is not known is asked for a token.
    const fn refused(&self) -> u16 {
        if self.scope.is_some() { 403 } else { 401 }
    }
}

/// Makes a token of each scope that is narrower than the owner's.
pub(super) async fn tokens(member: &Member) -> Result<(), Failure> {
    for scope in NARROW {
        let new = ["token", "new", "--scope", scope.word(), "--name", "canary"];
        process::run(Program::Node, &member.data, &new, &[0]).await?;
    }
    Ok(())
}

fn callers(member: &Member) -> Result<Vec<Caller>, Failure> {
    let mut callers = vec![Caller { scope: None, token: "not-a-token".to_owned() }];
    for scope in NARROW {
        let path = member.data.join(TOKENS).join(format!("{}-canary", scope.word()));
        let token =
            std::fs::read_to_string(&path).map_err(|cause| Failure::File { path, cause })?;
        callers.push(Caller { scope: Some(scope), token });
    }
    Ok(callers)
}

/// Asks every verb with every token that is not the owner's; whom it is not for learns nothing.
pub(super) async fn verbs(member: &Member, asked: &Value) -> Result<Vec<Haystack>, Failure> {
    let document = read(include_str!("../../../../docs/openapi.json"))?;
    let paths = document.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or_else(|| unlike("openapi.json", "no paths"))?;
    let mut answers = Vec::new();
    for (path, methods) in paths {
        for (method, described) in methods.as_object().into_iter().flatten() {
            let needed = described.pointer("/security/0/token/0").and_then(Value::as_str);
            let Some(needed) = needed else { continue };
            for caller in callers(member)? {
                for body in [&json!({}), asked] {
                    let url = format!("http://{}{path}", member.ready.owner);
                    let request = match method.as_str() {
                        "get" => client()?.get(url).header("last-event-id", "0"),
                        _ => client()?.post(url).json(body),
                    };
                    let place = format!("answer of {path} to {}", caller.word());
                    let answer = send(request.bearer_auth(caller.token.trim())).await?;
                    let status = answer.status().as_u16();
                    let is_shut = status == caller.refused();
                    holds(&place, is_shut != caller.may(needed), status)?;
                    answers.push(Haystack::new(place, beginning(answer).await));
                }
            }
        }
    }
    Ok(answers)
}

/// Reads an answer; of one without end, what comes at once.
async fn beginning(mut answer: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout(QUIET, answer.chunk()).await {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

/// Pages that somebody was let into.
pub(super) struct Pages {
    /// The code that let her in.
    pub(super) code: String,
    /// Where they are.
    pub(super) urls: Vec<Url>,
    /// What they say, to her.
    pub(super) text: String,
    /// What her browser shows so that it is known.
    pub(super) cookies: Vec<String>,
}

/// Goes in by the address that the command line prints, and through every page that is linked.
pub(super) async fn pages(entrance: &str) -> Result<Pages, Failure> {
    let bad = |cause: &dyn std::fmt::Display| unlike("a page", &cause.to_string());
    let mut browser = Browser::new().map_err(|error| bad(&error))?;
    let entrance = Url::parse(entrance).map_err(|error| bad(&error))?;
    let code = entrance.query_pairs().find(|(name, _)| name == "code");
    let code = code.map(|(_, code)| code.into_owned()).ok_or_else(|| bad(&"no code"))?;
    let first = browser.visit(&entrance).await.map_err(|error| bad(&error))?;
    let (mut seen, mut next) = (BTreeSet::new(), VecDeque::from([first.url.clone()]));
    let mut pages = Pages { code, urls: Vec::new(), text: String::new(), cookies: Vec::new() };
    while let Some(url) = next.pop_front() {
        let page = browser.visit(&url).await.map_err(|error| bad(&error))?;
        holds("a page of hers", page.status.is_success(), (&url, page.status))?;
        let below =
            |link: &Url| link.origin() == url.origin() && link.path().starts_with(first.url.path());
        for mut link in page.links().filter(below) {
            link.set_fragment(None);
            if seen.insert(link.clone()) && pages.urls.len() < MOST {
                next.push_back(link);
            }
        }
        pages.text.push_str(&page.text);
        pages.urls.push(url);
    }
    pages.cookies = browser.cookies().map(str::to_owned).collect();
    Ok(pages)
}

/// Asks for every page as somebody who was not let in: with nothing, with tokens, with the cookie of
/// another home.
pub(super) async fn shut(
    pages: &Pages,
    other: &Pages,
    member: &Member,
) -> Result<Vec<Haystack>, Failure> {
    let mut answers = Vec::new();
    let cookie = |cookie: &String| {
        ["countersign-home", "countersign-attestor"]
            .map(|name| format!("{name}={cookie}"))
            .join("; ")
    };
    let cookies: Vec<String> = other.cookies.iter().map(cookie).collect();
    for url in &pages.urls {
        let mut requests = Vec::new();
        for caller in callers(member)? {
            requests.push(client()?.get(url.clone()).bearer_auth(caller.token.trim()));
        }
        for cookie in &cookies {
            requests.push(client()?.get(url.clone()).header("cookie", cookie));
        }
        for request in requests {
            let answer = send(request).await?;
            holds("a page that is shut", answer.status().as_u16() == 401, (url, answer.status()))?;
            answers
                .push(Haystack::new(format!("answer of {}", url.path()), beginning(answer).await));
        }
    }
    Ok(answers)
}

/// Asks what nobody should ask, and gives what was answered.
pub(super) async fn sent(request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    Ok(beginning(send(request).await?).await)
}

/// Makes a client that knows nobody; it trusts the certificates of a testnet, which it never leaves.
pub(super) fn client() -> Result<Client, Failure> {
    let none = reqwest::redirect::Policy::none();
    let client = Client::builder().no_proxy().redirect(none).danger_accept_invalid_certs(true);
    client.timeout(PATIENCE).build().map_err(unreachable)
}

async fn send(request: RequestBuilder) -> Result<Response, Failure> {
    request.send().await.map_err(unreachable)
}

fn unreachable(cause: reqwest::Error) -> Failure {
    Failure::Unreachable { name: "a door".to_owned(), cause }
}

const NARROW: [Scope; 3] = [Scope::Check, Scope::Watch, Scope::Metrics];

/// More pages than anybody has; lists lead from page to page for ever.
const MOST: usize = 60;

/// A stream that says nothing for so long has said all it knows.
const QUIET: Duration = Duration::from_millis(700);

/// A look-up that nobody can answer takes long.
const PATIENCE: Duration = Duration::from_secs(60);
