//! Somebody whose whole log we write, with keys that follow from the name.

use countersign_protocol::did::log::draft::{self, Change, Draft, Keys, Place, Signing};
use countersign_protocol::did::log::{History, witness::Rule};
use countersign_protocol::encoding::multihash;
use countersign_protocol::key::SecretKey;
use countersign_protocol::time::Timestamp;

/// An identity, its log so far, and what is needed to write the next entry.
pub(crate) struct Person {
    name: &'static str,
    /// How many update keys, hot keys and recovery keys were used up.
    used: [u32; 3],
    pub(crate) log: Vec<u8>,
    pub(crate) history: History,
}

impl Person {
    pub(crate) fn create(name: &'static str, place: Place<'_>, witness: Option<&Rule>) -> Self {
        let [update, next, recovery] =
            [key(name, "update", 0), key(name, "update", 1), key(name, "recovery", 0)];
        let signing = Signing { key: &update, next: &next.public(), recovery: &recovery.public() };
        let Draft { entry, history } =
            draft::create(place, &keys(name, 0), witness, signing, BEGINNING)
                .expect("a first entry");
        let log = [entry.as_bytes(), b"\n"].concat();
        Self { name, used: [1, 0, 0], log, history }
    }

    /// Writes an entry that changes the hot keys as well as the update key.
    pub(crate) fn rotate(&mut self) {
        self.used[1] += 1;
        let keys = keys(self.name, self.used[1]);
        self.change(&Change { keys: Some(keys), ..Change::default() });
    }

    pub(crate) fn change(&mut self, change: &Change<'_>) {
        let [update, next, recovery] = self.next_keys();
        let signing = Signing { key: &update, next: &next.public(), recovery: &recovery.public() };
        self.used[0] += 1;
        let draft = draft::change(&self.history, change, signing, self.tomorrow());
        self.take(draft.expect("a next entry"));
    }

    /// Writes an entry with the recovery key: every other key is lost.
    pub(crate) fn recover(&mut self) {
        self.used = self.used.map(|count| count + 1);
        let lost = key(self.name, "recovery", self.used[2] - 1);
        let [_, next, recovery] = self.next_keys();
        let signing = Signing { key: &lost, next: &next.public(), recovery: &recovery.public() };
        let keys = keys(self.name, self.used[1]);
        let change = Change { keys: Some(keys), ..Change::default() };
        let draft = draft::recover(&self.history, &change, signing, self.tomorrow());
        self.used[0] += 1;
        self.take(draft.expect("a recovery"));
    }

    pub(crate) fn deactivate(&mut self) {
        let [update, ..] = self.next_keys();
        let drafts = draft::deactivate(&self.history, &update, self.tomorrow());
        drafts.expect("an end").into_iter().for_each(|draft| self.take(draft));
    }

    /// The key that signs heads, presentations and claims now.
    pub(crate) fn hot_key(&self) -> SecretKey {
        key(self.name, "hot", self.used[1])
    }

    /// The update key that was promised, the one after it, and the recovery key.
    fn next_keys(&self) -> [SecretKey; 3] {
        let [update, _, recovery] = self.used;
        [
            key(self.name, "update", update),
            key(self.name, "update", update + 1),
            key(self.name, "recovery", recovery),
        ]
    }

    fn tomorrow(&self) -> Timestamp {
        self.history.updated().plus(24 * 60 * 60)
    }

    fn take(&mut self, draft: Draft) {
        self.log.extend_from_slice(draft.entry.as_bytes());
        self.log.push(b'\n');
        self.history = draft.history;
    }
}

/// Gives the key that belongs to somebody, a use and a number.
pub(crate) fn key(name: &str, what: &str, number: u32) -> SecretKey {
    SecretKey::from_seed(multihash::sha256(format!("{name} {what} {number}").as_bytes()))
}

fn keys(name: &str, number: u32) -> Keys {
    let hot = key(name, "hot", number).public();
    Keys { authentication: vec![hot], assertion: vec![hot] }
}

/// 2025-06-01T00:00:00Z: before the clock of whoever judges, for an entry from the future is refused.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_seconds(1_748_736_000);
