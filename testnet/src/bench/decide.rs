//! A vendor's check of somebody about whom everything is known.

use super::BenchError;
use super::fixture::{DAY, LIST_URL, NOW, Person};
use super::report::micros;
use super::row::Measured;
use super::timing::{Effort, Work, alone, rate};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::{publish, to_bytes};
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::policy::check::{Check, Known, Subject};
use countersign_protocol::policy::decision::{Answer, Decision};
use countersign_protocol::policy::standing::{Fork, Freshness, Standing};
use countersign_protocol::policy::{File, Policy, Source};
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::ledger::Ledger;
use countersign_protocol::status::{self, list};
use serde_json::json;
use std::sync::Arc;

pub(super) fn warm(effort: Effort) -> Result<Measured, BenchError> {
    let attestors =
        [Person::new("north", 30)?, Person::new("south", 30)?, Person::new("east", 30)?];
    let ada = Person::new("ada", 30)?;
    let policy = Arc::new(policy(&attestors)?);
    let mut held = vec![Known::Identity(Arc::new(standing(&ada))), Known::Freshness(fresh(&ada))];
    let mut shown = Vec::new();
    for attestor in &attestors {
        let claim = attestor.verified_claim(&ada)?;
        shown.push(claim.credential().clone());
        held.push(Known::Claim(Arc::new(claim)));
        held.push(Known::Identity(Arc::new(standing(attestor))));
        held.push(Known::Freshness(fresh(attestor)));
        held.push(Known::Status(Arc::new(ledger(attestor)?.state().clone())));
    }
    held.push(Known::Showcase(Arc::new(showcase(&ada, &shown)?)));
    let scid = ada.history.scid();
    let decide = || -> Decision {
        let mut check = Check::new(Arc::clone(&policy), Subject::Identity(scid));
        held.iter().for_each(|known| check.supply(known.clone()));
        check.decide(NOW)
    };
    if decide().answer() != Answer::Accepted {
        return Err(BenchError::Wrong { what: "a check" });
    }
    let cost = alone(effort, Work { things: 1, run: decide });
    let detail = format!("3 claims shown, 2 asked for: {}", micros(cost));
    Ok(Measured::new(rate(cost), detail))
}

fn policy(attestors: &[Person; 3]) -> Result<Policy, BenchError> {
    let [north, south, east] = attestors.each_ref().map(|one| one.history.did());
    let file: File = serde_json::from_value(json!({
        "attestors": { "north": north, "south": south, "east": east },
        "policy": { "new-customer": {
            "claim": "PaymentAccountVerified",
            "require": [
                { "path": "/provider", "equals": "paypal.com" },
                { "path": "/verified", "equals": true },
            ],
            "from": ["north", "south", "east"],
            "at_least": 2,
            "control": "optional",
            "evidence_max_age": "90d",
            "status_max_age": "24h",
            "freshness_max_age": "24h",
            "on_fork": "refuse",
        } },
    }))?;
    Ok(file.policy("new-customer")?)
}

fn standing(person: &Person) -> Standing {
    Standing::of(&person.history, Fork::None)
}

fn fresh(person: &Person) -> Freshness {
    let (scid, version) = (person.history.scid(), person.history.number());
    Freshness { scid, time: NOW.minus(60), version, source: Source::Witness, peers: 0 }
}

fn ledger(issuer: &Person) -> Result<Ledger, BenchError> {
    let draft = list::Draft {
        issuer: issuer.history.did(),
        url: LIST_URL,
        purpose: status::Purpose::Revocation,
        bits: &Bits::new(0),
        sequence: 0,
        statement: None,
        issued: NOW.minus(60),
        valid_until: NOW.plus(DAY),
    };
    let credential = Credential::from_value(draft.sign(&issuer.key()))?;
    Ok(Ledger::start(&list::List::read(&Claim::verify(credential, &issuer.keys())?)?))
}

fn showcase(holder: &Person, shown: &[Credential]) -> Result<Showcase, BenchError> {
    let until = NOW.plus(20 * DAY);
    let document = publish(holder.history.did(), shown, 1, NOW.minus(60), until, &holder.key());
    let presentation = Showcase::parse(&to_bytes(&document))?;
    Ok(Showcase::verify(presentation, NOW, &holder.keys())?)
}
