//! One file that holds what must not be lost, under the passphrase of the vault.
//!
//! The file is `countersign-backup`, a format byte, the vault's header with its length, the sealed
//! content, and SHA-256 over all before it. So a file cut short is told from a wrong passphrase. The
//! content is opened by a key that belongs to the data key, and each secret in it is still sealed as
//! it was in the vault; the next update keys stay out of reach of whoever has the data key alone.

use super::cipher::Key;
use super::header::{self, Header};
use super::{Passphrase, Vault, VaultError, file};
use crate::store::{Change, Expect, Highest, Keep, Store, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::{CborError, Reader, Record, Writer, decode, encode};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::effect::BodyKind;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What belongs into a backup beside the vault and the node's own identities.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent<'a> {
    /// Durable tables, such as an attestor's ledger.
    pub tables: &'a [&'a str],
    /// Durable chains, such as an attestor's audit.
    pub chains: &'a [&'a str],
    /// Settings, such as the network that was joined.
    pub settings: &'a [&'a str],
    /// Files of the data folder.
    pub files: &'a [File],
}

/// A file of the data folder, by its path inside.
#[derive(Clone)]
pub struct File {
    /// Where it lies, such as `policies/new.toml`.
    pub name: String,
    /// What it holds, which may be a client secret.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for File {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("File").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Vault {
    /// Writes the vault, the node's own identities and what `extent` names to the file `path`, in
    /// place of what is there.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::TooLarge`] if nobody could read it again, [`VaultError::File`] if it cannot be
    /// written, and what the store returns.
    pub fn backup(&self, path: &Path, extent: Extent<'_>) -> Result<(), VaultError> {
        // Keys and the log they belong to, rows and the chain that tells of them: all of one moment.
        let still = self.store.still()?;
        let content = Content::gather(&*still, extent)?;
        let seen = Seen::gather(&*still)?;
        let whole = Whole { content, files: extent.files.to_vec(), seen };
        let bytes = self.sealed(FORMAT, &Zeroizing::new(encode(&whole)))?;
        fits(&bytes, BOUND)?;
        file::write(path, &bytes)
    }

    fn sealed(&self, format: u8, content: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (_, header) = Header::load(&*self.store)?;
        let length = u32::try_from(header.len()).map_err(|_| VaultError::DamagedHeader)?;
        let mut bytes = [MAGIC, &[format], &length.to_be_bytes()[..], &header].concat();
        let sealed = self.data.derive(&[PURPOSE]).seal(&bytes, content)?;
        bytes.extend_from_slice(&sealed);
        let digest = sha256(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(bytes)
    }
}

/// A backup that its passphrase opened, before anything of it is written anywhere.
pub struct Backup {
    header: Header,
    data: Key,
    content: Content,
    files: Vec<File>,
    seen: Seen,
}

impl core::fmt::Debug for Backup {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("Backup(..)")
    }
}

/// Looks at the file `path` without opening it.
///
/// # Errors
///
/// Returns [`VaultError::NotABackup`], [`VaultError::NewerBackup`], [`VaultError::DamagedBackup`] and
/// [`VaultError::File`].
pub fn check(path: &Path) -> Result<(), VaultError> {
    Parts::split(path, &file::read(path, BOUND)?).map(drop)
}

impl Backup {
    /// Opens the backup in the file `path`.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::NotABackup`], [`VaultError::NewerBackup`], [`VaultError::DamagedBackup`],
    /// [`VaultError::WrongPassphrase`] and [`VaultError::File`].
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let damaged = || VaultError::DamagedBackup { path: path.to_owned() };
        let bytes = file::read(path, BOUND)?;
        let Parts { format, front, header, sealed } = Parts::split(path, &bytes)?;
        let header = Header::parse(header)?;
        let data = header.data_key(passphrase)?;
        let plain = data.derive(&[PURPOSE]).open(front, sealed).ok_or_else(damaged)?;
        let Whole { content, files, seen } = Whole::of(format, &plain).map_err(|_| damaged())?;
        Ok(Self { header, data, content, files, seen })
    }

    /// Gives the files of the data folder.
    #[must_use]
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Puts all but the files into `store`, which has no vault yet.
    ///
    /// The newest entry of a log may be younger than the backup: whoever restores asks the network
    /// before anything is signed.
    ///
    /// # Errors
    ///
    /// Returns [`VaultError::Exists`] if there is a vault in `store`, and what the store returns.
    /// Nothing is written then.
    pub fn into_vault(self, store: Arc<dyn Store>) -> Result<Vault, VaultError> {
        if Vault::exists(&*store)? {
            return Err(VaultError::Exists);
        }
        let mut changes = vec![self.header.to_change(Expect::Nothing)];
        changes.extend(self.content.into_changes());
        changes.extend(self.seen.into_changes());
        store.commit(&changes)?;
        Ok(Vault { store, data: self.data })
    }
}

