//! The durable half: redb, one table, one transaction for all who wait.
//!
//! A write returns when its transaction is on the disk. Writers that come while another one waits
//! for the disk share the next transaction: the disk is asked once for all of them.

use super::shelf::{Look, Order, Pair, Plan, Shelf, Span, Write};
use super::{Store, StoreError};
use crate::private;
use ::redb::{
    Database, ReadOnlyTable, ReadableDatabase as _, ReadableTable, StorageError, TableDefinition,
};
use std::path::{Path, PathBuf};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

/// A [`Store`] on redb.
pub struct Redb {
    path: PathBuf,
    open: Opener,
    database: RwLock<Option<Database>>,
    /// After an error of the disk redb refuses everything until it is opened again.
    failed: AtomicBool,
    waiting: Mutex<Vec<Job>>,
    turn: Mutex<()>,
}

type Opener = Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>;

impl Redb {
    /// Opens the database in the file `path`, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::InUse`] if another process has it, [`StoreError::Unreadable`] if it is
    /// damaged, and what the disk returns.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = path.to_owned();
        Self::with(path, Box::new(move || open_file(&file)))
    }

    fn with(path: &Path, open: Opener) -> Result<Self, StoreError> {
        let database = RwLock::new(Some(open()?));
        Ok(Self {
            path: path.to_owned(),
            open,
            database,
            failed: AtomicBool::new(false),
            waiting: Mutex::default(),
            turn: Mutex::default(),
        })
    }

    /// Calls `use_it` with the database, opened again if it failed before.
    fn database<T>(
        &self,
        use_it: impl FnOnce(&Database) -> Result<T, ::redb::Error>,
    ) -> Result<T, StoreError> {
        if self.failed.load(Ordering::Acquire) {
            self.reopen()?;
        }
        let held = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(database) = held.as_ref() else {
            return Err(translate(&self.path, ::redb::Error::DatabaseClosed));
        };
        use_it(database).map_err(|error| {
            if is_fatal(&error) {
                self.failed.store(true, Ordering::Release);
            }
            translate(&self.path, error)
        })
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut held = self.database.write().unwrap_or_else(PoisonError::into_inner);
        if self.failed.load(Ordering::Acquire) {
            // The old one first: it has the lock on the file.
            drop(held.take());
            *held = Some((self.open)()?);
            self.failed.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Puts all jobs into one transaction. Those whose plan fails are answered at once.
    fn run(&self, jobs: Vec<Job>) {
        // All of them, before anything can fail: who has no answer is not told why.
        let answers: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.answer)).collect();
        let result = self.database(|database| {
            let transaction = database.begin_write()?;
            {
                let mut table = transaction.open_table(RECORDS)?;
                for Job { plan, answer } in jobs {
                    match plan(&Open { path: &self.path, table: &table }) {
                        Ok(writes) => write_all(&mut table, writes)?,
                        Err(error) => give(&answer, Err(error)),
                    }
                }
            }
            transaction.commit()?;
            Ok(())
        });
        for answer in answers {
            give(&answer, result.clone());
        }
    }
}

impl Shelf for Redb {
    fn write(&self, plan: Plan) -> Result<(), StoreError> {
        let answer = Arc::new(Mutex::new(None));
        lock(&self.waiting).push(Job { plan, answer: Arc::clone(&answer) });
        let turn = lock(&self.turn);
        // Whoever had the turn before may have done this job too.
        if lock(&answer).is_none() {
            let jobs = core::mem::take(&mut *lock(&self.waiting));
            self.run(jobs);
        }
        drop(turn);
        let given = lock(&answer).take();
        // No answer: the writer who took the job with its own came to nothing.
        given.unwrap_or_else(|| Err(translate(&self.path, ::redb::Error::PreviousIo)))
    }

    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        let table = self.database(|database| match database.begin_read()?.open_table(RECORDS) {
            Ok(table) => Ok(Some(Arc::new(table))),
            Err(::redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })?;
        Ok(Box::new(Still { path: self.path.clone(), table }))
    }
}

