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
use crate::encoding::{json, multihash};
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

    /// Refuses a domain in other letters than those of the DNS: of these there is one spelling for each,
    /// and every resolver knows it. did:webvh 1.0, after the ABNF: producers write `%3A`.
    fn check_spelling(&self) -> Result<(), DraftError> {
        let Self::Domain(place) = self else { return Ok(()) };
        let domain = place.split(':').next().unwrap_or_default();
        let name = domain.split_once("%3A").map_or(domain, |(name, _)| name);
        if name.is_ascii() && !name.contains('%') { Ok(()) } else { Err(DraftError::OtherLetters) }
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
    place.check_spelling()?;
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
        place.check_spelling()?;
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
    let Ok(Value::Object(mut members)) = json::parse(whole.as_bytes(), bounds::ENTRY) else {
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
    /// The domain is spelled as people read it, and not as the DNS does.
    #[error("the domain has other characters than letters of ASCII, digits and dashes")]
    OtherLetters,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::did::log::tests::{Forged, NOW, key, ours, parse, rotated};
    use crate::did::log::witness::File;
    use crate::verdict::Verdict;

    const LATER: Timestamp = NOW.plus(3600);

    fn members(draft: &Draft) -> Value {
        serde_json::from_slice(draft.entry.as_bytes()).unwrap()
    }

    fn five() -> Rule {
        Rule::new(3, (70..75).map(|seed| key(seed).public()).collect()).unwrap()
    }

    fn changed(history: &History, asked: &Change<'_>) -> Result<Draft, DraftError> {
        let (next, recovery) = (key(3).public(), key(99).public());
        let signing = Signing { key: &key(2), next: &next, recovery: &recovery };
        change(history, asked, signing, LATER)
    }

    #[test]
    fn a_first_entry_is_of_our_profile() {
        let draft = ours(None);
        let entry = members(&draft);
        let parameters = &entry["parameters"];
        assert_eq!(parameters["method"], METHOD);
        assert_eq!(parameters["portable"], true);
        assert_eq!(parameters["updateKeys"], json!([key(1).public().to_multikey()]));
        let promised = json!([key(2).public().promise(), key(99).public().promise()]);
        assert_eq!(parameters["nextKeyHashes"], promised, "recovery stands last");
        assert_eq!(entry["versionTime"], NOW.to_string());
        assert_eq!(entry["proof"].as_array().unwrap().len(), 1);
        let history = draft.history;
        assert_eq!(*history.did(), history.scid().to_did());
        let keys: Vec<_> = history.document().authentication_keys().collect();
        assert_eq!(keys, [&key(50).public()]);
        let services: Vec<_> = history.document().services().map(|(name, _)| name).collect();
        assert_eq!(services, ["files", "whois"], "nobody is sent to a web server");
        assert!(!entry.to_string().contains("{SCID}"));
    }

    #[test]
    fn an_identity_can_live_at_a_domain() {
        let (next, recovery) = (key(2).public(), key(99).public());
        let signing = Signing { key: &key(1), next: &next, recovery: &recovery };
        let at = |place| create(Place::Domain(place), &Keys::default(), None, signing, NOW);
        let history = at("example.com%3A8443:people:ada").unwrap().history;
        assert!(history.did().as_str().ends_with(":example.com%3A8443:people:ada"));
        assert!(at("xn--bcher-kva.example").is_ok());
        for place in ["bücher.example", "b%C3%BCcher.example", "ex%61mple.com", "a.example%3a1"] {
            assert!(matches!(at(place), Err(DraftError::OtherLetters)), "{place}");
        }
        for place in ["", "localhost", "example.com/x", "example.com:", "a{SCID}.example.com"] {
            assert!(matches!(at(place), Err(DraftError::BadPlace(_))), "{place}");
        }
    }

    #[test]
    fn three_keys_two_promises_and_five_witnesses_fit() {
        let first = ours(None).history;
        let length = first.entry().as_bytes().len();
        assert!(length < 1600, "a person's first entry has {length} bytes");
        let assertion = vec![key(51).public(), key(52).public()];
        let keys = Keys { authentication: vec![key(50).public()], assertion };
        let rule = five();
        let asked =
            Change { keys: Some(keys.clone()), witness: Some(Some(&rule)), ..Change::default() };
        assert!(changed(&first, &asked).is_ok(), "an attestor's planned rotation");
        let (next, recovery) = (key(2).public(), key(99).public());
        let signing = Signing { key: &key(1), next: &next, recovery: &recovery };
        let many = Keys { assertion: (100..110).map(|seed| key(seed).public()).collect(), ..keys };
        let error = create(Place::Home, &many, None, signing, NOW).unwrap_err();
        assert!(matches!(error, DraftError::TooLong { .. }));
    }

    #[test]
    fn a_change_hands_on_and_says_what_changed() {
        let first = ours(None).history;
        let before = Keys::of(first.document());
        let rotation = changed(&first, &Change::default()).unwrap();
        assert_eq!(Keys::of(rotation.history.document()), before);
        assert_eq!(rotation.history.document().value(), first.document().value());
        let keys =
            Keys { authentication: vec![key(60).public()], assertion: vec![key(61).public()] };
        let asked = Change { keys: Some(keys.clone()), ..Change::default() };
        let second = changed(&first, &asked).unwrap().history;
        assert_eq!(Keys::of(second.document()), keys);
        assert_eq!(second.updated(), LATER);
        let entry = members(&rotation);
        assert!(entry["parameters"].get("witness").is_none());
    }

    #[test]
    fn witnesses_are_named_and_dismissed() {
        let first = ours(None).history;
        let rule = five();
        let named = changed(&first, &Change { witness: Some(Some(&rule)), ..Change::default() });
        let named = named.unwrap().history;
        assert_eq!(named.parameters().witness.as_deref(), Some(&rule));
        assert_eq!(named.witnessed(&File::default()).unwrap().number(), 1);
        let first = ours(Some(&rule)).history;
        let dismissed = changed(&first, &Change { witness: Some(None), ..Change::default() });
        let dismissed = dismissed.unwrap().history;
        assert_eq!(dismissed.parameters().witness, None);
        assert_eq!(dismissed.witness_rule(), Some(&rule), "they are asked about their dismissal");
    }

    #[test]
    fn a_key_that_was_not_promised_writes_nothing() {
        let first = ours(None).history;
        let (next, recovery) = (key(3).public(), key(99).public());
        let signing = Signing { key: &key(5), next: &next, recovery: &recovery };
        let error = change(&first, &Change::default(), signing, LATER).unwrap_err();
        assert!(matches!(error, DraftError::Log(LogError::Unpromised { number: 2 })));
        let signing = Signing { key: &key(2), next: &next, recovery: &recovery };
        let error = recover(&first, &Change::default(), signing, LATER).unwrap_err();
        assert!(matches!(error, DraftError::NotTheRecoveryKey));
    }

    #[test]
    fn recovery_takes_the_identity_back_with_new_promises() {
        let first = ours(None).history;
        let (next, recovery) = (key(30).public(), key(98).public());
        let signing = Signing { key: &key(99), next: &next, recovery: &recovery };
        let keys = Keys { authentication: vec![key(60).public()], assertion: vec![] };
        let asked = Change { keys: Some(keys.clone()), ..Change::default() };
        let recovered = recover(&first, &asked, signing, LATER).unwrap().history;
        assert_eq!(Keys::of(recovered.document()), keys);
        let signing = Signing { key: &key(2), next: &next, recovery: &recovery };
        let thief = change(&recovered, &Change::default(), signing, LATER);
        assert!(thief.is_err(), "what was lost signs no more");
        let on = rotated(&recovered, &key(30), 31).history;
        assert_eq!(on.number(), 3);
    }

    #[test]
    fn a_move_remembers_every_name() {
        let first = ours(None).history;
        let place = Some(Place::Domain("example.com"));
        let moved = changed(&first, &Change { place, ..Change::default() }).unwrap().history;
        assert!(moved.did().as_str().ends_with(":example.com"));
        assert!(moved.knows(first.did()));
        assert_eq!(Keys::of(moved.document()), Keys::of(first.document()));
        let (next, recovery) = (key(4).public(), key(99).public());
        let signing = Signing { key: &key(3), next: &next, recovery: &recovery };
        let back = Change { place: Some(Place::Home), ..Change::default() };
        let back = change(&moved, &back, signing, LATER).unwrap().history;
        assert_eq!(back.did(), first.did());
        let names: Vec<&str> = back.document().also_known_as().collect();
        assert_eq!(names, [moved.did().as_str()]);
        let bad = Change { place: Some(Place::Domain("localhost")), ..Change::default() };
        assert!(matches!(changed(&first, &bad), Err(DraftError::BadPlace(_))));
    }

    #[test]
    fn an_identity_ends_and_nobody_can_wake_it() {
        let first = ours(None).history;
        for signer in [2, 99] {
            let [stopped, ended] = deactivate(&first, &key(signer), LATER).unwrap();
            assert!(!stopped.history.is_deactivated());
            assert!(ended.history.is_deactivated() && ended.history.is_frozen());
            let log = ended.history.to_log();
            assert_eq!(History::read(&log, LATER.plus(5)).unwrap().number(), 3);
        }
        let error = deactivate(&first, &key(1), LATER).unwrap_err();
        assert!(matches!(error, DraftError::Log(LogError::Unpromised { .. })));
    }

    #[test]
    fn ten_entries_a_day_and_then_only_recovery() {
        let mut history = ours(None).history;
        let (recovery, other) = (key(99).public(), key(98).public());
        let write = |history: &History, now| {
            let seed = u8::try_from(history.number()).unwrap();
            let (signer, next) =
                (key(seed.saturating_add(1)), key(seed.saturating_add(2)).public());
            let signing = Signing { key: &signer, next: &next, recovery: &recovery };
            change(history, &Change::default(), signing, now)
        };
        for _ in 1..bounds::ENTRIES_A_DAY {
            history = write(&history, NOW).unwrap().history;
        }
        assert!(matches!(write(&history, LATER), Err(DraftError::TooManyToday)));
        let next = key(40).public();
        let signing = Signing { key: &key(99), next: &next, recovery: &other };
        assert!(recover(&history, &Change::default(), signing, LATER).is_ok());
        assert!(write(&history, NOW.plus(86_500)).is_ok());
    }

    #[test]
    fn the_end_of_a_log_is_kept_for_recovery() {
        let first = ours(None).history;
        // Keys 2, 2, 2 …: each entry promises the key that signed it, and fills the log.
        let promises = json!([key(2).public().promise(), key(99).public().promise()]);
        let mut state = first.document().value().clone();
        state["filler"] = json!("x".repeat(6000));
        let parameters = json!({
            "updateKeys": [key(2).public().to_multikey()], "nextKeyHashes": promises,
        });
        let mut history = first;
        while history.length() <= NEARLY_FULL {
            let line = Forged::after(&history).state(state.clone()).parameters(parameters.clone());
            let entry = parse(&line.signed(&[&key(2)])).unwrap();
            history = history.append(&entry, LATER).unwrap();
        }
        assert!(matches!(changed(&history, &Change::default()), Err(DraftError::NearlyFull)));
        let (next, recovery) = (key(40).public(), key(98).public());
        let signing = Signing { key: &key(99), next: &next, recovery: &recovery };
        assert!(recover(&history, &Change::default(), signing, LATER).is_ok());
        let mut full = history;
        let error = loop {
            let line = Forged::after(&full).state(state.clone()).parameters(parameters.clone());
            match full.append(&parse(&line.signed(&[&key(2)])).unwrap(), LATER) {
                Ok(next) => full = next,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, LogError::TooLong));
        assert_eq!(History::read(&full.to_log(), LATER).unwrap().number(), full.number());
    }

    #[test]
    fn a_clock_far_behind_writes_nothing() {
        let first = ours(None).history;
        let (next, recovery) = (key(3).public(), key(99).public());
        let signing = Signing { key: &key(2), next: &next, recovery: &recovery };
        let at = |now| change(&first, &Change::default(), signing, now);
        assert_eq!(at(NOW).unwrap().history.updated(), NOW.plus(1), "within one second");
        let error = at(NOW.minus(86_400)).unwrap_err();
        assert!(matches!(error, DraftError::Log(cause) if cause.verdict() == Verdict::Ignore));
    }
}
