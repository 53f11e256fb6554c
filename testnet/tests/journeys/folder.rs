//! The data folder of a member that does not run: its format, what it holds, and how format 1 held that.

use crate::world::unlike;
use countersign_node::store::redb::Redb;
use countersign_node::store::{Change, Expect, Store as _, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::effect::BodyKind;
use countersign_testnet::Failure;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names what a folder keeps for whose it is: showcases, profiles and lists, each by its hash.
pub(crate) fn bodies(data: &Path) -> Result<BTreeSet<Owned>, Failure> {
    owned(&open(data)?).map_err(failed)
}

/// Whose a body is, what it is, and its hash.
pub(crate) type Owned = (Scid, BodyKind, [u8; 32]);

fn owned(store: &Redb) -> Result<BTreeSet<Owned>, StoreError> {
    let mut owned = BTreeSet::new();
    for (owner, _) in store.all_kept()? {
        for kind in [BodyKind::Showcase, BodyKind::Profile, BodyKind::StatusList] {
            let hashes = store.bodies(&owner, kind)?.into_iter();
            owned.extend(hashes.map(|hash| (owner, kind, hash)));
        }
    }
    Ok(owned)
}

type Heartbeat = (Scid, u64, Vec<u8>);

/// Gives, for each list of each attestor, its word that nothing changed.
fn beating(store: &Redb) -> Result<Vec<Heartbeat>, StoreError> {
    let mut beating = Vec::new();
    for (key, _) in store.rows(LISTS, &[], None, usize::MAX)? {
        let (Some(issuer), Some(list)) = (key.first_chunk(), key.last_chunk()) else { continue };
        let (issuer, list) = (Scid::from_digest(*issuer), u64::from_be_bytes(*list));
        // Format 1 kept one for ever, format 2 until something changed; nobody reads what it said then.
        beating.push((issuer, list, store.heartbeat(&issuer, list)?.unwrap_or_default()));
    }
    Ok(beating)
}

/// Puts all of that where format 1 had it: bodies in a table of their own in which nobody owns one, and
/// heartbeats in another. Gives how many there are of either.
pub(crate) fn back_to_format_1(data: &Path) -> Result<(usize, usize), Failure> {
    let store = open(data)?;
    let (bodies, heartbeats) = (owned(&store).map_err(failed)?, beating(&store).map_err(failed)?);
    let moved = (bodies.len(), heartbeats.len());
    let mut changes = vec![format(1)];
    for (owner, kind, hash) in bodies {
        let body = store.body(&hash).map_err(failed)?;
        let body = body.ok_or_else(|| unlike("a body", "it is owned and not there"))?;
        changes.push(row(BODIES, hash.to_vec(), body));
        changes.push(Change::DropBody { owner, kind, hash });
    }
    for (issuer, list, sealed) in heartbeats {
        let key = [&issuer.digest()[..], &list.to_be_bytes()].concat();
        changes.push(row(HEARTBEATS, key, sealed));
        changes.push(Change::DropHeartbeat { issuer, list });
    }
    store.commit(&changes).map_err(failed)?;
    Ok(moved)
}

/// Counts what still lies where only format 1 had it.
pub(crate) fn left_of_format_1(data: &Path) -> Result<(usize, usize), Failure> {
    let store = open(data)?;
    let count = |table| store.rows(table, &[], None, usize::MAX).map(|rows| rows.len());
    Ok((count(BODIES).map_err(failed)?, count(HEARTBEATS).map_err(failed)?))
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|cause| Failure::File { path: path.to_owned(), cause })
}

/// Puts other bytes where a file lies.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|cause| Failure::File { path: path.to_owned(), cause })
}

/// Does what a newer program does: keeps what the folder was, and gives it another format.
pub(crate) fn make_newer(data: &Path, newest: u64) -> Result<(), Failure> {
    let path = durable(data);
    std::fs::copy(&path, aside(data, newest)).map_err(|cause| Failure::File { path, cause })?;
    open(data)?.commit(&[format(newest + 1)]).map_err(failed)
}

/// Reads the number of a folder's format.
pub(crate) fn format_of(data: &Path) -> Result<u64, Failure> {
    let bytes = open(data)?.setting(FORMAT).map_err(failed)?.unwrap_or_default();
    let number = bytes.as_slice().try_into().map(u64::from_be_bytes);
    number.map_err(|_| unlike("the format of a folder", &format!("{bytes:?}")))
}

/// Gives where what a folder was in an older or newer format is kept.
pub(crate) fn aside(data: &Path, format: u64) -> PathBuf {
    data.join("store").join(format!("durable.format-{format}.redb"))
}

/// Gives the file of what must not be lost.
pub(crate) fn durable(data: &Path) -> PathBuf {
    data.join("store").join("durable.redb")
}

fn open(data: &Path) -> Result<Redb, Failure> {
    Redb::open(&durable(data)).map_err(failed)
}

fn format(number: u64) -> Change {
    Change::Setting { name: FORMAT.to_owned(), bytes: number.to_be_bytes().to_vec() }
}

fn row(table: &str, key: Vec<u8>, bytes: Vec<u8>) -> Change {
    Change::Row { table: table.to_owned(), key, expect: Expect::Nothing, bytes }
}

fn failed(error: StoreError) -> Failure {
    unlike("the store", &error.to_string())
}

/// The setting that holds the number of the format.
const FORMAT: &str = "format";
/// The tables of format 1.
const BODIES: &str = "bodies";
const HEARTBEATS: &str = "heartbeats";
/// The table that names the newest list of each number of each attestor.
const LISTS: &str = "lists";
