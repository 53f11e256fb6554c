//! One file of each kind that holds, and what breaks it.

use super::{Answer, File, Kind, LookError, Looked, Network, Options, Outcome, Report, look};
use countersign_protocol::credential::draft::{self as write, Audience, Draft, to_bytes};
use countersign_protocol::credential::profile::{Offer, Profile, Reach};
use countersign_protocol::credential::{Credential, evidence};
use countersign_protocol::did::fork::Fork;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Keys, Place, Signing};
use countersign_protocol::did::log::witness::{self, Rule};
use countersign_protocol::encoding::base64url;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::{self, Entry, bits::Bits, ledger, list, why::Why};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::challenge::Challenge;
use countersign_protocol::wire::freshness::Round;
use countersign_protocol::wire::head::{self, Head, HeadHash, Stamp};
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::{NetworkId, Parameters};
use countersign_protocol::wire::peer::Peer;
use countersign_protocol::wire::receipt::Receipt;
use countersign_protocol::wire::staple::{self, Staple};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp::from_seconds(1_795_332_600);
const DAY: u64 = 86_400;
const LIST_URL: &str = "https://north.example/status/1";

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(sha256(name.as_bytes()))
}

fn network() -> NetworkId {
    "testnet-7f3a".parse().unwrap()
}

/// Somebody with a log: its hot key is `<name> hot <number of hot keys before>`.
struct Person {
    name: &'static str,
    hot: u32,
    history: History,
}

impl Person {
    fn new(name: &'static str) -> Self {
        Self::witnessed(name, None)
    }

    fn witnessed(name: &'static str, rule: Option<&Rule>) -> Self {
        let [one, next, recovery] =
            ["update 0", "update 1", "recovery"].map(|word| named(name, word));
        let signing = Signing { key: &one, next: &next.public(), recovery: &recovery.public() };
        let begun = NOW.minus(30 * DAY);
        let draft = draft::create(Place::Home, &hot(name, 0), rule, signing, begun).unwrap();
        Self { name, hot: 0, history: draft.history }
    }

    /// Gives a second entry, `days` ago, with a new hot key; the old one is dropped.
    fn rotated(&self, days: u64) -> Self {
        let hot_number = self.hot + 1;
        let change = Change { keys: Some(hot(self.name, hot_number)), ..Change::default() };
        self.after(&change, days, hot_number)
    }

    fn after(&self, change: &Change<'_>, days: u64, hot: u32) -> Self {
        let [one, next, recovery] =
            ["update 1", "update 2", "recovery"].map(|word| named(self.name, word));
        let signing = Signing { key: &one, next: &next.public(), recovery: &recovery.public() };
        let history =
            draft::change(&self.history, change, signing, NOW.minus(days * DAY)).unwrap().history;
        Self { name: self.name, hot, history }
    }

    fn key(&self) -> SecretKey {
        named(self.name, &format!("hot {}", self.hot))
    }

    fn log(&self) -> File {
        File { name: format!("{}.jsonl", self.name), bytes: self.history.to_log() }
    }
}

fn named(name: &str, word: &str) -> SecretKey {
    key(&format!("{name} {word}"))
}

fn hot(name: &str, number: u32) -> Keys {
    let key = named(name, &format!("hot {number}")).public();
    Keys { authentication: vec![key], assertion: vec![key] }
}

fn north() -> Person {
    Person::new("north")
}

fn ada() -> Person {
    Person::new("ada")
}

fn claim_draft(issuer: &Person, holder: &Person) -> Draft {
    let says = json!({ "id": holder.history.did(), "provider": "paypal.com", "verified": true });
    Draft {
        id: Some("urn:uuid:1".to_owned()),
        types: vec!["PaymentAccountVerified".to_owned()],
        issuer: issuer.history.did().clone(),
        subject: object(says),
        valid_from: NOW.minus(DAY),
        valid_until: NOW.plus(30 * DAY),
        status: vec![Entry {
            purpose: status::Purpose::Revocation,
            list: 1,
            index: 7,
            url: LIST_URL.to_owned(),
        }],
        evidence: vec![evidence::Evidence {
            kind: "electronic_record".to_owned(),
            checks: Vec::new(),
            rule: None,
        }],
    }
}

fn claim() -> Value {
    claim_draft(&north(), &ada()).sign(&north().key(), NOW.minus(DAY))
}

