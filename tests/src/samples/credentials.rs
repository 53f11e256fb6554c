//! Claims: a folder each, with `credential.json` and the presentation that shows it, the status list with
//! its bit, the documents of issuer and holder, `expected.json` with what we say about all that, and
//! `changed.json`, the credential with one character changed.

use super::person::{BEGINNING, Person};
use countersign_protocol::credential::draft::{Audience, Draft, present, to_bytes};
use countersign_protocol::credential::evidence::{Check, Evidence, Rule};
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::log::draft::Place;
use countersign_protocol::status::{Entry, Purpose, bits::Bits, list, list_url};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use serde_json::{Map, Value, json};
use std::{fs, io, path::Path};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let folder = folder.join("credentials");
    let home = Person::create("north", Place::Home, None);
    let mut domain = Person::create("south", Place::Domain("south.example"), None);
    domain.rotate();
    write_one(&folder, "standing", &home, false)?;
    write_one(&folder, "revoked", &home, true)?;
    write_one(&folder, "issuer-with-a-domain", &domain, false)
}

fn write_one(folder: &Path, name: &str, issuer: &Person, revoked: bool) -> io::Result<()> {
    let folder = folder.join(name);
    let mut holder = Person::create("holder", Place::Home, None);
    holder.rotate();
    let signed = draft(issuer, &holder).sign(&issuer.hot_key(), SIGNED);
    let credential = Credential::from_value(signed.clone()).expect("a credential");
    let audience = Audience {
        challenge: "4d3c2b1a",
        domain: "https://berlin.example",
        created: SIGNED,
        life: 300,
    };
    let presentation = present(holder.history.did(), &[credential], audience, &holder.hot_key());
    let list = status_list(issuer, revoked);
    let expected = json!({
        "issuer": issuer.history.did().as_str(),
        "holder": holder.history.did().as_str(),
        "at": SIGNED,
        "revoked": revoked,
        "challenge": audience.challenge,
        "domain": audience.domain,
    });
    fs::create_dir_all(&folder)?;
    let write = |file: &str, value: &Value| fs::write(folder.join(file), to_bytes(value));
    write("credential.json", &signed)?;
    write("changed.json", &changed(&signed))?;
    write("presentation.json", &presentation)?;
    write("status-list.json", &list)?;
    write("issuer.json", issuer.history.document().value())?;
    write("holder.json", holder.history.document().value())?;
    write("expected.json", &expected)
}

/// A claim that has everything a claim of this network can have.
fn draft(issuer: &Person, holder: &Person) -> Draft {
    let says = json!({
        "id": holder.history.did().as_str(),
        "provider": "paypal.com",
        "verified": true,
        "accountAge": { "years": 7, "months": 0 },
        "name": "Zoë \u{1f44d} Ελένη",
    });
    Draft {
        id: Some("urn:uuid:6f2c2a40-5f0e-4a07-9e0e-2f3a5a1b9c11".to_owned()),
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: issuer.history.did().clone(),
        subject: members(says),
        valid_from: SIGNED,
        valid_until: SIGNED.plus(180 * DAY),
        status: vec![Entry {
            purpose: Purpose::Revocation,
            list: LIST,
            index: INDEX,
            url: list_url(ATTESTOR, LIST),
        }],
        evidence: vec![Evidence {
            kind: "electronic_record".to_owned(),
            checks: vec![Check {
                method: "data".to_owned(),
                organization: Some("paypal.com".to_owned()),
                time: Some(SIGNED),
                transaction: None,
            }],
            rule: Some(Rule { name: "paypal".to_owned(), version: 1 }),
        }],
    }
}

fn status_list(issuer: &Person, revoked: bool) -> Value {
    let mut bits = Bits::new(bounds::STATUS_ENTRIES);
    // The neighbours are set; the one behind is also what a reader sees that counts the bits of a byte
    // from its other end.
    for index in [INDEX - 1, INDEX + 1] {
        bits.flip(index).expect("an index of the list");
    }
    if revoked {
        bits.flip(INDEX).expect("an index of the list");
    }
    let draft = list::Draft {
        issuer: issuer.history.did(),
        url: &list_url(ATTESTOR, LIST),
        purpose: Purpose::Revocation,
        bits: &bits,
        sequence: 1,
        statement: Some([7; 32]),
        issued: SIGNED,
        valid_until: SIGNED.plus(DAY),
    };
    draft.sign(&issuer.hot_key())
}

/// Says that the account belongs to another provider.
fn changed(signed: &Value) -> Value {
    let mut changed = signed.clone();
    changed["credentialSubject"]["provider"] = json!("paypal.con");
    changed
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

const DAY: u64 = 24 * 60 * 60;
const SIGNED: Timestamp = Timestamp::from_seconds(BEGINNING.seconds() + 3 * DAY);
const ATTESTOR: &str = "https://attestor.example";
const LIST: u64 = 3;
/// The fourth bit of a byte.
const INDEX: u64 = 70_003;
