//! A data folder one format older than the program, and one format newer.

use crate::folder::{self, aside, format_of};
use crate::world::{
    PATIENCE, account, acquainted, ask_for_one_of, books, claim, holds, play, read, unlike,
};
use countersign_node::verb::claims::Publish;
use countersign_node::verb::presenting::Answer;
use countersign_protocol::engine::effect::BodyKind;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Part};
use countersign_testnet::process::{self, Program};
use countersign_testnet::story::scenes;
use serde_json::Value;
use std::path::Path;

/// What a program ends with that cannot open its folder.
const NO: i32 = 1;
const NO_ANSWER: i32 = 2;

/// Who is put back, and what each has of its own besides its log.
const OWN: [(&str, &[BodyKind]); 3] = [
    ("anna", &[BodyKind::Showcase]),
    ("berlin", &[]),
    ("north", &[BodyKind::Profile, BodyKind::StatusList]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_one_format_older_is_migrated_and_one_format_newer_can_be_gone_back_from() {
    play("older", async |cluster| {
        let who = [("north", Part::Attestor), ("berlin", Part::Vendor), ("anna", Part::Customer)];
        cluster.add(who.into_iter()).await?;
        let hers = account(cluster, "anna").await?;
        acquainted(cluster.member("anna")?, cluster.member("north")?).await?;
        let (anna, north) = (cluster.member("anna")?, cluster.member("north")?);
        ask_for_one_of(cluster.member("berlin")?, &[north])?;
        let name = claim(anna, north, &hers).await?;
        anna.owner.ask(&Publish { claims: vec![name] }).await?;
        scenes::settled(anna, PATIENCE).await?;
        let before = books(north).await?;
        for (name, kinds) in OWN {
            let did = cluster.member(name)?.did().to_owned();
            let data = cluster.member(name)?.data.clone();
            cluster.kill(name).await?;
            let newest = format_of(&data)?;
            migrated(&data, &did, kinds).await?;
            holds("the newest format", format_of(&data)? == newest, newest)?;
            folder::make_newer(&data, newest)?;
            refused(&data, newest).await?;
            process::run(Program::Node, &data, &["downgrade"], &[0]).await?;
            holds("what was newer is kept", aside(&data, newest + 1).is_file(), &data)?;
            holds("its own after going back", shown(&data).await? == did, &did)?;
            cluster.restart(name).await?;
        }
        went_on(cluster, &before, &hers).await
    })
    .await;
}

/// Makes a folder one of format 1; the program that is started over it has all it had, in its place.
async fn migrated(data: &Path, did: &str, kinds: &[BodyKind]) -> Result<(), Failure> {
    let held = folder::bodies(data)?;
    let has = |kind: &BodyKind| held.iter().any(|(_, it, _)| it == kind);
    holds("what is its own", kinds.iter().all(has), &held)?;
    let (bodies, heartbeats) = folder::back_to_format_1(data)?;
    let attests = kinds.contains(&BodyKind::StatusList);
    holds("a heartbeat, at an attestor", !attests || heartbeats > 0, heartbeats)?;
    holds("nothing where format 2 has it", folder::bodies(data)?.is_empty(), data)?;
    let left = folder::left_of_format_1(data)?;
    holds("all where format 1 has it", left == (bodies, heartbeats), left)?;
    holds("its own after the migration", shown(data).await? == did, did)?;
    let after = folder::bodies(data)?;
    holds("showcases, profiles and lists", after == held, (&after, &held))?;
    holds("nothing is left behind", folder::left_of_format_1(data)? == (0, 0), data)?;
    holds("what it was is kept", aside(data, 1).is_file(), data)
}

/// An attestor that went back has its books, and gives indexes in another list: it cannot know which
/// ones the newer program used.
async fn went_on(
    cluster: &Cluster,
    before: &[crate::world::Seat],
    account: &str,
) -> Result<(), Failure> {
    let (anna, north) = (cluster.member("anna")?, cluster.member("north")?);
    holds("the books", books(north).await? == before, before)?;
    // What the network can give back was set aside with the newer format.
    acquainted(anna, north).await?;
    let berlin = cluster.member("berlin")?;
    let seen = scenes::look_until(berlin, anna.did(), Answer::Accepted, PATIENCE).await?;
    holds("her showcase", seen.answer == Answer::Accepted, &seen.explained)?;
    claim(anna, north, account).await?;
    let new = books(north).await?.into_iter().find(|seat| !before.contains(seat));
    let new = new.ok_or_else(|| unlike("the books", "no new claim"))?;
    holds("a list of its own", before.iter().all(|seat| seat.list != new.list), &new)
}

async fn shown(data: &Path) -> Result<String, Failure> {
    let said = process::run(Program::Node, data, &["--json", "id", "show"], &[0]).await?;
    let own = read(&said)?;
    Ok(own.get("did").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The program names both formats, and what to do.
async fn refused(data: &Path, newest: u64) -> Result<(), Failure> {
    let show = ["--json", "id", "show"];
    let said = process::run(Program::Node, data, &show, &[NO, NO_ANSWER]).await?;
    let (found, known) = (format!("format {}", newest + 1), format!("formats up to {newest}"));
    for word in [found.as_str(), known.as_str(), "countersign downgrade"] {
        holds("the refusal of a newer folder", said.contains(word), (word, &said))?;
    }
    Ok(())
}