fn status_list(set: &[u64]) -> Value {
    let mut bits = Bits::new(0);
    for index in set {
        bits.flip(*index);
    }
    let issuer = north();
    let draft = list::Draft {
        issuer: issuer.history.did(),
        url: LIST_URL,
        purpose: status::Purpose::Revocation,
        bits: &bits,
        sequence: 0,
        statement: None,
        issued: NOW.minus(60),
        valid_until: NOW.plus(DAY),
    };
    draft.sign(&issuer.key())
}

/// North's next statement about its list: what it revokes, or that nothing changed.
fn statement(revoked: &[u64]) -> Vec<u8> {
    let credential = Credential::from_value(status_list(&[])).unwrap();
    let keys = |_, _: &str| Some(north().key().public());
    let claim = countersign_protocol::credential::claim::Claim::verify(credential, &keys).unwrap();
    let ledger = ledger::Ledger::start(&list::List::read(&claim).unwrap());
    let wanted: BTreeMap<u64, bool> = revoked.iter().map(|index| (*index, true)).collect();
    let times = ledger::Times {
        issued: NOW.minus(10),
        valid_until: NOW.plus(DAY),
        effective_at: NOW.minus(10),
    };
    let (statements, _) = ledger
        .sign(&wanted, Why::AccountClosed, times, network().as_str(), &north().key())
        .unwrap();
    statements[0].sealed().to_vec()
}

fn head_of(person: &Person) -> Head {
    let history = &person.history;
    let version = history.version_id();
    Head {
        scid: history.scid(),
        version: version.number,
        version_digest: version.digest,
        log_length: u64::try_from(history.length()).unwrap(),
        showcase: None,
        sequence: 1,
        stamp: Stamp::mine(&history.scid(), &network(), 12, 0, 1 << 20).unwrap(),
        key: person.key().public(),
    }
}

fn sealed_head() -> Vec<u8> {
    head_of(&ada()).seal(&network(), &ada().key())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn json_file(value: &Value) -> File {
    file(&to_bytes(value))
}

fn file(bytes: &[u8]) -> File {
    File { name: "it".to_owned(), bytes: bytes.to_vec() }
}

fn options() -> Options {
    let network = Some(Network { id: network(), difficulty: Some(12) });
    Options { at: NOW, network, logs: vec![north().log(), ada().log()], witnesses: Vec::new() }
}

fn bare() -> Options {
    Options { at: NOW, network: None, logs: Vec::new(), witnesses: Vec::new() }
}

fn one(file: File, options: &Options) -> Report {
    let Looked { mut objects, answer } = look(&[file], options).unwrap();
    let report = objects.pop().unwrap();
    assert_eq!(report.answer, answer);
    report
}

#[track_caller]
fn assert_holds(file: File, kind: Kind) -> Report {
    let report = one(file, &options());
    assert_eq!((report.kind, report.answer), (kind, Answer::Holds), "{report}");
    report
}

/// Tells how the check called `name` came out.
#[track_caller]
fn outcome<'a>(report: &'a Report, name: &str) -> (Outcome, &'a str) {
    let found = report.checks.iter().find(|check| check.name == name);
    let check = found.unwrap_or_else(|| panic!("no {name} in {report}"));
    (check.result, &check.reason)
}

/// Tells that exactly the check called `name` broke, and gives why.
#[track_caller]
fn assert_breaks(report: &Report, name: &str, why: &str) {
    assert_eq!(report.answer, Answer::Broken, "{report}");
    let broken: Vec<_> =
        report.checks.iter().filter(|check| check.result == Outcome::Broken).collect();
    assert_eq!(broken.len(), 1, "{report}");
    assert_eq!(broken[0].name, name, "{report}");
    assert!(broken[0].reason.contains(why), "{report}");
}

#[track_caller]
fn assert_unknown(report: &Report, name: &str, missing: &str) {
    assert_eq!(report.answer, Answer::Unknown, "{report}");
    let (result, reason) = outcome(report, name);
    assert_eq!(result, Outcome::Unknown, "{report}");
    assert!(reason.contains(missing), "{report}");
}

#[test]
fn a_log_holds_by_itself_and_breaks_at_the_entry_that_was_changed() {
    let report = one(ada().rotated(3).log(), &bare());
    assert_eq!((report.kind, report.answer), (Kind::Log, Answer::Holds), "{report}");
    assert_eq!(report.facts.get("entries"), Some(&json!(2)));
    assert_eq!(report.signed_at, Some(NOW.minus(3 * DAY)));
    let mut log = ada().rotated(3).log();
    let last = log.bytes.iter().rposition(|byte| *byte == b'Z').unwrap();
    log.bytes[last - 1] = if log.bytes[last - 1] == b'1' { b'2' } else { b'1' };
    let report = one(log, &bare());
    assert_breaks(&report, "entries", "entries 1 to 1 hold");
    let earlier = Options { at: NOW.minus(10 * DAY), ..bare() };
    assert_breaks(&one(ada().rotated(3).log(), &earlier), "entries", "not yet");
}

