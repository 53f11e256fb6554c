//! Writes the entries of our own identities.
//!
//! What is written here is stricter than did:webvh 1.0 asks, so that every validator of it accepts
//! what we write: both key lists explicit in every entry, pre-rotation always on (the entries that
//! end an identity excepted), seconds and `Z`, one proof, no unknown members, `portable: true`. A
//! [`Draft`] was checked as any entry from outside is.
//!
//! - Specification: did:webvh 1.0, "Create", "Update", "Deactivate", "DID Portability".

use super::entry::{self, Entry, EntryError, PURPOSE, VersionId};
use super::error::LogError;
use super::parameters::METHOD;
use super::witness::Rule;
use super::{History, scid};
use crate::did::{Did, DidError, Scid};
use crate::encoding::multihash;
use crate::key::{PublicKey, SecretKey, did_key};
use crate::proof::eddsa_jcs_2022;
use crate::time::Timestamp;
use crate::wire::bounds;
use serde_json::{Map, Value, json};

mod state;

pub use state::Keys;
use state::State;

/// An entry of our own that verifies, to be stored before anything of it is told.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The new entry; its bytes and a newline go behind the log.
    pub entry: Entry,
    /// The history with the new entry.
    pub history: History,
}

/// Who signs an entry, and who will be able to sign the next.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The update key: promised by the entry before, erased once this entry is durable.
    pub key: &'a SecretKey,
    /// The next update key.
    pub next: &'a PublicKey,
    /// The recovery key: never on disk.
    pub recovery: &'a PublicKey,
}

impl Signing<'_> {
    /// The recovery key's hash stands last, so that a recovery can be told from a rotation.
    fn promises(&self) -> Value {
        json!([self.next.promise(), self.recovery.promise()])
    }
}

/// Where an identity is found by those who ask the web.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// Nowhere: a person without a domain.
    Home,
    /// At a domain, with a port and a path as a DID writes them: `example.com%3A8443:people:ada`.
    Domain(&'a str),
}

impl Place<'_> {
    /// Gives the DID of `scid`, or of the placeholder for it, at this place.
    fn did(&self, scid: &str) -> String {
        match self {
            Self::Home => format!("did:webvh:{scid}:{}:{scid}", crate::did::HOME),
            Self::Domain(place) => format!("did:webvh:{scid}:{place}"),
        }
    }
}

/// Writes the first entry of a new identity.
///
/// # Errors
///
/// Returns [`DraftError`] if the place is none or the entry is too long.
pub fn create(
    place: Place<'_>,
    keys: &Keys,
    witness: Option<&Rule>,
    signing: Signing<'_>,
    now: Timestamp,
) -> Result<Draft, DraftError> {
    // Any SCID shows whether the place is one.
    let trial = Scid::from_digest([0; 32]).to_string();
    trial_did(&place.did(&trial))?;
    let mut parameters = Map::from_iter([
        ("method".to_owned(), json!(METHOD)),
        ("scid".to_owned(), json!(scid::PLACEHOLDER)),
        ("portable".to_owned(), json!(true)),
        ("updateKeys".to_owned(), json!([signing.key.public().to_multikey()])),
        ("nextKeyHashes".to_owned(), signing.promises()),
    ]);
    if let Some(rule) = witness {
        parameters.insert("witness".to_owned(), rule.to_value());
    }
    let state = State::new(place.did(scid::PLACEHOLDER), keys).to_value();
    let start = entry::canonical_start(&Value::Object(parameters), &state);
    let time = now.to_string();
    let preliminary = entry::canonical_whole(&start, scid::PLACEHOLDER, &time);
    let digest = scid::of_preliminary(&preliminary).ok_or(DraftError::Unwritable)?;
    let scid = Scid::from_digest(digest).to_string();
    let start = start.replace(scid::PLACEHOLDER, &scid);
    let entry = sign(&start, &scid, 1, &time, signing.key)?;
    let history = History::start(&entry, now)?;
    check_length(&entry)?;
    Ok(Draft { entry, history })
}

/// What an entry changes; what is left out stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Change<'a> {
    /// The keys of the document.
    pub keys: Option<Keys>,
    /// Who must witness entries from the next one on; `Some(None)` for nobody.
    pub witness: Option<Option<&'a Rule>>,
    /// Where the identity moves to.
    pub place: Option<Place<'a>>,
}

/// Writes the next entry of an identity; one that changes nothing rotates the update key.
///
/// # Errors
///
/// Returns [`DraftError`] if the key was not promised, the entry is too long, too many were written
/// today, or the log is nearly full.
pub fn change(
    history: &History,
    change: &Change<'_>,
    signing: Signing<'_>,
    now: Timestamp,
) -> Result<Draft, DraftError> {
    // An attacker, or a fault, must not use up the log before its owner can act.
    if history.length() > NEARLY_FULL {
        return Err(DraftError::NearlyFull);
    }
    let day = now.minus(24 * 60 * 60);
    let before = history.at_time(day).map_or(0, |history| history.number());
    if history.number().saturating_sub(before) >= bounds::ENTRIES_A_DAY {
        return Err(DraftError::TooManyToday);
    }
    write(history, change, signing, now)
}

