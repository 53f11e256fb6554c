//! What a log must be: each rule of the specification with a log that breaks only that rule.

use super::draft::{self, Draft, Keys, Place, Signing};
use super::entry::{self, Entry, EntryError, VersionId};
use super::error::LogError;
use super::witness::Rule;
use super::{History, MAX_CLOCK_SKEW, scid};
use crate::did::Scid;
use crate::encoding::multihash;
use crate::key::{SecretKey, did_key};
use crate::proof::eddsa_jcs_2022;
use crate::proof::{ProofError, Purpose};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);

/// The key made of `seed`.
pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn did(scid: &str) -> String {
    format!("did:webvh:{scid}:example.com")
}

/// An entry of anybody's making: what is signed and hashed is exactly what stands here.
pub(crate) struct Forged {
    pub(crate) number: u64,
    pub(crate) predecessor: String,
    pub(crate) time: String,
    pub(crate) parameters: Value,
    pub(crate) state: Value,
}

impl Forged {
    /// The entry that follows `history` and changes nothing.
    pub(crate) fn after(history: &History) -> Self {
        Self {
            number: history.number().saturating_add(1),
            predecessor: history.version_id().to_string(),
            time: history.updated().plus(1).to_string(),
            parameters: json!({}),
            state: history.document().value().clone(),
        }
    }

    pub(crate) fn parameters(mut self, parameters: Value) -> Self {
        self.parameters = parameters;
        self
    }

    pub(crate) fn state(mut self, state: Value) -> Self {
        self.state = state;
        self
    }

    fn time(mut self, time: &str) -> Self {
        self.time = time.to_owned();
        self
    }

    /// The members of the entry, hashed and without a proof.
    fn members(&self) -> Map<String, Value> {
        let start = entry::canonical_start(&self.parameters, &self.state);
        let chained = entry::canonical_whole(&start, &self.predecessor, &self.time);
        let digest = multihash::sha256(chained.as_bytes());
        let members = json!({
            "versionId": VersionId { number: self.number, digest }.to_string(),
            "versionTime": self.time,
            "parameters": self.parameters,
            "state": self.state,
        });
        members.as_object().unwrap().clone()
    }

    /// The line, signed by `keys`.
    pub(crate) fn signed(&self, keys: &[&SecretKey]) -> Value {
        let members = self.members();
        let proofs: Value = keys.iter().map(|key| Value::Object(proof(&members, key))).collect();
        let mut line = members;
        line.insert("proof".to_owned(), proofs);
        Value::Object(line)
    }
}

fn proof(members: &Map<String, Value>, key: &SecretKey) -> Map<String, Value> {
    let options = json!({
        "created": "2026-11-22T07:30:00Z",
        "proofPurpose": "assertionMethod",
        "verificationMethod": did_key::to_verification_method(&key.public()),
    });
    eddsa_jcs_2022::sign(members, options.as_object().unwrap().clone(), key)
}

pub(crate) fn parse(line: &Value) -> Result<Entry, EntryError> {
    Entry::parse(line.to_string().as_bytes())
}

fn append(history: &History, line: &Value) -> Result<History, LogError> {
    history.append(&parse(line).expect("the line has the right shape"), NOW.plus(1000))
}

/// A first entry with these parameters beside `method` and `scid`, and this state beside its `id`.
fn first_line(parameters: Value, state: Value, key: &SecretKey) -> Value {
    let mut entry = Forged {
        number: 1,
        predecessor: String::new(),
        time: NOW.to_string(),
        parameters: json!({ "method": "did:webvh:1.0", "scid": "{SCID}" }),
        state: json!({ "@context": ["https://www.w3.org/ns/did/v1"], "id": did("{SCID}") }),
    };
    for (into, from) in [(&mut entry.parameters, parameters), (&mut entry.state, state)] {
        into.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
    }
    let start = entry::canonical_start(&entry.parameters, &entry.state);
    let whole = entry::canonical_whole(&start, "{SCID}", &entry.time);
    let scid = Scid::from_digest(scid::of_preliminary(&whole).unwrap()).to_string();
    let replaced =
        |value: &Value| serde_json::from_str(&value.to_string().replace("{SCID}", &scid)).unwrap();
    entry.parameters = replaced(&entry.parameters);
    entry.state = replaced(&entry.state);
    entry.predecessor = scid;
    entry.signed(&[key])
}

