//! Turns changes into records: what each kind expects, replaces and adds.
//!
//! A [`Draft`] sees the shelf as it will be after the changes before, so that a batch is checked as a
//! whole and then written as a whole.

use super::shelf::{self, Look, Order, Pair, Span, Table, Write};
use super::{Change, Expect, Highest, Keep, StoreError, layout};
use countersign_protocol::engine::effect::BodyKind;
use countersign_protocol::{did::Scid, encoding::multihash::sha256};
use std::collections::BTreeMap;

/// One step of a batch: a change, or a move of a whole identity between two shelves.
#[derive(Clone)]
pub(super) enum Step {
    Change(Change),
    /// Does [`Change::Log`] where so much of the log is there, and nothing where it is not.
    GoOn {
        scid: Scid,
        keep: u64,
        lines: Vec<Vec<u8>>,
    },
    /// Puts records as they are on another shelf.
    Import(Vec<Pair>),
    /// Removes all that belongs to the identity.
    Clear(Scid),
    /// Removes one record, whatever it is.
    Remove(Vec<u8>),
}

/// Says what to write so that all of `steps` have happened.
pub(super) fn plan(look: &dyn Look, steps: Vec<Step>) -> Result<Vec<Write>, StoreError> {
    let mut draft = Draft { look, writes: BTreeMap::new() };
    for step in steps {
        match step {
            Step::Change(change) => draft.apply(change)?,
            Step::GoOn { scid, keep, lines } => {
                if count(&draft, shelf::ENTRY, scid.digest())? >= keep {
                    draft.log(&scid, keep, &lines)?;
                }
            }
            Step::Import(pairs) => {
                draft.writes.extend(pairs.into_iter().map(|(key, sealed)| (key, Some(sealed))));
            }
            Step::Clear(scid) => draft.clear(&scid)?,
            Step::Remove(key) => draft.remove(key)?,
        }
    }
    Ok(draft.writes.into_iter().collect())
}

