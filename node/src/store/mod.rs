//! Remembers: everything a node must find again after a crash.
//!
//! There are two classes of memory. What must not be lost is *durable*: what this node owns or has
//! promised to keep, and the highest it has seen of everything. What the network can give back is
//! *cached*. Whoever writes does not say which: an identity that is [kept](Keep) is durable with all
//! that belongs to it, every other one is cached, and the rest follows from the kind of [`Change`].
//!
//! | implementation | for |
//! | --- | --- |
//! | [`disk::Disk`] | a node: redb for the durable, sled for the cached, one folder, one lock |
//! | [`redb::Redb`], [`sled::Sled`] | the two halves, each a whole [`Store`] of its own |
//! | [`memory::Memory`] | tests and simulations |
//!
//! All calls block until the disk has answered: callers in an async task use a blocking thread.

mod cache;
mod change;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod crash;
pub mod disk;
mod error;
pub(crate) mod folder;
mod layout;
mod life;
pub mod memory;
mod owned;
mod plan;
mod records;
pub mod redb;
mod shelf;
mod sides;
pub mod sled;

pub use change::{Change, Expect, Highest, Keep, List};
pub use error::{Name, StoreError, WayBack};

use countersign_protocol::did::Scid;
use countersign_protocol::engine::effect::BodyKind;

/// The memory of a node. A write that returned has reached the disk, as far as it is durable; a
/// write that a crash cut off leaves no trace. Whatever implements this passes `contract::check`.
pub trait Store: Send + Sync + 'static {
    /// Writes all of `changes`, in this order, or none of them.
    ///
    /// A batch that touches both classes is all-or-nothing in each, and what it expects of either
    /// is checked before anything is written.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Conflict`] if something is not as a change expects it to be, and what
    /// the disk returns. A failed disk loses nothing that was written before.
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError>;

    /// Gives what must not be lost as it lies here now, and stays so while others write: for whoever reads
    /// several records that belong together. It takes no changes.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    fn still(&self) -> Result<Box<dyn Store>, StoreError>;

    /// Gives the log of `scid`, one entry a line, without line ends.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] if an entry fails its check or is missing between others,
    /// and what the disk returns.
    fn log(&self, scid: &Scid) -> Result<Option<Vec<Vec<u8>>>, StoreError>;

    /// Counts the entries of the log of `scid`.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    fn length(&self, scid: &Scid) -> Result<u64, StoreError>;

    /// Gives the witness file of `scid`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn witnesses(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives the newest head of `scid`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn head(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives the newest freshness of `scid`, with its proof.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn freshness(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives all heads in the order of their SCIDs.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn heads(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError>;

    /// Gives the body with this SHA-256 hash: a showcase, a profile, a status list or a fork proof.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn body(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives the hashes of the bodies of one kind that belong to `owner`.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    fn bodies(&self, owner: &Scid, kind: BodyKind) -> Result<Vec<[u8; 32]>, StoreError>;

    /// Gives the newest status list `list` of `issuer` that was kept whole.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn list(&self, issuer: &Scid, list: u64) -> Result<Option<List>, StoreError>;

    /// Gives up to `limit` status statements of list `list` of `issuer`, from number `from` on, each with
    /// its number.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn statements(
        &self,
        issuer: &Scid,
        list: u64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;

    /// Gives the newest word of `issuer` that nothing changed on its list `list`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn heartbeat(&self, issuer: &Scid, list: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Tells why `scid` is kept, if it is.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn kept(&self, scid: &Scid) -> Result<Option<Keep>, StoreError>;

    /// Gives every identity that is kept.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn all_kept(&self) -> Result<Vec<(Scid, Keep)>, StoreError>;

    /// Gives the highest ever seen of `scid`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn highest(&self, scid: &Scid) -> Result<Option<Highest>, StoreError>;

    /// Gives up to `limit` of the highest ever seen in the order of their SCIDs, beginning behind
    /// `after`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn all_highest(
        &self,
        after: Option<&Scid>,
        limit: usize,
    ) -> Result<Vec<(Scid, Highest)>, StoreError>;

    /// Gives the fork proofs about `scid`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn forks(&self, scid: &Scid) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Gives all fork proofs, each with the identity it is about.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn all_forks(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError>;

    /// Gives the sealed secret `name`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn secret(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives the names of the sealed secrets that begin with `prefix`, in their order.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    fn secrets(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Gives up to `limit` events with numbers above `after`. The first event has number 1.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn events(&self, after: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;

    /// Gives the number of the newest event, 0 if there was none.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn newest_event(&self) -> Result<u64, StoreError>;

    /// Gives the setting `name`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives the row `key` of the durable table `table`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives up to `limit` rows of the durable table `table` whose keys begin with `prefix`, in the
    /// order of their keys, beginning behind `after`.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    fn rows(
        &self,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError>;

    /// Gives up to `limit` links of the durable chain `chain`, from number `from` on. The first link
    /// has number 0.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] if a link fails its check or is missing between others, and
    /// what the disk returns.
    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError>;

    /// Counts the links of the durable chain `chain`.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    fn chain_length(&self, chain: &str) -> Result<u64, StoreError>;
}

/// A row of a table: its key and its bytes.
pub type Row = (Vec<u8>, Vec<u8>);
