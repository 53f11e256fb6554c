//! Two signed things of which there may be one: how that travels, and how it is checked.
//!
//! There is one form, `[kind, sides]`, deterministic CBOR with the sides in the order of their bytes, so
//! that one pair has one spelling whichever side was found first. The sides of a log are its two
//! entries and the name of what both follow; those of heads and status are the bytes that
//! travelled.

use super::super::identity::Identity;
use crate::credential::claim::Claim;
use crate::credential::{Credential, Keys};
use crate::did::fork::ForkProof;
use crate::did::log::History;
use crate::did::log::entry::VersionId;
use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::key::PublicKey;
use crate::status::list::List;
use crate::status::statement;
use crate::status::word::{self, Word};
use crate::verdict::Verdict;
use crate::wire::bounds;
use crate::wire::head::{Head, Position, Signed};
use crate::wire::network::Parameters;

/// Two signed things of which there may be one. Holding it proves nothing yet.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// Two entries that follow the same entry.
    Log(ForkProof),
    /// Two heads in one place, each as it travelled.
    Heads([Vec<u8>; 2]),
    /// Two status statements, two lists, or one of each, that one history cannot have; each as it
    /// travelled.
    Status([Vec<u8>; 2]),
}

impl Evidence {
    /// Reads a fork proof of any kind.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] for bytes that are none. Fault of whoever sent them.
    pub fn parse(bytes: &[u8]) -> Result<Self, CborError> {
        if let Ok(proof) = ForkProof::parse(bytes) {
            return Ok(Self::Log(proof));
        }
        let Pair { kind, sides } = cbor::decode(bytes, bounds::STATUS_FORK_PROOF)?;
        match kind {
            HEADS => Ok(Self::Heads(sides)),
            STATUS => Ok(Self::Status(sides)),
            _ => Err(CborError::NotDeterministic),
        }
    }

    /// Writes the fork proof; which side was found first makes no difference.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let pair = |kind, [one, other]: &[Vec<u8>; 2]| {
            let sides = if one <= other { [one, other] } else { [other, one] };
            cbor::encode(&Pair { kind, sides: sides.map(Vec::clone) })
        };
        match self {
            Self::Log(proof) => proof.to_bytes(),
            Self::Heads(sides) => pair(HEADS, sides),
            Self::Status(sides) => pair(STATUS, sides),
        }
    }

    /// Tells whether the log of the identity goes far enough to check it.
    pub(super) fn reaches(&self, identity: &Identity) -> bool {
        match self {
            Self::Log(proof) => identity.holds(proof.parent()),
            Self::Heads(_) | Self::Status(_) => true,
        }
    }

    /// Checks it against the log of the identity it is about.
    ///
    /// # Errors
    ///
    /// Returns what a peer deserves that sent it, if it proves nothing.
    pub fn verify(&self, history: &History, network: &Parameters) -> Result<(), Verdict> {
        let reject = Err(Verdict::Reject);
        match self {
            Self::Log(proof) => proof.verify(history).map(drop).map_err(|error| error.verdict()),
            Self::Heads([one, other]) => {
                let open = |bytes: &[u8]| Signed::open(bytes, network);
                let (Ok(one), Ok(other)) = (open(one), open(other)) else { return reject };
                let (one, other) = (one.head(), other.head());
                let conflict = one.position() == other.position() && one != other;
                if !conflict || one.scid != other.scid || one.scid != history.scid() {
                    return reject;
                }
                let both = speaks(one, history) && speaks(other, history);
                if both { Ok(()) } else { Err(Verdict::Ignore) }
            }
            Self::Status([one, other]) => {
                let read = |bytes: &[u8]| signed_word(bytes, history, network);
                let (one, other) = (read(one)?, read(other)?);
                let ours = one.issuer() == history.scid();
                if ours && one.contradicts(&other).is_some() { Ok(()) } else { reject }
            }
        }
    }
}

/// Tells whether the key of `head` stood in the document at the entry it names. Heads of two branches
/// are in two places: of them the proof of the two entries decides.
fn speaks(head: &Head, history: &History) -> bool {
    let at = history.at_version_id(head.version_id());
    at.is_some_and(|at| at.document().authentication_keys().any(|key| *key == head.key))
}

/// Gives what a statement or a list says, if a key of its attestor signed it. Also with a key that is
/// gone since: what was signed stays signed.
fn signed_word(bytes: &[u8], history: &History, network: &Parameters) -> Result<Word, Verdict> {
    if statement::peek(bytes).is_ok() {
        let signed = statement::Signed::parse(bytes, network.id().as_str());
        let signed = signed.map_err(|error| error.verdict())?;
        let ever = |key: &PublicKey| {
            versions(history).any(|at| at.document().assertion_keys().any(|listed| listed == key))
        };
        let statement = signed.authorize(|_, key| ever(key)).map_err(|error| error.verdict())?;
        return Ok(Word::from(statement.body()));
    }
    let list = Credential::parse_within(bytes, bounds::STATUS_LIST);
    let list = list.map_err(|error| error.verdict())?;
    let keys: &Keys<'_> =
        &|purpose, method| versions(history).find_map(|at| at.document().key_for(purpose, method));
    let claim = Claim::verify(list, keys).map_err(|error| error.verdict())?;
    List::read(&claim).map(|list| Word::from(&list)).map_err(|error| error.verdict())
}

/// Gives a history and all it was before.
fn versions(history: &History) -> impl Iterator<Item = History> {
    core::iter::successors(Some(history.clone()), History::parent)
}

