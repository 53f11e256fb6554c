//! One line of an identity's log.
//!
//! An [`Entry`] is a line whose shape is right; nobody has checked yet who signed it and what it
//! continues. That takes the entries before it: see [`History`](super::History).
//!
//! Both hashes of an entry are taken over its canonical form without the proof, and differ only in
//! `versionId`: the previous one for the chain, its own for the signature. In canonical order
//! `versionId` comes after everything large, so all before it is hashed once.
//!
//! - Specification: did:webvh 1.0, "The DID Log File", "Entry Hash Generation and Verification",
//!   "Authorized Keys".

use super::parameters::{Change, ParameterError};
use super::scid;
use crate::did::document::{Document, DocumentError};
use crate::did::{Did, Scid};
use crate::encoding::json::{self, JsonError};
use crate::encoding::{jcs, multihash};
use crate::key::{KeyError, PublicKey, did_key};
use crate::proof::{Proof, ProofError, eddsa_jcs_2022};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use crate::wire::bounds;
use core::{fmt, str::FromStr};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A line of a log that was read, and not yet verified. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Entry(Arc<Body>);

pub(in crate::did) struct Body {
    line: Box<[u8]>,
    pub(super) version: VersionId,
    pub(super) version_text: String,
    pub(super) time: VersionTime,
    pub(super) change: Change,
    pub(super) document: Document,
    pub(super) signers: Vec<PublicKey>,
    proofs: Vec<Proof>,
    /// What the SCID must be, if this is a first entry.
    pub(super) genesis: Option<[u8; 32]>,
    /// The canonical form up to the text of `versionId`.
    hashed: Sha256,
}

impl Entry {
    /// Reads one line of a log, with or without the newline behind it.
    ///
    /// # Errors
    ///
    /// Returns [`EntryError`] for all that is wrong with the line whatever stands before it.
    pub fn parse(line: &[u8]) -> Result<Self, EntryError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if line.contains(&b'\n') {
            return Err(EntryError::NotALine);
        }
        let mut value = json::parse(line, bounds::ENTRY)?;
        let members = value.as_object_mut().ok_or(EntryError::NotAnObject)?;
        let version_text = take_text(members, "versionId")?;
        let version: VersionId = version_text.parse()?;
        let time = VersionTime::parse(take_text(members, "versionTime")?)?;
        let parameters = take(members, "parameters")?;
        let state = take(members, "state")?;
        let proof = take(members, "proof")?;
        // "Each entry is a JSON object consisting of the following properties."
        if !members.is_empty() {
            return Err(EntryError::UnknownMember);
        }
        let canonical = canonical_start(&parameters, &state);
        // "It is a placeholder and MUST be replaced before the DID is published": one left standing reads
        // as the SCID when that is verified, and so several first entries would have one SCID.
        if version.number == 1 && canonical.contains(scid::PLACEHOLDER) {
            return Err(EntryError::Placeholder);
        }
        let change = Change::parse(parameters, version.number == 1)?;
        let (proofs, signers) = read_proofs(proof, &change)?;
        let genesis = change.scid.and_then(|scid| {
            let preliminary = canonical_whole(&canonical, scid::PLACEHOLDER, &time.text);
            scid::of_published(&preliminary, &scid.to_string())
        });
        Ok(Self(Arc::new(Body {
            line: line.into(),
            version,
            version_text,
            time,
            change,
            document: Document::new(state)?,
            signers,
            proofs,
            genesis,
            hashed: Sha256::new_with_prefix(canonical.as_bytes()),
        })))
    }

    /// Gives the line as it was received, without a newline.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0.line
    }

    /// Gives what the entry says its number and its hash are.
    #[must_use]
    pub fn version_id(&self) -> VersionId {
        self.0.version
    }

    /// Gives when the entry says it was made.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.0.time.moment
    }

    /// Gives the SCID the entry says it belongs to.
    #[must_use]
    pub fn scid(&self) -> Scid {
        self.0.document.id().scid()
    }

    /// Gives the DID that the entry's document describes.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.0.document.id()
    }

    /// Lists the keys that are said to have signed the entry.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.0.signers
    }

    pub(in crate::did) fn body(&self) -> &Body {
        &self.0
    }
}

impl Body {
    /// Gives the bytes this entry adds to a log.
    pub(super) fn length(&self) -> usize {
        self.line.len().saturating_add(1)
    }

