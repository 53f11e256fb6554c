//! Which network a thing is for, and what its members agreed on.
//!
//! A [`NetworkId`] stands in every topic and under every signature, so nothing of one network means
//! anything in another. [`Parameters`] are what all nodes of one network must have alike: they come
//! with the invitation and never change afterwards.

use super::topic::Shards;
use crate::encoding::cbor::{CborError, Context, Reader, Record, Writer};
use core::{fmt, str::FromStr};

/// Names a network: 1 to 32 of `a`–`z`, `0`–`9` and `-`, such as `main` or `testnet-7f3a`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkId(String);

impl NetworkId {
    /// Gives the id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says that a signature is for `kind` in this network.
    #[must_use]
    pub fn context<'a>(&'a self, kind: &'a str) -> Context<'a> {
        Context { network: &self.0, kind }
    }
}

impl fmt::Display for NetworkId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for NetworkId {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=MAX_ID).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NetworkError::BadId)
        }
    }
}

impl Record for NetworkId {
    fn write(&self, to: &mut Writer) {
        to.text(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        let text = from.text()?;
        text.parse().map_err(|_| from.malformed("the id of a network"))
    }
}

/// What all nodes of one network have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    id: NetworkId,
    shards: Shards,
    difficulty: u8,
    heartbeat: u64,
    epoch: u64,
}

impl Parameters {
    /// Makes the parameters of a network.
    ///
    /// `difficulty` is how many leading zero bits a stamp needs, `heartbeat` after how many seconds
    /// an attestor says again that nothing changed, `epoch` after how many a witness signs again what
    /// is newest.
    ///
    /// # Errors
    ///
    /// Returns [`NetworkError::BadDifficulty`] or [`NetworkError::BadInterval`].
    pub fn new(
        id: NetworkId,
        shards: Shards,
        difficulty: u8,
        heartbeat: u64,
        epoch: u64,
    ) -> Result<Self, NetworkError> {
        if difficulty > MAX_DIFFICULTY {
            return Err(NetworkError::BadDifficulty { difficulty });
        }
        for seconds in [heartbeat, epoch] {
            if !(1..=MAX_INTERVAL).contains(&seconds) {
                return Err(NetworkError::BadInterval { seconds });
            }
        }
        Ok(Self { id, shards, difficulty, heartbeat, epoch })
    }

    /// Gives what a network of people starts with: a stamp costs a phone a second.
    #[must_use]
    pub const fn standard(id: NetworkId) -> Self {
        let shards = Shards::SIXTEEN;
        Self { id, shards, difficulty: 20, heartbeat: 15 * 60, epoch: 5 * 60 }
    }

    /// Gives what a network on one machine starts with: a stamp costs milliseconds.
    #[must_use]
    pub fn testnet(id: NetworkId) -> Self {
        Self { difficulty: 12, shards: Shards::FOUR, ..Self::standard(id) }
    }

    /// Tells whether this is a network for trying: nothing in it lasts.
    #[must_use]
    pub fn is_testnet(&self) -> bool {
        *self == Self::testnet(self.id.clone())
    }

    /// Gives the network's id.
    #[must_use]
    pub const fn id(&self) -> &NetworkId {
        &self.id
    }

    /// Gives the shards identities are spread over.
    #[must_use]
    pub const fn shards(&self) -> Shards {
        self.shards
    }

    /// Gives how many leading zero bits a stamp needs.
    #[must_use]
    pub const fn difficulty(&self) -> u8 {
        self.difficulty
    }

    /// Gives the seconds after which an attestor repeats its status statement.
    #[must_use]
    pub const fn heartbeat(&self) -> u64 {
        self.heartbeat
    }

    /// Gives the seconds after which a witness signs freshness again.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl Record for Parameters {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        to.record(&self.id);
        to.unsigned(self.shards.count().into());
        to.unsigned(self.difficulty.into());
        to.unsigned(self.heartbeat);
        to.unsigned(self.epoch);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        let id = NetworkId::read(from)?;
        let shards = u16::try_from(from.unsigned()?).ok().and_then(Shards::new);
        let shards = shards.ok_or_else(|| from.malformed("a count of shards"))?;
        let difficulty = u8::try_from(from.unsigned()?);
        let difficulty = difficulty.map_err(|_| from.malformed("a difficulty"))?;
        let (heartbeat, epoch) = (from.unsigned()?, from.unsigned()?);
        Self::new(id, shards, difficulty, heartbeat, epoch)
            .map_err(|_| from.malformed("parameters a network can have"))
    }
}

/// The text or the numbers do not describe a network. Fault of whoever wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum NetworkError {
    /// Empty, too long, or another character.
    #[error("a network's id is 1 to {MAX_ID} of a-z, 0-9 and -")]
    BadId,
    /// More work than anybody's computer does in a day.
    #[error("a stamp of {difficulty} bits is more than the {MAX_DIFFICULTY} a network may ask")]
    BadDifficulty { difficulty: u8 },
    /// No time at all, or more than a day.
    #[error("{seconds} s is not an interval of 1 to {MAX_INTERVAL} s")]
    BadInterval { seconds: u64 },
}

/// The longest id: it stands in every topic and under every signature.
const MAX_ID: usize = 32;

/// The most bits of a stamp: about a day of one core.
const MAX_DIFFICULTY: u8 = 40;

/// The longest interval: what is said less than daily is not worth an interval.
const MAX_INTERVAL: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::super::sample::{assert_documented, hex, network, parameters};
    use super::*;
    use crate::encoding::cbor::{decode, encode};

    #[test]
    fn an_id_is_short_and_plain() {
        for id in ["main", "testnet-7f3a", "a", "0123456789abcdef0123456789abcdef"] {
            assert_eq!(id.parse::<NetworkId>().unwrap().as_str(), id);
        }
        for id in ["", "Main", "a b", "a/b", "ä", "0123456789abcdef0123456789abcdef0"] {
            assert_eq!(id.parse::<NetworkId>(), Err(NetworkError::BadId), "{id}");
        }
    }

    #[test]
    fn parameters_read_back_and_never_change_their_form() {
        let bytes = encode(&parameters());
        assert_eq!(decode::<Parameters>(&bytes, 64), Ok(parameters()));
        assert_documented("parameters", &hex(&bytes));
        let main = Parameters::standard("main".parse().unwrap());
        assert_eq!(decode(&encode(&main), 64), Ok(main));
    }

    #[test]
    fn parameters_no_network_can_have_are_refused() {
        let make = |difficulty, heartbeat, epoch| {
            Parameters::new(network(), Shards::FOUR, difficulty, heartbeat, epoch)
        };
        assert!(make(MAX_DIFFICULTY, 1, MAX_INTERVAL).is_ok());
        assert_eq!(make(41, 1, 1), Err(NetworkError::BadDifficulty { difficulty: 41 }));
        assert_eq!(make(12, 0, 1), Err(NetworkError::BadInterval { seconds: 0 }));
        assert_eq!(make(12, 1, 86_401), Err(NetworkError::BadInterval { seconds: 86_401 }));
    }

    #[test]
    fn each_malformed_parameter_is_refused() {
        let bytes = encode(&parameters());
        let shards_at = bytes.len().checked_sub(8).unwrap();
        assert_eq!(bytes[shards_at], 4, "the byte that counts the shards");
        for (at, byte) in [(shards_at, 3), (shards_at, 0), (2, b'A'), (0, 0x84)] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            assert!(decode::<Parameters>(&changed, 64).is_err(), "byte {at} as {byte}");
        }
    }
}
