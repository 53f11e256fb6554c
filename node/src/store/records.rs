//! Makes a [`Store`] of every [`Shelf`]: the same words whatever holds the bytes.

use super::plan::{self, Step};
use super::shelf::{self, Look, Order, Pair, Shelf, Span, Table};
use super::{Change, Highest, Keep, List, Row, Store, StoreError, layout};
use countersign_protocol::engine::effect::BodyKind;
use countersign_protocol::{did::Scid, encoding::multihash::sha256};

/// Does all of `steps` on `shelf`, or none.
pub(super) fn perform(shelf: &impl Shelf, steps: Vec<Step>) -> Result<(), StoreError> {
    shelf.write(Box::new(move |look| plan::plan(look, steps)))
}

/// Tells whether `steps` would find what they expect on `shelf`, now.
pub(super) fn rehearse(shelf: &impl Shelf, steps: Vec<Step>) -> Result<(), StoreError> {
    plan::plan(shelf, steps).map(drop)
}

impl<S: Shelf> Store for S {
    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        perform(self, changes.iter().cloned().map(Step::Change).collect())
    }

    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        Shelf::still(self)
    }

    fn log(&self, scid: &Scid) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        let lines = numbered(self, shelf::ENTRY, scid.digest(), 0, usize::MAX)?;
        Ok(if lines.is_empty() { None } else { Some(lines) })
    }

    fn length(&self, scid: &Scid) -> Result<u64, StoreError> {
        plan::count(self, shelf::ENTRY, scid.digest())
    }

    fn witnesses(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::WITNESSES.key(&[scid.digest()]))
    }

    fn head(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::HEAD.key(&[scid.digest()]))
    }

    fn freshness(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::FRESHNESS.key(&[scid.digest()]))
    }

    fn heads(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError> {
        by_scid(self, shelf::HEAD, None, usize::MAX, |_, value| Ok(value))
    }

    fn body(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        // Several may have the same bytes: it is the same body, whose ever it is called.
        let owners = self.range(&shelf::OWNER.span(&[hash]), 1, Order::Up)?;
        let Some((pointer, sealed)) = owners.into_iter().next() else { return Ok(None) };
        let owner = shelf::open(&pointer, sealed)?;
        let (kind, owner) = owner.split_first().ok_or_else(|| damaged(&pointer))?;
        let key = match *kind {
            layout::FORK_PROOF => shelf::FORK.key(&[owner, hash]),
            kind => shelf::BODY.key(&[owner, &[kind], hash]),
        };
        match value(self, &key)? {
            Some(bytes) if sha256(&bytes) != *hash => Err(damaged(&key)),
            found => Ok(found),
        }
    }

    fn bodies(&self, owner: &Scid, kind: BodyKind) -> Result<Vec<[u8; 32]>, StoreError> {
        let pairs = self.range(&layout::body_span(owner, Some(kind)), usize::MAX, Order::Up)?;
        Ok(pairs.iter().filter_map(|(key, _)| key.last_chunk().copied()).collect())
    }

    fn list(&self, issuer: &Scid, list: u64) -> Result<Option<List>, StoreError> {
        let key = shelf::LIST.key(&[issuer.digest(), &list.to_be_bytes()]);
        let Some(mut bytes) = value(self, &key)? else { return Ok(None) };
        let number = *bytes.first_chunk().ok_or_else(|| damaged(&key))?;
        bytes.drain(..number.len());
        Ok(Some(List { number: u64::from_be_bytes(number), bytes }))
    }

    fn statements(
        &self,
        issuer: &Scid,
        list: u64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let span = shelf::STATEMENT.span(&[issuer.digest(), &list.to_be_bytes()]);
        let span = span.from(layout::statement_key(issuer, list, from));
        let pairs = list_all(self, &span, 0, limit)?;
        Ok(pairs.into_iter().filter_map(with_number).collect())
    }

    fn heartbeat(&self, issuer: &Scid, list: u64) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &layout::heartbeat_key(issuer, list))
    }

    fn kept(&self, scid: &Scid) -> Result<Option<Keep>, StoreError> {
        let key = shelf::KEPT.key(&[scid.digest()]);
        value(self, &key)?.map(|value| layout::read_keep(&key, &value)).transpose()
    }

    fn all_kept(&self) -> Result<Vec<(Scid, Keep)>, StoreError> {
        by_scid(self, shelf::KEPT, None, usize::MAX, |key, value| layout::read_keep(key, &value))
    }

    fn highest(&self, scid: &Scid) -> Result<Option<Highest>, StoreError> {
        let key = shelf::HIGHEST.key(&[scid.digest()]);
        value(self, &key)?.map(|value| layout::read_highest(&key, &value)).transpose()
    }

    fn all_highest(
        &self,
        after: Option<&Scid>,
        limit: usize,
    ) -> Result<Vec<(Scid, Highest)>, StoreError> {
        let read = |key: &[u8], value: Vec<u8>| layout::read_highest(key, &value);
        by_scid(self, shelf::HIGHEST, after, limit, read)
    }

    fn forks(&self, scid: &Scid) -> Result<Vec<Vec<u8>>, StoreError> {
        let pairs = list_all(self, &shelf::FORK.span(&[scid.digest()]), 0, usize::MAX)?;
        Ok(pairs.into_iter().map(|(_, proof)| proof).collect())
    }

    fn all_forks(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError> {
        by_scid(self, shelf::FORK, None, usize::MAX, |_, value| Ok(value))
    }

    fn secret(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::SECRET.key(&[name]))
    }

    fn secrets(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        let pairs = self.range(&shelf::SECRET.span(&[prefix]), usize::MAX, Order::Up)?;
        Ok(pairs.iter().map(|(key, _)| key.iter().skip(1).copied().collect()).collect())
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let span = shelf::EVENT.span(&[]);
        let span = span.behind(Some(shelf::EVENT.key(&[&after.to_be_bytes()])));
        Ok(list_all(self, &span, 0, limit)?.into_iter().filter_map(with_number).collect())
    }

    fn newest_event(&self) -> Result<u64, StoreError> {
        plan::newest_event(self)
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::SETTING.key(&[name.as_bytes()]))
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        value(self, &shelf::ROW.key(&[&layout::within(table), key]))
    }

    fn rows(
        &self,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let table = layout::within(table);
        let after = after.map(|key| shelf::ROW.key(&[&table, key]));
        let cut = table.len().saturating_add(1);
        list_all(self, &shelf::ROW.span(&[&table, prefix]).behind(after), cut, limit)
    }

    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        numbered(self, shelf::LINK, &layout::within(chain), from, limit)
    }

    fn chain_length(&self, chain: &str) -> Result<u64, StoreError> {
        plan::count(self, shelf::LINK, &layout::within(chain))
    }
}