struct Draft<'a> {
    look: &'a dyn Look,
    writes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Draft<'_> {
    fn apply(&mut self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::Append { scid, length, line } => {
                self.extend(shelf::ENTRY, scid.digest(), length, &line)
            }
            Change::Witnesses { scid, file } => {
                self.put(shelf::WITNESSES.key(&[scid.digest()]), &file)
            }
            Change::Log { scid, keep, lines } => self.log(&scid, keep, &lines),
            Change::Head { scid, bytes } => self.put(shelf::HEAD.key(&[scid.digest()]), &bytes),
            Change::Freshness { scid, bytes } => {
                self.put(shelf::FRESHNESS.key(&[scid.digest()]), &bytes)
            }
            Change::Body { owner, kind, bytes } => self.body(&owner, kind, &bytes),
            Change::OnlyBody { owner, kind, bytes } => {
                self.remove_bodies(&layout::body_span(&owner, Some(kind)))?;
                self.body(&owner, kind, &bytes)
            }
            Change::DropBody { owner, kind, hash } => {
                let kind = [layout::kind_byte(kind)];
                self.remove(shelf::BODY.key(&[owner.digest(), &kind, &hash]))?;
                self.remove_pointers(&owner, &hash)
            }
            Change::Heartbeat { issuer, list, sealed } => {
                self.put(layout::heartbeat_key(&issuer, list), &sealed)
            }
            Change::DropHeartbeat { issuer, list } => {
                self.remove(layout::heartbeat_key(&issuer, list))
            }
            Change::List { issuer, list, number, bytes } => {
                let value = [&number.to_be_bytes()[..], &bytes].concat();
                self.put(shelf::LIST.key(&[issuer.digest(), &list.to_be_bytes()]), &value)
            }
            Change::Statement { issuer, list, number, sealed } => {
                self.statement(&issuer, list, number, &sealed)
            }
            Change::DropStatements { issuer, list, below } => {
                let span = shelf::STATEMENT.span(&[issuer.digest(), &list.to_be_bytes()]);
                self.remove_all(&span.below(layout::statement_key(&issuer, list, below)))
            }
            Change::Keep { scid, keep } => self.keep(&scid, keep),
            Change::Release { scid } => self.remove(shelf::KEPT.key(&[scid.digest()])),
            Change::Forget { scid } => self.forget(&scid),
            Change::Seen { scid, highest } => self.seen(&scid, &highest),
            Change::Fork { scid, proof } => self.fork(&scid, &proof),
            Change::Secret { name, expect, sealed } => {
                let key = shelf::SECRET.key(&[&name]);
                self.expect(&key, &expect)?;
                self.put(key, &sealed)
            }
            Change::EraseSecret { name } => self.remove(shelf::SECRET.key(&[&name])),
            Change::Event { bytes } => self.event(&bytes),
            Change::DropEvents { through } => self.drop_events(through),
            Change::Setting { name, bytes } => {
                self.put(shelf::SETTING.key(&[name.as_bytes()]), &bytes)
            }
            Change::Row { table, key, expect, bytes } => {
                let key = shelf::ROW.key(&[&layout::within(&table), &key]);
                self.expect(&key, &expect)?;
                self.put(key, &bytes)
            }
            Change::RemoveRow { table, key, expect } => {
                let key = shelf::ROW.key(&[&layout::within(&table), &key]);
                self.expect(&key, &expect)?;
                self.remove(key)
            }
            Change::Link { chain, length, bytes } => {
                self.extend(shelf::LINK, &layout::within(&chain), length, &bytes)
            }
        }
    }

    /// Adds number `length` to the numbered records below `prefix`, which are as many.
    fn extend(
        &mut self,
        table: Table,
        prefix: &[u8],
        length: u64,
        value: &[u8],
    ) -> Result<(), StoreError> {
        let key = table.key(&[prefix, &length.to_be_bytes()]);
        if count(self, table, prefix)? != length {
            return Err(StoreError::Conflict { record: shelf::name(&key) });
        }
        self.put(key, value)
    }

    fn log(&mut self, scid: &Scid, keep: u64, lines: &[Vec<u8>]) -> Result<(), StoreError> {
        let first = shelf::ENTRY.key(&[scid.digest(), &keep.to_be_bytes()]);
        if count(self, shelf::ENTRY, scid.digest())? < keep {
            return Err(StoreError::Conflict { record: shelf::name(&first) });
        }
        self.remove_all(&shelf::ENTRY.span(&[scid.digest()]).from(first))?;
        (keep..).zip(lines).try_for_each(|(number, line)| {
            self.put(shelf::ENTRY.key(&[scid.digest(), &number.to_be_bytes()]), line)
        })
    }

    fn body(&mut self, owner: &Scid, kind: BodyKind, bytes: &[u8]) -> Result<(), StoreError> {
        let hash = sha256(bytes);
        let kind = [layout::kind_byte(kind)];
        self.put(shelf::BODY.key(&[owner.digest(), &kind, &hash]), bytes)?;
        let value = [&kind[..], owner.digest()].concat();
        self.put(layout::owner_key(&hash, owner), &value)
    }

    fn remove_bodies(&mut self, span: &Span) -> Result<(), StoreError> {
        for (key, _) in self.range(span, usize::MAX, Order::Up)? {
            // Behind its table stand the owner and, last, the body's hash.
            let owner = key.get(1..33).and_then(|digest| digest.try_into().ok());
            if let (Some(owner), Some(hash)) = (owner, key.last_chunk::<32>()) {
                self.remove_pointers(&Scid::from_digest(owner), hash)?;
            }
            self.remove(key)?;
        }
        Ok(())
    }

    /// Removes what says that `owner` has the body; somebody else may have the same bytes.
    fn remove_pointers(&mut self, owner: &Scid, hash: &[u8; 32]) -> Result<(), StoreError> {
        for key in layout::owner_keys(hash, owner) {
            if self.get(&key)?.is_some_and(|value| value.ends_with(owner.digest())) {
                self.remove(key)?;
            }
        }
        Ok(())
    }

    fn fork(&mut self, scid: &Scid, proof: &[u8]) -> Result<(), StoreError> {
        let hash = sha256(proof);
        self.put(shelf::FORK.key(&[scid.digest(), &hash]), proof)?;
        let value = [&[layout::FORK_PROOF], &scid.digest()[..]].concat();
        self.put(layout::owner_key(&hash, scid), &value)
    }

    fn keep(&mut self, scid: &Scid, keep: Keep) -> Result<(), StoreError> {
        let key = shelf::KEPT.key(&[scid.digest()]);
        let held = self.get(&key)?.map(|value| layout::read_keep(&key, &value)).transpose()?;
        let keep = match (held, keep) {
            (Some(Keep::Own), _) | (_, Keep::Own) => Keep::Own,
            (Some(Keep::Promised(held)), Keep::Promised(new)) => Keep::Promised(held.max(new)),
            (None, keep @ Keep::Promised(_)) => keep,
        };
        self.put(key, &layout::write_keep(keep))
    }

    fn forget(&mut self, scid: &Scid) -> Result<(), StoreError> {
        if self.get(&shelf::KEPT.key(&[scid.digest()]))?.is_some() {
            return Ok(());
        }
        self.clear(scid)
    }

    fn clear(&mut self, scid: &Scid) -> Result<(), StoreError> {
        self.remove_bodies(&layout::body_span(scid, None))?;
        for table in layout::IDENTITY {
            self.remove_all(&table.span(&[scid.digest()]))?;
        }
        Ok(())
    }

    fn seen(&mut self, scid: &Scid, highest: &Highest) -> Result<(), StoreError> {
        let key = shelf::HIGHEST.key(&[scid.digest()]);
        let held = self.get(&key)?.map(|value| layout::read_highest(&key, &value)).transpose()?;
        match held {
            Some(held) if !highest.is_above(&held) => Ok(()),
            Some(_) | None => self.put(key, &layout::write_highest(highest)),
        }
    }

    fn event(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let number = newest_event(self)?.saturating_add(1);
        self.put(layout::newest_event_key(), &number.to_be_bytes())?;
        self.put(shelf::EVENT.key(&[&number.to_be_bytes()]), bytes)
    }

    fn drop_events(&mut self, through: u64) -> Result<(), StoreError> {
        let span = shelf::EVENT.span(&[]);
        let above = shelf::EVENT.key(&[&through.saturating_add(1).to_be_bytes()]);
        self.remove_all(&span.below(above))
    }

    /// Adds a statement. One with its number that says something else led from what nobody holds any more, and
    /// so did all behind it.
    fn statement(
        &mut self,
        issuer: &Scid,
        list: u64,
        number: u64,
        sealed: &[u8],
    ) -> Result<(), StoreError> {
        let key = layout::statement_key(issuer, list, number);
        if self.get(&key)?.is_some_and(|held| held == sealed) {
            return Ok(());
        }
        let span = shelf::STATEMENT.span(&[issuer.digest(), &list.to_be_bytes()]);
        self.remove_all(&span.from(key.clone()))?;
        self.put(key, sealed)
    }

    fn expect(&self, key: &[u8], expect: &Expect) -> Result<(), StoreError> {
        let held = self.get(key)?;
        let holds = match expect {
            Expect::Anything => true,
            Expect::Nothing => held.is_none(),
            Expect::Exactly(bytes) => held.as_ref() == Some(bytes),
        };
        if holds { Ok(()) } else { Err(StoreError::Conflict { record: shelf::name(key) }) }
    }

    fn put(&mut self, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        if value.len() > RECORD {
            let record = shelf::name(&key);
            return Err(StoreError::TooLong { record, length: value.len(), bound: RECORD });
        }
        let sealed = shelf::seal(&key, value);
        let _before = self.writes.insert(key, Some(sealed));
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "it stands beside `put` in one match")]
    fn remove(&mut self, key: Vec<u8>) -> Result<(), StoreError> {
        let _before = self.writes.insert(key, None);
        Ok(())
    }

    fn remove_all(&mut self, span: &Span) -> Result<(), StoreError> {
        for (key, _) in Look::range(self, span, usize::MAX, Order::Up)? {
            self.remove(key)?;
        }
        Ok(())
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Look::get(self, key)?.map(|sealed| shelf::open(key, sealed)).transpose()
    }
}

