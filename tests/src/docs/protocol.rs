//! Makes the examples in `docs/protocol.md` that need whole identities; those of single records are made beside the
//! records, in `protocol::wire`.

use super::decision::Scene;
use crate::samples::person::{BEGINNING, Person, key};
use crate::tidy::root;
use countersign_attestor::evidence::manual;
use countersign_protocol::credential::draft::{Audience, Draft, present, publish};
use countersign_protocol::credential::evidence::{Check, Evidence, Rule};
use countersign_protocol::credential::profile::{List, Offer, Profile, Reach};
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::fork::{Fork, ForkProof};
use countersign_protocol::did::log::draft::Place;
use countersign_protocol::did::log::witness::{self, File};
use countersign_protocol::policy::accreditation::{TYPE, Terms};
use countersign_protocol::status::statement::{Body, Flip};
use countersign_protocol::status::{Entry, Purpose, bits::Bits, list, list_url, why::Why};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;

#[test]
fn the_protocol_shows_what_the_code_writes() {
    let file = root().join("docs/protocol.md");
    let mut page = std::fs::read_to_string(&file).unwrap();
    let mut faults = Vec::new();
    for (name, example) in examples() {
        let block = format!("```text\n{name}\n{example}\n```");
        if page.contains(&block) {
            continue;
        }
        faults.push(format!("docs/protocol.md should show:\n{block}"));
        let begin = format!("```text\n{name}\n");
        if let Some(at) = page.find(&begin) {
            let end = at + begin.len() + page[at + begin.len()..].find("```").unwrap() + 3;
            page.replace_range(at..end, &block);
        }
    }
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        std::fs::write(file, page).unwrap();
        return;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn examples() -> Vec<(&'static str, String)> {
    let north = Person::create("north", Place::Home, None);
    let berta = Person::create("berta", Place::Home, None);
    let (issuer, holder) = (north.history.did(), berta.history.did());
    let claim = claim(&north, &berta).sign(&north.hot_key(), SIGNED);
    let shown = [Credential::from_value(claim.clone()).unwrap()];
    let audience = Audience { challenge: CHALLENGE, domain: SHOP, created: SIGNED, life: 300 };
    let presentation = present(holder, &shown, audience, &berta.hot_key());
    let until = SIGNED.plus(90 * DAY);
    let showcase = publish(holder, &shown, 1, SIGNED, until, &berta.hot_key());
    let Revocation { list, statement, heartbeat } = revocation(&north);
    let scene = Scene {
        issuer: &north,
        holder: &berta,
        presentation: &presentation,
        challenge: CHALLENGE,
        domain: SHOP,
        url: NORTH,
        statement: &statement,
        network: NETWORK,
        signed: SIGNED,
    };
    let [policy, accepted, refused] = scene.play();
    let fork = fork();
    let [first, second] = fork.children().each_ref().map(|entry| entry.as_bytes());
    let cosigner = key("witnesses", "witness", 0);
    let mut proofs = File::default();
    let version = berta.history.version_id();
    proofs.add(version, &witness::cosign(version, &cosigner, SIGNED)).unwrap();
    let proofs: Value = serde_json::from_slice(&proofs.to_bytes()).unwrap();
    vec![
        ("identity log, its first entry", one_line(&berta.log)),
        ("witness file", pretty(&proofs)),
        ("claim", pretty(&claim)),
        ("accreditation, what it says and rests on", accreditation(&berta)),
        ("presentation, without its claims", pretty(&without_claims(presentation))),
        ("showcase, without its claims", pretty(&without_claims(showcase))),
        ("attestor profile, what it says", pretty(&Value::Object(profile().to_subject()))),
        ("status list, what it says", list),
        ("status statement", hex(&statement)),
        ("heartbeat", hex(&heartbeat)),
        ("policy file", policy),
        ("decision before the status statement", accepted),
        ("decision after the status statement", refused),
        ("fork proof of two entries, without them", without_entries(&fork)),
        ("first entry of the fork", one_line(first)),
        ("second entry of the fork", one_line(second)),
        ("hash of the fork proof", hex(&fork.hash())),
        ("issuer of all of them", issuer.to_string()),
    ]
}

fn claim(issuer: &Person, holder: &Person) -> Draft {
    let says = json!({
        "id": holder.history.did().as_str(), "provider": "paypal.com", "verified": true,
    });
    Draft {
        id: Some("urn:uuid:6f2c2a40-5f0e-4a07-9e0e-2f3a5a1b9c11".to_owned()),
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: issuer.history.did().clone(),
        subject: says.as_object().unwrap().clone(),
        valid_from: SIGNED,
        valid_until: SIGNED.plus(90 * DAY),
        status: vec![Entry {
            purpose: Purpose::Revocation,
            list: 1,
            index: 70_003,
            url: list_url(NORTH, 1),
        }],
        evidence: vec![Evidence {
            kind: "electronic_record".to_owned(),
            checks: vec![Check {
                method: "data".to_owned(),
                organization: Some("paypal.com".to_owned()),
                time: Some(SIGNED),
                transaction: None,
            }],
            rule: Some(Rule { name: "paypal-verified-account".to_owned(), version: 1 }),
        }],
    }
}

/// What North would say of Berta, were she an attestor.
fn accreditation(other: &Person) -> String {
    let claims = BTreeSet::from([PAYMENT_ACCOUNT_VERIFIED.to_owned()]);
    let mut says = Terms { claims, may_accredit: 1 }.to_subject();
    says.insert("id".to_owned(), json!(other.history.did()));
    let evidence = manual::looked("North", SIGNED).to_value();
    pretty(
        &json!({ "type": ["VerifiableCredential", TYPE], "credentialSubject": says, "evidence": [evidence] }),
    )
}

fn profile() -> Profile {
    Profile {
        name: "North".to_owned(),
        offers: vec![Offer {
            claim: PAYMENT_ACCOUNT_VERIFIED.to_owned(),
            evidence: "PayPal says the account is verified".to_owned(),
            kept: vec!["a keyed hash of the account's id".to_owned()],
            rule: Rule { name: "paypal-verified-account".to_owned(), version: 1 },
        }],
        lists: vec![List { number: 1, purpose: Purpose::Revocation }],
        reach: vec![Reach { url: NORTH.to_owned(), spki_sha256: Some([9; 32]) }],
    }
}

/// What one revocation gives.
struct Revocation {
    /// The list after it.
    list: String,
    /// The statement that brought it, sealed.
    statement: Vec<u8>,
    /// The heartbeat behind it, sealed.
    heartbeat: Vec<u8>,
}

fn revocation(issuer: &Person) -> Revocation {
    let mut bits = Bits::new(bounds::STATUS_ENTRIES);
    bits.flip(70_003).unwrap();
    let flip = Body {
        issuer: issuer.history.scid(),
        list: 1,
        purpose: Purpose::Revocation,
        from: 0,
        to: 1,
        bits: bits.hash(),
        previous: None,
        issued: SIGNED,
        valid_until: SIGNED.plus(DAY),
        effective_at: SIGNED,
        flips: vec![Flip { index: 70_003, code: Why::AccountClosed.code() }],
    };
    let beat = Body { from: 1, previous: flip.tip(), flips: Vec::new(), ..flip.clone() };
    let signed = list::Draft {
        issuer: issuer.history.did(),
        url: &list_url(NORTH, 1),
        purpose: Purpose::Revocation,
        bits: &bits,
        sequence: 1,
        statement: flip.tip(),
        issued: SIGNED,
        valid_until: SIGNED.plus(DAY),
    };
    let mut says = signed.sign(&issuer.hot_key())["credentialSubject"].clone();
    says["encodedList"] = json!("u…");
    let seal = |body: &Body| body.seal(NETWORK, &issuer.hot_key());
    Revocation { list: pretty(&says), statement: seal(&flip), heartbeat: seal(&beat) }
}

/// The owner rotates, and so does somebody with the same update key.
fn fork() -> ForkProof {
    let [mut owner, mut thief] = [(), ()].map(|()| Person::create("berta", Place::Home, None));
    owner.rotate();
    thief.change(&Default::default());
    Fork::between(&owner.history, &thief.history).unwrap().to_proof()
}

/// The bytes of a proof, with a sign for each entry in it.
fn without_entries(fork: &ForkProof) -> String {
    fork.children().iter().fold(hex(&fork.to_bytes()), |text, entry| {
        let entry = hex(entry.as_bytes());
        assert_eq!(text.matches(&entry).count(), 1, "it holds each entry byte for byte");
        text.replace(&entry, "…")
    })
}

fn without_claims(mut document: Value) -> Value {
    document["verifiableCredential"] = json!(["…"]);
    document
}

fn one_line(log: &[u8]) -> String {
    String::from_utf8(log.to_vec()).unwrap().trim_end().to_owned()
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

const NETWORK: &str = "testnet-7f3a";
const CHALLENGE: &str = "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU";
const SHOP: &str = "https://shop.example";
const NORTH: &str = "https://north.example";
const DAY: u64 = 86_400;
const SIGNED: Timestamp = Timestamp::from_seconds(BEGINNING.seconds() + DAY);
