//! The folder of an attestor is put back to what it was days ago: as a copy, or out of a backup.

use crate::world::{
    account, acquainted, ask_for_one_of, books, claim, holds, play, revoke, show_until, unlike,
};
use countersign_node::verb::presenting::Answer;
use countersign_testnet::Failure;
use countersign_testnet::cluster::{Cluster, Part};
use countersign_testnet::process::{self, PASSPHRASE, Program};
use countersign_testnet::story::scenes;
use std::collections::BTreeSet;
use std::path::Path;

/// How the old state comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    /// The folder is removed, and a copy of it stands in its place.
    AnotherFolder,
    /// The very files have the old bytes again, as when a whole disk is put back.
    OldBytes,
    /// The folder is removed, and what one file of a backup holds is all there is.
    Backup,
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_an_attestors_folder_never_uses_an_index_twice() {
    play("copied", async |cluster| put_back(cluster, Back::AnotherFolder).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestor_whose_disk_was_put_back_learns_from_the_network_what_it_said() {
    play("put-back", async |cluster| put_back(cluster, Back::OldBytes).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestor_out_of_its_backup_alone_signs_and_takes_back_again() {
    play("restored", async |cluster| put_back(cluster, Back::Backup).await).await;
}

async fn put_back(cluster: &mut Cluster, how: Back) -> Result<(), Failure> {
    let who = [("north", Part::Attestor), ("berlin", Part::Vendor)];
    let people = [("anna", Part::Customer), ("ben", Part::Customer)];
    cluster.add(who.into_iter().chain(people)).await?;
    ask_for_one_of(cluster.member("berlin")?, &[cluster.member("north")?])?;
    let (hers, his) = (account(cluster, "anna").await?, account(cluster, "ben").await?);
    for name in ["anna", "ben"] {
        acquainted(cluster.member(name)?, cluster.member("north")?).await?;
    }
    let old = claim(cluster.member("ben")?, cluster.member("north")?, &his).await?;
    let folder = cluster.member("north")?.data.clone();
    let copy = folder.with_extension("copy");
    let backup = scenes::steal_backup(cluster.member("north")?).await?;
    cluster.kill("north").await?;
    copied(&folder, &copy)?;
    cluster.restart("north").await?;
    // The days that will be lost: two claims, one of them taken back, and everybody heard of it.
    let lost = claim(cluster.member("anna")?, cluster.member("north")?, &hers).await?;
    claim(cluster.member("ben")?, cluster.member("north")?, &his).await?;
    let before = books(cluster.member("north")?).await?;
    let of_anna = before.iter().find(|seat| seat.subject == cluster_did(cluster, "anna"));
    let of_anna = of_anna.ok_or_else(|| unlike("the books", "no claim about anna"))?;
    revoke(cluster.member("north")?, &of_anna.id).await?;
    let (berlin, anna) = (cluster.member("berlin")?, cluster.member("anna")?);
    show_until(berlin, anna, &lost, Answer::Refused).await?;
    cluster.kill("north").await?;
    match how {
        Back::AnotherFolder => {
            removed(&folder)?;
            std::fs::rename(&copy, &folder).map_err(|cause| file(&folder, cause))?;
        }
        Back::OldBytes => {
            let (store, old) = (folder.join("store"), copy.join("store"));
            std::fs::copy(old.join("durable.redb"), store.join("durable.redb"))
                .map_err(|cause| file(&store, cause))?;
            removed(&store.join("cache"))?;
        }
        Back::Backup => restored(&folder, &backup).await?,
    }
    cluster.restart("north").await?;
    goes_on(cluster, &before, &old, [&hers, &his]).await
}

/// Removes a folder, but for the passphrase its owner knows, and puts a backup in its place.
async fn restored(folder: &Path, backup: &Path) -> Result<(), Failure> {
    let known = folder.join(PASSPHRASE);
    let passphrase = std::fs::read(&known).map_err(|cause| file(&known, cause))?;
    removed(folder)?;
    std::fs::create_dir(folder).map_err(|cause| file(folder, cause))?;
    std::fs::write(&known, passphrase).map_err(|cause| file(&known, cause))?;
    let backup = backup.to_string_lossy();
    process::run(Program::Node, folder, &["restore", &backup], &[0]).await.map(drop)
}

/// What was signed before stays as it was, and what is signed now uses nothing that was used.
async fn goes_on(
    cluster: &Cluster,
    before: &[crate::world::Seat],
    old: &str,
    [hers, his]: [&str; 2],
) -> Result<(), Failure> {
    let (north, berlin) = (cluster.member("north")?, cluster.member("berlin")?);
    let (anna, ben) = (cluster.member("anna")?, cluster.member("ben")?);
    let known: BTreeSet<String> = books(north).await?.into_iter().map(|seat| seat.id).collect();
    holds("the old books", known.len() == 1, &known)?;
    let new = claim(anna, north, hers).await?;
    let last = claim(ben, north, his).await?;
    let used: BTreeSet<(u64, u64)> = before.iter().map(|seat| (seat.list, seat.index)).collect();
    let after = books(north).await?;
    for seat in after.iter().filter(|seat| !known.contains(&seat.id)) {
        let lists: Vec<u64> = used.iter().map(|(list, _)| *list).collect();
        holds("a seat of its own", !used.contains(&(seat.list, seat.index)), seat)?;
        holds("a list of its own", !lists.contains(&seat.list), seat)?;
    }
    show_until(berlin, anna, &new, Answer::Accepted).await?;
    show_until(berlin, ben, &last, Answer::Accepted).await?;
    // The old list goes on where the network saw it last: a claim in it can still be taken back.
    let first = known.first().cloned().unwrap_or_default();
    revoke(north, &first).await?;
    show_until(berlin, ben, old, Answer::Refused).await?;
    let stands = scenes::resolve(berlin, north.did(), scenes::PATIENCE).await?;
    holds("the attestor said nothing twice", !stands.forked, &stands.metadata)
}

fn cluster_did(cluster: &Cluster, name: &str) -> String {
    cluster.member(name).map(|member| member.did().to_owned()).unwrap_or_default()
}

/// Copies a folder with all that is in it.
fn copied(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to).map_err(|cause| file(to, cause))?;
    for entry in std::fs::read_dir(from).map_err(|cause| file(from, cause))? {
        let entry = entry.map_err(|cause| file(from, cause))?.path();
        let there = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copied(&entry, &there)?;
        } else {
            // Files keep their permissions, and get another place on the disk.
            std::fs::copy(&entry, &there).map_err(|cause| file(&entry, cause))?;
        }
    }
    Ok(())
}

fn removed(folder: &Path) -> Result<(), Failure> {
    std::fs::remove_dir_all(folder).map_err(|cause| file(folder, cause))
}

fn file(path: &Path, cause: std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), cause }
}