fn start(parameters: Value) -> History {
    let line = first_line(parameters, json!({}), &key(1));
    History::start(&parse(&line).unwrap(), NOW).unwrap()
}

fn multikeys(seeds: &[u8]) -> Value {
    seeds.iter().map(|seed| Value::from(key(*seed).public().to_multikey())).collect()
}

fn promises(seeds: &[u8]) -> Value {
    seeds.iter().map(|seed| Value::from(key(*seed).public().promise())).collect()
}

/// A log without pre-rotation, as others write it: key 1 signs.
fn plain() -> History {
    start(json!({ "updateKeys": multikeys(&[1]) }))
}

/// A log with pre-rotation: keys 2 and 3 are promised.
fn pre_rotated() -> History {
    start(json!({ "updateKeys": multikeys(&[1]), "nextKeyHashes": promises(&[2, 3]) }))
}

/// A first entry as we write it: key 1 signs, 2 is next, 99 is for recovery, 50 authenticates.
pub(crate) fn ours(witness: Option<&Rule>) -> Draft {
    let (next, recovery) = (key(2).public(), key(99).public());
    let signing = Signing { key: &key(1), next: &next, recovery: &recovery };
    let keys = Keys { authentication: vec![key(50).public()], assertion: vec![] };
    draft::create(Place::Home, &keys, witness, signing, NOW).unwrap()
}

/// The entry after `history` by which `key` hands on to the key of seed `next`.
pub(crate) fn rotated(history: &History, signer: &SecretKey, next: u8) -> Draft {
    let (next, recovery) = (key(next).public(), key(99).public());
    let signing = Signing { key: signer, next: &next, recovery: &recovery };
    draft::change(history, &draft::Change::default(), signing, NOW.plus(86_400 * 1000)).unwrap()
}

/// The entry after `history` that says who must witness from then on.
pub(crate) fn ruled(
    history: &History,
    signer: &SecretKey,
    next: u8,
    rule: Option<&Rule>,
) -> History {
    let (next, recovery) = (key(next).public(), key(99).public());
    let signing = Signing { key: signer, next: &next, recovery: &recovery };
    let asked = draft::Change { witness: Some(rule), ..draft::Change::default() };
    draft::change(history, &asked, signing, NOW.plus(86_400 * 1000)).unwrap().history
}

mod reading {
    use super::*;

    #[test]
    fn a_log_of_others_reads_without_pre_rotation() {
        let history = plain();
        let next = Forged::after(&history).parameters(json!({ "updateKeys": multikeys(&[2]) }));
        let history = append(&history, &next.signed(&[&key(1)])).unwrap();
        let next = Forged::after(&history);
        assert!(matches!(
            append(&history, &next.signed(&[&key(1)])),
            Err(LogError::Unauthorized { number: 3, signer }) if *signer == key(1).public()
        ));
        assert_eq!(append(&history, &next.signed(&[&key(2)])).unwrap().number(), 3);
    }

