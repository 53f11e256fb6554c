//! What has to lie beside a claim so that it can be checked with no network at all.
//!
//! A [`Staple`] is a file: for the subject and each issuer the log, the witness file, the head and what
//! witnesses said of its freshness; for each status list the list and its statements. Every part
//! proves itself, exactly as it does when a peer sends it, so a staple is believed because of what is in
//! it and never because of who made it. What it cannot show is what happened after it was made: that is
//! for the policy's limits on age.
//!
//! It is CBOR and not JSON because its parts are kept byte for byte: logs are hashed as they were
//! written, heads and statements are binary already, and nothing grows by a third.

use super::bounds;
use super::member::{bytes_up_to, many_bytes, write_many_bytes};
use super::network::Parameters;
use crate::did::Scid;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};

/// What shows how some identities and status lists stood at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staple {
    /// The network it is from: heads and statements count there alone.
    pub parameters: Parameters,
    /// The subject and the issuers.
    pub identities: Vec<Identity>,
    /// The status lists the claims name.
    pub lists: Vec<List>,
}

/// What shows how one identity stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Whose log it is said to be; the log shows whether it is.
    pub scid: Scid,
    /// The log, JSON Lines, byte for byte.
    pub log: Vec<u8>,
    /// The did:webvh witness file, if the identity has witnesses.
    pub witness: Option<Vec<u8>>,
    /// The sealed head, if it was known.
    pub head: Option<Vec<u8>>,
    /// Freshness proofs of that head, one for each witness that gave one.
    pub freshness: Vec<Vec<u8>>,
}

/// What shows how one status list stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Whose list it is.
    pub issuer: Scid,
    /// Which of the issuer's lists.
    pub number: u64,
    /// The list as a credential, JSON, byte for byte.
    pub credential: Vec<u8>,
    /// The sealed statements behind it, in order.
    pub statements: Vec<Vec<u8>>,
}

impl Staple {
    /// Tells whether a file says it is a staple, so that a program can guess what it was given.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.get(2..).is_some_and(|bytes| bytes.starts_with(MAGIC.as_bytes()))
    }

    /// Reads a staple. Each of its parts is still to be verified.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] for bytes that are no staple or over a bound. Fault of whoever made it.
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        cbor::decode(bytes, bounds::STAPLE)
    }

    /// Writes the staple, its parts in order.
    ///
    /// # Errors
    ///
    /// Returns [`CborError::TooLong`] if there is more in it than a staple may have.
    pub fn to_bytes(mut self) -> Result<Vec<u8>, CborError> {
        self.identities.sort_by_key(|identity| identity.scid);
        self.lists.sort_by_key(List::place);
        let bytes = cbor::encode(&self);
        if bytes.len() > bounds::STAPLE {
            return Err(CborError::TooLong { length: bytes.len(), bound: bounds::STAPLE });
        }
        Ok(bytes)
    }

    /// Finds what it says about one identity.
    #[must_use]
    pub fn identity(&self, scid: &Scid) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.scid == *scid)
    }

    /// Finds what it says about one status list.
    #[must_use]
    pub fn list(&self, issuer: &Scid, number: u64) -> Option<&List> {
        self.lists.iter().find(|list| list.issuer == *issuer && list.number == number)
    }
}

impl List {
    const fn place(&self) -> (Scid, u64) {
        (self.issuer, self.number)
    }
}

impl Record for Staple {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.text(MAGIC);
        to.record(&self.parameters);
        to.records(&self.identities);
        to.records(&self.lists);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        if from.text()? != MAGIC {
            return Err(from.malformed("the word that begins a staple"));
        }
        let parameters = Parameters::read(from)?;
        let identities = from.records::<Identity>(MAX_IDENTITIES)?;
        let lists = from.records::<List>(MAX_LISTS)?;
        // One place, one answer: two readers must not take different ones.
        if !identities.is_sorted_by(|one, two| one.scid < two.scid)
            || !lists.is_sorted_by(|one, two| one.place() < two.place())
        {
            return Err(from.malformed("each identity and each list once, in order"));
        }
        Ok(Self { parameters, identities, lists })
    }
}

impl Record for Identity {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        to.record(&self.scid);
        to.bytes(&self.log);
        to.optional(self.witness.as_ref(), |to, file| to.bytes(file));
        to.optional(self.head.as_ref(), |to, head| to.bytes(head));
        write_many_bytes(to, &self.freshness);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        Ok(Self {
            scid: Scid::read(from)?,
            log: bytes_up_to(from, bounds::LOG)?,
            witness: from.optional(|from| bytes_up_to(from, bounds::WITNESS_FILE))?,
            head: from.optional(|from| bytes_up_to(from, bounds::HEAD))?,
            freshness: many_bytes(from, MAX_PROOFS, bounds::FRESHNESS)?,
        })
    }
}

impl Record for List {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.record(&self.issuer);
        to.unsigned(self.number);
        to.bytes(&self.credential);
        write_many_bytes(to, &self.statements);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        Ok(Self {
            issuer: Scid::read(from)?,
            number: from.unsigned()?,
            credential: bytes_up_to(from, bounds::STATUS_LIST)?,
            statements: many_bytes(from, MAX_STATEMENTS, bounds::STATEMENT)?,
        })
    }
}