/// What evidence is about. One proof of it is enough: there are as many spellings as somebody cares
/// to sign.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// These two entries follow that one.
    Log { parent: VersionId, children: [VersionId; 2] },
    /// There are two heads here.
    Head(Position),
    /// This list stands in two ways after so many changes.
    Status { list: u64, sequence: u64 },
}

impl Place {
    /// Gives the place, and the keys that signed what weighs for as long as they are listed.
    pub(super) fn of(evidence: &Evidence) -> Option<(Self, Vec<PublicKey>)> {
        Some(match evidence {
            Evidence::Log(proof) => {
                let children = proof.children().each_ref().map(|child| child.version_id());
                (Self::Log { parent: proof.parent(), children }, Vec::new())
            }
            Evidence::Heads([head, _]) => {
                (Self::Head(Head::parse(head).ok()?.unverified().position()), Vec::new())
            }
            Evidence::Status([one, other]) => {
                let ((one, first), (other, second)) =
                    (word::peek(one).ok()?, word::peek(other).ok()?);
                let sequence = one.contradicts(&other)?;
                let keys = first.into_iter().chain(second).collect();
                (Self::Status { list: one.list(), sequence }, keys)
            }
        })
    }

    /// Tells whether the identity is still flagged for it, beside what its histories say.
    pub(super) fn weighs(&self, keys: &[PublicKey], history: &History) -> bool {
        match self {
            // The histories themselves say whether they are settled.
            Self::Log { .. } => false,
            Self::Head(position) => position.version >= history.number(),
            Self::Status { .. } => {
                let listed =
                    |key: &PublicKey| history.document().assertion_keys().any(|one| one == key);
                keys.iter().all(listed)
            }
        }
    }

    pub(super) const fn is_of_a_log(&self) -> bool {
        match self {
            Self::Log { .. } => true,
            Self::Head(_) | Self::Status { .. } => false,
        }
    }
}

struct Pair {
    kind: u64,
    sides: [Vec<u8>; 2],
}

impl Record for Pair {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.kind);
        to.array(2);
        self.sides.iter().for_each(|side| to.bytes(side));
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let kind = from.unsigned()?;
        from.array(2)?;
        let sides = [from.bytes()?.to_vec(), from.bytes()?.to_vec()];
        let [one, other] = &sides;
        // One pair has one spelling.
        if one >= other {
            Err(from.malformed("two sides in order"))
        } else {
            Ok(Self { kind, sides })
        }
    }
}

/// Kinds of fork proofs beside that of a log, which is 1.
const HEADS: u64 = 2;
const STATUS: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::head::{Showcase, Stamp};
    use crate::wire::sample::{assert_documented, hex, key, network, scid};

    /// Two heads of one identity in one place: one names a showcase, the other none.
    fn heads() -> [Vec<u8>; 2] {
        let head = Head {
            scid: scid(0x11),
            version: 3,
            version_digest: [0x22; 32],
            log_length: 4711,
            showcase: Some(Showcase { version: 2, hash: [0x33; 32] }),
            sequence: 5,
            stamp: Stamp::mine(&scid(0x11), &network(), 12, 0, 1 << 20).unwrap(),
            key: key(1).public(),
        };
        let other = Head { showcase: None, ..head.clone() };
        [head, other].map(|head| head.seal(&network(), &key(1)))
    }

    #[test]
    fn a_pair_has_one_spelling_and_never_changes_its_form() {
        let [one, other] = heads();
        let bytes = Evidence::Heads([one.clone(), other.clone()]).to_bytes();
        assert_eq!(Evidence::Heads([other.clone(), one.clone()]).to_bytes(), bytes);
        assert_documented("fork proof of two heads", &hex(&bytes));
        let Evidence::Heads(sides) = Evidence::parse(&bytes).unwrap() else { panic!() };
        assert!(sides.contains(&one) && sides.contains(&other));
        let [first, second] = sides;
        let swapped = cbor::encode(&Pair { kind: HEADS, sides: [second, first.clone()] });
        assert!(matches!(Evidence::parse(&swapped), Err(CborError::Malformed { .. })), "swapped");
        let twice = cbor::encode(&Pair { kind: HEADS, sides: [first.clone(), first] });
        assert!(matches!(Evidence::parse(&twice), Err(CborError::Malformed { .. })), "twice");
    }

    #[test]
    fn two_words_on_a_list_never_change_their_form() {
        let bytes = Evidence::Status([vec![0x78; 3], vec![0x77; 3]]).to_bytes();
        assert_documented("fork proof of two words on a list", &hex(&bytes));
    }

    #[test]
    fn a_kind_of_a_later_version_is_no_proof_here() {
        let sides = [vec![1], vec![2]];
        for kind in [0, 4, u64::MAX] {
            let bytes = cbor::encode(&Pair { kind, sides: sides.clone() });
            assert!(Evidence::parse(&bytes).is_err(), "kind {kind}");
        }
        // The form of heads before there was one form for all.
        let mut flat = vec![0x83, 2];
        flat.extend([0x41, 1, 0x41, 2]);
        assert!(Evidence::parse(&flat).is_err());
    }

    #[test]
    fn the_largest_proof_of_two_lists_fits_and_no_larger_one() {
        let list = |length: usize, byte: u8| vec![byte; length];
        let most = bounds::STATUS_LIST;
        let largest = Evidence::Status([list(most, 1), list(most, 2)]).to_bytes();
        assert!(largest.len() <= bounds::STATUS_FORK_PROOF, "{} bytes", largest.len());
        assert!(Evidence::parse(&largest).is_ok());
        let larger = Evidence::Status([list(most + 64, 1), list(most, 2)]).to_bytes();
        assert!(Evidence::parse(&larger).is_err());
    }
}
