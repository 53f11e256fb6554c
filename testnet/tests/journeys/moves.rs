//! Identities move to a domain, come back from a backup and from words, and end: all by hand.

use crate::world::{
    account, acquainted, ask_for_one_of, claim, holds, play, read, show_until, unlike,
};
use countersign_node::passphrase::{Passphrase, Words};
use countersign_node::start;
use countersign_node::verb::identity;
use countersign_node::verb::presenting::Answer;
use countersign_protocol::did::Did;
use countersign_protocol::did::log::{History, MAX_CLOCK_SKEW};
use countersign_protocol::wire::head::{Head, Position};
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Member, Part, WORDS};
use countersign_testnet::process::{self, PASSPHRASE, Program};
use countersign_testnet::story::scenes;
use countersign_testnet::thief;
use countersign_testnet::thief::liar::Captured;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_moves_to_a_domain_comes_back_twice_and_ends_and_its_claims_hold_till_then() {
    play("moves", async |cluster| {
        let shops = [("north", Part::Attestor), ("berlin", Part::Vendor)];
        let people = [("anna", Part::Customer), ("ben", Part::Customer)];
        cluster.add(shops.into_iter().chain(people)).await?;
        ask_for_one_of(cluster.member("berlin")?, &[cluster.member("north")?])?;
        let hers = account(cluster, "anna").await?;
        for name in ["anna", "ben"] {
            acquainted(cluster.member(name)?, cluster.member("north")?).await?;
        }
        let name = claim(cluster.member("anna")?, cluster.member("north")?, &hers).await?;
        publish(cluster.member("anna")?, &name).await?;
        exported(cluster).await?;
        let old = cluster.member("anna")?.did().to_owned();
        let new = customer_moves(cluster, &old, &name).await?;
        exported(cluster).await?;
        attestor_moves(cluster, &name).await?;
        let backup = restored(cluster, &new, &name).await?;
        exported(cluster).await?;
        overtaken(cluster, &backup, &new).await?;
        recovered(cluster, &new).await?;
        exported(cluster).await?;
        ended(cluster, &old).await?;
        exported(cluster).await
    })
    .await;
}

/// Her claims name the DID she had, and shops find her under either.
async fn customer_moves(cluster: &Cluster, old: &str, claim: &str) -> Result<String, Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    show_until(berlin, anna, claim, Answer::Accepted).await?;
    let own = own(&anna.data, &["--json", "id", "move", "example.com:people:anna"]).await?;
    let new = text(&own, "did");
    holds("the DID at the domain", new.ends_with(":example.com:people:anna"), &own)?;
    scenes::settled(anna, crate::world::PATIENCE).await?;
    show_until(berlin, anna, claim, Answer::Accepted).await?;
    for did in [old, &new] {
        let decided = scenes::look_until(berlin, did, Answer::Accepted, scenes::PATIENCE).await?;
        holds("her showcase", decided.answer == Answer::Accepted, &decided.explained)?;
        let found = scenes::resolve(berlin, did, scenes::PATIENCE).await?;
        holds("where she is now", found.did == new, &found.did)?;
    }
    Ok(new)
}

/// The shop's policy names the DID the attestor had, and so do the claims it signed.
async fn attestor_moves(cluster: &Cluster, claim_of_anna: &str) -> Result<(), Failure> {
    let (north, berlin) = (cluster.member("north")?, cluster.member("berlin")?);
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let own = own(&north.data, &["--json", "id", "move", "north.example"]).await?;
    holds("the DID at the domain", text(&own, "did").ends_with(":north.example"), &own)?;
    // A full node keeps its own, and announces it itself.
    let stands = scenes::own_once(north, crate::world::PATIENCE, |own| own.stands).await?;
    holds("north's entry stands", stands.is_ok(), &own)?;
    show_until(berlin, anna, claim_of_anna, Answer::Accepted).await?;
    let his = account(cluster, "ben").await?;
    let name = claim(ben, north, &his).await?;
    show_until(berlin, ben, &name, Answer::Accepted).await.map(drop)
}