    #[test]
    fn a_whole_log_reads_line_by_line() {
        let first = ours(None);
        let second = rotated(&first.history, &key(2), 3);
        let log = [first.entry.as_bytes(), b"\n", second.entry.as_bytes(), b"\n"].concat();
        let now = NOW.plus(86_400 * 1000);
        let history = History::read(&log, now).unwrap();
        assert_eq!(history.version_id(), second.entry.version_id());
        assert_eq!(history.length(), log.len());
        assert!(History::read(&log[..log.len() - 1], now).is_ok(), "no newline at the end");
        assert!(matches!(History::read(b"", now), Err(LogError::Empty)));
        let blank = [first.entry.as_bytes(), b"\n\n"].concat();
        assert!(matches!(History::read(&blank, now), Err(LogError::Malformed { number: 2, .. })));
        let cut = [first.entry.as_bytes(), b"\n{"].concat();
        let (history, error) = History::read_as_far_as_it_holds(&cut, now);
        assert_eq!(history.unwrap().number(), 1);
        assert!(matches!(error, Some(LogError::Malformed { number: 2, .. })));
    }

    #[test]
    fn a_proof_names_a_key_by_a_name_the_identity_had() {
        let history = ours(None).history;
        let wanted = key(50).public();
        let url = history.did().with_fragment(&wanted.to_multikey());
        assert_eq!(history.key_for(Purpose::Authentication, &url), Some(wanted));
        assert_eq!(history.key_for(Purpose::AssertionMethod, &url), None);
        let elsewhere = url.replace("countersign.alt", "example.com");
        assert_eq!(history.key_for(Purpose::Authentication, &elsewhere), None);
        let [_, ended] = draft::deactivate(&history, &key(2), NOW.plus(9)).unwrap();
        assert_eq!(ended.history.key_for(Purpose::Authentication, &url), None);
    }

    #[test]
    fn a_log_has_a_bound() {
        let log = vec![b' '; 1024 * 1024 + 1];
        assert!(matches!(History::read(&log, NOW), Err(LogError::TooLong)));
    }

    #[test]
    fn every_signer_must_be_allowed_and_every_signature_hold() {
        let history = start(json!({ "updateKeys": multikeys(&[1, 2]) }));
        let next = Forged::after(&history);
        assert!(append(&history, &next.signed(&[&key(1), &key(2)])).is_ok());
        let error = append(&history, &next.signed(&[&key(1), &key(3)])).unwrap_err();
        assert!(matches!(error, LogError::Unauthorized { number: 2, .. }));
        let mut line = next.signed(&[&key(1), &key(2)]);
        line["proof"][1]["proofValue"] = line["proof"][0]["proofValue"].clone();
        let error = append(&history, &line).unwrap_err();
        assert!(matches!(error, LogError::BadSignature { number: 2, .. }));
        assert_eq!(error.verdict(), Verdict::Reject);
    }

    #[test]
    fn one_proof_may_stand_without_a_list() {
        let history = plain();
        let mut line = Forged::after(&history).signed(&[&key(1)]);
        line["proof"] = line["proof"][0].clone();
        assert!(append(&history, &line).is_ok());
    }

    #[test]
    fn numbers_follow_each_other() {
        let history = plain();
        for number in [1, 3] {
            let entry = Forged { number, ..Forged::after(&history) };
            let mut line = entry.signed(&[&key(1)]);
            if number == 1 {
                line = first_line(json!({ "updateKeys": multikeys(&[1]) }), json!({}), &key(1));
            }
            let error = append(&history, &line).unwrap_err();
            assert!(
                matches!(error, LogError::OutOfOrder { expected: 2, found } if found == number)
            );
            assert_eq!(error.verdict(), Verdict::Ignore);
        }
        let second = parse(&Forged::after(&history).signed(&[&key(1)])).unwrap();
        assert!(matches!(History::start(&second, NOW), Err(LogError::OutOfOrder { .. })));
    }

    #[test]
    fn an_entry_that_continues_another_is_a_fork_only_if_its_signature_holds() {
        let history = plain();
        let elsewhere = format!("1-{}", multihash::to_base58btc(&[7; 32]));
        let entry = Forged { predecessor: elsewhere, ..Forged::after(&history) };
        let error = append(&history, &entry.signed(&[&key(1)])).unwrap_err();
        assert!(matches!(error, LogError::Forked { number: 2 }));
        assert_eq!(error.verdict(), Verdict::Ignore);
        let error = append(&history, &entry.signed(&[&key(2)])).unwrap_err();
        assert!(matches!(error, LogError::Unauthorized { .. }));
    }

