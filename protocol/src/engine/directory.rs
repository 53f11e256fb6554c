//! What this node knows of every identity, in a few hundred bytes each.

use super::config::Highest;
use crate::did::Scid;
use crate::did::log::History;
use crate::did::log::entry::VersionId;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::key::PublicKey;
use crate::policy::standing::Fork;
use crate::time::Timestamp;
use crate::wire::head::{Head, HeadHash, Position, Signed};
use std::collections::{BTreeMap, BTreeSet};

/// Every identity this node knows.
///
/// It holds two things of each: what is *held*, which may be evicted and comes back, and the *highest
/// seen*, which never goes down and never goes away.
#[derive(Debug, Default)]
pub(super) struct Directory {
    listings: BTreeMap<Scid, (Listing, Rank)>,
    highest: BTreeMap<Scid, Highest>,
    by_hash: BTreeMap<HeadHash, Scid>,
    /// Everything that may be evicted, what goes first in front.
    order: BTreeSet<(Rank, u64, Scid)>,
    held: Cost,
    /// Of this, what is never evicted.
    kept: Cost,
    /// Makes the order within a rank one that nobody outside can foresee.
    salt: u64,
}

/// How much an identity is worth when there is not room for all: the lowest goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Nobody this node trusts vouches for it, and it is in a shard this node did not choose.
    Stranger,
    /// As before, in a shard of this node's own.
    Neighbour,
    /// An attestor this node trusts vouches for it.
    Vouched,
    /// Our own, watched, trusted or promised to be kept: never evicted.
    Kept,
}

/// Where an offered head stands to what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The very head that is held.
    Same,
    /// Something higher was seen.
    Older,
    /// A newer head at the entry that is held, and about that very log: its key is among those known.
    Update,
    /// The same place as the head that is held, and other content.
    Conflicting,
    /// An entry that is not held, or not this one, or whose log nobody vouched for yet: the log has to
    /// tell.
    Elsewhere,
}

impl Directory {
    pub(super) fn new(listings: Vec<Listing>, highest: Vec<Highest>, salt: u64) -> Self {
        let mut directory = Self { salt, ..Self::default() };
        for highest in highest {
            directory.raise(highest);
        }
        for listing in listings {
            directory.insert(listing, Rank::Stranger);
        }
        directory
    }

    pub(super) fn get(&self, scid: &Scid) -> Option<&Listing> {
        self.listings.get(scid).map(|(listing, _)| listing)
    }

    pub(super) fn highest(&self, scid: &Scid) -> Option<Highest> {
        self.highest.get(scid).copied()
    }

