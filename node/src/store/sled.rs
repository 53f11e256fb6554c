//! The cached half: sled, which is never asked for the only copy of anything.
//!
//! sled acknowledges what a power cut can take back, and may not open after one. Both cost only time
//! here: what it held is fetched again.

use super::StoreError;
use super::shelf::{Look, Order, Pair, Plan, Shelf, Span};
use ::sled::{Batch, Db, Tree};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// A [`Store`](super::Store) on sled.
pub struct Sled {
    folder: PathBuf,
    database: Db,
    records: Tree,
    turn: Mutex<()>,
    damaged: AtomicBool,
}

impl Sled {
    /// Opens the database in `folder`, and makes it if there is none; it keeps up to `memory` bytes
    /// in memory.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Unreadable`] if it is damaged, and what the disk returns.
    pub fn open(folder: &Path, memory: u64) -> Result<Self, StoreError> {
        let config = ::sled::Config::new().path(folder).cache_capacity(memory);
        let config = config.flush_every_ms(Some(FLUSH_MILLISECONDS));
        // A damaged log can make sled panic; that is an error of the disk like any other.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let database = config.open()?;
            let records = database.open_tree(RECORDS)?;
            Ok((database, records))
        }));
        let opened =
            opened.unwrap_or_else(|_panic| Err(::sled::Error::Corruption { at: None, bt: () }));
        let (database, records) = opened.map_err(|error| translate(folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            database,
            records,
            turn: Mutex::default(),
            damaged: AtomicBool::new(false),
        })
    }

    /// Writes what is still in memory, for an orderly stop.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.records.flush().map(drop).map_err(|error| self.fail(error))
    }

    /// Tells whether sled found damage since it was opened.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Acquire)
    }

    fn fail(&self, error: ::sled::Error) -> StoreError {
        if matches!(error, ::sled::Error::Corruption { .. } | ::sled::Error::ReportableBug(_)) {
            self.damaged.store(true, Ordering::Release);
        }
        translate(&self.folder, error)
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        // Nobody can be told any more, and the network can give it back.
        let _flushed = self.database.flush();
    }
}

impl Shelf for Sled {
    fn write(&self, plan: Plan) -> Result<(), StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Batch::default();
        for (key, value) in plan(self)? {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.records.apply_batch(batch).map_err(|error| self.fail(error))
    }
}

impl Look for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.records.get(key).map_err(|error| self.fail(error))?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        if span.is_empty() {
            return Ok(Vec::new());
        }
        let mut found = self.records.range(span.from.as_slice()..span.to.as_slice());
        let mut pairs = Vec::new();
        while pairs.len() < limit {
            let next = match order {
                Order::Up => found.next(),
                Order::Down => found.next_back(),
            };
            let Some(next) = next else { break };
            let (key, value) = next.map_err(|error| self.fail(error))?;
            pairs.push((key.to_vec(), value.to_vec()));
        }
        Ok(pairs)
    }
}

fn translate(folder: &Path, error: ::sled::Error) -> StoreError {
    match error {
        ::sled::Error::Io(source) => StoreError::from_io(folder, source),
        error @ ::sled::Error::Corruption { .. } => {
            StoreError::Unreadable { path: folder.to_owned(), source: Arc::new(error) }
        }
        error => StoreError::Database { path: folder.to_owned(), source: Arc::new(error) },
    }
}

/// All records, one tree: which kind one is stands in the first byte of its key.
const RECORDS: &str = "records";
/// What a crash of the program may cost: one second of what the network can give back.
const FLUSH_MILLISECONDS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store as _, contract};

    const MEMORY: u64 = 1024 * 1024;

    #[test]
    fn it_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let number = core::cell::Cell::new(0);
        contract::check(|| {
            number.set(number.get() + 1);
            Sled::open(&folder.path().join(number.get().to_string()), MEMORY).unwrap()
        });
    }

    #[test]
    fn what_was_written_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sled::open(folder.path(), MEMORY).unwrap();
        store.commit(&[contract::append(1, 0, "one")]).unwrap();
        drop(store);
        let store = Sled::open(folder.path(), MEMORY).unwrap();
        assert_eq!(store.log(&contract::scid(1)).unwrap().unwrap(), [b"one"]);
    }
}