    #[test]
    fn an_entry_of_another_identity_is_refused() {
        let history = plain();
        let other = Scid::from_digest([7; 32]).to_string();
        let entry = Forged::after(&history).state(json!({ "id": did(&other) }));
        let error = append(&history, &entry.signed(&[&key(1)])).unwrap_err();
        assert!(matches!(error, LogError::OtherIdentity { number: 2, .. }));
        let line = first_line(
            json!({ "updateKeys": multikeys(&[1]) }),
            json!({ "id": did(&other) }),
            &key(1),
        );
        let error = History::start(&parse(&line).unwrap(), NOW).unwrap_err();
        assert!(matches!(error, LogError::OtherIdentity { number: 1, .. }));
    }

    #[test]
    fn the_first_entry_has_the_hash_its_names_say() {
        let line = first_line(json!({ "updateKeys": multikeys(&[1]) }), json!({}), &key(1));
        let resigned = |change: &dyn Fn(&mut Value)| {
            let mut line = line.clone();
            change(&mut line);
            let mut members = line.as_object().unwrap().clone();
            members.remove("proof");
            line["proof"] = json!([proof(&members, &key(1))]);
            History::start(&parse(&line).unwrap(), NOW)
        };
        assert!(resigned(&|_| {}).is_ok());
        let wrong = resigned(&|line| line["state"]["x"] = json!(1));
        assert!(matches!(wrong, Err(LogError::WrongScid)));
        let version = format!("1-{}", multihash::to_base58btc(&[7; 32]));
        let wrong = resigned(&|line| line["versionId"] = json!(version));
        assert!(matches!(wrong, Err(LogError::WrongHash)));
    }

    #[test]
    fn a_first_entry_is_signed_by_one_of_its_own_keys() {
        let line = first_line(json!({ "updateKeys": multikeys(&[1]) }), json!({}), &key(2));
        let error = History::start(&parse(&line).unwrap(), NOW).unwrap_err();
        assert!(matches!(error, LogError::Unauthorized { number: 1, .. }));
        let line = first_line(json!({ "updateKeys": [] }), json!({}), &key(1));
        let error = History::start(&parse(&line).unwrap(), NOW).unwrap_err();
        assert!(matches!(error, LogError::Unauthorized { number: 1, .. }));
    }

    #[test]
    fn the_scid_may_stand_anywhere_in_the_first_entry() {
        let state = json!({ "service": [{ "id": "#x", "{SCID}": ["a {SCID} {SCID}"] }] });
        let line = first_line(json!({ "updateKeys": multikeys(&[1]) }), state, &key(1));
        assert!(History::start(&parse(&line).unwrap(), NOW).is_ok());
    }

    #[test]
    fn time_goes_on_and_not_ahead() {
        let history = plain();
        let at =
            |time: &str| append(&history, &Forged::after(&history).time(time).signed(&[&key(1)]));
        let out_of_time = |result| matches!(result, Err(LogError::OutOfTime { number: 2, .. }));
        assert!(out_of_time(at(&NOW.to_string())), "the same second");
        assert!(out_of_time(at(&NOW.minus(1).to_string())), "before");
        assert!(at("2026-11-22T07:30:00.001Z").is_ok(), "later in the same second");
        assert!(at("2026-11-22T07:30:01+00:00").is_ok());
        assert!(at("2026-11-22T07:30:00.0000000001Z").is_ok(), "by however little");
        assert!(out_of_time(at("2026-11-22T07:30:00.000Z")), "the same moment");
        let now = NOW.plus(1000);
        assert!(at(&now.plus(MAX_CLOCK_SKEW).to_string()).is_ok());
        assert!(out_of_time(at(&now.plus(MAX_CLOCK_SKEW + 1).to_string())));
        let line = first_line(json!({ "updateKeys": multikeys(&[1]) }), json!({}), &key(1));
        let early = History::start(&parse(&line).unwrap(), NOW.minus(MAX_CLOCK_SKEW + 1));
        assert!(matches!(early, Err(LogError::OutOfTime { number: 1, .. })));
        assert_eq!(early.unwrap_err().verdict(), Verdict::Ignore);
    }

