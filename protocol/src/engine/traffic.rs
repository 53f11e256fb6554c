//! What a node spends on the network in a day and a month, and what it leaves when that is enough.
//!
//! The owner may say how many bytes a day are enough. From then on the node does nothing for others
//! until the next day: it answers their questions with *busy*, passes on no gossip but what takes
//! something back or proves a fork, and carries nobody's connections. What its owner does goes on. A
//! node that others reach for its owner's sake, such as an attestor, goes on giving what is its
//! owner's; a home does not, for what it alone still gives would tell whose home it is.
//!
//! A day is one of UTC. Each day has one budget, whatever the clock does: a clock that is set back
//! stays in the day it had reached, and is believed again after as long as a day takes.

use super::effect::{Change, Effect};
use super::{Engine, config};
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::exchange::{Request, want};

/// Bytes to peers and from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bytes {
    /// From them.
    pub received: u64,
    /// To them.
    pub sent: u64,
}

impl Bytes {
    /// Counts both ways together.
    #[must_use]
    pub const fn both(self) -> u64 {
        self.received.saturating_add(self.sent)
    }

    const fn plus(self, more: Self) -> Self {
        Self {
            received: self.received.saturating_add(more.received),
            sent: self.sent.saturating_add(more.sent),
        }
    }

    const fn since(self, before: Self) -> Self {
        Self {
            received: self.received.saturating_sub(before.received),
            sent: self.sent.saturating_sub(before.sent),
        }
    }
}

/// What was spent, as it is kept over restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Book {
    /// The newest day there was, counted from 1970.
    day: u64,
    /// Seconds the node ran in it.
    ran: u64,
    today: Bytes,
    /// The newest month there was, counted from the year 0.
    month: u64,
    this_month: Bytes,
}

impl Book {
    /// Adds what was spent in the last seconds, in the day it is.
    fn add(&mut self, spent: Bytes, seconds: u64, now: Timestamp) {
        self.ran = self.ran.saturating_add(seconds);
        let (day, month) = (now.seconds() / DAY, month_of(now));
        if day > self.day || self.ran >= LONGEST_DAY {
            // Never an earlier one: each day has one budget.
            self.day = self.day.max(day);
            self.ran = 0;
            self.today = Bytes::default();
        }
        if month > self.month {
            self.month = month;
            self.this_month = Bytes::default();
        }
        self.today = self.today.plus(spent);
        self.this_month = self.this_month.plus(spent);
    }
}

/// What was spent, and whether it is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Today.
    pub today: Bytes,
    /// This month.
    pub month: Bytes,
    /// How many bytes a day are enough; none where nobody said.
    pub cap: Option<u64>,
    /// Whether nothing is done for others until the next day.
    pub spent: bool,
}

/// The book of a node that runs.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    book: Book,
    /// What was counted since the start, when it was last told, and when it was last saved.
    counted: Bytes,
    told_ms: u64,
    saved_ms: u64,
    spent: bool,
}

impl Traffic {
    /// Tells whether the bytes of the day are spent, so that nothing is done for others.
    pub(super) const fn is_spent(&self) -> bool {
        self.spent
    }

    pub(super) fn new(book: Option<Book>) -> Self {
        Self { book: book.unwrap_or_default(), ..Self::default() }
    }
}

impl Engine {
    /// Goes on where the book of before ends.
    pub(super) fn start_traffic(&mut self) {
        self.traffic.told_ms = self.now.monotonic_ms;
        self.traffic.saved_ms = self.now.monotonic_ms;
        self.count_traffic(Bytes::default());
    }

    /// Takes in how many bytes the network counted since the start.
    pub(super) fn count_traffic(&mut self, counted: Bytes) {
        let now_ms = self.now.monotonic_ms;
        let spent = counted.since(self.traffic.counted);
        let seconds = now_ms.saturating_sub(self.traffic.told_ms) / 1000;
        self.traffic.counted = counted;
        // What is left of a second counts the next time.
        self.traffic.told_ms = self.traffic.told_ms.saturating_add(seconds.saturating_mul(1000));
        self.traffic.book.add(spent, seconds, self.now.wall);
        self.heed_cap();
        if now_ms.saturating_sub(self.traffic.saved_ms) >= SAVED_EVERY_MS {
            self.save_traffic();
        }
    }