#[test]
fn a_log_stands_as_far_as_its_witnesses_approve_it() {
    let [one_key, other] = ["one", "other"].map(key);
    let rule = Rule::new(2, vec![one_key.public(), other.public()]).unwrap();
    let person = Person::witnessed("ada", Some(&rule)).rotated(3);
    let approved = |keys: &[&SecretKey], version| {
        let mut file = witness::File::default();
        for key in keys {
            let proof = witness::cosign(version, key, NOW.minus(DAY));
            file.add(version, &proof).unwrap();
        }
        file
    };
    let with = |file: &witness::File| {
        let witnesses = vec![File { name: "did-witness.json".to_owned(), bytes: file.to_bytes() }];
        one(person.log(), &Options { witnesses, ..bare() })
    };
    let newest = person.history.version_id();
    assert_unknown(&one(person.log(), &bare()), "witnesses", "--witness did-witness.json");
    let both = approved(&[&one_key, &other], newest);
    assert_eq!(outcome(&with(&both), "witnesses").0, Outcome::Holds);
    assert_breaks(&with(&approved(&[&other], newest)), "witnesses", "first entry");
    let first = person.history.at_number(1).unwrap().version_id();
    let first = approved(&[&one_key, &other], first);
    assert_breaks(&with(&first), "witnesses", "stands up to entry 1");

    let file = file(&both.to_bytes());
    let report = one(file.clone(), &Options { logs: vec![person.log()], ..bare() });
    assert_eq!((report.kind, report.answer), (Kind::WitnessFile, Answer::Holds), "{report}");
    assert_breaks(&one(file.clone(), &options()), "log", "none of the versions");
    let text = String::from_utf8(file.bytes).unwrap().replacen("2-Qm", "3-Qm", 1);
    assert_breaks(&one(self::file(text.as_bytes()), &bare()), "signature", "does not hold");
}

#[test]
fn a_claim_holds_with_its_issuers_log_and_not_without_it() {
    let report = assert_holds(json_file(&claim()), Kind::Credential);
    assert!(
        report.says.contains("PaymentAccountVerified") && report.says.contains("verified = true")
    );
    assert_eq!(outcome(&report, "revocation").0, Outcome::NotAsked);
    let alone = one(json_file(&claim()), &bare());
    let scid = north().history.scid().to_string();
    assert_unknown(&alone, "signature", &format!("the log of {scid} was not given"));
    let both = look(&[json_file(&claim()), north().log()], &bare()).unwrap();
    assert_eq!(both.answer, Answer::Holds, "a log among the files helps as well");
}

#[test]
fn a_claim_that_was_changed_ended_or_signed_by_another_does_not_hold() {
    let mut changed = claim();
    changed["credentialSubject"]["provider"] = json!("paypal.con");
    assert_breaks(&one(json_file(&changed), &options()), "signature", "does not hold");
    let late = Options { at: NOW.plus(31 * DAY), ..options() };
    assert_breaks(&one(json_file(&claim()), &late), "period", "it ended at");
    let early = Options { at: NOW.minus(2 * DAY), ..options() };
    assert_breaks(&one(json_file(&claim()), &early), "period", "counts only from");
    let forged = claim_draft(&north(), &ada()).sign(&ada().key(), NOW);
    assert_breaks(&one(json_file(&forged), &options()), "signature", "never listed its key");
    let mut unsigned = claim();
    unsigned.as_object_mut().unwrap().remove("proof");
    assert_breaks(&one(json_file(&unsigned), &options()), "form", "`proof` is missing");
    let text = String::from_utf8(to_bytes(&claim())).unwrap().replacen('{', "{\"id\":\"a\",", 1);
    assert_breaks(&one(file(text.as_bytes()), &options()), "form", "a member stands twice");
}

#[test]
fn a_claim_falls_with_the_key_that_signed_it_and_with_its_issuer() {
    let logs = |north: Person| Options { logs: vec![north.log()], ..options() };
    let report = one(json_file(&claim()), &logs(north().rotated(3)));
    assert_breaks(&report, "signature", "until entry 1 and no longer");
    let issuer = north();
    let [_, ended] =
        draft::deactivate(&issuer.history, &named("north", "update 1"), NOW.minus(60)).unwrap();
    let ended = Person { history: ended.history, ..issuer };
    assert_breaks(&one(json_file(&claim()), &logs(ended)), "signature", "was ended by its owner");
}