/// What a staple begins with.
const MAGIC: &str = "countersign:staple:1";

/// The most identities: a subject, and the attestors of a presentation's claims.
pub const MAX_IDENTITIES: usize = 16;
/// The most status lists: a revocation and a suspension list for each claim.
pub const MAX_LISTS: usize = 32;
/// The most freshness proofs of one head.
pub const MAX_PROOFS: usize = 8;
/// The most statements behind one list: beyond them an attestor signs a new list.
pub const MAX_STATEMENTS: usize = 128;

#[cfg(test)]
mod tests {
    use super::super::sample::{assert_documented, hex, parameters, scid};
    use super::*;

    fn identity(byte: u8) -> Identity {
        Identity {
            scid: scid(byte),
            log: b"{}\n".to_vec(),
            witness: None,
            head: Some(vec![0x77; 3]),
            freshness: vec![vec![0x78; 3]],
        }
    }

    fn list(number: u64) -> List {
        List {
            issuer: scid(0x12),
            number,
            credential: b"{}".to_vec(),
            statements: vec![vec![0x79; 3]],
        }
    }

    fn staple() -> Staple {
        let (parameters, identities) = (parameters(), vec![identity(0x11), identity(0x12)]);
        Staple { parameters, identities, lists: vec![list(1)] }
    }

    fn reads(staple: &Staple) -> bool {
        staple.clone().to_bytes().is_ok_and(|bytes| Staple::parse(&bytes).is_ok())
    }

    #[test]
    fn a_staple_reads_back_and_never_changes_its_form() {
        let bytes = staple().to_bytes().unwrap();
        assert_eq!(Staple::parse(&bytes), Ok(staple()));
        assert!(Staple::is_one(&bytes) && !Staple::is_one(b"{}") && !Staple::is_one(&[]));
        assert_documented("staple", &hex(&bytes));
        for length in 0..bytes.len() {
            assert!(Staple::parse(&bytes[..length]).is_err(), "cut to {length}");
        }
        assert_eq!(staple().identity(&scid(0x12)), Some(&identity(0x12)));
        assert_eq!(staple().identity(&scid(0x13)), None);
        assert_eq!(staple().list(&scid(0x12), 1), Some(&list(1)));
        assert_eq!(staple().list(&scid(0x12), 2), None);
    }

    #[test]
    fn nothing_stands_in_it_twice() {
        let identities = |bytes: &[u8]| Staple {
            identities: bytes.iter().copied().map(identity).collect(),
            ..staple()
        };
        assert!(reads(&identities(&[1, 2])));
        assert!(!reads(&identities(&[1, 1])));
        let lists = |numbers: &[u64]| Staple {
            lists: numbers.iter().copied().map(list).collect(),
            ..staple()
        };
        assert!(reads(&lists(&[1, 2])));
        assert!(!reads(&lists(&[1, 1])));
    }

    #[test]
    fn one_staple_has_one_spelling() {
        let swapped = Staple { identities: vec![identity(2), identity(1)], ..staple() };
        assert!(Staple::parse(&cbor::encode(&swapped)).is_err(), "read out of order");
        assert!(reads(&swapped), "written in order");
        let lists = Staple { lists: vec![list(2), list(1)], ..staple() };
        assert!(Staple::parse(&cbor::encode(&lists)).is_err() && reads(&lists));
    }

    #[test]
    fn each_bound_of_a_staple_holds() {
        let with = |identity: Identity| Staple { identities: vec![identity], ..staple() };
        let with_list = |list: List| Staple { lists: vec![list], ..staple() };
        let one = || identity(1);
        let long = |bound: usize| vec![0; bound + 1];
        for (fits, staple) in [
            (true, with(Identity { log: vec![0; 500 * 1024], ..one() })),
            (false, with(Identity { log: long(bounds::STAPLE), ..one() })),
            (false, with(Identity { witness: Some(long(bounds::WITNESS_FILE)), ..one() })),
            (false, with(Identity { head: Some(long(bounds::HEAD)), ..one() })),
            (true, with(Identity { freshness: vec![vec![0; bounds::FRESHNESS]; 8], ..one() })),
            (false, with(Identity { freshness: vec![vec![]; 9], ..one() })),
            (false, with(Identity { freshness: vec![long(bounds::FRESHNESS)], ..one() })),
            (false, with_list(List { credential: long(bounds::STATUS_LIST), ..list(1) })),
            (true, with_list(List { statements: vec![vec![0; 1024]; 128], ..list(1) })),
            (false, with_list(List { statements: vec![vec![]; 129], ..list(1) })),
            (false, with_list(List { statements: vec![long(bounds::STATEMENT)], ..list(1) })),
            (false, Staple { identities: (0..17).map(identity).collect(), ..staple() }),
            (false, Staple { lists: (0..33).map(list).collect(), ..staple() }),
        ] {
            assert_eq!(reads(&staple), fits, "{:.200}", format!("{staple:?}"));
        }
    }
}
