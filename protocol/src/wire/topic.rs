//! Where a message of gossip is said, and which nodes listen.
//!
//! A topic is `/countersign/<network>/1/<kind>`; heads are spread over shards,
//! `/countersign/<network>/1/head/<shard>`, so that a small node can listen to a part. The shard of
//! an identity follows from its SCID alone, and the count of shards is a parameter of the network.

use super::network::{NetworkError, NetworkId};
use crate::did::Scid;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::encoding::multihash::sha256;
use core::{fmt, str::FromStr};

/// Names one stream of gossip.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The network it belongs to.
    pub network: NetworkId,
    /// What is said there.
    pub kind: Kind,
}

/// Says what a topic is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sealed heads of the identities of one shard.
    Head(Shard),
    /// Sealed status statements.
    Status,
    /// Notices of fork proofs.
    Fork,
    /// Notices of attestors' profiles.
    Profile,
}

impl Topic {
    /// Lists every topic of a network, in the order a node subscribes.
    pub fn all(network: &NetworkId, shards: Shards) -> impl Iterator<Item = Self> {
        let heads = shards.all().map(Kind::Head);
        [Kind::Fork, Kind::Status, Kind::Profile]
            .into_iter()
            .chain(heads)
            .map(|kind| Self { network: network.clone(), kind })
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "/countersign/{}/1/", self.network)?;
        match self.kind {
            Kind::Head(shard) => write!(formatter, "head/{}", shard.0),
            Kind::Status => formatter.write_str("status"),
            Kind::Fork => formatter.write_str("fork"),
            Kind::Profile => formatter.write_str("profile"),
        }
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let rest = text.strip_prefix("/countersign/").ok_or(TopicError::NotOurs)?;
        let (network, rest) = rest.split_once('/').ok_or(TopicError::NotOurs)?;
        let network = network.parse()?;
        let kind = rest.strip_prefix("1/").ok_or(TopicError::OtherVersion)?;
        let kind = match kind {
            "status" => Kind::Status,
            "fork" => Kind::Fork,
            "profile" => Kind::Profile,
            other => Kind::Head(
                other.strip_prefix("head/").and_then(shard).ok_or(TopicError::UnknownKind)?,
            ),
        };
        Ok(Self { network, kind })
    }
}

/// Reads a number that has one spelling: no sign, no leading zero.
fn shard(text: &str) -> Option<Shard> {
    let number = text.parse::<u16>().ok()?;
    (number < MAX_SHARDS && number.to_string() == text).then_some(Shard(number))
}

/// Names one part of all identities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u16);

impl Shard {
    /// Gives its number, which begins at 0.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl Record for Shard {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.0.into());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let number = u16::try_from(from.unsigned()?).ok().filter(|number| *number < MAX_SHARDS);
        number.map(Self).ok_or_else(|| from.malformed("the number of a shard"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// Says over how many shards identities are spread: a power of two, at most 1,024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards(u16);

impl Shards {
    /// A network on one machine.
    pub const FOUR: Self = Self(4);
    /// A network of people: a sixteenth of a million heads is twenty megabytes.
    pub const SIXTEEN: Self = Self(16);

    /// Takes a count; `None` if it is no power of two or too large.
    #[must_use]
    pub const fn new(count: u16) -> Option<Self> {
        if count.is_power_of_two() && count <= MAX_SHARDS { Some(Self(count)) } else { None }
    }

    /// Gives how many there are.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.0
    }

    /// Gives the shard an identity belongs to.
    ///
    /// It is hashed once more, so that a prefix somebody ground into a SCID does not choose the shard
    /// and the store's order at once.
    #[must_use]
    pub fn of(self, scid: &Scid) -> Shard {
        let [first, second, ..] = sha256(scid.digest());
        Shard(u16::from_be_bytes([first, second]) & self.0.saturating_sub(1))
    }

    /// Gives the shard with this number; `None` if there are fewer.
    #[must_use]
    pub const fn get(self, number: u16) -> Option<Shard> {
        if number < self.0 { Some(Shard(number)) } else { None }
    }

    /// Lists all shards.
    pub fn all(self) -> impl Iterator<Item = Shard> + Clone {
        (0..self.0).map(Shard)
    }
}

/// The text is not a topic this node knows. Nobody's fault: a later version has others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// Another protocol's topic.
    #[error("not /countersign/<network>/1/<kind>")]
    NotOurs,
    /// The network's id is none.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Another version of the topics than 1.
    #[error("not version 1 of the topics")]
    OtherVersion,
    /// No kind of version 1, or a shard that has another spelling.
    #[error("not one of head/<shard>, status, fork, profile")]
    UnknownKind,
}

/// The most shards: each is a mesh of its own that costs connections.
const MAX_SHARDS: u16 = 1024;

#[cfg(test)]
mod tests {
    use super::super::sample::{assert_documented, network, scid};
    use super::*;

    #[test]
    fn every_topic_reads_back() {
        let topics: Vec<_> = Topic::all(&network(), Shards::FOUR).collect();
        let texts: Vec<_> = topics.iter().map(ToString::to_string).collect();
        assert_documented("topics", &texts.join("\n"));
        for (topic, text) in topics.iter().zip(&texts) {
            assert_eq!(text.parse().as_ref(), Ok(topic));
        }
    }

    #[test]
    fn a_topic_has_one_spelling() {
        use TopicError::{NotOurs, OtherVersion, UnknownKind};
        for (text, error) in [
            ("/other/main/1/status", NotOurs),
            ("/countersign/main", NotOurs),
            ("/countersign/Main/1/status", TopicError::Network(NetworkError::BadId)),
            ("/countersign/main/2/status", OtherVersion),
            ("/countersign/main/1/", UnknownKind),
            ("/countersign/main/1/status/", UnknownKind),
            ("/countersign/main/1/head", UnknownKind),
            ("/countersign/main/1/head/", UnknownKind),
            ("/countersign/main/1/head/00", UnknownKind),
            ("/countersign/main/1/head/+1", UnknownKind),
            ("/countersign/main/1/head/1024", UnknownKind),
            ("/countersign/main/1/head/1/", UnknownKind),
        ] {
            assert_eq!(text.parse::<Topic>(), Err(error), "{text}");
        }
    }

    #[test]
    fn shards_are_a_power_of_two_and_share_evenly() {
        for count in [0, 3, 2048, u16::MAX] {
            assert_eq!(Shards::new(count), None, "{count}");
        }
        let shards = Shards::new(8).unwrap();
        let mut counts = [0_u32; 8];
        for byte in 0..=255 {
            counts[usize::from(shards.of(&scid(byte)).number())] += 1;
        }
        assert!(counts.iter().all(|count| (16..=48).contains(count)), "{counts:?}");
        assert_eq!(Shards::new(1).unwrap().of(&scid(9)).number(), 0);
        assert_eq!(shards.get(8), None);
        assert_eq!(shards.get(7).map(Shard::number), Some(7));
    }
}