    /// A fraction has as many digits as its writer likes, and is a fraction all the same.
    #[test]
    fn two_entries_of_one_second_are_in_order_by_their_fraction() {
        let first = Forged::after(&plain()).time("2026-11-22T07:30:01.2Z");
        let history = append(&plain(), &first.signed(&[&key(1)])).unwrap();
        let at =
            |time: &str| append(&history, &Forged::after(&history).time(time).signed(&[&key(1)]));
        for earlier in ["01.1Z", "01.1000000000Z", "01.19999999999999999999Z", "01Z", "01.20Z"] {
            let error = at(&format!("2026-11-22T07:30:{earlier}")).unwrap_err();
            assert!(matches!(error, LogError::OutOfTime { number: 3, .. }), "{earlier}: {error}");
        }
        for later in ["01.20000000000000000001Z", "01.3Z", "01.21Z", "02Z"] {
            assert!(at(&format!("2026-11-22T07:30:{later}")).is_ok(), "{later}");
        }
        let limit = NOW.plus(1000 + MAX_CLOCK_SKEW).to_string();
        let error = at(&limit.replace('Z', ".1Z")).unwrap_err();
        assert!(matches!(error, LogError::OutOfTime { .. }), "a little too far ahead");
    }

    /// The placeholder reads as the SCID when the SCID is verified: left standing in one place or
    /// another, it would give one SCID to several first entries, and no two of them a common parent.
    #[test]
    fn one_scid_has_one_first_entry() {
        let state = json!({ "service": [{ "id": "#x", "serviceEndpoint": "urn:{SCID}" }] });
        let line = first_line(json!({ "updateKeys": multikeys(&[1]) }), state, &key(1));
        assert!(History::start(&parse(&line).unwrap(), NOW).is_ok());
        let scid = line["parameters"]["scid"].as_str().unwrap();
        let mut other = Forged {
            number: 1,
            predecessor: scid.to_owned(),
            time: NOW.to_string(),
            parameters: line["parameters"].clone(),
            state: line["state"].clone(),
        };
        assert_eq!(other.signed(&[&key(1)]), line);
        other.state["service"][0]["serviceEndpoint"] = json!("urn:{SCID}");
        let error = parse(&other.signed(&[&key(1)])).unwrap_err();
        assert!(matches!(error, EntryError::Placeholder));
        assert_eq!(error.verdict(), Verdict::Reject);
        // Later it stands for nothing, and is a text like any other.
        let history = plain();
        let mut state = history.document().value().clone();
        state["x"] = json!("{SCID}");
        let next = Forged::after(&history).state(state);
        assert!(append(&history, &next.signed(&[&key(1)])).is_ok());
    }
}

mod pre_rotation {
    use super::*;

    fn next(history: &History, parameters: Value, signer: u8) -> Result<History, LogError> {
        append(history, &Forged::after(history).parameters(parameters).signed(&[&key(signer)]))
    }

    #[test]
    fn an_entry_is_signed_by_its_own_promised_key() {
        let history = pre_rotated();
        let explicit = json!({ "updateKeys": multikeys(&[2]), "nextKeyHashes": promises(&[4]) });
        assert!(next(&history, explicit.clone(), 2).is_ok());
        assert!(matches!(
            next(&history, explicit, 1),
            Err(LogError::Unauthorized { number: 2, .. })
        ));
        let both = json!({ "updateKeys": multikeys(&[2, 3]), "nextKeyHashes": promises(&[4]) });
        assert!(next(&history, both, 3).is_ok());
    }