/// Her computer is lost; a new one is made of her backup, which knows nothing of what she showed since.
async fn restored(cluster: &mut Cluster, did: &str, claim: &str) -> Result<PathBuf, Failure> {
    let backup = scenes::steal_backup(cluster.member("anna")?).await?;
    let data = cluster.member("anna")?.data.clone();
    process::run(Program::Node, &data, &["claim", "withdraw", claim], &[0]).await?;
    publish(cluster.member("anna")?, claim).await?;
    scenes::settled(cluster.member("anna")?, crate::world::PATIENCE).await?;
    let before = head(cluster, did).await?;
    from_backup(cluster, &backup).await?;
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    holds("who she is", anna.did() == did, anna.did())?;
    scenes::settled(anna, crate::world::PATIENCE).await?;
    show_until(berlin, anna, claim, Answer::Accepted).await?;
    // What she shows next comes behind what others have, and not behind what the backup had.
    process::run(Program::Node, &data, &["claim", "withdraw", claim], &[0]).await?;
    publish(anna, claim).await?;
    scenes::settled(anna, crate::world::PATIENCE).await?;
    let after = head(cluster, did).await?;
    let newer = before.0 < after.0 && before.1 < after.1;
    holds("a newer head", newer, (before, after))?;
    // Her next key came back too.
    let own = own(&anna.data, &["--json", "id", "rotate"]).await?;
    holds("her version", own.get("version").and_then(Value::as_u64) == Some(3), &own)?;
    // Before her computer is lost again, others keep what she has signed.
    scenes::settled(anna, crate::world::PATIENCE).await?;
    Ok(backup)
}

/// Her computer is lost, and what she has is a backup from before her last rotation: nothing is signed beside
/// that, and her words go on from it.
async fn overtaken(cluster: &mut Cluster, backup: &Path, did: &str) -> Result<(), Failure> {
    from_backup(cluster, backup).await?;
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let began = std::time::Instant::now();
    let said = loop {
        let rotate = ["--json", "id", "rotate"];
        let said = process::run(Program::Node, &anna.data, &rotate, &[1, 2]).await?;
        // A node that has just started knows nobody yet.
        if text(&read(&said)?, "type") != "unavailable" {
            break said;
        }
        holds("somebody was asked", began.elapsed() < crate::world::PATIENCE, &said)?;
        tokio::time::sleep(crate::world::BETWEEN).await;
    };
    let problem = read(&said)?;
    holds("what is newer", text(&problem, "type") == "conflict", &said)?;
    holds("what to do", said.contains("countersign id recover"), &said)?;
    let words = anna.data.join(WORDS);
    let recover = ["--json", "id", "recover", "--words", &words.to_string_lossy()];
    let own = own(&anna.data, &recover).await?;
    holds("her version", own.get("version").and_then(Value::as_u64) == Some(4), &own)?;
    scenes::settled(anna, crate::world::PATIENCE).await?;
    scenes::look_until(berlin, did, Answer::Accepted, crate::world::PATIENCE).await?;
    for node in cluster.members() {
        let found = scenes::resolve(node, did, crate::world::PATIENCE).await?;
        holds("nobody holds a fork proof", !found.forked, &node.name)?;
    }
    Ok(())
}

/// Loses her computer and makes another one of a backup.
async fn from_backup(cluster: &mut Cluster, backup: &Path) -> Result<(), Failure> {
    let (passphrase, words, data) = papers(cluster.member("anna")?)?;
    cluster.lose("anna").await?;
    write(&data, PASSPHRASE, &passphrase)?;
    let restore = ["--json", "restore", &backup.to_string_lossy()];
    process::run(Program::Node, &data, &restore, &[0]).await?;
    process::run(Program::Node, &data, &["join", cluster.invite()], &[0]).await?;
    write(&data, WORDS, &words)?;
    cluster.restart("anna").await
}

/// Gives the place of the head that a witness holds of somebody, and the version of what it shows.
async fn head(cluster: &Cluster, did: &str) -> Result<(Position, u64), Failure> {
    let captured = captured(cluster, did).await?;
    let head = captured.log.head.as_deref().and_then(|head| Head::parse(head).ok());
    let head = head.ok_or_else(|| unlike("her head", "none"))?.unverified().clone();
    Ok((head.position(), head.showcase.map_or(0, |shown| shown.version)))
}

/// Gives what a witness holds of somebody.
async fn captured(cluster: &Cluster, did: &str) -> Result<Captured, Failure> {
    let did: Did = did.parse().map_err(|_| unlike("her DID", did))?;
    scenes::meet(cluster, cluster.member("wanda")?).await?.capture(did.scid()).await
}

/// What she exports is her log by our own rules, and soon what others hold of her, byte for byte.
async fn exported(cluster: &Cluster) -> Result<(), Failure> {
    let anna = cluster.member("anna")?;
    let folder = anna.data.join("exported");
    let export = ["--json", "id", "export", "--to", &folder.to_string_lossy()];
    process::run(Program::Node, &anna.data, &export, &[0]).await?;
    let file = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    let (log, witnesses) = (file("did.jsonl"), file("did-witness.json"));
    let now = thief::now().plus(MAX_CLOCK_SKEW);
    let history =
        History::read(&log, now).map_err(|error| unlike("her log", &error.to_string()))?;
    let own = own(&anna.data, &["--json", "id", "show"]).await?;
    holds("whose log", text(&own, "did") == history.did().as_str(), &own)?;
    let version = own.get("version").and_then(Value::as_u64);
    holds("the whole log", version == Some(history.number()), &own)?;
    let began = std::time::Instant::now();
    loop {
        let held = captured(cluster, history.did().as_str()).await?.log;
        if held.lines == log && held.witness.unwrap_or_default() == witnesses {
            return Ok(());
        }
        holds("what others hold", began.elapsed() < crate::world::PATIENCE, history.number())?;
        tokio::time::sleep(crate::world::BETWEEN).await;
    }
}

