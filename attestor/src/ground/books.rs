//! The books: tables of rows and chains of links, written all at once or not at all.

use core::error::Error;

/// Where an attestor's ledger lies. A write that returned has reached the disk; one that a crash cut
/// off leaves no trace. All calls block until the disk has answered.
pub trait Books: Send + Sync {
    /// Writes all of `changes`, or none of them.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Conflict`] if something is not as a change expects it to be.
    fn write(&self, changes: Vec<Change>) -> Result<(), BooksError>;

    /// Gives the row `key` of `table`.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Failed`] if the disk does not answer as it should.
    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, BooksError>;

    /// Gives up to `limit` rows of `table` in the order of their keys, behind `after`.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Failed`] if the disk does not answer as it should.
    fn rows(&self, table: &str, after: Option<&[u8]>, limit: usize)
    -> Result<Vec<Row>, BooksError>;

    /// Gives up to `limit` links of `chain`, from number `from` on.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Failed`] if the disk does not answer as it should.
    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, BooksError>;

    /// Gives the random name of the life these books live: a copy of them, restored or used beside
    /// them, lives another one.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Failed`] if the disk does not answer as it should.
    fn life(&self) -> Result<Vec<u8>, BooksError>;

    /// Counts the links of `chain`.
    ///
    /// # Errors
    ///
    /// Returns [`BooksError::Failed`] if the disk does not answer as it should.
    fn length(&self, chain: &str) -> Result<u64, BooksError>;
}

/// A key and what stands there.
pub type Row = (Vec<u8>, Vec<u8>);

/// One thing to write, and what it expects to find.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant says what its fields are")]
pub enum Change {
    /// Puts row `key` of `table`, which must be as `expect` says.
    Put { table: &'static str, key: Vec<u8>, expect: Expect, bytes: Vec<u8> },
    /// Adds a link to `chain`, which must be exactly `length` links long.
    Link { chain: &'static str, length: u64, bytes: Vec<u8> },
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

/// The books were not written, or not read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum BooksError {
    /// Another writer was first. Fault of a second writer, which there must not be.
    #[error("another writer changed the books in between")]
    Conflict,
    /// The disk.
    #[error("the books cannot be used: {cause}")]
    Failed { cause: Box<dyn Error + Send + Sync> },
}