    pub(super) fn by_hash(&self, hash: &HeadHash) -> Option<&Listing> {
        self.by_hash.get(hash).and_then(|scid| self.get(scid))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Listing> {
        self.listings.values().map(|(listing, _)| listing)
    }

    pub(super) fn len(&self) -> usize {
        self.listings.len()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.held.memory
    }

    /// Counts what all of it takes.
    pub(super) const fn held(&self) -> Cost {
        self.held
    }

    /// Counts what is never evicted.
    pub(super) const fn kept(&self) -> Cost {
        self.kept
    }

    /// Compares an offered head with what is known of its identity.
    pub(super) fn place(&self, head: &Signed) -> Place {
        let scid = head.head().scid;
        let Some(listing) = self.get(&scid) else {
            let seen = self.highest.get(&scid).map(Highest::position);
            let older = seen.is_some_and(|seen| head.head().position() < seen);
            return if older { Place::Older } else { Place::Elsewhere };
        };
        let offered = head.head();
        if listing.head_hash == Some(head.hash()) {
            return Place::Same;
        }
        // What stands of an undecided fork may be less than what was seen of it.
        let open = listing.fork == Fork::Open;
        let floor = if open { None } else { self.highest.get(&scid) };
        let floor =
            floor.map_or(listing.position(), |seen| seen.position().max(listing.position()));
        if offered.position() < floor {
            return Place::Older;
        }
        if offered.version_id() != listing.version() {
            return Place::Elsewhere;
        }
        let held = listing.head.as_ref().and_then(|held| Head::parse(held).ok());
        let Some(held) = held.as_ref().map(|held| held.unverified()) else {
            return Place::Elsewhere;
        };
        if offered.position() > listing.position() {
            // The log that is held is as long as the head that is held says. One that says otherwise is
            // wrong, or about the same entries spelled in another way.
            let alike = offered.log_length == held.log_length;
            return if alike { Place::Update } else { Place::Elsewhere };
        }
        if held != offered {
            return Place::Conflicting;
        }
        // Signed twice, the same content: all nodes keep the one with the lower hash.
        if listing.head_hash.is_some_and(|held| held < head.hash()) {
            Place::Older
        } else {
            Place::Update
        }
    }

    /// Notes something as seen; what was higher stays.
    pub(super) fn raise(&mut self, highest: Highest) -> bool {
        let seen = self.highest.get(&highest.scid).map(Highest::position);
        let higher = seen.is_none_or(|seen| highest.position() > seen);
        if higher {
            self.highest.insert(highest.scid, highest);
        }
        higher
    }

    pub(super) fn insert(&mut self, listing: Listing, rank: Rank) {
        self.remove(&listing.scid);
        self.raise(listing.highest());
        if let Some(hash) = listing.head_hash {
            self.by_hash.insert(hash, listing.scid);
        }
        self.held = self.held.with(listing.cost());
        self.count(&listing.scid, rank, listing.cost());
        self.listings.insert(listing.scid, (listing, rank));
    }

    /// Forgets what is held; the highest seen stays.
    pub(super) fn remove(&mut self, scid: &Scid) {
        let Some((listing, rank)) = self.listings.remove(scid) else { return };
        self.discount(scid, rank, listing.cost());
        self.held = self.held.without(listing.cost());
        if let Some(hash) = listing.head_hash {
            self.by_hash.remove(&hash);
        }
    }

    /// Says anew how much an identity is worth.
    pub(super) fn set_rank(&mut self, scid: &Scid, rank: Rank) {
        let Some((listing, held)) = self.listings.get_mut(scid) else { return };
        let (before, cost) = (core::mem::replace(held, rank), listing.cost());
        self.discount(scid, before, cost);
        self.count(scid, rank, cost);
    }

    fn count(&mut self, scid: &Scid, rank: Rank, cost: Cost) {
        if rank == Rank::Kept {
            self.kept = self.kept.with(cost);
        } else {
            self.order.insert((rank, tie(scid, self.salt), *scid));
        }
    }

    fn discount(&mut self, scid: &Scid, rank: Rank, cost: Cost) {
        if rank == Rank::Kept {
            self.kept = self.kept.without(cost);
        } else {
            self.order.remove(&(rank, tie(scid, self.salt), *scid));
        }
    }

    /// Takes out what there is no room for, the least worth first, and names it.
    pub(super) fn evict(&mut self, budget: u64) -> Vec<Scid> {
        let mut gone = Vec::new();
        while !self.held.fits(budget) {
            let Some((_, _, scid)) = self.order.first().copied() else { break };
            self.remove(&scid);
            gone.push(scid);
        }
        gone
    }
}

/// What holding identities takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cost {
    /// Bytes of heads, keys and indexes.
    pub(super) memory: u64,
    /// Bytes of logs, witness files and showcases.
    pub(super) disk: u64,
}

impl Cost {
    fn with(self, other: Self) -> Self {
        Self {
            memory: self.memory.saturating_add(other.memory),
            disk: self.disk.saturating_add(other.disk),
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            memory: self.memory.saturating_sub(other.memory),
            disk: self.disk.saturating_sub(other.disk),
        }
    }

    /// Tells whether it is within a budget for heads, and [`DISK`] times as much for what they name.
    pub(super) fn fits(self, budget: u64) -> bool {
        self.memory <= budget && self.disk <= budget.saturating_mul(DISK)
    }
}

/// Puts identities of one rank into an order that an attacker cannot aim at.
pub(super) fn tie(scid: &Scid, salt: u64) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *scid.digest();
    super::dice::Dice::new(u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ salt).roll()
}

