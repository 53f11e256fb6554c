//! Status lists: opening them, giving out indexes, saying that they stand.

use super::audit::{self, Deed};
use super::row::{ListRow, list_key, read};
use super::{Ledger, LedgerError, Notice, entry, put};
use crate::ground::books::{Change, Expect};
use crate::revocation::{self, Pen, Said};
use countersign_protocol::status::Entry;
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::ledger::State;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;

/// An index that was found free, and is used once the changes beside it are written.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) entry: Entry,
    /// What uses it up.
    pub(super) changes: Vec<Change>,
    /// The list that is opened in the same step, where this was the last index of its own.
    pub(super) next: Option<Fresh>,
}

/// A list that is opened once its changes are written.
#[derive(Debug)]
pub(super) struct Fresh {
    number: u64,
    changes: Vec<Change>,
    deed: Deed,
    /// What says that it is there.
    notice: Notice,
}

impl Seat {
    /// Adds everything that is written beside a claim: the index, the next list if there is one, and the
    /// links of the audit chain, `deed` last. Gives what is to be told.
    pub(super) fn write_with(
        self,
        changes: &mut Vec<Change>,
        deed: Deed,
        mut end: audit::End,
        now: Timestamp,
    ) -> Result<Vec<Notice>, LedgerError> {
        let mut tell = Vec::new();
        let next = self.next;
        changes.extend(self.changes);
        if let Some(next) = next {
            changes.extend(next.changes);
            changes.push(end.add(now, next.deed)?);
            tell.push(next.notice);
        }
        changes.push(end.add(now, deed)?);
        Ok(tell)
    }
}

/// What has to be written to take over what the network knows of a list.
#[derive(Debug)]
pub(super) struct Adopted {
    pub(super) number: u64,
    pub(super) changes: Vec<Change>,
}

