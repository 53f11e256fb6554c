//! The records this node holds for the DHT: those nearest to its own name, one a key.
//!
//! Records arrive here verified, and never go back: a value gives way only to one that is newer in
//! the words of [`super::config::Config::newer`]. There are no provider records, with which anybody
//! could send a vendor to an address of their choice.

use libp2p::PeerId;
use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{KBucketDistance, KBucketKey, ProviderRecord, Record, RecordKey};
use std::borrow::Cow;
use std::collections::{BTreeMap, btree_map};
use std::iter::{Empty, Map, empty};
use std::time::Duration;
use tokio::time::Instant;

/// Holds the records.
pub(super) struct Records {
    local: KBucketKey<PeerId>,
    newer: fn(&[u8], &[u8]) -> bool,
    room: usize,
    lifetime: Duration,
    held: BTreeMap<Vec<u8>, Held>,
    nearest: BTreeMap<KBucketDistance, Vec<u8>>,
}

/// A record, and since when it is held.
pub(super) struct Held {
    record: Record,
    since: Instant,
}

impl Records {
    /// Makes an empty store for the node of that name.
    pub(super) fn new(local: PeerId, newer: fn(&[u8], &[u8]) -> bool) -> Self {
        Self {
            local: KBucketKey::from(local),
            newer,
            room: MOST_RECORDS,
            lifetime: LIFETIME,
            held: BTreeMap::new(),
            nearest: BTreeMap::new(),
        }
    }

    /// Forgets what nobody has renewed.
    pub(super) fn expire(&mut self) {
        let old = |held: &&Held| held.since.elapsed() >= self.lifetime;
        let keys: Vec<RecordKey> =
            self.held.values().filter(old).map(|held| held.record.key.clone()).collect();
        for key in keys {
            self.remove(&key);
        }
    }

    /// Counts the records.
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    fn distance(&self, key: &RecordKey) -> KBucketDistance {
        self.local.distance(&KBucketKey::new(key.clone()))
    }

    /// Makes room for a record at `distance`, at the cost of one further away.
    fn make_room(&mut self, distance: KBucketDistance) -> Result<()> {
        if self.held.len() < self.room {
            return Ok(());
        }
        let furthest = self.nearest.last_entry().ok_or(Error::MaxRecords)?;
        if *furthest.key() <= distance {
            return Err(Error::MaxRecords);
        }
        self.held.remove(&furthest.remove());
        Ok(())
    }
}

impl RecordStore for Records {
    type RecordsIter<'a> = Map<btree_map::Values<'a, Vec<u8>, Held>, Borrow>;
    type ProvidedIter<'a> = Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        self.held.get(key.as_ref()).map(borrow)
    }

    fn put(&mut self, record: Record) -> Result<()> {
        if record.value.len() > LARGEST_VALUE || record.key.as_ref().len() > LARGEST_KEY {
            return Err(Error::ValueTooLarge);
        }
        match self.held.get(record.key.as_ref()) {
            Some(Held { record: held, .. }) => {
                if held.value != record.value && !(self.newer)(&held.value, &record.value) {
                    return Err(Error::MaxRecords);
                }
            }
            None => {
                let distance = self.distance(&record.key);
                if let Err(full) = self.make_room(distance) {
                    // What this node puts passes here on its way to others, whose place may be nearer.
                    let passes = record.publisher == Some(*self.local.preimage());
                    return if passes { Ok(()) } else { Err(full) };
                }
                self.nearest.insert(distance, record.key.to_vec());
            }
        }
        self.held.insert(record.key.to_vec(), Held { record, since: Instant::now() });
        Ok(())
    }

    fn remove(&mut self, key: &RecordKey) {
        if self.held.remove(key.as_ref()).is_some() {
            self.nearest.remove(&self.distance(key));
        }
    }

    fn records(&self) -> Self::RecordsIter<'_> {
        self.held.values().map(borrow as Borrow)
    }

    fn add_provider(&mut self, _: ProviderRecord) -> Result<()> {
        Err(Error::MaxProvidedKeys)
    }

    fn providers(&self, _: &RecordKey) -> Vec<ProviderRecord> {
        Vec::new()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        empty()
    }

    fn remove_provider(&mut self, _: &RecordKey, _: &PeerId) {}
}

