//! The part of a node's disk that a program living with it keeps its books in.
//!
//! An attestor's ledger is made of tables of rows and chains of links. They lie beside what the node
//! itself must not lose, are written all at once or not at all, and go into the same backup.

use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::store::disk::Disk;
use crate::store::{Change as Write, Expect as Expected, Store, StoreError};
use std::sync::Arc;

/// The tables of an attestor's books: what is not named here is in no backup.
pub const TABLES: [&str; 9] = [
    "attestor.accounts",
    "attestor.bits",
    "attestor.indexes",
    "attestor.issued",
    "attestor.life",
    "attestor.lists",
    "attestor.rules",
    "attestor.signed-lists",
    "attestor.statements",
];

/// The chains of an attestor's books, for a backup too.
pub const CHAINS: [&str; 1] = ["attestor.audit"];

/// Tables and chains. All calls block until the disk has answered.
#[derive(Clone)]
pub struct Books(Arc<Disk>);

impl core::fmt::Debug for Books {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Books(..)")
    }
}

/// One thing to write, and what it expects to find.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Change {
    /// Puts row `key` of `table`, which must be as `expect` says.
    Put { table: String, key: Vec<u8>, expect: Expect, bytes: Vec<u8> },
    /// Adds a link to `chain`, which must be exactly `length` links long.
    Link { chain: String, length: u64, bytes: Vec<u8> },
}

/// What a row must be before it is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// Not there.
    Nothing,
    /// Exactly these bytes.
    Exactly(Vec<u8>),
    /// Whatever it is.
    Anything,
}

/// A key and what stands there.
pub type Row = (Vec<u8>, Vec<u8>);

impl Books {
    /// Writes all of `changes`, or none of them.
    ///
    /// # Errors
    ///
    /// Returns a problem of kind conflict if something is not as a change expects it to be.
    pub fn write(&self, changes: Vec<Change>) -> Result<(), Problem> {
        let changes: Vec<Write> = changes.into_iter().map(written).collect();
        self.0.commit(&changes).map_err(|error| match error {
            StoreError::Conflict { .. } => {
                Problem::new(Kind::Conflict, "another writer changed the books in between")
                    .because(error)
            }
            error => error.into(),
        })
    }

    /// Gives the row `key` of `table`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
        self.0.row(table, key).map_err(Problem::from)
    }

    /// Gives up to `limit` rows of `table` in the order of their keys, behind `after`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub fn rows(
        &self,
        table: &str,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Problem> {
        self.0.rows(table, &[], after, limit).map_err(Problem::from)
    }

    /// Gives up to `limit` links of `chain`, from number `from` on.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, Problem> {
        self.0.links(chain, from, limit).map_err(Problem::from)
    }

    /// Gives the random name of the life the data folder lives: a copy of the folder, restored or
    /// running beside it, lives another one.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub fn life(&self) -> Result<Vec<u8>, Problem> {
        self.0.life().map_err(Problem::from)
    }

    /// Counts the links of `chain`.
    ///
    /// # Errors
    ///
    /// Returns a problem if the disk does not answer as it should.
    pub fn length(&self, chain: &str) -> Result<u64, Problem> {
        self.0.chain_length(chain).map_err(Problem::from)
    }
}

impl Node {
    /// Gives the books.
    #[must_use]
    pub fn books(&self) -> Books {
        Books(Arc::clone(&self.inner().store))
    }
}

fn written(change: Change) -> Write {
    match change {
        Change::Put { table, key, expect, bytes } => {
            let expect = match expect {
                Expect::Nothing => Expected::Nothing,
                Expect::Exactly(bytes) => Expected::Exactly(bytes),
                Expect::Anything => Expected::Anything,
            };
            Write::Row { table, key, expect, bytes }
        }
        Change::Link { chain, length, bytes } => Write::Link { chain, length, bytes },
    }
}