#[test]
fn a_claim_is_taken_back_by_a_list_or_a_statement_that_was_given() {
    let with = |files: &[File]| {
        let files = [&[json_file(&claim())], files].concat();
        look(&files, &options()).unwrap().objects.remove(0)
    };
    let list = |set: &[u64]| json_file(&status_list(set));
    assert_eq!(outcome(&with(&[list(&[6, 8])]), "revocation").0, Outcome::Holds);
    assert_breaks(&with(&[list(&[7])]), "revocation", "withdrew it");
    assert_breaks(&with(&[list(&[]), file(&statement(&[7]))]), "revocation", "withdrew it");
    let late = Options { at: NOW.plus(2 * DAY), ..options() };
    let files = [json_file(&claim()), list(&[])];
    let late = look(&files, &late).unwrap().objects.remove(0);
    assert_unknown(&late, "revocation", "the newest word");
}

#[test]
fn a_status_list_and_its_statements_hold_and_break() {
    let report = assert_holds(json_file(&status_list(&[3, 5])), Kind::StatusList);
    assert_eq!(report.facts.get("set"), Some(&json!(2)));
    let mut changed = status_list(&[]);
    changed["credentialSubject"]["encodedList"] =
        status_list(&[7])["credentialSubject"]["encodedList"].clone();
    assert_breaks(&one(json_file(&changed), &options()), "signature", "does not hold");

    let report = assert_holds(file(&statement(&[7, 9])), Kind::StatusStatement);
    assert!(report.says.contains("7 (\"account closed\"), 9 ("), "{report}");
    assert_holds(file(&statement(&[])), Kind::StatusStatement);
    let files = [file(&statement(&[7])), json_file(&status_list(&[]))];
    let report = look(&files, &options()).unwrap().objects.remove(0);
    assert_eq!(outcome(&report, "list").0, Outcome::Holds, "{report}");
    let other = [file(&statement(&[7])), json_file(&status_list(&[9]))];
    let report = look(&other, &options()).unwrap().objects.remove(0);
    assert_breaks(&report, "list", "do not lead to the bits");
    assert_unknown(&one(file(&statement(&[])), &bare()), "signature", "--network ID");
    let elsewhere = Network { id: "main".parse().unwrap(), difficulty: None };
    let elsewhere = Options { network: Some(elsewhere), ..options() };
    assert_breaks(&one(file(&statement(&[])), &elsewhere), "signature", "network main");
    let no_log = Options { logs: Vec::new(), ..options() };
    assert_unknown(&one(file(&statement(&[])), &no_log), "key", "--log FILE");
    let rotated = Options { logs: vec![north().rotated(3).log()], ..options() };
    assert_breaks(&one(file(&statement(&[])), &rotated), "key", "until entry 1");
}

#[test]
fn a_profile_holds_and_is_about_its_signer_alone() {
    let rule = evidence::Rule { name: "paypal".to_owned(), version: 1 };
    let profile = Profile {
        name: "North".to_owned(),
        offers: vec![Offer {
            claim: "PaymentAccountVerified".to_owned(),
            evidence: "a sign-in".to_owned(),
            kept: vec!["nothing".to_owned()],
            rule,
        }],
        lists: Vec::new(),
        reach: vec![Reach { url: "https://north.example".to_owned(), spki_sha256: None }],
    };
    let about = |who: &Person| {
        let mut draft = claim_draft(&north(), who);
        draft.types = vec!["AttestorProfile".to_owned()];
        draft.status = Vec::new();
        let id = draft.subject.remove("id").unwrap();
        draft.subject = profile.to_subject();
        draft.subject.insert("id".to_owned(), id);
        draft.sign(&north().key(), NOW.minus(DAY))
    };
    let report = assert_holds(json_file(&about(&north())), Kind::AttestorProfile);
    assert_eq!(report.says, "North attests PaymentAccountVerified");
    assert_breaks(&one(json_file(&about(&ada())), &options()), "profile", "somebody else");
}

fn presentation(holder: &Person, life: u64) -> Value {
    let credential = Credential::from_value(claim()).unwrap();
    let (challenge, domain) = (base64url::encode(&[7; 16]), "https://berlin.example");
    let audience = Audience { challenge: &challenge, domain, created: NOW.minus(10), life };
    write::present(holder.history.did(), &[credential], audience, &holder.key())
}

