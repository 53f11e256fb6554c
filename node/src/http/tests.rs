//! What the public door answers: found, not found, deactivated and invalid, each with its status and body.

use super::hint;
use crate::config::{Config, Role};
use crate::door::{Keys, Scope};
use crate::node::Node;
use crate::passphrase::Passphrase;
use crate::start::{self, NewNode, Running};
use crate::verb::Verb as _;
use crate::verb::claims::Publish;
use crate::verb::identity;
use crate::verb::resolve::Resolve;
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::encoding::json;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tower::ServiceExt as _;

fn passphrase() -> Passphrase {
    Passphrase::new("a test keeps no secrets")
}

/// The first node of a network, whose owner is the only one it knows.
async fn alone(data: &Path) -> (Node, Running, Did) {
    start::found(data, "alone", true).unwrap();
    let words = Some(start::new_words().unwrap());
    let new = NewNode { role: Role::Full, words, attests: false, weak_passphrase: true };
    let config = Config { role: Role::Full, ..Config::default() };
    start::create(data, &config, new, &passphrase()).await.unwrap();
    let (node, running) = start::alone(data, config, Some(&passphrase())).await.unwrap();
    let did = node.own().await.unwrap().history.did().clone();
    Publish { claims: Vec::new() }.perform(&node).await.unwrap();
    (node, running, did)
}

/// Asks the public door for `did`.
async fn ask(node: &Node, did: &str) -> (StatusCode, Value) {
    let request = Request::get(format!("/1.0/identifiers/{did}")).body(Body::empty()).unwrap();
    let response = super::public(node.clone()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).unwrap().to_str().unwrap();
    assert!(kind.starts_with("application/ld+json"), "{kind}");
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status, json::parse(&bytes, 1 << 20).unwrap())
}

