//! To look at a page is to see what is known now: no page waits for anybody.

use super::{Browser, in_a_network};
use crate::config::Config;
use crate::node::{Ask, Node};
use crate::start::{self, Running};
use axum::http::StatusCode;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::command::{Command, Freshness};
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::{Entry, Purpose};
use serde_json::json;
use std::path::Path;
use tokio::sync::mpsc;

/// Tells whether others have a say in how long the answer takes.
fn waits_for_others(command: &Command) -> bool {
    match command {
        Command::Find { freshness, .. } => *freshness != Freshness::Here,
        Command::Publish(_)
        | Command::TakeIn(_)
        | Command::Cosign { .. }
        | Command::PublishStatement { .. }
        | Command::PublishProfile { .. }
        | Command::Status { .. }
        | Command::Body { .. } => true,
        Command::StatusHere { .. }
        | Command::BodyHere { .. }
        | Command::Profiles
        | Command::AskAround
        | Command::Watch { .. }
        | Command::Unwatch { .. }
        | Command::Trust { .. }
        | Command::Limit { .. }
        | Command::Own { .. }
        | Command::ClockStatus
        | Command::Signing { .. }
        | Command::Peers
        | Command::Statistics => false,
    }
}

/// Stands between a node and its engine: what would wait for others is held for ever, and shown.
fn held(node: &Node) -> (Node, mpsc::Receiver<Command>) {
    let (commands, mut asks) = mpsc::channel::<Ask>(16);
    let (show, shown) = mpsc::channel(16);
    let engine = node.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Some(Ask { command, answer }) = asks.recv().await {
            if waits_for_others(&command) {
                let _seen = show.send(command).await.is_ok();
                kept.push(answer);
                continue;
            }
            let engine = engine.clone();
            tokio::spawn(async move {
                if let Ok(outcome) = engine.ask(command).await {
                    let _gone = answer.send(outcome).is_err();
                }
            });
        }
    });
    (node.with_engine(commands), shown)
}

/// A person in a network who has not been published yet, with a claim of somebody she never met.
async fn newcomer(data: &Path) -> (Node, Running) {
    let passphrase = in_a_network(data).await;
    let (node, running) = start::online(data, Config::default(), &passphrase).await.unwrap();
    let (issuer, key) = (Scid::from_digest([9; 32]).to_did(), SecretKey::from_seed([7; 32]));
    let own = node.own().await.unwrap();
    let subject = json!({ "id": own.history.did().as_str(), "verified": true });
    let now = node.now();
    let draft = Draft {
        id: None,
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer,
        subject: subject.as_object().cloned().unwrap(),
        valid_from: now.minus(1000),
        valid_until: now.plus(1000),
        status: vec![Entry {
            purpose: Purpose::Revocation,
            list: 1,
            index: 7,
            url: "https://attestor.example/status/1".to_owned(),
        }],
        evidence: Vec::new(),
    };
    let credential = Credential::from_value(draft.sign(&key, now.minus(1000))).unwrap();
    node.at_once().keep_claim(credential).await.unwrap();
    (node, running)
}

#[tokio::test]
async fn no_page_waits_for_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (node, running) = newcomer(&data).await;
    let claim = node.at_once().claims().await.unwrap().remove(0).name;
    let (behind, mut waits) = held(&node);
    let mut browser = Browser::of(&data);
    browser.home.adopt(behind.clone()).await.unwrap();
    browser.enter().await;
    let forget = format!("claims/forget?claim={claim}");
    for page in [
        "",
        "claims",
        "claims/get",
        &forget,
        "requests",
        "world",
        "statement",
        "keys",
        "network",
        "shop",
        "claims/waiting/none",
        "statement.csv",
        "statement.json",
        "start",
        "start/ready",
    ] {
        let at = browser.home.at(page);
        tokio::select! {
            biased;
            waits = waits.recv() => panic!("`{page}` waits for others: {waits:?}"),
            seen = browser.get(&at) => assert!(
                seen.status == StatusCode::OK || seen.status == StatusCode::SEE_OTHER,
                "{page}: {} {}", seen.status, seen.text,
            ),
        }
    }
    // Where its owner does something the node does wait: this is how that would have shown.
    tokio::select! {
        waits = waits.recv() => assert!(waits.is_some()),
        known = behind.known(Scid::from_digest([9; 32]), false) => panic!("nobody answered: {known:?}"),
    }
    drop((browser, behind));
    running.stop().await.unwrap();
}