/// What is held of one identity, enough to judge its next head without its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Which.
    pub scid: Scid,
    /// The number of the newest entry that stands.
    pub number: u64,
    /// The hash of that entry.
    pub digest: [u8; 32],
    /// The keys that may sign its head: `authentication` of the document at that entry.
    pub keys: Vec<PublicKey>,
    /// The sealed head, verified; none if only the log is held.
    pub head: Option<Vec<u8>>,
    /// The hash of that head.
    pub head_hash: Option<HeadHash>,
    /// The sequence of that head.
    pub sequence: u64,
    /// SHA-256 of the showcase that head names.
    pub showcase: Option<[u8; 32]>,
    /// The identity is deactivated: nothing follows.
    pub deactivated: bool,
    /// When the newest entry was made, as it says: the same on every node.
    pub updated: Timestamp,
    /// An attestor this node trusts vouches for it, in the open.
    pub vouched: bool,
    /// Whether there is a fork proof about it, and whether it is decided.
    pub fork: Fork,
    /// What it takes on the disk.
    pub held: Held,
}

/// The bytes of one identity on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Its log and witness file.
    pub log: u64,
    /// What it shows.
    pub showcase: u64,
}

impl Listing {
    /// Makes the listing of an identity that stands at `standing`, with the head that names it.
    pub(super) fn of(standing: &History, head: Option<&Signed>) -> Self {
        let version = standing.version_id();
        let keys = standing.document().authentication_keys().take(MAX_KEYS).copied().collect();
        Self {
            scid: standing.scid(),
            number: version.number,
            digest: version.digest,
            keys,
            head: head.map(|head| head.bytes().to_vec()),
            head_hash: head.map(Signed::hash),
            sequence: head.map_or(0, |head| head.head().sequence),
            showcase: head.and_then(|head| head.head().showcase).map(|showcase| showcase.hash),
            deactivated: standing.is_deactivated(),
            updated: standing.updated(),
            vouched: false,
            fork: Fork::None,
            held: Held { log: u64::try_from(standing.length()).unwrap_or(u64::MAX), showcase: 0 },
        }
    }

    /// Gives the name of the entry that stands: the newest of the log that is held.
    #[must_use]
    pub const fn version(&self) -> VersionId {
        VersionId { number: self.number, digest: self.digest }
    }

    /// Gives its place among all there was of this identity.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { version: self.number, sequence: self.sequence }
    }

    /// Tells whether it answers who this identity is: by a head, or by a fork nobody can decide.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.head.is_some() || matches!(self.fork, Fork::Open)
    }

    /// Gives the same identity with a newer head at the same entry.
    pub(super) fn with_head(&self, head: &Signed) -> Self {
        Self {
            head: Some(head.bytes().to_vec()),
            head_hash: Some(head.hash()),
            sequence: head.head().sequence,
            showcase: head.head().showcase.map(|showcase| showcase.hash),
            ..self.clone()
        }
    }

    /// Gives what is to be remembered when the rest is forgotten.
    #[must_use]
    pub const fn highest(&self) -> Highest {
        let Self { scid, number, digest, sequence, .. } = *self;
        Highest { scid, number, digest, sequence }
    }

    /// Counts what holding it costs: its head and keys, and what the indexes around it take.
    fn cost(&self) -> Cost {
        let head = self.head.as_ref().map_or(0, Vec::len);
        let keys = self.keys.len().saturating_mul(KEY_COST);
        let memory = u64::try_from(head.saturating_add(keys)).unwrap_or(u64::MAX);
        Cost {
            memory: memory.saturating_add(LISTING_COST),
            disk: self.held.log.saturating_add(self.held.showcase),
        }
    }
}

impl Highest {
    /// Gives its place among all there was of this identity.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { version: self.number, sequence: self.sequence }
    }
}