/// The table as it was at one moment. While it is looked at, the database is not opened anew.
struct Still {
    path: PathBuf,
    /// None before anything was ever written.
    table: Option<Arc<Records>>,
}

type Records = ReadOnlyTable<&'static [u8], &'static [u8]>;

impl Shelf for Still {
    fn write(&self, _plan: Plan) -> Result<(), StoreError> {
        Err(StoreError::from_io(&self.path, std::io::ErrorKind::ReadOnlyFilesystem.into()))
    }

    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        Ok(Box::new(Self { path: self.path.clone(), table: self.table.clone() }))
    }
}

impl Look for Still {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(table) = &self.table else { return Ok(None) };
        get(&**table, key).map_err(|error| translate(&self.path, error.into()))
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        let Some(table) = &self.table else { return Ok(Vec::new()) };
        range(&**table, span, limit, order).map_err(|error| translate(&self.path, error.into()))
    }
}

impl Look for Redb {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.database(|database| match database.begin_read()?.open_table(RECORDS) {
            Ok(table) => Ok(get(&table, key)?),
            Err(::redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        self.database(|database| match database.begin_read()?.open_table(RECORDS) {
            Ok(table) => Ok(range(&table, span, limit, order)?),
            Err(::redb::TableError::TableDoesNotExist(_)) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        })
    }
}

/// The table inside the transaction that is being written.
struct Open<'a, T> {
    path: &'a Path,
    table: &'a T,
}

impl<T: ReadableTable<&'static [u8], &'static [u8]>> Look for Open<'_, T> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        get(self.table, key).map_err(|error| translate(self.path, error.into()))
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        range(self.table, span, limit, order).map_err(|error| translate(self.path, error.into()))
    }
}

struct Job {
    plan: Plan,
    answer: Arc<Mutex<Answer>>,
}

type Answer = Option<Result<(), StoreError>>;

/// Answers a job that has no answer yet.
fn give(answer: &Mutex<Answer>, result: Result<(), StoreError>) {
    let _given = lock(answer).get_or_insert(result);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What these hold is never half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn get(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(table.get(key)?.map(|value| value.value().to_vec()))
}

fn range(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    span: &Span,
    limit: usize,
    order: Order,
) -> Result<Vec<Pair>, StorageError> {
    if span.is_empty() {
        return Ok(Vec::new());
    }
    let found = table.range(span.from.as_slice()..span.to.as_slice())?;
    let pairs = order.take(found, limit).map(|pair| {
        let (key, value) = pair?;
        Ok((key.value().to_vec(), value.value().to_vec()))
    });
    pairs.collect()
}

fn write_all(
    table: &mut ::redb::Table<'_, &'static [u8], &'static [u8]>,
    writes: Vec<Write>,
) -> Result<(), StorageError> {
    for (key, value) in writes {
        let _before = match value {
            Some(value) => table.insert(key.as_slice(), value.as_slice())?,
            None => table.remove(key.as_slice())?,
        };
    }
    Ok(())
}

fn open_file(path: &Path) -> Result<Database, StoreError> {
    drop(private::open(path).map_err(|error| StoreError::from_io(path, error))?);
    // A damaged file can make redb panic; that is an error of the disk like any other.
    let opened = std::panic::catch_unwind(|| Database::create(path));
    match opened {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(::redb::DatabaseError::DatabaseAlreadyOpen)) => {
            Err(StoreError::InUse { folder: path.to_owned() })
        }
        Ok(Err(::redb::DatabaseError::Storage(StorageError::Io(source))))
            if source.kind() != std::io::ErrorKind::InvalidData =>
        {
            Err(StoreError::from_io(path, source))
        }
        Ok(Err(source)) => {
            Err(StoreError::Unreadable { path: path.to_owned(), source: Arc::new(source) })
        }
        Err(_panic) => Err(StoreError::Unreadable {
            path: path.to_owned(),
            source: Arc::new(StorageError::Corrupted("the file has no valid structure".into())),
        }),
    }
}