impl Look for Draft<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.writes.get(key) {
            Some(drafted) => Ok(drafted.clone()),
            None => self.look.get(key),
        }
    }

    fn range(&self, span: &Span, limit: usize, order: Order) -> Result<Vec<Pair>, StoreError> {
        if span.is_empty() {
            return Ok(Vec::new());
        }
        let drafted = self.writes.range(span.from.clone()..span.to.clone());
        // What the draft removes may fill the limit, so that many more are asked for.
        let reach = limit.saturating_add(drafted.clone().count());
        let mut held = self.look.range(span, reach, order)?.into_iter().collect::<BTreeMap<_, _>>();
        for (key, value) in drafted {
            let _before = match value {
                Some(value) => held.insert(key.clone(), value.clone()),
                None => held.remove(key),
            };
        }
        Ok(order.take(held.into_iter(), limit).collect())
    }
}

/// Gives the records that belong to `scid`, as they are on the shelf. One that fails its check is an
/// error: it is not carried on.
pub(super) fn belongings(look: &dyn Look, scid: &Scid) -> Result<Vec<Pair>, StoreError> {
    let mut pairs = Vec::new();
    for table in layout::IDENTITY.iter().chain([&shelf::BODY]) {
        pairs.extend(look.range(&table.span(&[scid.digest()]), usize::MAX, Order::Up)?);
    }
    for (key, sealed) in &pairs {
        let _value = shelf::open(key, sealed.clone())?;
    }
    let bodies = pairs.iter().filter(|(key, _)| shelf::BODY.holds(key));
    let hashes = bodies.filter_map(|(key, _)| key.last_chunk::<32>()).copied().collect::<Vec<_>>();
    for hash in hashes {
        for key in layout::owner_keys(&hash, scid) {
            if let Some(sealed) = look.get(&key)? {
                pairs.push((key, sealed));
            }
        }
    }
    Ok(pairs)
}