/// Writes the next entry with the recovery key: the way back after everything else was lost.
///
/// It is allowed when nothing else is, and takes new promises: a recovery key signs once.
///
/// # Errors
///
/// Returns [`DraftError`] if the key is not the one promised for recovery.
pub fn recover(
    history: &History,
    change: &Change<'_>,
    signing: Signing<'_>,
    now: Timestamp,
) -> Result<Draft, DraftError> {
    let promised = history.parameters().next_key_hashes.last();
    if promised != Some(&signing.key.public().promise()) {
        return Err(DraftError::NotTheRecoveryKey);
    }
    write(history, change, signing, now)
}

/// Writes the two entries that end an identity: one that stops promising keys, one that ends it and
/// leaves nobody to sign. `key` is the promised update key or the recovery key.
///
/// # Errors
///
/// Returns [`DraftError`] if the key was not promised.
pub fn deactivate(
    history: &History,
    key: &SecretKey,
    now: Timestamp,
) -> Result<[Draft; 2], DraftError> {
    // "Deactivate": with pre-rotation "two DID log entries are required … the first to stop the use
    // of pre-rotation, and the second to set updateKeys to []".
    let state = history.document().value();
    let parameters = json!({ "updateKeys": [key.public().to_multikey()], "nextKeyHashes": [] });
    let first = append(history, &parameters, state, key, now)?;
    let parameters = json!({ "updateKeys": [], "nextKeyHashes": [], "deactivated": true });
    let second = append(&first.history, &parameters, state, key, now)?;
    Ok([first, second])
}

fn write(
    history: &History,
    change: &Change<'_>,
    signing: Signing<'_>,
    now: Timestamp,
) -> Result<Draft, DraftError> {
    let mut state = State::read(history.document());
    if let Some(keys) = &change.keys {
        state.keys = keys.clone();
    }
    if let Some(place) = change.place {
        let did = place.did(&history.scid().to_string());
        trial_did(&did)?;
        state.move_to(did);
    }
    let mut parameters = json!({
        "updateKeys": [signing.key.public().to_multikey()],
        "nextKeyHashes": signing.promises(),
    });
    if let (Some(witness), Some(members)) = (change.witness, parameters.as_object_mut()) {
        let rule = witness.map_or_else(|| json!({}), Rule::to_value);
        members.insert("witness".to_owned(), rule);
    }
    append(history, &parameters, &state.to_value(), signing.key, now)
}

fn append(
    history: &History,
    parameters: &Value,
    state: &Value,
    key: &SecretKey,
    now: Timestamp,
) -> Result<Draft, DraftError> {
    // Two entries within one second, or after a clock was set back a little: the log goes on.
    let time = now.max(history.updated().plus(1)).to_string();
    let number = history.number().saturating_add(1);
    let start = entry::canonical_start(parameters, state);
    let entry = sign(&start, &history.version_id().to_string(), number, &time, key)?;
    let history = history.append(&entry, now)?;
    check_length(&entry)?;
    Ok(Draft { entry, history })
}

/// Hashes and signs an entry whose canonical form begins with `start`.
fn sign(
    start: &str,
    predecessor: &str,
    number: u64,
    time: &str,
    key: &SecretKey,
) -> Result<Entry, DraftError> {
    let chained = entry::canonical_whole(start, predecessor, time);
    let version = VersionId { number, digest: multihash::sha256(chained.as_bytes()) };
    let whole = entry::canonical_whole(start, &version.to_string(), time);
    let Ok(Value::Object(mut members)) = serde_json::from_str(&whole) else {
        return Err(DraftError::Unwritable);
    };
    let options = Map::from_iter([
        ("created".to_owned(), json!(time)),
        ("proofPurpose".to_owned(), json!(PURPOSE)),
        ("verificationMethod".to_owned(), json!(did_key::to_verification_method(&key.public()))),
    ]);
    let proof = eddsa_jcs_2022::sign(&members, options, key);
    members.insert("proof".to_owned(), json!([proof]));
    Ok(Entry::parse(Value::Object(members).to_string().as_bytes())?)
}

fn trial_did(did: &str) -> Result<Did, DraftError> {
    did.parse().map_err(DraftError::BadPlace)
}

fn check_length(entry: &Entry) -> Result<(), DraftError> {
    let length = entry.as_bytes().len();
    if length > bounds::ENTRY_WRITTEN { Err(DraftError::TooLong { length }) } else { Ok(()) }
}

/// The entry cannot be written. Fault of whoever asked for it.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum DraftError {
    /// The place is not one a DID can name.
    #[error("the place: {0}")]
    BadPlace(#[source] DidError),
    /// Too many keys or witnesses for one entry.
    #[error("the entry has {length} bytes; at most {most} are written", most = bounds::ENTRY_WRITTEN)]
    TooLong { length: usize },
    /// Ten entries were written in the last 24 hours.
    #[error("{most} entries were written in the last 24 hours", most = bounds::ENTRIES_A_DAY)]
    TooManyToday,
    /// What room is left is kept for recovery and deactivation.
    #[error("the log is nearly full: only recovery and deactivation are written")]
    NearlyFull,
    /// Not the key whose hash stands last in the promises.
    #[error("this is not the recovery key that the log promised")]
    NotTheRecoveryKey,
    /// What was asked for has no JSON form.
    #[error("the entry cannot be written as JSON")]
    Unwritable,
    /// What was written is no entry.
    #[error("{0}")]
    Entry(#[from] EntryError),
    /// What was written does not continue the log: the key was not promised, or the clock is behind.
    #[error("{0}")]
    Log(#[from] LogError),
}

/// From here on only recovery and deactivation are written: room for sixteen such entries.
const NEARLY_FULL: usize = bounds::LOG - 16 * bounds::ENTRY_WRITTEN;