    #[test]
    fn every_key_must_have_been_promised() {
        let history = pre_rotated();
        for seeds in [&[1][..], &[5], &[2, 1], &[2, 5]] {
            let parameters =
                json!({ "updateKeys": multikeys(seeds), "nextKeyHashes": promises(&[4]) });
            let error = next(&history, parameters, seeds[0]).unwrap_err();
            assert!(matches!(error, LogError::Unpromised { number: 2 }), "{seeds:?}");
            assert_eq!(error.verdict(), Verdict::Reject);
        }
    }

    #[test]
    fn both_lists_are_explicit() {
        let history = start(json!({
            "updateKeys": multikeys(&[1]), "nextKeyHashes": promises(&[1]),
        }));
        let error = next(&history, json!({ "nextKeyHashes": promises(&[4]) }), 1).unwrap_err();
        assert!(matches!(error, LogError::NotExplicit { name: "updateKeys", .. }));
        let error = next(&history, json!({ "updateKeys": multikeys(&[1]) }), 1).unwrap_err();
        assert!(matches!(error, LogError::NotExplicit { name: "nextKeyHashes", .. }));
    }

    #[test]
    fn it_is_switched_on_and_off_from_the_next_entry_on() {
        let history = plain();
        // On: the entry itself is signed by the key before it.
        let on = json!({ "updateKeys": multikeys(&[9]), "nextKeyHashes": promises(&[2]) });
        let history = next(&history, on, 1).unwrap();
        // Off: the entry itself is still bound to what was promised.
        let off = json!({ "updateKeys": multikeys(&[2]), "nextKeyHashes": [] });
        assert!(matches!(next(&history, off.clone(), 9), Err(LogError::Unauthorized { .. })));
        let history = next(&history, off, 2).unwrap();
        assert!(!history.parameters().is_pre_rotated());
        let history = next(&history, json!({ "updateKeys": multikeys(&[5]) }), 2).unwrap();
        assert!(next(&history, json!({}), 5).is_ok());
    }

    #[test]
    fn with_nobody_named_nobody_can_sign() {
        let history = pre_rotated();
        for empty in [json!([]), Value::Null] {
            let parameters = json!({ "updateKeys": empty, "nextKeyHashes": promises(&[4]) });
            assert!(matches!(next(&history, parameters, 2), Err(LogError::Unauthorized { .. })));
        }
    }
}

mod moving_and_ending {
    use super::*;

    fn moved(history: &History, also_known_as: Value, portable: Option<bool>) -> Value {
        let id = format!("did:webvh:{}:new.example.org", history.scid());
        let parameters =
            portable.map_or_else(|| json!({}), |portable| json!({ "portable": portable }));
        let state = json!({ "id": id, "alsoKnownAs": also_known_as });
        Forged::after(history).parameters(parameters).state(state).signed(&[&key(1)])
    }

    fn portable() -> History {
        start(json!({ "updateKeys": multikeys(&[1]), "portable": true }))
    }

    #[test]
    fn a_portable_identity_moves_and_is_known_by_both_names() {
        let history = portable();
        let before = history.did().clone();
        let after = append(&history, &moved(&history, json!([before.as_str()]), None)).unwrap();
        assert_ne!(after.did(), &before);
        assert!(after.knows(&before) && after.knows(after.did()));
        assert!(!history.knows(after.did()));
        assert_eq!(after.scid(), before.scid());
    }

