//! What redb, sled and memory have in common: an ordered map of bytes, written in batches.
//!
//! Every key begins with the byte of its [`Table`]. Every value begins with the first eight bytes of
//! SHA-256 over key and value, because a disk lies: what fails this check is never given to anybody.

use super::{Name, Store, StoreError};
use countersign_protocol::encoding::multihash::sha256;

/// One record on a shelf: its key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Looks records up, as they are on the shelf: sealed.
pub(super) trait Look {
    /// Gives the value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Gives up to `limit` records of `span`, in the order of their keys or against it.
    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError>;
}

/// An ordered map of bytes whose writes are all-or-nothing.
pub(super) trait Shelf: Look + Send + Sync + 'static {
    /// Asks `plan` what to write and writes all of it, with no other writer in between.
    fn write(&self, plan: Plan) -> Result<(), StoreError>;

    /// Gives what lies here now, and stays so while others write.
    fn still(&self) -> Result<Box<dyn Store>, StoreError>;
}

/// Looks at what is there and says what to write.
pub(super) type Plan = Box<dyn FnOnce(&dyn Look) -> Result<Vec<Write>, StoreError> + Send>;

/// A key, and its sealed value or nothing.
pub(super) type Write = (Vec<u8>, Option<Vec<u8>>);

/// The direction in which records are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Up,
    Down,
}

impl Order {
    /// Takes up to `limit` of what is in the order of its keys.
    pub(super) fn take<I: DoubleEndedIterator>(
        self,
        mut found: I,
        limit: usize,
    ) -> impl Iterator<Item = I::Item> {
        let next = move || match self {
            Self::Up => found.next(),
            Self::Down => found.next_back(),
        };
        core::iter::from_fn(next).take(limit)
    }
}

/// The keys from `from` on, below `to`.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
}

impl Span {
    /// Gives the span of the keys that begin with `prefix`, which holds a table's byte at least.
    pub(super) fn of(prefix: &[u8]) -> Self {
        let mut to = prefix.to_vec();
        // The next key that does not begin so: no table has the byte 0xff, so there is one.
        while let Some(last) = to.pop() {
            if let Some(next) = last.checked_add(1) {
                to.push(next);
                break;
            }
        }
        Self { from: prefix.to_vec(), to }
    }

    /// Leaves out everything up to and including `key`.
    pub(super) fn behind(mut self, key: Option<Vec<u8>>) -> Self {
        if let Some(mut key) = key {
            key.push(0);
            self.from = self.from.max(key);
        }
        self
    }

    /// Leaves out everything below `key`.
    pub(super) fn from(mut self, key: Vec<u8>) -> Self {
        self.from = self.from.max(key);
        self
    }

    /// Leaves out `key` and everything above it.
    pub(super) fn below(mut self, key: Vec<u8>) -> Self {
        self.to = self.to.min(key);
        self
    }

    /// Tells whether no key can be in it.
    pub(super) fn is_empty(&self) -> bool {
        self.from >= self.to
    }
}

/// A kind of record. Its byte is on disks and never changes its meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Table {
    tag: u8,
    name: &'static str,
}

impl Table {
    /// Gives the key made of `parts`, in this table.
    pub(super) fn key(self, parts: &[&[u8]]) -> Vec<u8> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut key = Vec::with_capacity(length.saturating_add(1));
        key.push(self.tag);
        for part in parts {
            key.extend_from_slice(part);
        }
        key
    }

    /// Gives the span of the keys of this table that begin with `parts`.
    pub(super) fn span(self, parts: &[&[u8]]) -> Span {
        Span::of(&self.key(parts))
    }

    /// Tells whether `key` is one of this table.
    pub(super) fn holds(self, key: &[u8]) -> bool {
        key.first() == Some(&self.tag)
    }
}

/// Names the record `key` for a person.
pub(super) fn name(key: &[u8]) -> Name {
    let table = TABLES.iter().find(|table| table.holds(key)).map_or("record", |table| table.name);
    Name { table, key: key.to_vec() }
}

/// Puts the check of `key` and `value` before `value`.
pub(super) fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(value.len().saturating_add(CHECK));
    sealed.extend_from_slice(&check(key, value));
    sealed.extend_from_slice(value);
    sealed
}

/// Gives the value whose check holds.
pub(super) fn open(key: &[u8], mut sealed: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let damaged = || StoreError::Damaged { record: name(key) };
    let (found, value) = sealed.split_at_checked(CHECK).ok_or_else(damaged)?;
    if check(key, value) != found {
        return Err(damaged());
    }
    sealed.drain(..CHECK);
    Ok(sealed)
}

fn check(key: &[u8], value: &[u8]) -> [u8; CHECK] {
    let length = u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes();
    let digest = sha256(&[&length[..], key, value].concat());
    let mut check = [0; CHECK];
    for (to, from) in check.iter_mut().zip(digest) {
        *to = from;
    }
    check
}

/// Eight bytes: an accident passes once in 2^64; against somebody who writes on the disk no check
/// without a key helps.
const CHECK: usize = 8;

macro_rules! tables {
    ($($constant:ident = $tag:literal, $name:literal;)*) => {
        $(pub(super) const $constant: Table = Table { tag: $tag, name: $name };)*
        const TABLES: &[Table] = &[$($constant),*];
    };
}

tables! {
    META = 0x01, "meta record";
    ENTRY = 0x10, "log entry";
    WITNESSES = 0x11, "witness file";
    HEAD = 0x12, "head";
    BODY = 0x13, "body";
    OWNER = 0x14, "owner of body";
    STATEMENT = 0x15, "status statement";
    LIST = 0x16, "status list";
    FRESHNESS = 0x18, "freshness";
    HEARTBEAT = 0x19, "heartbeat";
    KEPT = 0x20, "reason to keep";
    HIGHEST = 0x21, "highest seen";
    FORK = 0x22, "fork proof";
    SECRET = 0x30, "sealed secret";
    EVENT = 0x31, "event";
    SETTING = 0x32, "setting";
    ROW = 0x33, "row";
    LINK = 0x34, "chain link";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_under_its_own_key_only() {
        let sealed = seal(b"key", b"value");
        assert_eq!(open(b"key", sealed.clone()).unwrap(), b"value");
        assert!(matches!(open(b"kez", sealed), Err(StoreError::Damaged { .. })));
        assert!(matches!(open(b"key", vec![1, 2]), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let sealed = seal(b"key", b"value");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(b"key", flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_span_ends_before_the_next_prefix() {
        assert_eq!(Span::of(&[1, 0xff, 0xff]).to, vec![2]);
        assert_eq!(Span::of(&[1, 2]).to, vec![1, 3]);
        assert!(Span::of(&[1]).behind(Some(vec![1, 0xff])).from > vec![1, 0xff]);
    }

    #[test]
    fn no_two_tables_share_a_byte() {
        let tags = TABLES.iter().map(|table| table.tag).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(tags.len(), TABLES.len());
        assert!(!tags.contains(&0xff));
    }

    #[test]
    fn a_record_is_named_for_people() {
        assert_eq!(name(&SETTING.key(&[b"network"])).to_string(), "setting `network`");
        assert_eq!(name(&HEAD.key(&[&[0xab, 1]])).to_string(), "head ab01");
    }
}