/// Tells whether redb refuses everything after this error.
fn is_fatal(error: &::redb::Error) -> bool {
    matches!(
        error,
        ::redb::Error::Io(_)
            | ::redb::Error::PreviousIo
            | ::redb::Error::DatabaseClosed
            | ::redb::Error::LockPoisoned(_)
    )
}

fn translate(path: &Path, error: ::redb::Error) -> StoreError {
    match error {
        ::redb::Error::Io(source) => StoreError::from_io(path, source),
        error @ ::redb::Error::Corrupted(_) => {
            StoreError::Unreadable { path: path.to_owned(), source: Arc::new(error) }
        }
        error => StoreError::Database { path: path.to_owned(), source: Arc::new(error) },
    }
}

/// All records, one table: which kind one is stands in the first byte of its key.
const RECORDS: TableDefinition<'static, &'static [u8], &'static [u8]> =
    TableDefinition::new("records");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn it_keeps_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let number = core::cell::Cell::new(0);
        contract::check(|| {
            number.set(number.get() + 1);
            Redb::open(&folder.path().join(number.get().to_string())).unwrap()
        });
    }

    #[test]
    fn what_was_written_is_there_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("durable");
        let store = Redb::open(&path).unwrap();
        store.commit(&[contract::append(1, 0, "one")]).unwrap();
        assert!(matches!(Redb::open(&path), Err(StoreError::InUse { .. })));
        drop(store);
        let store = Redb::open(&path).unwrap();
        assert_eq!(store.log(&contract::scid(1)).unwrap().unwrap(), [b"one"]);
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("durable");
        std::fs::write(&path, vec![7; 9000]).unwrap();
        let Err(StoreError::Unreadable { path: named, .. }) = Redb::open(&path) else {
            panic!("it was opened");
        };
        assert_eq!(named, path);
    }

    #[test]
    fn a_full_disk_is_an_error_and_loses_nothing_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("durable");
        let full = Arc::new(AtomicBool::new(false));
        let (named, flag) = (path.clone(), Arc::clone(&full));
        let open = move || {
            let mut options = std::fs::File::options();
            let file = options.create(true).truncate(false).read(true).write(true).open(&named);
            let file = FullDisk { file: file.unwrap(), full: Arc::clone(&flag) };
            let database = Database::builder().create_with_backend(file);
            database.map_err(|error| translate(&named, error.into()))
        };
        let store = Redb::with(&path, Box::new(open)).unwrap();
        let log = || store.log(&contract::scid(1)).unwrap().unwrap().len();
        store.commit(&[contract::append(1, 0, "one")]).unwrap();
        for _ in 0..2 {
            full.store(true, Ordering::Release);
            let length = log() as u64;
            let large = "x".repeat(1_000_000);
            let refused = store.commit(&[contract::append(1, length, &large)]);
            assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
            // The next one, which finds the database shut, is told the same.
            let refused = store.commit(&[contract::append(1, length, "small")]);
            assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
            full.store(false, Ordering::Release);
            assert_eq!(log() as u64, length);
            store.commit(&[contract::append(1, length, "next")]).unwrap();
        }
        assert_eq!(log(), 3);
    }

    #[derive(Debug)]
    struct FullDisk {
        file: std::fs::File,
        full: Arc<AtomicBool>,
    }

    impl FullDisk {
        fn room(&self) -> std::io::Result<()> {
            let full = self.full.load(Ordering::Acquire);
            if full { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl ::redb::StorageBackend for FullDisk {
        fn len(&self) -> std::io::Result<u64> {
            Ok(self.file.metadata()?.len())
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
            std::os::unix::fs::FileExt::read_exact_at(&self.file, out, offset)
        }

        fn set_len(&self, length: u64) -> std::io::Result<()> {
            self.room()?;
            self.file.set_len(length)
        }

        fn sync_data(&self) -> std::io::Result<()> {
            self.file.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
            self.room()?;
            std::os::unix::fs::FileExt::write_all_at(&self.file, data, offset)
        }
    }
}
