//! A data folder one format older than the program, and one format newer.

use crate::world::{account, acquainted, books, claim, holds, play, read, unlike};
use countersign_node::store::redb::Redb;
use countersign_node::store::{Change, Store as _, StoreError};
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Part};
use countersign_testnet::process::{self, Program};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a program ends with that cannot open its folder.
const NO: i32 = 1;
const NO_ANSWER: i32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_one_format_older_is_migrated_and_one_format_newer_can_be_gone_back_from() {
    play("older", async |cluster| {
        let who = [("north", Part::Attestor), ("berlin", Part::Vendor), ("anna", Part::Customer)];
        cluster.add(who.into_iter()).await?;
        let hers = account(cluster, "anna").await?;
        acquainted(cluster.member("anna")?, cluster.member("north")?).await?;
        claim(cluster.member("anna")?, cluster.member("north")?, &hers).await?;
        let before = books(cluster.member("north")?).await?;
        for name in ["anna", "berlin", "north"] {
            let did = cluster.member(name)?.did().to_owned();
            let data = cluster.member(name)?.data.clone();
            cluster.kill(name).await?;
            let newest = format_of(&data)?;
            make_older(&data, newest)?;
            holds("its own after the migration", shown(&data).await? == did, &did)?;
            holds("the newest format", format_of(&data)? == newest, newest)?;
            holds("what it was is kept", aside(&data, newest - 1).is_file(), &data)?;
            make_newer(&data, newest)?;
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

/// An attestor that went back has its books, and gives indexes in another list: it cannot know which
/// ones the newer program used.
async fn went_on(
    cluster: &Cluster,
    before: &[crate::world::Seat],
    account: &str,
) -> Result<(), Failure> {
    let north = cluster.member("north")?;
    holds("the books", books(north).await? == before, before)?;
    // What the network can give back was set aside with the newer format.
    acquainted(cluster.member("anna")?, north).await?;
    claim(cluster.member("anna")?, north, account).await?;
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

/// Makes a folder one the format before left: the steps between are taken again.
fn make_older(data: &Path, newest: u64) -> Result<(), Failure> {
    write_format(data, newest - 1)
}

/// Does what a newer program does: keeps what the folder was, and gives it another format.
fn make_newer(data: &Path, newest: u64) -> Result<(), Failure> {
    let path = durable(data);
    std::fs::copy(&path, aside(data, newest)).map_err(|cause| Failure::File { path, cause })?;
    write_format(data, newest + 1)
}

fn write_format(data: &Path, format: u64) -> Result<(), Failure> {
    let bytes = format.to_be_bytes().to_vec();
    let change = Change::Setting { name: FORMAT.to_owned(), bytes };
    store(data)?.commit(&[change]).map_err(failed)
}

fn format_of(data: &Path) -> Result<u64, Failure> {
    let bytes = store(data)?.setting(FORMAT).map_err(failed)?.unwrap_or_default();
    let number = bytes.as_slice().try_into().map(u64::from_be_bytes);
    number.map_err(|_| unlike("the format of a folder", &format!("{bytes:?}")))
}

fn store(data: &Path) -> Result<Redb, Failure> {
    Redb::open(&durable(data)).map_err(failed)
}

fn failed(error: StoreError) -> Failure {
    unlike("the store", &error.to_string())
}

/// The setting that holds the number of the format.
const FORMAT: &str = "format";

fn durable(data: &Path) -> PathBuf {
    data.join("store").join("durable.redb")
}

fn aside(data: &Path, format: u64) -> PathBuf {
    data.join("store").join(format!("durable.format-{format}.redb"))
}
