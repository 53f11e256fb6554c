//! The cached half: sled, which is never asked for the only copy of anything.
//!
//! sled acknowledges what a power cut can take back, and may not open after one. Both cost only time
//! here: what it held is fetched again.

use super::memory::Memory;
use super::shelf::{Look, Order, Pair, Plan, Shelf, Span};
use super::{Store, StoreError};
use ::sled::{Batch, Db, Tree};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A [`Store`] on sled.
pub struct Sled {
    folder: PathBuf,
    database: Db,
    records: Tree,
    turn: Mutex<()>,
    #[cfg(test)]
    refuses: core::sync::atomic::AtomicBool,
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
        let opened = guard(|| {
            let database = config.open()?;
            let records = database.open_tree(RECORDS)?;
            Ok((database, records))
        });
        let (database, records) = opened.map_err(|error| translate(folder, error))?;
        Ok(Self {
            folder: folder.to_owned(),
            database,
            records,
            turn: Mutex::default(),
            #[cfg(test)]
            refuses: core::sync::atomic::AtomicBool::new(false),
        })
    }

    /// Writes nothing from now on, as on a full disk, or writes again.
    #[cfg(test)]
    pub(super) fn refuse(&self, refuses: bool) {
        self.refuses.store(refuses, core::sync::atomic::Ordering::Release);
    }

    /// Writes what is still in memory, for an orderly stop.
    ///
    /// # Errors
    ///
    /// Returns what the disk returns.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.ask(|| self.records.flush()).map(drop)
    }

    /// Tells whether damage was found in it, now or when it was open before.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let damaged = self.folder.join(DAMAGED).exists();
        if damaged { Err(translate(&self.folder, corruption())) } else { Ok(()) }
    }

    /// Calls sled, and leaves a sign for the next start if it finds damage.
    fn ask<T>(&self, call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StoreError> {
        guard(call).map_err(|error| {
            if matches!(error, ::sled::Error::Corruption { .. } | ::sled::Error::ReportableBug(_)) {
                // Without the sign the next start meets the damage once more, no worse.
                let _left = std::fs::write(self.folder.join(DAMAGED), b"");
            }
            translate(&self.folder, error)
        })
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
        #[cfg(test)]
        if self.refuses.load(core::sync::atomic::Ordering::Acquire) {
            return Err(StoreError::Full { path: self.folder.clone() });
        }
        self.ask(|| self.records.apply_batch(batch))
    }

    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        // Between two writes, which sled has no word for.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let everything = Span { from: Vec::new(), to: vec![u8::MAX] };
        Ok(Box::new(Memory::of(self.range(&everything, usize::MAX, Order::Up)?)))
    }
}

impl Look for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.ask(|| self.records.get(key))?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        if span.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(|| {
            let found = self.records.range(span.from.as_slice()..span.to.as_slice());
            let pairs = order.take(found, limit);
            pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec()))).collect()
        })
    }
}

/// Calls sled. A damaged log can make it panic; that is an error of the disk like any other.
fn guard<T>(call: impl FnOnce() -> ::sled::Result<T>) -> ::sled::Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_panic| Err(corruption()))
}

const fn corruption() -> ::sled::Error {
    ::sled::Error::Corruption { at: None, bt: () }
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
/// A file in sled's folder that says that damage was found.
const DAMAGED: &str = "damaged";
/// What a crash of the program may cost: one second of what the network can give back.
const FLUSH_MILLISECONDS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

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
