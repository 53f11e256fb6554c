//! From a passphrase to the two keys it opens.

use super::cipher::{Key, fill};
use super::{Passphrase, VaultError};
use crate::store::{Change, Expect, Store};
use argon2::{Algorithm, Argon2, Params, Version};
use countersign_protocol::encoding::cbor::{CborError, Reader, Record, Writer, decode, encode};
use zeroize::Zeroizing;

/// What it costs to try one passphrase; part of the vault from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, four lanes: RFC 9106, section 4, the second recommendation.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
    /// Next to nothing, for test networks whose passphrases protect nothing.
    pub const TESTNET: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };

    /// Takes a cost of at least [`Self::STANDARD`] in every respect.
    #[must_use]
    pub fn at_least(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        let Self { memory_kib: m, passes: t, lanes: p } = Self::STANDARD;
        Self { memory_kib: memory_kib.max(m), passes: passes.max(t), lanes: lanes.max(p) }
    }

    fn parameters(self) -> Result<Params, VaultError> {
        let Self { memory_kib, passes, lanes } = self;
        // A header from outside must not be able to take all memory or all day.
        if memory_kib > MOST_MEMORY_KIB || passes > MOST_PASSES || lanes > MOST_LANES {
            return Err(VaultError::Cost);
        }
        Params::new(memory_kib, passes, lanes, Some(32)).map_err(|_| VaultError::Cost)
    }
}

/// What stands at the door of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    cost: Cost,
    salt: [u8; 16],
    /// The data key, sealed under what the passphrase gives.
    data: Vec<u8>,
    /// The update key's key, likewise.
    update: Vec<u8>,
}

impl Header {
    pub(super) fn new(
        passphrase: &Passphrase,
        cost: Cost,
        data: &Key,
        update: &Key,
    ) -> Result<Self, VaultError> {
        let mut header = Self { cost, salt: [0; 16], data: Vec::new(), update: Vec::new() };
        fill(&mut header.salt)?;
        let door = header.door(passphrase)?;
        header.data = door.derive(&[DATA]).seal(&header.name(DATA), &*data.0)?;
        header.update = door.derive(&[UPDATE]).seal(&header.name(UPDATE), &*update.0)?;
        Ok(header)
    }

    /// Reads the header of the vault in `store`, and its bytes.
    pub(super) fn load(store: &dyn Store) -> Result<(Self, Vec<u8>), VaultError> {
        let bytes = store.secret(NAME)?.ok_or(VaultError::Missing)?;
        Ok((Self::parse(&bytes)?, bytes))
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        decode(bytes, BOUND).map_err(|_| VaultError::DamagedHeader)
    }

    pub(super) fn is_weak(&self) -> bool {
        let Cost { memory_kib, passes, lanes } = self.cost;
        self.cost != Cost::at_least(memory_kib, passes, lanes)
    }

    pub(super) fn to_change(&self, expect: Expect) -> Change {
        Change::Secret { name: NAME.to_vec(), expect, sealed: encode(self) }
    }

    pub(super) fn data_key(&self, passphrase: &Passphrase) -> Result<Key, VaultError> {
        self.open(&self.door(passphrase)?, DATA, &self.data)
    }

    pub(super) fn update_key(&self, passphrase: &Passphrase) -> Result<Key, VaultError> {
        self.open(&self.door(passphrase)?, UPDATE, &self.update)
    }

    pub(super) fn with_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
    ) -> Result<Self, VaultError> {
        let door = self.door(old)?;
        let data = self.open(&door, DATA, &self.data)?;
        let update = self.open(&door, UPDATE, &self.update)?;
        Self::new(new, self.cost, &data, &update)
    }

    fn open(&self, door: &Key, which: &[u8], sealed: &[u8]) -> Result<Key, VaultError> {
        let key = door.derive(&[which]).open(&self.name(which), sealed);
        let key = key.ok_or(VaultError::WrongPassphrase)?;
        let key = <[u8; 32]>::try_from(key.as_slice()).map_err(|_| VaultError::DamagedHeader)?;
        Ok(Key(Zeroizing::new(key)))
    }

    /// Pays the cost.
    fn door(&self, passphrase: &Passphrase) -> Result<Key, VaultError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.parameters()?);
        let mut door = Key(Zeroizing::default());
        argon2
            .hash_password_into(passphrase.bytes(), &self.salt, &mut *door.0)
            .map_err(|_| VaultError::Cost)?;
        Ok(door)
    }

    /// Names one of the two keys; salt and cost are part of the name, so that neither can be changed.
    fn name(&self, which: &[u8]) -> Vec<u8> {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let cost = [memory_kib, passes, lanes].map(u32::to_be_bytes).concat();
        [NAME, which, &self.salt, &cost].concat()
    }
}

impl Record for Header {
    fn write(&self, to: &mut Writer) {
        to.array(7);
        to.unsigned(FORMAT);
        to.unsigned(self.cost.memory_kib.into());
        to.unsigned(self.cost.passes.into());
        to.unsigned(self.cost.lanes.into());
        to.bytes(&self.salt);
        to.bytes(&self.data);
        to.bytes(&self.update);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(7)?;
        if from.unsigned()? != FORMAT {
            return Err(from.malformed("format 1"));
        }
        let mut number = || {
            let number = from.unsigned()?;
            u32::try_from(number).map_err(|_| from.malformed("a number below 2^32"))
        };
        let cost = Cost { memory_kib: number()?, passes: number()?, lanes: number()? };
        let salt = from.fixed()?;
        Ok(Self { cost, salt, data: from.bytes()?.to_vec(), update: from.bytes()?.to_vec() })
    }
}

/// The name of the header among the sealed secrets.
pub(super) const NAME: &[u8] = b"vault header";
/// Two sealed keys and a few numbers.
pub(super) const BOUND: usize = 512;
const FORMAT: u64 = 1;
const DATA: &[u8] = b"data";
const UPDATE: &[u8] = b"update";
/// 1 GiB, and as many passes and lanes as a small computer works off in a minute.
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;
const MOST_LANES: u32 = 64;