    #[test]
    fn only_a_portable_identity_moves() {
        let history = plain();
        let line = moved(&history, json!([history.did().as_str()]), None);
        assert!(matches!(append(&history, &line), Err(LogError::NotPortable { number: 2 })));
        let history = portable();
        let line = moved(&history, json!([history.did().as_str()]), Some(false));
        assert!(matches!(append(&history, &line), Err(LogError::NotPortable { number: 2 })));
        let stay = Forged::after(&history).parameters(json!({ "portable": false }));
        let history = append(&history, &stay.signed(&[&key(1)])).unwrap();
        let line = moved(&history, json!([history.did().as_str()]), None);
        assert!(matches!(append(&history, &line), Err(LogError::NotPortable { number: 3 })));
    }

    #[test]
    fn a_move_names_the_place_before() {
        let history = portable();
        for names in [json!([]), json!(["did:web:example.com"]), Value::Null] {
            let error = append(&history, &moved(&history, names, None)).unwrap_err();
            assert!(matches!(error, LogError::MovedSilently { number: 2 }));
        }
    }

    #[test]
    fn nothing_follows_a_deactivation() {
        let history = plain();
        let end = Forged::after(&history).parameters(json!({ "deactivated": true }));
        let history = append(&history, &end.signed(&[&key(1)])).unwrap();
        assert!(history.is_deactivated());
        let again = Forged::after(&history).parameters(json!({ "deactivated": false }));
        let error = append(&history, &again.signed(&[&key(1)])).unwrap_err();
        assert!(matches!(error, LogError::Deactivated { number: 3 }));
    }

    #[test]
    fn nothing_follows_a_frozen_log() {
        let history = plain();
        let end = Forged::after(&history).parameters(json!({ "updateKeys": [] }));
        let history = append(&history, &end.signed(&[&key(1)])).unwrap();
        assert!(history.is_frozen() && !history.is_deactivated());
        let error = append(&history, &Forged::after(&history).signed(&[&key(1)])).unwrap_err();
        assert!(matches!(error, LogError::Frozen { number: 3 }));
    }
}

mod shape {
    use super::*;

    fn line() -> Value {
        Forged::after(&plain()).signed(&[&key(1)])
    }

    fn refused(change: impl FnOnce(&mut Value)) -> EntryError {
        let mut line = line();
        change(&mut line);
        let error = parse(&line).unwrap_err();
        assert_eq!(error.verdict(), Verdict::Reject);
        error
    }

    #[test]
    fn an_entry_has_its_five_members() {
        for name in ["versionId", "versionTime", "parameters", "state", "proof"] {
            let error = refused(|line| drop(line.as_object_mut().unwrap().remove(name)));
            assert!(matches!(error, EntryError::Missing { name: missing } if missing == name));
        }
        assert!(matches!(refused(|line| line["x"] = json!(1)), EntryError::UnknownMember));
        for name in ["versionId", "versionTime"] {
            let error = refused(|line| line[name] = json!(1));
            assert!(matches!(error, EntryError::NotText { .. }));
        }
        assert!(matches!(refused(|line| *line = json!([])), EntryError::NotAnObject));
        assert!(matches!(refused(|line| line["state"] = json!(5)), EntryError::Document(_)));
        assert!(matches!(refused(|line| line["parameters"] = json!(5)), EntryError::Parameters(_)));
    }

    #[test]
    fn an_entry_is_one_line_of_json_within_its_bound() {
        let pretty = serde_json::to_vec_pretty(&line()).unwrap();
        assert!(matches!(Entry::parse(&pretty), Err(EntryError::NotALine)));
        assert!(matches!(Entry::parse(b"{"), Err(EntryError::Json(_))));
        let error = refused(|line| line["state"]["x"] = json!("x".repeat(8 * 1024)));
        assert!(matches!(error, EntryError::Json(_)));
        let spaced = format!(" {} \n", line());
        assert!(Entry::parse(spaced.as_bytes()).is_ok(), "space around it means nothing");
    }

