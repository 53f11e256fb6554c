//! Looks at logs of identities and at what witnesses signed of them.

use super::Report;
use super::known::{Doubt, Known, named};
use super::report::{FORM, Finding, SIGNATURE};
use countersign_protocol::did::fork::Fork;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::entry::VersionId;
use countersign_protocol::did::log::witness::File;
use countersign_protocol::encoding::json;
use countersign_protocol::key::did_key;
use countersign_protocol::wire::bounds;
use serde_json::{Value, json};

pub(super) fn look(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let (history, error) = History::read_as_far_as_it_holds(bytes, known.now);
    if let Some(history) = &history {
        describe(&mut report, history);
    }
    match (error, &history) {
        (None, Some(history)) => {
            let reason = match history.number() {
                1 => "the one entry is signed by its own key, and its hash is the identity's name"
                    .to_owned(),
                count => format!(
                    "each of {count} entries continues the one before and is signed by a key that one allowed or promised"
                ),
            };
            report.check(ENTRIES, Finding::holds(reason));
            report.check("history", one_history(history, known));
            report.check(WITNESSES, witnesses(history, known));
        }
        (Some(error), Some(history)) => {
            let whole = format!("{error}; entries 1 to {} hold", history.number());
            report.check(ENTRIES, Finding::broken(whole));
        }
        (Some(error), None) => report.check(ENTRIES, Finding::broken(error)),
        (None, None) => report.check(ENTRIES, Finding::broken("the log is empty")),
    }
    report
}

fn describe(report: &mut Report, history: &History) {
    let document = history.document();
    let authentication: Vec<String> =
        document.authentication_keys().map(ToString::to_string).collect();
    let assertion: Vec<String> = document.assertion_keys().map(ToString::to_string).collect();
    let is = if history.is_deactivated() { "was ended by its owner" } else { "is in use" };
    report.says = format!(
        "{} {is}; it began at {} and changed last at {}; {} keys show that it is there and {} attest",
        named(history),
        history.created(),
        history.updated(),
        authentication.len(),
        assertion.len(),
    );
    for signer in history.entry().signers() {
        report.signed(did_key::to_did(signer), Some(history.updated()));
    }
    let parameters = history.parameters();
    report.fact("did", history.did().as_str());
    report.fact("scid", history.scid().to_string());
    report.fact("fingerprint", history.scid().fingerprint());
    report.fact("entries", history.number());
    report.fact("versionId", history.version_id().to_string());
    report.fact("bytes", history.length());
    report.fact("created", history.created().to_string());
    report.fact("updated", history.updated().to_string());
    report.fact("deactivated", history.is_deactivated());
    report.fact("portable", parameters.portable);
    report.fact("preRotation", parameters.is_pre_rotated());
    report.fact("authentication", authentication);
    report.fact("assertionMethod", assertion);
    let names: Vec<&str> = document.also_known_as().collect();
    report.fact("alsoKnownAs", json!(names));
    if let Some(rule) = history.witness_rule() {
        report.fact("witnesses", rule.witnesses().iter().map(did_key::to_did).collect::<Vec<_>>());
        report.fact("witnessThreshold", rule.threshold());
    }
}

/// Whether this is the history of the identity that stands, of those that were given.
fn one_history(history: &History, known: &Known) -> Finding {
    let others = known.histories(history.scid());
    let Some(fork) = others.iter().find_map(|other| Fork::between(history, other)) else {
        return Finding::not_asked(
            "no other history was given; whether there is one, only a network knows",
        );
    };
    let parent = fork.parent().number();
    match known.standing(history.scid()) {
        Ok(standing) if history.is_prefix_of(&standing) || standing.is_prefix_of(history) => {
            Finding::holds(format!(
                "another one parts from it after entry {parent}, and the witnesses stand by this one"
            ))
        }
        Ok(_) => Finding::broken(format!(
            "another one parts from it after entry {parent}, and the witnesses stand by that"
        )),
        Err(Doubt::Forked(_) | Doubt::NoLog(_) | Doubt::Unwitnessed(_)) => {
            Finding::unknown(format!(
                "another one parts from it after entry {parent}, and its witnesses do not settle which one stands"
            ))
        }
    }
}

