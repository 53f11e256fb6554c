//! What lies where on the disk, for those who read it beside the engine.

use crate::books::Row;
use crate::store::{Store, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::decode;
use countersign_protocol::engine::directory::{LISTING, Listing};
use countersign_protocol::wire::exchange::want::MAX_STATEMENTS;

/// Gives what is listed of `scid`.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn listing<S: Store>(store: &S, scid: &Scid) -> Result<Option<Listing>, StoreError> {
    let bytes = store.head(scid)?;
    Ok(bytes.and_then(|bytes| decode::<Listing>(&bytes, LISTING).ok()))
}

/// Gives the newest sealed head of `scid`.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn sealed_head<S: Store>(store: &S, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(listing(store, scid)?.and_then(|listing| listing.head))
}

/// Gives every identity that was ever seen.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn known_scids<S: Store>(store: &S) -> Result<Vec<Scid>, StoreError> {
    let mut scids: Vec<Scid> = Vec::new();
    loop {
        let page = store.all_highest(scids.last(), PAGE)?;
        if page.is_empty() {
            return Ok(scids);
        }
        scids.extend(page.into_iter().map(|(scid, _)| scid));
    }
}

/// Reads all rows of a small table.
pub(crate) fn rows<S: Store>(store: &S, table: &str) -> Result<Vec<Row>, StoreError> {
    rows_of(store, table, &[])
}

/// Reads all rows of a table whose keys begin with `prefix`, however many pages they fill.
pub(crate) fn rows_of<S: Store>(
    store: &S,
    table: &str,
    prefix: &[u8],
) -> Result<Vec<Row>, StoreError> {
    let mut all: Vec<Row> = Vec::new();
    loop {
        let after = all.last().map(|(key, _)| key.clone());
        let page = store.rows(table, prefix, after.as_deref(), PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Gives the hash of the status list that is followed, as its attestor signed it whole.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn list_hash<S: Store>(
    store: &S,
    issuer: &Scid,
    list: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    let hash = store.row(LISTS, &list_key(issuer, list))?;
    Ok(hash.and_then(|hash| hash.try_into().ok()))
}

/// Gives the statements that change something, in order and no more than one answer holds, then the
/// newest heartbeat.
///
/// # Errors
///
/// Returns what the disk returned.
pub(crate) fn statements<S: Store>(
    store: &S,
    issuer: &Scid,
    list: u64,
    from: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let all = store.statements(issuer, list, from, MAX_STATEMENTS - 1)?;
    let mut sealed: Vec<Vec<u8>> = all.into_iter().map(|(_, sealed)| sealed).collect();
    sealed.extend(store.heartbeat(issuer, list)?);
    Ok(sealed)
}

/// Names what belongs to one of an identity's numbered things.
pub(crate) fn list_key(scid: &Scid, number: u64) -> Vec<u8> {
    [scid.digest().as_slice(), &number.to_be_bytes()].concat()
}

/// The table of the status lists that are followed: the hash of each.
pub(crate) const LISTS: &str = "lists";

/// Rows read at once.
pub(crate) const PAGE: usize = 1024;

/// The table of keepers' receipts, by SCID and keeper.
pub(crate) const RECEIPTS: &str = "receipts";

/// The table of what this node cosigned as a witness, by SCID and version: it goes into a backup with the key.
pub(crate) const COSIGNED: &str = "cosigned";