fn challenge(nonce: u8) -> Challenge {
    Challenge {
        nonce: base64url::encode(&[nonce; 16]),
        domain: "https://berlin.example".to_owned(),
        expires: NOW.plus(300),
        claims: vec!["PaymentAccountVerified".to_owned()],
        policy: "new-customer".to_owned(),
        purpose: "to open an account".to_owned(),
        deliver: None,
    }
}

#[test]
fn a_presentation_holds_for_its_challenge_its_holder_and_its_minutes() {
    let shown = json_file(&presentation(&ada(), 300));
    let report = assert_holds(shown.clone(), Kind::Presentation);
    assert_eq!(outcome(&report, "challenge").0, Outcome::NotAsked);
    let against = |nonce| {
        let given = file(challenge(nonce).to_string().as_bytes());
        look(&[shown.clone(), given], &options()).unwrap().objects.remove(0)
    };
    assert_eq!(outcome(&against(7), "challenge").0, Outcome::Holds);
    assert_breaks(&against(8), "challenge", "another challenge");
    let late = Options { at: NOW.plus(301), ..options() };
    assert_breaks(&one(shown, &late), "period", "it ended at");
    let mut changed = presentation(&ada(), 300);
    changed["proof"]["challenge"] = json!("another");
    assert_breaks(&one(json_file(&changed), &options()), "signature", "does not hold");
    let thief = json_file(&presentation(&north(), 300));
    assert_breaks(&one(thief, &options()), "claim: subject", "shown by somebody else");
    let only_hers = Options { logs: vec![ada().log()], ..options() };
    let report = one(json_file(&presentation(&ada(), 300)), &only_hers);
    assert_unknown(&report, "claim: signature", "was not given");
}

#[test]
fn a_showcase_holds_until_it_ends_or_its_key_is_gone() {
    let credential = Credential::from_value(claim()).unwrap();
    let until = NOW.plus(20 * DAY);
    let holder = ada();
    let shown =
        write::publish(holder.history.did(), &[credential], 3, NOW.minus(60), until, &holder.key());
    let report = assert_holds(json_file(&shown), Kind::Showcase);
    assert_eq!(report.facts.get("version"), Some(&json!(3)));
    let late = Options { at: NOW.plus(21 * DAY), ..options() };
    assert_breaks(&one(json_file(&shown), &late), "period", "it ended at");
    let rotated = Options { logs: vec![north().log(), ada().rotated(1).log()], ..options() };
    assert_breaks(&one(json_file(&shown), &rotated), "signature", "until entry 1");
    let mut unversioned = shown;
    unversioned["version"] = json!(0);
    assert_breaks(&one(json_file(&unversioned), &options()), "form", "version");
}

#[test]
fn a_head_holds_with_its_log_and_its_network() {
    let report = assert_holds(file(&sealed_head()), Kind::Head);
    assert_eq!(outcome(&report, "stamp").0, Outcome::Holds);
    let hex: String = sealed_head().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_holds(file(hex.as_bytes()), Kind::Head);
    assert_holds(file(base64url::encode(&sealed_head()).as_bytes()), Kind::Head);
    assert_unknown(&one(file(&sealed_head()), &bare()), "signature", "--network ID");
    let no_log = Options { logs: Vec::new(), ..options() };
    assert_unknown(&one(file(&sealed_head()), &no_log), "key", "--log FILE");
    let unpaid = Network { id: network(), difficulty: Some(30) };
    let unpaid = Options { network: Some(unpaid), ..options() };
    assert_breaks(&one(file(&sealed_head()), &unpaid), "stamp", "the network asks 30");
    let no_parameters = Network { id: network(), difficulty: None };
    let no_parameters = Options { network: Some(no_parameters), ..options() };
    let report = one(file(&sealed_head()), &no_parameters);
    assert_eq!((report.answer, outcome(&report, "stamp").0), (Answer::Holds, Outcome::NotAsked));
}

#[test]
fn a_head_breaks_where_it_says_what_is_not_so() {
    let with = |change: &dyn Fn(&mut Head), signer: &SecretKey| {
        let mut head = head_of(&ada());
        change(&mut head);
        one(file(&head.seal(&network(), signer)), &options())
    };
    let ours = ada().key();
    assert_breaks(&with(&|_| (), &north().key()), "signature", "does not hold");
    assert_breaks(&with(&|head| head.log_length += 1, &ours), "key", "bytes up to entry 1");
    assert_breaks(&with(&|head| head.version_digest = [1; 32], &ours), "key", "another one");
    let stranger = north().key();
    assert_breaks(&with(&|head| head.key = stranger.public(), &stranger), "key", "does not list");
    assert_unknown(&with(&|head| head.version = 9, &ours), "key", "ends with entry 1");
    let mut cut = sealed_head();
    cut.truncate(100);
    let report = one(file(&cut), &options());
    assert_eq!((report.kind, report.answer), (Kind::Record, Answer::Broken), "{report}");
}

