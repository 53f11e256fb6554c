//! Looks at credentials: claims and attestors' profiles.

use super::known::Known;
use super::report::{FORM, Finding, PERIOD, SIGNATURE, plain};
use super::{Kind, Report};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::evidence::Evidence;
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::credential::{Credential, CredentialError, Moment};
use countersign_protocol::proof::{Proof, Purpose};
use countersign_protocol::status;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;

pub(super) fn look(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let bound =
        if report.kind == Kind::AttestorProfile { bounds::PROFILE } else { bounds::CREDENTIAL };
    let credential = match Credential::parse_within(bytes, bound) {
        Ok(credential) => credential,
        Err(error) => return report.malformed(error),
    };
    describe(&mut report, &credential);
    report.check(FORM, Finding::holds("one credential with one proof, and nothing to fetch"));
    let claim = Claim::verify(credential.clone(), &|purpose, url| known.key(purpose, url));
    if report.kind == Kind::AttestorProfile
        && let Ok(claim) = &claim
    {
        match Profile::read(claim) {
            Ok(profile) => describe_profile(&mut report, &profile),
            Err(error) => report.check("profile", Finding::broken(error)),
        }
    }
    let verified = claim.map(|claim| *claim.key());
    report.check(SIGNATURE, signature(&credential, verified, known));
    report.check(PERIOD, period(&credential, known.now));
    for (name, finding) in statuses(&credential, known) {
        report.check(name, finding);
    }
    report.check("newest", newest());
    report
}

/// Whether its issuer signed it.
pub(super) fn signature(
    credential: &Credential,
    verified: Result<countersign_protocol::key::PublicKey, CredentialError>,
    known: &Known,
) -> Finding {
    known.judge(credential.issuer(), Purpose::AssertionMethod, credential.proof(), verified)
}

/// Tells what nobody can tell without a network.
pub(super) fn newest() -> Finding {
    Finding::not_asked(
        "whether a newer log takes the key away, only a network knows: `countersign check` asks one",
    )
}

/// Says in words what a credential says.
pub(super) fn describe(report: &mut Report, credential: &Credential) {
    report.says = in_words(credential);
    report.signed(
        signer(credential.issuer().as_str(), credential.proof()),
        credential.proof().created(),
    );
    if let Some(id) = credential.id() {
        report.fact("id", id);
    }
    report.fact("types", credential.types().to_vec());
    report.fact("issuer", credential.issuer().as_str());
    report.fact("subject", credential.subject_id());
    let period = credential.period();
    report.fact("validFrom", period.from.map(|time| time.to_string()));
    report.fact("validUntil", period.until.map(|time| time.to_string()));
    report.fact("says", serde_json::Value::Object(credential.says().clone()));
    let evidence = credential.evidence();
    report.fact("evidence", evidence.iter().map(Evidence::to_value).collect::<Vec<_>>());
}

/// Names who is said to have signed, and with which key.
pub(super) fn signer(who: &str, proof: &Proof) -> String {
    let key = proof.verification_method().rsplit_once('#').map_or("", |(_, fragment)| fragment);
    format!("{who} with key {key}")
}

/// Writes what a credential says as one sentence.
pub(super) fn in_words(credential: &Credential) -> String {
    let types: Vec<&str> = credential
        .types()
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "VerifiableCredential")
        .collect();
    let says = credential.says().iter().filter(|(name, _)| *name != "id");
    // What is long is among the facts, whole.
    let says: Vec<String> = says
        .map(|(name, value)| {
            let value = plain(value);
            let short: String = value.chars().take(LONGEST_VALUE).collect();
            if short.len() < value.len() {
                format!("{name} = {short}…")
            } else {
                format!("{name} = {value}")
            }
        })
        .collect();
    let about = credential.subject_id().unwrap_or("nobody named");
    let issuer = credential.issuer().scid().fingerprint();
    format!("{issuer} says {} of {about}: {}", types.join(", "), says.join(", "))
}

fn describe_profile(report: &mut Report, profile: &Profile) {
    let claims: Vec<&str> = profile.offers.iter().map(|offer| offer.claim.as_str()).collect();
    report.says = format!("{} attests {}", profile.name, claims.join(", "));
    report.fact("name", profile.name.as_str());
    report.fact("claims", claims);
    report.fact("reach", profile.reach.iter().map(|at| at.url.as_str()).collect::<Vec<_>>());
}

/// Whether it means something at this time.
pub(super) fn period(credential: &Credential, now: Timestamp) -> Finding {
    let until = credential.period().until;
    match credential.period().at(now) {
        Moment::Before { from } => Finding::broken(format!("it counts only from {from}")),
        Moment::After { until } => Finding::broken(format!("it ended at {until}")),
        Moment::Within => Finding::holds(match until {
            Some(until) => format!("it counts until {until}"),
            None => "it does not end".to_owned(),
        }),
    }
}

/// Whether it was taken back, by each list that could.
pub(super) fn statuses(credential: &Credential, known: &Known) -> Vec<(String, Finding)> {
    if credential.status().is_empty() {
        let none = Finding::not_asked("it names no status list, so nobody can take it back");
        return vec![("status".to_owned(), none)];
    }
    credential
        .status()
        .iter()
        .map(|entry| (entry.purpose.as_str().to_owned(), status(credential, entry, known)))
        .collect()
}

fn status(credential: &Credential, entry: &status::Entry, known: &Known) -> Finding {
    let (list, index) = (entry.list, entry.index);
    let Some(ledger) = known.ledger(credential.issuer().scid(), list) else {
        return Finding::not_asked(format!(
            "bit {index} of list {list} says so, and that list was not given: add its file, or a staple"
        ));
    };
    let state = ledger.state();
    let as_of = state.as_of();
    if state.purpose() != entry.purpose {
        return Finding::broken(format!("list {list} is not for {}", entry.purpose.as_str()));
    }
    match state.is_set(index) {
        None => Finding::broken(format!("list {list} has no bit {index}")),
        Some(true) => Finding::broken(match entry.purpose {
            status::Purpose::Revocation => {
                let why = state.why(index);
                let why = why.map(|why| format!(" (\"{}\")", why.text())).unwrap_or_default();
                format!("its issuer withdrew it{why}, as of {as_of}")
            }
            status::Purpose::Suspension => format!("its issuer suspended it, as of {as_of}"),
        }),
        Some(false) if state.valid_until() <= known.now => Finding::unknown(format!(
            "the newest word that was given on list {list} ended at {}",
            state.valid_until()
        )),
        Some(false) => Finding::holds(format!("not taken back as of {as_of}")),
    }
}

const LONGEST_VALUE: usize = 80;