impl Record for Listing {
    fn write(&self, to: &mut Writer) {
        // As before it said what it takes, where there is nothing to say.
        let sized = self.held != Held::default();
        to.array(if sized { MEMBERS } else { MEMBERS_BEFORE });
        to.record(&self.scid);
        to.unsigned(self.number);
        to.bytes(&self.digest);
        to.records(&self.keys);
        to.optional(self.head.as_ref(), |to, head| to.bytes(head));
        to.unsigned(self.sequence);
        to.optional(self.showcase.as_ref(), |to, hash| to.bytes(hash));
        to.unsigned(u64::from(self.deactivated));
        to.record(&self.updated);
        to.unsigned(u64::from(self.vouched));
        to.unsigned(match self.fork {
            Fork::None => 0,
            Fork::Settled => 1,
            Fork::Open => 2,
        });
        if sized {
            to.unsigned(self.held.log);
            to.unsigned(self.held.showcase);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let members = from.array_up_to(MEMBERS)?;
        if members != MEMBERS && members != MEMBERS_BEFORE {
            return Err(from.malformed("a listing"));
        }
        let (scid, number, digest) = (Scid::read(from)?, from.unsigned()?, from.fixed()?);
        let keys = from.records(MAX_KEYS)?;
        let head = from.optional(|from| from.bytes().map(<[u8]>::to_vec))?;
        let head_hash = head.as_deref().map(HeadHash::of);
        Ok(Self {
            scid,
            number,
            digest,
            keys,
            head,
            head_hash,
            sequence: from.unsigned()?,
            showcase: from.optional(Reader::fixed)?,
            deactivated: flag(from)?,
            updated: Timestamp::read(from)?,
            vouched: flag(from)?,
            fork: match from.unsigned()? {
                0 => Fork::None,
                1 => Fork::Settled,
                2 => Fork::Open,
                _ => return Err(from.malformed("a state of a fork")),
            },
            held: match members {
                MEMBERS => Held { log: from.unsigned()?, showcase: from.unsigned()? },
                _ => Held::default(),
            },
        })
    }
}

fn flag(from: &mut Reader<'_>) -> Result<bool, CborError> {
    match from.unsigned()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(from.malformed("0 or 1")),
    }
}

/// More authentication keys than a person or an attestor has devices; further ones cannot sign
/// heads.
pub const MAX_KEYS: usize = 8;

/// How many members a listing has, and had before it said what it takes on the disk.
const MEMBERS: usize = 13;
const MEMBERS_BEFORE: usize = 11;

/// Bytes on the disk for each byte of the budget for heads: a head of about a kilobyte names a log of
/// two or three and a showcase of as many, seldom more; half of the room is for those.
pub const DISK: u64 = 16;

/// What a key takes once it is decoded.
const KEY_COST: usize = 200;

/// What a listing takes beside its head and keys: names, hashes, and its places in four indexes.
const LISTING_COST: u64 = 500;