#[test]
fn freshness_and_receipts_are_about_the_head_that_was_given() {
    let (scid, hash) = (ada().history.scid(), HeadHash::of(&sealed_head()));
    let heads = BTreeMap::from([(scid, hash), (north().history.scid(), HeadHash::of(b"other"))]);
    let proof =
        Round::sign(&heads, NOW.minus(60), &network(), &key("witness")).proof(&scid).unwrap();
    let keeper = key("keeper");
    let receipt = Receipt { scid, head: hash, until: NOW.plus(DAY), keeper: keeper.public() }
        .seal(&network(), &keeper);
    let second = Head { sequence: 2, ..head_of(&ada()) }.seal(&network(), &ada().key());
    for (bytes, kind, about) in
        [(proof, Kind::Freshness, "signature"), (receipt, Kind::Receipt, "head")]
    {
        let beside = |head: &[u8], options: &Options| {
            let files = [file(&bytes), file(head)];
            look(&files, options).unwrap().objects.remove(0)
        };
        let report = beside(&sealed_head(), &options());
        assert_eq!((report.kind, report.answer), (kind, Answer::Holds), "{report}");
        assert_breaks(&beside(&second, &options()), about, "another head");
        let elsewhere = Network { id: "main".parse().unwrap(), difficulty: None };
        let elsewhere = Options { network: Some(elsewhere), ..options() };
        assert_breaks(&beside(&sealed_head(), &elsewhere), "signature", "network main");
        assert_unknown(&beside(&sealed_head(), &bare()), "signature", "--network ID");
        let alone = one(file(&bytes), &options());
        match kind {
            Kind::Freshness => assert_unknown(&alone, "signature", "name the head's file"),
            _ => assert_eq!(alone.answer, Answer::Holds, "{alone}"),
        }
    }
    let ended = Receipt { scid, head: hash, until: NOW, keeper: keeper.public() };
    let ended = one(file(&ended.seal(&network(), &keeper)), &options());
    assert_breaks(&ended, "period", "the promise ended");
    assert!(ended.says.contains(&Peer::of(&keeper.public()).to_string()));
}

#[test]
fn a_fork_proof_holds_with_the_log_it_forks() {
    let [one_side, other] = [ada().rotated(3), ada().after(&Change::default(), 2, 0)];
    let proof = Fork::between(&one_side.history, &other.history).unwrap().to_proof().to_bytes();
    let with = |logs: Vec<File>| one(file(&proof), &Options { logs, ..bare() });
    let report = with(vec![ada().log()]);
    assert_eq!((report.kind, report.answer), (Kind::ForkProof, Answer::Holds), "{report}");
    assert_eq!(with(vec![other.log()]).answer, Answer::Holds);
    assert_unknown(&with(Vec::new()), "fork", "--log FILE");
    assert_unknown(&with(vec![north().log()]), "fork", "--log FILE");
    // Beside a proof, and no witness to settle it, neither side of the fork can be relied on.
    let report = look(&[one_side.log(), file(&proof)], &bare()).unwrap().objects.remove(0);
    assert_unknown(&report, "history", "after entry 1");
    let both = look(&[one_side.log(), other.log()], &bare()).unwrap();
    assert_eq!(both.answer, Answer::Unknown);
    let mut changed = proof.clone();
    let at = changed.iter().rposition(|byte| *byte == b'Z').unwrap();
    changed[at - 1] ^= 1;
    let report = one(file(&changed), &Options { logs: vec![ada().log()], ..bare() });
    assert_eq!(report.answer, Answer::Broken, "{report}");
}

