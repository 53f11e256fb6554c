//! Who a node is, what it does for others, and what time it has.
//!
//! A [`Hello`] is signed by the key behind the node's PeerId and repeats the nonce of the one who
//! asked, so it says what the clock of that node shows *now*. Three of them from different places tell
//! a node that its own clock is wrong; they never set it.

use crate::encoding::cbor::{self, CborError, Reader, Record, Writer};
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::wire::bounds;
use crate::wire::network::NetworkId;
use crate::wire::peer::{self, Peer, SignedByError};

/// The versions of the protocol this code speaks, oldest and newest.
pub const SPOKEN: Versions = Versions { oldest: 1, newest: 1 };

/// The versions of the protocol somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub oldest: u64,
    /// The newest.
    pub newest: u64,
}

impl Versions {
    /// Gives the newest version both speak.
    #[must_use]
    pub fn common(self, other: Self) -> Option<u64> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest && newest >= other.oldest).then_some(newest)
    }
}

impl Record for Versions {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.unsigned(self.oldest);
        to.unsigned(self.newest);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let versions = Self { oldest: from.unsigned()?, newest: from.unsigned()? };
        if versions.oldest > versions.newest {
            return Err(from.malformed("versions in order"));
        }
        Ok(versions)
    }
}

/// What a node does for others. Roles this code does not know are kept and mean nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u64);

impl Roles {
    /// It only asks.
    pub const NONE: Self = Self(0);
    /// It holds all heads and takes deposits.
    pub const KEEPER: Self = Self(1);
    /// It cosigns logs and signs freshness.
    pub const WITNESS: Self = Self(2);

    /// Adds the roles of `other`.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all roles of `other` are among these.
    #[must_use]
    pub const fn include(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Record for Roles {
    fn write(&self, to: &mut Writer) {
        to.unsigned(self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.unsigned().map(Self)
    }
}

/// Asks for a [`Hello`] and says the same about oneself, without a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeting {
    /// What the asking node speaks.
    pub versions: Versions,
    /// What it does for others.
    pub roles: Roles,
    /// Random bytes that the answer repeats.
    pub nonce: [u8; 16],
}

impl Record for Greeting {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        to.record(&self.versions);
        to.record(&self.roles);
        to.bytes(&self.nonce);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        Ok(Self {
            versions: Versions::read(from)?,
            roles: Roles::read(from)?,
            nonce: from.fixed()?,
        })
    }
}

/// What a node says about itself, sealed as `hello`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// What it speaks.
    pub versions: Versions,
    /// What it does for others.
    pub roles: Roles,
    /// What its clock shows.
    pub time: Timestamp,
    /// The nonce of the greeting it answers.
    pub nonce: [u8; 16],
    /// The key behind its PeerId.
    pub key: PublicKey,
}

impl Hello {
    /// The kind its signature is for.
    pub const KIND: &'static str = "hello";

    /// Signs it with the node's key.
    #[must_use]
    pub fn seal(&self, network: &NetworkId, key: &SecretKey) -> Vec<u8> {
        cbor::seal(self, network.context(Self::KIND), key)
    }

    /// Reads what `peer` answered to `greeting`.
    ///
    /// # Errors
    ///
    /// Returns [`CborError`] for bytes that are no hello, that answer another greeting, or that
    /// another node signed. Fault of the peer that sent it.
    pub fn open(
        bytes: &[u8],
        network: &NetworkId,
        peer: &Peer,
        greeting: &Greeting,
    ) -> Result<Self, CborError> {
        let context = network.context(Self::KIND);
        let hello: Self = peer::open(bytes, bounds::HELLO, context, peer, |hello: &Self| hello.key)
            .map_err(|error| match error {
                SignedByError::Record(cause) => cause,
                SignedByError::OtherPeer => CborError::BadSignature,
            })?;
        if hello.nonce != greeting.nonce {
            return Err(CborError::BadSignature);
        }
        Ok(hello)
    }
}

impl Record for Hello {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        to.record(&self.versions);
        to.record(&self.roles);
        to.record(&self.time);
        to.bytes(&self.nonce);
        to.record(&self.key);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        Ok(Self {
            versions: Versions::read(from)?,
            roles: Roles::read(from)?,
            time: Timestamp::read(from)?,
            nonce: from.fixed()?,
            key: PublicKey::read(from)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sample::{NOW, assert_documented, hex, key, network};

    const GREETING: Greeting =
        Greeting { versions: SPOKEN, roles: Roles::KEEPER, nonce: [0x55; 16] };

    fn hello() -> Hello {
        let roles = Roles::KEEPER.with(Roles::WITNESS);
        let key = key(1).public();
        Hello { versions: SPOKEN, roles, time: NOW, nonce: GREETING.nonce, key }
    }

    #[test]
    fn a_hello_reads_back_and_never_changes_its_form() {
        let bytes = hello().seal(&network(), &key(1));
        let peer = Peer::of(&key(1).public());
        assert_eq!(Hello::open(&bytes, &network(), &peer, &GREETING), Ok(hello()));
        assert_documented("hello", &hex(&bytes));
    }

    #[test]
    fn a_hello_is_the_peers_own_and_answers_this_greeting() {
        let bytes = hello().seal(&network(), &key(1));
        let (peer, other) = (Peer::of(&key(1).public()), Peer::of(&key(2).public()));
        let refused = Err(CborError::BadSignature);
        assert_eq!(Hello::open(&bytes, &network(), &other, &GREETING), refused);
        let later = Greeting { nonce: [0x56; 16], ..GREETING };
        assert_eq!(Hello::open(&bytes, &network(), &peer, &later), refused);
        let elsewhere = "main".parse().unwrap();
        assert_eq!(Hello::open(&bytes, &elsewhere, &peer, &GREETING), refused);
        let forged = hello().seal(&network(), &key(2));
        assert_eq!(Hello::open(&forged, &network(), &peer, &GREETING), refused);
    }

    #[test]
    fn two_nodes_speak_the_newest_version_both_know() {
        let versions = |oldest, newest| Versions { oldest, newest };
        assert_eq!(versions(1, 3).common(versions(2, 5)), Some(3));
        assert_eq!(versions(1, 1).common(versions(2, 5)), None);
        assert_eq!(versions(4, 5).common(versions(1, 3)), None);
        assert!(cbor::decode::<Versions>(&[0x82, 2, 1], 8).is_err(), "out of order");
    }

    #[test]
    fn a_role_of_later_is_kept() {
        let roles = cbor::decode::<Roles>(&[0x07], 8).unwrap();
        assert!(roles.include(Roles::KEEPER) && roles.include(Roles::WITNESS));
        assert_eq!(cbor::encode(&roles), [0x07]);
        assert!(!Roles::NONE.include(Roles::KEEPER));
    }
}
