//! A ground without disk and network: for a dry sign-in, and for tests.

use super::books::{Books, BooksError, Change, Expect, Row};
use super::{Attestor, Ground, GroundError};
use async_trait::async_trait;
use core::time::Duration;
use countersign_node::verb::network::Finding;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Place, Signing};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::ledger::State;
use countersign_protocol::time::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// An attestor's node that forgets everything when it goes.
#[derive(Debug)]
pub struct Memory {
    own: History,
    key: Mutex<SecretKey>,
    /// The key that takes its place while somebody is looked up.
    next_key: Mutex<Option<SecretKey>>,
    clock: Mutex<Timestamp>,
    heartbeat: Mutex<Duration>,
    /// Why the clock is not to be trusted, if it is not.
    doubt: Mutex<Option<&'static str>>,
    known: Mutex<BTreeMap<Scid, History>>,
    attestors: Mutex<BTreeMap<String, Attestor>>,
    books: Arc<MemoryBooks>,
    secrets: Mutex<BTreeMap<String, Zeroizing<Vec<u8>>>>,
    /// Statements and profiles that went out, the newest last.
    published: Mutex<Vec<Vec<u8>>>,
    /// What is known of its lists where it asks, one look after the other; the last answer stays.
    looks: Mutex<VecDeque<Option<State>>>,
}

impl Memory {
    /// Makes a node with a new identity of its own.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Failed`] if `now` is no time a log can have.
    pub fn new(now: Timestamp) -> Result<Self, GroundError> {
        let key = SecretKey::from_seed(rand::random());
        let own = identity(&key, &key, now)?;
        Ok(Self {
            own,
            key: Mutex::new(key),
            next_key: Mutex::default(),
            clock: Mutex::new(now),
            heartbeat: Mutex::new(HEARTBEAT),
            doubt: Mutex::default(),
            known: Mutex::default(),
            attestors: Mutex::default(),
            books: Arc::default(),
            secrets: Mutex::default(),
            published: Mutex::default(),
            looks: Mutex::default(),
        })
    }

    /// Gives the same attestor with a copy of its books, which a network answers, look after look.
    #[must_use]
    pub fn put_back(
        &self,
        books: MemoryBooks,
        looks: impl IntoIterator<Item = Option<State>>,
    ) -> Self {
        Self {
            own: self.own.clone(),
            key: Mutex::new(lock(&self.key).clone()),
            next_key: Mutex::default(),
            clock: Mutex::new(self.now()),
            heartbeat: Mutex::new(self.heartbeat()),
            doubt: Mutex::default(),
            known: Mutex::new(lock(&self.known).clone()),
            attestors: Mutex::new(lock(&self.attestors).clone()),
            books: Arc::new(books),
            secrets: Mutex::new(lock(&self.secrets).clone()),
            published: Mutex::default(),
            looks: Mutex::new(looks.into_iter().collect()),
        }
    }

    /// Lets it meet somebody who knows this of its lists.
    pub fn meet(&self, known: Option<State>) {
        lock(&self.looks).push_back(known);
    }

    /// Copies its books as they are now.
    #[must_use]
    pub fn copy_books(&self) -> MemoryBooks {
        self.books.copy()
    }

    /// Sets the clock.
    pub fn set_clock(&self, now: Timestamp) {
        *lock(&self.clock) = now;
    }

    /// Sets after how long the lists are said again to stand.
    pub fn set_heartbeat(&self, heartbeat: Duration) {
        *lock(&self.heartbeat) = heartbeat;
    }

    /// Makes the clock one that nobody trusts, or lets it be trusted again.
    pub fn doubt_clock(&self, why: Option<&'static str>) {
        *lock(&self.doubt) = why;
    }

    /// Has the key that signs claims replaced by `key` while somebody is looked up the next time.
    pub fn replace_key_meanwhile(&self, key: SecretKey) {
        *lock(&self.next_key) = Some(key);
    }