    #[test]
    fn a_version_id_is_a_number_a_dash_and_a_hash() {
        let hash = multihash::to_base58btc(&[7; 32]);
        for text in [
            String::new(),
            hash.clone(),
            format!("2{hash}"),
            format!("2--{hash}"),
            format!("-{hash}"),
            format!("+2-{hash}"),
            format!("02-{hash}"),
            format!("0-{hash}"),
            format!("2-{hash}-"),
            format!("2-z{hash}"),
            "2-QmShort".to_owned(),
            format!("99999999999999999999-{hash}"),
        ] {
            let error = refused(|line| line["versionId"] = json!(text));
            assert!(matches!(error, EntryError::BadVersionId), "{text}");
        }
        let version = VersionId { number: 12, digest: [7; 32] };
        assert_eq!(version.to_string().parse::<VersionId>().unwrap(), version);
    }

    #[test]
    fn a_version_time_is_in_utc() {
        for time in [
            "2026-11-22T07:30:01",
            "2026-11-22T07:30:01+01:00",
            "2026-11-22T07:30:01-00:00",
            "2026-11-22",
            "2026-11-22T07:30:01z",
            "2026-11-22T07:30:01.Z",
            "2026-11-22T07:30:01.5.5Z",
            "20261122T073001Z",
            "2026-11-22T07:30:01ZZ",
            "2026-11-22T07:30:01Z+00:00",
            "2026-11-22T07:30:01+00:00Z",
        ] {
            let error = refused(|line| line["versionTime"] = json!(time));
            assert!(matches!(error, EntryError::BadTime), "{time}");
        }
    }

    #[test]
    fn a_proof_is_of_the_suite_the_purpose_and_a_did_key() {
        let with = |name: &str, value: &str| refused(|line| line["proof"][0][name] = json!(value));
        assert!(matches!(with("cryptosuite", "ecdsa-jcs-2019"), EntryError::Proof(_)));
        assert!(matches!(with("type", "Ed25519Signature2020"), EntryError::Proof(_)));
        assert!(matches!(with("proofPurpose", "authentication"), EntryError::WrongPurpose));
        let [one, two] = [1, 2].map(|seed| key(seed).public().to_multikey());
        for url in [format!("did:key:{one}#{two}"), format!("did:key:{one}"), one.clone()] {
            assert!(matches!(with("verificationMethod", &url), EntryError::BadSigner(_)), "{url}");
        }
        let chained = with("previousProof", "urn:another");
        assert!(matches!(chained, EntryError::Proof(ProofError::UnknownPrevious)));
        assert!(matches!(refused(|line| line["proof"] = json!([])), EntryError::Unsigned));
        assert!(matches!(refused(|line| line["proof"] = json!("x")), EntryError::Proof(_)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// One flipped bit anywhere in an entry is enough to refuse it.
    #[test]
    fn tampering_never_goes_unnoticed(
        second in any::<bool>(), at in any::<prop::sample::Index>(), bit in 0..8_u32,
    ) {
        let first = ours(None);
        let entry = if second { rotated(&first.history, &key(2), 3).entry } else { first.entry };
        let mut bytes = entry.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let now = NOW.plus(86_400 * 2000);
        let accepted = Entry::parse(&bytes).is_ok_and(|entry| {
            if second {
                first.history.append(&entry, now).is_ok()
            } else {
                History::start(&entry, now).is_ok()
            }
        });
        prop_assert!(!accepted, "byte {at} changed in {}", String::from_utf8_lossy(&bytes));
    }

    /// A line is kept as it came, and reads back as itself.
    #[test]
    fn an_entry_keeps_its_bytes(seed in 1..40_u8) {
        let entry = ours(None).history;
        let entry = rotated(&entry, &key(2), seed).entry;
        let again = Entry::parse(entry.as_bytes()).unwrap();
        prop_assert_eq!(again.as_bytes(), entry.as_bytes());
        prop_assert_eq!(again.version_id(), entry.version_id());
    }

    /// Noise is refused, and never more than that.
    #[test]
    fn noise_is_no_entry(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Entry::parse(&bytes).is_err());
    }
}