/// The bytes of a listing as it is stored: a head, its keys and a few numbers.
pub const LISTING: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::cbor::{decode, encode};
    use crate::key::SecretKey;
    use crate::wire::head::{Showcase, Stamp};
    use crate::wire::sample::{key, network, parameters, scid};

    #[test]
    fn a_listing_reads_back() {
        let listing = Listing {
            number: 3,
            keys: vec![SecretKey::from_seed([3; 32]).public()],
            sequence: 5,
            showcase: Some([6; 32]),
            deactivated: true,
            fork: Fork::Open,
            held: Held { log: 8, showcase: 9 },
            ..stranger(1)
        };
        assert_eq!(decode::<Listing>(&encode(&listing), LISTING), Ok(listing));
    }

    fn stranger(byte: u8) -> Listing {
        Listing {
            scid: Scid::from_digest([byte; 32]),
            number: 1,
            digest: [2; 32],
            keys: Vec::new(),
            head: Some(vec![byte; 250]),
            head_hash: Some(HeadHash::of(&[byte; 250])),
            sequence: 1,
            showcase: None,
            deactivated: false,
            updated: Timestamp::from_seconds(7),
            vouched: false,
            fork: Fork::None,
            held: Held { log: 2000, showcase: 0 },
        }
    }

    #[test]
    fn a_head_is_placed_by_its_entry_then_its_sequence_then_its_hash() {
        let head = Head {
            scid: scid(1),
            version: 3,
            version_digest: [2; 32],
            log_length: 99,
            showcase: None,
            sequence: 5,
            stamp: Stamp::mine(&scid(1), &network(), 12, 0, 1 << 20).unwrap(),
            key: key(1).public(),
        };
        let sign = |head: Head| Signed::open(&head.seal(&network(), &key(1)), &parameters());
        let held = sign(head.clone()).unwrap();
        let listing = Listing { number: 3, ..stranger(1) }.with_head(&held);
        let place = |listing: &Listing, head: Head| {
            let mut directory = Directory::default();
            directory.insert(listing.clone(), Rank::Stranger);
            directory.place(&sign(head).unwrap())
        };
        let showcase = Some(Showcase { version: 1, hash: [3; 32] });
        for (expected, offered) in [
            (Place::Same, head.clone()),
            (Place::Older, Head { sequence: 4, ..head.clone() }),
            (Place::Update, Head { sequence: 6, ..head.clone() }),
            (Place::Conflicting, Head { showcase, ..head.clone() }),
            // Whoever stole the key for heads cannot outbid the next entry of the log, nor go back.
            (Place::Elsewhere, Head { version: 4, sequence: 1, ..head.clone() }),
            (Place::Older, Head { version: 2, sequence: u64::MAX, ..head.clone() }),
            (Place::Elsewhere, Head { version_digest: [4; 32], ..head.clone() }),
            (Place::Elsewhere, Head { sequence: 6, log_length: 98, ..head.clone() }),
        ] {
            assert_eq!(place(&listing, offered.clone()), expected, "{offered:?}");
        }
        // A signer can sign one content twice: all nodes keep the same of the two.
        for (hash, expected) in [([0; 32], Place::Older), ([255; 32], Place::Update)] {
            let head_hash = Some(HeadHash::from_bytes(hash));
            assert_eq!(place(&Listing { head_hash, ..listing.clone() }, head.clone()), expected);
        }
    }

    #[test]
    fn strangers_go_first_the_vouched_last_and_the_kept_never() {
        let ranks = [Rank::Kept, Rank::Vouched, Rank::Neighbour, Rank::Stranger];
        let mut directory = Directory::new(Vec::new(), Vec::new(), 9);
        for byte in 0..100 {
            directory.insert(stranger(byte), ranks[usize::from(byte % 4)]);
        }
        let all = directory.bytes();
        assert_eq!(directory.kept().memory, all / 4);
        let rank = |scid: &Scid| scid.digest()[0] % 4;
        assert!(directory.evict(all * 3 / 4).iter().all(|scid| rank(scid) == 3));
        assert!(directory.evict(all / 2).iter().all(|scid| rank(scid) == 2));
        assert!(directory.evict(0).iter().all(|scid| rank(scid) == 1));
        assert_eq!((directory.len(), directory.bytes()), (25, directory.kept().memory));
        // Of what went, the highest seen is still known.
        assert!(directory.highest(&Scid::from_digest([3; 32])).is_some());
        directory.set_rank(&Scid::from_digest([0; 32]), Rank::Stranger);
        assert_eq!(directory.evict(0), [Scid::from_digest([0; 32])]);
    }

    #[test]
    fn long_logs_and_large_showcases_take_room_too() {
        let mut directory = Directory::new(Vec::new(), Vec::new(), 9);
        (0..10).for_each(|byte| directory.insert(stranger(byte), Rank::Stranger));
        let budget = directory.bytes().saturating_mul(2);
        assert!(directory.evict(budget).is_empty());
        let held = Held { log: budget * DISK, showcase: 48 * 1024 };
        directory.insert(Listing { held, ..stranger(10) }, Rank::Kept);
        assert_eq!(directory.evict(budget).len(), 10, "its log leaves no room for anybody");
        let before = directory.held();
        directory.insert(stranger(10), Rank::Kept);
        assert!(directory.held().disk < before.disk, "a shorter log gives room back");
    }

    #[test]
    fn a_listing_from_before_says_nothing_of_its_size() {
        let listing = Listing { held: Held::default(), ..stranger(1) };
        let bytes = encode(&listing);
        assert_eq!(bytes[0], 0x8b, "eleven members, as it always had");
        assert_eq!(decode::<Listing>(&bytes, LISTING), Ok(listing));
    }

    #[test]
    fn what_an_attacker_adds_is_as_likely_to_go_as_what_was_there() {
        let mut directory = Directory::new(Vec::new(), Vec::new(), 9);
        (0..50).for_each(|byte| directory.insert(stranger(byte), Rank::Stranger));
        let budget = directory.bytes();
        (50..100).for_each(|byte| directory.insert(stranger(byte), Rank::Stranger));
        let gone = directory.evict(budget);
        let old = gone.iter().filter(|scid| scid.digest()[0] < 50).count();
        assert!((15..=35).contains(&old), "{old} of 50 that went were there before");
    }
}