    /// Makes an identity known, or newer.
    pub fn know(&self, history: History) {
        lock(&self.known).insert(history.scid(), history);
    }

    /// Makes an attestor known under the name it gives itself.
    pub fn know_attestor(&self, attestor: Attestor) {
        lock(&self.attestors).insert(attestor.profile.name.clone(), attestor);
    }

    /// Gives everything that went out so far.
    #[must_use]
    pub fn published(&self) -> Vec<Vec<u8>> {
        lock(&self.published).clone()
    }
}

/// Makes the log of a new identity whose document has these keys.
///
/// # Errors
///
/// Returns [`GroundError::Failed`] if `now` is no time a log can have.
pub fn identity(
    authentication: &SecretKey,
    assertion: &SecretKey,
    now: Timestamp,
) -> Result<History, GroundError> {
    let [key, next, recovery] = core::array::from_fn(|_| SecretKey::from_seed(rand::random()));
    let keys = draft::Keys {
        authentication: vec![authentication.public()],
        assertion: vec![assertion.public()],
    };
    let signing = Signing { key: &key, next: &next.public(), recovery: &recovery.public() };
    let written = draft::create(Place::Home, &keys, None, signing, now);
    written.map(|draft| draft.history).map_err(|cause| GroundError::Failed { cause: cause.into() })
}

#[async_trait]
impl Ground for Memory {
    fn now(&self) -> Timestamp {
        *lock(&self.clock)
    }

    fn network(&self) -> &str {
        "memory"
    }

    fn heartbeat(&self) -> Duration {
        *lock(&self.heartbeat)
    }

    async fn own(&self) -> Result<History, GroundError> {
        Ok(self.own.clone())
    }

    async fn check_clock(&self) -> Result<(), GroundError> {
        let doubt = *lock(&self.doubt);
        doubt.map_or(Ok(()), |why| Err(GroundError::Clock { cause: why.into() }))
    }

    async fn findings(&self) -> Result<Vec<Finding>, GroundError> {
        Ok(Vec::new())
    }

    async fn assertion_key(&self, _at: Timestamp) -> Result<SecretKey, GroundError> {
        self.check_clock().await?;
        Ok(lock(&self.key).clone())
    }

    async fn newest(&self, scid: Scid, offered: Option<&History>) -> Result<History, GroundError> {
        if let Some(key) = lock(&self.next_key).take() {
            *lock(&self.key) = key;
        }
        let held = lock(&self.known).get(&scid).cloned();
        let newest = held.into_iter().chain(offered.cloned()).max_by_key(History::number);
        newest.ok_or(GroundError::NotFound { scid })
    }

    fn hold(&self, log: History, _bytes: usize) {
        self.know(log);
    }

    async fn attestor(&self, name: &str) -> Result<Attestor, GroundError> {
        let unknown = || GroundError::Failed { cause: format!("nobody is called {name}").into() };
        lock(&self.attestors).get(name).cloned().ok_or_else(unknown)
    }

    fn books(&self) -> Arc<dyn Books> {
        Arc::clone(&self.books) as Arc<dyn Books>
    }

    fn keep_secret(&self, name: &str, secret: &[u8]) -> Result<(), GroundError> {
        lock(&self.secrets).insert(name.to_owned(), Zeroizing::new(secret.to_vec()));
        Ok(())
    }

    fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, GroundError> {
        Ok(lock(&self.secrets).get(name).cloned())
    }

    fn forget_secret(&self, name: &str) -> Result<(), GroundError> {
        lock(&self.secrets).remove(name);
        Ok(())
    }

    fn secret_names(&self) -> Result<Vec<String>, GroundError> {
        Ok(lock(&self.secrets).keys().cloned().collect())
    }

    async fn publish_statement(
        &self,
        statement: Vec<u8>,
        _list: Option<Vec<u8>>,
    ) -> Result<(), GroundError> {
        lock(&self.published).push(statement);
        Ok(())
    }

