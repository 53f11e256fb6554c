//! Keeps secrets: keys and private documents, encrypted at rest.
//!
//! A passphrase opens a *data key* by way of Argon2id; the data key opens every record, each of which
//! is sealed on its own with its own name. A second key, the *update key's key*, comes from the same
//! passphrase and seals nothing but the next update key of each identity. A running node holds the
//! data key alone: whoever takes it over can sign heads and presentations, and cannot take the
//! identity. [`Vault::signing`] asks for the passphrase once more, when an entry of a log is made.
//!
//! The recovery key is nowhere in here: it comes from [`words`] on paper.
//!
//! - Standards: RFC 9106 (Argon2id), RFC 5869 (HKDF), XChaCha20-Poly1305, BIP-39.

pub mod backup;
mod cipher;
mod error;
mod file;
mod header;
pub mod passphrase;
pub mod words;

pub use error::VaultError;
pub use header::Cost;

use crate::store::{Change, Expect, Store};
use cipher::Key;
use core::fmt;
use countersign_protocol::{did::Scid, key::SecretKey};
use header::Header;
use passphrase::Passphrase;
use secrecy::{ExposeSecret as _, SecretSlice};
use std::sync::Arc;
use zeroize::Zeroizing;

/// An open vault. It prints as nothing, and its keys wipe themselves.
pub struct Vault {
    store: Arc<dyn Store>,
    data: Key,
}

impl Vault {
    /// Tells whether there is a vault in `store`.
    ///
    /// # Errors
    ///
    /// Returns what the store returns.
    pub fn exists(store: &dyn Store) -> Result<bool, VaultError> {
        Ok(store.secret(header::NAME)?.is_some())
    }

    /// Makes a vault in `store`. Its cost is part of it and stays.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Exists`] if there is one, [`VaultError::Cost`] for a cost that cannot be
    /// paid, and what the store returns.
    pub fn create(
        store: Arc<dyn Store>,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<Self, VaultError> {
        if Self::exists(&*store)? {
            return Err(VaultError::Exists);
        }
        let data = Key::random()?;
        let header = Header::new(passphrase, cost, &data, &Key::random()?)?;
        store.commit(&[header.to_change(Expect::Nothing)])?;
        Ok(Self { store, data })
    }

    /// Opens the vault in `store`.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Missing`] if there is none, [`VaultError::WrongPassphrase`], and what the
    /// store returns.
    pub fn open(store: Arc<dyn Store>, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let data = Header::load(&*store)?.0.data_key(passphrase)?;
        Ok(Self { store, data })
    }

    /// Tells whether passphrases can be tried for less than [`Cost::STANDARD`].
    ///
    /// # Errors
    ///
    /// Returns what the store returns.
    pub fn is_weak(&self) -> Result<bool, VaultError> {
        Ok(Header::load(&*self.store)?.0.is_weak())
    }

    /// Asks for the passphrase once more, to make an entry of a log. Drop what it gives as soon as the
    /// entry is made.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::WrongPassphrase`] and what the store returns.
    pub fn signing(&self, passphrase: &Passphrase) -> Result<Signing<'_>, VaultError> {
        let key = Header::load(&*self.store)?.0.update_key(passphrase)?;
        Ok(Signing { vault: self, key })
    }

    /// Puts another passphrase in place of `old`. What is sealed stays as it is.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::WrongPassphrase`] and what the store returns.
    pub fn change_passphrase(&self, old: &Passphrase, new: &Passphrase) -> Result<(), VaultError> {
        let (header, bytes) = Header::load(&*self.store)?;
        let header = header.with_passphrase(old, new)?;
        Ok(self.store.commit(&[header.to_change(Expect::Exactly(bytes))])?)
    }

    /// Seals `bytes`, for a batch that writes more than this.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Randomness`] if the system has none.
    pub fn seal(&self, kind: Kind, id: &[u8], bytes: &[u8]) -> Result<Change, VaultError> {
        self.seal_under(&self.data, kind, id, bytes)
    }

    /// Seals a key, for a batch that writes more than this.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Randomness`] if the system has none.
    pub fn seal_key(&self, kind: Kind, id: &[u8], key: &SecretKey) -> Result<Change, VaultError> {
        self.seal(kind, id, &*key.seed())
    }

    /// Gives the change that erases a record, for a batch that writes more than this.
    #[must_use]
    pub fn erase(&self, kind: Kind, id: &[u8]) -> Change {
        Change::EraseSecret { name: self.name(kind, id) }
    }

    /// Seals `bytes` and writes them in place of what was there.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Randomness`] and what the store returns.
    pub fn put(&self, kind: Kind, id: &[u8], bytes: &[u8]) -> Result<(), VaultError> {
        Ok(self.store.commit(&[self.seal(kind, id, bytes)?])?)
    }

    /// Opens a record.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Damaged`] if it was not sealed by this vault under this name, and what
    /// the store returns.
    pub fn get(&self, kind: Kind, id: &[u8]) -> Result<Option<SecretSlice<u8>>, VaultError> {
        self.open_under(&self.data, kind, id)
    }

    /// Opens a key.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Damaged`] if it is no key or not sealed by this vault under this name,
    /// and what the store returns.
    pub fn key(&self, kind: Kind, id: &[u8]) -> Result<Option<SecretKey>, VaultError> {
        self.get(kind, id)?.map(|seed| read_key(kind, &seed)).transpose()
    }