/// Her computer is lost again, and her backup with it; there is the paper.
async fn recovered(cluster: &mut Cluster, did: &str) -> Result<(), Failure> {
    let (_, words, _) = papers(cluster.member("anna")?)?;
    cluster.lose("anna").await?;
    cluster.add_blank("anna").await?;
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let paper = write(&anna.data, WORDS, &words)?;
    scenes::resolve(anna, did, crate::world::PATIENCE).await?;
    let (passphrase, made) = (scenes::passphrase(anna)?, start::new_words());
    let others = made
        .map_err(|error| Failure::Problem { name: anna.name.clone(), problem: Box::new(error) })?;
    not_recovered(anna, did, others.reveal(), passphrase.reveal()).await?;
    not_recovered(anna, did, &words, "of some other computer").await?;
    let recover = ["--json", "id", "recover", "--did", did, "--words", &paper];
    let own = own(&anna.data, &recover).await?;
    holds("her DID", text(&own, "did") == did, &own)?;
    holds("her version", own.get("version").and_then(Value::as_u64) == Some(5), &own)?;
    scenes::settled(anna, crate::world::PATIENCE).await?;
    let decided = scenes::look_until(berlin, did, Answer::Accepted, crate::world::PATIENCE).await?;
    holds("her showcase", decided.answer == Answer::Accepted, &decided.explained)
}

/// With the words of somebody else, or without the passphrase of this computer, nothing is taken over.
async fn not_recovered(
    anna: &Member,
    did: &str,
    words: &str,
    passphrase: &str,
) -> Result<(), Failure> {
    let (words, passphrase) = (Words::new(words), Passphrase::new(passphrase));
    let recover = identity::Recover { did: Some(did.to_owned()), words, passphrase };
    let refused = anna.owner.try_ask(&recover).await?;
    holds("a wrong secret recovers nothing", refused.is_err(), refused.is_ok())?;
    let own = anna.owner.try_ask(&identity::Show {}).await?;
    holds("no identity was taken over", own.is_err(), own.is_ok())
}

/// Nobody ends an identity by accident; then it is over, under every name it had.
async fn ended(cluster: &Cluster, old: &str) -> Result<(), Failure> {
    let (anna, berlin) = (cluster.member("anna")?, cluster.member("berlin")?);
    let end = ["--json", "id", "deactivate"];
    let said = process::run(Program::Node, &anna.data, &end, &[64]).await?;
    holds("what to type", said.contains("id deactivate --yes"), &said)?;
    let own = own(&anna.data, &["--json", "id", "deactivate", "--yes"]).await?;
    holds("the end", own.get("deactivated") == Some(&Value::Bool(true)), &own)?;
    let began = std::time::Instant::now();
    while !scenes::resolve(berlin, old, crate::world::PATIENCE).await?.deactivated {
        holds("the shop knows", began.elapsed() < crate::world::PATIENCE, ())?;
        tokio::time::sleep(crate::world::BETWEEN).await;
    }
    let decided = scenes::check_identity(berlin, old).await?;
    holds("refused", decided.answer == Answer::Refused, &decided.explained)
}

/// Types a command that answers with the identity.
async fn own(data: &Path, arguments: &[&str]) -> Result<Value, Failure> {
    read(&process::run(Program::Node, data, arguments, &[0]).await?)
}

fn text(own: &Value, member: &str) -> String {
    own.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

async fn publish(customer: &Member, claim: &str) -> Result<(), Failure> {
    let publish = ["--json", "claim", "publish", claim];
    process::run(Program::Node, &customer.data, &publish, &[0]).await.map(drop)
}

/// What she knows and what she wrote down, and where her computer's folder is.
fn papers(member: &Member) -> Result<(String, String, PathBuf), Failure> {
    let data = member.data.clone();
    let file = |name: &str| {
        let path = data.join(name);
        std::fs::read_to_string(&path).map_err(|cause| Failure::File { path, cause })
    };
    Ok((file(PASSPHRASE)?, file(WORDS)?, data.clone()))
}

fn write(data: &Path, name: &str, text: &str) -> Result<String, Failure> {
    let path = data.join(name);
    countersign_node::private::write(&path, text.as_bytes())
        .map(|()| path.to_string_lossy().into_owned())
        .map_err(|cause| Failure::File { path: path.clone(), cause })
}