    /// Begins or ends the time in which nothing is done for others.
    pub(super) fn heed_cap(&mut self) {
        let cap = self.config.traffic;
        let spent = cap.is_some_and(|cap| self.traffic.book.today.both() >= cap);
        if spent != self.traffic.spent {
            self.traffic.spent = spent;
            // It is on the disk before anybody notices.
            self.save_traffic();
            self.effects.push(Effect::Lend { on: !spent });
        }
    }

    pub(super) fn save_traffic(&mut self) {
        self.traffic.saved_ms = self.now.monotonic_ms;
        self.save(Change::Traffic(self.traffic.book));
    }

    pub(super) fn traffic_report(&self) -> Report {
        let Book { today, this_month: month, .. } = self.traffic.book;
        Report { today, month, cap: self.config.traffic, spent: self.traffic.spent }
    }

    /// Tells whether a question is left until tomorrow.
    pub(super) fn is_spent_for(&self, request: &Request) -> bool {
        self.traffic.spent && !self.is_due_all_the_same(request)
    }

    fn is_due_all_the_same(&self, request: &Request) -> bool {
        // Who is greeted knows the time, and that somebody is there.
        if let Request::Hello(_) = request {
            return true;
        }
        let own = &self.config.own;
        self.config.role == config::Role::Keeper
            && match request {
                Request::Log(wanted) => own.contains(&wanted.scid),
                Request::Status(want::Status { issuer, .. }) => own.contains(issuer),
                Request::Heads(want::Heads { scids, hashes }) => {
                    hashes.is_empty() && scids.iter().all(|scid| own.contains(scid))
                }
                Request::Fresh(scids) => scids.iter().all(|scid| own.contains(scid)),
                Request::Body(hash) => self.forks.knows(hash) || self.is_own_body(hash),
                Request::Hello(_)
                | Request::Deposit(_)
                | Request::Digests(_)
                | Request::Sketch(_)
                | Request::Cosign(_)
                | Request::Forks(_)
                | Request::Profiles(_) => false,
            }
    }

    /// Tells whether this is a showcase, a profile or a status list of this node's owner.
    fn is_own_body(&self, hash: &[u8; 32]) -> bool {
        self.config.own.iter().any(|scid| {
            let showcase = self.directory.get(scid).and_then(|listing| listing.showcase);
            let profile = self.profiles.get(scid).map(|(profile, _)| *profile);
            showcase == Some(*hash)
                || profile == Some(*hash)
                || self.statuses.begins_with(scid, hash)
        })
    }

    /// Judges a message that others would be glad to have passed on.
    pub(super) fn judge_for_others(&mut self, token: u64, verdict: Verdict) {
        let left = self.traffic.spent && verdict == Verdict::Accept;
        self.judge(token, if left { Verdict::Ignore } else { verdict });
    }
}

impl Record for Bytes {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.received);
        to.unsigned(self.sent);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { received: from.unsigned()?, sent: from.unsigned()? })
    }
}

impl Record for Book {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        to.unsigned(self.day);
        to.unsigned(self.ran);
        to.record(&self.today);
        to.unsigned(self.month);
        to.record(&self.this_month);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        Ok(Self {
            day: from.unsigned()?,
            ran: from.unsigned()?,
            today: Bytes::read(from)?,
            month: from.unsigned()?,
            this_month: Bytes::read(from)?,
        })
    }
}

/// Counts the months from the year 0 to the one `now` is in.
fn month_of(now: Timestamp) -> u64 {
    // RFC 3339, section 5.6: `2026-11-22T…`.
    let text = now.to_string();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|it| it.parse::<u64>().ok());
    let (year, month) = (number(0, 4).unwrap_or_default(), number(5, 7).unwrap_or_default());
    year.saturating_mul(12).saturating_add(month)
}

/// The most bytes a saved [`Book`] has.
pub const BOOK: usize = 128;

const DAY: u64 = 86_400;

/// After so many seconds of running a day is over, whatever the clock says: one that was years ahead and
/// was set right would else never see another day. An hour more than a day has, so that midnight comes
/// first.
const LONGEST_DAY: u64 = DAY + 3_600;

/// How often the book is saved: what a power cut loses of it is a minute's.
const SAVED_EVERY_MS: u64 = 60_000;