/// The parts of a backup file.
struct Parts<'a> {
    format: u8,
    /// Everything before what is sealed.
    front: &'a [u8],
    header: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(path: &Path, bytes: &'a [u8]) -> Result<Self, VaultError> {
        let path = || path.to_owned();
        let damaged = || VaultError::DamagedBackup { path: path() };
        let rest =
            bytes.strip_prefix(MAGIC).ok_or_else(|| VaultError::NotABackup { path: path() })?;
        let (format, _) = rest.split_first().ok_or_else(damaged)?;
        if *format > FORMAT {
            return Err(VaultError::NewerBackup { path: path(), found: *format, known: FORMAT });
        }
        let (whole, digest) = bytes.split_last_chunk::<32>().ok_or_else(damaged)?;
        if *format == 0 || sha256(whole) != *digest {
            return Err(damaged());
        }
        let rest = whole.get(MAGIC.len().saturating_add(1)..).ok_or_else(damaged)?;
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| damaged())?;
        let (header, sealed) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let front = whole.len().checked_sub(sealed.len()).and_then(|end| whole.get(..end));
        Ok(Self { format: *format, front: front.ok_or_else(damaged)?, header, sealed })
    }
}

/// What a backup holds.
struct Whole {
    content: Content,
    /// Since format 2.
    files: Vec<File>,
    /// Since format 3.
    seen: Seen,
}

impl Whole {
    fn of(format: u8, plain: &[u8]) -> Result<Self, CborError> {
        let seen = Seen::default();
        match format {
            1 => Ok(Self { content: decode(plain, plain.len())?, files: Vec::new(), seen }),
            2 => {
                let WithFiles { content, files } = decode(plain, plain.len())?;
                Ok(Self { content, files, seen })
            }
            _ => decode(plain, plain.len()),
        }
    }
}

impl Record for Whole {
    fn write(&self, to: &mut Writer) {
        to.array(3);
        self.content.write(to);
        to.records(&self.files);
        self.seen.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(3)?;
        let (content, files) = (Content::read(from)?, from.records(MOST)?);
        Ok(Self { content, files, seen: Seen::read(from)? })
    }
}

/// What a backup of format 2 holds.
struct WithFiles {
    content: Content,
    files: Vec<File>,
}

impl Record for WithFiles {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        self.content.write(to);
        to.records(&self.files);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { content: Content::read(from)?, files: from.records(MOST)? })
    }
}

/// What this node saw of everybody and must not forget: nothing lower than the highest is accepted again,
/// and a fork proof is kept for ever.
#[derive(Default)]
struct Seen {
    highest: Vec<Above>,
    forks: Vec<Pair>,
}

impl Seen {
    fn gather(store: &dyn Store) -> Result<Self, StoreError> {
        let forks = store.all_forks()?.into_iter();
        let forks = forks.map(|(scid, proof)| Pair(scid.digest().to_vec(), proof)).collect();
        let mut highest: Vec<Above> = Vec::new();
        loop {
            let after = highest.last().map(|Above(scid, _)| *scid);
            let page = store.all_highest(after.as_ref(), PAGE)?;
            if page.is_empty() {
                return Ok(Self { highest, forks });
            }
            highest.extend(page.into_iter().map(|(scid, highest)| Above(scid, highest)));
        }
    }

    fn into_changes(self) -> impl Iterator<Item = Change> {
        let highest = self.highest.into_iter();
        let highest = highest.map(|Above(scid, highest)| Change::Seen { scid, highest });
        let forks = self.forks.into_iter().filter_map(|Pair(scid, proof)| {
            let scid = Scid::from_digest(scid.try_into().ok()?);
            Some(Change::Fork { scid, proof })
        });
        highest.chain(forks)
    }
}

impl Record for Seen {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.records(&self.highest);
        to.records(&self.forks);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { highest: from.records(MOST)?, forks: from.records(MOST)? })
    }
}

/// The highest that was seen of an identity.
struct Above(Scid, Highest);

impl Record for Above {
    fn write(&self, to: &mut Writer) {
        to.array(4);
        to.bytes(self.0.digest());
        to.unsigned(self.1.version);
        to.unsigned(self.1.sequence);
        to.bytes(&self.1.digest);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(4)?;
        let scid = Scid::from_digest(from.fixed()?);
        let (version, sequence) = (from.unsigned()?, from.unsigned()?);
        Ok(Self(scid, Highest { version, sequence, digest: from.fixed()? }))
    }
}

impl Record for File {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.text(&self.name);
        to.bytes(&self.bytes);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        let name = from.text()?.to_owned();
        Ok(Self { name, bytes: Zeroizing::new(from.bytes()?.to_vec()) })
    }
}