    /// Checks that every signer signed this entry; whether they may is for the log to say.
    pub(super) fn verify_signatures(&self) -> Result<(), ProofError> {
        let hash = self.hash_as(&self.version_text);
        self.proofs
            .iter()
            .zip(&self.signers)
            .try_for_each(|(proof, key)| eddsa_jcs_2022::verify_hashed(&hash, proof.raw(), key))
    }

    /// Tells whether this entry continues the one whose `versionId` is `predecessor`.
    pub(in crate::did) fn continues(&self, predecessor: &str) -> bool {
        self.hash_as(predecessor) == self.version.digest
    }

    /// Hashes the canonical form of the entry without its proof, with `version` for `versionId`.
    fn hash_as(&self, version: &str) -> [u8; 32] {
        let mut hasher = self.hashed.clone();
        for part in [version, BEFORE_TIME, &self.time.text, END] {
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.version, self.document.id())
    }
}

/// Gives the canonical form of an entry up to the text of `versionId`.
///
/// RFC 8785, section 3.2.3: `parameters` < `state` < `versionId` < `versionTime`.
pub(super) fn canonical_start(parameters: &Value, state: &Value) -> String {
    let mut bytes = Vec::with_capacity(USUAL);
    for (before, value) in [(r#"{"parameters":"#, parameters), (r#","state":"#, state)] {
        bytes.extend_from_slice(before.as_bytes());
        jcs::append(&mut bytes, value);
    }
    bytes.extend_from_slice(br#","versionId":""#);
    String::from_utf8(bytes).unwrap_or_default()
}

/// Gives the canonical form of an entry; neither text holds a character that JSON escapes.
pub(super) fn canonical_whole(start: &str, version: &str, time: &str) -> String {
    [start, version, BEFORE_TIME, time, END].concat()
}

fn take(members: &mut Map<String, Value>, name: &'static str) -> Result<Value, EntryError> {
    members.remove(name).ok_or(EntryError::Missing { name })
}

fn take_text(members: &mut Map<String, Value>, name: &'static str) -> Result<String, EntryError> {
    match take(members, name)? {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(EntryError::NotText { name })
        }
    }
}

/// Reads the proofs and the key each is said to be made with.
fn read_proofs(value: Value, change: &Change) -> Result<(Vec<Proof>, Vec<PublicKey>), EntryError> {
    // The specification's text says array, its JSON schema lets one proof stand alone.
    let proofs = match value {
        Value::Array(proofs) if proofs.is_empty() => return Err(EntryError::Unsigned),
        Value::Array(proofs) => {
            proofs.into_iter().map(Proof::take).collect::<Result<Vec<_>, ProofError>>()?
        }
        one @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)) => vec![Proof::take(one)?],
    };
    let signers = proofs.iter().map(|proof| signer(proof, change)).collect::<Result<_, _>>()?;
    Ok((proofs, signers))
}

/// "Authorized Keys": the cryptosuite is the one permitted, the purpose is `assertionMethod`, and the
/// verification method is a did:key.
fn signer(proof: &Proof, change: &Change) -> Result<PublicKey, EntryError> {
    if proof.cryptosuite() != eddsa_jcs_2022::NAME {
        return Err(EntryError::Proof(ProofError::UnknownCryptosuite));
    }
    if proof.purpose() != PURPOSE {
        return Err(EntryError::WrongPurpose);
    }
    // Every proof of an entry is over the entry alone: one that stands on another covers more.
    proof.check_alone()?;
    let url = proof.verification_method();
    // Decoding a key costs a fifth of a signature: one the entry names already was decoded.
    let named = change.update_keys.iter().flat_map(|keys| keys.iter()).find(|key| {
        let multikey = key.as_str();
        let parts = url.strip_prefix("did:key:").and_then(|rest| rest.split_once('#'));
        parts == Some((multikey, multikey))
    });
    match named.and_then(|named| named.key()) {
        Some(key) => Ok(*key),
        None => did_key::parse_verification_method(url).map_err(EntryError::BadSigner),
    }
}

/// Names one entry of a log: its number and its hash, written `1-Qm…`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionId {
    /// Counts entries from 1.
    pub number: u64,
    /// The digest inside the entry hash.
    pub digest: [u8; 32],
}

impl fmt::Display for VersionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.number, multihash::to_base58btc(&self.digest))
    }
}