    async fn meets_somebody(&self, _patience: Duration) -> bool {
        !lock(&self.looks).is_empty()
    }

    async fn wait_for_more(&self) {}

    async fn known_status(&self, _list: u64) -> Result<Option<State>, GroundError> {
        let mut looks = lock(&self.looks);
        let next = if looks.len() > 1 { looks.pop_front() } else { looks.front().cloned() };
        Ok(next.flatten())
    }

    async fn publish_profile(&self, _owner: &Did, profile: Vec<u8>) -> Result<(), GroundError> {
        lock(&self.published).push(profile);
        Ok(())
    }
}

/// What networks begin with.
const HEARTBEAT: Duration = Duration::from_secs(900);

type Tables = BTreeMap<(String, Vec<u8>), Vec<u8>>;
type Chains = BTreeMap<String, Vec<Vec<u8>>>;

/// Books in memory.
#[derive(Debug, Default)]
pub struct MemoryBooks {
    tables: Mutex<(Tables, Chains)>,
    life: Mutex<Vec<u8>>,
}

impl MemoryBooks {
    /// Copies them as they are now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let (tables, life) = (lock(&self.tables).clone(), lock(&self.life).clone());
        Self { tables: Mutex::new(tables), life: Mutex::new(life) }
    }

    /// Copies them as a program wrote them that does not know `table`.
    #[cfg(test)]
    pub(crate) fn without(&self, table: &str) -> Self {
        let copy = self.copy();
        lock(&copy.tables).0.retain(|(name, _), _| name != table);
        copy
    }

    /// Makes them live another life, as a copy does.
    pub fn begin_life(&self, name: &[u8]) {
        *lock(&self.life) = name.to_vec();
    }
}

impl Books for MemoryBooks {
    fn write(&self, changes: Vec<Change>) -> Result<(), BooksError> {
        let mut tables = lock(&self.tables);
        let mut next = tables.clone();
        for change in changes {
            match change {
                Change::Put { table, key, expect, bytes } => {
                    let found = next.0.insert((table.to_owned(), key), bytes);
                    let holds = match expect {
                        Expect::Anything => true,
                        Expect::Nothing => found.is_none(),
                        Expect::Exactly(expected) => found == Some(expected),
                    };
                    if !holds {
                        return Err(BooksError::Conflict);
                    }
                }
                Change::Link { chain, length, bytes } => {
                    let links = next.1.entry(chain.to_owned()).or_default();
                    if u64::try_from(links.len()) != Ok(length) {
                        return Err(BooksError::Conflict);
                    }
                    links.push(bytes);
                }
            }
        }
        *tables = next;
        Ok(())
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, BooksError> {
        Ok(lock(&self.tables).0.get(&(table.to_owned(), key.to_vec())).cloned())
    }

    fn rows(
        &self,
        table: &str,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, BooksError> {
        let tables = lock(&self.tables);
        let rows = tables.0.iter().filter(|((name, key), _)| {
            name == table && after.is_none_or(|after| key.as_slice() > after)
        });
        Ok(rows.take(limit).map(|((_, key), bytes)| (key.clone(), bytes.clone())).collect())
    }

    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, BooksError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let tables = lock(&self.tables);
        let links = tables.1.get(chain).map_or(&[][..], Vec::as_slice);
        Ok(links.iter().skip(from).take(limit).cloned().collect())
    }

    fn life(&self) -> Result<Vec<u8>, BooksError> {
        Ok(lock(&self.life).clone())
    }

    fn length(&self, chain: &str) -> Result<u64, BooksError> {
        let length = lock(&self.tables).1.get(chain).map_or(0, Vec::len);
        Ok(u64::try_from(length).unwrap_or(u64::MAX))
    }
}

/// What is inside stays whole when a thread that held it panicked: it is replaced, never changed.
fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
