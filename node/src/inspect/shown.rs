//! Looks at presentations and showcases, and at the claims in them.

use super::Report;
use super::claims::{self, newest};
use super::known::Known;
use super::report::{FORM, Finding, PERIOD, SIGNATURE};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::presentation::{Presentation, Shown};
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::credential::{Credential, CredentialError};
use countersign_protocol::did::Did;
use countersign_protocol::key::PublicKey;
use countersign_protocol::proof::Purpose;
use countersign_protocol::time::Timestamp;

pub(super) fn look(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let presentation = match Presentation::parse(bytes) {
        Ok(presentation) => presentation,
        Err(error) => return report.malformed(error),
    };
    let proof = presentation.proof();
    let challenge = proof.challenge().unwrap_or_default().to_owned();
    let domain = proof.domain().first().cloned().unwrap_or_default();
    describe(&mut report, &presentation);
    report.says = format!("{} to {domain} for challenge {challenge}", report.says);
    report.fact("challenge", challenge.as_str());
    report.fact("domain", proof.domain().to_vec());
    if challenge.is_empty() {
        return report.malformed("it answers no challenge, so anybody could show it again");
    }
    let keys = |purpose, url: &str| known.key(purpose, url);
    let signed = proof.created().unwrap_or(known.now);
    let verified = Shown::verify(presentation.clone(), &challenge, &domain, signed, &keys);
    let verified = verified.map(|shown| *shown.key());
    check(&mut report, &presentation, verified, known);
    report.check("challenge", challenged(&challenge, &domain, known));
    check_claims(&mut report, &presentation, known);
    report.check("newest", newest());
    report
}

pub(super) fn look_at_showcase(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let presentation = match Showcase::parse(bytes) {
        Ok(presentation) => presentation,
        Err(error) => return report.malformed(error),
    };
    describe(&mut report, &presentation);
    let version = presentation.unsecured().get("version").cloned().unwrap_or_default();
    report.says = format!("{} to everybody, as version {version}", report.says);
    report.fact("version", version);
    let keys = |purpose, url: &str| known.key(purpose, url);
    let signed = presentation.proof().created().unwrap_or(known.now);
    let verified = Showcase::verify(presentation.clone(), signed, &keys);
    let verified = verified.map(|showcase| *showcase.key());
    check(&mut report, &presentation, verified, known);
    check_claims(&mut report, &presentation, known);
    report.check("newest", Finding::not_asked(format!(
        "whether {} published a later version or a newer log, only a network knows: `countersign check` asks one",
        presentation.holder().scid().fingerprint()
    )));
    report
}

fn describe(report: &mut Report, presentation: &Presentation) {
    let holder = presentation.holder();
    let count = presentation.credentials().len();
    let proof = presentation.proof();
    report.says = format!("{} shows {count} claims", holder.scid().fingerprint());
    report.signed(claims::signer(holder.as_str(), proof), proof.created());
    report.fact("holder", holder.as_str());
    report.fact("expires", proof.expires().map(|time| time.to_string()));
    let claims: Vec<String> = presentation.credentials().iter().map(claims::in_words).collect();
    report.fact("claims", claims);
}

/// Whether its holder signed it by the rules of its kind, and whether it still counts.
fn check(
    report: &mut Report,
    presentation: &Presentation,
    verified: Result<PublicKey, CredentialError>,
    known: &Known,
) {
    report.check(FORM, Finding::holds("one presentation with one proof, and nothing to fetch"));
    let (holder, proof) = (presentation.holder(), presentation.proof());
    report.check(SIGNATURE, known.judge(holder, Purpose::Authentication, proof, verified));
    report.check(PERIOD, period(proof.expires(), known.now));
}

fn period(until: Option<Timestamp>, now: Timestamp) -> Finding {
    match until {
        None => Finding::broken("it does not say when it ends"),
        Some(until) if until <= now => Finding::broken(format!("it ended at {until}")),
        Some(until) => Finding::holds(format!("it counts until {until}")),
    }
}

/// Whether it answers a challenge that was given beside it.
fn challenged(challenge: &str, domain: &str, known: &Known) -> Finding {
    if known.challenges.is_empty() {
        return Finding::not_asked(
            "whose challenge it answers, and whether for the first time, only the vendor knows",
        );
    }
    let mut given = known.challenges.iter();
    if given.any(|one| one.nonce == challenge && one.domain == domain) {
        Finding::holds("it answers the challenge that was given")
    } else {
        Finding::broken("it was made for another challenge or another vendor")
    }
}

/// Looks at every claim that is shown, as at one alone.
fn check_claims(report: &mut Report, presentation: &Presentation, known: &Known) {
    let several = presentation.credentials().len() > 1;
    for (number, credential) in (1..).zip(presentation.credentials()) {
        let prefix = if several { format!("claim {number}: ") } else { "claim: ".to_owned() };
        let keys = |purpose, url: &str| known.key(purpose, url);
        let verified = Claim::verify(credential.clone(), &keys).map(|claim| *claim.key());
        let mut add = |name: &str, finding| report.check(format!("{prefix}{name}"), finding);
        add("subject", about(credential, presentation.holder()));
        add(SIGNATURE, claims::signature(credential, verified, known));
        add(PERIOD, claims::period(credential, known.now));
        for (name, finding) in claims::statuses(credential, known) {
            add(&name, finding);
        }
    }
}

fn about(credential: &Credential, holder: &Did) -> Finding {
    match credential.subject() {
        Some(subject) if subject.scid() == holder.scid() => Finding::holds("about its holder"),
        // VC Data Model 2.0, section 4.13 lets a holder show what is about another; `check` counts none.
        _ => Finding::broken(format!(
            "about {}, and shown by somebody else",
            credential.subject_id().unwrap_or("nobody named")
        )),
    }
}