#[test]
fn two_heads_or_statements_for_one_place_prove_a_fork() {
    let ours = ada().key();
    let head = |change: &dyn Fn(&mut Head)| {
        let mut head = head_of(&ada());
        change(&mut head);
        head.seal(&network(), &ours)
    };
    let showcase = head::Showcase { version: 1, hash: [7; 32] };
    let conflicting = head(&|head| head.showcase = Some(showcase));
    let later = head(&|head| head.sequence = 2);
    let heads = |other: &[u8]| Evidence::Heads([sealed_head(), other.to_vec()]).to_bytes();
    let statements = |one: &[u64], other: &[u64]| {
        Evidence::Status([statement(one), statement(other)]).to_bytes()
    };
    assert_holds(file(&heads(&conflicting)), Kind::ForkProof);
    assert_breaks(&one(file(&heads(&later)), &options()), "fork", "do not contradict");
    let report = assert_holds(file(&statements(&[7], &[8])), Kind::ForkProof);
    assert_eq!(report.signed_by.len(), 2);
    // A heartbeat stays at the change it is about, and contradicts none after it.
    let no_fork = one(file(&statements(&[7], &[])), &options());
    assert_breaks(&no_fork, "fork", "do not contradict");
    // Two lists, and a list and a statement, of one list after as many changes.
    let list = |bits: &[u64]| to_bytes(&status_list(bits));
    let words = |one: Vec<u8>, other: Vec<u8>| Evidence::Status([one, other]).to_bytes();
    assert_holds(file(&words(list(&[]), list(&[3]))), Kind::ForkProof);
    assert_holds(file(&words(list(&[3]), statement(&[]))), Kind::ForkProof);
    assert_breaks(&one(file(&words(list(&[]), statement(&[]))), &options()), "fork", "contradict");
    let late = Options { at: NOW.plus(99 * DAY), ..options() };
    assert_eq!(one(file(&words(list(&[]), list(&[3]))), &late).answer, Answer::Holds, "for ever");
    assert_eq!(one(file(&statements(&[7], &[8])), &late).answer, Answer::Holds, "for ever");
    let no_log = Options { logs: Vec::new(), ..options() };
    assert_unknown(&one(file(&heads(&conflicting)), &no_log), "one: key", "--log FILE");
}

fn staple_with(change: impl FnOnce(&mut Staple)) -> Vec<u8> {
    let head = sealed_head();
    let heads = BTreeMap::from([(ada().history.scid(), HeadHash::of(&head))]);
    let round = Round::sign(&heads, NOW.minus(60), &network(), &key("witness"));
    let identity = |person: &Person, head: Option<Vec<u8>>| staple::Identity {
        scid: person.history.scid(),
        log: person.history.to_log(),
        witness: None,
        freshness: head.iter().filter_map(|_| round.proof(&person.history.scid())).collect(),
        head,
    };
    let mut staple = Staple {
        parameters: Parameters::testnet(network()),
        identities: vec![identity(&ada(), Some(head)), identity(&north(), None)],
        lists: vec![staple::List {
            issuer: north().history.scid(),
            number: 1,
            credential: to_bytes(&status_list(&[])),
            statements: vec![statement(&[8])],
        }],
    };
    change(&mut staple);
    staple.to_bytes().unwrap()
}

#[test]
fn a_staple_holds_in_all_its_parts_and_makes_a_claim_checkable() {
    let staple = file(&staple_with(|_| ()));
    let report = one(staple.clone(), &bare());
    assert_eq!((report.kind, report.answer), (Kind::Staple, Answer::Holds), "{report}");
    let both = look(&[json_file(&claim()), staple], &bare()).unwrap();
    assert_eq!(both.answer, Answer::Holds);
    assert_eq!(outcome(&both.objects[0], "revocation").0, Outcome::Holds, "{}", both.objects[0]);
    let revoked = file(&staple_with(|staple| staple.lists[0].statements = vec![statement(&[7])]));
    let report = look(&[json_file(&claim()), revoked], &bare()).unwrap().objects.remove(0);
    assert_breaks(&report, "revocation", "withdrew it");
    let fingerprint = ada().history.scid().fingerprint();
    let second = Head { sequence: 2, ..head_of(&ada()) }.seal(&network(), &ada().key());
    let ada_scid = ada().history.scid();
    let stale = staple_with(|staple| {
        let hers = staple.identities.iter_mut().find(|one| one.scid == ada_scid).unwrap();
        hers.head = Some(second);
    });
    let report = one(file(&stale), &bare());
    assert_breaks(&report, &format!("{fingerprint} freshness: signature"), "another head");
    let elsewhere = Network { id: "main".parse().unwrap(), difficulty: None };
    let elsewhere = Options { network: Some(elsewhere), ..bare() };
    assert_breaks(&one(file(&staple_with(|_| ())), &elsewhere), "network", "not from main");
}

