//! Two heads in one place: proof that somebody signed for an identity twice.
//!
//! It shows a copied authentication key, or two computers of one owner that do not know of each other.
//! Anybody checks it with two signatures. Whether the key may speak for the identity is, as for every
//! head, for the identity's log to say.

use super::{HeadError, Order, Signed};
use crate::did::Scid;
use crate::encoding::cbor::{CborError, Reader, Record, Writer};
use crate::wire::bounds;
use crate::wire::member::bytes_up_to;
use crate::wire::network::Parameters;

/// Two sealed heads, byte for byte, that say they have one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rivals {
    /// In the order of their bytes, so that one conflict has one spelling.
    heads: [Vec<u8>; 2],
}

impl Rivals {
    /// Takes two heads as proof; `None` if they do not conflict.
    #[must_use]
    pub fn of(one: &Signed, other: &Signed) -> Option<Self> {
        let conflict = one.head.scid == other.head.scid && one.order(other) == Order::Conflicting;
        let mut heads = [one.bytes.clone(), other.bytes.clone()];
        heads.sort_unstable();
        conflict.then_some(Self { heads })
    }

    /// Checks both heads, and that they are of one identity, in one place, and different.
    ///
    /// # Errors
    ///
    /// Returns [`HeadError`] as [`Signed::open`] does, and [`HeadError::NoRivals`] for two heads
    /// that can stand beside each other.
    pub fn open(&self, parameters: &Parameters) -> Result<Conflict, HeadError> {
        let [one, other] = &self.heads;
        let (one, other) = (Signed::open(one, parameters)?, Signed::open(other, parameters)?);
        match Self::of(&one, &other) {
            Some(again) if again == *self => Ok(Conflict { heads: [one, other] }),
            Some(_) | None => Err(HeadError::NoRivals),
        }
    }
}

impl Record for Rivals {
    fn write(&self, to: &mut Writer) {
        let [one, other] = &self.heads;
        to.array(2);
        to.bytes(one);
        to.bytes(other);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let heads = [bytes_up_to(from, bounds::HEAD)?, bytes_up_to(from, bounds::HEAD)?];
        Ok(Self { heads })
    }
}

/// Two heads of one identity that were signed for one place; made by [`Rivals::open`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    heads: [Signed; 2],
}

impl Conflict {
    /// Gives the identity.
    #[must_use]
    pub const fn scid(&self) -> Scid {
        let [one, _] = &self.heads;
        one.head.scid
    }

    /// Gives the heads.
    #[must_use]
    pub const fn heads(&self) -> &[Signed; 2] {
        &self.heads
    }
}