impl Ledger {
    /// Opens a new list; indexes are given in no other from now on.
    ///
    /// The first start needs it, and so do books that were put back to what they were before: which
    /// indexes the lost days used is not known any more.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn open_list(&self, restored: bool, pen: &Pen) -> Result<u64, LedgerError> {
        let _writer = self.write_alone();
        let mut changes = Vec::new();
        for (bytes, mut row) in self.lists()? {
            if row.open {
                row.open = false;
                let key = list_key(row.number, None);
                changes.push(put(LISTS, key, Expect::Exactly(bytes), &row)?);
            }
        }
        let fresh = self.fresh(restored, pen)?;
        changes.extend(fresh.changes);
        changes.push(audit::link(&*self.books, pen.by, pen.now, fresh.deed)?);
        self.books.write(changes)?;
        Ok(fresh.number)
    }

    /// Makes a list that nobody has an index in.
    fn fresh(&self, restored: bool, pen: &Pen) -> Result<Fresh, LedgerError> {
        // Drawn, and not counted: books that lost days do not know which numbers those used.
        let number = 1 + rand::random::<u64>() % NUMBERS;
        let row = ListRow { number, sequence: 0, tip: None, said: pen.now, used: 0, open: true };
        let said = revocation::heartbeat(&row, Bits::new(bounds::STATUS_ENTRIES), pen);
        Ok(Fresh {
            number,
            changes: self.store(&said, Expect::Nothing)?,
            deed: Deed::Opened { list: number, restored },
            notice: Notice { statement: said.statement, list: said.list },
        })
    }

    /// Tells whether there is a list that gives out indexes.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn has_open_list(&self) -> Result<bool, LedgerError> {
        Ok(self.lists()?.iter().any(|(_, row)| row.open))
    }

    /// Gives the numbers of all lists.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn list_numbers(&self) -> Result<Vec<u64>, LedgerError> {
        Ok(self.lists()?.into_iter().map(|(_, row)| row.number).collect())
    }

    /// Says of every list that it stands as it did, and gives what is to be told.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn heartbeat(&self, pen: &Pen) -> Result<Vec<Notice>, LedgerError> {
        let _writer = self.write_alone();
        let mut notices = Vec::new();
        for (bytes, row) in self.lists()? {
            let said = revocation::heartbeat(&row, self.bits(row.number)?, pen);
            self.books.write(self.store(&said, Expect::Exactly(bytes))?)?;
            notices.push(Notice { statement: said.statement, list: said.list });
        }
        Ok(notices)
    }

    /// Gives what was said last of every list that changed: told again after a restart, because a
    /// crash may have come between writing and telling.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn last_changes(&self) -> Result<Vec<Notice>, LedgerError> {
        let mut notices = Vec::new();
        for (_, row) in self.lists()? {
            let key = list_key(row.number, Some(row.sequence));
            if let Some(statement) = self.books.row(STATEMENTS, &key)? {
                let list = self.signed_list(row.number)?.unwrap_or_default();
                notices.push(Notice { statement, list });
            }
        }
        Ok(notices)
    }

    /// Gives a list as a credential, as it was signed last.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn signed_list(&self, number: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.books.row(SIGNED, &list_key(number, None))?)
    }

    /// Finds a free index in the open list; with its last one, the next list is opened.
    pub(super) fn seat(
        &self,
        pen: &Pen,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Seat, LedgerError> {
        let open = self.lists()?.into_iter().find(|(_, row)| row.open);
        let (bytes, mut row) = open.ok_or(LedgerError::Damaged { what: "the open list" })?;
        let count = self.bits(row.number)?.count();
        for _ in 0..MOST_DRAWS {
            let index = draw() % count.max(1);
            let key = list_key(row.number, Some(index));
            if self.books.row(INDEXES, &key)?.is_some() {
                continue;
            }
            row.used = row.used.saturating_add(1);
            row.open = row.used < most(count);
            let next = if row.open { None } else { Some(self.fresh(false, pen)?) };
            let list = list_key(row.number, None);
            let changes = vec![
                Change::Put { table: INDEXES, key, expect: Expect::Nothing, bytes: Vec::new() },
                put(LISTS, list, Expect::Exactly(bytes), &row)?,
            ];
            return Ok(Seat { entry: entry(pen, row.number, index), changes, next });
        }
        Err(LedgerError::NoIndex { list: row.number })
    }

    /// Gives the rows of all lists.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub(crate) fn list_rows(&self) -> Result<Vec<ListRow>, LedgerError> {
        Ok(self.lists()?.into_iter().map(|(_, row)| row).collect())
    }

    pub(super) fn lists(&self) -> Result<Vec<(Vec<u8>, ListRow)>, LedgerError> {
        // A list has room for a hundred thousand claims: there are never many.
        let rows = self.books.rows(LISTS, None, MOST_LISTS)?;
        rows.into_iter()
            .map(|(_, bytes)| {
                let row = read(&bytes, "a status list")?;
                Ok((bytes, row))
            })
            .collect()
    }

    pub(super) fn bits(&self, number: u64) -> Result<Bits, LedgerError> {
        let damaged = || LedgerError::Damaged { what: "the bits of a status list" };
        let text = self.books.row(BITS, &list_key(number, None))?.ok_or_else(damaged)?;
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        Bits::decode(&text).map_err(|_| damaged())
    }

    /// Gives the changes that take over what is known of a list, if that is newer than its row.
    pub(super) fn adopt(&self, known: &State) -> Result<Option<Adopted>, LedgerError> {
        let number = known.list();
        let found = self.lists()?.into_iter().find(|(_, row)| row.number == number);
        let Some((bytes, row)) = found else { return Ok(None) };
        if (known.sequence(), known.as_of()) <= (row.sequence, row.said) {
            return Ok(None);
        }
        let row =
            ListRow { sequence: known.sequence(), tip: known.tip(), said: known.as_of(), ..row };
        let key = || list_key(number, None);
        let bits = known.bits().encode().into_bytes();
        let expect = Expect::Anything;
        let changes = vec![
            put(LISTS, key(), Expect::Exactly(bytes), &row)?,
            Change::Put { table: BITS, key: key(), expect, bytes: bits },
        ];
        Ok(Some(Adopted { number, changes }))
    }

    /// Gives the changes that make what was said durable.
    pub(super) fn store(&self, said: &Said, expect: Expect) -> Result<Vec<Change>, LedgerError> {
        let number = said.row.number;
        let key = || list_key(number, None);
        let anything =
            |table, key, bytes| Change::Put { table, key, expect: Expect::Anything, bytes };
        let mut changes = vec![
            put(LISTS, key(), expect, &said.row)?,
            anything(BITS, key(), said.bits.encode().into_bytes()),
            anything(SIGNED, key(), said.list.clone()),
        ];
        let at = list_key(number, Some(said.row.sequence));
        if self.books.row(STATEMENTS, &at)?.is_none() && said.row.sequence > 0 {
            let bytes = said.statement.clone();
            changes.push(Change::Put {
                table: STATEMENTS,
                key: at,
                expect: Expect::Nothing,
                bytes,
            });
        }
        Ok(changes)
    }
}

/// Gives out three quarters of a list: until then a draw finds a free index soon.
pub(super) const fn most(count: u64) -> u64 {
    count / 4 * 3
}

pub(super) const LISTS: &str = "attestor.lists";
pub(super) const BITS: &str = "attestor.bits";
pub(super) const SIGNED: &str = "attestor.signed-lists";
pub(super) const STATEMENTS: &str = "attestor.statements";
pub(super) const INDEXES: &str = "attestor.indexes";

/// With a quarter free, a hundred draws all miss once in a trillion.
const MOST_DRAWS: u32 = 100;

const MOST_LISTS: usize = 10_000;

/// Numbers of lists are drawn below this one: the books refuse one they know, and two of a thousand
/// lists that do not know each other have one number once in ten million attestors.
const NUMBERS: u64 = 1 << 42;