impl fmt::Debug for VersionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "VersionId({self})")
    }
}

impl FromStr for VersionId {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let (number, hash) = text.split_once('-').ok_or(EntryError::BadVersionId)?;
        // "Read (Resolve)", step 3: an integer, exactly one dash, and a multihash of SHA-256.
        let digits = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
        let number = number.parse().ok().filter(|_| digits).ok_or(EntryError::BadVersionId)?;
        let digest = multihash::from_base58btc(hash).ok_or(EntryError::BadVersionId)?;
        Ok(Self { number, digest })
    }
}

/// When an entry was made, as it is written and to the fraction of a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct VersionTime {
    pub(super) moment: Timestamp,
    /// The digits behind the point, without the noughts at their end: so they are in order as texts.
    fraction: String,
    pub(super) text: String,
}

impl VersionTime {
    fn parse(text: String) -> Result<Self, EntryError> {
        // "Read (Resolve)", step 4: `Z` or `+00:00`; another zone or none is refused.
        let local = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"));
        let local = local.ok_or(EntryError::BadTime)?;
        let moment = Timestamp::parse(&text).map_err(|_| EntryError::BadTime)?;
        // Two entries of one second are in order by their fraction, of any number of digits.
        let fraction = local.split_once('.').map_or("", |(_, fraction)| fraction);
        let fraction = fraction.trim_end_matches('0').to_owned();
        Ok(Self { moment, fraction, text })
    }

    /// Tells whether this is strictly later than `other`.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        (self.moment, &self.fraction) > (other.moment, &other.fraction)
    }

    /// Tells whether this is later than the whole second `moment`.
    pub(super) fn is_past(&self, moment: Timestamp) -> bool {
        self.moment > moment || self.moment == moment && !self.fraction.is_empty()
    }
}

/// The line is no entry of any log. Fault of its controller, and of who relayed it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum EntryError {
    /// More than one line.
    #[error("an entry is one line")]
    NotALine,
    /// Not JSON that has one meaning, or too long.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// Something else than an object.
    #[error("an entry is an object")]
    NotAnObject,
    /// One of the five members is not there.
    #[error("the entry has no `{name}`")]
    Missing { name: &'static str },
    /// A member that must be text is not.
    #[error("`{name}` is not text")]
    NotText { name: &'static str },
    /// A sixth member.
    #[error("the entry has a member that did:webvh does not define")]
    UnknownMember,
    /// Not a number, one dash and a SHA-256 multihash.
    #[error("`versionId` is not a number, one dash and a SHA-256 multihash")]
    BadVersionId,
    /// Not a time in UTC.
    #[error("`versionTime` is not a time in UTC such as 2026-11-22T07:30:00Z")]
    BadTime,
    /// Its parameters are not allowed.
    #[error("{0}")]
    Parameters(#[from] ParameterError),
    /// Its state describes no identity.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// The first entry was published before it knew its name.
    #[error("the first entry still has {placeholder} in it", placeholder = scid::PLACEHOLDER)]
    Placeholder,
    /// There is no proof.
    #[error("the entry has no proof")]
    Unsigned,
    /// Its proof is none, or of another cryptosuite.
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// Its proof is for another purpose.
    #[error("`proofPurpose` is not {PURPOSE}")]
    WrongPurpose,
    /// Its proof does not name an Ed25519 key by a did:key.
    #[error("`verificationMethod`: {0}")]
    BadSigner(#[source] KeyError),
}

impl EntryError {
    /// Says what a peer deserves that sent this.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::NotALine
            | Self::Json(_)
            | Self::NotAnObject
            | Self::Missing { .. }
            | Self::NotText { .. }
            | Self::UnknownMember
            | Self::BadVersionId
            | Self::BadTime
            | Self::Parameters(_)
            | Self::Document(_)
            | Self::Placeholder
            | Self::Unsigned
            | Self::Proof(_)
            | Self::WrongPurpose
            | Self::BadSigner(_) => Verdict::Reject,
        }
    }
}

/// What the proof of an entry, and that of a witness, is for.
pub(super) const PURPOSE: &str = "assertionMethod";

/// What stands behind the text of `versionId`, and behind that of `versionTime`.
const BEFORE_TIME: &str = r#"","versionTime":""#;
const END: &str = r#""}"#;

/// The longest entry we write, so that nearly every canonical form is written without growing.
const USUAL: usize = 2048;