#[test]
fn texts_are_read_and_said_to_be_unsigned() {
    let invite = Invite::new(
        Parameters::testnet(network()),
        vec!["/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWx".to_owned()],
        Vec::new(),
    );
    let text = format!("  {}\n", invite.unwrap());
    let report = assert_holds(file(text.as_bytes()), Kind::Invitation);
    assert_eq!(report.facts.get("network"), Some(&json!("testnet-7f3a")));
    assert_eq!(outcome(&report, "signature").0, Outcome::NotAsked);
    let cut = one(file(&text.as_bytes()[..60]), &bare());
    assert_breaks(&cut, "form", "cut short");

    let report = assert_holds(file(challenge(7).to_string().as_bytes()), Kind::Challenge);
    assert!(report.says.contains("to open an account"));
    assert_holds(json_file(&challenge(7).to_json()), Kind::Challenge);
    let late = Options { at: NOW.plus(301), ..bare() };
    assert_breaks(&one(json_file(&challenge(7).to_json()), &late), "period", "ask for a new one");
    let mut phish = challenge(7);
    phish.deliver = Some("https://other.example/".to_owned());
    assert_breaks(&one(json_file(&phish.to_json()), &bare()), "form", "another site");
}

#[test]
fn what_is_nothing_is_said_to_be_nothing() {
    for bytes in [&b""[..], b"hello", b"{}", b"[]", b"{", b"\xff\xff", b"ff", &[0x00; 64], b"null"]
    {
        let report = one(file(bytes), &options());
        assert_eq!((report.kind, report.answer), (Kind::Unrecognised, Answer::Unknown), "{report}");
    }
    let document = json_file(north().history.document().value());
    assert_unknown(&one(document, &options()), "signature", "signed by nobody");
}

#[test]
fn help_that_is_none_is_refused() {
    let changed = |mut log: File| {
        log.bytes[200] ^= 1;
        log
    };
    let log = Options { logs: vec![changed(north().log())], ..bare() };
    let refused = look(&[json_file(&claim())], &log);
    assert!(matches!(refused, Err(LookError::Log { name, .. }) if name == "north.jsonl"));
    let witnesses = Options { witnesses: vec![file(b"{}")], ..bare() };
    assert!(matches!(look(&[], &witnesses), Err(LookError::Witnesses { .. })));
}

#[test]
fn a_report_is_read_by_people_and_by_programs() {
    let looked = look(&[json_file(&claim())], &options()).unwrap();
    let text = looked.objects[0].to_string();
    for line in ["it: a credential  HOLDS\n", "  says       ", "  signed by  did:webvh:", "holds"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let value = serde_json::to_value(&looked).unwrap();
    assert_eq!(value["answer"], "holds");
    let object = &value["objects"][0];
    assert_eq!(object["kind"], "credential");
    assert_eq!(object["signedAt"], NOW.minus(DAY).to_string());
    assert_eq!(object["facts"]["types"][1], "PaymentAccountVerified");
    let first =
        json!({ "name": "form", "result": "holds", "reason": object["checks"][0]["reason"] });
    assert_eq!(object["checks"][0], first);
}

/// Whatever the bytes are, there is an answer.
#[test]
fn no_cut_and_no_flipped_bit_of_anything_is_more_than_it_should_be() {
    let files = [
        to_bytes(&claim()),
        to_bytes(&presentation(&ada(), 300)),
        sealed_head(),
        statement(&[7]),
        ada().history.to_log(),
    ];
    for bytes in &files {
        for at in (0..bytes.len()).step_by(61) {
            let cut = one(file(&bytes[..at]), &options());
            assert_ne!(cut.answer, Answer::Holds, "cut to {at}: {cut}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 4;
            let flipped = one(file(&flipped), &options());
            assert_ne!(flipped.answer, Answer::Holds, "flipped at {at}: {flipped}");
        }
    }
}

#[test]
fn a_head_names_the_showcase_it_was_made_for() {
    let holder = ada();
    let shown =
        write::publish(holder.history.did(), &[], 1, NOW.minus(60), NOW.plus(DAY), &holder.key());
    let bytes = to_bytes(&shown);
    let showcase = |hash| Some(head::Showcase { version: 1, hash });
    for (hash, outcome_of_it) in [(sha256(&bytes), Outcome::Holds), ([9; 32], Outcome::NotAsked)] {
        let head = Head { showcase: showcase(hash), ..head_of(&holder) };
        let files = [file(&head.seal(&network(), &holder.key())), file(&bytes)];
        let report = look(&files, &options()).unwrap().objects.remove(0);
        assert_eq!(outcome(&report, "showcase").0, outcome_of_it, "{report}");
    }
}