/// What a backup holds of the store.
struct Content {
    secrets: Vec<Pair>,
    identities: Vec<Identity>,
    tables: Vec<Named<Pair>>,
    chains: Vec<Named<Bytes>>,
    settings: Vec<Pair>,
}

impl Content {
    fn gather(store: &dyn Store, extent: Extent<'_>) -> Result<Self, StoreError> {
        let mut secrets = Vec::new();
        for name in store.secrets(b"")?.into_iter().filter(|name| name != header::NAME) {
            if let Some(sealed) = store.secret(&name)? {
                secrets.push(Pair(name, sealed));
            }
        }
        let own = store.all_kept()?.into_iter().filter(|(_, keep)| *keep == Keep::Own);
        let identities = own.map(|(scid, _)| Identity::gather(store, scid));
        let tables = extent.tables.iter().map(|name| {
            let rows = store.rows(name, b"", None, usize::MAX)?.into_iter();
            let items = rows.map(|(key, bytes)| Pair(key, bytes)).collect();
            Ok(Named { name: (*name).to_owned(), items })
        });
        let chains = extent.chains.iter().map(|name| {
            let links = store.links(name, 0, usize::MAX)?;
            Ok(Named { name: (*name).to_owned(), items: links.into_iter().map(Bytes).collect() })
        });
        let mut settings = Vec::new();
        for name in extent.settings {
            if let Some(bytes) = store.setting(name)? {
                settings.push(Pair(name.as_bytes().to_vec(), bytes));
            }
        }
        Ok(Self {
            secrets,
            identities: identities.collect::<Result<_, _>>()?,
            tables: tables.collect::<Result<_, StoreError>>()?,
            chains: chains.collect::<Result<_, StoreError>>()?,
            settings,
        })
    }

    fn into_changes(self) -> Vec<Change> {
        let mut changes = Vec::new();
        for Pair(name, sealed) in self.secrets {
            changes.push(Change::Secret { name, expect: Expect::Nothing, sealed });
        }
        for identity in self.identities {
            changes.extend(identity.into_changes());
        }
        for Named { name, items } in self.tables {
            changes.extend(items.into_iter().map(|Pair(key, bytes)| Change::Row {
                table: name.clone(),
                key,
                expect: Expect::Nothing,
                bytes,
            }));
        }
        for Named { name, items } in self.chains {
            changes.extend((0..).zip(items).map(|(length, Bytes(bytes))| Change::Link {
                chain: name.clone(),
                length,
                bytes,
            }));
        }
        for Pair(name, bytes) in self.settings {
            let name = String::from_utf8_lossy(&name).into_owned();
            changes.push(Change::Setting { name, bytes });
        }
        changes
    }
}

impl Record for Content {
    fn write(&self, to: &mut Writer) {
        to.array(5);
        to.records(&self.secrets);
        to.records(&self.identities);
        to.records(&self.tables);
        to.records(&self.chains);
        to.records(&self.settings);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(5)?;
        Ok(Self {
            secrets: from.records(MOST)?,
            identities: from.records(MOST)?,
            tables: from.records(MOST)?,
            chains: from.records(MOST)?,
            settings: from.records(MOST)?,
        })
    }
}

/// One of the node's own identities.
struct Identity {
    scid: Scid,
    lines: Vec<Bytes>,
    witnesses: Option<Vec<u8>>,
    head: Option<Vec<u8>>,
    showcases: Vec<Bytes>,
    profiles: Vec<Bytes>,
}

impl Identity {
    fn gather(store: &dyn Store, scid: Scid) -> Result<Self, StoreError> {
        let bodies = |kind| {
            let hashes = store.bodies(&scid, kind)?;
            let bodies = hashes.iter().map(|hash| store.body(hash));
            let bodies = bodies.collect::<Result<Vec<_>, _>>()?.into_iter().flatten();
            Ok::<_, StoreError>(bodies.map(Bytes).collect())
        };
        Ok(Self {
            scid,
            lines: store.log(&scid)?.unwrap_or_default().into_iter().map(Bytes).collect(),
            witnesses: store.witnesses(&scid)?,
            head: store.head(&scid)?,
            showcases: bodies(BodyKind::Showcase)?,
            profiles: bodies(BodyKind::Profile)?,
        })
    }

    fn into_changes(self) -> Vec<Change> {
        let Self { scid, lines, witnesses, head, showcases, profiles } = self;
        let lines = lines.into_iter().map(|Bytes(line)| line).collect();
        let mut changes =
            vec![Change::Keep { scid, keep: Keep::Own }, Change::Log { scid, keep: 0, lines }];
        changes.extend(witnesses.map(|file| Change::Witnesses { scid, file }));
        changes.extend(head.map(|bytes| Change::Head { scid, bytes }));
        let showcases = showcases.into_iter().map(|bytes| (BodyKind::Showcase, bytes));
        let profiles = profiles.into_iter().map(|bytes| (BodyKind::Profile, bytes));
        changes.extend(showcases.chain(profiles).map(|(kind, Bytes(bytes))| Change::Body {
            owner: scid,
            kind,
            bytes,
        }));
        changes
    }
}