/// Whether every entry is approved by as many witnesses as the log asks for.
fn witnesses(history: &History, known: &Known) -> Finding {
    let all = core::iter::successors(Some(history.clone()), History::parent);
    let asks = all.filter_map(|at| at.witness_rule().cloned()).next();
    let Some(rule) = asks else {
        return Finding::holds("no entry asks for witnesses");
    };
    let wanted = format!("{} of {} witnesses", rule.threshold(), rule.witnesses().len());
    match history.witnessed(&known.witnesses) {
        Some(standing) if standing.number() == history.number() => {
            Finding::holds(format!("each entry is approved by {wanted}"))
        }
        _ if known.witnesses.is_empty() => Finding::unknown(format!(
            "it asks for {wanted}, and what they signed was not given: add --witness did-witness.json"
        )),
        Some(standing) => Finding::broken(format!(
            "entry {} is not approved by {wanted}; the log stands up to entry {}",
            standing.number().saturating_add(1),
            standing.number()
        )),
        None => Finding::broken(format!("its first entry is not approved by {wanted}")),
    }
}

pub(super) fn look_at_witnesses(mut report: Report, bytes: &[u8], known: &Known) -> Report {
    let file = match File::parse(bytes) {
        Ok(file) => file,
        Err(error) => return report.malformed(error),
    };
    let claims: Vec<_> = file.claims().collect();
    report.says = format!("{} approvals of entries of a log", claims.len());
    for (version, witness) in &claims {
        report.signed(format!("{} for {version}", did_key::to_did(witness)), None);
    }
    report.check(FORM, Finding::holds("a list of versions, each with what witnesses signed of it"));
    report.check(SIGNATURE, approvals(bytes));
    let versions: Vec<VersionId> = claims.iter().map(|(version, _)| *version).collect();
    report.check("log", in_a_log(&versions, known));
    report.fact("versions", {
        let mut versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
        versions.dedup();
        versions
    });
    report
}

/// Whether every witness signed what the file says it signed.
fn approvals(bytes: &[u8]) -> Finding {
    let value = json::parse(bytes, bounds::WITNESS_FILE).unwrap_or_default();
    let mut count = 0_usize;
    for item in value.as_array().into_iter().flatten() {
        let version = item.get("versionId").and_then(Value::as_str).unwrap_or_default();
        let Ok(number) = version.parse::<VersionId>() else {
            return Finding::broken(format!("`{version}` is no versionId"));
        };
        let proofs = match item.get("proof") {
            Some(Value::Array(proofs)) => proofs.as_slice(),
            Some(one) => core::slice::from_ref(one),
            None => &[],
        };
        for proof in proofs {
            if File::default().add(number, proof).is_err() {
                return Finding::broken(format!("an approval of {version} does not hold"));
            }
            count = count.saturating_add(1);
        }
    }
    match count {
        0 => Finding::broken("nobody signed anything"),
        count => Finding::holds(format!("each of {count} approvals holds under its witness's key")),
    }
}

/// Whether the versions are in a log that was given.
fn in_a_log(versions: &[VersionId], known: &Known) -> Finding {
    let mut logs = known.all_histories();
    let found = logs.find_map(|history| {
        let newest = versions.iter().filter(|one| history.at_version_id(**one).is_some()).max()?;
        Some(format!("entry {} of {} is among them", newest.number, named(history)))
    });
    match found {
        Some(found) => Finding::holds(found),
        None if known.all_histories().next().is_none() => {
            Finding::not_asked("no log was given: add --log FILE to see what it is about")
        }
        None => Finding::broken("none of the versions is in a log that was given"),
    }
}

const ENTRIES: &str = "entries";
const WITNESSES: &str = "witnesses";