    /// Gives the ids of the records of one kind, in their order.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Damaged`] for a record that was not sealed by this vault, and what the
    /// store returns.
    pub fn list(&self, kind: Kind) -> Result<Vec<Vec<u8>>, VaultError> {
        let mut ids = Vec::new();
        // An id may be a contact's name, so that it stands inside what is sealed and not in the name.
        for name in self.store.secrets(&prefix(kind))? {
            let Some(sealed) = self.store.secret(&name)? else { continue };
            let plain = self.data.open(&name, &sealed).ok_or(VaultError::Damaged { kind })?;
            ids.push(split(kind, &plain)?.0.to_vec());
        }
        ids.sort();
        Ok(ids)
    }

    /// Removes a record.
    ///
    /// # Errors
    ///
    /// Returns what the store returns.
    pub fn remove(&self, kind: Kind, id: &[u8]) -> Result<(), VaultError> {
        Ok(self.store.commit(&[self.erase(kind, id)])?)
    }

    fn seal_under(
        &self,
        key: &Key,
        kind: Kind,
        id: &[u8],
        bytes: &[u8],
    ) -> Result<Change, VaultError> {
        let name = self.name(kind, id);
        let length = u32::try_from(id.len()).map_err(|_| VaultError::Damaged { kind })?;
        let plain = Zeroizing::new([&length.to_be_bytes()[..], id, bytes].concat());
        let sealed = key.seal(&name, &plain)?;
        Ok(Change::Secret { name, expect: Expect::Anything, sealed })
    }

    fn open_under(
        &self,
        key: &Key,
        kind: Kind,
        id: &[u8],
    ) -> Result<Option<SecretSlice<u8>>, VaultError> {
        let name = self.name(kind, id);
        let Some(sealed) = self.store.secret(&name)? else { return Ok(None) };
        let plain = key.open(&name, &sealed).ok_or(VaultError::Damaged { kind })?;
        match split(kind, &plain)? {
            (found, bytes) if found == id => Ok(Some(bytes.to_vec().into())),
            _ => Err(VaultError::Damaged { kind }),
        }
    }

    /// Gives the name of a record on the disk, which says its kind and nothing more.
    fn name(&self, kind: Kind, id: &[u8]) -> Vec<u8> {
        let mut name = prefix(kind);
        name.extend_from_slice(&*self.data.derive(&[b"name", kind.word().as_bytes(), id]).0);
        name
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Vault(..)")
    }
}

/// The right to make entries of logs: the key that seals the next update keys, for as long as this
/// lives.
pub struct Signing<'a> {
    vault: &'a Vault,
    key: Key,
}

impl Signing<'_> {
    /// Gives the key that the newest entry of the log of `scid` promised: it signs the next one.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Damaged`] and what the store returns.
    pub fn update_key(&self, scid: &Scid) -> Result<Option<SecretKey>, VaultError> {
        let seed = self.vault.open_under(&self.key, Kind::UpdateKey, scid.digest())?;
        seed.map(|seed| read_key(Kind::UpdateKey, &seed)).transpose()
    }

    /// Seals the key that an entry promises, in place of the one that signed the entry.
    ///
    /// The change belongs into the batch that appends the entry: so the key that signed is erased in
    /// the step that makes the entry durable, neither before nor after.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Randomness`] if the system has none.
    pub fn seal_next(&self, scid: &Scid, next: &SecretKey) -> Result<Change, VaultError> {
        let seed = next.seed();
        self.vault.seal_under(&self.key, Kind::UpdateKey, scid.digest(), &*seed)
    }

    /// Gives the change that erases the update key of an identity that makes no more entries.
    #[must_use]
    pub fn erase(&self, scid: &Scid) -> Change {
        self.vault.erase(Kind::UpdateKey, scid.digest())
    }
}

impl fmt::Debug for Signing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signing(..)")
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The next update key of an identity; only [`Signing`] reads and writes it.
    UpdateKey,
    /// A hot key that signs heads, showcases and presentations.
    AuthenticationKey,
    /// A hot key that signs credentials and status statements.
    AssertionKey,
    /// The key of a witness.
    WitnessKey,
    /// The key behind the PeerId of a node that must be found again.
    NodeKey,
    /// A key by which an attestor tells accounts apart without keeping their names.
    AccountKey,
    /// What an attestor needs at a provider: a client's secret, a refresh token.
    Provider,
    /// A credential its subject holds.
    Claim,
    /// Somebody the owner gave a name.
    Contact,
    /// To whom the owner showed what.
    Presentation,
    /// What else nobody but the owner may read.
    Note,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::UpdateKey => "update key",
            Self::AuthenticationKey => "authentication key",
            Self::AssertionKey => "assertion key",
            Self::WitnessKey => "witness key",
            Self::NodeKey => "node key",
            Self::AccountKey => "account key",
            Self::Provider => "provider secret",
            Self::Claim => "claim",
            Self::Contact => "contact",
            Self::Presentation => "presentation",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// Makes a key of the system's randomness.
///
/// # Errors
///
/// Returns [`VaultError::Randomness`] if the system has none.
pub fn new_key() -> Result<SecretKey, VaultError> {
    Ok(SecretKey::from_seed(*Key::random()?.0))
}

fn read_key(kind: Kind, seed: &SecretSlice<u8>) -> Result<SecretKey, VaultError> {
    let seed = <[u8; 32]>::try_from(seed.expose_secret()).map(Zeroizing::new);
    seed.map(|seed| SecretKey::from_seed(*seed)).map_err(|_| VaultError::Damaged { kind })
}

fn prefix(kind: Kind) -> Vec<u8> {
    format!("vault/{}/", kind.word()).into_bytes()
}

/// Splits what was sealed into its id and its bytes.
fn split(kind: Kind, plain: &[u8]) -> Result<(&[u8], &[u8]), VaultError> {
    let damaged = || VaultError::Damaged { kind };
    let (length, rest) = plain.split_first_chunk().ok_or_else(damaged)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?;
    rest.split_at_checked(length).ok_or_else(damaged)
}

#[cfg(test)]
mod tests;