/// Says what to remove so that nothing stands on the damaged record `key`: all of the identity it
/// belongs to, or the record alone.
pub(super) fn without(key: &[u8]) -> Vec<Step> {
    let owner = owner(key).map(Step::Clear);
    owner.into_iter().chain([Step::Remove(key.to_vec())]).collect()
}

/// Gives the identity that the record `key` belongs to, if it belongs to one.
pub(super) fn owner(key: &[u8]) -> Option<Scid> {
    let belongs = layout::IDENTITY.iter().chain([&shelf::BODY]).any(|table| table.holds(key));
    let digest = key.get(1..33).and_then(|digest| digest.try_into().ok());
    digest.filter(|_| belongs).map(Scid::from_digest)
}

/// Counts the numbered records below `prefix`.
pub(super) fn count(look: &dyn Look, table: Table, prefix: &[u8]) -> Result<u64, StoreError> {
    let last = look.range(&table.span(&[prefix]), 1, Order::Down)?;
    let number = last.first().and_then(|(key, _)| layout::number_of(key));
    Ok(number.map_or(0, |number| number.saturating_add(1)))
}

/// Gives the number of the newest event.
pub(super) fn newest_event(look: &dyn Look) -> Result<u64, StoreError> {
    let key = layout::newest_event_key();
    let Some(sealed) = look.get(&key)? else { return Ok(0) };
    let value = shelf::open(&key, sealed)?;
    layout::number_of(&value).ok_or_else(|| StoreError::Damaged { record: shelf::name(&key) })
}

/// The longest value: a status list's bits, expanded, fit twice.
const RECORD: usize = 2 * 1024 * 1024;
