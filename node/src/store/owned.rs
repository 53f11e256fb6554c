//! From format 1 to 2: bodies lay in a table without owners, and heartbeats in one that outlived them.

use super::redb::Redb;
use super::{Change, Expect, Row, Store as _, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::decode;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::directory::{LISTING, Listing};
use countersign_protocol::engine::effect::BodyKind;
use std::collections::BTreeMap;

/// Says what to change so that each body has an owner; one that nobody names is removed.
pub(super) fn migrate(store: &Redb) -> Result<Vec<Change>, StoreError> {
    let owners = owners(store)?;
    let mut changes = Vec::new();
    for (key, bytes) in rows(store, BODIES)? {
        if let Some((owner, kind)) = owners.get(&sha256(&bytes)).copied() {
            changes.push(Change::Body { owner, kind, bytes });
        }
        changes.push(remove(BODIES, key));
    }
    // The next heartbeat comes within a quarter of an hour.
    changes.extend(rows(store, HEARTBEATS)?.into_iter().map(|(key, _)| remove(HEARTBEATS, key)));
    Ok(changes)
}

fn remove(table: &str, key: Vec<u8>) -> Change {
    Change::RemoveRow { table: table.to_owned(), key, expect: Expect::Anything }
}

/// Gives who names which body, and as what.
fn owners(store: &Redb) -> Result<BTreeMap<[u8; 32], (Scid, BodyKind)>, StoreError> {
    let mut owners = BTreeMap::new();
    for (table, kind) in [(LISTS, BodyKind::StatusList), (PROFILES, BodyKind::Profile)] {
        for (key, value) in rows(store, table)? {
            if let (Some(scid), Some(hash)) = (key.first_chunk(), value.first_chunk()) {
                owners.insert(*hash, (Scid::from_digest(*scid), kind));
            }
        }
    }
    for (scid, bytes) in store.heads()? {
        let listing = decode::<Listing>(&bytes, LISTING).ok();
        if let Some(hash) = listing.and_then(|listing| listing.showcase) {
            owners.insert(hash, (scid, BodyKind::Showcase));
        }
    }
    Ok(owners)
}

fn rows(store: &Redb, table: &str) -> Result<Vec<Row>, StoreError> {
    store.rows(table, &[], None, usize::MAX)
}

const BODIES: &str = "bodies";
const HEARTBEATS: &str = "heartbeats";
const LISTS: &str = "lists";
const PROFILES: &str = "profiles";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::scid;
    use crate::store::disk::Disk;
    use countersign_protocol::encoding::cbor::encode;
    use countersign_protocol::engine::directory::Held;
    use countersign_protocol::policy::standing::Fork;
    use countersign_protocol::time::Timestamp;

    fn row(table: &str, key: &[u8], bytes: &[u8]) -> Change {
        let (table, key, bytes) = (table.to_owned(), key.to_vec(), bytes.to_vec());
        Change::Row { table, key, expect: Expect::Anything, bytes }
    }

    fn listing(showcase: [u8; 32]) -> Vec<u8> {
        encode(&Listing {
            scid: scid(1),
            number: 1,
            digest: [2; 32],
            keys: Vec::new(),
            head: None,
            head_hash: None,
            sequence: 1,
            showcase: Some(showcase),
            deactivated: false,
            updated: Timestamp::from_seconds(7),
            vouched: false,
            fork: Fork::None,
            held: Held::default(),
        })
    }

    #[test]
    fn each_body_of_an_older_folder_finds_its_owner_and_the_rest_goes() {
        let place = tempfile::tempdir().unwrap();
        let bodies: [&[u8]; 4] = [b"showcase", b"profile", b"list", b"nobody's"];
        let [shown, profile, list, _] = bodies.map(sha256);
        let old = Disk::open(place.path(), 1 << 20).unwrap();
        let mut changes: Vec<Change> =
            bodies.iter().map(|bytes| row(BODIES, &sha256(bytes), bytes)).collect();
        let number = 7_u64.to_be_bytes();
        changes.extend([
            Change::Keep { scid: scid(1), keep: crate::store::Keep::Own },
            Change::Head { scid: scid(1), bytes: listing(shown) },
            row(PROFILES, scid(1).digest(), &[&profile[..], &number].concat()),
            row(LISTS, &[&scid(1).digest()[..], &number].concat(), &list),
            row(HEARTBEATS, &[&scid(1).digest()[..], &number].concat(), b"beat"),
            Change::Setting { name: "format".to_owned(), bytes: 1_u64.to_be_bytes().to_vec() },
            Change::Head { scid: scid(2), bytes: b"cached".to_vec() },
        ]);
        old.commit(&changes).unwrap();
        drop(old);
        for _ in 0..2 {
            let disk = Disk::open(place.path(), 1 << 20).unwrap();
            for (bytes, kind) in [
                (bodies[0], BodyKind::Showcase),
                (bodies[1], BodyKind::Profile),
                (bodies[2], BodyKind::StatusList),
            ] {
                assert_eq!(disk.body(&sha256(bytes)).unwrap().unwrap(), bytes);
                assert_eq!(disk.bodies(&scid(1), kind).unwrap(), [sha256(bytes)]);
            }
            assert_eq!(disk.body(&sha256(bodies[3])).unwrap(), None);
            assert!(disk.rows(BODIES, &[], None, 9).unwrap().is_empty());
            assert!(disk.rows(HEARTBEATS, &[], None, 9).unwrap().is_empty());
            assert_eq!(disk.head(&scid(2)).unwrap(), None, "the cache is begun anew");
        }
    }
}