impl Record for Identity {
    fn write(&self, to: &mut Writer) {
        to.array(6);
        to.bytes(self.scid.digest());
        to.records(&self.lines);
        to.optional(self.witnesses.as_ref(), |to, bytes| to.bytes(bytes));
        to.optional(self.head.as_ref(), |to, bytes| to.bytes(bytes));
        to.records(&self.showcases);
        to.records(&self.profiles);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(6)?;
        let bytes = |from: &mut Reader<'_>| from.bytes().map(<[u8]>::to_vec);
        Ok(Self {
            scid: Scid::from_digest(from.fixed()?),
            lines: from.records(MOST)?,
            witnesses: from.optional(bytes)?,
            head: from.optional(bytes)?,
            showcases: from.records(MOST)?,
            profiles: from.records(MOST)?,
        })
    }
}

struct Bytes(Vec<u8>);

impl Record for Bytes {
    fn write(&self, to: &mut Writer) {
        to.bytes(&self.0);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        Ok(Self(from.bytes()?.to_vec()))
    }
}

struct Pair(Vec<u8>, Vec<u8>);

impl Record for Pair {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.bytes(&self.0);
        to.bytes(&self.1);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self(from.bytes()?.to_vec(), from.bytes()?.to_vec()))
    }
}

struct Named<R> {
    name: String,
    items: Vec<R>,
}

impl<R: Record> Record for Named<R> {
    fn write(&self, to: &mut Writer) {
        to.array(2);
        to.text(&self.name);
        to.records(&self.items);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, CborError> {
        from.array(2)?;
        Ok(Self { name: from.text()?.to_owned(), items: from.records(MOST)? })
    }
}

const MAGIC: &[u8] = b"countersign-backup";
/// Format 2 takes files of the data folder along, format 3 what was seen of everybody.
/// Tells whether a backup can be read again.
fn fits(bytes: &[u8], bound: u64) -> Result<(), VaultError> {
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= bound);
    fits.then_some(()).ok_or(VaultError::TooLarge { bound })
}

const FORMAT: u8 = 3;
/// Read at once.
const PAGE: usize = 1024;
const PURPOSE: &[u8] = b"backup";
/// A backup larger than this is an attestor's of millions of claims, which needs another kind.
const BOUND: u64 = 1024 * 1024 * 1024;
/// The content is sealed by ourselves; this only keeps a count from being absurd.
const MOST: usize = 100_000_000;

#[cfg(test)]
mod tests {
    use super::super::Cost;
    use super::*;
    use crate::store::memory::Memory;

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        assert!(fits(&[0; 8], 8).is_ok());
        assert!(matches!(fits(&[0; 9], 8), Err(VaultError::TooLarge { bound: 8 })));
    }

    #[test]
    fn a_backup_of_the_first_format_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        let passphrase = Passphrase::new("open sesame").unwrap();
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let vault = Vault::create(Arc::clone(&store), &passphrase, Cost::TESTNET).unwrap();
        let content = encode(&Content::gather(&*store, Extent::default()).unwrap());
        file::write(&path, &vault.sealed(1, &content).unwrap()).unwrap();
        let opened = Backup::open(&path, &passphrase).unwrap();
        assert!(opened.files().is_empty());
        let empty: Arc<dyn Store> = Arc::new(Memory::new());
        opened.into_vault(Arc::clone(&empty)).unwrap();
        assert!(Vault::exists(&*empty).unwrap());
        // And so does one of the second.
        let content = Content::gather(&*store, Extent::default()).unwrap();
        let file = File { name: "a.toml".to_owned(), bytes: b"a = 1".to_vec().into() };
        let second = encode(&WithFiles { content, files: vec![file] });
        file::write(&path, &vault.sealed(2, &second).unwrap()).unwrap();
        assert_eq!(Backup::open(&path, &passphrase).unwrap().files().len(), 1);
        // What one format holds is not read as the other.
        file::write(&path, &vault.sealed(3, &second).unwrap()).unwrap();
        assert!(matches!(Backup::open(&path, &passphrase), Err(VaultError::DamagedBackup { .. })));
        let content = encode(&Content::gather(&*store, Extent::default()).unwrap());
        file::write(&path, &vault.sealed(2, &content).unwrap()).unwrap();
        assert!(matches!(Backup::open(&path, &passphrase), Err(VaultError::DamagedBackup { .. })));
    }
}