type Borrow = for<'a> fn(&'a Held) -> Cow<'a, Record>;

fn borrow(held: &Held) -> Cow<'_, Record> {
    Cow::Borrowed(&held.record)
}

/// A record is a head.
pub(super) const LARGEST_VALUE: usize = countersign_protocol::wire::bounds::HEAD;
/// A key is a digest, perhaps with a word before it.
pub(super) const LARGEST_KEY: usize = 64;
/// How long a record is held unless somebody renews it.
pub(super) const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);
/// Records held: 16 MiB of them with their keys.
const MOST_RECORDS: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Records {
        // The first byte of a value is its version.
        let local = libp2p::identity::Keypair::ed25519_from_bytes([1; 32]).unwrap();
        Records::new(local.public().to_peer_id(), |old, new| new.first() > old.first())
    }

    fn record(key: u8, value: &[u8]) -> Record {
        Record::new(vec![key], value.to_vec())
    }

    fn value(records: &Records, key: u8) -> Option<Vec<u8>> {
        records.get(&RecordKey::from(vec![key])).map(|record| record.value.clone())
    }

    #[test]
    fn a_record_never_goes_back() {
        let mut records = records();
        records.put(record(1, &[5])).unwrap();
        assert!(records.put(record(1, &[4])).is_err());
        assert!(records.put(record(1, &[5, 9])).is_err());
        assert_eq!(value(&records, 1), Some(vec![5]));
        records.put(record(1, &[6])).unwrap();
        assert_eq!(value(&records, 1), Some(vec![6]));
        assert_eq!(records.len(), 1);
    }

    #[test]
    fn only_the_nearest_are_held() {
        let mut records = records();
        records.room = 8;
        for key in 0..64 {
            let _full = records.put(record(key, &[1])).is_err();
        }
        let mut nearest: Vec<u8> = (0..64).collect();
        nearest.sort_by_key(|key| records.distance(&RecordKey::from(vec![*key])));
        nearest.truncate(8);
        for key in 0..64 {
            assert_eq!(value(&records, key).is_some(), nearest.contains(&key), "key {key}");
        }
        assert_eq!((records.len(), records.nearest.len()), (8, 8));
    }

    #[test]
    fn what_this_node_puts_passes_also_where_there_is_no_room_for_it() {
        let mut records = records();
        records.room = 8;
        for key in 0..64 {
            let publisher = Some(*records.local.preimage());
            records.put(Record { publisher, ..record(key, &[1]) }).unwrap();
        }
        assert_eq!((records.len(), records.nearest.len()), (8, 8));
        let anothers = Some(PeerId::random());
        for key in 64..=255 {
            let _full = records.put(Record { publisher: anothers, ..record(key, &[1]) }).is_err();
        }
        let refused = |key| value(&records, key).is_none();
        let far = (0..64).find(|key| refused(*key)).unwrap();
        let publisher = Some(*records.local.preimage());
        assert!(records.put(Record { publisher: anothers, ..record(far, &[1]) }).is_err());
        assert!(records.put(Record { publisher, ..record(far, &[1]) }).is_ok());
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!(records().put(record(1, &[0; LARGEST_VALUE + 1])).is_err());
        assert!(records().put(Record::new(vec![0; LARGEST_KEY + 1], vec![])).is_err());
    }

    #[test]
    fn what_nobody_renews_is_forgotten() {
        let mut records = records();
        records.put(record(1, &[1])).unwrap();
        records.expire();
        assert_eq!(records.len(), 1);
        records.lifetime = Duration::ZERO;
        records.expire();
        assert_eq!((records.len(), records.nearest.len()), (0, 0));
    }
}