/// Gives the value of `key`, which passed its check.
fn value(look: &dyn Look, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    look.get(key)?.map(|sealed| shelf::open(key, sealed)).transpose()
}

/// Gives keys without their first `cut` bytes, and values that passed their check.
fn list_all(
    look: &dyn Look,
    span: &Span,
    cut: usize,
    limit: usize,
) -> Result<Vec<Pair>, StoreError> {
    let pairs = look.range(span, limit, Order::Up)?.into_iter();
    pairs
        .map(|(mut key, sealed)| {
            let value = shelf::open(&key, sealed)?;
            key.drain(..cut.min(key.len()));
            Ok((key, value))
        })
        .collect()
}

/// Gives the records of a table whose keys begin with a SCID.
fn by_scid<T>(
    look: &dyn Look,
    table: Table,
    after: Option<&Scid>,
    limit: usize,
    read: impl Fn(&[u8], Vec<u8>) -> Result<T, StoreError>,
) -> Result<Vec<(Scid, T)>, StoreError> {
    let after = after.map(|scid| table.key(&[scid.digest()]));
    let pairs = list_all(look, &table.span(&[]).behind(after), 0, limit)?.into_iter();
    pairs
        .map(|(key, value)| {
            let digest = key.get(1..33).and_then(|digest| digest.try_into().ok());
            let digest = digest.ok_or_else(|| damaged(&key))?;
            Ok((Scid::from_digest(digest), read(&key, value)?))
        })
        .collect()
}

/// Gives numbered records, none of which may be missing between others.
fn numbered(
    look: &dyn Look,
    table: Table,
    prefix: &[u8],
    from: u64,
    limit: usize,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let first = table.key(&[prefix, &from.to_be_bytes()]);
    let pairs = list_all(look, &table.span(&[prefix]).from(first), 0, limit)?;
    (from..)
        .zip(pairs)
        .map(|(expected, (key, value))| match layout::number_of(&key) {
            Some(found) if found == expected => Ok(value),
            _ => Err(damaged(&table.key(&[prefix, &expected.to_be_bytes()]))),
        })
        .collect()
}

fn with_number((key, value): Pair) -> Option<(u64, Vec<u8>)> {
    layout::number_of(&key).map(|number| (number, value))
}

fn damaged(key: &[u8]) -> StoreError {
    StoreError::Damaged { record: shelf::name(key) }
}