fn error(body: &Value) -> &str {
    body["didResolutionMetadata"]["error"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn the_public_door_gives_each_answer_its_status_and_body() {
    let folder = tempfile::tempdir().unwrap();
    let (node, running, did) = alone(&folder.path().join("data")).await;

    let (status, found) = ask(&node, did.as_str()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(found["didDocument"]["id"], did.as_str());
    assert_eq!(found["didDocumentMetadata"]["deactivated"], false);
    assert_eq!(found["didDocumentMetadata"]["scid"], did.scid().to_string());
    assert_eq!(error(&found), "");

    let nobody = Scid::from_digest([7; 32]).to_did();
    let (status, missing) = ask(&node, nobody.as_str()).await;
    assert_eq!((status, error(&missing)), (StatusCode::NOT_FOUND, "notFound"));
    assert_eq!(missing["didDocument"], Value::Null);

    for invalid in ["did:web:example.com", "did:webvh:QmX:example.com", "ada"] {
        let (status, body) = ask(&node, invalid).await;
        assert_eq!((status, error(&body)), (StatusCode::BAD_REQUEST, "invalidDid"), "{invalid}");
    }

    identity::Deactivate { passphrase: passphrase() }.perform(&node).await.unwrap();
    let (status, ended) = ask(&node, did.as_str()).await;
    assert_eq!(status, StatusCode::GONE);
    assert_eq!(ended["didDocument"], Value::Null, "no document of who ended is given");
    assert_eq!(ended["didDocumentMetadata"]["deactivated"], true);

    // What it was can be asked for still, and says that it ended.
    let created = found["didDocumentMetadata"]["versionTime"].as_str().unwrap();
    let id = found["didDocumentMetadata"]["versionId"].as_str().unwrap();
    for query in
        ["versionNumber=1".to_owned(), format!("versionId={id}"), format!("versionTime={created}")]
    {
        let (status, earlier) = ask(&node, &format!("{did}?{query}")).await;
        assert_eq!(status, StatusCode::OK, "{query}");
        assert_eq!(earlier["didDocument"], found["didDocument"], "{query}");
        assert_eq!(earlier["didDocumentMetadata"]["deactivated"], true, "{query}");
    }
    for query in ["versionNumber=9", "versionTime=2001-01-01T00:00:00Z"] {
        let (status, body) = ask(&node, &format!("{did}?{query}")).await;
        assert_eq!((status, error(&body)), (StatusCode::NOT_FOUND, "notFound"), "{query}");
    }
    for query in ["versionId=1", "versionTime=now", "versionNumber=1&versionNumber=2"] {
        let (status, body) = ask(&node, &format!("{did}?{query}")).await;
        assert_eq!((status, error(&body)), (StatusCode::BAD_REQUEST, "invalidDidUrl"), "{query}");
    }
    running.stop().await.unwrap();
}

/// Anybody could write their SCID behind the domain of a bank.
#[tokio::test]
async fn a_scid_behind_a_domain_that_was_never_its_own_is_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (node, running, did) = alone(&folder.path().join("data")).await;
    let scid = did.scid();
    for foreign in [format!("did:webvh:{scid}:bank.example"), format!("{did}:x")] {
        let problem = Resolve { name: foreign.clone(), fresh: false }.perform(&node).await;
        assert!(problem.is_err(), "{foreign}");
        let (status, body) = ask(&node, &foreign).await;
        assert_ne!(status, StatusCode::OK, "{foreign}");
        assert_eq!(body["didDocument"], Value::Null, "{foreign}");
    }
    let (status, body) = ask(&node, &format!("did:webvh:{scid}:bank.example")).await;
    assert_eq!((status, error(&body)), (StatusCode::NOT_FOUND, "notFound"));
    // A person may leave off the end; a program that does asks for another name.
    let cut = format!("did:webvh:{scid}:countersign.alt");
    let found = Resolve { name: cut.clone(), fresh: false }.perform(&node).await.unwrap();
    assert_eq!(found.did, did.as_str());
    assert_eq!(ask(&node, &cut).await.0, StatusCode::BAD_REQUEST);
    running.stop().await.unwrap();
}

/// Asks the owner's door with a token that allows everything, and gives the status and the problem.
async fn owners(node: &Node, request: axum::http::request::Builder, body: Vec<u8>) -> (u16, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("owner-1"), [b'o'; 43]).unwrap();
    let keys = Arc::new(Keys::read(folder.path().to_owned()).unwrap());
    let token = format!("Bearer {}", "o".repeat(43));
    let request = request.header("host", "127.0.0.1:7370").header("authorization", token);
    let request = request.header("content-type", "application/json").body(Body::from(body));
    let response = super::owner(node.clone(), keys).oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let kind = parts.headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    assert_eq!(kind.as_deref(), Some("application/problem+json"), "{}", parts.status);
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    (parts.status.as_u16(), json::parse(&bytes, 1 << 20).unwrap())
}

/// A program that mistypes `offline` must not go online.
#[tokio::test]
async fn what_the_owners_door_does_not_understand_it_refuses_with_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let (node, running, did) = alone(&folder.path().join("data")).await;
    let asked = |path: &'static str, body: Vec<u8>| owners(&node, Request::post(path), body);
    let check = format!(r#"{{"policy": "shop", "identity": "{did}", "ofline": true}}"#);
    let (status, problem) = asked("/v1/check", check.into_bytes()).await;
    assert_eq!((status, &problem["type"]), (400, &Value::from("invalid")));
    assert!(problem["detail"].as_str().unwrap().contains("ofline"), "{problem}");
    let (status, problem) = asked("/v1/resolve", vec![b' '; 3 << 20]).await;
    assert_eq!((status, &problem["type"]), (413, &Value::from("too-large")));
    let (status, problem) = owners(&node, Request::get("/v1/resolve"), Vec::new()).await;
    assert_eq!((status, &problem["type"]), (405, &Value::from("method-not-allowed")));
    let (status, problem) = owners(&node, Request::get("/v1/nothing"), Vec::new()).await;
    assert_eq!((status, &problem["type"]), (404, &Value::from("not-found")));
    let public = Request::post(format!("/1.0/identifiers/{did}")).body(Body::empty()).unwrap();
    let response = super::public(node.clone()).oneshot(public).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), "application/problem+json");
    running.stop().await.unwrap();
}

/// Whoever watches over a program asks without a token: does it run, and can it do its work?
#[tokio::test]
async fn a_node_without_peers_is_live_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let (node, running, _) = alone(&folder.path().join("data")).await;
    std::fs::create_dir(folder.path().join("tokens")).unwrap();
    let keys = Arc::new(Keys::read(folder.path().join("tokens")).unwrap());
    for (path, status, says) in [
        ("/live", StatusCode::OK, "live\n"),
        ("/ready", StatusCode::SERVICE_UNAVAILABLE, "no peers yet\n"),
    ] {
        let request = Request::get(path).header("host", "127.0.0.1:7370").body(Body::empty());
        let door = super::owner(node.clone(), Arc::clone(&keys));
        let response = door.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        let body = to_bytes(response.into_body(), 1 << 10).await.unwrap();
        assert_eq!(body, says.as_bytes(), "{path}");
    }
    running.stop().await.unwrap();
}

#[test]
fn a_locked_door_names_the_scope_that_opens_it() {
    for needed in [Scope::Owner, Scope::Check, Scope::Watch, Scope::Metrics] {
        let word = format!("--scope {}`", needed.word());
        assert!(hint(needed).contains(&word), "{word} is missing");
    }
}
